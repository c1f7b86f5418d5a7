//! Checks that a template can be parsed and run within limits.
//!
//! The engine counts steps and bytes by itself. What it does not count is how deep the words of a
//! tag nest in each other, how long a chain of `elif` is, and whether a namespace is put into
//! itself, which then could not be printed to its end.

use std::collections::BTreeSet;
use std::ops::Range;

use kustom_yaml::cut::Cut as _;

/// How many words and signs a tag may have.
const WORDS: usize = 4_000;

/// How many `elif` a template may have.
const BRANCHES: usize = 1_000;

/// Why a template is refused, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// One sentence.
    pub(super) message: String,
    /// What to try next.
    pub(super) help: &'static str,
    /// The bytes that are at fault.
    pub(super) range: Range<usize>,
}

/// A word or a sign of a tag, and where it stands.
type Word<'t> = (&'t str, usize);

/// Holds a template against the bounds.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let tags = tags(text)?;
    let mut branches = 0;
    let mut namespaces = BTreeSet::new();
    for tag in &tags {
        if let [("elif", at), ..] = tag.as_slice() {
            branches += 1;
            if branches > BRANCHES {
                return Err(Refusal {
                    message: format!("a template has more than {BRANCHES} `elif`"),
                    help: "look the value up in a map",
                    range: *at..*at + "elif".len(),
                });
            }
        }
        if let [
            ("set", _),
            (name, _),
            ("=", _),
            ("namespace", _),
            ("(", _),
            ..,
        ] = tag.as_slice()
        {
            namespaces.insert(*name);
        }
    }
    for tag in &tags {
        check_namespaces(tag, &namespaces)?;
    }
    Ok(())
}

/// A namespace is only ever made for a name, and used by its attributes, so that none gets into
/// another or into itself.
fn check_namespaces(tag: &[Word<'_>], namespaces: &BTreeSet<&str>) -> Result<(), Refusal> {
    let sign = |at: Option<usize>| at.and_then(|at| tag.get(at)).map(|(word, _)| *word);
    for (number, &(word, at)) in tag.iter().enumerate() {
        let before = sign(number.checked_sub(1));
        let is_attribute = before == Some(".");
        let is_misused = match word {
            "namespace" if !is_attribute => {
                let is_made = matches!(
                    tag,
                    [("set", _), _, ("=", _), ("namespace", _), ("(", _), ..]
                );
                !(is_made && number == 3)
            }
            name if namespaces.contains(name) && !is_attribute => {
                let after = sign(Some(number + 1));
                let is_equal = after == Some("=") && sign(Some(number + 2)) != Some("=");
                !(after == Some(".") || is_equal)
            }
            _ => false,
        };
        if is_misused {
            return Err(Refusal {
                message: "a namespace is no value of its own".to_owned(),
                help: "make it with `{% set name = namespace() %}`, and use its attributes, such \
                       as `name.count`",
                range: at..at + word.len(),
            });
        }
    }
    Ok(())
}

/// The tags of a template, without comments and what is raw, each as its words and signs; texts in
/// quotes are left out.
fn tags(text: &str) -> Result<Vec<Vec<Word<'_>>>, Refusal> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = text.cut(at..).find('{').map(|found| at + found) {
        let close = match text.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => {
                let end = text.cut(open + 2..).find("#}");
                at = end.map_or(text.len(), |end| open + 2 + end + 2);
                continue;
            }
            _ => {
                at = open + 1;
                continue;
            }
        };
        let (words, end) = words(text, open + 2, close)?;
        at = end;
        let is_raw = close == "%}" && matches!(words.as_slice(), [("raw", _)]);
        if is_raw {
            let end = text.cut(at..).find("endraw");
            at = end.map_or(text.len(), |end| at + end);
        }
        tags.push(words);
    }
    Ok(tags)
}

/// The words and signs of a tag from an offset on, and where the tag ends.
fn words<'t>(text: &'t str, start: usize, close: &str) -> Result<(Vec<Word<'t>>, usize), Refusal> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let mut words: Vec<Word<'t>> = Vec::new();
    let mut at = start;
    loop {
        let rest = text.cut(at..);
        let Some(first) = rest.chars().next() else {
            return Ok((words, text.len()));
        };
        if rest.starts_with(close) {
            return Ok((words, at + close.len()));
        }
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ if is_letter(first) => rest.find(|c| !is_letter(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        // The marks for white space belong to the brackets.
        let is_mark = at == start && matches!(first, '-' | '+');
        if !first.is_whitespace() && !matches!(first, '"' | '\'') && !is_mark {
            words.push((rest.cut(..length), at));
        }
        if words.len() > WORDS {
            return Err(Refusal {
                message: format!("a tag has more than {WORDS} words"),
                help: "divide it, or put the values into a `values.yaml`",
                range: at..at + length,
            });
        }
        at += length;
    }
}

/// How long a text in quotes is, with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = true;
    for (at, letter) in rest.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            letter if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        check(text).err().map(|refusal| refusal.message)
    }

    #[test]
    fn usual_templates_are_let_through() {
        for text in [
            "",
            "{",
            "{{ a.b | default('}}') }} {% if x -%} y {%+ endif %}{# {{ #}",
            "{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}",
            "{% raw %}{{ namespace }}{% endraw %}",
            "{{ x.namespace }} namespace {{ 'namespace' }} {{ \"\\\"namespace\" }}",
            "{{ ä",
            "{% set ns = namespace() %}{% for x in y %}{% set ns.a = x %}{% endfor %}",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn a_namespace_never_gets_into_another() {
        for text in [
            "{% set ns = namespace() %}{% set ns.x = ns %}",
            "{% set ns = namespace() %}{% set ns.x = [1, ns] %}",
            "{% set ns = namespace() %}{% set a = ns %}",
            "{% set f = namespace %}",
            "{% set ns = namespace(x=namespace()) %}",
            "{% set ns = namespace() %}{{ ns | tojson }}",
            "{% set ns = namespace() %}{{ ns == 1 }}",
            "{{ namespace() }}",
        ] {
            let message = Some("a namespace is no value of its own");
            assert_eq!(refused(text).as_deref(), message, "{text}");
        }
    }

    #[test]
    fn long_tags_and_chains_are_refused() {
        let long = format!("{{{{ 1{} }}}}", " + 1".repeat(WORDS));
        assert!(refused(&long).is_some_and(|text| text.starts_with("a tag has more")));
        let chain = format!("{{% if 0 %}}{}", "{% elif 0 %}".repeat(BRANCHES + 1));
        assert!(refused(&chain).is_some_and(|text| text.starts_with("a template has more")));
    }
}
