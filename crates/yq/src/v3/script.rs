//! Parses a script: a YAML list of statements, each with a command, a path and a value.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::{Place, Span};
use kustom_yaml::{Node, Options, Value, read};

use super::path::Path;
use super::search::has_alias;
use super::value::{without_place, without_remarks};
use crate::word::nearest;

/// A list of statements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// In the order in which they run.
    pub statements: Vec<Statement>,
}

/// A step of a script.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Where it stands.
    pub place: Place,
    /// Where its path stands.
    pub path_place: Place,
    /// Where what it writes stands: its value or, without one, its path.
    pub written: Place,
    /// What is to be done.
    pub command: Command,
    /// To what.
    pub path: Path,
    /// The path as it is written.
    pub path_text: String,
    /// What with.
    pub value: Option<Node>,
    /// Whether a comment `# kustom: create` says that creating is meant.
    pub expects_creation: bool,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Command {
    /// Puts a value where the path leads, and makes what is missing on the way.
    #[default]
    Update,
    /// Takes out what the path names.
    Delete,
    /// What `update` does, keeping the comments that were there.
    Merge,
}

impl Command {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Merge => "merge",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::Update, Self::Delete, Self::Merge]
            .into_iter()
            .find(|command| command.name() == word)
    }
}

impl Script {
    /// Reads a script; `name` is what errors and reports call its file.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yq::v3::Script;
    ///
    /// let script = Script::parse("- command: delete\n  path: a.b\n", "script.yaml")?;
    /// assert_eq!(script.statements[0].path_text, "a.b");
    ///
    /// let error = Script::parse("- command: udpate\n  path: a\n", "script.yaml").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`udpate` is no command of a script (script.yaml:1:12)"
    /// );
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let file: std::sync::Arc<str> = name.into();
        Self::parse_text(text, name).map_err(|error| error.name_files(|_| Some(file.clone())))
    }

    fn parse_text(text: &str, name: &str) -> Result<Self> {
        let written = Options {
            keep_aliases: true,
            comments: true,
            ..Options::default()
        };
        let root = read(text, &written)?.into_iter().next().unwrap_or_default();
        if root.is_null() {
            return Ok(Self::default());
        }
        let meant = if has_alias(&root) {
            read(text, &Options::default())?.into_iter().next()
        } else {
            None
        };
        if !root.is_seq() {
            return Err(Error::new(Kind::Script, "a script is a list of statements")
                .at(root.span)
                .help("write `- command: update`, with `path:` and `value:` below it"));
        }
        let mut statements = Vec::with_capacity(root.items().len());
        for (number, item) in root.items().iter().enumerate() {
            if item.is_null() {
                continue;
            }
            let meant = meant.as_ref().and_then(|root| root.items().get(number));
            let next = root.items().get(number + 1);
            let end = next.map_or(text.len(), |next| next.span.start as usize);
            let mut statement = Statement::parse(item, meant.unwrap_or(item), name)?;
            statement.expects_creation = says_create(text, item, end);
            statements.push(statement);
        }
        Ok(Self { statements })
    }
}

impl Statement {
    /// Reads a statement; `meant` is the same one with its aliases replaced.
    fn parse(item: &Node, meant: &Node, name: &str) -> Result<Self> {
        if !item.is_map() {
            return Err(
                Error::new(Kind::Script, "a statement has a `command` and a `path`").at(item.span),
            );
        }
        refuse_twice(item)?;
        let command = command(meant)?;
        let path = meant.get("path");
        let path_text = match path {
            Some(node) => node.text().ok_or_else(|| {
                Error::new(Kind::Script, "`path` must be a string")
                    .at(node.span)
                    .help("put the path in quotes")
            })?,
            None => {
                return Err(Error::new(Kind::Script, "the statement has no `path`").at(item.span));
            }
        };
        let written = item.get("value").or(meant.get("path")).unwrap_or(item).span;
        let path_span = path.unwrap_or(item).span;
        let path = Path::parse(path_text);
        Ok(Self {
            place: Place::in_file(name, command_span(meant)),
            path_place: Place::in_file(name, path_span),
            written: Place::in_file(name, written),
            command,
            path,
            path_text: path_text.to_owned(),
            value: value(item, meant),
            expects_creation: false,
        })
    }
}

fn command(item: &Node) -> Result<Command> {
    let Some(node) = item.get("command") else {
        return Err(Error::new(Kind::Script, "the statement has no `command`")
            .at(item.span)
            .help("the commands are `update`, `delete` and `merge`"));
    };
    let word = node.text().unwrap_or_default();
    Command::named(word).ok_or_else(|| {
        let error =
            Error::new(Kind::Script, format!("`{word}` is no command of a script")).at(node.span);
        let lower = word.trim().to_lowercase();
        match nearest_command(&lower) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("the commands are `update`, `delete` and `merge`"),
        }
    })
}

fn nearest_command(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 3] = ["delete", "merge", "update"];
    match WORDS.into_iter().find(|known| *known == word) {
        Some(known) => Some(known),
        None => nearest(word, WORDS),
    }
}

fn command_span(item: &Node) -> Span {
    item.entries()
        .first()
        .map_or(item.span, |entry| entry.key.span)
}

/// The value; aliases in it are kept if what they mean is in it too.
fn value(item: &Node, meant: &Node) -> Option<Node> {
    // What a merge key brings stands only in what the item means.
    let mut value = match item.get("value") {
        Some(written) if !refers_outside(written) => written.clone(),
        _ => meant.get("value")?.clone(),
    };
    without_remarks(&mut value);
    without_place(&mut value);
    Some(value)
}

/// Whether an alias stands for something outside the value.
fn refers_outside(value: &Node) -> bool {
    fn walk<'n>(node: &'n Node, anchors: &mut Vec<&'n str>) -> bool {
        if let Some(anchor) = node
            .decor
            .as_ref()
            .and_then(|decor| decor.anchor.as_deref())
        {
            anchors.push(anchor);
        }
        match &node.value {
            Value::Alias(name) => !anchors.contains(&name.as_str()),
            Value::Seq(items) => items.iter().any(|item| walk(item, anchors)),
            Value::Map(entries) => entries
                .iter()
                .any(|entry| walk(&entry.key, anchors) || walk(&entry.value, anchors)),
            Value::Scalar(_) => false,
        }
    }
    walk(value, &mut Vec::new())
}

fn refuse_twice(item: &Node) -> Result<()> {
    for field in ["command", "path", "value"] {
        let mut entries = item.entries().iter().filter(|entry| entry.is(field));
        if let (Some(_), Some(second)) = (entries.next(), entries.next()) {
            let message = format!("the statement says `{field}` twice");
            return Err(Error::new(Kind::Script, message).at(second.key.span));
        }
    }
    Ok(())
}

/// Whether a comment of the statement, which ends at `end`, says that creating is meant.
fn says_create(text: &str, item: &Node, end: usize) -> bool {
    let start = item.span.start as usize;
    let value = item.get("value").map(|value| value.span.range());
    let before = text
        .cut(..start.min(text.len()))
        .lines()
        .rev()
        .skip(1)
        .take_while(|line| line.trim_start().starts_with('#'))
        .any(|line| is_create(line.trim_start()));
    before
        || text
            .get(start..end)
            .unwrap_or_default()
            .match_indices("# kustom:")
            .any(|(at, _)| {
                let at = start + at;
                let in_value = value.as_ref().is_some_and(|range| range.contains(&at));
                let line_end = text
                    .cut(at..)
                    .find('\n')
                    .map_or(text.len(), |length| at + length);
                // The comment above the next statement is not ours.
                let is_alone = text
                    .cut(..at)
                    .rsplit('\n')
                    .next()
                    .is_some_and(|line| line.trim().is_empty());
                let is_next = is_alone && text.cut(line_end..end).trim() == "-";
                !in_value && !is_next && is_create(text.cut(at..line_end))
            })
}

fn is_create(comment: &str) -> bool {
    comment
        .strip_prefix("# kustom:")
        .is_some_and(|rest| rest.trim() == "create")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<Statement> {
        Script::parse(text, "s.yaml").unwrap().statements
    }

    #[test]
    fn an_empty_script_has_no_statements() {
        assert!(parsed("").is_empty());
        assert!(parsed("# nothing\n").is_empty());
        assert!(parsed("~\n").is_empty());
    }

    #[test]
    fn a_statement_knows_its_place() {
        let statements =
            parsed("- command: update\n  path: a\n  value: 1\n- command: delete\n  path: b\n");
        assert_eq!(statements[1].place.to_string(), "s.yaml:4:3");
        assert_eq!(statements[1].command, Command::Delete);
    }

    #[test]
    fn a_comment_says_that_creating_is_meant() {
        let statements = parsed(
            "- command: update\n  path: a # kustom: create\n  value: 1\n\
             # kustom: create\n- command: update\n  path: b\n  value: 2\n\
             - command: update\n  path: c\n  value: |\n    # kustom: create\n",
        );
        let created: Vec<bool> = statements
            .iter()
            .map(|statement| statement.expects_creation)
            .collect();
        assert_eq!(created, [true, true, false]);
    }

    #[test]
    fn a_mapping_is_no_script() {
        let error = Script::parse("a.b: 1\n", "s.yaml").unwrap_err();
        assert_eq!(error.message(), "a script is a list of statements");
    }

    #[test]
    fn a_command_in_capitals_is_refused_with_help() {
        let error = Script::parse("- command: Update\n  path: a\n", "s.yaml").unwrap_err();
        assert_eq!(error.help_line(), Some("did you mean `update`?"));
    }

    #[test]
    fn an_alias_to_another_statement_is_replaced_by_what_it_means() {
        let statements = parsed(
            "- command: update\n  path: &p a\n  value: &v {x: 1}\n- command: update\n  path: *p\n  value: *v\n",
        );
        assert_eq!(statements[1].path_text, "a");
        assert!(statements[1].value.as_ref().unwrap().is_map());
    }
}
