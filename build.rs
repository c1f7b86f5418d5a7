//! How the program is linked, so that it starts quickly.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        // A small render is mostly start-up. At a fixed address nothing has to be relocated, which
        // would copy a hundred pages at every start.
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
