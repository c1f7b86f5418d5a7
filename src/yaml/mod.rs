//! YAML: bytes to [`Node`] and back.
//!
//! This room knows styles, comments, places, the resolution of plain scalars and the output
//! dialect of kustomize. It has never heard of Kubernetes.

mod binary;
mod check;
mod config;
mod edit;
mod emit;
mod events;
mod inset;
mod json;
mod json_read;
mod json_text;
mod keep;
mod letters;
mod merge;
mod node;
mod number;
mod order;
mod path;
mod print;
mod quick;
mod read;
mod reencode;
mod resolve;
mod scan;
mod set;
mod spell;
mod stream;
mod style;
mod tags;
mod text;
mod timestamp;
mod write;

pub(crate) use binary::base64_lines;
pub use edit::{rewrite, rewrite_flush, same_data};
pub use inset::Inset;
pub use json::{
    reread_json, spelt_config, spelt_json, through_json, to_json, unspelt_json, write_json,
};
pub(crate) use json_read::{escape_html, unquoted};
pub use json_read::{json_or_config, read_json};
pub(crate) use json_text::write_json_string;
pub use keep::keep;
pub(crate) use keep::spelled;
pub use node::{Dress, Entry, Node, Str, Style, Tag, Value};
pub(crate) use path::new_item;
pub use path::{FieldPath, Part};
pub use print::{PrintOptions, print, print_node};
#[cfg(fuzzing)]
pub use quick::block_subset;
pub use read::{Options, read, read_first};
pub(crate) use resolve::plain;
pub use resolve::{Dialect, Scalar};
pub(crate) use spell::implied_tag;
pub use stream::{Stream, config, manifests, stream, strict_config};
pub use text::Text;
pub use timestamp::Timestamp;
pub use write::{repeated_key, write, write_stream};
