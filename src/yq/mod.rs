//! Configuration scripts: yq's two languages over YAML that is no Kubernetes object.
//!
//! [`v3`] runs lists of commands with paths and the command line forms of yq 3, [`v4`] evaluates
//! the expressions of yq 4. Results that are edits of their input are written back without
//! touching anything else; [`codec`] reads and writes the other formats that yq knows. [`apply`]
//! runs a script in whichever language it is.

mod aliases;
pub mod codec;
mod json;
mod number;
mod script;
pub mod v3;
pub mod v4;
mod word;

pub use json::{json, json_lines};
pub use script::{Applied, Effect, ProjectFiles, Script, Source, apply};
