//! The texts of `kustom.yaml` and `environment.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::settings::Settings;
use super::trace::Flags;
use crate::edit::{ImageArgument, Part, replica};

/// What `kustom.yaml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ProjectDraft {
    pub(super) base: Option<String>,
    pub(super) configs: Option<String>,
    pub(super) environments: String,
    pub(super) boilerplate: Option<String>,
    pub(super) rendered: Option<String>,
    pub(super) flags: Flags,
}

/// What `environment.yaml` says besides the settings of its files.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EnvironmentDraft {
    pub(super) settings: Settings,
    /// The line that copies placeholders for secrets.
    pub(super) placeholder: Option<String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) lenient: bool,
    pub(super) output: Option<String>,
}

impl ProjectDraft {
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {}", scalar(value));
            }
        };
        field("base", &self.base);
        field("configs", &self.configs);
        field("environments", &Some(self.environments.clone()));
        field("secretsBoilerplate", &self.boilerplate);
        field("rendered", &self.rendered);
        if self.flags.helm {
            text.push_str("helm:\n  enabled: true\n");
            if !self.flags.helm_api_versions.is_empty() {
                text.push_str("  apiVersions:\n");
                for version in &self.flags.helm_api_versions {
                    let _ = writeln!(text, "  - {}", scalar(version));
                }
            }
            if let Some(version) = &self.flags.helm_kube_version {
                let _ = writeln!(text, "  kubeVersion: {}", scalar(version));
            }
        }
        text
    }
}

impl EnvironmentDraft {
    /// The text; empty where there is nothing to say.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let settings = &self.settings;
        if let Some(line) = &self.placeholder {
            let _ = writeln!(
                text,
                "# As {line} does; `required` refuses a render without filled secrets.\nsecrets: placeholder"
            );
        }
        if !settings.configs.is_empty() {
            text.push_str("configs:\n");
        }
        for source in &settings.configs {
            let fields = [
                ("from", &source.from),
                ("to", &source.to),
                ("scripts", &source.scripts),
            ];
            item(&mut text, &fields);
        }
        if !settings.scripts.is_empty() {
            text.push_str("scripts:\n");
        }
        for script in &settings.scripts {
            let file = Some(script.file.clone());
            let fields = [
                ("file", &file),
                ("script", &script.script),
                ("expression", &script.expression),
            ];
            item(&mut text, &fields);
        }
        self.images(&mut text);
        for (name, value) in [
            ("namePrefix", &settings.name_prefix),
            ("nameSuffix", &settings.name_suffix),
            ("namespace", &settings.namespace),
            ("output", &self.output),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {}", scalar(value));
            }
        }
        if !self.variables.is_empty() || self.lenient {
            text.push_str("substitute:\n");
            if self.lenient {
                text.push_str("  lenient: true\n");
            }
            if !self.variables.is_empty() {
                text.push_str("  values:\n");
            }
            for (name, value) in &self.variables {
                let _ = writeln!(text, "    {}: {}", scalar(name), quoted(value));
            }
        }
        text
    }

    fn images(&self, text: &mut String) {
        let settings = &self.settings;
        let images: Vec<ImageArgument> = settings
            .images
            .iter()
            .filter_map(|image| ImageArgument::parse(image).ok())
            .collect();
        if !images.is_empty() {
            text.push_str("images:\n");
        }
        for image in images {
            let part = |part: &Part| match part {
                Part::New(text) => Some(text.clone()),
                _ => None,
            };
            let name = Some(image.name.clone());
            let fields = [
                ("name", &name),
                ("newName", &part(&image.new_name)),
                ("newTag", &part(&image.new_tag)),
                ("digest", &part(&image.digest)),
            ];
            item(text, &fields);
        }
        let replicas: Vec<(String, i64)> = settings
            .replicas
            .iter()
            .filter_map(|one| replica(one).ok())
            .collect();
        if !replicas.is_empty() {
            text.push_str("replicas:\n");
        }
        for (name, count) in replicas {
            let _ = writeln!(text, "- name: {}\n  count: {count}", scalar(&name));
        }
    }
}

/// An item of a list: the fields that are set.
fn item(text: &mut String, fields: &[(&str, &Option<String>)]) {
    let mut start = "- ";
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(text, "{start}{name}: {}", scalar(value));
            start = "  ";
        }
    }
}

/// A text as a scalar: plain where that is certain.
fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        || text.starts_with("./")
        || text.starts_with("../")
        || text == ".";
    let is_word = matches!(
        text.to_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    match starts && text.chars().all(is_plain) && !is_word {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in single quotes, or in double ones where it has several lines.
fn quoted(text: &str) -> String {
    match text.contains(|c: char| c.is_control()) {
        true => serde_json::Value::from(text).to_string(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}
