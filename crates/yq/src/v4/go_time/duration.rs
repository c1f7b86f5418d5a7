//! Durations, such as `3h10m`.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

/// A duration such as `3h10m`, in nanoseconds.
pub(crate) fn duration(text: &str) -> Result<i128> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    if unsigned == "0" {
        return Ok(0);
    }
    parts_of_duration(unsigned)
        .filter(|_| text.len() - unsigned.len() <= 1)
        .map(|nanos| sign * nanos)
        .ok_or_else(|| {
            let message = format!("`{text}` is no duration");
            Error::new(ErrorKind::Script, message).help("durations look like `3h10m` or `1.5s`")
        })
}

fn parts_of_duration(text: &str) -> Option<i128> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
    ];
    let mut total = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = rest.cut(..rest.len() - after.len());
        let unit_length = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.halves(unit_length);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += match number.parse::<i64>() {
            Ok(whole) => i128::from(whole) * *size as i128,
            Err(_) => (number.parse::<f64>().ok()? * size).round() as i128,
        };
        rest = next;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("3h10m").unwrap(), 11_400_000_000_000);
        assert_eq!(duration("-1.5s").unwrap(), -1_500_000_000);
        for text in ["", "3", "h", "3x", "--1s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
