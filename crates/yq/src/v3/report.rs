//! The report of a statement: what it matched, changed and created, and the findings about it.

use std::fmt::Write as _;

use kustom_yaml::finding::Finding;
use kustom_yaml::place::Place;
use kustom_yaml::{Node, Value};

use super::path::{PathQuirk, Segment, ValuePath, written};
use super::script::{Command, Statement};

/// What a statement did to the documents it was run on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandReport {
    /// The statement in its script.
    pub place: Place,
    /// Its path in the script.
    pub path_place: Place,
    /// What it was to do.
    pub command: Command,
    /// Its path, as it is written.
    pub path: String,
    /// How many values that were there its path named.
    pub matched: usize,
    /// How many of these say something else now, or are gone.
    pub changed: usize,
    /// The paths of values that were not there and are now.
    pub created: Vec<String>,
    /// The nearest key to one that was created, as in a typing error.
    pub near: Option<String>,
    /// The paths of values that gave way to one of another kind, with both kinds.
    pub replaced: Vec<Replaced>,
    /// The paths of items that `[+]` added at the end of a sequence.
    pub added: Vec<String>,
    /// The items that were named by their number.
    pub indexed: Vec<Indexed>,
    /// Whether a comment says that creating is meant.
    pub expects_creation: bool,
    /// What yq 3 reads in the path otherwise than it looks.
    pub quirks: Vec<PathQuirk>,
    /// How many keys and items were looked at one by one.
    pub(super) passed: u64,
}

/// A value that gave way to one of another kind, because the path asked for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Where.
    pub path: String,
    /// What was there: `a sequence`.
    pub old: &'static str,
    /// What is there now.
    pub new: &'static str,
}

/// An item that was named by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The item: `presets[2]`.
    pub path: String,
    /// What tells it from its neighbours, as a path has it: `(name==fred)`.
    pub identity: Option<String>,
    /// The path of the statement that names it by that.
    pub by_name: Option<String>,
}

impl CommandReport {
    pub(super) fn of(statement: &Statement) -> Self {
        Self {
            place: statement.place.clone(),
            path_place: statement.path_place.clone(),
            command: statement.command,
            path: statement.path_text.clone(),
            expects_creation: statement.expects_creation,
            quirks: statement.path.quirks().to_vec(),
            ..Self::default()
        }
    }

    /// Remembers that an item was named by its number, with the path that says it by name.
    ///
    /// `before` and `behind` are the steps of the path around the one that is the number.
    pub(super) fn index(
        &mut self,
        trail: &ValuePath,
        items: &[Node],
        number: usize,
        (before, behind): (&[Segment], &[&Segment]),
    ) {
        let path = format!("{trail}[{number}]");
        if self.indexed.iter().any(|known| known.path == path) {
            return;
        }
        let found = identity(items, number);
        let by_name = found
            .filter(|(_, text)| !text.ends_with('*') && !text.contains(')'))
            .map(|(field, text)| {
                let rest: String = behind.iter().map(|step| format!(".{step}")).collect();
                // Of several places, each is said by itself.
                let before = match before.iter().any(Segment::is_manifold) {
                    true => trail.to_string(),
                    false => written(before),
                };
                let dot = if before.is_empty() { "" } else { "." };
                format!("{before}{dot}({field}=={text}){rest}")
            });
        self.indexed.push(Indexed {
            path,
            identity: found.map(|(field, text)| format!("({field}=={text})")),
            by_name,
        });
    }

    /// One line for people: `updated 2 values`, `created b.x`, `matched nothing`.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        let done = match self.command {
            Command::Delete => "deleted",
            Command::Update | Command::Merge => "changed",
        };
        if self.changed > 0 {
            parts.push(format!("{done} {}", values(self.changed)));
        }
        let same = self.matched.saturating_sub(self.changed);
        if same > 0 {
            parts.push(format!("found {} as wanted", values(same)));
        }
        if !self.created.is_empty() {
            parts.push(format!("created `{}`", self.created.join("`, `")));
        }
        if !self.added.is_empty() {
            parts.push(format!("added `{}`", self.added.join("`, `")));
        }
        if parts.is_empty() {
            parts.push("matched nothing".to_owned());
        }
        for indexed in &self.indexed {
            let identity = indexed.identity.as_deref().unwrap_or("of no name");
            parts.push(format!("`{}` is {identity}", indexed.path));
        }
        parts.join(", ")
    }

    /// The remarks that a careful reader would make.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for quirk in &self.quirks {
            let finding = self.finding("script-path", quirk.message.clone());
            findings.push(Finding {
                help: quirk.help.clone(),
                ..finding
            });
        }
        self.creation(&mut findings);
        for replaced in &self.replaced {
            let message = format!(
                "the path `{}` replaced `{}`, {}, by {}",
                self.path, replaced.path, replaced.old, replaced.new
            );
            let help = "what was there is lost; is the path right?";
            findings.push(self.finding("script-replaced", message).help(help));
        }
        let is_new = !self.created.is_empty() || !self.added.is_empty();
        if self.matched == 0 && !is_new {
            let message = format!("the path `{}` matched nothing", self.path);
            let help = match self.command {
                Command::Delete => "remove the statement if what it deleted is gone for good",
                _ => "nothing was changed; is the path still right?",
            };
            findings.push(self.finding("script-unmatched", message).help(help));
        } else if self.changed == 0 && !is_new {
            let message = format!("`{}` already says what the statement asks for", self.path);
            let help = "the statement may have become needless";
            findings.push(self.finding("script-unchanged", message).help(help));
        }
        self.indexes(&mut findings);
        findings
    }

    fn creation(&self, findings: &mut Vec<Finding>) {
        let is_meant = self.expects_creation && self.command != Command::Delete;
        if is_meant || self.created.is_empty() {
            return;
        }
        let mut message = format!("there is no `{}`: the statement adds it", self.created[0]);
        if self.created.len() > 1 {
            let _ = write!(message, ", and {} more", self.created.len() - 1);
        }
        let help = match &self.near {
            _ if self.command == Command::Delete => {
                "a `delete` makes what its path leads through, as in yq 3; is the path right?"
                    .to_owned()
            }
            Some(near) => format!("did you mean `{}`?", self.corrected(near)),
            None if self.path.starts_with('.') => "paths of yq 3 begin without a dot".to_owned(),
            None => "if it is meant to be new, say `# kustom: create` beside the path".to_owned(),
        };
        findings.push(self.finding("script-created", message).help(help));
    }

    /// The path of the statement, with a near key in place of the one that was created.
    fn corrected(&self, near: &str) -> String {
        let created = &self.created[0];
        let parent = created.rsplit_once('.').map(|(parent, _)| parent);
        let path = parent.map_or_else(|| near.to_owned(), |parent| format!("{parent}.{near}"));
        match self.path.strip_prefix(created.as_str()) {
            Some(rest) if !near.contains(['.', '[', ' ']) => format!("{path}{rest}"),
            _ => near.to_owned(),
        }
    }

    fn indexes(&self, findings: &mut Vec<Finding>) {
        for indexed in &self.indexed {
            let Some(identity) = &indexed.identity else {
                continue;
            };
            let message = format!(
                "`{}` is addressed by index; it is {identity} now",
                indexed.path
            );
            let finding = self.finding("script-index", message);
            findings.push(match &indexed.by_name {
                Some(path) => finding.help(format!("the path `{path}` says so by name")),
                None => finding,
            });
        }
    }

    fn finding(&self, rule: &'static str, message: String) -> Finding {
        Finding::warning(rule, message).at(self.path_place.clone())
    }
}

fn values(count: usize) -> String {
    match count {
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    }
}

/// What a value is, with its article.
pub(super) fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Scalar(_) => "a scalar",
        Value::Seq(_) => "a list",
        Value::Map(_) => "a map",
        Value::Alias(_) => "an alias",
    }
}

/// The field that tells an item from the others, and its text.
fn identity(items: &[Node], number: usize) -> Option<(&'static str, &str)> {
    const FIELDS: [&str; 3] = ["name", "key", "id"];
    let item = items.get(number)?;
    FIELDS.into_iter().find_map(|field| {
        let text = item.get(field)?.text()?;
        let is_alone = items
            .iter()
            .filter(|other| other.get(field).and_then(Node::text) == Some(text))
            .count()
            == 1;
        (is_alone && !text.is_empty()).then_some((field, text))
    })
}
