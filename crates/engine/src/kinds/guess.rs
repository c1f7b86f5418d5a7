//! What a property of a schema holds, by its shape and its name.
//!
//! A guess that is wrong does no harm: a reference is followed only where an object of the kind
//! had that name, and an image is changed only where an entry names it.

use kustom_yaml::{Entry, Node};

use super::{Form, Role, Target};

/// The properties of a schema.
pub(super) fn properties(schema: &Node) -> &[Entry] {
    schema.get("properties").map_or(&[][..], Node::entries)
}

/// The part of a pod that a property is, if it is one.
pub(super) fn part_of_pod(name: &str, schema: &Node) -> Option<Role> {
    if is_pod_template(schema) || is_open_template(name, schema) {
        Some(Role::PodTemplate)
    } else if is_pod_spec(schema) {
        Some(Role::PodSpec)
    } else if schema.get("items").is_some_and(is_container) {
        Some(Role::Containers)
    } else if schema.get("items").is_some_and(is_volume) {
        Some(Role::Volumes)
    } else {
        is_container(schema).then_some(Role::Container)
    }
}

/// Whether a schema is that of a pod template: it has a `spec` that is one of a pod.
pub(super) fn is_pod_template(schema: &Node) -> bool {
    let spec = schema.at(&["properties", "spec"]);
    spec.is_some_and(|spec| {
        spec.at(&["properties", "containers", "items"])
            .is_some_and(is_container)
    })
}

/// Whether a property that says nothing of its content is called as pod templates are.
fn is_open_template(name: &str, schema: &Node) -> bool {
    let is_open = schema
        .get("x-kubernetes-preserve-unknown-fields")
        .and_then(Node::text);
    is_open == Some("true")
        && schema.get("properties").is_none()
        && matches!(name, "podTemplate" | "podTemplateSpec")
}

/// Whether a schema is that of a pod, and not of something larger that has containers, too.
fn is_pod_spec(schema: &Node) -> bool {
    let has = |name: &str| schema.at(&["properties", name]).is_some();
    let containers = schema.at(&["properties", "containers", "items"]);
    containers.is_some_and(is_container)
        && [
            "dnsPolicy",
            "hostNetwork",
            "restartPolicy",
            "terminationGracePeriodSeconds",
        ]
        .into_iter()
        .all(has)
}

/// Whether a schema is that of a container.
fn is_container(schema: &Node) -> bool {
    let has = |name: &&&str| schema.at(&["properties", name]).is_some();
    const MARKS: &[&str] = &[
        "args",
        "command",
        "env",
        "envFrom",
        "imagePullPolicy",
        "ports",
        "resources",
        "securityContext",
        "volumeMounts",
        "workingDir",
    ];
    schema
        .at(&["properties", "image", "type"])
        .and_then(Node::text)
        == Some("string")
        && MARKS.iter().filter(has).count() >= 6
}

/// Whether a schema is that of a pod's volume.
fn is_volume(schema: &Node) -> bool {
    [
        "configMap",
        "emptyDir",
        "name",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
    .into_iter()
    .all(|name| schema.at(&["properties", name]).is_some())
}

/// Whether a property is the text of an image.
pub(super) fn is_image(name: &str, schema: &Node) -> bool {
    is_text(schema) && (name == "image" || name.ends_with("Image"))
}

fn is_text(schema: &Node) -> bool {
    schema.get("type").and_then(Node::text) == Some("string")
}

/// The object that a text, or each text of a list, names: `secretName`, `configMapName`.
pub(super) fn text_reference(name: &str, schema: &Node) -> Option<Target> {
    let is_list = schema.get("items").is_some_and(is_text);
    if !is_text(schema) && !is_list {
        return None;
    }
    let word = name
        .strip_suffix("Names")
        .or_else(|| name.strip_suffix("Name"));
    let lower = name.to_ascii_lowercase();
    let kind = match word {
        Some("claim") => "PersistentVolumeClaim",
        Some("priorityClass") => return Some(target("scheduling.k8s.io", "PriorityClass")),
        Some("storageClass") => return Some(target("storage.k8s.io", "StorageClass")),
        Some(word) => core_kind(word)?,
        // What is called after a kind alone may hold its content.
        None if lower == "existingsecret" || lower == "serviceaccount" => core_kind(name)?,
        None => return None,
    };
    Some(target("", kind))
}

/// The object named by the `name` of an object, or of each object of a list.
pub(super) fn object_reference(name: &str, schema: &Node) -> Option<Target> {
    let object = schema.get("items").unwrap_or(schema);
    let property = |name: &str| object.at(&["properties", name]);
    if !is_text(property("name")?) {
        return None;
    }
    // An object that has much besides is no reference, unless it is called one.
    const BESIDE: &[&str] = &[
        "apiGroup",
        "apiVersion",
        "default",
        "fieldPath",
        "group",
        "key",
        "kind",
        "name",
        "namespace",
        "optional",
        "port",
        "resourceVersion",
        "sectionName",
        "uid",
    ];
    let is_beside = |entry: &Entry| entry.key.text().is_some_and(|key| BESIDE.contains(&key));
    let is_called_one = ["Ref", "Refs", "Reference", "References"]
        .iter()
        .any(|end| name.ends_with(end));
    if !is_called_one && !properties(object).iter().all(is_beside) {
        return None;
    }
    let kind = property("kind");
    let default_kind = kind.and_then(|kind| {
        let only = kind.get("enum").map_or(&[][..], Node::items);
        let only = if let [only] = only { Some(only) } else { None };
        kind.get("default").or(only).and_then(Node::text)
    });
    let is_reference = kind.is_some_and(is_text);
    let called = core_kind(name.trim_end_matches("Refs").trim_end_matches("Ref"));
    // A key of a Service is a secret that is called so.
    let called = called.filter(|kind| *kind != "Service" || property("key").is_none());
    match (default_kind, called) {
        (Some(default_kind), _) => {
            let group = ["group", "apiGroup"]
                .into_iter()
                .find_map(|name| property(name)?.get("default").and_then(Node::text));
            Some(target(group.unwrap_or_default(), default_kind))
        }
        (None, Some(called)) => Some(target("", called)),
        (None, None) => is_reference.then(Target::default),
    }
}

fn target(group: &str, kind: &str) -> Target {
    Target {
        group: group.into(),
        kind: kind.into(),
        form: Form::Name,
    }
}

/// The kind of the core group that the end of a word names: `tlsSecretKey`, `configMaps`.
fn core_kind(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches('s');
    let word = word.strip_suffix("key").unwrap_or(word);
    let word = word.strip_suffix("target").unwrap_or(word);
    if ["externalsecret", "pushsecret", "sealedsecret"]
        .iter()
        .any(|kind| word.ends_with(kind))
    {
        return None;
    }
    const KINDS: &[(&str, &str)] = &[
        ("configmap", "ConfigMap"),
        ("persistentvolumeclaim", "PersistentVolumeClaim"),
        ("secret", "Secret"),
        ("serviceaccount", "ServiceAccount"),
        ("service", "Service"),
    ];
    let found = KINDS.iter().find(|(end, _)| word.ends_with(end));
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn schema(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    fn named(name: &str, text: &str) -> Option<String> {
        let schema = schema(text);
        text_reference(name, &schema)
            .or_else(|| object_reference(name, &schema))
            .map(|target| format!("{}/{}", target.group, target.kind))
    }

    #[test]
    fn references_are_called_after_what_they_name() {
        const TEXT: &str = "{type: string}";
        const NAME: &str = "{properties: {name: {type: string}, key: {type: string}}}";
        for (name, shape, wanted) in [
            ("secretName", TEXT, Some("/Secret")),
            ("tlsSecretName", TEXT, Some("/Secret")),
            ("configMapName", TEXT, Some("/ConfigMap")),
            ("serviceAccountName", TEXT, Some("/ServiceAccount")),
            ("existingSecret", TEXT, Some("/Secret")),
            (
                "storageClassName",
                TEXT,
                Some("storage.k8s.io/StorageClass"),
            ),
            ("secret", TEXT, None),
            ("hostName", TEXT, None),
            ("clusterName", TEXT, None),
            (
                "secretNames",
                "{type: array, items: {type: string}}",
                Some("/Secret"),
            ),
            ("secretKeyRef", NAME, Some("/Secret")),
            ("passwordSecretRef", NAME, Some("/Secret")),
            ("configMap", NAME, Some("/ConfigMap")),
            (
                "secrets",
                "{type: array, items: {properties: {name: {type: string}}}}",
                Some("/Secret"),
            ),
            ("header", NAME, None),
            (
                "targetRef",
                "{properties: {kind: {type: string}, name: {type: string}}}",
                Some("/"),
            ),
            (
                "issuerRef",
                "{properties: {kind: {type: string, default: Issuer}, name: {type: string}, \
                 group: {type: string, default: cert-manager.io}}}",
                Some("cert-manager.io/Issuer"),
            ),
            (
                "secret",
                "{properties: {name: {type: string}, value: {type: string}}}",
                None,
            ),
        ] {
            assert_eq!(named(name, shape).as_deref(), wanted, "{name} {shape}");
        }
    }

    #[test]
    fn a_container_is_known_by_its_fields() {
        let container = "{properties: {image: {type: string}, args: {}, command: {}, env: {}, \
                         ports: {}, resources: {}, volumeMounts: {}}}";
        let role = |name: &str, text: &str| part_of_pod(name, &schema(text));
        assert_eq!(role("web", container), Some(Role::Container));
        let list = format!("{{type: array, items: {container}}}");
        assert_eq!(role("sidecars", &list), Some(Role::Containers));
        let spec = format!("{{properties: {{containers: {list}}}}}");
        assert_eq!(role("spec", &spec), None);
        let template = format!("{{properties: {{metadata: {{}}, spec: {spec}}}}}");
        assert_eq!(role("any", &template), Some(Role::PodTemplate));
        let open = "{type: object, x-kubernetes-preserve-unknown-fields: true}";
        assert_eq!(role("podTemplate", open), Some(Role::PodTemplate));
        assert_eq!(role("template", open), None);
        assert_eq!(role("x", "{properties: {image: {type: string}}}"), None);
    }
}
