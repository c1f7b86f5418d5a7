//! Formats numbers as YAML and yq do.

use kustom_yaml::cut::Cut as _;

/// In which base an integer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// `10`
    Decimal,
    /// `0xA`
    Hexadecimal,
    /// `0o12`
    Octal,
}

impl Base {
    /// An integer in this base.
    pub(crate) fn write(self, number: i64) -> String {
        let sign = if number < 0 { "-" } else { "" };
        let magnitude = number.unsigned_abs();
        match self {
            Self::Decimal => number.to_string(),
            Self::Hexadecimal => format!("0x{sign}{magnitude:X}"),
            Self::Octal => format!("0o{sign}{magnitude:o}"),
        }
    }
}

/// The integer that a text stands for, and its base; underscores do not count.
pub(crate) fn based(text: &str) -> Option<(Base, i64)> {
    let cleaned;
    let text = if text.contains('_') {
        cleaned = text.replace('_', "");
        &cleaned
    } else {
        text
    };
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", text.cut(1..)),
        b'+' => ("", text.cut(1..)),
        _ => ("", text),
    };
    let (base, radix, digits) = if let Some(rest) = digits.strip_prefix("0x") {
        (Base::Hexadecimal, 16, rest)
    } else if let Some(rest) = digits.strip_prefix("0X") {
        (Base::Hexadecimal, 16, rest)
    } else if let Some(rest) = digits.strip_prefix("0o") {
        (Base::Octal, 8, rest)
    } else {
        (Base::Decimal, 10, digits)
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()?;
    Some((base, number))
}

/// The integer that a text stands for.
pub(crate) fn int(text: &str) -> Option<i64> {
    based(text).map(|(_, number)| number)
}

/// The number that a text stands for.
pub(crate) fn float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => text
            .parse()
            .ok()
            .or_else(|| int(text).map(|number| number as f64)),
    }
}

/// A float that was worked out; where not every whole number is a float it has an exponent, so that it
/// is not taken for a whole number.
pub(crate) fn write_result(number: f64) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = write_float(number);
    if number.abs() < EXACT || !number.is_finite() || text.contains('e') {
        return text;
    }
    format!("{number:e}").replace('e', "e+")
}

/// A float in its shortest form, with an exponent where it is very large or very small.
pub(crate) fn write_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_base() {
        assert_eq!(based("0x1F"), Some((Base::Hexadecimal, 31)));
        assert_eq!(based("-0o17"), Some((Base::Octal, -15)));
        assert_eq!(based("1_000"), Some((Base::Decimal, 1000)));
        assert_eq!(based("--1"), None);
        assert_eq!(based(""), None);
        assert_eq!(Base::Hexadecimal.write(255), "0xFF");
        assert_eq!(Base::Decimal.write(-3), "-3");
    }

    #[test]
    fn floats_are_short() {
        for (number, text) in [
            (7.9, "7.9"),
            (3.0, "3"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (0.00001, "1e-05"),
            (0.0001, "0.0001"),
            (-1.5e300, "-1.5e+300"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(write_float(number), text);
        }
        assert_eq!(write_result(9223372036854775808.0), "9.223372036854776e+18");
        assert_eq!(write_result(100_000_000.5), "100000000.5");
        assert_eq!(write_result(1e300), "1e+300");
    }
}
