//! The differences that a project ignores.

use super::settings::{Step, place_at};
use super::{PROJECT_FILE, Project};
use crate::diff::Ignore;
use crate::error::{Error, Kind, Result};
use crate::load::Files;

impl Project {
    /// What `diff: {ignore: […]}` of `kustom.yaml` says, each entry with its reason and its line.
    ///
    /// # Errors
    ///
    /// An entry that is neither an object nor a path.
    pub fn ignored_differences(&self, files: &dyn Files) -> Result<Vec<Ignore>> {
        let path = self.root.join(PROJECT_FILE);
        let entries = self.diff.ignore.iter().enumerate().map(|(number, entry)| {
            let way = [
                Step::Field("diff"),
                Step::Field("ignore"),
                Step::Item(number),
            ];
            let place = self.place(place_at(files, &path, &way));
            let ignore = match &entry.entry {
                Some(text) => text.parse(),
                None => Ignore::new(entry.object.as_deref(), entry.path.as_deref()),
            };
            match ignore {
                Ok(mut ignore) => {
                    ignore.reason.clone_from(&entry.reason);
                    ignore.place = Some(place);
                    Ok(ignore)
                }
                Err(message) => {
                    let help = "an entry is `KIND/NAME`, a path, or both: \
                                `Deployment/*:spec.replicas`";
                    Err(Error::new(Kind::Project, message).at(place).help(help))
                }
            }
        });
        entries.collect()
    }
}
