//! How the program is linked, so that it starts quickly.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_program = is("PROFILE", "release") && env::var_os("CARGO_FEATURE_CLI").is_some();
    if !is_program || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // A small render is mostly start-up. At a fixed address nothing has to be relocated, which
    // would copy a hundred pages at every start.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // A shared library is looked for, mapped and bound at every start. This one holds what walks
    // through the stack for a backtrace, and its static twin comes with every C compiler.
    if has_library("libgcc_eh.a") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Whether the linker knows where a library is; it answers with the bare name if not.
fn has_library(name: &str) -> bool {
    // Another machine's linker would have to be asked.
    if env::var_os("HOST") != env::var_os("TARGET") {
        return false;
    }
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let answer = Command::new(linker)
        .arg(format!("-print-file-name={name}"))
        .output();
    answer.is_ok_and(|answer| {
        let path = String::from_utf8_lossy(&answer.stdout);
        Path::new(path.trim()).is_absolute()
    })
}
