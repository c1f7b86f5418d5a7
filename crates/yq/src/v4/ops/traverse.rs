//! Ways into a document: `.key`, `[index]`, `[from:to]`, `..`.

use std::collections::HashMap;
use std::rc::Rc;

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::{Str, Style, Tag, Wildcards, matches_pattern};

use crate::number;
use crate::v4::arena_node::{ArenaNode, Id, Key, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Expr, Form};
use crate::v4::scope::{Matches, Scope};

/// How deep merge keys may lead to merge keys.
const MERGES: usize = 50;

/// How keys are looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyLookup {
    /// Whether a key that is not there is made.
    pub(crate) create: bool,
    /// Whether `*` and `?` in the wanted key stand for themselves.
    pub(crate) exact: bool,
    /// Whether what `<<` brings belongs to the mapping.
    pub(crate) follow_merges: bool,
    /// Whether keys are found along with their values.
    pub(crate) keys: bool,
}

impl KeyLookup {
    /// As `.key` looks.
    pub(crate) fn natural(scope: &Scope) -> Self {
        Self {
            create: !scope.readonly,
            exact: false,
            follow_merges: true,
            keys: false,
        }
    }

    /// As a merge looks: at what is written, by the very key.
    pub(crate) const EXACT: Self = Self {
        create: true,
        exact: true,
        follow_merges: false,
        keys: false,
    };
}

/// `.key`
pub(crate) fn key(
    e: &mut Evaluator<'_>,
    name: &Str,
    optional: bool,
    scope: &Scope,
) -> Result<Matches> {
    let mut found = Vec::new();
    for id in scope.matches.iter() {
        let is_seq = e.arena.get(*id).kind == Kind::Seq;
        if optional && is_seq && number::int(name).is_none() {
            continue;
        }
        found.extend(child(e, *id, name, scope)?);
    }
    Ok(Rc::new(found))
}

/// The children of a node under a key.
pub(crate) fn child(e: &mut Evaluator<'_>, id: Id, name: &Str, scope: &Scope) -> Result<Vec<Id>> {
    let Some(id) = e.arena.resolved(id) else {
        return Ok(Vec::new());
    };
    if e.arena.get(id).is_null() && !scope.readonly {
        become_collection(e, id, Kind::Map);
    }
    match e.arena.get(id).kind {
        Kind::Map => Ok(in_map(e, id, Wanted::Text(name), KeyLookup::natural(scope))),
        Kind::Seq => Ok(vec![item(e, id, name, scope)?]),
        _ => Ok(Vec::new()),
    }
}

/// Makes a collection of a null.
pub(crate) fn become_collection(e: &mut Evaluator<'_>, id: Id, kind: Kind) {
    let item = e.arena.edit(id);
    item.kind = kind;
    item.label = TypeTag::Unset;
}

/// `base[index]`
pub(crate) fn index(
    e: &mut Evaluator<'_>,
    base: &Expr,
    index: &Expr,
    optional: bool,
    scope: &Scope,
) -> Result<Matches> {
    let bases = e.eval(base, scope)?;
    let mut found = Vec::new();
    if matches!(index.form, Form::Nothing) {
        for id in bases.iter() {
            found.extend(children(e, *id, scope));
        }
        return Ok(Rc::new(found));
    }
    let indices = indices(e, index, scope)?;
    for id in bases.iter() {
        at_indices(e, *id, &indices, optional, scope, &mut found)?;
    }
    if matches!(index.form, Form::Literal { tag: Tag::Int, .. }) {
        let is_item = |id: &&Id| matches!(e.arena.get(**id).key, Key::Index(_));
        let items: Vec<Id> = found.iter().filter(is_item).copied().collect();
        e.numbered.extend(items);
    }
    Ok(Rc::new(found))
}

/// What the expression between the brackets gives, for the first of the nodes it is asked of.
fn indices(e: &mut Evaluator<'_>, index: &Expr, scope: &Scope) -> Result<Vec<Id>> {
    let scope = scope.looking();
    let scope = e.apart(&scope).swap_remove(0);
    Ok(e.eval(index, &scope)?.to_vec())
}

fn at_indices(
    e: &mut Evaluator<'_>,
    id: Id,
    indices: &[Id],
    optional: bool,
    scope: &Scope,
    found: &mut Vec<Id>,
) -> Result<()> {
    let Some(mut id) = e.arena.resolved(id) else {
        return Ok(());
    };
    if e.arena.get(id).is_null() {
        if scope.readonly {
            id = e.arena.copy_head(id);
        }
        let is_int = indices
            .first()
            .is_none_or(|first| e.arena.get(*first).label == TypeTag::Core(Tag::Int));
        become_collection(e, id, if is_int { Kind::Seq } else { Kind::Map });
    }
    for index in indices {
        match e.arena.get(id).kind {
            Kind::Map => {
                found.extend(in_map(
                    e,
                    id,
                    Wanted::Node(*index),
                    KeyLookup::natural(scope),
                ));
            }
            Kind::Seq => {
                let text = e.arena.get(*index).text.clone();
                if optional && number::int(&text).is_none() {
                    continue;
                }
                found.push(item(e, id, &text, scope)?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The item of a sequence at an index; a sequence that is too short is filled up with nulls.
pub(crate) fn item(e: &mut Evaluator<'_>, seq: Id, index: &str, scope: &Scope) -> Result<Id> {
    let length = e.arena.len(seq);
    let Some(wanted) = number::int(index) else {
        let message = format!("a sequence has no key `{index}`");
        return Err(Error::new(ErrorKind::Script, message)
            .help("its items have numbers: `[0]`; `[]` stands for all of them"));
    };
    let place = if wanted < 0 {
        wanted.checked_add(length as i64)
    } else {
        Some(wanted)
    };
    let Some(place) = place.and_then(|place| usize::try_from(place).ok()) else {
        let message = format!("index {wanted} is out of range, there are {length} items");
        return Err(Error::new(ErrorKind::Script, message));
    };
    if place < length {
        return Ok(e.arena.child(seq, place));
    }
    if place - length > 1_000_000 {
        let message = format!("index {wanted} is far out of range, there are {length} items");
        return Err(Error::new(ErrorKind::Script, message));
    }
    if scope.readonly {
        let missing = e.arena.scalar("null", Tag::Null);
        let item = e.arena.edit(missing);
        item.parent = Some(seq);
        item.key = Key::Index(u32::try_from(place).unwrap_or(u32::MAX));
        return Ok(missing);
    }
    if length == 0 {
        e.arena.edit(seq).style = Style::Plain;
    }
    for _ in length..=place {
        let null = e.arena.scalar("null", Tag::Null);
        e.arena.append(seq, null);
        e.created.push(null);
    }
    Ok(e.arena.child(seq, place))
}

/// All children of a node.
pub(crate) fn splat(e: &mut Evaluator<'_>, id: Id, look: KeyLookup) -> Vec<Id> {
    let Some(id) = e.arena.resolved(id) else {
        return Vec::new();
    };
    match e.arena.get(id).kind {
        Kind::Seq => e.arena.listed(id),
        Kind::Map => in_map(e, id, Wanted::Any, look),
        _ => Vec::new(),
    }
}

/// All children of a node, as `[]` finds them; where something may be made, null is empty.
pub(crate) fn children(e: &mut Evaluator<'_>, id: Id, scope: &Scope) -> Vec<Id> {
    if e.arena.get(id).is_null() && !scope.readonly {
        become_collection(e, id, Kind::Seq);
    }
    splat(e, id, KeyLookup::natural(scope))
}

/// Which key is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'w> {
    /// All of them.
    Any,
    /// One with this text, or all that the pattern fits.
    Text(&'w Str),
    /// One with the text of this node, which becomes the key if there is none.
    Node(Id),
}

/// The values of a mapping under a key.
pub(crate) fn in_map(
    e: &mut Evaluator<'_>,
    map: Id,
    wanted: Wanted<'_>,
    look: KeyLookup,
) -> Vec<Id> {
    let text = match wanted {
        Wanted::Any => None,
        Wanted::Text(text) => Some(text.clone()),
        Wanted::Node(id) => Some(e.arena.get(id).text.clone()),
    };
    let mut found = Found::default();
    collect(e, map, text.as_deref(), look, &mut found, 0);
    if let Some(text) = text
        && look.create
        && found.ids.is_empty()
    {
        return create(e, map, wanted, &text, look);
    }
    found.ids
}

fn create(
    e: &mut Evaluator<'_>,
    map: Id,
    wanted: Wanted<'_>,
    text: &Str,
    look: KeyLookup,
) -> Vec<Id> {
    if e.arena.is_bottom(map) {
        return Vec::new();
    }
    let key = match wanted {
        Wanted::Node(id) => e.arena.copy(id),
        _ if text == "<<" => e.arena.scalar(text.clone(), Tag::Merge),
        _ => e.arena.scalar(text.clone(), Tag::Str),
    };
    let value = e.arena.scalar("null", Tag::Null);
    if e.arena.len(map) == 0 {
        e.arena.edit(map).style = Style::Plain;
    }
    e.arena.append_entry(map, key, value);
    e.created.push(value);
    if look.keys {
        vec![key, value]
    } else {
        vec![value]
    }
}

/// Nodes that were found, each key once: the last one stays, at the place of the first.
#[derive(Default)]
struct Found {
    ids: Vec<Id>,
    places: HashMap<(bool, Str), usize>,
}

impl Found {
    fn put(&mut self, is_key: bool, key: &Str, id: Id) {
        match self.places.get(&(is_key, key.clone())) {
            Some(place) => self.ids[*place] = id,
            None => {
                self.places.insert((is_key, key.clone()), self.ids.len());
                self.ids.push(id);
            }
        }
    }
}

fn collect(
    e: &mut Evaluator<'_>,
    map: Id,
    wanted: Option<&str>,
    look: KeyLookup,
    found: &mut Found,
    depth: usize,
) {
    if depth > MERGES || e.arena.exhausted.is_some() {
        return;
    }
    let own_keys_win = e.context.own_keys_win;
    let length = e.arena.len(map) / 2;
    e.arena.count_looks(length);
    if look.follow_merges && own_keys_win {
        for index in (0..length).rev() {
            let key = e.arena.child(map, index * 2);
            if e.arena.get(key).label == TypeTag::Core(Tag::Merge) {
                let value = e.arena.child(map, index * 2 + 1);
                merged(e, value, wanted, look, found, depth);
            }
        }
    }
    for index in 0..length {
        let key = e.arena.child(map, index * 2);
        let item = e.arena.get(key);
        let is_merge = item.label == TypeTag::Core(Tag::Merge)
            && look.follow_merges
            && wanted != Some(item.text.as_str());
        if is_merge {
            if !own_keys_win {
                let value = e.arena.child(map, index * 2 + 1);
                merged(e, value, wanted, look, found, depth);
            }
            continue;
        }
        if !wanted.is_none_or(|wanted| fits(item, wanted, look.exact)) {
            continue;
        }
        let text = item.text.clone();
        let value = e.arena.child(map, index * 2 + 1);
        if look.keys {
            found.put(true, &text, key);
        }
        found.put(false, &text, value);
    }
}

fn fits(key: &ArenaNode<'_>, wanted: &str, exact: bool) -> bool {
    if exact {
        key.text == wanted
    } else {
        matches_pattern(wanted, &key.text, Wildcards::StarAndMark)
    }
}

/// What a merge key brings.
fn merged(
    e: &mut Evaluator<'_>,
    value: Id,
    wanted: Option<&str>,
    look: KeyLookup,
    found: &mut Found,
    depth: usize,
) {
    let Some(value) = e.arena.resolved(value) else {
        return;
    };
    match e.arena.get(value).kind {
        Kind::Map => collect(e, value, wanted, look, found, depth + 1),
        Kind::Seq => {
            let mut sources = e.arena.listed(value);
            if e.context.own_keys_win {
                sources.reverse();
            }
            for source in sources {
                match e.arena.resolved(source) {
                    Some(source) if e.arena.get(source).kind == Kind::Map => {
                        collect(e, source, wanted, look, found, depth + 1);
                    }
                    _ => return,
                }
            }
        }
        _ => {}
    }
}

/// `..`: each node and all below it, as they are written.
pub(crate) fn descend(e: &mut Evaluator<'_>, keys: bool, scope: &Scope) -> Result<Matches> {
    let mut found = Vec::new();
    for id in scope.matches.iter() {
        below(e, *id, keys, &mut found);
    }
    Ok(Rc::new(found))
}

fn below(e: &mut Evaluator<'_>, id: Id, keys: bool, found: &mut Vec<Id>) {
    // The deepest node that can be read or made is not deep enough to harm the stack; a loop is
    // taken all the same, for it needs no thought about that.
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        found.push(id);
        if e.arena.exhausted.is_some() || e.arena.get(id).kind == Kind::Alias {
            continue;
        }
        let look = KeyLookup {
            keys,
            create: false,
            ..KeyLookup::EXACT
        };
        let mut children = splat(e, id, look);
        children.reverse();
        open.extend(children);
    }
}
