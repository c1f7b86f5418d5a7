//! `kustom build`, and `kustomize build`.

use std::borrow::Cow;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use kustom::build::{self, Options};
use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::Restriction;
use kustom::order::Order;
use kustom::plugin::{self, FunctionOptions, HelmOptions};
use kustom::release::Release;
use kustom::write;

use super::files::write_each;
use super::output::Streams;
use super::reading::Bound;
use super::unrendered;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory that holds the kustomization, or the URL of one in a repository.
    #[arg(default_value = ".", value_name = "DIR|URL")]
    target: OsString,
    /// Write to this file; if it is a directory, one file for each object.
    #[arg(short, long, value_name = "PATH")]
    output: Option<OsString>,
    /// Which files a kustomization may name: `LoadRestrictionsNone` for any.
    #[arg(
        long,
        value_name = "RULE",
        default_value = "LoadRestrictionsRootOnly",
        value_parser = restriction
    )]
    load_restrictor: Restriction,
    /// The release of kustomize whose output is wanted, such as `5.8.1`; without it the newest.
    #[arg(long, value_name = "RELEASE", value_parser = release)]
    kustomize_release: Option<Release>,
    /// The order of the objects (deprecated: use `sortOptions` in the kustomization).
    #[arg(long, value_name = "ORDER")]
    reorder: Option<Reorder>,
    /// Label everything as managed by kustomize (deprecated: use `buildMetadata`).
    #[arg(long)]
    enable_managedby_label: bool,
    /// Has no effect.
    #[arg(long, hide = true)]
    stack_trace: bool,
    #[command(flatten)]
    plugins: Plugins,
    #[command(flatten)]
    bound: Bound,
}

impl Arguments {
    /// What the parser makes of a directory alone.
    pub(super) fn of(target: &OsStr) -> Self {
        Self {
            target: target.to_owned(),
            output: None,
            load_restrictor: Restriction::default(),
            kustomize_release: None,
            reorder: None,
            enable_managedby_label: false,
            stack_trace: false,
            plugins: Plugins {
                helm_command: "helm".into(),
                network_name: "bridge".into(),
                ..Plugins::default()
            },
            bound: Bound::default(),
        }
    }

    /// The same with the release that is wanted where the flag names none.
    pub(super) fn or_release(self, release: Release) -> Self {
        Self {
            kustomize_release: self.kustomize_release.or(Some(release)),
            ..self
        }
    }
}

/// What may run outside, and how.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Plugins {
    /// Allow helm charts.
    #[arg(long)]
    enable_helm: bool,
    /// The helm to run.
    #[arg(long, value_name = "PROGRAM", default_value = "helm")]
    helm_command: OsString,
    /// An API version for helm's Capabilities.APIVersions; may be repeated.
    #[arg(long, value_name = "VERSION")]
    helm_api_versions: Vec<String>,
    /// The Kubernetes version for helm's Capabilities.KubeVersion.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    helm_kube_version: String,
    /// Let helm say what goes wrong at length.
    #[arg(long)]
    helm_debug: bool,
    /// Allow plugins of others: functions, executables, and helm charts.
    #[arg(long)]
    enable_alpha_plugins: bool,
    /// Allow functions that are executables; not for kustomizations that are not trusted.
    #[arg(long)]
    enable_exec: bool,
    /// Allow the network to functions that ask for it.
    #[arg(long)]
    network: bool,
    /// Has no effect, as in kustomize.
    #[arg(long, value_name = "NAME", default_value = "bridge", hide = true)]
    network_name: String,
    /// Something to mount into containers, such as `type=bind,src=a,dst=/a`; may be repeated.
    #[arg(long, value_name = "MOUNT")]
    mount: Vec<String>,
    /// A variable for functions, `NAME=value` or `NAME`; may be repeated.
    #[arg(short, long, value_name = "VARIABLE")]
    env: Vec<String>,
    /// Run containers as the user who runs the command, not as `nobody`.
    #[arg(long)]
    as_current_user: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Reorder {
    /// What others need comes first.
    Legacy,
    /// As the objects were gathered.
    None,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> ExitCode {
    match build(arguments, streams) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            streams.error(&error);
            // As kustomize does.
            ExitCode::FAILURE
        }
    }
}

fn build(arguments: &Arguments, streams: &Streams) -> Result<()> {
    streams.findings(&old_flags(arguments));
    let here = working_directory()?;
    let target = Path::new(&arguments.target);
    if target.as_os_str().is_empty() {
        return Err(Error::new(Kind::Load, "the name of the directory is empty"));
    }
    let files = arguments.bound.files();
    let target = as_called(target);
    let options = build::Options {
        only_warnings_of_kustomize: true,
        ..options(arguments)
    };
    let built = build::build(&files, &here, &target, &options)
        .map_err(|error| unrendered::explained(error, &files, &here, &target))?;
    let named = arguments.output.as_deref().map(Path::new);
    let output = named.filter(|path| !path.as_os_str().is_empty());
    match output {
        Some(directory) if directory.is_dir() => {
            streams.findings(&built.findings);
            write_each(directory, &built.resources)
        }
        _ => {
            let printed = built.to_rope()?;
            streams.findings(&built.findings);
            let result = match output {
                Some(path) => {
                    let mut text = String::new();
                    printed.append_to(&mut text);
                    write::file(path, text.as_bytes())
                }
                None => streams.rope(&printed),
            };
            // The process ends here: its memory need not be given back piece by piece.
            std::mem::forget((built, files));
            result
        }
    }
}

fn options(arguments: &Arguments) -> Options {
    let label = env::var("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL");
    Options {
        release: arguments.kustomize_release.unwrap_or_default(),
        restriction: arguments.load_restrictor,
        order: arguments.reorder.map(|reorder| match reorder {
            Reorder::Legacy => Order::legacy(),
            Reorder::None => Order::Fifo,
        }),
        managed_by: arguments.enable_managedby_label || label.is_ok_and(|word| word == "on"),
        plugins: plugins(&arguments.plugins),
        ..Options::default()
    }
}

/// What the flags allow to run outside.
pub(super) fn plugins(arguments: &Plugins) -> plugin::Options {
    plugin::Options {
        enabled: arguments.enable_alpha_plugins,
        functions: FunctionOptions {
            exec: arguments.enable_exec,
            network: arguments.network,
            mounts: arguments.mount.clone(),
            environment: arguments.env.clone(),
            as_current_user: arguments.as_current_user,
        },
        helm: HelmOptions {
            enabled: arguments.enable_helm,
            enabled_by_project: false,
            command: arguments.helm_command.clone(),
            api_versions: arguments.helm_api_versions.clone(),
            kube_version: arguments.helm_kube_version.clone(),
            debug: arguments.helm_debug,
            charts: None,
        },
        ksops: plugin::Ksops::default(),
        homes: plugin_homes(),
    }
}

/// Where old exec plugins may be.
fn plugin_homes() -> Vec<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = variable("HOME").map_or_else(|| PathBuf::from("~"), PathBuf::from);
    let named = variable("KUSTOMIZE_PLUGIN_HOME").map(PathBuf::from);
    let configured = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let below = |directory: &Path| directory.join("kustomize/plugin");
    let mut homes: Vec<PathBuf> = named.into_iter().collect();
    homes.extend(configured.as_deref().map(below));
    homes.extend([below(&home.join(".config")), below(&home)]);
    homes
}

/// Flags that still work, and what to write instead.
fn old_flags(arguments: &Arguments) -> Vec<Finding> {
    let old = |is_used: bool, flag: &str, instead: &str| {
        is_used.then(|| {
            Finding::warning("deprecated-field", format!("`{flag}` is deprecated"))
                .help(format!("say {instead} in the kustomization"))
        })
    };
    [
        old(arguments.reorder.is_some(), "--reorder", "`sortOptions`"),
        old(
            arguments.enable_managedby_label,
            "--enable-managedby-label",
            "`buildMetadata: [managedByLabel]`",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn release(word: &str) -> std::result::Result<Release, String> {
    word.parse().map_err(|error: Error| {
        let help = error.help_line().unwrap_or_default();
        format!("{}; {help}", error.message())
    })
}

pub(super) fn restriction(word: &str) -> std::result::Result<Restriction, String> {
    match word {
        "LoadRestrictionsRootOnly" | "" => Ok(Restriction::RootOnly),
        "LoadRestrictionsNone" => Ok(Restriction::None),
        _ => Err("it is `LoadRestrictionsRootOnly` or `LoadRestrictionsNone`".to_owned()),
    }
}

/// The directory to build, by its text: kustomize takes `..` from the directory that the shell shows.
///
/// Only behind a link does that differ from where the system says that we are.
fn as_called(target: &Path) -> Cow<'_, Path> {
    let leads_up = target.components().any(|part| part == Component::ParentDir);
    if !leads_up || !target.is_relative() {
        return Cow::Borrowed(target);
    }
    let shown = env::var_os("PWD").map(PathBuf::from).filter(|shown| {
        shown.is_absolute() && matches!((shown.canonicalize(), Path::new(".").canonicalize()), (Ok(shown), Ok(here)) if shown == here)
    });
    match shown {
        Some(shown) if env::current_dir().is_ok_and(|here| here != shown) => {
            Cow::Owned(shown.join(target))
        }
        _ => Cow::Borrowed(target),
    }
}

/// The directory in which the program was called, without links.
pub(super) fn working_directory() -> Result<PathBuf> {
    let here = env::current_dir();
    // Linux says it without links.
    let here = match cfg!(target_os = "linux") {
        true => here,
        false => here.and_then(|here| here.canonicalize()),
    };
    here.map_err(|cause| {
        Error::new(Kind::Load, "the current directory cannot be used").caused_by(cause)
    })
}

/// A directory that the user names, without links.
pub(super) fn canonical(path: &Path, named: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|cause| {
        Error::new(
            Kind::Load,
            format!("there is no directory `{}`", named.display()),
        )
        .caused_by(cause)
    })
}
