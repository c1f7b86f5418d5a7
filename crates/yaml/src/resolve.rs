//! Resolves the type and value of a scalar.
//!
//! There are two dialects in kustomize: go-yaml v3 reads manifests (mostly YAML 1.2's core schema),
//! go-yaml v2 reads kustomizations (YAML 1.1, where `yes` is a boolean). A node keeps its type and
//! its text; the value is computed on demand.

use std::borrow::Cow;

use super::timestamp::Timestamp;
use super::{Node, Tag, Value, binary};
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};

/// Which rules turn plain text into types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Of manifests: go-yaml v3.
    #[default]
    Manifest,
    /// Of kustomizations and transformer configurations: go-yaml v2.
    Kustomization,
}

/// The value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'n> {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `-1`
    Int(i64),
    /// `18446744073709551615`, a number that is too large for [`Scalar::Int`]
    Uint(u64),
    /// `1.5`
    Float(f64),
    /// `text`
    Str(Cow<'n, str>),
    /// `2001-12-14`
    Timestamp(Timestamp),
}

impl Scalar<'_> {
    /// The type of the value.
    pub fn tag(&self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Int(_) | Self::Uint(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Str(_) => Tag::Str,
            Self::Timestamp(_) => Tag::Timestamp,
        }
    }
}

impl Node {
    /// The value of a scalar, by its type; an error where the text does not fit the type.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::{Node, Scalar, Tag};
    ///
    /// assert_eq!(Node::scalar("0x10", Tag::Int).scalar_value()?, Scalar::Int(16));
    /// assert!(Node::scalar("ten", Tag::Int).scalar_value().is_err());
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn scalar_value(&self) -> Result<Scalar<'_>> {
        let Value::Scalar(text) = &self.value else {
            return Err(Error::new(Kind::Yaml, "expected a scalar").at(self.span));
        };
        let is_tagged = self.decor.as_ref().is_some_and(|decor| decor.tag.is_some());
        if self.tag == Tag::Bool && is_old_bool(text) && !is_tagged {
            return Ok(Scalar::Bool(old_bool(text)));
        }
        value_of(text, self.tag, Dialect::Manifest).map_err(|found| self.misfit(found))
    }

    /// The value of a scalar in a dialect, where all of its type may follow from a tag.
    pub(super) fn value_in(&self, dialect: Dialect) -> Result<Scalar<'_>> {
        let text = self.text().unwrap_or_default();
        value_of(text, self.tag, dialect).map_err(|found| self.misfit(found))
    }

    #[cold]
    fn misfit(&self, found: &str) -> Error {
        let wanted = self.tag.name();
        let message = format!("the value is tagged `{wanted}` but reads as `{found}`");
        Error::new(Kind::Yaml, message).at(self.span)
    }
}

/// The value of a text of a type, or the name of the type that it has instead.
fn value_of(text: &str, tag: Tag, dialect: Dialect) -> Result<Scalar<'_>, &'static str> {
    match tag {
        Tag::Str | Tag::Merge | Tag::Seq | Tag::Map | Tag::Other => Ok(Scalar::Str(text.into())),
        Tag::Binary => match binary::decode(text) {
            Some(text) => Ok(Scalar::Str(text.into())),
            None => Err("!!str"),
        },
        Tag::Timestamp => match Timestamp::parse(text) {
            Some(stamp) if stamp.is_printable() => Ok(Scalar::Timestamp(stamp)),
            _ => Err("!!str"),
        },
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float => match untimed(text, dialect) {
            // A large unsigned number is refused as a float; no reason, but so it is.
            Scalar::Int(int) if tag == Tag::Float => Ok(Scalar::Float(int as f64)),
            value if value.tag() == tag => Ok(value),
            value => Err(value.tag().name()),
        },
    }
}

/// The value of a plain scalar.
///
/// `<<` is the string of that name: only a reader knows whether it is a key.
#[inline]
pub fn plain(text: &str, dialect: Dialect) -> Scalar<'_> {
    // Nearly every text leaves here.
    if let Some(first) = text.as_bytes().first()
        && first.is_ascii_alphabetic()
        && !starts_word(*first)
    {
        return Scalar::Str(Cow::Borrowed(text));
    }
    remarkable(text, dialect)
}

/// Whether a null or a boolean may start with this letter.
fn starts_word(first: u8) -> bool {
    matches!(
        first,
        b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O'
    )
}

fn remarkable(text: &str, dialect: Dialect) -> Scalar<'_> {
    if text.as_bytes().get(4) == Some(&b'-')
        && let Some(stamp) = Timestamp::parse(text)
    {
        return match dialect {
            Dialect::Manifest => Scalar::Timestamp(stamp),
            Dialect::Kustomization => Scalar::Str(text.into()),
        };
    }
    untimed(text, dialect)
}

/// Whether YAML 1.1 alone reads the word as a boolean.
pub(crate) fn is_old_bool(text: &str) -> bool {
    match text.as_bytes() {
        [b'N' | b'Y' | b'n' | b'y'] => true,
        [b'N' | b'n', b'o'] | [b'N', b'O'] | [b'O' | b'o', b'n'] | [b'O', b'N'] => true,
        [_, _, _] => matches!(text, "OFF" | "Off" | "off" | "YES" | "Yes" | "yes"),
        _ => false,
    }
}

/// Whether a plain word means null or a boolean, in manifests or in YAML 1.1.
pub(super) fn is_word(text: &str) -> bool {
    word(text, Dialect::Kustomization).is_some()
}

fn old_bool(text: &str) -> bool {
    matches!(text.as_bytes(), [b'y' | b'Y', ..] | [_, b'n' | b'N'])
}

/// The value of a plain scalar that is no timestamp; decided, where possible, on the first byte.
fn untimed(text: &str, dialect: Dialect) -> Scalar<'_> {
    let Some(&first) = text.as_bytes().first() else {
        return Scalar::Null;
    };
    let found = match first {
        b'0'..=b'9' | b'+' | b'-' => number(text, dialect),
        b'.' => infinite(text).or_else(|| point_float(text).map(Scalar::Float)),
        b'~' => word(text, dialect),
        first if starts_word(first) => word(text, dialect),
        _ => None,
    };
    found.unwrap_or(Scalar::Str(text.into()))
}

fn word(text: &str, dialect: Dialect) -> Option<Scalar<'static>> {
    match text {
        _ if text.len() > 5 => None,
        "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "true" | "True" | "TRUE" => Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => Some(Scalar::Bool(false)),
        _ if dialect == Dialect::Kustomization && is_old_bool(text) => {
            Some(Scalar::Bool(old_bool(text)))
        }
        _ => None,
    }
}

fn infinite(text: &str) -> Option<Scalar<'static>> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Scalar::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Some(Scalar::Float(f64::INFINITY))
        }
        "-.inf" | "-.Inf" | "-.INF" => Some(Scalar::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// What starts with a digit or a sign: underscores do not count, wherever they stand.
fn number(text: &str, dialect: Dialect) -> Option<Scalar<'static>> {
    if let Some(found) = infinite(text) {
        return Some(found);
    }
    let text = if text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    integer(&text)
        .or_else(|| is_float(&text).then(|| float(&text))?.map(Scalar::Float))
        .or_else(|| inner_sign(&text, dialect))
}

fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.cut(1..)),
        b'+' => (false, text.cut(1..)),
        _ => (false, text),
    };
    let magnitude = magnitude(digits)?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Scalar::Int(int)),
        Err(_) if digits.len() == text.len() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

/// Digits in the base that their start names: `0x`, `0o`, `0b`, `0` for octal, else decimal.
fn magnitude(digits: &str) -> Option<u64> {
    let bytes = digits.as_bytes();
    let (base, digits) = match bytes {
        [b'0', b'x' | b'X', _, ..] => (16, digits.cut(2..)),
        [b'0', b'o' | b'O', _, ..] => (8, digits.cut(2..)),
        [b'0', b'b' | b'B', _, ..] => (2, digits.cut(2..)),
        [b'0'] => return Some(0),
        [b'0', ..] => (8, digits.cut(1..)),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// `0b-1` and `0o-1`: the digits after the prefix may have a sign of their own.
fn inner_sign(text: &str, dialect: Dialect) -> Option<Scalar<'static>> {
    let (base, digits) = if let Some(digits) = text.strip_prefix("0b") {
        (2, digits)
    } else if dialect == Dialect::Manifest {
        (8, text.strip_prefix("0o")?)
    } else {
        return None;
    };
    i64::from_str_radix(digits, base).ok().map(Scalar::Int)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let after_whole = skip_digits(rest);
    let has_whole = after_whole.len() < rest.len();
    let after_mantissa = match after_whole.strip_prefix('.') {
        Some(fraction) => {
            let after = skip_digits(fraction);
            if !has_whole && after.len() == fraction.len() {
                return false;
            }
            after
        }
        None if has_whole => after_whole,
        None => return false,
    };
    is_exponent(after_mantissa)
}

/// Nothing, or `[eE][-+]?[0-9]+`.
fn is_exponent(text: &str) -> bool {
    let Some(exponent) = text.strip_prefix(['e', 'E']) else {
        return text.is_empty();
    };
    let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !digits.is_empty() && skip_digits(digits).is_empty()
}

fn skip_digits(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_digit())
}

/// What starts with a point: here underscores count, and must stand between digits.
fn point_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return if is_float(text) { float(text) } else { None };
    }
    let bytes = text.as_bytes();
    let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    for (index, _) in text.match_indices('_') {
        let follows = is_digit(index - 1) || bytes[index - 1] == b'_';
        if !follows || !is_digit(index + 1) {
            return None;
        }
    }
    let text = text.replace('_', "");
    if is_float(&text) { float(&text) } else { None }
}

/// A float that is in range.
fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Scalar<'_> {
        plain(text, Dialect::Manifest)
    }

    fn is_string(text: &str) -> bool {
        matches!(manifest(text), Scalar::Str(same) if same == text)
    }

    #[test]
    fn words_of_the_core_schema_have_types() {
        assert_eq!(manifest(""), Scalar::Null);
        assert_eq!(manifest("~"), Scalar::Null);
        assert_eq!(manifest("NULL"), Scalar::Null);
        assert_eq!(manifest("True"), Scalar::Bool(true));
        assert_eq!(manifest("false"), Scalar::Bool(false));
        for text in ["tRue", "nil", "None", "yes", "off", "y", "=", "<<", "nan"] {
            assert!(is_string(text), "{text}");
        }
    }

    #[test]
    fn the_old_booleans_belong_to_kustomizations() {
        for (text, wanted) in [
            ("y", true),
            ("YES", true),
            ("On", true),
            ("n", false),
            ("no", false),
            ("OFF", false),
        ] {
            let found = plain(text, Dialect::Kustomization);
            assert_eq!(found, Scalar::Bool(wanted), "{text}");
        }
        assert_eq!(
            plain("yEs", Dialect::Kustomization),
            Scalar::Str("yEs".into())
        );
    }

    #[test]
    fn integers_have_bases_signs_and_underscores() {
        for (text, wanted) in [
            ("0", 0),
            ("-0", 0),
            ("+1", 1),
            ("014", 12),
            ("0o14", 12),
            ("0O14", 12),
            ("0x1F", 31),
            ("-0b101", -5),
            ("0b-101", -5),
            ("0o-17", -15),
            ("1_000", 1000),
            ("-_1", -1),
            ("1__", 1),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(manifest(text), Scalar::Int(wanted), "{text}");
        }
        assert_eq!(manifest("18446744073709551615"), Scalar::Uint(u64::MAX));
        assert_eq!(
            plain("0o-17", Dialect::Kustomization),
            Scalar::Str("0o-17".into())
        );
    }

    #[test]
    fn floats_are_what_go_reads() {
        for (text, wanted) in [
            ("1.", 1.0),
            ("08", 8.0),
            ("09.5", 9.5),
            (".5", 0.5),
            (".5e3", 500.0),
            (".5_0", 0.5),
            ("+.5", 0.5),
            ("12e03", 12000.0),
            ("1_0.2_5", 10.25),
            ("1e-999", 0.0),
            ("+18446744073709551615", 18446744073709551615.0),
            (
                "123456789012345678901234567890",
                123456789012345678901234567890.0,
            ),
            ("-.inf", f64::NEG_INFINITY),
        ] {
            assert_eq!(manifest(text), Scalar::Float(wanted), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_a_string() {
        for text in [
            "1e400", "1.2.3", "10.0.0.1", "500m", "1:20", "12:30:45", "0x", "0b", "0b2", "-", "+",
            "--1", "1e", "1e+", ".", ".e1", "._5", ".5_", ".5_e1", "0x_", "0x-1", "1-1", "-.",
            "0xg", "e1", "- 1", "+-1", "1 ", "0o8", "+._inf",
        ] {
            assert!(is_string(text), "{text}");
        }
    }

    #[test]
    fn dates_are_timestamps_only_in_manifests() {
        assert_eq!(manifest("2001-12-14").tag(), Tag::Timestamp);
        assert_eq!(plain("2001-12-14", Dialect::Kustomization).tag(), Tag::Str);
        assert!(is_string("2001-02-30"));
    }

    #[test]
    fn a_tag_that_does_not_fit_is_an_error() {
        for (text, tag) in [
            ("abc", Tag::Int),
            ("1.5", Tag::Int),
            ("abc", Tag::Null),
            ("maybe", Tag::Bool),
            ("18446744073709551615", Tag::Float),
            ("2001-02-30", Tag::Timestamp),
            ("2001-12-14", Tag::Int),
            ("%", Tag::Binary),
        ] {
            assert!(Node::scalar(text, tag).scalar_value().is_err(), "{text}");
        }
        let error = Node::scalar("abc", Tag::Int).scalar_value().unwrap_err();
        let wanted = "the value is tagged `!!int` but reads as `!!str`";
        assert_eq!(error.message(), wanted);
    }

    #[test]
    fn a_tag_decides_where_it_fits() {
        let value = |text, tag| Node::scalar(text, tag).scalar_value().unwrap().into_owned();
        assert_eq!(value("1", Tag::Float), Scalar::Float(1.0));
        assert_eq!(value("1", Tag::Str), Scalar::Str("1".into()));
        assert_eq!(value("<<", Tag::Merge), Scalar::Str("<<".into()));
        assert_eq!(value("aGk=", Tag::Binary), Scalar::Str("hi".into()));
    }

    impl Scalar<'_> {
        fn into_owned(self) -> Scalar<'static> {
            match self {
                Scalar::Str(text) => Scalar::Str(Cow::Owned(text.into_owned())),
                Scalar::Null => Scalar::Null,
                Scalar::Bool(value) => Scalar::Bool(value),
                Scalar::Int(value) => Scalar::Int(value),
                Scalar::Uint(value) => Scalar::Uint(value),
                Scalar::Float(value) => Scalar::Float(value),
                Scalar::Timestamp(value) => Scalar::Timestamp(value),
            }
        }
    }
}
