//! Learns how the two sides rename things: names, namespaces, prefixes and suffixes.
//!
//! It learns from matched resources and predicts the consequences: a Service that has another name
//! on the second side has it wherever the Service is named.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kustom_yaml::cut::Cut as _;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::id::Id;
use crate::yaml::Str;

/// What two sides call the same thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    /// What goes before a name on each side.
    pub prefix: Affix,
    /// What goes behind a name on each side, apart from a hash.
    pub suffix: Affix,
    /// The namespaces that have another name, by the one they have on the first side.
    pub namespaces: BTreeMap<Str, Str>,
    /// The resources that have another name: what they may be called on the second side.
    names: FxHashMap<Str, FxHashSet<Str>>,
    /// Words that are declared to differ.
    declared: FxHashSet<(Str, Str)>,
    /// What the two environments are called, if two are compared.
    environments: Option<(Str, Str)>,
}

/// Where a text stands decides what the name of an environment in it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// A field of the API: a host or a label may be made of the environment's name.
    Field,
    /// A literal of a ConfigMap: it is predicted only if it is the name and nothing else.
    Literal,
}

/// What goes before or behind a name on each side; mostly nothing on one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Affix {
    /// On the first side.
    pub from: Str,
    /// On the second side.
    pub to: Str,
}

impl Affix {
    /// Whether both sides have the same.
    pub fn is_same(&self) -> bool {
        self.from == self.to
    }
}

impl Renames {
    /// Learns of a resource what it is called on the second side.
    pub(super) fn learn_name(&mut self, from: &Str, to: &Str) {
        if from != to {
            self.names
                .entry(from.clone())
                .or_default()
                .insert(to.clone());
        }
    }

    /// What is left if both sides are one thing at two times: nothing that was learned.
    #[must_use]
    pub(super) fn forgotten(&self) -> Self {
        Self {
            declared: self.declared.clone(),
            ..Self::default()
        }
    }

    /// Says what the two environments are called.
    pub(super) fn name_environments(&mut self, from: &str, to: &str) {
        self.environments = Some((from.into(), to.into()));
    }

    /// Whether two environments are compared, so that what follows from their names is expected.
    pub(super) fn is_of_environments(&self) -> bool {
        self.environments.is_some()
    }

    /// Takes two words for the same from now on.
    pub(super) fn declare(&mut self, from: &str, to: &str) {
        self.declared.insert((from.into(), to.into()));
    }

    /// The namespace on the second side.
    pub(super) fn namespace<'s>(&'s self, from: &'s str) -> &'s str {
        self.namespaces.get(from).map_or(from, Str::as_str)
    }

    /// The name on the second side, if a resource of this name has only one other.
    pub(super) fn name<'s>(&'s self, from: &'s str) -> &'s str {
        let others = self.names.get(from).filter(|others| others.len() == 1);
        let only = others.and_then(|others| others.iter().next());
        only.map_or_else(|| self.namespace(from), Str::as_str)
    }

    /// What a text says in the names of the second side, as far as that is certain.
    pub(super) fn translated<'s>(&'s self, from: &'s str) -> Cow<'s, str> {
        if self.names.is_empty() && self.namespaces.is_empty() {
            return Cow::Borrowed(from);
        }
        let whole = self.name(from);
        if whole != from {
            return Cow::Borrowed(whole);
        }
        pieces(from).map(|piece| self.name(piece)).collect()
    }

    /// Whether a name on the second side is what prefix, suffix and hash make of one on the first.
    pub(super) fn renames(&self, from: &Id, to: &Id) -> bool {
        self.base(from, Side::From) == self.base(to, Side::To)
    }

    /// A name without prefix, suffix and hash.
    pub(super) fn base<'i>(&self, id: &'i Id, side: Side) -> &'i str {
        let pick = |affix: &'_ Affix| match side {
            Side::From => affix.from.clone(),
            Side::To => affix.to.clone(),
        };
        let name = without_hash(id);
        let (prefix, suffix) = (pick(&self.prefix), pick(&self.suffix));
        let name = match name.strip_prefix(prefix.as_str()) {
            Some(rest) if !rest.is_empty() => rest,
            _ => name,
        };
        match name.strip_suffix(suffix.as_str()) {
            Some(rest) if !rest.is_empty() => rest,
            _ => name,
        }
    }

    /// Whether what stands on the second side is what the first one says, in other names.
    pub(super) fn predicts(&self, from: &str, to: &str, place: Text) -> bool {
        if from == to {
            return false;
        }
        if self.predicts_word(from, to) || self.is_environment(from, to) {
            return true;
        }
        let (mut left, mut right) = (pieces(from), pieces(to));
        let is_predicted = |a: &str, b: &str| match self.is_environment(a, b) {
            true => place == Text::Field || self.is_declared(a, b),
            false => self.predicts_word(a, b),
        };
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || is_predicted(a, b) => {}
                _ => return false,
            }
        }
    }

    fn predicts_word(&self, from: &str, to: &str) -> bool {
        self.namespaces.get(from).is_some_and(|name| name == to)
            || self.names.get(from).is_some_and(|names| names.contains(to))
            || self.is_declared(from, to)
    }

    fn is_environment(&self, from: &str, to: &str) -> bool {
        let names = self.environments.as_ref();
        names.is_some_and(|(one, other)| one == from && other == to)
    }

    fn is_declared(&self, from: &str, to: &str) -> bool {
        !self.declared.is_empty() && self.declared.contains(&(from.into(), to.into()))
    }
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The first.
    From,
    /// The second.
    To,
}

/// Words and what stands between them, in turn: names may hold dashes but no dots.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|c| is_word(c) != is_word(first))
            .unwrap_or(rest.len());
        let (piece, after) = rest.halves(end);
        rest = after;
        Some(piece)
    })
}

/// Whether two names differ in the hash of their content and in nothing else.
pub(super) fn differ_in_hash(from: &Id, to: &Id) -> bool {
    let is_hashed = |id: &Id| without_hash(id) != id.name;
    from.name != to.name
        && from.namespace == to.namespace
        && is_hashed(from)
        && is_hashed(to)
        && without_hash(from) == without_hash(to)
}

/// The name of a resource without the hash of its content, if it may have one.
pub(super) fn without_hash(id: &Id) -> &str {
    // Kustomize's hashes: ten digits of sha256 in which what could spell a word is replaced.
    const LENGTH: usize = 10;
    const ALPHABET: &[u8] = b"bcdfghkmt2456789";
    let name = id.name.as_str();
    let is_hashed = matches!(id.gvk.kind.as_str(), "ConfigMap" | "Secret");
    match name.rsplit_once('-') {
        Some((base, hash))
            if is_hashed
                && hash.len() == LENGTH
                && hash.bytes().all(|byte| ALPHABET.contains(&byte))
                && !base.is_empty() =>
        {
            base
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Gvk;

    fn mapping() -> Renames {
        let mut mapping = Renames::default();
        mapping
            .namespaces
            .insert("prow".into(), "staging-prow".into());
        mapping.learn_name(&"deck".into(), &"staging-deck".into());
        mapping.learn_name(&"config-5h9m86f79f".into(), &"config-kk2b7t4g5m".into());
        mapping
    }

    #[test]
    fn words_are_predicted_within_their_bounds() {
        let mapping = mapping();
        for (from, to) in [
            ("deck", "staging-deck"),
            (
                "http://deck.prow.svc:80/x",
                "http://staging-deck.staging-prow.svc:80/x",
            ),
            ("http://deck.prow.svc", "http://deck.staging-prow.svc"),
            ("config-5h9m86f79f", "config-kk2b7t4g5m"),
        ] {
            assert!(mapping.predicts(from, to, Text::Literal), "{from} {to}");
        }
        for (from, to) in [
            ("deck", "deck"),
            ("decks", "staging-decks"),
            ("deck-x", "staging-deck-x"),
            ("deck a", "staging-deck b"),
            ("tide", "staging-tide"),
        ] {
            assert!(!mapping.predicts(from, to, Text::Field), "{from} {to}");
        }
    }

    #[test]
    fn the_name_of_an_environment_in_a_literal_predicts_nothing() {
        let mut mapping = Renames::default();
        mapping.name_environments("production", "staging");
        mapping
            .namespaces
            .insert("production".into(), "staging".into());
        let (from, to) = (
            "https://production.example.com",
            "https://staging.example.com",
        );
        assert!(mapping.predicts(from, to, Text::Field));
        assert!(!mapping.predicts(from, to, Text::Literal));
        assert!(mapping.predicts("production", "staging", Text::Literal));
        mapping.declare("production", "staging");
        assert!(mapping.predicts(from, to, Text::Literal));
    }

    #[test]
    fn a_hash_is_cut_only_off_what_may_have_one() {
        let name = |kind: &str, name: &str| {
            let id = Id {
                gvk: Gvk::new("v1", kind),
                name: name.into(),
                ..Id::default()
            };
            without_hash(&id).to_owned()
        };
        assert_eq!(name("ConfigMap", "config-5h9m86f79f"), "config");
        assert_eq!(name("Service", "config-5h9m86f79f"), "config-5h9m86f79f");
        assert_eq!(name("Secret", "config-controller"), "config-controller");
        assert_eq!(name("Secret", "-5h9m86f79f"), "-5h9m86f79f");
    }
}
