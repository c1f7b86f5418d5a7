//! The fields of a kustomization and their types, as kustomize decodes them.
//!
//! Only what kustomize refuses when it reads a file to edit is refused here: unknown fields and
//! values of another type. Whether it builds is another question.

use kustom_yaml::Node;
use kustom_yaml::error::Result;

use crate::decode::{Mode, mismatch};

/// The type of a value.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Boolean,
    Integer,
    /// A map of texts.
    Pairs,
    /// A map of anything.
    AnyMap,
    List(&'static Self),
    Fields(&'static [(&'static str, Self)], &'static [&'static str]),
}

use Shape::{AnyMap, Boolean, Fields, Integer, List, Pairs, Text};

/// A shape of named fields; the names stand by themselves, too, for messages.
macro_rules! fields {
    ($($name:literal: $shape:expr),+ $(,)?) => {
        Fields(&[$(($name, $shape)),+], &[$($name),+])
    };
}

const TEXTS: Shape = List(&Text);

const SELECTOR: Shape = fields! {
    "group": Text,
    "version": Text,
    "kind": Text,
    "name": Text,
    "namespace": Text,
    "annotationSelector": Text,
    "labelSelector": Text,
};

const PATCHES: Shape = List(&fields! {
    "path": Text,
    "patch": Text,
    "target": SELECTOR,
    "options": fields! { "allowNameChange": Boolean, "allowKindChange": Boolean },
});

const IMAGES: Shape = List(&fields! {
    "name": Text,
    "newName": Text,
    "tagSuffix": Text,
    "newTag": Text,
    "digest": Text,
});

const FIELD_OPTIONS: Shape = fields! {
    "delimiter": Text,
    "index": Integer,
    "encoding": Text,
    "create": Boolean,
};

const GENERATOR_OPTIONS: Shape = fields! {
    "labels": Pairs,
    "annotations": Pairs,
    "disableNameSuffixHash": Boolean,
    "immutable": Boolean,
};

const ROOT: Shape = fields! {
    "apiVersion": Text,
    "kind": Text,
    "metadata": fields! {
        "name": Text,
        "namespace": Text,
        "labels": Pairs,
        "annotations": Pairs,
    },
    "openapi": Pairs,
    "namePrefix": Text,
    "nameSuffix": Text,
    "namespace": Text,
    "commonLabels": Pairs,
    "labels": List(&fields! {
        "pairs": Pairs,
        "includeSelectors": Boolean,
        "includeTemplates": Boolean,
        "includeVolumeClaimTemplates": Boolean,
        "fields": List(&fields! {
            "group": Text,
            "version": Text,
            "kind": Text,
            "path": Text,
            "create": Boolean,
        }),
    }),
    "commonAnnotations": Pairs,
    "patchesStrategicMerge": TEXTS,
    "patchesJson6902": PATCHES,
    "patches": PATCHES,
    "images": IMAGES,
    "imageTags": IMAGES,
    "replacements": List(&fields! {
        "path": Text,
        "source": fields! {
            "group": Text,
            "version": Text,
            "kind": Text,
            "name": Text,
            "namespace": Text,
            "fieldPath": Text,
            "options": FIELD_OPTIONS,
        },
        "sourceValue": Text,
        "targets": List(&fields! {
            "select": SELECTOR,
            "reject": List(&SELECTOR),
            "fieldPaths": TEXTS,
            "options": FIELD_OPTIONS,
        }),
    }),
    "replicas": List(&fields! { "name": Text, "count": Integer }),
    "vars": List(&fields! {
        "name": Text,
        "objref": fields! {
            "apiVersion": Text,
            "group": Text,
            "version": Text,
            "kind": Text,
            "name": Text,
            "namespace": Text,
        },
        "fieldref": fields! { "fieldPath": Text },
    }),
    "sortOptions": fields! {
        "order": Text,
        "legacySortOptions": fields! { "orderFirst": TEXTS, "orderLast": TEXTS },
    },
    "resources": TEXTS,
    "components": TEXTS,
    "crds": TEXTS,
    "bases": TEXTS,
    "configMapGenerator": List(&fields! {
        "namespace": Text,
        "name": Text,
        "behavior": Text,
        "literals": TEXTS,
        "files": TEXTS,
        "envs": TEXTS,
        "env": Text,
        "options": GENERATOR_OPTIONS,
    }),
    "secretGenerator": List(&fields! {
        "namespace": Text,
        "name": Text,
        "behavior": Text,
        "literals": TEXTS,
        "files": TEXTS,
        "envs": TEXTS,
        "env": Text,
        "options": GENERATOR_OPTIONS,
        "type": Text,
    }),
    "helmGlobals": fields! { "chartHome": Text, "configHome": Text },
    "helmCharts": List(&fields! {
        "name": Text,
        "version": Text,
        "repo": Text,
        "releaseName": Text,
        "namespace": Text,
        "additionalValuesFiles": TEXTS,
        "valuesFile": Text,
        "valuesInline": AnyMap,
        "valuesMerge": Text,
        "includeCRDs": Boolean,
        "skipHooks": Boolean,
        "apiVersions": TEXTS,
        "kubeVersion": Text,
        "nameTemplate": Text,
        "skipTests": Boolean,
        "debug": Boolean,
        "devel": Boolean,
    }),
    "helmChartInflationGenerator": List(&fields! {
        "chartName": Text,
        "chartVersion": Text,
        "chartRepoUrl": Text,
        "chartHome": Text,
        "chartRepoName": Text,
        "helmBin": Text,
        "helmHome": Text,
        "values": Text,
        "valuesLocal": AnyMap,
        "valuesMerge": Text,
        "releaseName": Text,
        "releaseNamespace": Text,
        "extraArgs": TEXTS,
    }),
    "generatorOptions": GENERATOR_OPTIONS,
    "configurations": TEXTS,
    "generators": TEXTS,
    "transformers": TEXTS,
    "validators": TEXTS,
    "buildMetadata": TEXTS,
};

/// Checks the names and types of the fields of a kustomization.
///
/// # Errors
///
/// At the first field that kustomize does not know, or whose value it cannot decode.
pub(super) fn check(root: &Node) -> Result<()> {
    ROOT.check(root)
}

impl Shape {
    fn check(self, node: &Node) -> Result<()> {
        let mode = Mode::STRICT;
        match self {
            Text => mode.text(node).map(drop),
            Boolean => mode.boolean(node).map(drop),
            Integer => mode.integer(node).map(drop),
            Pairs => mode.pairs(node).map(drop),
            AnyMap if node.is_null() || node.is_map() => Ok(()),
            AnyMap => Err(mismatch(node, "a map")),
            List(item) => mode.list(node, |_, node| item.check(node)).map(drop),
            Fields(shapes, names) => mode.fields(node, names, |name, value| {
                let shape = shapes.iter().find(|(known, _)| *known == name);
                shape.map_or(Ok(()), |(_, shape)| shape.check(value))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_config;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        let node = read_config(text.as_bytes(), SourceId::NONE).unwrap();
        check(&node).err().map(|error| error.message().to_owned())
    }

    #[test]
    fn what_kustomize_decodes_is_accepted_whether_it_builds_or_not() {
        for text in [
            "",
            "{}",
            "kind: Bogus\napiVersion: 7.0/x\n",
            "Resources: [a]\nIMAGES:\n",
            "sortOptions: {order: bogus}",
            "patches: [{target: {name: '('}}]",
            "labels: [{pairs: {on: x}, includeVolumeClaimTemplates: yes}]",
            "replicas: [{name: a, count: 3.0}]",
            "openapi: {path: a, version: b}",
            "helmCharts: [{valuesInline: {a: [1, {b: c}]}}]",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn unknown_fields_and_other_types_are_refused() {
        for (text, wanted) in [
            ("foo: 1", "unknown field `foo`"),
            ("images: [{tag: a}]", "unknown field `tag`"),
            ("commonLabels: {v: 1}", "expected a string, found a number"),
            (
                "images: [{newTag: 1.0}]",
                "expected a string, found a number",
            ),
            (
                "replicas: [{count: '1'}]",
                "expected a whole number, found a string",
            ),
            ("resources: a", "expected a list, found a string"),
            ("namePrefix: on", "expected a string, found a boolean"),
        ] {
            assert_eq!(refusal(text).as_deref(), Some(wanted), "{text}");
        }
    }
}
