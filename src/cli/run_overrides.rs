//! The flags of one run that override the files of the project; every command that renders
//! environments takes them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kustom::edit::{ImageArgument, Part};
use kustom::error::{Error, Kind, Result};
use kustom::load::{Files, LookupCache, Restriction, TrackedFiles, display_from};
use kustom::project::{
    ImageOverride, Options, ReplicaOverride, Secrets, merge_values_file, near_file,
};
use kustom::release::Release;
use kustom::sops::{Decrypted, OnLocked, Sops};
use kustom::template::Values;
use serde_json::Value;

use super::build::{Plugins, plugins, release, restriction};
use super::reading::Reading;

/// Values for templates.
#[derive(Debug, clap::Args)]
pub(super) struct ValueFlags {
    /// A file of values for templates; may be repeated.
    #[arg(long, value_name = "FILE")]
    values: Vec<PathBuf>,
    /// A value for templates, `image.tag=v2`: a number, true, false or null if it looks like one;
    /// may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A value for templates that is a text, whatever it looks like; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set_string: Vec<String>,
    /// Decrypt what sops has encrypted, in memory, with the `sops` that is installed.
    #[arg(long)]
    decrypt: bool,
    #[command(flatten)]
    reading: Reading,
}

/// The flags of a render that override the files of the project.
#[derive(Debug, clap::Args)]
pub(super) struct RunOverrides {
    #[command(flatten)]
    values: ValueFlags,
    /// An image to use instead: `NAME=NEW:TAG`, `NAME=NEW@sha256:…` or `NAME:TAG`; may be repeated.
    #[arg(long, value_name = "NAME=NEW")]
    image: Vec<String>,
    /// How many replicas a workload has; may be repeated.
    #[arg(long, value_name = "NAME=COUNT")]
    replicas: Vec<String>,
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
    #[command(flatten)]
    plugins: Plugins,
}

/// What is done about secrets that are not filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Policy {
    /// They must be there and filled in.
    Required,
    /// The boilerplate stands in for those that are missing.
    Placeholder,
    /// What is made of missing ones is left out.
    Omit,
}

impl Policy {
    pub(super) fn secrets(self) -> Secrets {
        match self {
            Self::Required => Secrets::Required,
            Self::Placeholder => Secrets::Placeholder,
            Self::Omit => Secrets::Omit,
        }
    }
}

impl RunOverrides {
    /// The disk, as far as it may be read.
    pub(super) fn files(&self) -> Result<LookupCache> {
        self.values.files()
    }

    /// The options of a render, without the files that git tracks.
    pub(super) fn options(&self, secrets: Option<Secrets>) -> Result<Options<'static>> {
        Ok(Options {
            tracked: <&TrackedFiles>::default(),
            secrets,
            values: self.values.read()?,
            images: self
                .image
                .iter()
                .map(|word| image(word))
                .collect::<Result<_>>()?,
            replicas: self
                .replicas
                .iter()
                .map(|word| replicas(word))
                .collect::<Result<_>>()?,
            release: self.kustomize_release,
            restriction: self.load_restrictor,
            plugins: plugins(&self.plugins),
            sops: self.values.sops(),
            lint: true,
            would_know: None,
            bases: None,
        })
    }
}

impl ValueFlags {
    /// The disk, as far as it may be read.
    pub(super) fn files(&self) -> Result<LookupCache> {
        self.reading.files()
    }

    /// The program that decrypts, if that is asked for: one for the whole run, so that every file is
    /// decrypted once.
    pub(super) fn sops(&self) -> Option<&'static Sops> {
        static SOPS: OnceLock<Sops> = OnceLock::new();
        self.decrypt.then(|| SOPS.get_or_init(Sops::default))
    }

    /// Files, in the clear if that is asked for.
    pub(super) fn decrypted<'f>(&self, files: &'f dyn Files) -> Decrypted<'f> {
        let shown = |path: &Path| match std::env::current_dir() {
            Ok(here) => display_from(&here, path),
            Err(_) => path.display().to_string(),
        };
        Decrypted::new(files, self.sops(), OnLocked::Refuse, shown)
    }

    /// Files of values, and single values on top of them.
    pub(super) fn read(&self) -> Result<Values> {
        let disk = LookupCache::default().bounded(self.reading.bytes());
        let files = self.decrypted(&disk);
        let mut values = Values::default();
        for path in &self.values {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            if let Err(cause) = files.resolve(&absolute)
                && cause.kind() == std::io::ErrorKind::NotFound
            {
                let shown = path.display();
                let message = format!("there is no file `{shown}` for `--values`");
                let error = Error::new(Kind::Load, message).caused_by(cause);
                return Err(match near_file(&files, &absolute) {
                    Some(near) => error.help(format!(
                        "did you mean `{}`?",
                        path.with_file_name(near).display()
                    )),
                    None => error.help("it is named relative to the current directory"),
                });
            }
            merge_values_file(&mut values, &files, path).map_err(|error| files.explained(error))?;
        }
        for word in &self.set {
            let (key, text) = assigned(word, "--set")?;
            values.set(key, scalar(text))?;
        }
        for word in &self.set_string {
            let (key, text) = assigned(word, "--set-string")?;
            values.set(key, text.into())?;
        }
        Ok(values)
    }
}

/// A key and a value; the value may be a secret, and is never repeated.
pub(super) fn assigned<'w>(word: &'w str, flag: &str) -> Result<(&'w str, &'w str)> {
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_key = !key.is_empty() && key.len() <= 60 && key.chars().all(is_word);
    if key.is_empty() {
        let message = format!("`{flag}` has no key before its `=`");
        return Err(wrong(message).help(format!("write `{flag} KEY=VALUE`")));
    }
    if key.split('.').any(str::is_empty) && is_key {
        let message = format!("the key `{key}` of `{flag}` has an empty part");
        let parts: Vec<&str> = key.split('.').filter(|part| !part.is_empty()).collect();
        return Err(wrong(message).help(match parts.as_slice() {
            [] => format!("write `{flag} KEY=VALUE`"),
            parts => format!("write `{flag} {}=VALUE`", parts.join(".")),
        }));
    }
    match (word.contains('='), is_key) {
        (true, _) => Ok((key, value)),
        (false, true) => Err(wrong(format!("`{flag} {key}` has no value"))
            .help(format!("write `{flag} {key}=VALUE`"))),
        (false, false) => {
            Err(wrong(format!("`{flag}` has no `=`")).help(format!("write `{flag} KEY=VALUE`")))
        }
    }
}

/// A text as YAML would read it where that is a single value.
fn scalar(text: &str) -> Value {
    match serde_yaml::from_str::<Value>(text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) if !text.is_empty() => value,
        Ok(Value::String(quoted)) if text.starts_with(['"', '\'']) => Value::String(quoted),
        _ => text.into(),
    }
}

/// The grammar of `edit set image`; a part that is not said stays, but a tag and a digest are said
/// in place of each other.
pub(super) fn image(word: &str) -> Result<ImageOverride> {
    let none = || lacking(word);
    let image = ImageArgument::parse(word).map_err(|_| none())?;
    let part_text = |part: &Part| match part {
        Part::Absent => None,
        Part::Kept => Some("*".to_owned()),
        Part::New(text) => Some(text.clone()),
    };
    let parts = [&image.new_name, &image.new_tag, &image.digest];
    let is_empty = parts.iter().all(|part| **part == Part::Absent);
    if is_empty || image.name.is_empty() || word.starts_with('=') {
        return Err(none());
    }
    let [new_name, new_tag, digest] = parts.map(part_text);
    Ok(ImageOverride {
        name: image.name,
        new_name: new_name.filter(|name| name != "*"),
        new_tag,
        digest,
    })
}

/// What an image lacks: its name, or all that would be new.
#[cold]
fn lacking(word: &str) -> Error {
    let error = |what: &str| wrong(format!("`--image {word}` has {what}"));
    let (name, new) = match word.split_once('=') {
        Some((name, new)) => (name, Some(new)),
        None => (word, None),
    };
    let name = name.trim_end_matches([':', '@']);
    if name.is_empty() || name.starts_with([':', '@']) {
        let new = new.unwrap_or(word);
        return error("no name").help(match new {
            "" => "write the image as the manifests have it, and its new tag: `--image NAME:TAG`"
                .to_owned(),
            new => format!("write the image as the manifests have it: `--image NAME={new}`"),
        });
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    error("no new tag, digest or name").help(format!(
        "write `--image {name}:v2`, or `--image {name}=mirror/{last}:v2`"
    ))
}

/// `NAME=COUNT`
fn replicas(word: &str) -> Result<ReplicaOverride> {
    let (name, count) = word.split_once('=').unwrap_or((word, ""));
    if name.is_empty() {
        let count = if count.is_empty() { "3" } else { count };
        return Err(
            wrong(format!("`--replicas {word}` has no name")).help(format!(
                "write the workload before the `=`: `--replicas NAME={count}`"
            )),
        );
    }
    count.parse().map_or_else(
        |_| {
            let message = match count {
                "" => format!("`--replicas {word}` has no count"),
                count => format!("`{count}` in `--replicas {word}` is not a number of replicas"),
            };
            Err(wrong(message).help(format!("write `--replicas {name}=3`")))
        },
        |count| {
            Ok(ReplicaOverride {
                name: name.to_owned(),
                count,
            })
        },
    )
}

fn wrong(message: String) -> Error {
    Error::new(Kind::Project, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(word: &str) -> Option<[String; 4]> {
        let image = image(word).ok()?;
        Some([
            image.name,
            image.new_name.unwrap_or_default(),
            image.new_tag.unwrap_or_default(),
            image.digest.unwrap_or_default(),
        ])
    }

    #[test]
    fn an_image_has_a_tag_or_a_digest_or_another_name() {
        let same = |word: &str, wanted: [&str; 4]| {
            assert_eq!(parts(word).unwrap(), wanted.map(String::from), "{word}");
        };
        same(
            "web=r.io:5000/a/web:v2",
            ["web", "r.io:5000/a/web", "v2", ""],
        );
        same(
            "web=r.io/web@sha256:ab",
            ["web", "r.io/web", "", "sha256:ab"],
        );
        same("r.io:5000/web:v2", ["r.io:5000/web", "", "v2", ""]);
        same("web@sha256:ab", ["web", "", "", "sha256:ab"]);
        same("web=other", ["web", "other", "", ""]);
        same("web=:v2", ["web", "", "v2", ""]);
        same("web=a:1@sha256:b", ["web", "a", "1", "sha256:b"]);
        same("web:*@sha256:b", ["web", "", "*", "sha256:b"]);
        same("web=*:v2", ["web", "", "v2", ""]);
        for wrong in ["web", "=x:1", "web=", "web:", "web@", ":v1", ""] {
            assert!(parts(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn values_are_typed_as_in_yaml() {
        assert_eq!(scalar("3"), 3);
        assert_eq!(scalar("true"), true);
        assert_eq!(scalar("null"), Value::Null);
        assert_eq!(scalar("'3'"), "3");
        for text in ["", "v2", "a: b", "[1]", "1.2.3", "x # y", "@"] {
            assert_eq!(scalar(text), text);
        }
    }
}
