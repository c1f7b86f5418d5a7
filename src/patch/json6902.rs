//! JSON patches, RFC 6902.
//!
//! Operations are applied to nodes, so that what a patch leaves alone keeps its place.
//! The reading of a path is that of RFC 6901, and as lenient as kustomize's: what stands before
//! the first slash is ignored, and `replace` creates a member that is missing.
//! Source: <https://www.rfc-editor.org/rfc/rfc6902>.

use json_patch::jsonptr::Token;

use crate::error::{Error, Kind, Result, nearest};
use crate::yaml::{Entry, Node, Text, Value, through_json};

/// The operations of one patch, in order.
#[derive(Clone, Debug, Default)]
pub struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug)]
struct Operation {
    name: Text,
    path: Text,
    from: Text,
    value: Node,
}

impl JsonPatch {
    /// The operations that a list says; null says none.
    ///
    /// # Errors
    ///
    /// If it is no list of maps.
    pub fn parse(list: &Node) -> Result<Self> {
        if list.is_null() {
            return Ok(Self::default());
        }
        if !list.is_seq() {
            return Err(
                Error::new(Kind::Patch, "a JSON patch is a list of operations")
                    .at(list.span)
                    .help("such as `- {op: replace, path: /spec/replicas, value: 2}`"),
            );
        }
        list.items()
            .iter()
            .map(Operation::parse)
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Applies a patch to an object.
///
/// # Errors
///
/// If an operation is unknown, a path leads nowhere, or a `test` fails; the object is then of no
/// more use.
pub fn apply(target: &mut Node, patch: &JsonPatch) -> Result<()> {
    *target = through_json(target)?;
    patch
        .0
        .iter()
        .try_for_each(|operation| operation.apply(target))
}

impl Operation {
    fn parse(node: &Node) -> Result<Self> {
        if !node.is_map() {
            return Err(
                Error::new(Kind::Patch, "an operation of a JSON patch is a map")
                    .at(node.span)
                    .help("such as `{op: replace, path: /spec/replicas, value: 2}`"),
            );
        }
        let text = |field| {
            let mut text = node.get(field).map(Text::of).unwrap_or_default();
            if text.span.line == 0 {
                text.span = node.span;
            }
            text
        };
        let value = node
            .get("value")
            .map_or_else(|| Ok(Node::null()), through_json)?;
        Ok(Self {
            name: text("op"),
            path: text("path"),
            from: text("from"),
            value,
        })
    }

    fn apply(&self, target: &mut Node) -> Result<()> {
        match &*self.name {
            "add" => self.add(target, self.value.clone()),
            "remove" => self.remove(target, &self.path).map(drop),
            "replace" => self.replace(target),
            "move" => {
                let value = self.remove(target, &self.from)?;
                self.add(target, value)
            }
            "copy" => {
                let value = self.find(target, &self.from)?.clone();
                self.add(target, value)
            }
            "test" => self.test(target),
            _ => Err(self.unknown()),
        }
    }

    fn add(&self, target: &mut Node, value: Node) -> Result<()> {
        let (parent, key) = self.parent(target, &self.path)?;
        match &mut parent.value {
            Value::Map(entries) => set(entries, key, value),
            Value::Seq(items) if key == "-" => items.push(value),
            Value::Seq(items) => {
                let index = self.index(&key, items.len() + 1)?;
                items.insert(index, value);
            }
            _ => return Err(self.leads_nowhere(&self.path)),
        }
        Ok(())
    }

    fn remove(&self, target: &mut Node, path: &Text) -> Result<Node> {
        let (parent, key) = self.parent(target, path)?;
        match &mut parent.value {
            Value::Map(_) => parent
                .remove(&key)
                .ok_or_else(|| self.missing(target, path)),
            Value::Seq(items) => {
                let index = self.index(&key, items.len())?;
                Ok(items.remove(index))
            }
            _ => Err(self.leads_nowhere(path)),
        }
    }

    fn replace(&self, target: &mut Node) -> Result<()> {
        if self.path.is_empty() {
            if self.value.is_scalar() {
                let message = "an object can only be replaced by an object";
                return Err(Error::new(Kind::Patch, message).at(self.path.span));
            }
            *target = self.value.clone();
            return Ok(());
        }
        let (parent, key) = self.parent(target, &self.path)?;
        match &mut parent.value {
            Value::Map(entries) => set(entries, key, self.value.clone()),
            Value::Seq(items) => {
                let index = self.index(&key, items.len())?;
                items[index] = self.value.clone();
            }
            _ => return Err(self.leads_nowhere(&self.path)),
        }
        Ok(())
    }

    fn test(&self, target: &Node) -> Result<()> {
        let null = Node::null();
        let found = if self.path.is_empty() {
            target
        } else {
            let (parent, key) = self.parent_of(target, &self.path)?;
            match &parent.value {
                Value::Map(_) => parent.get(&key).unwrap_or(&null),
                Value::Seq(items) => &items[self.index(&key, items.len())?],
                _ => return Err(self.leads_nowhere(&self.path)),
            }
        };
        if same(found, &self.value) {
            return Ok(());
        }
        // The values may be secret, so they are not repeated.
        let message = format!(
            "the test of `{}` fails: the object has another value",
            self.path
        );
        Err(Error::new(Kind::Patch, message).at(self.value.span))
    }

    fn find<'n>(&self, target: &'n Node, path: &Text) -> Result<&'n Node> {
        let (parent, key) = self.parent_of(target, path)?;
        let found = match &parent.value {
            Value::Map(_) => parent.get(&key),
            Value::Seq(items) => items.get(self.index(&key, items.len())?),
            _ => None,
        };
        found.ok_or_else(|| self.missing(target, path))
    }

    /// The value that holds the last part of a path, and that part.
    fn parent<'n>(&self, target: &'n mut Node, path: &Text) -> Result<(&'n mut Node, String)> {
        let (steps, last) = self.steps(path)?;
        let mut node = target;
        for step in steps {
            let next = match &mut node.value {
                Value::Map(entries) => entries
                    .iter_mut()
                    .find(|entry| entry.is(&step))
                    .map(|entry| &mut entry.value),
                Value::Seq(items) => {
                    let index = self.index(&step, items.len())?;
                    items.get_mut(index)
                }
                _ => None,
            };
            node = next.ok_or_else(|| self.leads_nowhere(path))?;
        }
        Ok((node, last))
    }

    fn parent_of<'n>(&self, target: &'n Node, path: &Text) -> Result<(&'n Node, String)> {
        let (steps, last) = self.steps(path)?;
        let mut node = target;
        for step in steps {
            let next = match &node.value {
                Value::Map(_) => node.get(&step),
                Value::Seq(items) => items.get(self.index(&step, items.len())?),
                _ => None,
            };
            node = next.ok_or_else(|| self.leads_nowhere(path))?;
        }
        Ok((node, last))
    }

    /// The parts of a path, the last one apart.
    fn steps(&self, path: &Text) -> Result<(Vec<String>, String)> {
        let mut steps: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let last = steps.pop().ok_or_else(|| {
            let message = format!("the path `{path}` of a JSON patch has no `/`");
            Error::new(Kind::Patch, message)
                .at(path.span)
                .help("a path is absolute, such as `/spec/replicas`")
        })?;
        Ok((steps, last))
    }

    /// An index into a list; a negative one counts from its end.
    fn index(&self, text: &str, len: usize) -> Result<usize> {
        let index = text.strip_prefix('+').unwrap_or(text).parse::<i64>().ok();
        let from_start = index.map(|index| if index < 0 { index + len as i64 } else { index });
        let within = from_start.and_then(|index| usize::try_from(index).ok());
        within.filter(|index| *index < len).ok_or_else(|| {
            let message = format!(
                "`{text}` in the path `{}` is no index of the list",
                self.path
            );
            let error = Error::new(Kind::Patch, message).at(self.path.span);
            match len {
                0 => error.help("the list is empty; `-` stands for its end"),
                _ => error.help(format!(
                    "indexes go from 0 to {}; `-` stands for its end",
                    len - 1
                )),
            }
        })
    }

    fn unknown(&self) -> Error {
        let known = ["add", "remove", "replace", "move", "copy", "test"];
        let error = Error::new(Kind::Patch, format!("unknown operation `{}`", self.name))
            .at(self.name.span);
        match nearest(&self.name, known) {
            Some(word) => error.help(format!("did you mean `{word}`?")),
            None => error.help("`op` is one of add, remove, replace, move, copy and test"),
        }
    }

    fn leads_nowhere(&self, path: &Text) -> Error {
        let message = format!("the path `{path}` leads nowhere in the object");
        Error::new(Kind::Patch, message)
            .at(path.span)
            .help("every part but the last must be there; add the parent first")
    }

    fn missing(&self, target: &Node, path: &Text) -> Error {
        let error = Error::new(Kind::Patch, format!("there is nothing at `{path}`")).at(path.span);
        let near = self.parent_of(target, path).ok().and_then(|(parent, key)| {
            let keys = parent.entries().iter().filter_map(|entry| entry.key.text());
            nearest(&key, keys).map(str::to_owned)
        });
        match near {
            Some(word) => error.help(format!("did you mean `{word}`?")),
            None => error,
        }
    }
}

/// A part of a path without its escapes; a tilde that escapes nothing stands for itself.
fn decoded(part: &str) -> String {
    Token::from_encoded(part)
        .map(|token| token.decoded().into_owned())
        .unwrap_or_else(|_| part.replace("~1", "/").replace("~0", "~"))
}

fn set(entries: &mut Vec<Entry>, key: String, value: Node) {
    match entries.iter_mut().find(|entry| entry.is(&key)) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry::new(key, value)),
    }
}

/// Whether two values are equal as JSON: the order of members does not matter.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|entry| {
                    let key = entry.key.text().unwrap_or_default();
                    other
                        .get(key)
                        .is_some_and(|value| same(&entry.value, value))
                })
        }
        (Value::Seq(ours), Value::Seq(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) => {
            one.tag == other.tag && (ours == theirs || one.is_null())
        }
        _ => false,
    }
}
