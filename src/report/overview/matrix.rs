//! The table of objects and environments.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Overview;
use super::rows::{Row, State};
use crate::report::page::escaped;
use crate::report::shown;

/// How many cells a table has at most.
const MOST: usize = 60_000;

/// The table of some environments; `links` are the pages that have the objects of each.
pub(super) fn write(
    overview: &Overview<'_>,
    rows: &[Row<'_>],
    links: &[String],
    columns: &[usize],
) -> String {
    // Of an object that is in none of them there is nothing to say.
    let rows: Vec<(usize, &Row<'_>)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| columns.iter().any(|at| row.cells[*at].object.is_some()))
        .collect();
    let most = MOST / columns.len().max(1);
    let mut kinds: Vec<&str> = rows
        .iter()
        .map(|(_, row)| row.subject.kind.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut text = String::from(
        "<section>\n<h2>Objects</h2>\n<form id=\"filters\" role=\"search\">\n\
         <input id=\"text\" type=\"search\" placeholder=\"Search names and lines (press /)\" \
         aria-label=\"Search\">\n<select id=\"kind\" aria-label=\"Kind\">\
         <option value=\"\">every kind</option>",
    );
    // Writing to a string cannot fail.
    for kind in kinds {
        let _ = write!(text, "<option>{}</option>", escaped(&shown::name(kind)));
    }
    text.push_str(
        "</select>\n<select id=\"state\" aria-label=\"State\"><option value=\"\">all</option>\
         <option value=\"differs\">differing</option><option value=\"suspicious\">suspicious</option>\
         <option value=\"absent\">absent somewhere</option></select>\n\
         <output id=\"count\"></output>\n</form>\n",
    );
    text.push_str(&legend(overview));
    text.push_str(
        "<div class=\"scroll\"><table id=\"matrix\">\n<thead><tr><th scope=\"col\">object</th>",
    );
    for &number in columns {
        let environment = &overview.environments[number];
        let mark = match number == overview.reference {
            true => " <small>reference</small>",
            false => "",
        };
        let _ = write!(
            text,
            "<th scope=\"col\">{}{mark}</th>",
            escaped(&shown::name(&environment.name))
        );
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows.iter().take(most) {
        text.push_str(&line(overview, *row, links, columns));
    }
    text.push_str("</tbody>\n</table></div>\n");
    if let Some(more) = rows.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(
            text,
            "<p class=\"cut\">{more} more objects have no row.</p>"
        );
    }
    text.push_str("<p id=\"none\" hidden>Nothing fits.</p>\n</section>\n");
    text
}

fn legend(overview: &Overview<'_>) -> String {
    let reference = overview.environments.get(overview.reference);
    let reference = reference.map_or("", |environment| &environment.name);
    format!(
        "<p class=\"legend\"><span class=\"present\">=</span> as in {reference} \
         <span class=\"differs\">~</span> differs, in how many fields \
         <span class=\"suspicious\">!</span> suspicious, or touches security \
         <span class=\"only\">+</span> not in {reference} \
         <span class=\"absent\">–</span> absent</p>\n",
        reference = escaped(&shown::name(reference))
    )
}

fn line(
    overview: &Overview<'_>,
    (number, row): (usize, &Row<'_>),
    links: &[String],
    columns: &[usize],
) -> String {
    let is_in_reference = row.cells[overview.reference].object.is_some();
    let states: Vec<State> = columns
        .iter()
        .map(|at| {
            let is_rendered = overview.environments[*at].rendered.is_some();
            row.cells[*at].state(is_rendered, is_in_reference)
        })
        .collect();
    let words: BTreeSet<&str> = states.iter().map(|state| state.word()).collect();
    let words: Vec<&str> = words.into_iter().collect();
    let subject = escaped(&shown::name(&row.subject.to_string()));
    // On a narrow screen the kind has a line of its own.
    let title = match subject.split_once(' ') {
        Some((kind, name)) => format!("<span class=\"kind\">{kind}</span> {name}"),
        None => subject.clone(),
    };
    let mut text = format!(
        "<tr data-row=\"{number}\" data-kind=\"{}\" data-states=\"{}\"><th scope=\"row\">{title}</th>",
        escaped(&shown::name(&row.subject.kind)),
        words.join(" "),
    );
    for (&at, state) in columns.iter().zip(&states) {
        let cell = &row.cells[at];
        let count = cell.changes.len();
        let (sign, about) = match state {
            State::Absent => ("–".to_owned(), "absent".to_owned()),
            State::Unknown => ("?".to_owned(), "does not render".to_owned()),
            State::Present => ("=".to_owned(), "present".to_owned()),
            State::Only => ("+".to_owned(), "not in the reference".to_owned()),
            State::Differs => (format!("~{count}"), format!("differs in {count}")),
            State::Suspicious => (format!("!{count}"), format!("suspicious, {count}")),
        };
        let word = state.word();
        // Writing to a string cannot fail.
        let _ = match cell.object {
            None => write!(
                text,
                "<td class=\"{word}\"><span title=\"{about}\">{sign}</span></td>"
            ),
            Some(_) => write!(
                text,
                "<td class=\"{word}\"><a href=\"{}#o-{number}-{at}\" title=\"{about}\" \
                 aria-label=\"{subject} in {}: {about}\">{sign}</a></td>",
                links[at],
                escaped(&shown::name(&overview.environments[at].name)),
            ),
        };
    }
    text.push_str("</tr>\n");
    text
}
