//! The documents of a text, and which of them are changed.

use std::str::FromStr;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Options};

/// Which documents of a text are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documents {
    /// Every one.
    All,
    /// One, counted from 0; a negative number names none.
    One(i64),
}

impl Default for Documents {
    fn default() -> Self {
        Self::One(0)
    }
}

impl FromStr for Documents {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|_| {
            let message = format!("`{text}` is no number of a document");
            Error::new(Kind::Script, message).help("write a number, counted from 0, or `*`")
        })
    }
}

/// Reads a text as it is written; comments only where they will be printed or compared.
pub(super) fn documents_of(text: &str, comments: bool) -> Result<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        comments,
        ..Options::default()
    };
    kustom_yaml::read(text, &options)
}

/// The documents that are to be changed; a text without any gets an empty one.
pub(super) fn selected(
    documents: &mut Vec<Node>,
    which: Documents,
) -> Result<impl Iterator<Item = &mut Node>> {
    let behind_last = Documents::One(i64::try_from(documents.len()).unwrap_or(i64::MAX));
    // As in yq 3, an empty document at the end may be followed by another one.
    let goes_on = which == behind_last && documents.last().is_some_and(Node::is_null);
    if documents.is_empty() || goes_on {
        documents.push(Node::null());
    }
    let range = match which {
        Documents::All => 0..documents.len(),
        Documents::One(number) => match usize::try_from(number) {
            Ok(number) if number < documents.len() => number..number + 1,
            Ok(number) => return Err(missing(number, documents.len())),
            Err(_) => 0..0,
        },
    };
    Ok(documents[range].iter_mut())
}

#[cold]
fn missing(number: usize, count: usize) -> Error {
    let message = match count {
        1 => format!("there is no document {number}: the text has one"),
        count => format!("there is no document {number}: the text has {count}"),
    };
    Error::new(Kind::Script, message).help("documents are counted from 0; `*` means all")
}
