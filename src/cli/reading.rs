//! The flags that limit reading: `--allow-read` and `--max-file-size`.

use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::load::{LookupCache, largest_file};

/// How much is read of a file.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Bound {
    /// The largest file that is read, such as `1G` (default 256M).
    #[arg(long, global = true, value_name = "SIZE", value_parser = super::size)]
    max_file_size: Option<u64>,
}

/// What a project may read besides its own files.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Reading {
    /// A directory or a file outside of the project that its configs, scripts, values and
    /// templates may be read from; may be repeated.
    #[arg(long, value_name = "PATH")]
    allow_read: Vec<PathBuf>,
    #[command(flatten)]
    bound: Bound,
}

impl Bound {
    pub(super) fn bytes(&self) -> u64 {
        self.max_file_size.unwrap_or(largest_file())
    }

    /// The disk, with files that are larger refused.
    pub(super) fn files(&self) -> LookupCache {
        LookupCache::default().bounded(self.bytes())
    }
}

impl Reading {
    /// The disk, as far as it may be read.
    pub(super) fn files(&self) -> Result<LookupCache> {
        let allowed = allowed(self.allow_read.iter().map(PathBuf::as_path))?;
        Ok(self.bound.files().allowing(allowed))
    }

    /// How much is read of a file.
    pub(super) fn bytes(&self) -> u64 {
        self.bound.bytes()
    }
}

/// What `--allow-read` names, without links in the paths.
pub(super) fn allowed<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<Vec<PathBuf>> {
    let real = |path: &Path| {
        path.canonicalize().map_err(|cause| {
            let message = format!("there is no `{}`", path.display());
            Error::new(Kind::Load, message)
                .caused_by(cause)
                .help("`--allow-read` names a directory or a file that is there")
        })
    };
    paths.map(real).collect()
}
