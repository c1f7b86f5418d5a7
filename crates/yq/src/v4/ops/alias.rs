//! `explode`: aliases and merge keys are replaced by what they stand for.

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::arena::{DEEPEST, Exhausted};
use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

/// `explode(expression)`
pub(crate) fn explode(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(scope.matches.clone());
    };
    let mark = e.mark();
    let mut nodes = Vec::new();
    for id in scope.matches.iter() {
        let found = e.eval(argument, &scope.single(*id))?;
        for node in found.iter() {
            node_and_below(e, *node, 0)?;
        }
        nodes.extend(found.iter().copied());
    }
    e.report(mark, argument.span, &nodes);
    Ok(scope.matches.clone())
}

/// Explodes a node and all below it.
pub(crate) fn node_and_below(e: &mut Evaluator<'_>, id: Id, depth: usize) -> Result<()> {
    let reason = match depth > DEEPEST {
        true => Some(Exhausted::Aliases),
        false => e.arena.exhausted,
    };
    if let Some(reason) = reason {
        return Err(reason.error(Some("explode")));
    }
    let decor = e.arena.edit(id).decor.as_mut();
    if decor.and_then(|decor| decor.anchor.take()).is_some() {
        e.changed += 1;
    }
    match e.arena.get(id).kind {
        Kind::Scalar => Ok(()),
        Kind::Seq => {
            for item in e.arena.listed(id) {
                node_and_below(e, item, depth + 1)?;
            }
            Ok(())
        }
        Kind::Alias => alias(e, id, depth),
        Kind::Map => {
            let entries = e.arena.entries(id);
            if entries.iter().any(|(key, _)| is_merge(e, *key)) {
                return merges(e, id, depth);
            }
            for (key, value) in entries {
                node_and_below(e, key, depth + 1)?;
                node_and_below(e, value, depth + 1)?;
            }
            Ok(())
        }
    }
}

fn alias(e: &mut Evaluator<'_>, id: Id, depth: usize) -> Result<()> {
    let Some(target) = e.arena.resolved(id) else {
        let message = format!("the alias `*{}` stands for nothing", e.arena.get(id).text);
        return Err(Error::new(ErrorKind::Script, message).at(e.arena.get(id).span));
    };
    if e.arena.is_within(id, target) {
        let message = format!("the anchor `{}` contains itself", e.arena.get(id).text);
        return Err(Error::new(ErrorKind::Script, message).at(e.arena.get(id).span));
    }
    let from = e.arena.copy_of_head(target);
    // What is there already takes over the text, which must be counted too.
    e.arena.weigh(&from.text);
    e.arena.take_children(id, target);
    let item = e.arena.edit(id);
    item.kind = from.kind;
    item.style = from.style;
    item.tagged = from.tagged;
    item.label = from.label;
    item.text = from.text;
    item.target = None;
    e.changed += 1;
    // What it stands for may hold aliases that were not replaced yet.
    node_and_below(e, id, depth + 1)
}

/// A mapping with merge keys.
fn merges(e: &mut Evaluator<'_>, id: Id, depth: usize) -> Result<()> {
    let entries = if e.context.own_keys_win {
        own_keys_win(e, id, depth)?
    } else {
        last_key_wins(e, id, depth)?
    };
    e.arena.clear(id);
    for (key, value) in entries {
        e.arena.append_entry(id, key, value);
    }
    Ok(())
}

fn is_merge(e: &Evaluator<'_>, key: Id) -> bool {
    e.arena.get(key).label == TypeTag::Core(Tag::Merge)
}

/// The mappings that a merge key brings, in the order in which they are written.
fn sources(e: &mut Evaluator<'_>, value: Id) -> Result<Vec<Id>> {
    let listed = match e.arena.resolved(value) {
        Some(value) if e.arena.get(value).kind == Kind::Seq => e.arena.listed(value),
        _ => vec![value],
    };
    let mut found = Vec::new();
    for source in listed {
        match e.arena.resolved(source) {
            Some(source) if e.arena.get(source).kind == Kind::Map => found.push(source),
            _ => {
                let message = format!("`<<` brings maps only, found {}", e.described(source));
                return Err(Error::new(ErrorKind::Script, message).at(e.arena.get(source).span));
            }
        }
    }
    Ok(found)
}

/// As YAML says: keys of the mapping win, then those of the earlier sources.
fn own_keys_win(e: &mut Evaluator<'_>, id: Id, depth: usize) -> Result<Vec<(Id, Id)>> {
    let own = e.arena.entries(id);
    let mut result: Vec<(Id, Id)> = Vec::new();
    for (key, value) in own.iter().copied() {
        if !is_merge(e, key) {
            node_and_below(e, key, depth + 1)?;
            node_and_below(e, value, depth + 1)?;
            result.push((key, value));
            continue;
        }
        for source in sources(e, value)? {
            let copy = e.arena.copy(source);
            node_and_below(e, copy, depth + 1)?;
            for (key, value) in e.arena.entries(copy) {
                let text = &e.arena.get(key).text;
                let is_known = |(known, _): &(Id, Id)| e.arena.get(*known).text == *text;
                if !own.iter().any(is_known) && !result.iter().any(is_known) {
                    result.push((key, value));
                }
            }
        }
    }
    Ok(result)
}

/// As yq has it: what is written later wins, the later sources of one merge key lose.
fn last_key_wins(e: &mut Evaluator<'_>, id: Id, depth: usize) -> Result<Vec<(Id, Id)>> {
    let own = e.arena.entries(id);
    let mut result: Vec<(Id, Id)> = Vec::new();
    for (place, (key, value)) in own.iter().copied().enumerate() {
        if !is_merge(e, key) {
            node_and_below(e, value, depth + 1)?;
            override_entry(e, &mut result, &own[place + 1..], key, value, depth)?;
            continue;
        }
        let is_listed =
            matches!(e.arena.resolved(value), Some(value) if e.arena.get(value).kind == Kind::Seq);
        let sources = sources(e, value)?;
        for (number, source) in sources.into_iter().enumerate().rev() {
            let copy = e.arena.copy(source);
            node_and_below(e, copy, depth + 1)?;
            // The order of keys that a list brings is yq's: where the number of the source is odd,
            // keys stand where it brings them, even if the mapping sets them further down.
            let later = match is_listed {
                false => &own[place + 1..],
                true if number % 2 == 1 => &[],
                true => own.get(number / 2 + 1..).unwrap_or(&[]),
            };
            for (key, value) in e.arena.entries(copy) {
                override_entry(e, &mut result, later, key, value, depth)?;
            }
        }
    }
    Ok(result)
}

/// Puts an entry in the place of one with the same key, or leaves it to one that comes later.
fn override_entry(
    e: &mut Evaluator<'_>,
    result: &mut Vec<(Id, Id)>,
    later: &[(Id, Id)],
    key: Id,
    value: Id,
    depth: usize,
) -> Result<()> {
    let text = e.arena.get(key).text.clone();
    let is_alias = e.arena.get(key).kind == Kind::Alias;
    let known = result
        .iter_mut()
        .find(|(known, _)| !is_alias && e.arena.get(*known).text == text);
    if let Some((_, known)) = known {
        *known = value;
        return Ok(());
    }
    let comes_later = later.iter().any(|(key, _)| {
        let key = e.arena.get(*key);
        key.text == text && key.kind != Kind::Alias
    });
    if !comes_later {
        node_and_below(e, key, depth + 1)?;
        result.push((key, value));
    }
    Ok(())
}
