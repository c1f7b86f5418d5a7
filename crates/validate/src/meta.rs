//! The metadata that every object has.

use crate::finding::Findings;
use crate::names::{Verdict, dns_label, dns_subdomain, label_key, path_segment};
use crate::path::Path;
use crate::rules::Cx;
use crate::value::{Data, Value};

/// What a name must look like, by kind; all others are DNS subdomains.
const NAMES: &[(&str, fn(&str) -> Verdict)] = &[
    ("Namespace", dns_label),
    ("Service", dns_label),
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

/// The size of all annotations, keys and values, in bytes.
const ANNOTATIONS: usize = 256 << 10;

/// Judges the metadata of an object of a known kind.
pub(crate) fn object(cx: &mut Cx<'_>, object: &Value<'_>) {
    let form = NAMES
        .iter()
        .find(|(kind, _)| cx.is_a(kind))
        .map_or(dns_subdomain as fn(&str) -> Verdict, |(_, form)| *form);
    metadata(object, form, cx.kind.namespaced, cx.findings);
}

/// Judges the metadata of a custom resource.
pub(crate) fn custom(object: &Value<'_>, namespaced: bool, findings: &mut Findings) {
    metadata(object, dns_subdomain, namespaced, findings);
}

fn metadata(
    object: &Value<'_>,
    form: fn(&str) -> Verdict,
    namespaced: bool,
    findings: &mut Findings,
) {
    let path = Path::ROOT.field("metadata");
    let empty = Value {
        data: Data::Map(Vec::new()),
        origin: object.origin,
    };
    let metadata = object.get("metadata").unwrap_or(&empty);
    let (name, prefix) = (metadata.text("name"), metadata.text("generateName"));
    let at = |key: &str| metadata.get(key).unwrap_or(metadata);
    if !prefix.is_empty()
        && let Err(message) = form(&without_dash(prefix))
    {
        findings.invalid(
            &path.field("generateName"),
            at("generateName"),
            format!("`{prefix}` {message}"),
        );
    }
    if !name.is_empty() {
        if let Err(message) = form(name) {
            findings.invalid(
                &path.field("name"),
                at("name"),
                format!("`{name}` {message}"),
            );
        }
    } else if prefix.is_empty() {
        findings.required(
            &path.field("name"),
            metadata,
            "every object has a `name` or a `generateName`",
        );
    }
    let namespace = metadata.text("namespace");
    if namespaced
        && !namespace.is_empty()
        && let Err(message) = dns_label(namespace)
    {
        findings.invalid(
            &path.field("namespace"),
            at("namespace"),
            format!("`{namespace}` {message}"),
        );
    }
    labels_and_annotations(&path, metadata, findings);
    finalizers(&path, metadata, findings);
    owners(&path, metadata, findings);
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

/// Judges labels and annotations, of an object or of a template.
pub(crate) fn labels_and_annotations(
    path: &Path<'_>,
    metadata: &Value<'_>,
    findings: &mut Findings,
) {
    if let Some(found) = metadata.get("labels") {
        crate::rules::labels(findings, &path.field("labels"), found);
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

fn finalizers(path: &Path<'_>, metadata: &Value<'_>, findings: &mut Findings) {
    let path = path.field("finalizers");
    let found = metadata.list("finalizers");
    for (index, item) in found.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = label_key(text) {
            findings.invalid(&path, item, format!("`{text}` {message}"));
        } else if !text.contains('/') && !FINALIZERS.contains(&text) {
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
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        if version.is_empty() {
            let origin = owner.get("apiVersion").unwrap_or(owner);
            findings.invalid(
                &here.field("apiVersion"),
                origin,
                "the version must not be empty",
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
        if owner.text("kind") == "Event" && (group.is_empty() || group == "events.k8s.io") {
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
