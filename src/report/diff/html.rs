//! Differences as one page of HTML that needs nothing else: no network, no other file.
//!
//! The page is complete without its script, which only filters and folds.

use std::fmt::Write as _;

use super::visible;
use super::words::{self, heading, mark, place};
use crate::diff::{Change, Diff, Group};

/// What the page looks like.
const STYLE: &str = include_str!("page.css");

pub(super) fn write(diff: &Diff) -> String {
    let groups = words::shown(diff);
    let mut page = head(&words::sides(diff));
    page.push_str(&summary(diff));
    page.push_str("</header>\n");
    page.push_str(&filters(&groups));
    page.push_str("<main>\n");
    page.push_str(&sections(diff, &groups));
    page.push_str(TAIL);
    page
}

/// Several differences on one page, with one filter for all.
pub(super) fn write_all(diffs: &[Diff], title: &str) -> String {
    let shown: Vec<Vec<Group<'_>>> = diffs.iter().map(words::shown).collect();
    let mut page = head(title);
    page.push_str("</header>\n");
    page.push_str(&filters(&shown.concat()));
    page.push_str("<main>\n");
    for (diff, groups) in diffs.iter().zip(&shown) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<h1>{}</h1>\n{}{}",
            escaped(&words::sides(diff)),
            summary(diff),
            sections(diff, groups)
        );
    }
    page.push_str(TAIL);
    page
}

/// The end of a page.
const TAIL: &str = concat!(
    "<p id=\"none\" hidden>Nothing fits the filters.</p>\n</main>\n<script>\n",
    include_str!("page.js"),
    "</script>\n</body>\n</html>\n"
);

fn head(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n"
    )
}

/// How many differences there are, what both sides call the same, and what was noticed.
fn summary(diff: &Diff) -> String {
    let mut text = format!("<p>{}</p>\n", escaped(&words::summary(diff)));
    // Writing to a string cannot fail.
    for (what, names) in words::mapping(diff) {
        let _ = writeln!(
            text,
            "<span class=\"name\">{what} <b>{}</b></span>",
            escaped(&names)
        );
    }
    for finding in &diff.findings {
        let _ = writeln!(
            text,
            "<p class=\"finding\">{}</p>",
            escaped(&finding.message)
        );
    }
    text
}

fn sections(diff: &Diff, groups: &[Group<'_>]) -> String {
    let mut text = String::new();
    let mut section = "";
    for group in groups {
        let heading = heading(group.first());
        if heading != section {
            let end = if section.is_empty() {
                ""
            } else {
                "</section>\n"
            };
            let _ = writeln!(text, "{end}<section>\n<h2>{heading}</h2>");
            section = heading;
        }
        text.push_str(&article(diff, group));
    }
    if !section.is_empty() {
        text.push_str("</section>\n");
    }
    text
}

/// What can be chosen: a text, kinds, classes.
fn filters(groups: &[Group<'_>]) -> String {
    let changes = || groups.iter().flat_map(|group| &group.changes);
    let mut kinds: Vec<&str> = changes().map(|it| it.subject.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut classes: Vec<_> = changes().map(|it| it.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let option = |word: &str| format!("<option>{}</option>", escaped(word));
    let kinds: String = kinds.into_iter().map(option).collect();
    let classes: String = classes
        .into_iter()
        .map(|class| option(class.word()))
        .collect();
    format!(
        "<form id=\"filters\" role=\"search\">\n\
         <input id=\"text\" type=\"search\" placeholder=\"Filter (press /)\" aria-label=\"Text\">\n\
         <select id=\"kind\" aria-label=\"Kind\"><option value=\"\">every kind</option>{kinds}</select>\n\
         <select id=\"class\" aria-label=\"Class\"><option value=\"\">every class</option>{classes}</select>\n\
         <button type=\"button\" id=\"fold\">Fold all</button>\n\
         <output id=\"count\"></output>\n</form>\n"
    )
}

fn article(diff: &Diff, group: &Group<'_>) -> String {
    let first = group.first();
    let mut kinds: Vec<&str> = group
        .changes
        .iter()
        .map(|it| it.subject.kind.as_str())
        .collect();
    kinds.dedup();
    let is_one = words::subjects(group).len() == 1;
    let title = match is_one {
        true => escaped(&visible::line(&first.subject.to_string())),
        false => escaped(&visible::line(&first.path.ending())),
    };
    let path = match is_one && !first.is_whole() {
        true => format!(
            " <code>{}</code>",
            escaped(&visible::line(&first.path.to_string()))
        ),
        false => String::new(),
    };
    let times = match group.changes.len() {
        1 => String::new(),
        count => format!(" <span class=\"times\">×{count}</span>"),
    };
    let mut text = format!(
        "<details class=\"{class} {op}\" data-class=\"{class}\" data-kinds=\"{kinds}\"{open}>\n\
         <summary><span class=\"mark\">{mark}</span> {title}{path}{times}</summary>\n",
        class = first.class.word(),
        op = first.op.word(),
        kinds = escaped(&kinds.join(" ")),
        open = if first.is_whole() { "" } else { " open" },
        mark = mark(first.op),
    );
    let (explanation, has_values) = words::explanation(diff, first);
    if let Some(explanation) = explanation {
        let _ = writeln!(text, "<p>{}</p>", escaped(&explanation));
    }
    if has_values {
        text.push_str(&values(first));
    }
    for (side, shown) in [(&diff.from, &first.from), (&diff.to, &first.to)] {
        if let Some(at) = shown.as_ref().and_then(|shown| shown.place.as_ref()) {
            let _ = writeln!(
                text,
                "<p class=\"place\">{}: <code>{}</code></p>",
                escaped(side),
                escaped(&place(at))
            );
        }
    }
    if group.changes.len() > 1 {
        text.push_str("<ul>\n");
        for change in &group.changes {
            let _ = writeln!(
                text,
                "<li>{} <code>{}</code></li>",
                escaped(&visible::line(&change.subject.to_string())),
                escaped(&visible::line(&change.path.to_string()))
            );
        }
        text.push_str("</ul>\n");
    }
    text.push_str("</details>\n");
    text
}

fn values(change: &Change) -> String {
    let mut text = String::from("<pre>");
    for (mark, line) in visible::lines(change) {
        let line = escaped(&line);
        let _ = match mark {
            '-' => writeln!(text, "<del>- {line}</del>"),
            '+' => writeln!(text, "<ins>+ {line}</ins>"),
            _ => writeln!(text, "  {line}"),
        };
    }
    text.push_str("</pre>\n");
    text
}

fn escaped(text: &str) -> String {
    words::escaped(text, |c, escaped| {
        match c {
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => return false,
        }
        true
    })
}
