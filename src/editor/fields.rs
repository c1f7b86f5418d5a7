//! The fields of a kustomization, with what each does, and what kind of value it takes.

use super::cursor::Part;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text, a number or a truth value that nothing is known of.
    Text,
    /// One of some words.
    Words(&'static [&'static str]),
    /// The name of a file.
    File,
    /// The name of a file or of a directory with a kustomization.
    Resource,
    /// The name of a directory with a component.
    Component,
    /// `NAME`, `NAME=FILE`: a file, with a key before it.
    KeyFile,
    /// The kind of an object.
    Kind,
    /// The name of an object.
    Name,
    /// The namespace of an object.
    Namespace,
    /// The way to a field of an object.
    FieldPath,
    /// The name of an image.
    Image,
    /// The name of a workload with replicas.
    Replicated,
    /// A map of the author's own.
    Pairs,
    /// The entries of a table.
    Map(&'static [Field]),
    /// A list of what else.
    List(&'static Takes),
}

/// A field of a kustomization.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// What it does, in a sentence.
    pub(super) about: &'static str,
    /// What to write instead, if nobody should write it any more.
    pub(super) instead: Option<&'static str>,
}

const fn field(name: &'static str, takes: Takes, about: &'static str) -> Field {
    Field {
        name,
        takes,
        about,
        instead: None,
    }
}

const fn old(
    name: &'static str,
    takes: Takes,
    about: &'static str,
    instead: &'static str,
) -> Field {
    Field {
        name,
        takes,
        about,
        instead: Some(instead),
    }
}

const BOOL: Takes = Takes::Words(&["true", "false"]);

const SELECTOR: &[Field] = &[
    field(
        "group",
        Takes::Text,
        "The API group, as a regular expression for all of it.",
    ),
    field(
        "version",
        Takes::Text,
        "The API version, as a regular expression for all of it.",
    ),
    field(
        "kind",
        Takes::Kind,
        "The kind, as a regular expression for all of it.",
    ),
    field(
        "name",
        Takes::Name,
        "The name, as a regular expression for all of it; a name that the object had before counts, too.",
    ),
    field(
        "namespace",
        Takes::Namespace,
        "The namespace, as a regular expression for all of it.",
    ),
    field(
        "labelSelector",
        Takes::Text,
        "Labels, as `kubectl get -l` takes them.",
    ),
    field(
        "annotationSelector",
        Takes::Text,
        "Annotations, written as labels are in `labelSelector`.",
    ),
];

const PATCH: &[Field] = &[
    field(
        "path",
        Takes::File,
        "The file that holds the patch: a strategic merge patch or a JSON patch.",
    ),
    field("patch", Takes::Text, "The patch itself, as a string."),
    field(
        "target",
        Takes::Map(SELECTOR),
        "The objects that are patched; a strategic merge patch without it patches the object that it names.",
    ),
    field(
        "options",
        Takes::Map(PATCH_OPTIONS),
        "What else the patch may change.",
    ),
];

const PATCH_OPTIONS: &[Field] = &[
    field(
        "allowNameChange",
        BOOL,
        "Whether the patch may rename the object.",
    ),
    field(
        "allowKindChange",
        BOOL,
        "Whether the patch may change the kind of the object.",
    ),
];

const FIELD_SPEC: &[Field] = &[
    field("group", Takes::Text, "The API group; without it any."),
    field("version", Takes::Text, "The API version; without it any."),
    field("kind", Takes::Kind, "The kind; without it any."),
    field(
        "path",
        Takes::Text,
        "The way to the field, its parts joined by `/`.",
    ),
    field(
        "create",
        BOOL,
        "Whether the field is made where it is missing.",
    ),
];

const LABEL: &[Field] = &[
    field("pairs", Takes::Pairs, "The labels."),
    field(
        "includeSelectors",
        BOOL,
        "Whether selectors and templates get them, too. Selectors of workloads that are deployed cannot be changed.",
    ),
    field(
        "includeTemplates",
        BOOL,
        "Whether the templates of pods get them, too.",
    ),
    field(
        "includeVolumeClaimTemplates",
        BOOL,
        "Whether the templates of volume claims get them, too.",
    ),
    field(
        "fields",
        Takes::List(&Takes::Map(FIELD_SPEC)),
        "Further fields that get them.",
    ),
];

const IMAGE: &[Field] = &[
    field(
        "name",
        Takes::Image,
        "The image as the manifests name it, without its tag.",
    ),
    field("newName", Takes::Text, "The name that it gets."),
    field("newTag", Takes::Text, "The tag that it gets."),
    field("tagSuffix", Takes::Text, "What goes behind its tag."),
    field(
        "digest",
        Takes::Text,
        "The digest that it gets; it takes the place of the tag.",
    ),
];

const REPLICA: &[Field] = &[
    field("name", Takes::Replicated, "The name of the workload."),
    field("count", Takes::Text, "How many replicas it gets."),
];

const GENERATOR_OPTIONS: &[Field] = &[
    field("labels", Takes::Pairs, "Labels of what is generated."),
    field(
        "annotations",
        Takes::Pairs,
        "Annotations of what is generated.",
    ),
    field(
        "disableNameSuffixHash",
        BOOL,
        "Whether the name stays without a hash of the content, so that pods do not start anew when it changes.",
    ),
    field(
        "immutable",
        BOOL,
        "Whether the API server refuses to change what is generated.",
    ),
];

const BEHAVIOR: Takes = Takes::Words(&["create", "merge", "replace"]);

const CONFIG_MAP: &[Field] = &[
    field(
        "name",
        Takes::Name,
        "The name, before a hash of the content is added.",
    ),
    field("namespace", Takes::Namespace, "The namespace."),
    field(
        "behavior",
        BEHAVIOR,
        "Whether it is new, or changes one that a base generates.",
    ),
    field(
        "files",
        Takes::List(&Takes::KeyFile),
        "Files whose contents become values; `KEY=FILE` names the key.",
    ),
    field(
        "literals",
        Takes::List(&Takes::Text),
        "Values, `KEY=VALUE`.",
    ),
    field(
        "envs",
        Takes::List(&Takes::File),
        "Files of `KEY=VALUE` lines.",
    ),
    old("env", Takes::File, "A file of `KEY=VALUE` lines.", "envs"),
    field(
        "options",
        Takes::Map(GENERATOR_OPTIONS),
        "Labels, annotations, and whether the name gets a hash.",
    ),
];

const SECRET: &[Field] = &[
    field(
        "name",
        Takes::Name,
        "The name, before a hash of the content is added.",
    ),
    field("namespace", Takes::Namespace, "The namespace."),
    field(
        "type",
        Takes::Words(&[
            "Opaque",
            "kubernetes.io/dockerconfigjson",
            "kubernetes.io/tls",
            "kubernetes.io/basic-auth",
            "kubernetes.io/ssh-auth",
        ]),
        "The type of the Secret.",
    ),
    field(
        "behavior",
        BEHAVIOR,
        "Whether it is new, or changes one that a base generates.",
    ),
    field(
        "files",
        Takes::List(&Takes::KeyFile),
        "Files whose contents become values; `KEY=FILE` names the key.",
    ),
    field(
        "literals",
        Takes::List(&Takes::Text),
        "Values, `KEY=VALUE`. They are secrets in the clear.",
    ),
    field(
        "envs",
        Takes::List(&Takes::File),
        "Files of `KEY=VALUE` lines.",
    ),
    old("env", Takes::File, "A file of `KEY=VALUE` lines.", "envs"),
    field(
        "options",
        Takes::Map(GENERATOR_OPTIONS),
        "Labels, annotations, and whether the name gets a hash.",
    ),
];

const REPLACEMENT_OPTIONS: &[Field] = &[
    field(
        "delimiter",
        Takes::Text,
        "What cuts the value into parts, of which one is taken or replaced.",
    ),
    field("index", Takes::Text, "Which part, counted from 0."),
    field(
        "create",
        BOOL,
        "Whether the field is made where it is missing.",
    ),
    field("encoding", Takes::Text, "Has no effect."),
];

const REPLACEMENT_SOURCE: &[Field] = &[
    field("group", Takes::Text, "The API group of the object."),
    field("version", Takes::Text, "The API version of the object."),
    field("kind", Takes::Kind, "The kind of the object."),
    field("name", Takes::Name, "The name of the object."),
    field(
        "namespace",
        Takes::Namespace,
        "The namespace of the object.",
    ),
    field(
        "fieldPath",
        Takes::FieldPath,
        "The field that is copied; `metadata.name` if nothing is said.",
    ),
    field(
        "options",
        Takes::Map(REPLACEMENT_OPTIONS),
        "Which part of the value.",
    ),
];

const REPLACEMENT_TARGET: &[Field] = &[
    field(
        "select",
        Takes::Map(SELECTOR),
        "The objects that are changed.",
    ),
    field(
        "reject",
        Takes::List(&Takes::Map(SELECTOR)),
        "Objects among them that are not.",
    ),
    field(
        "fieldPaths",
        Takes::List(&Takes::FieldPath),
        "The fields that get the value.",
    ),
    field(
        "options",
        Takes::Map(REPLACEMENT_OPTIONS),
        "Which part of the value, and whether missing fields are made.",
    ),
];

const REPLACEMENT: &[Field] = &[
    field(
        "path",
        Takes::File,
        "A file with one replacement or a list of them.",
    ),
    field(
        "source",
        Takes::Map(REPLACEMENT_SOURCE),
        "Where the value comes from.",
    ),
    field(
        "sourceValue",
        Takes::Text,
        "The value itself, in place of a source.",
    ),
    field(
        "targets",
        Takes::List(&Takes::Map(REPLACEMENT_TARGET)),
        "Where the value goes.",
    ),
];

const OBJECT: &[Field] = &[
    field("apiVersion", Takes::Text, "The `apiVersion` of the object."),
    field("group", Takes::Text, "The API group of the object."),
    field("version", Takes::Text, "The API version of the object."),
    field("kind", Takes::Kind, "The kind of the object."),
    field("name", Takes::Name, "The name of the object."),
    field(
        "namespace",
        Takes::Namespace,
        "The namespace of the object.",
    ),
];

const VAR: &[Field] = &[
    field("name", Takes::Text, "The name, as `$(NAME)` uses it."),
    field(
        "objref",
        Takes::Map(OBJECT),
        "The object that the value comes from.",
    ),
    field(
        "fieldref",
        Takes::Map(&[field(
            "fieldPath",
            Takes::FieldPath,
            "The field that the value comes from.",
        )]),
        "The field that the value comes from.",
    ),
];

const CHART: &[Field] = &[
    field("name", Takes::Text, "The chart."),
    field("version", Takes::Text, "The version of the chart."),
    field("repo", Takes::Text, "Where the chart is fetched from."),
    field("releaseName", Takes::Text, "The name of the release."),
    field(
        "namespace",
        Takes::Namespace,
        "The namespace of the release.",
    ),
    field("valuesFile", Takes::File, "The file with the values."),
    field(
        "additionalValuesFiles",
        Takes::List(&Takes::File),
        "Files with further values.",
    ),
    field("valuesInline", Takes::Pairs, "Values, written here."),
    field(
        "valuesMerge",
        Takes::Words(&["override", "merge", "replace"]),
        "How the values here meet those of the file.",
    ),
    field(
        "includeCRDs",
        BOOL,
        "Whether the definitions of custom resources are included.",
    ),
    field("skipHooks", BOOL, "Whether hooks are left out."),
    field("skipTests", BOOL, "Whether tests are left out."),
    field(
        "apiVersions",
        Takes::List(&Takes::Text),
        "API versions that the chart may ask for.",
    ),
    field(
        "kubeVersion",
        Takes::Text,
        "The version of Kubernetes that the chart may ask for.",
    ),
    field(
        "nameTemplate",
        Takes::Text,
        "A template for the name of the release.",
    ),
    field("devel", BOOL, "Whether development versions count."),
    field("debug", BOOL, "Whether helm says more."),
];

const TEXTS: Takes = Takes::List(&Takes::Text);

/// The fields of a kustomization.
pub(super) const KUSTOMIZATION: &[Field] = &[
    field(
        "apiVersion",
        Takes::Words(&[
            "kustomize.config.k8s.io/v1beta1",
            "kustomize.config.k8s.io/v1alpha1",
        ]),
        "`kustomize.config.k8s.io/v1beta1`; of a component `kustomize.config.k8s.io/v1alpha1`.",
    ),
    field(
        "kind",
        Takes::Words(&["Kustomization", "Component"]),
        "`Kustomization`, or `Component` for one that changes what another has gathered.",
    ),
    field("metadata", Takes::Pairs, "Has no effect."),
    field(
        "resources",
        Takes::List(&Takes::Resource),
        "Manifests, and kustomizations that this one builds on: files, directories, addresses.",
    ),
    field(
        "components",
        Takes::List(&Takes::Component),
        "Components, which change what has been gathered, in their order.",
    ),
    field(
        "namespace",
        Takes::Text,
        "The namespace of everything that has one.",
    ),
    field(
        "namePrefix",
        Takes::Text,
        "What goes before all names; references follow.",
    ),
    field(
        "nameSuffix",
        Takes::Text,
        "What goes behind all names; references follow.",
    ),
    field(
        "labels",
        Takes::List(&Takes::Map(LABEL)),
        "Labels of all objects.",
    ),
    field(
        "commonAnnotations",
        Takes::Pairs,
        "Annotations of all objects and of the templates of pods.",
    ),
    field(
        "images",
        Takes::List(&Takes::Map(IMAGE)),
        "Names, tags and digests of images.",
    ),
    field(
        "replicas",
        Takes::List(&Takes::Map(REPLICA)),
        "Numbers of replicas of workloads.",
    ),
    field(
        "patches",
        Takes::List(&Takes::Map(PATCH)),
        "Patches, strategic merge or JSON 6902, in their order.",
    ),
    field(
        "replacements",
        Takes::List(&Takes::Map(REPLACEMENT)),
        "Values that are copied from a field of one object to fields of others.",
    ),
    field(
        "configMapGenerator",
        Takes::List(&Takes::Map(CONFIG_MAP)),
        "ConfigMaps that are made of files and literals.",
    ),
    field(
        "secretGenerator",
        Takes::List(&Takes::Map(SECRET)),
        "Secrets that are made of files and literals.",
    ),
    field(
        "generatorOptions",
        Takes::Map(GENERATOR_OPTIONS),
        "Options of all generators of this kustomization.",
    ),
    field(
        "helmCharts",
        Takes::List(&Takes::Map(CHART)),
        "Helm charts that are inflated; that has to be allowed.",
    ),
    field(
        "helmGlobals",
        Takes::Map(&[
            field("chartHome", Takes::Text, "The directory of charts."),
            field(
                "configHome",
                Takes::Text,
                "The directory of helm's configuration.",
            ),
        ]),
        "What all helm charts share.",
    ),
    field(
        "configurations",
        Takes::List(&Takes::File),
        "Files that teach the transformers further fields.",
    ),
    field(
        "crds",
        Takes::List(&Takes::File),
        "Files with OpenAPI definitions of custom kinds.",
    ),
    field(
        "openapi",
        Takes::Map(&[
            field(
                "path",
                Takes::File,
                "A file that takes the place of the built-in schema.",
            ),
            field("version", Takes::Text, "A built-in schema."),
        ]),
        "Which schema of Kubernetes says how lists are merged.",
    ),
    field(
        "generators",
        Takes::List(&Takes::Resource),
        "Generators that are configured by objects.",
    ),
    field(
        "transformers",
        Takes::List(&Takes::Resource),
        "Transformers that are configured by objects; they run after all others.",
    ),
    field(
        "validators",
        Takes::List(&Takes::Resource),
        "Validators; they run at the end and change nothing.",
    ),
    field(
        "buildMetadata",
        Takes::List(&Takes::Words(&[
            "originAnnotations",
            "transformerAnnotations",
            "managedByLabel",
        ])),
        "Traces of the build that the output keeps.",
    ),
    field(
        "sortOptions",
        Takes::Map(&[
            field(
                "order",
                Takes::Words(&["legacy", "fifo"]),
                "`legacy` by kinds, or `fifo` as the objects came.",
            ),
            field(
                "legacySortOptions",
                Takes::Map(&[
                    field("orderFirst", TEXTS, "Kinds that come first."),
                    field("orderLast", TEXTS, "Kinds that come last."),
                ]),
                "Which kinds come first and last.",
            ),
        ]),
        "The order of the output; it counts only in the kustomization that is built.",
    ),
    old(
        "bases",
        Takes::List(&Takes::Resource),
        "Kustomizations that this one builds on.",
        "resources",
    ),
    old(
        "commonLabels",
        Takes::Pairs,
        "Labels of all objects, their selectors and templates.",
        "labels",
    ),
    old(
        "imageTags",
        Takes::List(&Takes::Map(IMAGE)),
        "Names, tags and digests of images.",
        "images",
    ),
    old(
        "patchesStrategicMerge",
        Takes::List(&Takes::File),
        "Strategic merge patches.",
        "patches",
    ),
    old(
        "patchesJson6902",
        Takes::List(&Takes::Map(PATCH)),
        "JSON patches.",
        "patches",
    ),
    old(
        "vars",
        Takes::List(&Takes::Map(VAR)),
        "Values that `$(NAME)` stands for.",
        "replacements",
    ),
];

/// What stands at the end of a way in a kustomization, and the field that it belongs to.
pub(super) fn find(way: &[Part]) -> Option<(Takes, Option<&'static Field>)> {
    let mut takes = Takes::Map(KUSTOMIZATION);
    let mut last = None;
    for part in way {
        takes = match (takes, part) {
            (Takes::Map(fields), Part::Key(key)) => {
                let field = fields.iter().find(|field| field.name == key)?;
                last = Some(field);
                field.takes
            }
            (Takes::List(inner), Part::Item(_)) => *inner,
            _ => return None,
        };
    }
    Some((takes, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomization::Kustomization;
    use crate::place::SourceId;
    use crate::yaml::read_config;

    /// What the decoder says of a field that is not there.
    fn refuses(text: &str) -> bool {
        let node = read_config(text.as_bytes(), SourceId::NONE).unwrap();
        let result = Kustomization::parse(&node);
        result.is_err_and(|error| {
            error.message().contains("no field") || error.message().contains("unknown field")
        })
    }

    /// A kustomization with one field, however deep.
    fn with(way: &[(&str, bool)], name: &str) -> String {
        let mut text = format!("{{{name}: null}}");
        for (key, is_list) in way.iter().rev() {
            text = match is_list {
                true => format!("{{{key}: [{text}]}}"),
                false => format!("{{{key}: {text}}}"),
            };
        }
        text
    }

    fn check(fields: &'static [Field], way: &mut Vec<(&'static str, bool)>, count: &mut usize) {
        assert!(refuses(&with(way, "zzz")), "{way:?}");
        for field in fields {
            assert!(!refuses(&with(way, field.name)), "{way:?} {}", field.name);
            assert!(field.about.ends_with('.'), "{}", field.name);
            *count += 1;
            let (inner, is_list) = match field.takes {
                Takes::Map(inner) => (inner, false),
                Takes::List(Takes::Map(inner)) => (*inner, true),
                _ => continue,
            };
            // The parts of these two are read without a word of what is unknown.
            if ["openapi", "metadata"].contains(&field.name) {
                continue;
            }
            way.push((field.name, is_list));
            check(inner, way, count);
            way.pop();
        }
    }

    #[test]
    fn every_field_is_one_that_a_build_knows() {
        let mut count = 0;
        check(KUSTOMIZATION, &mut Vec::new(), &mut count);
        assert!(count > 150, "{count}");
    }

    #[test]
    fn a_way_leads_to_its_field() {
        let key = |key: &str| Part::Key(key.to_owned());
        let way = [key("patches"), Part::Item(3), key("target"), key("kind")];
        let (takes, field) = find(&way).unwrap();
        assert_eq!((takes, field.unwrap().name), (Takes::Kind, "kind"));
        assert!(find(&[key("patches"), key("path")]).is_none());
        assert!(find(&[key("nope")]).is_none());
    }
}
