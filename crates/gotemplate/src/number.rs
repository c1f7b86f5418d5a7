//! Numbers: constants of a template, and how Go prints and converts them.

use crate::quote::unquoted_char;
use crate::syntax::Number;

/// Reads a constant of a template.
pub(crate) fn constant(text: &str, is_rune: bool) -> Result<Number, String> {
    let wrong = || format!("`{text}` is no number");
    let mut number = Number {
        text: text.to_owned(),
        ..Number::default()
    };
    if is_rune {
        let found = unquoted_char(text).ok_or_else(wrong)?;
        number.int = Some(i64::from(found));
        number.is_unsigned = true;
        number.float = Some(f64::from(found));
        return Ok(number);
    }
    if text.ends_with('i') && !text.contains(['x', 'X']) {
        return Err(format!(
            "`{text}` is a complex number, which no function takes"
        ));
    }
    let is_hex = text
        .trim_start_matches(['+', '-'])
        .to_lowercase()
        .starts_with("0x");
    number.int = integer(text);
    if let Some(int) = number.int {
        number.is_unsigned = int >= 0;
        number.float = Some(int as f64);
    } else if let Some(float) = float(text) {
        let is_written_as_float = text.contains(['.', 'e', 'E', 'p', 'P']);
        if !is_written_as_float || (is_hex && !text.contains(['p', 'P'])) {
            return Err(format!("`{text}` is too large for a number"));
        }
        number.float = Some(float);
        // The bounds of the type are exact as floats.
        if float.fract() == 0.0
            && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float)
        {
            number.int = Some(float as i64);
            number.is_unsigned = float >= 0.0;
        }
    }
    let is_hex_int = is_hex && !text.contains(['p', 'P']);
    let is_written_as_float = text.contains(['.', 'e', 'E', 'p', 'P']);
    number.is_float = number.float.is_some() && !is_hex_int && is_written_as_float;
    if number.int.is_none() && number.float.is_none() {
        return Err(wrong());
    }
    Ok(number)
}

/// An integer with the prefixes of Go: `0x`, `0o`, `0b`, and `0` for an octal one.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        (8, digits)
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let digits = digits.replace('_', "");
    let sign = if is_negative { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// A float as Go reads one.
pub(crate) fn float(text: &str) -> Option<f64> {
    let plain = text.trim_start_matches(['+', '-']).to_lowercase();
    if matches!(plain.as_str(), "inf" | "infinity" | "nan") {
        return plain
            .replace("infinity", "inf")
            .parse()
            .ok()
            .map(
                |value: f64| {
                    if text.starts_with('-') { -value } else { value }
                },
            );
    }
    if plain.starts_with(['+', '-']) || !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A float in the shortest form that reads back as it, with an exponent from a million on: `%v` of Go.
pub(crate) fn shortest(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    if (-4..6).contains(&exponent(value)) {
        return format!("{value}");
    }
    exponential(value)
}

/// The exponent of a float that is not zero, in base ten.
pub(crate) fn exponent(value: f64) -> i32 {
    let text = format!("{value:e}");
    let exponent = text.rsplit_once('e').map(|(_, exponent)| exponent.parse());
    exponent.and_then(std::result::Result::ok).unwrap_or(0)
}

/// A float as JSON has it.
pub(crate) fn json(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = exponential(value);
        // e-09 becomes e-9.
        return match text.rsplit_once("e-0") {
            Some((before, digit)) if digit.len() == 1 => format!("{before}e-{digit}"),
            _ => text,
        };
    }
    format!("{value}")
}

/// A float with an exponent of at least two digits.
pub(crate) fn exponential(value: f64) -> String {
    with_exponent(&format!("{value:e}"))
}

/// The exponent of a number with at least two digits and a sign, as in C.
pub(crate) fn with_exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.rsplit_once('e') else {
        return text.to_owned();
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}
