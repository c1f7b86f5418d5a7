//! Generators of ksops, without ksops: objects and Secrets of files that sops has encrypted.
//!
//! The files are read as they are; the caller's file system decrypts them. Placeholders stand for
//! what nobody has decrypted.
//! Source: `ksops.go` of `github.com/viaduct-ai/kustomize-sops` v4, as it is written.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::{Entry, Manifests, Node, Text, read_manifests, write};

use super::dotenv;
use crate::load::Loader;
use crate::sops::{Format, WrittenPlaces, is_encrypted, placeholder};

/// The fields of a generator.
const GENERATOR: [&str; 5] = ["apiVersion", "kind", "metadata", "files", "secretFrom"];

/// The fields of an entry of `secretFrom`.
const SECRET_FROM: [&str; 5] = ["metadata", "type", "files", "binaryFiles", "envs"];

/// The fields of the metadata of a Secret that come of an entry.
const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];

/// How generators of ksops run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ksops {
    /// As other plugins do: by the program of that name.
    #[default]
    Program,
    /// In process; placeholders stand for what is encrypted.
    Ciphertext,
    /// In process, of files that are decrypted as they are read.
    Decrypted,
}

/// A file that a generator of ksops names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsopsFile<'n> {
    /// Its path, from the directory of the kustomization.
    pub path: &'n str,
    /// Where it is named.
    pub span: Span,
}

/// Whether an object configures ksops.
pub(super) fn is(object: &Node) -> bool {
    let version = object.get("apiVersion").and_then(Node::text);
    version.is_some_and(|version| version.starts_with("viaduct.ai/"))
        && object.get("kind").and_then(Node::text) == Some("ksops")
}

/// The files that an object names, if it configures ksops.
///
/// # Example
///
/// ```
/// use kustom_engine::plugin::ksops_files;
/// use kustom_yaml::{place::SourceId, read_config};
///
/// let text = b"{apiVersion: viaduct.ai/v1, kind: ksops, secretFrom: [{files: [key=a.enc]}]}";
/// let node = read_config(text, SourceId::NONE)?;
/// assert_eq!(ksops_files(&node).unwrap()[0].path, "a.enc");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn ksops_files(object: &Node) -> Option<Vec<KsopsFile<'_>>> {
    if !is(object) {
        return None;
    }
    let mut files = Vec::new();
    for item in field(object, "files").map_or(&[][..], Node::items) {
        files.extend(named(item, |entry| entry));
    }
    for secret in field(object, "secretFrom").map_or(&[][..], Node::items) {
        for name in ["files", "binaryFiles", "envs"] {
            for item in field(secret, name).map_or(&[][..], Node::items) {
                files.extend(named(item, path_of));
            }
        }
    }
    Some(files)
}

fn named(item: &Node, path: fn(&str) -> &str) -> Option<KsopsFile<'_>> {
    let text = item.text().filter(|text| !text.is_empty())?;
    Some(KsopsFile {
        path: path(text),
        span: item.span,
    })
}

/// The path in an entry of `secretFrom`: what stands behind `KEY=`.
fn path_of(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(_, path)| path)
}

/// A generator whose files are read.
#[derive(Debug)]
pub(super) struct Generator {
    manifests: Vec<File>,
    secrets: Vec<Secret>,
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    source: SourceId,
    /// Where it is written what the bytes say, if they are placeholders.
    written: Option<WrittenPlaces>,
}

/// A Secret that is made of files.
#[derive(Debug, Default)]
struct Secret {
    metadata: Vec<Entry>,
    kind: Option<Node>,
    string_data: Vec<(String, String)>,
    data: Vec<(String, String)>,
}

impl Generator {
    /// Reads the files that an object names.
    ///
    /// # Errors
    ///
    /// If it names none, or one cannot be read, or is not encrypted.
    pub(super) fn new(object: &Node, loader: &Loader<'_>, how: Ksops) -> Result<Self> {
        if field(object, "files").is_none() && field(object, "secretFrom").is_none() {
            return Err(wrong("a generator of ksops names no files")
                .help("say `files`, or `secretFrom` with `metadata` and `files`"));
        }
        let mut reader = Reader {
            loader,
            how,
            findings: Vec::new(),
        };
        reader.check_keys(object, "a generator of ksops", &GENERATOR);
        let mut manifests = Vec::new();
        let names = texts(object, "files")?;
        for (number, name) in names.iter().enumerate() {
            let before = names.iter().take(number);
            if let Some(first) = before.into_iter().find(|first| first.text == name.text) {
                // Its objects would be there twice, all of them.
                return Err(wrong(format!("`{name}` is named twice"))
                    .at(name.span)
                    .note_at("the first one is here", first.span)
                    .help("remove one of them"));
            }
            manifests.push(reader.read(name)?);
        }
        let mut secrets = Vec::new();
        for one in list(object, "secretFrom")? {
            secrets.push(reader.secret(one)?);
        }
        Ok(Self {
            manifests,
            secrets,
            findings: reader.findings,
        })
    }

    /// A warning for each file that placeholders stand for.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    /// The objects.
    pub(super) fn generate(&self) -> Result<Manifests> {
        let mut all = Manifests::default();
        for file in &self.manifests {
            let mut read = read_manifests(&file.bytes, file.source)?;
            if let Some(written) = &file.written {
                let nodes = read.documents.iter_mut();
                nodes.for_each(|node| relocate(node, written));
            }
            all.documents.extend(read.documents);
            all.chunks += read.chunks;
        }
        for secret in &self.secrets {
            let mut text = String::new();
            write(&secret.node(), &mut text)?;
            let read = read_manifests(text.as_bytes(), SourceId::NONE)?;
            all.documents.extend(read.documents);
            all.chunks += read.chunks;
        }
        Ok(all)
    }
}

struct Reader<'r> {
    loader: &'r Loader<'r>,
    how: Ksops,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn read(&mut self, name: &Text) -> Result<File> {
        let content = self.loader.read_as_program(name)?;
        if is_encrypted(&content.bytes) {
            return self.stand_in(name, &content.bytes, content.source);
        }
        if self.how == Ksops::Ciphertext {
            let message =
                format!("`{name}` is not encrypted, and ksops refuses what it need not decrypt");
            return Err(wrong(message)
                .at(name.span)
                .help("encrypt it with `sops encrypt --in-place`, or name it in `resources`"));
        }
        Ok(File {
            bytes: content.bytes,
            source: content.source,
            written: None,
        })
    }

    fn stand_in(&mut self, name: &Text, content: &[u8], source: SourceId) -> Result<File> {
        let bytes = placeholder(content, Format::of(Path::new(&**name), content))?;
        let span = Span {
            source,
            ..Span::default()
        };
        let mut place = Place::from(span);
        self.loader.library().locate(&mut place);
        let shown = place.file.as_deref().unwrap_or(name);
        let message = format!("placeholders stand for what `{shown}` holds: it is encrypted");
        self.findings.push(
            Finding::warning("locked-secret", message)
                .at(place)
                .help("`kustom render --decrypt` decrypts it with the `sops` that is installed"),
        );
        let written = Some(WrittenPlaces::of(&bytes, content));
        Ok(File {
            bytes: bytes.into(),
            source,
            written,
        })
    }

    /// Notes keys that ksops does not know: it leaves them out without a word.
    fn check_keys(&mut self, node: &Node, of: &str, known: &[&str]) {
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            if known.iter().any(|name| name.eq_ignore_ascii_case(key)) {
                continue;
            }
            let message = format!("`{key}` is no field of {of}, and ksops leaves it out");
            let finding = Finding::warning("ignored-field", message);
            let finding = match nearest(key, known.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("the fields are `{}`", known.join("`, `"))),
            };
            let mut place = Place::from(entry.key.span);
            self.loader.library().locate(&mut place);
            self.findings.push(finding.at(place));
        }
    }

    fn secret(&mut self, node: &Node) -> Result<Secret> {
        self.check_keys(node, "`secretFrom`", &SECRET_FROM);
        if let Some(metadata) = field(node, "metadata") {
            self.check_keys(metadata, "the `metadata` of `secretFrom`", &METADATA);
        }
        let mut secret = Secret {
            kind: field(node, "type").filter(|kind| is_text(kind)).cloned(),
            ..Secret::default()
        };
        if let Some(metadata) = field(node, "metadata") {
            let fields = METADATA.iter().filter_map(|name| {
                let value = field(metadata, name)?.clone();
                let key = Node::string(*name);
                Some(Entry { key, value })
            });
            secret.metadata = fields.collect();
        }
        for name in texts(node, "files")? {
            let (key, file) = self.keyed(&name)?;
            let value = String::from_utf8_lossy(&file.bytes).into_owned();
            set(&mut secret.string_data, key, value);
        }
        for name in texts(node, "binaryFiles")? {
            let (key, file) = self.keyed(&name)?;
            set(&mut secret.data, key, BASE64_STANDARD.encode(&file.bytes));
        }
        for name in texts(node, "envs")? {
            let file = self.read(&name)?;
            let text = String::from_utf8_lossy(&file.bytes);
            let pairs = dotenv::pairs(&text).map_err(|(line, why)| {
                let message = format!("`{name}` is no env file: line {line} {why}");
                wrong(message).at(name.span)
            })?;
            for (key, value) in pairs {
                set(&mut secret.string_data, key, value);
            }
        }
        Ok(secret)
    }

    /// The key of an entry, and the file behind it.
    fn keyed(&mut self, entry: &Text) -> Result<(String, File)> {
        let path = path_of(entry);
        if path.contains('=') {
            let message = format!("`{entry}` has more than one `=`");
            return Err(wrong(message).at(entry.span).help("write `KEY=FILE`"));
        }
        let name = Path::new(path).file_name().unwrap_or_default();
        let key = match entry.split_once('=') {
            Some((key, _)) => key.to_owned(),
            None => name.to_string_lossy().into_owned(),
        };
        let path = Text {
            text: path.into(),
            span: entry.span,
        };
        Ok((key, self.read(&path)?))
    }
}

impl Secret {
    fn node(&self) -> Node {
        let entry = |key: &str, value: Node| Entry {
            key: Node::string(key),
            value,
        };
        let texts = |pairs: &[(String, String)]| {
            let entries = pairs.iter();
            Node::map(
                entries
                    .map(|(key, value)| entry(key, Node::string(value)))
                    .collect(),
            )
        };
        let mut entries = vec![
            entry("apiVersion", Node::string("v1")),
            entry("kind", Node::string("Secret")),
            entry("metadata", Node::map(self.metadata.clone())),
        ];
        entries.extend(self.kind.clone().map(|kind| entry("type", kind)));
        for (field, pairs) in [("stringData", &self.string_data), ("data", &self.data)] {
            if !pairs.is_empty() {
                entries.push(entry(field, texts(pairs)));
            }
        }
        Node::map(entries)
    }
}

/// Sets a key; the last value counts.
fn set(pairs: &mut Vec<(String, String)>, key: String, value: String) {
    match pairs.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => pairs.push((key, value)),
    }
}

fn is_text(node: &Node) -> bool {
    node.text().is_some_and(|text| !text.is_empty())
}

/// A field as Go finds it: of this name, or else of one with other capitals.
fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).or_else(|| {
        let mut entries = node.entries().iter();
        let is_like = |key: &str| key.eq_ignore_ascii_case(name);
        let found = entries.find(|entry| entry.key.text().is_some_and(is_like));
        found.map(|entry| &entry.value)
    })
}

/// Gives what is read of placeholders the places in the encrypted file.
fn relocate(node: &mut Node, written: &WrittenPlaces) {
    node.span = written.span(node.span);
    for entry in node.entries_mut().into_iter().flatten() {
        entry.key.span = written.span(entry.key.span);
        relocate(&mut entry.value, written);
    }
    for item in node.items_mut().into_iter().flatten() {
        relocate(item, written);
    }
}

fn list<'n>(node: &'n Node, name: &str) -> Result<&'n [Node]> {
    match field(node, name) {
        None => Ok(&[]),
        Some(value) if value.is_null() => Ok(&[]),
        Some(value) if value.is_seq() => Ok(value.items()),
        Some(value) => Err(wrong(format!("`{name}` of ksops is no list")).at(value.span)),
    }
}

fn texts(node: &Node, field: &str) -> Result<Vec<Text>> {
    let texts = list(node, field)?.iter().map(|item| match is_text(item) {
        true => Ok(Text::of(item)),
        false => Err(wrong(format!("an entry of `{field}` of ksops names no file")).at(item.span)),
    });
    texts.collect()
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Plugin, message)
}
