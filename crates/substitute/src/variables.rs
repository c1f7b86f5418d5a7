//! The variables of a substitution.

use std::collections::{BTreeMap, BTreeSet};

/// Names and their values, without the line feeds that Flux takes out of them.
///
/// A value is bytes: that of a Secret need not be text.
#[derive(Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, Vec<u8>>,
    /// The first name that Flux refuses.
    refused: Option<String>,
    /// The names whose values come from Secrets.
    secret: BTreeSet<String>,
}

impl Variables {
    /// Sets a variable; one that is there is replaced.
    pub fn set(&mut self, name: impl Into<String>, value: impl AsRef<[u8]>) {
        let mut value = value.as_ref().to_vec();
        value.retain(|byte| *byte != b'\n');
        let name = name.into();
        let is_first = self.refused.as_ref().is_none_or(|known| name < *known);
        if is_first && !is_name(&name) {
            self.refused = Some(name.clone());
        }
        self.secret.remove(&name);
        self.values.insert(name, value);
    }

    /// Sets a variable whose value comes from a Secret.
    pub fn set_secret(&mut self, name: impl Into<String>, value: impl AsRef<[u8]>) {
        let name = name.into();
        self.set(name.clone(), value);
        self.secret.insert(name);
    }

    /// Whether the value of a variable comes from a Secret.
    pub fn is_secret(&self, name: &str) -> bool {
        self.secret.contains(name)
    }

    /// Whether that of any does.
    pub(crate) fn has_secrets(&self) -> bool {
        !self.secret.is_empty()
    }

    /// Sets the variables of another set over those that are there.
    pub fn extend(&mut self, other: &Self) {
        for (name, value) in &other.values {
            match other.is_secret(name) {
                true => self.set_secret(name.as_str(), value),
                false => self.set(name.as_str(), value),
            }
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Whether there is none; then Flux substitutes nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The first name that Flux refuses: it accepts ASCII letters, digits and `_`, and no digit in
    /// front.
    pub fn refused_name(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

/// Whether Flux accepts the name of a variable.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    bytes.next().is_some_and(is_letter)
        && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// Shows the names alone: values may be secret.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl<N: Into<String>, V: AsRef<[u8]>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut variables = Self::default();
        for (name, value) in pairs {
            variables.set(name, value);
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_a_shell() {
        for (name, is_accepted) in [
            ("_x", true),
            ("a1", true),
            ("1a", false),
            ("my-var", false),
            ("ä", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), is_accepted, "{name}");
        }
    }

    #[test]
    fn values_lose_line_feeds_and_are_not_shown() {
        let variables: Variables = [("a", "x\ny\r\n")].into_iter().collect();
        assert_eq!(variables.get("a"), Some(&b"xy\r"[..]));
        assert_eq!(format!("{variables:?}"), r#"{"a"}"#);
    }
}
