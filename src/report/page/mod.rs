//! The frame of a page of HTML that needs nothing else: no network, no other file.

use crate::guard::turns;

/// The colours of every page and picture, by light and by dark.
const COLORS: &str = include_str!("colors.css");

/// What every page looks like.
const STYLE: &str = include_str!("page.css");

/// The start of a page, up to its title; a page may have a style and classes of its own.
pub(super) fn head(title: &str, style: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{COLORS}{STYLE}{style}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n"
    )
}

/// The end of a page, with its script.
pub(super) fn tail(script: &str) -> String {
    format!("<script>\n{script}</script>\n</body>\n</html>\n")
}

/// A text in which nothing means anything to HTML or to SVG, and nothing is hidden.
pub(super) fn escaped(text: &str) -> String {
    escaped_but(text, |c, escaped| {
        match c {
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => return false,
        }
        true
    })
}

/// The same; `own` writes the characters that the format has another form for, and says whether
/// this is one.
pub(super) fn escaped_but(text: &str, own: impl Fn(char, &mut String) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c if own(c, &mut escaped) => {}
            c if c.is_control() || turns(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}
