//! What a build cannot do without: its files read through a parser's events once, its output
//! written once.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::Result;

/// Reads every file below a directory as YAML, and writes the output that is to come of it.
pub(crate) fn run(directory: &Path, output: &Path) -> Result<()> {
    let mut count = 0;
    read(directory, &mut count)?;
    eprintln!("{count} events");
    std::io::stdout().write_all(&fs::read(output)?)?;
    Ok(())
}

fn read(directory: &Path, count: &mut usize) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, count)?;
        } else {
            let text = fs::read_to_string(&path)?;
            *count += granit_parser::Parser::new_from_str(&text).count();
        }
    }
    Ok(())
}
