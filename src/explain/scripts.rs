//! What a script changed before a build: in a manifest, or in a text that is data of an object.

use super::Explained;
use super::chain::{Chain, Effect, Event, Reason};
use super::field::{Field, Found, shown};
use super::recorder::{Life, Version};
use super::track::{Seg, at};
use crate::load::Provenance;
use crate::place::{Place, SourceId, Span};
use crate::yaml::{Node, Options, Style, read};

/// A text on its way from the file that it was to what the scripts made of it.
struct Stage<'t> {
    content: &'t [u8],
    name: &'t str,
    provenance: Option<&'t dyn Provenance>,
}

impl Stage<'_> {
    fn place(&self, span: Span) -> Place {
        match self.provenance {
            Some(provenance) => provenance.place(span),
            None => Place::in_file(self.name, span),
        }
    }

    fn documents(&self) -> Vec<Node> {
        let text = String::from_utf8_lossy(self.content);
        read(&text, &Options::default()).unwrap_or_default()
    }
}

/// The values that a template printed on the line of a span.
fn printed(made: &dyn Provenance, span: Span) -> impl Iterator<Item = Reason> {
    let values = made.values(span).into_iter();
    values.map(|(key, place)| Reason {
        text: format!("prints the value `{key}`"),
        place: Some(place),
    })
}

impl Explained {
    /// The texts that came before one that scripts made, oldest first.
    fn stages(&self, span: Span) -> Vec<Stage<'_>> {
        let mut stages = Vec::new();
        let mut made = self.sources.provenance(span);
        while let Some(base) = made.and_then(Provenance::base) {
            stages.push(Stage {
                content: base.content,
                name: base.name,
                provenance: base.provenance,
            });
            made = base.provenance;
        }
        stages.reverse();
        stages
    }

    /// The event of a value that was read, and before it what scripts made of it in its file.
    pub(super) fn with_scripts(
        &self,
        mut event: Event,
        version: &Version,
        way: &[Seg],
        new: &Node,
    ) -> Vec<Event> {
        let is_whole = way.is_empty() || !new.is_scalar();
        if !is_whole && let Some(made) = self.sources.provenance(new.span) {
            event.reasons.extend(printed(made, new.span));
        }
        if is_whole || version.step > 0 && self.steps[version.step].span.source == SourceId::NONE {
            return vec![event];
        }
        let is_it = |document: &Node| {
            let text = |path: &[&str]| document.at(path).and_then(Node::text);
            text(&["kind"]) == Some(&version.id.gvk.kind)
                && text(&["metadata", "name"]) == Some(&version.id.name)
        };
        let find = |stage: &Stage<'_>| {
            let document = stage.documents().into_iter().find(is_it)?;
            let node = at(&document, way)?;
            let text = self.value(&version.id, way, node);
            Some((text, stage.place(node.span)))
        };
        let stages = self.stages(new.span);
        let mut events = Vec::new();
        let found = stages.iter().filter_map(find);
        self.add_stages(found, &event, &mut events);
        if let Some(last) = events.last() {
            event.before.clone_from(&last.after);
            if event.before == event.after {
                // No script has changed it: it is where it was.
                return vec![event_of_reading(event)];
            }
            event.effect = Effect::Set;
            event.step = "scripts";
        }
        events.push(event);
        events
    }

    /// The events of the values that a text had.
    fn add_stages(
        &self,
        found: impl Iterator<Item = (String, Place)>,
        read: &Event,
        events: &mut Vec<Event>,
    ) {
        for (text, place) in found {
            let before: Option<String> = events.last().and_then(|last: &Event| last.after.clone());
            if before.as_ref() == Some(&text) {
                continue;
            }
            let is_first = events.is_empty();
            events.push(Event {
                step: if is_first { read.step } else { "scripts" },
                effect: if is_first {
                    Effect::Created
                } else {
                    Effect::Set
                },
                before,
                after: Some(text),
                place: Some(place),
                entry: read.entry.clone().filter(|_| is_first),
                reasons: Vec::new(),
                ..read.clone()
            });
        }
    }

    /// The chain of a value in a text that is data of an object: what scripts made of it, and how
    /// the text came into the object.
    pub(super) fn within(
        &self,
        life: &Life,
        number: usize,
        way: &[Seg],
        rest: &Field,
    ) -> Option<Chain> {
        let whole = self.chain(life, number, way);
        let version = &life.versions[number];
        let holder = at(&version.node, way)?;
        let documents = read(holder.text()?, &Options::default()).ok()?;
        let inner = |document: &Node| match rest.find(document) {
            Found::At(inner) => at(document, &inner).cloned().map(|node| (inner, node)),
            _ => None,
        };
        let (inner_way, value, field) = documents.iter().find_map(|document| {
            let (way, node) = inner(document)?;
            let field = shown(document, &way);
            Some((way, node, field))
        })?;
        let field = format!("{} > {field}", whole.field);
        let text = |node: &Node| self.value(&version.id, way, node);
        let is_file = self.stages(holder.span);
        let read_event = Event {
            step: "configs",
            effect: Effect::Created,
            field: field.clone(),
            before: None,
            after: None,
            place: None,
            entry: None,
            reasons: Vec::new(),
            number: whole.events.first()?.number,
        };
        let mut events = Vec::new();
        let found = is_file.iter().filter_map(|stage| {
            let documents = stage.documents();
            let node = documents
                .iter()
                .find_map(|document| at(document, &inner_way))?;
            Some((text(node), stage.place(node.span)))
        });
        self.add_stages(found, &read_event, &mut events);
        let after = text(&value);
        let written = self.sources.place(line_within(holder, value.span));
        if !events.is_empty() && events.last().and_then(|it| it.after.as_ref()) != Some(&after) {
            events.push(Event {
                step: "scripts",
                effect: Effect::Set,
                before: events.last().and_then(|last| last.after.clone()),
                after: Some(after.clone()),
                place: written.clone(),
                ..read_event.clone()
            });
        }
        // How the text came into the object, and what became of it there.
        let is_read = !events.is_empty();
        for (at, mut event) in whole.events.into_iter().enumerate() {
            event.field.clone_from(&field);
            if event.effect != Effect::Removed {
                event.after = Some(after.clone());
            }
            if at == 0 && is_read {
                event.before = event.after.clone();
                event.effect = Effect::Repeated;
                event.place = event.entry.take().or(event.place);
            } else if at == 0 {
                event.place = written.clone();
            }
            events.push(event);
        }
        Some(Chain {
            field,
            value: whole.value.map(|_| after),
            events,
        })
    }
}

/// A value that no script has changed.
fn event_of_reading(event: Event) -> Event {
    Event {
        before: None,
        ..event
    }
}

/// Where something in a text stands, in the file that the text is or is in.
pub(super) fn line_within(holder: &Node, inner: Span) -> Span {
    let outer = holder.span;
    let is_file = outer.line == 0 || (outer.line, outer.column) == (1, 1);
    if is_file {
        return Span {
            source: outer.source,
            ..inner
        };
    }
    let line = match holder.style {
        Style::Literal => outer.line + inner.line.max(1),
        _ => outer.line,
    };
    Span {
        source: outer.source,
        line,
        ..Span::default()
    }
}
