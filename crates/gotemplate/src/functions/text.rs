//! Texts.

use super::Type::{Int, Text};
use super::{Context, Function, function, int, text, words};
use crate::meter::{Refusal, Result};
use crate::value::Value;

pub(super) static ALL: [Function; 32] = [
    function("hello", &[], |_, _| Ok(Value::text("Hello!"))),
    function("abbrev", &[Int, Text], |_, values| {
        let width = usize::try_from(int(values, 0))
            .ok()
            .filter(|width| *width >= 4);
        Ok(match width {
            Some(width) => Value::text(words::abbreviated(text(values, 1), 0, width)),
            None => values[1].clone(),
        })
    }),
    function("abbrevboth", &[Int, Int, Text], |_, values| {
        let (left, right) = (int(values, 0), int(values, 1));
        if right < 4 || (left > 0 && right < 7) {
            return Ok(values[2].clone());
        }
        let bound = |number: i64| usize::try_from(number).unwrap_or(0);
        let short = words::abbreviated(text(values, 2), bound(left), bound(right));
        Ok(Value::text(short))
    }),
    function("trunc", &[Int, Text], |_, values| {
        let (count, text) = (int(values, 0), text(values, 1));
        let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let length = text.len();
        let (start, end) = match count {
            0.. => (0, size.min(length)),
            _ if size < length => (length - size, length),
            _ => (0, length),
        };
        Ok(Value::text(
            words::piece(text, start, end).unwrap_or_default(),
        ))
    }),
    function("substr", &[Int, Int, Text], |_, values| {
        let (start, end, text) = (int(values, 0), int(values, 1), text(values, 2));
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let (start, end) = match (start, end) {
            (..0, end) => (0, end),
            (start, end) if end < 0 || end > length => (start, length),
            (start, end) => (start, end),
        };
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let piece = range.and_then(|(start, end)| words::piece(text, start, end));
        let piece = piece.ok_or_else(|| Refusal::new("the bounds are out of range"))?;
        Ok(Value::text(piece))
    }),
    function("trim", &[Text], |_, values| {
        Ok(Value::text(text(values, 0).trim()))
    }),
    function("trimAll", &[Text, Text], trim_all),
    function("trimall", &[Text, Text], trim_all),
    function("trimSuffix", &[Text, Text], |_, values| {
        let whole = text(values, 1);
        Ok(Value::text(
            whole.strip_suffix(text(values, 0)).unwrap_or(whole),
        ))
    }),
    function("trimPrefix", &[Text, Text], |_, values| {
        let whole = text(values, 1);
        Ok(Value::text(
            whole.strip_prefix(text(values, 0)).unwrap_or(whole),
        ))
    }),
    function("upper", &[Text], |_, values| {
        Ok(Value::text(words::upper(text(values, 0))))
    }),
    function("lower", &[Text], |_, values| {
        Ok(Value::text(words::lower(text(values, 0))))
    }),
    function("title", &[Text], |_, values| {
        Ok(Value::text(words::title(text(values, 0))))
    }),
    function("untitle", &[Text], |_, values| {
        Ok(Value::text(words::untitle(text(values, 0))))
    }),
    function("swapcase", &[Text], |_, values| {
        Ok(Value::text(words::swapcase(text(values, 0))))
    }),
    function("snakecase", &[Text], |_, values| {
        Ok(Value::text(words::connected(text(values, 0), '_')))
    }),
    function("kebabcase", &[Text], |_, values| {
        Ok(Value::text(words::connected(text(values, 0), '-')))
    }),
    function("camelcase", &[Text], |_, values| {
        Ok(Value::text(words::pascal(text(values, 0))))
    }),
    function("initials", &[Text], |_, values| {
        Ok(Value::text(words::initials(text(values, 0))))
    }),
    // sprig takes each byte for a character.
    function("nospace", &[Text], |_, values| {
        let bytes = text(values, 0).bytes().map(char::from);
        Ok(Value::text(
            bytes.filter(|c| !c.is_whitespace()).collect::<String>(),
        ))
    }),
    function("repeat", &[Int, Text], |context, values| {
        let (count, text) = (int(values, 0), text(values, 1));
        let count = usize::try_from(count).map_err(|_| Refusal::new("the count is negative"))?;
        context.meter.charge_pieces(count, text.len())?;
        Ok(Value::text(text.repeat(count)))
    }),
    function("replace", &[Text, Text, Text], |context, values| {
        let (old, new, whole) = (text(values, 0), text(values, 1), text(values, 2));
        let count = if old.is_empty() {
            whole.chars().count() + 1
        } else {
            whole.matches(old).count()
        };
        context.meter.charge_pieces(count, new.len())?;
        Ok(Value::text(whole.replace(old, new)))
    }),
    function("contains", &[Text, Text], |_, values| {
        Ok(Value::Bool(text(values, 1).contains(text(values, 0))))
    }),
    function("hasPrefix", &[Text, Text], |_, values| {
        Ok(Value::Bool(text(values, 1).starts_with(text(values, 0))))
    }),
    function("hasSuffix", &[Text, Text], |_, values| {
        Ok(Value::Bool(text(values, 1).ends_with(text(values, 0))))
    }),
    function("indent", &[Int, Text], |context, values| {
        indented(context, values).map(Value::text)
    }),
    function("nindent", &[Int, Text], |context, values| {
        Ok(Value::text(format!("\n{}", indented(context, values)?)))
    }),
    function("wrap", &[Int, Text], |_, values| {
        let width = usize::try_from(int(values, 0).max(1)).unwrap_or(usize::MAX);
        Ok(Value::text(words::wrapped(
            text(values, 1),
            width,
            "\n",
            false,
        )))
    }),
    function("wrapWith", &[Int, Text, Text], |context, values| {
        let width = usize::try_from(int(values, 0).max(1)).unwrap_or(usize::MAX);
        let (line_break, whole) = (text(values, 1), text(values, 2));
        let line_break = if line_break.is_empty() {
            "\n"
        } else {
            line_break
        };
        context
            .meter
            .charge_pieces(whole.len() / width + 1, line_break.len())?;
        Ok(Value::text(words::wrapped(whole, width, line_break, true)))
    }),
    function("splitList", &[Text, Text], |context, values| {
        let pieces = split(text(values, 1), text(values, 0), usize::MAX);
        context.meter.charge(pieces.len() as u64)?;
        Ok(Value::texts(pieces))
    }),
    function("split", &[Text, Text], |context, values| {
        numbered(context, split(text(values, 1), text(values, 0), usize::MAX))
    }),
    function("splitn", &[Text, Int, Text], |context, values| {
        let most = usize::try_from(int(values, 1)).unwrap_or(usize::MAX);
        numbered(context, split(text(values, 2), text(values, 0), most))
    }),
];

fn trim_all(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let set = text(values, 0);
    Ok(Value::text(
        text(values, 1).trim_matches(|c| set.contains(c)),
    ))
}

fn indented(context: &Context<'_>, values: &[Value]) -> Result<String> {
    let (count, whole) = (int(values, 0), text(values, 1));
    let count = usize::try_from(count).map_err(|_| Refusal::new("the count is negative"))?;
    context
        .meter
        .charge_pieces(whole.matches('\n').count() + 1, count)?;
    let pad = " ".repeat(count);
    Ok(format!("{pad}{}", whole.replace('\n', &format!("\n{pad}"))))
}

/// The pieces of a text, at most so many; its characters if nothing separates.
fn split<'t>(whole: &'t str, separator: &str, most: usize) -> Vec<&'t str> {
    use kustom_yaml::cut::Cut as _;
    if most == 0 {
        return Vec::new();
    }
    if !separator.is_empty() {
        return whole.splitn(most, separator).collect();
    }
    let mut starts: Vec<usize> = whole.char_indices().map(|(at, _)| at).take(most).collect();
    starts.push(whole.len());
    let pairs = starts.windows(2);
    pairs.map(|pair| whole.cut(pair[0]..pair[1])).collect()
}

/// `_0`, `_1` and so on.
fn numbered(context: &Context<'_>, pieces: Vec<&str>) -> Result<Value> {
    context.meter.charge(pieces.len() as u64)?;
    let pieces = pieces.into_iter().enumerate();
    Ok(Value::text_map(pieces.map(|(index, piece)| {
        (format!("_{index}"), piece.to_owned())
    })))
}
