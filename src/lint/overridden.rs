//! Entries of kustomizations that others make useless.
//!
//! A value remembers which entry set it. An entry of which no value is left in any build is a
//! candidate; it is one of ours if everything is built the same without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::fix::{documents, offset_of, without_item, without_pair, without_value};
use super::tree::Tree;
use crate::build;
use crate::finding::Finding;
use crate::kustomization::{Kind, Kustomization, Patch};
use crate::load::{Files, Memory, Overlay, Restriction, Sources, normalized};
use crate::place::{Place, SourceId, Span};
use crate::resource::Resource;
use crate::yaml::{Inset, Node, Text, Value, read_config};

/// What is built of a kustomization, and how it is built of other files.
pub struct Build<'b> {
    /// Its objects.
    pub resources: &'b [Resource],
    /// The files that it has read.
    pub sources: &'b Sources,
    /// What was found in it.
    pub found: &'b [Finding],
    /// Builds it of other files, as text; nothing if that fails.
    pub rebuild: &'b (dyn Fn(&dyn Files) -> Option<String> + Sync),
}

/// Where a value is written: the line and the column, in a file.
type Spot = (PathBuf, u32, u32);

/// An entry, or a part of a patch, of which no value is left.
#[derive(Clone, Debug)]
pub(super) struct Overridden {
    /// The file that it is in.
    pub(super) path: PathBuf,
    /// Where.
    pub(super) span: Span,
    /// What it is, as a sentence begins: `the entry of `images` for `web``.
    pub(super) what: String,
    /// How it is taken away.
    pub(super) cut: Cut,
    /// Whether another entry of its own kustomization makes it useless, and not one above.
    pub(super) is_by_own: bool,
    /// Where its value is set again.
    pub(super) again: Option<(PathBuf, Span)>,
}

/// How something is taken out of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// An item of a list of the kustomization.
    Item,
    /// A label or an annotation of the kustomization.
    Pair,
    /// A value of a patch.
    Value,
}

/// The directory that paths of messages are relative to: names of sources are, too.
pub(super) struct Here<'h>(pub(super) &'h Path);

impl Here<'_> {
    fn path(&self, place: &Place) -> Option<PathBuf> {
        Some(normalized(&self.0.join(&**place.file.as_ref()?)))
    }
}

/// A candidate, before it is proved.
struct Candidate {
    overridden: Overridden,
    /// The directory of its kustomization.
    directory: PathBuf,
    /// Where its entry stands.
    entry: Span,
    /// What tells the entries that may set it again: the field and the name.
    key: Option<(&'static str, String)>,
    /// Whether it is a patch, or a part of one.
    is_patch: bool,
}

/// The entries that other entries make useless, each proved by builds. What is useless by what builds on
/// it is told only if all that may do so is known.
pub(super) fn overridden(
    tree: &Tree<'_>,
    here: &Here<'_>,
    builds: &[Build<'_>],
    knows_all_users: bool,
) -> Vec<Overridden> {
    let left: FxHashSet<Spot> = builds.iter().flat_map(|one| spots(here, one)).collect();
    let known: Vec<Spot> = builds
        .iter()
        .flat_map(|one| idle(here, one.found))
        .collect();
    let mut candidates = Vec::new();
    let mut entries = Vec::new();
    let mut directories = BTreeSet::new();
    let mut components = BTreeSet::new();
    for path in kustomizations(builds) {
        let (Some(directory), Some(text)) = (path.parent(), tree.text(&path)) else {
            continue;
        };
        let directory = directory.to_path_buf();
        directories.insert(directory.clone());
        let Some(read) = Read::of(tree, &path, &text) else {
            continue;
        };
        // By itself a component has no objects.
        if read.asked.kind == Kind::Component {
            components.insert(directory);
        }
        read.candidates(&left, &known, &mut candidates, &mut entries);
    }
    if candidates.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut by_directory: BTreeMap<PathBuf, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        by_directory
            .entry(candidate.directory.clone())
            .or_default()
            .push(candidate);
    }
    let mut others = Vec::new();
    for (directory, list) in by_directory {
        let alone = |files: &dyn Files| built_alone(files, &directory);
        let (own, rest) = match components.contains(&directory) {
            true => (Vec::new(), list),
            false => proved(tree.files, list, &[&alone]),
        };
        found.extend(own.into_iter().map(|one| (one, true)));
        let is_known = |user: &Path| directories.contains(user);
        if knows_all_users && tree.all_users(&directory).into_iter().all(is_known) {
            // What is left of a patch that is half useful is told of its own kustomization only.
            others.extend(
                rest.into_iter()
                    .filter(|one| one.overridden.cut != Cut::Value),
            );
        }
    }
    let touched: BTreeSet<PathBuf> = others
        .iter()
        .map(|one| one.overridden.path.clone())
        .collect();
    // Without objects, as where a component is built by itself, nothing has an effect.
    let is_touched = |one: &&Build<'_>| {
        !one.resources.is_empty() && one.sources.paths().iter().any(|it| touched.contains(it))
    };
    let rebuilds = builds.iter().filter(is_touched);
    let rebuilds: Vec<&Rebuild<'_>> = rebuilds
        .map(|one| -> &Rebuild<'_> { one.rebuild })
        .collect();
    let (above, _) = proved(tree.files, others, &rebuilds);
    found.extend(above.into_iter().map(|one| (one, false)));
    let found = found.into_iter().filter_map(|(candidate, is_by_own)| {
        let mut one = candidate.overridden;
        one.is_by_own = is_by_own;
        let is_later = |entry: &&Entry| {
            let is_own = entry.directory == candidate.directory;
            let is_itself = is_own && entry.entry == candidate.entry;
            candidate.key.as_ref() == Some(&entry.key) && is_own == is_by_own && !is_itself
        };
        let again = entries.iter().rev().find(is_later);
        one.again = again.map(|again| (again.path.clone(), again.span));
        // What nothing else sets has met nothing: that is another finding, or none.
        (one.again.is_some() || candidate.is_patch).then_some(one)
    });
    let mut found: Vec<Overridden> = found.collect();
    found.sort_by(|a, b| {
        (&a.path, a.span.line, a.span.column).cmp(&(&b.path, b.span.line, b.span.column))
    });
    found
}

/// The entries, of some that each stand at a place, without which everything is built the same.
pub(super) fn needless(
    tree: &Tree<'_>,
    builds: &[Build<'_>],
    entries: Vec<(PathBuf, Span)>,
) -> BTreeSet<(PathBuf, u32, u32)> {
    let mut found = BTreeSet::new();
    for (path, span) in entries {
        let directory = path.parent().unwrap_or(&path).to_path_buf();
        let rebuilds: Vec<&Rebuild<'_>> = builds
            .iter()
            .filter(|one| one.sources.paths().contains(&path))
            .map(|one| -> &Rebuild<'_> { one.rebuild })
            .collect();
        let candidate = Candidate {
            overridden: Overridden {
                path,
                span,
                what: String::new(),
                cut: Cut::Item,
                is_by_own: true,
                again: None,
            },
            directory,
            entry: span,
            key: None,
            is_patch: false,
        };
        let (proved, _) = proved(tree.files, vec![candidate], &rebuilds);
        let spots = proved.into_iter().map(|one| one.overridden);
        found.extend(spots.map(|one| (one.path, one.span.line, one.span.column)));
    }
    found
}

/// The kustomizations that builds have read.
fn kustomizations(builds: &[Build<'_>]) -> BTreeSet<PathBuf> {
    let paths = builds.iter().flat_map(|one| one.sources.paths());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| crate::kustomization::FILE_NAMES.contains(&name))
    };
    paths.filter(is_one).collect()
}

/// Where the values of all objects are written.
fn spots(here: &Here<'_>, build: &Build<'_>) -> FxHashSet<Spot> {
    fn walk(node: &Node, found: &mut FxHashSet<Span>) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|entry| {
                found.insert(entry.key.span);
                walk(&entry.value, found);
            }),
            Value::Seq(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
        found.insert(node.span);
    }
    let mut spans = FxHashSet::default();
    for resource in build.resources {
        walk(&resource.node, &mut spans);
    }
    spans
        .into_iter()
        .filter(|span| span.line > 0)
        .filter_map(|span| {
            let place = build.sources.place(span)?;
            Some((here.path(&place)?, place.span.line, place.span.column))
        })
        .collect()
}

/// Where an entry is known to do nothing: it is told already.
fn idle<'f>(here: &Here<'f>, found: &'f [Finding]) -> Vec<Spot> {
    let is_idle = |finding: &&Finding| {
        finding.rule.starts_with("unmatched-")
            || ["idle-patch", "lost-patch"].contains(&finding.rule)
    };
    let places = found
        .iter()
        .filter(is_idle)
        .filter_map(|finding| finding.place.as_ref());
    places
        .filter_map(|place| Some((here.path(place)?, place.span.line, place.span.column)))
        .collect()
}

/// An entry that sets something by a name.
struct Entry {
    key: (&'static str, String),
    /// The directory of its kustomization, and where the entry stands in that.
    directory: PathBuf,
    entry: Span,
    /// Where the value, or the name, is.
    path: PathBuf,
    span: Span,
}

/// A kustomization, read once more.
struct Read<'r> {
    tree: &'r Tree<'r>,
    path: &'r Path,
    text: &'r str,
    asked: Kustomization,
}

impl<'r> Read<'r> {
    fn of(tree: &'r Tree<'r>, path: &'r Path, text: &'r str) -> Option<Self> {
        let node = read_config(text.as_bytes(), SourceId::NONE).ok()?;
        let (asked, _) = Kustomization::parse(&node).ok()?;
        Some(Self {
            tree,
            path,
            text,
            asked,
        })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(self.path)
    }

    fn spot(&self, span: Span) -> Spot {
        (self.path.to_path_buf(), span.line, span.column)
    }

    /// Adds the entries of which nothing is left, and all that set something by a name.
    fn candidates(
        &self,
        left: &FxHashSet<Spot>,
        known: &[Spot],
        candidates: &mut Vec<Candidate>,
        entries: &mut Vec<Entry>,
    ) {
        let is_left = |span: Span| span.line == 0 || left.contains(&self.spot(span));
        let mut add = |field: &'static str, name: &Text, values: &[Span], cut: Cut| {
            let sets = match field {
                "commonLabels" => "labels",
                _ => field,
            };
            let key = (sets, name.to_string());
            entries.push(Entry {
                key: key.clone(),
                directory: self.directory().to_path_buf(),
                entry: name.span,
                path: self.path.to_path_buf(),
                span: name.span,
            });
            if known.contains(&self.spot(name.span)) || values.iter().any(|span| is_left(*span)) {
                return;
            }
            candidates.push(Candidate {
                overridden: Overridden {
                    path: self.path.to_path_buf(),
                    span: name.span,
                    what: format!("the entry of `{field}` for `{}`", &**name),
                    cut,
                    is_by_own: false,
                    again: None,
                },
                directory: self.directory().to_path_buf(),
                entry: name.span,
                key: Some(key),
                is_patch: false,
            });
        };
        for image in &self.asked.images {
            let parts = [
                &image.new_name,
                &image.new_tag,
                &image.digest,
                &image.tag_suffix,
            ];
            let spans = parts.iter().filter(|part| !part.is_empty());
            let mut spans: Vec<Span> = spans.map(|part| part.span).collect();
            spans.push(image.name.span);
            add("images", &image.name, &spans, Cut::Item);
        }
        for replica in &self.asked.replicas {
            add("replicas", &replica.name, &[replica.count_span], Cut::Item);
        }
        for (key, value) in self.asked.labels.iter().flat_map(|label| &label.pairs) {
            add("labels", key, &[value.span], Cut::Pair);
        }
        for (key, value) in &self.asked.common_labels {
            add("commonLabels", key, &[value.span], Cut::Pair);
        }
        for (key, value) in &self.asked.common_annotations {
            add("commonAnnotations", key, &[value.span], Cut::Pair);
        }
        for source in &self.asked.patches_strategic_merge {
            let is_inline = source.contains('\n') || source.trim_start().starts_with('{');
            let patch = Patch {
                patch: if is_inline {
                    source.clone()
                } else {
                    Text::default()
                },
                path: if is_inline {
                    Text::default()
                } else {
                    source.clone()
                },
                span: source.span,
                ..Patch::default()
            };
            self.patch(&patch, left, known, (candidates, entries));
        }
        let listed = self
            .asked
            .patches
            .iter()
            .chain(&self.asked.patches_json6902);
        for patch in listed {
            self.patch(patch, left, known, (candidates, entries));
        }
    }

    /// Adds a patch of which nothing is left, or the values of it that are not.
    fn patch(
        &self,
        patch: &Patch,
        left: &FxHashSet<Spot>,
        known: &[Spot],
        (candidates, entries): (&mut Vec<Candidate>, &mut Vec<Entry>),
    ) {
        let is_inline = patch.path.is_empty();
        let (path, text) = match is_inline {
            true => (self.path.to_path_buf(), patch.patch.to_string()),
            false => {
                let path = normalized(&self.directory().join(&*patch.path));
                let Some(text) = self.tree.text(&path) else {
                    return;
                };
                (path, text)
            }
        };
        let inset = is_inline.then(|| Inset::new(self.text, &patch.patch));
        let place = |span: Span| inset.as_ref().map_or(span, |inset| inset.place(span));
        let Some(nodes) = documents(&text) else {
            return;
        };
        let mut set = Set::default();
        nodes.iter().for_each(|node| set.document(node));
        entries.extend(set.values.iter().map(|value| Entry {
            key: value.key(),
            directory: self.directory().to_path_buf(),
            entry: patch.span,
            path: path.clone(),
            span: place(value.span),
        }));
        let is_left = |span: &Span| {
            let span = place(*span);
            left.contains(&(path.clone(), span.line, span.column))
        };
        // Where only the beginning of the text is known, values cannot be told apart.
        let is_known_whole = set.values.len() > 1
            && set
                .values
                .iter()
                .all(|value| place(value.span) == place(set.values[0].span));
        // It is told of the entry, of its target, or of the patch.
        let is_of_entry = |(file, line, column): &Spot| {
            let spot = Span {
                line: *line,
                column: *column,
                ..Span::default()
            };
            let offset = offset_of(self.text, spot);
            file == self.path && offset.is_some_and(|it| patch.span.range().contains(&it))
        };
        let is_of_patch = |spot: &Spot| {
            let mut places = nodes.iter().map(|node| place(node.span));
            places.any(|span| *spot == (path.clone(), span.line, span.column))
        };
        let is_told = known
            .iter()
            .any(|spot| is_of_entry(spot) || is_of_patch(spot));
        if set.values.is_empty() || is_known_whole || is_told {
            return;
        }
        let gone: Vec<&SetValue> = set
            .values
            .iter()
            .filter(|value| !value.spans.iter().any(is_left))
            .collect();
        let candidate = |overridden: Overridden, value: &SetValue| Candidate {
            overridden,
            directory: self.directory().to_path_buf(),
            entry: patch.span,
            key: Some(value.key()),
            is_patch: true,
        };
        if gone.len() == set.values.len() && !set.takes_away {
            let whole = Overridden {
                path: self.path.to_path_buf(),
                span: patch.span,
                what: "the patch".to_owned(),
                cut: Cut::Item,
                is_by_own: false,
                again: None,
            };
            candidates.push(candidate(whole, &set.values[0]));
            return;
        }
        for value in gone {
            let part = Overridden {
                path: path.clone(),
                span: place(value.span),
                what: format!("`{}` of the patch", value.name),
                cut: Cut::Value,
                is_by_own: false,
                again: None,
            };
            candidates.push(candidate(part, value));
        }
    }
}

/// What a patch sets.
#[derive(Default)]
struct Set {
    values: Vec<SetValue>,
    /// Whether it takes something away, too.
    takes_away: bool,
}

struct SetValue {
    /// The field, or the path.
    name: String,
    /// Where it stands: the value, or the operation.
    span: Span,
    /// Where its scalars are.
    spans: Vec<Span>,
}

impl SetValue {
    /// The field, whatever patch it is written in: `spec.containers[].image`.
    fn key(&self) -> (&'static str, String) {
        let Some(path) = self.name.strip_prefix('/') else {
            return ("patches", self.name.clone());
        };
        let is_index = |part: &str| part == "-" || part.bytes().all(|byte| byte.is_ascii_digit());
        let mut key = String::new();
        for part in path.split('/') {
            if is_index(part) {
                key.push_str("[]");
                continue;
            }
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(&part.replace("~1", "/").replace("~0", "~"));
        }
        ("patches", key)
    }
}

/// Fields that tell the items of a list apart.
const KEYS: [&str; 10] = [
    "containerPort",
    "devicePath",
    "ip",
    "key",
    "mountPath",
    "name",
    "port",
    "protocol",
    "topologyKey",
    "type",
];

impl Set {
    fn document(&mut self, node: &Node) {
        if node.is_seq() {
            node.items().iter().for_each(|item| self.operation(item));
            return;
        }
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            match key {
                "apiVersion" | "kind" => {}
                "metadata" => {
                    let fields = entry.value.entries().iter();
                    let others = fields.filter(|it| !it.is("name") && !it.is("namespace"));
                    others.for_each(|it| self.value(&it.value, it.key.text().unwrap_or_default()));
                }
                "$patch" => self.takes_away = true,
                _ => self.value(&entry.value, key),
            }
        }
    }

    fn value(&mut self, node: &Node, name: &str) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    match key.starts_with('$') {
                        true => self.takes_away = true,
                        false => self.value(&entry.value, &format!("{name}.{key}")),
                    }
                }
            }
            Value::Seq(items) => {
                for item in items {
                    self.item(item, name);
                }
            }
            _ if node.is_null() => self.takes_away = true,
            _ => self.values.push(SetValue {
                name: name.to_owned(),
                span: node.span,
                spans: vec![node.span],
            }),
        }
    }

    fn item(&mut self, item: &Node, name: &str) {
        let is_key = |key: &str| KEYS.contains(&key);
        let entries = item.entries();
        let has_more = entries
            .iter()
            .any(|it| !is_key(it.key.text().unwrap_or_default()));
        if !item.is_map() || !has_more {
            // Without more, it is the item that the patch sets.
            return self.values.push(SetValue {
                name: name.to_owned(),
                span: item.span,
                spans: scalars(item),
            });
        }
        for entry in entries {
            let key = entry.key.text().unwrap_or_default();
            if key.starts_with('$') {
                self.takes_away = true;
            } else if !is_key(key) {
                self.value(&entry.value, &format!("{name}[].{key}"));
            }
        }
    }

    fn operation(&mut self, item: &Node) {
        let text = |key: &str| item.get(key).and_then(Node::text).unwrap_or_default();
        match (text("op"), item.get("value")) {
            ("add" | "replace", Some(value)) => self.values.push(SetValue {
                name: text("path").to_owned(),
                span: item.span,
                spans: scalars(value),
            }),
            ("test", _) => {}
            _ => self.takes_away = true,
        }
    }
}

/// Where the scalars of a value are, and the value itself.
fn scalars(node: &Node) -> Vec<Span> {
    let mut found = vec![node.span];
    for entry in node.entries() {
        found.extend(scalars(&entry.value));
    }
    for item in node.items() {
        found.extend(scalars(item));
    }
    found
}

type Rebuild<'r> = dyn Fn(&dyn Files) -> Option<String> + 'r;

/// The candidates without which everything is built the same, and the others. Where one build of all
/// shows it, none is made for each.
fn proved(
    files: &dyn Files,
    list: Vec<Candidate>,
    builds: &[&Rebuild<'_>],
) -> (Vec<Candidate>, Vec<Candidate>) {
    /// More are not tried one by one.
    const MOST: usize = 32;
    if list.is_empty() {
        return (list, Vec::new());
    }
    let before: Vec<Option<String>> = builds.iter().map(|build| build(files)).collect();
    // What is not built shows nothing.
    if before.iter().any(Option::is_none) || before.is_empty() {
        return (Vec::new(), list);
    }
    let is_same = |some: &[&Candidate]| {
        let Some(upper) = without(files, some) else {
            return false;
        };
        let edited = Overlay {
            upper,
            lower: files,
        };
        let mut pairs = builds.iter().zip(&before);
        pairs.all(|(build, before)| build(&edited) == *before)
    };
    if is_same(&list.iter().collect::<Vec<_>>()) {
        return (list, Vec::new());
    }
    if list.len() == 1 || list.len() > MOST {
        return (Vec::new(), list);
    }
    list.into_iter().partition(|one| is_same(&[one]))
}

/// The files without some entries, the last of each first, so that places stay right.
fn without(files: &dyn Files, some: &[&Candidate]) -> Option<Memory> {
    let mut some: Vec<&Overridden> = some.iter().map(|one| &one.overridden).collect();
    some.sort_by_key(|one| std::cmp::Reverse((one.span.line, one.span.column)));
    let mut texts: BTreeMap<&Path, String> = BTreeMap::new();
    for one in some {
        let text = match texts.remove(one.path.as_path()) {
            Some(text) => text,
            None => String::from_utf8(files.read(&one.path).ok()?).ok()?,
        };
        texts.insert(&one.path, one.cut.applied(&text, one.span)?);
    }
    let mut upper = Memory::default();
    for (path, text) in texts {
        upper.insert(path, text);
    }
    Some(upper)
}

impl Cut {
    /// A text without what stands at a place.
    pub(super) fn applied(self, text: &str, span: Span) -> Option<String> {
        let offset = offset_of(text, span)?;
        match self {
            Self::Item => without_item(text, offset),
            Self::Pair => without_pair(text, offset),
            Self::Value => without_value(text, span),
        }
    }
}

/// What a kustomization builds by itself.
fn built_alone(files: &dyn Files, directory: &Path) -> Option<String> {
    let options = build::Options {
        restriction: Restriction::None,
        ..build::Options::default()
    };
    let built = build::build(files, directory, directory, &options).ok()?;
    built.to_yaml().ok()
}
