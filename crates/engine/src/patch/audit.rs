//! Compares a patch with its result, and reports what was lost.
//!
//! Kustomize merges by keys that a patch may lack and by a schema that may not know the list; what
//! does not fit is lost, or takes the place of all that was there, without a word. Nothing is
//! changed here: an object before, a patch and the object afterwards are compared.

use std::sync::{Mutex, PoisonError};

use kustom_yaml::finding::{Finding, Severity};
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Value, through_json};
use rustc_hash::FxHashMap;

use super::json6902::JsonPatch;
use super::one_of::{self, Clash};
use super::remark::{Remark, same};
use super::replay::{self, Counted};
use super::walk::Walk;
use crate::id::Id;
use crate::schema::Schema;

/// What was seen of a patch, over all objects that it met.
#[derive(Debug, Default)]
pub struct Audit(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    remarks: Vec<Remark>,
    /// Deletions, and whether any of them took something away.
    deletions: Vec<(Remark, bool)>,
    counted: Vec<Counted>,
    /// Where the remarks, the deletions and the operations of a place are in the lists.
    known: FxHashMap<(Sort, Span), Vec<usize>>,
    /// The beginning of the patch.
    place: Span,
    /// How many objects it met.
    met: usize,
    /// Whether it asserts something, and does nothing else.
    only_tests: bool,
    has_changed: bool,
}

/// What is seen of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sort {
    Remark,
    Deletion,
    Counted,
}

impl Audit {
    /// Looks at an object that a strategic merge patch was merged into; `after` is nothing if it
    /// was deleted.
    pub fn strategic(
        &self,
        before: &Node,
        patch: &Node,
        after: Option<&Node>,
        schema: &Schema,
        id: &Id,
    ) {
        let mut walk = Walk::new(schema);
        walk.object(before, patch, after);
        let mut remarks = walk.remarks;
        if let Some(after) = after {
            let place = |clash: &Clash| place_in(patch, clash);
            remarks.extend(new_clashes(before, after, &place));
        }
        let has_changed = after.is_none_or(|after| !same(before, after));
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.place = patch.span;
        seen.add(remarks, walk.deletions, has_changed, named(id));
    }

    /// Looks at an object that a JSON patch is about to be applied to.
    pub fn json(&self, before: &Node, patch: &JsonPatch, id: &Id) {
        // Numbers are spelt anew, whatever the patch does.
        let Ok(plain) = through_json(before) else {
            return;
        };
        let Ok(spelt) = patch.prepared(before, &plain) else {
            return;
        };
        let name = named(id);
        let (made, counted, mut remarks) = replay::replay(&spelt, patch, before.span.source, &name);
        let Ok(after) = patch.finished(&made) else {
            return;
        };
        let place = |clash: &Clash| patch.place_of(&clash.fields());
        remarks.extend(new_clashes(&plain, &after, &place));
        remarks.extend(changed_numbers(before, &plain, patch.place()));
        let has_changed = !same(&spelt, &made);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.place = patch.place();
        seen.only_tests = patch.only_tests();
        seen.add(remarks, Vec::new(), has_changed, name);
        let seen = &mut *seen;
        for one in counted {
            let places = seen.known.entry((Sort::Counted, one.place())).or_default();
            match places.iter().find(|&&at| seen.counted[at].is_of(&one)) {
                Some(&at) => seen.counted[at].add(one),
                None => {
                    places.push(seen.counted.len());
                    seen.counted.push(one);
                }
            }
        }
    }

    /// What is to be said about the patch.
    pub fn findings(self) -> Vec<Finding> {
        let seen = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let idle = seen.deletions.into_iter().filter(|(_, took)| !took);
        let mut remarks = seen.remarks;
        remarks.extend(idle.map(|(remark, _)| remark));
        let mut findings: Vec<Finding> = remarks.into_iter().map(Remark::finding).collect();
        if findings.is_empty() && seen.met > 0 && !seen.has_changed && !seen.only_tests {
            findings.push(
                Finding::warning("idle-patch", "the patch matches, and changes nothing")
                    .at(seen.place)
                    .help("the objects are as it says without it; correct it, or remove it"),
            );
        }
        findings.extend(seen.counted.into_iter().map(Counted::finding));
        findings
    }
}

impl Seen {
    /// Adds what was seen of one object.
    fn add(
        &mut self,
        remarks: Vec<Remark>,
        deletions: Vec<(Remark, bool)>,
        has_changed: bool,
        object: String,
    ) {
        self.met += 1;
        self.has_changed |= has_changed;
        for mut remark in remarks {
            let places = self.known.entry((Sort::Remark, remark.place)).or_default();
            match places.iter().find(|&&at| self.remarks[at].is_same(&remark)) {
                Some(&at) => self.remarks[at].objects.push(object.clone()),
                None => {
                    places.push(self.remarks.len());
                    remark.objects.push(object.clone());
                    self.remarks.push(remark);
                }
            }
        }
        for (mut remark, took) in deletions {
            let places = self
                .known
                .entry((Sort::Deletion, remark.place))
                .or_default();
            match places.first() {
                Some(&at) => {
                    let known = &mut self.deletions[at];
                    known.1 |= took;
                    known.0.objects.push(object.clone());
                }
                None => {
                    places.push(self.deletions.len());
                    remark.objects.push(object.clone());
                    self.deletions.push((remark, took));
                }
            }
        }
    }
}

/// `Deployment web`, as messages name it.
fn named(id: &Id) -> String {
    format!("{} `{}`", id.gvk.kind, id.name)
}

/// Fields that stand side by side only since the patch.
fn new_clashes(before: &Node, after: &Node, place: &dyn Fn(&Clash) -> Span) -> Vec<Remark> {
    let mut found = one_of::clashes(after);
    if found.is_empty() {
        return Vec::new();
    }
    let old = one_of::clashes(before);
    found.retain(|clash| !old.contains(clash));
    let remark = |clash: Clash| Remark {
        rule: "one-of",
        severity: Severity::Warning,
        place: place(&clash),
        head: format!("`{}`", super::walk::shown(&clash.path)),
        tail: format!(
            "has both `{}` and `{}`, of which the API server takes one",
            clash.one, clash.other
        ),
        help: format!(
            "remove the one that is not meant: with a null in a strategic merge patch, such \
             as `{}: null`, or with `op: remove`",
            clash.other
        ),
        objects: Vec::new(),
    };
    found.into_iter().map(remark).collect()
}

/// Where a patch speaks of two fields that clash.
fn place_in(patch: &Node, clash: &Clash) -> Span {
    let mut node = patch;
    for step in &clash.path {
        let next = match step {
            one_of::Step::Key(key) => node.get(key),
            one_of::Step::Item(name) => {
                let is_meant = |item: &&Node| one_of::label(item).as_deref() == Some(name);
                node.items().iter().find(is_meant)
            }
        };
        let Some(next) = next else { return node.span };
        node = next;
    }
    let entries = node.entries().iter();
    let mut fields = entries.filter(|entry| {
        let key = entry.key.text().unwrap_or_default();
        clash.fields().contains(&key) && !entry.value.is_null()
    });
    fields.next().map_or(node.span, |entry| entry.key.span)
}

/// Whole numbers that have other digits because the object went through JSON.
fn changed_numbers(before: &Node, after: &Node, place: Span) -> Option<Remark> {
    let written = changed_number(before, after)?;
    Some(Remark {
        rule: "changed-value",
        severity: Severity::Warning,
        place,
        head: match before.get("kind").and_then(Node::text) {
            Some("Secret") => "a number".to_owned(),
            _ => format!("the number `{written}`"),
        },
        tail: "loses digits: a JSON patch reads all numbers as floats".to_owned(),
        help: "quote the number if it may be a string, or use a strategic merge patch".to_owned(),
        objects: Vec::new(),
    })
}

fn changed_number<'n>(before: &'n Node, after: &Node) -> Option<&'n str> {
    match (&before.value, &after.value) {
        (Value::Map(ours), Value::Map(theirs)) => ours
            .iter()
            .zip(theirs)
            .find_map(|(a, b)| changed_number(&a.value, &b.value)),
        (Value::Seq(ours), Value::Seq(theirs)) => ours
            .iter()
            .zip(theirs)
            .find_map(|(a, b)| changed_number(a, b)),
        (Value::Scalar(ours), Value::Scalar(theirs)) => {
            // Up to 15 digits a float keeps them all.
            let digits = ours.trim_start_matches(['-', '+']);
            let is_whole = digits.len() > 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let is_number = before.tag == kustom_yaml::Tag::Int && is_whole;
            (is_number && exact(theirs).as_deref() != Some(digits)).then_some(ours.as_str())
        }
        _ => None,
    }
}

/// The digits that a number such as `1.5e+3` stands for, if it is whole and not negative.
fn exact(number: &str) -> Option<String> {
    let number = number.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = exponent.checked_sub(fraction.len())?;
    Some(format!("{whole}{fraction}{}", "0".repeat(zeros.min(400))))
}

#[cfg(test)]
mod tests {
    use super::super::remark::listed;
    use super::*;

    #[test]
    fn a_number_with_an_exponent_stands_for_digits() {
        assert_eq!(exact("1.25e+3").as_deref(), Some("1250"));
        assert_eq!(exact("12").as_deref(), Some("12"));
        assert_eq!(exact("1.25"), None);
    }

    #[test]
    fn many_names_are_told_by_a_few() {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect();
        assert_eq!(listed(names(2)), "0, 1");
        assert_eq!(listed(names(5)), "0, 1, 2 and 2 more");
    }
}
