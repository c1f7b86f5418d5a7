//! What the steps of a build did to a value, oldest first.

use super::field::{Field, Found, shown};
use super::object::named;
use super::recorder::{Life, Recorded};
use super::track::{Difference, Seg, at, before, differences, leaves};
use super::{Explained, removal};
use crate::build::StepKind;
use crate::error::{Error, Kind, Result};
use crate::id::Id;
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, Value};

/// How many values that a step adds at once are told one by one.
const FEW: usize = 4;

/// What a step did to a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The field of the kustomization that asks for the step, or what the step does where none
    /// does: `patches`, `content hash`.
    pub step: &'static str,
    /// Its number among all steps of the build: events of one step have the same.
    pub number: usize,
    /// What became of the value.
    pub effect: Effect,
    /// Which value; empty for the whole object.
    pub field: String,
    /// What it was, if it was there.
    pub before: Option<String>,
    /// What it is then, if it is there.
    pub after: Option<String>,
    /// Where the new value is written, or what removes the old one; nothing for what follows from
    /// something else.
    pub place: Option<Place>,
    /// Where the kustomization asks for the step, if that is another place.
    pub entry: Option<Place>,
    /// What the new value follows from.
    pub reasons: Vec<Reason>,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It was not there before.
    Created,
    /// It became another.
    Set,
    /// It was written anew, and is what it was.
    Repeated,
    /// It is there no more.
    Removed,
}

/// What a value follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// In words.
    pub text: String,
    /// Where that is written.
    pub place: Option<Place>,
}

/// A field of an object, and what made it what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The field, by the names that its items have.
    pub field: String,
    /// Its value in the end; nothing if it was removed.
    pub value: Option<String>,
    /// What the steps did, oldest first; there is at least one.
    pub events: Vec<Event>,
}

impl Explained {
    /// What became of a whole object, step by step.
    pub fn life(&self, life: &Life) -> Vec<Event> {
        let mut events = self.trace(life, life.versions.len() - 1, &[]);
        events.extend(self.removal_of(life));
        events
    }

    /// What made a field of an object what it is, or removed it.
    ///
    /// # Errors
    ///
    /// If the object never had it, with what could have been meant.
    pub fn field(&self, life: &Life, field: &Field) -> Result<Chain> {
        let mut nowhere = None;
        for (number, version) in life.versions.iter().enumerate().rev() {
            match field.find(&version.node) {
                Found::At(way) => return Ok(self.chain(life, number, &way)),
                Found::Within(way, left) => {
                    if let Some(chain) = self.within(life, number, &way, &field.end(left)) {
                        return Ok(chain);
                    }
                }
                Found::Nowhere(at, near) => {
                    nowhere.get_or_insert((at, near));
                }
            }
        }
        let (at, near) = nowhere.unwrap_or_default();
        let name = named(life.id());
        let message = format!("`{name}` has no field `{}`, and never had", field.until(at));
        let error = Error::new(Kind::Project, message);
        Err(match near {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!(
                "`kustom explain` without a field shows what `{name}` has"
            )),
        })
    }

    /// The chain of a value of a version.
    pub(super) fn chain(&self, life: &Life, number: usize, way: &[Seg]) -> Chain {
        let version = &life.versions[number];
        let mut events = self.trace(life, number, way);
        let removed = match life.versions.get(number + 1) {
            Some(next) => Some(self.removal(next.step, &version.node, &version.id, way)),
            None => life.removed.map(|step| {
                let mut event = self.removal(step, &version.node, &version.id, &[]);
                event.field = shown(&version.node, way);
                event
            }),
        };
        let value = at(&version.node, way);
        let value = value.map(|node| self.value(&version.id, way, node));
        let value = value.filter(|_| removed.is_none());
        events.extend(removed);
        Chain {
            field: shown(&version.node, way),
            value,
            events,
        }
    }

    /// What the steps did to a value until a version, and to what is in it.
    fn trace(&self, life: &Life, number: usize, way: &[Seg]) -> Vec<Event> {
        let mut way = way.to_vec();
        let mut found: Vec<Vec<Event>> = Vec::new();
        let mut at_version = number;
        loop {
            let version = &life.versions[at_version];
            let Some(new) = at(&version.node, &way) else {
                break;
            };
            let earlier = at_version.checked_sub(1).map(|at| &life.versions[at]);
            let origin =
                earlier.and_then(|it| before(&it.node, &version.node, &way, &self.alignments));
            let (Some(earlier), Some(origin)) = (earlier, origin) else {
                let event = self.created(life, at_version, &way, new);
                found.push(self.with_scripts(event, version, &way, new));
                break;
            };
            if let Some(old) = at(&earlier.node, &origin)
                && old != new
            {
                let below = differences(old, new);
                let events = below.into_iter().flat_map(|difference| {
                    self.changed(life, at_version, (&origin, &way), difference)
                });
                found.push(events.collect());
            }
            way = origin;
            at_version -= 1;
        }
        found.into_iter().rev().flatten().collect()
    }

    /// The event of a difference between a version and the one before; the ways lead to what was
    /// compared.
    fn changed(
        &self,
        life: &Life,
        number: usize,
        (old_way, new_way): (&[Seg], &[Seg]),
        difference: Difference,
    ) -> Vec<Event> {
        let (earlier, version) = (&life.versions[number - 1], &life.versions[number]);
        let whole = |start: &[Seg], rest: Vec<Seg>| [start, &rest[..]].concat();
        let step = &self.steps[version.step];
        match difference {
            Difference::Removed(way) => {
                let way = whole(old_way, way);
                vec![self.removal(version.step, &earlier.node, &earlier.id, &way)]
            }
            Difference::Added(way) => {
                let way = whole(new_way, way);
                let Some(new) = at(&version.node, &way) else {
                    return Vec::new();
                };
                // Of little that is new, each value is told; of much, that it is there.
                let leaves = leaves(new);
                let ways = match leaves.len() <= FEW {
                    true => leaves.into_iter().map(|end| whole(&way, end)).collect(),
                    false => vec![way],
                };
                let events = ways.iter().filter_map(|way| {
                    let new = at(&version.node, way)?;
                    Some(self.created(life, number, way, new))
                });
                events.collect()
            }
            Difference::Changed(old_end, new_end) => {
                let (old_way, way) = (whole(old_way, old_end), whole(new_way, new_end));
                let nodes = at(&earlier.node, &old_way).zip(at(&version.node, &way));
                let Some((old, new)) = nodes else {
                    return Vec::new();
                };
                let is_same = old.value == new.value && old.tag == new.tag;
                if is_same && (old.span == new.span || is_identity(&way)) {
                    return Vec::new();
                }
                let effect = if is_same {
                    Effect::Repeated
                } else {
                    Effect::Set
                };
                let mut event = self.event(version.step, effect);
                event.field = shown(&version.node, &way);
                event.before = Some(self.value(&earlier.id, &old_way, old));
                event.after = Some(self.value(&version.id, &way, new));
                let is_new = new.span != old.span && new.span.source != SourceId::NONE;
                event.place = match is_new {
                    true => self.place(new.span),
                    false => self.place(step.span),
                };
                self.settle_entry(&mut event, step);
                self.reason(&mut event, life, number, Some(old), (&way, new));
                vec![event]
            }
        }
    }

    /// The event of a step that made a value that was not there.
    fn created(&self, life: &Life, number: usize, way: &[Seg], new: &Node) -> Event {
        let version = &life.versions[number];
        let step = &self.steps[version.step];
        let mut event = self.event(version.step, Effect::Created);
        event.field = shown(&version.node, way);
        event.after = Some(self.value(&version.id, way, new));
        self.reason(&mut event, life, number, None, (way, new));
        event.place = self
            .place(first_span(new))
            .or_else(|| self.place(step.span));
        self.settle_entry(&mut event, step);
        if event.place.is_none() {
            let reason = event.reasons.first();
            event.place = reason.and_then(|reason| reason.place.clone());
        }
        // What follows from nothing that is written stands in something that is.
        let mut above = way;
        while let (None, [rest @ .., _]) = (&event.place, above) {
            above = rest;
            let node = at(&version.node, above);
            event.place = node.and_then(|node| self.place(node.span));
        }
        event
    }

    /// The event of a step that took a value away.
    fn removal(&self, step: usize, node: &Node, id: &Id, way: &[Seg]) -> Event {
        let recorded = &self.steps[step];
        let mut event = self.event(step, Effect::Removed);
        event.field = shown(node, way);
        event.before = at(node, way).map(|value| self.value(id, way, value));
        event.place = removal::place(self, recorded, id, node, way);
        self.settle_entry(&mut event, recorded);
        event
    }

    fn removal_of(&self, life: &Life) -> Option<Event> {
        let version = life.last();
        let step = life.removed?;
        Some(self.removal(step, &version.node, &version.id, &[]))
    }

    fn event(&self, number: usize, effect: Effect) -> Event {
        Event {
            step: words(self.steps[number].kind),
            number,
            effect,
            field: String::new(),
            before: None,
            after: None,
            place: None,
            entry: None,
            reasons: Vec::new(),
        }
    }

    /// Says where the step is asked for, if the value is not written there.
    fn settle_entry(&self, event: &mut Event, step: &Recorded) {
        // All images are changed before the first entry is told of.
        if step.kind == StepKind::ImageTagTransformer && event.place.is_some() {
            return;
        }
        let entry = self.place(step.span);
        let line = |place: &Place| (place.file.clone(), place.span.line);
        match &event.place {
            None => event.place = entry,
            Some(place) if entry.as_ref().map(line) != Some(line(place)) => event.entry = entry,
            Some(_) => {}
        }
    }

    /// Where a span is written.
    /// Where what stands at a span was written.
    pub fn place(&self, span: Span) -> Option<Place> {
        self.sources.place(span)
    }
}

/// What asks for a step.
fn words(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Resources => "resources",
        StepKind::ConfigMapGenerator => "configMapGenerator",
        StepKind::SecretGenerator => "secretGenerator",
        StepKind::HelmChartInflationGenerator => "helmCharts",
        StepKind::Generator => "generators",
        StepKind::PatchStrategicMergeTransformer => "patchesStrategicMerge",
        StepKind::PatchTransformer => "patches",
        StepKind::NamespaceTransformer => "namespace",
        StepKind::PrefixTransformer => "namePrefix",
        StepKind::SuffixTransformer => "nameSuffix",
        StepKind::LabelTransformer => "labels",
        StepKind::AnnotationsTransformer => "commonAnnotations",
        StepKind::PatchJson6902Transformer => "patchesJson6902",
        StepKind::ReplicaCountTransformer => "replicas",
        StepKind::ImageTagTransformer => "images",
        StepKind::ReplacementTransformer => "replacements",
        StepKind::Transformer => "transformers",
        StepKind::HashTransformer => "content hash",
        StepKind::NameReferenceTransformer => "name reference",
        StepKind::RefVarTransformer => "vars",
        StepKind::LocalConfig => "local-config",
        StepKind::SortOrder => "order",
        StepKind::Annotations => "buildMetadata",
        StepKind::Decryption => "decryption",
        StepKind::Substitution => "substitution",
        StepKind::CommonMetadata => "commonMetadata",
        StepKind::Destination => "destination",
        StepKind::Releases => "HelmRelease",
    }
}

/// Whether a value is one that a patch names its target by.
pub(super) fn is_identity(way: &[Seg]) -> bool {
    let keys: Vec<&str> = way
        .iter()
        .map(|seg| match seg {
            Seg::Key(key) => key.as_str(),
            Seg::Item(_) => "[]",
        })
        .collect();
    matches!(
        keys[..],
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace"] | [.., "[]", "name"]
    )
}

/// Where a value is written: itself, or the first thing in it.
pub(super) fn first_span(node: &Node) -> Span {
    if node.span.source != SourceId::NONE {
        return node.span;
    }
    let inner = match &node.value {
        Value::Map(entries) => entries.first().map(|entry| match entry.key.span.source {
            SourceId::NONE => first_span(&entry.value),
            _ => entry.key.span,
        }),
        Value::Seq(items) => items.first().map(first_span),
        Value::Scalar(_) | Value::Alias(_) => None,
    };
    inner.unwrap_or(node.span)
}
