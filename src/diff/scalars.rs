//! Compares scalars by meaning.
//!
//! Numbers are compared by value, quantities and ports by what Kubernetes makes of them, and only
//! where the API's table says that they are such: in an annotation `1000m` is a text like any other.
//! In a text that is a document of its own, a scalar is what it is spelled like: nobody here knows
//! who reads it.

use kustom_yaml::cut::Cut as _;

use super::api::Meaning;
use crate::yaml::{Node, Scalar, Style, Tag};

/// How much two scalars have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sameness {
    /// They are the same.
    Same,
    /// They mean the same, and are spelled otherwise.
    Spelling,
    /// They are different values.
    Different,
}

/// What two scalars of a meaning have in common.
pub(super) fn sameness(from: &Node, to: &Node, meaning: Meaning) -> Sameness {
    if is_exact(from, to) {
        Sameness::Same
    } else if same_number(from, to)
        || same_truth(from, to)
        || (meaning == Meaning::Port && same_port(from, to))
        || (meaning == Meaning::Quantity && same_quantity(from, to))
    {
        Sameness::Spelling
    } else {
        Sameness::Different
    }
}

/// Whether two scalars have the same type and text.
pub(super) fn is_exact(from: &Node, to: &Node) -> bool {
    own_tag(from) == own_tag(to)
        && from.tag == to.tag
        && (from.tag == Tag::Null || from.text() == to.text())
}

/// Whether two scalars of a foreign document are the same, whichever version of YAML reads them.
pub(super) fn is_same_in_text(from: &Node, to: &Node) -> bool {
    let is_plain = |node: &Node| node.style == Style::Plain;
    let is_unclear = || from.text().is_none_or(may_be_typed);
    is_exact(from, to) && (is_plain(from) == is_plain(to) || from.is_null() || !is_unclear())
}

/// A tag that is none of YAML's own.
pub(super) fn own_tag(node: &Node) -> Option<&str> {
    let decor = node.decor.as_ref().filter(|_| node.tag == Tag::Other)?;
    decor.tag.as_deref()
}

/// Whether some reader of YAML would take a plain text for something else than a text.
fn may_be_typed(text: &str) -> bool {
    /// What is a truth, a number or nothing in YAML 1.1 or 1.2.
    const WORDS: [&str; 11] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
    ];
    let is_letter = |c: char| c.is_alphabetic() || matches!(c, '_' | '/');
    !text.starts_with(is_letter) || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `yes` is `true` in YAML 1.1, as kubectl reads it.
fn same_truth(from: &Node, to: &Node) -> bool {
    let truth = |node: &Node| {
        let text = node.text().filter(|_| node.tag == Tag::Bool)?;
        let is_one_of = |words: [&str; 4]| words.iter().any(|it| text.eq_ignore_ascii_case(it));
        match text {
            _ if is_one_of(["true", "yes", "on", "y"]) => Some(true),
            _ if is_one_of(["false", "no", "off", "n"]) => Some(false),
            _ => None,
        }
    };
    truth(from).is_some() && truth(from) == truth(to)
}

fn same_number(from: &Node, to: &Node) -> bool {
    let is_number = |node: &Node| matches!(node.tag, Tag::Int | Tag::Float);
    if !is_number(from) || !is_number(to) {
        return false;
    }
    match (from.scalar_value(), to.scalar_value()) {
        (Ok(Scalar::Int(a)), Ok(Scalar::Float(b))) | (Ok(Scalar::Float(b)), Ok(Scalar::Int(a))) => {
            // Exact as far as a float is.
            a.unsigned_abs() < 1 << 53 && a as f64 == b
        }
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// A number, and the same number as a text.
fn same_port(from: &Node, to: &Node) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_port = |node: &Node| matches!(node.tag, Tag::Int | Tag::Str);
    is_port(from) && is_port(to) && from.text() == to.text() && from.text().is_some_and(is_number)
}

fn same_quantity(from: &Node, to: &Node) -> bool {
    let read = |node: &Node| quantity(node.text()?);
    matches!((read(from), read(to)), (Some(a), Some(b)) if a == b)
}

/// A quantity in billionths.
pub(crate) fn quantity(text: &str) -> Option<i128> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-'))
        .unwrap_or(text.len());
    let (number, suffix) = text.halves(end);
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction}");
    let mantissa: i128 = digits
        .parse()
        .ok()
        .filter(|_| !digits.starts_with(['-', '+']))?;
    let (binary, decimal) = scale(suffix)?;
    let exponent = decimal + 9 - i32::try_from(fraction.len()).ok()?;
    let scaled = mantissa.checked_mul(1 << binary)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    let value = if exponent >= 0 {
        scaled.checked_mul(power)?
    } else if scaled % power == 0 {
        scaled / power
    } else {
        return None;
    };
    Some(if negative { -value } else { value })
}

/// The powers of two and of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            (
                0,
                exponent
                    .parse()
                    .ok()
                    .filter(|power: &i32| power.abs() <= 30)?,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        match text.strip_prefix('\'') {
            Some(text) => Node {
                style: Style::Single,
                ..Node::string(text)
            },
            None => Node::plain(text),
        }
    }

    fn at(meaning: Meaning, from: &str, to: &str) -> Sameness {
        sameness(&node(from), &node(to), meaning)
    }

    #[test]
    fn quantities_are_compared_by_amount_where_they_are_quantities() {
        for (from, to) in [
            ("1Gi", "1024Mi"),
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1e3", "1k"),
            ("1", "'1"),
        ] {
            assert_eq!(
                at(Meaning::Quantity, from, to),
                Sameness::Spelling,
                "{from} {to}"
            );
            for meaning in [Meaning::Plain, Meaning::Free, Meaning::Unknown] {
                assert_eq!(at(meaning, from, to), Sameness::Different, "{from} {to}");
            }
        }
        for (from, to) in [
            ("1Gi", "1G"),
            ("1Gi", "2Gi"),
            ("1e999999999", "1"),
            ("1E", "99999999999999999999999999999999999999999E"),
        ] {
            assert_eq!(
                at(Meaning::Quantity, from, to),
                Sameness::Different,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_port_is_the_same_as_text_and_as_number_where_it_may_be_both() {
        assert_eq!(at(Meaning::Port, "'80", "80"), Sameness::Spelling);
        for (from, to) in [
            ("'80", "81"),
            ("'080", "80"),
            ("'http", "http2"),
            ("'true", "true"),
        ] {
            assert_eq!(
                at(Meaning::Port, from, to),
                Sameness::Different,
                "{from} {to}"
            );
        }
        assert_eq!(at(Meaning::Plain, "'80", "80"), Sameness::Different);
        assert_eq!(at(Meaning::Unknown, "'80", "80"), Sameness::Different);
    }

    #[test]
    fn numbers_are_compared_by_value() {
        assert_eq!(at(Meaning::Plain, "1", "1"), Sameness::Same);
        assert_eq!(at(Meaning::Plain, "1.0", "1"), Sameness::Spelling);
        assert_eq!(at(Meaning::Plain, "0x10", "16"), Sameness::Spelling);
        assert_eq!(at(Meaning::Plain, "1.5", "1"), Sameness::Different);
        assert_eq!(at(Meaning::Plain, "true", "'true"), Sameness::Different);
        assert_eq!(at(Meaning::Plain, "true", "True"), Sameness::Spelling);
        assert_eq!(at(Meaning::Plain, "true", "false"), Sameness::Different);
    }

    #[test]
    fn in_a_foreign_text_the_spelling_counts() {
        let same = |from: &str, to: &str| is_same_in_text(&node(from), &node(to));
        for (from, to) in [("a", "'a"), ("1", "1"), ("'1", "'1"), ("~", "null")] {
            assert!(same(from, to), "{from} {to}");
        }
        for (from, to) in [
            ("1.10", "1.1"),
            ("010", "8"),
            ("1", "'1"),
            ("yes", "'yes"),
            ("12:30:45", "'12:30:45"),
            ("0o7", "'0o7"),
        ] {
            assert!(!same(from, to), "{from} {to}");
        }
    }
}
