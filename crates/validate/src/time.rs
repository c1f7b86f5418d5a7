//! Times and durations, as Go's `time` package reads them.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// A point in time, from the year 0 to the year 9999, in all zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    /// How long after the beginning of 1970, in UTC.
    since_1970: SignedDuration,
}

impl Time {
    /// Reads a time as of RFC 3339: a date, `T`, a time of day, and a zone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, rest) = text.split_at_checked(19)?;
        // What jiff takes beyond the standard: other separators, and a leap second, which Go refuses.
        let bytes = local.as_bytes();
        if bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' || local.ends_with("60") {
            return None;
        }
        let digits = match rest.strip_prefix(['.', ',']) {
            Some(fraction) => {
                1 + fraction
                    .bytes()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count()
            }
            None => 0,
        };
        if digits == 1 {
            return None;
        }
        let (fraction, zone) = rest.split_at_checked(digits)?;
        // Go takes a comma, too. Digits beyond nanoseconds are cut off.
        let fraction = fraction.get(..10).unwrap_or(fraction);
        let local: DateTime = format!("{local}{fraction}").parse().ok()?;
        Some(Self {
            since_1970: local.duration_since(EPOCH) - offset(zone)?,
        })
    }

    /// The beginning of a date, in UTC.
    pub(crate) fn of_date(text: &str) -> Option<Self> {
        Self::parse(&format!("{text}T00:00:00Z"))
    }

    /// The time after a duration, or none if the language has none: it ends with the year 9999.
    pub(crate) fn plus(self, duration: SignedDuration) -> Option<Self> {
        let since_1970 = self.since_1970.checked_add(duration)?;
        let all = DateTime::constant(1, 1, 1, 0, 0, 0, 0).duration_since(EPOCH)
            ..=DateTime::MAX.duration_since(EPOCH);
        all.contains(&since_1970).then_some(Self { since_1970 })
    }

    /// How long after another time it is, or none if that is no duration of Go.
    pub(crate) fn since(self, other: Self) -> Option<SignedDuration> {
        let duration = self.since_1970.checked_sub(other.since_1970)?;
        i64::try_from(duration.as_nanos()).ok().map(|_| duration)
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// What a zone is before UTC: `Z`, or hours and minutes with a sign.
fn offset(zone: &str) -> Option<SignedDuration> {
    let (sign, rest) = match zone.as_bytes() {
        b"Z" => return Some(SignedDuration::ZERO),
        [b'+', ..] => (1, zone.strip_prefix('+')?),
        [b'-', ..] => (-1, zone.strip_prefix('-')?),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str, most: i64| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| digits.parse::<i64>().ok())??;
        (number <= most).then_some(number)
    };
    let minutes = number(hours, 24)? * 60 + number(minutes, 60)?;
    Some(SignedDuration::from_mins(sign * minutes))
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
pub(crate) fn go_duration(text: &str) -> Option<SignedDuration> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" {
        return Some(SignedDuration::ZERO);
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
    // Go counts nanoseconds in 64 bits.
    let duration = SignedDuration::try_from_secs_f64(signed / 1e9).ok()?;
    i64::try_from(duration.as_nanos()).ok().map(|_| duration)
}

#[cfg(test)]
mod tests {
    use super::{Time, go_duration, is_go_duration, is_time_zone};

    #[test]
    fn times_are_read() {
        let same = [
            "2026-01-02T03:04:05Z",
            "2026-01-02T04:04:05+01:00",
            "2026-01-01T21:34:05,000-05:30",
        ];
        let read = same.map(|text| Time::parse(text).expect(text));
        assert!(read.iter().all(|time| *time == read[0]));
        let never = Time::parse("9999-12-31T23:59:59Z");
        assert!(never > Time::parse("9999-12-31T23:59:58.999999999999Z"));
        assert!(Time::parse("9999-12-31T23:59:59-05:00") > never);
        for refused in [
            "",
            "2026-01-02",
            "2026-13-02T03:04:05Z",
            "2026-02-30T03:04:05Z",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05z",
            "2026-01-02T03:04:60Z",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05+25:00",
            "2026-01-02T03:04:05Z[UTC]",
        ] {
            assert_eq!(Time::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn times_end_with_the_year_9999() {
        let hour = go_duration("1h").unwrap();
        let last = Time::parse("9999-12-31T23:00:00Z").unwrap();
        assert_eq!(last.plus(hour), None);
        assert_eq!(last.plus(-hour), Time::parse("9999-12-31T22:00:00Z"));
        assert_eq!(last.since(last.plus(-hour).unwrap()), Some(hour));
        // A duration of Go has 292 years.
        assert_eq!(
            last.since(Time::parse("2026-01-02T03:04:05Z").unwrap()),
            None
        );
    }

    #[test]
    fn durations_and_zones_are_read() {
        assert!(is_go_duration("1h30m") && is_go_duration("1.5s") && is_go_duration("0"));
        assert!(is_go_duration("2562047h") && !is_go_duration("2562048h"));
        assert!(!is_go_duration("1d") && !is_go_duration("") && !is_go_duration("5"));
        assert!(is_time_zone("Europe/Berlin") && !is_time_zone("Europe/Nowhere"));
    }
}
