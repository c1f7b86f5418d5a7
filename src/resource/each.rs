//! One change to many resources.
//!
//! Most of what a kustomization asks for is asked of each resource by itself, so that they can be
//! changed in any order. What is wrong is said in theirs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSliceMut as _;

use super::{Resource, Resources};
use crate::error::Result;
use crate::schema::Schema;
use crate::threads;

/// How many resources are worth the start of threads.
const MANY: usize = 512;

/// How many a thread changes at a time.
const SHARE: usize = 64;

impl Resources {
    /// Changes each resource by itself, in ways that leave every id as it is: on all cores if there
    /// are many.
    ///
    /// # Errors
    ///
    /// What is wrong with the first of those that cannot be changed.
    pub fn change_contents(
        &mut self,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<()> {
        each(self.contents_mut(), &change)
    }

    /// Changes each resource by itself, in ways that may change its id.
    ///
    /// # Errors
    ///
    /// As [`Resources::change_contents`].
    pub fn change_each(
        &mut self,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<()> {
        each(self.list_mut(), &change)
    }

    /// Changes each resource that is wanted, by itself, and says how many were.
    ///
    /// # Errors
    ///
    /// As [`Resources::change_contents`].
    pub fn update_each(
        &mut self,
        schema: &Schema,
        is_wanted: impl Fn(&Resource) -> bool + Sync,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<usize> {
        let (count, has_moved) = (AtomicUsize::new(0), AtomicBool::new(false));
        let result = self.change_contents(|resource| {
            if !is_wanted(resource) {
                return Ok(());
            }
            count.fetch_add(1, Ordering::Relaxed);
            let (has_new_id, result) = resource.update(schema, &change);
            if has_new_id {
                has_moved.store(true, Ordering::Relaxed);
            }
            result
        });
        if has_moved.into_inner() {
            self.forget_ids();
        }
        result.map(|()| count.into_inner())
    }
}

fn each(
    resources: &mut [Resource],
    change: &(impl Fn(&mut Resource) -> Result<()> + Sync),
) -> Result<()> {
    if resources.len() < MANY {
        return resources.iter_mut().try_for_each(change);
    }
    threads::get_ready();
    resources
        .par_chunks_mut(SHARE)
        .map(|share| share.iter_mut().try_for_each(change))
        .find_first(Result::is_err)
        .unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Kind};
    use crate::place::SourceId;
    use crate::resource::from_documents;
    use crate::yaml::stream;

    fn many(count: usize) -> Resources {
        let text: Vec<String> = (0..count)
            .map(|at| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{at}}}}}\n"))
            .collect();
        let stream = stream(text.join("---\n").as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        let list = from_documents(stream, &Schema::builtin()).unwrap();
        resources.add_all(list).unwrap();
        resources
    }

    #[test]
    fn many_come_out_as_few_do() {
        let schema = Schema::builtin();
        for count in [3, 2 * MANY + 1] {
            let mut resources = many(count);
            let last = resources.as_slice()[count - 1].id().clone();
            assert_eq!(resources.with_any_id(&last), [count - 1]);
            let is_wanted = |resource: &Resource| !resource.id().name.ends_with('0');
            let rename = |resource: &mut Resource| {
                let name = format!("new-{}", resource.id().name);
                resource.set_name(&name);
                Ok(())
            };
            let changed = resources.update_each(&schema, is_wanted, rename).unwrap();
            let names: Vec<String> = resources
                .iter()
                .map(|one| one.id().name.to_string())
                .collect();
            let expected: Vec<String> = (0..count)
                .map(|at| {
                    if at % 10 == 0 {
                        format!("m{at}")
                    } else {
                        format!("new-m{at}")
                    }
                })
                .collect();
            assert_eq!(names, expected);
            assert_eq!(changed, count - count.div_ceil(10));
            let new = resources.as_slice()[1].id().clone();
            assert_eq!(
                resources.with_any_id(&new),
                [1],
                "the ids are looked up anew"
            );
        }
    }

    #[test]
    fn of_many_failures_the_first_is_said() {
        let mut resources = many(4 * MANY);
        let fail = |resource: &mut Resource| match resource.id().name.as_str() {
            name @ ("m700" | "m701" | "m2000") => Err(Error::new(Kind::Transform, name)),
            _ => Ok(()),
        };
        let error = resources.change_each(fail).unwrap_err();
        assert_eq!(error.message(), "m700");
    }
}
