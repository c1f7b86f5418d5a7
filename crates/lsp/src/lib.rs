#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `kustom_yaml::cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod answers;
mod convert;
mod documents;
mod frames;
mod positions;
mod server;
mod session;
mod supervisor;
mod uri;

pub use answers::{
    Answers, Completion, CompletionKind, Diagnostic, Edit, Fix, Hover, Lens, Refused, Related,
    Rename, Scope, Severity, Symbol, SymbolKind, Target,
};
pub use positions::{Encoding, Lines};
pub use server::{Ended, serve};
pub use supervisor::{Worker, supervise};
pub use uri::{path_of, uri_of};
