//! Assignments: `=`, `|=`, `+=`, `-=`, `*=`.

use kustom_yaml::Style;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::arena_node::{Id, Kind, TypeTag};
use crate::v4::evaluator::{Calculation, Cross, Evaluator, Operand};
use crate::v4::expr::Expr;
use crate::v4::scope::{Matches, Scope};

/// How a node takes the value of another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    /// Whether only nulls are written to.
    pub(crate) null_only: bool,
    /// Whether custom tags are overwritten.
    pub(crate) clobber: bool,
    /// Whether the anchor of the other node is left behind.
    pub(crate) keep_anchor: bool,
    /// Whether the comment behind the other value takes the place of the one that is there.
    pub(crate) takes_comment: bool,
}

impl How {
    /// How `=` and `|=` write.
    fn assigning(clobber: bool) -> Self {
        Self {
            clobber,
            keep_anchor: true,
            takes_comment: true,
            ..Self::default()
        }
    }
}

/// `target = value`
pub(crate) fn assign(
    e: &mut Evaluator<'_>,
    target: &Expr,
    value: &Expr,
    clobber: bool,
    scope: &Scope,
) -> Result<Matches> {
    let how = How::assigning(clobber);
    let mark = e.mark();
    let targets = e.eval(target, &scope.writing())?;
    e.cross(
        &scope.looking(),
        Operand::Expr(target),
        Operand::Expr(value),
        &Cross {
            when_empty: false,
            early: None,
            calculation: &|e, _, left, right| {
                if let (Some(left), Some(right)) = (left, right) {
                    write(e, left, right, how);
                }
                Ok(left)
            },
        },
    )?;
    e.report(mark, target.span, &targets);
    Ok(scope.matches.clone())
}

/// `target |= value`, the last targets first: children before what they are part of.
pub(crate) fn update(
    e: &mut Evaluator<'_>,
    target: &Expr,
    value: &Expr,
    clobber: bool,
    scope: &Scope,
) -> Result<Matches> {
    let how = How::assigning(clobber);
    let mark = e.mark();
    let targets = e.eval(target, &scope.writing())?;
    update_each(e, &targets, value, how, scope)?;
    e.report(mark, target.span, &targets);
    Ok(scope.matches.clone())
}

/// Gives each node what an expression makes of it.
pub(crate) fn update_each(
    e: &mut Evaluator<'_>,
    targets: &[Id],
    value: &Expr,
    how: How,
    scope: &Scope,
) -> Result<()> {
    for id in targets.iter().rev() {
        if let Some(value) = e.first(value, &scope.single(*id))? {
            write(e, *id, value, how);
        }
    }
    Ok(())
}

/// `target += value` and its kin: each target becomes what is worked out from it and the value.
pub(crate) fn compound<'d>(
    e: &mut Evaluator<'d>,
    target: &Expr,
    value: Operand<'_>,
    how: How,
    when_empty: bool,
    calculation: Calculation<'_, 'd>,
    scope: &Scope,
) -> Result<Matches> {
    let mark = e.mark();
    let targets = e.eval(target, &scope.writing())?;
    for id in targets.iter() {
        let before = e.arena.copy(*id);
        for scope in e.apart(&scope.looking()) {
            let cross = Cross {
                when_empty: when_empty && !scope.matches.is_empty(),
                early: None,
                calculation,
            };
            let values = e.cross(&scope, Operand::Node(before), value, &cross)?;
            for value in values.iter() {
                write(e, *id, *value, how);
            }
        }
    }
    e.report(mark, target.span, &targets);
    Ok(scope.matches.clone())
}

/// Gives a node the value of another, unless only nulls may be written to and it is none.
pub(crate) fn write(e: &mut Evaluator<'_>, target: Id, source: Id, how: How) {
    if target == source || (how.null_only && !e.arena.get(target).is_null()) {
        return;
    }
    if !e.same(target, source) {
        e.changed += 1;
    }
    let (new, old) = (e.arena.get(source), e.arena.get(target));
    let retyped = e.type_of(target) != e.type_of(source);
    if retyped || (!old.is_scalar() && e.arena.len(target) == 0) {
        let (style, tagged) = (new.style, new.tagged);
        let item = e.arena.edit(target);
        item.style = style;
        item.tagged = tagged;
    }
    e.arena.take_children(target, source);
    let text = e.arena.get(source).text.clone();
    e.arena.edit(target).text = text;
    let span = e.arena.get(source).span;
    let item = e.arena.edit(target);
    if item.span.line == 0 {
        // What is made of a node alone is that node at another place.
        item.span = span;
    }
    write_head(e, target, source, how);
}

/// Gives a node the type, style and comments of another.
pub(crate) fn write_head(e: &mut Evaluator<'_>, target: Id, source: Id, how: How) {
    let from = e.arena.copy_of_head(source);
    if e.arena.get(target).kind != from.kind {
        e.arena.clear(target);
        e.arena.edit(target).text.clear();
    }
    let item = e.arena.edit(target);
    item.kind = from.kind;
    let may_retag = how.clobber || item.label == TypeTag::Unset || !item.label.is_custom();
    if may_retag {
        item.tagged &= !item.label.is_custom();
        item.label = from.label;
    }
    item.target = from.target;
    if item.style == Style::Plain && !item.tagged {
        item.style = from.style;
        item.tagged = from.tagged && may_retag;
    }
    let Some(decor) = from.decor else { return };
    let own = item.decor.get_or_insert_default();
    // An anchor that others may refer to is never dropped.
    if !how.keep_anchor && decor.anchor.is_some() {
        own.anchor = decor.anchor;
    }
    own.head = decor.head.or(own.head.take());
    let takes_line = how.takes_comment && decor.line.is_some();
    own.line = decor.line.or(own.line.take());
    own.foot = decor.foot.or(own.foot.take());
    if takes_line {
        let span = item.span;
        e.recommented.insert(span);
    }
}

/// Makes an alias of a node.
pub(crate) fn become_alias(e: &mut Evaluator<'_>, id: Id, name: &str) -> Result<()> {
    let target = e.arena.anchored(id, name).ok_or_else(|| {
        let message = format!("there is no anchor `{name}` in the document");
        Error::new(ErrorKind::Script, message).help("set it first: `.path anchor = \"…\"`")
    })?;
    e.arena.clear(id);
    let item = e.arena.edit(id);
    item.kind = Kind::Alias;
    item.text = name.into();
    item.target = Some(target);
    Ok(())
}
