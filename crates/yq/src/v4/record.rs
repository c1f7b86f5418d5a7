//! Records what an assignment did to the nodes that its target named.

use kustom_yaml::Str;
use kustom_yaml::place::Span;

use super::arena_node::{Id, Key, Kind};
use super::evaluator::Evaluator;
use super::report::ListItem;
use crate::word::nearest;

/// How many nodes are told apart.
const TOLD: usize = 20;

/// The state of the counters before an assignment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    created: usize,
    changed: usize,
}

impl Evaluator<'_> {
    /// Remembers the counters.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            created: self.created.len(),
            changed: self.changed,
        }
    }

    /// Says what was done to nodes since a mark.
    pub(super) fn report(&mut self, mark: Mark, span: Span, targets: &[Id]) {
        let made = self.created.split_off(mark.created);
        let created = targets.iter().filter(|id| made.contains(id));
        let created: Vec<Id> = created.copied().take(TOLD).collect();
        let paths: Vec<String> = created.iter().map(|id| self.arena.nice_path(*id)).collect();
        let near = created.first().and_then(|id| self.near(*id, &made));
        let items: Vec<ListItem> = targets
            .iter()
            .take(TOLD)
            .flat_map(|id| self.list_items(*id))
            .collect();
        let changed = self.changed - mark.changed;
        self.numbered.clear();
        // What a text does that was made on the way is said of no statement.
        let number = self.effects.number(span);
        let Some(number) = number.filter(|_| self.evals.is_empty()) else {
            return;
        };
        if self.context.trace {
            let targets = targets.iter().map(|id| (*id, number));
            self.effects.targets.extend(targets);
        }
        let Some(effect) = self.effects.list.get_mut(number) else {
            return;
        };
        effect.skipped = false;
        effect.matched += targets.len();
        effect.changed += changed;
        effect.created.extend(paths);
        effect.created.truncate(TOLD);
        effect.near = effect.near.take().or(near);
        for item in items {
            if effect.items.len() < TOLD && !effect.items.contains(&item) {
                effect.items.push(item);
            }
        }
    }

    /// The path to a node that was made with the nearest key, among those beside it that were read: what the
    /// expression itself created is not reported.
    fn near(&mut self, id: Id, made: &[Id]) -> Option<String> {
        let mut first = id;
        let mut parent = self.arena.get(first).parent?;
        while made.contains(&parent) {
            first = parent;
            parent = self.arena.get(first).parent?;
        }
        let Key::Node(key) = self.arena.get(first).key else {
            return None;
        };
        let text = self.arena.get(key).text.clone();
        let others = self.arena.entries(parent).into_iter().map(|(key, _)| key);
        let others: Vec<Id> = others.filter(|other| *other != key).collect();
        let is_read = |other: &&Id| self.arena.get(**other).span.column > 0;
        let words = others
            .iter()
            .filter(is_read)
            .map(|other| self.arena.get(*other).text.as_str());
        let near = nearest(&text, words)?;
        let (path, made) = (self.arena.nice_path(id), self.arena.nice_path(first));
        let rest = path.strip_prefix(&made)?;
        let parent = self.arena.nice_path(parent);
        Some(match near.contains(['.', ' ', '[']) {
            true => format!("{parent}[\"{near}\"]{rest}"),
            false => format!("{parent}.{near}{rest}"),
        })
    }

    /// The items that indices of the expression named on the way to a node.
    fn list_items(&mut self, target: Id) -> Vec<ListItem> {
        let whole = self.arena.nice_path(target);
        let mut items = Vec::new();
        let mut at = Some(target);
        while let Some(id) = at {
            at = self.arena.get(id).parent;
            if self.numbered.contains(&id) {
                let path = self.arena.nice_path(id);
                items.push(ListItem {
                    rest: whole.strip_prefix(&path).unwrap_or_default().to_owned(),
                    identity: self.identity(id),
                    path,
                });
            }
        }
        items.reverse();
        items
    }

    /// What tells an item of a sequence from its neighbours.
    fn identity(&mut self, id: Id) -> Option<(&'static str, String)> {
        let siblings = match self.arena.get(id).parent {
            Some(parent) => self.arena.listed(parent),
            None => Vec::new(),
        };
        ["name", "key", "id"].into_iter().find_map(|field| {
            let text = self.field(id, field)?;
            let mut others = siblings.iter().filter(|other| **other != id);
            let is_alone = others.all(|other| self.field(*other, field).as_ref() != Some(&text));
            (is_alone && !text.is_empty()).then(|| (field, text.to_string()))
        })
    }

    /// The text under a key of a mapping.
    fn field(&mut self, id: Id, field: &str) -> Option<Str> {
        if self.arena.get(id).kind != Kind::Map {
            return None;
        }
        if let Some(node) = self.arena.closed(id) {
            return node.glimpse(field, |entries| {
                let entry = entries.iter().find(|entry| entry.is(field))?;
                entry.value.text().map(Str::from)
            });
        }
        let entries = self.arena.entries(id);
        let (_, value) = entries
            .into_iter()
            .find(|(key, _)| self.arena.get(*key).text == field)?;
        let value = self.arena.get(value);
        value.is_scalar().then(|| value.text.clone())
    }
}
