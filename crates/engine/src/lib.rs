#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! - [`load`]: the file system that a build reads, and the files of one build.
//! - [`kustomization`]: a `kustomization.yaml`, read.
//! - [`build`]: a directory in, objects out, and remarks beside them.
//! - [`resource`]: objects, and what a build remembers of them.
//!
//! The modules are declared in the order in which they may import each other: a module knows only
//! those above it.

// A text is cut by offsets that are checked: see `cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

pub mod regexp;
pub mod release;
mod decode;
pub mod id;
pub mod schema;
pub mod resource;
pub mod fields;
pub mod kinds;
pub mod patch;
pub mod generate;
pub mod transform;
pub mod name_references;
pub mod vars;
pub mod hash;
pub mod order;
pub mod kustomization;
pub mod process;
pub mod write;
pub mod load;
pub mod sops;
pub mod plugin;
pub mod cfg;
pub mod build;
pub mod localize;
pub mod remotes;
pub mod graph;
pub mod edit;
