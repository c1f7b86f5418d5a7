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

// A text is cut by offsets that are checked: see `kustom_yaml::cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

pub use kustom_engine::{
    build, cfg, edit, fields, generate, graph, hash, id, kinds, kustomization, load, localize,
    name_references, order, patch, plugin, process, regexp, release, remotes, resource, schema,
    transform, vars, write,
};
pub use kustom_guard as guard;
pub use kustom_substitute as substitute;
pub use kustom_yaml::{self as yaml, error, finding, limits, place};
pub use kustom_yq as yq;

use kustom_yaml::threads;

pub mod dangling;
pub mod diff;
pub mod across;
pub mod explain;
pub mod report;
pub mod secret_scan;
pub mod sops;
pub mod template;
pub mod validation;
pub mod lint;
pub mod chart_values;
pub mod flux;
pub mod argocd;
pub mod project;
pub mod check;
pub mod migrate;
#[cfg(feature = "lsp")]
pub mod editor;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
