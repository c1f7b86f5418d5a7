//! Validates objects as the API server of a version of Kubernetes does.
//!
//! The judgement is that of the crate `kustom-validate`; here YAML becomes the values that it takes,
//! and what it finds gets its place.

mod definitions;
mod exceptions;
mod schemas;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use kustom_validate::{Data, MINORS, Origin, Validator};

pub use kustom_validate::{FieldAbout, Kinds};

use crate::across;
use crate::dangling;
use crate::error::{Error, Kind};
use crate::finding::{Finding, Object, Severity};
use crate::place::{Place, Span};
use crate::resource::Resource;
use crate::yaml::{self, Dialect, Entry, Node, Scalar, Style, Tag};

pub use definitions::{definitions, definitions_of, policies};
pub use exceptions::{Exception, Exceptions};
pub use schemas::schemas;

/// The rule of kinds that nothing is known of.
pub const UNKNOWN_SCHEMA: &str = "unknown-schema";

/// A version of Kubernetes: 1 and its minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u32);

impl Version {
    /// The newest that is known.
    pub const NEWEST: Self = Self(*MINORS.end());

    /// Its minor.
    pub fn minor(self) -> u32 {
        self.0
    }

    /// What is known of the kinds of this version.
    pub fn kinds(self) -> Kinds {
        Kinds::new(self.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Version {
    type Err = Error;

    /// Reads `1.33`, `v1.33` or `1.33.2`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(
                Kind::Project,
                format!("`{text}` is no version of Kubernetes"),
            )
            .help("write it like `1.33`")
        };
        let parts: Vec<&str> = text.strip_prefix('v').unwrap_or(text).split('.').collect();
        let minor = match parts.as_slice() {
            ["1", minor] | ["1", minor, _] => minor.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        };
        if !MINORS.contains(&minor) {
            let message = format!("nothing is known of Kubernetes {text}");
            return Err(Error::new(Kind::Project, message).help(format!(
                "the versions from 1.{} to 1.{} are known",
                MINORS.start(),
                MINORS.end()
            )));
        }
        Ok(Self(minor))
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `1.30` without quotes is the number 1.3.
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: Error| serde::de::Error::custom(error.with_help()))
    }
}

/// How objects reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As the text that they were read from.
    Written,
    /// As the text that a build prints, which has quotes where they are needed.
    Printed,
}

/// Takes the objects out of a list, as `kubectl` does: of a `List`, and of a `PodList`, whose items need
/// not say that they are Pods. `None` if the node is none.
pub fn take_items(node: &mut Node) -> Option<Vec<Node>> {
    if !is_list(node) {
        return None;
    }
    let kind = node.get("kind")?.clone();
    let of = kind.as_str()?.strip_suffix("List")?;
    let api_version = node.get("apiVersion").cloned();
    let mut items = std::mem::take(node.get_mut("items")?.items_mut()?);
    for item in &mut items {
        if !of.is_empty()
            && item.get("kind").is_none()
            && let Some(entries) = item.entries_mut()
        {
            let kind = Node {
                value: yaml::Value::Scalar(of.into()),
                ..kind.clone()
            };
            let api_version = api_version.clone().map(|it| Entry::new("apiVersion", it));
            entries.retain(|entry| !entry.is("apiVersion"));
            entries.splice(
                0..0,
                api_version.into_iter().chain([Entry::new("kind", kind)]),
            );
        }
    }
    Some(items)
}

/// Whether a node is a list of objects, by its kind and its items.
fn is_list(node: &Node) -> bool {
    let kind = node.get("kind").and_then(Node::as_str);
    kind.is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some_and(Node::is_seq)
}

/// Judges objects that are applied together. Places of findings are spans in the objects' sources,
/// with the path of the field as the server writes it.
///
/// A list is taken apart, as `kubectl` does.
pub fn validate(nodes: &[&Node], version: Version, form: Form) -> Vec<Finding> {
    validate_beside(nodes, &[], version, form)
}

/// The same, where definitions of custom resources are there already.
pub fn validate_beside(
    nodes: &[&Node],
    definitions: &[Node],
    version: Version,
    form: Form,
) -> Vec<Finding> {
    let lists = nodes.iter().filter(|node| is_list(node));
    let lists: Vec<Vec<Node>> = lists
        .map(|node| take_items(&mut (*node).clone()).unwrap_or_default())
        .collect();
    let mut lists = lists.iter();
    let mut objects: Vec<&Node> = Vec::new();
    for node in nodes {
        match is_list(node).then(|| lists.next()).flatten() {
            Some(items) => objects.extend(items),
            None => objects.push(node),
        }
    }
    let is_definition =
        |node: &&Node| node.get("kind").and_then(Node::text) == Some("CustomResourceDefinition");
    let rendered = objects.iter().copied().filter(is_definition);
    let rendered = rendered.map(|node| value(node, form, 0, &mut 0));
    let others = definitions.iter();
    let others = others.map(|node| value(node, Form::Written, 0, &mut 0));
    let definitions: Vec<_> = rendered.chain(others).collect();
    let validator = Validator::new(version.0);
    let judge = validator.beside(&definitions);
    let mut findings = Vec::new();
    for object in objects {
        let verdict = judge.validate(&value(object, form, 0, &mut 0));
        if !verdict.known {
            findings.push(unknown_schema(object).about(object_of(object)));
        }
        if verdict.findings.is_empty() {
            continue;
        }
        let spans = spans(object);
        for found in verdict.findings {
            findings.push(finding(object, found, &spans).about(object_of(object)));
        }
    }
    findings
}

/// What is wrong between objects that are applied together, but for what
/// [`dangling::references`] finds; and what a server refuses that has those of `before`.
pub fn validate_together(
    resources: &[Resource],
    before: Option<&[Resource]>,
    references: &dangling::Options,
) -> Vec<Finding> {
    let found = across::findings(resources, references);
    with_updates(found, resources, before)
}

/// The same, and before it what [`dangling::references`] finds.
pub fn validate_between(
    resources: &[Resource],
    before: Option<&[Resource]>,
    references: &dangling::Options,
) -> Vec<Finding> {
    let found = across::all_findings(resources, references);
    with_updates(found, resources, before)
}

fn with_updates(
    mut findings: Vec<Finding>,
    resources: &[Resource],
    before: Option<&[Resource]>,
) -> Vec<Finding> {
    if let Some(before) = before {
        findings.extend(across::refused_updates(before, resources));
    }
    findings
}

pub(crate) fn object_of(node: &Node) -> Object {
    let text = |path: &[&str]| {
        let text = node.at(path).and_then(Node::text);
        text.unwrap_or_default().to_owned()
    };
    Object {
        kind: text(&["kind"]),
        namespace: text(&["metadata", "namespace"]),
        name: text(&["metadata", "name"]),
    }
}

/// What an object is called in messages: kind and name.
fn title(object: &Node) -> String {
    let text = |path: &[&str]| object.at(path).and_then(Node::text).unwrap_or_default();
    let kind = match text(&["kind"]) {
        "" => "the object",
        kind => kind,
    };
    let name = match text(&["metadata", "name"]) {
        "" => text(&["metadata", "generateName"]),
        name => name,
    };
    if name.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} `{name}`")
    }
}

fn unknown_schema(object: &Node) -> Finding {
    let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
    let group = object
        .get("apiVersion")
        .and_then(Node::text)
        .unwrap_or_default();
    Finding::new(
        UNKNOWN_SCHEMA,
        Severity::Note,
        format!("nothing is known of `{kind}` in `{group}`: only its metadata is judged"),
    )
    .at(object.get("kind").map_or(object.span, |kind| kind.span))
    .help("render its definition beside it")
}

/// What is found of an object, as a sentence that names it, at the place of its origin.
pub(crate) fn finding(object: &Node, found: kustom_validate::Finding, spans: &[Span]) -> Finding {
    let severity = match found.severity {
        kustom_validate::Severity::Error => Severity::Error,
        kustom_validate::Severity::Warning => Severity::Warning,
        kustom_validate::Severity::Note => Severity::Note,
    };
    let title = title(object);
    let last = found.field.rsplit(['.', ']']).next().unwrap_or_default();
    let has_no = format!(" has no field `{last}`");
    let unknown = found
        .message
        .split_once(&has_no)
        .filter(|_| found.rule == "unknown-field");
    let message = if let Some((_, rest)) = unknown {
        format!("{title} has no field `{}`{rest}", found.field)
    } else if found.field.is_empty() {
        format!("{title}: {}", found.message)
    } else {
        format!("`{}` of {title}: {}", found.field, found.message)
    };
    let span = spans
        .get(found.origin as usize)
        .copied()
        .unwrap_or(object.span);
    let mut finding = Finding::new(found.rule, severity, message).at(Place {
        file: None,
        span,
        field: Some(found.field),
    });
    finding.help = found.help;
    finding
}

/// A node as a value, whose origin is its number in the object; what was made by us has that of what
/// it is in.
pub(crate) fn value<'n>(
    node: &'n Node,
    form: Form,
    around: Origin,
    count: &mut Origin,
) -> kustom_validate::Value<'n> {
    let origin = match node.span.line {
        0 => around,
        _ => {
            *count += 1;
            *count
        }
    };
    let data = match &node.value {
        yaml::Value::Map(entries) => Data::Map(
            entries
                .iter()
                .map(|entry| {
                    let key = value(&entry.key, form, origin, count);
                    kustom_validate::Entry {
                        origin: key.origin,
                        key: key_text(&entry.key, key.data),
                        value: value(&entry.value, form, key.origin, count),
                    }
                })
                .collect(),
        ),
        yaml::Value::Seq(items) => Data::List(
            items
                .iter()
                .map(|item| value(item, form, origin, count))
                .collect(),
        ),
        yaml::Value::Scalar(text) => scalar(node, text, form),
        // Readers of manifests replace aliases by what they mean.
        yaml::Value::Alias(name) => Data::Text(Cow::Borrowed(name)),
    };
    kustom_validate::Value { data, origin }
}

/// The spans of the values of an object by their origins, where [`value`] counts them.
pub(crate) fn spans(object: &Node) -> Vec<Span> {
    fn add(node: &Node, spans: &mut Vec<Span>) {
        if node.span.line > 0 {
            spans.push(node.span);
        }
        match &node.value {
            yaml::Value::Map(entries) => {
                for entry in entries {
                    add(&entry.key, spans);
                    add(&entry.value, spans);
                }
            }
            yaml::Value::Seq(items) => items.iter().for_each(|item| add(item, spans)),
            yaml::Value::Scalar(_) | yaml::Value::Alias(_) => {}
        }
    }
    let mut spans = vec![object.span];
    add(object, &mut spans);
    spans
}

/// A key as JSON has it: every key is text.
fn key_text<'n>(node: &'n Node, data: Data<'n>) -> Cow<'n, str> {
    match data {
        Data::Text(text) => text,
        Data::Bool(set) => Cow::Borrowed(if set { "true" } else { "false" }),
        Data::Int(number) => Cow::Owned(number.to_string()),
        _ => Cow::Borrowed(node.text().unwrap_or_default()),
    }
}

/// A scalar as `kubectl` reads it: by YAML 1.1, where a plain `on` is a truth value.
fn scalar<'n>(node: &'n Node, text: &'n str, form: Form) -> Data<'n> {
    let is_tagged = node.decor.as_ref().is_some_and(|decor| decor.tag.is_some());
    // Quotes are printed, whatever a step of a build took the value for.
    if !is_tagged && !matches!(node.style, Style::Plain | Style::Flow) {
        return Data::Text(Cow::Borrowed(text));
    }
    if node.tag == Tag::Str {
        // One of `yes`, `no`, `on`, `off`, `y`, `n`.
        let may_be_bool = node.style == Style::Plain
            && form == Form::Written
            && !is_tagged
            && text.len() <= "off".len()
            && text.starts_with(['y', 'Y', 'n', 'N', 'o', 'O']);
        if may_be_bool && let Scalar::Bool(set) = yaml::plain(text, Dialect::Kustomization) {
            return Data::Bool(set);
        }
        return Data::Text(Cow::Borrowed(text));
    }
    match node.scalar_value() {
        Ok(Scalar::Null) => Data::Null,
        Ok(Scalar::Bool(set)) => Data::Bool(set),
        Ok(Scalar::Int(number)) => Data::Int(number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "it is too large for every field"
        )]
        Ok(Scalar::Uint(number)) => Data::Number(number as f64),
        Ok(Scalar::Float(number)) => whole(number),
        Ok(Scalar::Str(text)) => Data::Text(text),
        Ok(Scalar::Timestamp(_)) | Err(_) => Data::Text(Cow::Borrowed(text)),
    }
}

/// JSON prints a float without a fraction as a whole number.
fn whole<'n>(number: f64) -> Data<'n> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is looked at")]
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        Data::Int(number as i64)
    } else {
        Data::Number(number)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::place::SourceId;

    fn found(text: &str) -> Vec<String> {
        let nodes = yaml::manifests(text.as_bytes(), SourceId::new(0)).unwrap();
        let nodes: Vec<&Node> = nodes.iter().collect();
        validate(&nodes, Version::NEWEST, Form::Written)
            .into_iter()
            .map(|finding| {
                let place = finding.place.unwrap();
                format!(
                    "{}:{} {}",
                    place.span.line,
                    place.field.unwrap_or_default(),
                    finding.rule
                )
            })
            .collect()
    }

    #[test]
    fn a_finding_is_at_the_line_that_must_change() {
        let text =
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  on: yes\n  b: 1\n";
        assert_eq!(
            found(text),
            ["6:data.true wrong-type", "7:data.b wrong-type"]
        );
    }

    #[test]
    fn a_list_is_taken_apart() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap}\n";
        assert_eq!(found(text), ["4:metadata.name required-field"]);
    }

    #[test]
    fn versions_are_read() {
        for text in ["1.37", "v1.37", "1.37.2"] {
            assert_eq!(text.parse::<Version>().unwrap(), Version::NEWEST);
        }
        for text in ["", "1", "2.0", "1.9", "1.99", "1.x"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
