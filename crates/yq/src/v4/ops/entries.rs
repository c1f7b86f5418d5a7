//! Keys and entries: `keys`, `has`, `to_entries`, `pick`, `omit` and their kin.

use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Style, Tag};

use crate::number;
use crate::v4::arena_node::{Id, Key, Kind, Origin, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::build::collected;
use super::errors::wrong_kind;
use super::traverse::{KeyLookup, Wanted, children, in_map};

/// `keys`
pub(crate) fn keys(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| match e.arena.get(id).kind {
        Kind::Map => {
            let keys = e.arena.entries(id).into_iter().map(|(key, _)| key);
            let keys: Vec<Id> = keys.collect();
            Ok(Some(collected(e, &keys)))
        }
        Kind::Seq => {
            let seq = e.arena.collection(Kind::Seq);
            for index in 0..e.arena.len(id) {
                let index = e.arena.scalar(index.to_string(), Tag::Int);
                e.arena.append(seq, index);
            }
            Ok(Some(seq))
        }
        _ => Err(wrong_kind(e, call, "a map or a sequence", id)),
    })
}

/// `key`
pub(crate) fn key(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let item = e.arena.get(id);
        let parent = item.parent;
        Ok(match item.key {
            Key::None => None,
            Key::Node(key) => Some(key),
            Key::Index(index) => {
                let key = e.arena.scalar(index.to_string(), Tag::Int);
                e.arena.edit(key).parent = parent;
                Some(key)
            }
        })
    })
}

/// `is_key`
pub(crate) fn is_key(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let value = e.arena.get(id).is_key;
        Ok(Some(e.truth(Some(id), value)))
    })
}

/// `has(key)`
pub(crate) fn has(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let wanted = match &call.argument {
        Some(argument) => e.first(argument, &scope.looking())?,
        None => None,
    };
    let (label, text) = match wanted {
        Some(id) => (e.arena.get(id).label.clone(), e.arena.get(id).text.clone()),
        None => (TypeTag::Core(Tag::Null), "null".into()),
    };
    e.for_each(scope, |e, id| {
        let found = match e.arena.get(id).kind {
            Kind::Map => e
                .arena
                .entries(id)
                .iter()
                .any(|(key, _)| e.arena.get(*key).text == text),
            Kind::Seq if label == TypeTag::Core(Tag::Int) => {
                let index = number::int(&text).and_then(|index| usize::try_from(index).ok());
                index.is_some_and(|index| index < e.arena.len(id))
            }
            _ => false,
        };
        Ok(Some(e.truth(Some(id), found)))
    })
}

/// `to_entries`
pub(crate) fn to_entries(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let item = e.arena.get(id);
        if item.is_null() {
            return Ok(None);
        }
        let decor = item.decor.clone().map(|mut decor| {
            decor.anchor = None;
            decor
        });
        let pairs = match item.kind {
            Kind::Map => e.arena.entries(id),
            Kind::Seq => {
                let items = e.arena.listed(id).into_iter().enumerate();
                items
                    .map(|(index, value)| (e.arena.scalar(index.to_string(), Tag::Int), value))
                    .collect()
            }
            _ => return Err(wrong_kind(e, call, "a map or a sequence", id)),
        };
        let seq = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        e.arena.edit(seq).decor = decor;
        for (key, value) in pairs {
            let entry = e.arena.collection(Kind::Map);
            for (name, part) in [("key", key), ("value", value)] {
                let name = e.arena.scalar(name, Tag::Str);
                let part = e.arena.copy(part);
                e.arena.append_entry(entry, name, part);
            }
            e.arena.append(seq, entry);
        }
        Ok(Some(seq))
    })
}

/// `from_entries`
pub(crate) fn from_entries(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        if e.arena.get(id).kind != Kind::Seq {
            return Err(wrong_kind(e, call, "a sequence of entries", id));
        }
        from(e, id).map(Some)
    })
}

/// The mapping that a sequence of entries stands for.
fn from(e: &mut Evaluator<'_>, seq: Id) -> Result<Id> {
    let map = e.arena.copy_head(seq);
    let item = e.arena.edit(map);
    item.kind = Kind::Map;
    item.label = TypeTag::Core(Tag::Map);
    for (place, entry) in e.arena.listed(seq).into_iter().enumerate() {
        let key = part(e, entry, "key", place)?;
        let value = part(e, entry, "value", place)?;
        e.arena.push_entry(map, key, value);
    }
    Ok(map)
}

fn part(e: &mut Evaluator<'_>, entry: Id, name: &str, place: usize) -> Result<Id> {
    let look = KeyLookup {
        create: false,
        follow_merges: true,
        ..KeyLookup::EXACT
    };
    let found = match e.arena.resolved(entry) {
        Some(entry) if e.arena.get(entry).kind == Kind::Map => {
            in_map(e, entry, Wanted::Text(&name.into()), look)
        }
        _ => Vec::new(),
    };
    match found[..] {
        [id] => Ok(id),
        _ => {
            let message = format!("entry {place} has no `{name}`");
            Err(Error::new(ErrorKind::Script, message)
                .help("entries look like `{key: …, value: …}`"))
        }
    }
}

/// `with_entries(expression)`
pub(crate) fn with_entries(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let mut results = Vec::new();
    for id in scope.matches.iter() {
        let entries = to_entries(e, call, &scope.single(*id))?;
        let Some(entries) = entries.first().copied() else {
            continue;
        };
        let mut changed = Vec::new();
        for entry in children(e, entries, scope) {
            changed.extend(e.eval(argument, &scope.single(entry))?.iter());
        }
        let collected = collected(e, &changed);
        let decor = e.arena.get(entries).decor.clone();
        e.arena.edit(collected).decor = decor;
        let map = from(e, collected)?;
        // A document stays the document that it was, but where all are worked on at once.
        if !e.context.together {
            let origin = Origin {
                root: e.arena.own_origin(*id).root,
                ..e.arena.origin(*id)
            };
            e.arena.set_origin(map, origin);
        }
        results.push(map);
    }
    Ok(Rc::new(results))
}

/// `pick(keys)`
pub(crate) fn pick(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let wanted = wanted(e, call.argument.as_deref(), scope)?;
    e.for_each(scope, |e, id| {
        let picked = e.arena.copy_head(id);
        match e.arena.get(id).kind {
            Kind::Map => {
                for key in &wanted {
                    if let Some((key, value)) = e.entry(id, *key) {
                        e.arena.push_entry(picked, key, value);
                    }
                }
            }
            Kind::Seq => {
                for index in &wanted {
                    let text = &e.arena.get(*index).text;
                    let Some(index) = number::int(text) else {
                        let message = format!("a sequence has no key `{text}`");
                        return Err(Error::new(ErrorKind::Script, message));
                    };
                    let place = usize::try_from(index).ok();
                    if let Some(place) = place.filter(|place| *place < e.arena.len(id)) {
                        let item = e.arena.child(id, place);
                        e.arena.push(picked, item);
                    }
                }
            }
            _ => return Err(wrong_kind(e, call, "a map or a sequence", id)),
        }
        Ok(Some(picked))
    })
}

/// The items of the first sequence that the argument gives.
fn wanted(e: &mut Evaluator<'_>, argument: Option<&Expr>, scope: &Scope) -> Result<Vec<Id>> {
    let Some(argument) = argument else {
        return Ok(Vec::new());
    };
    let first = e.first(argument, scope)?;
    Ok(first.map_or_else(Vec::new, |id| e.arena.listed(id)))
}

/// `omit(keys)`
pub(crate) fn omit(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let unwanted = wanted(e, call.argument.as_deref(), scope)?;
    let is_collection =
        |e: &Evaluator<'_>, id: Id| matches!(e.arena.get(id).kind, Kind::Map | Kind::Seq);
    if unwanted.is_empty() || !scope.matches.iter().all(|id| is_collection(e, *id)) {
        return Ok(scope.matches.clone());
    }
    e.for_each(scope, |e, id| {
        let kept = e.arena.copy_head(id);
        if e.arena.get(id).kind == Kind::Map {
            for (key, value) in e.arena.entries(id) {
                if !unwanted.iter().any(|unwanted| e.same(*unwanted, key)) {
                    e.arena.push_entry(kept, key, value);
                }
            }
        } else {
            for (place, item) in e.arena.listed(id).into_iter().enumerate() {
                let is_unwanted = unwanted.iter().any(|unwanted| {
                    let item = e.arena.get(*unwanted);
                    item.label == TypeTag::Core(Tag::Int) && item.text == place.to_string().as_str()
                });
                if !is_unwanted {
                    e.arena.push(kept, item);
                }
            }
        }
        if e.arena.len(kept) == 0 {
            e.arena.edit(kept).style = Style::Plain;
        }
        Ok(Some(kept))
    })
}
