//! What was found, beside the lines that it is about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Overview;
use super::rows::Row;
use crate::finding::{Finding, Severity};
use crate::place::Place;
use crate::report::findings::Merged;
use crate::report::page::escaped;
use crate::report::shown;

/// How many findings are shown at most.
const MOST: usize = 2000;

/// The findings: all, or those of one environment.
pub(super) fn write(
    overview: &Overview<'_>,
    rows: &[Row<'_>],
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
    let index = Index::of(overview, rows, &found);
    for one in found.iter().take(MOST) {
        text.push_str(&finding(overview, one, &index, links));
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

fn finding(overview: &Overview<'_>, one: &Merged<'_>, index: &Index, links: &[String]) -> String {
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
    let suites = shown::name(&one.suites.join(", ")).into_owned();
    let _ = writeln!(
        text,
        "<p class=\"place\">in {}</p>\n</article>",
        escaped(&suites)
    );
    text
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

/// The objects that lines of findings came to.
struct Index(Vec<(String, u32, usize, usize)>);

impl Index {
    fn of(overview: &Overview<'_>, rows: &[Row<'_>], found: &[&Merged<'_>]) -> Self {
        let mut wanted: Vec<(String, u32)> = Vec::new();
        for place in found.iter().filter_map(|one| one.finding.place.as_ref()) {
            if let Some(file) = &place.file {
                wanted.push((file.to_string(), place.span.line));
            }
        }
        wanted.sort();
        let mut known = Vec::new();
        for (number, environment) in overview.environments.iter().enumerate() {
            let Some((explained, _)) = &environment.rendered else {
                continue;
            };
            let row_of: BTreeMap<usize, usize> = rows
                .iter()
                .enumerate()
                .filter_map(|(row, it)| Some((it.cells[number].object?, row)))
                .collect();
            for line in explained.blame(&|_| true).unwrap_or_default() {
                let (Some(place), Some(object)) = (line.place, line.object) else {
                    continue;
                };
                let Some(file) = place.file else { continue };
                let key = (file.to_string(), place.span.line);
                if wanted.binary_search(&key).is_err() {
                    continue;
                }
                if let Some(row) = row_of.get(&object) {
                    known.push((key.0, key.1, *row, number));
                }
            }
        }
        known.sort();
        Self(known)
    }

    fn object_of(&self, place: &Place) -> Option<(usize, usize)> {
        let file = place.file.as_deref()?;
        let mut known = self.0.iter();
        let found = known.find(|it| it.0 == file && it.1 == place.span.line)?;
        Some((found.2, found.3))
    }
}
