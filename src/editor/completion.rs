//! What can be written at an offset.
//!
//! A text that is being written is seldom YAML. A mark is put where the pointer is, as a value or as
//! a key, and the text with the mark is read: where the mark comes out, the way to it is known.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use kustom_lsp::{Completion, CompletionKind};
use serde_json::Value as Json;

use super::about::schema_at;
use super::cursor::{Part, at_way, documents};
use super::fields::{self, KUSTOMIZATION, Takes};
use super::navigate::image_name;
use super::objects::{Named, has_replicas, object};
use super::paths::{is_kustomization, kustomization_in};
use super::scene::{Met, Scene};
use crate::fields::Fields;
use crate::guard::printable;
use crate::load::{FileKind, normalized};
use crate::project::{resolved, schema_of, values};
use crate::template::Values;
use crate::transform::images;
use crate::yaml::cut::Cut as _;
use crate::yaml::{Node, Value};

/// What stands where the pointer is, in no text by chance.
const MARK: &str = "kustomMarkZq7";

/// The most that is offered.
const MOST: usize = 400;

/// Where the pointer is in a document.
struct Spot {
    documents: Vec<Node>,
    document: usize,
    /// The way to what is written: to the mapping of a key, to a value.
    way: Vec<Part>,
    is_key: bool,
    /// The word that is replaced.
    word: Range<usize>,
}

pub(super) fn completion(
    scene: &Scene<'_>,
    path: &Path,
    text: &str,
    offset: usize,
) -> Vec<Completion> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".j2") {
        return in_template(scene, path, text, offset);
    }
    let Some(spot) = spot(text, offset) else {
        return Vec::new();
    };
    let typed = text.cut(spot.word.start..offset.max(spot.word.start));
    let offered = Offered {
        scene,
        path,
        spot: &spot,
        typed,
    };
    let mut found = if is_kustomization(path) {
        offered.in_kustomization()
    } else if let Some(schema) = schema_of(&name) {
        offered.in_settings(schema)
    } else {
        offered.in_manifest()
    };
    found.truncate(MOST);
    found
}

/// Finds where the pointer is by reading the text with a mark there.
fn spot(text: &str, offset: usize) -> Option<Spot> {
    let word = word(text, offset);
    let (before, after) = (text.cut(..word.start), text.cut(word.end..));
    // Behind a key, the mark stands for its value; there it may lack a blank.
    let has_colon = after.trim_start_matches([' ', '\t']).starts_with(':');
    let value = format!("{before}{MARK}{after}");
    let key = format!("{before}{MARK}: {after}");
    let rest_is_blank = |text: &str| {
        let line = text.split(['\r', '\n']).next().unwrap_or_default();
        line.trim().is_empty()
    };
    let mut tries = vec![value];
    if !has_colon && rest_is_blank(after) {
        tries.push(key);
    }
    for text in tries {
        let Some(documents) = documents(&text) else {
            continue;
        };
        for (document, root) in documents.iter().enumerate() {
            let mut way = Vec::new();
            if let Some(is_key) = find(root, &mut way) {
                // A list of mappings has the first key of the next one there.
                return Some(Spot {
                    document,
                    way,
                    is_key,
                    word,
                    documents,
                });
            }
        }
    }
    None
}

/// The way to the mark, and whether it is a key; a key's way is that of its mapping.
fn find(node: &Node, way: &mut Vec<Part>) -> Option<bool> {
    match &node.value {
        Value::Scalar(text) => (text == MARK).then_some(false),
        Value::Alias(_) => None,
        Value::Map(entries) => entries.iter().find_map(|entry| {
            if entry.key.text() == Some(MARK) {
                return Some(true);
            }
            way.push(Part::Key(entry.key.text().unwrap_or_default().to_owned()));
            let found = find(&entry.value, way);
            if found.is_none() {
                way.pop();
            }
            found
        }),
        Value::Seq(items) => items.iter().enumerate().find_map(|(index, item)| {
            way.push(Part::Item(index));
            let found = find(item, way);
            if found.is_none() {
                way.pop();
            }
            found
        }),
    }
}

/// The word that an offset is in: as far as a blank, a quote or a comma.
fn word(text: &str, offset: usize) -> Range<usize> {
    let is_end = |c: char| c.is_whitespace() || "\"',".contains(c);
    let before = text.cut(..offset);
    let start = before.rfind(is_end).map_or(0, |at| {
        at + before.cut(at..).chars().next().map_or(1, char::len_utf8)
    });
    // `[a` and `{a` begin with what opens a list.
    let opened = before.cut(start..);
    let start = start + (opened.len() - opened.trim_start_matches(['[', '{']).len());
    let after = text.cut(offset..);
    let is_after = |c: char| is_end(c) || "]}:".contains(c);
    let end = after.find(is_after).unwrap_or(after.len());
    start..offset + end
}

struct Offered<'o> {
    scene: &'o Scene<'o>,
    path: &'o Path,
    spot: &'o Spot,
    /// What of the word stands before the pointer.
    typed: &'o str,
}

impl Offered<'_> {
    fn root(&self) -> &Node {
        &self.spot.documents[self.spot.document]
    }

    fn above(&self, parts: usize) -> Option<&Node> {
        let length = self.spot.way.len().checked_sub(parts)?;
        at_way(self.root(), &self.spot.way[..length])
    }

    fn offer(&self, label: &str, kind: CompletionKind, detail: Option<String>) -> Completion {
        Completion {
            label: printable(label).into_owned(),
            kind,
            detail,
            documentation: None,
            replaces: self.spot.word.clone(),
            text: label.to_owned(),
            is_deprecated: false,
        }
    }

    fn words(&self, words: &[&str]) -> Vec<Completion> {
        let all = words.iter();
        all.map(|word| self.offer(word, CompletionKind::Word, None))
            .collect()
    }

    fn key(&self, name: &str, about: &str) -> Completion {
        Completion {
            text: format!("{name}: "),
            documentation: Some(about.to_owned()).filter(|about| !about.is_empty()),
            ..self.offer(name, CompletionKind::Field, None)
        }
    }

    /// The keys that the mapping has already.
    fn present(&self) -> BTreeSet<String> {
        let mapping = at_way(self.root(), &self.spot.way);
        let entries = mapping.map(Node::entries).unwrap_or_default();
        let keys = entries.iter().filter_map(|entry| entry.key.text());
        keys.map(str::to_owned).collect()
    }

    fn in_kustomization(&self) -> Vec<Completion> {
        if self.spot.way.is_empty() {
            return self.keys_of(KUSTOMIZATION);
        }
        let Some((takes, _)) = fields::find(&self.spot.way) else {
            return Vec::new();
        };
        match takes {
            Takes::Map(fields) => self.keys_of(fields),
            _ if self.spot.is_key => Vec::new(),
            Takes::Words(words) => self.words(words),
            Takes::File => self.files("", false, &|_| true),
            Takes::KeyFile => {
                let key = self.typed.split_once('=');
                let start = key.map_or(0, |(key, _)| key.len() + 1);
                self.files(self.typed.cut(..start), false, &|_| true)
            }
            Takes::Resource => self.files("", true, &is_manifest),
            Takes::Component => self.files("", true, &|_| false),
            Takes::Kind => self.names(&|met| {
                let id = met.life.ids().next();
                id.map(|id| (id.gvk.kind.to_string(), id.gvk.group.to_string()))
            }),
            Takes::Name => {
                let generator = match self.spot.way.first() {
                    Some(Part::Key(key)) if key == "configMapGenerator" => Some("ConfigMap"),
                    Some(Part::Key(key)) if key == "secretGenerator" => Some("Secret"),
                    _ => None,
                };
                let kind = self.above(1).and_then(|it| it.get("kind")?.text());
                let kind = generator.or(kind).map(str::to_owned);
                self.names(&|met| {
                    let id = met.life.ids().next()?;
                    let fits = kind.as_ref().is_none_or(|kind| *id.gvk.kind == **kind);
                    fits.then(|| (id.name.to_string(), id.gvk.kind.to_string()))
                })
            }
            Takes::Namespace => self.names(&|met| {
                let id = met.life.ids().next()?;
                let namespace = id.namespace.to_string();
                (!namespace.is_empty()).then_some((namespace, String::new()))
            }),
            Takes::Replicated => self.names(&|met| {
                let id = met.life.ids().next()?;
                has_replicas(met.life).then(|| (id.name.to_string(), id.gvk.kind.to_string()))
            }),
            Takes::Image => self.images(),
            Takes::FieldPath => self.field_paths(),
            Takes::Text | Takes::Pairs | Takes::List(_) => Vec::new(),
        }
    }

    fn keys_of(&self, fields: &[fields::Field]) -> Vec<Completion> {
        let present = self.present();
        let left = fields.iter().filter(|field| !present.contains(field.name));
        left.map(|field| Completion {
            is_deprecated: field.instead.is_some(),
            text: match field.takes {
                Takes::List(_) | Takes::Map(_) | Takes::Pairs => format!("{}:", field.name),
                _ => format!("{}: ", field.name),
            },
            ..self.key(field.name, field.about)
        })
        .collect()
    }

    /// Files and directories beside the document, as far as the word has come; `before` is what
    /// stays in front of the name.
    fn files(
        &self,
        before: &str,
        with_directories: bool,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Vec<Completion> {
        let Some(here) = self.path.parent() else {
            return Vec::new();
        };
        let typed = self.typed.cut(before.len()..);
        let directory = typed
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let prefix = match directory {
            "" if typed.starts_with('/') => return Vec::new(),
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let listed = normalized(&here.join(directory));
        // Nothing outside of the project is anybody's business.
        if !listed.starts_with(&self.scene.root) {
            return Vec::new();
        }
        let names = self.scene.files.list(&listed).unwrap_or_default();
        let known: BTreeSet<&str> = self
            .above(1)
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
            .collect();
        let mut found = Vec::new();
        for name in names.into_iter().filter(|name| !name.starts_with('.')) {
            let path = listed.join(&name);
            let text = format!("{before}{prefix}{name}");
            let Ok((_, kind)) = self.scene.files.resolve(&path) else {
                continue;
            };
            let is_own = path == self.path || here.starts_with(&path);
            let is_built = kustomization_in(self.scene.files, &path).is_some();
            match kind {
                FileKind::File if is_wanted(&name) && !is_own && !known.contains(&*text) => {
                    found.push(self.offer(&text, CompletionKind::File, None));
                }
                FileKind::Directory if with_directories && is_built && !is_own => {
                    if !known.contains(&*text) {
                        let detail = Some("kustomization".to_owned());
                        found.push(self.offer(&text, CompletionKind::Directory, detail));
                    }
                }
                // On the way to others.
                FileKind::Directory => {
                    let text = format!("{text}/");
                    found.push(self.offer(&text, CompletionKind::Directory, None));
                }
                FileKind::File => {}
            }
        }
        if prefix.is_empty() || prefix.ends_with("../") {
            let up = format!("{before}{prefix}../");
            if listed
                .parent()
                .is_some_and(|it| it.starts_with(&self.scene.root))
            {
                found.push(self.offer(&up, CompletionKind::Directory, None));
            }
        }
        found
    }

    /// Words that objects have, each once.
    fn names(&self, word: &dyn Fn(&Met<'_>) -> Option<(String, String)>) -> Vec<Completion> {
        let all = self.scene.known_objects();
        let words: BTreeSet<(String, String)> = all.filter_map(|met| word(&met)).collect();
        let words = words.into_iter().filter(|(word, _)| !word.is_empty());
        words
            .map(|(word, detail)| {
                let detail = Some(detail).filter(|it| !it.is_empty());
                self.offer(&word, CompletionKind::Object, detail)
            })
            .collect()
    }

    fn images(&self) -> Vec<Completion> {
        let specs = Fields::builtin().images;
        let mut names = BTreeSet::new();
        for met in self.scene.known_objects() {
            if let Some(node) = met.life.nodes().next() {
                let all = images::looked_at(node, &specs);
                names.extend(all.iter().map(|(_, image)| image_name(image).to_owned()));
            }
        }
        let names = names.iter().filter(|name| !name.is_empty());
        names
            .map(|name| self.offer(name, CompletionKind::Object, None))
            .collect()
    }

    /// The fields of the objects that a source or a target of a replacement selects.
    fn field_paths(&self) -> Vec<Completion> {
        let holder = match self.spot.way.last() {
            // One of `fieldPaths`.
            Some(Part::Item(_)) => self.above(2),
            _ => self.above(1),
        };
        let holder = holder.map(|it| it.get("select").or(it.get("objref")).unwrap_or(it));
        let mut paths = BTreeSet::new();
        for met in holder
            .map(|it| self.scene.known_selected(it))
            .unwrap_or_default()
        {
            field_paths(met.life.node(), "", &mut paths);
        }
        let typed = self.typed;
        let paths = paths.iter().filter(|path| path.starts_with(typed));
        paths
            .map(|path| self.offer(path, CompletionKind::Word, None))
            .collect()
    }

    fn in_settings(&self, schema: &'static Json) -> Vec<Completion> {
        let Some(at) = schema_at(schema, &self.spot.way) else {
            return Vec::new();
        };
        if let [Part::Key(key)] = &self.spot.way[..]
            && key == "extends"
            && !self.spot.is_key
        {
            let project = self.scene.project.as_ref();
            let names = project.map(|project| project.names(self.scene.files));
            let own = self.scene.environment_of(self.path);
            let names = names.unwrap_or_default().into_iter();
            let others = names.filter(|name| Some(name) != own.as_ref());
            return others
                .map(|name| self.offer(&name, CompletionKind::Object, None))
                .collect();
        }
        let present = self.present();
        let mut found = Vec::new();
        for one in resolved(schema, at) {
            let properties = one.get("properties").and_then(Json::as_object);
            for (name, field) in properties.into_iter().flatten() {
                let about = field.get("description").and_then(Json::as_str);
                if !present.contains(name) {
                    let about = about.unwrap_or_default().replace('\n', " ");
                    found.push(self.key(name, &about));
                }
            }
            if self.spot.is_key {
                continue;
            }
            let words = one
                .get("enum")
                .and_then(Json::as_array)
                .into_iter()
                .flatten();
            let single = one.get("const").into_iter();
            for word in words.chain(single).filter_map(Json::as_str) {
                found.push(self.offer(word, CompletionKind::Word, None));
            }
            if one.get("type").and_then(Json::as_str) == Some("boolean") {
                found.extend(self.words(&["true", "false"]));
            }
        }
        let is_text = |one: &&Json| match one.get("type") {
            Some(Json::String(name)) => name == "string",
            Some(Json::Array(names)) => names.iter().any(|name| name == "string"),
            _ => false,
        };
        let all = resolved(schema, at);
        if found.is_empty() && !self.spot.is_key && all.iter().any(is_text) {
            found = self.files("", true, &|_| true);
        }
        found
    }

    /// The fields and words of a Kubernetes kind.
    fn in_manifest(&self) -> Vec<Completion> {
        let Some(object) = object(self.root()) else {
            return Vec::new();
        };
        let kinds = self.scene.version.kinds();
        let words: Vec<&str> = self
            .spot
            .way
            .iter()
            .map(|part| match part {
                Part::Key(key) => key.as_str(),
                Part::Item(_) => "[]",
            })
            .collect();
        let Named {
            api_version, kind, ..
        } = object;
        let mut found = Vec::new();
        if !self.spot.is_key
            && let Some(field) = kinds.field(api_version, kind, &words)
        {
            found.extend(self.words(&field.allowed));
            if field.kind == "boolean" {
                found.extend(self.words(&["true", "false"]));
            }
        }
        if found.is_empty() {
            let present = self.present();
            let fields = kinds.fields(api_version, kind, &words);
            for field in fields.iter().filter(|it| !present.contains(it.name)) {
                let detail = match field.required {
                    true => format!("{}, required", field.kind),
                    false => field.kind.clone(),
                };
                found.push(Completion {
                    detail: Some(detail),
                    ..self.key(field.name, "")
                });
            }
        }
        found
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json", ".yaml.j2"]
        .iter()
        .any(|end| name.ends_with(end))
        && !is_kustomization(Path::new(name))
}

/// The ways to the scalars of an object, as `fieldPath` takes them.
fn field_paths(node: &Node, start: &str, found: &mut BTreeSet<String>) {
    if found.len() >= MOST {
        return;
    }
    for entry in node.entries() {
        let key = entry.key.text().unwrap_or_default();
        // A key with dots stands in brackets.
        let part = match key.contains(['.', '/']) {
            true => format!("[{key}]"),
            false => key.to_owned(),
        };
        let way = match start {
            "" => part,
            start => format!("{start}.{part}"),
        };
        field_paths(&entry.value, &way, found);
    }
    for (index, item) in node.items().iter().enumerate() {
        let name = item.get("name").and_then(Node::text);
        let part = name.map_or_else(|| index.to_string(), |name| format!("[name={name}]"));
        field_paths(item, &format!("{start}.{part}"), found);
    }
    if node.is_scalar() && !start.is_empty() {
        found.insert(start.to_owned());
    }
}

/// The values that a template is given: their names, never what they are.
fn in_template(scene: &Scene<'_>, path: &Path, text: &str, offset: usize) -> Vec<Completion> {
    let before = text.cut(..offset);
    let open = before.rfind("{{").max(before.rfind("{%"));
    let is_inside = open.is_some_and(|open| {
        let rest = before.cut(open..);
        !rest.contains("}}") && !rest.contains("%}")
    });
    if !is_inside {
        return Vec::new();
    }
    let is_part = |c: char| c.is_alphanumeric() || "_.".contains(c);
    let start = before.len() - {
        let word: usize = before
            .chars()
            .rev()
            .take_while(|c| is_part(*c))
            .map(char::len_utf8)
            .sum();
        word
    };
    let typed = before.cut(start..);
    let Some(project) = &scene.project else {
        return Vec::new();
    };
    // A template of a base is rendered in every environment.
    let names = match scene.environment_of(path) {
        Some(name) => vec![name],
        None => project.names(scene.files),
    };
    let mut found: BTreeSet<(String, bool)> = BTreeSet::new();
    for name in names {
        let Ok(environment) = project.environment(scene.files, &name) else {
            continue;
        };
        let Ok(values) = values(scene.files, project, &environment, &Values::default()) else {
            continue;
        };
        let all = Json::from(values.into_map());
        let (way, _) = typed.rsplit_once('.').unwrap_or(("", typed));
        let mut inner = way.split('.').filter(|part| !part.is_empty());
        let inner = inner.try_fold(&all, |value, part| value.get(part));
        for (key, value) in inner.and_then(Json::as_object).into_iter().flatten() {
            let label = match way {
                "" => key.clone(),
                way => format!("{way}.{key}"),
            };
            found.insert((label, value.is_object()));
        }
    }
    found
        .into_iter()
        .map(|(label, is_map)| Completion {
            label: printable(&label).into_owned(),
            kind: CompletionKind::Variable,
            detail: is_map.then(|| "map".to_owned()),
            documentation: None,
            replaces: start..offset,
            text: label,
            is_deprecated: false,
        })
        .collect()
}
