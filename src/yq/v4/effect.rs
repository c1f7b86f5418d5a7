//! What an assignment did, as a value, and what is worth a remark about it.

use super::evaluator::Evaluator;
use super::item::{Id, Key, Kind};
use crate::finding::Finding;
use crate::place::{Place, Span};

/// How many nodes are told apart.
const TOLD: usize = 20;

/// What an assignment, or a deletion, did to the documents that it was run on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Where it stands in the expression.
    pub place: Place,
    /// How many nodes its target named.
    pub matched: usize,
    /// How many of these say something else now, or are gone.
    pub changed: usize,
    /// The paths of those that were not there before.
    pub created: Vec<String>,
    /// The nearest key to one that was created, as in a typing error.
    pub near: Option<String>,
    /// The items of sequences that were named by their number.
    pub items: Vec<ListItem>,
    /// Whether a comment on its line, `# kustom: create`, says that creating is meant.
    pub expects_creation: bool,
}

/// An item of a sequence that was named by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The path up to the item, such as `.spec.containers[0]`.
    pub path: String,
    /// What tells the item from its neighbours: the key and the text of its `name`, `key` or `id`.
    pub identity: Option<(&'static str, String)>,
}

impl ListItem {
    /// An expression that names the item by what tells it from its neighbours.
    pub fn by_name(&self) -> Option<String> {
        let (key, text) = self.identity.as_ref()?;
        let parent = self.path.rsplit_once('[')?.0;
        let parent = if parent.is_empty() { "." } else { parent };
        Some(format!("{parent}[] | select(.{key} == {text:?})"))
    }
}

impl Effect {
    /// One line for people: `changed 2 values`, `created .b.x`, `matched nothing`.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        let changed = self.changed.saturating_sub(self.created.len());
        if changed > 0 {
            parts.push(format!("changed {}", values(changed)));
        }
        let same = self
            .matched
            .saturating_sub(self.changed.max(self.created.len()));
        if same > 0 {
            parts.push(format!("found {} as wanted", values(same)));
        }
        if !self.created.is_empty() {
            parts.push(format!("created `{}`", self.created.join("`, `")));
        }
        if parts.is_empty() {
            parts.push("matched nothing".to_owned());
        }
        for item in &self.items {
            parts.push(match &item.identity {
                Some((key, text)) => format!("`{}` has the {key} `{text}`", item.path),
                None => format!("`{}` has no name", item.path),
            });
        }
        parts.join(", ")
    }

    /// The remarks that a careful reader would make.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let (Some(path), false) = (self.created.first(), self.expects_creation) {
            let message = match self.created.len() - 1 {
                0 => format!("created `{path}`, which did not exist"),
                more => format!("created `{path}`, which did not exist, and {more} more"),
            };
            let help = match &self.near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "if it is meant to be new, say `# kustom: create` on its line".to_owned(),
            };
            findings.push(self.finding("script-created", message).help(help));
        }
        if self.matched == 0 {
            let help = "nothing was changed; is the path still right?";
            let finding = self.finding("script-unmatched", "the statement matched nothing");
            findings.push(finding.help(help));
        } else if self.changed == 0 && self.created.is_empty() {
            let message = "the text already says what the statement asks for";
            let help = "the statement may have become needless";
            findings.push(self.finding("script-unchanged", message).help(help));
        }
        for item in &self.items {
            let (Some((key, text)), Some(path)) = (&item.identity, item.by_name()) else {
                continue;
            };
            let message = format!(
                "`{}` is named by its number; its {key} is `{text}` now",
                item.path
            );
            let help = format!("`{path}` says so by name");
            findings.push(self.finding("script-index", message).help(help));
        }
        findings
    }

    fn finding(&self, rule: &'static str, message: impl Into<String>) -> Finding {
        Finding::warning(rule, message).at(self.place.clone())
    }
}

fn values(count: usize) -> String {
    match count {
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    }
}

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
        let known = self
            .effects
            .iter()
            .position(|effect| effect.place.span == span);
        // One assignment may run on several documents.
        let at = known.unwrap_or_else(|| {
            self.effects.push(Effect {
                place: Place::in_file(self.name.clone(), span),
                expects_creation: self.creations.contains(&span.line),
                ..Effect::default()
            });
            self.effects.len() - 1
        });
        let made = self.created.split_off(mark.created);
        let created = targets.iter().filter(|id| made.contains(id));
        let created: Vec<Id> = created.copied().take(TOLD).collect();
        let paths: Vec<String> = created.iter().map(|id| self.arena.nice_path(*id)).collect();
        let near = created.first().and_then(|id| self.near(*id, &made));
        let items: Vec<ListItem> = targets
            .iter()
            .take(TOLD)
            .filter_map(|id| self.list_item(*id))
            .collect();
        let changed = self.changed - mark.changed;
        let effect = &mut self.effects[at];
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
        self.numbered.clear();
    }

    /// The key nearest to one that was made, among those beside it.
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
        let (distance, nearest) = others
            .into_iter()
            .map(|other| self.arena.get(other).text.clone())
            .map(|other| (strsim::osa_distance(&text, &other), other))
            .min()?;
        (distance <= text.len() / 3).then(|| nearest.to_string())
    }

    /// The item that an index of the expression named, if a node is that or part of it.
    fn list_item(&mut self, id: Id) -> Option<ListItem> {
        let mut id = id;
        while !self.numbered.contains(&id) {
            id = self.arena.get(id).parent?;
        }
        Some(ListItem {
            path: self.arena.nice_path(id),
            identity: self.identity(id),
        })
    }

    fn identity(&mut self, id: Id) -> Option<(&'static str, String)> {
        if self.arena.get(id).kind != Kind::Map {
            return None;
        }
        ["name", "key", "id"].into_iter().find_map(|wanted| {
            for (key, value) in self.arena.entries(id) {
                if self.arena.get(key).text == wanted && self.arena.get(value).is_scalar() {
                    return Some((wanted, self.arena.get(value).text.to_string()));
                }
            }
            None
        })
    }
}

/// The lines of an expression on which a comment says that creating is meant.
pub(super) fn creations(text: &str) -> Vec<u32> {
    let says_so = |line: &str| {
        let comment = line.split_once('#').map(|(_, comment)| comment.trim());
        comment == Some("kustom: create")
    };
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| says_so(line))
        .map(|(number, _)| number)
        .collect()
}
