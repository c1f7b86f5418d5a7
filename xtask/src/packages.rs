//! The registry packages that carry what Kubernetes publishes.
//!
//! Version and content are pinned; pip refuses anything else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// Two packages made from the same OpenAPI document: one keeps its definitions, merge keys
/// included, the other its paths. Merge keys and paths are the same in all of v1.21.
const REQUIREMENTS: &str = "\
kubernetes-validate==1.21.0 \
--hash=sha256:2975698434526ad6f766c3763a70e5549f0b4d56468e43c8bbae746720cd0ee7
kubernetes==21.7.0 \
--hash=sha256:044c20253f8577491a87af8f9edea1f929ed6d62ce306376a6cb8aed24e572c5
";

/// The unpacked packages; the directory goes away with the value.
pub struct Packages(PathBuf);

/// Downloads and unpacks the packages.
pub fn fetch() -> Result<Packages> {
    let directory = std::env::temp_dir().join(format!("kustom-xtask-{}", std::process::id()));
    fs::create_dir(&directory)?;
    let packages = Packages(directory);
    let directory = packages.0.as_path();
    fs::write(directory.join("requirements.txt"), REQUIREMENTS)?;
    python(
        directory,
        "pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
         --requirement requirements.txt",
    )?;
    python(
        directory,
        "tarfile --extract kubernetes-validate-1.21.0.tar.gz .",
    )?;
    python(
        directory,
        "zipfile --extract kubernetes-21.7.0-py2.py3-none-any.whl .",
    )?;
    Ok(packages)
}

fn python(directory: &Path, arguments: &str) -> Result<()> {
    let status = Command::new("python3")
        .arg("-m")
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`python3 -m {arguments}` failed").into())
    }
}

impl Packages {
    /// The file of the OpenAPI definitions.
    pub fn definitions(&self) -> PathBuf {
        self.0.join(
            "kubernetes-validate-1.21.0/src/kubernetes_validate/kubernetes-json-schema/\
             v1.21.0-local/_definitions.json",
        )
    }

    /// The directory of the client's modules, in which every path of the API stands.
    pub fn interfaces(&self) -> PathBuf {
        self.0.join("kubernetes/client/api")
    }
}

impl Drop for Packages {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}
