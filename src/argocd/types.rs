//! The types of Argo CD's objects: which fields there are, and which of them are printed when they
//! are empty.
//!
//! A field that is not listed is dropped, as the API server does it.
//! Source: <https://pkg.go.dev/github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1>, 3.6.1.

use std::collections::BTreeMap;

use super::json::{Json, Shape};
use crate::error::{Error, Kind, Result, nearest};

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    Text,
    Bool,
    Int,
    /// A map of texts.
    Texts,
    /// Any JSON.
    Any,
    List(&'static Type),
    Object(&'static [Field]),
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) of: Type,
    printed: Printed,
}

/// When a field is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Printed {
    /// Unless it is empty.
    Filled,
    /// If it is there: a pointer of Go.
    Present,
    /// Always.
    Always,
}

const fn field(name: &'static str, of: Type) -> Field {
    Field {
        name,
        of,
        printed: Printed::Filled,
    }
}

const fn pointer(name: &'static str, of: Type) -> Field {
    Field {
        name,
        of,
        printed: Printed::Present,
    }
}

const fn always(name: &'static str, of: Type) -> Field {
    Field {
        name,
        of,
        printed: Printed::Always,
    }
}

use Type::{Any, Bool, Int, List, Object, Text, Texts};

const TEXTS: Type = List(&Text);
const OBJECTS: Type = List(&Any);
const NAME_AND_VALUE: &[Field] = &[always("name", Text), always("value", Text)];

const HELM: &[Field] = &[
    field("valueFiles", TEXTS),
    field(
        "parameters",
        List(&Object(&[
            field("name", Text),
            field("value", Text),
            field("forceString", Bool),
        ])),
    ),
    field("releaseName", Text),
    field("values", Text),
    field(
        "fileParameters",
        List(&Object(&[field("name", Text), field("path", Text)])),
    ),
    field("version", Text),
    field("passCredentials", Bool),
    field("ignoreMissingValueFiles", Bool),
    field("skipCrds", Bool),
    pointer("valuesObject", Any),
    field("namespace", Text),
    field("kubeVersion", Text),
    field("apiVersions", TEXTS),
    field("skipTests", Bool),
    field("skipSchemaValidation", Bool),
];

const KUSTOMIZE: &[Field] = &[
    field("namePrefix", Text),
    field("nameSuffix", Text),
    field("images", TEXTS),
    field("commonLabels", Texts),
    field("version", Text),
    field("commonAnnotations", Texts),
    field("forceCommonLabels", Bool),
    field("forceCommonAnnotations", Bool),
    field("namespace", Text),
    field("commonAnnotationsEnvsubst", Bool),
    field(
        "replicas",
        List(&Object(&[always("name", Text), always("count", Any)])),
    ),
    field(
        "patches",
        List(&Object(&[
            field("path", Text),
            field("patch", Text),
            pointer(
                "target",
                Object(&[
                    field("group", Text),
                    field("version", Text),
                    field("kind", Text),
                    field("name", Text),
                    field("namespace", Text),
                    field("annotationSelector", Text),
                    field("labelSelector", Text),
                ]),
            ),
            field("options", Any),
        ])),
    ),
    field("components", TEXTS),
    field("ignoreMissingComponents", Bool),
    field("labelWithoutSelector", Bool),
    field("kubeVersion", Text),
    field("apiVersions", TEXTS),
    field("labelIncludeTemplates", Bool),
];

const JSONNET_VARIABLES: Type = List(&Object(&[
    always("name", Text),
    always("value", Text),
    field("code", Bool),
]));

const DIRECTORY: &[Field] = &[
    field("recurse", Bool),
    field(
        "jsonnet",
        Object(&[
            field("extVars", JSONNET_VARIABLES),
            field("tlas", JSONNET_VARIABLES),
            field("libs", TEXTS),
        ]),
    ),
    field("exclude", Text),
    field("include", Text),
    field("disableExtensionFilter", Bool),
];

const PLUGIN: &[Field] = &[
    field("name", Text),
    field("env", List(&Object(NAME_AND_VALUE))),
    field(
        "parameters",
        List(&Object(&[
            field("name", Text),
            pointer("string", Text),
            pointer("map", Texts),
            pointer("array", TEXTS),
        ])),
    ),
];

const SOURCE: &[Field] = &[
    always("repoURL", Text),
    field("path", Text),
    field("targetRevision", Text),
    pointer("helm", Object(HELM)),
    pointer("kustomize", Object(KUSTOMIZE)),
    pointer("directory", Object(DIRECTORY)),
    pointer("plugin", Object(PLUGIN)),
    field("chart", Text),
    field("ref", Text),
    field("name", Text),
    field("tagPrefix", Text),
];

const SYNC_POLICY: &[Field] = &[
    pointer(
        "automated",
        Object(&[
            pointer("prune", Bool),
            pointer("selfHeal", Bool),
            pointer("allowEmpty", Bool),
            pointer("enabled", Bool),
        ]),
    ),
    field("syncOptions", TEXTS),
    pointer(
        "retry",
        Object(&[
            field("limit", Int),
            pointer(
                "backoff",
                Object(&[
                    field("duration", Text),
                    pointer("factor", Int),
                    field("maxDuration", Text),
                ]),
            ),
            field("refresh", Bool),
        ]),
    ),
    pointer(
        "managedNamespaceMetadata",
        Object(&[field("labels", Texts), field("annotations", Texts)]),
    ),
];

const HYDRATOR: &[Field] = &[
    always(
        "drySource",
        Object(&[
            always("repoURL", Text),
            always("targetRevision", Text),
            always("path", Text),
            pointer("helm", Object(HELM)),
            pointer("kustomize", Object(KUSTOMIZE)),
            pointer("directory", Object(DIRECTORY)),
            pointer("plugin", Object(PLUGIN)),
        ]),
    ),
    always(
        "syncSource",
        Object(&[
            always("targetBranch", Text),
            always("path", Text),
            field("repoURL", Text),
        ]),
    ),
    pointer("hydrateTo", Object(&[always("targetBranch", Text)])),
];

const SPEC: &[Field] = &[
    pointer("source", Object(SOURCE)),
    always(
        "destination",
        Object(&[
            field("server", Text),
            field("namespace", Text),
            field("name", Text),
        ]),
    ),
    always("project", Text),
    pointer("syncPolicy", Object(SYNC_POLICY)),
    field(
        "ignoreDifferences",
        List(&Object(&[
            field("group", Text),
            always("kind", Text),
            field("name", Text),
            field("namespace", Text),
            field("jsonPointers", TEXTS),
            field("jqPathExpressions", TEXTS),
            field("managedFieldsManagers", TEXTS),
        ])),
    ),
    field("info", List(&Object(NAME_AND_VALUE))),
    pointer("revisionHistoryLimit", Int),
    field("sources", List(&Object(SOURCE))),
    pointer("sourceHydrator", Object(HYDRATOR)),
];

/// An Application, as far as a template or a patch of it reaches.
pub(super) const APPLICATION: Type = Object(&[
    always(
        "metadata",
        Object(&[
            field("name", Text),
            field("generateName", Text),
            field("namespace", Text),
            field("labels", Texts),
            field("annotations", Texts),
            field("finalizers", TEXTS),
            field("ownerReferences", OBJECTS),
        ]),
    ),
    always("spec", Object(SPEC)),
    pointer("operation", Any),
]);

/// A template of Applications.
pub(super) const GENERATOR_TEMPLATE: Type = TEMPLATE;

const TEMPLATE: Type = Object(&[
    always(
        "metadata",
        Object(&[
            field("name", Text),
            field("namespace", Text),
            field("labels", Texts),
            field("annotations", Texts),
            field("finalizers", TEXTS),
        ]),
    ),
    always("spec", Object(SPEC)),
]);

const PATHS: Type = List(&Object(&[always("path", Text), field("exclude", Bool)]));

const GIT: Type = Object(&[
    always("repoURL", Text),
    field("directories", PATHS),
    field("files", PATHS),
    always("revision", Text),
    pointer("requeueAfterSeconds", Int),
    field("template", TEMPLATE),
    field("pathParamPrefix", Text),
    field("values", Texts),
]);

const LIST: Type = Object(&[
    always("elements", OBJECTS),
    field("template", TEMPLATE),
    field("elementsYaml", Text),
]);

const SELECTOR: Type = Object(&[
    field("matchLabels", Texts),
    field(
        "matchExpressions",
        List(&Object(&[
            always("key", Text),
            always("operator", Text),
            field("values", TEXTS),
        ])),
    ),
]);

/// The generators that work on no others, and those of a level that do.
macro_rules! generators {
    ($($combining:expr),*) => {
        List(&Object(&[
            pointer("list", LIST),
            pointer("clusters", Any),
            pointer("git", GIT),
            pointer("scmProvider", Any),
            pointer("clusterDecisionResource", Any),
            pointer("pullRequest", Any),
            pointer("plugin", Any),
            pointer("oci", Any),
            pointer("selector", SELECTOR),
            $($combining),*
        ]))
    };
}

/// Generators within a `matrix` or a `merge` that is one itself.
const INNERMOST: Type = generators!();

const NESTED: Type = generators!(
    pointer("matrix", Object(&[always("generators", INNERMOST)])),
    pointer(
        "merge",
        Object(&[always("generators", INNERMOST), always("mergeKeys", TEXTS)]),
    )
);

const GENERATORS: Type = generators!(
    pointer(
        "matrix",
        Object(&[always("generators", NESTED), field("template", TEMPLATE)]),
    ),
    pointer(
        "merge",
        Object(&[
            always("generators", NESTED),
            always("mergeKeys", TEXTS),
            field("template", TEMPLATE),
        ]),
    )
);

/// The parts of an ApplicationSet that decide what it makes.
pub(super) const APPLICATION_SET: Type = Object(&[
    always(
        "metadata",
        Object(&[field("name", Text), field("namespace", Text)]),
    ),
    always(
        "spec",
        Object(&[
            field("goTemplate", Bool),
            always("generators", GENERATORS),
            always("template", TEMPLATE),
            pointer(
                "syncPolicy",
                Object(&[
                    field("preserveResourcesOnDeletion", Bool),
                    pointer("applicationsSync", Text),
                ]),
            ),
            field("goTemplateOptions", TEXTS),
            pointer("templatePatch", Text),
        ]),
    ),
]);

impl Type {
    fn fields(self) -> &'static [Field] {
        match self {
            Object(fields) => fields,
            _ => &[],
        }
    }

    /// The type of a field, if there is one of the name.
    pub(super) fn at(self, name: &str) -> Type {
        let mut fields = self.fields().iter();
        let found = fields.find(|field| field.name == name);
        found.map_or(Any, |field| field.of)
    }
}

/// A value as a type has it: fields that the type does not know are dropped, and told to `dropped`.
///
/// # Errors
///
/// A value of another type.
pub(super) fn decoded(
    value: &Json,
    of: Type,
    path: &str,
    dropped: &mut Vec<Dropped>,
) -> Result<Json> {
    let wrong = |wanted: &str| {
        let message = format!("`{path}` is {} and not {wanted}", value.type_name());
        Err(Error::new(Kind::Resource, message).at(value.span))
    };
    let shape = match (&value.shape, of) {
        (Shape::Null, _) => Shape::Null,
        (_, Any) => value.shape.clone(),
        (Shape::Text(text), Text) => Shape::Text(text.clone()),
        // A reader of YAML that knows the type takes the spelling.
        (Shape::Number(number), Text) => Shape::Text(number.clone()),
        (Shape::Bool(is), Text) => Shape::Text(is.to_string()),
        (_, Text) => return wrong("a string"),
        (Shape::Bool(is), Bool) => Shape::Bool(*is),
        (_, Bool) => return wrong("a boolean"),
        (Shape::Number(number), Int) => match number.parse::<i64>() {
            Ok(_) => Shape::Number(number.clone()),
            Err(_) => return wrong("an integer"),
        },
        (_, Int) => return wrong("an integer"),
        (Shape::Map(map), Texts) => {
            let mut found = BTreeMap::new();
            for (key, value) in map {
                let mut text = decoded(value, Text, &format!("{path}.{key}"), dropped)?;
                if text.is_null() {
                    text.shape = Shape::Text(String::new());
                }
                found.insert(key.clone(), text);
            }
            Shape::Map(found)
        }
        (Shape::List(items), List(of)) => {
            let items = items.iter().enumerate();
            let items = items.map(|(index, item)| {
                let mut item = decoded(item, *of, &format!("{path}[{index}]"), dropped)?;
                if item.is_null() {
                    item.shape = match of {
                        Text => Shape::Text(String::new()),
                        Object(_) => Shape::Map(BTreeMap::new()),
                        _ => Shape::Null,
                    };
                }
                Ok(item)
            });
            Shape::List(items.collect::<Result<_>>()?)
        }
        (Shape::Map(map), Object(fields)) => {
            let mut found = BTreeMap::new();
            for (key, value) in map {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let Some(field) = fields.iter().find(|field| field.name == key) else {
                    if !path.is_empty() {
                        dropped.push(Dropped::new(&inner, key, value, fields));
                    }
                    continue;
                };
                let value = decoded(value, field.of, &inner, dropped)?;
                if !value.is_null() {
                    found.insert(key.clone(), value);
                }
            }
            Shape::Map(found)
        }
        (_, Texts | Object(_)) => return wrong("a map"),
        (_, List(_)) => return wrong("a list"),
    };
    Ok(Json::new(shape, value.span))
}

/// A field that no type knows.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    pub(super) path: String,
    pub(super) span: crate::place::Span,
    /// The field that was probably meant.
    pub(super) meant: Option<&'static str>,
}

impl Dropped {
    fn new(path: &str, key: &str, value: &Json, fields: &[Field]) -> Self {
        Self {
            path: path.to_owned(),
            span: value.span,
            meant: nearest(key, fields.iter().map(|field| field.name)),
        }
    }
}

fn is_empty(value: &Json) -> bool {
    match &value.shape {
        Shape::Null | Shape::Bool(false) => true,
        Shape::Text(text) => text.is_empty(),
        Shape::Number(number) => number == "0",
        Shape::List(items) => items.is_empty(),
        Shape::Map(map) => map.is_empty(),
        Shape::Bool(true) => false,
    }
}

/// A decoded value as Go prints it: empty fields go, those that are always there come.
pub(super) fn encoded(value: &Json, of: Type) -> Json {
    let shape = match (&value.shape, of) {
        (Shape::List(items), List(of)) => {
            Shape::List(items.iter().map(|item| encoded(item, *of)).collect())
        }
        (Shape::Map(map), Object(fields)) => {
            let mut found = BTreeMap::new();
            for field in fields {
                let inner = map.get(field.name).map(|inner| encoded(inner, field.of));
                match (inner, field.printed) {
                    (Some(inner), Printed::Filled) if is_empty(&inner) => {}
                    (Some(inner), _) => {
                        found.insert(field.name.to_owned(), inner);
                    }
                    (None, Printed::Always) => {
                        found.insert(field.name.to_owned(), zero(field.of, value));
                    }
                    (None, _) => {}
                }
            }
            Shape::Map(found)
        }
        _ => value.shape.clone(),
    };
    Json::new(shape, value.span)
}

fn zero(of: Type, near: &Json) -> Json {
    let shape = match of {
        Text => Shape::Text(String::new()),
        Bool => Shape::Bool(false),
        Int => Shape::Number("0".to_owned()),
        Texts | Object(_) => Shape::Map(BTreeMap::new()),
        Any | List(_) => Shape::Null,
    };
    encoded(&Json::new(shape, near.span), of)
}

/// Fills what is empty in a value with what another has.
pub(super) fn fill(value: &mut Json, other: &Json, of: Type) {
    if matches!(of, Any) && !value.is_null() {
        return;
    }
    if is_empty(value) {
        *value = other.clone();
        return;
    }
    let is_map = matches!(of, Object(_) | Texts);
    if let (Shape::Map(ours), Shape::Map(theirs), true) = (&mut value.shape, &other.shape, is_map) {
        for (key, other) in theirs {
            let of = if matches!(of, Texts) {
                Text
            } else {
                of.at(key)
            };
            match ours.get_mut(key) {
                Some(value) => fill(value, other, of),
                None => {
                    ours.insert(key.clone(), other.clone());
                }
            }
        }
    }
}
