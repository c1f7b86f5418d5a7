//! `kustom.yaml` and `environment.yaml`.
//!
//! Both are optional, and so is everything in them. The JSON Schemas in `schemas/` are made of the
//! types here: what stands above a field is what an editor shows.

mod diff;
mod entries;
mod expect;
mod lint;
mod place;
mod read;
mod references;
#[cfg(test)]
mod schema;
mod shape;
mod substitute;
mod validation;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::guard;
use crate::load::{Files, is_outside};
use crate::plugin;
use crate::release::Release;
use crate::validation::Version;

pub(crate) use place::{Step, nodes, place_at, span_at};
pub(super) use place::{
    entry, place_of, place_of_entry, place_of_nested, says, settings_with, value_of_key,
};
pub(super) use read::read_map;
#[cfg(feature = "lsp")]
pub(crate) use shape::{resolved, schema_of};

pub use diff::{DiffSettings, IgnoredDifference};
pub use expect::{Bounds, Expectation};
pub use lint::{LintSettings, RequiredExpression, RequiredSeverity};
pub use references::{Missing, References};
pub use substitute::{SubstituteSettings, SubstituteSource};
pub use validation::{AllowedFinding, ValidationSettings};

/// What `kustom.yaml` says. Paths are relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProjectSettings {
    /// The directory of the base; without it `base/` beside the environments, or `kustom/base/`.
    pub base: Option<String>,
    /// The directory of the configuration files that scripts change; without it the base's
    /// `configs/current/`, or the newest directory beside it.
    pub configs: Option<String>,
    /// The directory of the environments; without it the first of `environments/`,
    /// `kustom/environments/`, `overlays/` and `kustom/overlays/`.
    pub environments: Option<String>,
    /// The directory of rendered files that are kept in the repository; `kustom check` sees to it
    /// that they are up to date. Without it none are kept.
    pub rendered: Option<String>,
    /// The directory of the placeholders for secrets; without it `secrets-boilerplate/` beside the
    /// environments.
    pub secrets_boilerplate: Option<String>,
    /// What the guard leaves alone.
    pub guard: guard::Settings,
    /// What is said of references to what is not rendered.
    pub references: References,
    /// What the cluster has without its being rendered: `KIND/NAME`, with `*` for any text, such as
    /// `Secret/registry-*` or `Namespace/shop`.
    pub external: Vec<String>,
    /// Definitions of custom resources that are judged by and not rendered: files, directories,
    /// addresses of files, and repositories as kustomizations name them.
    pub crds: Vec<String>,
    /// Whether the build knows custom kinds: those of `crds`, those whose definitions are rendered,
    /// and well-known ones; without it no more than kustomize does.
    pub custom_kinds: Option<bool>,
    /// What may stay although it is found.
    pub validation: ValidationSettings,
    /// What is unwise although a server takes it: `recommended`, or more; without it `kustom check`
    /// does not ask.
    pub lint: Option<LintSettings>,
    /// Admission policies that lint asks and that are not rendered, with their bindings and parameters:
    /// files, directories, addresses of files, and repositories as kustomizations name them.
    pub policies: Vec<String>,
    /// How differences are shown.
    pub diff: DiffSettings,
    /// Values for the templates of all environments, over those of the base's `values.yaml`.
    pub values: Map<String, Value>,
    /// The versions of Kubernetes that the objects are for, in quotes: `["1.33"]`; `kustom check`
    /// judges them as API servers of these versions do. Without it nothing is judged.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub kubernetes_versions: Vec<Version>,
    /// The release of kustomize whose output is wanted, in quotes: `"5.8.1"`; without it the
    /// newest.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub kustomize_release: Option<Release>,
    /// Helm charts; without it `--enable-helm` is needed.
    pub helm: HelmSettings,
    /// Where Applications and ApplicationSets of Argo CD are: directories or files, with `*` in names;
    /// each Application is an environment.
    pub argocd: Vec<String>,
    /// What clusters are bootstrapped with by Flux: directories or files, with `*` for any text in a
    /// name, such as `clusters/*`. Every Flux `Kustomization` that they lead to is an environment.
    pub flux: Vec<String>,
    /// Files with the ConfigMaps and Secrets that clusters have and `substituteFrom` names, if the
    /// repository does not bring them.
    pub flux_variables: Vec<String>,
    /// Whether a variable without a value is empty for Flux, as before kustomize-controller 1.9 or
    /// without its feature gate `StrictPostBuildSubstitutions`.
    pub flux_lenient: bool,
}

/// What `kustom.yaml` says of helm charts.
///
/// It cannot say which helm runs, nor let anything else run: what lies in a repository does not
/// decide about programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct HelmSettings {
    /// Whether charts are inflated, as with `--enable-helm`.
    pub enabled: bool,
    /// API versions for charts that name none, as with `--helm-api-versions`.
    pub api_versions: Vec<String>,
    /// The Kubernetes version for charts that name none, as with `--helm-kube-version`.
    pub kube_version: Option<String>,
}

/// What `environment.yaml` says. Paths are relative to the environment's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct EnvironmentSettings {
    /// The environment that this one starts as: its files, with those of this one laid over them.
    pub extends: Option<String>,
    /// Where configuration files come from and go to; without it the project's configs, to
    /// `configs/`, changed by the scripts in `yq_scripts/`.
    pub configs: Option<Vec<ConfigSource>>,
    /// Scripts for any other file that is read: manifests, patches, the kustomization itself.
    pub scripts: Vec<ScriptUse>,
    /// Values for templates, over those of `values.yaml`.
    pub values: Map<String, Value>,
    /// Files of values, the last one on top; without it `values.yaml`, if there is one.
    pub values_files: Option<Vec<String>>,
    /// Whether a file `x.j2` stands for the file `x` that it makes; without it they do.
    pub templates: Option<bool>,
    /// What is done about secrets that are not filled in; without it they are required.
    pub secrets: Option<Secrets>,
    /// What is done about secrets in files that git tracks; without it the render is refused.
    pub guard: Option<GuardPolicy>,
    /// Whether a warning stops the render.
    pub strict: Option<bool>,
    /// How often operators must match.
    pub expect: Vec<Expectation>,
    /// Images, as if the kustomization said so; one of the same name there gives way.
    pub images: Vec<ImageOverride>,
    /// Numbers of replicas, as if the kustomization said so.
    pub replicas: Vec<ReplicaOverride>,
    /// The prefix of all names; it overrides the kustomization's.
    pub name_prefix: Option<String>,
    /// What goes behind all names, instead of what the kustomization says.
    pub name_suffix: Option<String>,
    /// The namespace of everything that has one, instead of what the kustomization says.
    pub namespace: Option<String>,
    /// Each namespace of the build, and the name that it gets, with every field that names it.
    pub namespaces: BTreeMap<String, String>,
    /// Fields whose text names namespaces of `namespaces`, such as arguments.
    pub namespaces_in_text: Vec<NamespacesInText>,
    /// Whether the build knows custom kinds, in place of what `kustom.yaml` says.
    pub custom_kinds: Option<bool>,
    /// Variables that are substituted in all objects after the build, as Flux does.
    pub substitute: Option<SubstituteSettings>,
    /// The versions of Kubernetes that its objects are for, in quotes; without it those that
    /// `kustom.yaml` says.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub kubernetes_versions: Option<Vec<Version>>,
    /// The name of the file that `render -o DIRECTORY` writes; without it the environment's name
    /// and `.yaml`.
    pub output: Option<String>,
}

/// Configuration files: where they come from, where they go to, and what changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ConfigSource {
    /// The directory that they come from; without it the project's configs.
    pub from: Option<String>,
    /// The directory that they appear in; without it `configs`.
    pub to: Option<String>,
    /// The directory of the scripts, each under the path of the file that it changes; without it
    /// `yq_scripts`.
    pub scripts: Option<String>,
}

/// A script, and the file that it changes: one of `script` and `expression`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScriptUse {
    /// The file, anywhere in the project; with `*` in its name, all that fit.
    pub file: String,
    /// The file of the script.
    pub script: Option<String>,
    /// The script itself: an expression of yq 4.
    pub expression: Option<String>,
}

/// An image by its name, and what is used instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ImageOverride {
    /// The image, without tag and digest.
    pub name: String,
    /// Another name.
    pub new_name: Option<String>,
    /// Another tag.
    pub new_tag: Option<String>,
    /// A digest, instead of a tag.
    pub digest: Option<String>,
}

/// A field whose text names namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NamespacesInText {
    /// The objects: `KIND`, or `KIND/NAME`; without it all.
    pub object: Option<String>,
    /// The path, as in a `fieldSpec`: `spec/template/spec/containers/args`.
    pub path: String,
}

/// A workload, and how many replicas it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplicaOverride {
    /// The name of the workload.
    pub name: String,
    /// How many.
    pub count: u32,
}

/// What is done about secrets that are not filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Secrets {
    /// They must be there and filled in.
    #[default]
    Required,
    /// The boilerplate stands in for those that are missing.
    Placeholder,
    /// What is made of missing ones is left out.
    Omit,
}

/// What is done about secrets in files that git tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum GuardPolicy {
    /// They stop the render.
    #[default]
    Refuse,
    /// They are said.
    Warn,
    /// Files are not scanned.
    Off,
}

impl ProjectSettings {
    /// Reads a `kustom.yaml`.
    ///
    /// # Errors
    ///
    /// An unknown field, or a value of the wrong type.
    pub fn read(files: &dyn Files, path: &Path) -> Result<Self> {
        let settings: Self = read::read(files, path)?;
        settings.references.checked(files, path)?;
        references::checked(&settings.external, &["external"], files, path)?;
        settings.validation.exceptions(files, path)?;
        if let Some(lint) = &settings.lint {
            lint.checked(files, path)?;
        }
        Ok(settings)
    }
}

impl HelmSettings {
    /// What may run, with what the project says of helm where the flags say nothing.
    pub(super) fn allowed(&self, mut options: plugin::Options) -> plugin::Options {
        let helm = &mut options.helm;
        helm.enabled_by_project = self.enabled;
        if helm.api_versions.is_empty() {
            helm.api_versions.clone_from(&self.api_versions);
        }
        if helm.kube_version.is_empty() {
            helm.kube_version = self.kube_version.clone().unwrap_or_default();
        }
        options
    }
}

impl EnvironmentSettings {
    /// Reads an `environment.yaml`; one that is missing says nothing.
    ///
    /// # Errors
    ///
    /// An unknown field, a value of the wrong type, or an entry that says too little.
    pub fn read(files: &dyn Files, path: &Path) -> Result<Self> {
        match files.resolve(path) {
            Err(error) if !is_outside(&error) => return Ok(Self::default()),
            _ => {}
        }
        let settings = read::read(files, path)?;
        entries::check(&settings, files, path)?;
        Ok(settings)
    }

    /// The settings of an environment that says this and extends one that says `parent`.
    #[must_use]
    pub fn over(&self, parent: &Self) -> Self {
        let mut merged = self.clone();
        merged.configs = merged.configs.or_else(|| parent.configs.clone());
        merged.scripts = [&parent.scripts[..], &self.scripts].concat();
        merged.templates = merged.templates.or(parent.templates);
        merged.secrets = merged.secrets.or(parent.secrets);
        merged.guard = merged.guard.or(parent.guard);
        merged.strict = merged.strict.or(parent.strict);
        let expected_here = |other: &Expectation| self.expect.iter().any(|one| one.is_about(other));
        let inherited = parent.expect.iter().filter(|one| !expected_here(one));
        merged.expect = inherited.chain(&self.expect).cloned().collect();
        merged.images = [&parent.images[..], &self.images].concat();
        merged.replicas = [&parent.replicas[..], &self.replicas].concat();
        merged.name_prefix = merged.name_prefix.or_else(|| parent.name_prefix.clone());
        merged.name_suffix = merged.name_suffix.or_else(|| parent.name_suffix.clone());
        merged.namespace = merged.namespace.or_else(|| parent.namespace.clone());
        for (from, to) in &parent.namespaces {
            let known = merged.namespaces.entry(from.clone());
            known.or_insert_with(|| to.clone());
        }
        merged.namespaces_in_text =
            [&parent.namespaces_in_text[..], &self.namespaces_in_text].concat();
        merged.custom_kinds = merged.custom_kinds.or(parent.custom_kinds);
        merged.substitute = match (&self.substitute, &parent.substitute) {
            (Some(own), Some(parent)) => Some(own.over(parent)),
            (own, parent) => own.clone().or_else(|| parent.clone()),
        };
        merged.kubernetes_versions = merged
            .kubernetes_versions
            .or_else(|| parent.kubernetes_versions.clone());
        merged
    }
}
