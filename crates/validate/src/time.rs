//! Times and durations, as Go's `time` package reads them.

/// A time as of RFC 3339: a date, `T`, a time of day, and a zone.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    // What jiff takes beyond the standard: other separators, no seconds, bracketed zones.
    let strict = bytes.len() >= 20
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && (text.ends_with('Z')
            || bytes.len() >= 25
                && matches!(bytes[bytes.len() - 6], b'+' | b'-')
                && bytes[bytes.len() - 3] == b':');
    strict && text.parse::<jiff::Timestamp>().is_ok()
}

/// Whether a zone is in the IANA database.
pub(crate) fn is_time_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

/// Whether a text is a duration such as `1h30m` or `-1.5s`.
pub(crate) fn is_go_duration(text: &str) -> bool {
    go_duration(text).is_some()
}

/// Units of Go's durations, in nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// Reads a duration such as `1h30m` or `-1.5s`.
pub(crate) fn go_duration(text: &str) -> Option<jiff::SignedDuration> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" {
        return Some(jiff::SignedDuration::ZERO);
    }
    let mut rest = unsigned;
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        let (unit, size) = UNITS.into_iter().find(|(unit, _)| {
            after.strip_prefix(unit).is_some_and(|next| {
                next.is_empty() || next.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            })
        })?;
        if number == "." {
            return None;
        }
        total += number.parse::<f64>().ok()? * size;
        rest = after.get(unit.len()..)?;
    }
    let signed = if text.starts_with('-') { -total } else { total };
    jiff::SignedDuration::try_from_secs_f64(signed / 1e9).ok()
}

#[cfg(test)]
mod tests {
    use super::{is_go_duration, is_rfc3339, is_time_zone};

    #[test]
    fn times_and_durations_are_read() {
        assert!(is_rfc3339("2026-01-02T03:04:05Z") && is_rfc3339("2026-01-02T03:04:05.123+01:00"));
        assert!(!is_rfc3339("2026-01-02") && !is_rfc3339("2026-13-02T03:04:05Z"));
        assert!(is_go_duration("1h30m") && is_go_duration("1.5s") && is_go_duration("0"));
        assert!(!is_go_duration("1d") && !is_go_duration("") && !is_go_duration("5"));
        assert!(is_time_zone("Europe/Berlin") && !is_time_zone("Europe/Nowhere"));
    }
}
