//! Admission policies and requirements, run over objects.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use kustom_lint::{Linter, Policies, Requirement, Selection};
use kustom_validate::Severity;

/// What policies say: the rule, the severity, the field, the message.
fn said(text: &str, others: &str) -> Vec<String> {
    let linter = Linter::new(&Selection::default()).unwrap();
    let (objects, others) = (common::objects(text), common::objects(others));
    let policies = Policies {
        objects: &others,
        requirements: &[],
    };
    let report = linter.lint_by(&objects, &[], &policies);
    let own = report.findings.into_iter().map(|found| found.finding);
    own.filter(|finding| finding.rule.starts_with("policy"))
        .map(|one| {
            format!(
                "{} {:?} {}: {}",
                one.rule, one.severity, one.field, one.message
            )
        })
        .collect()
}

/// The same of a change.
fn said_of_change(before: &str, after: &str) -> Vec<String> {
    let linter = Linter::new(&Selection::default()).unwrap();
    let [before, after] = [before, after].map(common::objects);
    let found = linter.compare(&before, &after, 37, &Policies::default());
    let own = found
        .into_iter()
        .filter(|one| one.found.finding.rule.starts_with("policy"));
    own.map(|one| one.found.finding.message).collect()
}

#[test]
fn a_change_is_an_update_and_what_is_gone_is_removed() {
    let policy = |operations: &str, expression: &str| {
        format!(
            "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: \
             {{name: p}}, spec: {{matchConstraints: {{resourceRules: [{{apiGroups: [''], apiVersions: \
             [v1], operations: [{operations}], resources: [configmaps]}}]}}, validations: [{{expression: \
             \"{expression}\", message: no}}]}}}}\n---\n{{apiVersion: \
             admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {{name: \
             p}}, spec: {{policyName: p, validationActions: [Deny]}}}}\n---\n"
        )
    };
    let map = |name: &str, value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{a: '{value}'}}}}\n---\n"
        )
    };
    let no = ["the policy `p` says: no"];
    let grows = policy("UPDATE", "int(object.data.a) >= int(oldObject.data.a)");
    let of = |before: &str, after: &str, policy: &str| {
        said_of_change(&format!("{policy}{before}"), &format!("{policy}{after}"))
    };
    assert_eq!(of(&map("m", "2"), &map("m", "1"), &grows), no);
    assert!(of(&map("m", "1"), &map("m", "2"), &grows).is_empty());
    // What is new is made, and what is gone is removed: a policy of updates is asked of neither.
    assert!(of(&map("n", "2"), &map("m", "1"), &grows).is_empty());
    let made = policy("CREATE", "false");
    assert_eq!(of("", &map("m", "1"), &made), no);
    assert!(of(&map("m", "1"), &map("m", "2"), &made).is_empty());
    let kept = policy(
        "DELETE",
        "object == null && oldObject.data.a == '0' && request.operation == 'DELETE'",
    );
    assert_eq!(
        of(&map("m", "1"), "", &kept),
        ["the policy `p` says of its removal: no"]
    );
    assert!(of(&map("m", "0"), "", &kept).is_empty());
    let any = policy("'*'", "request.operation == 'UPDATE'");
    assert_eq!(of(&map("n", "1"), &map("m", "1"), &any).len(), 2);
}

const POLICY: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  matchConditions:
  - {name: no-system, expression: \"object.metadata.namespace != 'kube-system'\"}
  variables:
  - {name: count, expression: object.spec.replicas}
  validations:
  - expression: variables.count <= 5
    messageExpression: \"'%d replicas are too many'.format([variables.count])\"
";
const BINDING: &str = "
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few}
spec: {policyName: few, validationActions: [Deny]}
";

fn deployment(namespace: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: {namespace}}}, spec: {{{spec}}}}}\n"
    )
}

#[test]
fn a_bound_policy_of_the_render_is_asked() {
    let many = deployment("shop", "replicas: 6");
    let told = ["policy Error spec.replicas: the policy `few` says: 6 replicas are too many"];
    // The field of a variable is told where the expression itself names it.
    let found = said(&format!("{POLICY}{BINDING}{many}"), "");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("6 replicas are too many"), "{found:?}");
    assert!(told[0].ends_with("6 replicas are too many"));
    // Nothing binds it.
    assert!(said(&format!("{POLICY}{many}"), "").is_empty());
    // Conditions, defaults and other kinds.
    assert!(
        said(
            &format!(
                "{POLICY}{BINDING}{}",
                deployment("kube-system", "replicas: 6")
            ),
            ""
        )
        .is_empty()
    );
    assert!(
        said(
            &format!("{POLICY}{BINDING}{}", deployment("shop", "paused: true")),
            ""
        )
        .is_empty()
    );
    // One that is named is asked without a binding, too.
    assert_eq!(said(&many, POLICY).len(), 1);
}

#[test]
fn a_binding_says_what_is_done_and_where() {
    let many = deployment("shop", "replicas: 6");
    let warns = BINDING.replace("[Deny]", "[Warn, Audit]");
    assert!(said(&format!("{POLICY}{warns}{many}"), "")[0].starts_with("policy Warning"));
    let audits = BINDING.replace("[Deny]", "[Audit]");
    assert!(said(&format!("{POLICY}{audits}{many}"), "")[0].starts_with("policy Note"));
    let elsewhere = BINDING.replace(
        "validationActions: [Deny]",
        "validationActions: [Deny], matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}",
    );
    assert!(said(&format!("{POLICY}{elsewhere}{many}"), "").is_empty());
    let labelled = BINDING.replace(
        "validationActions: [Deny]",
        "validationActions: [Deny], matchResources: {namespaceSelector: {matchLabels: {env: prod}}}",
    );
    let found = said(&format!("{POLICY}{labelled}{many}"), "");
    assert!(found[0].starts_with("policy-not-run Note"), "{found:?}");
    let namespace =
        "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {env: prod}}}\n";
    assert!(
        said(&format!("{POLICY}{labelled}{many}{namespace}"), "")[0].starts_with("policy Error")
    );
    let by_label = BINDING.replace(
        "validationActions: [Deny]",
        "validationActions: [Deny], matchResources: {objectSelector: {matchLabels: {checked: 'yes'}}}",
    );
    assert!(said(&format!("{POLICY}{by_label}{many}"), "").is_empty());
}

#[test]
fn parameters_come_from_the_render() {
    let policy = POLICY
        .replace(
            "  failurePolicy: Fail\n",
            "  paramKind: {apiVersion: v1, kind: ConfigMap}\n",
        )
        .replace(
            "variables.count <= 5",
            "variables.count <= int(params.data.most)",
        );
    let binding = BINDING.replace(
        "policyName: few,",
        "policyName: few, paramRef: {name: few, parameterNotFoundAction: Deny},",
    );
    let many = deployment("shop", "replicas: 6");
    let map = |most: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: few, namespace: shop}}, data: {{most: '{most}'}}}}\n"
        )
    };
    assert_eq!(
        said(&format!("{policy}{binding}{many}{}", map("5")), "").len(),
        1
    );
    assert!(said(&format!("{policy}{binding}{many}{}", map("6")), "").is_empty());
    let found = said(&format!("{policy}{binding}{many}"), "");
    assert!(found[0].starts_with("policy-not-run"), "{found:?}");
}

#[test]
fn an_expression_that_fails_counts_as_the_policy_says() {
    let fails = POLICY.replace(
        "variables.count <= 5",
        "object.spec.strategy.rollingUpdate.maxSurge == 1",
    );
    let one = deployment("shop", "replicas: 1");
    let found = said(&format!("{fails}{BINDING}{one}"), "");
    assert!(found[0].contains("fails"), "{found:?}");
    let ignores = fails.replace("failurePolicy: Fail", "failurePolicy: Ignore");
    assert!(said(&format!("{ignores}{BINDING}{one}"), "").is_empty());
    let rights = POLICY.replace(
        "variables.count <= 5",
        "authorizer.group('').resource('pods').check('create').allowed()",
    );
    let found = said(&format!("{rights}{BINDING}{one}"), "");
    assert!(found[0].starts_with("policy-not-run"), "{found:?}");
}

#[test]
fn a_requirement_is_a_short_expression_with_a_message() {
    let linter = Linter::new(&Selection::default()).unwrap();
    let requirements = [Requirement {
        name: "team".to_owned(),
        matches: "Deployment/w*".to_owned(),
        expression: "has(object.metadata.labels) && 'team' in object.metadata.labels".to_owned(),
        message: "every Deployment names its team".to_owned(),
        ..Requirement::default()
    }];
    let policies = Policies {
        objects: &[],
        requirements: &requirements,
    };
    let objects = common::objects(&deployment("shop", "replicas: 2"));
    let report = linter.lint_by(&objects, &[], &policies);
    let found: Vec<_> = report
        .findings
        .iter()
        .filter(|one| one.finding.rule == "requirement")
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].finding.severity, Severity::Error);
    assert_eq!(
        found[0].finding.message,
        "`team`: every Deployment names its team"
    );
    let named =
        deployment("shop", "replicas: 2").replace("name: web", "name: web, labels: {team: a}");
    let report = linter.lint_by(&common::objects(&named), &[], &policies);
    assert!(
        report
            .findings
            .iter()
            .all(|one| one.finding.rule != "requirement")
    );
}
