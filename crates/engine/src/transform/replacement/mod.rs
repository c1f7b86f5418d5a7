//! The `replacements` field.
//!
//! A value, given or taken from a field of one object, is copied into fields of others. Objects
//! are found by any name they had; fields by paths that may mean many, and that may lead into text
//! that is YAML or JSON itself.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/>.

mod field;
mod index;
mod json;
mod missing;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;
use kustom_yaml::{FieldPath, Node, Text};

use crate::id::{DEFAULT_NAMESPACE, Gvk, Id};
use crate::release::{Change, Release};
use crate::resource::{Resource, Resources, Selector};
use crate::schema::Schema;
use crate::transform::links;

use field::Field;
use index::Index;

/// The charge for seeing whether a target means an object, in bytes.
const LOOK: u64 = 8;

/// The field that is meant where none is named.
const NAME: &str = "metadata.name";

/// An entry of `replacements`.
#[derive(Clone, Debug, Default)]
pub struct Replacement {
    /// Where the value is taken from.
    pub source: Option<Source>,
    /// The value itself.
    pub source_value: Option<Text>,
    /// Where the value goes; absent is an error, none at all is not.
    pub targets: Option<Vec<Target>>,
    /// Where it is written.
    pub span: Span,
}

/// A field of one object.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Group, version and kind; what is empty fits all.
    pub gvk: Gvk,
    /// The name; empty for any.
    pub name: Text,
    /// The namespace; empty for any.
    pub namespace: Text,
    /// The path of the field; empty for `metadata.name`.
    pub field_path: Text,
    /// Which part of the value is meant.
    pub options: FieldOptions,
    /// Where it is written.
    pub span: Span,
    /// Where its kind is written.
    pub kind_span: Span,
}

/// Fields of any number of objects.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Which objects; absent is an error, an empty selector means all.
    pub select: Option<Selector>,
    /// Which of them not.
    pub reject: Vec<Selector>,
    /// The paths of the fields; none for `metadata.name`.
    pub field_paths: Vec<Text>,
    /// Which part of the fields is meant, and whether missing ones are made.
    pub options: FieldOptions,
    /// Where it is written.
    pub span: Span,
}

/// Which part of a field is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOptions {
    /// The delimiter of the field's parts; empty if it is not divided.
    pub delimiter: Text,
    /// The number of the part; in a target, one below or beyond puts the value before or behind.
    pub index: i64,
    /// Whether a target's field is made where it is missing.
    pub create: bool,
}

/// Makes all replacements in order, and says how many objects each target of each meant; where a
/// value is lost although its field was found, that is a finding.
///
/// # Errors
///
/// If a source is missing or could be several objects, or if a selected object has no such field.
pub fn apply(
    resources: &mut Resources,
    replacements: &[Replacement],
    schema: &Schema,
    release: Release,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Vec<usize>>> {
    let mut replacing = Replacing::default();
    let one = |replacement| replacing.apply(resources, replacement, schema, release, findings);
    replacements.iter().map(one).collect()
}

/// Replacements that are made one after the other: what was looked up for one is there for the
/// next.
#[derive(Debug, Default)]
pub struct Replacing {
    index: Index,
}

impl Replacing {
    /// Makes one, as [`apply`] does.
    ///
    /// # Errors
    ///
    /// As [`apply`].
    pub fn apply(
        &mut self,
        resources: &mut Resources,
        replacement: &Replacement,
        schema: &Schema,
        release: Release,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<usize>> {
        replacement.apply(resources, &mut self.index, schema, release, findings)
    }
}

/// The value that is copied, and the object that it is still a part of.
struct Value {
    node: Node,
    home: Option<(usize, FieldPath)>,
}

impl Replacement {
    fn apply(
        &self,
        resources: &mut Resources,
        index: &mut Index,
        schema: &Schema,
        release: Release,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<usize>> {
        let mut value = match (&self.source, &self.source_value) {
            (Some(_), Some(text)) => {
                let message = "a replacement has a `source` or a `sourceValue`, not both";
                return Err(Error::new(Kind::Transform, message).at(text.span));
            }
            (Some(source), None) => source.value(resources, index)?,
            (None, Some(text)) => Value {
                node: Node {
                    span: text.span,
                    ..Node::inferred(text)
                },
                home: None,
            },
            (None, None) => return Err(self.incomplete("`source` or `sourceValue`")),
        };
        let Some(targets) = &self.targets else {
            return Err(self.incomplete("`targets`"));
        };
        targets
            .iter()
            .map(|target| target.apply(&mut value, resources, index, schema, release, findings))
            .collect()
    }

    #[cold]
    fn incomplete(&self, missing: &str) -> Error {
        Error::new(Kind::Transform, format!("a replacement has no {missing}"))
            .at(self.span)
            .help("it needs a source and at least one target")
    }
}

impl Source {
    fn value(&self, resources: &Resources, index: &mut Index) -> Result<Value> {
        let position = self.position(resources, index)?;
        let text = match self.field_path.text.as_str() {
            "" => NAME,
            path => path,
        };
        let path = FieldPath::dotted(text).map_err(|error| error.at(self.field_path.span))?;
        let resource = &resources.as_slice()[position];
        let annotated = covers_annotations(&path).then(|| resource.annotated());
        let node = annotated.as_ref().unwrap_or(&resource.node);
        let found = path.find(node).map_err(|error| {
            let message = format!(
                "the path `{text}` does not fit the source `{}`: {}",
                resource.id(),
                error.message()
            );
            Error::new(Kind::Transform, message)
                .at(self.field_path.span)
                .note_at("the value is here", span_of(&error))
        })?;
        let found = found.filter(|node| !is_nothing(node)).ok_or_else(|| {
            let message = format!("the source {} has no field `{text}`", resource.id().shown());
            Error::new(Kind::Transform, message)
                .at(self.field_path.span)
                .note("the source is here", Some(resource.node.span.into()))
        })?;
        if self.options.delimiter.is_empty() {
            return Ok(Value {
                node: found.clone(),
                home: Some((position, path)),
            });
        }
        let part = self.options.part_of(found)?;
        let mut node = found.clone();
        node.set_text(&part);
        Ok(Value { node, home: None })
    }

    /// The one object that is meant.
    fn position(&self, resources: &Resources, index: &mut Index) -> Result<usize> {
        let mut found = None;
        for position in index.with(resources, Some(&self.name), Some(&self.gvk.kind)) {
            let resource = &resources.as_slice()[position];
            if !resource.ids().any(|id| self.means(&id)) {
                continue;
            }
            if let Some(first) = found.replace(position) {
                // Their groups and versions tell them apart, if nothing else does.
                let exact = |id: &Id| format!("{} of `{}`", id.shown(), id.gvk.api_version());
                let message = format!(
                    "{} could be {} or {}",
                    self.shown(),
                    exact(resources.as_slice()[first].id()),
                    exact(resource.id())
                );
                return Err(Error::new(Kind::Reference, message)
                    .at(self.span)
                    .help("give the source's namespace, version or group too"));
            }
        }
        found.ok_or_else(|| self.missing(resources))
    }

    fn means(&self, id: &Id) -> bool {
        (self.name.is_empty() || *self.name == *id.name)
            && id.gvk.is_selected_by(&self.gvk)
            && (self.namespace.is_empty() || effective(&self.namespace) == effective(&id.namespace))
    }
}

impl Source {
    /// The object as far as it is given.
    fn shown(&self) -> String {
        let id = Id {
            gvk: self.gvk.clone(),
            name: self.name.text.clone(),
            namespace: self.namespace.text.clone(),
            cluster_scoped: false,
        };
        id.shown()
    }
}

impl Target {
    fn apply(
        &self,
        value: &mut Value,
        resources: &mut Resources,
        index: &mut Index,
        schema: &Schema,
        release: Release,
        findings: &mut Vec<Finding>,
    ) -> Result<usize> {
        let Some(select) = &self.select else {
            return Err(Error::new(Kind::Transform, "a target has no `select`")
                .at(self.span)
                .help("`select: {}` means all objects"));
        };
        let fields = self.fields()?;
        let mut count = 0;
        let positions = index.selected(resources, select);
        let cost = LOOK.saturating_mul(positions.len() as u64);
        let charged = resources
            .budget()
            .charge("the look for the objects of this target", cost);
        charged.map_err(|error| error.at(self.span))?;
        for position in positions {
            let resource = &resources.as_slice()[position];
            if !self.means(select, resource, release) {
                continue;
            }
            count += 1;
            let before = resource.id().clone();
            let budget = resources.budget().clone();
            resources.update(position, schema, |resource| {
                for field in &fields {
                    let set = |resource: &mut Resource| {
                        field.set(resource, &value.node, &self.options, &budget, release)
                    };
                    let found = match covers_annotations(&field.path) {
                        true => resource.change_annotated(set)?,
                        false => set(resource)?,
                    };
                    findings.extend(found);
                    links::settle(resource);
                    value.follow(position, resource);
                }
                Ok(())
            })?;
            let resource = &resources.as_slice()[position];
            if *resource.id() != before {
                index.note(position, resource);
            }
        }
        Ok(count)
    }

    fn fields(&self) -> Result<Vec<Field<'_>>> {
        if self.field_paths.is_empty() {
            return Ok(vec![Field::new(NAME, self.span)?]);
        }
        self.field_paths
            .iter()
            .map(|path| Field::new(path, path.span))
            .collect()
    }

    fn means(&self, select: &Selector, resource: &Resource, release: Release) -> bool {
        let ids: Vec<Id> = resource.ids().collect();
        let fits = |selector: &Selector, id: &Id| match release.has(Change::ReplacementPatterns) {
            true => selector.matches_id(id),
            false => {
                let wanted = selector.namespace.exact();
                selector.matches_gvk(&id.gvk)
                    && selector.name.matches(&id.name)
                    && wanted.is_none_or(|wanted| effective(wanted) == effective(&id.namespace))
            }
        };
        let is_rejected = |reject: &Selector| {
            // Labels reject without the id, and the id without labels.
            (reject.has_labels() && reject.matches_labels(resource))
                || (!reject.has_no_id() && ids.iter().any(|id| fits(reject, id)))
        };
        ids.iter().any(|id| fits(select, id))
            && select.matches_labels(resource)
            && !self.reject.iter().any(is_rejected)
    }
}

/// The namespace that an object is in; here even a cluster-scoped one that says none is in the
/// default one.
fn effective(namespace: &str) -> &str {
    match namespace {
        "" => DEFAULT_NAMESPACE,
        namespace => namespace,
    }
}

impl Value {
    /// Takes the value anew from its object, if that is the one that has changed.
    fn follow(&mut self, position: usize, resource: &Resource) {
        let Some((home, path)) = &self.home else {
            return;
        };
        if *home != position {
            return;
        }
        let annotated = covers_annotations(path).then(|| resource.annotated());
        if let Ok(Some(node)) = path.find(annotated.as_ref().unwrap_or(&resource.node))
            && *node != self.node
        {
            self.node = node.clone();
        }
    }
}

impl FieldOptions {
    /// The part of a source's value that is meant.
    fn part_of(&self, node: &Node) -> Result<String> {
        let text = node.text().ok_or_else(|| self.not_plain(node))?;
        let part = usize::try_from(self.index)
            .ok()
            .and_then(|index| text.split(&*self.delimiter).nth(index));
        part.map(str::to_owned).ok_or_else(|| {
            let message = format!(
                "`{}` divides the source's value into {} parts, so there is no part {}",
                self.delimiter,
                text.split(&*self.delimiter).count(),
                self.index
            );
            Error::new(Kind::Transform, message)
                .at(self.delimiter.span)
                .note_at("the value is here", node.span)
                .help("parts are counted from 0")
        })
    }

    /// A target's text with the value in its place among the parts.
    fn joined(&self, text: &str, value: &str) -> String {
        let mut parts: Vec<&str> = text.split(&*self.delimiter).collect();
        match usize::try_from(self.index) {
            Err(_) => parts.insert(0, value),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = value,
                None => parts.push(value),
            },
        }
        parts.join(&self.delimiter)
    }

    #[cold]
    fn not_plain(&self, node: &Node) -> Error {
        let message = "a delimiter divides plain values only, and this is a list or a map";
        Error::new(Kind::Transform, message)
            .at(self.delimiter.span)
            .note_at("the value is here", node.span)
    }
}

/// Whether a path leads to all annotations, what is remembered of the object among them.
fn covers_annotations(path: &FieldPath) -> bool {
    let mut parts = path.parts().iter().map(AsRef::as_ref);
    parts.next() == Some("metadata")
        && parts.next().is_none_or(|part| part == "annotations")
        && parts.next().is_none()
}

/// The place that an error points at.
fn span_of(error: &Error) -> Span {
    error.place().map_or_else(Span::default, |place| place.span)
}

/// Null and what is empty cannot be a source; a null that nobody has read is a text.
fn is_nothing(node: &Node) -> bool {
    (node.is_null() && !node.inferred)
        || (node.is_map() && node.entries().is_empty())
        || (node.is_seq() && node.items().is_empty())
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::{print_go_v3, read_manifests};

    use super::*;
    use crate::resource::{LabelSelector, Pattern, from_documents};

    const OBJECTS: &str = r#"
kind: Source
metadata: {name: one, namespace: here}
text: a.b.c
number: 5
map: {k: v}
nothing: null
---
kind: Target
metadata: {name: two, labels: {app: web}}
image: nginx:1.0
count: 3
list:
- {name: web, v: old}
- {name: web-2, v: old}
- {name: 'quoted', v: old}
words: [one, two]
json: '{"b": 1, "a": [1.50, "<"]}'
yaml: |
  # ours
  x:
      - y: 1   # why
  z: 2
"#;

    fn objects(text: &str) -> Resources {
        let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        let list = from_documents(stream, &Schema::builtin()).unwrap();
        resources.add_all(list).unwrap();
        resources
    }

    fn select(kind: &str) -> Selector {
        Selector {
            kind: Pattern::from_text(kind).unwrap(),
            ..Selector::default()
        }
    }

    fn source(path: &str) -> Option<Source> {
        Some(Source {
            gvk: Gvk::new("", "Source"),
            field_path: path.into(),
            ..Source::default()
        })
    }

    fn target(path: &str) -> Target {
        Target {
            select: Some(select("Target")),
            field_paths: vec![path.into()],
            ..Target::default()
        }
    }

    fn created(path: &str) -> Target {
        let mut target = target(path);
        target.options.create = true;
        target
    }

    fn given(value: &str, target: Target) -> Replacement {
        Replacement {
            source_value: Some(value.into()),
            targets: Some(vec![target]),
            ..Replacement::default()
        }
    }

    fn taken(path: &str, target: Target) -> Replacement {
        Replacement {
            source: source(path),
            targets: Some(vec![target]),
            ..Replacement::default()
        }
    }

    /// The new value of a field of the target, as it is spelled.
    fn field(replacements: &[Replacement], path: &str) -> String {
        let mut resources = objects(OBJECTS);
        apply(
            &mut resources,
            replacements,
            &Schema::builtin(),
            Release::NEWEST,
            &mut Vec::new(),
        )
        .unwrap();
        let target = &resources.as_slice()[1].node;
        let found = FieldPath::dotted(path).unwrap();
        print_go_v3(found.find(target).unwrap().unwrap())
            .trim()
            .to_owned()
    }

    fn refusal(replacement: Replacement) -> String {
        let mut resources = objects(OBJECTS);
        let error = apply(
            &mut resources,
            &[replacement],
            &Schema::builtin(),
            Release::NEWEST,
            &mut Vec::new(),
        )
        .unwrap_err();
        error.message().to_owned()
    }

    #[test]
    fn a_plain_value_keeps_its_type_and_its_quotes() {
        assert_eq!(field(&[taken("number", target("image"))], "image"), "\"5\"");
        assert_eq!(field(&[given("7", target("count"))], "count"), "7");
        let quoted = given("x", target("list.[name=quoted].name"));
        assert_eq!(field(&[quoted], "list.2.name"), "'x'");
    }

    #[test]
    fn a_map_is_copied_whole() {
        assert_eq!(field(&[taken("map", target("list"))], "list"), "{k: v}");
    }

    #[test]
    fn a_new_value_has_the_type_that_its_text_has() {
        let value = |text| field(&[given(text, created("new.deep"))], "new.deep");
        assert_eq!(value("8080"), "8080");
        assert_eq!(value("a: b"), "'a: b'");
        let twice = [given("8080", created("n")), given("x", target("n"))];
        assert_eq!(field(&twice, "n"), "x");
    }

    #[test]
    fn a_path_means_many_items_by_a_pattern_that_matches_anywhere() {
        for (path, wanted) in [
            ("list.[name=web].v", ["new", "new", "old"]),
            ("list.[name=^web$].v", ["new", "old", "old"]),
            ("list.[name='].v", ["old", "old", "new"]),
            ("list.*.v", ["new", "new", "new"]),
            ("list.1.v", ["old", "new", "old"]),
        ] {
            for (index, wanted) in wanted.iter().enumerate() {
                let replacement = given("new", target(path));
                let found = field(&[replacement], &format!("list.{index}.v"));
                assert_eq!(found, *wanted, "{path} {index}");
            }
        }
        assert_eq!(
            field(&[given("x", target("words.[=o]"))], "words"),
            "[x, x]"
        );
    }

    #[test]
    fn items_are_made_where_none_fits() {
        assert_eq!(
            field(&[given("x", created("list.[name=n].v"))], "list.3"),
            "name: n\nv: x"
        );
        assert_eq!(
            field(&[given("x", created("words.2"))], "words"),
            "[one, two, x]"
        );
        assert_eq!(field(&[given("x", created("a.0.b"))], "a"), "- b: x");
    }

    #[test]
    fn a_delimiter_picks_a_part() {
        let part = |index| {
            let mut target = target("image");
            target.options.delimiter = ":".into();
            target.options.index = index;
            field(&[given("x", target)], "image")
        };
        assert_eq!(part(0), "x:1.0");
        assert_eq!(part(1), "nginx:x");
        assert_eq!(part(9), "nginx:1.0:x");
        assert_eq!(part(-1), "x:nginx:1.0");
        let mut replacement = taken("text", target("image"));
        if let Some(source) = &mut replacement.source {
            source.options.delimiter = ".".into();
            source.options.index = 1;
        }
        assert_eq!(field(&[replacement], "image"), "b");
    }

    #[test]
    fn text_that_is_json_or_yaml_is_changed_within() {
        let json = field(&[given("7", target("json.b"))], "json");
        assert_eq!(json, r#"'{"a":[1.5,"\u003c"],"b":7}'"#);
        let yaml = field(&[given("7", target("yaml.x.0.y"))], "yaml");
        assert_eq!(yaml, "|-\n  # ours\n  x:\n  - y: 7 # why\n  z: 2");
    }

    #[test]
    fn text_that_cannot_be_written_again_stays_as_it_is() {
        let before = field(&[], "json");
        assert_eq!(
            field(&[given("no number", target("json.b"))], "json"),
            before
        );
    }

    #[test]
    fn a_former_name_selects_too_and_a_new_one_at_once() {
        let mut resources = objects(OBJECTS);
        resources.list_mut()[1].remember_id();
        let named = |name: &str, path: &str| {
            let mut target = target(path);
            target.select = Some(Selector {
                name: Pattern::from_text(name).unwrap(),
                ..Selector::default()
            });
            target
        };
        let replacements = [
            given("three", named("two", "metadata.name")),
            given("x", named("two", "image")),
            given("y", named("three", "count")),
        ];
        let counts = apply(
            &mut resources,
            &replacements,
            &Schema::builtin(),
            Release::NEWEST,
            &mut Vec::new(),
        )
        .unwrap();
        assert_eq!(counts, [[1], [1], [1]]);
    }

    #[test]
    fn labels_reject_alone_and_so_does_the_id() {
        for (kind, label, wanted) in [
            ("Target", "", 1),
            ("", "app=web", 1),
            ("Source", "app=web", 0),
            ("", "", 2),
        ] {
            let mut rejecting = target("metadata.name");
            rejecting.select = Some(Selector::default());
            let mut reject = select(kind);
            reject.labels = LabelSelector::parse(label).unwrap();
            rejecting.reject = vec![reject];
            let mut resources = objects(OBJECTS);
            let list = [given("x", rejecting)];
            let counts = apply(
                &mut resources,
                &list,
                &Schema::builtin(),
                Release::NEWEST,
                &mut Vec::new(),
            )
            .unwrap();
            assert_eq!(counts, [[wanted]], "{kind} {label}");
        }
    }

    #[test]
    fn a_source_that_its_own_target_changes_is_taken_anew() {
        let mut own = target("text");
        own.select = Some(select("Source"));
        own.options = FieldOptions {
            delimiter: ".".into(),
            index: 9,
            create: false,
        };
        let replacement = Replacement {
            source: source("text"),
            targets: Some(vec![own, target("image")]),
            ..Replacement::default()
        };
        assert_eq!(field(&[replacement], "image"), "a.b.c.a.b.c");
    }

    #[test]
    fn a_missing_source_is_an_error_that_suggests_another() {
        let mut replacement = taken("text", target("image"));
        if let Some(source) = &mut replacement.source {
            source.name = "on".into();
        }
        let mut resources = objects(OBJECTS);
        let error = apply(
            &mut resources,
            &[replacement],
            &Schema::builtin(),
            Release::NEWEST,
            &mut Vec::new(),
        )
        .unwrap_err();
        let wanted = "there is no Source `on` for this replacement";
        assert_eq!(error.message(), wanted);
        assert_eq!(error.help_line(), Some("did you mean `one`?"));
    }

    #[test]
    fn a_source_must_be_one_value_of_one_object() {
        for path in ["missing", "nothing", "map.*", "text.x"] {
            refusal(taken(path, target("image")));
        }
        let mut any = taken("metadata.name", target("image"));
        any.source = Some(Source::default());
        assert!(refusal(any).contains("could be"));
        let mut part = taken("text", target("image"));
        if let Some(source) = &mut part.source {
            source.options.delimiter = ".".into();
            source.options.index = 3;
        }
        assert!(refusal(part).contains("into 3 parts"));
    }

    #[test]
    fn a_target_without_the_field_is_an_error() {
        assert_eq!(
            refusal(given("x", target("new"))),
            "the target Target `two` has no field `new`"
        );
        for path in [
            "image.x",
            "list.x",
            "list.7.v",
            "list.[name=no].v",
            "count.*",
            "words.[x]",
        ] {
            refusal(given("x", target(path)));
        }
        for path in ["list.[name=(].v", "list.[name=x+y].v", "list..v", "new.*"] {
            refusal(given("x", created(path)));
        }
    }

    #[test]
    fn a_replacement_without_a_part_is_refused() {
        refusal(Replacement::default());
        refusal(Replacement {
            targets: None,
            ..taken("text", target("image"))
        });
        refusal(Replacement {
            source_value: Some("x".into()),
            ..taken("text", target("image"))
        });
        refusal(given("x", Target::default()));
    }

    #[test]
    fn a_secret_value_is_in_no_message() {
        let mut replacement = taken("text", target("list"));
        if let Some(targets) = &mut replacement.targets {
            targets[0].options.delimiter = ",".into();
        }
        assert!(!refusal(replacement).contains("a.b.c"));
        assert!(!refusal(given("hush", target("image.x"))).contains("nginx"));
    }
}
