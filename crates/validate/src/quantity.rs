//! Quantities of resources: `100m`, `1.5Gi`, `2e3`.
//!
//! The form is that of the API reference's "Quantity".

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::value::{Data, Value};

/// A quantity in billionths, which is as fine as the API server counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const NANO: i128 = 1_000_000_000;

impl Quantity {
    pub(crate) const ZERO: Self = Self(0);

    /// Reads a value; numbers are taken as they are printed.
    pub fn of(value: &Value<'_>) -> Option<Self> {
        match &value.data {
            // Blanks around it do not count.
            Data::Text(text) => Self::parse(text.trim()),
            Data::Int(number) => Some(Self(i128::from(*number).saturating_mul(NANO))),
            Data::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Reads a text such as `1.5Gi`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let negative = text.starts_with('-');
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(end).unwrap_or((unsigned, ""));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 {
            return None;
        }
        let (base, exponent) = scale(suffix)?;
        let digits = match fraction {
            "" => Cow::Borrowed(whole),
            _ => Cow::Owned(format!("{whole}{fraction}")),
        };
        let digits = digits.trim_start_matches('0');
        let mut mantissa: i128 = match digits {
            "" => 0,
            // More digits than any resource has; only its size matters then.
            digits if digits.len() > 30 => i128::MAX / NANO,
            digits => digits.parse().ok()?,
        };
        let mut tens = 9 - i32::try_from(fraction.len()).ok()?;
        if base == 10 {
            tens += exponent;
        } else {
            for _ in 0..exponent / 10 {
                mantissa = mantissa.saturating_mul(1024);
            }
        }
        if mantissa != 0 {
            for _ in 0..tens.clamp(0, 60) {
                mantissa = mantissa.saturating_mul(10);
            }
            for _ in 0..(-tens).clamp(0, 60) {
                // What is finer than a billionth is rounded up.
                mantissa = mantissa / 10 + i128::from(mantissa % 10 != 0);
            }
        }
        Some(Self(if negative { -mantissa } else { mantissa }))
    }

    /// Whether it is more than the ratio of two others.
    pub(crate) fn is_more_than(self, dividend: Self, divisor: Self) -> bool {
        let product = self.0.saturating_mul(divisor.0 / 1_000);
        let dividend = dividend.0.saturating_mul(NANO / 1_000);
        match divisor.0.cmp(&0) {
            Ordering::Greater => product > dividend,
            // Go divides by zero: the ratio is infinite, and of the dividend's sign.
            Ordering::Equal => dividend < 0,
            Ordering::Less => product < dividend,
        }
    }

    /// Whether it counts whole things.
    pub(crate) fn is_whole(self) -> bool {
        self.0 % NANO == 0
    }
}

/// Base and exponent of a suffix.
fn scale(suffix: &str) -> Option<(u8, i32)> {
    Some(match suffix {
        "" => (10, 0),
        "n" => (10, -9),
        "u" => (10, -6),
        "m" => (10, -3),
        "k" => (10, 3),
        "M" => (10, 6),
        "G" => (10, 9),
        "T" => (10, 12),
        "P" => (10, 15),
        "E" => (10, 18),
        "Ki" => (2, 10),
        "Mi" => (2, 20),
        "Gi" => (2, 30),
        "Ti" => (2, 40),
        "Pi" => (2, 50),
        "Ei" => (2, 60),
        _ => {
            let digits = suffix.strip_prefix(['e', 'E'])?;
            let number = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            if number.is_empty() || !number.bytes().all(|c| c.is_ascii_digit()) {
                return None;
            }
            (10, digits.trim_start_matches('+').parse().ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn suffixes_scale() {
        assert_eq!(Quantity::parse("1Ki"), Quantity::parse("1024"));
        assert_eq!(Quantity::parse("1500m"), Quantity::parse("1.5"));
        assert_eq!(Quantity::parse("2e3"), Quantity::parse("2k"));
        assert!(Quantity::parse("0.5Gi") > Quantity::parse("511Mi"));
    }

    #[test]
    fn other_texts_are_no_quantities() {
        for text in [
            "", ".", "1 Gi", "1GB", "1gi", "-", "1.2.3", "e3", "1e", "abc", "1mi",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
