//! Formats numbers as Go does.
//!
//! Digits are the fewest that read back as the same number. What differs between the printers is
//! when an exponent is used: go-yaml switches at a million, JSON at 10²¹.

use std::fmt::{Display, Write};

use crate::cut::Cut as _;

/// A finite float in decimal: the digits, and how many of them stand before the point.
struct Decimal {
    negative: bool,
    /// No more than 17 digits, the first of them not zero unless the number is.
    digits: Buffer,
    point: i32,
}

/// Room for the longest float that Rust prints in scientific notation.
struct Buffer {
    bytes: [u8; 32],
    len: usize,
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Buffer {
    fn new() -> Self {
        Self {
            bytes: [0; 32],
            len: 0,
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Decimal {
    fn new(float: f64) -> Self {
        let mut scientific = Buffer::new();
        // Writing fails only where the buffer is too short, and it is not.
        let _ = write!(scientific, "{:e}", float.abs());
        let (mantissa, exponent) = scientific.as_str().split_once('e').unwrap_or(("0", "0"));
        let mut digits = Buffer::new();
        for part in mantissa.split('.') {
            let _ = digits.write_str(part);
        }
        Self {
            negative: float.is_sign_negative(),
            digits,
            point: exponent.parse::<i32>().unwrap_or(0) + 1,
        }
    }

    fn write_sign(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
    }

    fn write_without_exponent(&self, out: &mut String) {
        self.write_sign(out);
        let digits = self.digits.as_str();
        let len = digits.len() as i32;
        if self.point <= 0 {
            out.push_str("0.");
            out.extend((self.point..0).map(|_| '0'));
            out.push_str(digits);
        } else if self.point >= len {
            out.push_str(digits);
            out.extend((len..self.point).map(|_| '0'));
        } else {
            let (whole, fraction) = digits.halves(self.point as usize);
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
    }

    fn write_with_exponent(&self, out: &mut String, least_digits: usize) {
        self.write_sign(out);
        let (first, rest) = self.digits.as_str().halves(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let exponent = self.point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        let magnitude = exponent.unsigned_abs();
        let _ = write!(out, "e{sign}{magnitude:0least_digits$}");
    }
}

/// An integer in decimal.
pub(super) fn write_integer(integer: impl Display, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "{integer}");
}

/// A finite float as go-yaml prints it: `0.5`, `1e+06`.
pub(super) fn write_float(float: f64, out: &mut String) {
    let decimal = Decimal::new(float);
    if (-3..=6).contains(&decimal.point) {
        decimal.write_without_exponent(out);
    } else {
        decimal.write_with_exponent(out, 2);
    }
}

/// A finite float as Go's JSON prints it: `0.5`, `1000000`, `1e+21`.
pub(super) fn write_json_float(float: f64, out: &mut String) {
    let decimal = Decimal::new(float);
    let magnitude = float.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        decimal.write_with_exponent(out, 1);
    } else {
        decimal.write_without_exponent(out);
    }
}

/// A finite float that passes through JSON and is read again: what looks like an integer there is
/// one.
pub(super) fn write_float_through_json(float: f64, out: &mut String) {
    let start = out.len();
    write_json_float(float, out);
    let text = out.cut(start..);
    if text == "-0" {
        out.replace_range(start.., "0");
    } else if text.parse::<i64>().is_err() && text.parse::<u64>().is_err() {
        out.truncate(start);
        write_float(float, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(f64, &mut String), float: f64) -> String {
        let mut out = String::new();
        write(float, &mut out);
        out
    }

    #[test]
    fn go_yaml_uses_exponents_from_a_million_and_below_a_ten_thousandth() {
        for (float, wanted) in [
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (999999.5, "999999.5"),
            (1000000.5, "1.0000005e+06"),
            (1000000.0, "1e+06"),
            (123456.0, "123456"),
            (1.5e300, "1.5e+300"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(text(write_float, float), wanted);
        }
    }

    #[test]
    fn json_uses_exponents_for_the_very_large_and_the_very_small() {
        for (float, wanted) in [
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (1e-10, "1e-10"),
            (-0.0, "-0"),
            (12345678901234567890.0, "12345678901234567000"),
        ] {
            assert_eq!(text(write_json_float, float), wanted);
        }
    }

    #[test]
    fn integral_floats_become_integers_while_they_fit() {
        for (float, wanted) in [
            (1.0, "1"),
            (1e18, "1000000000000000000"),
            (1e19, "10000000000000000000"),
            (1e20, "1e+20"),
            (18446744073709551616.0, "1.8446744073709552e+19"),
            (18446744073709549568.0, "18446744073709550000"),
            (-9223372036854775808.0, "-9.223372036854776e+18"),
            (-1e19, "-1e+19"),
            (-0.0, "0"),
            (0.25, "0.25"),
            (0.00000025, "2.5e-07"),
        ] {
            assert_eq!(text(write_float_through_json, float), wanted);
        }
    }
}
