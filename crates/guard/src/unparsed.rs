//! Finds secrets in text that is nearly YAML.
//!
//! A manifest with tabs, or one that is still a template, does not parse, but leaks all the same.
//! Lines below `data:` or `stringData:` count as entries as long as they are indented deeper.

use std::ops::Range;

use super::base64;
use super::harmless::{is_encrypted, is_public};
use super::judge::{ValueContext, Verdict, judge};
use super::name_hint::NameHint;
use super::placeholder::is_placeholder_value;
use super::random::is_random;
use super::rule_ids;
use super::structure::Inner;
use super::text::Hit;

/// What was found in a document that does not parse.
#[derive(Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    /// Texts inside of it that want a search of their own.
    pub(super) inner: Vec<Inner>,
}

/// The values of Secrets in one document that does not parse.
pub(super) fn search(text: &str) -> Found {
    let mut found = Found::default();
    if !text.lines().any(is_kind_secret) {
        return found;
    }
    let mut block: Option<Block> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim();
        let indent = line.len() - line.trim_start().len();
        let at = start + indent;
        start += line.len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        match &mut block {
            Some(open) if indent > open.indent => open.line(body, at, indent, &mut found),
            _ => {
                if let Some(mut open) = block.take() {
                    open.end(&mut found);
                }
                block = Block::open(body, indent);
            }
        }
    }
    if let Some(mut open) = block {
        open.end(&mut found);
    }
    found
}

fn is_kind_secret(line: &str) -> bool {
    line.trim().strip_prefix("kind:").is_some_and(|kind| {
        let kind = kind.trim().trim_matches(['"', '\'']);
        kind.eq_ignore_ascii_case("secret")
    })
}

/// The lines below `data:` or `stringData:`.
struct Block {
    indent: usize,
    encoded: bool,
    /// The key whose value stands on the lines below it.
    waiting: Option<Waiting>,
}

/// A value of several lines.
struct Waiting {
    key: String,
    indent: usize,
    text: String,
    range: Range<usize>,
}

impl Block {
    fn open(body: &str, indent: usize) -> Option<Self> {
        let encoded = match body {
            "data:" => true,
            "stringData:" => false,
            _ => return None,
        };
        Some(Self {
            indent,
            encoded,
            waiting: None,
        })
    }

    fn line(&mut self, body: &str, at: usize, indent: usize, found: &mut Found) {
        let end = at + body.len();
        if let Some(open) = &mut self.waiting
            && indent > open.indent
        {
            if open.text.is_empty() {
                open.range.start = at;
            } else {
                open.text.push('\n');
            }
            open.text.push_str(body);
            open.range.end = end;
            return;
        }
        self.end(found);
        let Some((key, text)) = body.split_once(':') else {
            return;
        };
        let text = text.trim();
        if text.is_empty() || text.starts_with(['|', '>']) {
            self.waiting = Some(Waiting {
                key: key.to_owned(),
                indent,
                text: String::new(),
                range: at..end,
            });
            return;
        }
        let text = text.split(" #").next().unwrap_or_default().trim_end();
        let text = text.trim_matches(['"', '\'']);
        let within = body.find(text).unwrap_or(0);
        let range = at + within..at + within + text.len();
        value(key, text, self.encoded, range, found);
    }

    /// The value of several lines is whole.
    fn end(&mut self, found: &mut Found) {
        if let Some(open) = self.waiting.take() {
            value(&open.key, &open.text, self.encoded, open.range, found);
        }
    }
}

fn value(key: &str, text: &str, encoded: bool, range: Range<usize>, found: &mut Found) {
    if is_encrypted(text) || is_public(text) || is_placeholder_value(text) {
        return;
    }
    let decoded = if encoded { base64::decode(text) } else { None };
    let (plain, verdict) = match decoded.map(String::from_utf8) {
        Some(Ok(plain)) if base64::is_printable(&plain) => {
            if is_public(&plain) || is_encrypted(&plain) {
                return;
            }
            let verdict = judge(key, &plain, ValueContext::Secret);
            (plain, verdict)
        }
        Some(Ok(_)) => return,
        Some(Err(_)) => {
            let is_key = is_random(text, 6.0) && NameHint::of(key) != NameHint::Open;
            (text.to_owned(), is_key.then_some(Verdict::Secret))
        }
        None => (text.to_owned(), judge(key, text, ValueContext::Secret)),
    };
    match verdict {
        Some(verdict) => found.hits.push(Hit {
            rule: match verdict {
                Verdict::Secret => rule_ids::SECRET,
                Verdict::Weak => rule_ids::WEAK,
            },
            range,
            key: Some(key.to_owned()),
            value: plain,
        }),
        None if encoded || plain.contains('\n') => found.inner.push(Inner {
            name: key.to_owned(),
            text: plain,
            range,
        }),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "uyS1F1a10F1qmQj8q17zZuMHnG5";

    fn values(text: &str) -> Vec<String> {
        search(text).hits.into_iter().map(|hit| hit.value).collect()
    }

    #[test]
    fn tabs_and_templates_do_not_hide_a_secret() {
        let tabs = format!("kind: Secret\nstringData:\n\tuser: admin\n\tpassword: \"{VALUE}\"\n");
        assert_eq!(values(&tabs), [VALUE]);
        let folded = format!("{{{{ if .x }}}}\nkind: 'secret'\nstringData:\n  a: >\n    {VALUE}\n");
        assert_eq!(values(&folded), [VALUE]);
    }

    #[test]
    fn other_kinds_and_other_fields_are_left_alone() {
        let other = format!("kind: ConfigMap\ndata:\n\tpassword: {VALUE}\n");
        assert_eq!(values(&other), [""; 0]);
        let field = format!("kind: Secret\nmetadata:\n\tname: {VALUE}\n");
        assert_eq!(values(&field), [""; 0]);
        let template = "kind: Secret\nstringData:\n\tpassword: {{ .Values.Password }}\n";
        assert_eq!(values(template), [""; 0]);
    }
}
