//! Finds values in the output that are still encrypted.
//!
//! An encrypted file may lie in the repository; in the cluster its text is a password that nobody
//! set. Kustomize and the API server take it as it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::finding::Finding;
use crate::guard::{encryption, is_sops_document};
use crate::place::{Place, SourceId, Span};
use crate::resource::Resource;
use crate::yaml::{Node, Sought, Value};

/// The rule of what is rendered and still encrypted.
pub const UNDECRYPTED: &str = "undecrypted-secret";

/// A finding for each object that carries ciphertext.
pub(super) fn undecrypted(resources: &[Resource]) -> Vec<Finding> {
    resources.iter().filter_map(of_object).collect()
}

fn of_object(resource: &Resource) -> Option<Finding> {
    let kind = resource.id().gvk.kind.as_str();
    // Its controller decrypts it in the cluster.
    if kind == "SopsSecret" {
        return None;
    }
    let original = resource.original_id();
    let named = format!("{kind} `{}`", original.name);
    if is_sops_document(&resource.node) {
        return Some(finding(&named, "sops").at(resource.node.span));
    }
    let mut found = Found {
        is_secret: kind == "Secret",
        values: Vec::new(),
    };
    for entry in resource.node.entries() {
        let key = entry.key.text().unwrap_or_default();
        let is_encoded = key == "binaryData" || (key == "data" && found.is_secret);
        if is_encoded || !entry.value.lacks(Sought::Ciphertext, &is_ciphertext) {
            found.search(&entry.value, key, is_encoded);
        }
    }
    // The metadata of sops, where a generator has read them as values.
    found.values.retain(|value| !value.key.starts_with("sops_"));
    let first = found.values.first()?;
    let mut finding = finding(&named, first.program);
    let keys: Vec<&str> = found.values.iter().map(|value| value.key).collect();
    match keys.as_slice() {
        [key] => finding.message.push_str(&format!(", in `{key}`")),
        [key, rest @ ..] => {
            let message = format!(", in `{key}` and {} more", rest.len());
            finding.message.push_str(&message);
        }
        [] => {}
    }
    let spans = found.values.iter().map(|value| value.span);
    let read = spans.filter(|span| span.source != SourceId::NONE);
    let mut places: Vec<Place> = read.map(Place::from).collect();
    places.dedup();
    if places.is_empty() {
        places.push(resource.node.span.into());
    }
    finding.others = places.split_off(1);
    finding.place = places.pop();
    Some(finding)
}

/// Whether a text holds an encrypted value of sops among others, as a template makes one of values
/// that are encrypted.
pub(super) fn holds_ciphertext(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, value)) = rest.split_once("ENC[AES256_GCM,data:") {
        let whole = value.split_once(']').map(|(value, _)| value);
        if whole.is_some_and(|value| value.contains(",tag:") && !value.contains('\n')) {
            return true;
        }
        rest = value;
    }
    false
}

/// The program that encrypted a value, or a part of it.
fn program_of(content: &[u8]) -> Option<&'static str> {
    let is_part = || std::str::from_utf8(content).is_ok_and(holds_ciphertext);
    encryption(content).or_else(|| is_part().then_some("sops"))
}

fn is_ciphertext(scalar: &Node) -> bool {
    let text = scalar.text().unwrap_or_default();
    program_of(text.as_bytes()).is_some()
}

fn finding(named: &str, program: &str) -> Finding {
    let help = match program {
        "sops" => {
            "decrypt it as it is rendered, with `--decrypt`: the cluster takes the ciphertext for \
             the secret"
        }
        "git-crypt" => "unlock the repository with `git-crypt unlock` before it is rendered",
        _ => "decrypt it before it is rendered: the cluster takes the ciphertext for the secret",
    };
    let message = format!("{named} carries ciphertext of {program}");
    Finding::warning(UNDECRYPTED, message).help(help)
}

/// The encrypted values of an object.
struct Found<'r> {
    is_secret: bool,
    values: Vec<Encrypted<'r>>,
}

struct Encrypted<'r> {
    key: &'r str,
    program: &'static str,
    span: Span,
}

impl<'r> Found<'r> {
    fn search(&mut self, node: &'r Node, key: &'r str, is_encoded: bool) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|entry| {
                self.search(
                    &entry.value,
                    entry.key.text().unwrap_or_default(),
                    is_encoded,
                );
            }),
            Value::Seq(items) => items
                .iter()
                .for_each(|item| self.search(item, key, is_encoded)),
            Value::Scalar(text) => {
                let decoded;
                let content = if is_encoded {
                    let packed: String = text.split_ascii_whitespace().collect();
                    decoded = STANDARD.decode(packed).unwrap_or_default();
                    decoded.as_slice()
                } else {
                    text.as_bytes()
                };
                let program = program_of(content);
                // Elsewhere an encrypted message may be intended.
                let is_meant = |program: &str| matches!(program, "age" | "PGP") && !self.is_secret;
                if let Some(program) = program.filter(|program| !is_meant(program)) {
                    self.values.push(Encrypted {
                        key,
                        program,
                        span: node.span,
                    });
                }
            }
            Value::Alias(_) => {}
        }
    }
}
