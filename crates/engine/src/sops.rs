//! Files that sops has encrypted: known by what they hold, and what stands for them where nobody
//! decrypts them.
//!
//! Source: <https://getsops.io/docs/>.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kustom_guard::{encryption, is_sops_document};
use kustom_yaml::error::Result;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Node, Tag, manifests, to_json, write_stream};

/// What stands for a value that cannot be decrypted.
pub const NOT_DECRYPTED: &str = "<not decrypted>";

/// What every encrypted value begins with.
pub const CIPHERTEXT: &str = "ENC[AES256_GCM,";

/// How a file is laid out, which sops must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, of one or more documents.
    Yaml,
    /// JSON.
    Json,
    /// Lines `KEY=value`.
    Dotenv,
    /// Sections of `key = value`.
    Ini,
    /// Anything; encrypted as a whole, in JSON.
    Binary,
}

impl Format {
    /// The format of an encrypted file: by its name, as for sops, or else by its content.
    pub fn of(name: &Path, content: &[u8]) -> Self {
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        let text = String::from_utf8_lossy(content);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("env") => Self::Dotenv,
            Some("ini") => Self::Ini,
            _ if text.trim_start().starts_with('{') => match is_binary(content) {
                true => Self::Binary,
                false => Self::Json,
            },
            _ if text.lines().any(|line| line.starts_with("sops_mac=")) => Self::Dotenv,
            _ if text.lines().any(|line| line.trim() == "[sops]") => Self::Ini,
            _ => Self::Yaml,
        }
    }

    /// What sops calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Binary => "binary",
        }
    }
}

/// Whether JSON holds a file as a whole.
fn is_binary(content: &[u8]) -> bool {
    let documents = manifests(content, SourceId::NONE).unwrap_or_default();
    let [document] = documents.as_slice() else {
        return false;
    };
    let names: Vec<&str> = document
        .entries()
        .iter()
        .filter_map(|it| it.key.text())
        .collect();
    names == ["data", "sops"] && document.get("data").is_some_and(Node::is_scalar)
}

/// Whether a file is one that sops has encrypted, and that is to be decrypted before it is used.
///
/// A `SopsSecret` is not: its controller decrypts it in the cluster.
///
/// # Example
///
/// ```
/// use kustom_engine::sops::is_encrypted;
///
/// let text = "TOKEN=ENC[AES256_GCM,data:Zm9v,type:str]\nsops_mac=ENC[AES256_GCM,data:YmFy]\n";
/// assert!(is_encrypted(text.as_bytes()));
/// assert!(!is_encrypted(b"TOKEN=hunter2\n"));
/// ```
pub fn is_encrypted(content: &[u8]) -> bool {
    let holds = |mark: &str| memchr(content, mark.as_bytes());
    if !holds("sops") || !holds(CIPHERTEXT) {
        return false;
    }
    let text = String::from_utf8_lossy(content);
    if text.trim_start().starts_with(CIPHERTEXT) {
        return false;
    }
    let is_for_controller =
        |node: &Node| node.get("kind").and_then(Node::text) == Some("SopsSecret");
    let documents = || manifests(content, SourceId::NONE).unwrap_or_default();
    match encryption(content) {
        Some("sops") => !documents().iter().any(is_for_controller),
        // One in which nothing had to be encrypted carries metadata all the same.
        None => {
            let mut documents = documents().into_iter();
            documents.any(|it| is_sops_document(&it) && !is_for_controller(&it))
        }
        Some(_) => false,
    }
}

fn memchr(content: &[u8], mark: &[u8]) -> bool {
    content.windows(mark.len()).any(|window| window == mark)
}

/// Where what stands in a file that was decrypted is written in the encrypted one, whose lines are
/// others: sops prints anew what it decrypts.
#[derive(Clone, Debug, Default)]
pub struct WrittenPlaces(Vec<((u32, u32), Span)>);

impl WrittenPlaces {
    /// Pairs the fields of both, for formats that are read as YAML.
    pub fn of(plain: &[u8], written: &[u8]) -> Self {
        let read = |bytes| manifests(bytes, SourceId::NONE).unwrap_or_default();
        let mut places = Vec::new();
        for (plain, written) in read(plain).iter().zip(&read(written)) {
            pair(plain, written, &mut places);
        }
        places.sort_by_key(|(at, _)| *at);
        Self(places)
    }

    /// The span in the encrypted file: of the same field, or else of the one before.
    pub fn span(&self, span: Span) -> Span {
        let at = (span.line, span.column);
        let behind = self.0.partition_point(|(known, _)| *known <= at);
        let found = behind.checked_sub(1).and_then(|before| self.0.get(before));
        match found {
            Some((_, written)) => Span {
                source: span.source,
                ..*written
            },
            None => span,
        }
    }
}

fn pair(plain: &Node, written: &Node, places: &mut Vec<((u32, u32), Span)>) {
    let mut note = |plain: Span, written: Span| {
        if plain.line > 0 && written.line > 0 {
            places.push(((plain.line, plain.column), written));
        }
    };
    // A collection begins where its first child does, which is told apart by its key.
    if plain.is_scalar() || plain.entries().is_empty() && plain.items().is_empty() {
        note(plain.span, written.span);
    }
    let mut below = Vec::new();
    for entry in plain.entries() {
        let key = entry.key.text().unwrap_or_default();
        if let Some(other) = written.entries().iter().find(|other| other.is(key)) {
            note(entry.key.span, other.key.span);
            below.push((&entry.value, &other.value));
        }
    }
    below.extend(plain.items().iter().zip(written.items()));
    for (plain, written) in below {
        pair(plain, written, places);
    }
}

/// Whether a value is encrypted.
pub fn is_ciphertext(node: &Node) -> bool {
    node.text()
        .is_some_and(|text| text.trim_start().starts_with(CIPHERTEXT))
}

/// What stands for an encrypted file that cannot be decrypted: the same, with a placeholder in the
/// place of every encrypted value, and without what sops keeps beside them.
///
/// # Errors
///
/// If the file cannot be read.
pub fn placeholder(content: &[u8], format: Format) -> Result<Vec<u8>> {
    match format {
        Format::Binary => Ok(NOT_DECRYPTED.into()),
        Format::Yaml | Format::Json => {
            let mut documents = manifests(content, SourceId::NONE)?;
            for document in &mut documents {
                document.remove("sops");
                let is_secret = document.get("kind").and_then(Node::text) == Some("Secret");
                for entry in document.entries_mut().into_iter().flatten() {
                    let is_encoded = is_secret && entry.key.text() == Some("data");
                    blank(&mut entry.value, is_encoded);
                }
            }
            if format == Format::Json {
                let texts = documents.iter().map(to_json).collect::<Result<Vec<_>>>()?;
                return Ok(texts.join("\n").into_bytes());
            }
            let mut text = String::new();
            write_stream(documents.iter(), &mut text)?;
            Ok(text.into_bytes())
        }
        Format::Dotenv | Format::Ini => {
            let text = String::from_utf8_lossy(content);
            let mut out = String::new();
            for line in text.lines() {
                let is_metadata = match format {
                    Format::Ini => line.trim() == "[sops]",
                    _ => false,
                };
                if is_metadata {
                    break;
                }
                match line.split_once('=') {
                    Some((key, _)) if key.starts_with("sops_") => continue,
                    Some((key, value)) if value.trim().starts_with(CIPHERTEXT) => {
                        out.push_str(&format!("{key}={NOT_DECRYPTED}"));
                    }
                    None if line
                        .trim_start_matches(['#', ';', ' '])
                        .starts_with(CIPHERTEXT) =>
                    {
                        continue;
                    }
                    _ => out.push_str(line),
                }
                out.push('\n');
            }
            Ok(out.into_bytes())
        }
    }
}

/// Puts placeholders in the places of encrypted values, each of the type of what it stands for.
fn blank(node: &mut Node, is_encoded: bool) {
    if is_ciphertext(node) {
        let text = node.text().unwrap_or_default();
        *node = match text.rsplit_once("type:").map(|(_, kind)| kind) {
            Some("int]" | "float]") => Node::scalar("0", Tag::Int),
            Some("bool]") => Node::scalar("false", Tag::Bool),
            _ if is_encoded => Node::string(BASE64_STANDARD.encode(NOT_DECRYPTED)),
            _ => Node::string(NOT_DECRYPTED),
        };
        return;
    }
    for entry in node.entries_mut().into_iter().flatten() {
        blank(&mut entry.value, is_encoded);
    }
    for item in node.items_mut().into_iter().flatten() {
        blank(item, is_encoded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]";

    #[test]
    fn a_format_is_known_by_the_name_or_by_the_content() {
        let json = format!("{{\"data\": \"{VALUE}\", \"sops\": {{\"mac\": \"{VALUE}\"}}}}");
        let of = |name: &str, content: &str| Format::of(Path::new(name), content.as_bytes());
        assert_eq!(of("a/b.yaml", ""), Format::Yaml);
        assert_eq!(of("key.json", &json), Format::Json);
        assert_eq!(of("key.pem", &json), Format::Binary);
        assert_eq!(of("key", &json.replace("\"data\"", "\"a\"")), Format::Json);
        assert_eq!(of("vars", "A=1\nsops_mac=x\n"), Format::Dotenv);
        assert_eq!(of("vars", "[a]\nb = 1\n[sops]\n"), Format::Ini);
        assert_eq!(of("vars", "a: 1\n"), Format::Yaml);
    }

    #[test]
    fn what_a_controller_decrypts_is_left_alone() {
        let text = format!("kind: SopsSecret\nspec: {{a: '{VALUE}'}}\nsops: {{mac: '{VALUE}'}}\n");
        assert!(!is_encrypted(text.as_bytes()));
        assert!(is_encrypted(
            text.replace("SopsSecret", "Secret").as_bytes()
        ));
        let nothing = format!("a: 1\nsops: {{mac: '{VALUE}'}}\n");
        assert!(
            is_encrypted(nothing.as_bytes()),
            "nothing of it had to be encrypted"
        );
        assert!(!is_encrypted(VALUE.as_bytes()));
    }

    #[test]
    fn a_placeholder_has_the_shape_of_what_it_stands_for() {
        let number = VALUE.replace("type:str", "type:int");
        let text = format!(
            "kind: Secret\ndata: {{a: '{VALUE}'}}\nstringData:\n  b: '{VALUE}'\n  c: d\nlist: ['{number}']\n\
             sops: {{mac: '{VALUE}'}}\n"
        );
        let made = placeholder(text.as_bytes(), Format::Yaml).unwrap();
        assert_eq!(
            String::from_utf8(made).unwrap(),
            "data:\n  a: PG5vdCBkZWNyeXB0ZWQ+\nkind: Secret\nlist:\n- 0\nstringData:\n  \
             b: <not decrypted>\n  c: d\n"
        );
        let text = format!("# c\nA={VALUE}\nB=1\nsops_mac={VALUE}\nsops_version=3\n");
        let made = placeholder(text.as_bytes(), Format::Dotenv).unwrap();
        assert_eq!(made, b"# c\nA=<not decrypted>\nB=1\n");
        let text = format!("[a]\nb = {VALUE}\n\n[sops]\nmac = {VALUE}\n");
        let made = placeholder(text.as_bytes(), Format::Ini).unwrap();
        assert_eq!(made, b"[a]\nb =<not decrypted>\n\n");
    }
}
