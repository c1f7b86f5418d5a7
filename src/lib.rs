//! Renders the Kubernetes manifests of many environments from one base.
//!
//! [`build::build`] does what `kustomize build` does: a directory in, objects out, and remarks
//! beside them. Files come through [`load::Files`]: the disk, memory, or one laid over the other.
//!
//! ```
//! use std::path::Path;
//! use kustom::build::{Options, build};
//! use kustom::load::Memory;
//!
//! let mut files = Memory::default();
//! files.insert("/app/kustomization.yaml", "namespace: shop\nresources: [web.yaml]\n");
//! files.insert("/app/web.yaml", "{apiVersion: v1, kind: Service, metadata: {name: web}}");
//! let built = build(&files, Path::new("/"), Path::new("app"), &Options::default())?;
//! assert!(built.to_yaml()?.contains("namespace: shop"));
//! # Ok::<(), kustom::error::Error>(())
//! ```
//!
//! # Learn more
//!
//! - [`project::render`]: an environment, from its scripts to its manifests.
//! - [`yaml`]: values that know how and where they were written; edits that change nothing else.
//! - [`resource`]: objects, and what a build remembers of them.
//! - [`error`]: one sentence, a place, and what to try next.
//!
//! The modules are declared in the order in which they may import each other: a module knows only
//! those above it.

mod threads;
pub mod place;
pub mod error;
pub mod finding;
pub mod regexp;
pub mod release;
pub mod yaml;
pub mod id;
pub mod schema;
pub mod resource;
pub mod fields;
pub mod patch;
pub mod generate;
pub mod transform;
pub mod refs;
pub mod dangling;
pub mod vars;
pub mod hash;
pub mod order;
pub mod diff;
pub mod report;
pub mod kustomization;
pub mod process;
pub mod load;
pub mod cfg;
pub mod guard;
pub mod yq;
pub mod template;
pub mod plugin;
pub mod build;
pub mod localize;
pub mod edit;
pub mod validation;
pub mod project;
pub mod check;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
