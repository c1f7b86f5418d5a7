//! Builds [`Node`]s from events.
//!
//! Nodes keep their place, style, tag and anchor and, where asked for, their comments.

use bytestring::ByteString;
use std::collections::HashMap;

use super::attach::{end_comments, frame, give_foot_back, move_foot};
use super::events::{Event, EventKind, Events};
use super::scan::{DEPTH, Origin, without_bom};
use super::{
    Decor, Dialect, Entry, Node, Str, Style, Tag, Value, block_subset, control_chars, merge,
    resolve,
};
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

pub(super) use block_subset::KeptText;

/// How many nodes may be copied on account of anchors, beyond one for each byte of the text.
const COPIES: usize = 1_000_000;

/// How many bytes the texts of such copies may have together, beyond those of the text.
const COPIED: usize = 256 << 20;

/// What is read, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The number of the text in the table of its reader.
    pub source: SourceId,
    /// The rules that turn plain scalars into types.
    pub dialect: Dialect,
    /// Keep aliases as [`Value::Alias`] instead of copying what they mean, and merge keys as they
    /// are.
    pub keep_aliases: bool,
    /// Keep comments, in [`Decor`].
    pub comments: bool,
    /// Take what go-yaml 4 takes and go-yaml 3 refuses: `: value`, an entry whose key is empty,
    /// and text below `--- |` that is not indented.
    pub go_yaml_4: bool,
    /// Know the anchors of earlier documents, which YAML does not allow; with `keep_aliases` only.
    pub lasting_anchors: bool,
}

/// Reads every document of a text.
///
/// The comments at the head and foot of a document, as far as they belong to none of its values,
/// are those of its root.
///
/// # Example
///
/// ```
/// use kustom_yaml::{Options, read};
///
/// let documents = read("a: 1\n---\n- b\n", &Options::default())?;
/// assert_eq!(documents.len(), 2);
/// assert_eq!(documents[0].get("a").and_then(|node| node.text()), Some("1"));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn read(text: &str, options: &Options) -> Result<Vec<Node>> {
    control_chars::refuse(text, options.source)?;
    let (text, origin) = without_bom(text, Origin::start(options.source));
    match block_subset::all(text, origin, options) {
        Some(documents) => Ok(documents),
        None => all(text, origin, options),
    }
}

/// As [`read`], with comments; what is large is read again when somebody looks into it, and takes
/// little room until then.
///
/// # Example
///
/// ```
/// use kustom_yaml::{ByteString, Options, read, read_lazily};
///
/// let text = ByteString::from_static("items:\n- name: a # first\n- name: b\n");
/// let options = Options {
///     comments: true,
///     ..Options::default()
/// };
/// assert_eq!(read_lazily(&text, &options)?, read(&text, &options)?);
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn read_lazily(text: &ByteString, options: &Options) -> Result<Vec<Node>> {
    read_lazily_from(text, options, block_subset::WORTH_FORGETTING)
}

/// As [`read_lazily`], with another room that the values of a collection take where it is read again; for
/// those that hold this against [`read`].
#[doc(hidden)]
pub fn read_lazily_from(text: &ByteString, options: &Options, least: u32) -> Result<Vec<Node>> {
    let options = &Options {
        comments: true,
        ..*options
    };
    control_chars::refuse(text, options.source)?;
    let (rest, origin) = without_bom(text, Origin::start(options.source));
    let found = match options.dialect {
        Dialect::Manifest => block_subset::all_unread(rest, origin, options, text, least),
        // It has no comments.
        Dialect::Kustomization => block_subset::all(rest, origin, options),
    };
    match found {
        Some(documents) => Ok(documents),
        None => all(rest, origin, options),
    }
}

/// As [`read`], but never in one pass; for those that hold the two readers against each other.
#[doc(hidden)]
pub fn read_by_scanner(text: &str, options: &Options) -> Result<Vec<Node>> {
    control_chars::refuse(text, options.source)?;
    let (text, origin) = without_bom(text, Origin::start(options.source));
    all(text, origin, options)
}

/// Reads every document by the full parser.
fn all(text: &str, origin: Origin, options: &Options) -> Result<Vec<Node>> {
    let mut builder = Builder::new(text, origin, options);
    let mut documents = Vec::new();
    while let Some(document) = builder.document()? {
        documents.push(document);
    }
    Ok(documents)
}

/// Reads the first document of a text, if there is one; what follows it is not looked at.
pub fn read_first(text: &str, options: &Options) -> Result<Option<Node>> {
    control_chars::refuse(text, options.source)?;
    let (text, origin) = without_bom(text, Origin::start(options.source));
    first(text, origin, options)
}

/// Reads the first document of a text that stands somewhere in its file.
pub(super) fn first(text: &str, origin: Origin, options: &Options) -> Result<Option<Node>> {
    Ok(first_kept(text, origin, options, None)?.0)
}

/// The same of a text that may be `kept`; says how many lines end in it, where that is known.
pub(super) fn first_kept(
    text: &str,
    origin: Origin,
    options: &Options,
    kept: Option<&mut KeptText<'_>>,
) -> Result<(Option<Node>, Option<usize>)> {
    if !options.comments
        && let Some((node, lines)) = block_subset::first(text, origin, options.dialect, kept)
    {
        return Ok((Some(node), Some(lines as usize)));
    }
    let node = Builder::new(text, origin, options).document()?;
    Ok((node, None))
}

/// A collection that is not complete.
struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<Node>,
    anchor: Option<Anchor>,
}

/// An anchor, and its number: a name may be used again.
struct Anchor {
    name: Str,
    number: usize,
}

/// What an anchor means.
enum Meaning {
    /// It stands at a node that is not complete.
    Open(usize),
    /// Its node, how many nodes that is, and how deep.
    Known(Node, Extent),
}

/// How large a tree of nodes is.
#[derive(Clone, Copy, Default)]
struct Extent {
    nodes: usize,
    depth: usize,
    /// The lengths of its texts.
    bytes: usize,
}

impl Extent {
    fn of(node: &Node) -> Self {
        let mut extent = Self {
            nodes: 1,
            depth: 0,
            bytes: node.text().map_or(0, str::len),
        };
        let children = node.items().iter();
        let entries = node.entries().iter();
        for child in children.chain(entries.flat_map(|entry| [&entry.key, &entry.value])) {
            let below = Self::of(child);
            extent.nodes += below.nodes;
            extent.bytes += below.bytes;
            extent.depth = extent.depth.max(below.depth + 1);
        }
        extent
    }
}

/// Puts events together.
struct Builder<'t> {
    text: &'t str,
    origin: Origin,
    options: &'t Options,
    events: Events<'t>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<Str, Meaning>,
    /// How many anchors the document has had so far.
    anchor_count: usize,
    /// How many nodes were copied so far.
    copies: usize,
    /// How long their texts are.
    copied: usize,
    /// Lists that have grown and are not in use: collections are put together in them.
    spare: Spare,
}

#[derive(Default)]
struct Spare {
    items: Vec<Vec<Node>>,
    entries: Vec<Vec<Entry>>,
}

impl Spare {
    /// Gives a complete collection a list of just its length, and keeps the one it grew in.
    fn tighten(&mut self, value: &mut Value) {
        match value {
            Value::Seq(items) => self.items.push(exact(items)),
            Value::Map(entries) => self.entries.push(exact(entries)),
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }
}

/// Moves a list into one of just its length; what is left is the empty list it was.
fn exact<T>(list: &mut Vec<T>) -> Vec<T> {
    let mut exact = Vec::with_capacity(list.len());
    exact.append(list);
    std::mem::replace(list, exact)
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, origin: Origin, options: &'t Options) -> Self {
        Self {
            text,
            origin,
            options,
            events: Events::new(text, origin, options),
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            anchor_count: 0,
            copies: 0,
            copied: 0,
            spare: Spare::default(),
        }
    }

    /// The next document.
    fn document(&mut self) -> Result<Option<Node>> {
        let mut head = None;
        loop {
            let event = self.events.next()?;
            match event.says {
                EventKind::StreamEnd => return Ok(None),
                EventKind::DocumentStart => {
                    head = event.decor.and_then(|decor| decor.head);
                    if !(self.options.lasting_anchors && self.options.keep_aliases) {
                        self.anchors.clear();
                    }
                }
                EventKind::DocumentEnd => {
                    let mut root = self.root.take().unwrap_or_default();
                    let foot = event.decor.and_then(|decor| decor.foot);
                    frame(&mut root, head, foot);
                    return Ok(Some(root));
                }
                EventKind::Alias => self.alias(event)?,
                EventKind::Scalar => self.scalar(event)?,
                EventKind::SequenceStart => {
                    let items = self.spare.items.pop().unwrap_or_default();
                    self.start(event, Value::Seq(items.into()), Tag::Seq);
                }
                EventKind::MappingStart => {
                    let entries = self.spare.entries.pop().unwrap_or_default();
                    self.start(event, Value::Map(entries.into()), Tag::Map);
                }
                EventKind::SequenceEnd | EventKind::MappingEnd => self.end(event)?,
            }
        }
    }

    fn span(&self, event: &Event) -> Span {
        self.origin.span(event.start, event.end)
    }

    fn scalar(&mut self, event: Event) -> Result<()> {
        let span = self.span(&event);
        let tag = match event.tag {
            Some(tag) => tag,
            None => self.implied_tag(&event),
        };
        let mut node = Node {
            value: Value::Scalar(event.text),
            tag,
            style: event.style,
            inferred: false,
            span,
            decor: event.decor,
        };
        let anchor = self.anchor(&mut node);
        self.remember(&node, anchor)?;
        self.finish(node);
        Ok(())
    }

    /// The type of a scalar that no tag names.
    fn implied_tag(&self, event: &Event) -> Tag {
        let has_tag = event
            .decor
            .as_ref()
            .is_some_and(|decor| decor.tag.is_some());
        match self.options.dialect {
            // To go-yaml v2 the tag `!` means a string.
            Dialect::Kustomization if has_tag => Tag::Str,
            _ if event.style != Style::Plain => Tag::Str,
            _ if event.text == "<<" => Tag::Merge,
            dialect => resolve::plain(&event.text, dialect).tag(),
        }
    }

    fn start(&mut self, event: Event, value: Value, tag: Tag) {
        let mut node = Node {
            value,
            tag: event.tag.unwrap_or(tag),
            style: event.style,
            inferred: false,
            span: self.span(&event),
            decor: event.decor,
        };
        let anchor = self.anchor(&mut node);
        self.open.push(Open {
            node,
            key: None,
            anchor,
        });
    }

    fn end(&mut self, event: Event) -> Result<()> {
        let Some(Open {
            mut node, anchor, ..
        }) = self.open.pop()
        else {
            return Ok(());
        };
        node.span.end = self.span(&event).end;
        if self.options.comments {
            end_comments(&mut node, event.decor);
        }
        if let Value::Map(entries) = &mut node.value
            && !self.options.keep_aliases
            && merge::is_needed(entries)
        {
            let bytes = self.text.as_bytes();
            let offset = self.origin.offset;
            let is_alias = |node: &Node| {
                let at = (node.span.start as usize).checked_sub(offset);
                at.and_then(|at| bytes.get(at)) == Some(&b'*')
            };
            merge::apply(entries, self.options.dialect, is_alias)?;
        }
        self.spare.tighten(&mut node.value);
        self.remember(&node, anchor)?;
        self.finish(node);
        Ok(())
    }

    /// Notes the anchor of a node, if it has one.
    fn anchor(&mut self, node: &mut Node) -> Option<Anchor> {
        let decor = node.decor.as_mut()?;
        let name = if self.options.keep_aliases {
            decor.anchor.clone()?
        } else {
            let name = decor.anchor.take()?;
            if **decor == Decor::default() {
                node.decor = None;
            }
            name
        };
        self.anchor_count += 1;
        let number = self.anchor_count;
        self.anchors.insert(name.clone(), Meaning::Open(number));
        Some(Anchor { name, number })
    }

    /// Keeps an anchored node for the aliases that may follow.
    fn remember(&mut self, node: &Node, anchor: Option<Anchor>) -> Result<()> {
        let Some(Anchor { name, number }) = anchor.filter(|_| !self.options.keep_aliases) else {
            return Ok(());
        };
        let Some(meaning) = self.anchors.get_mut(&name) else {
            return Ok(());
        };
        // An anchor of the same name within the node has taken its place.
        if !matches!(meaning, Meaning::Open(open) if *open == number) {
            return Ok(());
        }
        let extent = Extent::of(node);
        let mut copy = node.clone();
        forget_comments(&mut copy);
        *meaning = Meaning::Known(copy, extent);
        self.count(extent, node.span)
    }

    /// Counts copied nodes, so that no text can exhaust the memory.
    fn count(&mut self, extent: Extent, span: Span) -> Result<()> {
        self.copies += extent.nodes;
        self.copied += extent.bytes;
        let length = self.text.len();
        if self.copies <= COPIES + length && self.copied <= COPIED + length {
            return Ok(());
        }
        let message = "anchors and aliases copy too many values";
        Err(Error::new(Kind::Yaml, message).at(span))
    }

    fn alias(&mut self, event: Event) -> Result<()> {
        let span = self.span(&event);
        let Some(meaning) = self.anchors.get(&event.text) else {
            let message = format!("unknown anchor `{}`", event.text);
            return Err(Error::new(Kind::Yaml, message)
                .at(span)
                .help("an alias names an anchor earlier in the same document"));
        };
        if self.options.keep_aliases {
            self.finish(Node {
                value: Value::Alias(event.text),
                tag: Tag::Other,
                style: Style::Plain,
                inferred: false,
                span,
                decor: event.decor,
            });
            return Ok(());
        }
        let Meaning::Known(known, extent) = meaning else {
            let message = format!("the value of the anchor `{}` contains itself", event.text);
            return Err(Error::new(Kind::Yaml, message).at(span));
        };
        if self.open.len() + extent.depth > DEPTH {
            return Err(self.events.too_deep(event.start));
        }
        let mut copy = known.clone();
        copy.span = span;
        let extent = *extent;
        self.finish(copy);
        self.count(extent, span)
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, mut node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.node.value {
            Value::Seq(items) => items.push(node),
            Value::Map(entries) => match open.key.take() {
                None => {
                    if self.options.comments && open.node.style == Style::Plain {
                        give_foot_back(&mut node, entries);
                    }
                    open.key = Some(node);
                }
                Some(mut key) => {
                    if self.options.comments {
                        move_foot(&mut node, &mut key);
                    }
                    entries.push(Entry { key, value: node });
                }
            },
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }
}

fn forget_comments(node: &mut Node) {
    if let Some(decor) = &mut node.decor {
        decor.head = None;
        decor.line = None;
        decor.foot = None;
    }
}
