//! No kustomization panics, whatever its files hold.
//!
//! The text is cut at lines that say `===`: the kustomization first, then files `1`, `2` and so on.

#![no_main]

use std::path::Path;

use kustom::build::{Options, build};
use kustom::load::Memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut files = Memory::default();
    for (number, part) in text.split("===\n").enumerate() {
        let name = match number {
            0 => "kustomization.yaml".to_owned(),
            _ => number.to_string(),
        };
        files.insert(format!("/app/{name}"), part);
    }
    let (root, directory) = (Path::new("/"), Path::new("app"));
    if let Ok(built) = build(&files, root, directory, &Options::default()) {
        // What cannot be printed is an error, too.
        let _ = built.to_yaml();
    }
});
