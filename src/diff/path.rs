//! The path of a difference within an object.

use std::fmt;

use crate::yaml::Str;

/// A step on the way from an object to a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A field of a mapping.
    Field(Str),
    /// An item of a list, by what tells it from its neighbours: `deck`, `--port`.
    Item(Str),
    /// An item of a list, by its number.
    Index(usize),
}

/// The way from an object to a value: `spec.containers[deck].args[--port]`.
///
/// What stands inside of a text that is a document of its own follows the key of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Step {
    /// The same step with another word.
    #[must_use]
    pub fn map(&self, word: impl FnOnce(&str) -> Str) -> Self {
        match self {
            Self::Field(name) => Self::Field(word(name)),
            Self::Item(name) => Self::Item(word(name)),
            Self::Index(number) => Self::Index(*number),
        }
    }
}

impl Path {
    /// The fields on the way, without items.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it is these fields and nothing else.
    pub fn is(&self, fields: &[&str]) -> bool {
        self.0.len() == fields.len() && self.fields().eq(fields.iter().copied())
    }

    /// The end of the path that says what kind of value it is: `configMap.name`.
    pub fn ending(&self) -> String {
        let mut fields: Vec<&str> = self.fields().rev().take(2).collect();
        fields.reverse();
        fields.join(".")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if !is_plain(name) => write!(f, "[{name}]")?,
                Step::Field(name) if index == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(name) => write!(f, "[{name}]")?,
                Step::Index(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.bytes().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_people_say_it() {
        let field = |name: &str| Step::Field(name.into());
        let path = Path(vec![
            field("spec"),
            field("containers"),
            Step::Item("web".into()),
            field("args"),
            Step::Index(2),
        ]);
        assert_eq!(path.to_string(), "spec.containers[web].args[2]");
        assert_eq!(path.ending(), "containers.args");
        let path = Path(vec![field("data"), field("config.yaml"), field("x")]);
        assert_eq!(path.to_string(), "data[config.yaml].x");
        assert!(path.is(&["data", "config.yaml", "x"]));
    }
}
