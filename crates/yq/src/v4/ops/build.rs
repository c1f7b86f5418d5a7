//! New sequences and mappings: `[…]`, `{…}`, `key: value`.

use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Style, Tag};

use crate::v4::arena_node::{Id, Kind, Origin, TypeTag};
use crate::v4::evaluator::{Cross, Evaluator, Operand, one};
use crate::v4::expr::{Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::merge;
use super::traverse::children;

/// `[items]`
pub(crate) fn list(e: &mut Evaluator<'_>, items: &Expr, scope: &Scope) -> Result<Matches> {
    let together = scope.matches.iter().all(|id| e.is_together(*id));
    if scope.matches.is_empty() || together {
        let seq = e.arena.collection(Kind::Seq);
        for id in scope.matches.iter() {
            for item in e.eval(items, &scope.looking_at(*id))?.iter() {
                e.arena.push(seq, *item);
            }
        }
        return Ok(one(seq));
    }
    e.for_each(scope, |e, id| {
        let found = e.eval(items, &scope.single(id))?;
        let seq = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        e.arena.push_all(seq, &found);
        Ok(Some(seq))
    })
}

/// Nodes in a sequence that belongs nowhere.
pub(crate) fn collected(e: &mut Evaluator<'_>, items: &[Id]) -> Id {
    let seq = e.arena.collection(Kind::Seq);
    e.arena.push_all(seq, items);
    seq
}

/// `collect(items)`
pub(crate) fn collect(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    match &call.argument {
        Some(items) => list(e, items, scope),
        None => Ok(Rc::default()),
    }
}

/// `key: value`: for each node, the sequence of all mappings that it gives.
pub(crate) fn pair(
    e: &mut Evaluator<'_>,
    key: &Expr,
    value: &Expr,
    scope: &Scope,
) -> Result<Matches> {
    let outer = e.arena.collection(Kind::Seq);
    let singles: Vec<Scope> = if scope.matches.is_empty() {
        vec![scope.clone()]
    } else {
        scope.matches.iter().map(|id| scope.single(*id)).collect()
    };
    for single in singles {
        let cross = Cross {
            when_empty: false,
            early: None,
            calculation: &|e, _, key, value| {
                let (Some(key), Some(value)) = (key, value) else {
                    return Ok(None);
                };
                let map = e.arena.collection(Kind::Map);
                e.arena.push_entry(map, key, value);
                Ok(Some(map))
            },
        };
        let maps = e.cross(&single, Operand::Expr(key), Operand::Expr(value), &cross)?;
        let inner = e.arena.collection(Kind::Seq);
        e.arena.edit(inner).style = Style::Flow;
        let origin = single.matches.first().map(|id| Origin {
            root: None,
            together: false,
            ..e.arena.origin(*id)
        });
        for map in maps.iter() {
            e.arena.append(inner, *map);
            e.arena.set_origin(*map, origin.unwrap_or_default());
        }
        e.arena.append(outer, inner);
    }
    Ok(one(outer))
}

/// `{…}`: puts together what its entries gave, each of one with each of the others.
pub(crate) fn object(e: &mut Evaluator<'_>, scope: &Scope) -> Result<Matches> {
    let Some(first) = scope.matches.first() else {
        return Ok(one(e.arena.collection(Kind::Map)));
    };
    let columns = e.arena.len(*first);
    let mut results = Vec::new();
    for column in 0..columns {
        let mut maps: Vec<Id> = Vec::new();
        for entries in scope.matches.iter() {
            if column >= e.arena.len(*entries) {
                return Err(Error::new(
                    ErrorKind::Script,
                    "the parts of the map are no pairs of key and value",
                )
                .help("write `{\"key\": value, …}`"));
            }
            let alternatives = e.arena.child(*entries, column);
            let alternatives = children(e, alternatives, scope);
            maps = combined(e, maps, alternatives)?;
        }
        for map in maps {
            let map = e.arena.copy(map);
            merge::detach(e, map);
            results.push(map);
        }
    }
    Ok(Rc::new(results))
}

fn combined(e: &mut Evaluator<'_>, maps: Vec<Id>, alternatives: Vec<Id>) -> Result<Vec<Id>> {
    if maps.is_empty() {
        return Ok(alternatives);
    }
    let mut results = Vec::with_capacity(maps.len() * alternatives.len());
    for map in maps {
        for alternative in &alternatives {
            let new = e.arena.copy(map);
            merge::combine(e, new, *alternative)?;
            results.push(new);
        }
    }
    Ok(results)
}
