//! What was probably meant by a text that is no YAML: made of its lines, once it is refused.

use crate::cut::Cut as _;

/// A mistake, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte that it is at.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: String,
}

/// The longest words of a text that a message repeats, in bytes.
const LONGEST: usize = 60;

/// How many lines above a mistake are looked at.
const FARTHEST: usize = 50;

/// A line of a text.
#[derive(Clone, Copy)]
struct Line<'t> {
    /// Its number, counted from 1 in the text.
    number: usize,
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// What it says behind the `-` of entries, and how many bytes are before that.
    fn content(self) -> (usize, &'t str) {
        let mut rest = self.text.trim_start();
        while let Some(inner) = rest.strip_prefix("- ") {
            rest = inner.trim_start();
        }
        (self.text.len() - rest.len(), rest.trim_end())
    }

    /// Its key, and the value that follows on the line.
    fn entry(self) -> Option<(&'t str, &'t str)> {
        let (_, content) = self.content();
        let (key, value) = content.split_once(':')?;
        (!key.is_empty() && (value.is_empty() || value.starts_with(' ')))
            .then(|| (key.trim_end(), value.trim()))
    }

    /// Where a `:` stands that no blank follows, between what could be a key and its value.
    fn glued(self) -> Option<(usize, &'t str, &'t str)> {
        let (before, content) = self.content();
        let (key, value) = content.split_once(':')?;
        let is_word = |c: char| c.is_alphanumeric() || "_-./".contains(c);
        let is_address = value.starts_with("//") || value.starts_with(char::is_whitespace);
        let is_key = key.starts_with(char::is_alphabetic) && key.chars().all(is_word);
        (is_key && !is_address && !value.is_empty()).then_some((before + key.len(), key, value))
    }
}

/// The line at an offset, and those above it, the nearest first; without empty ones and comments.
fn lines_from(text: &str, at: usize) -> impl Iterator<Item = Line<'_>> {
    let before = text.cut(..at);
    let number = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let first = text.cut(start..).lines().next().unwrap_or_default();
    let mut line = Line {
        number,
        start,
        text: first,
    };
    let above = std::iter::from_fn(move || {
        let end = line.start.checked_sub(1)?;
        let start = text.cut(..end).rfind('\n').map_or(0, |end| end + 1);
        line = Line {
            number: line.number - 1,
            start,
            text: text.cut(start..end),
        };
        Some(line)
    });
    let says = |line: &Line<'_>| {
        let content = line.text.trim();
        !content.is_empty() && !content.starts_with('#')
    };
    let first = Line {
        number,
        start,
        text: first,
    };
    std::iter::once(first).chain(above.filter(says).take(FARTHEST))
}

fn is_short(words: &str) -> bool {
    words.len() <= LONGEST
}

/// A `:` that follows a value; `first` is the number of the text's first line in its file.
pub(super) fn second_colon(text: &str, at: usize, first: usize) -> Fault {
    let mut lines = lines_from(text, at);
    let generic = || Fault {
        at,
        message: "this `:` follows a value, which cannot be a key".to_owned(),
        help: "put all of the value in quotes, or begin the key on a line of its own".to_owned(),
    };
    let Some(line) = lines.next() else {
        return generic();
    };
    let before = Line {
        text: line.text.cut(..at - line.start),
        ..line
    };
    if let Some((key, value)) = before.entry().filter(|(_, value)| !value.is_empty()) {
        let rest = line.text.cut(at - line.start + 1..).trim();
        if !is_short(key) || !is_short(value) {
            return generic();
        }
        let whole = match rest {
            "" => format!("{value}:"),
            rest => format!("{value}: {rest}"),
        };
        let help = match is_short(&whole) && !whole.contains(['"', '\\', '\'', '#']) {
            true => format!(
                "write `{key}: \"{whole}\"` if all of it is the value, or begin a new line behind \
                 `{key}: {value}`"
            ),
            false => format!("put all of the value of `{key}` in quotes"),
        };
        return Fault {
            at,
            message: format!("`{key}` already has the value `{value}`; a second `:` cannot follow"),
            help,
        };
    }
    let (column, word) = before.content();
    if word.is_empty() || !is_short(word) {
        return generic();
    }
    for above in lines {
        let number = above.number + first - 1;
        if let Some((colon, key, value)) = above.glued() {
            let known = is_short(key) && is_short(value);
            return Fault {
                at: above.start + colon,
                message: format!("a blank is missing behind the `:` of line {number}"),
                help: match known {
                    true => format!("write `{key}: {value}`"),
                    false => "write a blank behind the `:` of a key".to_owned(),
                },
            };
        }
        let (place, content) = above.content();
        if let Some((key, value)) = above.entry().filter(|(key, _)| is_short(key)) {
            if value.is_empty() {
                break;
            }
            return Fault {
                at: line.start + column,
                message: format!(
                    "`{word}` is indented, but `{key}` in line {number} already has a value"
                ),
                help: format!("begin `{word}` in column {}, as `{key}` does", place + 1),
            };
        }
        if place > above.indent() && is_short(content) {
            return Fault {
                at: line.start + column,
                message: format!(
                    "`{word}` belongs to the entry of line {number}, which is the value `{content}`"
                ),
                help: format!(
                    "give that value a key, such as `- name: {content}`, or indent `{word}` less"
                ),
            };
        }
    }
    generic()
}

/// What stands where only a key can, and has no `:`.
pub(super) fn no_key(text: &str, at: usize) -> Option<Fault> {
    let line = lines_from(text, at).next()?;
    let content = line.text.trim();
    if let Some(rest) = content.strip_prefix('-')
        && !rest.starts_with(['-', ' '])
        && !rest.is_empty()
    {
        return Some(Fault {
            at,
            message: "a blank is missing behind this `-`".to_owned(),
            help: match is_short(rest) {
                true => format!("write `- {rest}`"),
                false => "write a blank behind the `-` of an entry".to_owned(),
            },
        });
    }
    if let Some((colon, key, value)) = line.glued() {
        return Some(Fault {
            at: line.start + colon,
            message: "a blank is missing behind this `:`".to_owned(),
            help: match is_short(value) {
                true => format!("write `{key}: {value}`"),
                false => "write a blank behind the `:` of a key".to_owned(),
            },
        });
    }
    let is_word = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    (is_short(content) && content.chars().all(is_word)).then(|| Fault {
        at,
        message: format!("no `:` follows the key `{content}`"),
        help: format!("write `{content}:`, or indent the line to continue the value above"),
    })
}

/// A `-` that is indented otherwise than the entries above it.
pub(crate) fn stray_entry(text: &str, at: usize, first: usize) -> Option<Fault> {
    let mut lines = lines_from(text, at);
    let own = lines.next()?;
    let indent = own.indent();
    if !own.text.trim_start().starts_with('-') {
        return None;
    }
    let rest = own.text.trim();
    for above in lines {
        let number = above.number + first - 1;
        let there = above.indent();
        if above.text.trim_start().starts_with("- ") && there != indent {
            return Some(Fault {
                at,
                message: format!(
                    "this `-` is indented by {indent}, the one of line {number} by {there}"
                ),
                help: format!("indent it by {there}, as line {number}"),
            });
        }
        if let Some((key, value)) = above.entry()
            && !value.is_empty()
            && is_short(key)
        {
            return Some(Fault {
                at,
                message: format!(
                    "this `-` begins a list, but `{key}` in line {number} already has a value"
                ),
                help: match is_short(value) && is_short(rest) && value.starts_with('[') {
                    true => format!(
                        "write the entry between the brackets of `{key}`, or all of them as `{rest}`"
                    ),
                    false => format!("write the value of `{key}` as the first entry of the list"),
                },
            });
        }
    }
    None
}

/// A key that is indented otherwise than the map that it stands in, which begins at `map`.
pub(crate) fn stray_key(text: &str, at: usize, map: usize, first: usize) -> Option<Fault> {
    let own = lines_from(text, at).next()?;
    let top = lines_from(text, map).next()?;
    let (column, content) = own.content();
    let key = content.split(':').next().filter(|key| is_short(key))?;
    let wanted = map - top.start;
    let number = top.number + first - 1;
    (column != wanted && number != own.number + first - 1).then(|| Fault {
        at,
        message: format!(
            "`{key}` is indented by {column}, the map that it stands in (line {number}) by {wanted}"
        ),
        help: match wanted {
            0 => format!("begin it in column 1, as line {number}"),
            wanted => format!("indent it by {wanted}, as line {number}"),
        },
    })
}

/// What to write for a quote that nothing closes.
pub(super) fn unclosed(text: &str, start: usize, quote: char) -> String {
    let line = text.cut(start..).lines().next().unwrap_or_default();
    let words = line.trim_start_matches(quote).trim_end();
    let words = words.split(" #").next().unwrap_or_default().trim_end();
    let inside = match quote {
        '"' => "a `\"` inside is written `\\\"`",
        _ => "a `'` inside is written `''`",
    };
    let is_plain =
        is_short(words) && !words.is_empty() && !words.contains(['[', ']', '{', '}', ',']);
    match is_plain {
        true => format!("write `{quote}{words}{quote}`; {inside}"),
        false => format!("end the value with `{quote}`; {inside}"),
    }
}

/// A quoted value behind which the line goes on at `at`: what was meant to end it may be missing, so
/// that a later quote ended it.
pub(crate) fn closed_early(text: &str, at: usize, first: usize) -> Option<Fault> {
    let before = text.cut(..at);
    let quote = before.chars().next_back().filter(|c| "\"'".contains(*c))?;
    let inside = before.cut(..at - 1);
    let open = inside.rfind(quote)?;
    let start = inside.cut(..open).rfind('\n').map_or(0, |end| end + 1);
    let lead = inside.cut(start..open).trim_end();
    if !lead.is_empty() && !lead.ends_with([':', '-']) {
        return None;
    }
    let inner = match quote {
        '"' => "a `\"` inside is written `\\\"`",
        _ => "a `'` inside is written `''`",
    };
    if !inside.cut(open..).contains('\n') {
        return Some(Fault {
            at,
            message: "the line goes on behind the quote that closes the value".to_owned(),
            help: format!("put all of the value in quotes; {inner}"),
        });
    }
    let line = before.matches('\n').count() + first;
    Some(Fault {
        at: open,
        message: format!("the quote that opens here is closed only in line {line}"),
        help: unclosed(text, open, quote),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_a_later_one_closes_is_found() {
        let found = |text: &str| closed_early(text, text.find('b').unwrap(), 1);
        let fault = found("x: \"a\ny: \"b\"\n").unwrap();
        assert_eq!(fault.at, 3);
        assert!(fault.message.ends_with("closed only in line 2"));
        assert!(fault.help.starts_with("write `\"a\"`"));
        assert!(found("x: 'a'b'\n").unwrap().help.ends_with("`''`"));
        assert_eq!(found("x: [\"a\"b]\n"), None);
        assert_eq!(found("x: a b\n"), None);
    }

    fn colon(text: &str) -> (String, String) {
        let fault = second_colon(text, text.rfind(':').unwrap(), 1);
        (fault.message, fault.help)
    }

    #[test]
    fn a_second_colon_says_what_has_a_value_already() {
        for (text, message, help) in [
            (
                "base: base\n  environments: b\n",
                "`environments` is indented, but `base` in line 1 already has a value",
                "begin `environments` in column 1, as `base` does",
            ),
            (
                "a:\n- b: c\n    # no\n\n    d: e\n",
                "`d` is indented, but `b` in line 2 already has a value",
                "begin `d` in column 3, as `b` does",
            ),
            (
                "- op: replace: path\n",
                "`op` already has the value `replace`; a second `:` cannot follow",
                "write `op: \"replace: path\"` if all of it is the value, or begin a new line \
                 behind `op: replace`",
            ),
            (
                "namePrefix:a-\nresources:\n",
                "a blank is missing behind the `:` of line 1",
                "write `namePrefix: a-`",
            ),
            (
                "- oven.yaml\n  target: x\n",
                "`target` belongs to the entry of line 1, which is the value `oven.yaml`",
                "give that value a key, such as `- name: oven.yaml`, or indent `target` less",
            ),
        ] {
            assert_eq!(colon(text), (message.to_owned(), help.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_has_no_colon_is_completed() {
        let help = |text: &str| no_key(text, 0).unwrap().help;
        assert_eq!(help("-oven.yaml\n"), "write `- oven.yaml`");
        assert_eq!(help("namePrefix:a-\n"), "write `namePrefix: a-`");
        assert!(help("resources\n").starts_with("write `resources:`"));
    }

    #[test]
    fn a_quote_is_closed_in_its_own_way() {
        assert_eq!(
            unclosed("\"a b # c\n", 0, '"'),
            "write `\"a b\"`; a `\"` inside is written `\\\"`"
        );
        assert_eq!(
            unclosed("'a\n", 0, '\''),
            "write `'a'`; a `'` inside is written `''`"
        );
        assert!(unclosed("'a, b]\n", 0, '\'').starts_with("end the value with `'`"));
    }
}
