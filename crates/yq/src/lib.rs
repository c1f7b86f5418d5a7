#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod aliases;
pub mod codec;
mod color;
mod json;
mod number;
mod script;
mod trace;
pub mod v3;
pub mod v4;
mod word;

pub use color::{colored, colored_part};
pub use json::{json, json_lines};
pub use script::{Applied, Script, Source, StatementReport, apply};
