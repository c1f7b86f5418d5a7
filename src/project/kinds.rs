//! Custom kinds that the build of an environment knows, and what knowing them would change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use super::reach::Reach;
use super::{Environment, Project};
use crate::build::{self, Built};
use crate::dangling::object_of;
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::kinds::Kinds;
use crate::load::Files;
use crate::place::{Place, Span};
use crate::resource::Resource;
use crate::yaml::{Node, Value};

/// The kinds that the build of an environment knows besides those of kustomize: well-known ones,
/// and those that `crds` of `kustom.yaml` define; `None` unless `customKinds` is set.
///
/// # Errors
///
/// If a definition cannot be read.
pub(super) fn known(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Option<Arc<Kinds>>> {
    if environment.custom_kinds(project) != Some(true) {
        return Ok(None);
    }
    let definitions = project.definitions(files)?;
    Ok(Some(Arc::new(Kinds::well_known().defined_by(&definitions))))
}

/// The kinds with those that are defined in a build, if it has objects of one of them, or fails.
pub(super) fn with_rendered(options: &build::Options, built: Option<&Built>) -> Option<Arc<Kinds>> {
    let kinds = options.kinds.as_deref()?;
    let read = options.definitions.as_ref()?;
    let read = read.lock().unwrap_or_else(PoisonError::into_inner);
    let resources = built.map(|built| built.resources.as_slice());
    let rendered = rendered_definitions(resources.unwrap_or_default());
    let more = kinds.clone().defined_by(read.iter()).defined_by(rendered);
    let is_other = |resource: &Resource| {
        let gvk = &resource.id().gvk;
        more.get(&gvk.group, &gvk.kind) != kinds.get(&gvk.group, &gvk.kind)
    };
    let matters = resources.map_or(!read.is_empty(), |all| all.iter().any(is_other));
    matters.then(|| Arc::new(more))
}

fn rendered_definitions(resources: &[Resource]) -> impl Iterator<Item = &Node> {
    let definitions = resources.iter();
    definitions
        .filter(|one| one.id().gvk.kind == "CustomResourceDefinition")
        .map(|one| &one.node)
}

/// What `customKinds: true` would change in a build, each field of a kind once. It is built a second
/// time for that, by `build` with the kinds, if a step has run that could do something else for one of
/// its objects.
pub(super) fn would_change(
    built: &Built,
    definitions: &[Node],
    reach: &Reach<'_>,
    build: impl FnOnce(Arc<Kinds>) -> Result<Built>,
) -> Vec<Finding> {
    let known = Kinds::well_known()
        .defined_by(definitions)
        .defined_by(rendered_definitions(&built.resources));
    if !reach.matters(&known, &built.resources) {
        return Vec::new();
    }
    match build(Arc::new(known)) {
        Ok(other) => differences(built, &other),
        Err(_) => Vec::new(),
    }
}

/// Notes the fields that differ, by kind and path.
fn differences(rendered: &Built, other: &Built) -> Vec<Finding> {
    // Their namespaces may differ.
    let key = |resource: &Resource| {
        let id = resource.original_id();
        (id.gvk, id.name)
    };
    let mut others: HashMap<_, Vec<&Resource>> = HashMap::new();
    for resource in other.resources.iter().rev() {
        others.entry(key(resource)).or_default().push(resource);
    }
    let mut found: BTreeMap<(String, String), Finding> = BTreeMap::new();
    for resource in &rendered.resources {
        let Some(other) = others.get_mut(&key(resource)).and_then(Vec::pop) else {
            continue;
        };
        let mut changes = Changes::default();
        changes.compare(&resource.node, &other.node, &mut String::new());
        for change in changes.list {
            let kind = resource.id().gvk.kind.to_string();
            let mut place = Place::from(change.span.unwrap_or(resource.node.span));
            rendered.sources.locate(&mut place);
            let id = (kind, change.path.clone());
            match found.get_mut(&id) {
                Some(known) if known.place.as_ref() != Some(&place) => {
                    if !known.others.contains(&place) {
                        known.others.push(place);
                    }
                }
                Some(_) => {}
                None => {
                    let message = format!(
                        "`{}` of {} {} with `customKinds: true`",
                        change.path,
                        crate::dangling::shown(resource),
                        change.what,
                    );
                    let help = "set `customKinds: true` in `kustom.yaml` or `environment.yaml`, or \
                                `false` if it is right as it is";
                    let finding = Finding::new("custom-kind", Severity::Note, message)
                        .at(place)
                        .about(object_of(resource))
                        .help(help);
                    found.insert(id, finding);
                }
            }
        }
    }
    found.into_values().collect()
}

/// A field that another build makes otherwise.
struct Change {
    path: String,
    what: String,
    span: Option<Span>,
}

#[derive(Default)]
struct Changes {
    list: Vec<Change>,
}

impl Changes {
    fn add(&mut self, path: &str, node: &Node, what: String) {
        self.list.push(Change {
            path: path.to_owned(),
            what,
            span: (node.span.line > 0).then_some(node.span),
        });
    }

    fn compare(&mut self, old: &Node, new: &Node, path: &mut String) {
        match (&old.value, &new.value) {
            (Value::Map(ours), Value::Map(theirs)) => {
                let theirs: BTreeMap<&str, &Node> = theirs
                    .iter()
                    .filter_map(|entry| Some((entry.key.text()?, &entry.value)))
                    .collect();
                let mut seen = BTreeSet::new();
                for entry in ours {
                    let key = entry.key.text().unwrap_or_default();
                    seen.insert(key);
                    let length = step(path, key);
                    match theirs.get(key) {
                        Some(new) => self.compare(&entry.value, new, path),
                        None => self.add(path, &entry.value, "would go".to_owned()),
                    }
                    path.truncate(length);
                }
                for (key, _) in theirs.iter().filter(|(key, _)| !seen.contains(*key)) {
                    let length = step(path, key);
                    self.add(path, old, "would be there".to_owned());
                    path.truncate(length);
                }
            }
            (Value::Seq(ours), Value::Seq(theirs)) if ours.len() == theirs.len() => {
                path.push_str("[]");
                for (old, new) in ours.iter().zip(theirs) {
                    self.compare(old, new, path);
                }
                path.truncate(path.len() - 2);
            }
            (Value::Scalar(ours), Value::Scalar(theirs)) => {
                if ours != theirs {
                    self.add(path, old, format!("would be `{theirs}`"));
                }
            }
            _ => self.add(path, old, "would be merged otherwise".to_owned()),
        }
    }
}

/// Goes on to a key, and says how long the path was.
fn step(path: &mut String, key: &str) -> usize {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    path.push_str(key);
    length
}
