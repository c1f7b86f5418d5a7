//! Custom kinds as CustomResourceDefinitions define them.
//!
//! Scope, merge keys (`x-kubernetes-list-map-keys`) and the path of replicas (`subresources.scale`)
//! are said there; parts of pods, images and references are found by the shape and the names of
//! properties.
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/>.

use std::collections::BTreeMap;

use kustom_yaml::{Node, Str};

use super::{Field, Kind, Role, guess};

/// How deep a schema is followed.
const DEPTH: usize = 40;
/// How many properties of a definition are looked at.
const PROPERTIES: usize = 200_000;

impl Kind {
    /// The facts that a CustomResourceDefinition states about its kind; `None` for anything else.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::kinds::Kind;
    /// use kustom_yaml::{Options, read};
    ///
    /// let text = "
    /// kind: CustomResourceDefinition
    /// metadata: {name: shops.example.com}
    /// spec:
    ///   group: example.com
    ///   scope: Cluster
    ///   names: {kind: Shop}
    /// ";
    /// let node = read(text, &Options::default())?.remove(0);
    /// let kind = Kind::from_definition(&node).unwrap();
    /// assert_eq!(kind.to_string(), "example.com/Shop\tCluster\tshops.example.com\n");
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn from_definition(node: &Node) -> Option<Self> {
        let text = |path: &[&str]| node.at(path).and_then(Node::text);
        if text(&["kind"]) != Some("CustomResourceDefinition") {
            return None;
        }
        let spec = node.get("spec")?;
        let mut collector = Collector {
            path: Vec::new(),
            fields: BTreeMap::new(),
            left: PROPERTIES,
        };
        let versions = spec.get("versions").map_or(&[][..], Node::items);
        // What stands beside the versions holds for all of them, before v1.
        for version in versions.iter().chain([spec]) {
            collector.version(version);
        }
        Some(Self {
            group: text(&["spec", "group"])?.into(),
            kind: text(&["spec", "names", "kind"])?.into(),
            cluster_scoped: text(&["spec", "scope"]) == Some("Cluster"),
            source: text(&["metadata", "name"]).unwrap_or_default().into(),
            fields: collector.settled(),
        })
    }
}

struct Collector {
    /// The parts that led here.
    path: Vec<Str>,
    /// The content of each path; of several versions the first counts.
    fields: BTreeMap<Str, Role>,
    left: usize,
}

impl Collector {
    fn version(&mut self, version: &Node) {
        let schema = version
            .at(&["schema", "openAPIV3Schema"])
            .or_else(|| version.at(&["validation", "openAPIV3Schema"]));
        let properties = schema.map_or(&[][..], guess::properties);
        for entry in properties {
            let name = entry.key.text().unwrap_or_default();
            if !matches!(name, "apiVersion" | "kind" | "metadata" | "status") {
                self.property(name, &entry.value);
            }
        }
        let replicas = version.at(&["subresources", "scale", "specReplicasPath"]);
        if let Some(path) = replicas.and_then(Node::text) {
            let path = path.trim_start_matches('.').replace('.', "/");
            self.fields.entry(path.into()).or_insert(Role::Replicas);
        }
    }

    /// Looks at a property and at what is below it.
    fn property(&mut self, name: &str, schema: &Node) {
        if self.left == 0 || self.path.len() == DEPTH {
            return;
        }
        self.left -= 1;
        self.path.push(name.into());
        self.value(name, schema);
        self.path.pop();
    }

    fn value(&mut self, name: &str, schema: &Node) {
        if let Some(role) = guess::part_of_pod(name, schema) {
            self.note(role);
            return;
        }
        if let Some(target) = guess::text_reference(name, schema) {
            self.note(Role::Reference(target));
            return;
        }
        if guess::is_image(name, schema) {
            self.note(Role::Image);
            return;
        }
        if let Some(target) = guess::object_reference(name, schema) {
            self.path.push("name".into());
            self.note(Role::Reference(target));
            self.path.pop();
        }
        if let Some(additional) = schema.get("additionalProperties").filter(|it| it.is_map()) {
            self.property("*", additional);
        }
        if let Some(items) = schema.get("items") {
            self.list(name, schema, items);
        }
        let properties = guess::properties(schema);
        let has_pods = properties
            .iter()
            .any(|entry| guess::is_pod_template(&entry.value));
        for entry in properties {
            let below = entry.key.text().unwrap_or_default();
            self.property(below, &entry.value);
            // A selector beside the template that it selects.
            if has_pods
                && below == "selector"
                && guess::properties(&entry.value)
                    .iter()
                    .any(|property| property.is("matchLabels"))
            {
                self.path.extend(["selector", "matchLabels"].map(Str::from));
                self.note(Role::Selector);
                self.path.truncate(self.path.len() - 2);
            }
        }
    }

    /// A list, with the keys by which its items merge.
    fn list(&mut self, name: &str, schema: &Node, items: &Node) {
        let keys = schema.get("x-kubernetes-list-map-keys");
        let keys: Vec<&str> = keys
            .map_or(&[][..], Node::items)
            .iter()
            .filter_map(Node::text)
            .collect();
        // A path has no way to write such a key.
        let is_plain = |key: &&str| !key.contains(['/', ',', '[', ']', '\t']);
        let is_plain = keys.iter().all(is_plain);
        let keys = if is_plain {
            keys.join(",")
        } else {
            String::new()
        };
        if let Some(last) = self.path.last_mut() {
            *last = format!("{name}[{keys}]").into();
        }
        if !keys.is_empty() {
            self.note(Role::List);
        }
        for entry in guess::properties(items) {
            self.property(entry.key.text().unwrap_or_default(), &entry.value);
        }
        if let Some(last) = self.path.last_mut() {
            *last = name.into();
        }
    }

    /// Notes what the present path holds.
    fn note(&mut self, role: Role) {
        let is_plain = |part: &Str| !part.contains(['/', '\t', '\n']) && !part.is_empty();
        if self.path.iter().all(is_plain) {
            let path: Str = self.path.join("/").into();
            let known = self.fields.entry(path).or_insert(Role::List);
            if *known == Role::List {
                *known = role;
            }
        }
    }

    /// The fields; a list that is on the way of another needs no line of its own.
    fn settled(self) -> Vec<Field> {
        let paths: Vec<Str> = self.fields.keys().cloned().collect();
        let is_way = |path: &Str| {
            let start = format!("{path}/");
            let at = paths.partition_point(|other| other.as_str() < start.as_str());
            paths.get(at).is_some_and(|next| next.starts_with(&start))
        };
        let fields = self.fields.into_iter();
        fields
            .filter(|(path, role)| *role != Role::List || !is_way(path))
            .map(|(path, role)| Field { path, role })
            .collect()
    }
}
