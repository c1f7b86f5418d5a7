//! The settings of lint.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::validation::exceptions;
use super::{AllowedFinding, Step, place_at};
use crate::error::{Error, Kind, Result};
use crate::lint::{Expression, Linter, Profile, Requirement, RequirementSeverity, Selection};
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
    /// Expressions that objects must meet.
    pub require: Vec<RequiredExpression>,
}

/// An expression of the Common Expression Language that objects must meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequiredExpression {
    /// What it is called in findings.
    pub name: String,
    /// The objects that it is about: `KIND`, or `KIND/NAME`, with `*` for any text; without it all.
    #[serde(default)]
    pub r#match: String,
    /// The expression; `object` is the object.
    pub expression: String,
    /// What is said of an object that does not meet it.
    pub message: String,
    /// How bad that is; without it an error.
    #[serde(default)]
    pub severity: RequiredSeverity,
}

/// How bad it is to break a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RequiredSeverity {
    /// Good to know.
    Note,
    /// Probably not meant.
    Warning,
    /// Must be mended.
    #[default]
    Error,
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
    /// Expressions that objects must meet.
    require: Vec<RequiredExpression>,
}

impl LintSettings {
    /// The expressions that objects must meet.
    pub fn requirements(&self) -> Vec<Requirement> {
        let each = self.require.iter().map(|one| Requirement {
            name: one.name.clone(),
            matches: one.r#match.clone(),
            expression: one.expression.clone(),
            message: one.message.clone(),
            severity: match one.severity {
                RequiredSeverity::Note => RequirementSeverity::Note,
                RequiredSeverity::Warning => RequirementSeverity::Warning,
                RequiredSeverity::Error => RequirementSeverity::Error,
            },
        });
        each.collect()
    }

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
        for (index, one) in self.require.iter().enumerate() {
            if let Err(why) = Expression::parse(&one.expression) {
                let way = [
                    Step::Field("lint"),
                    Step::Field("require"),
                    Step::Item(index),
                    Step::Field("expression"),
                ];
                let message = format!("the expression of `{}` is wrong: {why}", one.name);
                return Err(Error::new(Kind::Project, message).at(place_at(files, path, &way)));
            }
        }
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
        f.write_str("a profile such as `recommended`, or `profile`, `select`, `ignore`, `allow` and `require`")
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
            require: long.require,
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
