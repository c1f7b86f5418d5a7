//! `kustom diff --against` with any number of environments; without one, all that the changes since a
//! revision can affect.

use kustom::check::{Affected, Since};
use kustom::diff::Diff;
use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::Revision;
use kustom::project::Secrets;
use kustom::report;

use super::super::check::{Found, find};
use super::super::progress::Progress;
use super::super::run_overrides::Policy;
use super::{Arguments, Opened, Streams, against, compared, layout, print};

/// What is ignored need not be there in each of many environments.
const IDLE: &str = "idle-ignore";

/// Shows what differs in each environment, and says whether anything does.
pub(super) fn show(arguments: &Arguments, revision: &str, streams: &Streams) -> Result<bool> {
    let secrets = arguments
        .secrets
        .map_or(Secrets::Placeholder, Policy::secrets);
    let options = arguments.overrides.options(Some(secrets))?;
    let (mut diffs, mut findings) = (Vec::<Diff>::new(), Vec::new());
    let (mut failed, mut count) = (Vec::new(), 0);
    let selection = arguments.selection.begin();
    for found in find(
        arguments.directory.as_deref(),
        &arguments.sides,
        options,
        arguments.overrides.files()?,
    )? {
        let then = found.revision(revision)?;
        let names = match arguments.sides.as_slice() {
            [] => affected(&found, &then, streams)?,
            _ => found.names().to_vec(),
        };
        count += names.len();
        let opened = Opened {
            here: found.here().to_path_buf(),
            now: found.project().clone().seen_from(found.here()),
            options: found.options().clone(),
            disk: found.disk(),
        };
        let ignored = opened.now.ignored_differences(&*opened.disk)?;
        let before = opened.then(&then)?;
        let progress = Progress::new(names.len(), "environments compared");
        for name in names {
            let label = found.setup().label(&name);
            match against(&opened, &label, &name, (&then, revision), before.as_ref()) {
                Ok(sides) => {
                    let (diff, found) = compared(arguments, &ignored, &selection, sides);
                    findings.push(found);
                    diffs.push(diff);
                }
                Err(error) => {
                    streams.error(&error.note(format!("while `{label}` was compared"), None));
                    failed.push(label);
                }
            }
            progress.step();
        }
    }
    if count > 0 && failed.is_empty() {
        selection.finish()?;
    }
    let is_common = |one: &Finding| findings.iter().all(|these| these.contains(one));
    let is_told = |one: &Finding| one.rule != IDLE || is_common(one);
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings.iter().flatten() {
        if is_told(finding) && !told.contains(finding) {
            told.push(finding.clone());
        }
    }
    streams.findings(&told);
    for diff in &mut diffs {
        diff.findings.retain(is_told);
    }
    let mut title = match count {
        _ if !arguments.sides.is_empty() => {
            format!("{count} environments are compared with {revision}")
        }
        0 => format!("no environment is affected since {revision}"),
        1 => format!("1 environment is affected since {revision}"),
        _ => format!("{count} environments are affected since {revision}"),
    };
    if !failed.is_empty() {
        title.push_str(&format!("; not compared: {}", failed.join(", ")));
    }
    let layout = layout(arguments, streams);
    print(
        arguments,
        streams,
        &report::diffs(&diffs, &title, arguments.format.format(), layout),
    )?;
    streams.say(&format!("{title}\n"));
    if !failed.is_empty() {
        let message = format!(
            "{} of {count} environments cannot be compared",
            failed.len()
        );
        return Err(Error::new(Kind::Project, message).help("fix them, or name another one"));
    }
    Ok(diffs.iter().any(|diff| !diff.is_empty()))
}

/// The environments that are affected, and those that are gone.
fn affected(found: &Found, revision: &Revision, streams: &Streams) -> Result<Vec<String>> {
    let setup = found.setup();
    let mut names = Vec::new();
    let since = Since::new(&setup, revision);
    let inputs = setup.inputs();
    let answers = since.affected_each(&inputs)?;
    for (checked, answer) in inputs.into_iter().zip(answers) {
        match answer {
            Affected::No => continue,
            // What stops it is said when it is compared.
            Affected::Perhaps(_) if checked.rendered.is_err() => {}
            Affected::Perhaps(finding) => streams.findings(&[*finding]),
            Affected::Yes => {}
        }
        names.push(checked.name);
    }
    names.extend(since.gone().cloned());
    Ok(names)
}
