//! The report of an assignment: what it matched, changed and created, and the findings about it.

use std::collections::HashMap;

use kustom_yaml::Str;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{Place, Span};

use super::Expression;
use super::arena_node::{Id, Key, Kind};
use super::evaluator::Evaluator;
use crate::word::nearest;

/// How many nodes are told apart.
const TOLD: usize = 20;

/// What an assignment, or a deletion, did to the documents that it was run on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignmentReport {
    /// Where it stands in the expression.
    pub place: Place,
    /// What it changes, as it is written: `.spec.replicas`, `del(.status)`.
    pub target: String,
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
    /// Whether it stands in a branch of `if` that was never taken.
    pub skipped: bool,
}

/// An item of a sequence that was named by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The path up to the item, such as `.spec.containers[0]`.
    pub path: String,
    /// The rest of the path to what was named in it, such as `.image`.
    pub rest: String,
    /// What tells the item from its neighbours: the key and the text of its `name`, `key` or `id`.
    pub identity: Option<(&'static str, String)>,
}

impl ListItem {
    /// A path to the same value that names the item by what tells it from its neighbours.
    pub fn by_name(&self) -> Option<String> {
        let (key, text) = self.identity.as_ref()?;
        let parent = self.path.rsplit_once('[')?.0;
        let parent = if parent.is_empty() { "." } else { parent };
        let item = format!("{parent}[] | select(.{key} == {text:?})");
        Some(match self.rest.as_str() {
            "" => format!("({item})"),
            rest => format!(
                "({item} | {}{rest})",
                if rest.starts_with('[') { "." } else { "" }
            ),
        })
    }
}

impl AssignmentReport {
    /// One line for people: `changed 2 values`, `created .b.x`, `matched nothing`.
    pub fn summary(&self) -> String {
        if self.skipped {
            return "not run, for its branch was not taken".to_owned();
        }
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
        if self.skipped {
            return findings;
        }
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
            let message = format!("`{}` matched nothing", self.target);
            let help = "nothing was changed; is the path still right?";
            findings.push(self.finding("script-unmatched", message).help(help));
        } else if self.changed == 0 && self.created.is_empty() {
            let message = format!("`{}` already says what the statement asks for", self.target);
            let help = "the statement may have become needless";
            findings.push(self.finding("script-unchanged", message).help(help));
        }
        for item in &self.items {
            let (Some((key, text)), Some(path)) = (&item.identity, item.by_name()) else {
                continue;
            };
            let message = format!(
                "`{}` is addressed by index; its {key} is `{text}` now",
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

/// What the statements of an expression have done so far.
#[derive(Debug, Default)]
pub(super) struct AssignmentReports {
    list: Vec<AssignmentReport>,
    /// The numbers of the effects, by the first and last byte of what says what is changed.
    known: HashMap<(u32, u32), usize>,
    /// What each of them changed, by number, in the order in which they ran; only if that is asked.
    targets: Vec<(Id, usize)>,
}

impl AssignmentReports {
    /// The statements of an expression, none of which has run.
    pub(super) fn of(expression: &Expression) -> Self {
        let mut effects = Self::default();
        for statement in &expression.statements {
            let (start, end) = statement.extent;
            let written = expression.text.get(start as usize..end as usize);
            let mut span = statement.target;
            effects
                .known
                .insert((span.start, span.end), effects.list.len());
            let text = expression.text.get(..start as usize).unwrap_or_default();
            span.column = column_after(text);
            span.line = u32::try_from(text.matches('\n').count() + 1).unwrap_or(u32::MAX);
            (span.start, span.end) = (start, end);
            effects.list.push(AssignmentReport {
                place: Place::in_file(expression.name.clone(), span),
                target: on_one_line(written.unwrap_or_default()),
                expects_creation: expression.creations.contains(&span.line),
                skipped: statement.is_conditional,
                ..AssignmentReport::default()
            });
        }
        effects
    }

    /// The number of the statement that says at `span` what it changes.
    fn number(&self, span: Span) -> Option<usize> {
        self.known.get(&(span.start, span.end)).copied()
    }

    /// The nodes that statements changed, with the numbers of these.
    pub(super) fn take_targets(&mut self) -> Vec<(Id, usize)> {
        std::mem::take(&mut self.targets)
    }

    /// What every statement did, in the order of the text.
    pub(super) fn into_list(self) -> Vec<AssignmentReport> {
        self.list
    }
}

/// A text without the line breaks and indentation within it.
fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.lines().map(str::trim).collect();
    words.join(" ")
}

/// The column that follows a text.
fn column_after(text: &str) -> u32 {
    let last = text.rsplit('\n').next().unwrap_or_default();
    u32::try_from(last.chars().count() + 1).unwrap_or(u32::MAX)
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

    /// The key nearest to one that was made, among those beside it that were read: what the
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
        nearest(&text, words).map(str::to_owned)
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
        let entries = self.arena.entries(id);
        let (_, value) = entries
            .into_iter()
            .find(|(key, _)| self.arena.get(*key).text == field)?;
        let value = self.arena.get(value);
        value.is_scalar().then(|| value.text.clone())
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
