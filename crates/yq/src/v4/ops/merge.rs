//! Merging: what `*` makes of two mappings or sequences.

use kustom_yaml::Str;
use kustom_yaml::error::Result;

use crate::v4::arena_node::{Id, Key, Kind};
use crate::v4::evaluator::{Evaluator, Operand};
use crate::v4::expr::{Expr, Merge};
use crate::v4::scope::{Matches, Scope};

use super::arithmetic;
use super::assign::{How, compound, write, write_head};
use super::traverse::{self, KeyLookup, Wanted};

/// `left * right`
pub(crate) fn multiply(e: &mut Evaluator<'_>, left: Id, right: Id, merge: Merge) -> Result<Id> {
    if e.arena.get(right).is_null() {
        return Ok(e.arena.copy(left));
    }
    let (a, b) = (e.arena.get(left), e.arena.get(right));
    let is_merge = match b.kind {
        Kind::Map | Kind::Seq => a.kind == b.kind || a.is_null(),
        _ => false,
    };
    if !is_merge {
        return arithmetic::multiply(e, left, right);
    }
    let target = e.arena.copy(left);
    let own = e.arena.get(left).decor.clone().unwrap_or_default();
    let other = e.arena.get(right).decor.clone().unwrap_or_default();
    merge_into(e, target, right, merge)?;
    let decor = e.arena.edit(target).decor.get_or_insert_default();
    decor.head = own.head.or(other.head);
    decor.foot = own.foot.or(other.foot);
    Ok(target)
}

/// `target *= value`
pub(crate) fn multiply_assign(
    e: &mut Evaluator<'_>,
    target: &Expr,
    value: &Expr,
    merge: Merge,
    scope: &Scope,
) -> Result<Matches> {
    let how = How {
        clobber: merge.clobber,
        ..How::default()
    };
    let calculation = |e: &mut Evaluator<'_>, _: &Scope, left, right| match (left, right) {
        (Some(left), Some(right)) => multiply(e, left, right, merge).map(Some),
        _ => Ok(None),
    };
    let value = Operand::Expr(value);
    compound(e, target, value, how, false, &calculation, scope)
}

/// Brings everything of one tree into another.
pub(crate) fn merge_into(
    e: &mut Evaluator<'_>,
    target: Id,
    source: Id,
    merge: Merge,
) -> Result<()> {
    let how = How {
        null_only: merge.new_only,
        clobber: merge.clobber,
        keep_anchor: false,
        takes_comment: false,
    };
    let kind = e.arena.get(source).kind;
    match kind {
        Kind::Seq if merge.append => {
            append(e, target, source, how)?;
            if !merge.deep {
                return Ok(());
            }
        }
        Kind::Scalar | Kind::Alias => {
            write(e, target, source, how);
            return Ok(());
        }
        Kind::Seq if !merge.deep => {
            write(e, target, source, how);
            return Ok(());
        }
        _ if how.null_only && !e.arena.get(target).is_null() => {}
        _ => write_head(e, target, source, how),
    }
    if kind == Kind::Map {
        merge_entries(e, target, source, merge, how)
    } else {
        merge_items(e, target, source, merge)
    }
}

fn append(e: &mut Evaluator<'_>, target: Id, source: Id, how: How) -> Result<()> {
    if let Some(sum) = arithmetic::add(e, &Scope::default(), Some(target), Some(source))? {
        write(e, target, sum, how);
    }
    Ok(())
}

fn merge_entries(
    e: &mut Evaluator<'_>,
    target: Id,
    source: Id,
    merge: Merge,
    how: How,
) -> Result<()> {
    let look = KeyLookup {
        create: !merge.existing_only,
        keys: true,
        ..KeyLookup::EXACT
    };
    for (key, value) in e.arena.entries(source) {
        let Some(target) = e.arena.resolved(target) else {
            return Ok(());
        };
        if e.arena.get(target).is_null() {
            traverse::become_collection(e, target, Kind::Map);
        }
        let slot = match e.arena.get(target).kind {
            Kind::Map => traverse::in_map(e, target, Wanted::Node(key), look),
            Kind::Seq => {
                let text = e.arena.get(key).text.clone();
                vec![traverse::item(e, target, &text, &Scope::default())?]
            }
            _ => return Ok(()),
        };
        if let [own_key, own_value] = slot[..] {
            write(e, own_key, key, how);
            merge_into(e, own_value, value, merge)?;
        } else if let [own_value] = slot[..] {
            merge_into(e, own_value, value, merge)?;
        }
    }
    Ok(())
}

fn merge_items(e: &mut Evaluator<'_>, target: Id, source: Id, merge: Merge) -> Result<()> {
    for (index, value) in e.arena.listed(source).into_iter().enumerate() {
        let Some(target) = e.arena.resolved(target) else {
            return Ok(());
        };
        if e.arena.get(target).is_null() {
            traverse::become_collection(e, target, Kind::Seq);
        }
        let text: Str = index.to_string().into();
        let slots = match e.arena.get(target).kind {
            Kind::Seq => vec![traverse::item(e, target, &text, &Scope::default())?],
            Kind::Map => {
                let look = KeyLookup {
                    create: !merge.existing_only,
                    ..KeyLookup::EXACT
                };
                traverse::in_map(e, target, Wanted::Text(&text), look)
            }
            _ => Vec::new(),
        };
        for slot in slots {
            merge_into(e, slot, value, merge)?;
        }
    }
    Ok(())
}

/// Puts the entries of one mapping into another, as the parts of `{…}` are put together.
pub(crate) fn combine(e: &mut Evaluator<'_>, target: Id, source: Id) -> Result<()> {
    merge_into(e, target, source, Merge::default())
}

/// Takes a node out of where it stood.
pub(crate) fn detach(e: &mut Evaluator<'_>, id: Id) {
    let item = e.arena.edit(id);
    item.parent = None;
    item.key = Key::None;
}
