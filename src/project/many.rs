//! Renders many environments in parallel.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::read_scan::{STACK, judged, watched};
use super::render::{be_strict, render_in};
use super::{Environment, GuardPolicy, Options, Project, Rendered};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::load::{Cached, Files};
use crate::threads;

/// One part of several: which environments a machine renders when several share them.
///
/// # Example
///
/// ```
/// use kustom::project::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// let names: Vec<String> = ["a", "b", "c", "d", "e"].map(String::from).into();
/// assert_eq!(shard.of(names), ["b", "e"]);
/// # Ok::<(), kustom::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, counted from 1.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Shard {
    /// The names that are its own: every so many-th of the sorted ones.
    pub fn of(self, mut names: Vec<String>) -> Vec<String> {
        names.sort();
        let own = names.into_iter().skip(self.index - 1).step_by(self.count);
        own.collect()
    }
}

impl std::str::FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some((index.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
        });
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err(Error::new(Kind::Project, format!("`{text}` is no shard"))
                .help("a shard is `1/4` to `4/4` for the first to the fourth of four")),
        }
    }
}

/// What came of many environments.
pub struct Many<T> {
    /// What came of each, in the order of their names.
    pub each: Vec<(String, Result<T>)>,
    /// What was found in the files that they were made of.
    pub findings: Vec<Finding>,
}

/// Renders environments on all processors; files that they share are read once, and bases made once.
///
/// `take` makes of each what is kept of it, on the thread that rendered it; `done` hears how many
/// are finished.
///
/// # Errors
///
/// A secret in a file that git tracks. What is wrong with one environment stands in its place.
pub fn render_many<T: Send>(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    names: &[String],
    options: &Options<'_>,
    take: &(dyn Fn(&Environment, Rendered) -> Result<T> + Sync),
    done: &(dyn Fn(usize) + Sync),
) -> Result<Many<T>> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads::wanted())
        .stack_size(STACK)
        .start_handler(|_| threads::grow_heap())
        .build();
    let pool = pool
        .map_err(|cause| Error::new(Kind::Project, "no threads can be started").caused_by(cause))?;
    let cached = match names.len() {
        0 | 1 => Cached::new(files),
        _ => Cached::new(files).for_many(),
    };
    let options = &Options {
        bases: (names.len() > 1).then(Arc::default),
        ..options.clone()
    };
    let finished = AtomicUsize::new(0);
    let (results, found) = watched(cached, project, options.tracked, |files| {
        let one = |name: &String| {
            let result = one(files, working_directory, project, name, options, take);
            done(finished.fetch_add(1, Ordering::Relaxed) + 1);
            result
        };
        pool.install(|| names.par_iter().map(one).collect::<Vec<_>>())
    })?;
    // The files were looked at once; the strictest rule that one of the environments has counts.
    let policies = results.iter().map(|(policy, _)| *policy);
    let strictest = policies.min_by_key(|policy| *policy as u8);
    let findings = judged(found, strictest.unwrap_or(GuardPolicy::Off))?;
    let each = names.iter().cloned();
    Ok(Many {
        each: each
            .zip(results.into_iter().map(|(_, taken)| taken))
            .collect(),
        findings,
    })
}

/// One environment, and what it wants the guard to do.
fn one<T>(
    files: &Cached<'_>,
    working_directory: &Path,
    project: &Project,
    name: &str,
    options: &Options<'_>,
    take: &(dyn Fn(&Environment, Rendered) -> Result<T> + Sync),
) -> (GuardPolicy, Result<T>) {
    let environment = match project.environment(files, name) {
        Ok(environment) => environment,
        Err(error) => return (GuardPolicy::Off, Err(error)),
    };
    let rendered = render_in(
        files,
        working_directory,
        project,
        &environment,
        options,
        None,
    );
    let taken = rendered.and_then(|rendered| {
        be_strict(files, project, &environment, &rendered.findings)?;
        take(&environment, rendered)
    });
    (environment.guard(), taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_whole_and_do_not_overlap() {
        let names: Vec<String> = (0..17).map(|n| format!("{n:02}")).collect();
        let mut all: Vec<String> = (1..=5)
            .flat_map(|index| Shard { index, count: 5 }.of(names.clone()))
            .collect();
        all.sort();
        assert_eq!(all, names);
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "/"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
