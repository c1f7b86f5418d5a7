//! References, held against the fields that kustomize follows.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use kustom::build::{Options, build};
use kustom::dangling::{self, FORMER};
use kustom::fields::{FieldSpec, Fields, NameReference, segments};
use kustom::load::Memory;
use serde_json::{Value, json};

/// An object of a type.
fn object(group: &str, version: &str, kind: &str, name: &str) -> Value {
    let version = if version.is_empty() { "v1" } else { version };
    let api_version = match group {
        "" => version.to_owned(),
        _ => format!("{}/{version}", group.trim_end_matches("/v1")),
    };
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}})
}

/// An object that names `target` in a field.
fn referrer(spec: &FieldSpec, reference: &NameReference) -> Value {
    let mut object = object(&spec.group, &spec.version, &spec.kind, "referrer");
    let named = json!({"kind": reference.kind.as_str(), "name": "target"});
    let mut node = &mut object;
    for segment in segments(&spec.path) {
        node = &mut node[&*segment];
    }
    *node = match spec.path.as_str() {
        "subjects" => json!([named]),
        "rules/resourceNames" => json!(["target"]),
        path if path.ends_with("clientConfig/service") => json!({"name": "target"}),
        _ => json!("target"),
    };
    object
}

fn findings(spec: &FieldSpec, reference: &NameReference) -> Vec<String> {
    let mut files = Memory::default();
    let target = object(
        &reference.group,
        &reference.version,
        &reference.kind,
        "target",
    );
    files.insert("/k/target.yaml", target.to_string());
    files.insert("/k/referrer.yaml", referrer(spec, reference).to_string());
    files.insert(
        "/k/kustomization.yaml",
        "namePrefix: new-\nresources: [target.yaml, referrer.yaml]\n",
    );
    let built = build(&files, Path::new("/"), Path::new("k"), &Options::default()).unwrap();
    let found = dangling::references(&built.resources, &dangling::Options::default());
    let former = found.into_iter().filter(|finding| finding.rule == FORMER);
    former.map(|finding| finding.message).collect()
}

#[test]
fn what_follows_a_name_is_no_finding_and_what_does_not_is_one() {
    let mut count = 0;
    for reference in &*Fields::builtin().name_reference {
        for spec in &*reference.referrers {
            count += 1;
            let found = findings(spec, reference);
            // Kustomize's table has a group for it that no object has.
            let is_followed = reference.kind != "IngressClass";
            assert_eq!(
                found.is_empty(),
                is_followed,
                "{} of {}: {found:?}",
                spec.path,
                spec.kind
            );
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn the_same_field_of_another_kind_is_a_finding() {
    let mut count = 0;
    for reference in &*Fields::builtin().name_reference {
        for spec in &*reference.referrers {
            // Annotations, rules and lists of others say elsewhere what they name.
            let tells = spec.path.ends_with("/name") || spec.path.ends_with("Name");
            if !tells || spec.path.contains("roleRef") || spec.path.contains("volumeName") {
                continue;
            }
            count += 1;
            let custom = FieldSpec {
                group: "example.com".into(),
                version: "v1".into(),
                kind: "Custom".into(),
                ..spec.clone()
            };
            let found = findings(&custom, reference);
            assert_eq!(found.len(), 1, "{} for {}", spec.path, reference.kind);
        }
    }
    assert!(count > 80, "{count}");
}
