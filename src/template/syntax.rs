//! What is wrong in a template that cannot be parsed, in the words of its author.

use std::ops::Range;

use kustom_yaml::cut::Cut as _;

use super::without_texts;
use crate::error::nearest;

/// A mistake in a template.
pub(super) struct Fault {
    /// What is wrong.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: Option<String>,
    /// Where it is, if the parser knows less.
    pub(super) range: Option<Range<usize>>,
}

/// The statements that go on until another one ends them.
const BLOCKS: [&str; 8] = [
    "if",
    "for",
    "macro",
    "call",
    "filter",
    "with",
    "autoescape",
    "raw",
];

/// All statements.
const STATEMENTS: [&str; 12] = [
    "if",
    "elif",
    "else",
    "for",
    "set",
    "with",
    "macro",
    "call",
    "filter",
    "do",
    "raw",
    "autoescape",
];

const FILTERS: [&str; 42] = [
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "replace",
    "reverse",
    "round",
    "select",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

const TESTS: [&str; 14] = [
    "defined",
    "undefined",
    "none",
    "boolean",
    "number",
    "integer",
    "float",
    "string",
    "sequence",
    "mapping",
    "iterable",
    "in",
    "startingwith",
    "endingwith",
];

/// What to write in place of a filter that there is not.
pub(super) fn near_filter(name: &str) -> String {
    match nearest(name, FILTERS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write one of Jinja's filters, such as `default`, `upper`, `replace` or `join`"
            .to_owned(),
    }
}

/// What to write in place of a test that there is not.
pub(super) fn near_test(name: &str) -> String {
    match nearest(name, TESTS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write one of Jinja's tests, such as `defined`, `none` or `string`".to_owned(),
    }
}

/// What the parser's words mean; `range` is where it stopped.
pub(super) fn fault(text: &str, range: Range<usize>, detail: &str) -> Fault {
    let found = detail.strip_prefix("unexpected ").unwrap_or_default();
    let found = found.split(", expected").next().unwrap_or_default();
    let is_end = found.starts_with("end of input");
    if is_end && let Some((word, range)) = open_block(text) {
        return Fault {
            message: format!("`{{% {word} %}}` is not closed"),
            help: Some(format!("write `{{% end{word} %}}` where it ends")),
            range: Some(range),
        };
    }
    let wanted = [
        ("end of variable block", "{{", "}}"),
        ("end of block", "{%", "%}"),
    ];
    let wanted = wanted.iter().find(|(words, ..)| detail.ends_with(*words));
    if let Some((_, open, close)) = wanted {
        let start = text.cut(..range.start).rfind(open).unwrap_or(range.start);
        // At the end of the text the last word is where the parser stopped.
        let end = if is_end { text.len() } else { range.start };
        let tag = without_texts(text.cut(start..end).trim_end());
        let is_cut = is_end || "}%".contains(text.cut(range.start..).chars().next().unwrap_or('}'));
        let goes_on = !is_cut && !text.cut(start..range.start).contains('\n');
        return Fault {
            message: match goes_on {
                true => format!("{} cannot follow `{tag}`", quoted(found)),
                false => format!(
                    "the tag `{}` is not closed",
                    tag.lines().next().unwrap_or(open)
                ),
            },
            help: Some(match goes_on {
                true => format!("end the tag with `{close}` before it, or put an operator between"),
                false => format!("end it with `{close}`"),
            }),
            range: (!goes_on && tag.contains('\n')).then_some(start..start + open.len()),
        };
    }
    if let Some(word) = detail.strip_prefix("unknown statement ") {
        return match word.strip_prefix("end") {
            Some(block) if BLOCKS.contains(&block) => Fault {
                message: format!("`{{% {word} %}}` closes no `{{% {block} %}}`"),
                help: Some(match closed_too_early(text, range.start) {
                    Some(open) => format!("close `{{% {open} %}}` with `{{% end{open} %}}` first"),
                    None => format!("remove it, or write `{{% {block} … %}}` above"),
                }),
                range: None,
            },
            _ => Fault {
                message: format!("there is no statement `{word}`"),
                help: Some(match nearest(word, STATEMENTS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("write one of `{}`", STATEMENTS.join("`, `")),
                }),
                range: None,
            },
        };
    }
    let detail = without_texts(detail);
    let expected = detail.split_once(", expected ");
    Fault {
        message: match expected {
            Some((_, expected)) => {
                format!("expected {expected} in the tag, found {}", quoted(found))
            }
            None => format!("the template cannot be read: {detail}"),
        },
        help: match expected {
            Some(_) => None,
            None => Some("quote texts, and close each tag with `}}` or `%}`".to_owned()),
        },
        range: None,
    }
}

/// What the parser found, with one pair of backticks.
fn quoted(found: &str) -> String {
    match (found.starts_with('`'), found) {
        (true, _) | (_, "identifier" | "string" | "integer" | "float" | "end of input") => {
            let article = if found.starts_with(['i', 'e']) {
                "an"
            } else {
                "a"
            };
            match found.starts_with('`') {
                true => found.to_owned(),
                false if found == "end of input" => "the end".to_owned(),
                false => format!("{article} {found}"),
            }
        }
        _ => format!("`{found}`"),
    }
}

/// The statements of a text in their order: the first word, and the bytes of the tag.
fn statements(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.cut(at..).find("{%")?;
        let inner = text.cut(start + 2..);
        let length = inner.find("%}").unwrap_or(inner.len());
        at = (start + 2 + length + 2).min(text.len());
        let words = inner.cut(..length).trim_matches(['-', '+', ' ']);
        let word = words.split(|c: char| !c.is_alphanumeric()).next()?;
        Some((word, start..at))
    })
}

/// The innermost statement that no other one closes, and its tag.
fn open_block(text: &str) -> Option<(&str, Range<usize>)> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    for (word, range) in statements(text) {
        if BLOCKS.contains(&word) {
            open.push((word, range));
        } else if let Some(block) = word.strip_prefix("end")
            && open.last().is_some_and(|(last, _)| *last == block)
        {
            open.pop();
        }
    }
    open.pop()
}

/// The statement that is open where another one is closed.
fn closed_too_early(text: &str, at: usize) -> Option<&str> {
    let start = text.cut(..at).rfind("{%")?;
    open_block(text.cut(..start)).map(|(word, _)| word)
}

#[cfg(test)]
mod tests {
    use crate::template::{Values, render};

    #[test]
    fn what_is_not_closed_is_named() {
        for (text, message, help) in [
            (
                "name: {{ x }\n",
                "the tag `{{ x` is not closed",
                "end it with `}}`",
            ),
            (
                "name: {{ x\n",
                "the tag `{{ x` is not closed",
                "end it with `}}`",
            ),
            (
                "{% if x\na\n",
                "the tag `{% if x` is not closed",
                "end it with `%}`",
            ),
            (
                "{% if x %}\na\n",
                "`{% if %}` is not closed",
                "write `{% endif %}` where it ends",
            ),
            (
                "{% for a in b %}{% if a %}{% endfor %}\n",
                "`{% endfor %}` closes no `{% for %}`",
                "close `{% if %}` with `{% endif %}` first",
            ),
            (
                "{% endif %}\n",
                "`{% endif %}` closes no `{% if %}`",
                "remove it, or write `{% if … %}` above",
            ),
            (
                "{% fi x %}\n",
                "there is no statement `fi`",
                "did you mean `if`?",
            ),
            (
                "{{ 'a' | uper }}\n",
                "there is no filter `uper`",
                "did you mean `upper`?",
            ),
            (
                "{{ 1 is definde }}\n",
                "there is no test `definde`",
                "did you mean `defined`?",
            ),
        ] {
            let error = render("t.j2", text, &Values::default()).unwrap_err();
            assert_eq!(error.message(), message, "{text}");
            assert_eq!(error.help_line(), Some(help), "{text}");
        }
    }
}
