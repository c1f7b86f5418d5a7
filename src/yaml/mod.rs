//! YAML: bytes to [`Node`] and back.
//!
//! This room knows styles, comments, places, the resolution of plain scalars and the output
//! dialect of kustomize. It has never heard of Kubernetes.

mod node;

pub use node::{Dress, Entry, Node, Str, Style, Tag, Value};
