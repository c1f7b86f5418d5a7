//! Differences that a project has chosen to ignore.

use std::cell::Cell;
use std::fmt;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::{Wildcards, matches_pattern};

use super::path::{Path, Step};
use super::{Name, Subject};
use crate::finding::{Finding, Object as Named};
use crate::place::Place;

/// What is ignored: `KIND/NAME`, a field path, or both with a colon between.
///
/// `*` is any text within a name or a step of a path; a step of `**` is any number of steps. What
/// is below a path is ignored with it.
///
/// # Example
///
/// ```
/// use kustom::diff::Ignore;
///
/// assert!("Deployment/*:spec.replicas".parse::<Ignore>().is_ok());
/// assert!("metadata.labels[helm.sh/chart]".parse::<Ignore>().is_ok());
/// assert!("Deployment".parse::<Ignore>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The entry as it was written.
    text: String,
    object: Option<Object>,
    path: Option<Vec<Pattern>>,
    /// Why it is ignored.
    pub reason: Option<String>,
    /// Where the entry stands, if it stands in a file.
    pub place: Option<Place>,
}

/// `KIND/NAME`, `KIND.GROUP/NAME` or `KIND/NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    group: Option<String>,
    namespace: Option<String>,
    name: String,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// Any number of steps.
    Any,
    /// A step; one in brackets is a whole key, others may be parts of a key with dots.
    Step { glob: String, is_whole: bool },
}

impl std::str::FromStr for Ignore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entry = match text.split_once(':') {
            // Before a path, a kind alone is all of its objects.
            Some((kind, path)) if !kind.is_empty() && !kind.contains('/') => {
                Self::new(Some(&format!("{kind}/*")), Some(path))?
            }
            Some((object, path)) => Self::new(Some(object), Some(path))?,
            None if is_object(text) => Self::new(Some(text), None)?,
            None => Self::new(None, Some(text))?,
        };
        Ok(Self {
            text: text.to_owned(),
            ..entry
        })
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether an entry without a colon is an object and no path: kinds begin with a capital letter.
fn is_object(text: &str) -> bool {
    let kind = text.split_once('/').map(|(kind, _)| kind);
    kind.is_some_and(|kind| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '-');
        kind.starts_with(|c: char| c.is_ascii_uppercase() || c == '*') && kind.chars().all(is_word)
    })
}

impl Object {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (kind, one, other) = (parts.next(), parts.next(), parts.next());
        let (Some(kind), Some(one), None) = (kind, one, parts.next()) else {
            return Err(format!("`{text}` is no `KIND/NAME`"));
        };
        let (namespace, name) = match other {
            Some(name) => (Some(one.to_owned()), name),
            None => (None, one),
        };
        let (kind, group) = match kind.split_once('.') {
            Some((kind, group)) => (kind, Some(group.to_owned())),
            None => (kind, None),
        };
        if kind.is_empty() || name.is_empty() {
            return Err(format!("`{text}` is no `KIND/NAME`"));
        }
        Ok(Self {
            kind: kind.to_owned(),
            group,
            namespace,
            name: name.to_owned(),
        })
    }

    fn means(&self, subject: &Subject) -> bool {
        let is_one = |name: &Name| {
            let namespace = self.namespace.as_deref();
            namespace.is_none_or(|glob| matches(glob, &name.namespace))
                && matches(&self.name, &name.name)
        };
        let group = self.group.as_deref();
        matches(&self.kind, &subject.kind)
            && group.is_none_or(|glob| matches(glob, &subject.group))
            && subject.from.iter().chain(&subject.to).any(is_one)
    }
}

/// The steps of `spec.containers[web].image`; a key in brackets may be quoted.
fn patterns(text: &str) -> Result<Vec<Pattern>, String> {
    let step = |glob: &str, is_whole| match glob {
        "**" => Pattern::Any,
        glob => Pattern::Step {
            glob: glob.to_owned(),
            is_whole,
        },
    };
    if text.starts_with('/') {
        return Err(format!(
            "`{text}` begins with a slash: a path is written with dots"
        ));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((key, after)) = inner.split_once(']') else {
                return Err(format!("the `]` is missing in `{text}`"));
            };
            let key = key.trim_matches(['"', '\'']);
            found.push(step(if key.is_empty() { "*" } else { key }, true));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.halves(end);
            if key.is_empty() {
                return Err(format!("`{text}` is no path such as `spec.replicas`"));
            }
            found.push(step(key, false));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    match &*found {
        [] => Err("it is `KIND/NAME`, a field path, or both: `Deployment/*:spec.replicas`".into()),
        [Pattern::Step { glob, .. }] if glob.starts_with(|c: char| c.is_ascii_uppercase()) => {
            Err(format!("`{glob}` looks like a kind: write `{glob}/*`"))
        }
        _ => Ok(found),
    }
}

impl Ignore {
    /// What is ignored: an object, a path, or the path of an object.
    ///
    /// # Errors
    ///
    /// One of the two is wrong, or neither is given; the message is a sentence.
    pub fn new(object: Option<&str>, path: Option<&str>) -> Result<Self, String> {
        let parts = [object, path].into_iter().flatten();
        let text = parts.collect::<Vec<_>>().join(":");
        if text.is_empty() {
            return Err("neither an object nor a path is given".to_owned());
        }
        Ok(Self {
            text,
            object: object.map(Object::parse).transpose()?,
            path: path.map(patterns).transpose()?,
            reason: None,
            place: None,
        })
    }

    /// Whether a difference of an object is ignored; without a path all of it is.
    pub(super) fn means(&self, subject: &Subject, path: &Path) -> bool {
        self.is_about(subject)
            && self
                .path
                .as_ref()
                .is_none_or(|patterns| leads(patterns, &path.0) == Leads::There)
    }

    /// Whether only a part of what is at a path is ignored.
    pub(super) fn reaches_below(&self, subject: &Subject, path: &Path) -> bool {
        self.is_about(subject)
            && self
                .path
                .as_ref()
                .is_some_and(|patterns| leads(patterns, &path.0) == Leads::Below)
    }

    /// Whether a field of an object, as `spec.containers[0].image`, is meant.
    pub(crate) fn covers(&self, object: &Named, field: &str) -> bool {
        let subject = Subject {
            kind: object.kind.clone(),
            // Findings do not say it.
            group: String::new(),
            from: Some(Name {
                namespace: object.namespace.clone(),
                name: object.name.clone(),
            }),
            to: None,
        };
        self.means(&subject, &Path(steps(field)))
    }

    fn is_about(&self, subject: &Subject) -> bool {
        self.object.as_ref().is_none_or(|it| it.means(subject))
    }
}

/// The steps of a field: `data[a.b].c` has three.
fn steps(field: &str) -> Vec<Step> {
    let mut found = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.halves(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        found.push(Step::Field(step.into()));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    found
}

/// Where a pattern leads, seen from a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leads {
    Elsewhere,
    /// To something below it.
    Below,
    /// To it, or to something above it.
    There,
}

fn leads(patterns: &[Pattern], steps: &[Step]) -> Leads {
    let Some((first, rest)) = patterns.split_first() else {
        return Leads::There;
    };
    let Some((step, below)) = steps.split_first() else {
        // What is above all steps is not meant, wherever they may lead.
        let is_anywhere = patterns.iter().all(|it| *it == Pattern::Any);
        return if is_anywhere {
            Leads::There
        } else {
            Leads::Below
        };
    };
    match first {
        Pattern::Any => leads(rest, steps).max(leads(patterns, below)),
        Pattern::Step { glob, is_whole } => {
            let text = word(step);
            let mut best = match matches(glob, &text) {
                true => leads(rest, below),
                false => Leads::Elsewhere,
            };
            // A key with dots may be written without brackets.
            let mut joined = glob.clone();
            let mut left = rest;
            while !is_whole
                && let Some((
                    Pattern::Step {
                        glob,
                        is_whole: false,
                    },
                    after,
                )) = left.split_first()
                && text.contains('.')
            {
                joined = format!("{joined}.{glob}");
                left = after;
                if matches(&joined, &text) {
                    best = best.max(leads(left, below));
                }
            }
            best
        }
    }
}

fn word(step: &Step) -> String {
    match step {
        Step::Field(name) | Step::Item(name) => name.to_string(),
        Step::Index(number) => number.to_string(),
    }
}

/// Whether a text is what a pattern with `*` says.
fn matches(glob: &str, text: &str) -> bool {
    matches_pattern(glob, text, Wildcards::Star)
}

/// The entries, and which of them have ignored something.
pub(super) struct Ignored<'o> {
    entries: &'o [Ignore],
    used: Vec<Cell<bool>>,
}

impl<'o> Ignored<'o> {
    pub(super) fn new(entries: &'o [Ignore]) -> Self {
        Self {
            entries,
            used: vec![Cell::new(false); entries.len()],
        }
    }

    /// The first entry that means a difference; all that do are used.
    pub(super) fn find(&self, subject: &Subject, path: &Path) -> Option<&'o Ignore> {
        let mut found = None;
        for (entry, used) in self.entries.iter().zip(&self.used) {
            if entry.means(subject, path) {
                used.set(true);
                found = found.or(Some(entry));
            }
        }
        found
    }

    /// Whether what is at a path must be told field by field.
    pub(super) fn splits(&self, subject: &Subject, path: &Path) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.reaches_below(subject, path))
    }

    /// A finding for each entry that has ignored nothing.
    pub(super) fn idle(&self) -> impl Iterator<Item = Finding> {
        let idle = self.entries.iter().zip(&self.used);
        idle.filter(|(_, used)| !used.get()).map(|(entry, _)| {
            let message = format!("`{entry}` ignores no difference");
            let finding = Finding::warning("idle-ignore", message)
                .help("correct it, or remove it if what it ignored is gone");
            match &entry.place {
                Some(place) => finding.at(place.clone()),
                None => finding,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        // `a.b[c]d` is no path of ours: `|` separates the steps.
        Path(
            text.split('|')
                .map(|step| Step::Field(step.into()))
                .collect(),
        )
    }

    fn subject(kind: &str, namespace: &str, name: &str) -> Subject {
        let name = Name {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        Subject {
            kind: kind.to_owned(),
            group: "apps".to_owned(),
            from: Some(name),
            to: None,
        }
    }

    #[test]
    fn a_path_means_what_is_at_it_and_below() {
        let web = subject("Deployment", "shop", "web");
        for (entry, steps, wanted) in [
            ("spec.replicas", "spec|replicas", true),
            ("spec", "spec|replicas", true),
            ("spec.replicas", "spec", false),
            ("spec.*", "spec|replicas", true),
            (
                "spec.template.metadata.labels.app.kubernetes.io/version",
                "spec|template|metadata|labels|app.kubernetes.io/version",
                true,
            ),
            (
                "metadata.labels[helm.sh/chart]",
                "metadata|labels|helm.sh/chart",
                true,
            ),
            (
                "metadata.labels.helm.sh/*",
                "metadata|labels|helm.sh/chart",
                true,
            ),
            ("metadata.labels.*", "metadata|labels|helm.sh/chart", true),
            (
                "metadata.labels.helm",
                "metadata|labels|helm.sh/chart",
                false,
            ),
            ("**.labels.app", "spec|template|metadata|labels|app", true),
            (
                "**.labels.app",
                "spec|template|metadata|labels|other",
                false,
            ),
            (
                "spec.containers[*].image",
                "spec|containers|web|image",
                true,
            ),
            ("spec.containers[].image", "spec|containers|0|image", true),
            ("spec.*.image", "spec|containers|web|image", false),
            ("data[app.yaml].log", "data|app.yaml|log", true),
            ("data.app.yaml.log", "data|app.yaml|log", true),
            ("Deployment/web:spec", "spec|replicas", true),
            ("Deployment/w*:spec", "spec|replicas", true),
            ("Deployment/api:spec", "spec|replicas", false),
            ("Deployment.apps/shop/web", "spec|replicas", true),
            ("Deployment.batch/web", "spec|replicas", false),
            ("Deployment/other/web", "spec|replicas", false),
            ("*/web", "spec|replicas", true),
            ("*:spec", "spec|replicas", true),
            ("Deployment:spec", "spec|replicas", true),
            ("Service:spec", "spec|replicas", false),
            ("*/*", "spec|replicas", true),
            ("Stateful*/web", "spec|replicas", false),
        ] {
            let entry: Ignore = entry.parse().unwrap();
            assert_eq!(entry.means(&web, &path(steps)), wanted, "{entry} {steps}");
        }
    }

    #[test]
    fn an_entry_reaches_below_what_it_ignores_a_part_of() {
        let web = subject("Deployment", "", "web");
        let entry: Ignore = "metadata.labels.app".parse().unwrap();
        assert!(entry.reaches_below(&web, &path("metadata|labels")));
        assert!(!entry.reaches_below(&web, &path("metadata|annotations")));
        assert!(!entry.reaches_below(&web, &path("metadata|labels|app")));
    }

    #[test]
    fn what_is_neither_an_object_nor_a_path_is_refused() {
        for wrong in [
            "",
            "Deployment",
            "spec..replicas",
            "spec[x",
            "/web",
            "Deployment/:spec",
            "a/b/c/d:spec",
            "Deployment/web:",
        ] {
            assert!(wrong.parse::<Ignore>().is_err(), "{wrong}");
        }
    }
}
