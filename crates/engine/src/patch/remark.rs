//! A remark about a patch: what does not happen as the patch says, and in which objects.

use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Value};

/// Something that is not as the patch says, in one object or in several.
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    pub(super) place: Span,
    /// What the sentence begins with; the objects follow.
    pub(super) head: String,
    /// The rest of the sentence.
    pub(super) tail: String,
    pub(super) help: String,
    pub(super) objects: Vec<String>,
}

impl Remark {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.rule == other.rule
            && self.place == other.place
            && self.head == other.head
            && self.tail == other.tail
    }

    pub(super) fn finding(self) -> Finding {
        let message = format!("{} of {} {}", self.head, listed(self.objects), self.tail);
        Finding::new(self.rule, self.severity, message)
            .at(self.place)
            .help(self.help)
    }
}

/// A few names, sorted, and how many there are besides.
pub(super) fn listed(mut names: Vec<String>) -> String {
    const SHOWN: usize = 3;
    names.sort();
    names.dedup();
    let others = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match others {
        0 => names.join(", "),
        _ => format!("{} and {others} more", names.join(", ")),
    }
}

/// Whether two values are the same data; the order of keys means nothing.
pub(super) fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(entry, beside)| {
                    // Most keep their place.
                    let key = entry.key.text().unwrap_or_default();
                    let value = match beside.is(key) {
                        true => Some(&beside.value),
                        false => other.get(key),
                    };
                    value.is_some_and(|value| same(&entry.value, value))
                })
        }
        (Value::Seq(ours), Value::Seq(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) => {
            ours == theirs && one.tag == other.tag || one.is_null() && other.is_null()
        }
        _ => false,
    }
}
