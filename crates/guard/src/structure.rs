//! Finds secrets by the structure of a parsed document: kinds, keys and encoded values.
//!
//! In the fields that Kubernetes and kustomize define for secrets any name counts; everywhere else
//! the name decides. Aliases are followed where any name counts, and each anchored mapping is
//! visited once, so that the work is linear in the text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use kustom_yaml::{Entry, Node, Value};

use super::base64;
use super::files;
use super::harmless::{is_encrypted, is_public};
use super::judge::{ValueContext, Verdict, is_password, judge};
use super::name_hint::{NameHint, says_nothing};
use super::placeholder::is_placeholder_value;
use super::random::is_random;
use super::rule_ids;
use super::text::Hit;

/// A text inside the document that wants a search of its own.
pub(super) struct Inner {
    /// The name it goes by, which may say what it is: `.dockerconfigjson`, `users.htpasswd`.
    pub(super) name: String,
    pub(super) text: String,
    /// Where it stands in the document, encoded or not.
    pub(super) range: Range<usize>,
}

/// What a walk over one document found; all ranges are of the document's text.
#[derive(Default)]
pub(super) struct Walk<'t> {
    text: &'t str,
    /// What is anchored, by the names of the anchors.
    anchors: HashMap<&'t str, &'t Node>,
    /// The anchors whose maps were looked at as those of a Secret.
    followed: HashSet<&'t str>,
    pub(super) hits: Vec<Hit>,
    pub(super) inner: Vec<Inner>,
    /// The scalars that are values: what assigns inside of them is an assignment.
    pub(super) scalars: Vec<Range<usize>>,
}

/// Goes over one document; `name` is what its file or key is called.
pub(super) fn walk<'t>(text: &'t str, document: &'t Node, name: &str) -> Walk<'t> {
    let mut walk = Walk {
        text,
        ..Walk::default()
    };
    if text.contains(": *") || text.contains("- *") {
        anchored(document, &mut walk.anchors);
    }
    if name.ends_with(".dockercfg") {
        for registry in document.entries() {
            walk.registry(&registry.value);
        }
    }
    walk.node(document, "", false);
    walk.scalars.sort_unstable_by_key(|range| range.start);
    walk
}

/// Gathers what is anchored; of equal names the first.
fn anchored<'n>(node: &'n Node, anchors: &mut HashMap<&'n str, &'n Node>) {
    if let Some(name) = node
        .decor
        .as_ref()
        .and_then(|decor| decor.anchor.as_deref())
    {
        anchors.entry(name).or_insert(node);
    }
    for entry in node.entries() {
        anchored(&entry.value, anchors);
    }
    for item in node.items() {
        anchored(item, anchors);
    }
}

impl<'t> Walk<'t> {
    /// `key` is the nearest name above; `is_secret` says that a map is one although its kind is
    /// not written.
    fn node(&mut self, node: &Node, key: &str, is_secret: bool) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, key, is_secret),
            Value::Seq(items) => {
                for item in items {
                    self.node(item, key, is_secret);
                }
            }
            Value::Scalar(text) => self.named(key, text, node),
            Value::Alias(_) => {}
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], key: &str, is_secret: bool) {
        let kind = text_of(node, "kind").unwrap_or_default();
        let is_secret = is_secret || kind.eq_ignore_ascii_case("Secret");
        let is_generator = kind == "SecretGenerator" || kind == "ConfigMapGenerator";
        if is_generator {
            self.generator(node, kind == "SecretGenerator");
        }
        if text_of(node, "type") == Some("random_password") {
            self.made_password(node);
        }
        self.json_patch(node);
        let pair = text_of(node, "name").or_else(|| text_of(node, "key"));
        // `command: update` of a script for yq 3, or an operation on what is no Secret.
        let pair = pair.or_else(|| {
            let path = text_of(node, "path")?;
            node.get("command").map(|_| last_step(path))
        });
        self.replacement(node);
        for entry in entries {
            let (name, value) = (entry.key.text().unwrap_or_default(), &entry.value);
            if name.contains(' ') {
                // No name, but a text with a colon in it.
                let range = self.range(&entry.key);
                self.scalars.push(range);
            }
            match name {
                "data" | "stringData" if is_secret && !value.is_scalar() => {
                    self.secret(value, name == "data");
                }
                "literals" if is_generator => {}
                "secretGenerator" | "configMapGenerator" if value.is_seq() => {
                    for generator in value.items() {
                        self.generator(generator, name == "secretGenerator");
                    }
                }
                "items" if kind == "SecretList" => self.node(value, name, true),
                "auths" if value.is_map() => {
                    for registry in value.entries() {
                        self.registry(&registry.value);
                    }
                }
                // What only a controller can read, and who can read the rest.
                "encryptedData" => {}
                // The name of an entry in a Secret that a controller makes.
                "secretKey" | "remoteKey" | "property" if is_referring(node, kind) => {}
                "remoteRef" | "secretKeyRef" if value.is_map() => {}
                "dataFrom" if kind.ends_with("ExternalSecret") || key == "spec" => {}
                "sops" if value.get("mac").is_some() => {}
                "auth" if value.is_scalar() && self.docker_auth(value) => {}
                "kubectl.kubernetes.io/last-applied-configuration" => self.read_inside(name, value),
                "value" if pair.is_some() => self.node(value, pair.unwrap_or(name), false),
                // `password: {value: …}` is about the password.
                _ if says_nothing(name) && !key.is_empty() => {
                    self.node(value, &format!("{key}.{name}"), false);
                }
                _ => self.node(value, name, false),
            }
        }
    }

    /// A value under a name, anywhere.
    fn named(&mut self, key: &str, text: &str, node: &Node) {
        let range = self.range(node);
        self.scalars.push(range);
        let is_long = text.contains('\n');
        if is_patch(key, text) || is_long && (is_manifest(text) || files::is_document(key)) {
            self.read_inside(key, node);
        } else if !is_long && judge(key, text, ValueContext::Config).is_some() {
            self.hit(rule_ids::CREDENTIAL, key, text, node);
        } else if is_long
            && !text.contains(' ')
            && let Some(decoded) = base64::decode_text(text)
        {
            // On one line it was found without a parser.
            self.inner.push(Inner {
                name: key.to_owned(),
                text: decoded,
                range: self.range(node),
            });
        }
    }

    /// `data` or `stringData` of a Secret.
    fn secret(&mut self, data: &Node, encoded: bool) {
        if let Some(shared) = self.meaning(data) {
            return self.secret(shared, encoded);
        }
        for entry in data.entries() {
            let key = entry.key.text().unwrap_or_default();
            if key == "<<" {
                self.secret(&entry.value, encoded);
                continue;
            }
            let value = self.meaning(&entry.value).unwrap_or(&entry.value);
            match value.text() {
                Some(text) if encoded => self.encoded(key, text, value),
                Some(text) => self.secret_value(rule_ids::SECRET, key, text, value, false),
                None => self.node(value, key, false),
            }
        }
    }

    /// What an alias stands for: a scalar, or a map at its first use.
    fn meaning(&mut self, node: &Node) -> Option<&'t Node> {
        let Value::Alias(name) = &node.value else {
            return None;
        };
        let (&name, &meant) = self.anchors.get_key_value(&**name)?;
        (meant.is_scalar() || self.followed.insert(name)).then_some(meant)
    }

    fn encoded(&mut self, key: &str, text: &str, node: &Node) {
        if is_encrypted(text) {
            return;
        }
        let Some(bytes) = base64::decode(text) else {
            return self.secret_value(rule_ids::SECRET, key, text, node, false);
        };
        match String::from_utf8(bytes) {
            Ok(decoded) if base64::is_printable(&decoded) => {
                self.secret_value(rule_ids::SECRET, key, &decoded, node, true);
            }
            Ok(decoded) => self.binary(key, text, decoded.as_bytes(), node),
            Err(error) => self.binary(key, text, error.as_bytes(), node),
        }
    }

    /// Bytes that are no text: a drawn key or a key store, unless they are a certificate, an
    /// archive or an image.
    fn binary(&mut self, key: &str, text: &str, bytes: &[u8], node: &Node) {
        let lower = key.to_ascii_lowercase();
        let is_store = [".p12", ".pfx", ".jks", ".keystore", ".keytab"]
            .iter()
            .any(|end| lower.ends_with(end));
        let heads: [&[u8]; 6] = [
            b"\x1f\x8b",
            b"PK\x03\x04",
            b"\x89PNG",
            b"\xff\xd8\xff",
            b"GIF8",
            b"\x30\x82",
        ];
        let is_other = heads.iter().any(|head| bytes.starts_with(head));
        let is_public = lower.contains("trust") || NameHint::of(key) == NameHint::Open && !is_store;
        let compact: String = text.split_whitespace().collect();
        let is_random = bytes.len() >= 8 && is_random(&compact, 6.0);
        if (is_store || (is_random && !is_other)) && !is_public && !is_placeholder_value(&compact) {
            self.hit(rule_ids::SECRET, key, text, node);
        }
    }

    /// A value in a place made for secrets.
    fn secret_value(
        &mut self,
        rule: &'static str,
        key: &str,
        text: &str,
        node: &Node,
        decoded: bool,
    ) {
        let value = text.trim();
        if is_encrypted(value) || is_public(value) {
            return;
        }
        let is_object = value.starts_with(['{', '[']) && value.contains("\":");
        match judge(key, value, ValueContext::Secret) {
            Some(Verdict::Secret) if !is_object => self.hit(rule, key, value, node),
            Some(Verdict::Weak) => self.hit(rule_ids::WEAK, key, value, node),
            _ => {
                if decoded || is_object || value.contains(char::is_whitespace) {
                    self.inner.push(Inner {
                        name: key.to_owned(),
                        text: text.to_owned(),
                        range: self.range(node),
                    });
                }
            }
        }
    }

    /// One entry of `secretGenerator` or `configMapGenerator`.
    fn generator(&mut self, generator: &Node, is_secret: bool) {
        for literal in generator.get("literals").map_or(&[][..], Node::items) {
            let Some((key, value)) = literal.text().and_then(|text| text.split_once('=')) else {
                continue;
            };
            let value = unquoted(value);
            if is_secret {
                self.secret_value(rule_ids::GENERATOR, key, value, literal, false);
            } else {
                self.named(key, value, literal);
            }
        }
        for entry in generator.entries() {
            if !entry.is("literals") {
                let key = entry.key.text().unwrap_or_default();
                self.node(&entry.value, key, false);
            }
        }
    }

    /// One operation of a JSON patch on the data of a Secret or ConfigMap.
    fn json_patch(&mut self, operation: &Node) {
        let (Some(path), Some(value)) = (text_of(operation, "path"), operation.get("value")) else {
            return;
        };
        if operation.get("op").is_none() {
            return;
        }
        let key = path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .replace("~1", "/");
        let is_plain = path.starts_with("/stringData");
        if (path == "/data" || path == "/stringData") && value.is_map() {
            self.secret(value, !is_plain);
        } else if is_plain {
            if let Some(text) = value.text() {
                self.secret_value(rule_ids::SECRET, &key, text, value, false);
            }
        } else if path.starts_with("/data/") {
            let Some(text) = value.text() else { return };
            // A ConfigMap's data are plain, a Secret's are not; the kind is said elsewhere.
            match base64::decode_text(text) {
                Some(_) => self.encoded(&key, text, value),
                None => self.named(&key, text, value),
            }
        } else {
            self.node(value, &key, false);
        }
    }

    /// A replacement whose source is a value that is written there.
    fn replacement(&mut self, node: &Node) {
        let Some(source) = node.get("sourceValue") else {
            return;
        };
        let Some(text) = source.text() else { return };
        for target in node.get("targets").map_or(&[][..], Node::items) {
            let is_secret = target.at(&["select", "kind"]).and_then(Node::text) == Some("Secret");
            for path in target.get("fieldPaths").map_or(&[][..], Node::items) {
                let Some(path) = path.text() else { continue };
                let key = last_step(path);
                match path.split('.').next() {
                    Some("stringData") if is_secret => {
                        return self.secret_value(rule_ids::SECRET, key, text, source, false);
                    }
                    Some("data") if is_secret => return self.encoded(key, text, source),
                    _ => {}
                }
                if judge(key, text, ValueContext::Config).is_some() {
                    return self.hit(rule_ids::CREDENTIAL, key, text, source);
                }
            }
        }
    }

    /// The credentials of one registry in a Docker configuration.
    fn registry(&mut self, registry: &Node) {
        for entry in registry.entries() {
            let (Some(key), Some(text)) = (entry.key.text(), entry.value.text()) else {
                continue;
            };
            let is_secret = match key {
                "auth" => {
                    !self.docker_auth(&entry.value)
                        && base64::decode_text(text).is_none()
                        && !is_placeholder_value(text)
                        && is_random(text, 6.0)
                }
                "password" | "identitytoken" | "registrytoken" => {
                    judge("password", text, ValueContext::Secret) == Some(Verdict::Secret)
                }
                _ => false,
            };
            if is_secret {
                self.hit(rule_ids::DOCKER, key, text, &entry.value);
            }
        }
    }

    /// `auth` of a Docker configuration: the base64 of user and password.
    fn docker_auth(&mut self, node: &Node) -> bool {
        let decoded = node.text().and_then(base64::decode_text);
        let Some((_, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
            return false;
        };
        if is_password(password.trim()) {
            self.hit(rule_ids::DOCKER, "auth", password.trim(), node);
        }
        true
    }

    /// A password that Terraform made keeps in its state.
    fn made_password(&mut self, resource: &Node) {
        let instances = resource.get("instances").map_or(&[][..], Node::items);
        for result in instances
            .iter()
            .filter_map(|node| node.at(&["attributes", "result"]))
        {
            if let Some(text) = result.text()
                && judge("password", text, ValueContext::Secret) == Some(Verdict::Secret)
            {
                self.hit(rule_ids::CREDENTIAL, "result", text, result);
            }
        }
    }

    fn read_inside(&mut self, name: &str, node: &Node) {
        if let Some(text) = node.text() {
            self.inner.push(Inner {
                name: name.to_owned(),
                text: text.to_owned(),
                range: self.range(node),
            });
        }
    }

    fn hit(&mut self, rule: &'static str, key: &str, value: &str, node: &Node) {
        let range = self.range(node);
        let range = locate(self.text, range, value);
        self.hits.push(Hit {
            rule,
            range,
            key: Some(key.to_owned()),
            value: value.to_owned(),
        });
    }

    fn range(&self, node: &Node) -> Range<usize> {
        let range = node.span.range();
        let end = range.end.min(self.text.len());
        range.start.min(end)..end
    }
}

/// Where a value is written within a range of a text; the whole range if it is encoded or escaped.
pub(super) fn locate(text: &str, range: Range<usize>, value: &str) -> Range<usize> {
    let found = text
        .get(range.clone())
        .and_then(|inside| inside.find(value));
    match found {
        Some(found) if !value.is_empty() => range.start + found..range.start + found + value.len(),
        _ => range,
    }
}

fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::text)
}

/// A patch of a kustomization, written in its place.
pub(super) fn is_patch(key: &str, text: &str) -> bool {
    matches!(key, "patch" | "patchesStrategicMerge" | "patchesJson6902")
        && (text.contains('\n') || text.starts_with(['[', '{']))
}

/// Whether a text of several lines could be a Secret or a kustomization.
fn is_manifest(text: &str) -> bool {
    text.contains("ecret") && text.contains("kind")
}

/// The last step of a path as yq 3, kustomize or JSON pointers write it.
pub(super) fn last_step(path: &str) -> &str {
    let steps = path.rsplit(['.', '/']);
    let mut named = steps.filter(|step| !step.is_empty() && !step.starts_with('['));
    named
        .next()
        .unwrap_or(path)
        .split('[')
        .next()
        .unwrap_or(path)
}

/// Whether a map says which entry of a store becomes which of a Secret.
fn is_referring(node: &Node, kind: &str) -> bool {
    let marks = ["remoteRef", "sourceRef", "match", "secretRef", "objectName"];
    kind.ends_with("ExternalSecret") || marks.iter().any(|mark| node.get(mark).is_some())
}

/// A literal's value without the quotes that kustomize takes off.
pub(super) fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    const VALUE: &str = "uyS1F1a10F1qmQj8q17zZuMHnG5";
    /// [`VALUE`] in base64.
    const ENCODED: &str = "dXlTMUYxYTEwRjFxbVFqOHExN3padU1Ibkc1";

    fn found(text: &str) -> Vec<(&'static str, String)> {
        let documents = read(text, &Options::default()).unwrap();
        let hits = walk(text, &documents[0], "a.yaml").hits;
        hits.into_iter()
            .map(|hit| (hit.rule, hit.key.unwrap_or_default()))
            .collect()
    }

    fn one(rule: &'static str, key: &str) -> Vec<(&'static str, String)> {
        vec![(rule, key.to_owned())]
    }

    #[test]
    fn every_name_counts_in_a_secret_wherever_it_is() {
        for text in [
            format!("kind: Secret\ndata: {{honk: {ENCODED}}}\n"),
            format!("kind: Secret\nstringData: {{honk: {VALUE}}}\n"),
            format!("kind: List\nitems:\n- kind: Secret\n  data: {{honk: {ENCODED}}}\n"),
            format!("kind: SecretList\nitems:\n- data: {{honk: {ENCODED}}}\n"),
            format!("extraDeploy:\n- kind: Secret\n  stringData: {{honk: {VALUE}}}\n"),
            format!("- {{op: add, path: /stringData/honk, value: {VALUE}}}\n"),
            format!("- {{op: add, path: /data, value: {{honk: {ENCODED}}}}}\n"),
            format!("- {{op: add, path: /data/honk, value: {ENCODED}}}\n"),
            format!("x: &v {VALUE}\nkind: Secret\nstringData: {{honk: *v}}\n"),
            format!("x: &v {{honk: {VALUE}}}\nkind: Secret\nstringData: *v\n"),
            format!("x: &v {{honk: {ENCODED}}}\nkind: Secret\ndata:\n  <<: *v\n"),
        ] {
            assert_eq!(found(&text), one(rule_ids::SECRET, "honk"), "{text}");
        }
    }

    #[test]
    fn every_name_counts_in_a_literal_of_a_secret_generator() {
        for text in [
            format!("secretGenerator:\n- literals:\n  - honk={VALUE}\n"),
            format!("secretGenerator: [{{literals: ['honk=\"{VALUE}\"']}}]\n"),
            format!("kind: SecretGenerator\nliterals: [honk={VALUE}]\n"),
        ] {
            assert_eq!(found(&text), one(rule_ids::GENERATOR, "honk"), "{text}");
        }
        let config = format!("configMapGenerator:\n- literals: [honk={VALUE}, pw={VALUE}]\n");
        assert_eq!(found(&config), one(rule_ids::CREDENTIAL, "pw"));
    }

    #[test]
    fn elsewhere_the_name_decides() {
        for (text, key) in [
            (
                format!("env:\n- {{name: X_TOKEN, value: {VALUE}}}\n"),
                "X_TOKEN",
            ),
            (
                format!("env:\n- value: {VALUE}\n  name: X_TOKEN\n"),
                "X_TOKEN",
            ),
            (format!("auth: {{password: {VALUE}}}\n"), "password"),
            (format!("password:\n  value: {VALUE}\n"), "password.value"),
            (format!("tokens:\n- {VALUE}\n"), "tokens"),
        ] {
            assert_eq!(found(&text), one(rule_ids::CREDENTIAL, key), "{text}");
        }
        for text in [
            format!("secretName: {VALUE}\n"),
            format!("kind: ConfigMap\ndata: {{honk: {VALUE}}}\n"),
            format!("spec: {{encryptedData: {{password: {VALUE}}}}}\n"),
            format!("sops: {{mac: x, token: {VALUE}}}\n"),
        ] {
            assert_eq!(found(&text), [], "{text}");
        }
    }

    #[test]
    fn the_credentials_of_registries_are_found() {
        let auth = "YWNtZTpycnY4WGtMOXFQMndaN21O";
        for text in [
            format!("{{\"auths\": {{\"quay.io\": {{\"auth\": \"{auth}\"}}}}}}"),
            format!("{{\"https://index.docker.io/v1/\": {{\"auth\": \"{auth}\"}}}}"),
        ] {
            assert_eq!(found(&text), one(rule_ids::DOCKER, "auth"), "{text}");
        }
        assert_eq!(
            found("{\"auths\": {\"x\": {\"email\": \"\"}}, \"credsStore\": \"y\"}"),
            []
        );
    }

    #[test]
    fn texts_inside_are_handed_out_with_their_place() {
        let text =
            format!("patches:\n- patch: |\n    kind: Secret\n    stringData: {{a: {VALUE}}}\n");
        let documents = read(&text, &Options::default()).unwrap();
        let walk = walk(&text, &documents[0], "kustomization.yaml");
        assert_eq!(walk.inner.len(), 1);
        assert_eq!(walk.inner[0].name, "patch");
        assert!(text[walk.inner[0].range.clone()].contains(VALUE));
    }

    #[test]
    fn bytes_in_a_secret_are_a_key_unless_they_are_public() {
        let key = "kind: Secret\ndata: {fernet: /fPh6Z2KweTX8NvMsKzg9vL7}\n";
        assert_eq!(found(key), one(rule_ids::SECRET, "fernet"));
        for other in [
            "ca.crt: MIIDdzCCAl+gAwIBAgIE/fPh6Z2K",
            "release: H4sIAJqW/fPh6Z2KweTX8NvM",
        ] {
            assert_eq!(
                found(&format!("kind: Secret\ndata: {{{other}}}\n")),
                [],
                "{other}"
            );
        }
    }
}
