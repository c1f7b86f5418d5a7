//! `[from:to]`: parts of sequences and texts.

use kustom_yaml::Tag;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::number;
use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::Expr;
use crate::v4::scope::{Matches, Scope};

/// `base[from:to]`
pub(crate) fn slice(
    e: &mut Evaluator<'_>,
    base: &Expr,
    from: Option<&Expr>,
    to: Option<&Expr>,
    scope: &Scope,
) -> Result<Matches> {
    let bases = e.eval(base, scope)?;
    e.for_each(&scope.with(bases), |e, id| {
        let single = scope.single(id);
        if e.arena.get(id).is_scalar() && e.type_of(id) == TypeTag::Core(Tag::Str) {
            let text: Vec<char> = e.arena.get(id).text.chars().collect();
            let range = range(e, from, to, text.len(), &single)?;
            let cut: String = text[range].iter().collect();
            let (label, style) = (e.arena.get(id).label.clone(), e.arena.get(id).style);
            let new = e.arena.replacement(id, Kind::Scalar, label, &cut);
            e.arena.edit(new).style = style;
            return Ok(Some(new));
        }
        let items = slice_items(e, id, from, to, &single)?;
        let new = e
            .arena
            .replacement(id, Kind::Seq, TypeTag::Core(Tag::Seq), "");
        e.arena.push_all(new, &items);
        Ok(Some(new))
    })
}

/// The items that a slice of a sequence names.
pub(crate) fn slice_items(
    e: &mut Evaluator<'_>,
    id: Id,
    from: Option<&Expr>,
    to: Option<&Expr>,
    scope: &Scope,
) -> Result<Vec<Id>> {
    let item = e.arena.get(id);
    if item.kind != Kind::Seq && !item.is_null() {
        let message = format!("cannot take a slice of {}", e.described(id));
        return Err(Error::new(ErrorKind::Script, message));
    }
    let items = e.arena.listed(id);
    let range = range(e, from, to, items.len(), scope)?;
    Ok(items[range].to_vec())
}

fn range(
    e: &mut Evaluator<'_>,
    from: Option<&Expr>,
    to: Option<&Expr>,
    length: usize,
    scope: &Scope,
) -> Result<std::ops::Range<usize>> {
    let mut bound = |side: Option<&Expr>, otherwise: usize| -> Result<usize> {
        let Some(side) = side else {
            return Ok(otherwise);
        };
        let found = e.eval(side, scope)?;
        let [id] = found[..] else {
            let message = format!("expected one number, found {} results", found.len());
            return Err(e.placed(Error::new(ErrorKind::Script, message), side.span));
        };
        let text = &e.arena.get(id).text;
        let Some(number) = number::int(text) else {
            let message = format!("expected a number, found `{text}`");
            return Err(e.placed(Error::new(ErrorKind::Script, message), side.span));
        };
        let number = if number < 0 {
            number.saturating_add(length as i64).max(0)
        } else {
            number
        };
        Ok(usize::try_from(number).unwrap_or(length).min(length))
    };
    let from = bound(from, 0)?;
    let to = bound(to, length)?;
    Ok(from..to.max(from))
}
