//! Renders the Kubernetes manifests of many environments from one base.
//!
//! The modules are declared in the order in which they may import each other: a module knows only
//! those above it.

pub mod place;
pub mod error;
pub mod finding;
pub mod regexp;
pub mod yaml;
pub mod id;
pub mod schema;
pub mod resource;
pub mod fields;
pub mod patch;
pub mod generate;
pub mod transform;
pub mod refs;
pub mod vars;
pub mod hash;
pub mod order;
pub mod report;
pub mod kustomization;
pub mod process;
pub mod load;
pub mod guard;
pub mod yq;
pub mod plugin;
pub mod build;
pub mod project;
