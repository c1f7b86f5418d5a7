//! The formats of texts, as the API server understands them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a text is of a format; formats that the server does not know say nothing.
pub(super) fn is_of(format: &str, text: &str) -> bool {
    match format {
        "ipv4" => is_loose_ipv4(text),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "mac" => is_mac(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        "byte" => !text.is_empty() && crate::structure::decode_base64(text).is_some(),
        "date" => is_date(text),
        "date-time" | "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "uri" => is_uri(text),
        "hexcolor" => {
            let digits = text.strip_prefix('#').unwrap_or(text);
            matches!(digits.len(), 3 | 6) && digits.bytes().all(|c| c.is_ascii_hexdigit())
        }
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|c| c.is_ascii_hexdigit()),
        "k8s-short-name" => crate::names::dns_label(text).is_ok(),
        "k8s-long-name" => crate::names::dns_subdomain(text).is_ok(),
        _ => true,
    }
}

/// An IPv4 address whose numbers may begin with zeros.
fn is_loose_ipv4(text: &str) -> bool {
    let stripped: Vec<String> = text
        .split('.')
        .map(|part| {
            let digits = part.trim_start_matches('0');
            if digits.is_empty() && !part.is_empty() {
                "0".to_owned()
            } else {
                digits.to_owned()
            }
        })
        .collect();
    stripped.join(".").parse::<Ipv4Addr>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let width = if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else if is_loose_ipv4(address) {
        32
    } else {
        return false;
    };
    !length.is_empty()
        && length.bytes().all(|c| c.is_ascii_digit())
        && length.parse::<u32>().is_ok_and(|length| length <= width)
}

fn is_mac(text: &str) -> bool {
    let separator = if text.contains('-') {
        '-'
    } else if text.contains('.') {
        '.'
    } else {
        ':'
    };
    let parts: Vec<&str> = text.split(separator).collect();
    let width = if separator == '.' { 4 } else { 2 };
    let bytes = parts.len() * width / 2;
    matches!(bytes, 6 | 8 | 20)
        && parts
            .iter()
            .all(|part| part.len() == width && part.bytes().all(|c| c.is_ascii_hexdigit()))
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let hex = digits.len() == 32 && digits.bytes().all(|c| c.is_ascii_hexdigit());
    let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let placed = dashes.is_empty() || dashes == [8, 13, 18, 23];
    hex && placed && version.is_none_or(|version| digits.chars().nth(12) == Some(version))
}

/// Units that a duration may have, in words.
const UNITS: &[&str] = &[
    "ns", "nano", "us", "µs", "micro", "ms", "milli", "s", "sec", "second", "m", "min", "minute",
    "h", "hr", "hour", "d", "day", "w", "wk", "week",
];

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// A date, `t`, a time of day and a zone, in either case; the zone may be any, and what stands before
/// a fraction any character.
fn is_date_time(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, time)) = text.split_once('t') else {
        return false;
    };
    let Some((clock, rest)) = time.split_at_checked(8) else {
        return false;
    };
    let zone = rest.find(['z', '+', '-']).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at_checked(zone).unwrap_or((rest, ""));
    let mut fraction = fraction.chars();
    let is_fraction = fraction.next().is_none() || {
        let digits = fraction.as_str();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_date(date)
        && fits(clock, "##:##:##")
        && clock
            .split(':')
            .zip(["23", "59", "59"])
            .all(|(part, most)| part <= most)
        && is_fraction
        && (zone == "z" || fits(zone, "+##:##") || fits(zone, "-##:##"))
}

/// Whether a text is a pattern, in which `#` is any digit.
fn fits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| {
            if wanted == b'#' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        })
}

fn is_duration(text: &str) -> bool {
    crate::time::is_go_duration(text) || is_iso_duration(text) || is_worded_duration(text)
}

/// A number and a unit, several times: `1 day`, `3 weeks 2h`.
fn is_worded_duration(text: &str) -> bool {
    let mut rest = text.trim();
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let after = rest.get(digits..).unwrap_or_default().trim_start();
        let letters = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let unit = after.get(..letters).unwrap_or_default();
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        if digits == 0 || !UNITS.contains(&unit) && !UNITS.contains(&singular) {
            return false;
        }
        rest = after.get(letters..).unwrap_or_default().trim_start();
    }
    true
}

/// A duration as of ISO 8601: `PT2H`, `P1DT12H`.
fn is_iso_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (days, time) = rest
        .split_once('T')
        .map_or((rest, None), |(days, time)| (days, Some(time)));
    let counts = |part: &str, units: &str| {
        let mut units = units.chars();
        let mut digits = 0;
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                digits += 1;
            } else if digits == 0 || !units.by_ref().any(|unit| unit == c) {
                return None;
            } else {
                digits = 0;
            }
        }
        (digits == 0).then_some(!part.is_empty())
    };
    match (counts(days, "YMWD"), time.map(|time| counts(time, "HMS"))) {
        (Some(any), None) => any,
        (Some(_), Some(Some(any))) => any,
        _ => false,
    }
}

fn is_email(text: &str) -> bool {
    let text = text
        .rsplit_once('<')
        .map_or(text, |(_, address)| address.trim_end_matches('>'));
    match text.rsplit_once('@') {
        Some((user, domain)) => {
            !user.is_empty()
                && !user.contains([' ', '@'])
                && !domain.is_empty()
                && !domain.contains([' ', '@'])
        }
        None => false,
    }
}

fn is_hostname(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    !text.is_empty()
        && text.len() <= 255
        && text.split('.').all(|part| {
            !part.is_empty()
                && part.len() <= 63
                && part
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_' || !c.is_ascii())
                && !part.starts_with('-')
                && !part.ends_with('-')
        })
}

/// An absolute URI, or a path from the root.
fn is_uri(text: &str) -> bool {
    if text.contains([' ', '\n', '\t']) {
        return false;
    }
    if text.starts_with('/') {
        return true;
    }
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn formats_are_the_servers_own() {
        for (format, text) in [
            ("duration", "1 day"),
            ("duration", "3 weeks"),
            ("duration", "PT2H"),
            ("duration", "1h30m"),
            ("ipv4", "01.2.3.4"),
            ("date", "9999-12-31"),
            ("date-time", "2026-01-02T03:04:05Z"),
            ("date-time", "9999-12-31T23:59:59.5+99:00"),
            ("date-time", "2026-01-02t03:04:05z"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
            ("unheard-of", "anything"),
        ] {
            assert!(is_of(format, text), "{format}: {text}");
        }
        for (format, text) in [
            ("duration", "soon"),
            ("byte", ""),
            ("cidr", "10.0.0.0"),
            ("cidr", "10.0.0.0/33"),
            ("date", "2026-1-02"),
            ("date-time", "2026-01-02"),
            ("date-time", "2026-01-02T03:04:05"),
            ("date-time", "2026-01-02T24:04:05Z"),
            ("date-time", "2026-01-02T03:04:05.Z"),
            ("date-time", "2026-01-02T03:04:05+0100"),
            ("uuid", "xyz"),
        ] {
            assert!(!is_of(format, text), "{format}: {text}");
        }
    }
}
