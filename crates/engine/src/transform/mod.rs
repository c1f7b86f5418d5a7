//! Transformers: one file each, all of the same shape.
//!
//! A transformer is a function over [`Resources`](crate::resource::Resources) with typed
//! arguments. Which of them run, and in which order, is the build's to say.

pub mod annotations;
pub mod images;
pub mod labels;
pub(crate) mod links;
pub mod namespace;
pub mod namespace_map;
pub mod prefix;
pub mod replacement;
pub mod replicas;
pub mod suffix;
pub mod value_add;
