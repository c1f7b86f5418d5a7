//! Parses times by a layout.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use super::layout::{DAYS, MONTHS, Offset, Part, next_part};
use super::{Civil, DAY, Moment, NANOS, date_of, days_of};

/// Reads a moment that is written in a layout.
pub(crate) fn parse(layout: &str, text: &str) -> Result<Moment> {
    let mut reader = Reader::new(text);
    let read = reader.read(layout).filter(|()| reader.rest.is_empty());
    read.and_then(|()| reader.moment()).ok_or_else(|| {
        let message = format!("the date is not written as `{layout}`");
        Error::new(ErrorKind::Script, message)
            .help("`with_dtf(layout; …)` says how dates are written, by the example of 2006-01-02")
    })
}

/// What was read of a moment so far.
struct Reader<'t> {
    rest: &'t str,
    civil: Civil,
    day_of_year: Option<u32>,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<&'t str>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            civil: Civil {
                year: 0,
                month: 1,
                day: 1,
                hour: 0,
                minute: 0,
                second: 0,
                nano: 0,
            },
            day_of_year: None,
            is_afternoon: None,
            offset: None,
            zone: None,
        }
    }

    fn read(&mut self, layout: &str) -> Option<()> {
        let mut layout = layout;
        while let Some((before, part, after)) = next_part(layout) {
            self.literal(before)?;
            self.part(part, after)?;
            layout = after;
        }
        self.literal(layout)
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// One or two digits, or exactly two.
    fn number(&mut self, width: usize) -> Option<u32> {
        let digits = self.rest.bytes().take(2).take_while(u8::is_ascii_digit);
        let length = digits.count();
        if length == 0 || length < width {
            return None;
        }
        let (number, rest) = self.rest.halves(length);
        self.rest = rest;
        number.parse().ok()
    }

    fn fixed(&mut self, width: usize) -> Option<u32> {
        let number = self.rest.get(..width)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = self.rest.cut(width..);
        number.parse().ok()
    }

    /// One of some names, whatever their case; its place in the list.
    fn name(&mut self, names: &[&str], length: Option<usize>) -> Option<u32> {
        let (place, name) = names
            .iter()
            .map(|name| length.map_or(*name, |length| name.cut(..length)))
            .enumerate()
            .find(|(_, name)| {
                let start = self.rest.get(..name.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(name))
            })?;
        self.rest = self.rest.cut(name.len()..);
        u32::try_from(place).ok()
    }

    fn part(&mut self, part: Part, after: &str) -> Option<()> {
        match part {
            Part::LongMonth => self.civil.month = self.name(&MONTHS, None)? + 1,
            Part::Month => self.civil.month = self.name(&MONTHS, Some(3))? + 1,
            Part::MonthNumber(width) => self.civil.month = self.number(width)?,
            Part::LongWeekday => _ = self.name(&DAYS, None)?,
            Part::Weekday => _ = self.name(&DAYS, Some(3))?,
            Part::Day(width) => self.civil.day = self.number(width)?,
            Part::PaddedDay => {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                self.civil.day = self.number(1)?;
            }
            Part::DayOfYear => self.day_of_year = Some(self.fixed(3)?),
            Part::PaddedDayOfYear => {
                let trimmed = self.rest.trim_start_matches(' ');
                let width = 3usize.checked_sub(self.rest.len() - trimmed.len())?;
                self.rest = trimmed;
                self.day_of_year = Some(self.fixed(width)?);
            }
            Part::Hour => self.civil.hour = self.number(1)?,
            Part::HalfHour(width) => {
                self.civil.hour = self.number(width).filter(|hour| *hour <= 12)?;
            }
            Part::Minute(width) => self.civil.minute = self.number(width)?,
            Part::Second(width) => {
                self.civil.second = self.number(width)?;
                // A fraction may follow even where the layout shows none.
                if !matches!(next_part(after), Some(("", Part::Fraction(..), _))) {
                    self.any_fraction();
                }
            }
            Part::LongYear => self.civil.year = i64::from(self.fixed(4)?),
            Part::Year => {
                let year = i64::from(self.fixed(2)?);
                self.civil.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Part::Half | Part::LowerHalf => {
                let names = if part == Part::Half {
                    ["AM", "PM"]
                } else {
                    ["am", "pm"]
                };
                let place = names.iter().position(|name| self.rest.starts_with(name))?;
                self.is_afternoon = Some(place == 1);
                self.rest = self.rest.cut(2..);
            }
            Part::Zone => self.zone_name()?,
            Part::Offset(offset) => self.zone_offset(offset)?,
            Part::Fraction(digits, _, true) => {
                let length = self.any_fraction()?;
                return (length == digits).then_some(());
            }
            Part::Fraction(..) => _ = self.any_fraction(),
        }
        Some(())
    }

    /// A point and digits, if they are there; how many digits.
    fn any_fraction(&mut self) -> Option<usize> {
        let digits = self.rest.strip_prefix(['.', ','])?;
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        let length = digits.len() - rest.len();
        if length == 0 {
            return None;
        }
        let shown = digits.cut(..length.min(9));
        self.civil.nano = format!("{shown:0<9}").parse().ok()?;
        self.rest = rest;
        Some(length)
    }

    /// `UTC`, `CEST`, `GMT+3`
    fn zone_name(&mut self) -> Option<()> {
        let length = self.rest.bytes().take_while(u8::is_ascii_uppercase).count();
        if let Some(hours) = self.rest.strip_prefix("GMT")
            && hours.starts_with(['+', '-'])
        {
            let digits = hours
                .cut(1..)
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            let number: i32 = hours
                .cut(..=digits)
                .parse()
                .ok()
                .filter(|hours: &i32| hours.abs() < 24)?;
            let (name, rest) = self.rest.halves(4 + digits);
            self.zone = Some(name);
            self.offset = Some(number * 3600);
            self.rest = rest;
            return Some(());
        }
        if !(3..=5).contains(&length) {
            return None;
        }
        let (name, rest) = self.rest.halves(length);
        self.zone = Some(name);
        self.offset.get_or_insert(0);
        self.rest = rest;
        Some(())
    }

    fn zone_offset(&mut self, offset: Offset) -> Option<()> {
        if offset.zulu
            && let Some(rest) = self.rest.strip_prefix('Z')
        {
            self.offset = Some(0);
            self.zone = Some("UTC");
            self.rest = rest;
            return Some(());
        }
        let sign = match self.rest.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = self.rest.cut(1..);
        let mut seconds = 0;
        for part in 0..offset.parts {
            if part > 0 && offset.colon {
                self.literal(":")?;
            }
            let number = i32::try_from(self.fixed(2)?).ok()?;
            seconds += number * [3600, 60, 1][usize::from(part)];
        }
        self.offset = Some(sign * seconds);
        Some(())
    }

    /// The moment, if there is such a date and time of day.
    fn moment(&self) -> Option<Moment> {
        let mut civil = self.civil;
        match self.is_afternoon {
            Some(true) if civil.hour < 12 => civil.hour += 12,
            Some(false) if civil.hour == 12 => civil.hour = 0,
            _ => {}
        }
        let is_time = civil.hour < 24 && civil.minute < 60 && civil.second < 60;
        let is_month = (1..=12).contains(&civil.month);
        if !is_time || !is_month {
            return None;
        }
        let mut days = days_of(civil.year, civil.month, civil.day);
        if date_of(days) != (civil.year, civil.month, civil.day) {
            return None;
        }
        if let Some(day_of_year) = self.day_of_year {
            days = days_of(civil.year, 1, 1) + i64::from(day_of_year) - 1;
        }
        let time = i64::from(civil.hour * 3600 + civil.minute * 60 + civil.second);
        let offset = self.offset.unwrap_or(0);
        let seconds = days * DAY + time - i64::from(offset);
        Some(Moment {
            nanos: i128::from(seconds) * NANOS + i128::from(civil.nano),
            offset,
            zone: match (self.zone, self.offset) {
                (Some(zone), _) => zone.to_owned(),
                (None, None | Some(0)) => "UTC".to_owned(),
                (None, Some(_)) => String::new(),
            },
        })
    }
}
