//! `$(NAME)` within text.
//!
//! `$$` is a dollar sign, an unknown name stays as it is, and a text that is nothing but one
//! variable takes the type of its value.
//! Source: <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, Str, Style, Tag, Value};

/// The values of variables, and which of them were used.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    known: HashMap<Str, Known>,
    budget: Budget,
}

#[derive(Debug)]
struct Known {
    meaning: Meaning,
    is_used: bool,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Text(Str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A list or a map, which cannot stand in a text.
    Unfit,
}

impl Expansion {
    /// None yet; what they make is paid for by the budget of a build.
    pub(super) fn within(budget: &Budget) -> Self {
        Self {
            known: HashMap::new(),
            budget: budget.clone(),
        }
    }

    pub(super) fn add(&mut self, name: &str, value: Node) {
        let meaning = match &value.value {
            Value::Scalar(text) => meaning(text, value.tag, value.inferred),
            _ => Meaning::Unfit,
        };
        let known = Known {
            meaning,
            is_used: false,
        };
        self.known.insert(name.into(), known);
    }

    pub(super) fn was_used(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|known| known.is_used)
    }

    pub(super) fn is_unfit(&self, name: &str) -> bool {
        self.known
            .get(name)
            .is_some_and(|known| known.meaning == Meaning::Unfit)
    }

    /// Expands a text, a list of texts, or the texts among the values of a map.
    pub(super) fn field(&mut self, node: &mut Node) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        match &mut node.value {
            Value::Scalar(_) => self.text(node)?,
            Value::Seq(items) => {
                for item in items {
                    if !is_text(item) {
                        let message =
                            "variables stand in a list of strings, but here is something else";
                        return Err(Error::new(Kind::Transform, message)
                            .at(item.span)
                            .help("put it in quotes"));
                    }
                    self.text(item)?;
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    if !is_text(&entry.key) {
                        let message =
                            "variables stand in a map whose keys are strings, but here is another";
                        return Err(Error::new(Kind::Transform, message)
                            .at(entry.key.span)
                            .help("put it in quotes"));
                    }
                    self.text(&mut entry.value)?;
                }
            }
            Value::Alias(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, node: &mut Node) -> Result<()> {
        if !is_text(node) {
            return Ok(());
        }
        let text = node.text().unwrap_or_default();
        let meaning = self.expanded(text).map_err(|error| error.at(node.span))?;
        let (text, tag) = match meaning {
            Meaning::Int(value) => (compact_str::format_compact!("{value}"), Tag::Int),
            Meaning::Float(value) => (compact_str::format_compact!("{value}"), Tag::Float),
            Meaning::Bool(value) => (compact_str::format_compact!("{value}"), Tag::Bool),
            Meaning::Text(text) => (text, Tag::Str),
            Meaning::Unfit => return Ok(()),
        };
        node.value = Value::Scalar(text);
        node.tag = tag;
        node.style = Style::Plain;
        node.decor = None;
        Ok(())
    }

    /// Replaces the variables of a text.
    ///
    /// # Errors
    ///
    /// If the build cannot pay for it.
    fn expanded(&mut self, input: &str) -> Result<Meaning> {
        if !input.contains('$') {
            return Ok(Meaning::Text(input.into()));
        }
        let bytes = input.as_bytes();
        let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let Some(&next) = bytes.get(at + 1).filter(|_| byte == b'$') else {
                out.push(byte);
                at += 1;
                continue;
            };
            let name = match next {
                b'(' => input.cut(at + 2..).split_once(')').map(|(name, _)| name),
                _ => None,
            };
            match (next, name) {
                (b'$', _) => out.push(b'$'),
                (_, Some(name)) => {
                    let meaning = self.of(name);
                    if name.len() + 3 == input.len() {
                        return Ok(meaning);
                    }
                    let before = out.len();
                    meaning.print(&mut out);
                    let printed = (out.len() - before) as u64;
                    self.budget.charge("this variable", printed)?;
                    at += name.len() + 1;
                }
                // kustomize takes a byte for a character here.
                (next, None) => {
                    out.push(b'$');
                    out.extend(char::from(next).to_string().into_bytes());
                }
            }
            at += 2;
        }
        Ok(Meaning::Text(match String::from_utf8(out) {
            Ok(text) => text.into(),
            Err(error) => STANDARD.encode(error.as_bytes()).into(),
        }))
    }

    /// The value of a variable; the reference itself if no variable has the name.
    fn of(&mut self, name: &str) -> Meaning {
        match self.known.get_mut(name) {
            Some(known) if known.meaning != Meaning::Unfit => {
                known.is_used = true;
                known.meaning.clone()
            }
            _ => Meaning::Text(compact_str::format_compact!("$({name})")),
        }
    }
}

impl Meaning {
    /// Prints the value as Go prints it within a text.
    fn print(&self, out: &mut Vec<u8>) {
        let text = match self {
            Self::Text(text) => text.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Float(value) => general(*value),
            Self::Unfit => return,
        };
        out.extend(text.into_bytes());
    }
}

fn meaning(text: &Str, tag: Tag, is_inferred: bool) -> Meaning {
    let typed = match tag {
        _ if is_inferred => None,
        Tag::Int => text.parse().ok().map(Meaning::Int),
        Tag::Float => float(text).map(Meaning::Float),
        Tag::Bool => boolean(text).map(Meaning::Bool),
        _ => None,
    };
    typed.unwrap_or_else(|| Meaning::Text(text.clone()))
}

/// Whether a value is a text, or was never said to be anything else.
fn is_text(node: &Node) -> bool {
    node.is_scalar() && (node.tag == Tag::Str || node.inferred)
}

/// A number as Go reads it, which knows no `.inf` and has its own rule for underscores.
pub(super) fn float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let is_separator =
        |(at, _): (usize, &str)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    if !text.match_indices('_').all(is_separator) {
        return None;
    }
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
    text.replace('_', "")
        .parse()
        .ok()
        .filter(|value: &f64| is_number && value.is_finite())
}

/// A boolean as Go reads it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// The shortest digits, with an exponent where the number is not of everyday size.
fn general(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let power: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..6).contains(&power) {
        return format!("{value}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        let mut expansion = Expansion::default();
        expansion.add("X", Node::string("hello"));
        expansion.add("F", Node::scalar("1000000.0", Tag::Float));
        expansion.add("M", Node::map(Vec::new()));
        match expansion.expanded(text).unwrap() {
            Meaning::Text(text) => text.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn references_are_replaced_and_unknown_ones_stay() {
        for (text, wanted) in [
            ("$(X)", "hello"),
            ("a $(X)$(X) b", "a hellohello b"),
            ("$(Y) $(X)", "$(Y) hello"),
            ("$(M)", "$(M)"),
            ("$()", "$()"),
            ("$((X))", "$((X))"),
            ("$(X", "$(X"),
            ("a$", "a$"),
        ] {
            assert_eq!(expanded(text), wanted, "{text}");
        }
    }

    #[test]
    fn two_dollars_are_one() {
        for (text, wanted) in [
            ("$$(X)", "$(X)"),
            ("$$$(X)", "$hello"),
            ("$$$$", "$$"),
            ("$x$(X)", "$xhello"),
        ] {
            assert_eq!(expanded(text), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_look_as_go_prints_them() {
        assert_eq!(expanded("$(F)"), "Float(1000000.0)");
        assert_eq!(expanded("$(F)!"), "1e+06!");
        assert_eq!(general(0.00001), "1e-05");
        assert_eq!(general(123456.5), "123456.5");
    }

    #[test]
    fn a_character_that_is_cut_makes_the_text_base64() {
        // `$` and the first byte of `é` taken for a character, then the second byte.
        assert_eq!(STANDARD.decode(expanded("$é")).unwrap(), b"$\xc3\x83\xa9");
    }

    #[test]
    fn numbers_and_booleans_are_read_as_go_reads_them() {
        assert_eq!(float("1_0.5"), Some(10.5));
        for text in ["1__0", "_1", "1_.5", ".inf", "x", ""] {
            assert_eq!(float(text), None, "{text}");
        }
        assert_eq!((boolean("T"), boolean("yes")), (Some(true), None));
    }
}
