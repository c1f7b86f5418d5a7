//! What was found, beside the lines that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::rows::{Row, is_about};
use super::{Overview, Prepared};
use crate::explain::Blamed;
use crate::finding::{Finding, Severity};
use crate::place::Place;
use crate::report::findings::{Check, Merged, Report};
use crate::report::page::escaped;
use crate::report::shown;

/// How many findings are shown at most.
const MOST: usize = 2000;

/// The findings: all, or those of one environment.
pub(super) fn write(
    overview: &Overview<'_>,
    prepared: &Prepared<'_>,
    only: Option<usize>,
    links: &[String],
) -> String {
    let name = only.map(|number| overview.environments[number].name.as_str());
    let merged = overview.report.merged();
    let mut found: Vec<&Merged<'_>> = merged
        .iter()
        .filter(|one| name.is_none_or(|name| one.suites.contains(&name)))
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.finding.severity));
    let mut text = String::from("<section id=\"findings\">\n<h2>Findings</h2>\n");
    if found.is_empty() {
        text.push_str("<p>Nothing was found.</p>\n");
    }
    for one in found.iter().take(MOST) {
        text.push_str(&finding(overview, one, prepared, links));
    }
    if let Some(more) = found.len().checked_sub(MOST).filter(|more| *more > 0) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "<p class=\"cut\">{more} more are not shown.</p>");
    }
    text.push_str("</section>\n");
    text
}

/// The word for a severity, also the name of its class.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn finding(
    overview: &Overview<'_>,
    one: &Merged<'_>,
    prepared: &Prepared<'_>,
    links: &[String],
) -> String {
    let index = &prepared.index;
    let Finding {
        rule,
        severity,
        message,
        place,
        others,
        notes,
        help,
        ..
    } = &one.finding;
    let word = word(*severity);
    let mut text = format!(
        "<article class=\"finding {word}\">\n<p><b>{word}</b> {} <code class=\"rule\">{}</code></p>\n",
        escaped(&shown::sentence(message)),
        escaped(rule)
    );
    // Writing to a string cannot fail.
    for place in place.iter().chain(others) {
        text.push_str(&at(overview, place, index, links));
    }
    for note in notes {
        let message = escaped(&shown::sentence(&note.message));
        let _ = writeln!(text, "<p>{message}</p>");
        if let Some(place) = &note.place {
            text.push_str(&at(overview, place, index, links));
        }
    }
    if let Some(help) = help {
        let help = escaped(&shown::sentence(help));
        let _ = writeln!(text, "<p class=\"help\">{help}</p>");
    }
    let has_line = place
        .as_ref()
        .is_some_and(|place| index.object_of(place).is_some());
    if !has_line && let Some((row, environment)) = named(overview, prepared, one) {
        let subject = prepared.rows[row].subject.to_string();
        let _ = writeln!(
            text,
            "<p class=\"place\"><a href=\"{}#o-{row}-{environment}\">{}</a></p>",
            links[environment],
            escaped(&shown::name(&subject))
        );
    }
    let suites = shown::name(&one.suites.join(", ")).into_owned();
    let _ = writeln!(
        text,
        "<p class=\"place\">in {}</p>\n</article>",
        escaped(&suites)
    );
    text
}

/// The row and the environment of the object that a finding names.
fn named(
    overview: &Overview<'_>,
    prepared: &Prepared<'_>,
    one: &Merged<'_>,
) -> Option<(usize, usize)> {
    one.finding.object.as_ref()?;
    let views = overview.environments.iter().enumerate();
    let mut views = views.filter(|(_, view)| one.suites.contains(&view.name.as_str()));
    views.find_map(|(number, view)| {
        let (_, resources) = view.rendered.as_ref()?;
        let is_it = |row: &Row<'_>| {
            let object = row.cells[number].object;
            object.is_some_and(|at| is_about(&one.finding, &resources[at]))
        };
        Some((prepared.rows.iter().position(is_it)?, number))
    })
}

/// A place, the line that stands there, and the object that it came to.
fn at(overview: &Overview<'_>, place: &Place, index: &Index, links: &[String]) -> String {
    if place.file.is_none() {
        return String::new();
    }
    let shown_place = escaped(&shown::name(&place.to_string()));
    let object = index.object_of(place).map(|(row, environment)| {
        let page = &links[environment];
        format!("<a href=\"{page}#o-{row}-{environment}\">{shown_place}</a>")
    });
    let mut text = format!("<p class=\"place\">{}</p>\n", object.unwrap_or(shown_place));
    let rendered = overview
        .environments
        .iter()
        .filter_map(|it| it.rendered.as_ref());
    let line = rendered
        .filter_map(|(explained, _)| explained.line(place))
        .next();
    if let Some(line) = line.filter(|line| !line.trim().is_empty()) {
        let number = place.span.line;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<pre><span class=\"number\">{number}</span> {}</pre>",
            escaped(&shown::name(&line))
        );
    }
    text
}

/// The objects that lines of findings came to: file, line, row, environment.
pub(super) struct Index(BTreeMap<(String, u32), (usize, usize)>);

impl Index {
    pub(super) fn of(report: &Report, rows: &[Row<'_>], objects: &[Vec<Vec<Blamed>>]) -> Self {
        let checks = report.suites.iter().flat_map(|suite| &suite.checks);
        let places = checks
            .flat_map(Check::findings)
            .filter_map(|it| it.place.as_ref());
        let wanted: BTreeSet<(&str, u32)> = places
            .filter_map(|place| Some((place.file.as_deref()?, place.span.line)))
            .collect();
        let mut known = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            for (environment, cell) in row.cells.iter().enumerate() {
                let lines = cell.object.and_then(|at| objects[environment].get(at));
                let places = lines
                    .into_iter()
                    .flatten()
                    .filter_map(|it| it.place.as_ref());
                for place in places {
                    let Some(file) = place.file.as_deref() else {
                        continue;
                    };
                    if wanted.contains(&(file, place.span.line)) {
                        let key = (file.to_owned(), place.span.line);
                        known.entry(key).or_insert((number, environment));
                    }
                }
            }
        }
        Self(known)
    }

    fn object_of(&self, place: &Place) -> Option<(usize, usize)> {
        let file = place.file.as_deref()?.to_owned();
        self.0.get(&(file, place.span.line)).copied()
    }
}
