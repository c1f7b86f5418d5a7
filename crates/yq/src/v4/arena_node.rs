//! A node of the arena, and its conversion from and to [`Node`].

use std::num::NonZeroU32;

use kustom_yaml::place::Span;
use kustom_yaml::{Decor, Node, Str, Style, Tag, Value, implied_tag};

use crate::word::core_tag;

/// The number of a node in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(NonZeroU32);

impl Id {
    /// The node that was put into the arena first.
    pub(super) const FIRST: Self = Self(NonZeroU32::MIN);

    pub(super) fn new(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok();
        Self(number.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Where a document, or a node that stands for one, comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The number of its document in its file.
    pub(super) document: u32,
    /// The number of its file.
    pub(super) file: u32,
    /// Which document of all it is, if it is one or a changed copy of one.
    pub(super) root: Option<u32>,
    /// Whether it is worked on at once with all others: the documents of `eval-all`.
    pub(super) together: bool,
}

/// Whether quotes make a string of what they hold, as in YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// They do.
    Count,
    /// They are a matter of how YAML is written.
    Ignored,
}

/// The shape of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text with a type.
    #[default]
    Scalar,
    /// A sequence.
    Seq,
    /// A mapping; its children are keys and values in turn.
    Map,
    /// `*name`
    Alias,
}

/// The type of a node, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum TypeTag {
    /// None: an alias, or a mapping that was made on the way to a key.
    #[default]
    Unset,
    /// One that YAML knows.
    Core(Tag),
    /// Any other, as it is spelled.
    Own(Str),
}

/// Where a node stands in its parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Key {
    /// Nowhere: it is a document, or was made by an operator.
    #[default]
    None,
    /// Under a key.
    Node(Id),
    /// At a place of a sequence.
    Index(u32),
}

/// What is below a node.
#[derive(Clone, Debug, Default)]
pub(super) enum Children<'d> {
    /// Nothing.
    #[default]
    None,
    /// What was read there, not looked at yet.
    Closed(&'d Node),
    /// Nodes of the arena, and what was read there if they are all of it, in its order.
    Open(Vec<Id>, Option<&'d Node>),
}

/// A node.
#[derive(Clone, Debug, Default)]
pub(super) struct ArenaNode<'d> {
    /// Its shape.
    pub(super) kind: Kind,
    /// Its type.
    pub(super) label: TypeTag,
    /// The text of a scalar, the name of an alias.
    pub(super) text: Str,
    /// How it is written.
    pub(super) style: Style,
    /// Whether its tag is written even where it need not be.
    pub(super) tagged: bool,
    /// Anchor and comments.
    pub(super) decor: Option<Box<Decor>>,
    /// Where it was read.
    pub(super) span: Span,
    /// What it is part of.
    pub(super) parent: Option<Id>,
    /// Where in that it stands.
    pub(super) key: Key,
    /// Whether it is a key of a mapping.
    pub(super) is_key: bool,
    /// What an alias stands for.
    pub(super) target: Option<Id>,
    /// Whether the arena knows its [`Origin`].
    pub(super) has_origin: bool,
    /// Whether anything of it was changed, what is below it aside.
    pub(super) is_edited: bool,
    /// What is below it; opened by the arena.
    pub(super) children: Children<'d>,
}

impl Kind {
    /// The shape of a value.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Scalar(_) => Self::Scalar,
            Value::Seq(_) => Self::Seq,
            Value::Map(_) => Self::Map,
            Value::Alias(_) => Self::Alias,
        }
    }

    /// What the operator `kind` calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Seq => "seq",
            Self::Map => "map",
            Self::Alias => "alias",
        }
    }
}

impl TypeTag {
    /// The type that a name stands for.
    pub(super) fn named(name: &str) -> Self {
        if name.is_empty() {
            return Self::Unset;
        }
        core_tag(name).map_or_else(|| Self::Own(name.into()), Self::Core)
    }

    /// The name, such as `!!str` or `!own`.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Unset => "",
            Self::Core(tag) => tag.name(),
            Self::Own(name) => name,
        }
    }

    /// Whether the type must be guessed from the text.
    pub(super) fn is_custom(&self) -> bool {
        !self.name().starts_with("!!")
    }
}

/// Whether a tag as it was read says what a label says, such as `!<tag:yaml.org,2002:str>`.
fn spells(read: &str, label: &TypeTag) -> bool {
    let named = |name: &str| TypeTag::named(name) == *label;
    let long = read
        .strip_prefix("!<")
        .and_then(|rest| rest.strip_suffix('>'));
    match long {
        Some(long) => long
            .strip_prefix("tag:yaml.org,2002:")
            .map_or_else(|| named(long), |short| named(&format!("!!{short}"))),
        None => named(read),
    }
}

impl<'d> ArenaNode<'d> {
    /// A scalar that belongs nowhere.
    pub(super) fn scalar(text: impl Into<Str>, tag: Tag) -> Self {
        Self {
            label: TypeTag::Core(tag),
            text: text.into(),
            ..Self::default()
        }
    }

    /// An empty sequence or mapping that belongs nowhere.
    pub(super) fn collection(kind: Kind) -> Self {
        Self {
            kind,
            label: TypeTag::Core(if kind == Kind::Map {
                Tag::Map
            } else {
                Tag::Seq
            }),
            ..Self::default()
        }
    }

    /// A node that was read; what is below it stays closed.
    pub(super) fn read(node: &'d Node) -> Self {
        let mut item = Self::head(node);
        match &node.value {
            Value::Scalar(text) | Value::Alias(text) => item.text = text.clone(),
            Value::Seq(items) if items.is_empty() => {}
            Value::Map(entries) if entries.is_empty() => {}
            Value::Seq(_) | Value::Map(_) => item.children = Children::Closed(node),
        }
        item
    }

    /// A node without its value.
    pub(super) fn head(node: &Node) -> Self {
        let kind = Kind::of(&node.value);
        let spelled = node.decor.as_ref().and_then(|decor| decor.tag.as_ref());
        let label = match (kind, node.tag, spelled) {
            (Kind::Alias, ..) => TypeTag::Unset,
            (_, Tag::Other, Some(spelled)) => {
                let inner = spelled
                    .strip_prefix("!<")
                    .and_then(|rest| rest.strip_suffix('>'));
                TypeTag::Own(inner.map_or_else(|| spelled.clone(), Str::from))
            }
            (_, Tag::Other, None) => TypeTag::Unset,
            (_, tag, _) => TypeTag::Core(tag),
        };
        Self {
            kind,
            label,
            style: node.style,
            tagged: spelled.is_some(),
            decor: node.decor.clone(),
            span: node.span,
            ..Self::default()
        }
    }

    /// The node again, with a value.
    pub(super) fn decorated(&self, value: Value, quotes: Quotes) -> Node {
        let (tag, shown) = match &value {
            Value::Scalar(text) => self.shown_type(text, quotes),
            Value::Alias(_) => (Tag::Other, false),
            Value::Seq(_) => self.shown_collection(Tag::Seq),
            Value::Map(_) => self.shown_collection(Tag::Map),
        };
        let mut decor = self.decor.clone();
        let read = decor.as_mut().and_then(|decor| decor.tag.take());
        let same = read.filter(|read| shown && self.spells(read, &value));
        if same.is_some() {
            decor.get_or_insert_default().tag = same;
        } else if shown {
            let name = self.label.name();
            let spelled = if name.starts_with('!') {
                name.into()
            } else {
                format!("!<{name}>").into()
            };
            decor.get_or_insert_default().tag = Some(spelled);
        }
        Node {
            value,
            tag,
            style: self.style,
            inferred: false,
            span: self.span,
            decor: decor.filter(|decor| **decor != Decor::default()),
        }
    }

    /// Whether a tag as it was read still says what the label says; `!` says what would be so
    /// without it.
    fn spells(&self, read: &str, value: &Value) -> bool {
        if read != "!" {
            return spells(read, &self.label);
        }
        let is_plain = matches!(self.style, Style::Plain | Style::Flow);
        self.label
            == TypeTag::Core(match value {
                Value::Scalar(text) if is_plain => implied_tag(text),
                Value::Scalar(_) | Value::Alias(_) => Tag::Str,
                Value::Seq(_) => Tag::Seq,
                Value::Map(_) => Tag::Map,
            })
    }

    fn shown_collection(&self, natural: Tag) -> (Tag, bool) {
        match self.label {
            TypeTag::Unset => (natural, false),
            TypeTag::Core(tag) => (tag, self.tagged || tag != natural),
            TypeTag::Own(_) => (Tag::Other, true),
        }
    }

    /// The type that the text will have when it is read again, and whether its tag must be shown.
    ///
    /// Quotes turn a number into a string: setting the style sets the type. A type that
    /// cannot be told from the text is shown, but for numbers.
    fn shown_type(&self, text: &str, quotes: Quotes) -> (Tag, bool) {
        let is_quoted =
            quotes == Quotes::Count && !matches!(self.style, Style::Plain | Style::Flow);
        let read = |text: &str| {
            if is_quoted || text.contains('\n') {
                Tag::Str
            } else {
                implied_tag(text)
            }
        };
        match self.label {
            TypeTag::Own(_) => (Tag::Other, true),
            TypeTag::Unset => (read(text), false),
            TypeTag::Core(tag) if self.tagged => (tag, true),
            TypeTag::Core(tag @ (Tag::Str | Tag::Merge)) => (tag, false),
            TypeTag::Core(Tag::Binary) => (Tag::Binary, true),
            TypeTag::Core(tag @ (Tag::Int | Tag::Float)) => {
                let found = read(text);
                (if found == tag { tag } else { found }, false)
            }
            TypeTag::Core(tag) => {
                let natural = implied_tag(text);
                if natural == tag {
                    (read(text), false)
                } else {
                    (tag, true)
                }
            }
        }
    }

    /// The name after `&`.
    pub(super) fn anchor(&self) -> Option<&Str> {
        self.decor.as_ref()?.anchor.as_ref()
    }

    /// Whether it is null.
    pub(super) fn is_null(&self) -> bool {
        self.label == TypeTag::Core(Tag::Null)
    }

    /// Whether it is a scalar.
    pub(super) fn is_scalar(&self) -> bool {
        self.kind == Kind::Scalar
    }
}
