//! Applies a script of either language to one file.
//!
//! Which language a script is in shows: a file `*.yq` is an expression of yq 4, a list of
//! statements with `command:` is a script of yq 3. A script of an environment gives the same result
//! everywhere: it reads files of its project, but neither environment variables nor the clock.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::{Entry, Node, Options, PrintOptions, Style, Value, print, read};

use super::{v3, v4};

/// A script, read.
#[derive(Debug)]
pub enum Script {
    /// Commands with paths, as in yq 3.
    Commands(v3::Script),
    /// An expression, as in yq 4.
    Expression(v4::Expression),
}

/// A file: what people call it, and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'b> {
    /// Its name in messages and, by its end, the sign of its language.
    pub name: &'b str,
    /// What is in it.
    pub bytes: &'b [u8],
}

/// What a script made of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The file as it is now; the same bytes where the script does not ask for others.
    pub content: Vec<u8>,
    /// What each statement did, in the order in which they are written.
    pub statements: Vec<StatementReport>,
    /// What is worth a remark, of statements and of the script as a whole.
    pub findings: Vec<Finding>,
}

/// What one statement of a script did.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementReport {
    /// Where it stands.
    pub place: Place,
    /// The statement in short: `update log.level`, `.log.level`.
    pub statement: String,
    /// What it did, in one line: `changed 1 value`.
    pub summary: String,
}

/// Runs a script on a file.
///
/// # Example
///
/// ```
/// use kustom_yaml::error::Result;
/// use kustom_yq::{Source, apply};
///
/// let load = |path: &str| -> Result<String> {
///     assert_eq!(path, "levels.yaml");
///     Ok("test: debug\n".to_owned())
/// };
/// let script = Source {
///     name: "config.yq",
///     bytes: b".log.level = load(\"levels.yaml\").test\n",
/// };
/// let config = Source {
///     name: "config.yaml",
///     bytes: b"log:\n    level:   info # for now\n",
/// };
/// let applied = apply(script, config, &load)?;
/// assert_eq!(applied.content, b"log:\n    level:   debug # for now\n");
/// assert_eq!(applied.statements[0].summary, "changed 1 value");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
///
/// # Errors
///
/// A script or a file that cannot be read, and a statement that cannot run.
pub fn apply(script: Source<'_>, config: Source<'_>, loader: &dyn v4::Loader) -> Result<Applied> {
    Script::parse(script)?.run(config, loader)
}

impl Script {
    /// Reads a script, in the language that it is in.
    ///
    /// # Errors
    ///
    /// If it is neither a list of statements nor an expression.
    pub fn parse(script: Source<'_>) -> Result<Self> {
        let text = script.text()?;
        if is_expression(script.name, text) {
            v4::Expression::parse_named(&text.replace("\r\n", "\n"), script.name)
                .map(Self::Expression)
        } else {
            v3::Script::parse(text, script.name).map(Self::Commands)
        }
    }

    /// Runs the script on a file.
    ///
    /// # Errors
    ///
    /// A file that is no YAML, or a statement that cannot run.
    pub fn run(&self, config: Source<'_>, loader: &dyn v4::Loader) -> Result<Applied> {
        let applied = match self {
            Self::Commands(script) => commands(script, config),
            Self::Expression(expression) => evaluated(expression, config, loader),
        };
        let name: Arc<str> = config.name.into();
        applied.map_err(|error| {
            let is_of_config = error.place().is_some_and(|place| place.file.is_none());
            let error = error.name_files(|_| Some(name.clone()));
            if is_of_config {
                return error;
            }
            error.note(format!("while `{name}` was made"), None)
        })
    }
}

impl Source<'_> {
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(self.bytes).map_err(|cause| {
            let error = Error::new(Kind::Script, format!("`{}` is not UTF-8", self.name));
            error.at(Place::file(self.name)).caused_by(cause)
        })
    }
}

/// Whether a script is an expression: by its name, or because it is YAML of no shape that a script
/// of yq 3 has.
fn is_expression(name: &str, text: &str) -> bool {
    if Path::new(name).extension().is_some_and(|end| end == "yq") {
        return true;
    }
    let is_words = || v4::Expression::parse(text).is_ok();
    match read(text, &Options::default()) {
        Ok(documents) => documents.first().is_some_and(|root| match &root.value {
            Value::Scalar(_) => !root.is_null(),
            // `.a = "b: c"` is a mapping to YAML.
            Value::Map(_) => root.style != Style::Flow && is_words(),
            _ => false,
        }),
        Err(_) => is_words(),
    }
}

fn commands(script: &v3::Script, config: Source<'_>) -> Result<Applied> {
    let outcome = v3::run(script, config.text()?, v3::Documents::default())?;
    let statements = outcome.reports.iter().map(|report| StatementReport {
        place: report.place.clone(),
        statement: format!("{} {}", report.command.name(), report.path),
        summary: report.summary(),
    });
    Ok(Applied {
        statements: statements.collect(),
        findings: outcome
            .reports
            .iter()
            .flat_map(v3::CommandReport::findings)
            .collect(),
        content: outcome.text.into_bytes(),
    })
}

fn evaluated(
    expression: &v4::Expression,
    config: Source<'_>,
    loader: &dyn v4::Loader,
) -> Result<Applied> {
    let text = config.text()?;
    let read = input(text)?;
    let documents = read.nodes();
    let given = v4::Input {
        name: config.name,
        documents,
    };
    let mut output = expression.evaluate(&[given], &v4::Context::of_project(loader))?;
    let effects = std::mem::take(&mut output.effects);
    let mut findings = std::mem::take(&mut output.findings);
    findings.extend(effects.iter().flat_map(v4::AssignmentReport::findings));
    let is_edit = documents.is_empty() || output.is_edit(0, documents.len());
    let mut after = output.into_nodes();
    let selected = match is_edit {
        true => None,
        false => selected(documents, &after),
    };
    let is_edit = is_edit || selected.is_some();
    after = selected.unwrap_or(after);
    let content = if documents.is_empty() && after.iter().all(Node::is_null) {
        text.to_owned()
    } else if is_edit {
        read.rewrite(&after)?
    } else {
        findings.push(other_result(expression, config.name));
        print(&after, &PrintOptions::default())
    };
    let statements = effects.into_iter().map(|effect| StatementReport {
        summary: effect.summary(),
        statement: effect.target,
        place: effect.place,
    });
    Ok(Applied {
        content: content.into_bytes(),
        statements: statements.collect(),
        findings,
    })
}

/// The documents with what an expression has kept of their items or entries, if it has made nothing
/// else: `map(select(…))` deletes as `del(…)` does.
fn selected(documents: &[Node], results: &[Node]) -> Option<Vec<Node>> {
    let pairs = documents.iter().zip(results);
    let is_whole = documents.len() == results.len();
    let kept = pairs.map(|(document, result)| {
        let is_own = match (&document.value, &result.value) {
            (Value::Seq(own), Value::Seq(left)) => {
                let spans: HashSet<Span> = own.iter().map(|item| item.span).collect();
                left.iter().all(|item| spans.contains(&item.span))
            }
            (Value::Map(own), Value::Map(left)) => {
                let pair = |entry: &Entry| (entry.key.text().map(str::to_owned), entry.value.span);
                let pairs: HashSet<_> = own.iter().map(pair).collect();
                left.iter().all(|entry| pairs.contains(&pair(entry)))
            }
            _ => false,
        };
        let mut kept = document.clone();
        kept.value = result.value.clone();
        is_own.then_some(kept)
    });
    is_whole.then(|| kept.collect()).flatten()
}

/// The documents of a file, as an expression is given them.
pub(crate) fn input(text: &str) -> Result<v4::Documents<'_>> {
    v4::Documents::read(text, SourceId::new(0))
}

/// The remark that a script makes something else of a file than a changed file.
fn other_result(expression: &v4::Expression, config: &str) -> Finding {
    let message = format!("the expression gives something else than a changed `{config}`");
    Finding::warning("script-result", message)
        .at(Place::file(expression.name()))
        .help("to change parts, put what selects them in parentheses: `(.list[] | select(…) | .key) = 1`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(name: &str, script: &str, text: &str) -> Result<Applied> {
        let no_file =
            |path: &str| Err(Error::new(Kind::Load, format!("there is no file `{path}`")));
        let script = Source {
            name,
            bytes: script.as_bytes(),
        };
        let config = Source {
            name: "config.yaml",
            bytes: text.as_bytes(),
        };
        apply(script, config, &no_file)
    }

    fn text(name: &str, script: &str, text: &str) -> String {
        String::from_utf8(applied(name, script, text).unwrap().content).unwrap()
    }

    #[test]
    fn the_language_shows_in_the_name_or_the_shape() {
        let list = "- {command: update, path: a, value: 2}\n";
        assert_eq!(text("s.yaml", list, "a:  1\n"), "a:  2\n");
        assert_eq!(text("s.yaml", ".a = 2", "a:  1\n"), "a:  2\n");
        assert_eq!(text("s.yaml", ".a = \"x: y\"", "a:  1\n"), "a:  'x: y'\n");
        assert_eq!(
            text("s.yq", ".a = 2\r\n| .b = 3\r\n", "a:  1\n"),
            "a:  2\nb: 3\n"
        );
        assert_eq!(text("s.yaml", "# nothing\n", "a:  1\n"), "a:  1\n");
        assert_eq!(text("s.yq", "# nothing\n", "a:  1\n"), "a:  1\n");
        assert!(applied("s.yaml", "a: 1\n", "a: 1\n").is_err());
        assert!(applied("s.yq", list, "a: 1\n").is_err());
    }

    #[test]
    fn a_file_without_a_document_gets_one() {
        assert_eq!(text("s.yq", ".a = 1", "# empty\n"), "# empty\na: 1\n");
        assert_eq!(text("s.yq", ".", "# empty\n"), "# empty\n");
        assert_eq!(text("s.yq", "select(false)", ""), "");
    }

    #[test]
    fn another_result_than_the_file_is_remarked_on() {
        let applied = applied("s.yq", ".l[] | .n = 1", "l: [{n: 2}]\n").unwrap();
        assert_eq!(applied.content, b"{n: 1}\n");
        assert_eq!(applied.findings[0].rule, "script-result");
        assert_eq!(applied.statements[0].statement, ".n");
    }

    #[test]
    fn what_selects_items_or_entries_of_the_root_deletes_the_others() {
        let list = "# all\n- {n:   a} # first\n- {n: b}\n";
        let map = "# all\nx: {n:   1} # first\ny: {n: 2}\n";
        for (script, text, left) in [
            (
                "map(select(.n != \"b\"))",
                list,
                "# all\n- {n:   a} # first\n",
            ),
            (
                "[.[] | select(.n == \"a\")]",
                list,
                "# all\n- {n:   a} # first\n",
            ),
            ("filter(.n == \"a\")", list, "# all\n- {n:   a} # first\n"),
            ("map(.n = \"c\")", "- {n:   a}\n", "- {n:   c}\n"),
            (
                "with_entries(select(.key == \"x\"))",
                map,
                "# all\nx: {n:   1} # first\n",
            ),
            ("pick([\"x\"])", map, "# all\nx: {n:   1} # first\n"),
            ("omit([\"y\"])", map, "# all\nx: {n:   1} # first\n"),
        ] {
            let applied = applied("s.yq", script, text).unwrap();
            let content = String::from_utf8(applied.content).unwrap();
            assert_eq!(
                (content.as_str(), applied.findings.len()),
                (left, 0),
                "{script}"
            );
        }
        for (script, text) in [
            (".x", map),
            (".[]", list),
            ("map(.n)", list),
            ("{\"x\": .x.n}", map),
            ("map({\"m\": .n})", list),
            ("to_entries", map),
        ] {
            let applied = applied("s.yq", script, text).unwrap();
            assert_eq!(applied.findings.len(), 1, "{script}");
            assert_eq!(applied.findings[0].rule, "script-result", "{script}");
        }
    }

    #[test]
    fn an_error_names_the_file_that_it_is_in() {
        let error = applied("s.yq", ".a", "a: [1\n").unwrap_err();
        assert_eq!(error.place().unwrap().file.as_deref(), Some("config.yaml"));
        let error = applied("s.yq", ".a.b", "a: [1]\n").unwrap_err();
        assert_eq!(error.place().unwrap().file.as_deref(), Some("s.yq"));
        assert_eq!(
            error.notes().last().unwrap().message,
            "while `config.yaml` was made"
        );
    }
}
