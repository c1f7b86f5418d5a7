//! Paths of nodes: `path`, `parent`, `setpath`, `del` and the like.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::number;
use crate::v4::arena::Step;
use crate::v4::arena_node::{Id, Kind, Origin, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Call, Expr, Form};
use crate::v4::scope::{Matches, Scope};

use super::assign::{How, write};
use super::errors::wrong_kind;
use super::slice;
use super::traverse;

/// `path`
pub(crate) fn path(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let steps = e.arena.path(id);
        let seq = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        for step in steps {
            let step = match step {
                Step::Key(key) => e.arena.scalar(key, Tag::Str),
                Step::Index(index) => e.arena.scalar(index.to_string(), Tag::Int),
            };
            e.arena.append(seq, step);
        }
        Ok(Some(seq))
    })
}

/// The steps that a sequence of keys and indices stands for.
fn steps(e: &mut Evaluator<'_>, call: &Call, seq: Id) -> Result<Vec<Step>> {
    if e.arena.get(seq).kind != Kind::Seq {
        return Err(wrong_kind(e, call, "a sequence of keys and indices", seq));
    }
    let items = e.arena.listed(seq).into_iter();
    items
        .map(|id| {
            let item = e.arena.get(id);
            match (&item.label, number::int(&item.text)) {
                (TypeTag::Core(Tag::Str), _) => Ok(Step::Key(item.text.clone())),
                (TypeTag::Core(Tag::Int), Some(index)) => Ok(Step::Index(index)),
                _ => Err(wrong_kind(e, call, "keys and indices", id)),
            }
        })
        .collect()
}

/// The nodes at a path, made if they are not there and may be.
fn follow(e: &mut Evaluator<'_>, id: Id, steps: &[Step], scope: &Scope) -> Result<Vec<Id>> {
    let mut found = vec![id];
    for step in steps {
        let mut next = Vec::new();
        for id in found {
            let Some(id) = e.arena.resolved(id) else {
                continue;
            };
            let name = step.to_string().into();
            if e.arena.get(id).is_null() && !scope.readonly {
                let is_index = matches!(step, Step::Index(_));
                let kind = if is_index { Kind::Seq } else { Kind::Map };
                traverse::become_collection(e, id, kind);
            }
            next.extend(traverse::child(e, id, &name, scope)?);
        }
        found = next;
    }
    Ok(found)
}

/// `setpath(path; value)`
pub(crate) fn set_path(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some((path, value)) = call.argument.as_ref().and_then(|argument| argument.block()) else {
        return Err(
            Error::new(ErrorKind::Script, "`setpath` expects a path and a value")
                .help("write `setpath([\"a\", 0]; value)`"),
        );
    };
    let found = e.eval(path, &scope.looking())?;
    let [path] = found[..] else {
        return Err(count(call, "one path", found.len()));
    };
    let steps = steps(e, call, path)?;
    let mark = e.mark();
    let mut targets = Vec::new();
    for id in scope.matches.iter() {
        let values = e.eval(value, &scope.looking_at(*id))?;
        let [value] = values[..] else {
            return Err(count(call, "one value", values.len()));
        };
        for target in follow(e, *id, &steps, scope)? {
            write(e, target, value, How::default());
            targets.push(target);
        }
    }
    if let Some(argument) = &call.argument {
        e.report(mark, argument.span, &targets);
    }
    Ok(scope.matches.clone())
}

#[cold]
fn count(call: &Call, wanted: &str, found: usize) -> Error {
    let name = call.operator.names[0];
    let message = format!("`{name}` expects {wanted}, found {found}");
    Error::new(ErrorKind::Script, message)
}

/// `delpaths(paths)`
pub(crate) fn del_paths(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let found = e.eval(argument, &scope.looking())?;
    let [paths] = found[..] else {
        return Err(count(call, "one sequence of paths", found.len()));
    };
    if e.arena.get(paths).kind != Kind::Seq {
        return Err(wrong_kind(e, call, "a sequence of paths", paths));
    }
    let mut result = scope.clone();
    for path in e.arena.listed(paths) {
        let steps = steps(e, call, path)?;
        let mut doomed = Vec::new();
        for id in result.matches.iter() {
            doomed.extend(follow(e, *id, &steps, &result.looking())?);
        }
        let mark = e.mark();
        let there: Vec<Id> = doomed
            .iter()
            .filter(|id| e.is_there(**id))
            .copied()
            .collect();
        result.matches = delete(e, &doomed, &result);
        e.report(mark, argument.span, &there);
    }
    Ok(result.matches)
}

/// `del(expression)`
pub(crate) fn del(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some(argument) = &call.argument else {
        return Ok(Rc::default());
    };
    let mark = e.mark();
    let doomed = doomed(e, argument, &scope.looking())?;
    let there: Vec<Id> = doomed
        .iter()
        .filter(|id| e.is_there(**id))
        .copied()
        .collect();
    e.report(mark, argument.span, &there);
    let mark = e.mark();
    let rest = delete(e, &doomed, scope);
    e.report(mark, argument.span, &[]);
    Ok(rest)
}

/// What is to be deleted: of a slice its items, not the copy that it is.
fn doomed(e: &mut Evaluator<'_>, expr: &Expr, scope: &Scope) -> Result<Matches> {
    match &expr.form {
        Form::Slice { base, from, to } => {
            let mut items = Vec::new();
            for id in e.eval(base, scope)?.iter() {
                let single = scope.single(*id);
                let (from, to) = (from.as_deref(), to.as_deref());
                items.extend(slice::slice_items(e, *id, from, to, &single)?);
            }
            Ok(Rc::new(items))
        }
        Form::Pipe(parts) => match &parts[..] {
            [first @ .., last] if matches!(last.form, Form::Slice { .. }) => {
                let found = e.pipe(first, scope)?;
                doomed(e, last, &scope.with(found))
            }
            _ => e.eval(expr, scope),
        },
        Form::Union(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(doomed(e, part, scope)?.iter());
            }
            Ok(Rc::new(found))
        }
        _ => e.eval(expr, scope),
    }
}

/// Takes nodes out of what they are part of, or documents out of the scope.
fn delete(e: &mut Evaluator<'_>, doomed: &[Id], scope: &Scope) -> Matches {
    let mut by_parent: HashMap<Id, Vec<Id>> = HashMap::new();
    let mut parents = Vec::new();
    let mut documents = HashSet::new();
    for id in doomed {
        let Some(parent) = e.arena.get(*id).parent else {
            documents.insert(*id);
            continue;
        };
        let children = by_parent.entry(parent).or_insert_with(|| {
            parents.push(parent);
            Vec::new()
        });
        children.push(*id);
    }
    for parent in parents {
        let children = children_of(e, parent, &by_parent[&parent]);
        remove(e, parent, &children);
        e.changed += children.len();
    }
    if documents.is_empty() {
        return scope.matches.clone();
    }
    e.changed += documents.len();
    let kept = scope.matches.iter().filter(|id| !documents.contains(id));
    Rc::new(kept.copied().collect())
}

/// The children that the nodes are, or that stand where the nodes stand.
fn children_of(e: &mut Evaluator<'_>, parent: Id, ids: &[Id]) -> HashSet<Id> {
    let members: HashSet<Id> = e.arena.opened(parent).iter().copied().collect();
    e.arena.count_looks(members.len());
    let find = |id: &Id| {
        if members.contains(id) {
            return Some(*id);
        }
        match e.arena.path(*id).pop()? {
            Step::Index(index) if e.arena.get(parent).kind == Kind::Seq => {
                let index = usize::try_from(index).ok()?;
                (index < e.arena.len(parent)).then(|| e.arena.child(parent, index))
            }
            step => {
                let name = step.to_string();
                e.arena.count_looks(members.len());
                let mut entries = e.arena.entries(parent).into_iter();
                let entry = entries.find(|(key, _)| e.arena.get(*key).text == name)?;
                Some(entry.1)
            }
        }
    };
    ids.iter().filter_map(find).collect()
}

pub(super) fn remove(e: &mut Evaluator<'_>, parent: Id, doomed: &HashSet<Id>) {
    if e.arena.get(parent).kind == Kind::Map {
        let entries = e.arena.entries(parent).into_iter();
        let kept = entries.filter(|(key, value)| !doomed.contains(key) && !doomed.contains(value));
        let kept = kept.flat_map(|(key, value)| [key, value]).collect();
        e.arena.set_children(parent, kept);
        return;
    }
    let mut items = e.arena.listed(parent);
    items.retain(|item| !doomed.contains(item));
    for (index, item) in items.iter().enumerate() {
        e.arena.stand(*item, parent, index);
    }
    e.arena.set_children(parent, items);
}

/// `parent`, `parent(levels)`
pub(crate) fn parent(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let level = call.number.unwrap_or(1);
    e.for_each(scope, |e, id| {
        let up = if level < 0 {
            let total = ancestors(e, id).len() as i64;
            (total + level + 1).max(0)
        } else {
            level
        };
        let mut at = Some(id);
        for _ in 0..up {
            at = at.and_then(|id| e.arena.get(id).parent);
        }
        Ok(at)
    })
}

/// `parents`
pub(crate) fn parents(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let seq = e.arena.collection(Kind::Seq);
        for parent in ancestors(e, id) {
            e.arena.push(seq, parent);
        }
        Ok(Some(seq))
    })
}

fn ancestors(e: &Evaluator<'_>, id: Id) -> Vec<Id> {
    let parent = |id: &Id| e.arena.get(*id).parent;
    std::iter::successors(parent(&id), parent).collect()
}

/// `split_doc`: each node becomes a document.
pub(crate) fn split_document(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    for (index, id) in scope.matches.iter().enumerate() {
        let origin = Origin {
            document: u32::try_from(index).unwrap_or(u32::MAX),
            ..e.arena.own_origin(*id)
        };
        e.arena.set_origin(*id, origin);
        e.arena.edit(*id).parent = None;
    }
    Ok(scope.matches.clone())
}
