//! What releases of kustomize print differently, and which change of kustomize that is due to.
//!
//! What is built as of two releases is compared byte by byte. Where it differs, the build is made
//! again with one [`Change`] more each time, from the older release to the newer one; a step whose
//! bytes are others than before is that change's doing.

use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::diff::{self, Detail, Diff, Input, Masking, Op, Sides, Subject, diff};
use crate::error::{Error, Note, Result};
use crate::fields::Fields;
use crate::finding::Finding;
use crate::guard::Guard;
use crate::place::{Place, Span};
use crate::release::{Change, Release};
use crate::report::{Check, Suite, finding_of};
use crate::resource::Resource;
use crate::threads;

/// The rule of what differs.
const RULE: &str = "release-difference";

/// How many values of an object are shown.
const SHOWN: usize = 5;

/// Something that is built.
pub struct Target<'t> {
    /// What people call it.
    pub name: String,
    /// Its kustomization.
    pub file: String,
    /// The two releases; which one is older makes no difference.
    pub releases: (Release, Release),
    /// Builds it as of a release.
    pub build: Box<dyn Fn(Release) -> Result<Output> + Sync + 't>,
}

/// What a build prints.
pub struct Output {
    /// The objects.
    pub resources: Vec<Resource>,
    /// The same as bytes.
    pub text: String,
    /// Says where a value was written.
    pub place: Box<dyn Fn(Span) -> Option<Place>>,
}

/// What came of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes are the same.
    Same,
    /// They differ, or only one of the releases builds it.
    Differs,
    /// Neither builds it.
    Unbuilt,
}

/// Builds each target as of both of its releases; findings tell what differs, and why.
pub fn compare_releases(targets: &[Target<'_>]) -> Vec<(Suite, Verdict)> {
    let compared = |target: &Target<'_>| {
        let (findings, verdict) = match differences(target) {
            Ok(findings) if findings.is_empty() => (findings, Verdict::Same),
            Ok(findings) => (findings, Verdict::Differs),
            Err(error) => (vec![finding_of("render", &error)], Verdict::Unbuilt),
        };
        let suite = Suite {
            name: target.name.clone(),
            file: target.file.clone(),
            checks: vec![Check::ran("releases", findings)],
        };
        (suite, verdict)
    };
    threads::get_ready();
    targets.par_iter().map(compared).collect()
}

fn differences(target: &Target<'_>) -> Result<Vec<Finding>> {
    let (one, other) = target.releases;
    let (from, to) = (one.min(other), one.max(other));
    let changes: Vec<Change> = Change::between(from, to).collect();
    let last = (target.build)(to);
    if changes.is_empty() {
        return last.map(|_| Vec::new());
    }
    let mut before = (target.build)(from);
    match (&before, &last) {
        (Err(_), Err(_)) => return last.map(|_| Vec::new()),
        (Ok(before), Ok(last)) if before.text == last.text => return Ok(Vec::new()),
        _ => {}
    }
    let mut last = Some(last);
    let mut findings = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let rest = &changes[index + 1..];
        let as_of = || (target.build)(rest.iter().fold(to, |release, it| release.without(*it)));
        let after = match last.take_if(|_| rest.is_empty()) {
            Some(last) => last,
            None => as_of(),
        };
        findings.extend(step(*change, &before, &after));
        before = after;
    }
    Ok(findings)
}

/// What a change does to a build.
fn step(change: Change, before: &Result<Output>, after: &Result<Output>) -> Vec<Finding> {
    match (before, after) {
        (Ok(before), Ok(after)) if before.text == after.text => Vec::new(),
        (Ok(before), Ok(after)) => objects(change, before, after),
        (Ok(_), Err(error)) => vec![refused(change, error, "refused since")],
        (Err(error), Ok(_)) => vec![refused(change, error, "refused before")],
        // What it is refused for does not show in bytes.
        (Err(_), Err(_)) => Vec::new(),
    }
}

fn finding(change: Change, message: &str) -> Finding {
    let message = format!("{message} {}: {}", change.since(), change.summary());
    let mut finding = Finding::warning(RULE, message);
    if let Some(release) = Release::before(change) {
        let number = release.to_string();
        let number = number.trim_start_matches('v');
        finding.help = Some(format!(
            "`kustomizeRelease: \"{number}\"` in `kustom.yaml`, or `--kustomize-release {number}`, \
             leaves it as it was"
        ));
    }
    finding
}

fn refused(change: Change, error: &Error, when: &str) -> Finding {
    let mut finding = finding(change, when);
    finding.place = error.place().cloned();
    finding.notes.push(Note {
        message: error.message().to_owned(),
        help: error.help_line().map(str::to_owned),
        ..Note::default()
    });
    finding.notes.extend(error.notes().iter().cloned());
    finding
}

fn objects(change: Change, before: &Output, after: &Output) -> Vec<Finding> {
    let options = diff::Options {
        sides: Sides::Times,
        fields: &Fields::builtin(),
        secrets: &Guard::new(),
        masking: Masking::default(),
        expected: &[],
        ignored: &[],
        detail: Detail {
            strict: true,
            all: true,
        },
    };
    fn input<'o>(name: &'o str, output: &'o Output) -> Input<'o> {
        Input {
            name,
            resources: &output.resources,
            place: &output.place,
        }
    }
    let found = diff(input("before", before), input("after", after), &options);
    let findings = by_object(change, &found, before, after);
    if !findings.is_empty() {
        return findings;
    }
    let id = |resource: &Resource| resource.id().clone();
    let mut pairs = before.resources.iter().zip(&after.resources);
    let moved = pairs.find(|(one, other)| id(one) != id(other));
    let mut order = finding(change, "objects are in another order since");
    order.place = moved.and_then(|(_, moved)| (after.place)(moved.node.span));
    vec![order]
}

/// One finding for each object, with what differs in it.
fn by_object(change: Change, found: &Diff, before: &Output, after: &Output) -> Vec<Finding> {
    let mut subjects: Vec<(Arc<Subject>, Vec<&diff::Change>)> = Vec::new();
    for one in &found.changes {
        match subjects.iter_mut().find(|(known, _)| *known == one.subject) {
            Some((_, changes)) => changes.push(one),
            None => subjects.push((Arc::clone(&one.subject), vec![one])),
        }
    }
    let tell = |(subject, changes): (Arc<Subject>, Vec<&diff::Change>)| {
        let what = match changes.first() {
            Some(one) if one.is_whole() && one.op == Op::Added => "is there only since",
            Some(one) if one.is_whole() => "is gone since",
            _ => "differs since",
        };
        let mut finding = finding(change, &format!("`{subject}` {what}"));
        finding.identity = Some(format!("{change:?} {subject}"));
        let mut places = changes.iter().filter_map(|one| place(one));
        let whole = || {
            after
                .place_of(&subject)
                .or_else(|| before.place_of(&subject))
        };
        finding.place = places.next().or_else(whole);
        let values = changes.iter().filter(|one| !one.is_whole());
        finding.notes = values.clone().take(SHOWN).map(|one| note(one)).collect();
        if let more @ 1.. = values.count().saturating_sub(SHOWN) {
            finding.notes.push(Note {
                message: format!("and {more} more"),
                ..Note::default()
            });
        }
        finding
    };
    subjects.into_iter().map(tell).collect()
}

impl Output {
    /// Where the object of a difference was written.
    fn place_of(&self, subject: &Subject) -> Option<Place> {
        let is_meant = |resource: &&Resource| {
            let id = resource.id();
            let mut names = [&subject.to, &subject.from].into_iter().flatten();
            id.gvk.kind == subject.kind
                && id.gvk.group == subject.group
                && names.any(|it| it.namespace == id.namespace && id.name.starts_with(&*it.name))
        };
        let found = self.resources.iter().find(is_meant)?;
        (self.place)(found.node.span)
    }
}

/// Where a value was written, and its path.
fn place(change: &diff::Change) -> Option<Place> {
    let mut sides = [&change.to, &change.from].into_iter().flatten();
    let mut place = sides.find_map(|shown| shown.place.clone())?;
    place.field = Some(change.path.to_string()).filter(|path| !path.is_empty());
    Some(place)
}

/// `spec.replicas` becomes `3`, was `1`
fn note(change: &diff::Change) -> Note {
    let path = &change.path;
    let line = |shown: &Option<diff::Shown>| {
        let text = shown.as_ref().map(|shown| shown.text.trim_end());
        text.filter(|text| !text.contains('\n') && !text.is_empty())
            .map(|text| format!("`{}`", text.replace('`', "'")))
    };
    let message = match (change.op, line(&change.from), line(&change.to)) {
        (Op::Added, _, Some(to)) => format!("`{path}` is added: {to}"),
        (Op::Removed, Some(from), _) => format!("`{path}` is removed: {from}"),
        (Op::Changed, Some(from), Some(to)) => format!("`{path}` becomes {to}, was {from}"),
        (op, _, _) => format!("`{path}` is {}", op.word()),
    };
    Note {
        message,
        ..Note::default()
    }
}
