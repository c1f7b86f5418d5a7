//! Every seed of the fuzzer, and every input that it ever found, keeps the laws of its target.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
#[allow(
    unreachable_pub,
    reason = "a crate of its own, of which this is the second user"
)]
mod fuzz;

use fuzz::seeds::TARGETS;

#[test]
fn every_seed_keeps_the_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for target in &TARGETS {
        let seeds = target.seeds(root).unwrap();
        assert!(seeds.len() >= 5, "`{}` has hardly a seed", target.name);
        assert!(!target.dictionary(root).unwrap().is_empty());
        for seed in seeds {
            let run = AssertUnwindSafe(|| fuzz::run(target.name, &seed));
            if catch_unwind(run).is_err() {
                broken.push((target.name, String::from_utf8_lossy(&seed).into_owned()));
            }
        }
    }
    for (name, seed) in &broken {
        eprintln!("{name}: {seed}\n----");
    }
    assert!(broken.is_empty(), "{} inputs break a law", broken.len());
}
