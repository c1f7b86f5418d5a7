#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kustom_fuzz::run("verbatim", input));
