//! Objects that stand for Secrets which a controller makes in the cluster: of ciphertext, or of what
//! a store holds.

use crate::yaml::Node;

/// A Secret that a controller makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretReference {
    /// The kind of the object that stands for it.
    pub kind: String,
    /// The name of that object.
    pub name: String,
    /// The name of the Secret.
    pub secret: String,
}

/// A kind of such objects.
struct Maker {
    group: &'static str,
    kind: &'static str,
    /// Where the name of the Secret is, in a list after `[]`; the first that is there counts.
    ways: &'static [&'static [&'static str]],
    /// Whether the Secret is called as the object, where no name is there.
    is_namesake: bool,
}

/// What stands for the items of a list in a way.
const ITEMS: &str = "[]";

/// The kinds, each as the definition of its controller says.
const MAKERS: &[Maker] = &[
    // sealed-secrets v0.40
    Maker {
        group: "bitnami.com",
        kind: "SealedSecret",
        ways: &[&["spec", "template", "metadata", "name"]],
        is_namesake: true,
    },
    // external-secrets v1.3
    Maker {
        group: "external-secrets.io",
        kind: "ExternalSecret",
        ways: &[&["spec", "target", "name"]],
        is_namesake: true,
    },
    Maker {
        group: "external-secrets.io",
        kind: "ClusterExternalSecret",
        ways: &[
            &["spec", "externalSecretSpec", "target", "name"],
            &["spec", "externalSecretName"],
        ],
        is_namesake: true,
    },
    // kubernetes-external-secrets, which came before
    Maker {
        group: "kubernetes-client.io",
        kind: "ExternalSecret",
        ways: &[],
        is_namesake: true,
    },
    // secrets-store-csi-driver v1.5: a Secret only where one is asked for
    Maker {
        group: "secrets-store.csi.x-k8s.io",
        kind: "SecretProviderClass",
        ways: &[&["spec", "secretObjects", ITEMS, "secretName"]],
        is_namesake: false,
    },
    // sops-secrets-operator v0.17
    Maker {
        group: "isindir.github.com",
        kind: "SopsSecret",
        ways: &[&["spec", "secretTemplates", ITEMS, "name"]],
        is_namesake: false,
    },
    // vault-secrets-operator v1.0
    Maker {
        group: "secrets.hashicorp.com",
        kind: "VaultStaticSecret",
        ways: &[&["spec", "destination", "name"]],
        is_namesake: false,
    },
    Maker {
        group: "secrets.hashicorp.com",
        kind: "VaultDynamicSecret",
        ways: &[&["spec", "destination", "name"]],
        is_namesake: false,
    },
    Maker {
        group: "secrets.hashicorp.com",
        kind: "VaultPKISecret",
        ways: &[&["spec", "destination", "name"]],
        is_namesake: false,
    },
    // onepassword-operator v1.9
    Maker {
        group: "onepassword.com",
        kind: "OnePasswordItem",
        ways: &[],
        is_namesake: true,
    },
    // the operators of Infisical, Doppler and Bitwarden
    Maker {
        group: "secrets.infisical.com",
        kind: "InfisicalSecret",
        ways: &[
            &["spec", "managedSecretReference", "secretName"],
            &["spec", "managedKubeSecretReferences", ITEMS, "secretName"],
        ],
        is_namesake: false,
    },
    Maker {
        group: "secrets.doppler.com",
        kind: "DopplerSecret",
        ways: &[&["spec", "managedSecret", "name"]],
        is_namesake: false,
    },
    Maker {
        group: "k8s.bitwarden.com",
        kind: "BitwardenSecret",
        ways: &[&["spec", "secretName"]],
        is_namesake: false,
    },
];

/// The Secrets that an object stands for; nothing, if it stands for none.
pub(super) fn references(object: &Node) -> Vec<SecretReference> {
    let text = |field: &str| object.get(field).and_then(Node::text).unwrap_or_default();
    let (kind, version) = (text("kind"), text("apiVersion"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let mut makers = MAKERS.iter();
    let Some(maker) = makers.find(|maker| maker.group == group && maker.kind == kind) else {
        return Vec::new();
    };
    let name = object.at(&["metadata", "name"]).and_then(Node::text);
    let name = name.unwrap_or_default();
    let mut secrets: Vec<&str> = Vec::new();
    for way in maker.ways {
        gather(object, way, &mut secrets);
        if !secrets.is_empty() && !way.contains(&ITEMS) {
            break;
        }
    }
    if secrets.is_empty() && maker.is_namesake {
        secrets.push(name);
    }
    let secrets = secrets.into_iter().map(|secret| SecretReference {
        kind: kind.to_owned(),
        name: name.to_owned(),
        secret: secret.to_owned(),
    });
    secrets.collect()
}

/// Adds the names at a way.
fn gather<'n>(node: &'n Node, way: &[&str], found: &mut Vec<&'n str>) {
    match way {
        [] => found.extend(node.text().filter(|name| !name.is_empty())),
        [first, rest @ ..] if *first == ITEMS => {
            node.items()
                .iter()
                .for_each(|item| gather(item, rest, found));
        }
        [first, rest @ ..] => {
            if let Some(inner) = node.get(first) {
                gather(inner, rest, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::SourceId;
    use crate::yaml::read_config;

    fn made(text: &str) -> Vec<String> {
        let node = read_config(text.as_bytes(), SourceId::NONE).unwrap();
        references(&node).into_iter().map(|it| it.secret).collect()
    }

    #[test]
    fn the_secret_is_called_as_its_controller_calls_it() {
        for (text, wanted) in [
            (
                "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}}",
                &["a"][..],
            ),
            (
                "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}, spec: {template: {metadata: {name: b}}}}",
                &["b"],
            ),
            (
                "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {target: {name: c}}}",
                &["c"],
            ),
            (
                "{apiVersion: external-secrets.io/v1beta1, kind: ClusterExternalSecret, metadata: {name: a}, spec: {externalSecretName: d, externalSecretSpec: {target: {}}}}",
                &["d"],
            ),
            (
                "{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {name: a}, spec: {secretObjects: [{secretName: x}, {secretName: y}]}}",
                &["x", "y"],
            ),
            (
                "{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {name: a}}",
                &[],
            ),
            (
                "{apiVersion: example.com/v1, kind: ExternalSecret, metadata: {name: a}}",
                &[],
            ),
        ] {
            assert_eq!(made(text), wanted, "{text}");
        }
    }
}
