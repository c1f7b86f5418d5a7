//! The Flux object `HelmRelease`: which chart it installs, under which name, and with what values.
//!
//! Source: helm-controller v1.6.0 and `github.com/fluxcd/pkg/chartutil` v1.27.0, as they are written.

use std::path::{Path, PathBuf};

use super::decryption::is_placeholder;
use super::object::{SourceRef, items, text, wrong};
use super::place::SourcePlace;
use super::variables::{Source, value_of};
use crate::chart_values::{Typing, escaped, leading_keys, merge, set};
use crate::error::{Error, Result};
use crate::load::{digest_of, normalized, unreadable};
use crate::place::{SourceId, Span};
use crate::resource::Resource;
use crate::yaml::{Node, manifests};

/// The group of the object.
const GROUP: &str = "helm.toolkit.fluxcd.io";

/// The longest name of a release that helm takes.
const LONGEST_NAME: usize = 53;

/// How much of a hash stands behind a name that was longer.
const HASH: usize = 12;

/// A `HelmRelease`.
#[derive(Clone, Debug)]
pub(super) struct HelmRelease {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) object: Node,
}

/// A chart that helm can find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chart {
    /// A directory of this repository.
    Here(PathBuf),
    /// One of a repository of charts.
    Of {
        repository: String,
        name: String,
        version: String,
    },
}

/// Why a chart is not rendered.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub(super) why: String,
    pub(super) help: &'static str,
    pub(super) span: Span,
}

/// What is known besides the release: what is rendered with it, and what its cluster has.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) rendered: &'k [Resource],
    pub(super) place: SourcePlace<'k>,
}

/// Values, or why they are not known.
pub(super) type Values = std::result::Result<Node, Missing>;

impl HelmRelease {
    /// Takes an object, if it is one; one that says no namespace is in `namespace`.
    pub(super) fn of(object: &Node, namespace: &str) -> Option<Self> {
        let version = object.get("apiVersion").and_then(Node::text)?;
        let (group, _) = version.split_once('/')?;
        let is_one =
            group == GROUP && object.get("kind").and_then(Node::text) == Some("HelmRelease");
        let part = |field: &str| object.at(&["metadata", field]).and_then(Node::as_str);
        is_one.then(|| Self {
            name: part("name").unwrap_or_default().to_owned(),
            namespace: part("namespace").unwrap_or(namespace).to_owned(),
            object: object.clone(),
        })
    }

    /// A field of its `spec`, unless it is null.
    pub(super) fn spec(&self, way: &[&str]) -> Option<&Node> {
        let mut node = self.object.get("spec")?;
        for field in way {
            node = node.get(field)?;
        }
        (!node.is_null()).then_some(node)
    }

    fn word(&self, way: &[&str]) -> &str {
        self.spec(way).and_then(Node::text).unwrap_or_default()
    }

    /// How it is called in messages.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The name of the release: one that is too long for helm is cut, with a hash behind it.
    pub(super) fn release_name(&self) -> String {
        let name = match (self.word(&["releaseName"]), self.word(&["targetNamespace"])) {
            ("", "") => self.name.clone(),
            ("", namespace) => format!("{namespace}-{}", self.name),
            (name, _) => name.to_owned(),
        };
        if name.len() <= LONGEST_NAME {
            return name;
        }
        let digest = digest_of(name.as_bytes());
        let hash = digest.rsplit(':').next().unwrap_or_default();
        let front = LONGEST_NAME - HASH - 1;
        let front: String = name.chars().take(front).collect();
        let hash: String = hash.chars().take(HASH).collect();
        format!("{front}-{hash}")
    }

    /// The namespace that it installs into.
    pub(super) fn release_namespace(&self) -> &str {
        match self.word(&["targetNamespace"]) {
            "" => &self.namespace,
            namespace => namespace,
        }
    }

    /// Whether the CRDs of its chart are installed.
    pub(super) fn installs_crds(&self) -> bool {
        self.word(&["install", "crds"]) != "Skip"
    }

    /// Whether the hooks of its chart run.
    pub(super) fn runs_hooks(&self) -> bool {
        self.word(&["install", "disableHooks"]) != "true"
    }

    /// Whether its tests run.
    pub(super) fn runs_tests(&self) -> bool {
        self.word(&["test", "enable"]) == "true"
    }

    /// The patches and images of its `postRenderers`, one for each.
    pub(super) fn post_renderers(&self) -> Result<Vec<&Node>> {
        let all = match self.spec(&["postRenderers"]) {
            Some(list) => items(list, "spec.postRenderers")?,
            None => &[],
        };
        Ok(all.iter().filter_map(|one| one.get("kustomize")).collect())
    }

    /// The chart.
    pub(super) fn chart(&self, known: &Known<'_>) -> std::result::Result<Chart, Missing> {
        let missing = |why: String, help, node: &Node| Missing {
            why,
            help,
            span: node.span,
        };
        if let Some(reference) = self.spec(&["chartRef"]) {
            let source = self.source(reference);
            let Some(object) = known.source(&source) else {
                return Err(unknown(&source, reference));
            };
            return match &*source.kind {
                "OCIRepository" => of_registry(object, reference),
                "HelmChart" => self.of_template(object.get("spec"), known, reference),
                kind => Err(missing(
                    format!("its chart is in {kind} `{}`", source.name),
                    "kustom finds charts in this repository, in a HelmRepository or in an \
                     OCIRepository",
                    reference,
                )),
            };
        }
        match self.spec(&["chart", "spec"]) {
            Some(template) => self.of_template(Some(template), known, template),
            None => Err(missing(
                "it names no chart".to_owned(),
                "say `chart` or `chartRef`",
                &self.object,
            )),
        }
    }

    /// The chart that `spec.chart.spec`, or a `HelmChart`, names.
    fn of_template(
        &self,
        template: Option<&Node>,
        known: &Known<'_>,
        near: &Node,
    ) -> std::result::Result<Chart, Missing> {
        let word = |field: &str| {
            let value = template.and_then(|template| template.get(field));
            value.and_then(Node::text).unwrap_or_default()
        };
        let nothing = Node::null();
        let reference = template.and_then(|template| template.get("sourceRef"));
        let source = self.source(reference.unwrap_or(&nothing));
        let (chart, version) = (word("chart"), word("version"));
        let object = known.source(&source);
        match &*source.kind {
            "GitRepository" => {
                let path = inside(chart);
                if known.place.is_git_repository(&source, &path) {
                    return Ok(Chart::Here(path));
                }
                Err(Missing {
                    why: format!(
                        "its chart `{chart}` of GitRepository `{}` is not in this repository",
                        source.name
                    ),
                    help: "render it where the chart is",
                    span: near.span,
                })
            }
            "HelmRepository" => {
                let Some(object) = object else {
                    return Err(unknown(&source, near));
                };
                let url = object.at(&["spec", "url"]).and_then(Node::text);
                Ok(Chart::Of {
                    repository: url.unwrap_or_default().to_owned(),
                    name: chart.to_owned(),
                    version: match version {
                        "*" => String::new(),
                        version => version.to_owned(),
                    },
                })
            }
            kind => Err(Missing {
                why: format!("its chart `{chart}` is in {kind} `{}`", source.name),
                help: "kustom finds charts in this repository, in a HelmRepository or in an \
                       OCIRepository",
                span: near.span,
            }),
        }
    }

    fn source(&self, reference: &Node) -> SourceRef {
        let part = |field: &str| {
            let value = reference.get(field).and_then(Node::text);
            value.unwrap_or_default().to_owned()
        };
        SourceRef {
            kind: part("kind"),
            name: part("name"),
            namespace: match part("namespace") {
                namespace if namespace.is_empty() => self.namespace.clone(),
                namespace => namespace,
            },
        }
    }

    /// The values that take the place of those of the chart, if it names files for that.
    pub(super) fn chart_values(&self, known: &Known<'_>, chart: &Chart) -> Result<Option<Node>> {
        let template = ["chart", "spec"];
        let Some(list) = self.spec(&[&template[..], &["valuesFiles"]].concat()) else {
            return Ok(None);
        };
        let names = items(list, "spec.chart.spec.valuesFiles")?;
        let may_be_missing =
            self.word(&[&template[..], &["ignoreMissingValuesFiles"]].concat()) == "true";
        let Chart::Here(_) = chart else {
            let is_own = names.len() == 1 && names[0].text() == Some("values.yaml");
            return match names.is_empty() || is_own {
                true => Ok(None),
                false => Err(wrong(
                    "`valuesFiles` of a chart of another repository are not supported",
                )
                .at(list.span)
                .help("write the values into `spec.values`")),
            };
        };
        let mut all = Node::map(Vec::new());
        for name in names {
            let name = text(name, "spec.chart.spec.valuesFiles")?;
            let path = known.place.root.join(inside(&name));
            let bytes = match known.place.files.read(&path) {
                Ok(bytes) => bytes,
                Err(_) if may_be_missing => continue,
                Err(cause) => {
                    return Err(unreadable(&name, cause)
                        .at(name.span)
                        .help("a file of values is named from the root of the repository"));
                }
            };
            if let Some(values) = read_values(&bytes).map_err(|error| of_file(error, &name))? {
                merge(&mut all, &values);
            }
        }
        Ok((!names.is_empty()).then_some(all))
    }

    /// The values: those of `valuesFrom`, one over the other, then `values`.
    ///
    /// A value with a `targetPath` is set over `values`, which are merged once more at the end. So
    /// it only lasts in maps and lists that come from `values` alone.
    pub(super) fn values(&self, known: &Known<'_>) -> Result<Values> {
        let mut own = match self.spec(&["values"]) {
            Some(own) if own.is_map() => own.clone(),
            Some(own) => return Err(wrong("`spec.values` is no map").at(own.span)),
            None => Node::map(Vec::new()),
        };
        let mut all = Node::map(Vec::new());
        let list = match self.spec(&["valuesFrom"]) {
            Some(list) => items(list, "spec.valuesFrom")?,
            None => &[],
        };
        for entry in list {
            let word = |field: &str| entry.get(field).and_then(Node::text).unwrap_or_default();
            let (kind, name) = (word("kind"), word("name"));
            let key = match word("valuesKey") {
                "" => "values.yaml",
                key => key,
            };
            let Some(source) = Source::named(kind) else {
                return Err(wrong(format!("`{kind}` has no values for a chart"))
                    .at(entry.span)
                    .help("it is `ConfigMap` or `Secret`"));
            };
            let value = match known.object(source, kind, &self.namespace, name) {
                Some(object) => value_of(object, source, key)?,
                None => None,
            };
            let Some(value) = value else {
                if word("optional") == "true" {
                    continue;
                }
                return Ok(Err(Missing {
                    why: format!("its values are in {kind} `{name}`, which has no `{key}` here"),
                    help: "name a file that holds it in `fluxVariables` of `kustom.yaml`, or with \
                           `kustom render --substitute-from`",
                    span: entry.span,
                }));
            };
            let path = word("targetPath");
            if path.is_empty() {
                if is_placeholder(&value) {
                    return Ok(Err(Missing {
                        why: format!("its values in {kind} `{name}` are encrypted"),
                        help: "`kustom render --decrypt` decrypts them with the `sops` that is installed",
                        span: entry.span,
                    }));
                }
                let source = format!("{kind} `{name}`");
                if let Some(values) = read_values(&value).map_err(|error| {
                    let message =
                        format!("the values in {source} are no YAML: {}", error.message());
                    wrong(message).at(entry.span)
                })? {
                    merge(&mut all, &values);
                }
                continue;
            }
            let value = String::from_utf8_lossy(&value).into_owned();
            let is_literal = word("literal") == "true";
            let is_shared = is_shared(&all, &own, path);
            merge(&mut all, &own);
            let targets = [Some(&mut all), is_shared.then_some(&mut own)];
            for target in targets.into_iter().flatten() {
                put(target, path, &value, is_literal).map_err(|why| {
                    let message =
                        format!("the value in {kind} `{name}` does not go to `{path}`: {why}");
                    wrong(message).at(entry.span)
                })?;
            }
        }
        merge(&mut all, &own);
        Ok(Ok(all))
    }
}

/// Whether what a path leads to is part of `values` after those were merged into what was there:
/// maps that both have are copied, and all else is shared.
fn is_shared(before: &Node, own: &Node, path: &str) -> bool {
    let (keys, has_index) = leading_keys(path);
    let (mut before, mut own) = (Some(before), own);
    for (at, key) in keys.iter().enumerate() {
        let Some(inner) = own.get(key) else {
            return false;
        };
        own = inner;
        before = before.and_then(|before| before.get(key));
        if !(own.is_map() && before.is_some_and(Node::is_map)) {
            return has_index || at + 1 < keys.len();
        }
    }
    false
}

/// Sets a value at a path, as `helm --set` or, if the value is quoted or literal, as `--set-string`.
fn put(
    values: &mut Node,
    path: &str,
    value: &str,
    is_literal: bool,
) -> std::result::Result<(), String> {
    if is_literal {
        return set(values, &format!("{path}={}", escaped(value)), Typing::Text);
    }
    let is_in = |quote: char| value.starts_with(quote) && value.ends_with(quote);
    if is_in('\'') || is_in('"') {
        let value = value.trim_matches(['\'', '"']);
        return set(values, &format!("{path}={value}"), Typing::Text);
    }
    set(values, &format!("{path}={value}"), Typing::Guessed)
}

/// A map of values; none if the text is empty.
fn read_values(bytes: &[u8]) -> Result<Option<Node>> {
    let first = manifests(bytes, SourceId::NONE)?.into_iter().next();
    match first {
        Some(values) if !values.is_map() => Err(wrong("values are no map")),
        values => Ok(values),
    }
}

fn of_file(error: Error, name: &str) -> Error {
    error.name_files(|_| Some(name.into()))
}

/// A path below the root, wherever it seems to lead.
fn inside(path: &str) -> PathBuf {
    let rooted = normalized(&Path::new("/").join(path.trim_start_matches('/')));
    rooted.strip_prefix("/").unwrap_or(&rooted).to_path_buf()
}

fn unknown(source: &SourceRef, near: &Node) -> Missing {
    Missing {
        why: format!("{} `{}` is not known", source.kind, source.name),
        help: "it says where the chart is: render it with the other objects, or name a file that \
               holds it in `fluxVariables` of `kustom.yaml`",
        span: near.span,
    }
}

/// The chart that an `OCIRepository` is.
fn of_registry(object: &Node, near: &Node) -> std::result::Result<Chart, Missing> {
    let word = |way: &[&str]| object.at(way).and_then(Node::text).unwrap_or_default();
    let url = word(&["spec", "url"]);
    let version = match word(&["spec", "ref", "semver"]) {
        "" => word(&["spec", "ref", "tag"]),
        range => range,
    };
    match url.trim_end_matches('/').rsplit_once('/') {
        Some((repository, name)) if !version.is_empty() => Ok(Chart::Of {
            repository: repository.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
        }),
        _ => Err(Missing {
            why: format!("its chart `{url}` has no version here"),
            help: "write `tag` or `semver` beside the digest, so that helm can find it",
            span: near.span,
        }),
    }
}

impl<'k> Known<'k> {
    /// A source: one that is rendered here, or one that the cluster has.
    fn source(&self, source: &SourceRef) -> Option<&'k Node> {
        let rendered = self.rendered.iter().map(|one| &one.node);
        let own = rendered.into_iter().find(|node| {
            node.get("kind").and_then(Node::text) == Some(&source.kind)
                && is_at(node, &source.namespace, &source.name)
        });
        let cluster = self.place.cluster;
        own.or_else(|| cluster.source(&source.kind, &source.namespace, &source.name))
    }

    /// A ConfigMap or Secret: one that is rendered here, or one that the cluster has.
    fn object(&self, source: Source, kind: &str, namespace: &str, name: &str) -> Option<&'k Node> {
        let rendered = self.rendered.iter().map(|one| &one.node);
        let own = rendered
            .into_iter()
            .find(|node| Source::of(node) == Some(source) && is_at(node, namespace, name));
        own.or_else(|| self.place.cluster.object(kind, namespace, name))
    }
}

/// Whether an object has a name and, if it says one, a namespace.
fn is_at(object: &Node, namespace: &str, name: &str) -> bool {
    let part = |field: &str| object.at(&["metadata", field]).and_then(Node::text);
    part("name") == Some(name) && part("namespace").is_none_or(|own| own == namespace)
}
