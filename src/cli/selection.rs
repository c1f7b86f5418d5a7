//! `--select` and `--exclude`: which objects of a result are meant.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use kustom::error::{Error, Kind, Result, nearest};
use kustom::explain::ObjectName;
use kustom::finding::{Finding, Object};
use kustom::id::Id;
use kustom::resource::Resource;

#[derive(Debug, clap::Args)]
pub(super) struct SelectionFlags {
    /// Only these objects, with `*` for any text and kubectl's short names of kinds, such as
    /// `deploy/*`; may be repeated.
    #[arg(long, value_name = "KIND/[NAMESPACE/]NAME", value_parser = name)]
    select: Vec<ObjectName>,
    /// All but these objects, written in the same way; may be repeated.
    #[arg(long, value_name = "KIND/[NAMESPACE/]NAME", value_parser = name)]
    exclude: Vec<ObjectName>,
}

fn name(text: &str) -> std::result::Result<ObjectName, String> {
    text.parse().map_err(|error: Error| error.with_help())
}

/// The objects that are meant, and what was met of them: an entry that means nothing is a mistake.
pub(super) struct Selection<'f> {
    flags: &'f SelectionFlags,
    has_met: Vec<AtomicBool>,
    /// The objects that were looked at, as an entry would name them.
    seen: Mutex<BTreeSet<String>>,
}

impl SelectionFlags {
    /// Begins to look for the objects.
    pub(super) fn begin(&self) -> Selection<'_> {
        let count = self.select.len() + self.exclude.len();
        Selection {
            flags: self,
            has_met: std::iter::repeat_with(AtomicBool::default)
                .take(count)
                .collect(),
            seen: Mutex::default(),
        }
    }
}

impl Selection<'_> {
    /// Whether all objects are meant.
    pub(super) fn is_everything(&self) -> bool {
        self.has_met.is_empty()
    }

    /// Leaves what is meant.
    pub(super) fn keep(&self, resources: &mut Vec<Resource>) {
        if self.is_everything() {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in resources.iter() {
            let id = resource.id();
            seen.insert(format!("{}/{}", id.gvk.kind, id.name));
        }
        resources.retain(|resource| self.means(resource.id()));
    }

    /// Leaves findings about the objects that are meant, and about none. The others are still there
    /// for what refers to them.
    pub(super) fn keep_findings(&self, resources: &[Resource], findings: &mut Vec<Finding>) {
        if self.is_everything() {
            return;
        }
        let mut meant: Vec<Resource> = resources.to_vec();
        self.keep(&mut meant);
        let is_of = |object: &Object| {
            let mut ids = meant.iter().map(Resource::id);
            ids.any(|id| {
                *id.gvk.kind == *object.kind
                    && *id.name == *object.name
                    && (object.namespace.is_empty() || *id.namespace == *object.namespace)
            })
        };
        findings.retain(|finding| finding.object.as_deref().is_none_or(is_of));
    }

    fn means(&self, id: &Id) -> bool {
        let SelectionFlags { select, exclude } = self.flags;
        let is_met = |(entry, has_met): (&ObjectName, &AtomicBool)| {
            let is_met = entry.selects(id);
            has_met.fetch_or(is_met, Ordering::Relaxed);
            is_met
        };
        let (selected, excluded) = self.has_met.split_at(select.len());
        // All entries are asked, so that each is known to mean something.
        let count = |entries: &[ObjectName], met: &[AtomicBool]| {
            entries.iter().zip(met).filter(|one| is_met(*one)).count()
        };
        let is_selected = count(select, selected) > 0 || select.is_empty();
        let is_excluded = count(exclude, excluded) > 0;
        is_selected && !is_excluded
    }

    /// Refuses entries that meant no object.
    pub(super) fn finish(&self) -> Result<()> {
        let SelectionFlags { select, exclude } = self.flags;
        let flags = select.iter().map(|entry| ("--select", entry));
        let flags = flags.chain(exclude.iter().map(|entry| ("--exclude", entry)));
        let mut idle = flags.zip(&self.has_met);
        let Some(((flag, entry), _)) = idle.find(|(_, met)| !met.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let message = format!("`{flag} {entry}` means no object");
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let error = Error::new(Kind::Project, message);
        let near = nearest(&entry.to_string(), seen.iter().map(String::as_str));
        // A short name of a kind is far from the kind; the name counts then.
        let by_name = || {
            let names = seen.iter().filter_map(|seen| seen.split_once('/'));
            let name = nearest(entry.name(), names.map(|(_, name)| name))?;
            let kind = entry.to_string();
            Some(format!("{}/{name}", kind.split('/').next()?))
        };
        Err(match near.map(str::to_owned).or_else(by_name) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`kustom explain ENV` lists the objects"),
        })
    }
}
