//! Applies one change to many resources, on all cores where that is worth it.
//!
//! The changes are independent of each other. Errors come in the order of the resources.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use kustom_yaml::error::Result;
use kustom_yaml::threads;
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSliceMut as _;

use super::{IdChange, Pattern, Resource, Resources, Selector};
use crate::schema::Schema;

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
    /// The error of the first resource that cannot be changed.
    pub fn change_contents(
        &mut self,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<()> {
        self.each(|resource| Some((IdChange::No, change(resource))))
    }

    /// Changes each resource by itself, in ways that may change its id.
    ///
    /// # Errors
    ///
    /// As [`Resources::change_contents`].
    pub fn change_ids(
        &mut self,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<()> {
        self.each(|resource| Some((IdChange::Yes, change(resource))))
    }

    /// Changes each resource that is selected, by itself, and says how many were.
    ///
    /// # Errors
    ///
    /// As [`Resources::change_contents`].
    pub fn update_selected(
        &mut self,
        schema: &Schema,
        selector: &Selector,
        change: impl Fn(&mut Resource) -> Result<()> + Sync,
    ) -> Result<usize> {
        let found = match selector.name.exact() {
            Some(name) => Some(self.with_any_name(name)),
            None if matches!(selector.name, Pattern::Any) => self.with_type_and_namespace(selector),
            None => self.with_name_like(&selector.name),
        };
        if let Some(positions) = found {
            let mut count = 0;
            for position in positions {
                if selector.matches(&self.as_slice()[position]) {
                    count += 1;
                    self.update(position, schema, &change)?;
                }
            }
            return Ok(count);
        }
        let count = AtomicUsize::new(0);
        self.each(|resource| {
            if !selector.matches(resource) {
                return None;
            }
            count.fetch_add(1, Ordering::Relaxed);
            Some(resource.update(schema, &change))
        })?;
        Ok(count.into_inner())
    }

    /// Changes each resource that a change means, on all cores if there are many.
    fn each(
        &mut self,
        change: impl Fn(&mut Resource) -> Option<(IdChange, Result<()>)> + Sync,
    ) -> Result<()> {
        let [moved, noted, deleted] = [const { AtomicBool::new(false) }; 3];
        let one = |resource: &mut Resource| {
            let Some((ids, result)) = change(resource) else {
                return Ok(());
            };
            match ids {
                IdChange::No => {}
                IdChange::Noted => noted.store(true, Ordering::Relaxed),
                IdChange::Renamed(_) | IdChange::Yes => moved.store(true, Ordering::Relaxed),
            }
            if resource.is_deleted() {
                deleted.store(true, Ordering::Relaxed);
            }
            result
        };
        let result = each(self.raw_mut(), &one);
        let ids = match (moved.into_inner(), noted.into_inner()) {
            (true, _) => IdChange::Yes,
            (_, true) => IdChange::Noted,
            _ => IdChange::No,
        };
        self.note_id_changes(ids, deleted.into_inner());
        result
    }
}

fn each(
    resources: &mut [Resource],
    change: &(impl Fn(&mut Resource) -> Result<()> + Sync),
) -> Result<()> {
    if resources.len() < MANY || threads::wanted() == 1 {
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
    use kustom_yaml::error::{Error, Kind};
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::resource::from_documents;

    fn many(count: usize) -> Resources {
        let text: Vec<String> = (0..count)
            .map(|at| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{at}}}}}\n"))
            .collect();
        let stream = read_manifests(text.join("---\n").as_bytes(), SourceId::NONE).unwrap();
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
            assert_eq!(*resources.with_any_id(&last), [count - 1]);
            let selector = Selector {
                name: Pattern::from_text("m.*[1-9]").unwrap(),
                ..Selector::default()
            };
            let rename = |resource: &mut Resource| {
                let name = format!("new-{}", resource.id().name);
                resource.set_name(&name);
                Ok(())
            };
            let changed = resources
                .update_selected(&schema, &selector, rename)
                .unwrap();
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
                *resources.with_any_id(&new),
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
        let error = resources.change_ids(fail).unwrap_err();
        assert_eq!(error.message(), "m700");
    }
}
