//! Renders templates: values in, text out.
//!
//! The language is Jinja, sealed: a template reads no file, no clock and no environment variable,
//! and has only the values that it is given. A value that is missing is an error and never an empty
//! text. How long a template may run, and how much it may make and say, is bounded.
//!
//! An error shows the tag that failed, without the texts in it, and never a value.
//! Source: <https://jinja.palletsprojects.com/templates/>.

mod bounds;
mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{io, thread};

use kustom_yaml::cut::Cut as _;
use kustom_yaml::read_config;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde_json::Map;

use crate::error::{Error, Kind, Result, nearest};
use crate::place::{Excerpt, Place, SourceId, Span};

/// The end of a template's name; without it, it is the name of what the template makes.
pub const SUFFIX: &str = ".j2";

/// How many steps a template may take; 64 bytes that it makes weigh as much as a step.
const FUEL: u64 = 2_000_000;

/// How long a template may take, whatever its steps are.
const LONGEST_RUN: Duration = Duration::from_secs(10);

/// The stack of a template, for values that it nests with each step; memory that nobody touches
/// costs nothing.
const STACK: usize = 512 << 20;

/// How much a template may say, in bytes.
const LONGEST: usize = 32 << 20;

/// How many keys may lead to a value.
const DEEPEST: usize = 64;

/// What templates are given: a tree of values, those of later layers over those of earlier ones.
///
/// # Example
///
/// ```
/// use kustom::template::{Values, render};
///
/// let mut values = Values::default();
/// values.set("image.tag", "v2".into())?;
/// let text = render("web.yaml.j2", "image: web:{{ image.tag }}\n", &values)?;
/// assert_eq!(text, "image: web:v2\n");
///
/// let error = render("web.yaml.j2", "image: web:{{ image.tga }}\n", &values).unwrap_err();
/// assert_eq!(error.to_string(), "there is no value `image.tga` (web.yaml.j2:1:15)");
/// assert_eq!(error.help_line(), Some("did you mean `image.tag`?"));
/// # Ok::<(), kustom::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Values(Arc<Tree>);

/// The values, which all templates of an environment share.
#[derive(Debug, Default)]
struct Tree {
    map: Map<String, serde_json::Value>,
    layers: Vec<Layer>,
    /// What the engine makes of the map, once.
    converted: OnceLock<Value>,
}

impl Clone for Tree {
    fn clone(&self) -> Self {
        Self {
            map: self.map.clone(),
            layers: self.layers.clone(),
            converted: OnceLock::new(),
        }
    }
}

/// What was laid over the layers before it, for those who ask where a value is written.
#[derive(Clone, Debug)]
enum Layer {
    /// A file: its name and its text.
    File(Arc<str>, Arc<str>),
    /// Values that are in no file of their own.
    Other(Map<String, serde_json::Value>),
}

impl Values {
    /// Lays a layer over what is there: maps are merged, all else is replaced.
    pub fn merge(&mut self, layer: Map<String, serde_json::Value>) {
        let tree = self.tree_mut();
        if !layer.is_empty() {
            tree.layers.push(Layer::Other(layer.clone()));
        }
        merge(&mut tree.map, layer);
    }

    /// Lays a file over what is there, by its name for people, its text, and the values in it.
    pub fn merge_file(&mut self, name: &str, text: &str, values: Map<String, serde_json::Value>) {
        let tree = self.tree_mut();
        tree.layers.push(Layer::File(name.into(), text.into()));
        merge(&mut tree.map, values);
    }

    /// Lays other values, with their layers, over what is there.
    pub fn merge_all(&mut self, other: Self) {
        let other = Arc::unwrap_or_clone(other.0);
        let tree = self.tree_mut();
        tree.layers.extend(other.layers);
        merge(&mut tree.map, other.map);
    }

    fn tree_mut(&mut self) -> &mut Tree {
        let tree = Arc::make_mut(&mut self.0);
        tree.converted = OnceLock::new();
        tree
    }

    /// The values as the engine has them.
    fn converted(&self) -> Value {
        let converted = &self.0.converted;
        converted
            .get_or_init(|| Value::from(Serde(&self.0.map)))
            .clone()
    }

    /// The tree.
    pub fn into_map(self) -> Map<String, serde_json::Value> {
        Arc::unwrap_or_clone(self.0).map
    }

    /// Where a value is written, by the keys that lead to it: its line in the file of the topmost
    /// layer that has it; nothing if that layer is no file.
    pub fn place(&self, keys: &[&str]) -> Option<Place> {
        let layer = self.0.layers.iter().rev().find_map(|layer| match layer {
            Layer::File(name, text) => {
                let node = read_config(text.as_bytes(), SourceId::NONE).ok()?;
                let span = node.at(keys)?.span;
                Some(Some(Place::in_file(name.clone(), span)))
            }
            Layer::Other(map) => leaf(map, keys).map(|_| None),
        });
        layer?
    }

    /// The text of a scalar, by the keys that lead to it.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<String> {
        match leaf(&self.0.map, keys)? {
            serde_json::Value::String(text) => Some(text.clone()),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
                Some(value.to_string())
            }
            _ => None,
        }
    }

    /// The same values, with another text in the place of one.
    pub(crate) fn with_text(&self, keys: &[&str], text: String) -> Option<Self> {
        let mut values = self.clone();
        let (first, rest) = keys.split_first()?;
        let first = values.tree_mut().map.get_mut(*first);
        let leaf = rest
            .iter()
            .try_fold(first?, |value, key| value.get_mut(*key))?;
        *leaf = text.into();
        Some(values)
    }

    /// Sets a value by the keys that lead to it, with dots between them.
    ///
    /// # Errors
    ///
    /// If a key is empty, or leads through a value that is no map.
    pub fn set(&mut self, key: &str, value: serde_json::Value) -> Result<()> {
        let wrong = |message: String| Err(Error::new(Kind::Template, message));
        if key.matches('.').count() >= DEEPEST {
            return wrong("a key has too many parts".to_owned());
        }
        let mut map = &mut self.tree_mut().map;
        let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
        if last.is_empty()
            || path
                .split('.')
                .any(|part| part.is_empty() && !path.is_empty())
        {
            return wrong(format!("`{key}` has an empty part"));
        }
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let below = map
                .entry(part)
                .or_insert_with(|| serde_json::Value::Object(Map::new()));
            map = match below {
                serde_json::Value::Object(below) => below,
                _ => return wrong(format!("`{key}` leads through `{part}`, which is no map")),
            };
        }
        map.insert(last.to_owned(), value.clone());
        // The same keys as a map.
        let layer = key.rsplit('.').fold(value, |value, part| {
            Map::from_iter([(part.to_owned(), value)]).into()
        });
        if let serde_json::Value::Object(layer) = layer {
            self.tree_mut().layers.push(Layer::Other(layer));
        }
        Ok(())
    }

    /// Whether there is a value under some keys with dots between them.
    pub fn has(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.0.map.get(part));
        parts
            .try_fold(first, |value, part| value.map(|value| value.get(part)))
            .flatten()
            .is_some()
    }

    /// All keys, from the root on, with dots between them.
    fn keys(&self) -> Vec<String> {
        fn gather(map: &Map<String, serde_json::Value>, prefix: &str, keys: &mut Vec<String>) {
            for (key, value) in map {
                let key = format!("{prefix}{key}");
                if let serde_json::Value::Object(below) = value {
                    gather(below, &format!("{key}."), keys);
                }
                keys.push(key);
            }
        }
        let mut keys = Vec::new();
        gather(&self.0.map, "", &mut keys);
        keys
    }
}

impl PartialEq for Values {
    /// Whether the values are the same, wherever they are written.
    fn eq(&self, other: &Self) -> bool {
        self.0.map == other.0.map
    }
}

/// The value in a tree that some keys lead to.
fn leaf<'m>(
    map: &'m Map<String, serde_json::Value>,
    keys: &[&str],
) -> Option<&'m serde_json::Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter()
        .try_fold(map.get(*first)?, |value, key| value.get(*key))
}

/// Renders a template.
///
/// # Errors
///
/// If it is no template, asks for a value that is missing, runs too long, or says too much.
pub fn render(name: &str, text: &str, values: &Values) -> Result<String> {
    let owned = (name.to_owned(), text.to_owned(), values.clone());
    bounded(name, text, move || {
        let (name, text, values) = owned;
        rendered(&name, &text, &values)
    })
}

/// Does work on a template where it can neither run for long nor exhaust the stack.
fn bounded<T: Send + 'static>(
    name: &str,
    text: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    bounds::check(text).map_err(|refusal| {
        let span = span_of(text, &refusal.range);
        let error = Error::new(Kind::Template, refusal.message).at(Place::in_file(name, span));
        error.help(refusal.help)
    })?;
    let (sender, receiver) = channel();
    let builder = thread::Builder::new().stack_size(STACK);
    let run = move || {
        // The receiver is gone if the template took too long.
        let _ = sender.send(work());
    };
    let failed = |message: &str| Error::new(Kind::Template, message).at(Place::file(name));
    builder
        .spawn(run)
        .map_err(|cause| failed("there is no memory to run a template in").caused_by(cause))?;
    // The thread ends with the process, if not before.
    receiver
        .recv_timeout(LONGEST_RUN)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                failed("the template runs too long").help("a loop in it turns too often")
            }
            RecvTimeoutError::Disconnected => failed("the template cannot be rendered"),
        })?
}

fn rendered(name: &str, text: &str, values: &Values) -> Result<String> {
    let environment = environment();
    let explained = |error: &minijinja::Error| explain(name, text, values, error);
    let template = environment
        .template_from_named_str(name, text)
        .map_err(|error| explained(&error))?;
    let mut output = Bounded(Vec::new());
    template
        .render_captured_to(values.converted(), &mut output)
        .map_err(|error| explained(&error))?;
    String::from_utf8(output.0).map_err(|cause| {
        Error::new(Kind::Template, "the template made no text")
            .at(Place::file(name))
            .caused_by(cause.utf8_error())
    })
}

/// The values that a template asks for, by their keys with dots between them, sorted.
///
/// # Errors
///
/// If it is no template.
pub fn wanted(name: &str, text: &str) -> Result<Vec<String>> {
    let owned = (name.to_owned(), text.to_owned());
    bounded(name, text, move || asked(&owned.0, &owned.1))
}

fn asked(name: &str, text: &str) -> Result<Vec<String>> {
    let environment = environment();
    let template = environment
        .template_from_named_str(name, text)
        .map_err(|error| explain(name, text, &Values::default(), &error))?;
    let functions: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.retain(|name| !functions.contains(name.as_str()));
    names.sort();
    Ok(names)
}

fn environment<'s>() -> Environment<'s> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    // These are the usual delimiters, which cannot be wrong.
    if let Ok(syntax) = syntax {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(FUEL));
    // Without it, an error knows no column; what else it would show is never asked for.
    environment.set_debug(true);
    environment.remove_global("debug");
    environment
}

/// Output that ends where it is too long.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn merge(into: &mut Map<String, serde_json::Value>, layer: Map<String, serde_json::Value>) {
    for (key, value) in layer {
        match (into.get_mut(&key), value) {
            (Some(serde_json::Value::Object(known)), serde_json::Value::Object(more)) => {
                merge(known, more);
            }
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// The engine's error as ours; nothing in it is a value.
fn explain(name: &str, text: &str, values: &Values, cause: &minijinja::Error) -> Error {
    let span = span(text, cause);
    let word = text.get(span.range()).unwrap_or_default().trim();
    let missing = path(word);
    let detail = cause.detail().unwrap_or_default();
    if cause.kind() == ErrorKind::SyntaxError {
        let fault = syntax::fault(text, span.range(), detail);
        let span = fault.range.map_or(span, |range| span_of(text, &range));
        let error = Error::new(Kind::Template, fault.message).at(Place::in_file(name, span));
        let error = pointed(error, text, span);
        return match fault.help {
            Some(help) => error.help(help),
            None => error,
        };
    }
    let message = match cause.kind() {
        ErrorKind::UndefinedError => match missing {
            Some(key) => format!("there is no value `{key}`"),
            None => "a value is missing".to_owned(),
        },
        // What these say is of the template's words alone.
        ErrorKind::BadEscape => {
            format!("the template cannot be read: {}", without_texts(detail))
        }
        ErrorKind::UnknownFilter => unknown("filter", detail),
        ErrorKind::UnknownTest => unknown("test", detail),
        ErrorKind::UnknownFunction => unknown("function", detail),
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => {
            "a template reads no other file".to_owned()
        }
        ErrorKind::OutOfFuel => "the template runs too long or makes too much".to_owned(),
        ErrorKind::WriteFailure => "the template says too much".to_owned(),
        kind => format!(
            "the template cannot be rendered: {}",
            kind.to_string().to_lowercase()
        ),
    };
    let error = Error::new(Kind::Template, message).at(Place::in_file(name, span));
    let error = pointed(error, text, span);
    match (cause.kind(), missing) {
        (ErrorKind::UndefinedError, Some(key)) => {
            let keys = values.keys();
            match nearest(key, keys.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!(
                    "write it into a `values.yaml`, say `--set {key}=…`, or give it a default: \
                     `{{{{ {key} | default(\"…\") }}}}`"
                )),
            }
        }
        (ErrorKind::UnknownFilter, _) => error.help(syntax::near_filter(unknown_name(detail))),
        (ErrorKind::UnknownTest, _) => error.help(syntax::near_test(unknown_name(detail))),
        (ErrorKind::UnknownFunction, _) => {
            error.help("a template has the functions `range` and `dict`, and macros of its own")
        }
        (ErrorKind::OutOfFuel | ErrorKind::WriteFailure, _) => {
            error.help("a loop in it turns too often, or a string in it grows with every turn")
        }
        _ => error,
    }
}

fn unknown(what: &str, detail: &str) -> String {
    format!("there is no {what} `{}`", unknown_name(detail))
}

fn unknown_name(detail: &str) -> &str {
    let name = detail.trim_end_matches(" is unknown");
    name.rsplit(' ').next().unwrap_or_default()
}

/// A word that is a path of keys: `image.tag`.
fn path(word: &str) -> Option<&str> {
    let is_key = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|sign| sign.is_alphanumeric() || "_-".contains(sign))
    };
    word.split('.').all(is_key).then_some(word)
}

fn span(text: &str, cause: &minijinja::Error) -> Span {
    let Some(range) = cause.range() else {
        return Span {
            line: cause
                .line()
                .and_then(|line| u32::try_from(line).ok())
                .unwrap_or(0),
            ..Span::default()
        };
    };
    span_of(text, &range)
}

/// The place of some bytes of a text.
fn span_of(text: &str, range: &Range<usize>) -> Span {
    let before = text.cut(..range.start);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Span {
        source: SourceId::NONE,
        // The library may count into a character.
        start: number(before.len()),
        end: number(text.cut(..range.end).len()),
        line: number(before.matches('\n').count() + 1),
        column: number(line.chars().count() + 1),
    }
}

/// Adds the tag in which an error is, with marks below the words.
fn pointed(error: Error, text: &str, span: Span) -> Error {
    if span.column == 0 {
        return error;
    }
    let range = span.range();
    let start_of_line = text.cut(..range.start).rfind('\n').map_or(0, |at| at + 1);
    let end_of_line = text
        .cut(range.start..)
        .find('\n')
        .map_or(text.len(), |at| range.start + at);
    let before = text.cut(start_of_line..range.start);
    let start = before.rfind('{').map_or(range.start, |at| {
        let at = start_of_line + at;
        if text.cut(..at).ends_with('{') {
            at - 1
        } else {
            at
        }
    });
    let behind = text.cut(range.start..end_of_line);
    let end = ["}}", "%}"]
        .iter()
        .filter_map(|close| behind.find(close))
        .min()
        .map_or(end_of_line, |at| range.start + at + 2);
    let beside = without_values(text.cut(start_of_line..start));
    let shown = format!("{beside}{}", without_texts(text.cut(start..end)));
    // A letter of a quoted text may be longer than its dot.
    let before = beside.len() + without_texts(text.cut(start..range.start)).len();
    let marked = without_texts(text.cut(range.start..range.end.clamp(range.start, end)));
    error.with_excerpt(Excerpt::new(&shown, before..before + marked.len()))
}

/// What stands beside a tag, which may be anything: its key, and a dot for every other letter.
fn without_values(piece: &str) -> String {
    let key = piece.find(": ").map_or(0, |at| at + 2);
    let is_key = piece
        .cut(..key)
        .trim_start_matches(['-', ' '])
        .trim_end_matches([':', ' '])
        .chars()
        .all(|c| c.is_alphanumeric() || "_-./".contains(c));
    let kept = if is_key { key } else { 0 };
    let hidden = piece.cut(kept..).chars();
    let hidden = hidden.map(|sign| {
        if sign.is_whitespace() || sign == '-' {
            sign
        } else {
            '.'
        }
    });
    piece.cut(..kept).chars().chain(hidden).collect()
}

/// A piece of a template in which every letter of a quoted text is a dot.
fn without_texts(piece: &str) -> String {
    let mut quote = None;
    piece
        .chars()
        .map(|sign| match quote {
            None => {
                quote = ['"', '\''].contains(&sign).then_some(sign);
                sign
            }
            Some(open) if open == sign => {
                quote = None;
                sign
            }
            Some(_) => '.',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Values {
        let mut values = Values::default();
        values.merge(serde_json::from_str(text).unwrap());
        values
    }

    fn shown(template: &str, given: &str) -> String {
        format!(
            "{:#}",
            render("t.j2", template, &values(given)).unwrap_err()
        )
    }

    #[test]
    fn later_layers_go_over_earlier_ones() {
        let mut all = values(r#"{"a": {"b": 1, "c": [1, 2]}, "d": 1}"#);
        all.merge(serde_json::from_str(r#"{"a": {"c": [3]}, "d": {"e": 2}}"#).unwrap());
        all.set("a.f.g", 4.into()).unwrap();
        assert_eq!(
            all,
            values(r#"{"a": {"b": 1, "c": [3], "f": {"g": 4}}, "d": {"e": 2}}"#)
        );
        assert!(all.has("a.f.g") && !all.has("a.f.h") && !all.has("a.b.c"));
        assert!(all.set("a.b.c", 1.into()).is_err());
        assert!(all.set("a..c", 1.into()).is_err());
        assert!(all.set("", 1.into()).is_err());
        assert!(all.set(&"a.".repeat(100_000), 1.into()).is_err());
    }

    #[test]
    fn blocks_leave_no_empty_lines_and_the_last_line_break_stays() {
        let template = "a:\n  {% for n in list %}\n- {{ n }}\n  {% endfor %}\nb: 1\n";
        let text = render("t.j2", template, &values(r#"{"list": [1, 2]}"#)).unwrap();
        assert_eq!(text, "a:\n- 1\n- 2\nb: 1\n");
        let quoted = render("t.j2", "{{ a | tojson }}", &values(r#"{"a": "x: y"}"#)).unwrap();
        assert_eq!(quoted, "\"x: y\"");
    }

    #[test]
    fn an_error_shows_the_tag_and_no_value() {
        let text = shown(
            "x\nkey: canary {{ 'canary' + tag }} canary\n",
            r#"{"tag": [1]}"#,
        );
        assert!(text.contains("{{ '......' + tag }}"), "{text}");
        assert!(text.contains("t.j2:2:16"), "{text}");
        assert!(!text.contains("canary"), "{text}");
        for template in [
            "{{ token | int }}",
            "{{ token + 1 }}",
            "{{ token | batch(token) }}",
            "{{ [1][token] }}",
            "{{ token() }}",
            "{{ {} | dictsort(by=token) }}",
            "{% include token %}",
            "{% for a, b in [token] %}{% endfor %}",
            "{{ token | split(1, 2, 3, 4) }}",
            "{{ range(token) }}",
            "{{ token.canary() }}",
        ] {
            if let Err(error) = render("t.j2", template, &values(r#"{"token": "canary-7"}"#)) {
                let text = format!("{error:#}\n{error:?}");
                assert!(!text.contains("canary-7"), "{text}");
            }
        }
    }

    #[test]
    fn a_template_is_sealed_and_bounded() {
        assert!(shown("{% include 'a' %}", "{}").starts_with("a template reads no other file"));
        assert!(shown("{{ now() }}", "{}").starts_with("there is no function `now`"));
        assert!(shown("{{ 1 | nay }}", "{}").starts_with("there is no filter `nay`"));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}";
        assert!(shown(endless, "{}").starts_with("the template runs too long"));
        let long = "{{ 'abcdefghijklmnopqrstuvwxyz' * 1000000 }}{{ 'abcdefghijklmnopqrstuvwxyz' * 1000000 }}";
        assert!(shown(long, "{}").starts_with("the template "));
    }

    #[test]
    fn what_a_template_asks_for_can_be_known_before() {
        let template =
            "{{ db.password }} {% for x in hosts %}{{ x.name }}{% endfor %}{{ range(3) }}";
        assert_eq!(wanted("t.j2", template).unwrap(), ["db.password", "hosts"]);
        assert!(wanted("t.j2", "{{ a").is_err());
    }
}
