//! Environment variables: `env`, `strenv`, `envsubst`.

use kustom_yaml::Tag;
use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind as ErrorKind, Result};

use crate::v4::arena_node::TypeTag;
use crate::v4::context::Lookup;
use crate::v4::evaluator::{Evaluator, one};
use crate::v4::expr::Call;
use crate::v4::scope::{Matches, Scope};

use super::encode::from_yaml_text;
use super::errors::wrong_kind;

fn environment<'d>(e: &Evaluator<'d>) -> Result<&'d Lookup<'d>> {
    e.context.environment.ok_or_else(|| {
        Error::new(
            ErrorKind::Script,
            "environment variables may not be used here",
        )
        .help(
            "what is rendered must be the same on every machine; `load` reads files of the project",
        )
    })
}

fn name(call: &Call) -> &str {
    call.words.trim_matches('"')
}

/// `env(NAME)`: the variable, read as YAML.
pub(crate) fn env(e: &mut Evaluator<'_>, call: &Call, _: &Scope) -> Result<Matches> {
    let name = name(call);
    let value = environment(e)?(name).filter(|value| !value.is_empty());
    let Some(value) = value else {
        let message = format!("the environment variable `{name}` is not set");
        return Err(Error::new(ErrorKind::Script, message)
            .help("`strenv` takes what is not set for an empty string"));
    };
    let node = from_yaml_text(&value).map_err(|_| {
        let message = format!("the environment variable `{name}` is no YAML");
        Error::new(ErrorKind::Script, message).help("`strenv` takes it for a string")
    })?;
    Ok(one(e.arena.adopt_owned(node)))
}

/// `strenv(NAME)`: the variable as a string.
pub(crate) fn strenv(e: &mut Evaluator<'_>, call: &Call, _: &Scope) -> Result<Matches> {
    let value = environment(e)?(name(call)).unwrap_or_default();
    Ok(one(e.arena.scalar(value, Tag::Str)))
}

/// What `envsubst` refuses.
#[derive(Clone, Copy, Debug, Default)]
struct Strictness {
    /// `nu`: variables that are not set.
    unset: bool,
    /// `ne`: variables that are empty.
    empty: bool,
    /// `ff`: only the first complaint is given.
    first_only: bool,
}

/// `envsubst`, `envsubst(nu, ne, ff)`
pub(crate) fn envsubst(e: &mut Evaluator<'_>, call: &Call, scope: &Scope) -> Result<Matches> {
    let lookup = environment(e)?;
    let mut strictness = Strictness::default();
    for word in call.words.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word {
            "nu" => strictness.unset = true,
            "ne" => strictness.empty = true,
            "ff" => strictness.first_only = true,
            _ => {
                let message = format!("there is no option `{word}` of `envsubst`");
                return Err(Error::new(ErrorKind::Script, message)
                    .help("the options are nu (not unset), ne (not empty), ff (fail fast)"));
            }
        }
    }
    e.for_each(scope, |e, id| {
        if e.arena.get(id).label != TypeTag::Core(Tag::Str) {
            let error = wrong_kind(e, call, "a string", id);
            return Err(error.help("use `|=` to change each value by itself"));
        }
        let text = substituted(&e.arena.get(id).text, lookup, strictness)?;
        Ok(Some(e.answer(id, &text, Tag::Str)))
    })
}

/// A text with its variables filled in.
fn substituted(text: &str, lookup: &Lookup<'_>, strictness: Strictness) -> Result<String> {
    let mut complaints = Vec::new();
    let out = fill(text, lookup, strictness, &mut complaints, 0)?;
    if strictness.first_only {
        complaints.truncate(1);
    }
    if complaints.is_empty() {
        Ok(out)
    } else {
        Err(Error::new(ErrorKind::Script, complaints.join(", ")))
    }
}

fn fill(
    text: &str,
    lookup: &Lookup<'_>,
    strictness: Strictness,
    complaints: &mut Vec<String>,
    depth: usize,
) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        out.push_str(rest.cut(..place));
        let after = rest.cut(place + 1..);
        if let Some(inner) = after.strip_prefix('$') {
            out.push('$');
            rest = inner;
        } else if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = closing_brace(inner) else {
                let message = "a `${` is not closed";
                return Err(Error::new(ErrorKind::Script, message));
            };
            let reference = Reference::parse(inner.cut(..end))?;
            out.push_str(&reference.value(lookup, strictness, complaints, depth)?);
            rest = inner.cut(end + 1..);
        } else {
            let length = name_length(after);
            if length == 0 {
                out.push('$');
            } else {
                let reference = Reference::plain(after.cut(..length));
                out.push_str(&reference.value(lookup, strictness, complaints, depth)?);
            }
            rest = after.cut(length..);
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len())
}

/// Where the `}` stands that ends a reference.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(index),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// `${NAME:-default}`
#[derive(Debug)]
struct Reference<'t> {
    name: &'t str,
    /// `-`, `:-`, `=`, `:=`, `+`, `:+`
    operator: &'t str,
    word: &'t str,
}

impl<'t> Reference<'t> {
    fn plain(name: &'t str) -> Self {
        Self {
            name,
            operator: "",
            word: "",
        }
    }

    fn parse(text: &'t str) -> Result<Self> {
        let length = name_length(text);
        let (name, rest) = text.halves(length);
        let operator = [":-", ":=", ":+", "-", "=", "+", ""]
            .into_iter()
            .find(|operator| rest.starts_with(operator))
            .unwrap_or_default();
        if name.is_empty() || (operator.is_empty() && !rest.is_empty()) {
            let message = format!("cannot make sense of `${{{text}}}`");
            return Err(Error::new(ErrorKind::Script, message));
        }
        Ok(Self {
            name,
            operator,
            word: rest.cut(operator.len()..),
        })
    }

    fn value(
        &self,
        lookup: &Lookup<'_>,
        strictness: Strictness,
        complaints: &mut Vec<String>,
        depth: usize,
    ) -> Result<String> {
        let name = self.name;
        let value = lookup(name);
        if value.as_deref() == Some("") && strictness.empty {
            complaints.push(format!("the variable `{name}` is empty"));
            return Ok(String::new());
        }
        let counts_as_set = match (&value, self.operator) {
            (None, _) => false,
            (Some(value), ":-" | ":=" | ":+") => !value.is_empty(),
            (Some(_), _) => true,
        };
        let mut word = || {
            if depth > 20 {
                return Ok(self.word.to_owned());
            }
            fill(self.word, lookup, strictness, complaints, depth + 1)
        };
        match self.operator {
            "+" | ":+" if counts_as_set => word(),
            "+" | ":+" => Ok(String::new()),
            "" if value.is_none() && strictness.unset => {
                complaints.push(format!("the variable `{name}` is not set"));
                Ok(String::new())
            }
            "" => Ok(value.unwrap_or_default()),
            _ if counts_as_set => Ok(value.unwrap_or_default()),
            _ => word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "SET" => Some("value".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn subst(text: &str) -> String {
        substituted(text, &lookup, Strictness::default()).unwrap()
    }

    #[test]
    fn variables_are_filled_in() {
        for (text, wanted) in [
            ("a $SET b", "a value b"),
            ("${SET}x", "valuex"),
            ("${NONE}", ""),
            ("${NONE-word}", "word"),
            ("${EMPTY-word}", ""),
            ("${EMPTY:-word}", "word"),
            ("${NONE:-${SET}}", "value"),
            ("${SET:+other}", "other"),
            ("$$SET", "$SET"),
            ("100$", "100$"),
        ] {
            assert_eq!(subst(text), wanted, "{text}");
        }
    }

    #[test]
    fn strictness_complains() {
        let strict = |text, unset, empty, first_only| {
            let strictness = Strictness {
                unset,
                empty,
                first_only,
            };
            substituted(text, &lookup, strictness)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            strict("$A $B", true, false, false),
            "the variable `A` is not set, the variable `B` is not set"
        );
        assert_eq!(
            strict("$A $B", true, false, true),
            "the variable `A` is not set"
        );
        assert_eq!(
            strict("${EMPTY-x}", false, true, false),
            "the variable `EMPTY` is empty"
        );
        assert!(substituted("${A", &lookup, Strictness::default()).is_err());
    }
}
