//! The timestamps that go-yaml recognises.
//!
//! Four spellings, all of them with one- or two-digit fields: a date, a date and a time apart by
//! spaces and without a zone, and the same joined by `T` or `t` with `Z` or an offset.

use std::fmt;

/// A date and a time of day, with the offset it was written in.
///
/// It prints as RFC 3339 with the zeros at the end of the fraction left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    /// Minutes east of Greenwich.
    offset: i16,
}

impl Timestamp {
    /// Reads a timestamp, or finds that the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut cursor = Cursor(text.as_bytes());
        let year = cursor.year()?;
        let month = cursor.field(1..=12)?;
        cursor.expect(b'-')?;
        let day = cursor.field(1..=31)?;
        if day > days_of(year, month) {
            return None;
        }
        let mut stamp = Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: 0,
        };
        match cursor.next() {
            None => return Some(stamp),
            Some(b'T' | b't') => {
                stamp.read_time(&mut cursor)?;
                stamp.offset = cursor.zone()?;
            }
            Some(b' ') => {
                cursor.skip_spaces();
                stamp.read_time(&mut cursor)?;
            }
            Some(_) => return None,
        }
        cursor.0.is_empty().then_some(stamp)
    }

    /// Whether RFC 3339 can say it: an offset of a day or more it cannot.
    pub(super) fn is_printable(&self) -> bool {
        self.offset.unsigned_abs() < 24 * 60
    }

    fn read_time(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        self.hour = cursor.field(0..=23)?;
        cursor.expect(b':')?;
        self.minute = cursor.field(0..=59)?;
        cursor.expect(b':')?;
        self.second = cursor.field(0..=59)?;
        self.nanosecond = cursor.fraction();
        Some(())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        write!(f, "T{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.nanosecond != 0 {
            let digits = format!("{:09}", self.nanosecond);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        if self.offset == 0 {
            return f.write_str("Z");
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// What is left to read.
struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn digit(&mut self) -> Option<u8> {
        let digit = self.0.first()?.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.0 = &self.0[1..];
        Some(digit)
    }

    /// Exactly four digits and a dash.
    fn year(&mut self) -> Option<u16> {
        let mut year = 0;
        for _ in 0..4 {
            year = year * 10 + u16::from(self.digit()?);
        }
        self.expect(b'-')?;
        Some(year)
    }

    /// One or two digits.
    fn field(&mut self, range: std::ops::RangeInclusive<u8>) -> Option<u8> {
        let first = self.digit()?;
        let value = match self.digit() {
            Some(second) => first * 10 + second,
            None => first,
        };
        range.contains(&value).then_some(value)
    }

    /// The nanoseconds after a point or comma; digits beyond the ninth do not count.
    fn fraction(&mut self) -> u32 {
        let [b'.' | b',', b'0'..=b'9', ..] = self.0 else {
            return 0;
        };
        self.next();
        let mut nanoseconds = 0;
        let mut unit = 100_000_000;
        while let Some(digit) = self.digit() {
            nanoseconds += unit * u32::from(digit);
            unit /= 10;
        }
        nanoseconds
    }

    fn skip_spaces(&mut self) {
        while self.0.first() == Some(&b' ') {
            self.0 = &self.0[1..];
        }
    }

    /// `Z`, `+hh:mm` or `-hh:mm`, in minutes.
    fn zone(&mut self) -> Option<i16> {
        let sign = match self.next()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.two_digits(24)?;
        self.expect(b':')?;
        let minutes = self.two_digits(60)?;
        Some(sign * (hours * 60 + minutes))
    }

    fn two_digits(&mut self, most: i16) -> Option<i16> {
        let value = i16::from(self.digit()?) * 10 + i16::from(self.digit()?);
        (value <= most).then_some(value)
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Timestamp::parse(text).map(|stamp| stamp.to_string())
    }

    #[test]
    fn the_four_spellings_print_as_rfc_3339() {
        for (text, wanted) in [
            ("2001-12-14", "2001-12-14T00:00:00Z"),
            ("2001-1-4", "2001-01-04T00:00:00Z"),
            ("2001-12-14 1:2:3.10", "2001-12-14T01:02:03.1Z"),
            ("2001-12-14   1:2:3", "2001-12-14T01:02:03Z"),
            (
                "2001-12-14t21:59:43.10-05:00",
                "2001-12-14T21:59:43.1-05:00",
            ),
            ("2001-12-14T21:59:43,5+00:00", "2001-12-14T21:59:43.5Z"),
            (
                "2001-12-14T01:02:03.1234567899Z",
                "2001-12-14T01:02:03.123456789Z",
            ),
            ("2000-02-29", "2000-02-29T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_timestamps() {
        for text in [
            "2001-02-30",
            "1900-02-29",
            "2001-13-01",
            "2001-12-14 25:00:00",
            "2001-12-14 23:00:60",
            "2001-12-14T01:02:03",
            "2001-12-14T01:02:03z",
            "2001-12-14 01:02:03Z",
            "2001-12-14 01:02:03.",
            "2001-12-14 ",
            "20011-12-14",
            "2001-12",
            "2001-001-01",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
