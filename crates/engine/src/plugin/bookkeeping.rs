//! Writes the history of a resource as bookkeeping annotations, and reads it back.
//!
//! External plugins see these annotations, and their answers carry them back.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, PrintOptions, print_node, write_stream};

use crate::id::Id;
use crate::resource::{Behavior, Resource, Resources};
pub(super) use crate::resource::{annotate, remove_annotation as remove};

/// The annotation that names an object to a transformer.
pub(super) const ID: &str = "kustomize.config.k8s.io/id";

/// The annotation by which a generator asks for a hash in the name.
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";

/// The annotation by which a generator says what happens to an object that is there already.
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

/// Objects as a YAML stream, with what is remembered of them as annotations.
///
/// # Errors
///
/// If an object cannot be written.
pub fn write_all<'r>(resources: impl Iterator<Item = &'r Resource>) -> Result<String> {
    written(resources.map(Resource::annotated))
}

/// Objects as a YAML stream, with what is remembered of them and who they are.
pub(super) fn write_with_ids(resources: &Resources) -> Result<String> {
    written(resources.iter().map(|resource| {
        let mut node = resource.annotated();
        annotate(&mut node, ID, Node::string(id_text(resource.id())));
        node
    }))
}

fn written(nodes: impl Iterator<Item = Node>) -> Result<String> {
    let nodes: Vec<Node> = nodes.collect();
    let mut text = String::new();
    write_stream(nodes.iter(), &mut text)?;
    Ok(text)
}

fn id_text(id: &Id) -> String {
    let fields = [
        ("group", &id.gvk.group),
        ("kind", &id.gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
        ("version", &id.gvk.version),
    ];
    let given = fields.into_iter().filter(|(_, text)| !text.is_empty());
    let entries = given
        .map(|(key, text)| Entry::new(key, Node::string(text.clone())))
        .collect();
    print_node(
        &Node::map(entries),
        &PrintOptions {
            width: None,
            ..PrintOptions::default()
        },
    )
}

/// Reads where an object came from, as far as its annotations still say.
pub(super) fn take_origin(resource: &mut Resource) -> Result<()> {
    // The bookkeeping was written by us, behind what was read.
    resource.history.read_with.clear();
    resource.take_origin()
}

/// Reads what a generator wishes for an object.
pub(super) fn take_wishes(resource: &mut Resource) -> Result<()> {
    if let Some(node) = remove(&mut resource.node, NEEDS_HASH) {
        let word = node.text().unwrap_or_default();
        let wish = boolean(word).ok_or_else(|| {
            let message = format!(
                "the annotation `{NEEDS_HASH}` of `{}` is `{word}`",
                resource.id()
            );
            Error::new(Kind::Plugin, message).help("it is `true` or `false`")
        })?;
        resource.history.needs_hash |= wish;
    }
    let behavior = remove(&mut resource.node, BEHAVIOR);
    let word = behavior.as_ref().and_then(Node::text).unwrap_or_default();
    resource.history.behavior = Behavior::from_word(word);
    Ok(())
}

/// The words for true and false that Go knows.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::resource::{Origin, from_documents};
    use crate::schema::Schema;

    fn resources(text: &str) -> Vec<Resource> {
        let stream = read_manifests(text.as_bytes(), kustom_yaml::place::SourceId::NONE).unwrap();
        from_documents(stream, &Schema::builtin()).unwrap()
    }

    #[test]
    fn what_is_remembered_travels_with_the_object() {
        let mut found = resources("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
        let resource = &mut found[0];
        resource.remember_id();
        resource.set_name("my-a");
        let history = &mut resource.history;
        history.prefixes.push("my-".into());
        history.needs_hash = true;
        history.from_helm = true;
        history.origin = Some(Box::new(Origin {
            path: "a.yaml".to_owned(),
            ..Origin::default()
        }));
        history.transformations.push(Origin::default());
        let text = write_all(found.iter()).unwrap();
        let mut again = resources(&text);
        take_origin(&mut again[0]).unwrap();
        assert_eq!(again[0].history, found[0].history);
        assert!(
            again[0]
                .node
                .at(&["metadata", "annotations"])
                .is_none_or(|a| a.entries().is_empty())
        );
    }

    #[test]
    fn an_id_is_written_without_what_is_empty() {
        let mut list = Resources::new();
        list.add_all(resources(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}",
        ))
        .unwrap();
        let text = write_with_ids(&list).unwrap();
        let wanted = "    kustomize.config.k8s.io/id: |\n      group: apps\n      kind: Deployment\n      \
                      name: a\n      version: v1\n";
        assert!(text.contains(wanted), "{text}");
    }

    #[test]
    fn a_generator_says_what_it_wishes() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {\
                    kustomize.config.k8s.io/needs-hash: 'true', \
                    kustomize.config.k8s.io/behavior: merge}}}";
        let mut found = resources(text);
        take_wishes(&mut found[0]).unwrap();
        assert!(found[0].history.needs_hash);
        assert_eq!(found[0].history.behavior, Behavior::Merge);
        let mut wrong = resources(&text.replace("'true'", "'yes'"));
        assert!(take_wishes(&mut wrong[0]).is_err());
    }
}
