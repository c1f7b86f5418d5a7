//! The settings of how often operators must match.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::build::{Matched, Operator};

/// An operator of a kustomization, and how often it must match: one of `patch`, `image` and
/// `replacement`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Expectation {
    /// The file of a patch as the kustomization names it, or its position: `patches[2]`.
    pub patch: Option<String>,
    /// The name of an image as the kustomization names it, or its position: `images[0]`.
    pub image: Option<String>,
    /// The file of a replacement, or its position: `replacements[0]`.
    pub replacement: Option<String>,
    /// The directory of the kustomization; without it the environment's own.
    pub r#in: Option<String>,
    /// How often: a number, `1+` for at least one, `2..5` for two to five.
    pub matches: Bounds,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At least so often.
    pub least: usize,
    /// At most so often, if there is a limit.
    pub most: Option<usize>,
}

impl Expectation {
    /// The operator's kind and what it is called, if exactly one is named.
    pub fn operator(&self) -> Option<(Operator, &str)> {
        let named = [
            (Operator::Patch, &self.patch),
            (Operator::Image, &self.image),
            (Operator::Replacement, &self.replacement),
        ];
        let mut named = named
            .into_iter()
            .filter_map(|(operator, name)| Some((operator, name.as_deref()?)));
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Whether two speak of the same operator.
    pub(super) fn is_about(&self, other: &Self) -> bool {
        self.operator() == other.operator() && self.r#in == other.r#in
    }

    /// Whether an operator is the one that is meant; its directory is not looked at.
    pub fn means(&self, matched: &Matched) -> bool {
        self.operator().is_some_and(|(operator, name)| {
            let position = format!("{}[{}]", operator.field(), matched.index);
            operator == matched.operator && (name == matched.name || name == position)
        })
    }
}

impl Bounds {
    /// Whether a number is within them.
    pub fn hold(self, count: usize) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(least) = text.strip_suffix('+') {
            let least = least.parse().ok()?;
            return Some(Self { least, most: None });
        }
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (least.parse().ok()?, most.parse().ok()?);
        (least <= most).then_some(Self {
            least,
            most: Some(most),
        })
    }
}

/// At least once.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            least: 1,
            most: None,
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            None => write!(f, "{} or more", self.least),
            Some(most) if most == self.least => write!(f, "{most}"),
            Some(most) => write!(f, "{} to {most}", self.least),
        }
    }
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundsVisitor)
    }
}

struct BoundsVisitor;

impl Visitor<'_> for BoundsVisitor {
    type Value = Bounds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a string such as `1+` or `2..5`")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bounds, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bounds, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bounds, E> {
        Bounds::parse(text).ok_or_else(|| E::custom("invalid bounds"))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Bounds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bounds".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How often: a number, `1+` for at least one, `2..5` for two to five.",
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^[0-9]+(\+|\.\.[0-9]+)?$"}
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_a_number_a_least_or_a_range() {
        let bounds = |text: &str| serde_yaml::from_str::<Bounds>(text);
        assert!(bounds("3").unwrap().hold(3) && !bounds("3").unwrap().hold(4));
        assert!(bounds("1+").unwrap().hold(9) && !bounds("1+").unwrap().hold(0));
        assert!(bounds("2..5").unwrap().hold(2) && !bounds("2..5").unwrap().hold(6));
        for wrong in ["-1", "5..2", "many", "[1]", "'+'"] {
            assert!(bounds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(bounds("2..5").unwrap().to_string(), "2 to 5");
    }
}
