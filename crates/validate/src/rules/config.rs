//! ConfigMaps and Secrets.

use super::{Cx, KeysAre, TypeRules};
use crate::names::config_key;
use crate::path::Path;
use crate::structure::decode_base64;
use crate::value::{Lookup, Value};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.ConfigMap",
        fields: &[
            ("data", &[KeysAre(config_key)]),
            ("binaryData", &[KeysAre(config_key)]),
        ],
        whole: &[config_map],
    },
    TypeRules {
        of: "core.v1.Secret",
        fields: &[("data", &[KeysAre(config_key)])],
        whole: &[secret],
    },
];

/// What a ConfigMap or Secret holds at most, in bytes.
const DATA: usize = 1 << 20;

fn data_size(value: &Value<'_>, keys: &[&str]) -> usize {
    keys.iter()
        .filter_map(|key| value.get(key))
        .flat_map(Value::entries)
        .filter_map(|entry| entry.value.as_text())
        .map(str::len)
        .sum()
}

fn config_map(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (data, binary) = (value.get("data"), value.get("binaryData"));
    let binary = Lookup::of(binary.map_or(&[][..], Value::entries));
    for entry in data.map_or(&[][..], Value::entries) {
        if binary.has(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &path.field("data").key(&entry.key),
                entry.origin,
                format!("`{}` is in `binaryData` too", entry.key),
            );
        }
    }
    if data_size(value, &["data", "binaryData"]) > DATA {
        cx.findings.add(
            "too-long-value",
            path,
            value.origin,
            "a ConfigMap holds 1 MiB at most",
        );
    }
}

/// Keys that a type of Secret must have.
const SECRET_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
];

fn secret(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let data = path.field("data");
    // What is written as text is data, too; the server merges it first.
    let content = |key: &str| {
        let text = value
            .get("stringData")
            .and_then(|data| data.get(key))
            .and_then(Value::as_text);
        // Null is a key without content.
        let bytes = || {
            let entries = value.get("data")?.entries();
            entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value)
        };
        text.map(|text| text.as_bytes().to_vec())
            .or_else(|| decode_base64(bytes()?.as_text().unwrap_or_default()))
    };
    for entry in value.get("stringData").map_or(&[][..], Value::entries) {
        if let Err(message) = config_key(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &data.key(&entry.key),
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
    }
    if data_size(value, &["data", "stringData"]) > DATA * 4 / 3 + 4 {
        cx.findings.add(
            "too-long-value",
            &data,
            value.origin,
            "a Secret holds 1 MiB at most",
        );
    }
    let kind = value.text("type");
    let around = value
        .get("data")
        .or_else(|| value.get("stringData"))
        .unwrap_or(value);
    if let Some((_, keys)) = SECRET_KEYS.iter().find(|(name, _)| *name == kind) {
        for key in *keys {
            match content(key) {
                None => cx.findings.required(
                    &data.key(key),
                    around,
                    &format!("a Secret of type `{kind}` has a key `{key}`"),
                ),
                Some(bytes) if bytes.is_empty() && kind == "kubernetes.io/ssh-auth" => {
                    cx.findings.required(
                        &data.key(key),
                        around,
                        &format!("`{key}` must not be empty"),
                    );
                }
                Some(bytes) if key.starts_with(".docker") && !is_json_map(&bytes) => {
                    cx.findings.invalid(
                        &data.key(key),
                        around,
                        format!("`{key}` holds no JSON object"),
                    );
                }
                Some(_) => {}
            }
        }
    }
    if kind == "kubernetes.io/basic-auth"
        && content("username").is_none()
        && content("password").is_none()
    {
        for key in ["username", "password"] {
            cx.findings.required(
                &data.key(key),
                around,
                "a Secret of type `kubernetes.io/basic-auth` has a `username` or a `password`",
            );
        }
    }
    if kind == "kubernetes.io/service-account-token" {
        let metadata = value.get("metadata");
        let name = metadata
            .and_then(|metadata| metadata.get("annotations"))
            .map_or("", |annotations| {
                annotations.text("kubernetes.io/service-account.name")
            });
        if name.is_empty() {
            cx.findings.required(
                &path
                    .field("metadata.annotations")
                    .key("kubernetes.io/service-account.name"),
                metadata.unwrap_or(value),
                "a Secret with a token names its service account in an annotation",
            );
        }
    }
}

/// Whether bytes are a JSON object; its values are not checked.
fn is_json_map(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(crate::json::is_object)
}
