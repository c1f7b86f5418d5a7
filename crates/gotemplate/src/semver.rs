//! Versions and what they must be.
//!
//! Source: <https://semver.org/>, <https://pkg.go.dev/github.com/Masterminds/semver/v3>.

use std::cmp::Ordering;
use std::fmt;

use crate::meter::{Refusal, Result};

/// A version, such as `v1.2.3-rc.1+build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(crate) numbers: [u64; 3],
    pub(crate) before: String,
    pub(crate) build: String,
    /// The text that was read.
    pub(crate) original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.before.is_empty() {
            write!(f, "-{}", self.before)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

fn are_identifiers(text: &str, has_no_zeros: bool) -> bool {
    text.split('.').all(|part| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !(has_no_zeros && is_number && part.len() > 1 && part.starts_with('0'))
    })
}

fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_zeros = text.len() > 1 && text.starts_with('0');
    (is_number && !has_zeros)
        .then(|| text.parse().ok())
        .flatten()
}

impl Version {
    /// Reads a version; a `v` before it and missing numbers are fine.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let wrong = || Refusal::new("the text is no version");
        let (rest, build) = match text.split_once('+') {
            Some((rest, build)) if are_identifiers(build, false) => (rest, build),
            Some(_) => return Err(wrong()),
            None => (text, ""),
        };
        let (numbers, before) = match rest.split_once('-') {
            Some((rest, before)) if are_identifiers(before, true) => (rest, before),
            Some(_) => return Err(wrong()),
            None => (rest, ""),
        };
        let parts: Vec<&str> = numbers
            .strip_prefix('v')
            .unwrap_or(numbers)
            .split('.')
            .collect();
        if parts.len() > 3 {
            return Err(wrong());
        }
        let mut numbers = [0; 3];
        for (place, part) in numbers.iter_mut().zip(&parts) {
            *place = number(part).ok_or_else(wrong)?;
        }
        Ok(Self {
            numbers,
            before: before.to_owned(),
            build: build.to_owned(),
            original: text.to_owned(),
        })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| compare_before(&self.before, &other.before))
    }
}

/// What comes before a release comes before it; numbers come before words.
fn compare_before(one: &str, two: &str) -> Ordering {
    match (one.is_empty(), two.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    let (mut ours, mut theirs) = (one.split('.'), two.split('.'));
    loop {
        let order = match (ours.next(), theirs.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(two)) => match (one.parse::<u64>(), two.parse::<u64>()) {
                (Ok(one), Ok(two)) => one.cmp(&two),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(two),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// What a version must be: `>=1.2, <2 || ~3.1`.
pub(crate) struct Constraints(Vec<Vec<Constraint>>);

struct Constraint {
    operator: &'static str,
    version: Version,
    /// How many of the numbers are given.
    given: usize,
}

const OPERATORS: [&str; 12] = [
    "=>", ">=", "=<", "<=", "!=", "~>", "=", ">", "<", "~", "^", "",
];

impl Constraints {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let wrong = || Refusal::new("the text is no constraint of versions");
        let mut any = Vec::new();
        for part in text.split("||") {
            any.push(all_of(part).ok_or_else(wrong)?);
        }
        Ok(Self(any))
    }

    pub(crate) fn allow(&self, version: &Version) -> bool {
        let holds = |all: &Vec<Constraint>| all.iter().all(|one| one.allows(version));
        self.0.iter().any(holds)
    }
}

/// The constraints of a part, which all must hold.
fn all_of(part: &str) -> Option<Vec<Constraint>> {
    let words: Vec<&str> = part
        .split([',', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    let mut all = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if words.peek() == Some(&"-") {
            words.next();
            let end = words.next()?;
            all.push(constraint(&format!(">={word}"))?);
            all.push(constraint(&format!("<={end}"))?);
            continue;
        }
        if OPERATORS.contains(&word) {
            let version = words.next()?;
            all.push(constraint(&format!("{word}{version}"))?);
        } else {
            all.push(constraint(word)?);
        }
    }
    (!all.is_empty()).then_some(all)
}

fn constraint(word: &str) -> Option<Constraint> {
    let operator = OPERATORS
        .into_iter()
        .find(|operator| word.starts_with(operator))?;
    let version = word.strip_prefix(operator)?;
    let is_wild = |part: &str| matches!(part, "x" | "X" | "*");
    let numbers = version.split(['-', '+']).next()?;
    let parts: Vec<&str> = numbers
        .strip_prefix('v')
        .unwrap_or(numbers)
        .split('.')
        .collect();
    let given = parts.iter().take_while(|part| !is_wild(part)).count();
    let version = if given < parts.len() {
        let known: Vec<&str> = parts.iter().take(given).copied().collect();
        if known.is_empty() {
            "0".to_owned()
        } else {
            known.join(".")
        }
    } else {
        version.to_owned()
    };
    Some(Constraint {
        operator,
        version: Version::read(&version).ok()?,
        given,
    })
}

impl Constraint {
    fn allows(&self, version: &Version) -> bool {
        // What comes before a release is meant only where one is named.
        if !version.before.is_empty() && self.version.before.is_empty() {
            return false;
        }
        let order = version.compare(&self.version);
        let same = |count: usize| version.numbers[..count] == self.version.numbers[..count];
        let is_partial = self.given < 3;
        match self.operator {
            "!=" if is_partial => !same(self.given),
            "!=" => order != Ordering::Equal,
            ">" if is_partial => {
                self.given > 0 && version.numbers[..self.given] > self.version.numbers[..self.given]
            }
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if is_partial => order != Ordering::Greater || same(self.given),
            "<=" | "=<" => order != Ordering::Greater,
            "~" | "~>" => order != Ordering::Less && (self.given == 0 || same(self.given.min(2))),
            "^" => {
                if order == Ordering::Less {
                    return false;
                }
                let first = self.version.numbers.iter().position(|number| *number > 0);
                match first {
                    _ if self.given == 0 => true,
                    Some(at) if at < self.given => same(at + 1),
                    _ => same(self.given),
                }
            }
            _ if is_partial => order != Ordering::Less && same(self.given.min(2)),
            _ => order == Ordering::Equal,
        }
    }
}
