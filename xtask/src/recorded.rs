//! Recorded cases, laid out as files.

use std::fs;
use std::path::Path;

use super::Result;
use serde_json::Value;

/// Lays out the input trees of a file with one case a line, and prints the directory of each that is
/// to be built.
pub(crate) fn lay_out(cases: &Path, directory: &Path) -> Result<()> {
    for (number, line) in fs::read_to_string(cases)?.lines().enumerate() {
        let case: Value = serde_json::from_str(line)?;
        let root = directory.join(number.to_string());
        for (name, text) in case["files"].as_object().into_iter().flatten() {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&root))?;
            // Files that are no text are no part of what is measured.
            fs::write(path, text.as_str().unwrap_or_default())?;
        }
        let path = case["path"].as_str().unwrap_or(".");
        println!("{}", root.join(path).display());
    }
    Ok(())
}
