//! What a value follows from, where a step takes it from something else: a name from the object
//! that is named, a copy from its source, a hash from what it covers.

use super::chain::{Event, Reason};
use super::field::shown;
use super::object::named;
use super::recorder::{Life, Version};
use super::track::{Seg, at, leaves};
use super::{Explained, chain::first_span};
use crate::build::StepKind;
use crate::fields::Fields;
use crate::place::SourceId;
use crate::yaml::Node;

/// Whether the way of a field of a custom kind begins the way to a value.
fn leads(path: &str, keys: &[&str]) -> bool {
    let parts = path
        .split('/')
        .map(|part| part.split('[').next().unwrap_or(part));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let fits = |parts: &[&str], keys: &[&str]| {
        parts.len() <= keys.len()
            && parts
                .iter()
                .zip(keys)
                .all(|(part, key)| *part == "*" || part == key)
    };
    match parts.split_first() {
        Some((&"**", rest)) => (0..keys.len()).any(|start| fits(rest, &keys[start..])),
        _ => fits(&parts, keys),
    }
}

impl Explained {
    /// Adds what a new value follows from to its event.
    pub(super) fn reason(
        &self,
        event: &mut Event,
        life: &Life,
        number: usize,
        old: Option<&Node>,
        (way, new): (&[Seg], &Node),
    ) {
        let version = &life.versions[number];
        event.reasons = match self.steps[version.step].kind {
            StepKind::NameReferenceTransformer => {
                self.referred(version, old, way, new).into_iter().collect()
            }
            StepKind::ReplacementTransformer => {
                self.copied(version, way, new).into_iter().collect()
            }
            StepKind::HashTransformer => self.hashed(version),
            _ => Vec::new(),
        };
        event.reasons.extend(self.ruled(version, way));
    }

    /// The rule of a custom kind that a transformer has followed.
    fn ruled(&self, version: &Version, way: &[Seg]) -> Option<Reason> {
        let is_ruled = matches!(
            self.steps[version.step].kind,
            StepKind::AnnotationsTransformer
                | StepKind::ImageTagTransformer
                | StepKind::LabelTransformer
                | StepKind::NameReferenceTransformer
                | StepKind::ReplicaCountTransformer
        );
        let gvk = &version.id.gvk;
        let kind = self.kinds.as_ref()?.get(&gvk.group, &gvk.kind);
        let kind = kind.filter(|_| is_ruled)?;
        let keys = way.iter().filter_map(|seg| match seg {
            Seg::Key(key) => Some(key.as_str()),
            Seg::Item(_) => None,
        });
        let keys: Vec<&str> = keys.collect();
        let field = kind.fields.iter().find(|field| leads(&field.path, &keys))?;
        Some(Reason {
            text: format!(
                "`{}` of {} is known by `customKinds` ({})",
                field.path, kind.kind, kind.source
            ),
            place: None,
        })
    }

    /// The object whose name a reference follows.
    fn referred(
        &self,
        version: &Version,
        old: Option<&Node>,
        way: &[Seg],
        new: &Node,
    ) -> Option<Reason> {
        let new = new.text()?;
        let Some(old) = old else {
            return self.followed(version, way, new);
        };
        let old = old.text()?;
        let keys = way.iter().filter_map(|seg| match seg {
            Seg::Key(key) => Some(key.as_str()),
            Seg::Item(_) => None,
        });
        let path = keys.collect::<Vec<_>>().join("/");
        let fields = Fields::builtin();
        let rows = fields.references_of(&version.id.gvk);
        let is_named = |kind: &str| {
            let mut rows = rows.iter();
            rows.any(|(spec, referral)| {
                let spec = spec.path.replace("[]", "");
                referral.kind == kind && (path == spec || path == format!("{spec}/name"))
            })
        };
        let is_it = |life: &&Life| {
            let then = life.versions.iter().rfind(|it| it.step <= version.step);
            let is_now = then.is_some_and(|it| it.id.name == new || it.id.namespace == new);
            is_now && life.ids().any(|id| id.name == old || id.namespace == old)
        };
        let candidates: Vec<&Life> = self.lives.iter().filter(is_it).collect();
        let named_kind = candidates.iter().find(|life| is_named(&life.id().gvk.kind));
        let target = named_kind.or(candidates.first())?;
        let name = target.last().node.at(&["metadata", "name"]);
        Some(Reason {
            text: format!("follows the name of `{}`", named(target.id())),
            place: name.and_then(|name| self.place(name.span)),
        })
    }

    /// The object in whose namespace a reference has found what it names.
    fn followed(&self, version: &Version, way: &[Seg], namespace: &str) -> Option<Reason> {
        let (_, above) = way.split_last()?;
        let name = at(&version.node, above)?.get("name")?.text()?;
        let is_it = |life: &&Life| life.id().name == name && life.id().namespace == namespace;
        let target = self.lives.iter().find(is_it)?;
        let node = target.node().at(&["metadata", "namespace"]);
        Some(Reason {
            text: format!("follows the namespace of `{}`", named(target.id())),
            place: node.and_then(|node| self.place(node.span)),
        })
    }

    /// The field that a replacement copied.
    fn copied(&self, version: &Version, way: &[Seg], new: &Node) -> Option<Reason> {
        if new.span.source == SourceId::NONE {
            return None;
        }
        for life in &self.lives {
            let Some(then) = life.versions.iter().rfind(|it| it.step < version.step) else {
                continue;
            };
            let ways = leaves(&then.node).into_iter();
            let source = ways
                .filter(|one| then.id != version.id || one != way)
                .find(|one| {
                    let node = at(&then.node, one);
                    node.is_some_and(|node| node.span == new.span && node.span.line > 0)
                });
            if let Some(source) = source {
                let field = shown(&then.node, &source);
                return Some(Reason {
                    text: format!("copied from `{field}` of `{}`", named(&then.id)),
                    place: self.place(new.span),
                });
            }
        }
        None
    }

    /// What a content hash covers.
    fn hashed(&self, version: &Version) -> Vec<Reason> {
        let fields = ["data", "binaryData", "stringData"].iter();
        let maps = fields.filter_map(|field| Some((field, version.node.get(field)?)));
        let entries = maps.flat_map(|(field, map)| {
            let entries = map.entries().iter();
            entries.map(move |entry| (field, entry))
        });
        let reasons = entries.map(|(field, entry)| Reason {
            text: format!("covers `{field}[{}]`", entry.key.text().unwrap_or_default()),
            place: self.place(first_span(&entry.value)),
        });
        reasons.collect()
    }
}
