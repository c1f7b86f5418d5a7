//! Regular expressions: `test`, `match`, `capture`, `sub`.
//!
//! They are written for Go's engine, of which this one differs in little: the classes `\d`, `\s`
//! and `\w` mean ASCII there, and brackets within brackets stand for themselves.

use std::rc::Rc;

use kustom_yaml::Tag;
use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use regex::{Captures, Regex};

use crate::v4::arena_node::{Id, Kind};
use crate::v4::evaluator::Evaluator;
use crate::v4::expr::{Call, Expr};
use crate::v4::scope::{Matches, Scope};

use super::errors::{LONGEST, too_long};
use super::text::check_text;

/// `test(pattern)`
pub(crate) fn test(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let (regex, _) = pattern(e, call, scope)?;
    e.for_each(scope, |e, id| {
        check_text(e, call, id)?;
        let found = regex.is_match(&e.arena.get(id).text);
        Ok(Some(e.truth(Some(id), found)))
    })
}

/// `match(pattern)`, `match(pattern; "g")`
pub(crate) fn matched(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    each_match(e, call, scope, describe)
}

/// `capture(pattern)`
pub(crate) fn capture(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    each_match(e, call, scope, named_groups)
}

fn each_match(
    e: &mut Evaluator<'_>,
    call: &Call,
    scope: &Scope,
    make: fn(&mut Evaluator<'_>, Id, &Regex, &Captures<'_>) -> Id,
) -> Result<Matches> {
    let (regex, is_global) = pattern(e, call, scope)?;
    let mut results = Vec::new();
    for id in scope.matches.iter() {
        check_text(e, call, *id)?;
        let text = e.arena.get(*id).text.clone();
        let most = if is_global { usize::MAX } else { 1 };
        for captures in regex.captures_iter(&text).take(most) {
            results.push(make(e, *id, &regex, &captures));
        }
    }
    Ok(Rc::new(results))
}

/// A match with its offset, its length and its groups.
fn describe(e: &mut Evaluator<'_>, owner: Id, regex: &Regex, captures: &Captures<'_>) -> Id {
    let groups = e.arena.collection(Kind::Seq);
    for (number, name) in regex.capture_names().enumerate().skip(1) {
        let group = group(e, captures.get(number), name);
        e.arena.append(groups, group);
    }
    let whole = group(e, captures.get(0), None);
    e.arena.stand_in(owner, whole);
    let key = e.arena.scalar("captures", Tag::Str);
    e.arena.append_entry(whole, key, groups);
    whole
}

fn group(e: &mut Evaluator<'_>, found: Option<regex::Match<'_>>, name: Option<&str>) -> Id {
    let map = e.arena.collection(Kind::Map);
    let text = match found {
        Some(found) => e.arena.scalar(found.as_str(), Tag::Str),
        None => e.arena.scalar("null", Tag::Null),
    };
    let offset = found.map_or("-1".to_owned(), |found| found.start().to_string());
    let offset = e.arena.scalar(offset, Tag::Int);
    let length = found.map_or(0, |found| found.len()).to_string();
    let length = e.arena.scalar(length, Tag::Int);
    let name = name.map(|name| ("name", e.arena.scalar(name, Tag::Str)));
    let parts = [("string", text), ("offset", offset), ("length", length)];
    for (key, value) in parts.into_iter().chain(name) {
        let key = e.arena.scalar(key, Tag::Str);
        e.arena.append_entry(map, key, value);
    }
    map
}

/// A mapping of the groups by name.
fn named_groups(e: &mut Evaluator<'_>, owner: Id, regex: &Regex, captures: &Captures<'_>) -> Id {
    let map = e.arena.collection(Kind::Map);
    for (number, name) in regex.capture_names().enumerate().skip(1) {
        let key = e.arena.scalar(name.unwrap_or_default(), Tag::Str);
        let value = match captures.get(number) {
            Some(found) => e.arena.scalar(found.as_str(), Tag::Str),
            None => e.arena.scalar("null", Tag::Null),
        };
        e.arena.append_entry(map, key, value);
    }
    e.arena.stand_in(owner, map);
    map
}

/// `sub(pattern; replacement)`
pub(crate) fn sub(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let Some((pattern, replacement)) = call.argument.as_ref().and_then(|argument| argument.pair())
    else {
        return Err(Error::new(
            ErrorKind::Script,
            "`sub` expects a pattern and a replacement",
        )
        .help("write `sub(\"pattern\"; \"replacement\")`"));
    };
    let regex = compiled(e, pattern, scope)?;
    let replacement = e.first_text(replacement, scope)?;
    e.for_each(scope, |e, id| {
        check_text(e, call, id)?;
        let text = e.arena.get(id).text.clone();
        let new = replaced(&regex, &text, &replacement)?;
        Ok(Some(e.answer(id, &new, Tag::Str)))
    })
}

/// A text with the replacement in the place of every match, as long as it does not grow too long.
fn replaced(regex: &Regex, text: &str, replacement: &str) -> Result<String> {
    // Each reference brings in no more than the whole match.
    let references = replacement.matches('$').count();
    let mut out = String::new();
    let mut done = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(text.cut(done..whole.start()));
        done = whole.end();
        let longest = references.saturating_mul(whole.len()) + replacement.len();
        if out.len().saturating_add(longest) > LONGEST {
            return Err(too_long());
        }
        found.expand(replacement, &mut out);
    }
    out.push_str(text.cut(done..));
    Ok(out)
}

/// The pattern of a call, and whether all matches are wanted.
fn pattern(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<(Regex, bool)> {
    let Some(argument) = &call.argument else {
        return Ok((compile("")?, false));
    };
    let Some((pattern, flags)) = argument.block() else {
        return Ok((compiled(e, argument, scope)?, false));
    };
    let text = e.first_text(flags, scope)?;
    let unknown = text.replace('g', "");
    if !unknown.is_empty() {
        let message = format!("there is no option `{unknown}` for regular expressions");
        return Err(e
            .placed(Error::new(ErrorKind::Script, message), flags.span)
            .help("`g` finds all matches; to ignore case, start the pattern with `(?i)`"));
    }
    Ok((compiled(e, pattern, scope)?, text.contains('g')))
}

fn compiled(e: &mut Evaluator<'_>, pattern: &Expr, scope: &Scope) -> Result<Regex> {
    let text = e.first_text(pattern, &scope.looking())?;
    compile(&text).map_err(|error| e.placed(error, pattern.span))
}

fn compile(pattern: &str) -> Result<Regex> {
    Regex::new(&translated(pattern)).map_err(|error| {
        // The first lines of the message draw the pattern; the last one says what is wrong.
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let reason = reason.trim_start_matches("error: ");
        let message = format!("`{pattern}` is no regular expression: {reason}");
        Error::new(ErrorKind::Script, message)
    })
}

/// A pattern of Go's engine in the spelling of ours.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(found) = chars.next() {
        match found {
            '\\' => match chars.next() {
                Some('Q') => out.push_str(&quoted(&mut chars)),
                Some(letter) => out.push_str(&escape(letter, in_class)),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if let Some(negation) = chars.next_if_eq(&'^') {
                    out.push(negation);
                }
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                // A class by name, such as `[:alpha:]`.
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(found);
            }
            _ => out.push(found),
        }
    }
    out
}

fn escape(letter: char, in_class: bool) -> String {
    let class = match letter {
        'd' => "0-9",
        's' => "\\t\\n\\f\\r ",
        'w' => "0-9A-Za-z_",
        'D' => return "[^0-9]".to_owned(),
        'S' => return "[^\\t\\n\\f\\r ]".to_owned(),
        'W' => return "[^0-9A-Za-z_]".to_owned(),
        'b' if !in_class => return "(?-u:\\b)".to_owned(),
        'C' => return ".".to_owned(),
        _ => return format!("\\{letter}"),
    };
    if in_class {
        class.to_owned()
    } else {
        format!("[{class}]")
    }
}

/// What stands between `\Q` and `\E`, as it is.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(found) = chars.next() {
        if found == '\\' && chars.next_if_eq(&'E').is_some() {
            break;
        }
        text.push(found);
    }
    regex::escape(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii() {
        assert!(!compile(r"^\w+$").unwrap().is_match("é"));
        assert!(compile(r"^[\w-]+$").unwrap().is_match("a-b"));
        assert!(!compile(r"\d").unwrap().is_match("٣"));
        assert!(compile(r"^\W$").unwrap().is_match("é"));
    }

    #[test]
    fn brackets_within_brackets_stand_for_themselves() {
        assert!(compile(r"^[[a]+$").unwrap().is_match("[a"));
        assert!(compile(r"^[]a]+$").unwrap().is_match("]a"));
        assert!(compile(r"^[[:alpha:]&&]+$").unwrap().is_match("a&"));
        assert!(compile(r"^\Qa.b\E$").unwrap().is_match("a.b"));
        assert!(!compile(r"^\Qa.b\E$").unwrap().is_match("axb"));
    }

    #[test]
    fn a_bad_pattern_is_an_error() {
        let error = compile("a(").unwrap_err();
        assert_eq!(
            error.message(),
            "`a(` is no regular expression: unclosed group"
        );
    }
}
