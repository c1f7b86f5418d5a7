//! The settings of `kustom diff`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// How differences are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DiffSettings {
    /// Differences to ignore: they are counted, not shown.
    pub ignore: Vec<IgnoredDifference>,
}

/// A difference that is left aside, as `--ignore` takes it; or `object`, `path` and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredDifference {
    /// The entry as `--ignore` takes it.
    pub entry: Option<String>,
    /// The object: `KIND/NAME`, with `*` for any text.
    pub object: Option<String>,
    /// The field: `spec.replicas`, with `*` for any text in a step.
    pub path: Option<String>,
    /// Why it is left aside.
    pub reason: Option<String>,
}

/// The long form.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Long {
    /// The object: `KIND/NAME`, with `*` for any text.
    object: Option<String>,
    /// The field: `spec.replicas`, with `*` for any text in a step.
    path: Option<String>,
    /// Why it is left aside.
    reason: Option<String>,
}

impl<'de> Deserialize<'de> for IgnoredDifference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = IgnoredDifference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a string such as `Deployment/*:spec.replicas`, or `object`, `path` and `reason`",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<IgnoredDifference, E> {
        Ok(IgnoredDifference {
            entry: Some(text.to_owned()),
            ..IgnoredDifference::default()
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<IgnoredDifference, M::Error> {
        let long = Long::deserialize(MapAccessDeserializer::new(map))?;
        Ok(IgnoredDifference {
            entry: None,
            object: long.object,
            path: long.path,
            reason: long.reason,
        })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for IgnoredDifference {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IgnoredDifference".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let long = generator.subschema_for::<Long>();
        schemars::json_schema!({
            "description": "A difference that is left aside, as `--ignore` takes it; or `object`, `path` and why.",
            "anyOf": [{"type": "string"}, long]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_text_or_says_why() {
        let entry = |text: &str| serde_yaml::from_str::<IgnoredDifference>(text);
        let short = entry("Deployment/*:spec.replicas").unwrap();
        assert_eq!(short.entry.as_deref(), Some("Deployment/*:spec.replicas"));
        let long = entry("{object: Deployment/*, path: spec.replicas, reason: by hand}").unwrap();
        assert_eq!(long.object.as_deref(), Some("Deployment/*"));
        assert_eq!(long.path.as_deref(), Some("spec.replicas"));
        assert_eq!(long.reason.as_deref(), Some("by hand"));
        assert!(entry("{objekt: Deployment/web}").is_err());
        assert!(entry("[a]").is_err());
    }
}
