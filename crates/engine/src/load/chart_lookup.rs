//! Finds the chart that a kustomization names: at hand, vendored, cached or fetched, and as the lock
//! says where one is.

use std::path::{Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};

use super::charts::{Pull, as_refusal, content_of};
use super::content::{laid_out, whole};
use super::lock::{LOCK_FILE, Locked, Remote, RemoteKind, digest_of_files, refuse_offline};
use super::remote::{Beside, Purpose, Remotes};
use super::{Loader, cannot, copy};
use crate::write::Scratch;

impl Loader<'_> {
    /// Holds a chart that is at hand to the lock, if that has it; `remotes` are those of the command,
    /// or nothing for those of the build.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or its digest is another one.
    pub fn hold_chart(&self, remotes: Option<&Remotes>, chart: &Remote, path: &Path) -> Result<()> {
        let remotes = remotes.unwrap_or(self.library.remotes());
        let shown = self.shown(path).display().to_string();
        let held = || -> Result<Locked> {
            let files = self.files();
            let (root, _) = files
                .resolve(path)
                .map_err(|cause| cannot(&format!("read `{shown}`"), cause))?;
            Ok(content_of(&laid_out(files, &root, &shown, &whole())?))
        };
        match remotes.purpose {
            Purpose::Vendor => Ok(()),
            Purpose::Lock => remotes.charts.take_at_hand(chart, held()?),
            Purpose::Build => {
                let beside = self.library.beside()?;
                let Some(wanted) = beside.lock.and_then(|found| found.lock.get(chart)) else {
                    return Ok(());
                };
                let digest = held()?.digest;
                if digest == wanted.digest {
                    return Ok(());
                }
                let message = format!(
                    "`{shown}` is not what `{LOCK_FILE}` says of {chart}: its digest is \
                     `{digest}`, not `{}`",
                    wanted.digest
                );
                Err(Error::new(Kind::Plugin, message).help(
                    "if the change is meant, run `kustom lock` and review what changes; without \
                     the copy the locked chart is fetched",
                ))
            }
        }
    }

    /// The directory of a chart that is not at hand: as it is vendored, cached or fetched. Nothing,
    /// if there is no lock and the command has no remotes of its own: then it is fetched beside the
    /// others, as kustomize does.
    ///
    /// A copy that is made for helm is below `scratch`.
    ///
    /// # Errors
    ///
    /// Of the kind [`Kind::Load`] if it cannot be had or the lock lacks it; of another kind if it is
    /// not what the lock says.
    pub fn chart(
        &self,
        remotes: Option<&Remotes>,
        chart: &Remote,
        scratch: &Scratch,
        pull: Pull<'_>,
    ) -> Result<Option<PathBuf>> {
        let own = self.library.remotes();
        let session = remotes.unwrap_or(own);
        let beside = match session.heeds_locks() {
            true => self.library.beside()?,
            false => Beside {
                lock: None,
                files: self.library.files,
            },
        };
        let Some(found) = beside.lock else {
            refuse_offline(chart, false)?;
            if remotes.is_none() {
                return Ok(None);
            }
            let asked = match &chart.kind {
                RemoteKind::Chart { version, .. } => version,
                _ => "",
            };
            let fetched = session.charts.directory(chart, None, asked, pull);
            return fetched.map(Some);
        };
        let locked = found.entry(chart)?;
        if let Some(root) = session.vendored(chart, beside)? {
            let path = chart.vendor_path();
            let contents = laid_out(beside.files, &root, &path, &whole())?;
            found
                .check_vendored(chart, locked, &digest_of_files(&contents))
                .map_err(as_refusal)?;
            if beside.files.is_disk() {
                return Ok(Some(root));
            }
            return copy::on_disk(beside.files, &root, scratch, "chart")
                .map(Some)
                .map_err(|cause| cannot(&format!("copy `{path}`"), cause));
        }
        let version = locked.resolved.as_deref().unwrap_or_default();
        let fetched = session.charts.directory(chart, Some(locked), version, pull);
        fetched.map(Some)
    }
}
