//! yq 3: scripts of commands with paths, and its command line forms.
//!
//! Where yq 3 behaves by accident, the answer here is the sensible meaning or a clear error. Every
//! statement reports what it did, so that a script which no longer does what its author meant is
//! noticed.

mod command;
mod delete;
mod documents;
mod merge;
mod path;
mod read;
mod report;
mod run;
mod script;
mod search;
mod update;
mod value;
mod walk;

pub use command::{Done, Input, Output, Write, delete, merge, new, prefix, usage, validate, write};
pub use documents::Documents;
pub use merge::{Arrays, Comments, Merge};
pub use path::{Path, PathQuirk, Pattern, Segment};
pub use read::{Reading, Shown, read};
pub use report::{CommandReport, Indexed, Replaced};
pub(crate) use run::run_changes;
pub use run::{Outcome, run};
pub use script::{Command, Script, Statement};
pub use value::{ValueFlags, argument, value_of};
