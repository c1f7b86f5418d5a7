//! Guesses the kind of object that a field names, from the name of the field.
//!
//! Fields that name objects are called after them: `secretName`, `existingSecret`, `configMapRef`,
//! `services[].name`, `cert-manager.io/cluster-issuer`.

use super::walk::Reference;

/// What a reference says of the kind that it means.
pub(super) struct Word<'r> {
    kind: Option<&'r str>,
    is_host: bool,
    plurals: &'r [&'r str],
    /// The parts of the key in lower case, without those that only say that it is a name.
    parts: Vec<String>,
    group: &'r str,
}

impl<'r> Word<'r> {
    pub(super) fn of(reference: &'r Reference<'_>) -> Self {
        Self {
            kind: reference.kind,
            is_host: reference.is_host,
            plurals: &reference.plurals,
            parts: parts(reference.word()),
            group: &reference.by.id().gvk.group,
        }
    }

    /// Whether it may mean an object of a kind.
    pub(super) fn means(&self, kind: &str) -> bool {
        if self.is_host {
            return kind == "Service";
        }
        if let Some(said) = self.kind {
            return said == kind;
        }
        let lower = kind.to_lowercase();
        if !self.plurals.is_empty() {
            return self.plurals.contains(&&*plural(&lower));
        }
        let ends = (0..self.parts.len()).map(|start| self.parts[start..].concat());
        ends.into_iter().any(|end| {
            let is_other_name = |row: &&(&str, &str, &[&str])| {
                row.0 == end && self.group.ends_with(row.1) && row.2.contains(&kind)
            };
            end == lower || OTHER_NAMES.iter().any(|row| is_other_name(&row))
        })
    }
}

/// Words for kinds that are not their names: the word, the end of the group that uses it, the kinds.
const OTHER_NAMES: &[(&str, &str, &[&str])] = &[
    (
        "authentication",
        "keda.sh",
        &["TriggerAuthentication", "ClusterTriggerAuthentication"],
    ),
    ("backend", "", &["Service"]),
    ("certificate", "gateway.networking.k8s.io", &["Secret"]),
    ("claim", "", &["PersistentVolumeClaim"]),
    ("credential", "", &["Secret"]),
    ("host", "istio.io", &["Service"]),
    ("injectcafrom", "", &["Certificate"]),
    ("injectcafromsecret", "", &["Secret"]),
    ("parent", "gateway.networking.k8s.io", &["Gateway"]),
    ("policy", "", &["ValidatingAdmissionPolicy"]),
    ("pvc", "", &["PersistentVolumeClaim"]),
    ("sa", "", &["ServiceAccount"]),
    ("secrettarget", "", &["Secret"]),
    (
        "scaletarget",
        "",
        &[
            "Deployment",
            "StatefulSet",
            "ReplicaSet",
            "Rollout",
            "ReplicationController",
        ],
    ),
    (
        "workload",
        "",
        &["Deployment", "StatefulSet", "DaemonSet", "Rollout"],
    ),
];

/// `secretKeyRef`: `secret`; `cluster-issuer`: `cluster`, `issuer`; `services`: `service`.
fn parts(key: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut was_lower = false;
    for letter in key.chars() {
        if !letter.is_alphanumeric() {
            was_lower = false;
            parts.push(String::new());
            continue;
        }
        if parts.is_empty() || (letter.is_uppercase() && was_lower) {
            parts.push(String::new());
        }
        was_lower = !letter.is_uppercase();
        if let Some(part) = parts.last_mut() {
            part.extend(letter.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    while parts.len() > 1
        && parts
            .last()
            .is_some_and(|last| NAMING.contains(&last.as_str()))
    {
        parts.pop();
    }
    if let Some(last) = parts.last_mut() {
        *last = singular(last);
    }
    parts
}

/// Parts of a key that say that it names something.
const NAMING: &[&str] = &[
    "key",
    "name",
    "names",
    "ref",
    "reference",
    "references",
    "refs",
];

fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None if word.ends_with("ss") => word.to_owned(),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !word.ends_with("ay") => format!("{stem}ies"),
        _ if word.ends_with('s') => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(key: &str, kind: &str) -> bool {
        let word = Word {
            kind: None,
            is_host: false,
            plurals: &[],
            parts: parts(key),
            group: "example.com",
        };
        word.means(kind)
    }

    #[test]
    fn a_key_is_called_after_the_kind_that_it_names() {
        for (key, kind) in [
            ("secretName", "Secret"),
            ("existingSecret", "Secret"),
            ("secretKeyRef", "Secret"),
            ("imagePullSecrets", "Secret"),
            ("existingConfigmap", "ConfigMap"),
            ("configMapKeyRef", "ConfigMap"),
            ("canaryService", "Service"),
            ("services", "Service"),
            ("claimName", "PersistentVolumeClaim"),
            ("cluster-issuer", "ClusterIssuer"),
            ("auth-secret", "Secret"),
            ("service-account.name", "ServiceAccount"),
            ("middlewares", "Middleware"),
            ("networkPolicies", "NetworkPolicy"),
        ] {
            assert!(means(key, kind), "{key} {kind}");
        }
        for (key, kind) in [
            ("volumes", "PersistentVolume"),
            ("containers", "Deployment"),
            ("serviceAccountName", "Service"),
            ("hostname", "Service"),
            ("name", "Secret"),
            ("spec", "Service"),
            ("secretsEngine", "Secret"),
        ] {
            assert!(!means(key, kind), "{key} {kind}");
        }
    }
}
