//! What a substitution changes that Flux does not speak of.

use std::collections::HashSet;

use kustom_yaml::place::Span;
use kustom_yaml::{Node, Style, Tag, Value, write};

use crate::by_key::ByKey;
use crate::lines::Lines;
use crate::origin::Origin;
use crate::template::{Default, Operation, Piece, Template};
use crate::variables::Variables;

/// Something that a substitution did to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it did.
    pub loss: Loss,
    /// The path of the field.
    pub path: String,
    /// Where it was written.
    pub place: Span,
    /// The names of the variables that are in it.
    pub variables: Vec<String>,
}

/// What can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `metadata.name` is no text any more: Flux drops the object without a word.
    Object(Tag),
    /// A label is no text any more: Flux drops all labels of the object without a word.
    Labels(Tag),
    /// A value that must be text is none any more: the API server refuses it.
    Text(Tag),
    /// `$$` became `$`, and was no escape of `${`.
    Dollar,
    /// `${x:?text}` gave its text, where a shell would have stopped.
    Message,
    /// `${x:+text}` gave the value, where a shell would have given the text.
    Alternative,
    /// The line was broken within a pattern, which so cannot match.
    Pattern,
}

/// What a substitution did to an object that Flux does not speak of.
///
/// `before` is the object before it, `after` what [`substitute`](crate::substitute()) made of it.
pub fn changes(before: &Node, after: &Node, variables: &Variables) -> Vec<Change> {
    let mut comparison = Comparison {
        variables,
        path: Vec::new(),
        found: Vec::new(),
        has_pattern: false,
    };
    comparison.compare(before, after);
    if comparison.has_pattern {
        comparison.found.extend(broken_patterns(before));
    }
    comparison.found
}

/// A step to a value: a key, or nothing for an item of a list.
type Step<'n> = Option<&'n str>;

struct Comparison<'n> {
    variables: &'n Variables,
    path: Vec<Step<'n>>,
    found: Vec<Change>,
    /// Whether there is a pattern with a blank, at which a line may be broken.
    has_pattern: bool,
}

impl<'n> Comparison<'n> {
    fn compare(&mut self, before: &'n Node, after: &'n Node) {
        match &before.value {
            Value::Map(entries) => {
                let known = ByKey::of(after);
                for entry in entries {
                    let key = entry.key.text().unwrap_or_default();
                    self.path.push(Some(key));
                    let after = known.get(key).map_or(&entry.value, |after| &after.value);
                    self.compare(&entry.value, after);
                    self.path.pop();
                }
            }
            Value::Seq(items) => {
                self.path.push(None);
                for (index, item) in items.iter().enumerate() {
                    self.compare(item, after.items().get(index).unwrap_or(item));
                }
                self.path.pop();
            }
            Value::Scalar(text) if text.contains('$') => self.scalar(text, before, after),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    fn scalar(&mut self, text: &str, before: &Node, after: &Node) {
        let Ok(template) = Template::parse(text) else {
            return;
        };
        // Each with its offset in the text.
        let mut losses = Vec::new();
        if before.tag == Tag::Str && after.tag != Tag::Str {
            losses.extend(lost_text(&self.path, after.tag).map(|loss| (loss, 0)));
        }
        let halved = template.halved.first();
        losses.extend(halved.map(|offset| (Loss::Dollar, *offset)));
        let mut names: Vec<String> = Vec::new();
        let mut met = HashSet::new();
        template.each_expression(&mut |expression| {
            if met.insert(expression.name.to_string()) {
                names.push(expression.name.to_string());
            }
            let is_empty = self
                .variables
                .get(&expression.name)
                .is_none_or(<[u8]>::is_empty);
            match &expression.operation {
                Operation::Default { operator, .. } => match operator {
                    Default::Error if is_empty => losses.push((Loss::Message, expression.offset)),
                    Default::Alternative if !is_empty => {
                        losses.push((Loss::Alternative, expression.offset))
                    }
                    _ => {}
                },
                Operation::Remove { pattern, .. } | Operation::Replace { text: pattern, .. } => {
                    self.has_pattern |= matches!(pattern, Piece::Text(text) if text.contains(' '));
                }
                _ => {}
            }
        });
        let lines = Lines::of(text);
        self.found
            .extend(losses.into_iter().map(|(loss, offset)| Change {
                loss,
                path: shown(&self.path),
                place: place_within(before, &lines, offset),
                variables: names.clone(),
            }));
    }
}

/// The place of an offset in a text: its line, if the text is a block that keeps them.
fn place_within(node: &Node, lines: &Lines, offset: usize) -> Span {
    let mut place = node.span;
    if node.style == Style::Literal && place.line > 0 {
        place.line += lines.before(offset) + 1;
        place.column = 0;
    }
    place
}

/// What is lost with a text that is none any more; nothing where a number may be meant.
fn lost_text(path: &[Step<'_>], tag: Tag) -> Option<Loss> {
    match path {
        [Some("metadata"), Some("name")] => Some(Loss::Object(tag)),
        [Some("metadata"), Some("labels"), Some(_)] => Some(Loss::Labels(tag)),
        [Some("data" | "stringData" | "binaryData"), Some(_)]
        | [.., Some("metadata"), Some("name" | "namespace")]
        | [.., Some("args" | "command"), None]
        | [.., Some("env"), None, Some("value")]
        | [
            _,
            ..,
            Some("annotations" | "labels" | "matchLabels" | "nodeSelector"),
            Some(_),
        ] => Some(Loss::Text(tag)),
        _ => None,
    }
}

/// Patterns in which a line feed stands since the object was printed.
fn broken_patterns(object: &Node) -> Vec<Change> {
    let mut text = String::new();
    let template = match write(object, &mut text) {
        Ok(()) => Template::parse(&text),
        Err(_) => return Vec::new(),
    };
    let origin = Origin::new(object, &text);
    let mut found = Vec::new();
    let Ok(template) = template else { return found };
    template.each_expression(&mut |expression| {
        let (Operation::Remove { pattern, .. } | Operation::Replace { text: pattern, .. }) =
            &expression.operation
        else {
            return;
        };
        if matches!(pattern, Piece::Text(text) if text.contains('\n')) {
            let (place, path) = origin.find(expression.offset);
            found.push(Change {
                loss: Loss::Pattern,
                path,
                place,
                variables: vec![expression.name.to_string()],
            });
        }
    });
    found
}

fn shown(path: &[Step<'_>]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Some(key) if shown.is_empty() => shown.push_str(key),
            Some(key) => {
                shown.push('.');
                shown.push_str(key);
            }
            None => shown.push_str("[]"),
        }
    }
    shown
}
