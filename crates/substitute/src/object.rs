//! An object with its variables substituted.
//!
//! Flux prints the object, substitutes the whole text, reads it by the rules of YAML 1.1 and sends
//! it through JSON. So quotes of the source are gone, keys are substituted too, and a value may
//! bring YAML of its own, as long as it is on one line.

use std::collections::{BTreeSet, HashSet};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Entry, Node, Value, read_config, spelt_config, unspelt_json, write};

use crate::by_key::ByKey;
use crate::origin::Origin;
use crate::template::{Piece, Template};
use crate::variables::Variables;

/// The label or annotation by which an object is left out.
pub const OPT_OUT: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// The only value of [`OPT_OUT`] that counts.
pub const DISABLED: &str = "disabled";

/// How variables are substituted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether a variable without a value and a default is an error; otherwise it is empty.
    pub strict: bool,
    /// Whether text is substituted even if there are no variables, for the sake of its defaults.
    pub always: bool,
}

impl Default for Options {
    /// Strict, and only if there are variables.
    fn default() -> Self {
        Self {
            strict: true,
            always: false,
        }
    }
}

/// Whether an object says that it is left out.
pub fn is_opted_out(object: &Node) -> bool {
    ["labels", "annotations"].iter().any(|field| {
        let mark = object.at(&["metadata", field, OPT_OUT]);
        mark.and_then(Node::text) == Some(DISABLED)
    })
}

/// Substitutes the variables in an object; it is returned as it is if it says so, or if there is
/// nothing to substitute.
///
/// Values keep the places where they were written.
///
/// # Errors
///
/// An expression that Flux cannot read, a variable without a value, a name of a variable that Flux
/// refuses, and a text that is no YAML afterwards; with the place in the source, and never with a
/// value.
pub fn substitute(object: &Node, variables: &Variables, options: &Options) -> Result<Node> {
    if is_opted_out(object) || (variables.is_empty() && !options.always) {
        return Ok(object.clone());
    }
    if let Some(name) = variables.refused_name() {
        let message = format!("`{name}` cannot be the name of a variable");
        return Err(Error::new(Kind::Project, message)
            .help("a name has ASCII letters, digits and `_`, and begins with no digit"));
    }
    let mut text = String::new();
    write(object, &mut text)?;
    let origin = Origin::new(object, &text);
    let template = Template::parse(&text).map_err(|mistake| {
        let error = Error::new(Kind::Project, mistake.message()).help(mistake.help());
        origin.placed(error, mistake.offset)
    })?;
    let substituted = template
        .evaluate(variables, options.strict)
        .map_err(|error| {
            // Which of the expressions it was is found again: the first one that fails by itself.
            origin.placed(error, first_that_fails(&template, variables, options))
        })?;
    let mut new = read(&substituted).map_err(|line| no_yaml(&template, &origin, line))?;
    if new.entries().is_empty() {
        // What is nothing after it is not taken over.
        return Ok(object.clone());
    }
    keep_places(&mut new, object);
    Ok(new)
}

/// What Flux reads of a text; the line of what is wrong otherwise, as far as it is known.
fn read(text: &[u8]) -> Result<Node, Option<u32>> {
    let line_of = |error: &Error| error.place().map(|place| place.span.line);
    let valid = std::str::from_utf8(text).map_err(|cause| {
        let before = &text[..cause.valid_up_to()];
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(lines + 1).ok()
    })?;
    let node = read_config(valid.as_bytes(), SourceId::NONE)
        .and_then(|node| unspelt_json(&spelt_config(&node)?))
        .map_err(|error| line_of(&error))?;
    if node.is_map() || node.is_null() {
        Ok(node)
    } else {
        Err(Some(1))
    }
}

/// The offset of the first expression that cannot be evaluated.
fn first_that_fails(template: &Template, variables: &Variables, options: &Options) -> usize {
    let mut found = None;
    for piece in &template.pieces {
        let alone = single(piece.clone());
        if found.is_some() || alone.evaluate(variables, options.strict).is_ok() {
            continue;
        }
        // Within others it is the last one that fails: parts come before what they are parts of.
        alone.each_expression(&mut |expression| {
            let alone = single(Piece::Expression(Box::new(expression.clone())));
            if alone.evaluate(variables, options.strict).is_err() {
                found = Some(expression.offset);
            }
        });
    }
    found.unwrap_or_default()
}

/// A template of one piece.
/// What a substitution puts into an object that comes from Secrets: the values themselves, and what
/// operators make of them.
pub fn secrets(object: &Node, variables: &Variables) -> Vec<String> {
    let mut text = String::new();
    if !variables.has_secrets() || is_opted_out(object) || write(object, &mut text).is_err() {
        return Vec::new();
    }
    let Ok(template) = Template::parse(&text) else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    template.each_expression(&mut |expression| {
        if variables.is_secret(&expression.name) {
            let alone = single(Piece::Expression(Box::new(expression.clone())));
            let made = alone.evaluate(variables, false).unwrap_or_default();
            let value = variables.get(&expression.name).unwrap_or_default();
            for bytes in [&*made, value] {
                found.insert(String::from_utf8_lossy(bytes).into_owned());
            }
        }
    });
    found.into_iter().collect()
}

fn single(piece: Piece) -> Template {
    Template {
        pieces: vec![piece],
        halved: Vec::new(),
    }
}

/// That a text is no YAML after the substitution; the reader's own words may hold a value.
fn no_yaml(template: &Template, origin: &Origin<'_>, line: Option<u32>) -> Error {
    let mut names: Vec<String> = Vec::new();
    let mut met = HashSet::new();
    let mut offset = None;
    template.each_expression(&mut |expression| {
        if line.is_some_and(|line| origin.line(expression.offset) == line) {
            let name = format!("`{}`", expression.name);
            if met.insert(name.clone()) {
                names.push(name);
            }
            offset.get_or_insert(expression.offset);
        }
    });
    let cause = match &names[..] {
        [] => "the substitution makes".to_owned(),
        [one] => format!("the value of {one} makes"),
        [some @ .., last] => format!("the values of {} and {last} make", some.join(", ")),
    };
    let error = Error::new(
        Kind::Project,
        format!("{cause} this object something that is no YAML"),
    )
    .help(
        "values are put in as they are, and quotes around the variable do not count: put \
             quotes into the value",
    );
    origin.placed(error, offset.unwrap_or_default())
}

/// Gives the values of an object the places of those that they were made of.
fn keep_places(new: &mut Node, old: &Node) {
    new.span = old.span;
    match &mut new.value {
        Value::Map(entries) => {
            let known = ByKey::of(old);
            let mut renamed = old
                .entries()
                .iter()
                .filter(|entry| entry.key.text().is_some_and(|key| key.contains('$')));
            for Entry { key, value } in entries {
                let same = key.text().and_then(|text| known.get(text));
                match same.or_else(|| renamed.next()) {
                    Some(entry) => {
                        key.span = entry.key.span;
                        keep_places(value, &entry.value);
                    }
                    None => {
                        key.span = old.span;
                        keep_place(value, old);
                    }
                }
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                match old.items().get(index) {
                    Some(before) => keep_places(item, before),
                    None => keep_place(item, old),
                }
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

/// Gives everything in a value the place of one that it was made of.
fn keep_place(new: &mut Node, old: &Node) {
    new.span = old.span;
    match &mut new.value {
        Value::Map(entries) => {
            for entry in entries {
                entry.key.span = old.span;
                keep_place(&mut entry.value, old);
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(|item| keep_place(item, old)),
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}
