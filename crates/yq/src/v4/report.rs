//! The report of an assignment: what it matched, changed and created, and the findings about it.

use std::collections::HashMap;

use kustom_yaml::finding::Finding;
use kustom_yaml::place::{Place, Span};

use super::Expression;
use super::arena_node::Id;

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
    /// The path that was probably meant by the first one that was created.
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
                0 => format!("there is no `{path}`: the statement adds it"),
                more => format!("there is no `{path}`: the statement adds it, and {more} more"),
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
    pub(super) list: Vec<AssignmentReport>,
    /// The numbers of the effects, by the first and last byte of what says what is changed.
    known: HashMap<(u32, u32), usize>,
    /// What each of them changed, by number, in the order in which they ran; only if that is asked.
    pub(super) targets: Vec<(Id, usize)>,
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
    pub(super) fn number(&self, span: Span) -> Option<usize> {
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
