//! Sources that are charts: what Argo CD tells helm.
//!
//! Source: `helmTemplate` and `getResolvedValueFiles` of Argo CD v3.6.1, as they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::application::{Preparation, wrong};
use super::json::{Json, Shape};
use crate::chart_values::{Typing, escaped, merge, set};
use crate::error::Result;
use crate::kustomization::FILE_NAMES;
use crate::load::{normalized, unreadable};
use crate::place::SourceId;
use crate::yaml::{Node, configs, write};

/// The file with the values that helm is given, in the directory that is built.
const VALUES: &str = ".argocd-values.yaml";

/// Where charts of other repositories are looked for, below the root: `NAME-VERSION/NAME`.
const VENDORED: &str = "vendor/charts";

impl Preparation<'_> {
    /// A kustomization that inflates a chart: one of the tree, or a named one of a repository of
    /// charts.
    pub(super) fn helm(
        &mut self,
        source: &Json,
        directory: &Path,
        chart: Option<&str>,
    ) -> Result<()> {
        let nothing = Json::new(Shape::Map(BTreeMap::new()), source.span);
        let helm = source.get("helm").unwrap_or(&nothing);
        let span = source.span;
        let text = |text: &str| Json::text(text, span);
        let flag = |is: bool| Json::new(Shape::Bool(is), span);
        let or = |first: &str, second: &str| {
            let chosen = if first.is_empty() { second } else { first };
            text(chosen)
        };
        let mut values = String::new();
        write(&self.values(helm, source, directory)?, &mut values)?;
        self.upper.insert(directory.join(VALUES), values);
        let (name, namespace) = (&self.application.name, self.application.destination());
        let mut entry = BTreeMap::from([
            ("releaseName", or(helm.str_at("releaseName"), name)),
            ("namespace", or(helm.str_at("namespace"), namespace)),
            ("includeCRDs", flag(!helm.bool_at("skipCrds"))),
            ("skipTests", flag(helm.bool_at("skipTests"))),
            ("valuesFile", text(VALUES)),
        ]);
        for key in ["kubeVersion", "apiVersions"] {
            if let Some(value) = helm.get(key) {
                entry.insert(key, value.clone());
            }
        }
        let home = if let Some(chart) = chart {
            let address = source.str_at("repoURL");
            let address = match address.contains("://") {
                true => address.to_owned(),
                false => format!("oci://{address}"),
            };
            let version = match source.str_at("targetRevision") {
                "*" => "",
                version => version,
            };
            entry.insert("name", text(chart));
            entry.insert("repo", text(&address));
            entry.insert("version", text(version));
            self.options.root.join(VENDORED)
        } else {
            let name = directory.file_name().unwrap_or_default().to_string_lossy();
            entry.insert("name", text(&name));
            directory.parent().unwrap_or(directory).to_path_buf()
        };
        let map = |entries: BTreeMap<&str, Json>| {
            let entries = entries.into_iter();
            Shape::Map(
                entries
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        };
        let globals = map(BTreeMap::from([(
            "chartHome",
            text(&home.to_string_lossy()),
        )]));
        let charts = Shape::List(vec![Json::new(map(entry), span)]);
        let whole = BTreeMap::from([
            ("helmGlobals".to_owned(), Json::new(globals, span)),
            ("helmCharts".to_owned(), Json::new(charts, span)),
        ]);
        self.insert(directory.join(FILE_NAMES[0]), source, whole)
    }

    /// The values of a chart: files in their order, `valuesObject` or `values`, then parameters:
    /// those of any type, texts, files.
    fn values(&self, helm: &Json, source: &Json, directory: &Path) -> Result<Node> {
        let mut all = Node::map(Vec::new());
        for file in helm.get("valueFiles").map_or(&[][..], Json::items) {
            let name = self.expanded(file.as_str().unwrap_or_default(), source);
            let path = self.value_file(&name, directory, file)?;
            let bytes = match self.files.read(&path) {
                Ok(bytes) => bytes,
                Err(_) if helm.bool_at("ignoreMissingValueFiles") => continue,
                Err(_) => {
                    let message = format!("there is no file of values `{name}`");
                    return Err(wrong(message)
                        .at(file.span)
                        .help("`ignoreMissingValueFiles: true` leaves out what is not there"));
                }
            };
            let shown = path.strip_prefix(self.options.root).unwrap_or(&path);
            let node = first_map(&bytes, SourceId::new(0))
                .map_err(|error| error.name_files(|_| Some(shown.display().to_string().into())))?;
            merge(&mut all, &node);
        }
        let values = helm.str_at("values");
        if let Some(object) = helm.get("valuesObject") {
            merge(&mut all, &object.to_node());
        } else if !values.is_empty() {
            let near = helm.get("values").map_or(helm.span, |values| values.span);
            let node = first_map(values.as_bytes(), SourceId::NONE).map_err(|error| {
                wrong(format!("`values` is no YAML: {}", error.message())).at(near)
            })?;
            merge(&mut all, &node);
        }
        self.set_parameters(&mut all, helm, source, directory)?;
        Ok(all)
    }

    fn set_parameters(
        &self,
        values: &mut Node,
        helm: &Json,
        source: &Json,
        directory: &Path,
    ) -> Result<()> {
        let refused = |parameter: &Json, why: &str| {
            let name = parameter.str_at("name");
            wrong(format!(
                "the parameter `{name}` of a chart is not set: {why}"
            ))
            .at(parameter.span)
        };
        let parameters = helm.get("parameters").map_or(&[][..], Json::items);
        for (typing, is_text) in [(Typing::Guessed, false), (Typing::Text, true)] {
            let fitting = parameters.iter();
            for parameter in fitting.filter(|one| one.bool_at("forceString") == is_text) {
                let value = self.expanded(parameter.str_at("value"), source);
                let assignment = format!("{}={}", parameter.str_at("name"), cleaned(&value));
                set(values, &assignment, typing).map_err(|why| refused(parameter, &why))?;
            }
        }
        for parameter in helm.get("fileParameters").map_or(&[][..], Json::items) {
            let name = self.expanded(parameter.str_at("path"), source);
            let path = self.value_file(&name, directory, parameter)?;
            let bytes = self
                .files
                .read(&path)
                .map_err(|cause| unreadable(&name, cause).at(parameter.span))?;
            let content = escaped(&String::from_utf8_lossy(&bytes));
            let assignment = format!("{}={content}", parameter.str_at("name"));
            set(values, &assignment, Typing::Text).map_err(|why| refused(parameter, &why))?;
        }
        Ok(())
    }

    /// The path of a file of values: `$ref/…` is in the source of that name.
    fn value_file(&self, name: &str, directory: &Path, near: &Json) -> Result<PathBuf> {
        let inside = |base: PathBuf| {
            let path = normalized(&base);
            match path.starts_with(self.options.root) {
                true => Ok(path),
                false => {
                    let message = format!("the file `{name}` leads out of the repository");
                    Err(wrong(message).at(near.span))
                }
            }
        };
        if name.contains("://") {
            return Err(
                wrong(format!("the values `{name}` are not in this repository")).at(near.span),
            );
        }
        let Some(rest) = name.strip_prefix('$') else {
            return inside(match name.strip_prefix('/') {
                Some(absolute) => self.options.root.join(absolute),
                None => directory.join(name),
            });
        };
        let (reference, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut sources = self.sources.iter();
        let Some(source) = sources.find(|source| source.str_at("ref") == reference) else {
            let message = format!("no source has `ref: {reference}`");
            return Err(wrong(message).at(near.span));
        };
        if !self.is_here(source) {
            let message = format!(
                "the values `{name}` are in `{}`, which is not this repository",
                source.str_at("repoURL")
            );
            return Err(wrong(message).at(near.span));
        }
        inside(self.options.root.join(path))
    }

    /// A text with the variables of the build in it. One that is not known here stays, `$ref` too,
    /// and `$$` is a dollar sign.
    fn expanded(&self, text: &str, source: &Json) -> String {
        let application = self.application;
        let project = application.spec("project").and_then(Json::as_str);
        let known = [
            ("ARGOCD_APP_NAME", &*application.name),
            ("ARGOCD_APP_NAMESPACE", application.destination()),
            ("ARGOCD_APP_PROJECT_NAME", project.unwrap_or_default()),
            ("ARGOCD_APP_SOURCE_PATH", source.str_at("path")),
            ("ARGOCD_APP_SOURCE_REPO_URL", source.str_at("repoURL")),
            (
                "ARGOCD_APP_SOURCE_TARGET_REVISION",
                source.str_at("targetRevision"),
            ),
        ];
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            out.push_str(before);
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let (name, after) = if let Some(braced) = behind.strip_prefix('{') {
                braced.split_once('}').unwrap_or((braced, ""))
            } else {
                let end = behind.find(|letter| !is_name(letter));
                behind
                    .split_at_checked(end.unwrap_or(behind.len()))
                    .unwrap_or((behind, ""))
            };
            match known.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => {
                    out.push_str(value);
                    rest = after;
                }
                None => {
                    out.push('$');
                    rest = behind.strip_prefix('$').unwrap_or(behind);
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// The first document of a file of values: a map, or nothing.
fn first_map(bytes: &[u8], source: SourceId) -> Result<Node> {
    let first = configs(bytes, source)?.into_iter().next();
    match first {
        Some(node) if node.is_map() => Ok(node),
        Some(node) if !node.is_null() => Err(wrong("values are no map").at(node.span)),
        _ => Ok(Node::map(Vec::new())),
    }
}

/// The value of a parameter as Argo CD hands it to `helm --set`: commas are escaped, but in a list.
fn cleaned(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut cleaned = String::new();
    for letter in value.chars() {
        if letter == ',' && !cleaned.ends_with('\\') {
            cleaned.push('\\');
        }
        cleaned.push(letter);
    }
    cleaned
}
