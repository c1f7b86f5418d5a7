//! Where a resource came from, or what changed it.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata/>.

use kustom_yaml::error::Result;
use kustom_yaml::place::SourceId;
use kustom_yaml::{Entry, Node, PrintOptions, print_node, read_config};

/// Where a resource came from, or what changed it: the fields of `config.kubernetes.io/origin`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file, relative to the root of the build or of the repository.
    pub path: String,
    /// The repository, if it was not a local file.
    pub repo: String,
    /// The revision of the repository.
    pub reference: String,
    /// The kustomization or plugin configuration that asked for it.
    pub configured_in: String,
    /// The generator or transformer.
    pub configured_by: Option<Plugin>,
}

/// The identity of a generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name, if it is configured by an object of its own.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl Origin {
    /// The annotation that says where a resource came from.
    pub const ANNOTATION: &str = "config.kubernetes.io/origin";

    /// The annotation that lists what changed a resource.
    pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

    /// The text of the first annotation.
    pub fn to_text(&self) -> String {
        printed(&self.to_node())
    }

    /// The text of the second annotation.
    pub fn list_to_text(list: &[Self]) -> String {
        printed(&Node::seq(list.iter().map(Self::to_node).collect()))
    }

    /// Reads the first annotation.
    ///
    /// # Errors
    ///
    /// If it is no YAML.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::from_node(&read_config(
            text.as_bytes(),
            SourceId::NONE,
        )?))
    }

    /// Reads the second annotation.
    ///
    /// # Errors
    ///
    /// If it is no YAML.
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        let list = read_config(text.as_bytes(), SourceId::NONE)?;
        Ok(list.items().iter().map(Self::from_node).collect())
    }

    fn from_node(node: &Node) -> Self {
        let plugin = node.get("configuredBy").map(|by| Plugin {
            api_version: text(by, "apiVersion"),
            kind: text(by, "kind"),
            name: text(by, "name"),
            namespace: text(by, "namespace"),
        });
        Self {
            path: text(node, "path"),
            repo: text(node, "repo"),
            reference: text(node, "ref"),
            configured_in: text(node, "configuredIn"),
            configured_by: plugin.filter(|plugin| *plugin != Plugin::default()),
        }
    }

    fn to_node(&self) -> Node {
        let mut entries = given(&[
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ]);
        if let Some(plugin) = &self.configured_by {
            let fields = given(&[
                ("apiVersion", &plugin.api_version),
                ("kind", &plugin.kind),
                ("name", &plugin.name),
                ("namespace", &plugin.namespace),
            ]);
            entries.push(Entry::new("configuredBy", Node::map(fields)));
        }
        Node::map(entries)
    }
}

/// The fields that are not empty.
fn given(fields: &[(&str, &String)]) -> Vec<Entry> {
    let given = fields.iter().filter(|(_, text)| !text.is_empty());
    given
        .map(|(key, text)| Entry::new(*key, Node::string(text.as_str())))
        .collect()
}

fn text(node: &Node, key: &str) -> String {
    node.get(key)
        .and_then(Node::text)
        .unwrap_or_default()
        .to_owned()
}

fn printed(node: &Node) -> String {
    print_node(
        node,
        &PrintOptions {
            width: None,
            ..PrintOptions::default()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let origin = Origin {
            path: "base/a file.yaml".to_owned(),
            repo: "https://example.com/org/app".to_owned(),
            reference: "1.0".to_owned(),
            configured_in: "kustomization.yaml".to_owned(),
            configured_by: Some(Plugin {
                kind: "Maker".to_owned(),
                ..Plugin::default()
            }),
        };
        assert_eq!(Origin::parse(&origin.to_text()).unwrap(), origin);
        let list = [origin, Origin::default()];
        assert_eq!(
            Origin::parse_list(&Origin::list_to_text(&list)).unwrap(),
            list
        );
    }

    #[test]
    fn what_is_empty_is_not_written() {
        let origin = Origin {
            path: "a.yaml".to_owned(),
            ..Origin::default()
        };
        assert_eq!(origin.to_text(), "path: a.yaml\n");
        assert!(Origin::parse("a: [").is_err());
    }
}
