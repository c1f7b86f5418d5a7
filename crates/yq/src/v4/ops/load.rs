//! Files: `load`, `load_str` and their kin.

use std::rc::Rc;

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::place::Place;

use crate::codec::{Decoding, Format, decode};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::build::collected;

/// `load(path)`
pub(crate) fn yaml(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    load(e, call, scope, Format::Yaml)
}

/// `load_xml(path)`
pub(crate) fn xml(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    load(e, call, scope, Format::Xml)
}

/// `load_props(path)`
pub(crate) fn props(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    load(e, call, scope, Format::Properties)
}

/// `load_base64(path)`
pub(crate) fn base64(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    load(e, call, scope, Format::Base64)
}

fn load(e: &mut Evaluator<'_>, call: &Call, scope: &Scope, format: Format) -> Result<Matches> {
    each_file(e, call, scope, |e, path, text| {
        let documents = decode(format, text, &Decoding::default()).map_err(|error| {
            error
                .at(Place::file(path))
                .name_files(|_| Some(path.into()))
        })?;
        let mut ids = Vec::with_capacity(documents.len());
        for document in documents {
            ids.push(e.arena.adopt_owned(document));
        }
        match ids[..] {
            [] => Ok(e.arena.scalar("", Tag::Null)),
            [only] => Ok(only),
            _ => Ok(collected(e, &ids)),
        }
    })
}

/// `load_str(path)`
pub(crate) fn text(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    each_file(e, call, scope, |e, _, text| {
        Ok(e.arena.scalar(text, Tag::Str))
    })
}

fn each_file(
    e: &mut Evaluator<'_>,
    call: &Call,
    scope: &Scope,
    make: impl Fn(&mut Evaluator<'_>, &str, &str) -> Result<crate::v4::arena_node::Id>,
) -> Result<Matches> {
    let Some(loader) = e.context.loader else {
        return Err(Error::new(
            ErrorKind::Script,
            "an expression may not read files here",
        ));
    };
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    e.for_each(scope, |e, id| {
        let Some(path) = e.first(argument, &scope.looking_at(id))? else {
            return Err(Error::new(
                ErrorKind::Script,
                "the expression for the file's name gives nothing",
            ));
        };
        let path = e.arena.get(path).text.clone();
        let text = loader
            .load(&path)
            .map_err(|error| e.placed(error, argument.span))?;
        make(e, &path, &text).map(Some)
    })
}
