//! Checks entries of `environment.yaml` for missing and contradicting fields.

use std::path::Path;

use super::place::{Step, in_file, nodes, place_at};
use super::{EnvironmentSettings, ImageOverride, NamespacesInText, ScriptUse};
use crate::error::{Error, Kind, Result};
use crate::load::Files;
use crate::place::Place;
use crate::project::output;

/// Holds every entry against what it must say.
pub(super) fn check(settings: &EnvironmentSettings, files: &dyn Files, path: &Path) -> Result<()> {
    namespaces(settings, files, path)?;
    let lists: [(&str, Option<Lack>); 5] = [
        ("images", first(&settings.images, image)),
        (
            "replicas",
            first(&settings.replicas, |one| {
                one.name
                    .is_empty()
                    .then_some(("has an empty `name`", "say which workload is meant"))
            }),
        ),
        ("scripts", first(&settings.scripts, script)),
        (
            "namespacesInText",
            first(&settings.namespaces_in_text, namespaces_in_text),
        ),
        (
            "expect",
            first(&settings.expect, |one| {
                let named = [&one.patch, &one.image, &one.replacement];
                match named.into_iter().flatten().count() {
                    0 => Some((
                        "names no `patch`, `image` or `replacement`",
                        "add what must match, such as `patch: FILE`",
                    )),
                    1 => None,
                    _ => Some((
                        "names several of `patch`, `image` and `replacement`",
                        "write an entry for each",
                    )),
                }
            }),
        ),
    ];
    for (list, lack) in lists {
        if let Some((index, (what, help))) = lack {
            let way = [Step::Field(list), Step::Item(index)];
            let message = format!("`{list}[{index}]` {what}");
            let error = Error::new(Kind::Project, message).help(help);
            // Of two fields that exclude each other both are shown.
            return Err(match two_fields(files, path, list, index) {
                Some([one, other]) => error.at(other).note("the other one is here", Some(one)),
                None => error.at(place_at(files, path, &way)),
            });
        }
    }
    let wrong = settings.output.as_deref().and_then(output::misfit);
    if let Some(wrong) = wrong {
        let place = place_at(files, path, &[Step::Field("output")]);
        return Err(Error::new(Kind::Project, format!("`output` {wrong}"))
            .at(place)
            .help("it is a path below the directory that is rendered into"));
    }
    Ok(())
}

/// The places of `script` and `expression` in an entry that has both, the first one first.
fn two_fields(files: &dyn Files, path: &Path, list: &str, index: usize) -> Option<[Place; 2]> {
    let node = nodes(files, path)?;
    let entry = node.get(list)?.items().get(index)?;
    let fields = entry.entries().iter().filter(|_| list == "scripts");
    let mut keys = fields
        .filter(|entry| entry.is("script") || entry.is("expression"))
        .map(|entry| in_file(path, entry.key.span));
    Some([keys.next()?, keys.next()?])
}

/// Refuses what is not a namespace.
fn namespaces(settings: &EnvironmentSettings, files: &dyn Files, path: &Path) -> Result<()> {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = |name: &str| {
        (1..=63).contains(&name.len())
            && name.bytes().all(is_inside)
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    for (from, to) in &settings.namespaces {
        let Some(wrong) = [from, to].into_iter().find(|name| !is_name(name)) else {
            continue;
        };
        let place = place_at(files, path, &[Step::Field("namespaces"), Step::Field(from)]);
        let message = format!("`{wrong}` in `namespaces` is not a namespace");
        return Err(Error::new(Kind::Project, message)
            .at(place)
            .help("write at most 63 lowercase letters, digits and `-`, without `-` at the ends"));
    }
    Ok(())
}

fn namespaces_in_text(one: &NamespacesInText) -> Option<(&'static str, &'static str)> {
    if one.path.is_empty() {
        return Some((
            "has an empty `path`",
            "name the field, such as `spec/template/spec/containers/args`",
        ));
    }
    let object = one.object.as_deref().unwrap_or("Any");
    let (kind, name) = object.split_once('/').unwrap_or((object, "any"));
    (kind.is_empty() || name.is_empty() || name.contains('/')).then_some((
        "has an `object` that is neither `KIND` nor `KIND/NAME`",
        "such as `Deployment/web`, or `Deployment` for all of a kind",
    ))
}

/// The position of an entry, what is wrong with it, and what to do.
type Lack = (usize, (&'static str, &'static str));

fn first<T>(
    entries: &[T],
    lack: impl Fn(&T) -> Option<(&'static str, &'static str)>,
) -> Option<Lack> {
    let mut entries = entries.iter().enumerate();
    entries.find_map(|(index, entry)| Some((index, lack(entry)?)))
}

fn image(image: &ImageOverride) -> Option<(&'static str, &'static str)> {
    if image.name.is_empty() {
        return Some((
            "has an empty `name`",
            "say which image is meant, without its tag",
        ));
    }
    let says = [&image.new_name, &image.new_tag, &image.digest];
    says.iter().all(|text| text.is_none()).then_some((
        "says nothing new",
        "add `newName`, `newTag` or `digest`, or remove the entry",
    ))
}

fn script(script: &ScriptUse) -> Option<(&'static str, &'static str)> {
    if script.file.is_empty() {
        return Some(("has an empty `file`", "say which file is changed"));
    }
    match (&script.script, &script.expression) {
        (None, None) => Some((
            "has neither `script` nor `expression`",
            "name a file in `script`, or write the expression in `expression`",
        )),
        (Some(_), Some(_)) => Some((
            "has both `script` and `expression`",
            "remove one of the two, or write an entry for each",
        )),
        _ => None,
    }
}
