//! What to try next where a name leads to no file, or leads back.

use std::io;
use std::path::Path;

use kustom_yaml::Text;
use kustom_yaml::error::{Case, Error, Kind, nearest_within};

use super::{Files, Loader, cannot};

impl Loader<'_> {
    pub(super) fn missing(&self, name: &Text, path: &Path, cause: io::Error) -> Error {
        if cause.kind() != io::ErrorKind::NotFound {
            return cannot(&format!("read `{name}`"), cause).at(name.span);
        }
        self.files().miss(path);
        let error = Error::new(Kind::Load, format!("there is no `{name}`")).at(name.span);
        let (Some(directory), Some(file)) = (path.parent(), path.file_name()) else {
            return error;
        };
        let names = self.files().list(directory).unwrap_or_default();
        if names.iter().any(|known| **known == *file.to_string_lossy()) {
            let message = format!("`{name}` is a link that leads nowhere");
            return Error::new(Kind::Load, message)
                .at(name.span)
                .help("fix the link, or name what it should lead to");
        }
        if let Some((first, _)) = name.split_once(" - ") {
            return error.help(format!(
                "the line below continues the entry of line {}: put its `-` below that of \
                 `{first}`",
                name.span.line
            ));
        }
        let near = near_file(&file.to_string_lossy(), &names);
        match near {
            Some(near) => {
                let near = Path::new(&**name).with_file_name(near);
                error.help(format!("did you mean `{}`?", near.display()))
            }
            None => error.help(format!("it is looked for in `{}`", self.shown_root())),
        }
    }
}

pub(super) fn circle(name: &str, visited: &str, here: Option<&str>) -> Error {
    let error = Error::new(Kind::Load, format!("`{name}` leads back to `{visited}`"));
    match here {
        Some(here) if here != visited => error.help(format!(
            "remove this entry: `{visited}` builds on `{here}` already, or contains it"
        )),
        _ => error.help("remove this entry: a kustomization cannot build on itself"),
    }
}

/// The name among some that is nearest; an ending that both have makes them no nearer.
fn near_file<'n>(name: &str, names: &'n [String]) -> Option<&'n str> {
    let stem = |name: &str| name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let limit = |known: &str| (stem(known).min(stem(name)) / 3).max(1);
    let names = names.iter().map(String::as_str);
    nearest_within(name, names, Case::Ignored, limit)
}

/// A directory that cannot be opened, and the nearest one beside it.
#[cold]
pub(super) fn directory(files: &dyn Files, path: &Path, named: &Path, cause: io::Error) -> Error {
    let shown = named.display();
    if cause.kind() != io::ErrorKind::NotFound {
        return cannot(&format!("open `{shown}`"), cause);
    }
    let error = Error::new(Kind::Load, format!("there is no directory `{shown}`"));
    let names = path.parent().and_then(|above| files.list(above).ok());
    let names = names.unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match near_file(&name, &names) {
        Some(near) => error.help(format!(
            "did you mean `{}`?",
            named.with_file_name(near).display()
        )),
        None => error.help("name a directory that holds a kustomization"),
    }
    .caused_by(cause)
}
