//! Sequences: mapped, filtered, sorted, grouped, turned round.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use kustom_yaml::error::Result;
use kustom_yaml::{Str, Tag};

use crate::v4::arena_node::{Id, Key, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::assign::{self, How};
use super::build::collected;
use super::compare;
use super::errors::wrong_kind;
use super::logic;
use super::path;
use super::traverse::children;

fn is_seq(e: &Evaluator<'_>, id: Id) -> bool {
    e.arena.get(id).kind == Kind::Seq
}

/// A new sequence in the place of a node, with its comments and its style.
fn like(e: &mut Evaluator<'_>, id: Id, items: &[Id]) -> Id {
    let item = e.arena.get(id);
    let (style, mut decor) = (item.style, item.decor.clone());
    let seq = e
        .arena
        .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
    if let Some(decor) = &mut decor {
        decor.anchor = None;
    }
    let item = e.arena.edit(seq);
    item.style = style;
    item.decor = decor;
    e.arena.push_all(seq, items);
    seq
}

/// `map(expression)`
pub(crate) fn map(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    e.for_each(scope, |e, id| {
        let items = children(e, id, scope);
        if items.is_empty() {
            return Ok(Some(e.arena.copy(id)));
        }
        let found = e.eval(argument, &scope.with(Rc::new(items)))?;
        let seq = collected(e, &found);
        let style = e.arena.get(id).style;
        e.arena.edit(seq).style = style;
        Ok(Some(seq))
    })
}

/// `map_values(expression)`; an entry goes whose expression gives nothing.
pub(crate) fn map_values(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    if let Some(argument) = &call.argument {
        for id in scope.matches.iter() {
            let items = children(e, *id, scope);
            let mut values = Vec::with_capacity(items.len());
            for item in &items {
                values.push(e.first(argument, &scope.single(*item))?);
            }
            let mut gone = HashSet::new();
            for (item, value) in items.iter().zip(values).rev() {
                match value {
                    Some(value) => assign::write(e, *item, value, How::default()),
                    None => {
                        gone.insert(*item);
                    }
                }
            }
            let collection = e.arena.resolved(*id).filter(|_| !gone.is_empty());
            if let Some(collection) = collection {
                path::remove(e, collection, &gone);
                e.changed += gone.len();
            }
        }
    }
    Ok(scope.matches.clone())
}

/// `filter(condition)`
pub(crate) fn filter(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(condition) = &call.argument else {
        return Ok(Rc::default());
    };
    e.for_each(scope, |e, id| {
        let mut kept = Vec::new();
        for item in children(e, id, scope) {
            if logic::holds(e, condition, item, scope)? {
                kept.push(item);
            }
        }
        let seq = collected(e, &kept);
        let style = e.arena.get(id).style;
        e.arena.edit(seq).style = style;
        Ok(Some(seq))
    })
}

/// `sort`, `sort_by(expression)`
pub(crate) fn sort(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let kind = e.arena.get(id).kind;
        if !matches!(kind, Kind::Seq | Kind::Map) {
            return Err(wrong_kind(e, call, "a sequence or a map", id));
        }
        let mut keyed = Vec::new();
        for value in e.arena.values(id) {
            let by = match &call.argument {
                Some(argument) => e.eval(argument, &scope.looking_at(value))?,
                None => Rc::new(vec![value]),
            };
            keyed.push((by, value));
        }
        keyed.sort_by(|(a, _), (b, _)| lists(e, scope, a, b));
        let sorted = e.arena.copy_head(id);
        for (_, value) in keyed {
            match e.arena.get(value).key {
                Key::Node(key) if kind == Kind::Map => e.arena.push_entry(sorted, key, value),
                _ => e.arena.push(sorted, value),
            }
        }
        Ok(Some(sorted))
    })
}

/// The order of two lists of nodes: by the first pair that differs, then by length.
fn lists(e: &Evaluator<'_>, scope: &Scope, a: &[Id], b: &[Id]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| compare::sorting(e, scope, *a, *b))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// `sort_keys(expression)`
pub(crate) fn sort_keys(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(scope.matches.clone());
    };
    let mark = e.mark();
    let mut maps = Vec::new();
    for id in scope.matches.iter() {
        let found = e.eval(argument, &scope.looking_at(*id))?;
        maps.extend(
            found
                .iter()
                .filter(|id| e.arena.get(**id).kind == Kind::Map),
        );
    }
    for map in &maps {
        sort_entries(e, *map);
    }
    e.report(mark, argument.span, &maps);
    Ok(scope.matches.clone())
}

fn sort_entries(e: &mut Evaluator<'_>, map: Id) {
    let mut entries = e.arena.entries(map);
    let text = |id: Id| e.arena.get(id).text.as_bytes();
    if entries.is_sorted_by(|(a, _), (b, _)| text(*a) <= text(*b)) {
        return;
    }
    entries.sort_by(|(a, _), (b, _)| text(*a).cmp(text(*b)));
    let flat = entries.into_iter().flat_map(|(key, value)| [key, value]);
    e.arena.set_children(map, flat.collect());
    e.changed += 1;
}

/// `group_by(expression)`
pub(crate) fn group_by(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    e.for_each(scope, |e, id| {
        if !is_seq(e, id) {
            return Err(wrong_kind(e, call, "a sequence", id));
        }
        let groups = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        let mut known: HashMap<Str, Id> = HashMap::new();
        for item in e.arena.listed(id) {
            let by = e.first(argument, &scope.looking_at(item))?;
            let by = by.map_or(Str::const_new("null"), |by| e.arena.get(by).text.clone());
            let group = match known.get(&by) {
                Some(group) => *group,
                None => {
                    let group = e.arena.collection(Kind::Seq);
                    e.arena.append(groups, group);
                    known.insert(by, group);
                    group
                }
            };
            e.arena.push(group, item);
        }
        Ok(Some(groups))
    })
}

/// `unique`, `unique_by(expression)`
pub(crate) fn unique(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if !is_seq(e, id) {
            return Err(wrong_kind(e, call, "a sequence", id));
        }
        let mut known = HashMap::new();
        let mut kept = Vec::new();
        for item in e.arena.listed(id) {
            let by = by(e, call.argument.as_deref(), item, scope)?;
            let text = match by {
                Some(by) => fingerprint(e, by),
                None => "null".to_owned(),
            };
            known.entry(text).or_insert_with(|| kept.push(item));
        }
        Ok(Some(like(e, id, &kept)))
    })
}

fn by(
    e: &mut Evaluator<'_>,
    argument: Option<&Expr>,
    item: Id,
    scope: &Scope,
) -> Result<Option<Id>> {
    match argument {
        Some(argument) => e.first(argument, &scope.looking_at(item)),
        None => Ok(Some(item)),
    }
}

/// A text that two nodes share if they hold the same data.
fn fingerprint(e: &mut Evaluator<'_>, id: Id) -> String {
    let item = e.arena.get(id);
    if item.kind == Kind::Alias {
        return format!("*{}", item.text);
    }
    if item.is_scalar() {
        // `"1"` and `1` are not the same.
        let (text, label) = (item.text.clone(), e.type_of(id));
        return format!("{} {text}", label.name());
    }
    let bracket = if item.kind == Kind::Seq { '[' } else { '{' };
    let mut out = String::from(bracket);
    for child in e.arena.listed(id) {
        let inner = fingerprint(e, child);
        out.push_str(&format!("{}:{inner},", inner.len()));
    }
    out
}

/// `reverse`
pub(crate) fn reverse(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if !is_seq(e, id) {
            return Err(wrong_kind(e, call, "a sequence", id));
        }
        let mut items = e.arena.listed(id);
        items.reverse();
        Ok(Some(like(e, id, &items)))
    })
}

/// `shuffle`
pub(crate) fn shuffle(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    // A small generator (xorshift) is enough to mix a list.
    let mut state = e.context.seed | 1;
    e.for_each(scope, |e, id| {
        if !is_seq(e, id) {
            return Err(wrong_kind(e, call, "a sequence", id));
        }
        let mut items = e.arena.listed(id);
        for place in (1..items.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let other = usize::try_from(state % (place as u64 + 1)).unwrap_or(0);
            items.swap(place, other);
        }
        Ok(Some(like(e, id, &items)))
    })
}

/// `flatten`, `flatten(depth)`
pub(crate) fn flatten(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let depth = call.number.unwrap_or(i64::MAX);
    for id in scope.matches.iter() {
        if !is_seq(e, *id) {
            return Err(wrong_kind(e, call, "a sequence", *id));
        }
        let mut items = Vec::new();
        flat(e, *id, depth, &mut items);
        e.arena.clear(*id);
        e.arena.push_all(*id, &items);
    }
    Ok(scope.matches.clone())
}

fn flat(e: &mut Evaluator<'_>, seq: Id, depth: i64, items: &mut Vec<Id>) {
    for item in e.arena.listed(seq) {
        if depth > 0 && is_seq(e, item) {
            flat(e, item, depth - 1, items);
        } else {
            items.push(item);
        }
    }
}
