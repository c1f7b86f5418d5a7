//! Formats and parses times by Go's layouts.
//!
//! A layout shows how one reference time is written: Monday, January 2nd 2006, 15:04:05, in a zone
//! seven hours behind UTC. See <https://pkg.go.dev/time#pkg-constants>.

mod duration;
mod layout;
mod reader;

pub(crate) use duration::duration;
use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};
use layout::{DAYS, MONTHS, Offset, Part, next_part};
pub(crate) use reader::parse;

/// The layout of RFC 3339.
pub(crate) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const NANOS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A moment and the zone it is looked at from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970.
    nanos: i128,
    /// Seconds that the zone is ahead of UTC.
    offset: i32,
    /// The zone's short name; made of the offset if empty.
    zone: String,
}

/// Date and time of day as they stand on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nano: u32,
}

impl Moment {
    /// Seconds since 1970, looked at from UTC.
    pub(crate) fn at_seconds(seconds: f64) -> Self {
        let millis = (seconds * 1000.0) as i64;
        Self {
            nanos: i128::from(millis) * 1_000_000,
            offset: 0,
            zone: "UTC".to_owned(),
        }
    }

    /// Nanoseconds since 1970.
    pub(crate) fn instant(&self) -> i128 {
        self.nanos
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.nanos.div_euclid(NANOS)).unwrap_or(i64::MAX)
    }

    /// The moment so many nanoseconds later.
    pub(crate) fn plus(mut self, nanos: i128) -> Self {
        self.nanos += nanos;
        self
    }

    /// The same moment, looked at from another zone.
    pub(crate) fn in_zone(mut self, name: &str) -> Result<Self> {
        if name.is_empty() || name == "UTC" {
            (self.offset, self.zone) = (0, "UTC".to_owned());
            return Ok(self);
        }
        let unknown = || Error::new(ErrorKind::Script, format!("there is no time zone `{name}`"));
        let zone = jiff::tz::TimeZone::get(name)
            .map_err(|_| unknown().help("zones have names such as `Europe/Berlin` or `UTC`"))?;
        let moment = jiff::Timestamp::from_second(self.seconds()).map_err(|_| unknown())?;
        let shown = zone.to_offset_info(moment);
        self.offset = shown.offset().seconds();
        self.zone = shown.abbreviation().to_owned();
        Ok(self)
    }

    fn civil(&self) -> Civil {
        let local = self.nanos + i128::from(self.offset) * NANOS;
        let seconds = i64::try_from(local.div_euclid(NANOS)).unwrap_or(0);
        let (year, month, day) = date_of(seconds.div_euclid(DAY));
        let time = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or(0);
        Civil {
            year,
            month,
            day,
            hour: time / 3600,
            minute: time / 60 % 60,
            second: time % 60,
            nano: u32::try_from(local.rem_euclid(NANOS)).unwrap_or(0),
        }
    }

    /// The moment in a layout.
    pub(crate) fn write(&self, layout: &str) -> String {
        let civil = self.civil();
        let mut out = String::new();
        let mut rest = layout;
        while let Some((before, part, after)) = next_part(rest) {
            out.push_str(before);
            self.write_part(part, &civil, &mut out);
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn write_part(&self, part: Part, civil: &Civil, out: &mut String) {
        let month = MONTHS[(civil.month as usize + 11) % 12];
        let days = days_of(civil.year, civil.month, civil.day);
        let weekday = DAYS[usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0)];
        let day_of_year = days - days_of(civil.year, 1, 1) + 1;
        let hour = (civil.hour + 11) % 12 + 1;
        let half = if civil.hour < 12 { "AM" } else { "PM" };
        out.push_str(&match part {
            Part::LongMonth => month.to_owned(),
            Part::Month => month.cut(..3).to_owned(),
            Part::MonthNumber(width) => format!("{:0width$}", civil.month),
            Part::LongWeekday => weekday.to_owned(),
            Part::Weekday => weekday.cut(..3).to_owned(),
            Part::Day(width) => format!("{:0width$}", civil.day),
            Part::PaddedDay => format!("{:2}", civil.day),
            Part::DayOfYear => format!("{day_of_year:03}"),
            Part::PaddedDayOfYear => format!("{day_of_year:3}"),
            Part::Hour => format!("{:02}", civil.hour),
            Part::HalfHour(width) => format!("{hour:0width$}"),
            Part::Minute(width) => format!("{:0width$}", civil.minute),
            Part::Second(width) => format!("{:0width$}", civil.second),
            Part::LongYear => format!("{:04}", civil.year),
            Part::Year => format!("{:02}", civil.year.rem_euclid(100)),
            Part::Half => half.to_owned(),
            Part::LowerHalf => half.to_lowercase(),
            Part::Zone if self.zone.is_empty() => offset_text(self.offset, Offset::SHORT),
            Part::Zone => self.zone.clone(),
            Part::Offset(offset) => offset_text(self.offset, offset),
            Part::Fraction(digits, point, keeps_zeros) => {
                let text = format!("{:09}", civil.nano);
                let text = text.cut(..digits.min(9));
                let text = if keeps_zeros {
                    text
                } else {
                    text.trim_end_matches('0')
                };
                if text.is_empty() {
                    String::new()
                } else {
                    format!("{point}{text}")
                }
            }
        });
    }
}

fn offset_text(seconds: i32, offset: Offset) -> String {
    if offset.zulu && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let all = seconds.unsigned_abs();
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    let colon = if offset.colon { ":" } else { "" };
    let mut out = format!("{sign}{hours:02}");
    if offset.parts > 1 || (offset == Offset::SHORT && minutes > 0) {
        out.push_str(&format!("{colon}{minutes:02}"));
    }
    if offset.parts > 2 {
        out.push_str(&format!("{colon}{seconds:02}"));
    }
    out
}
/// Days from 1970-01-01 to a date.
fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date so many days from 1970-01-01.
fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        u32::try_from(month).unwrap_or(1),
        u32::try_from(day).unwrap_or(1),
    )
}
#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "Monday, 02-Jan-06 at 3:04PM MST";

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        for (layout, text) in [
            (RFC3339, "2021-01-01T03:10:00Z"),
            (RFC3339, "1969-12-31T23:59:59-07:00"),
            ("2006-01-02", "2024-02-29"),
            (LONG, "Saturday, 15-Dec-01 at 2:59AM GMT"),
            ("2 January 2006 15:04:05.000", "9 March 0999 07:08:09.120"),
            ("06/1/_2 03:4:5pm -0700", "99/7/ 4 12:5:6am +0530"),
            ("2006.002", "2023.365"),
        ] {
            assert_eq!(parse(layout, text).unwrap().write(layout), text);
        }
    }

    #[test]
    fn there_is_no_such_date() {
        for (layout, text) in [
            ("2006-01-02", "2023-02-29"),
            ("2006-01-02", "2023-13-01"),
            ("2006-01-02", "2023-1-01"),
            ("2006-01-02", "2023-01-01T"),
            (RFC3339, "2023-01-01T24:00:00Z"),
            (RFC3339, "2023-01-01"),
        ] {
            assert!(parse(layout, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fraction_may_follow_the_second() {
        let moment = parse(RFC3339, "2021-01-01T00:00:00.25Z").unwrap();
        assert_eq!(moment.instant() % NANOS, 250_000_000);
    }

    #[test]
    fn zones_know_their_summer() {
        let moment = parse(LONG, "Saturday, 15-Dec-01 at 2:59AM GMT").unwrap();
        let moment = moment.in_zone("Australia/Sydney").unwrap();
        assert_eq!(moment.write(LONG), "Saturday, 15-Dec-01 at 1:59PM AEDT");
        assert!(moment.in_zone("Mars/Base").is_err());
    }
}
