//! Conditions such as `.name == "a"`, answered from what was read, without nodes of the arena: of a
//! long list most items are asked nothing else.

use kustom_yaml::{Entry, Node, Str, Tag, Wildcards, matches_pattern};

use crate::v4::arena_node::{Id, Kind};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Expr, Form, Infix, Part};

/// Whether a condition holds of a node; nothing where the evaluator has to say so.
pub(super) fn holds(e: &Evaluator<'_>, condition: &Expr, id: Id) -> Option<bool> {
    let Form::Infix { infix, left, right } = &condition.form else {
        return None;
    };
    match infix {
        Infix::And => return Some(holds(e, left, id)? && holds(e, right, id)?),
        Infix::Or => return Some(holds(e, left, id)? || holds(e, right, id)?),
        Infix::Equal | Infix::NotEqual => {}
        _ => return None,
    }
    let (Form::Key { name, .. }, Form::Text(template)) = (&left.form, &right.form) else {
        return None;
    };
    let wanted = match &template.parts[..] {
        [Part::Text(text)] if *text == *template.raw => text,
        _ => return None,
    };
    let node = e
        .arena
        .closed(id)
        .filter(|_| e.arena.get(id).kind == Kind::Map)?;
    let value = node.glimpse(name, |entries| scalar_of(entries, name))?;
    let is_equal =
        !value.is_null() && matches_pattern(wanted, value.text()?, Wildcards::StarAndMark);
    Some(is_equal == (*infix == Infix::Equal))
}

/// The scalar under a key that is there once, if no other could be meant.
fn scalar_of(entries: &[Entry], name: &Str) -> Option<Node> {
    if name.contains(['*', '?']) || entries.iter().any(|entry| entry.key.tag == Tag::Merge) {
        return None;
    }
    let mut found = entries.iter().filter(|entry| entry.is(name));
    let value = &found.next()?.value;
    (value.is_scalar() && found.next().is_none()).then(|| value.clone())
}
