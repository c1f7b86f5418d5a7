//! Schedules of CronJobs: five fields, as the server's parser takes them.

use crate::names::Verdict;

/// Names, the least and the greatest number of each field.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    (
        "month",
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    (
        "day of the week",
        0,
        6,
        &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ),
];

/// The words that stand for a schedule.
const WORDS: [&str; 7] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

/// Whether a schedule can be parsed. A day that never comes is accepted.
pub(crate) fn schedule(text: &str) -> Verdict {
    let text = match text
        .strip_prefix("TZ=")
        .or_else(|| text.strip_prefix("CRON_TZ="))
    {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
        None => text,
    };
    let text = text.trim();
    if let Some(interval) = text.strip_prefix("@every ") {
        return if crate::time::is_go_duration(interval) {
            Ok(())
        } else {
            Err(format!(
                "is no schedule: `{interval}` is no duration, such as `1h30m`"
            ))
        };
    }
    if text.starts_with('@') {
        return if WORDS.contains(&text) {
            Ok(())
        } else {
            Err(format!(
                "is no schedule: the words are {}",
                WORDS.join(", ")
            ))
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "is no schedule: it has {} fields and not 5",
            fields.len()
        ));
    }
    for (field, (name, least, greatest, names)) in fields.iter().zip(FIELDS) {
        for part in field.split(',').filter(|part| !part.is_empty()) {
            if !is_range(part, least, greatest, names) {
                return Err(format!("is no schedule: `{part}` is no {name}"));
            }
        }
    }
    Ok(())
}

fn is_range(part: &str, least: u32, greatest: u32, names: &[&str]) -> bool {
    let mut halves = part.split('/');
    let (range, step) = (halves.next().unwrap_or_default(), halves.next());
    if halves.next().is_some() {
        return false;
    }
    if let Some(step) = step
        && !step.parse::<u32>().is_ok_and(|step| step > 0)
    {
        return false;
    }
    if range == "*" || range == "?" {
        return true;
    }
    let number = |text: &str| {
        names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .and_then(|index| u32::try_from(index).ok())
            .map(|index| index + least)
            .or_else(|| text.parse().ok())
    };
    let mut ends = range.split('-');
    let first = ends.next().and_then(number);
    let last = match ends.next() {
        Some(text) => number(text),
        None => first,
    };
    ends.next().is_none()
        && matches!((first, last), (Some(first), Some(last))
            if first >= least && last <= greatest && first <= last)
}

#[cfg(test)]
mod tests {
    use super::schedule;

    #[test]
    fn schedules_are_read() {
        for text in [
            "* * * * *",
            "*/5 0-6 1,15 JAN-mar sun",
            "@daily",
            "0 0 31 2 *",
            "@every 1h30m",
        ] {
            assert_eq!(schedule(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_schedules() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* * * * 7",
            "*/0 * * * *",
            "@often",
            "5-1 * * * *",
        ] {
            assert!(schedule(text).is_err(), "{text}");
        }
    }
}
