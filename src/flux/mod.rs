//! What Flux makes of a repository: its objects `Kustomization`, found and built, and variables that
//! are substituted after a build.

mod build;
mod charts;
mod cluster;
mod decryption;
mod object;
mod parts;
mod place;
mod release;
mod substitution;
mod tree;
mod variables;

pub use build::{BuildOptions, build_flux, build_flux_observed};
pub use charts::{Charts, NOT_RENDERED};
pub use cluster::Cluster;
pub use object::{CommonMetadata, FluxKustomization, SourceRef};
pub use substitution::{Substitution, hide_secrets, substitute_all};
pub use tree::{Found, Search, Tree};
pub use variables::{Source, read_variables, variables_of};
