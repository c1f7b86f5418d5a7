#![doc = include_str!("../README.md")]

mod aliases;
pub mod codec;
mod json;
mod number;
mod script;
mod trace;
pub mod v3;
pub mod v4;
mod word;

pub use json::{json, json_lines};
pub use script::{Applied, Effect, Script, Source, apply};
