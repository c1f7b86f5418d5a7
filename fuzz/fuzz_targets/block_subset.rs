//! What the reader of the block subset makes of a text is what all of YAML makes of it.

#![no_main]

use kustom::yaml::{Dialect, Options, block_subset, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Manifest, Dialect::Kustomization] {
        let Some(node) = block_subset(text, dialect) else {
            continue;
        };
        let options = Options {
            dialect,
            ..Options::default()
        };
        // `read` never tries the subset.
        let documents = read(text, &options).expect("what is read in one pass is no mistake");
        assert_eq!(documents, [node]);
    }
});
