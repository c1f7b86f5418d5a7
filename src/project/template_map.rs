//! Which line of a template made a line of its output.
//!
//! The template is rendered once more, with a mark before the text of each of its lines. A mark
//! that changes what is made, by being measured or taken out of a text, shows: without the marks
//! the output must be the same, or no line is told.

use std::sync::{Arc, OnceLock};

use crate::load::Provenance;
use crate::place::{Place, Span};
use crate::template::{self, Values};

/// What begins and ends a mark: characters that no text has a use for.
const MARK: [char; 2] = ['\u{E000}', '\u{E001}'];

/// A file that a template made.
#[derive(Debug)]
pub(super) struct TemplateMap {
    name: Arc<str>,
    template: String,
    values: Values,
    /// By line of the output, that of the template, 0 where it is unknown.
    lines: OnceLock<Vec<u32>>,
}

impl TemplateMap {
    pub(super) fn new(name: &str, template: &str, values: &Values) -> Self {
        Self {
            name: name.into(),
            template: template.to_owned(),
            values: values.clone(),
            lines: OnceLock::new(),
        }
    }

    fn lines(&self) -> Option<Vec<u32>> {
        if self.template.contains(MARK) {
            return None;
        }
        let plain = template::render(&self.name, &self.template, &self.values).ok()?;
        let text = marked(&self.template);
        let output = template::render(&self.name, &text, &self.values).ok()?;
        let (same, lines) = unmarked(&output)?;
        (same == plain).then_some(lines)
    }
}

impl Provenance for TemplateMap {
    fn place(&self, span: Span) -> Place {
        let lines = self.lines.get_or_init(|| self.lines().unwrap_or_default());
        let index = (span.line as usize).saturating_sub(1);
        let line = lines.get(index).copied().unwrap_or_default();
        let span = Span {
            line,
            ..Span::default()
        };
        Place::in_file(self.name.clone(), span)
    }

    /// A value is printed on a line if, with marks around it, that line has the marks and is the same
    /// without them.
    fn values(&self, span: Span) -> Vec<(String, Place)> {
        let Some(line) = (self.place(span).span.line as usize).checked_sub(1) else {
            return Vec::new();
        };
        let text = self.template.lines().nth(line).unwrap_or_default();
        let printed = |key: &String| {
            let keys: Vec<&str> = key.split('.').collect();
            let place = self.values.place(&keys)?;
            self.is_printed(&keys, span.line).then_some(place)
        };
        let keys = keys(text).into_iter();
        keys.filter_map(|key| printed(&key).map(|place| (key, place)))
            .collect()
    }
}

impl TemplateMap {
    /// Whether a value is printed on a line of the output.
    fn is_printed(&self, keys: &[&str], line: u32) -> bool {
        let line_of = |values: &Values| {
            let output = template::render(&self.name, &self.template, values).ok()?;
            let line = output.lines().nth((line as usize).checked_sub(1)?);
            line.map(str::to_owned)
        };
        let with_marks = || {
            let text = self.values.text(keys).filter(|text| !text.contains(MARK))?;
            let marked = format!("{}{text}{}", MARK[0], MARK[1]);
            line_of(&self.values.with_text(keys, marked)?)
        };
        let (Some(marked), Some(plain)) = (with_marks(), line_of(&self.values)) else {
            return false;
        };
        marked.contains(MARK) && marked.replace(MARK, "") == plain
    }
}

/// The keys, with dots between them, that the expressions of a line begin with.
fn keys(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in line.split("{{").skip(1) {
        let part = part.trim_start_matches('-').trim_start();
        let is_key = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let key = part.split(|c| !is_key(c)).next().unwrap_or_default();
        if !key.is_empty() && !found.iter().any(|known| known == key) {
            found.push(key.to_owned());
        }
    }
    found
}

/// A template with a mark before the text of each line.
fn marked(template: &str) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    // How the tag ends that the line before has begun.
    let mut open: Option<&str> = None;
    for (number, line) in (1..).zip(template.split_inclusive('\n')) {
        let text = line.trim_start();
        // A mark must not stand between a tag and the blanks that it takes away.
        let is_text = !text.is_empty() && !text.starts_with("{%") && !text.starts_with("{#");
        if open.is_none() && is_text && !text.starts_with("{{-") {
            let blanks = line.strip_suffix(text).unwrap_or_default();
            out.push_str(blanks);
            out.extend([MARK[0]].into_iter().chain(format!("{number}").chars()));
            out.push(MARK[1]);
            out.push_str(text);
        } else {
            out.push_str(line);
        }
        open = still_open(line, open);
    }
    out
}

/// The end of the tag that is open at the end of a line.
fn still_open<'e>(line: &str, mut open: Option<&'e str>) -> Option<&'e str> {
    let mut rest = line;
    loop {
        match open {
            Some(end) => {
                let Some((_, after)) = rest.split_once(end) else {
                    return open;
                };
                (open, rest) = (None, after);
            }
            None => {
                let starts = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
                let found = starts
                    .into_iter()
                    .filter_map(|(start, end)| Some((rest.find(start)?, start, end)));
                let (at, start, end) = found.min()?;
                let after = rest.get(at + start.len()..)?;
                (open, rest) = (Some(end), after);
            }
        }
    }
}

/// The output without marks, and by line the number in its first mark, or that of the line above.
fn unmarked(output: &str) -> Option<(String, Vec<u32>)> {
    let (mut text, mut lines, mut last) = (String::new(), Vec::new(), 0);
    for line in output.split_inclusive('\n') {
        let mut parts = line.split(MARK[0]);
        text.push_str(parts.next().unwrap_or_default());
        let mut first = None;
        for part in parts {
            let (number, rest) = part.split_once(MARK[1])?;
            last = number.parse().ok()?;
            first = first.or(Some(last));
            text.push_str(rest);
        }
        lines.push(first.unwrap_or(last));
    }
    Some((text, lines))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(template: &str) -> Vec<u32> {
        let mut values = Values::default();
        let tree = json!({"names": ["a", "b"], "text": "x\n  y"});
        values.merge(tree.as_object().unwrap().clone());
        let map = TemplateMap::new("t.j2", template, &values);
        map.lines().unwrap_or_default()
    }

    #[test]
    fn each_line_is_of_a_line_of_the_template() {
        let template = "kind: A\n{% for name in names %}\n- name: {{ name }}\n  on: yes\n\
                        {% endfor %}\n{# not\n   this #}\nlast: |\n  {{ text }}\nend: 1\n";
        assert_eq!(lines(template), [1, 3, 4, 3, 4, 8, 9, 9, 10]);
    }

    fn printed(template: &str, line: u32) -> Vec<String> {
        let mut values = Values::default();
        let text = "image:\n  tag: v1\nname: web\nport: '80'\n";
        let tree = json!({"image": {"tag": "v1"}, "name": "web", "port": "80"});
        values.merge_file("v.yaml", text, tree.as_object().unwrap().clone());
        values.set("port", "81".into()).unwrap();
        let map = TemplateMap::new("t.j2", template, &values);
        let span = Span {
            line,
            ..Span::default()
        };
        let values = map.values(span).into_iter();
        values
            .map(|(key, place)| format!("{key} {place}"))
            .collect()
    }

    #[test]
    fn a_printed_value_has_its_line_in_its_file() {
        let template = "a: {{ name }}:{{ image.tag | upper }}\nb: {{ name | length }}\n\
                        c: {{ name == 'web' }}\nd: {{ port }}\ne: {{ image.nothing | default(name) }}\n";
        assert_eq!(
            printed(template, 1),
            ["name v.yaml:3:7", "image.tag v.yaml:2:8"]
        );
        // Measured, compared, of no file, and not the first of its expression.
        for line in 2..=5 {
            assert!(printed(template, line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_text_that_is_measured_has_no_lines() {
        let measured = "{% set t %}\nabc\n{% endset %}\nlength: {{ t | length }}\n";
        assert!(lines(measured).is_empty());
    }
}
