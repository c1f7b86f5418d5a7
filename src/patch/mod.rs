//! Patches: strategic merge and JSON 6902, on nodes.
//!
//! What a patch applies to is found by its caller; here one patch meets one object.

mod json6902;
mod keyed_list;
mod strategic;

pub use json6902::{JsonPatch, apply as apply_json};
pub use strategic::merge as merge_strategic;
