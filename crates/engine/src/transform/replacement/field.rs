//! Fields of a target: every value that a path means gets the new one.

mod embedded;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::limits::Budget;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Entry, FieldPath, Node, Part, Str, Value, charge_copy};
use regex::Regex;

use super::FieldOptions;
use crate::regexp;
use crate::release::Release;
use crate::resource::Resource;

/// A path of a target, ready for use on many objects.
#[derive(Debug)]
pub(super) struct Field<'p> {
    text: &'p str,
    span: Span,
    pub(super) path: FieldPath,
    /// The conditions of the parts of the path that pick items.
    patterns: Vec<Option<Pattern>>,
}

/// The condition of an item; it matches anywhere in the text.
#[derive(Debug)]
enum Pattern {
    /// Plain words, which need no expression.
    Word(Str),
    Regex(Regex),
    /// No regular expression at all, which is an error as soon as there is an item.
    Broken,
}

impl<'p> Field<'p> {
    pub(super) fn new(text: &'p str, span: Span) -> Result<Self> {
        let path = FieldPath::dotted(text).map_err(|error| error.at(span))?;
        let patterns = path
            .parts()
            .iter()
            .map(|part| match Part::of(part) {
                Part::Item { value, .. } => Some(Pattern::new(value)),
                _ => None,
            })
            .collect();
        Ok(Self {
            text,
            span,
            path,
            patterns,
        })
    }

    /// Puts a value where the path leads to, and tells if it is lost there.
    ///
    /// # Errors
    ///
    /// If it leads nowhere.
    pub(super) fn set(
        &self,
        resource: &mut Resource,
        value: &Node,
        options: &FieldOptions,
        budget: &Budget,
        release: Release,
    ) -> Result<Option<Finding>> {
        let mut loss = None;
        let put = Put {
            value,
            span: resource.place_of_new(match value.span.source {
                SourceId::NONE => self.span,
                _ => value.span,
            }),
            options,
            budget,
            depth: self.path.parts().len(),
        };
        let is_embedded = embedded::set(self, &mut resource.node, &put, &mut loss, release);
        if is_embedded.map_err(|error| error.at(self.span))? {
            return Ok(loss.map(|loss| self.lost(resource, &loss)));
        }
        loss = None;
        let mut put_one = |node: &mut Node| {
            loss = loss.take().or(Loss::of(node, value));
            put.set(node)
        };
        let mut walk = Walk::new(self, options.create.then_some(value), &mut put_one);
        let result = walk.from(&mut resource.node, 0);
        let goes_nowhere = walk.goes_nowhere;
        match result {
            Ok(0) => Err(self.missing(resource, options)),
            Ok(_) => {
                let loss = if goes_nowhere { Some(Loss::Copy) } else { loss };
                Ok(loss.map(|loss| self.lost(resource, &loss)))
            }
            Err(error) if error.kind() == Kind::Limit => Err(error.at(self.span)),
            Err(error) => Err(self.misfit(resource, &error)),
        }
    }

    #[cold]
    fn lost(&self, resource: &Resource, loss: &Loss) -> Finding {
        let (text, id) = (self.text, resource.id());
        let target = format!("`{text}` of {} `{}`", id.gvk.kind, id.name);
        let (rule, message, help) = match loss {
            Loss::Shape(value, there) => (
                "misfit-replacement",
                match *there {
                    "text" => {
                        format!("{target} is text, and the value is {value}: it is empty now")
                    }
                    there => format!("{target} is {there}, and the value is {value}"),
                },
                "take the value from a field of the same shape, or put it into one",
            ),
            Loss::Copy => (
                "unmatched-replacement",
                format!(
                    "{target} is found, but the value is lost: what it is below stays as it is"
                ),
                "the path leads through text that cannot be written again, or through a null",
            ),
        };
        Finding::warning(rule, message).at(self.span).help(help)
    }

    #[cold]
    fn missing(&self, resource: &Resource, options: &FieldOptions) -> Error {
        let message = format!(
            "the target {} has no field `{}`",
            resource.id().shown(),
            self.text
        );
        let error = Error::new(Kind::Transform, message)
            .at(self.span)
            .note("the target is here", Some(resource.node.span.into()));
        if options.create {
            return error;
        }
        error.help("`options: {create: true}` makes missing fields")
    }

    #[cold]
    fn misfit(&self, resource: &Resource, error: &Error) -> Error {
        let message = format!(
            "the path `{}` does not fit the target {}: {}",
            self.text,
            resource.id().shown(),
            error.message()
        );
        let outer = Error::new(Kind::Transform, message).at(self.span);
        let span = super::span_of(error);
        let outer = match span.line {
            // What another target made was read nowhere.
            0 => outer.note_at("the object is here", resource.node.span),
            _ => outer.note_at("the value is here", span),
        };
        match error.help_line() {
            Some(help) => outer.help(help),
            None => outer,
        }
    }
}

/// How a value is lost although its field was found.
pub(super) enum Loss {
    /// The value has another shape than what is there; both in words.
    Shape(&'static str, &'static str),
    /// It was put into a copy.
    Copy,
}

impl Loss {
    /// Of a value that is about to be put where a node is.
    pub(super) fn of(node: &Node, value: &Node) -> Option<Self> {
        let shape = |node: &Node| match node.value {
            Value::Map(_) => "a map",
            Value::Seq(_) => "a list",
            Value::Scalar(_) | Value::Alias(_) => "text",
        };
        let (there, new) = (shape(node), shape(value));
        // What was just made for the value has nothing in it.
        let has_content =
            node.is_scalar() || !node.entries().is_empty() || !node.items().is_empty();
        (there != new && has_content).then_some(Self::Shape(new, there))
    }
}

/// A value that is put into fields, and how.
pub(super) struct Put<'p> {
    pub(super) value: &'p Node,
    /// Where the value is written; where nobody wrote it, the path of the target.
    span: Option<Span>,
    pub(super) options: &'p FieldOptions,
    pub(super) budget: &'p Budget,
    /// How many parts lead to the fields.
    pub(super) depth: usize,
}

/// The budget that pays for copies.
pub(super) const OPERATOR: &str = "this replacement";

impl Put<'_> {
    /// Puts the value, or the text with the value as a part, where a node is.
    ///
    /// A plain value keeps its type and its quotes and takes only the text.
    pub(super) fn set(&self, node: &mut Node) -> Result<()> {
        let options = self.options;
        if options.delimiter.is_empty() {
            return self.instead_of(node);
        }
        let Some(text) = node.text() else {
            return Err(options.not_plain(node));
        };
        let is_null = self.value.is_null() && !self.value.inferred;
        let value = self.value.text().filter(|_| !is_null).unwrap_or_default();
        self.budget.charge_text(OPERATOR, value, 1)?;
        self.budget.charge_text(OPERATOR, text, 1)?;
        let text = options.joined(text, value);
        node.set_text(&text);
        node.span = self.span.unwrap_or(node.span);
        Ok(())
    }

    /// Puts the value where a node is.
    pub(super) fn instead_of(&self, node: &mut Node) -> Result<()> {
        charge_copy(self.budget, OPERATOR, self.value, self.depth)?;
        if node.is_scalar() {
            node.set_text(self.value.text().unwrap_or_default());
            node.span = self.span.unwrap_or(node.span);
        } else {
            *node = self.value.clone();
        }
        Ok(())
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:=@% ".contains(&byte);
        if text.bytes().all(is_word) {
            return Self::Word(text.into());
        }
        regexp::compile(text).map_or(Self::Broken, Self::Regex)
    }

    fn matches(&self, text: &str) -> Option<bool> {
        match self {
            Self::Word(word) => Some(text.contains(word.as_str())),
            Self::Regex(regex) => Some(regex.is_match(text)),
            Self::Broken => None,
        }
    }
}

/// Follows a path to all the values it means.
pub(super) struct Walk<'w> {
    field: &'w Field<'w>,
    /// The value that will be put where fields are missing, if they are made at all.
    created: Option<&'w Node>,
    put: &'w mut dyn FnMut(&mut Node) -> Result<()>,
    /// Whether a value was put where it does not stay.
    goes_nowhere: bool,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        field: &'w Field<'_>,
        created: Option<&'w Node>,
        put: &'w mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Self {
        Self {
            field,
            created,
            put,
            goes_nowhere: false,
        }
    }

    /// Follows the parts of the path from one on, and says how many values were meant.
    pub(super) fn from(&mut self, node: &mut Node, start: usize) -> Result<usize> {
        let field = self.field;
        let Some(text) = field.path.parts().get(start) else {
            (self.put)(node)?;
            return Ok(1);
        };
        let part = Part::of(text);
        match part {
            Part::Field(name) => self.field(node, name, start),
            Part::Index(index) => self.index(node, index, start),
            Part::Item { field, value } => self.items(node, field, value, start),
            Part::Every => {
                let items = of_list(node, part)?.iter_mut();
                let counts = items.map(|item| self.from(item, start + 1));
                counts.sum()
            }
            Part::Broken => Err(part.misfit(node)),
        }
    }

    fn field(&mut self, node: &mut Node, name: &str, start: usize) -> Result<usize> {
        if node.is_null() {
            return self.below_null(start);
        }
        if name.is_empty() {
            let message = "a part of the path is empty";
            return Err(Error::new(Kind::Transform, message).at(self.field.span));
        }
        let Value::Map(entries) = &mut node.value else {
            return Err(Part::Field(name).misfit(node));
        };
        let position = match entries.iter().position(|entry| entry.is(name)) {
            Some(position) => position,
            None => {
                let Some(value) = self.new_value(start) else {
                    return Ok(0);
                };
                entries.push(Entry {
                    key: Node::plain(name),
                    value,
                });
                entries.len() - 1
            }
        };
        let child = &mut entries[position].value;
        if child.is_scalar() && start + 1 < self.field.path.parts().len() {
            // The text is read, and what is found in it counts; but the text stays as it is.
            let mut copy = embedded::read(child)?;
            let count = self.from(&mut copy, start + 1)?;
            self.goes_nowhere |= count > 0;
            return Ok(count);
        }
        self.from(child, start + 1)
    }

    fn index(&mut self, node: &mut Node, index: usize, start: usize) -> Result<usize> {
        if node.is_null() && index == 0 && self.created.is_some() {
            return self.below_null(start);
        }
        let span = node.span;
        let items = of_list(node, Part::Index(index))?;
        if items.len() == index
            && let Some(value) = self.new_value(start)
            && let Value::Seq(items) = &mut node.value
        {
            items.push(value);
        }
        let count = node.items().len();
        let Some(item) = node.items_mut().and_then(|items| items.get_mut(index)) else {
            let message = format!("there is no item `{index}` in a list of {count}");
            return Err(Error::new(Kind::Transform, message).at(span));
        };
        self.from(item, start + 1)
    }

    fn items(&mut self, node: &mut Node, field: &str, value: &str, start: usize) -> Result<usize> {
        if node.is_null() && self.created.is_some() {
            let mut scratch = Node::seq(Vec::new());
            return self.items(&mut scratch, field, value, start);
        }
        let part = Part::Item { field, value };
        let count = self.matching(of_list(node, part)?, field, start)?;
        if count > 0 || self.created.is_none() {
            return Ok(count);
        }
        if let Some(items) = node.items_mut() {
            items.push(kustom_yaml::new_item(field, value));
        }
        match self.matching(of_list(node, part)?, field, start)? {
            0 => {
                let message = format!("`[{field}={value}]` does not match the item made for it");
                Err(Error::new(Kind::Transform, message).at(node.span))
            }
            count => Ok(count),
        }
    }

    /// Goes on in the items that the part of the path picks.
    fn matching(&mut self, items: &mut [Node], field: &str, start: usize) -> Result<usize> {
        let Some(Some(pattern)) = self.field.patterns.get(start) else {
            return Ok(0);
        };
        let mut count = 0;
        for item in items {
            let tested = match field {
                "" => Some(&*item),
                field => item.get(field),
            };
            let Some(matches) = tested.map_or(Some(false), |node| {
                pattern.matches(&kustom_yaml::spelled(node))
            }) else {
                let text = &self.field.path.parts()[start];
                let message = format!("`{text}` holds no regular expression");
                return Err(Error::new(Kind::Transform, message).at(self.field.span));
            };
            if !matches {
                continue;
            }
            if field.is_empty() {
                // What follows in the path is not looked at.
                (self.put)(item)?;
                count += 1;
            } else {
                count += self.from(item, start + 1)?;
            }
        }
        Ok(count)
    }

    /// Whatever is made below null is found, but it is lost.
    fn below_null(&mut self, start: usize) -> Result<usize> {
        match self.new_value(start) {
            Some(mut scratch) => {
                let count = self.from(&mut scratch, start + 1)?;
                self.goes_nowhere |= count > 0;
                Ok(count)
            }
            None => Ok(0),
        }
    }

    /// What is made where a part of the path leads to nothing: of the shape that the next part
    /// asks for, at the end of that of the new value.
    fn new_value(&self, start: usize) -> Option<Node> {
        let value = self.created?;
        let next = self.field.path.parts().get(start + 1);
        Some(match next.map(|next| Part::of(next)) {
            Some(part) if part.is_of_sequence() => Node::seq(Vec::new()),
            Some(part) if part != Part::Field("") => Node::map(Vec::new()),
            _ => match value.value {
                Value::Map(_) => Node::map(Vec::new()),
                Value::Seq(_) => Node::seq(Vec::new()),
                _ => Node::inferred(""),
            },
        })
    }
}

/// The items of a list; null has none.
fn of_list<'n>(node: &'n mut Node, part: Part<'_>) -> Result<&'n mut [Node]> {
    if node.is_null() {
        return Ok(&mut []);
    }
    if !node.is_seq() {
        return Err(part.misfit(node));
    }
    Ok(node.items_mut().map_or(&mut [], Vec::as_mut_slice))
}
