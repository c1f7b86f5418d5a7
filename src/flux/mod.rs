//! What Flux makes of a repository: variables that are substituted after a build.

mod substitution;
mod variables;

pub use substitution::{Substitution, substitute_all};
pub use variables::{Source, read_variables, variables_of};
