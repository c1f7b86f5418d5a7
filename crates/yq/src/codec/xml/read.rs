//! XML text to nodes.

use std::collections::HashMap;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Tag};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{ATTRIBUTE, CONTENT, DIRECTIVE, INSTRUCTION, is_trimmed};

/// How deep elements may be nested.
const DEPTH: usize = 500;

/// An element that was read.
#[derive(Debug, Default)]
struct Element {
    name: String,
    children: Vec<Child>,
    /// Which of them has a name.
    by_name: HashMap<String, usize>,
    texts: Vec<String>,
    head: Option<String>,
    line: Option<String>,
    foot: Option<String>,
    state: State,
}

/// All elements of one name within another.
#[derive(Debug)]
struct Child {
    name: String,
    elements: Vec<Element>,
    /// The comment behind them, if they hold elements themselves.
    foot: Option<String>,
}

/// What was read of an element last, which decides where a comment goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Nothing,
    Child,
    Text,
}

/// Reads a document, which becomes one mapping.
pub(crate) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    let mut parser = Parser {
        open: vec![Element::default()],
        text: String::new(),
        referred: None,
        started: false,
    };
    loop {
        let event = reader.read_event().map_err(broken)?;
        if matches!(event, Event::Eof) {
            break;
        }
        parser.event(event)?;
    }
    parser.end_text()?;
    while parser.open.len() > 1 {
        parser.end();
    }
    let root = parser.open.pop().unwrap_or_default();
    Ok(vec![node(root)])
}

#[cold]
fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Script, format!("the text is no XML: {error}"))
}

struct Parser {
    open: Vec<Element>,
    /// Text that was read since the last tag.
    text: String,
    /// Where references begin and end in the text: what they stand for is never left away.
    referred: Option<(usize, usize)>,
    started: bool,
}

impl Parser {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Text(text) => self.text.push_str(&text),
            Event::GeneralRef(reference) => {
                let resolved = reference.resolve_char_ref().map_err(broken)?;
                let name: &str = &reference;
                let start = self.text.len();
                match (resolved, quick_xml::escape::resolve_xml_entity(name)) {
                    (Some(letter), _) => self.text.push(letter),
                    (None, Some(text)) => self.text.push_str(text),
                    (None, None) => self.text.push_str(&format!("&{name};")),
                }
                let start = self.referred.map_or(start, |(start, _)| start);
                self.referred = Some((start, self.text.len()));
            }
            event => {
                self.end_text()?;
                self.tag(event)?;
                self.started = true;
            }
        }
        Ok(())
    }

    fn top(&mut self) -> &mut Element {
        if self.open.is_empty() {
            self.open.push(Element::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    fn tag(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::CData(text) => {
                self.add_text(trimmed(&text, None))?;
            }
            Event::Comment(comment) => {
                self.comment(comment.to_string());
            }
            Event::Decl(declaration) => {
                self.instruction(&declaration);
            }
            Event::PI(instruction) => {
                self.instruction(&instruction);
            }
            Event::DocType(text) => {
                self.top().leaf(DIRECTIVE, format!("DOCTYPE {}", &*text));
            }
            _ => {}
        }
        Ok(())
    }

    fn instruction(&mut self, text: &str) {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let key = format!("{INSTRUCTION}{name}");
        self.top().leaf(&key, rest.trim().to_owned());
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<()> {
        if self.open.len() > DEPTH {
            let message = format!("the elements are nested more than {DEPTH} levels deep");
            return Err(Error::new(Kind::Script, message));
        }
        self.top().state = State::Child;
        let mut element = Element {
            name: tag.name().as_ref().to_owned(),
            ..Element::default()
        };
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(broken)?;
            let value = match quick_xml::escape::unescape(&attribute.value) {
                Ok(value) => value.into_owned(),
                Err(_) => attribute.value.to_string(),
            };
            let name: &str = attribute.key.as_ref();
            element.leaf(&format!("{ATTRIBUTE}{name}"), value);
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        if self.open.len() > 1
            && let Some(element) = self.open.pop()
        {
            let name = element.name.clone();
            self.top().add(&name, element);
        }
    }

    fn end_text(&mut self) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        let referred = self.referred.take();
        self.add_text(trimmed(&text, referred))?;
        self.started = true;
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.started {
            return Err(broken("there is text before the first element"));
        }
        let top = self.top();
        top.texts.push(text.to_owned());
        top.state = State::Text;
        Ok(())
    }

    fn comment(&mut self, comment: String) {
        let top = self.top();
        match top.state {
            State::Nothing => join(&mut top.head, comment, ' '),
            State::Text => join(&mut top.line, comment, ' '),
            State::Child => match top.children.last_mut() {
                Some(child) => match child.elements.last_mut() {
                    Some(last) if last.children.is_empty() => join(&mut last.foot, comment, ' '),
                    _ => join(&mut child.foot, comment, ' '),
                },
                None => join(&mut top.foot, comment, ' '),
            },
        }
    }
}

/// A text without the white space around it; references end what is white space.
fn trimmed(text: &str, referred: Option<(usize, usize)>) -> &str {
    let inner = text.trim_matches(is_trimmed);
    let start = text.len() - text.trim_start_matches(is_trimmed).len();
    let (first, last) = match (inner, referred) {
        (_, None) => return inner,
        ("", Some(referred)) => referred,
        (inner, Some((first, last))) => (first.min(start), last.max(start + inner.len())),
    };
    text.cut(first..last)
}

fn join(comments: &mut Option<String>, comment: String, between: char) {
    match comments {
        Some(known) => {
            known.push(between);
            known.push_str(&comment);
        }
        None => *comments = Some(comment),
    }
}

impl Element {
    fn add(&mut self, name: &str, child: Self) {
        if let Some(at) = self.by_name.get(name) {
            self.children[*at].elements.push(child);
            return;
        }
        self.by_name.insert(name.to_owned(), self.children.len());
        self.children.push(Child {
            name: name.to_owned(),
            elements: vec![child],
            foot: None,
        });
    }

    /// The comment before a text, which goes above its key; that before nothing goes beside it.
    fn head_of_leaf(&mut self) -> Option<String> {
        if !self.children.is_empty() {
            return None;
        }
        if self.texts.is_empty() {
            self.line = self.head.take();
        }
        self.head.take()
    }

    /// Adds a child that is only text.
    fn leaf(&mut self, name: &str, text: String) {
        let child = Self {
            texts: vec![text],
            ..Self::default()
        };
        self.add(name, child);
    }
}

fn node(element: Element) -> Node {
    if element.children.is_empty() {
        let mut node = texts(element.texts);
        decor(&mut node, element.head, element.line, element.foot);
        return node;
    }
    let mut entries = Vec::with_capacity(element.children.len() + 1);
    let mut head = element.head;
    if !element.texts.is_empty() {
        let mut entry = Entry::new(CONTENT, texts(element.texts));
        decor(&mut entry.key, head.take(), element.line, None);
        entries.push(entry);
    }
    for Child {
        name,
        elements: mut children,
        foot,
    } in element.children
    {
        let (own, foot) = match &mut children[..] {
            [only] => (only.head_of_leaf(), foot.or(only.foot.take())),
            _ => (None, foot),
        };
        let value = if children.len() > 1 {
            Node::seq(children.into_iter().map(node).collect())
        } else {
            children.pop().map_or_else(Node::null, node)
        };
        let mut entry = Entry::new(name, value);
        if let Some(own) = own {
            join(&mut head, own.trim().to_owned(), '\n');
        }
        decor(&mut entry.key, head.take(), None, foot);
        entries.push(entry);
    }
    if let (Some(entry), Some(foot)) = (entries.last_mut(), element.foot) {
        decor(&mut entry.key, None, None, Some(foot));
    }
    Node::map(entries)
}

/// Nothing is null, one text a string, several a sequence.
fn texts(mut texts: Vec<String>) -> Node {
    match texts.len() {
        0 => Node::scalar("", Tag::Null),
        1 => Node::string(texts.remove(0)),
        _ => Node::seq(texts.into_iter().map(Node::string).collect()),
    }
}

fn decor(node: &mut Node, head: Option<String>, line: Option<String>, foot: Option<String>) {
    if head.is_none() && line.is_none() && foot.is_none() {
        return;
    }
    let decor = node.decor_mut();
    decor.head = head.map(hashed).or(decor.head.take());
    decor.line = line.map(hashed).or(decor.line.take());
    decor.foot = foot.map(hashed).or(decor.foot.take());
}

/// A comment with a `#` before each line.
fn hashed(comment: String) -> Str {
    let lines = comment.trim_end_matches(' ').split('\n').map(|line| {
        if line.starts_with(char::is_alphabetic) {
            format!("# {line}")
        } else {
            format!("#{line}")
        }
    });
    lines.collect::<Vec<_>>().join("\n").into()
}
