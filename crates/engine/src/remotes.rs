//! What kustomizations name that is elsewhere: visited, so that it can be locked or vendored.
//!
//! Nothing is built: a kustomization is read, and so is what it builds on. helm fetches charts, if it
//! may, and nothing else is run. What is missing on this machine is left to the build, which says so.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kustom_yaml::error::{Error, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Node, Text, read_config, read_manifests};

use crate::kustomization::{Builtin, HelmChart, HelmGlobals, Kustomization};
use crate::load::{FileKind, Loader, is_http};
use crate::localize::{
    CHARTS, Fields, KUSTOMIZATION, Named, each, fields_of_plugin, has, has_inner, is_inline,
    kustomization_of,
};
use crate::plugin::{self, Helm};
use crate::release::Release;
use crate::resource::{self, Resource};
use crate::schema::Schema;

/// Reads every remote that kustomizations and what they build on name.
#[derive(Default)]
pub struct Visit<'o> {
    /// The directories that were visited.
    seen: BTreeSet<PathBuf>,
    /// How charts are fetched; without it they are left out.
    charts: Option<&'o plugin::Options>,
    helm: Helm,
    findings: Vec<Finding>,
}

impl<'o> Visit<'o> {
    /// One that fetches charts, too, into the remotes that the options name.
    pub fn with_charts(options: &'o plugin::Options) -> Self {
        Self {
            charts: Some(options),
            ..Self::default()
        }
    }

    /// A finding for each chart that was left out, because helm may not run.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Reads the remotes of a kustomization and of what it builds on, unless it was visited before.
    ///
    /// # Errors
    ///
    /// If a kustomization cannot be read, or a remote cannot be fetched.
    pub fn kustomization(&mut self, loader: &Loader<'_>) -> Result<()> {
        directory(loader, self)
    }

    fn chart(
        &mut self,
        loader: &Loader<'_>,
        chart: &HelmChart,
        globals: &HelmGlobals,
    ) -> Result<()> {
        let Some(options) = self.charts else {
            return Ok(());
        };
        // One without a repository is at hand, or missing.
        if chart.repo.is_empty() {
            return Ok(());
        }
        match self.helm.fetch(chart, globals, loader, options) {
            Err(error) if !options.allows_charts() => {
                let error = error.locate(|place| loader.library().locate(place));
                self.findings.push(unlocked(chart, &error));
                Ok(())
            }
            fetched => fetched,
        }
    }
}

fn unlocked(chart: &HelmChart, error: &Error) -> Finding {
    let message = format!(
        "the chart `{}` is left out: {}",
        chart.name,
        error.message()
    );
    let finding = Finding::warning("chart-not-locked", message);
    let finding = match error.place() {
        Some(place) => finding.at(place.clone()),
        None => finding,
    };
    match error.help_line() {
        Some(help) => finding.help(help.to_owned()),
        None => finding,
    }
}

fn directory(loader: &Loader<'_>, visit: &mut Visit<'_>) -> Result<()> {
    if !visit.seen.insert(loader.root().to_path_buf()) {
        return Ok(());
    }
    let name = kustomization_of(loader)?;
    let content = loader.read(&Text::from(name))?;
    let mut node = read_config(&content.bytes, content.source)?;
    if has(&node, "helmCharts") && !has_inner(&node, "helmGlobals", "chartHome") {
        loader.enter(&loader.root().join(CHARTS))?;
    }
    // What is no kustomization is for the build to judge.
    if let Ok((kustomization, _)) = Kustomization::parse(&node) {
        for chart in &kustomization.helm_charts {
            visit.chart(loader, chart, &kustomization.helm_globals)?;
        }
    }
    fields(loader, &mut node, KUSTOMIZATION, visit)
}

fn fields(
    loader: &Loader<'_>,
    node: &mut Node,
    fields: &Fields,
    visit: &mut Visit<'_>,
) -> Result<()> {
    for (path, named) in fields {
        each(node, path, &mut |scalar| {
            let name = Text::of(scalar);
            match name.is_empty() {
                true => Ok(()),
                false => one(loader, &name, *named, visit),
            }
        })?;
    }
    Ok(())
}

/// Visits what a text names.
fn one(loader: &Loader<'_>, name: &Text, named: Named, visit: &mut Visit<'_>) -> Result<()> {
    match named {
        Named::File | Named::Patch => file(loader, name),
        Named::KeyAndFile => match name.split_once('=') {
            Some((_, path)) => file(
                loader,
                &Text {
                    text: path.into(),
                    span: name.span,
                },
            ),
            None => file(loader, name),
        },
        Named::Directory => base(loader, name, visit),
        Named::Resource => file_or_base(loader, name, visit),
        Named::Plugin if is_inline(name) => plugins(loader, name.as_bytes(), name, visit),
        Named::Plugin if loader.is_base(name) => base(loader, name, visit),
        Named::Plugin if is_http(name) => {
            let content = loader.read(name)?;
            plugins(loader, &content.bytes, name, visit)
        }
        Named::Plugin => match loader.read(name) {
            Ok(content) => plugins(loader, &content.bytes, name, visit),
            Err(_) => Ok(()),
        },
        Named::Charts => loader.enter(&loader.root().join(&**name)),
    }
}

fn file(loader: &Loader<'_>, name: &Text) -> Result<()> {
    match is_http(name) {
        true => loader.read(name).map(drop),
        false => Ok(()),
    }
}

fn file_or_base(loader: &Loader<'_>, name: &Text, visit: &mut Visit<'_>) -> Result<()> {
    if loader.is_base(name) {
        return base(loader, name, visit);
    }
    match file(loader, name) {
        Err(error) if loader.may_be_base(name) => base(loader, name, visit)
            .map_err(|other| other.note(format!("read as a file: {}", error.message()), None)),
        read => read,
    }
}

fn base(loader: &Loader<'_>, name: &Text, visit: &mut Visit<'_>) -> Result<()> {
    let is_here = matches!(loader.kind(name), Some(FileKind::Directory));
    match loader.open(name) {
        Ok(inner) => directory(&inner, visit).map_err(|error| {
            error.step(
                format!("`{}` is named here", crate::load::shown_name(name)),
                Some(name.span.into()),
            )
        }),
        // A circle, or a file that is missing: for the build to say.
        Err(_) if is_here || crate::load::Repository::parse(name).is_none() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Visits what built-in plugins name.
fn plugins(loader: &Loader<'_>, text: &[u8], name: &Text, visit: &mut Visit<'_>) -> Result<()> {
    let read = read_manifests(text, name.span.source)
        .and_then(|read| resource::from_documents(read, &Schema::builtin()));
    let Ok(mut objects) = read else {
        return Ok(());
    };
    for object in &mut objects {
        let node = &mut object.node;
        let field = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default();
        if field("apiVersion") == "builtin" {
            let kind = field("kind").to_owned();
            fields(loader, node, fields_of_plugin(&kind), visit)?;
            chart_of(loader, object, visit)?;
        }
    }
    Ok(())
}

/// Visits the chart that a built-in plugin names, if it names one.
fn chart_of(loader: &Loader<'_>, object: &Resource, visit: &mut Visit<'_>) -> Result<()> {
    match Builtin::parse(&object.node, Release::default()) {
        Ok(Some(Builtin::Helm(chart, globals))) => visit.chart(loader, &chart, &globals),
        _ => Ok(()),
    }
}
