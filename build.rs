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
    if !is_program || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    put_first();
    if !is("CARGO_CFG_TARGET_ENV", "gnu") {
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
    // Generic code is compiled for each of its types. Four percent of the program are functions that
    // are, byte for byte, another one.
    if links_with(FOLD) {
        println!("cargo::rustc-link-arg-bins={FOLD}");
    }
}

/// A linker script that puts the functions that builds call beside each other; `.ci/order` writes it.
const FIRST: &str = "link/first.ld";

/// Puts the functions that builds call beside each other: they lie scattered over twenty megabytes, and
/// the kernel maps sixteen pages at a time where one of them is called first.
fn put_first() {
    println!("cargo::rerun-if-changed={FIRST}");
    let Some(directory) = env::var_os("CARGO_MANIFEST_DIR") else {
        return;
    };
    let argument = format!("-Wl,-T,{}", Path::new(&directory).join(FIRST).display());
    if links_with(&argument) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// Keeps one of functions with the same code, as LLVM's linker can.
const FOLD: &str = "-Wl,--icf=all";

/// Whether an empty program can be linked with an argument, as the real one will be.
fn links_with(argument: &str) -> bool {
    let variables = ["OUT_DIR", "RUSTC", "TARGET"].map(env::var_os);
    let [Some(directory), Some(rustc), Some(target)] = variables else {
        return false;
    };
    let source = Path::new(&directory).join("empty.rs");
    if fs::write(&source, "fn main() {}\n").is_err() {
        return false;
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut rustc = Command::new(rustc);
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    rustc.arg(format!("-Clink-arg={argument}"));
    rustc.arg("--target").arg(target);
    rustc.arg("--out-dir").arg(directory).arg(source);
    rustc.output().is_ok_and(|output| output.status.success())
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
    // The compiler's own library is wanted by the others, which a linker may have read before it.
    let [own, unwinding] = [find("libgcc.a")?, find("libgcc_eh.a")?];
    for (name, library) in LIBRARIES {
        let library = find(library)?;
        let [library, own, unwinding] = [&library, &own, &unwinding].map(|path| path.display());
        let script = format!("GROUP({library} {own} {unwinding})\n");
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
