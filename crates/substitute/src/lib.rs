#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `kustom_yaml::cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod by_key;
mod changes;
mod evaluate;
mod glob;
mod letters;
mod lines;
mod object;
mod operators;
mod origin;
mod parse;
mod template;
mod variables;

pub use changes::{Change, Loss, changes};
pub use object::{DISABLED, OPT_OUT, Options, is_opted_out, secrets, substitute};
pub use parse::{Mistake, MistakeKind};
pub use template::{Default, Expression, Operation, Piece, Template, Which};
pub use variables::Variables;
