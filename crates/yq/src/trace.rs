//! Traces which statement of a script wrote which part of a file.
//!
//! A script of yq 3 is run statement by statement, each on the text that the one before has left.
//! For an expression of yq 4 the evaluator records the nodes that each assignment named. A change
//! of the text belongs to the assignment with the smallest node around it; of equal ones, to the
//! last.

use std::ops::Range;

use kustom_yaml::error::Result;
use kustom_yaml::place::Place;
use kustom_yaml::source_map::SourceMap;
use kustom_yaml::{Change, Node, Value};

use crate::script::{Script, Source, input};
use crate::v4::Step;
use crate::{v3, v4};

impl Script {
    /// Runs the script on a file and says which statement wrote what of the result.
    ///
    /// `map` says where the text of the file was written; the map of the result goes back as far.
    ///
    /// # Errors
    ///
    /// A file that is no YAML, or a statement that cannot run.
    pub fn trace(
        &self,
        config: Source<'_>,
        loader: &dyn v4::Loader,
        map: &SourceMap,
    ) -> Result<(String, SourceMap)> {
        let whole = self.run(config, loader)?;
        let text = String::from_utf8_lossy(&whole.content).into_owned();
        let traced = match self {
            Self::Commands(script) => commands(script, config.text()?, map)?,
            Self::Expression(expression) => evaluated(expression, config, loader, map)?,
        };
        match traced {
            Some((same, map)) if same == text => Ok((text, map)),
            // The statements one by one make another text: all that is certain is the script.
            _ => Ok((text, SourceMap::written(Place::file(self.name())))),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Commands(script) => {
                let first = script.statements.first();
                let file = first.and_then(|statement| statement.place.file.as_deref());
                file.unwrap_or_default()
            }
            Self::Expression(expression) => expression.name(),
        }
    }
}

fn commands(
    script: &v3::Script,
    text: &str,
    map: &SourceMap,
) -> Result<Option<(String, SourceMap)>> {
    let (mut text, mut map) = (text.to_owned(), map.clone());
    for statement in &script.statements {
        let one = v3::Script {
            statements: vec![statement.clone()],
        };
        let (next, changes) = v3::run_changes(&one, &text)?;
        let place = &statement.written;
        map = map.changed(changes.iter().map(|change| (change, place.clone())));
        text = next;
    }
    Ok(Some((text, map)))
}

fn evaluated(
    expression: &v4::Expression,
    config: Source<'_>,
    loader: &dyn v4::Loader,
    map: &SourceMap,
) -> Result<Option<(String, SourceMap)>> {
    let text = config.text()?;
    let read = input(text)?;
    let documents = read.nodes();
    let context = v4::Context {
        trace: true,
        ..v4::Context::of_project(loader)
    };
    let given = v4::Input {
        name: config.name,
        documents,
    };
    let output = expression.evaluate(&[given], &context)?;
    if !documents.is_empty() && !output.is_edit(0, documents.len()) {
        return Ok(None);
    }
    let places: Vec<Place> = output.effects.iter().map(|it| it.place.clone()).collect();
    let written = output.written.clone();
    let after = output.into_nodes();
    if documents.is_empty() && after.iter().all(Node::is_null) {
        return Ok(Some((text.to_owned(), map.clone())));
    }
    let (new, changes) = read.rewrite_changes(&after)?;
    let read = input(&new)?;
    let ranges: Vec<(Range<usize>, usize)> = written
        .iter()
        .filter_map(|one| {
            let root = read.nodes().get(one.document)?;
            Some((extent(root, &one.path)?, one.statement))
        })
        .collect();
    let place = |change: &Change| {
        let around = ranges
            .iter()
            .rev()
            .filter(|(range, _)| range.start <= change.new.end && change.new.start <= range.end);
        let nearest = around.min_by_key(|(range, _)| range.len());
        let place = nearest.and_then(|(_, statement)| places.get(*statement));
        place
            .cloned()
            .unwrap_or_else(|| Place::file(expression.name()))
    };
    let map = map.changed(changes.iter().map(|change| (change, place(change))));
    Ok(Some((new, map)))
}

/// The bytes of a node and of its key, at the end of a path.
fn extent(root: &Node, path: &[Step]) -> Option<Range<usize>> {
    let (mut node, mut start) = (root, None);
    for step in path {
        let (key, value) = match (&node.value, step) {
            (Value::Seq(items), Step::Index(index)) => {
                (None, items.get(usize::try_from(*index).ok()?)?)
            }
            (_, step) => {
                let text = step.to_string();
                let mut entries = node.entries().iter();
                let entry = entries.find(|entry| entry.key.text() == Some(&text))?;
                (Some(&entry.key), &entry.value)
            }
        };
        start = key.map(|key| key.span.range().start);
        node = value;
    }
    let range = whole(node);
    Some(start.unwrap_or(range.start)..range.end)
}

/// The bytes of a node and of everything in it.
fn whole(node: &Node) -> Range<usize> {
    let own = node.span.range();
    let entries = node.entries().iter().map(|entry| &entry.value);
    let below = node.items().iter().chain(entries);
    let end = below.map(|node| whole(node).end).max();
    own.start..own.end.max(end.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use kustom_yaml::source_map::Origin;

    use super::*;

    fn traced(name: &str, script: &str, text: &str) -> (String, SourceMap) {
        let script = Script::parse(Source {
            name,
            bytes: script.as_bytes(),
        });
        let config = Source {
            name: "c.yaml",
            bytes: text.as_bytes(),
        };
        let no_files = |_: &str| unreachable!("no file is asked for");
        let base = SourceMap::unchanged();
        script.unwrap().trace(config, &no_files, &base).unwrap()
    }

    /// The line of the script that wrote each line of the result, 0 where it is the base's.
    fn lines(name: &str, script: &str, text: &str) -> Vec<u32> {
        let (text, map) = traced(name, script, text);
        let mut at = 0;
        let mut lines = Vec::new();
        for line in text.split_inclusive('\n') {
            lines.push(
                map.step_in(at..at + line.trim_end().len())
                    .map_or(0, |place| place.span.line),
            );
            at += line.len();
        }
        lines
    }

    #[test]
    fn each_change_is_of_its_statement() {
        let base = "log:\n  level: info # x\nhosts:\n- a\n- b\nlast: 1\n";
        let commands = "- command: update\n  path: log.level\n  value: debug\n\
                        - command: delete\n  path: hosts[0]\n\
                        - command: update\n  path: log.file\n  value: /tmp/x\n";
        assert_eq!(lines("s.yaml", commands, base), [0, 3, 8, 0, 0, 0]);
        let expression = ".log.level = \"debug\"\n| del(.hosts[0])\n| .log.file = \"/tmp/x\"\n| .more += [\"c\"]";
        assert_eq!(lines("s.yq", expression, base), [0, 1, 3, 0, 0, 0, 4, 4]);
        let nested = "with(.log;\n  .level = \"debug\"\n  | .file = \"/tmp/x\")\n| .last |= . + 1";
        assert_eq!(lines("s.yq", nested, base), [0, 2, 3, 0, 0, 0, 4]);
    }

    #[test]
    fn what_is_no_edit_is_of_the_script() {
        let map = traced("s.yq", ".l[] | .n = 3", "l:\n- n: 1\n").1;
        assert_eq!(map.origin(0), Origin::Step(Place::file("s.yq")));
    }
}
