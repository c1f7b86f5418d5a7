//! Admission policies, run over objects as a server that makes, changes or removes them would.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/>.

use std::borrow::Cow;
use std::collections::HashMap;

use kustom_validate::{Answer, Data, Entry, Expression, Finding, Kinds, Names, Severity, Value};

use crate::cluster::{Cluster, Object};
use crate::defaults::defaulted;
use crate::rule::rule_of_table;
use crate::selector::{selects, selects_by};
use crate::{Found, Linter, Report};

/// A short expression that objects must meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// What it is called in findings.
    pub name: String,
    /// The objects that it is about: `KIND`, or `KIND/NAME`, with `*` for any text at an end; empty
    /// for all.
    pub matches: String,
    /// The expression; `object` is the object.
    pub expression: String,
    /// What is said of an object that does not meet it.
    pub message: String,
    /// How bad that is.
    pub severity: RequirementSeverity,
}

/// How bad it is to break a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequirementSeverity {
    /// Good to know.
    Note,
    /// Probably not meant.
    Warning,
    /// Must be mended.
    #[default]
    Error,
}

/// What objects are asked besides the rules of the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'v> {
    /// Policies, bindings and parameters that are not among the objects. A policy of these that
    /// nothing binds denies.
    pub objects: &'v [Value<'v>],
    /// Requirements.
    pub requirements: &'v [Requirement],
}

/// A policy with one of its bindings.
struct Bound<'c, 'v> {
    policy: &'c Object<'v>,
    binding: Option<&'c Object<'v>>,
}

/// What is asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    /// What a request calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// Runs policies and requirements over all objects, which are made.
pub(crate) fn look(
    linter: &Linter,
    cluster: &Cluster<'_>,
    policies: &Policies<'_>,
    report: &mut Report,
) {
    if linter.asks("requirement") {
        requirements(cluster, policies.requirements, report);
        report.count_faults();
    }
    if !linter.asks("policy") {
        return;
    }
    let others = Cluster::of(policies.objects);
    let all = all_bound(cluster, &others);
    if all.is_empty() {
        return;
    }
    for object in cluster.objects.iter().filter(|object| is_asked(object)) {
        ask(
            &all,
            Operation::Create,
            object,
            None,
            &[cluster, &others],
            report,
        );
    }
    report.count_faults();
}

/// Asks all policies about what is done to an object.
fn ask<'v>(
    all: &[Bound<'_, 'v>],
    operation: Operation,
    object: &Object<'v>,
    old: Option<&Object<'v>>,
    known: &[&Cluster<'v>],
    report: &mut Report,
) {
    let complete = defaulted(object.value);
    let old_complete = old.map(|old| defaulted(old.value));
    for one in all {
        Asked {
            one,
            operation,
            object,
            complete: &complete,
            old: old.zip(old_complete.as_ref()),
            known,
        }
        .run(report);
    }
}

/// Runs policies over objects that take the place of others: those that are there already are changed,
/// the others are made; the second report is of those that are removed.
pub(crate) fn look_at_changes(
    linter: &Linter,
    [before, after]: [&Cluster<'_>; 2],
    policies: &Policies<'_>,
) -> [Report; 2] {
    let mut reports = [Report::default(), Report::default()];
    if !linter.asks("policy") {
        return reports;
    }
    let others = Cluster::of(policies.objects);
    let all = all_bound(after, &others);
    if all.is_empty() {
        return reports;
    }
    let [kept, removed] = &mut reports;
    let known = [after, &others, before];
    let was: HashMap<_, _> = before.objects.iter().map(|one| (id(one), one)).collect();
    for object in after.objects.iter().filter(|object| is_asked(object)) {
        let old = was.get(&id(object)).copied();
        let operation = match old {
            Some(_) => Operation::Update,
            None => Operation::Create,
        };
        ask(&all, operation, object, old, &known, kept);
    }
    let is: HashMap<_, _> = after.objects.iter().map(|one| (id(one), one)).collect();
    let gone = before.objects.iter().filter(|object| is_asked(object));
    for object in gone.filter(|object| !is.contains_key(&id(object))) {
        ask(&all, Operation::Delete, object, None, &known, removed);
    }
    reports.iter_mut().for_each(Report::count_faults);
    reports
}

/// What tells an object from others.
fn id<'v>(object: &Object<'v>) -> [&'v str; 4] {
    [object.group, object.kind, object.namespace, object.name]
}

/// Whether the server asks policies about an object: about policies it asks none.
fn is_asked(object: &Object<'_>) -> bool {
    object.group != "admissionregistration.k8s.io"
}

/// All policies with their bindings; those that are not rendered and that nothing binds deny.
fn all_bound<'c, 'v>(cluster: &'c Cluster<'v>, others: &'c Cluster<'v>) -> Vec<Bound<'c, 'v>> {
    let mut all: Vec<Bound<'_, '_>> = Vec::new();
    for policy in cluster.of_kind("ValidatingAdmissionPolicy") {
        all.extend(bound(policy, [cluster, others]));
    }
    for policy in others.of_kind("ValidatingAdmissionPolicy") {
        let before = all.len();
        all.extend(bound(policy, [cluster, others]));
        if all.len() == before {
            all.push(Bound {
                policy,
                binding: None,
            });
        }
    }
    all
}

fn bound<'c, 'v>(policy: &'c Object<'v>, known: [&'c Cluster<'v>; 2]) -> Vec<Bound<'c, 'v>> {
    let bindings = known
        .into_iter()
        .flat_map(|one| one.of_kind("ValidatingAdmissionPolicyBinding"));
    let is_its = |binding: &&Object<'_>| {
        let name = binding.value.at(&["spec", "policyName"]);
        name.and_then(Value::as_text) == Some(policy.name)
    };
    bindings
        .filter(is_its)
        .map(|binding| Bound {
            policy,
            binding: Some(binding),
        })
        .collect()
}

/// The name of the resource of a kind, as clients guess it.
fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    match lower.strip_suffix('y') {
        _ if lower == "endpoints" => lower,
        Some(stem) if !ends(&["ay", "ey", "oy", "uy"]) => format!("{stem}ies"),
        _ if ends(&["s", "x", "ch", "sh", "z"]) => format!("{lower}es"),
        _ => format!("{lower}s"),
    }
}

/// Whether a rule of a policy or a binding is about what is done to an object.
fn rule_fits(
    rule: &Value<'_>,
    operation: Operation,
    object: &Object<'_>,
    is_equivalent: bool,
) -> bool {
    let has = |key: &str, word: &str| {
        let mut texts = rule.list(key).iter().filter_map(Value::as_text);
        texts.any(|it| it == "*" || it == word)
    };
    let api_version = object.value.text("apiVersion");
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let resource = plural(object.kind);
    let mut resources = rule.list("resources").iter().filter_map(Value::as_text);
    let is_namespaced = Kinds::is_namespaced(api_version, object.kind)
        .unwrap_or_else(|| object.value.at(&["metadata", "namespace"]).is_some());
    let names = rule.list("resourceNames");
    has("operations", operation.word())
        && has("apiGroups", object.group)
        // An equivalent request is converted to the version that the rule names.
        && (is_equivalent || has("apiVersions", version))
        && resources.any(|it| it == resource || it == "*" || it == "*/*")
        && match rule.text("scope") {
            "Cluster" => !is_namespaced,
            "Namespaced" => is_namespaced,
            _ => true,
        }
        && (names.is_empty() || names.iter().any(|name| name.as_text() == Some(object.name)))
}

/// Whether something is so; `None` where it cannot be known here.
type Known = Option<bool>;

struct Asked<'a, 'c, 'v> {
    one: &'a Bound<'c, 'v>,
    operation: Operation,
    /// The object, or the one that is removed.
    object: &'a Object<'v>,
    complete: &'a Value<'v>,
    /// What it takes the place of.
    old: Option<(&'a Object<'v>, &'a Value<'v>)>,
    known: &'a [&'a Cluster<'v>],
}

impl<'v> Asked<'_, '_, 'v> {
    fn policy_spec(&self) -> &'v Value<'v> {
        self.one
            .policy
            .value
            .get("spec")
            .unwrap_or(self.one.policy.value)
    }

    fn namespace(&self) -> Option<&Object<'v>> {
        let known = self.known.iter();
        let mut all = known.flat_map(|one| one.of_kind("Namespace"));
        all.find(|one| one.name == self.object.namespace)
    }

    fn is_namespaced(&self) -> bool {
        let api_version = self.object.value.text("apiVersion");
        Kinds::is_namespaced(api_version, self.object.kind)
            .unwrap_or_else(|| self.object.value.at(&["metadata", "namespace"]).is_some())
    }

    /// Whether the resources of a policy or a binding are meant.
    fn matches(&self, resources: &Value<'_>) -> Known {
        let is_equivalent = resources.text("matchPolicy") != "Exact";
        let fits = |rule: &Value<'_>| rule_fits(rule, self.operation, self.object, is_equivalent);
        let rules = resources.list("resourceRules");
        let is_meant = rules.is_empty() || rules.iter().any(fits);
        if !is_meant || resources.list("excludeResourceRules").iter().any(fits) {
            return Some(false);
        }
        let selector = resources.get("objectSelector");
        // Either side of a change will do.
        let mut sides = [Some(self.object), self.old.map(|old| old.0)]
            .into_iter()
            .flatten();
        if let Some(selector) = selector
            && !sides.any(|side| selects(selector, side.labels()))
        {
            return Some(false);
        }
        self.in_namespace(resources.get("namespaceSelector"))
    }

    fn in_namespace(&self, selector: Option<&Value<'_>>) -> Known {
        let Some(selector) = selector.filter(|selector| !selector.is_zero()) else {
            return Some(true);
        };
        const NAME: &str = "kubernetes.io/metadata.name";
        let (labels, name) = match (self.object.kind, self.is_namespaced()) {
            ("Namespace", _) => (self.object.labels(), self.object.name),
            (_, false) => return Some(true),
            _ => {
                let own = |term: &Value<'_>| term.text("key") == NAME;
                let map = selector.get("matchLabels").map_or(&[][..], Value::entries);
                let by_name = selector.list("matchExpressions").iter().all(own)
                    && map.iter().all(|entry| entry.key == NAME);
                match self.namespace() {
                    None if !by_name => return None,
                    found => (found.and_then(Object::labels), self.object.namespace),
                }
            }
        };
        Some(selects_by(selector, |key| {
            let own = labels
                .and_then(|labels| labels.get(key))
                .and_then(Value::as_text);
            own.or((key == NAME).then_some(name))
        }))
    }

    fn run(&self, report: &mut Report) {
        let spec = self.policy_spec();
        let constraints = spec.get("matchConstraints");
        let of_binding = self
            .one
            .binding
            .and_then(|it| it.value.at(&["spec", "matchResources"]));
        let constraints = [constraints, of_binding];
        let mut known = Some(true);
        for resources in constraints.into_iter().flatten() {
            match self.matches(resources) {
                Some(false) => return,
                Some(true) => {}
                None => known = None,
            }
        }
        if known.is_none() {
            let namespace = self.object.namespace;
            let why = format!("the labels of the namespace `{namespace}` are not known");
            return self.not_run(&why, report);
        }
        if !spec.has("paramKind") {
            return self.with_params(None, report);
        }
        match self.params() {
            Ok(params) => {
                for value in params {
                    self.with_params(Some(value), report);
                }
            }
            Err(why) => self.not_run(&why, report),
        }
    }

    /// The parameters that the binding means.
    fn params(&self) -> Result<Vec<&'v Value<'v>>, String> {
        let spec = self.policy_spec();
        let kind = spec
            .get("paramKind")
            .map_or(("", ""), |it| (it.text("apiVersion"), it.text("kind")));
        let Some(reference) = self
            .one
            .binding
            .and_then(|it| it.value.at(&["spec", "paramRef"]))
        else {
            return Err("its binding names no parameters".to_owned());
        };
        let is_namespaced = Kinds::is_namespaced(kind.0, kind.1).unwrap_or(true);
        let namespace = match reference.text("namespace") {
            "" => self.object.namespace,
            namespace => namespace,
        };
        let known = self.known.iter();
        let all = known.flat_map(|one| one.of_kind(kind.1));
        let all = all.filter(|one| {
            let is_there = !is_namespaced || one.namespace == namespace;
            let is_meant = match (reference.text("name"), reference.get("selector")) {
                ("", Some(selector)) => selects(selector, one.labels()),
                (name, _) => one.name == name,
            };
            one.value.text("apiVersion") == kind.0 && is_there && is_meant
        });
        let found: Vec<&Value<'_>> = all.map(|one| one.value).collect();
        if found.is_empty() && reference.text("parameterNotFoundAction") != "Allow" {
            return Err(format!(
                "its parameter `{}/{}` is not rendered",
                kind.1,
                reference.text("name")
            ));
        }
        Ok(found)
    }

    /// The names that its expressions speak of.
    fn names(&self, params: Option<&Value<'_>>) -> Names {
        let mut names = Names::default();
        let (new, old) = match self.operation {
            Operation::Delete => (None, Some(self.complete)),
            _ => (Some(self.complete), self.old.map(|old| old.1)),
        };
        names.set("object", new);
        names.set("oldObject", old);
        names.set("request", Some(&self.request()));
        names.set("params", params);
        let namespace = self.namespace().filter(|_| self.is_namespaced());
        names.set("namespaceObject", namespace.map(|one| one.value));
        names
    }

    fn request(&self) -> Value<'static> {
        let object = self.object;
        let api_version = object.value.text("apiVersion");
        let version = api_version.rsplit('/').next().unwrap_or_default();
        let kind = || {
            of(&[
                ("group", object.group),
                ("version", version),
                ("kind", object.kind),
            ])
        };
        let resource = plural(object.kind);
        let resource = || {
            of(&[
                ("group", object.group),
                ("version", version),
                ("resource", &resource),
            ])
        };
        let namespace = if self.is_namespaced() {
            object.namespace
        } else {
            ""
        };
        let mut request = of(&[
            ("name", object.name),
            ("namespace", namespace),
            ("operation", self.operation.word()),
            ("subResource", ""),
            ("requestSubResource", ""),
        ]);
        if let Data::Map(entries) = &mut request.data {
            for (key, value) in [
                ("kind", kind()),
                ("requestKind", kind()),
                ("resource", resource()),
                ("requestResource", resource()),
                (
                    "dryRun",
                    Value {
                        data: Data::Bool(false),
                        origin: 0,
                    },
                ),
            ] {
                entries.push(Entry {
                    key: Cow::Borrowed(key),
                    origin: 0,
                    value,
                });
            }
        }
        request
    }

    /// Why an expression cannot be run here, if it speaks of what is not known.
    fn unknown(&self, text: &str) -> Option<&'static str> {
        let is_alone = self.is_namespaced() && self.namespace().is_none();
        match text {
            _ if text.contains("authorizer") => Some("it asks for rights"),
            _ if text.contains("request.userInfo") => Some("it asks who makes the object"),
            _ if text.contains("namespaceObject") && is_alone => {
                Some("the namespace is not rendered")
            }
            _ => None,
        }
    }

    fn with_params(&self, params: Option<&Value<'_>>, report: &mut Report) {
        let spec = self.policy_spec();
        let mut names = self.names(params);
        // A variable that fails does so where it is asked for.
        let mut failed: Vec<(String, Answer)> = Vec::new();
        for variable in spec.list("variables") {
            let (name, text) = (variable.text("name"), variable.text("expression"));
            let answer = match self.unknown(text) {
                Some(_) => Answer::Unknown,
                None => through(&failed, text).unwrap_or_else(|| match Expression::parse(text) {
                    Ok(expression) => names.set_variable(name, &expression),
                    Err(message) => Answer::Failed(message),
                }),
            };
            if answer != Answer::Other {
                failed.push((format!("variables.{name}"), answer));
            }
        }
        let answer = |text: &str| match self.unknown(text) {
            Some(_) => Answer::Unknown,
            None => through(&failed, text).unwrap_or_else(|| match Expression::parse(text) {
                Ok(expression) => names.run(&expression),
                Err(message) => Answer::Failed(message),
            }),
        };
        let fails = spec.text("failurePolicy") != "Ignore";
        let mut error = None;
        for condition in spec.list("matchConditions") {
            match answer(condition.text("expression")) {
                Answer::Bool(true) => {}
                Answer::Bool(false) => return,
                Answer::Failed(message) => {
                    error.get_or_insert(format!(
                        "the condition `{}` fails: {message}",
                        condition.text("name")
                    ));
                }
                _ => {
                    let why = format!("its condition `{}` is not run", condition.text("name"));
                    return self.not_run(&why, report);
                }
            }
        }
        if let Some(message) = error {
            if fails {
                report.add_fault(self.found(message, None));
            }
            return;
        }
        for validation in spec.list("validations") {
            let text = validation.text("expression");
            match answer(text) {
                Answer::Bool(true) => {}
                Answer::Bool(false) => {
                    let found = self.found(told(validation, &answer), Some(text));
                    report.findings.push(found);
                }
                Answer::Failed(message) if fails => {
                    let message = format!("the expression `{}` fails: {message}", shortened(text));
                    report.add_fault(self.found(message, Some(text)));
                }
                Answer::Failed(_) => {}
                _ => {
                    let why = match self.unknown(text) {
                        Some(why) => why.to_owned(),
                        None => format!("the expression `{}` is not run", shortened(text)),
                    };
                    self.not_run(&why, report);
                }
            }
        }
    }

    /// How bad it is to break it: what its binding does.
    fn severity(&self) -> Severity {
        let spec = self
            .one
            .binding
            .and_then(|binding| binding.value.get("spec"));
        let Some(spec) = spec else {
            return Severity::Error;
        };
        let does = |action: &str| {
            let mut actions = spec.list("validationActions").iter();
            actions.any(|it| it.as_text() == Some(action))
        };
        match () {
            () if does("Deny") => Severity::Error,
            () if does("Warn") => Severity::Warning,
            () => Severity::Note,
        }
    }

    /// What it says of the object.
    fn found(&self, message: String, expression: Option<&str>) -> Found {
        let (field, origin) = expression
            .and_then(|text| spoken_of(text, self.object.value))
            .unwrap_or((String::new(), self.object.value.origin));
        Found {
            object: self.object.number,
            finding: Finding {
                severity: self.severity(),
                rule: rule_of_table("policy").name,
                field,
                message: match self.operation {
                    Operation::Delete => {
                        format!(
                            "the policy `{}` says of its removal: {message}",
                            self.one.policy.name
                        )
                    }
                    _ => format!("the policy `{}` says: {message}", self.one.policy.name),
                },
                help: Some(rule_of_table("policy").help.to_owned()),
                origin,
            },
        }
    }

    fn not_run(&self, why: &str, report: &mut Report) {
        let rule = rule_of_table("policy-not-run");
        report.findings.push(Found {
            object: self.object.number,
            finding: Finding {
                severity: rule.severity,
                rule: rule.name,
                field: String::new(),
                message: format!(
                    "the policy `{}` is not asked of it: {why}",
                    self.one.policy.name
                ),
                help: Some(rule.help.to_owned()),
                origin: self.object.value.origin,
            },
        });
    }
}

/// What a variable that an expression uses came to, if it has no value.
fn through(failed: &[(String, Answer)], text: &str) -> Option<Answer> {
    let uses = |name: &str| {
        let mut places = text.match_indices(name);
        places.any(|(at, _)| {
            let after = text
                .get(at + name.len()..)
                .and_then(|rest| rest.chars().next());
            !after.is_some_and(|next| next.is_alphanumeric() || next == '_')
        })
    };
    let found = failed.iter().find(|(name, _)| uses(name));
    found.map(|(_, answer)| answer.clone())
}

/// The message of a validation: what its expression for it says, what is written, or the expression.
fn told(validation: &Value<'_>, answer: &dyn Fn(&str) -> Answer) -> String {
    const LONGEST: usize = 5 * 1024;
    let made = match validation.text("messageExpression") {
        "" => None,
        text => match answer(text) {
            Answer::Text(text) => Some(text.trim().to_owned()),
            _ => None,
        },
    };
    let made =
        made.filter(|text| !text.is_empty() && !text.contains('\n') && text.len() <= LONGEST);
    made.unwrap_or_else(|| match validation.text("message").trim() {
        "" => format!(
            "the expression `{}` does not hold",
            shortened(validation.text("expression"))
        ),
        message => message.to_owned(),
    })
}

/// An expression on one line.
fn shortened(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A map of texts.
fn of(entries: &[(&'static str, &str)]) -> Value<'static> {
    let entries = entries.iter().map(|(key, text)| Entry {
        key: Cow::Borrowed(*key),
        origin: 0,
        value: Value {
            data: Data::Text(Cow::Owned((*text).to_owned())),
            origin: 0,
        },
    });
    Value {
        data: Data::Map(entries.collect()),
        origin: 0,
    }
}

/// The field of an object that an expression speaks of: the deepest that is there.
fn spoken_of(text: &str, object: &Value<'_>) -> Option<(String, kustom_validate::Origin)> {
    let mut best: Option<(usize, String, kustom_validate::Origin)> = None;
    for (at, word) in text.match_indices("object.") {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            continue;
        }
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '?')));
        let way = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let (mut value, mut path, mut depth) = (object, String::new(), 0);
        for key in way.split('.').map(|key| key.trim_matches('?')) {
            let Some(inner) = value.get(key) else {
                break;
            };
            (value, depth) = (inner, depth + 1);
            path = if path.is_empty() {
                key.to_owned()
            } else {
                format!("{path}.{key}")
            };
        }
        if depth > 0 && best.as_ref().is_none_or(|(known, ..)| *known < depth) {
            best = Some((depth, path, value.origin));
        }
    }
    best.map(|(_, path, origin)| (path, origin))
}

/// Whether a text is `KIND` or `KIND/NAME`, with `*` for any text at an end, of an object.
fn is_about(pattern: &str, object: &Object<'_>) -> bool {
    let fits =
        |pattern: &str, text: &str| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (_, Some("")) => true,
            (_, Some(start)) => text.starts_with(start),
            (Some(end), _) => text.ends_with(end),
            _ => pattern == text,
        };
    match pattern.split_once('/') {
        _ if pattern.is_empty() => true,
        Some((kind, name)) => fits(kind, object.kind) && fits(name, object.name),
        None => fits(pattern, object.kind),
    }
}

fn requirements(cluster: &Cluster<'_>, requirements: &[Requirement], report: &mut Report) {
    let parsed: Vec<_> = requirements
        .iter()
        .filter_map(|one| Some((one, Expression::parse(&one.expression).ok()?)))
        .collect();
    if parsed.is_empty() {
        return;
    }
    for object in &cluster.objects {
        let mut complete = None;
        for (one, expression) in parsed
            .iter()
            .filter(|(one, _)| is_about(&one.matches, object))
        {
            let complete = complete.get_or_insert_with(|| defaulted(object.value));
            let mut names = Names::default();
            names.set("object", Some(complete));
            let answer = names.run(expression);
            let is_fault = matches!(answer, Answer::Failed(_));
            let (rule, message) = match answer {
                Answer::Bool(true) => continue,
                Answer::Bool(false) => ("requirement", one.message.clone()),
                Answer::Failed(why) => ("requirement", format!("{}: {why}", one.message)),
                _ => ("policy-not-run", "the requirement is not run".to_owned()),
            };
            let rule = rule_of_table(rule);
            let (field, origin) = spoken_of(&one.expression, object.value)
                .unwrap_or((String::new(), object.value.origin));
            let found = Found {
                object: object.number,
                finding: Finding {
                    severity: match one.severity {
                        _ if rule.name == "policy-not-run" => rule.severity,
                        RequirementSeverity::Note => Severity::Note,
                        RequirementSeverity::Warning => Severity::Warning,
                        RequirementSeverity::Error => Severity::Error,
                    },
                    rule: rule.name,
                    field,
                    message: format!("`{}`: {message}", one.name),
                    help: Some(rule.help.to_owned()),
                    origin,
                },
            };
            match is_fault {
                true => report.add_fault(found),
                false => report.findings.push(found),
            }
        }
    }
}
