//! What builds need said besides files: flags, output, variables; and what git must not get.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::drafts::EnvironmentDraft;
use super::run::{LEFT_OVER, STAYS, substituted};
use super::settings::Settings;
use super::trace::{Flags, Stage};
use super::{Found, name_of, remember};
use crate::finding::{Finding, Severity};
use crate::guard::Guard;
use crate::load::display_from;

/// The flags of all builds, for the project; those that have no setting are told.
pub(super) fn flags(found: &[Found], findings: &mut Vec<Finding>) -> Flags {
    let mut all = Flags::default();
    let stays = |findings: &mut Vec<Finding>, one: &Found, message: String, help: String| {
        let finding = Finding::new(STAYS, Severity::Note, message)
            .at(one.build.at.clone())
            .help(help);
        remember(findings, finding);
    };
    for one in found {
        let flags = &one.build.flags;
        all.helm |= flags.helm;
        for version in &flags.helm_api_versions {
            if !all.helm_api_versions.contains(version) {
                all.helm_api_versions.push(version.clone());
            }
        }
        all.helm_kube_version = all
            .helm_kube_version
            .or_else(|| flags.helm_kube_version.clone());
        if flags.reads_anywhere {
            let flag = "--load-restrictor LoadRestrictionsNone";
            stays(
                findings,
                one,
                format!("`{flag}` has no setting: what may be read is the caller's to say"),
                format!("say it with each command: `kustom render ENV {flag}`"),
            );
        }
        for flag in &flags.others {
            stays(
                findings,
                one,
                format!("`{flag}` has no setting: a repository does not decide which programs run"),
                format!("say it with each command: `kustom render ENV {flag}`"),
            );
        }
        let fields = [
            (
                flags.legacy_order,
                "--reorder legacy",
                "sortOptions: {order: legacy}",
            ),
            (
                flags.managed_by,
                "--enable-managedby-label",
                "buildMetadata: [managedByLabel]",
            ),
        ];
        for (_, flag, field) in fields.iter().filter(|(is_set, ..)| *is_set) {
            let message = format!("`{flag}` is a field of the kustomization nowadays");
            let finding = Finding::warning(LEFT_OVER, message)
                .at(one.build.at.clone())
                .help(format!("write `{field}` into it"));
            remember(findings, finding);
        }
    }
    all
}

/// The directory that all output is written to, if the project has it.
pub(super) fn rendered(found: &[Found], root: &Path) -> Option<PathBuf> {
    let mut directories: BTreeSet<&Path> = BTreeSet::new();
    let mut names: BTreeSet<&Path> = BTreeSet::new();
    for one in found {
        let to = one.build.to.as_deref()?;
        directories.insert(to.parent()?);
        names.insert(to);
    }
    let [only] = directories.into_iter().collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_inside = only.starts_with(root) && only != root;
    (is_inside && names.len() == found.len()).then(|| only.to_path_buf())
}

/// The name of the file that an environment is rendered to, if it has not the usual one.
pub(super) fn output(one: &Found, rendered: Option<&Path>) -> Option<String> {
    rendered?;
    let name = one
        .build
        .to
        .as_deref()?
        .file_name()?
        .to_string_lossy()
        .into_owned();
    (name != format!("{}.yaml", name_of(&one.directory))).then_some(name)
}

/// The variables of `envsubst` that the output of a build names, as `substitute`.
pub(super) fn variables(
    draft: &mut EnvironmentDraft,
    one: &Found,
    text: &str,
    findings: &mut Vec<Finding>,
) {
    for stage in &one.build.stages {
        let Stage::Variables { values, all, at } = stage else {
            continue;
        };
        let mut named = BTreeSet::new();
        substituted(text, |name| {
            named.insert(name.to_owned());
            None
        });
        let mut left_over = |message: String, help: &str| {
            let finding = Finding::warning(LEFT_OVER, message)
                .at(at.clone())
                .help(help);
            remember(findings, finding);
        };
        for name in &named {
            match values.get(name) {
                Some(value) => {
                    draft.variables.insert(name.clone(), value.clone());
                    let bare = format!("${name}");
                    if text.contains(&bare) {
                        left_over(
                            format!("`{bare}` has no braces, and only `envsubst` replaces it"),
                            "write it with braces in the manifests: kustom substitutes `${…}`",
                        );
                    }
                }
                None if *all => left_over(
                    format!("the script gives `{name}` no value, which `envsubst` replaces"),
                    "say it with `--env`, or write it into `substitute.values`",
                ),
                None => left_over(
                    format!("`envsubst` leaves `{name}` as it is, which `substitute` does not"),
                    "escape it with a second dollar sign in the manifests, or write it into \
                     `substitute.values`",
                ),
            }
        }
    }
}

/// Whether a file would hold a secret.
fn holds_secret(name: &str, content: &[u8]) -> bool {
    !Guard::new().scan(name, content).leaks.is_empty()
}

/// Takes files with secrets out of what is written: they are secrets that are laid out otherwise.
pub(super) fn withhold_files(settings: &mut Settings, one: &Found, findings: &mut Vec<Finding>) {
    let files = std::mem::take(&mut settings.files);
    for (path, content) in files {
        let shown = display_from(&one.directory, &path);
        if !holds_secret(&shown, &content) {
            settings.files.insert(path, content);
            continue;
        }
        let message = format!("`{shown}` would hold a secret that stands in the script");
        let mut finding = Finding::warning(LEFT_OVER, message).help(
            "take it out of the script, replace it at its issuer, and lay it out below `secrets/`",
        );
        let at = settings
            .written
            .iter()
            .find(|(written, _)| *written == path);
        finding.place = at.map(|(_, at)| at.clone());
        remember(findings, finding);
        settings.secrets.push(path);
    }
}

/// Takes secrets out of the settings of an environment: git would track them.
pub(super) fn withhold(draft: &mut EnvironmentDraft, one: &Found, findings: &mut Vec<Finding>) {
    let is_secret = |name: &str, value: &str| {
        let text = format!("{name}: {}\n", serde_json::Value::from(value));
        holds_secret("environment.yaml", text.as_bytes())
    };
    draft.variables.retain(|name, value| {
        let leaks = is_secret(name, value);
        if leaks {
            let message = format!("the script gives `{name}` a value that is a secret");
            let finding = Finding::warning(LEFT_OVER, message)
                .at(one.build.at.clone())
                .help("keep it out of git: a file of `substitute.from` below `secrets/` holds it");
            remember(findings, finding);
        }
        !leaks
    });
    draft.settings.scripts.retain(|script| {
        let leaks = script
            .expression
            .as_ref()
            .is_some_and(|text| holds_secret("expression.yq", text.as_bytes()));
        if leaks {
            let message = format!("the expression for `{}` holds a secret", script.file);
            let finding = Finding::warning(LEFT_OVER, message)
                .at(one.build.at.clone())
                .help("keep it out of git: let a `secretGenerator` name a file below `secrets/`");
            remember(findings, finding);
        }
        !leaks
    });
}
