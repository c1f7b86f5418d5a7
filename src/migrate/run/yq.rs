//! yq, of both versions: files are changed in memory, as an environment would change them.

use std::path::{Path, PathBuf};

use super::super::files::{Change, Content, Made};
use super::super::value::marks;
use super::{Chunk, Io, Run, Status, known};
use crate::error::{Error, Kind, Result};
use crate::load::Files as _;
use crate::place::Span;
use crate::yaml::Node;
use crate::yq::{Source, apply, v3, v4};

/// A call of yq, in the words of neither version.
struct Call {
    how: How,
    files: Vec<String>,
    in_place: bool,
}

/// What is done with each file.
enum How {
    /// It is changed.
    Change(Change),
    /// It is read: a path of yq 3.
    Read(String),
    /// It is looked at, and nothing is printed.
    Look,
    /// What is not followed.
    Other,
}

impl Run<'_> {
    pub(super) fn yq(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let first = arguments.iter().find(|word| !word.starts_with('-'));
        let is_v3 = first.is_some_and(|word| {
            let long = [
                "write", "read", "delete", "merge", "new", "prefix", "compare", "validate",
            ];
            let short = ["w", "r", "d", "m", "n", "p", "x", "v"];
            long.contains(&word.as_str()) || short.contains(&word.as_str())
        });
        if first.is_none()
            && arguments
                .iter()
                .any(|word| word == "--version" || word == "-V")
        {
            return self.opaque("yq", at, io);
        }
        let call = match is_v3 {
            true => self.v3(arguments, at),
            false => self.v4(arguments, at),
        };
        let what = "what `yq` does";
        let unknown = match &call.how {
            How::Change(Change::Expression(text) | Change::Statements(text)) => {
                self.depends_on_unknown(&text.clone(), what, at)
            }
            _ => false,
        };
        if unknown || matches!(call.how, How::Other) {
            if call.in_place {
                return self.changed_by("yq", &call.files, at);
            }
            return self.opaque("yq", at, io);
        }
        if call.in_place {
            for file in &call.files {
                self.change_in_place(file, &call.how, at);
            }
            return Status::Success;
        }
        let input = match call.files.is_empty() {
            true => std::mem::take(&mut io.input),
            false => {
                let mut all = Vec::new();
                for file in &call.files {
                    all.extend(self.content(file, at));
                }
                all
            }
        };
        for chunk in input {
            match chunk {
                Chunk::Text { text, origin } => {
                    let chunk = self.changed_text(&text, origin, &call, at);
                    io.output.extend(chunk);
                }
                Chunk::Build(build) => {
                    self.left_over(
                        at,
                        "`yq` changes what is built, and is not followed",
                        "say the same with a patch or a replacement; `kustom render ENV --exclude KIND/NAME` \
                         leaves objects out",
                    );
                    io.input = vec![Chunk::Build(build)];
                    self.opaque("yq", at, io);
                }
                unknown @ Chunk::Unknown { .. } => io.output.push(unknown),
            }
        }
        Status::Success
    }

    /// Flags and words of yq 3.
    fn v3(&mut self, arguments: &[String], _at: Span) -> Call {
        let mut words = Vec::new();
        let (mut script, mut in_place, mut is_other) = (None, false, false);
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-i" | "--inplace" => in_place = true,
                "-s" | "--script" => script = rest.next().cloned(),
                "-d" | "--doc" | "-t" | "--tag" | "--style" | "-f" | "--from" | "--anchorName" => {
                    rest.next();
                    is_other = true;
                }
                "-j" | "--tojson" | "-P" | "--prettyPrint" | "-I" | "--indent" => is_other = true,
                "-v" | "--verbose" | "-C" | "--colors" => {}
                flag if flag.starts_with("--script=") => {
                    script = flag.split_once('=').map(|(_, name)| name.to_owned());
                }
                flag if flag.len() > 1 && flag.starts_with('-') && !flag.starts_with("--") => {
                    // `-is SCRIPT`
                    in_place |= flag.contains('i');
                    if flag.ends_with('s') {
                        script = rest.next().cloned();
                    }
                }
                name => words.push(name.to_owned()),
            }
        }
        let mut words = words.into_iter();
        let command = words.next().unwrap_or_default();
        let file = words.next();
        let rest: Vec<String> = words.collect();
        let how = match (command.as_str(), script, &rest[..]) {
            _ if is_other => How::Other,
            ("w" | "write", Some(script), []) => How::Change(Change::Script(self.path(&script))),
            ("w" | "write", None, [path, value]) => How::Change(Change::Statements(format!(
                "- command: update\n  path: {}\n  value: {}\n",
                quoted(path),
                scalar(value)
            ))),
            ("d" | "delete", None, [path]) => How::Change(Change::Statements(format!(
                "- command: delete\n  path: {}\n",
                quoted(path)
            ))),
            ("r" | "read", None, [path]) => How::Read(path.clone()),
            ("r" | "read", None, []) => How::Read(String::new()),
            ("v" | "validate", _, _) => How::Look,
            _ => How::Other,
        };
        Call {
            how,
            files: file.into_iter().filter(|name| name != "-").collect(),
            in_place,
        }
    }

    /// Flags and words of yq 4.
    fn v4(&mut self, arguments: &[String], _at: Span) -> Call {
        let mut words = Vec::new();
        let mut expression = None;
        let (mut script, mut in_place, mut is_other) = (None, false, false);
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            match flag {
                "-i" | "--inplace" => in_place = true,
                "--from-file" => script = value.or_else(|| rest.next().cloned()),
                "--expression" => expression = value.or_else(|| rest.next().cloned()),
                "-o" | "--output-format" | "-p" | "--input-format" => {
                    let format = value.or_else(|| rest.next().cloned());
                    is_other |=
                        !format.is_some_and(|it| ["yaml", "y", "auto", "a"].contains(&it.as_str()));
                }
                "-I" | "--indent" => {
                    if value.is_none() {
                        rest.next();
                    }
                }
                // That of the yq around jq.
                "-y" | "-Y" | "--yaml-output" | "--in-place" | "-s" | "--split-exp" | "-f"
                | "--front-matter" | "-n" | "--null-input" => is_other = true,
                "-j" | "--tojson" | "-ojson" | "-o=json" | "-oj" => is_other = true,
                flag if flag.len() > 1 && flag.starts_with('-') && !flag.starts_with("--") => {
                    in_place |= flag.contains('i');
                }
                flag if flag.starts_with("--") => {}
                _ => words.push(word.clone()),
            }
        }
        let mut together = false;
        if let Some("eval" | "e" | "eval-all" | "ea") = words.first().map(String::as_str) {
            together = words.remove(0).contains('a') && words.len() > 2;
        }
        together &= words.len() > 2;
        if script.is_none() && expression.is_none() {
            let is_file = |name: &String| self.files.resolve(&self.path(name)).is_ok();
            expression = match &words[..] {
                [only] if marks(only).is_empty() && is_file(only) => Some(".".to_owned()),
                [] => Some(".".to_owned()),
                _ => Some(words.remove(0)),
            };
        }
        if together
            && !is_other
            && let Some(merged) = expression
                .as_deref()
                .and_then(|text| self.merge(text, &words))
        {
            words.truncate(1);
            expression = Some(merged);
            together = false;
        }
        let how = match (script, expression) {
            _ if is_other || together => How::Other,
            (Some(script), _) => How::Change(Change::Script(self.path(&script))),
            (None, Some(expression)) => {
                let expression = self.with_variables(&expression);
                How::Change(Change::Expression(self.with_loads(&expression)))
            }
            (None, None) => How::Other,
        };
        Call {
            how,
            files: words.into_iter().filter(|name| name != "-").collect(),
            in_place,
        }
    }

    /// A merge of several files, as an expression for the first one: it loads the others.
    fn merge(&self, expression: &str, files: &[String]) -> Option<String> {
        let text: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.replace("fileIndex", "fi").replace("file_index", "fi");
        let (operator, count) = if let Some(rest) = text.strip_prefix("select(fi==0)*") {
            (rest.strip_suffix("select(fi==1)")?.to_owned(), 2)
        } else {
            let rest = text
                .strip_prefix(".as$item")?
                .strip_prefix("ireduce({};.*")?;
            (rest.strip_suffix("$item)")?.to_owned(), files.len())
        };
        let is_operator = operator.chars().all(|c| "+?nd".contains(c));
        if !is_operator || files.len() != count || !files.iter().all(|file| marks(file).is_empty())
        {
            return None;
        }
        let loads = files.iter().skip(1).map(|file| {
            let path = self.path(file);
            format!(" *{operator} load({})", quoted(&path.to_string_lossy()))
        });
        Some(format!(".{}", loads.collect::<String>()))
    }

    /// An expression with the variables of the environment that it names written out.
    fn with_variables(&mut self, expression: &str) -> String {
        let mut result = String::new();
        let mut rest = expression;
        while let Some((before, behind)) = rest.split_once("env(") {
            let Some((name, after)) = behind.split_once(')') else {
                break;
            };
            let (before, is_text) = match before.strip_suffix("str") {
                Some(before) => (before, true),
                None => (before, false),
            };
            result.push_str(before);
            let value = match self.variable(name.trim()) {
                Some(value) => value,
                None => self.unknown(super::super::value::Unknown::Parameter(
                    name.trim().to_owned(),
                )),
            };
            match is_text || !is_scalar(&value) {
                true => result.push_str(&quoted(&value)),
                false => result.push_str(&value),
            }
            rest = after;
        }
        result + rest
    }

    /// An expression with the files that it loads named from the root of the disk: an environment
    /// reads them from elsewhere.
    fn with_loads(&self, expression: &str) -> String {
        super::with_loads(expression, |name| match marks(name).is_empty() {
            true => self.path(name).to_string_lossy().into_owned(),
            false => name.to_owned(),
        })
    }

    fn change_in_place(&mut self, name: &str, how: &How, at: Span) {
        let How::Change(change) = how else {
            return;
        };
        if self.depends_on_unknown(name, "which file `yq` changes", at) {
            let path = self.path(name).to_string_lossy().into_owned();
            self.trace.paths.push(path);
            return;
        }
        let path = self.path(name);
        let made = self.files.made_at(&path).cloned();
        let Ok(bytes) = self.files.read(&path) else {
            if made.is_none() {
                let message = format!(
                    "there is no file `{}`, which `yq` changes",
                    self.readable(name)
                );
                self.left_over(
                    at,
                    message,
                    "say with `-C` in which directory the script is run",
                );
            }
            return;
        };
        let place = self.place(at);
        let mut made = made.unwrap_or_else(|| Made {
            from: Some(path.clone()),
            ..known(String::new(), place)
        });
        match self.applied(change, &bytes, &path) {
            Ok((content, _)) => {
                made.content = Content::Known(content.into());
                made.changes.push(change.clone());
            }
            Err(error) => {
                self.not_applied(&error, at);
                made.content = Content::Unknown;
                made.changes.push(Change::Other);
            }
        }
        self.files.insert(&path, made);
    }

    fn changed_text(
        &mut self,
        text: &str,
        origin: Option<(PathBuf, Vec<Change>)>,
        call: &Call,
        at: Span,
    ) -> Option<Chunk> {
        let change = match &call.how {
            How::Look | How::Other => return None,
            How::Read(path) => {
                let input = v3::Input {
                    text,
                    documents: v3::Documents::default(),
                };
                let read = v3::read(input, path, &v3::Reading::default(), v3::Output::default());
                return Some(match read {
                    Ok(text) => Chunk::Text { text, origin: None },
                    Err(error) => self.not_applied(&error, at),
                });
            }
            How::Change(change) => change,
        };
        let name = origin.as_ref().map(|(path, _)| path.clone());
        match self.applied(change, text.as_bytes(), &name.unwrap_or_default()) {
            Ok((content, is_edit)) => {
                let text = String::from_utf8_lossy(&content).into_owned();
                let origin = origin.filter(|_| is_edit).map(|(from, mut changes)| {
                    let is_same = matches!(change, Change::Expression(text) if text.trim() == ".");
                    changes.extend((!is_same).then(|| change.clone()));
                    (from, changes)
                });
                Some(Chunk::Text { text, origin })
            }
            Err(error) => Some(self.not_applied(&error, at)),
        }
    }

    fn not_applied(&mut self, error: &Error, at: Span) -> Chunk {
        let message = format!("what `yq` does is not followed: {}", error.message());
        let help = error
            .help_line()
            .unwrap_or("write it in a script below `yq_scripts/`");
        self.left_over(at, message, help.to_owned());
        Chunk::Unknown {
            program: "yq".to_owned(),
            at: self.place(at),
        }
    }

    /// What a change makes of a file, and whether that is the changed file, not an excerpt.
    fn applied(&self, change: &Change, bytes: &[u8], path: &Path) -> Result<(Vec<u8>, bool)> {
        let (name, script) = match change {
            Change::Expression(text) => ("expression.yq".to_owned(), text.clone().into_bytes()),
            Change::Statements(text) => ("script.yaml".to_owned(), text.clone().into_bytes()),
            Change::Script(path) => {
                let name = self.shown(path);
                let bytes = self
                    .files
                    .read(path)
                    .map_err(|cause| crate::load::unreadable(&name, cause))?;
                (name, bytes)
            }
            Change::Setting(_) | Change::Other => {
                return Err(Error::new(Kind::Script, "this is no change of yq"));
            }
        };
        let directory = match change {
            Change::Script(path) => path.parent().unwrap_or(path).to_path_buf(),
            _ => self.scope.directory.clone(),
        };
        let load = |name: &str| -> Result<String> {
            let bytes = self
                .files
                .read(&directory.join(name))
                .or_else(|_| self.files.read(&self.scope.directory.join(name)))
                .map_err(|cause| crate::load::unreadable(name, cause))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let shown = self.shown(path);
        let script = Source {
            name: &name,
            bytes: &script,
        };
        let config = Source {
            name: &shown,
            bytes,
        };
        let applied = apply(script, config, &load)?;
        let is_edit = !applied
            .findings
            .iter()
            .any(|one| one.rule == "script-result");
        if is_edit {
            return Ok((applied.content, true));
        }
        // What is read is printed without quotes.
        let text = String::from_utf8_lossy(bytes);
        let expression = v4::Expression::parse(&String::from_utf8_lossy(script.bytes))?;
        let documents = v4::Documents::read(&text, crate::place::SourceId::NONE)?;
        let input = v4::Input {
            name: &shown,
            documents: documents.nodes(),
        };
        let context = v4::Context {
            loader: Some(&load),
            ..v4::Context::default()
        };
        let output = expression.evaluate(&[input], &context)?;
        let nodes = output.into_nodes();
        if nodes.iter().all(Node::is_scalar) {
            let lines = nodes
                .iter()
                .map(|node| format!("{}\n", node.text().unwrap_or("null")));
            return Ok((lines.collect::<String>().into_bytes(), false));
        }
        Ok((applied.content, false))
    }
}

/// A text as a JSON string, which YAML and yq read alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value of a statement: plain where that means what yq 3 takes it for.
fn scalar(text: &str) -> String {
    match is_scalar(text) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

fn is_scalar(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_number = text.parse::<f64>().is_ok() && !text.contains(['n', 'N']);
    is_number
        || matches!(text, "true" | "false")
        || (!text.is_empty()
            && text.chars().all(is_plain)
            && text.starts_with(|c: char| c.is_ascii_alphabetic()))
}
