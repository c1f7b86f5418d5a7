//! Reads the bytes of a manifest file, or of a kustomization, into documents.
//!
//! kustomize splits a manifest file into chunks by text, before any YAML is parsed, and takes the
//! first document of each chunk. A kustomization is not split: its first document counts.

use std::borrow::Cow;

use bytes::Bytes;
use bytestring::ByteString;
use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

use super::normalize::{Repeated, normalize};
use super::read::{self, KeptText, Options};
use super::scan::{self, Origin};
use super::{Dialect, Node, control_chars, round_trip};
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};
use crate::search;
use crate::threads;

/// The documents of a manifest file, with aliases and merge keys replaced by what they mean.
///
/// Empty documents (`null`, `{}`, `[]`, only comments) are left out.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::manifests;
///
/// let documents = manifests(b"kind: A\n---\n# nothing\n---\nkind: B\n", SourceId::NONE)?;
/// assert_eq!(documents.len(), 2);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn manifests(bytes: &[u8], source: SourceId) -> Result<Vec<Node>> {
    Ok(read_manifests(bytes, source)?.documents)
}

/// What a manifest file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifests {
    /// The documents that are not empty.
    pub documents: Vec<Node>,
    /// The number of chunks, empty ones included: only a `List` that is alone is unwrapped.
    pub chunks: usize,
}

/// The documents of a manifest file, and into how many chunks it was cut.
pub fn read_manifests(bytes: &[u8], source: SourceId) -> Result<Manifests> {
    documents(&decode(bytes, source)?, source, None)
}

/// As [`read_manifests`], of bytes that are handed over.
///
/// Large collections that stand in the text just as they will be printed are kept as pieces of it:
/// they are read when somebody looks into them, and copied out where nobody does.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::{read_manifests, take_manifests};
///
/// let text = "kind: A\nspec:\n  a: 1\n";
/// let taken = take_manifests(text.into(), SourceId::NONE)?;
/// assert_eq!(taken, read_manifests(text.as_bytes(), SourceId::NONE)?);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn take_manifests(bytes: Bytes, source: SourceId) -> Result<Manifests> {
    take_manifests_from(bytes, source, WORTH_KEEPING)
}

/// The length of a collection, in bytes, from which on it is kept as a piece of its text.
const WORTH_KEEPING: usize = 4096;

/// As [`take_manifests`], with another length from which on collections are kept; for those that
/// hold this against nodes.
#[doc(hidden)]
pub fn take_manifests_from(
    bytes: Bytes,
    source: SourceId,
    worth_keeping: usize,
) -> Result<Manifests> {
    if bytes.len() < worth_keeping {
        return read_manifests(&bytes, source);
    }
    let text = match ByteString::try_from(bytes.clone()) {
        Ok(text) if !text.is_empty() => text,
        // It is in another encoding, or it is none.
        _ => return read_manifests(&bytes, source),
    };
    let unusual = control_chars::refuse(&text, source)?;
    let kept = KeptText::new(&text, worth_keeping, &unusual);
    documents(&text, source, Some(kept))
}

/// The documents of a text, which may be `kept` for pieces of it.
fn documents(text: &str, source: SourceId, kept: Option<KeptText<'_>>) -> Result<Manifests> {
    let options = Options {
        source,
        ..Options::default()
    };
    let rest = Rest::new(text, source);
    if text.len() >= WORTH_SHARING && threads::wanted() != 1 {
        return side_by_side(rest, &options, kept);
    }
    let (mut rest, mut kept) = (rest, kept);
    let mut stream = Manifests::default();
    while let Some((chunk, origin)) = rest.next_chunk()? {
        let (document, lines) = document(chunk, origin, &options, kept.as_mut())?;
        debug_assert!(lines.is_none_or(|lines| lines == newlines(chunk)));
        rest.pass(lines.unwrap_or_else(|| newlines(chunk)));
        stream.add(document);
    }
    Ok(stream)
}

/// The length of a text, in bytes, from which on several threads read it sooner than one, where there may
/// be several.
const WORTH_SHARING: usize = 256 * 1024;

/// Reads the chunks of a long text on all cores; what is wrong first is said first.
fn side_by_side(
    mut rest: Rest<'_>,
    options: &Options,
    kept: Option<KeptText<'_>>,
) -> Result<Manifests> {
    let mut chunks = Vec::new();
    let end = loop {
        match rest.next_chunk() {
            Ok(Some(chunk)) => {
                rest.pass(newlines(chunk.0));
                chunks.push(chunk);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    threads::get_ready();
    let mut nodes = Vec::new();
    chunks
        .into_par_iter()
        .map_init(
            || kept.as_ref().map(KeptText::anew),
            |kept, (chunk, origin)| {
                let document = document(chunk, origin, options, kept.as_mut());
                document.map(|(document, _)| document)
            },
        )
        .collect_into_vec(&mut nodes);
    let mut stream = Manifests::default();
    for node in nodes {
        stream.add(node?);
    }
    end.map(|()| stream)
}

/// The first document of a chunk, and how many lines end in the chunk, where that is known; the comment
/// below a block of text at its end is kept, because it matters to how that is printed.
fn document(
    chunk: &str,
    origin: Origin,
    options: &Options,
    kept: Option<&mut KeptText<'_>>,
) -> Result<(Option<Node>, Option<usize>)> {
    let (mut document, lines) = read::first_kept(chunk, origin, options, kept)?;
    if let Some(root) = &mut document
        && let Some(comment) = comment_below(root, chunk, origin)
    {
        root.decor_mut().foot = Some(comment.into());
    }
    Ok((document, lines))
}

/// How many lines end in a text.
fn newlines(text: &str) -> usize {
    search::count(b'\n', text.as_bytes())
}

/// The comment below a block of text, whose line breaks at the end are kept, at the end of a
/// document.
fn comment_below<'t>(root: &Node, chunk: &'t str, origin: Origin) -> Option<&'t str> {
    let last = round_trip::last_open_block(root)?;
    let end = usize::try_from(last.span.end).ok()?;
    let mut below = chunk.get(end.checked_sub(origin.offset)?..)?.lines();
    let comment = below.find(|line| !line.trim().is_empty())?.trim();
    comment.starts_with('#').then_some(comment)
}

impl Manifests {
    /// Adds what a chunk holds.
    fn add(&mut self, document: Option<Node>) {
        self.chunks += 1;
        self.documents
            .extend(document.filter(|node| !is_empty(node)));
    }
}

/// The first document of a kustomization or a transformer configuration, by the rules of YAML 1.1;
/// null for a file without content.
///
/// All keys are strings (`yes: 1` has the key `true`), and of equal keys the last is left.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::SourceId;
/// use kustom_yaml::read_config;
///
/// let node = read_config(b"generatorOptions: {immutable: yes}\n", SourceId::NONE)?;
/// assert!(node.get("generatorOptions").is_some_and(|options| options.is_map()));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn read_config(bytes: &[u8], source: SourceId) -> Result<Node> {
    first_document(bytes, source, Repeated::LastCounts)
}

/// As [`read_config`], but a key that is there twice is an error.
pub fn read_strict_config(bytes: &[u8], source: SourceId) -> Result<Node> {
    first_document(bytes, source, Repeated::Refused)
}

/// As [`read_config`], all documents of a text; a document without content is null.
///
/// # Errors
///
/// If one is no YAML.
pub fn configs(bytes: &[u8], source: SourceId) -> Result<Vec<Node>> {
    let text = decode(bytes, source)?;
    let options = Options {
        source,
        dialect: Dialect::Kustomization,
        ..Options::default()
    };
    let mut nodes = read::read(&text, &options)?;
    for node in &mut nodes {
        normalize(node, Repeated::LastCounts)?;
    }
    Ok(nodes)
}

fn first_document(bytes: &[u8], source: SourceId, repeated: Repeated) -> Result<Node> {
    let text = decode(bytes, source)?;
    let options = Options {
        source,
        dialect: Dialect::Kustomization,
        ..Options::default()
    };
    let (text, origin) = scan::without_bom(&text, Origin::start(source));
    let mut node = read::first(text, origin, &options)?.unwrap_or_default();
    normalize(&mut node, repeated)?;
    Ok(node)
}

fn is_empty(node: &Node) -> bool {
    node.is_null()
        || (node.is_map() && node.entries().is_empty())
        || (node.is_seq() && node.items().is_empty())
}

/// What is left of a file to cut into chunks.
struct Rest<'t> {
    text: Option<&'t str>,
    /// Where it starts; the lines of the last chunk are not counted before [`Self::pass`].
    origin: Origin,
    source: SourceId,
}

impl<'t> Rest<'t> {
    fn new(text: &'t str, source: SourceId) -> Self {
        Self {
            text: (!text.is_empty()).then_some(text),
            origin: Origin::start(source),
            source,
        }
    }

    /// The text up to the next separator, which is a line that starts with `---`, is not the first
    /// of what is left, and has a line break.
    fn next_chunk(&mut self) -> Result<Option<(&'t str, Origin)>> {
        let Some(text) = self.text else {
            return Ok(None);
        };
        let origin = self.origin;
        let cut = search::text(b"\n---", text.as_bytes()).and_then(|at| {
            let line = text.cut(at + 1..);
            Some((at + 1, search::first(b'\n', line.as_bytes())?))
        });
        let Some((at, len)) = cut else {
            self.text = None;
            return Ok(Some(scan::without_bom(text, origin)));
        };
        let chunk = text.cut(..at);
        let separator = text.cut(at..at + len);
        self.origin.offset += at + len + 1;
        // Of the separator.
        self.origin.lines += 1;
        self.text = Some(text.cut(at + len + 1..));
        self.check_separator(separator, origin.offset + at, chunk)?;
        Ok(Some(scan::without_bom(chunk, origin)))
    }

    /// Counts the lines that end in the last chunk.
    fn pass(&mut self, lines: usize) {
        self.origin.lines += lines;
    }

    /// Refuses a separator below a chunk that more than a comment follows.
    fn check_separator(&self, separator: &str, offset: usize, chunk: &str) -> Result<()> {
        let content = separator.cut(3..).trim();
        if content.is_empty() || content.starts_with('#') {
            return Ok(());
        }
        let span = Span {
            source: self.source,
            start: narrow(offset),
            end: narrow(offset + separator.len()),
            line: narrow(self.origin.lines + newlines(chunk)),
            column: 1,
        };
        let message = format!("invalid document separator `{}`", separator.trim());
        Err(Error::new(Kind::Yaml, message)
            .at(span)
            .help("put what follows `---` on a line of its own"))
    }
}

/// The text of a file: UTF-8, or UTF-16 with a byte order mark.
fn decode(bytes: &[u8], source: SourceId) -> Result<Cow<'_, str>> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes, source)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes, source)?),
        _ => Cow::Borrowed(utf8(bytes, source)?),
    };
    control_chars::refuse(&text, source)?;
    Ok(text)
}

fn utf8(bytes: &[u8], source: SourceId) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (valid, _) = bytes.split_at(error.valid_up_to());
        let text = String::from_utf8_lossy(valid);
        let message = match bytes.get(error.valid_up_to()) {
            Some(byte) => format!("byte 0x{byte:02X} is not UTF-8"),
            None => "the text is not UTF-8".to_owned(),
        };
        Error::new(Kind::Yaml, message)
            .at(control_chars::place_after(&text, source))
            .help("save the file as UTF-8")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, source: SourceId) -> Result<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match character {
            Ok(character) => text.push(character),
            Err(error) => {
                let unit = error.unpaired_surrogate();
                let message = format!("UTF-16 unit 0x{unit:04X} is half a character");
                return Err(
                    Error::new(Kind::Yaml, message).at(control_chars::place_after(&text, source))
                );
            }
        }
    }
    if !rest.is_empty() {
        let message = "UTF-16 text ends in the middle of a character";
        return Err(Error::new(Kind::Yaml, message).at(control_chars::place_after(&text, source)));
    }
    Ok(text)
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(change: impl Fn(usize) -> Option<&'static str>) -> String {
        let document = |number| match change(number) {
            Some(text) => text.to_owned(),
            None => format!("kind: A\nname: a{number}\nnote: {}\n", "x".repeat(80)),
        };
        let documents: Vec<String> = (0..4000).map(document).collect();
        documents.join("---\n")
    }

    #[test]
    fn a_long_text_is_read_as_its_chunks_are() {
        let text = long(|number| (number % 100 == 7).then_some("# nothing\n"));
        assert!(text.len() > WORTH_SHARING);
        let found = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        assert_eq!((found.chunks, found.documents.len()), (4000, 3960));
        let names = found.documents.iter().map(|node| node.get("name"));
        let names: Vec<_> = names.map(|name| name.and_then(Node::text)).collect();
        assert_eq!(names[7], Some("a8"));
        assert_eq!(found.documents[7].span.line, 8 * 4 - 1);
    }

    #[test]
    fn of_several_mistakes_in_a_long_text_the_first_is_told() {
        let text = long(|number| match number {
            1000 => Some("a: [\n"),
            3000 => Some("b: }\n"),
            _ => None,
        });
        let error = read_manifests(text.as_bytes(), SourceId::NONE).unwrap_err();
        let line = error.place().map(|place| place.span.line);
        assert!(
            line.is_some_and(|line| (4001..=4003).contains(&line)),
            "{error}"
        );
        let separator = text.replacen("---\n", "--- b\n", 2000);
        let error = read_manifests(separator.as_bytes(), SourceId::NONE).unwrap_err();
        assert!(error.message().contains("separator"), "{error}");
    }
}
