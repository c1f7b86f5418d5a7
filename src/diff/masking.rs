//! Masks secrets in differences: shows that there is one and whether both sides are equal, and
//! nothing else.
//!
//! Values are compared first and masked afterwards, so that a changed secret is always seen to have
//! changed. Equal values have the same letter, wherever they stand. What is known to be a secret in
//! one place is one in every other: in a URL, an argument, a comment.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kustom_yaml::cut::Cut as _;
use rustc_hash::FxHashMap;

use super::compare::address;
use super::found::Instead;
use super::path::{Path, Step};
use super::secret::{clear, decoded, is_mask, is_secret};
use super::{Secrets, Shown};
use crate::guard::is_field_with_secrets;
use crate::resource::Resource;
use crate::yaml::{Entry, Node, Options, PrintOptions, Tag, Value, print_node, read, write};

/// A secret that is shorter is not looked for in other texts: it could be a word of any.
const SHORTEST: usize = 8;

/// A secret that is shorter than this stands alone where it stands: `kubernetes` in a URL is the
/// password only if nothing touches it.
const LONG: usize = 16;

/// How secrets are shown.
#[derive(Clone, Copy, Debug)]
pub struct Masking {
    /// In clear.
    pub show: bool,
    /// With their lengths.
    pub lengths: bool,
}

impl Default for Masking {
    fn default() -> Self {
        Self {
            show: false,
            lengths: true,
        }
    }
}

/// Knows the secrets of both sides, and shows values without them.
pub(super) struct Masker {
    masking: Masking,
    /// The number of each secret.
    numbers: FxHashMap<Vec<u8>, usize>,
    /// How long each secret is, and how it is shown, once it was.
    labels: Vec<(usize, Option<String>)>,
    shown: usize,
    /// Texts in which a secret would be seen, and its number.
    patterns: Vec<(String, usize)>,
    automaton: Option<AhoCorasick>,
    /// The texts behind each text in which something is hidden: two are never shown alike.
    originals: FxHashMap<String, Vec<String>>,
}

impl Masker {
    pub(super) fn new(masking: Masking) -> Self {
        Self {
            masking,
            numbers: FxHashMap::default(),
            labels: Vec::new(),
            shown: 0,
            patterns: Vec::new(),
            automaton: None,
            originals: FxHashMap::default(),
        }
    }

    /// Learns the values of a Secret.
    pub(super) fn learn_secret(&mut self, resource: &Resource, secrets: &dyn Secrets) {
        for (path, value) in secret_values(resource) {
            let clear = clear(&path, value);
            let text = String::from_utf8_lossy(&clear).into_owned();
            if !is_mask(&text) && !secrets.is_placeholder(&text) {
                self.learn(clear, &text);
            }
        }
    }

    /// Learns what a substitution put into an object that comes from Secrets.
    pub(super) fn learn_substituted(&mut self, resource: &Resource, secrets: &dyn Secrets) {
        for text in &resource.history.secrets {
            if !text.is_empty() && !is_mask(text) && !secrets.is_placeholder(text) {
                self.learn(text.clone().into_bytes(), text);
            }
        }
    }

    /// Learns what in a manifest is a secret.
    pub(super) fn learn_manifest(&mut self, node: &Node, secrets: &dyn Secrets) {
        let mut text = String::new();
        if self.masking.show || write(node, &mut text).is_err() {
            return;
        }
        for range in secrets.find(&text) {
            let Some(found) = text.get(range) else {
                continue;
            };
            let inner = found.trim().trim_matches(['"', '\'']);
            if !inner.is_empty() {
                self.learn_found(inner);
                if let Some(spoken) = unescaped(inner) {
                    self.learn_found(&spoken);
                }
            }
        }
    }

    fn learn_found(&mut self, text: &str) {
        self.learn(text.as_bytes().to_vec(), text);
        let encoded = decoded(text).and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(encoded) = encoded.filter(|text| text.len() >= SHORTEST) {
            self.learn(encoded.clone().into_bytes(), &encoded);
        }
    }

    fn learn(&mut self, clear: Vec<u8>, text: &str) {
        let encoded = STANDARD.encode(&clear);
        let number = self.number(clear);
        let mut add = |text: &str| {
            if text.len() >= SHORTEST {
                self.patterns.push((text.to_owned(), number));
            }
        };
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        match lines.as_slice() {
            [only] => add(only),
            // Of several lines each gives the secret away that is no line of many.
            several => several
                .iter()
                .filter(|line| line.len() >= LONG && !line.starts_with("-----"))
                .for_each(|line| add(line)),
        }
        add(&encoded);
    }

    /// Makes ready for looking: nothing is learned after this.
    pub(super) fn finish(&mut self) {
        if self.masking.show || self.patterns.is_empty() {
            return;
        }
        let texts = self.patterns.iter().map(|(text, _)| text);
        // Too many secrets for an automaton are too many to be shown anything of.
        self.automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(texts)
            .ok();
    }

    fn number(&mut self, clear: Vec<u8>) -> usize {
        let (next, length) = (self.labels.len(), clear.len());
        let number = *self.numbers.entry(clear).or_insert(next);
        if number == next {
            self.labels.push((length, None));
        }
        number
    }

    /// How a secret is shown: `<secret A, 22 bytes>`.
    fn label(&mut self, clear: &[u8]) -> String {
        let number = self.number(clear.to_vec());
        self.label_of(number)
    }

    fn label_of(&mut self, number: usize) -> String {
        let (length, label) = &mut self.labels[number];
        let shown = &mut self.shown;
        let lengths = self.masking.lengths;
        let label = label.get_or_insert_with(|| {
            let letters = letters(*shown);
            *shown += 1;
            match (lengths, *length) {
                (true, 1) => format!("<secret {letters}, 1 byte>"),
                (true, length) => format!("<secret {letters}, {length} bytes>"),
                (false, _) => format!("<secret {letters}>"),
            }
        });
        label.clone()
    }

    /// A text with labels in the place of secrets.
    pub(super) fn text(&mut self, text: &str) -> String {
        let Some(automaton) = self.automaton.clone() else {
            return text.to_owned();
        };
        let mut masked = String::with_capacity(text.len());
        let mut last = 0;
        for found in automaton.find_iter(text) {
            let (start, end) = (found.start(), found.end());
            if end - start < LONG && touches(text, start, end) {
                continue;
            }
            let number = self.patterns[found.pattern().as_usize()].1;
            masked.push_str(text.cut(last..start));
            masked.push_str(&self.label_of(number));
            last = end;
        }
        masked.push_str(text.cut(last..));
        if last == 0 {
            return masked;
        }
        // Two texts with the same secrets in them may differ in what is hidden.
        let originals = self.originals.entry(masked.clone()).or_default();
        let known = originals.iter().position(|original| original == text);
        let number = known.unwrap_or_else(|| {
            originals.push(text.to_owned());
            originals.len() - 1
        });
        if number > 0 {
            masked.push_str(&format!(" <hidden otherwise, {}>", number + 1));
        }
        masked
    }

    /// A value of a resource without its secrets; some values may be shown in the place of others.
    pub(super) fn node(
        &mut self,
        resource: &Resource,
        path: &mut Path,
        node: &Node,
        instead: &FxHashMap<usize, &Instead>,
    ) -> Node {
        let here = instead.get(&address(node)).copied();
        let node = match here {
            Some(Instead::Value(value)) => value,
            _ => node,
        };
        let is_there = |node: &Node| !matches!(instead.get(&address(node)), Some(Instead::Nothing));
        let value = match &node.value {
            Value::Map(entries) => {
                let mut masked = Vec::with_capacity(entries.len());
                for entry in entries.iter().filter(|entry| is_there(&entry.value)) {
                    let key = entry.key.text().unwrap_or_default();
                    path.0.push(Step::Field(key.into()));
                    let value = self.node(resource, path, &entry.value, instead);
                    path.0.pop();
                    let mut key_node = entry.key.clone();
                    if let Value::Scalar(text) = &mut key_node.value {
                        *text = self.text(text).into();
                    }
                    masked.push(Entry {
                        key: key_node,
                        value,
                    });
                }
                Value::Map(masked.into())
            }
            Value::Seq(items) => {
                let order: Vec<usize> = match here {
                    Some(Instead::Order(order)) => order.clone(),
                    _ => (0..items.len()).collect(),
                };
                let items = order.into_iter().filter_map(|at| items.get(at));
                let mut masked = Vec::new();
                for (number, item) in items.filter(|item| is_there(item)).enumerate() {
                    path.0.push(Step::Index(number));
                    masked.push(self.node(resource, path, item, instead));
                    path.0.pop();
                }
                Value::Seq(masked.into())
            }
            Value::Scalar(text) => return self.scalar(resource, path, node, text),
            Value::Alias(_) => node.value.clone(),
        };
        Node {
            value,
            ..node.clone()
        }
    }

    fn scalar(&mut self, resource: &Resource, path: &Path, node: &Node, text: &str) -> Node {
        if self.masking.show {
            return node.clone();
        }
        let masked = if is_secret(resource, path) && is_mask(text) {
            text.to_owned()
        } else if is_secret(resource, path) && node.tag != Tag::Str && !node.is_null() {
            format!("{} that is no text", self.label(&clear(path, node)))
        } else if is_secret(resource, path) {
            self.label(&clear(path, node))
        } else if text.starts_with("ENC[") {
            self.label(text.as_bytes())
                .replacen("secret", "encrypted", 1)
        } else {
            self.text(text)
        };
        if masked == text {
            return node.clone();
        }
        Node {
            span: node.span,
            ..Node::string(masked)
        }
    }

    /// A value as it is shown; nothing is said of its place.
    pub(super) fn shown(&mut self, resource: &Resource, path: &Path, node: &Node) -> Shown {
        let masked = self.node(resource, &mut path.clone(), node, &FxHashMap::default());
        let node = match is_secret(resource, path) && self.masking.show && node.is_scalar() {
            true => &Node::string(String::from_utf8_lossy(&clear(path, node)).as_ref()),
            false => node,
        };
        let masked = if self.masking.show { node } else { &masked };
        let is_mask = is_secret(resource, path) && masked.text().is_some_and(is_mask);
        Shown {
            text: match masked.text().filter(|_| is_mask) {
                Some(mask) => mask.to_owned(),
                None => printed(masked),
            },
            exact: masked.as_str().map(str::to_owned),
            place: None,
            is_masked: is_mask || !crate::yaml::same_data(masked, node),
        }
    }
}

/// A value as text: a line, several lines of text, or YAML.
pub(super) fn printed(node: &Node) -> String {
    match (node.as_str(), node.text()) {
        (Some(text), _) if text.contains('\n') => return text.to_owned(),
        _ if node.is_null() => return "null".to_owned(),
        // Numbers are shown as they are spelled.
        (None, Some(text)) if node.is_scalar() => return text.to_owned(),
        _ => {}
    }
    let mut text = String::new();
    if write(node, &mut text).is_err() {
        text = print_node(node, &PrintOptions::default());
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// The values of a Secret, with their paths.
pub(super) fn secret_values(resource: &Resource) -> impl Iterator<Item = (Path, &Node)> {
    let gvk = &resource.id().gvk;
    let is_secret = gvk.kind == "Secret" && gvk.group.is_empty();
    let fields = resource.node.entries().iter().filter_map(move |entry| {
        let name = entry.key.text()?;
        (is_secret && is_field_with_secrets(name)).then_some((name, &entry.value))
    });
    fields.flat_map(|(field, value)| {
        let path = Path(vec![Step::Field(field.into())]);
        let own = value.is_scalar().then(|| (path.clone(), value));
        let below = value.entries().iter().map(move |entry| {
            let mut path = path.clone();
            let key = entry.key.text().unwrap_or_default();
            path.0.push(Step::Field(key.into()));
            (path, &entry.value)
        });
        own.into_iter().chain(below)
    })
}

/// What a piece of a quoted text says, if that is not how it is written: values are looked for as
/// they are, and found as a manifest writes them.
fn unescaped(piece: &str) -> Option<String> {
    if piece.contains('\\') {
        let quoted = format!("\"{piece}\"");
        let documents = read(&quoted, &Options::default()).ok()?;
        return documents.first()?.text().map(str::to_owned);
    }
    piece.contains("''").then(|| piece.replace("''", "'"))
}

/// Whether a letter or a digit stands right before or behind a part of a text.
fn touches(text: &str, start: usize, end: usize) -> bool {
    let before = text.cut(..start).chars().next_back();
    let after = text.cut(end..).chars().next();
    [before, after]
        .iter()
        .flatten()
        .any(|c| c.is_alphanumeric())
}

/// A, B … Z, AA, AB …
fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return letters.into_iter().rev().collect();
        }
        number -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_the_last() {
        assert_eq!(
            [0, 25, 26, 51, 52, 702].map(letters),
            ["A", "Z", "AA", "AZ", "BA", "AAA"]
        );
    }

    #[test]
    fn a_known_secret_is_hidden_wherever_it_stands() {
        let mut masker = Masker::new(Masking::default());
        masker.learn(b"correct-horse-battery".to_vec(), "correct-horse-battery");
        masker.learn(b"passphrase".to_vec(), "passphrase");
        masker.finish();
        let encoded = STANDARD.encode("correct-horse-battery");
        assert_eq!(
            masker.text(&format!(
                "a=correct-horse-battery b={encoded} passphrases passphrase"
            )),
            "a=<secret A, 21 bytes> b=<secret A, 21 bytes> passphrases <secret B, 10 bytes>"
        );
    }
}
