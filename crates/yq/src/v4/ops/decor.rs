//! Style, tag, anchor, alias and comments of nodes: read and assigned.

use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{Str, Style, Tag};

use crate::v4::arena_node::{ArenaNode, Id, Key, Kind, TypeTag};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Attribute, Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::assign::become_alias;

/// The styles by name.
const STYLES: [(&str, Style); 6] = [
    ("", Style::Plain),
    ("double", Style::Double),
    ("single", Style::Single),
    ("literal", Style::Literal),
    ("folded", Style::Folded),
    ("flow", Style::Flow),
];

/// `target style = value` and its kin.
pub(crate) fn assign(
    e: &mut Evaluator<'_>,
    attribute: Attribute,
    relative: bool,
    (target, value): (&Expr, &Expr),
    span: Span,
    scope: &Scope,
) -> Result<Matches> {
    let mark = e.mark();
    let mut text = Str::default();
    if !relative {
        text = e.first_text(value, &scope.looking())?;
    }
    let targets = e.eval(target, &scope.writing())?;
    for id in targets.iter() {
        if relative && let Some(found) = e.first(value, &scope.looking_at(*id))? {
            text = e.arena.get(found).text.clone();
        }
        let holder = holder(e, *id, attribute, &text);
        set(e, holder, attribute, &text).map_err(|error| e.placed(error, value.span))?;
    }
    e.report(mark, span, &targets);
    Ok(scope.matches.clone())
}

/// The node that shows an attribute of a node: a comment above or below an entry is its key's,
/// one above a document is that of what stands there first.
fn holder(e: &mut Evaluator<'_>, id: Id, attribute: Attribute, text: &str) -> Id {
    let item = e.arena.get(id);
    match (attribute, item.parent, item.key) {
        (Attribute::Head | Attribute::Foot, Some(_), Key::Node(key)) if !text.is_empty() => key,
        (Attribute::Head, None, Key::None) if e.arena.len(id) > 0 => {
            if let Some(decor) = &mut e.arena.edit(id).decor {
                decor.head = None;
            }
            e.arena.child(id, 0)
        }
        _ => id,
    }
}

fn set(e: &mut Evaluator<'_>, id: Id, attribute: Attribute, text: &Str) -> Result<()> {
    let some = |text: &Str| Some(text.clone()).filter(|text| !text.is_empty());
    e.changed += usize::from(get(e.arena.get(id), attribute) != *text);
    let item = e.arena.edit(id);
    match attribute {
        Attribute::Style => return set_style(item, text),
        Attribute::Tag => item.label = TypeTag::named(text),
        Attribute::Alias if text.is_empty() => {}
        Attribute::Alias => return become_alias(e, id, text),
        Attribute::Anchor => item.decor.get_or_insert_default().anchor = some(text),
        Attribute::Line => item.decor.get_or_insert_default().line = comment(text),
        Attribute::Head => item.decor.get_or_insert_default().head = comment(text),
        Attribute::Foot => item.decor.get_or_insert_default().foot = comment(text),
        Attribute::Comments => {
            let decor = item.decor.get_or_insert_default();
            decor.line = comment(text);
            decor.head = comment(text);
            decor.foot = comment(text);
        }
    }
    Ok(())
}

/// A comment with a `#` before each of its lines.
fn comment(text: &str) -> Option<Str> {
    if text.is_empty() {
        return None;
    }
    let lines = text.lines().map(|line| {
        if line.is_empty() || line.trim_start().starts_with('#') {
            line.to_owned()
        } else {
            format!("# {line}")
        }
    });
    Some(lines.collect::<Vec<_>>().join("\n").into())
}

fn set_style(item: &mut ArenaNode<'_>, name: &str) -> Result<()> {
    if name == "tagged" {
        item.style = Style::Plain;
        item.tagged = true;
        return Ok(());
    }
    let Some((_, style)) = STYLES.iter().find(|(known, _)| *known == name) else {
        let message = format!("there is no style `{name}`");
        return Err(Error::new(ErrorKind::Script, message)
            .help("the styles are double, single, literal, folded, flow, tagged, and \"\""));
    };
    item.style = *style;
    item.tagged = item.tagged && item.label.is_custom();
    Ok(())
}

fn get(item: &ArenaNode<'_>, attribute: Attribute) -> Str {
    let decor = item.decor.as_deref();
    let of = |part: Option<&Str>| part.cloned().unwrap_or_default();
    match attribute {
        Attribute::Style if item.tagged && !item.label.is_custom() => "tagged".into(),
        Attribute::Style => STYLES
            .iter()
            .find(|(_, style)| *style == item.style)
            .map_or_else(Str::default, |(name, _)| (*name).into()),
        Attribute::Tag => item.label.name().into(),
        Attribute::Alias => item.text.clone(),
        Attribute::Anchor => of(item.anchor()),
        Attribute::Line => of(decor.and_then(|decor| decor.line.as_ref())),
        Attribute::Head | Attribute::Comments => of(decor.and_then(|decor| decor.head.as_ref())),
        Attribute::Foot => of(decor.and_then(|decor| decor.foot.as_ref())),
    }
}

/// The text of an attribute for each node.
fn read(e: &mut Evaluator<'_>, attribute: Attribute, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let text = get(e.arena.get(id), attribute);
        Ok(Some(e.answer(id, &text, Tag::Str)))
    })
}

/// `style`
pub(crate) fn style(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    read(e, Attribute::Style, scope)
}

/// `tag`
pub(crate) fn tag(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    read(e, Attribute::Tag, scope)
}

/// `anchor`
pub(crate) fn anchor(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    read(e, Attribute::Anchor, scope)
}

/// `alias`
pub(crate) fn alias(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    read(e, Attribute::Alias, scope)
}

/// `line_comment`
pub(crate) fn line_comment(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    comments(e, Attribute::Line, scope)
}

/// `head_comment`
pub(crate) fn head_comment(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    comments(e, Attribute::Head, scope)
}

/// `foot_comment`
pub(crate) fn foot_comment(e: &mut Evaluator<'_>, _: &Call, scope: &Scope) -> Result<Matches> {
    comments(e, Attribute::Foot, scope)
}

/// The text of a comment, without the `# ` before its lines.
fn comments(e: &mut Evaluator<'_>, attribute: Attribute, scope: &Scope) -> Result<Matches> {
    e.for_each(scope, |e, id| {
        let mut comment = get(e.arena.get(id), attribute);
        if attribute == Attribute::Head {
            comment = head_of(e, id, comment);
        }
        let lines: Vec<_> = comment
            .split('\n')
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .collect();
        Ok(Some(e.answer(id, &lines.join("\n"), Tag::Str)))
    })
}

/// The comment above a node: what stands above the first key stands above the document, and at the
/// top of a file all of it is the document's.
fn head_of(e: &mut Evaluator<'_>, id: Id, comment: Str) -> Str {
    let origin = e.arena.origin(id);
    let is_top = origin.root.is_some() && origin.document == 0;
    let item = e.arena.get(id);
    let (parent, kind, is_key) = (item.parent, item.kind, item.is_key);
    let Some(parent) = parent else {
        let first = match kind {
            Kind::Map => e.arena.entries(id).first().map(|(key, _)| *key),
            _ => None,
        };
        let below = first.map(|key| get(e.arena.get(key), Attribute::Head));
        return match below {
            Some(below) if comment.is_empty() => below,
            Some(below) if is_top && !below.is_empty() => format!("{comment}\n\n{below}").into(),
            _ => comment,
        };
    };
    let is_first = is_key && is_top && e.arena.child(parent, 0) == id;
    if is_first && e.arena.get(parent).parent.is_none() {
        return Str::default();
    }
    comment
}

/// `comments`, which can only be set.
pub(crate) fn all_comments(_: &mut Evaluator<'_>, _: &Call, _: &Scope) -> Result<Matches> {
    Err(Error::new(
        ErrorKind::Script,
        "`comments` can only be assigned to",
    ))
}
