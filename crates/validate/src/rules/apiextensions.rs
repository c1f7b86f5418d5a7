//! Custom resource definitions: names, versions, conversion, columns and subresources.
//!
//! What their schemas must be is in the module `crd`.

use super::Check::{Is, OneOf, Required};
use super::{Cx, TypeRules};
use crate::names::{Verdict, dns_label_1035, dns_subdomain};
use crate::path::Path;
use crate::value::{Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "apiextensions.v1.CustomResourceDefinition",
        fields: &[],
        whole: &[definition],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceDefinitionSpec",
        fields: &[
            ("group", &[Required, Is(group)]),
            ("scope", &[Required, OneOf(&["Cluster", "Namespaced"])]),
            ("versions", &[]),
            ("names", &[]),
        ],
        whole: &[spec],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceDefinitionNames",
        fields: &[
            ("plural", &[Required, Is(dns_label_1035)]),
            ("singular", &[Is(dns_label_1035)]),
            ("kind", &[Required, Is(kind)]),
            ("listKind", &[Is(kind)]),
            ("shortNames", &[super::EachIs(dns_label_1035)]),
            ("categories", &[super::EachIs(dns_label_1035)]),
        ],
        whole: &[names],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceDefinitionVersion",
        fields: &[
            ("name", &[super::AlwaysIs(dns_label_1035)]),
            ("schema", &[]),
        ],
        whole: &[version],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceConversion",
        fields: &[("strategy", &[Required, OneOf(&["None", "Webhook"])])],
        whole: &[conversion],
    },
    TypeRules {
        of: "apiextensions.v1.WebhookConversion",
        fields: &[("conversionReviewVersions", &[])],
        whole: &[],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceColumnDefinition",
        fields: &[("name", &[Required]), ("type", &[]), ("jsonPath", &[])],
        whole: &[column],
    },
    TypeRules {
        of: "apiextensions.v1.CustomResourceSubresourceScale",
        fields: &[("specReplicasPath", &[]), ("statusReplicasPath", &[])],
        whole: &[scale],
    },
    TypeRules {
        of: "apiextensions.v1.SelectableField",
        fields: &[("jsonPath", &[])],
        whole: &[],
    },
    TypeRules {
        of: "apiextensions.v1.ValidationRule",
        fields: &[("rule", &[])],
        whole: &[],
    },
];

fn group(text: &str) -> Verdict {
    dns_subdomain(text)?;
    if text.contains('.') {
        Ok(())
    } else {
        Err("has no dot: a group is a domain of two parts at least".to_owned())
    }
}

fn kind(text: &str) -> Verdict {
    dns_label_1035(&text.to_lowercase())
}

/// Groups that belong to Kubernetes, where a definition needs an approval.
fn is_protected(group: &str) -> bool {
    group == "k8s.io"
        || group == "kubernetes.io"
        || group.ends_with(".k8s.io")
        || group.ends_with(".kubernetes.io")
}

const APPROVED: &str = "api-approved.kubernetes.io";

fn definition(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(spec) = value.get("spec") else {
        return;
    };
    let group = spec.text("group");
    let wanted = format!(
        "{}.{group}",
        spec.get("names").map_or("", |names| names.text("plural"))
    );
    let metadata = value.get("metadata");
    cx.name_is(|name| {
        dns_subdomain(name).map_err(|message| format!("`{name}` {message}"))?;
        if name == wanted {
            return Ok(());
        }
        Err(format!("the name must be plural and group: `{wanted}`"))
    });
    if is_protected(group) {
        let approval = metadata
            .and_then(|metadata| metadata.get("annotations"))
            .and_then(|annotations| annotations.get(APPROVED));
        let text = approval.and_then(Value::as_text).unwrap_or_default();
        let here = path.field("metadata.annotations");
        let here = here.key(APPROVED);
        if approval.is_none() {
            cx.findings.required(
                &here,
                metadata.unwrap_or(value),
                "a group of Kubernetes' own needs the annotation with the address of its approval",
            );
        } else if !text.starts_with("unapproved") && !text.contains("://") {
            cx.findings.invalid(
                &here,
                approval.unwrap_or(value),
                "this is no address of an approval",
            );
        }
    }
}

fn spec(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("versions");
    let versions = value.list("versions");
    let stored = versions
        .iter()
        .filter(|version| version.is_true("storage"))
        .count();
    if stored != 1 {
        let origin = value.get("versions").unwrap_or(value);
        cx.findings.invalid(
            &list,
            origin,
            "exactly one version must have `storage: true`",
        );
    }
    let repeated = repeats(versions.iter().map(|version| version.text("name")));
    for (index, version) in versions.iter().enumerate() {
        let name = version.text("name");
        if repeated[index] {
            let origin = version.get("name").unwrap_or(version);
            cx.findings.invalid(
                &list,
                origin,
                format!("the version `{name}` is there twice"),
            );
        }
    }
    if value.is_true("preserveUnknownFields") {
        let found = value.get("preserveUnknownFields").unwrap_or(value);
        cx.findings.invalid(
            &path.field("preserveUnknownFields"),
            found,
            "it belongs into the schema, as `x-kubernetes-preserve-unknown-fields`",
        );
    }
}

fn names(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if !value.text("listKind").is_empty() && value.text("listKind") == value.text("kind") {
        let found = value.get("listKind").unwrap_or(value);
        cx.findings.invalid(
            &path.field("listKind"),
            found,
            "`kind` and `listKind` must differ",
        );
    }
}

fn version(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let schema = value.at(&["schema", "openAPIV3Schema"]);
    match schema {
        None => {
            let origin = value.get("schema").unwrap_or(value);
            cx.findings.required(
                &path.field("schema.openAPIV3Schema"),
                origin,
                "a version has a schema",
            );
        }
        Some(schema) => crate::crd::definition(
            cx.findings,
            &path.field("schema.openAPIV3Schema"),
            schema,
            value,
        ),
    }
    if let Some(found) = value.get("deprecationWarning") {
        let here = path.field("deprecationWarning");
        let text = found.as_text().unwrap_or_default();
        if !value.is_true("deprecated") {
            cx.findings
                .invalid(&here, found, "only a deprecated version has a warning");
        }
        if text.is_empty() {
            cx.findings
                .invalid(&here, found, "the warning must not be empty");
        }
        if text.chars().any(char::is_control) {
            cx.findings.invalid(
                &here,
                found,
                "the warning must be one line of printable characters",
            );
        }
        if text.len() > 256 {
            cx.findings
                .invalid(&here, found, "the warning is longer than 256 bytes");
        }
    }
    selectable(cx, path, value, schema);
}

fn selectable(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, schema: Option<&Value<'_>>) {
    let list = path.field("selectableFields");
    let fields = value.list("selectableFields");
    if fields.len() > 8 {
        cx.findings.add(
            "too-many-items",
            &list,
            value.origin,
            "there are at most 8 fields to select by",
        );
    }
    let repeated = repeats(fields.iter().map(|field| field.text("jsonPath")));
    for (index, field) in fields.iter().enumerate() {
        let here = list.index(index);
        let here = here.field("jsonPath");
        let text = field.text("jsonPath");
        let found = field.get("jsonPath").unwrap_or(field);
        if text.is_empty() {
            cx.findings.required(&here, found, "the field is required");
            continue;
        }
        if !is_simple_path(text) {
            cx.findings
                .invalid(&here, found, "the path must be simple and begin with `.`");
            continue;
        }
        if text.starts_with(".metadata") {
            cx.findings
                .invalid(&here, found, "no field of the metadata can be selected by");
            continue;
        }
        let mut at = schema;
        for key in text.split('.').skip(1) {
            at = at
                .and_then(|schema| schema.get("properties"))
                .and_then(|properties| properties.get(key));
        }
        match at {
            None => cx
                .findings
                .invalid(&here, found, "the schema has no such field"),
            Some(schema) if !["string", "boolean", "integer"].contains(&schema.text("type")) => {
                cx.findings
                    .invalid(&here, found, "the field is no string, boolean or integer");
            }
            Some(_) => {}
        }
        if repeated[index] {
            cx.findings.duplicate(&here, found, text);
        }
    }
}

/// The server reports both fields by the names that they have in `v1beta1`.
fn conversion(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let client_config = path.field("webhookClientConfig");
    let webhook = value.get("webhook");
    let strategy = value.text("strategy");
    if strategy == "Webhook" {
        let client = webhook.and_then(|webhook| webhook.get("clientConfig"));
        match client {
            None => cx.findings.required(
                &client_config,
                webhook.unwrap_or(value),
                "the strategy `Webhook` needs to know where it is",
            ),
            Some(client) => super::admission::client_config(cx, &client_config, client, true),
        }
        super::admission::review_versions(
            cx,
            &path.field("conversionReviewVersions"),
            webhook.unwrap_or(value),
            "conversionReviewVersions",
        );
        return;
    }
    let Some(webhook) = webhook else { return };
    let versions = path.field("conversionReviewVersions");
    let fields = [
        ("clientConfig", client_config),
        ("conversionReviewVersions", versions),
    ];
    for (field, path) in fields {
        if let Some(found) = webhook.get(field).filter(|found| !found.is_zero()) {
            cx.findings
                .forbidden(&path, found, "only the strategy `Webhook` has it");
        }
    }
}

const COLUMN_TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: &[&str] = &[
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
];

fn column(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    let kind = value.text("type");
    if kind.is_empty() {
        cx.findings.required(
            &path.field("type"),
            at("type"),
            &format!("the type is one of {}", super::words(COLUMN_TYPES)),
        );
    } else if !COLUMN_TYPES.contains(&kind) {
        cx.findings.invalid(
            &path.field("type"),
            at("type"),
            format!("`{kind}` is none of {}", super::words(COLUMN_TYPES)),
        );
    }
    let format = value.text("format");
    if !format.is_empty() && !COLUMN_FORMATS.contains(&format) {
        cx.findings.invalid(
            &path.field("format"),
            at("format"),
            format!("`{format}` is none of {}", super::words(COLUMN_FORMATS)),
        );
    }
    let here = path.field("jsonPath");
    let text = value.text("jsonPath");
    if text.is_empty() {
        cx.findings
            .required(&here, at("jsonPath"), "the field is required");
    } else if !is_column_path(text) {
        cx.findings.invalid(
            &here,
            at("jsonPath"),
            "the path must be simple and begin with `.`",
        );
    }
}

/// A path that the server takes for a column; it asks only for the dot.
fn is_column_path(text: &str) -> bool {
    text.starts_with('.')
}

/// A path of fields alone, such as `.spec.replicas`.
fn is_simple_path(text: &str) -> bool {
    text.starts_with('.')
        && text.split('.').skip(1).all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'$'))
        })
}

fn scale(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for (field, prefix, required) in [
        ("specReplicasPath", ".spec.", true),
        ("statusReplicasPath", ".status.", true),
        ("labelSelectorPath", "", false),
    ] {
        let here = path.field(field);
        let text = value.text(field);
        let found = value.get(field).unwrap_or(value);
        if text.is_empty() {
            if required {
                cx.findings.required(&here, found, "the field is required");
            }
        } else if !text.starts_with('.') {
            cx.findings
                .invalid(&here, found, "the path must be simple and begin with `.`");
        } else if prefix.is_empty() && !text.starts_with(".spec.") && !text.starts_with(".status.")
        {
            cx.findings
                .invalid(&here, found, "the path must be below `.spec` or `.status`");
        } else if !prefix.is_empty() && !text.starts_with(prefix) {
            cx.findings.invalid(
                &here,
                found,
                format!("the path must be below `{}`", prefix.trim_end_matches('.')),
            );
        }
    }
}
