//! The parts of a layout, and how they are spelled.

use kustom_yaml::cut::Cut as _;

/// The months.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// The days of the week.
pub(super) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A piece of a layout that stands for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    MonthNumber(usize),
    LongWeekday,
    Weekday,
    Day(usize),
    PaddedDay,
    DayOfYear,
    PaddedDayOfYear,
    Hour,
    HalfHour(usize),
    Minute(usize),
    Second(usize),
    LongYear,
    Year,
    Half,
    LowerHalf,
    Zone,
    Offset(Offset),
    Fraction(usize, char, bool),
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` for none at all.
    pub(super) zulu: bool,
    /// Colons between its parts.
    pub(super) colon: bool,
    /// Hours, minutes, seconds.
    pub(super) parts: u8,
}

impl Offset {
    /// Hours, and minutes where there are any.
    pub(super) const SHORT: Self = Self::new(false, false, 1);

    const fn new(zulu: bool, colon: bool, parts: u8) -> Self {
        Self { zulu, colon, parts }
    }
}

/// How parts are spelled; longer spellings stand before those they start with.
static PARTS: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::Weekday),
    ("MST", Part::Zone),
    ("002", Part::DayOfYear),
    ("01", Part::MonthNumber(2)),
    ("02", Part::Day(2)),
    ("03", Part::HalfHour(2)),
    ("04", Part::Minute(2)),
    ("05", Part::Second(2)),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::MonthNumber(1)),
    ("2006", Part::LongYear),
    ("2", Part::Day(1)),
    ("__2", Part::PaddedDayOfYear),
    ("_2", Part::PaddedDay),
    ("3", Part::HalfHour(1)),
    ("4", Part::Minute(1)),
    ("5", Part::Second(1)),
    ("PM", Part::Half),
    ("pm", Part::LowerHalf),
    ("-07:00:00", Part::Offset(Offset::new(false, true, 3))),
    ("-07:00", Part::Offset(Offset::new(false, true, 2))),
    ("-070000", Part::Offset(Offset::new(false, false, 3))),
    ("-0700", Part::Offset(Offset::new(false, false, 2))),
    ("-07", Part::Offset(Offset::new(false, false, 1))),
    ("Z07:00:00", Part::Offset(Offset::new(true, true, 3))),
    ("Z07:00", Part::Offset(Offset::new(true, true, 2))),
    ("Z070000", Part::Offset(Offset::new(true, false, 3))),
    ("Z0700", Part::Offset(Offset::new(true, false, 2))),
    ("Z07", Part::Offset(Offset::new(true, false, 1))),
];

/// The next part of a layout, with what stands before and after it.
pub(super) fn next_part(layout: &str) -> Option<(&str, Part, &str)> {
    for (place, _) in layout.char_indices() {
        let (before, rest) = layout.halves(place);
        if rest.starts_with("Jan") && rest.cut(3..).starts_with(|c: char| c.is_ascii_lowercase()) {
            // `Janet` holds no month, but `January` does.
            if !rest.starts_with("January") {
                continue;
            }
        }
        if let Some((part, after)) = fraction(rest) {
            return Some((before, part, after));
        }
        // `_2006` is a blank and a year.
        if rest.starts_with("_2006") {
            continue;
        }
        if let Some((text, part)) = PARTS.iter().find(|(text, _)| rest.starts_with(text)) {
            return Some((before, *part, rest.cut(text.len()..)));
        }
    }
    None
}

/// `.000`, `,999`: digits of a second.
fn fraction(rest: &str) -> Option<(Part, &str)> {
    let point = rest.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = rest
        .cut(1..)
        .chars()
        .next()
        .filter(|c| matches!(c, '0' | '9'))?;
    let after = rest.cut(1..).trim_start_matches(digit);
    if after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = rest.len() - 1 - after.len();
    Some((Part::Fraction(digits, point, digit == '0'), after))
}
