//! What made a config what it is: a line of the base's, or a statement of a script.
//!
//! A rendered config is in memory only; who reads of a line of it wants the file to change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use similar::{DiffOp, TextDiff};

use super::{Environment, Project, Rendered};
use crate::load::{FileKind, Files};
use crate::place::{Place, Span};
use crate::yaml::{Node, Options, read};

/// Says of what was read in a render where it was written.
#[derive(Default)]
pub struct Causes(BTreeMap<PathBuf, Cause>);

/// Where the lines of a config come from.
struct Cause {
    base: Arc<str>,
    /// The script, if it is there.
    script: Option<Script>,
    /// By line: that of the base's config, if it is from there.
    lines: Vec<Option<u32>>,
    /// What the lines say.
    texts: Vec<String>,
}

struct Script {
    name: Arc<str>,
    statements: Vec<Statement>,
}

struct Statement {
    /// The end of its path.
    key: String,
    value: String,
    span: Span,
}

impl Causes {
    /// Of the configs of a rendered environment.
    pub fn new(
        files: &dyn Files,
        working_directory: &Path,
        project: &Project,
        environment: &Environment,
        rendered: &Rendered,
    ) -> Self {
        let Some(base) = &project.base else {
            return Self::default();
        };
        let base = base.join("configs/current");
        let configs = environment.directory.join("configs");
        let scripts = environment.directory.join("yq_scripts");
        let mut causes = BTreeMap::new();
        for (path, content) in rendered.files.iter() {
            let Ok(name) = path.strip_prefix(&configs) else {
                continue;
            };
            let Ok((from, FileKind::File)) = files.resolve(&base.join(name)) else {
                continue;
            };
            let text = String::from_utf8_lossy(content);
            let old = files.read(&from).unwrap_or_default();
            causes.insert(
                path.to_path_buf(),
                Cause {
                    base: shown(working_directory, &from),
                    script: Script::read(files, working_directory, &scripts, name),
                    lines: lines_of_base(&String::from_utf8_lossy(&old), &text),
                    texts: text.lines().map(str::to_owned).collect(),
                },
            );
        }
        Self(causes)
    }

    /// Where something was written that was read from a file of the render.
    pub fn place(&self, rendered: &Rendered, span: Span) -> Option<Place> {
        let file = rendered.sources.name(span)?;
        let cause = rendered
            .sources
            .path(span)
            .and_then(|path| self.0.get(path));
        Some(match cause {
            Some(cause) => cause.place(span),
            None => Place::in_file(file, span),
        })
    }
}

impl Cause {
    fn place(&self, span: Span) -> Place {
        let number = (span.line as usize).saturating_sub(1);
        let line = |line| Span {
            line,
            ..Span::default()
        };
        let text = self.texts.get(number).map_or("", String::as_str);
        // A block of lines stands below its key, which may be the base's still.
        let is_block = text.contains(['|', '>']) && !text.contains(['"', '\'']);
        let is_new = |number: usize| self.lines.get(number) == Some(&None);
        match (self.lines.get(number), &self.script) {
            (Some(_), Some(script)) if is_new(number) || (is_block && is_new(number + 1)) => {
                Place::in_file(script.name.clone(), line(script.line_of(text)))
            }
            (Some(Some(at)), _) => Place::in_file(self.base.clone(), line(*at)),
            _ => Place::file(self.base.clone()),
        }
    }
}

impl Script {
    fn read(
        files: &dyn Files,
        working_directory: &Path,
        directory: &Path,
        config: &Path,
    ) -> Option<Self> {
        let path = directory.join(config);
        let candidates = [
            path.clone(),
            path.with_extension("yq"),
            with_suffix(&path, ".yq"),
        ];
        let path = candidates
            .into_iter()
            .find(|path| matches!(files.resolve(path), Ok((_, FileKind::File))))?;
        let content = files.read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        let documents = read(&text, &Options::default()).unwrap_or_default();
        let statements = documents.first().map_or(&[][..], Node::items).iter();
        Some(Self {
            name: shown(working_directory, &path),
            statements: statements.filter_map(Statement::of).collect(),
        })
    }

    /// The line of the statement that wrote a line; 0 if that is not certain.
    fn line_of(&self, line: &str) -> u32 {
        let text = line.trim_start_matches([' ', '-']);
        let (key, value) = text.split_once(':').unwrap_or(("", text));
        let (key, value) = (key.trim_matches(['"', '\'']), value.trim());
        let says = |it: &&Statement| !it.value.is_empty() && text.contains(it.value.as_str());
        let names = |it: &&Statement| it.key == key;
        let mut named = self.statements.iter().filter(names);
        let both = self
            .statements
            .iter()
            .filter(names)
            .find(|it| it.value == value);
        let only = named.next().filter(|_| named.next().is_none());
        let mut sayers = self.statements.iter().filter(says);
        let sayer = sayers.next().filter(|_| sayers.next().is_none());
        both.or(only).or(sayer).map_or(0, |it| it.span.line)
    }
}

impl Statement {
    fn of(node: &Node) -> Option<Self> {
        let path = node.get("path")?;
        let text = path.text()?;
        let quoted = text
            .strip_suffix('"')
            .and_then(|rest| rest.rsplit_once('"'));
        let last = match quoted {
            Some((_, quoted)) => quoted,
            None => text.rsplit('.').next().unwrap_or(text),
        };
        let key = last.split('[').next().unwrap_or(last);
        let value = node.get("value").and_then(Node::text).unwrap_or_default();
        Some(Self {
            key: key.to_owned(),
            value: value.to_owned(),
            span: path.span,
        })
    }
}

/// By line of the new text: that of the old one, if it is the same.
fn lines_of_base(old: &str, new: &str) -> Vec<Option<u32>> {
    let mut lines = vec![None; new.lines().count()];
    for operation in TextDiff::from_lines(old, new).ops() {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = *operation
        {
            for at in 0..len {
                let line = u32::try_from(old_index + at + 1).ok();
                if let Some(slot) = lines.get_mut(new_index + at) {
                    *slot = line;
                }
            }
        }
    }
    lines
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn shown(working_directory: &Path, path: &Path) -> Arc<str> {
    let inside = path.strip_prefix(working_directory).unwrap_or(path);
    inside.display().to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_bases_or_a_statements() {
        let statement = |key: &str, value: &str, line| Statement {
            key: key.to_owned(),
            value: value.to_owned(),
            span: Span {
                line,
                ..Span::default()
            },
        };
        let script = Script {
            name: "s.yaml".into(),
            statements: vec![
                statement("log", "debug", 3),
                statement("bucket", "mine", 6),
                statement("bucket", "yours", 9),
                statement("hosts", "b.example.com", 12),
            ],
        };
        for (line, wanted) in [
            ("log: debug", 3),
            ("  bucket: yours", 9),
            ("hosts: [a, b.example.com]", 12),
            ("- b.example.com", 12),
            ("bucket: elsewhere", 0),
            ("other: 1", 0),
        ] {
            assert_eq!(script.line_of(line), wanted, "{line}");
        }
        assert_eq!(
            lines_of_base("a\nb\nc\n", "b\nx\nc\n"),
            [Some(2), None, Some(3)]
        );
    }
}
