//! The proof: what the script prints, and what kustom renders in its place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{Content, Made, ModelFiles};
use super::run::substituted;
use super::trace::{Build, Stage};
use crate::build;
use crate::error::{Error, Kind, Result};
use crate::load::{Files, Memory, Overlay, Restriction};
use crate::order::Order;
use crate::place::Place;
use crate::plugin;
use crate::project::{self, Project, render};

/// What the bytes of an environment were compared with, and what came of it.
#[derive(Debug)]
pub enum Proof {
    /// They are the same.
    Same {
        /// How many lines there are.
        lines: usize,
        /// What was compared with.
        with: Basis,
        /// How many secrets had a stand-in on both sides.
        stand_ins: usize,
    },
    /// They are not.
    Differs {
        /// What the script prints.
        before: String,
        /// What kustom renders.
        after: String,
        /// What was compared with.
        with: Basis,
    },
    /// There is nothing to compare with.
    Unproven {
        /// Why.
        reason: String,
        /// The line of the script, or the file, that it lies in.
        place: Option<Place>,
    },
    /// The environment cannot be rendered.
    Failed(Box<Error>),
}

/// What a render is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A stream that the caller gave.
    Given,
    /// A build of the tree as the script would leave it.
    Model,
}

/// What stands for a secret whose content nobody knows.
pub(super) const STAND_IN: &[u8] = b"STAND_IN=stand-in\n";

/// A build of the tree that a script would leave.
pub(super) struct Before {
    pub(super) text: String,
    /// The files that were read.
    pub(super) read: Vec<PathBuf>,
}

/// What the script prints of one build, as far as it can be known.
///
/// # Errors
///
/// An error of the build, or a step that is not followed; both say where.
pub(super) fn before(
    files: &ModelFiles<'_>,
    here: &Path,
    build: &Build,
    secrets: &[PathBuf],
) -> Result<Before> {
    let mut files = files.clone();
    for path in secrets {
        let made = Made {
            content: Content::Known(STAND_IN.into()),
            from: None,
            changes: Vec::new(),
            at: Place::default(),
        };
        files.insert(path, made);
    }
    let options = build::Options {
        restriction: restriction(build),
        order: build.flags.legacy_order.then(Order::legacy),
        managed_by: build.flags.managed_by,
        plugins: plugins(build),
        ..build::Options::default()
    };
    let built = build::build(&files, here, &build.directory, &options)?;
    Ok(Before {
        text: built.to_yaml()?,
        read: built.sources.paths(),
    })
}

/// The output of a build behind the programs that it goes through.
///
/// # Errors
///
/// A program that is not followed, or a variable that has no value.
pub(super) fn through_stages(text: String, build: &Build) -> Result<String> {
    let mut text = text;
    for stage in &build.stages {
        match stage {
            Stage::Variables { values, all, at } => {
                let mut missing = BTreeSet::new();
                text = substituted(&text, |name| {
                    let value = values.get(name).cloned();
                    if value.is_none() && *all {
                        missing.insert(name.to_owned());
                    }
                    value
                });
                if let Some(name) = missing.first() {
                    let message = format!("`envsubst` replaces `{name}`, whose value is not known");
                    return Err(Error::new(Kind::Script, message).at(at.clone()));
                }
            }
            Stage::Other { program, at } => {
                let message = format!("`{program}` gets what is built, and is not followed");
                return Err(Error::new(Kind::Script, message).at(at.clone()));
            }
        }
    }
    Ok(text)
}

/// What kustom renders once the drafts are written.
///
/// # Errors
///
/// An error of the render.
pub(super) fn after(
    files: &dyn Files,
    here: &Path,
    root: &Path,
    name: &str,
    drafts: &Memory,
    build: &Build,
) -> Result<String> {
    let overlay = Overlay {
        upper: drafts.clone(),
        lower: files,
    };
    let project = Project::find(&overlay, root)?.seen_from(here);
    let mut environment = project.environment(&overlay, name)?;
    // What is compared need not be fit to be deployed.
    environment.settings.strict = Some(false);
    let options = project::Options {
        restriction: restriction(build),
        ..project::Options::default()
    };
    render(&overlay, here, &project, &environment, &options).map(|rendered| rendered.text)
}

/// Compares both.
pub(super) fn compared(
    before: std::result::Result<String, Proof>,
    after: Result<String>,
    with: Basis,
    stand_ins: usize,
) -> Proof {
    match (before, after) {
        (Err(proof), _) => proof,
        (Ok(_), Err(error)) => Proof::Failed(Box::new(error)),
        (Ok(before), Ok(after)) if before == after => Proof::Same {
            lines: after.lines().count(),
            with,
            stand_ins,
        },
        (Ok(before), Ok(after)) => Proof::Differs {
            before,
            after,
            with,
        },
    }
}

fn restriction(build: &Build) -> Restriction {
    match build.flags.reads_anywhere {
        true => Restriction::None,
        false => Restriction::RootOnly,
    }
}

/// Charts are inflated as the settings of a project would have it: no program of the repository
/// runs.
fn plugins(build: &Build) -> plugin::Options {
    let mut options = plugin::Options::default();
    options.helm.enabled_by_project = build.flags.helm;
    options
        .helm
        .api_versions
        .clone_from(&build.flags.helm_api_versions);
    options.helm.kube_version = build.flags.helm_kube_version.clone().unwrap_or_default();
    options
}
