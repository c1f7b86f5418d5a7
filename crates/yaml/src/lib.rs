#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod attach;
mod binary;
mod changes;
mod control_chars;
mod normalize;
pub mod cut;
mod edit;
mod emit;
pub mod error;
mod events;
mod extent;
pub mod finding;
mod inset;
mod json;
mod json_read;
mod json_text;
mod print_go_v3;
pub mod go_unicode;
pub mod limits;
mod list;
mod merge;
pub mod nearest;
mod node;
mod note;
mod number;
mod order;
mod path;
pub mod place;
mod print;
mod block_subset;
mod read;
mod round_trip;
mod resolve;
mod rope;
mod scan;
pub mod search;
mod set;
mod size;
pub mod source_map;
mod quoting;
mod manifests;
mod style;
mod tags;
mod text;
pub mod threads;
mod timestamp;
mod verbatim;
mod wildcard;
mod write;

pub use binary::base64_lines;
#[doc(hidden)]
pub use block_subset::block_subset;
#[doc(no_inline)]
pub use bytestring::ByteString;
pub use edit::{Change, rewrite, rewrite_changes, rewrite_flush, same_data};
pub use inset::Inset;
pub use json::{
    has_key_passed_json, has_passed_json, pass_through_json, reread_json, spelt_config, spelt_json,
    through_json, to_json, unspelt_json, write_json,
};
pub use json_read::{escape_html, unquoted};
pub use json_read::{json_or_config, read_json};
pub use json_text::{write_json_string, write_json_string_with_html};
pub use list::{List, Sought};
#[doc(hidden)]
pub use manifests::take_manifests_from;
pub use manifests::{
    Manifests, configs, manifests, read_config, read_manifests, read_strict_config, take_manifests,
};
pub use node::{Decor, Entry, Node, Str, Style, Tag, Value};
pub use path::new_item;
pub use path::{FieldPath, Part};
pub use print::{PrintOptions, print, print_node};
pub use print_go_v3::print_go_v3;
pub use print_go_v3::spelled;
pub use quoting::implied_tag;
pub use read::{Options, read, read_first, read_lazily};
#[doc(hidden)]
pub use read::{read_by_scanner, read_lazily_from};
pub use resolve::plain;
pub use resolve::{Dialect, Scalar};
pub use rope::Rope;
pub use round_trip::settle_nulls;
pub use size::{Size, charge_copy};
pub use text::Text;
pub use timestamp::Timestamp;
pub use wildcard::{Wildcards, matches_pattern};
pub use write::{repeated_key, write, write_rope, write_stream};
