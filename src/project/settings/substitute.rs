//! `substitute` in `environment.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Variables that are substituted in all objects after the build, as Flux does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct SubstituteSettings {
    /// Variables with their values, over those of `from`.
    pub values: BTreeMap<String, String>,
    /// Where more variables come from, the last one on top.
    pub from: Vec<SubstituteSource>,
    /// Whether a variable without a value and a default is empty; otherwise it is an error.
    pub lenient: Option<bool>,
    /// Whether text is substituted even if there are no variables, for the sake of its defaults.
    pub always: Option<bool>,
}

/// Where variables come from: a file, or a ConfigMap or Secret of the render.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct SubstituteSource {
    /// A file with a map of texts, or with ConfigMaps and Secrets.
    pub file: Option<String>,
    /// `ConfigMap` or `Secret`: an object of the render.
    pub kind: Option<String>,
    /// The name of the object, without a prefix or a hash.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: bool,
}

impl SubstituteSettings {
    /// The settings of an environment that says this and extends one that says `parent`.
    pub(super) fn over(&self, parent: &Self) -> Self {
        let mut merged = self.clone();
        for (name, value) in &parent.values {
            let kept = merged.values.entry(name.clone());
            kept.or_insert_with(|| value.clone());
        }
        merged.from = [&parent.from[..], &self.from].concat();
        merged.lenient = merged.lenient.or(parent.lenient);
        merged.always = merged.always.or(parent.always);
        merged
    }
}
