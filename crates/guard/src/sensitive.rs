//! Finds the parts of a text that no message may repeat.
//!
//! These are more than the secrets that the guard reports: a message that `hunter2` is no number
//! discloses the password, however weak it is. So every value of a Secret counts, and every value
//! with the name of a password, even in an alias, a tag or a broken document.

use kustom_yaml::cut::Cut as _;
use std::ops::Range;

use kustom_yaml::error::Result;
use kustom_yaml::{Entry, Node, Style, Value};

use super::address::credentials;
use super::documents::{Documents, read};
use super::harmless::{is_encrypted, is_public};
use super::name_hint::{NameHint, says_nothing};
use super::placeholder::is_placeholder_value;
use super::promise::{may_hold, promises};
use super::reference::files_of_generators;
use super::search::part;
use super::structure::{is_patch, last_step, locate, unquoted};
use super::{Guard, base64, judge, rule_ids};

/// How long the value of an assignment may be that is judged, in bytes.
const LONGEST: usize = 2048;

/// How often a text may be inside of a text.
const DEPTH: usize = 4;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Where it stands; of a text inside of a text, where that stands.
    pub(super) range: Range<usize>,
    /// As it is written.
    pub(super) raw: String,
    /// What it means.
    pub(super) value: String,
    /// Whether the guard calls it a secret: it is one wherever it stands.
    pub(super) is_sure: bool,
}

/// Whether a field of the first level of a Secret holds secrets: `data`, `stringData`, and those that
/// no Secret has, since one of them is often a misspelt `stringData`.
pub fn is_field_with_secrets(name: &str) -> bool {
    let others = [
        "apiVersion",
        "kind",
        "metadata",
        "type",
        "immutable",
        "status",
        "sops",
    ];
    !others.contains(&name) && !name.starts_with('$')
}

/// The parts of one text.
pub(super) fn parts(guard: &Guard, name: &str, documents: &Documents<'_>) -> Vec<Part> {
    let text = documents.text;
    let (hits, promises) = guard.search_noting(name, documents);
    let mut parts: Vec<Part> = hits
        .into_iter()
        .filter(|hit| hit.rule != rule_ids::WEAK)
        .filter_map(|hit| {
            Some(Part {
                raw: text.get(hit.range.clone())?.to_owned(),
                range: hit.range,
                value: hit.value,
                is_sure: true,
            })
        })
        .collect();
    for range in credentials(text) {
        let raw = text.cut(range.clone());
        let password = raw.split_once(':').map_or(raw, |(_, password)| password);
        // A parser that splits the address differently could show a part of it.
        let whole = (raw, password);
        for (raw, value) in password.split('@').map(|it| (it, it)).chain([whole]) {
            parts.push(Part {
                range: range.clone(),
                raw: raw.to_owned(),
                value: value.to_owned(),
                is_sure: true,
            });
        }
    }
    if !promises.is_empty() {
        for (number, range) in documents.ranges().iter().enumerate() {
            let one = text.cut(range.clone());
            let words = part(&promises, range, |word| word.start).iter();
            let words = words.map(|word| word.start - range.start..word.end - range.start);
            if may_hold(one, words) {
                document(one, &documents.nodes(number), range.start, &mut parts);
            }
        }
    }
    parts
}

/// The parts of a file that a generator of Secrets reads: all of its lines, and what they assign.
pub(super) fn of_secret_file(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let value = body.split_once('=').map_or(body, |(_, value)| value);
        for part in [body, value] {
            let at = start + body.len() - part.len();
            add(&mut parts, at..at + part.len(), part, unquoted(part));
        }
        start += line.len();
    }
    parts
}

/// The files that the generators of Secrets of a text read.
pub(super) fn secret_files(documents: &Documents<'_>) -> Vec<String> {
    if !documents.text.contains("ecretGenerator") {
        return Vec::new();
    }
    let nodes = documents.all();
    let nodes = nodes.as_deref().unwrap_or_default();
    let files = files_of_generators(nodes).into_iter();
    files.map(|it| it.file).collect()
}

/// Adds the parts of one document, of which the nodes are known.
pub(super) fn document(text: &str, nodes: &Result<Vec<Node>>, start: usize, parts: &mut Vec<Part>) {
    let from = parts.len();
    match nodes {
        Ok(nodes) if nodes.iter().any(|node| !node.is_scalar()) => {
            let mut walk = Walk {
                text,
                parts,
                depth: 0,
            };
            for node in nodes {
                walk.node(node, false);
            }
        }
        _ => lines(text, parts),
    }
    for part in &mut parts[from..] {
        part.range = part.range.start + start..part.range.end + start;
    }
}

/// Adds a part that could not be read: a bracket may open a password.
fn add_raw(parts: &mut Vec<Part>, range: Range<usize>, raw: &str) {
    let is_broken = raw.starts_with(['{', '[', '*', '&', '!', '|', '>', '%', '@', '`']);
    match is_broken && raw.len() > 2 {
        true => parts.push(Part {
            range,
            raw: raw.to_owned(),
            value: unquoted(raw).to_owned(),
            is_sure: false,
        }),
        false => add(parts, range, raw, unquoted(raw)),
    }
}

/// Adds a part, unless it tells nothing.
fn add(parts: &mut Vec<Part>, range: Range<usize>, raw: &str, value: &str) {
    let bare = value.trim();
    let is_nothing = bare.len() < 2
        || matches!(
            bare,
            "true" | "false" | "null" | "yes" | "no" | "[]" | "{}" | "|-" | ">-"
        )
        || is_placeholder_value(bare)
        || is_encrypted(bare)
        || is_public(bare);
    if !is_nothing {
        parts.push(Part {
            range,
            raw: raw.trim().to_owned(),
            value: value.to_owned(),
            is_sure: false,
        });
    }
}

/// Whether a name says that its value is not for everybody.
fn is_sensitive(name: &str, value: &str) -> bool {
    match NameHint::of(name) {
        NameHint::Password => true,
        // `secret: app-tls` names a Secret.
        NameHint::Secret => {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || b"-./".contains(&byte);
            let names = ["secret", "secrets", "credentials", "credential"];
            let last = last_step(name).to_ascii_lowercase();
            let is_name = names.iter().any(|noun| last.ends_with(noun));
            !is_file_name(value) && (!is_name || !value.bytes().all(is_plain))
        }
        _ => false,
    }
}

struct Walk<'t, 'p> {
    text: &'t str,
    parts: &'p mut Vec<Part>,
    depth: usize,
}

impl Walk<'_, '_> {
    /// `of_secret` says that what is here belongs to a Secret, though its kind is not written.
    fn node(&mut self, node: &Node, of_secret: bool) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, of_secret),
            Value::Seq(items) => {
                let mut flag = None;
                for item in items {
                    match (flag.take(), item.text()) {
                        (Some(_), Some(text)) if !text.starts_with('-') => self.put(None, item),
                        _ => self.node(item, of_secret),
                    }
                    // `--password` and its value are two words.
                    flag = item.text().filter(|text| {
                        text.starts_with('-') && !text.contains('=') && is_sensitive(text, "0")
                    });
                }
            }
            Value::Scalar(text) => self.text(text, node, of_secret),
            Value::Alias(_) => {}
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], of_secret: bool) {
        let text_of = |key: &str| node.get(key).and_then(Node::text);
        let kind = text_of("kind").unwrap_or_default();
        let is_secret = of_secret || kind.eq_ignore_ascii_case("Secret");
        let of_target = node.at(&["target", "kind"]).and_then(Node::text) == Some("Secret");
        if kind.ends_with("Generator") && node.get("literals").is_some() {
            self.generator(node, kind == "SecretGenerator");
        }
        let pair = ["name", "key", "path"].into_iter().find_map(text_of);
        let into_secret = pair.is_some_and(|path| {
            path.starts_with("/stringData") || is_secret && path.starts_with("/data")
        });
        let is_source = node.get("targets").is_some_and(|targets| {
            let mut targets = targets.items().iter();
            targets.any(|it| it.at(&["select", "kind"]).and_then(Node::text) == Some("Secret"))
        });
        // Not a reference to one, which has a kind and a name as well.
        let is_object = kind == "Secret" && node.get("metadata").is_some_and(Node::is_map);
        for entry in entries {
            let (name, value) = (entry.key.text().unwrap_or_default(), &entry.value);
            let in_flow = node.style == Style::Flow;
            let key = Some((&entry.key, in_flow));
            match name {
                "data" | "stringData" if is_secret || name == "stringData" => {
                    self.all(key, value);
                }
                "secretGenerator" | "configMapGenerator" => {
                    let is_secret = name == "secretGenerator";
                    let generators = match value.is_seq() {
                        true => value.items(),
                        false => std::slice::from_ref(value),
                    };
                    for generator in generators {
                        self.generator(generator, is_secret);
                    }
                }
                "literals" if kind.ends_with("Generator") => {}
                "value" if into_secret => self.all(key, value),
                "value" if pair.is_some_and(|name| is_sensitive(last_step(name), "0")) => {
                    self.all(key, value);
                }
                "sourceValue" if is_source => self.all(key, value),
                "items" if kind == "SecretList" => self.node(value, true),
                "kubectl.kubernetes.io/last-applied-configuration" => self.all(key, value),
                "encryptedData" | "secretKeyRef" | "remoteRef" | "sops" => {}
                // `strngData`: a mistake of a letter shows no secret.
                _ if is_object && is_field_with_secrets(name) => self.all(key, value),
                _ if is_sensitive(name, value.text().unwrap_or("0")) => self.named(key, value),
                _ => self.node(value, is_secret && !value.is_scalar() || of_target),
            }
        }
    }

    /// What stands under the name of a password: a value, several, or more about it.
    fn named(&mut self, key: Option<(&Node, bool)>, value: &Node) {
        match &value.value {
            Value::Map(entries) => {
                for entry in entries {
                    let name = entry.key.text().unwrap_or_default();
                    match says_nothing(name) {
                        true => {
                            self.all(Some((&entry.key, value.style == Style::Flow)), &entry.value)
                        }
                        false => self.node(value, false),
                    }
                }
            }
            Value::Seq(items) => {
                for item in items {
                    match item.is_map() {
                        true => self.node(item, false),
                        false => self.put(None, item),
                    }
                }
            }
            _ => self.put(key, value),
        }
    }

    /// All values below a node.
    fn all(&mut self, key: Option<(&Node, bool)>, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    self.all(Some((&entry.key, node.style == Style::Flow)), &entry.value);
                }
            }
            Value::Seq(items) => items.iter().for_each(|item| self.all(None, item)),
            _ => self.put(key, node),
        }
    }

    /// Adds the value of an entry or an item. As an alias or a tag may be a password that nobody
    /// has put in quotes, what is written behind the key counts.
    fn put(&mut self, key: Option<(&Node, bool)>, node: &Node) {
        let end = self.text.len();
        let own = node.span.range();
        let mut range = own.start.min(end)..own.end.min(end);
        let is_plain = node.style == Style::Plain;
        if let Some((key, in_flow)) = key.filter(|_| is_plain) {
            let from = key.span.range().end.min(end);
            let rest = self.text.cut(from..);
            let stop = match in_flow {
                true => rest.find([',', '}', '\n']).unwrap_or(rest.len()),
                false => rest.find('\n').unwrap_or(rest.len()),
            };
            let behind = rest.cut(..stop).trim_start_matches(['"', '\'', ':', ' ']);
            let start = from + stop - behind.len();
            range = start..range.end.max(from + stop);
        }
        let Some(raw) = self.text.get(range.clone()) else {
            return;
        };
        let raw = raw.trim();
        let value = node.text().filter(|value| !value.is_empty()).unwrap_or(raw);
        add(self.parts, range, raw, value);
        if let Some(text) = node.text().filter(|text| text.contains('\n')) {
            self.text(text, node, true);
        }
    }

    /// A scalar that no name speaks for: a text in which more stands.
    fn text(&mut self, text: &str, node: &Node, of_secret: bool) {
        let is_long = text.contains('\n') || is_patch("patch", text);
        if !promises(text) && !of_secret {
            return;
        }
        let range = node.span.range();
        let range = range.start.min(self.text.len())..range.end.min(self.text.len());
        let mut inner = Vec::new();
        if is_long && self.depth < DEPTH {
            match read(text) {
                Ok(nodes) if nodes.iter().any(|node| !node.is_scalar()) => {
                    let mut walk = Walk {
                        text,
                        parts: &mut inner,
                        depth: self.depth + 1,
                    };
                    for node in &nodes {
                        walk.node(node, of_secret);
                    }
                }
                _ => lines(text, &mut inner),
            }
        } else {
            for range in assigned(text) {
                add(
                    &mut inner,
                    range.clone(),
                    text.cut(range.clone()),
                    unquoted(text.cut(range)),
                );
            }
        }
        let own = inner.into_iter().map(|part| Part {
            range: range.clone(),
            ..part
        });
        self.parts.extend(own);
    }

    /// An entry of `secretGenerator` or `configMapGenerator`, well made or not.
    fn generator(&mut self, generator: &Node, is_secret: bool) {
        for entry in generator.entries() {
            let key = entry.key.text().unwrap_or_default();
            match key {
                "literals" | "literal" | "files" | "envs" | "env" | "file" => {
                    self.pairs(&entry.value, key, is_secret);
                }
                _ => self.node(&entry.value, false),
            }
        }
        if generator.is_scalar() || generator.is_seq() {
            self.pairs(generator, "literals", is_secret);
        }
    }

    /// `KEY=value`, where a literal, a file or a file of variables is named.
    fn pairs(&mut self, node: &Node, field: &str, is_secret: bool) {
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|it| self.pairs(it, field, is_secret)),
            Value::Map(entries) => {
                for entry in entries {
                    let name = entry.key.text().unwrap_or_default();
                    let is_file = !field.starts_with("literal")
                        && entry.value.text().is_some_and(is_file_name);
                    if (is_secret || is_sensitive(name, "0")) && !is_file {
                        self.all(Some((&entry.key, node.style == Style::Flow)), &entry.value);
                    }
                }
            }
            _ => {
                let Some(text) = node.text() else { return };
                let is_literal = field.starts_with("literal");
                let (name, value) = match text.split_once(['=', ':']) {
                    Some((name, value)) => (name, value.trim_start()),
                    None if is_literal && is_secret => ("", text),
                    None => return,
                };
                let is_told = match is_literal {
                    true => is_secret || is_sensitive(name, value),
                    false => is_sensitive(name, "0") && !is_file_name(value),
                };
                if is_told {
                    let range = node.span.range();
                    let range = range.start.min(self.text.len())..range.end.min(self.text.len());
                    let range = locate(self.text, range, value);
                    add(self.parts, range, value, unquoted(value));
                }
            }
        }
    }
}

/// Whether a text is rather the name of a file than a password: it has a directory, or an
/// extension.
fn is_file_name(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_extension = (2..=5).contains(&extension.len())
        && extension
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_path = text.contains('/') || is_extension;
    is_path && judge::judge("password", text, judge::ValueContext::Text).is_none()
}

/// The parts of a text that is no YAML, or nearly: what stands behind a colon or an equals sign.
fn lines(text: &str, parts: &mut Vec<Part>) {
    let of_secret = is_nearly_secret(text);
    let of_generator = text.contains("ecretGenerator");
    // How far a mapping of secrets is indented, and a value that goes on below its key.
    let (mut block, mut open): (Option<usize>, Option<usize>) = (None, None);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let at = start + indent;
        start += line.len();
        let body = body.trim_end();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        if open.is_some_and(|open| indent > open) {
            add_raw(parts, at..at + body.len(), body);
            continue;
        }
        open = None;
        if block.is_some_and(|block| indent < block || indent == block && !body.starts_with("- ")) {
            block = None;
        }
        let item = body.trim_start_matches("- ");
        let split = colon(item);
        let (name, value) = split.map_or(("", item), |at| (item.cut(..at), item.cut(at + 1..)));
        let name = name.trim().trim_matches(['"', '\'']);
        let value = value.trim();
        let from = at + body.len() - value.len();
        let is_list = of_generator && name.starts_with("literal");
        if block.is_some() {
            add_raw(parts, from..from + value.len(), value);
            open = Some(indent);
        } else if name == "stringData" || name == "data" && of_secret || is_list {
            match value.is_empty() {
                true => block = Some(indent),
                false => add_raw(parts, from..from + value.len(), value),
            }
        } else if split.is_some() && is_sensitive(name, value) {
            let value = quoted(value).unwrap_or(value.trim_end_matches(','));
            add_raw(parts, from..from + value.len(), value);
            open = Some(indent);
        } else {
            for range in assigned(body) {
                let raw = body.cut(range.clone());
                add(parts, range.start + at..range.end + at, raw, unquoted(raw));
            }
            // `{kind: Secret, stringData: {…`
            let inside = body
                .find("ata")
                .filter(|_| of_secret || body.contains("stringData"));
            let rest = inside.map_or("", |inside| {
                body.cut(inside + 3..).trim_start_matches(['"', ' '])
            });
            if let Some(rest) = rest.strip_prefix(':') {
                add_raw(
                    parts,
                    at + body.len() - rest.len()..at + body.len(),
                    rest.trim(),
                );
            }
        }
    }
}

/// Whether a text that does not parse says that it is a Secret.
fn is_nearly_secret(text: &str) -> bool {
    text.match_indices("kind").any(|(at, word)| {
        let rest = text
            .cut(at + word.len()..)
            .trim_start_matches(['"', '\'', ' ']);
        let kind = rest
            .strip_prefix(':')
            .map(|rest| rest.trim_start_matches(['"', '\'', ' ']));
        kind.and_then(|kind| kind.strip_prefix("Secret"))
            .is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()))
    })
}

/// The text in quotes that a text begins with, quotes included.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let end = text.cut(1..).find(quote)? + 1;
    Some(text.cut(..=end))
}

/// Where the first colon or equals sign is that ends a name.
fn colon(line: &str) -> Option<usize> {
    line.match_indices([':', '='])
        .map(|(at, _)| at)
        .find(|&at| {
            let behind = line.cut(at + 1..).chars().next();
            line.cut(at..).starts_with('=')
                || behind.is_none_or(char::is_whitespace)
                || behind == Some('"')
        })
}

/// The values that a text assigns to the names of passwords and tokens.
pub(super) fn assigned(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    // Backticks before the sign that was looked at last.
    let (mut seen, mut ticks) = (0, 0);
    for (at, sign) in text.match_indices(['=', ':']) {
        if found.last().is_some_and(|last| at < last.end) || bytes.get(at + 1) == Some(&b'=') {
            continue;
        }
        // `.password |= "x"`, `"password": "x"`, `["password"] = "x"`
        let mut end = at;
        while end > 0 && b" |+*/]\"'?".contains(&bytes[end - 1]) && at - end < 6 {
            end -= 1;
        }
        let mut from = end;
        while from > 0 && is_name(bytes[from - 1]) && end - from < 80 {
            from -= 1;
        }
        let name = text.cut(from..end);
        let is_quoted = bytes.get(end).is_some_and(|byte| b"\"'".contains(byte));
        let is_colon = sign == ":";
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        if name.is_empty()
            || text.cut(end..at).contains('`')
            || is_colon && !is_quoted && !next.is_ascii_whitespace() && !b"\"'".contains(&next)
        {
            continue;
        }
        if !matches!(NameHint::of(name), NameHint::Password | NameHint::Secret) {
            continue;
        }
        ticks += text.cut(seen..at).matches('`').count();
        seen = at;
        let is_inside = (ticks - text.cut(from..at).matches('`').count()) % 2 == 1;
        let Some(value) = value_behind(text, at + 1, is_inside) else {
            continue;
        };
        let bare = unquoted(text.cut(value.clone()));
        // What is longer is not judged: it would be once for every sign that is in it.
        if value.len() > LONGEST || is_sensitive(name, bare) && !is_computed(bare) {
            found.push(value);
        }
    }
    found
}

/// The value behind a sign: in quotes, up to the backtick that closes the user's words, or a word.
///
/// `is_inside` says that a backtick before the name is open.
fn value_behind(text: &str, at: usize, is_inside: bool) -> Option<Range<usize>> {
    let rest = text.cut(at..);
    let body = rest.trim_start_matches([' ', '\t']);
    let start = at + rest.len() - body.len();
    let first = body.chars().next()?;
    let length = match first {
        '"' | '\'' => {
            let mut escaped = false;
            let mut signs = body.char_indices().skip(1);
            let end = signs.find(|&(_, c)| {
                let ends = c == first && !escaped || c == '\n';
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(body.len(), |(end, _)| end + 1)
        }
        _ => {
            let is_end = |c: char| match is_inside {
                true => c == '`' || c.is_whitespace(),
                false => c.is_whitespace() || matches!(c, '`' | '"' | '\'' | ',' | ';' | '&'),
            };
            body.find(is_end).unwrap_or(body.len())
        }
    };
    let is_word = text.cut(at - 1..).starts_with(':') && {
        // A sentence goes on behind a colon; a value has a sign that no word has.
        let word = body.cut(..length);
        !is_inside
            && !text.cut(..at).trim_end().ends_with('"')
            && word.bytes().all(|b| b.is_ascii_alphabetic())
    };
    (length > 0 && !is_word).then_some(start..start + length)
}

/// Whether a value is put together elsewhere: `env(TOKEN)`, `.other.path`, `$name`.
fn is_computed(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    value.starts_with(['.', '$', '(', '*'])
        && value.get(1..).is_some_and(|rest| rest.chars().all(is_name))
        && !value.cut(1..).bytes().any(|byte| byte.is_ascii_digit())
        || value.contains('(')
            && value.split('(').next().is_some_and(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            })
}

/// What else a part may look like: decoded, encoded, and as a text in quotes shows it.
pub(super) fn forms(value: &str) -> Vec<String> {
    use ::base64::Engine as _;
    let value = value.trim();
    let mut forms = vec![value.to_owned()];
    if value.len() >= 4 {
        forms.push(::base64::prelude::BASE64_STANDARD.encode(value));
        forms.extend(base64::decode_text(value).map(|text| text.trim().to_owned()));
    }
    let escaped: String = value.chars().flat_map(char::escape_debug).collect();
    if escaped != value {
        forms.push(escaped);
    }
    forms
}
