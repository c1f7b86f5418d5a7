//! What a cluster has of values for variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::decryption::is_placeholder;
use super::variables::{Source, variables_of};
use crate::error::Result;
use crate::substitute::Variables;
use crate::yaml::Node;

/// ConfigMaps and Secrets that `substituteFrom` may name.
#[derive(Clone, Debug, Default)]
pub struct Cluster(BTreeMap<(Source, String, String), Known>);

#[derive(Clone, Debug)]
struct Known {
    variables: Variables,
    file: Option<PathBuf>,
}

/// What stands for a value that is encrypted: it may be part of a name.
const ENCRYPTED: &str = "encrypted";

impl Cluster {
    /// Adds an object, if it has values; one that says no namespace is in `namespace`.
    ///
    /// # Errors
    ///
    /// If a value cannot be read.
    pub fn add(&mut self, object: &Node, namespace: &str, file: Option<&Path>) -> Result<()> {
        let Some(kind) = Source::of(object) else {
            return Ok(());
        };
        let mut variables = Variables::default();
        variables_of(object, kind, &mut variables)?;
        let encrypted = |name: &&str| variables.get(name).is_some_and(is_placeholder);
        let encrypted: Vec<String> = variables
            .names()
            .filter(encrypted)
            .map(String::from)
            .collect();
        for name in encrypted {
            variables.set(name, ENCRYPTED);
        }
        let text = |field: &str| object.at(&["metadata", field]).and_then(Node::text);
        let namespace = text("namespace").unwrap_or(namespace).to_owned();
        let name = text("name").unwrap_or_default().to_owned();
        let file = file.map(Path::to_path_buf);
        self.0
            .insert((kind, namespace, name), Known { variables, file });
        Ok(())
    }

    /// The values of an object.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Variables> {
        self.known(kind, namespace, name)
            .map(|known| &known.variables)
    }

    /// The file that an object was written in.
    pub(super) fn file(&self, kind: &str, namespace: &str, name: &str) -> Option<&Path> {
        self.known(kind, namespace, name)?.file.as_deref()
    }

    fn known(&self, kind: &str, namespace: &str, name: &str) -> Option<&Known> {
        let kind = Source::named(kind)?;
        self.0.get(&(kind, namespace.to_owned(), name.to_owned()))
    }
}
