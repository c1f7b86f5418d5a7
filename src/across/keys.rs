//! Keys of ConfigMaps and Secrets that containers ask for.
//!
//! A container whose key is missing does not start, unless it says that the key is optional.
//! Source: <https://kubernetes.io/docs/concepts/configuration/configmap/>.

use super::{KEY, Objects, found, items, listed, text};
use crate::dangling::{near, pod_spec, shown};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) fn look(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let Some(spec) = pod_spec(by) else { return };
    let mut search = Search { objects, by, into };
    let volumes = items(spec, &["volumes"]);
    for volume in volumes {
        search.volume(volume);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, &[list]) {
            for variable in items(container, &["env"]) {
                for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")]
                {
                    if let Some(asked) = variable.at(&["valueFrom", field]) {
                        search.key(kind, asked, "name", asked, field);
                    }
                }
            }
            for mount in items(container, &["volumeMounts"]) {
                search.mount(mount, volumes);
            }
        }
    }
}

struct Search<'s, 'r> {
    objects: &'s Objects<'r>,
    by: &'s Resource,
    into: &'s mut Vec<Finding>,
}

/// Where a volume names its object: the field, the kind, and the field of the name.
const HOLDERS: [(&str, &str, &str); 2] = [
    ("configMap", "ConfigMap", "name"),
    ("secret", "Secret", "secretName"),
];

impl<'r> Search<'_, 'r> {
    fn volume(&mut self, volume: &Node) {
        for (field, kind, name) in HOLDERS {
            if let Some(source) = volume.get(field) {
                self.items_of(kind, source, name, field);
            }
            for source in items(volume, &["projected", "sources"]) {
                if let Some(source) = source.get(field) {
                    self.items_of(kind, source, "name", field);
                }
            }
        }
    }

    fn items_of(&mut self, kind: &str, source: &Node, name: &str, field: &str) {
        for item in items(source, &["items"]) {
            self.key(kind, source, name, item, &format!("{field}.items"));
        }
    }

    /// Looks at the `key` of a part, which is one of the object that `source` names.
    fn key(&mut self, kind: &str, source: &Node, name: &str, part: &Node, field: &str) {
        let is_optional = text(source, &["optional"]) == Some("true");
        let (Some(key), false) = (part.get("key"), is_optional) else {
            return;
        };
        let Some((holder, keys)) = self.holder(kind, source, name) else {
            return;
        };
        let Some(asked) = key.text().filter(|asked| !keys.contains(asked)) else {
            return;
        };
        let message = format!(
            "`{field}` of {} asks for `{asked}`, which {} has not",
            shown(self.by),
            shown(holder)
        );
        self.add(message, asked, &keys, key);
    }

    /// A `subPath` of a volume of keys is a key, or a path that a key is put at.
    fn mount(&mut self, mount: &Node, volumes: &[Node]) {
        let (Some(path), Some(name)) = (mount.get("subPath"), text(mount, &["name"])) else {
            return;
        };
        let mut volumes = volumes.iter();
        let Some(volume) = volumes.find(|one| text(one, &["name"]) == Some(name)) else {
            return;
        };
        let file_path = path.text().unwrap_or_default();
        let file_path = file_path.trim_start_matches("./").trim_end_matches('/');
        for (field, kind, name) in HOLDERS {
            let Some(source) = volume.get(field) else {
                continue;
            };
            if text(source, &["optional"]) == Some("true") {
                continue;
            }
            let list = items(source, &["items"]);
            let paths: Vec<&str> = list.iter().filter_map(|it| text(it, &["path"])).collect();
            let Some((holder, keys)) = self.holder(kind, source, name) else {
                continue;
            };
            let known = if list.is_empty() { keys } else { paths };
            let is_above = |known: &&str| {
                let below = known.strip_prefix(file_path);
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if file_path.is_empty() || file_path == "." || known.iter().any(is_above) {
                continue;
            }
            let message = format!(
                "`subPath` of {} asks for `{file_path}`, which {} has not",
                shown(self.by),
                shown(holder)
            );
            self.add(message, file_path, &known, path);
        }
    }

    /// The object that a source names, with its keys; one without any is filled by others.
    fn holder(
        &self,
        kind: &str,
        source: &Node,
        name: &str,
    ) -> Option<(&'r Resource, Vec<&'r str>)> {
        let name = text(source, &[name])?;
        if self.objects.makers.make(kind, name) {
            return None;
        }
        let holder = self.objects.named((kind, name), self.by, None)?;
        let fields = ["data", "binaryData", "stringData"];
        let maps = fields.iter().filter_map(|field| holder.node.get(field));
        let entries = maps.flat_map(Node::entries);
        let keys: Vec<&str> = entries.filter_map(|entry| entry.key.text()).collect();
        (!keys.is_empty()).then_some((holder, keys))
    }

    fn add(&mut self, message: String, asked: &str, known: &[&str], node: &Node) {
        let help = match near(asked, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", listed(known)),
        };
        let finding = Finding::warning(KEY, message).help(help);
        self.into.push(found(finding, node, self.by));
    }
}
