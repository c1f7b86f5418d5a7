//! `kustom argocd generate`, `parameters` and `plugin-yaml`: a config management plugin of Argo CD.
//!
//! Source: <https://argo-cd.readthedocs.io/en/stable/operator-manual/config-management-plugins/>.

use std::env;

use kustom::error::Result;
use kustom::finding::Severity;
use kustom::load::LookupCache;
use kustom::project::Project;
use serde::Deserialize;
use serde_json::json;

use super::build::working_directory;
use super::output::Streams;
use super::requested::{Request, unknown, wrong};

/// The variable with the parameters of the Application.
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";

/// What stands before the variables that the Application sets for its plugin.
const SET: &str = "ARGOCD_ENV_";

/// Variables of the Application that stand for parameters.
const VARIABLES: [(&str, &str); 4] = [
    ("ENABLE_HELM", "enableHelm"),
    ("ENVIRONMENT", "environment"),
    ("IMAGES", "images"),
    ("SECRETS", "secrets"),
];

/// A parameter of an Application.
#[derive(Deserialize)]
struct Parameter {
    name: String,
    string: Option<String>,
    array: Option<Vec<String>>,
    map: Option<std::collections::BTreeMap<String, String>>,
}

/// Prints the objects, and nothing besides, on stdout.
pub(super) fn generate(streams: &Streams) -> Result<()> {
    let answer = request()?.answer(&LookupCache::default(), &working_directory()?)?;
    let mut findings = answer.findings;
    findings.retain(|finding| finding.severity > Severity::Note);
    streams.findings(&findings);
    streams.data(&answer.text)
}

/// Prints what can be asked for, as Argo CD shows it.
pub(super) fn parameters(streams: &Streams) -> Result<()> {
    let files = LookupCache::default();
    let project = Project::find_or_infer(&files, &working_directory()?)?;
    let names = project
        .map(|project| project.names(&files))
        .unwrap_or_default();
    let environment = request().ok().and_then(|request| request.environment);
    let environments = match names.is_empty() {
        true => "The environment to render".to_owned(),
        false => format!("The environment to render: {}", names.join(", ")),
    };
    streams.json(json!([
        {
            "name": "environment",
            "title": "Environment",
            "tooltip": environments,
            "collectionType": "string",
            "string": environment.unwrap_or_default(),
        },
        {
            "name": "images",
            "title": "Images",
            "tooltip": "Images in place of those of the environment: NAME=NEW:TAG",
            "collectionType": "array",
        },
        {
            "name": "values",
            "title": "Values",
            "tooltip": "Values for templates, on top of those of files",
            "collectionType": "map",
        },
        {
            "name": "secrets",
            "title": "Secrets",
            "tooltip": "What is done about secrets that are not filled in: required, placeholder, omit",
            "collectionType": "string",
        },
        {
            "name": "enableHelm",
            "title": "Charts",
            "tooltip": "Whether helm inflates charts: true, false",
            "collectionType": "string",
        },
    ]))
}

/// Prints the plugin, as a file for the side car of the repo server.
pub(super) fn plugin_yaml(streams: &Streams) -> Result<()> {
    streams.data(&format!(
        "apiVersion: argoproj.io/v1alpha1
kind: ConfigManagementPlugin
metadata:
  name: kustom
spec:
  version: v{}
  discover:
    fileName: ./environment.yaml
  generate:
    command: [kustom, argocd, generate]
  parameters:
    dynamic:
      command: [kustom, argocd, parameters]
",
        env!("CARGO_PKG_VERSION")
    ))
}

/// What the variables of the plugin ask for; no value is ever repeated.
fn request() -> Result<Request> {
    let mut request = Request::default();
    let text = |name: &str| {
        let value = env::var_os(name)?;
        Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    };
    request.plugins.helm.kube_version = text("KUBE_VERSION").unwrap_or_default();
    let versions = text("KUBE_API_VERSIONS").unwrap_or_default();
    let versions = versions.split(',').filter(|version| !version.is_empty());
    request.plugins.helm.api_versions = versions.map(str::to_owned).collect();
    for (variable, name) in VARIABLES {
        let variable = format!("{SET}{variable}");
        if let Some(value) = text(&variable) {
            request.set_text(name, &value).map_err(|error| {
                error.note(format!("in the environment variable `{variable}`"), None)
            })?;
        }
    }
    let Some(parameters) = text(PARAMETERS) else {
        return Ok(request);
    };
    let parameters: Vec<Parameter> = serde_json::from_str(&parameters).map_err(|_| {
        wrong(format!("`{PARAMETERS}` is no list of parameters"))
            .help("Argo CD sets it: `[{\"name\": \"environment\", \"string\": \"production\"}]`")
    })?;
    for parameter in parameters {
        take(&mut request, parameter).map_err(|error| {
            error.note(format!("in the environment variable `{PARAMETERS}`"), None)
        })?;
    }
    Ok(request)
}

fn take(request: &mut Request, parameter: Parameter) -> Result<()> {
    let name = parameter.name.as_str();
    match (name, parameter.array, parameter.map, parameter.string) {
        ("values", None, Some(map), _) => {
            for (key, value) in map {
                request.values.set(&key, value.into())?;
            }
        }
        ("images", Some(images), None, _) => {
            for image in images {
                request.add_image(&image)?;
            }
        }
        (name, None, None, Some(text)) => request.set_text(name, &text)?,
        // One that is empty has none of them.
        (name, None, None, None) => request.set_text(name, "")?,
        ("values", ..) => return Err(wrong("the parameter `values` is no map")),
        ("images", ..) => return Err(wrong("the parameter `images` is no array")),
        (name, ..) if super::requested::FIELDS.contains(&name) => {
            return Err(wrong(format!("the parameter `{name}` is no string")));
        }
        (name, ..) => return Err(unknown(name)),
    }
    Ok(())
}
