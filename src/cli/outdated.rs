//! `kustom outdated`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::limits;
use kustom::load::{Registry, Remote, RemoteKind, Remotes, served_references};
use kustom::project::{Options, Secrets, render, visit_remotes};
use kustom::yaml::Node;

use super::build::working_directory;
use super::output::{Streams, line};
use super::progress::Progress;
use super::project::find;
use super::run_overrides::RunOverrides;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    overrides: RunOverrides,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// The lists in which containers are.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    if limits::current().offline {
        let message = "newer tags are asked for, and `--offline` fetches nothing";
        return Err(Error::new(Kind::Load, message).help("leave it out"));
    }
    let here = working_directory()?;
    let files = arguments.overrides.files()?;
    let project = find(&files, &here, arguments.directory.as_deref())?;
    let options: Options<'static> = arguments.overrides.options(Some(Secrets::Placeholder))?;
    let remotes = Arc::new(Remotes::default());
    let whose = (project.root.as_path(), Some(&project));
    let progress = Progress::new(0, "kustomizations");
    let done = |done, total| progress.at(done, total);
    let values = &options.values;
    let mut findings = visit_remotes(&files, &here, whose, values, &remotes, None, &done)?;
    drop(progress);
    let mut lines = BTreeSet::new();
    for repository in remotes.repositories() {
        let remote = Remote::from(&repository);
        match served_references(&repository) {
            Ok(served) => {
                let tags = served
                    .iter()
                    .filter_map(|(name, _)| name.strip_prefix("refs/tags/"));
                let tags: Vec<&str> = tags.filter(|name| !name.ends_with("^{}")).collect();
                let RemoteKind::Repository { reference, .. } = &remote.kind else {
                    continue;
                };
                lines.extend(outdated(&remote.address, reference, &tags));
            }
            Err(error) => findings.push(unanswered(&error)),
        }
    }
    let mut images = BTreeSet::new();
    for name in project.names(&files) {
        let environment = project.environment(&files, &name)?;
        let rendered = render(&files, &here, &project, &environment, &options)?;
        for resource in &rendered.resources {
            gather(&resource.node, &mut images);
        }
    }
    let mut registry = Registry::default();
    let mut pending = std::collections::BTreeMap::new();
    for image in images {
        let Some((host, name, tag)) = parts(&image) else {
            continue;
        };
        let key = format!("{host}/{name}");
        if !pending.contains_key(&key) {
            let tags = registry.tags(host, name).unwrap_or_else(|error| {
                findings.push(unanswered(&error));
                Vec::new()
            });
            pending.insert(key.clone(), tags);
        }
        let tags: Vec<&str> = pending[&key].iter().map(String::as_str).collect();
        lines.extend(outdated(&key, tag, &tags));
    }
    streams.findings(&findings);
    let text: String = lines.iter().map(|text| line(text)).collect();
    streams.data(&text)?;
    Ok(ExitCode::from(u8::from(!lines.is_empty())))
}

fn unanswered(error: &Error) -> Finding {
    let finding = Finding::warning("unanswered", error.message().to_owned());
    match (error.help_line(), error.kind()) {
        (Some(help), _) => finding.help(help.to_owned()),
        (None, Kind::Load) => {
            finding.help("check the address, and that it can be reached from here")
        }
        (None, _) => finding,
    }
}

/// `NAME TAG -> NEWER`, with the newest of the same major version before the newest of all.
fn outdated(name: &str, tag: &str, tags: &[&str]) -> Option<String> {
    let current = Version::parse(tag)?;
    let mut newer: Vec<(Version<'_>, &str)> = tags
        .iter()
        .filter_map(|tag| Some((Version::parse(tag)?, *tag)))
        .filter(|(version, _)| version.follows(&current))
        .collect();
    newer.sort_by(|a, b| a.0.numbers.cmp(&b.0.numbers));
    let (newest, tag_of_newest) = newer.last()?;
    let same_major = newer
        .iter()
        .rfind(|(version, _)| version.numbers.first() == current.numbers.first())
        .filter(|(version, _)| version.numbers != newest.numbers)
        .map(|(_, tag)| format!("{tag}, "));
    Some(format!(
        "{name} {tag} -> {}{tag_of_newest}",
        same_major.unwrap_or_default()
    ))
}

/// A tag that is a version: what stands before its numbers and behind them tells series apart.
struct Version<'t> {
    prefix: &'t str,
    numbers: Vec<u64>,
    suffix: &'t str,
}

impl<'t> Version<'t> {
    /// Reads `v1.2.3`, `chart-1.2.3`, `1.2.3-alpine`; at least two numbers.
    fn parse(tag: &'t str) -> Option<Self> {
        let start = tag.char_indices().find(|(at, c)| {
            let before = tag.get(..*at).and_then(|it| it.chars().next_back());
            c.is_ascii_digit() && before.is_none_or(|c| "v-_/".contains(c))
        })?;
        let (prefix, rest) = tag.split_at_checked(start.0)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (numbers, suffix) = rest.split_at_checked(end)?;
        let numbers: Option<Vec<u64>> = numbers.split('.').map(|it| it.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| numbers.len() > 1)?;
        Some(Self {
            prefix,
            numbers,
            // What stands behind a plus is about the build.
            suffix: suffix.split('+').next().unwrap_or_default(),
        })
    }

    /// Whether it is an unfinished version.
    fn is_preview(&self) -> bool {
        const WORDS: [&str; 6] = ["alpha", "beta", "rc", "pre", "dev", "snapshot"];
        let lower = self.suffix.to_ascii_lowercase();
        WORDS
            .iter()
            .any(|word| lower.trim_start_matches(['-', '.', '_']).starts_with(word))
    }

    /// Whether it comes after another one of its series.
    fn follows(&self, other: &Self) -> bool {
        if self.prefix != other.prefix || self.numbers.len() != other.numbers.len() {
            return false;
        }
        match other.is_preview() {
            // The finished version follows its previews.
            true => self.suffix.is_empty() && self.numbers >= other.numbers,
            false => self.suffix == other.suffix && self.numbers > other.numbers,
        }
    }
}

/// Host, name and tag of an image that names its registry.
fn parts(image: &str) -> Option<(&str, &str, &str)> {
    let (host, rest) = image.split_once('/')?;
    let names_registry = host.contains(['.', ':']) || host == "localhost";
    let rest = rest.split('@').next()?;
    let (name, tag) = rest.rsplit_once(':')?;
    names_registry.then_some((host, name, tag))
}

/// The images of all containers of an object.
fn gather(node: &Node, images: &mut BTreeSet<String>) {
    for entry in node.entries() {
        if entry
            .key
            .text()
            .is_some_and(|key| CONTAINERS.contains(&key))
        {
            let items = entry.value.items().iter();
            let found = items.filter_map(|item| item.get("image")?.text());
            images.extend(found.map(str::to_owned));
        }
        gather(&entry.value, images);
    }
    for item in node.items() {
        gather(item, images);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_the_same_series_is_found() {
        let found = |tag: &str, tags: &str| {
            let tags: Vec<&str> = tags.split(' ').collect();
            outdated("a", tag, &tags)
        };
        let is = |tag: &str, tags: &str, wanted: &str| {
            assert_eq!(found(tag, tags).unwrap(), format!("a {tag} -> {wanted}"));
        };
        is("v1.2.0", "v1.2.0 v1.10.0 v1.9.0", "v1.10.0");
        is(
            "v1.2.0",
            "v1.3.0 v2.0.0 v2.1.0-rc.1 v0.9.0",
            "v1.3.0, v2.0.0",
        );
        is(
            "1.25.1-alpine",
            "1.25.2 1.25.3-alpine 1.26.0-rc1",
            "1.25.3-alpine",
        );
        is("v1.0.0-rc.1", "v1.0.0 v1.0.0-rc.2", "v1.0.0");
        is("app-1.2.0", "chart-9.0.0 app-1.3.0 v2.0.0", "app-1.3.0");
        is("1.25", "1.25.9 1.26 latest", "1.26");
        for (tag, tags) in [
            ("v1.2.0", "v1.2.0 v1.1.0"),
            ("latest", "v1.2.0"),
            ("main", "v1.2.0"),
            ("", "v1.0.0"),
            ("v1", "v2"),
            ("7249ad20bdcb9eda546118c3a2be72e8286730bd", "v1.0.0"),
        ] {
            assert_eq!(found(tag, tags), None, "{tag}");
        }
    }

    #[test]
    fn only_an_image_that_names_its_registry_can_be_asked_for() {
        assert_eq!(
            parts("host.example:5000/team/app:v1@sha256:ab"),
            Some(("host.example:5000", "team/app", "v1"))
        );
        assert_eq!(parts("localhost/app:v1"), Some(("localhost", "app", "v1")));
        for image in [
            "nginx:1.25",
            "team/app:v1",
            "host.example/app",
            "host.example/app@sha256:ab",
        ] {
            assert_eq!(parts(image), None, "{image}");
        }
    }
}
