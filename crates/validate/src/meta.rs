//! The metadata that every object has.

use std::borrow::Cow;

use crate::finding::Findings;
use crate::names::{Verdict, dns_label, dns_subdomain, label_key, label_value, path_segment};
use crate::path::Path;
use crate::schema::Kind;
use crate::value::{Data, Value};

/// What a name must look like, by kind; all others are DNS subdomains.
const NAMES: &[(&str, fn(&str) -> Verdict)] = &[
    ("Namespace", dns_label),
    ("Service", dns_label),
    ("StatefulSet", dns_label),
    ("Role", path_segment),
    ("ClusterRole", path_segment),
    ("RoleBinding", path_segment),
    ("ClusterRoleBinding", path_segment),
    ("IPAddress", ip_name),
    ("CertificateSigningRequest", path_segment),
    ("PodDisruptionBudget", path_segment),
    ("CustomResourceDefinition", any_name),
    ("APIService", path_segment),
    ("ClusterTrustBundle", any_name),
];

/// A rule of the kind itself judges the name.
fn any_name(_: &str) -> Verdict {
    Ok(())
}

/// An address in its one canonical form.
fn ip_name(text: &str) -> Verdict {
    crate::net::ip(text)?;
    match text.parse::<std::net::IpAddr>() {
        Ok(found) if found.to_string() == text => Ok(()),
        _ => Err("is not the canonical form of the address".to_owned()),
    }
}

/// Finalizers that need no domain.
const FINALIZERS: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

/// Kinds whose finalizers need no domain at all.
const PLAIN_FINALIZERS: &[&str] = &[
    "APIService",
    "CustomResourceDefinition",
    "Lease",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "PodDisruptionBudget",
    "RuntimeClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// Kinds whose generation the server counts itself, whatever is written.
const COUNTED: &[&str] = &[
    "CronJob",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "DeviceClass",
    "EndpointSlice",
    "FlowSchema",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Job",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "Pod",
    "PodDisruptionBudget",
    "PodTemplate",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ReplicaSet",
    "ReplicationController",
    "ResourceSlice",
    "StatefulSet",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// Kinds that get a name from the server if they have none.
const NAMED_BY_SERVER: &[&str] = &["LimitRange"];

/// Kinds that the server answers and does not keep, so that they need no name.
const ANSWERED: &[&str] = &[
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "SubjectAccessReview",
    "TokenReview",
];

/// What the server appends to a `generateName`, and how much of that it keeps.
const SUFFIX: &str = "00000";
const PREFIX: usize = 63 - SUFFIX.len();

/// The name that an object gets: its own, or one as the server makes of `generateName`.
pub(crate) fn name_of<'o>(object: &'o Value<'_>) -> Cow<'o, str> {
    let metadata = object.get("metadata");
    let text = |key: &str| metadata.map_or("", |metadata| metadata.text(key));
    match (text("name"), text("generateName")) {
        ("", "") => Cow::Borrowed(""),
        // An address is not made longer.
        ("", prefix) if object.text("kind") == "IPAddress" => Cow::Borrowed(prefix),
        ("", prefix) => {
            let end = (0..=PREFIX.min(prefix.len()))
                .rev()
                .find(|&end| prefix.is_char_boundary(end))
                .unwrap_or(0);
            Cow::Owned(format!("{}{SUFFIX}", prefix.get(..end).unwrap_or(prefix)))
        }
        (name, _) => Cow::Borrowed(name),
    }
}

/// Where the name of an object is written, or what stands for it.
pub(crate) fn name_at<'o, 'v>(object: &'o Value<'v>) -> &'o Value<'v> {
    let Some(metadata) = object.get("metadata") else {
        return object;
    };
    metadata
        .get("name")
        .or_else(|| metadata.get("generateName"))
        .unwrap_or(metadata)
}

/// The size of all annotations, keys and values, in bytes.
const ANNOTATIONS: usize = 256 << 10;

/// Judges the metadata of an object of a known kind.
pub(crate) fn object(kind: &Kind, object: &Value<'_>, findings: &mut Findings) {
    let form = NAMES
        .iter()
        .find(|(name, _)| *name == kind.kind)
        .map_or(dns_subdomain as fn(&str) -> Verdict, |(_, form)| *form);
    let any = |kinds: &[&str]| kinds.contains(&kind.kind);
    if any(ANSWERED) {
        return;
    }
    let rules = Rules {
        form,
        namespaced: kind.namespaced,
        domains: !any(PLAIN_FINALIZERS),
        counted: any(COUNTED),
        named: !any(NAMED_BY_SERVER),
        prefixed: !any(&["DeviceClass", "ReplicationController"]),
    };
    metadata(object, &rules, findings);
}

/// What the metadata of a kind must be.
struct Rules {
    form: fn(&str) -> Verdict,
    namespaced: bool,
    /// Finalizers need a domain.
    domains: bool,
    /// The server counts the generation itself.
    counted: bool,
    /// The object must have a name.
    named: bool,
    /// A `generateName` is judged even if there is a name.
    prefixed: bool,
}

/// Judges the metadata of a custom resource.
pub(crate) fn custom(object: &Value<'_>, namespaced: bool, findings: &mut Findings) {
    let rules = Rules {
        form: dns_subdomain,
        namespaced,
        domains: false,
        counted: true,
        named: true,
        prefixed: true,
    };
    metadata(object, &rules, findings);
}

fn metadata(object: &Value<'_>, rules: &Rules, findings: &mut Findings) {
    let path = Path::ROOT.field("metadata");
    let empty = Value {
        data: Data::Map(Vec::new()),
        origin: object.origin,
    };
    let metadata = object.get("metadata").unwrap_or(&empty);
    let (name, prefix) = (name_of(object), metadata.text("generateName"));
    let at = |key: &str| metadata.get(key).unwrap_or(metadata);
    let wrong_prefix = (rules.prefixed && !prefix.is_empty())
        .then(|| (rules.form)(&without_dash(prefix)).err())
        .flatten();
    if let Some(message) = &wrong_prefix {
        findings.invalid(
            &path.field("generateName"),
            at("generateName"),
            format!("`{prefix}` {message}"),
        );
    }
    if !name.is_empty() {
        // What is made of a wrong prefix is wrong, and said already.
        if (wrong_prefix.is_none() || metadata.has("name"))
            && let Err(message) = (rules.form)(&name)
        {
            findings.invalid(
                &path.field("name"),
                name_at(object),
                format!("`{name}` {message}"),
            );
        }
    } else if rules.named {
        findings.required(
            &path.field("name"),
            metadata,
            "every object has a `name` or a `generateName`",
        );
    }
    let namespace = metadata.text("namespace");
    if rules.namespaced
        && !namespace.is_empty()
        && let Err(message) = dns_label(namespace)
    {
        findings.invalid(
            &path.field("namespace"),
            at("namespace"),
            format!("`{namespace}` {message}"),
        );
    }
    if !rules.counted && metadata.int("generation").is_some_and(|number| number < 0) {
        findings.invalid(
            &path.field("generation"),
            at("generation"),
            "the number is less than 0",
        );
    }
    labels_and_annotations(&path, metadata, findings);
    finalizers(&path, metadata, rules.domains, findings);
    owners(&path, metadata, findings);
    managers(&path, metadata, findings);
}

/// Who wrote which fields; manifests that were read from a cluster have it.
fn managers(path: &Path<'_>, metadata: &Value<'_>, findings: &mut Findings) {
    let list = path.field("managedFields");
    for (index, entry) in metadata.list("managedFields").iter().enumerate() {
        let here = list.index(index);
        let at = |key: &str| entry.get(key).unwrap_or(entry);
        let known = &["Apply", "Update"];
        if !known.contains(&entry.text("operation")) {
            findings.not_supported(&here.field("operation"), at("operation"), known);
        }
        if !["", "FieldsV1"].contains(&entry.text("fieldsType")) {
            findings.invalid(
                &here.field("fieldsType"),
                at("fieldsType"),
                "the type can only be `FieldsV1`",
            );
        }
        for (field, most) in [("manager", 128), ("subresource", 256)] {
            if entry.text(field).len() > most {
                findings.add(
                    "too-long-value",
                    &here.field(field),
                    at(field).origin,
                    format!("the text is longer than {most} bytes"),
                );
            }
        }
        if entry.text("manager").chars().any(char::is_control) {
            findings.invalid(
                &here.field("manager"),
                at("manager"),
                "the name has characters that cannot be printed",
            );
        }
    }
}

/// What comes before a generated suffix, as if the suffix stood there.
fn without_dash(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!(
            "{}a",
            rest.get(..rest.len() - rest.chars().next_back().map_or(0, char::len_utf8))
                .unwrap_or_default()
        ),
        _ => prefix.to_owned(),
    }
}

/// Judges the keys and values of labels.
pub(crate) fn labels(findings: &mut Findings, path: &Path<'_>, value: &Value<'_>) {
    for entry in value.entries() {
        let text = entry.value.as_text().unwrap_or_default();
        let wrong = label_key(&entry.key)
            .map_err(|message| format!("`{}` {message}", entry.key))
            .and_then(|()| label_value(text).map_err(|message| format!("`{text}` {message}")));
        if let Err(message) = wrong {
            findings.invalid(path, &entry.value, message);
        }
    }
}

/// Judges labels and annotations, of an object or of a template.
pub(crate) fn labels_and_annotations(
    path: &Path<'_>,
    metadata: &Value<'_>,
    findings: &mut Findings,
) {
    if let Some(found) = metadata.get("labels") {
        labels(findings, &path.field("labels"), found);
    }
    let Some(annotations) = metadata.get("annotations") else {
        return;
    };
    let here = path.field("annotations");
    let mut size = 0;
    for entry in annotations.entries() {
        size += entry.key.len() + entry.value.as_text().map_or(0, str::len);
        if let Err(message) = label_key(&entry.key.to_lowercase()) {
            findings.invalid(&here, &entry.value, format!("`{}` {message}", entry.key));
        }
    }
    if size > ANNOTATIONS {
        findings.add(
            "too-long-value",
            &here,
            annotations.origin,
            format!("the annotations have {size} bytes, and {ANNOTATIONS} is the most"),
        );
    }
}

/// Judges the metadata of a template whose objects the server names itself: labels and annotations.
pub(crate) fn template(path: &Path<'_>, metadata: &Value<'_>, findings: &mut Findings) {
    labels_and_annotations(path, metadata, findings);
    for entry in metadata.entries() {
        let known = ["annotations", "labels"];
        if !known.contains(&&*entry.key) && !entry.value.is_zero() {
            findings.forbidden(
                &path.field(&entry.key),
                &entry.value,
                "a template of claims has labels and annotations, and nothing else",
            );
        }
    }
}

fn finalizers(path: &Path<'_>, metadata: &Value<'_>, domains: bool, findings: &mut Findings) {
    let path = path.field("finalizers");
    let found = metadata.list("finalizers");
    for (index, item) in found.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = label_key(text) {
            findings.invalid(&path, item, format!("`{text}` {message}"));
        } else if domains && !text.contains('/') && !FINALIZERS.contains(&text) {
            findings.invalid(
                &path.index(index),
                item,
                format!("`{text}` is no finalizer: it has no domain, such as `example.org/{text}`"),
            );
        }
    }
    let has = |name: &str| found.iter().any(|item| item.as_text() == Some(name));
    if has("orphan")
        && has("foregroundDeletion")
        && let Some(first) = found.first()
    {
        findings.invalid(
            &path,
            first,
            "`orphan` and `foregroundDeletion` exclude each other",
        );
    }
}

fn owners(path: &Path<'_>, metadata: &Value<'_>, findings: &mut Findings) {
    let path = path.field("ownerReferences");
    let owners = metadata.list("ownerReferences");
    for (index, owner) in owners.iter().enumerate() {
        let here = path.index(index);
        let api_version = owner.text("apiVersion");
        let version = api_version.rsplit('/').next().unwrap_or_default();
        if version.is_empty() || api_version.matches('/').count() > 1 {
            let origin = owner.get("apiVersion").unwrap_or(owner);
            findings.invalid(
                &here.field("apiVersion"),
                origin,
                "the version is `group/version`, or `version` alone",
            );
        }
        for field in ["kind", "name", "uid"] {
            if owner.text(field).is_empty() {
                let origin = owner.get(field).unwrap_or(owner);
                findings.invalid(
                    &here.field(field),
                    origin,
                    format!("`{field}` must not be empty"),
                );
            }
        }
        if owner.text("kind") == "Event" && api_version == "v1" {
            findings.invalid(&here, owner, "an Event owns nothing");
        }
    }
    let controllers: Vec<_> = owners
        .iter()
        .filter(|owner| owner.is_true("controller"))
        .collect();
    if let [_, second, ..] = controllers.as_slice() {
        findings.invalid(&path, second, "only one owner can be the controller");
    }
}
