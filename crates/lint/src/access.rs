//! Rules about rights.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/rbac-good-practices/>.

use kustom_validate::{Path, Value};

use crate::cluster::{Cluster, Object};
use crate::{ObjectCheck, Sink};

const ROLES: &[&str] = &["ClusterRole", "Role"];
const BINDINGS: &[&str] = &["ClusterRoleBinding", "RoleBinding"];

/// Rules and their checks.
pub(crate) const CHECKS: &[(&str, &[&str], ObjectCheck)] = &[
    ("wildcard-rule", ROLES, |cluster, role, sink| {
        wildcard(cluster, role, true, sink)
    }),
    ("narrow-wildcard", ROLES, |cluster, role, sink| {
        wildcard(cluster, role, false, sink)
    }),
    ("secret-access", &["ClusterRole"], secret_access),
    ("escalation-verbs", ROLES, escalation),
    ("node-proxy", &["ClusterRole"], |_, role, sink| {
        gives(role, NODE_PROXY, "commands in all pods of a node", sink)
    }),
    ("token-creation", ROLES, |_, role, sink| {
        gives(role, TOKENS, "tokens of every account", sink)
    }),
    ("exec-access", ROLES, |_, role, sink| {
        gives(role, EXEC, "commands in pods", sink)
    }),
    ("create-pods", &["ClusterRole"], |_, role, sink| {
        gives(role, PODS, "to make pods in every namespace", sink)
    }),
    ("cluster-admin", BINDINGS, cluster_admin),
    ("default-account-rights", BINDINGS, default_account_rights),
    ("default-account-admin", BINDINGS, default_account_admin),
    ("anonymous-binding", BINDINGS, anonymous),
    ("authenticated-binding", BINDINGS, authenticated),
    ("secrets-for-all", BINDINGS, secrets_for_all),
    ("account-token-secret", &["Secret"], account_token),
];

/// A group of an API, resources and verbs.
type Right = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const EVERYTHING: Right = ("*", &["*"], &["*"]);
const NODE_PROXY: Right = ("", &["nodes/proxy"], &["get", "create", "*"]);
const TOKENS: Right = ("", &["serviceaccounts/token"], &["create"]);
const EXEC: Right = ("", &["pods/exec", "pods/attach"], &["create", "get"]);
const PODS: Right = ("", &["pods"], &["create"]);
const SECRETS: Right = ("", &["secrets"], &["get", "list", "watch"]);

fn texts<'v>(rule: &'v Value<'v>, key: &str) -> impl Iterator<Item = &'v str> {
    rule.list(key).iter().filter_map(Value::as_text)
}

fn has(rule: &Value<'_>, key: &str, word: &str) -> bool {
    texts(rule, key).any(|it| it == word)
}

/// The rules of a role, with their paths.
fn rules<'v>(role: &Object<'v>) -> impl Iterator<Item = (String, &'v Value<'v>)> {
    let rules = role.value.list("rules").iter().enumerate();
    rules.map(|(index, rule)| (format!("rules[{index}]"), rule))
}

/// Whether a rule gives a right, by name: what gives everything is told as that.
fn names(rule: &Value<'_>, (group, resources, verbs): Right) -> bool {
    has(rule, "apiGroups", group)
        && texts(rule, "resources").any(|it| resources.contains(&it))
        && texts(rule, "verbs").any(|it| verbs.contains(&it) || it == "*")
        && rule.list("resourceNames").is_empty()
}

/// Whether a rule gives a right, by name or with everything.
fn covers(rule: &Value<'_>, (group, resources, verbs): Right) -> bool {
    let any =
        |key: &str, words: &[&str]| texts(rule, key).any(|it| it == "*" || words.contains(&it));
    any("apiGroups", &[group])
        && any("resources", resources)
        && any("verbs", verbs)
        && rule.list("resourceNames").is_empty()
}

fn gives(role: &Object<'_>, right: Right, what: &str, sink: &mut Sink<'_>) {
    for (path, rule) in rules(role).filter(|(_, rule)| names(rule, right)) {
        let at = rule.get("resources").unwrap_or(rule);
        sink.add(
            &Path::ROOT.field(&path),
            at,
            format!("the rule gives {what}"),
        );
    }
}

/// What is wrong with a rule that names all resources by a wildcard: the words, and whether the
/// groups are those of Kubernetes or all.
fn wildcard_in(rule: &Value<'_>) -> Option<(&'static str, bool)> {
    let is_any = |key: &str| has(rule, key, "*");
    if !is_any("resources") || rule.has("nonResourceURLs") {
        return None;
    }
    // All verbs on named resources are a choice; so are all resources that may only be seen.
    let reads = texts(rule, "verbs").all(|verb| matches!(verb, "get" | "list" | "watch"));
    let words = match (is_any("apiGroups"), is_any("verbs"), reads) {
        (true, _, true) => "the rule shows everything, Secrets too",
        (true, true, _) => "the rule gives everything",
        (true, false, _) => "the rule gives these verbs on everything",
        (false, _, false) => "the rule is about every resource of its groups",
        (false, _, true) => return None,
    };
    // What is of one API that a project has defined is its own.
    let is_wide = texts(rule, "apiGroups").any(|group| WIDE.contains(&group));
    Some((words, is_wide))
}

/// Groups whose resources hold secrets, make pods or give rights, and all groups.
const WIDE: [&str; 8] = [
    "",
    "*",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apps",
    "batch",
    "certificates.k8s.io",
    "rbac.authorization.k8s.io",
];

/// Finds wildcards that are about the cluster, or those that stay in a namespace or an API.
fn wildcard(cluster: &Cluster<'_>, role: &Object<'_>, is_wide: bool, sink: &mut Sink<'_>) {
    for (path, rule) in rules(role) {
        let Some((words, is_wide_group)) = wildcard_in(rule) else {
            continue;
        };
        let reaches = is_wide_group && role.kind == "ClusterRole";
        // Who has everything is told at the binding.
        let is_told = reaches && names(rule, EVERYTHING) && makes_admin(cluster, role);
        if reaches == is_wide && !is_told {
            let at = rule.get("resources").unwrap_or(rule);
            sink.add(&Path::ROOT.field(&path).field("resources"), at, words);
        }
    }
}

/// Whether a role is bound to a ServiceAccount in the whole cluster.
fn makes_admin(cluster: &Cluster<'_>, role: &Object<'_>) -> bool {
    let is_account = |(_, subject): (String, &Value<'_>)| subject.text("kind") == "ServiceAccount";
    let mut bindings = cluster.of_kind("ClusterRoleBinding");
    bindings.any(|binding| role_name(binding) == role.name && subjects(binding).any(is_account))
}

fn secret_access(_: &Cluster<'_>, role: &Object<'_>, sink: &mut Sink<'_>) {
    gives(role, SECRETS, "the Secrets of every namespace", sink);
}

fn escalation(_: &Cluster<'_>, role: &Object<'_>, sink: &mut Sink<'_>) {
    for (path, rule) in rules(role).filter(|(_, rule)| rule.list("resourceNames").is_empty()) {
        let list = Path::ROOT.field(&path);
        let list = list.field("verbs");
        for (index, verb) in rule.list("verbs").iter().enumerate() {
            let word = verb.as_text().unwrap_or_default();
            let of = |group: &str| has(rule, "apiGroups", group) || has(rule, "apiGroups", "*");
            let is_about = match word {
                "escalate" | "bind" => of("rbac.authorization.k8s.io"),
                "impersonate" => of("") || of("authentication.k8s.io"),
                _ => false,
            };
            if is_about {
                sink.add(
                    &list.index(index),
                    verb,
                    format!("the rule lets it `{word}`"),
                );
            }
        }
    }
}

/// The subjects of a binding, with their paths.
fn subjects<'v>(binding: &Object<'v>) -> impl Iterator<Item = (String, &'v Value<'v>)> {
    let subjects = binding.value.list("subjects").iter().enumerate();
    subjects.map(|(index, subject)| (format!("subjects[{index}]"), subject))
}

fn is_default_account(subject: &Value<'_>) -> bool {
    subject.text("kind") == "ServiceAccount" && subject.text("name") == "default"
}

fn is_group(subject: &Value<'_>, names: &[&str]) -> bool {
    subject.text("kind") == "Group" && names.contains(&subject.text("name"))
}

fn is_anonymous(subject: &Value<'_>) -> bool {
    is_group(subject, &["system:unauthenticated"])
        || subject.text("kind") == "User" && subject.text("name") == "system:anonymous"
}

const EVERYBODY: [&str; 2] = ["system:authenticated", "system:serviceaccounts"];

/// The name of the role of a binding.
fn role_name<'v>(binding: &Object<'v>) -> &'v str {
    let role = binding.value.get("roleRef");
    role.map_or("", |role| role.text("name"))
}

/// The role of a binding, where it is among the objects.
fn role_of<'c, 'v>(cluster: &'c Cluster<'v>, binding: &Object<'_>) -> Option<&'c Object<'v>> {
    let reference = binding.value.get("roleRef")?;
    let name = reference.text("name");
    match reference.text("kind") {
        "Role" => cluster.named("Role", binding.namespace, name),
        _ => cluster
            .of_kind("ClusterRole")
            .find(|role| role.name == name),
    }
}

/// Whether a binding gives everything.
fn is_admin(cluster: &Cluster<'_>, binding: &Object<'_>) -> bool {
    role_name(binding) == "cluster-admin"
        || role_of(cluster, binding)
            .is_some_and(|role| rules(role).any(|(_, rule)| names(rule, EVERYTHING)))
}

fn cluster_admin(cluster: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    if binding.kind != "ClusterRoleBinding" || !is_admin(cluster, binding) {
        return;
    }
    // People have to start somewhere; the built-in group and default accounts are told elsewhere.
    let is_told = |subject: &Value<'_>| {
        subject.text("kind") == "ServiceAccount" && !is_default_account(subject)
    };
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_told(subject)) {
        let message = format!(
            "the ServiceAccount `{}` is an administrator of the cluster",
            subject.text("name")
        );
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

fn default_account_rights(cluster: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    if is_admin(cluster, binding) {
        return sink.unasked();
    }
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_default_account(subject)) {
        let message = format!(
            "`{}` is given to the ServiceAccount `default`",
            role_name(binding)
        );
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

fn default_account_admin(cluster: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    if !is_admin(cluster, binding) {
        return sink.unasked();
    }
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_default_account(subject)) {
        let message = "the ServiceAccount `default` is an administrator";
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

/// Roles that are made for everybody.
const PUBLIC: [&str; 4] = [
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];

fn anonymous(_: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    if PUBLIC.contains(&role_name(binding)) {
        return sink.unasked();
    }
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_anonymous(subject)) {
        let message = format!("`{}` is given to whoever asks", role_name(binding));
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

/// Verbs that change something, or give rights.
const CHANGES: [&str; 11] = [
    "*",
    "approve",
    "bind",
    "create",
    "delete",
    "deletecollection",
    "escalate",
    "impersonate",
    "patch",
    "sign",
    "update",
];

/// Whether a role may change something, as far as can be told.
fn changes(cluster: &Cluster<'_>, binding: &Object<'_>) -> bool {
    let changes = |rule: &Value<'_>| {
        let own = texts(rule, "apiGroups").any(|group| group == "authorization.k8s.io");
        !own && texts(rule, "verbs").any(|verb| CHANGES.contains(&verb))
    };
    match role_of(cluster, binding) {
        Some(role) => rules(role).any(|(_, rule)| changes(rule)),
        None => matches!(role_name(binding), "cluster-admin" | "admin" | "edit"),
    }
}

fn authenticated(cluster: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    if !changes(cluster, binding) {
        return sink.unasked();
    }
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_group(subject, &EVERYBODY)) {
        let name = subject.text("name");
        let message = format!("`{}` is given to all of `{name}`", role_name(binding));
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

fn secrets_for_all(cluster: &Cluster<'_>, binding: &Object<'_>, sink: &mut Sink<'_>) {
    let reads = match role_of(cluster, binding) {
        Some(role) => rules(role).any(|(_, rule)| covers(rule, SECRETS)),
        None => matches!(role_name(binding), "cluster-admin" | "admin" | "edit"),
    };
    if !reads {
        return sink.unasked();
    }
    let is_everybody = |subject: &Value<'_>| is_group(subject, &EVERYBODY) || is_anonymous(subject);
    for (path, subject) in subjects(binding).filter(|(_, subject)| is_everybody(subject)) {
        let name = subject.text("name");
        let message = format!("`{name}` reads Secrets by `{}`", role_name(binding));
        sink.add(&Path::ROOT.field(&path), subject, message);
    }
}

fn account_token(_: &Cluster<'_>, secret: &Object<'_>, sink: &mut Sink<'_>) {
    if let Some(kind) = secret.value.get("type")
        && kind.as_text() == Some("kubernetes.io/service-account-token")
    {
        sink.add(
            &Path::ROOT.field("type"),
            kind,
            "it holds a token that never ends",
        );
    }
}
