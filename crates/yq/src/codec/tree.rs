//! Trees that are built from paths: `a.b.0` and what stands there.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Value};

/// How long a sequence may become by an index that is far beyond its end.
const LONGEST: usize = 100_000;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key.
    Key(Str),
    /// A place of a sequence.
    Index(usize),
}

/// The node at a path, made if it is not there.
pub(super) fn at<'n>(root: &'n mut Node, path: &[Step]) -> Result<&'n mut Node> {
    let mut node = root;
    for step in path {
        node = child(node, step)?;
    }
    Ok(node)
}

fn child<'n>(node: &'n mut Node, step: &Step) -> Result<&'n mut Node> {
    if node.is_null() {
        *node = match step {
            Step::Key(_) => Node::map(Vec::new()),
            Step::Index(_) => Node::seq(Vec::new()),
        };
    }
    match (&mut node.value, step) {
        (Value::Map(entries), Step::Key(key)) => Ok(entry(entries, key)),
        (Value::Map(entries), Step::Index(index)) => Ok(entry(entries, &index.to_string())),
        (Value::Seq(items), Step::Index(index)) => {
            if *index > items.len() + LONGEST {
                let message = format!("index {index} is far out of range");
                return Err(Error::new(Kind::Script, message));
            }
            while items.len() <= *index {
                items.push(Node::null());
            }
            Ok(&mut items[*index])
        }
        (_, step) => {
            let key = match step {
                Step::Key(key) => key.to_string(),
                Step::Index(index) => index.to_string(),
            };
            let message = format!("there is a value where the key `{key}` should go");
            Err(Error::new(Kind::Script, message))
        }
    }
}

fn entry<'n>(entries: &'n mut Vec<Entry>, key: &str) -> &'n mut Node {
    let place = match entries.iter().position(|entry| entry.is(key)) {
        Some(place) => place,
        None => {
            entries.push(Entry::new(key, Node::null()));
            entries.len() - 1
        }
    };
    &mut entries[place].value
}
