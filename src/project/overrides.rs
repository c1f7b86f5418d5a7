//! Overrides of a kustomization, from `environment.yaml` or the command line.
//!
//! The kustomization is read as it is and changed before it is built; an image or a number of
//! replicas that it sets is overridden. An override that matches nothing is an error.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::settings::{entry, place_of_entry, says, settings_with};
use super::{Environment, ImageOverride, Options, Project, ReplicaOverride};
use crate::build::{Built, Operator};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::{Finding, Severity};
use crate::kustomization::Kustomization;
use crate::load::{Files, SourceStore};
use crate::place::{Place, SourceId, Span};
use crate::transform::images::{self, Image};
use crate::transform::replicas::{self, Replica};
use crate::yaml::{Node, Text};

/// Changes to the kustomization of an environment.
pub(super) struct Overrides<'o> {
    environment: &'o Environment,
    /// Each name once.
    images: Vec<(ImageOverride, SetBy)>,
    replicas: Vec<(&'o ReplicaOverride, SetBy)>,
    /// Secrets that are left out, because these files are not filled in.
    omitted: &'o BTreeSet<PathBuf>,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetBy {
    InFile,
    OnCommandLine,
}

impl<'o> Overrides<'o> {
    /// Those of an environment, then those of the command line.
    pub(super) fn new(
        environment: &'o Environment,
        options: &'o Options<'_>,
        omitted: &'o BTreeSet<PathBuf>,
    ) -> Self {
        let settings = &environment.settings;
        let in_file = settings.images.iter().map(|image| (image, SetBy::InFile));
        let flags = options
            .images
            .iter()
            .map(|image| (image, SetBy::OnCommandLine));
        let mut images: Vec<(ImageOverride, SetBy)> = Vec::new();
        for (image, set_by) in in_file.chain(flags) {
            match images
                .iter_mut()
                .find(|(known, _)| known.name == image.name)
            {
                Some(known) => *known = (over(&known.0, image), set_by),
                None => images.push((image.clone(), set_by)),
            }
        }
        let in_file = settings.replicas.iter().map(|one| (one, SetBy::InFile));
        let flags = options
            .replicas
            .iter()
            .map(|one| (one, SetBy::OnCommandLine));
        let mut replicas: Vec<(&ReplicaOverride, SetBy)> = Vec::new();
        for one in in_file.chain(flags) {
            replicas.retain(|(known, _)| known.name != one.0.name);
            replicas.push(one);
        }
        Self {
            environment,
            images,
            replicas,
            omitted,
        }
    }

    /// Applies the overrides to a kustomization.
    ///
    /// What `environment.yaml` says has its place there; `files` are read for it once more.
    pub(super) fn apply(
        &self,
        asked: &mut Kustomization,
        files: &dyn Files,
        library: &SourceStore<'_>,
    ) {
        let entry_of = |list: &str, name: &str, set_by: SetBy| match set_by {
            SetBy::InFile => {
                let fits = |entry: &Node| says(entry, "name", Some(name));
                Entry::written(entry(files, self.environment, list, &fits), library)
            }
            SetBy::OnCommandLine => Entry::default(),
        };
        for (image, set_by) in &self.images {
            let entry = entry_of("images", &image.name, *set_by);
            set_image(&mut asked.images, image, &entry);
        }
        for (replica, set_by) in &self.replicas {
            let entry = entry_of("replicas", &replica.name, *set_by);
            set_replica(&mut asked.replicas, replica, &entry);
        }
        let settings = &self.environment.settings;
        for (field, name, said) in [
            (&mut asked.name_prefix, "namePrefix", &settings.name_prefix),
            (&mut asked.name_suffix, "nameSuffix", &settings.name_suffix),
            (&mut asked.namespace, "namespace", &settings.namespace),
        ] {
            if let Some(said) = said {
                let settings = settings_with(files, self.environment, name);
                *field = Entry::written(settings, library).text(name, said);
            }
        }
    }

    /// Whether each of them did something; what they did.
    pub(super) fn check(
        &self,
        files: &dyn Files,
        built: &Built,
        project: &Project,
    ) -> Result<Vec<Finding>> {
        let mut notes = Vec::new();
        for (image, set_by) in &self.images {
            let count = built
                .matches
                .iter()
                .filter(|matched| {
                    matched.operator == Operator::Image
                        && matched.name == image.name
                        && matched.directory == self.environment.directory
                })
                .map(|matched| matched.count)
                .sum::<usize>();
            if count == 0 {
                return Err(self.unmatched_image(files, image, *set_by, built, project));
            }
            let message = format!(
                "`{}` is `{}` in {}, as {} says",
                image.name,
                shown(image),
                counted(count, "place"),
                self.who(*set_by, "--image")
            );
            notes.push(note("image-override", message));
            if let Some(tag) = tag_as_name(image) {
                let who = self.who(*set_by, "--image");
                let message = format!("{who} replaces the name `{}` by `{tag}`", image.name);
                let mut finding = Finding::warning("tag-as-name", message);
                if *set_by == SetBy::InFile {
                    finding = finding
                        .at(self.place(files, project, "images", &image.name))
                        .help(format!("write `newTag: {tag}` if the tag is meant"));
                } else {
                    let name = &image.name;
                    finding =
                        finding.help(format!("write `--image {name}:{tag}` if the tag is meant"));
                }
                notes.push(finding);
            }
        }
        for (replica, set_by) in &self.replicas {
            let message = format!(
                "`{}` has {}, as {} says",
                replica.name,
                counted(replica.count as usize, "replica"),
                self.who(*set_by, "--replicas")
            );
            notes.push(note("replicas-override", message));
        }
        for path in self.omitted {
            let message = format!(
                "what is made of `{}` is left out: it is not filled in",
                project.shown(path)
            );
            notes.push(note("omitted-secret", message));
        }
        Ok(notes)
    }

    fn who(&self, set_by: SetBy, flag: &str) -> String {
        match set_by {
            SetBy::InFile => "`environment.yaml`".to_owned(),
            SetBy::OnCommandLine => format!("`{flag}`"),
        }
    }

    /// An error of the build, with the flag that it is about: what a file says has its place.
    pub(super) fn explained(&self, error: Error) -> Error {
        let is_about = |(replica, set_by): &&(&ReplicaOverride, SetBy)| {
            *set_by == SetBy::OnCommandLine
                && error.message() == replicas::no_workload(&replica.name)
        };
        let Some((replica, _)) = self.replicas.iter().find(is_about) else {
            return error;
        };
        let name = &replica.name;
        error.reworded(format!(
            "`--replicas` names `{name}`, but there is no such workload"
        ))
    }

    /// Where a name is set in the settings.
    fn place(&self, files: &dyn Files, project: &Project, list: &str, name: &str) -> Place {
        let fits = |entry: &Node| says(entry, "name", Some(name));
        project.place(place_of_entry(files, self.environment, list, "name", &fits))
    }

    fn unmatched_image(
        &self,
        files: &dyn Files,
        image: &ImageOverride,
        set_by: SetBy,
        built: &Built,
        project: &Project,
    ) -> Error {
        let name = &image.name;
        let who = self.who(set_by, "--image");
        let message = format!("{who} names `{name}`, but there is no such image");
        let mut error = Error::new(Kind::Project, message);
        if set_by == SetBy::InFile {
            error = error.at(self.place(files, project, "images", name));
        }
        let names = images::names(&built.resources);
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        match (nearest(name, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => error.help(format!("did you mean `{near}`?")),
            (None, []) => error.help("no object has an `image`"),
            (None, few) if few.len() <= 8 => {
                error.help(format!("there {} `{}`", are(few.len()), few.join("`, `")))
            }
            (None, _) => error.help("name an image without its tag, as it is before this change"),
        }
    }
}

/// A new name that looks like a tag, beside which nothing else is new: `v2`, `1.27.3`.
fn tag_as_name(image: &ImageOverride) -> Option<&str> {
    let name = image.new_name.as_deref()?;
    let number = name.strip_prefix('v').unwrap_or(name);
    let is_version = number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    (is_version && image.new_tag.is_none() && image.digest.is_none()).then_some(name)
}

/// `is` or `are`.
fn are(count: usize) -> &'static str {
    if count == 1 { "is only" } else { "are" }
}

/// What says something in place of a kustomization: an entry of a list, or all settings.
#[derive(Default)]
struct Entry {
    source: SourceId,
    node: Node,
}

impl Entry {
    /// One of a file.
    fn written(found: Option<(PathBuf, Node)>, library: &SourceStore<'_>) -> Self {
        found.map_or_else(Self::default, |(path, node)| Self {
            source: library.source(&path),
            node,
        })
    }

    /// What a field says, with its place if it has one.
    fn text(&self, field: &str, said: &str) -> Text {
        Text {
            text: said.into(),
            span: self.span(field),
        }
    }

    /// Where a field is written, if it is.
    fn span(&self, field: &str) -> Span {
        let span = self.node.get(field).map(|node| Span {
            source: self.source,
            ..node.span
        });
        span.unwrap_or_default()
    }
}

/// What an image is if one layer says something of it, and another one on top.
fn over(below: &ImageOverride, above: &ImageOverride) -> ImageOverride {
    // A tag and a digest are given in place of each other.
    let has_end = above.new_tag.is_some() || above.digest.is_some();
    let end = if has_end { above } else { below };
    let kept = |above: &Option<String>, below: &Option<String>| match above.as_deref() {
        Some(KEPT) if below.is_some() => below.clone(),
        _ => above.clone(),
    };
    ImageOverride {
        name: above.name.clone(),
        new_name: above.new_name.clone().or_else(|| below.new_name.clone()),
        new_tag: kept(&end.new_tag, &below.new_tag),
        digest: kept(&end.digest, &below.digest),
    }
}

fn set_image(images: &mut Vec<Image>, said: &ImageOverride, entry: &Entry) {
    let is_set = images.iter().any(|image| *image.name == *said.name);
    if !is_set {
        images.push(Image {
            name: entry.text("name", &said.name),
            ..Image::default()
        });
    }
    let same = images.iter_mut().filter(|image| *image.name == *said.name);
    for image in same {
        if let Some(name) = &said.new_name {
            image.new_name = entry.text("newName", name);
        }
        if said.new_tag.is_some() || said.digest.is_some() {
            let part = |field: &str, said: &Option<String>| {
                said.as_deref().map(|said| entry.text(field, said))
            };
            set_part(&mut image.new_tag, part("newTag", &said.new_tag));
            set_part(&mut image.digest, part("digest", &said.digest));
            image.tag_suffix = Text::default();
        }
    }
}

fn set_replica(replicas: &mut Vec<Replica>, said: &ReplicaOverride, entry: &Entry) {
    let count = i64::from(said.count);
    let mut is_set = false;
    for replica in replicas.iter_mut().filter(|one| *one.name == *said.name) {
        replica.count = count;
        replica.count_span = entry.span("count");
        // Messages about the entry point to what overrides it.
        replica.name = entry.text("name", &said.name);
        is_set = true;
    }
    if !is_set {
        replicas.push(Replica {
            name: entry.text("name", &said.name),
            count,
            count_span: entry.span("count"),
        });
    }
}

/// Sets a tag or a digest; one that is not said goes.
fn set_part(part: &mut Text, said: Option<Text>) {
    if said.as_deref().is_none_or(|said| said != KEPT) {
        *part = said.unwrap_or_default();
    }
}

/// What stands for the tag or the digest that is there.
const KEPT: &str = "*";

fn shown(image: &ImageOverride) -> String {
    let name = image.new_name.as_ref().unwrap_or(&image.name);
    let tag = image.new_tag.iter().map(|tag| format!(":{tag}"));
    let digest = image.digest.iter().map(|digest| format!("@{digest}"));
    let end: String = tag.chain(digest).collect();
    format!("{name}{end}")
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn note(rule: &'static str, message: String) -> Finding {
    Finding {
        severity: Severity::Note,
        ..Finding::warning(rule, message)
    }
}
