//! Values as texts of other formats, and back: `to_json`, `@base64d` and their kin.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Node, Options, Tag, read};

use crate::codec::{Decoding, Encoding, Format, decode, encode};
use crate::v4::arena_node::{Id, Key};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::alias;
use super::errors::wrong_kind;

/// The first document of a YAML text, with its aliases.
pub(super) fn from_yaml_text(text: &str) -> Result<Node> {
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    let first = read(text, &options)?.into_iter().next();
    Ok(first.unwrap_or_else(|| Node::scalar("", Tag::Null)))
}

/// Where a node stands, as far as encoding asks for it.
fn place(e: &Evaluator<'_>, id: Id) -> String {
    let item = e.arena.get(id);
    let document = e.arena.origin(id).document;
    let key = match item.key {
        Key::None => String::new(),
        Key::Index(index) => index.to_string(),
        Key::Node(key) => e.arena.get(key).text.to_string(),
    };
    format!("{document} {key}")
}

/// Encodes each node of a scope.
pub(crate) fn to(
    e: &mut Evaluator<'_>,
    scope: &Scope,
    format: Format,
    indent: usize,
) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if format != Format::Yaml {
            alias::node_and_below(e, id, 0)?;
        }
        let node = match format {
            Format::Yaml => e.arena.restore(id),
            _ => e.arena.restore_data(id),
        };
        let encoding = Encoding {
            indent,
            unwrapped: format != Format::Json,
            ..Encoding::default()
        };
        let mut text = encode(format, &node, &encoding).map_err(in_expression)?;
        let had_line_end = e
            .decoded
            .get(&place(e, id))
            .is_none_or(|original| original.ends_with('\n'));
        let is_one_line =
            matches!(format, Format::Csv | Format::Tsv) || (format == Format::Json && indent == 0);
        let is_short = text.trim_end_matches('\n').len() + 1 == text.len();
        if is_one_line || (!had_line_end && is_short) {
            text.truncate(text.trim_end_matches('\n').len());
        }
        Ok(Some(e.answer(id, &text, Tag::Str)))
    })
}

/// An error about a value that has no place in a file.
fn in_expression(error: Error) -> Error {
    let placeless = Error::new(ErrorKind::Script, error.message());
    match error.help_line() {
        Some(help) => placeless.help(help),
        None => placeless,
    }
}

/// Decodes each text of a scope.
pub(crate) fn from(
    e: &mut Evaluator<'_>,
    call: &Call,
    scope: &Scope,
    format: Format,
) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if !e.arena.get(id).is_scalar() {
            return Err(wrong_kind(e, call, "a string", id));
        }
        let text = e.arena.get(id).text.clone();
        if text.is_empty()
            && !matches!(
                format,
                Format::Base64 | Format::Base64Url | Format::Uri | Format::Xml
            )
        {
            let message = format!("`{}` expects a string, found none", call.operator.names[0]);
            return Err(Error::new(ErrorKind::Script, message));
        }
        let node = match format {
            Format::Yaml => from_yaml_text(&text),
            _ => decode(format, &text, &Decoding::default()).map(|nodes| {
                let first = nodes.into_iter().next();
                first.unwrap_or_else(|| Node::scalar("", Tag::Null))
            }),
        };
        let node = node.map_err(|error| {
            let name = call.operator.names[0];
            let message = format!("`{name}` cannot read the text: {}", error.message());
            Error::new(ErrorKind::Script, message)
        })?;
        let place = place(e, id);
        e.decoded.insert(place, text);
        let new = e.arena.adopt_owned(node);
        e.arena.stand_in(id, new);
        Ok(Some(new))
    })
}
