//! Patches: strategic merge and JSON 6902, on nodes.
//!
//! What a patch applies to is found by its caller; here one patch meets one object. What it meant and
//! did not do is found by an [`Audit`], which costs a copy of each object.

mod audit;
mod json6902;
mod one_of;
mod places;
mod remark;
mod replaced;
mod replay;
mod strategic;
mod walk;

pub use audit::Audit;
pub use json6902::{JsonPatch, apply as apply_json, apply_next as apply_next_json};
pub use strategic::merge as merge_strategic;
