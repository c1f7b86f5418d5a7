//! Runs deep recursion on stacks that are large enough.
//!
//! A build descends into bases by recursion, and the depth is up to the authors of the
//! kustomizations.

use std::panic::resume_unwind;
use std::thread;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::threads;

/// How many levels share a stack.
const LEVELS: usize = 50;

/// What the levels need of a stack, with ample room, and what the values need that they work on.
const STACK: usize = LEVELS * (80 << 10) + threads::STACK;

/// Does work at a depth, on a stack of its own where the one so far has had its levels.
pub(super) fn work_at<T: Send>(depth: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if depth == 0 || !depth.is_multiple_of(LEVELS) {
        return work();
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK);
        let work = || {
            threads::grow_heap();
            work()
        };
        let thread = builder.spawn_scoped(scope, work).map_err(|cause| {
            let message = format!("{depth} kustomizations build on each other, which is too deep");
            Error::new(Kind::Load, message).caused_by(cause)
        })?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::build::{Options, build};
    use crate::load::Memory;

    #[test]
    fn bases_may_be_as_deep_as_they_like() {
        let mut files = Memory::default();
        for level in 0..500 {
            let text = format!("resources: [../{}]\nnamePrefix: a\n", level + 1);
            files.insert(format!("/{level}/kustomization.yaml"), text);
        }
        files.insert("/500/kustomization.yaml", "resources: [map.yaml]\n");
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}";
        files.insert("/500/map.yaml", map);
        let options = Options::default();
        let built = build(&files, Path::new("/"), Path::new("0"), &options).unwrap();
        let wanted = "a".repeat(500) + "map";
        assert_eq!(built.resources[0].id().name, wanted);
    }
}
