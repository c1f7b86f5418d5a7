//! Prints what CustomResourceDefinitions say of their kinds, as lines of the table of well-known
//! kinds: `cargo run -p kustom-engine --example kinds -- FILE…`.

use std::error::Error;
use std::io::Write as _;

use kustom_engine::kinds::Kind;
use kustom_yaml::manifests;
use kustom_yaml::place::SourceId;

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        for node in manifests(&std::fs::read(&path)?, SourceId::NONE)? {
            if let Some(kind) = Kind::from_definition(&node) {
                write!(output, "{kind}")?;
            }
        }
    }
    Ok(())
}
