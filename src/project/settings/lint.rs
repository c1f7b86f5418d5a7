//! The settings of lint.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::validation::exceptions;
use super::{AllowedFinding, Step, place_at};
use crate::error::{Error, Kind, Result};
use crate::lint::{Linter, Profile, Selection};
use crate::load::Files;
use crate::validation::Exceptions;

/// What `kustom lint` asks, and `kustom check` with it: a profile, or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintSettings {
    /// `recommended`, `all`, or a level of the Pod Security Standards: `baseline`, `restricted:v1.33`.
    pub profile: Option<String>,
    /// Rules that are asked besides.
    pub select: Vec<String>,
    /// Rules that are not asked.
    pub ignore: Vec<String>,
    /// What may stay although it is found.
    pub allow: Vec<AllowedFinding>,
}

/// The long form.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Long {
    /// `recommended`, `all`, or a level of the Pod Security Standards: `baseline`, `restricted:v1.33`.
    profile: Option<String>,
    /// Rules that are asked besides.
    select: Vec<String>,
    /// Rules that are not asked.
    ignore: Vec<String>,
    /// What may stay although it is found.
    allow: Vec<AllowedFinding>,
}

impl LintSettings {
    /// The rules that are asked.
    ///
    /// # Errors
    ///
    /// A profile or a rule that is none; the message is a sentence.
    pub fn selection(&self) -> Result<Selection, String> {
        let profile = self.profile.as_deref().map(str::parse::<Profile>);
        let selection = Selection {
            profile: profile.transpose()?.unwrap_or_default(),
            select: self.select.clone(),
            ignore: self.ignore.clone(),
        };
        Linter::new(&selection).map_err(|unknown| unknown.to_string())?;
        Ok(selection)
    }

    /// Whether everything in it is there.
    ///
    /// # Errors
    ///
    /// A profile or a rule that is none.
    pub(super) fn checked(&self, files: &dyn Files, path: &Path) -> Result<()> {
        self.exceptions(files, path)?;
        let place = place_at(files, path, &[Step::Field("lint")]);
        let wrong = |why| Error::new(Kind::Project, why).at(place);
        let help = "`docs/lint.md` lists the profiles and the rules";
        self.selection().map_err(|why| wrong(why).help(help))?;
        Ok(())
    }

    /// The exceptions.
    ///
    /// # Errors
    ///
    /// An entry that names nothing, what is no rule, or gives no reason.
    pub(in crate::project) fn exceptions(
        &self,
        files: &dyn Files,
        path: &Path,
    ) -> Result<Exceptions> {
        exceptions(&self.allow, "lint", files, path)
    }
}

impl<'de> Deserialize<'de> for LintSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LintVisitor)
    }
}

struct LintVisitor;

impl<'de> Visitor<'de> for LintVisitor {
    type Value = LintSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a profile such as `recommended`, or `profile`, `select`, `ignore` and `allow`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LintSettings, E> {
        Ok(LintSettings {
            profile: Some(text.to_owned()),
            ..LintSettings::default()
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<LintSettings, M::Error> {
        let long = Long::deserialize(MapAccessDeserializer::new(map))?;
        Ok(LintSettings {
            profile: long.profile,
            select: long.select,
            ignore: long.ignore,
            allow: long.allow,
        })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for LintSettings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LintSettings".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let long = generator.subschema_for::<Long>();
        schemars::json_schema!({
            "description": "What `kustom lint` asks, and `kustom check` with it: a profile, or more.",
            "anyOf": [{"type": "string"}, long]
        })
    }
}
