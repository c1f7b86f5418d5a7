//! What the reader of the block subset makes of a text is what all of YAML makes of it.
//!
//! `read_first` tries the subset first, `read` never does.

#![no_main]

use kustom::yaml::{Dialect, Options, read, read_first};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Manifest, Dialect::Kustomization] {
        let options = Options {
            dialect,
            ..Options::default()
        };
        let first = read_first(text, &options);
        match read(text, &options) {
            Ok(documents) => assert_eq!(first.ok().flatten(), documents.into_iter().next()),
            // Of several documents the first may be right.
            Err(_) if text.contains("---") || text.contains("...") => {}
            Err(_) => assert!(first.is_err()),
        }
    }
});
