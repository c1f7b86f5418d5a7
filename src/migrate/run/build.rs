//! kustomize, kubectl and helm: what they would build is noted.

use std::path::PathBuf;

use super::super::files::{Change, Content, Made, Setting};
use super::super::trace::{Build, Flags};
use super::super::value::marks;
use super::{Chunk, Io, Run, Status, known};
use crate::edit::{self, ImageArgument};
use crate::kustomization::FILE_NAMES;
use crate::load::{Files as _, is_http};
use crate::place::{SourceId, Span};

impl Run<'_> {
    pub(super) fn kustomize(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let Some((command, rest)) = arguments.split_first() else {
            return Status::Unknown;
        };
        match command.as_str() {
            "build" => self.build(rest, at, io),
            "edit" => self.edit(rest, at),
            "create" => {
                self.left_over(
                    at,
                    "`kustomize create` writes a kustomization, and is not followed",
                    "write the kustomization once, and keep it in the repository",
                );
                Status::Unknown
            }
            _ => self.opaque("kustomize", at, io),
        }
    }

    /// The directory and the flags of a build.
    fn build(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let mut flags = Flags::default();
        let mut directory = None;
        let mut output = None;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let (flag, given) = match word.split_once('=') {
                Some((flag, value)) if flag.starts_with('-') => (flag, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || {
                given
                    .clone()
                    .or_else(|| words.next().cloned())
                    .unwrap_or_default()
            };
            match flag {
                "--enable-helm" => flags.helm = given.as_deref() != Some("false"),
                "--helm-api-versions" => flags.helm_api_versions.push(value()),
                "--helm-kube-version" => flags.helm_kube_version = Some(value()),
                "--load-restrictor" | "--load_restrictor" => {
                    let rule = value();
                    flags.reads_anywhere = rule == "LoadRestrictionsNone" || rule == "none";
                }
                "--reorder" => flags.legacy_order = value() == "legacy",
                "--enable-managedby-label" => flags.managed_by = given.as_deref() != Some("false"),
                "-o" | "--output" => output = Some(value()),
                "--enable-alpha-plugins"
                | "--enable-exec"
                | "--network"
                | "--as-current-user"
                | "--helm-debug" => flags.others.push(flag.to_owned()),
                "--helm-command" | "--env" | "-e" | "--mount" | "--network-name" => {
                    let value = value();
                    flags.others.push(format!("{flag} {value}"));
                }
                "--stack-trace" => {}
                flag if flag.len() > 1 && flag.starts_with('-') => {
                    let flag = flag.to_owned();
                    self.left_over(
                        at,
                        format!("`{flag}` is no flag of `kustomize build` that kustom knows"),
                        "look it up in the help of the kustomize that the script calls",
                    );
                }
                _ => directory = Some(word.clone()),
            }
        }
        let directory = directory.unwrap_or_else(|| ".".to_owned());
        let mut inner = Io::default();
        let status = self.built(&directory, flags, at, &mut inner);
        match output {
            Some(name) if self.is_directory(&name) || name.ends_with('/') => {
                self.stays(
                    at,
                    "the output is written to a file for each object",
                    "`kustom render ENV --split -o DIR` does that",
                );
            }
            Some(name) => self.write(&name, at, inner.output, false),
            None => io.output.extend(inner.output),
        }
        status
    }

    fn built(&mut self, directory: &str, flags: Flags, at: Span, io: &mut Io) -> Status {
        let program = "kustomize build".to_owned();
        let unknown = Chunk::Unknown {
            program,
            at: self.place(at),
        };
        if is_http(directory) || directory.contains("github.com/") || directory.contains("?ref=") {
            self.left_over(
                at,
                format!("`{directory}` is built where it lies, in another repository"),
                "make it an environment: a directory whose kustomization names it in `resources`",
            );
            io.output.push(unknown);
            return Status::Unknown;
        }
        let path = self.path(directory);
        if !marks(directory).is_empty() {
            self.trace
                .paths
                .insert(0, path.to_string_lossy().into_owned());
            self.depends_on_unknown(directory, "which kustomization is built", at);
            io.output.push(unknown);
            return Status::Unknown;
        }
        let is_there = |name: &&str| self.files.resolve(&path.join(name)).is_ok();
        if !FILE_NAMES.iter().any(is_there) {
            let shown = self.shown(&path);
            self.left_over(
                at,
                format!("there is no kustomization in `{shown}`, which is built"),
                "say with `-C` in which directory the script is run",
            );
            io.output.push(unknown);
            return Status::Failure;
        }
        let build = Build {
            directory: path,
            flags,
            at: self.place(at),
            stages: Vec::new(),
            to: None,
        };
        self.trace.builds.push(build);
        io.output.push(Chunk::Build(self.trace.builds.len() - 1));
        Status::Success
    }

    pub(super) fn kubectl(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        if let Some(position) = arguments.iter().position(|word| word == "kustomize") {
            let before = &arguments[..position];
            if before.iter().all(|word| word.starts_with('-')) {
                return self.build(&arguments[position + 1..], at, io);
            }
        }
        let verb = arguments.iter().find(|word| !word.starts_with('-'));
        let verb = verb.map_or("", String::as_str).to_owned();
        let mut words = arguments.iter();
        let mut directory = None;
        while let Some(word) = words.next() {
            match word.as_str() {
                "-k" | "--kustomize" => directory = words.next().cloned(),
                _ => {
                    let given = word.strip_prefix("--kustomize=");
                    let given =
                        given.or_else(|| word.strip_prefix("-k").filter(|it| !it.is_empty()));
                    directory = directory.or_else(|| given.map(str::to_owned));
                }
            }
        }
        let applies = ["apply", "create", "replace"].contains(&verb.as_str());
        let reads_build = io
            .input
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Build(_)));
        let names_build = arguments.iter().any(|word| {
            let path = self.path(word);
            let made = self.files.made_at(&path);
            matches!(
                made,
                Some(Made {
                    content: Content::Build(_),
                    ..
                })
            )
        });
        if applies && (directory.is_some() || reads_build || names_build) {
            self.stays(
                at,
                format!("`kubectl {verb}` stays with you"),
                "it applies what `kustom render ENV` prints",
            );
        }
        match directory {
            Some(directory) if applies || verb == "diff" => {
                let status = self.built(&directory, Flags::default(), at, &mut Io::default());
                return status;
            }
            _ => {}
        }
        io.input.clear();
        if !applies {
            let at = self.place(at);
            let program = "kubectl".to_owned();
            io.output.push(Chunk::Unknown { program, at });
        }
        Status::Unknown
    }

    pub(super) fn helm(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let is_template = arguments.iter().any(|word| word == "template");
        if is_template {
            self.left_over(
                at,
                "`helm template` makes manifests outside of kustomize, and is not followed",
                "name the chart in `helmCharts` of a kustomization, and set `helm: {enabled: true}` \
                 in kustom.yaml",
            );
        }
        self.opaque("helm", at, io)
    }

    /// `kustomize edit set …`: what it changes is changed in memory.
    fn edit(&mut self, arguments: &[String], at: Span) -> Status {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let settings: Vec<Setting> = match &words[..] {
            ["set", "image", images @ ..] => images
                .iter()
                .map(|image| Setting::Image((*image).to_owned()))
                .collect(),
            ["set", "namespace", name] => vec![Setting::Namespace((*name).to_owned())],
            ["set", "nameprefix", name] => vec![Setting::NamePrefix((*name).to_owned())],
            ["set", "namesuffix", name] => vec![Setting::NameSuffix((*name).to_owned())],
            ["set", "replicas", replicas @ ..] => replicas
                .iter()
                .map(|one| Setting::Replicas((*one).to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        let shown = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        if settings.is_empty() {
            self.left_over(
                at,
                format!("`kustomize edit {shown}` changes a kustomization, and is not followed"),
                "make the change once, with `kustom edit`, and keep it in the repository",
            );
            return Status::Unknown;
        }
        let Some(path) = self.kustomization_here() else {
            self.left_over(
                at,
                "there is no kustomization to edit here",
                "say with `-C` in which directory the script is run",
            );
            return Status::Failure;
        };
        let place = self.place(at);
        let mut made = self.files.made_at(&path).cloned().unwrap_or_else(|| Made {
            from: Some(path.clone()),
            ..known(String::new(), place)
        });
        for setting in settings {
            let what = format!("`kustomize edit {shown}`");
            if self.depends_on_unknown(setting.text(), &what, at) {
                made.content = Content::Unknown;
                made.changes.push(Change::Other);
                continue;
            }
            let text = match &made.content {
                Content::Known(_) | Content::Build(_) => self.files.read(&path).ok(),
                Content::Unknown => None,
            };
            let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) else {
                continue;
            };
            match change(&setting).and_then(|change| change.apply(&text, SourceId::NONE, None)) {
                Ok(edited) => {
                    made.content = Content::Known(edited.text.into_bytes().into());
                    made.changes.push(Change::Setting(setting));
                    self.files.insert(&path, made.clone());
                }
                Err(error) => {
                    let message = format!("{what} is refused: {}", error.message());
                    self.left_over(at, message, "correct it in the script first");
                    made.content = Content::Unknown;
                }
            }
        }
        self.files.insert(&path, made);
        Status::Success
    }

    fn kustomization_here(&self) -> Option<PathBuf> {
        let names = FILE_NAMES
            .iter()
            .map(|name| self.scope.directory.join(name));
        let there = names
            .into_iter()
            .find(|path| self.files.resolve(path).is_ok())?;
        Some(self.files.canonical(&there))
    }
}

/// A setting as a change of a kustomization.
fn change(setting: &Setting) -> crate::error::Result<edit::Change> {
    Ok(match setting {
        Setting::Image(text) => edit::Change::SetImages(vec![ImageArgument::parse(text)?]),
        Setting::Namespace(text) => edit::Change::SetText("namespace", text.clone()),
        Setting::NamePrefix(text) => edit::Change::SetText("namePrefix", text.clone()),
        Setting::NameSuffix(text) => edit::Change::SetText("nameSuffix", text.clone()),
        Setting::Replicas(text) => edit::Change::SetReplicas(vec![edit::replica(text)?]),
    })
}
