//! The definitions of well-known custom resources, as the compact table that the validation carries.
//!
//! They are read from Go modules, whose versions and contents are pinned. Descriptions, and what is
//! said of a status, are left out: the server judges neither in an object that is made.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kustom_yaml::place::SourceId;
use kustom_yaml::{manifests, to_json};
use serde_json::{Map, Value, json};

use crate::Result;

/// Where definitions come from.
struct Source {
    /// What the project is called.
    name: &'static str,
    module: &'static str,
    version: &'static str,
    /// The checksum of the module's files, as `go.sum` has it.
    sum: &'static str,
    /// The folder of the definitions in it.
    folder: &'static str,
}

/// All of them are licensed under Apache-2.0.
const SOURCES: &[Source] = &[
    Source {
        name: "Gateway API",
        module: "sigs.k8s.io/gateway-api",
        version: "v1.6.3",
        sum: "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
        folder: "config/crd/experimental",
    },
    Source {
        name: "cert-manager",
        module: "github.com/cert-manager/cert-manager",
        version: "v1.21.2",
        sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        folder: "deploy/crds",
    },
    Source {
        name: "Prometheus Operator",
        module: "github.com/prometheus-operator/prometheus-operator",
        version: "v0.85.0",
        sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        folder: "example/prometheus-operator-crd",
    },
    Source {
        name: "Argo CD",
        module: "github.com/argoproj/argo-cd/v3",
        version: "v3.6.1",
        sum: "h1:OmhqeKiR3C//awbFrhQqFdtRI+Qiv17j8vqm3UkMj/g=",
        folder: "manifests/crds",
    },
    Source {
        name: "Argo Rollouts",
        module: "github.com/argoproj/argo-rollouts",
        version: "v1.10.2",
        sum: "h1:sEPWsY+HUvnXj3Vh0ejb+GDTceQ/palqhFo2FVQJMk0=",
        folder: "manifests/crds",
    },
    Source {
        name: "Flux source-controller",
        module: "github.com/fluxcd/source-controller",
        version: "v1.10.1",
        sum: "h1:vkYpgpLZu20LQ2UN4lPBdWH7sqTNdQ8FjcZD/HogN2E=",
        folder: "config/crd/bases",
    },
    Source {
        name: "Flux kustomize-controller",
        module: "github.com/fluxcd/kustomize-controller",
        version: "v1.10.1",
        sum: "h1:IjTnrkIy0ULJoTNC2ZKuMb32vkqj7dJ6zt6UqbTFxKA=",
        folder: "config/crd/bases",
    },
    Source {
        name: "Knative Serving",
        module: "knative.dev/serving",
        version: "v0.51.0",
        sum: "h1:yN2Q7eYqJgoPfZkATjoBZyGbZ2P1Qhns9HIMU4mF+to=",
        folder: "config/core/300-resources",
    },
    Source {
        name: "KEDA",
        module: "github.com/kedacore/keda/v2",
        version: "v2.21.0",
        sum: "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        folder: "config/crd/bases",
    },
    Source {
        name: "External Secrets",
        module: "github.com/external-secrets/external-secrets",
        version: "v1.3.2",
        sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        folder: "config/crds/bases",
    },
];

/// A part that is shorter is written where it belongs.
const SHORTEST: usize = 24;

/// Writes the table.
pub fn write(file: &Path) -> Result<()> {
    let mut kinds: Vec<(&Source, Vec<Kind>)> = Vec::new();
    for source in SOURCES {
        kinds.push((source, source.kinds()?));
    }
    let mut parts = Parts::default();
    for kind in kinds.iter().flat_map(|(_, kinds)| kinds) {
        parts.count(&kind.version);
    }
    let mut rows = String::new();
    for (source, kinds) in &kinds {
        writeln!(rows, "={} {}", source.name, source.version)?;
        for kind in kinds {
            let version = parts.text(&kind.version);
            writeln!(rows, "{} {} {version}", kind.api_version, kind.name)?;
        }
    }
    let mut text = String::from(
        "# Definitions of well-known custom resources, without descriptions: parts that are there more than\n\
         # once, each with a number by its place; then for each project its kinds. Licensed under Apache-2.0:\n",
    );
    for source in SOURCES {
        writeln!(
            text,
            "# {}: {} {}, {}",
            source.name, source.module, source.version, source.folder
        )?;
    }
    text.push_str("# Written by `cargo run -p xtask -- custom`; do not edit.\n");
    for line in &parts.lines {
        writeln!(text, "{line}")?;
    }
    text.push_str(&rows);
    fs::write(file, text)?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

/// A version of a kind.
struct Kind {
    api_version: String,
    name: String,
    /// The version as a definition lists it, as far as objects are judged by it.
    version: Value,
}

impl Source {
    fn kinds(&self) -> Result<Vec<Kind>> {
        let directory = self.unpacked()?;
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&directory.folder)? {
            files.push(entry?.path());
        }
        files.sort();
        let mut kinds = Vec::new();
        for file in files {
            for node in manifests(&fs::read(&file)?, SourceId::NONE)? {
                let definition: Value = serde_json::from_str(&to_json(&node)?)?;
                if definition["kind"] == "CustomResourceDefinition" {
                    kinds.extend(of_definition(&definition));
                }
            }
        }
        kinds.sort_by(|a, b| (&a.api_version, &a.name).cmp(&(&b.api_version, &b.name)));
        if kinds.is_empty() {
            return Err(format!("{} defines nothing", self.module).into());
        }
        Ok(kinds)
    }

    /// The folder of the definitions, laid out in a temporary directory.
    fn unpacked(&self) -> Result<Unpacked> {
        let of = format!("{}@{}", self.module, self.version);
        // It fails for a module that wants a newer Go than is there, and says where its files are.
        let output = Command::new("go")
            .args(["mod", "download", "-json", &of])
            .current_dir(std::env::temp_dir())
            .output()?;
        let told: Value = serde_json::from_slice(&output.stdout)?;
        let zip = told["Zip"]
            .as_str()
            .ok_or_else(|| format!("{of}: {told}"))?;
        if told["Sum"] != self.sum {
            return Err(format!("{of} has the checksum {}", told["Sum"]).into());
        }
        let root = std::env::temp_dir().join(format!("kustom-custom-{}", std::process::id()));
        fs::create_dir(&root)?;
        let unpacked = Unpacked {
            folder: root.join(&of).join(self.folder),
            root,
        };
        let status = Command::new("unzip")
            .args(["-q", zip, &format!("{of}/{}/*.yaml", self.folder), "-d"])
            .arg(&unpacked.root)
            .status()?;
        if !status.success() {
            return Err(format!("`{zip}` could not be unpacked").into());
        }
        Ok(unpacked)
    }
}

/// A directory that goes away with the value.
struct Unpacked {
    root: PathBuf,
    folder: PathBuf,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{}: {error}", self.root.display());
        }
    }
}

/// The versions that a definition serves.
fn of_definition(definition: &Value) -> Vec<Kind> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let served = versions.filter(|version| version["served"] == true);
    served
        .map(|version| {
            let mut schema = bare(&version["schema"]["openAPIV3Schema"]);
            if let Some(fields) = schema["properties"].as_object_mut() {
                for field in ["apiVersion", "kind", "metadata"] {
                    fields.remove(field);
                }
                if let Some(status) = fields.get_mut("status") {
                    *status =
                        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
                }
            }
            let mut kept = Map::new();
            kept.insert("schema".to_owned(), json!({"openAPIV3Schema": schema}));
            if let Some(subresources) = version.get("subresources") {
                kept.insert("subresources".to_owned(), subresources.clone());
            }
            Kind {
                api_version: format!("{}/{}", text(&spec["group"]), text(&version["name"])),
                name: text(&spec["names"]["kind"]),
                version: Value::Object(kept),
            }
        })
        .collect()
}

/// A schema without descriptions.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Object(fields) => {
            let told = |key: &str, value: &Value| {
                matches!(key, "description" | "externalDocs" | "example") && !value.is_object()
            };
            let kept = fields.iter().filter(|(key, value)| !told(key, value));
            let kept = kept.map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("default" | "enum", _) => value.clone(),
                    // A field may have any name.
                    ("properties", Value::Object(fields)) => {
                        let fields = fields.iter();
                        fields
                            .map(|(name, field)| (name.clone(), bare(field)))
                            .collect()
                    }
                    _ => bare(value),
                };
                (key.clone(), value)
            });
            kept.collect()
        }
        other => other.clone(),
    }
}

/// The parts that are there more than once.
#[derive(Default)]
struct Parts {
    counts: HashMap<String, usize>,
    numbers: HashMap<String, usize>,
    lines: Vec<String>,
}

impl Parts {
    fn count(&mut self, value: &Value) {
        let text = value.to_string();
        if text.len() < SHORTEST || !(value.is_object() || value.is_array()) {
            return;
        }
        let count = self.counts.entry(text).or_default();
        *count += 1;
        if *count > 1 {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.count(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.count(field)),
            _ => {}
        }
    }

    /// A value, with the numbers of parts in their places.
    fn text(&mut self, value: &Value) -> String {
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.part(item)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| {
                    format!("{}:{}", Value::from(name.as_str()), self.part(field))
                });
                let fields: Vec<String> = fields.collect();
                format!("{{{}}}", fields.join(","))
            }
            other => other.to_string(),
        }
    }

    fn part(&mut self, value: &Value) -> String {
        let text = value.to_string();
        if self.counts.get(&text).is_none_or(|count| *count < 2) {
            return self.text(value);
        }
        if let Some(number) = self.numbers.get(&text) {
            return format!("~{number}");
        }
        let line = self.text(value);
        self.numbers.insert(text, self.lines.len());
        self.lines.push(line);
        format!("~{}", self.lines.len() - 1)
    }
}
