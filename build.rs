//! How the program is linked, so that it starts quickly.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the standard library is linked with on Linux, each with the static library to take for it.
const LIBRARIES: [(&str, &str); 7] = [
    ("libc.a", "libc.a"),
    ("libdl.a", "libdl.a"),
    ("libgcc_s.a", "libgcc_eh.a"),
    ("libm.a", "libm.a"),
    ("libpthread.a", "libpthread.a"),
    ("librt.a", "librt.a"),
    ("libutil.a", "libutil.a"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    println!("cargo::rerun-if-env-changed=KUSTOM_LINK");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_program = is("PROFILE", "release") && env::var_os("CARGO_FEATURE_CLI").is_some();
    if !is_program || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // A small render is mostly start-up. At a fixed address nothing has to be relocated, which
    // would copy a hundred pages at every start.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // Shared libraries are looked for, mapped and bound at every start, which takes longer than all
    // else a start is made of.
    if !is("KUSTOM_LINK", "dynamic")
        && let Some(directory) = static_libraries()
    {
        println!("cargo::rustc-link-arg-bins=-static");
        println!("cargo::rustc-link-arg-bins=-L{}", directory.display());
    }
}

/// A directory with static libraries only, so that the linker finds no others in it; none where
/// they are not all installed.
///
/// The compiler's own `+crt-static` would be asked of procedural macros, too, which cannot have it.
fn static_libraries() -> Option<PathBuf> {
    // Another machine's linker would have to be asked.
    if env::var_os("HOST") != env::var_os("TARGET") {
        return None;
    }
    let directory = PathBuf::from(env::var_os("OUT_DIR")?).join("static");
    fs::create_dir_all(&directory).ok()?;
    for (name, library) in LIBRARIES {
        let script = format!("INPUT({})\n", find(library)?.display());
        fs::write(directory.join(name), script).ok()?;
    }
    Some(directory)
}

/// Where the linker finds a library.
fn find(library: &str) -> Option<PathBuf> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let argument = format!("-print-file-name={library}");
    let answer = Command::new(linker).arg(argument).output().ok()?;
    // It answers with the bare name if it finds none.
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    Path::is_absolute(&path).then_some(path)
}
