//! Finds secrets in text that is nearly YAML.
//!
//! A manifest with tabs, or one that is still a template, does not parse, but leaks all the same.
//! Lines below `data:` or `stringData:` count as entries as long as they are indented deeper.

use std::ops::Range;

use kustom_yaml::cut::Cut as _;
use memchr::memmem::{self, Finder};

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
    if !holds_kind_secret(text) {
        return found;
    }
    let opening = Finder::new("ata:");
    let mut block: Option<Block> = None;
    let mut start = 0;
    while start < text.len() {
        if block.is_none() {
            // No other line opens a block.
            let rest = &text.as_bytes()[start..];
            let Some(opening) = opening.find(rest) else {
                break;
            };
            start += memchr::memrchr(b'\n', &rest[..opening]).map_or(0, |before| before + 1);
        }
        let rest = text.cut(start..);
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let line = rest.cut(..length);
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

/// Whether a line says `kind: Secret`.
fn holds_kind_secret(text: &str) -> bool {
    memmem::find_iter(text.as_bytes(), "kind:").any(|at| {
        let (before, rest) = (text.cut(..at), text.cut(at + "kind:".len()..));
        let above = before.trim_end();
        let opens_line = above.is_empty() || before.cut(above.len()..).contains('\n');
        opens_line && {
            let kind = rest.lines().next().unwrap_or_default().trim();
            let kind = kind.trim_matches(['"', '\'']);
            kind.eq_ignore_ascii_case("secret")
        }
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
    if is_encrypted(text) || is_public(text) {
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
    let is_read = verdict.is_some() || encoded || plain.contains('\n');
    // Of all that is asked, this costs most.
    if !is_read || is_placeholder_value(text) {
        return;
    }
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
        None => found.inner.push(Inner {
            name: key.to_owned(),
            text: plain,
            range,
        }),
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
    fn every_block_of_a_secret_is_read_wherever_it_begins() {
        let text = format!(
            "metadata: {{}}\n# data:\n- data:\n    a: {VALUE}1\n  kind:   \"Secret\" \r\n  stringData:\n  \tb: {VALUE}2\n\
             x: data:\n  c: {VALUE}3\nstringData:\r\n  d: {VALUE}4\ndata:"
        );
        assert_eq!(values(&text), [format!("{VALUE}2"), format!("{VALUE}4")]);
        let other = text.replace("  kind:", "a kind:");
        assert_eq!(values(&other), [""; 0]);
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
