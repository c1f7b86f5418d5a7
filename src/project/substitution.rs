//! Variables that an environment has substituted after its build.

use std::sync::Arc;

use super::settings::{place_of, place_of_nested};
use super::{Environment, Project, SubstituteSource};
use crate::build::Built;
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::flux::{Source, Substitution, read_variables, substitute_all, variables_of};
use crate::load::{Files, unreadable};
use crate::substitute::{Options, Variables};

/// Substitutes the variables in what was built, if the environment says so; what that loses is
/// found.
///
/// # Errors
///
/// Values that cannot be read, and objects that cannot be substituted.
pub(super) fn substituted(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    built: &mut Built,
) -> Result<Vec<Finding>> {
    let Some(settings) = &environment.settings.substitute else {
        return Ok(Vec::new());
    };
    let mut variables = Variables::default();
    for (index, source) in settings.from.iter().enumerate() {
        let place = || place_of_nested(files, environment, "substitute", "from", index);
        take(files, project, environment, built, source, &mut variables)
            .map_err(|error| error.at(project.place(place())))?;
    }
    for (name, value) in &settings.values {
        variables.set(name.as_str(), value);
    }
    let substitution = Substitution {
        variables,
        options: Options {
            strict: !settings.lenient.unwrap_or_default(),
            always: settings.always.unwrap_or_default(),
        },
    };
    let found = substitute_all(&mut built.resources, &substitution);
    let mut findings = found.map_err(|error| {
        let error = error.locate(|place| built.sources.locate(place));
        match error.place() {
            Some(_) => error,
            None => error.at(project.place(place_of(files, &environment.file(), &["substitute"]))),
        }
    })?;
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        built.sources.locate(place);
    }
    if !substitution.is_idle() {
        // What is left is left on purpose.
        built
            .findings
            .retain(|finding| finding.rule != "substitution-left");
    }
    Ok(findings)
}

/// Adds the variables of a file, or of an object of the render.
fn take(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    built: &Built,
    source: &SubstituteSource,
    variables: &mut Variables,
) -> Result<()> {
    if let Some(file) = &source.file {
        let path = environment.directory.join(file);
        let shown: Arc<str> = project.shown(&path).into();
        let bytes = match project.read_own(files, &path) {
            Ok(bytes) => bytes,
            Err(cause) if source.optional && cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok(());
            }
            Err(cause) => return Err(unreadable(&shown, cause)),
        };
        return read_variables(&bytes, variables)
            .map_err(|error| error.name_files(|_| Some(shown.clone())));
    }
    let (kind, name) = (source.kind.as_deref(), source.name.as_deref());
    let (kind, name) = (kind.unwrap_or_default(), name.unwrap_or_default());
    let Some(wanted) = Source::named(kind).filter(|_| !name.is_empty()) else {
        let message = "an entry of `from` names neither a file nor an object";
        return Err(Error::new(Kind::Project, message)
            .help("write `file: FILE`, or `kind: ConfigMap` or `Secret` with a `name`"));
    };
    let of_kind = || {
        let all = built.resources.iter();
        all.filter(|one| Source::of(&one.node) == Some(wanted))
    };
    let found = of_kind().find(|one| one.original_id().name == name || one.id().name == name);
    match found {
        Some(object) => variables_of(&object.node, wanted, variables)
            .map_err(|error| error.locate(|place| built.sources.locate(place))),
        None if source.optional => Ok(()),
        None => {
            let message = format!("the {kind} `{name}` is not rendered");
            let error = Error::new(Kind::Project, message);
            let names: Vec<String> = of_kind()
                .map(|one| one.original_id().name.to_string())
                .collect();
            Err(match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("say `optional: true` if it may be missing"),
            })
        }
    }
}
