//! Two states of objects, and environments beside each other.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use kustom_lint::{Environment, Linter, Policies, Selection};

fn linter() -> Linter {
    Linter::new(&Selection::default()).unwrap()
}

/// What a change breaks: the rule, the field, and the line.
fn broken(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (common::objects(before), common::objects(after));
    let found = linter().compare(&before, &after, 37, &Policies::default());
    let each = found.into_iter().map(|one| {
        let finding = one.found.finding;
        format!("{} {}", finding.rule, finding.field)
            .trim()
            .to_owned()
    });
    each.collect()
}

const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n";
const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: 'a:1.10', envFrom: [{configMapRef: {name: a}}]}]}}\n";

#[test]
fn what_is_gone_and_still_named_is_told() {
    let both = format!("{MAP}---\n{POD}");
    let field = "removed-in-use spec.containers[0].envFrom[0].configMapRef.name";
    assert_eq!(broken(&both, POD), [field]);
    assert!(broken(&both, &both).is_empty());
    assert!(broken(&both, "").is_empty());
    let optional = POD.replace("{name: a}}]}]", "{name: a, optional: true}}]}]");
    assert!(broken(&both, &optional).is_empty(), "{optional}");
}

#[test]
fn what_takes_other_things_with_it_is_told() {
    for (object, rule) in [
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}}",
            "lost-claim",
        ),
        (
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
            "lost-namespace",
        ),
        (
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.b}}",
            "lost-definition",
        ),
        (
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}}",
            "lost-claim",
        ),
    ] {
        assert_eq!(broken(object, MAP), [rule]);
        assert!(broken(object, object).is_empty());
    }
    let kept = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 1}}";
    assert!(broken(kept, MAP).is_empty());
}

#[test]
fn selectors_quotas_and_images_are_compared() {
    let service = |app: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{selector: {{app: {app}}}}}}}"
        )
    };
    assert_eq!(
        broken(&service("a"), &service("b")),
        ["moved-selector spec.selector"]
    );
    let quota = |cpu: &str| {
        format!(
            "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: a}}, spec: {{hard: {{cpu: '{cpu}'}}}}}}"
        )
    };
    assert_eq!(
        broken(&quota("1"), &quota("900m")),
        ["shrunk-quota spec.hard[cpu]"]
    );
    assert!(broken(&quota("900m"), &quota("1")).is_empty());
    let pod = |image: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, image: '{image}'}}]}}}}"
        )
    };
    for (then, now, is_told) in [
        ("r.example:5000/a:1.10", "r.example:5000/a:1.9", true),
        ("a:v2.0.0", "a:v2.0.0-rc.1", true),
        ("a:1.9", "a:1.10", false),
        ("a:1.9", "b:1.8", false),
        ("a:main", "a:1.0", false),
        ("a:1.9", "a:1.9@sha256:00", false),
    ] {
        let found = broken(&pod(then), &pod(now));
        assert_eq!(!found.is_empty(), is_told, "{then} {now}: {found:?}");
    }
}

#[test]
fn a_version_that_is_not_served_is_told() {
    let old = "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}";
    assert_eq!(broken(old, old), ["unserved-api apiVersion"]);
    let custom = "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}}";
    assert!(broken(custom, custom).is_empty());
}

/// What is wrong between environments: the environment, the rule, and the field.
fn between(texts: &[&str]) -> Vec<String> {
    let objects: Vec<_> = texts.iter().map(|text| common::objects(text)).collect();
    let names = ["production", "staging", "testing", "local"];
    let each = objects.iter().zip(names);
    let all: Vec<Environment<'_, '_>> = each
        .map(|(objects, name)| Environment {
            name,
            objects,
            origins: &[],
            is_filled: true,
        })
        .collect();
    let found = linter().between(&all).into_iter().map(|one| {
        let finding = one.found.finding;
        format!(
            "{} {} {}",
            names[one.environment], finding.rule, finding.field
        )
        .trim()
        .to_owned()
    });
    found.collect()
}

#[test]
fn what_must_differ_between_environments_is_compared() {
    let ingress = |host: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: a}}, spec: {{rules: [{{host: {host}}}]}}}}"
        )
    };
    assert_eq!(
        between(&[&ingress("a.example"), &ingress("a.example")]),
        ["production equal-host spec.rules[0].host"]
    );
    assert!(between(&[&ingress("a.example"), &ingress("b.example")]).is_empty());
    let secret = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, stringData: {{token: {value}}}}}"
        )
    };
    assert_eq!(
        between(&[&secret("correct-horse"), &secret("correct-horse")]),
        ["production equal-secret stringData[token]"]
    );
    assert!(between(&[&secret("correct-horse"), &secret("battery-staple")]).is_empty());
    let map = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{LOG_BUCKET: {value}}}}}"
        )
    };
    assert_eq!(
        between(&[&map("logs"), &map("test-logs"), &map("logs")]),
        ["production equal-bucket data[LOG_BUCKET]"]
    );
}

#[test]
fn what_one_environment_lacks_or_has_otherwise_is_told() {
    let map = |name: &str| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n---\n")
    };
    let all = ["a", "b", "c", "d"].map(map).concat();
    let less = ["a", "b", "c"].map(map).concat();
    assert_eq!(between(&[&all, &less, &all]), ["production only-there"]);
    assert!(between(&[&all, &less]).is_empty());
    assert!(between(&[&all, &map("x"), &all]).is_empty());
    let service = |port: u32| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a}}, spec: {{ports: [{{port: {port}}}]}}}}"
        )
    };
    assert_eq!(
        between(&[&service(80), &service(80), &service(81)]),
        ["testing different-port spec.ports[0].port"]
    );
}

#[test]
fn settings_that_one_environment_lacks_are_found() {
    let map = |keys: &str| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{{keys}}}}}")
    };
    let all = map("A: '1', B: '2', C: '3', D: '4'");
    let less = map("A: '1', B: '2', C: '3'");
    assert_eq!(
        between(&[&all, &less, &all]),
        ["staging missing-setting data"]
    );
    // Two environments have no majority, and one that lacks much is another thing.
    assert!(between(&[&all, &less]).is_empty());
    assert!(between(&[&all, &map("A: '1'"), &all]).is_empty());
    let job = |env: &str| {
        format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: a}}, spec: {{template: {{spec: \
             {{containers: [{{name: a, image: a, env: [{env}]}}]}}}}}}}}"
        )
    };
    let all = job("{name: A, value: x}, {name: B, value: x}");
    let less = job("{name: A, value: x}");
    assert_eq!(
        between(&[&less, &all, &all]),
        ["production missing-setting spec.template.spec.containers[0].env"]
    );
}

#[test]
fn images_and_tokens_are_compared() {
    let pod = |image: &str, token: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, \
             image: {image}, env: [{{name: API_TOKEN, value: {token}}}]}}]}}}}"
        )
    };
    let found = between(&[
        &pod("a.example/web:1", "one-is-long"),
        &pod("b.example/web:2", "two-is-long"),
        &pod("b.example/wbe:2", "three-is-long"),
    ]);
    assert_eq!(found, ["testing different-image spec.containers[0].image"]);
    let found = between(&[&pod("web", "the-same-one"), &pod("web", "the-same-one")]);
    assert_eq!(
        found,
        ["production equal-secret spec.containers[0].env[0].value"]
    );
}

#[test]
fn hosts_of_other_kinds_are_compared() {
    for (kind, spec) in [
        ("route.openshift.io/v1, kind: Route", "host: shop.example"),
        (
            "networking.istio.io/v1, kind: VirtualService",
            "hosts: [shop.example]",
        ),
        (
            "gateway.networking.k8s.io/v1, kind: Gateway",
            "listeners: [{hostname: shop.example}]",
        ),
    ] {
        let text = format!("{{apiVersion: {kind}, metadata: {{name: a}}, spec: {{{spec}}}}}");
        let found = between(&[&text, &text]);
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
    }
    let inside = "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: {hosts: [web]}}";
    assert!(between(&[inside, inside]).is_empty());
}
