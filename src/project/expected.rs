//! Checks that operators matched as often as an environment expects.

use super::settings::{place_of, place_of_entry, says};
use super::{Environment, Expectation, Project};
use crate::build::{Matched, Operator};
use crate::error::{Error, Kind, Result, nearest};
use crate::load::{Files, normalized};
use crate::place::Place;

/// Holds what `expect` says against what happened; all that does not hold is said at once.
///
/// Gives the places of the operators that match nothing, as they should.
pub(super) fn check(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    matches: &[Matched],
) -> Result<Vec<Place>> {
    let expect = &environment.settings.expect;
    let place = || project.place(place_of(files, &environment.file(), &["expect"]));
    let (mut failures, mut idle) = (Vec::new(), Vec::new());
    for one in expect {
        // One that names none was refused when it was read.
        let Some((operator, name)) = one.operator() else {
            continue;
        };
        let directory = match &one.r#in {
            Some(path) => normalized(&environment.directory.join(path)),
            None => environment.directory.clone(),
        };
        let here = || {
            let all = matches
                .iter()
                .filter(|matched| matched.directory == directory);
            all.filter(|matched| matched.operator == operator)
        };
        let mut meant = here().filter(|matched| one.means(matched)).peekable();
        if meant.peek().is_none() {
            let known: Vec<String> = here().map(called).collect();
            let is_built = matches.iter().any(|one| one.directory == directory);
            let field = match &one.r#in {
                Some(_) if !is_built => "in",
                _ => operator.word(),
            };
            let place = place_of_entry(files, environment, "expect", field, &|entry| {
                says(entry, operator.word(), Some(name)) && says(entry, "in", one.r#in.as_deref())
            });
            return Err(unknown(one, operator, name, &known).at(project.place(place)));
        }
        for matched in meant {
            match one.matches.hold(matched.count) {
                false => failures.push((matched, one.matches)),
                true if matched.count == 0 => idle.push(matched.place.clone()),
                true => {}
            }
        }
    }
    if failures.is_empty() {
        return Ok(idle);
    }
    let message = format!(
        "not everything matches as often as `{}` expects",
        environment.name
    );
    let mut error = Error::new(Kind::Project, message).at(place());
    for (matched, bounds) in failures {
        let times = match matched.count {
            1 => "1 time".to_owned(),
            count => format!("{count} times"),
        };
        let note = format!("`{}` matches {times}, expected {bounds}", called(matched));
        error = error.note(note, Some(matched.place.clone()));
    }
    Err(error.help("correct the operator, or `matches`"))
}

/// What an operator is called in `expect`.
fn called(matched: &Matched) -> String {
    match matched.name.is_empty() {
        true => format!("{}[{}]", matched.operator.field(), matched.index),
        false => matched.name.clone(),
    }
}

fn unknown(one: &Expectation, operator: Operator, name: &str, known: &[String]) -> Error {
    let place = one.r#in.as_deref().map(|path| format!(" of `{path}`"));
    let message = format!(
        "`expect` names `{name}`, which is not among the `{}`{}",
        operator.field(),
        place.unwrap_or_default()
    );
    let error = Error::new(Kind::Project, message);
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.help("there are none"),
        None => error.help(format!("there are `{}`", known.join("`, `"))),
    }
}
