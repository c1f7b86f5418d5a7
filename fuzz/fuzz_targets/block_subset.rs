//! What the reader of the block subset makes of a text is what all of YAML makes of it.
//!
//! `read_first` tries the subset first, unless it is to keep comments; `read` never does.

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
            // What follows the first document may be all that is wrong.
            Err(_) => {
                let comments = true;
                let all = read_first(text, &Options { comments, ..options });
                assert_eq!(first.is_ok(), all.is_ok());
            }
        }
    }
});
