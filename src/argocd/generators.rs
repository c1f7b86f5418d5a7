//! Generators: the parameters of an ApplicationSet.
//!
//! Source: <https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/>, and
//! what 3.6.1 makes of many inputs.

use std::collections::BTreeMap;

use kustom_gotemplate::{Refusal, Value, from_node, from_yaml, normalize, to_text};

use super::json::{Json, Shape};
use super::selector::{Selector, flatten};
use super::template::Renderer;
use super::tree::Tree;
use super::types::{GENERATOR_TEMPLATE, fill};
use crate::error::{Error, Kind, Result};
use crate::place::{Place, SourceId, Span};
use crate::yaml::configs;

/// The kinds of generators, in the order in which Argo CD asks them.
const KINDS: [&str; 10] = [
    "list",
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "matrix",
    "merge",
    "plugin",
    "oci",
];

/// How many parameter sets an ApplicationSet may have.
const MOST: usize = 100_000;

/// What generators read.
pub(super) struct Generators<'g> {
    pub(super) renderer: &'g Renderer<'g>,
    pub(super) tree: &'g Tree<'g>,
}

/// The parameter sets of a generator, and the template for them.
pub(super) struct Generated {
    pub(super) sets: Vec<Value>,
    pub(super) template: Json,
}

fn wrong(message: impl Into<String>, near: Span) -> Error {
    Error::new(Kind::Resource, message).at(near)
}

fn refused(refusal: &Refusal, near: Span) -> Error {
    wrong(refusal.message(), near)
}

impl Generators<'_> {
    /// What an entry of `generators` makes: one kind after the other, if there are several.
    pub(super) fn run(
        &self,
        generator: &Json,
        template: &Json,
        parameters: Option<&Value>,
    ) -> Result<Vec<Generated>> {
        let selector = Selector::of(generator)?;
        let mut all = Vec::new();
        for kind in KINDS
            .into_iter()
            .filter(|kind| generator.get(kind).is_some())
        {
            let Some(written) = generator.get(kind) else {
                continue;
            };
            let own = written.get("template");
            let empty = Json::new(Shape::Map(BTreeMap::new()), written.span);
            let mut merged = own.unwrap_or(&empty).clone();
            fill(&mut merged, template, GENERATOR_TEMPLATE);
            let rendered = match parameters {
                Some(parameters) if !parameters.entries_of().is_empty() => {
                    let whole = self.renderer.generator(generator, parameters)?;
                    whole.get(kind).cloned()
                }
                _ => None,
            };
            let settings = rendered.as_ref().unwrap_or(written);
            let mut sets = match kind {
                "list" => self.list(settings)?,
                "git" => self.git(settings)?,
                "matrix" => self.matrix(settings)?,
                "merge" => self.merge(settings)?,
                _ => {
                    let message =
                        format!("the generator `{kind}` asks the cluster or another service");
                    let help =
                        "only `list`, `git`, `matrix` and `merge` can be told from a repository";
                    return Err(wrong(message, written.span).help(help));
                }
            };
            if let Some(selector) = &selector {
                let mut kept = Vec::new();
                for set in sets {
                    if selector.matches(&set, &self.renderer.meter)? {
                        kept.push(set);
                    }
                }
                sets = kept;
            }
            all.push(Generated {
                sets,
                template: merged,
            });
        }
        Ok(all)
    }

    /// What a generator within another makes.
    fn nested(&self, generator: &Json, parameters: Option<&Value>) -> Result<Vec<Value>> {
        let nothing = Json::new(Shape::Map(BTreeMap::new()), generator.span);
        let mut all = self.run(generator, &nothing, parameters)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one.sets),
            (Some(_), false) => Err(wrong("one entry names several generators", generator.span)),
            (None, _) => Err(wrong("an entry names no generator", generator.span)),
        }
    }

    fn list(&self, list: &Json) -> Result<Vec<Value>> {
        let mut sets = Vec::new();
        for element in list.get("elements").map_or(&[][..], Json::items) {
            let map = match &element.shape {
                Shape::Map(map) => map,
                Shape::Null => {
                    sets.push(element_of(BTreeMap::new(), element.span)?);
                    continue;
                }
                _ => {
                    let message = format!("an element is {} and no map", element.type_name());
                    return Err(wrong(message, element.span));
                }
            };
            if self.renderer.is_go() {
                sets.push(element.to_value()?);
                continue;
            }
            let mut set = BTreeMap::new();
            for (key, value) in map {
                if key != "values" {
                    set.insert(key.clone(), Value::text(only_text(key, value)?));
                    continue;
                }
                let Some(values) = value.map() else {
                    return Err(wrong("`values` is no map", value.span));
                };
                for (key, value) in values {
                    let text = Value::text(only_text(key, value)?);
                    set.insert(format!("values.{key}"), text);
                }
            }
            sets.push(element_of(set, element.span)?);
        }
        let yaml = list.str_at("elementsYaml");
        if !yaml.is_empty() {
            let near = list.get("elementsYaml").map_or(list.span, |yaml| yaml.span);
            let read = from_yaml(yaml).map_err(|refusal| {
                wrong(
                    format!("`elementsYaml` is no YAML: {}", refusal.message()),
                    near,
                )
            })?;
            sets.extend(
                maps_of(&read).ok_or_else(|| wrong("`elementsYaml` is no list of maps", near))?,
            );
        }
        Ok(sets)
    }

    fn git(&self, git: &Json) -> Result<Vec<Value>> {
        let patterns = |key: &str| -> Vec<(&str, bool)> {
            let listed = git.get(key).map_or(&[][..], Json::items).iter();
            listed
                .map(|one| (one.str_at("path"), one.bool_at("exclude")))
                .collect()
        };
        let (directories, files) = (patterns("directories"), patterns("files"));
        let prefix = git.str_at("pathParamPrefix");
        let mut sets = Vec::new();
        if !directories.is_empty() {
            for path in self.tree.directories(&directories) {
                let mut set = BTreeMap::new();
                self.path(&mut set, &path, None, prefix);
                sets.push(self.with_values(set, git)?);
            }
            return Ok(sets);
        }
        if files.is_empty() {
            return Err(wrong(
                "a git generator names no directories and no files",
                git.span,
            ));
        }
        let mut chosen: BTreeMap<&str, bool> = BTreeMap::new();
        let listed = |pattern: &str| {
            self.tree.files(pattern).map_err(|message| {
                let items = git.get("files").map_or(&[][..], Json::items).iter();
                let near = items.filter_map(|one| one.get("path"));
                let near = near.into_iter().find(|path| path.as_str() == Some(pattern));
                wrong(message, near.map_or(git.span, |path| path.span))
            })
        };
        for (pattern, _) in files.iter().filter(|(_, excludes)| !excludes) {
            chosen.extend(listed(pattern)?.into_iter().map(|path| (path, true)));
        }
        for (pattern, _) in files.iter().filter(|(_, excludes)| *excludes) {
            for path in listed(pattern)? {
                chosen.remove(path);
            }
        }
        for path in chosen.into_keys() {
            for object in self.objects(path)? {
                let mut set = BTreeMap::new();
                if self.renderer.is_go() {
                    if let Value::Map(map) = &object {
                        set = map.entries.borrow().clone();
                    }
                } else {
                    let mut flat = BTreeMap::new();
                    flatten(&object, "", &mut flat, &self.renderer.meter)?;
                    let flat = flat.into_iter();
                    set.extend(flat.map(|(key, value)| (key, Value::text(value))));
                }
                let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
                self.path(&mut set, directory, Some(name), prefix);
                sets.push(self.with_values(set, git)?);
            }
            bounded(&sets, git)?;
        }
        Ok(sets)
    }

    /// The objects of a file: one, or those of a list. Only its first document counts.
    fn objects(&self, path: &str) -> Result<Vec<Value>> {
        let in_file = |error: Error| error.name_files(|_| Some(path.into()));
        let content = self.tree.content(path)?;
        let source = SourceId::new(0);
        let documents = configs(&content, source).map_err(in_file)?;
        let value = match documents.first() {
            Some(node) => from_node(node).map_err(|refusal| {
                Error::new(Kind::Template, refusal.message()).at(Place::in_file(path, node.span))
            })?,
            None => Value::Nil,
        };
        match value {
            Value::Nil => Ok(vec![element_of(BTreeMap::new(), Span::default())?]),
            Value::Map(_) => Ok(vec![value]),
            _ => maps_of(&value).ok_or_else(|| {
                let message = "a file of a git generator holds neither a map nor a list of maps";
                let span = documents
                    .first()
                    .map_or_else(Span::default, |node| node.span);
                Error::new(Kind::Template, message).at(Place::in_file(path, span))
            }),
        }
    }

    /// The parameters that a path gives.
    fn path(
        &self,
        set: &mut BTreeMap<String, Value>,
        directory: &str,
        file: Option<&str>,
        prefix: &str,
    ) {
        let base = directory.rsplit('/').next().unwrap_or(directory);
        let mut texts = vec![
            ("basename", base.to_owned()),
            ("basenameNormalized", normalize(base)),
        ];
        if let Some(file) = file {
            texts.push(("filename", file.to_owned()));
            texts.push(("filenameNormalized", normalize(file)));
        }
        let segments = directory.split('/');
        if self.renderer.is_go() {
            let mut path: BTreeMap<String, Value> = texts
                .into_iter()
                .map(|(key, value)| (key.to_owned(), Value::text(value)))
                .collect();
            path.insert("path".to_owned(), Value::text(directory));
            path.insert("segments".to_owned(), Value::texts(segments));
            let Ok(mut path) = Value::map(path) else {
                return;
            };
            let mut key = "path".to_owned();
            if !prefix.is_empty() {
                let Ok(outer) = Value::map(BTreeMap::from([(key, path)])) else {
                    return;
                };
                (key, path) = (prefix.to_owned(), outer);
            }
            set.insert(key, path);
            return;
        }
        let name = if prefix.is_empty() {
            "path".to_owned()
        } else {
            format!("{prefix}.path")
        };
        for (key, value) in texts {
            set.insert(format!("{name}.{key}"), Value::text(value));
        }
        for (index, segment) in segments.enumerate() {
            set.insert(format!("{name}[{index}]"), Value::text(segment));
        }
        set.insert(name, Value::text(directory));
    }

    /// The parameters with those that `values` makes of them.
    fn with_values(&self, set: BTreeMap<String, Value>, git: &Json) -> Result<Value> {
        let Some(values) = git.get("values").and_then(Json::map) else {
            return element_of(set, git.span);
        };
        let known = element_of(set, git.span)?;
        let mut made = BTreeMap::new();
        for (key, value) in values {
            let text = value.as_str().unwrap_or_default();
            made.insert(
                key.clone(),
                self.renderer.replace(text, value.span, &known)?,
            );
        }
        if let Value::Map(map) = &known {
            let mut entries = map.entries.borrow_mut();
            if self.renderer.is_go() {
                if !made.is_empty() {
                    entries.insert("values".to_owned(), Value::text_map(made));
                }
            } else {
                for (key, value) in made {
                    entries.insert(format!("values.{key}"), Value::text(value));
                }
            }
        }
        Ok(known)
    }

    fn matrix(&self, matrix: &Json) -> Result<Vec<Value>> {
        let generators = matrix.get("generators").map_or(&[][..], Json::items);
        let [first, second] = generators else {
            let message = format!("a matrix has {} generators and not two", generators.len());
            return Err(wrong(message, matrix.span));
        };
        let meter = &self.renderer.meter;
        let outer = self.nested(first, None)?;
        let once = match outer.first() {
            Some(_) if !second.has_braces() => Some(self.nested(second, None)?),
            _ => None,
        };
        let mut sets = Vec::new();
        for one in &outer {
            let inner = match &once {
                Some(inner) => inner.clone(),
                None => self.nested(second, Some(one))?,
            };
            for other in inner {
                sets.push(if self.renderer.is_go() {
                    let refused = |refusal: Refusal| refused(&refusal, matrix.span);
                    let both = other.deep_copy(meter).map_err(refused)?;
                    both.merge(&one.deep_copy(meter).map_err(refused)?, true, meter)
                        .map_err(refused)?;
                    both
                } else {
                    self.combined(one, &other, matrix)?
                });
            }
            bounded(&sets, matrix)?;
        }
        Ok(sets)
    }

    /// Both sets as texts; a key in both must have one value.
    fn combined(&self, one: &Value, other: &Value, matrix: &Json) -> Result<Value> {
        let mut set: BTreeMap<String, Value> = BTreeMap::new();
        for (key, value) in one.entries_of().into_iter().chain(other.entries_of()) {
            let text = to_text(&value, &self.renderer.meter);
            let text = text.map_err(|refusal| refused(&refusal, matrix.span))?;
            let known = set.get(&key).and_then(Value::as_str);
            if known.is_some_and(|known| known != text) {
                let message = format!("both generators of a matrix make `{key}`, with two values");
                let help = "with `goTemplate: true` the first generator wins";
                return Err(wrong(message, matrix.span).help(help));
            }
            set.insert(key, Value::text(text));
        }
        element_of(set, matrix.span)
    }

    fn merge(&self, merge: &Json) -> Result<Vec<Value>> {
        let generators = merge.get("generators").map_or(&[][..], Json::items);
        if generators.len() < 2 {
            let message = format!(
                "a merge has {} generators and not two or more",
                generators.len()
            );
            return Err(wrong(message, merge.span));
        }
        let mut all = Vec::new();
        for generator in generators {
            all.push(self.nested(generator, None)?);
        }
        let keys: Vec<&str> = merge
            .get("mergeKeys")
            .map_or(&[][..], Json::items)
            .iter()
            .filter_map(Json::as_str)
            .collect();
        if keys.is_empty() {
            return Err(wrong("a merge names no `mergeKeys`", merge.span));
        }
        let meter = &self.renderer.meter;
        let mut rest = all.into_iter();
        let base = rest.next().unwrap_or_default();
        let mut order = Vec::new();
        let base = self.by_key(base, &keys, merge, Some(&mut order))?;
        for sets in rest {
            let others = self.by_key(sets, &keys, merge, None)?;
            for (key, set) in &base {
                let Some(other) = others.get(key) else {
                    continue;
                };
                if self.renderer.is_go() {
                    set.merge(other, true, meter)
                        .map_err(|refusal| refused(&refusal, merge.span))?;
                } else if let Value::Map(map) = set {
                    map.entries.borrow_mut().extend(other.entries_of());
                }
            }
        }
        Ok(order
            .iter()
            .filter_map(|key| base.get(key).cloned())
            .collect())
    }

    /// Parameter sets by the JSON of their keys, and these in their order.
    fn by_key(
        &self,
        sets: Vec<Value>,
        keys: &[&str],
        merge: &Json,
        mut order: Option<&mut Vec<String>>,
    ) -> Result<BTreeMap<String, Value>> {
        let mut found = BTreeMap::new();
        for set in sets {
            let mut parts = Vec::new();
            for key in keys {
                let value = set.get(key).unwrap_or(Value::Nil);
                let json = kustom_gotemplate::to_json(&value, &self.renderer.meter);
                parts.push(json.map_err(|refusal| refused(&refusal, merge.span))?);
            }
            let key = parts.join(",");
            if let Some(order) = &mut order {
                order.push(key.clone());
            }
            if found.insert(key, set).is_some() {
                let message = format!("two parameter sets have the same `{}`", keys.join("`, `"));
                let help = "every generator of a merge makes each combination of its keys once";
                return Err(wrong(message, merge.span).help(help));
            }
        }
        Ok(found)
    }
}

fn bounded(sets: &[Value], near: &Json) -> Result<()> {
    if sets.len() > MOST {
        let message = format!("a generator makes more than {MOST} parameter sets");
        return Err(Error::new(Kind::Limit, message).at(near.span));
    }
    Ok(())
}

fn element_of(set: BTreeMap<String, Value>, near: Span) -> Result<Value> {
    Value::map(set).map_err(|refusal| refused(&refusal, near))
}

/// Without Go's templates all values of a list are texts.
fn only_text<'j>(key: &str, value: &'j Json) -> Result<&'j str> {
    value.as_str().ok_or_else(|| {
        let message = format!(
            "`{key}` of an element is {} and not a string",
            value.type_name()
        );
        let help = "put it into quotes, or set `goTemplate: true`";
        wrong(message, value.span).help(help)
    })
}

/// The maps of a list; null is an empty one.
fn maps_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Nil => Some(Vec::new()),
        Value::List(list) => {
            let items = list.items.iter();
            let maps = items.map(|item| match item {
                Value::Map(_) => Some(item.clone()),
                Value::Nil => Value::map(BTreeMap::new()).ok(),
                _ => None,
            });
            maps.collect()
        }
        _ => None,
    }
}
