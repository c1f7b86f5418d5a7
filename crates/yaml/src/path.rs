//! Field paths as kustomize splits and follows them:
//! `spec.template.spec.containers.[name=web].image`.
//!
//! How kustomize splits a path, and how it finds one value with it. What follows several values at
//! once is built on the same [`Part`]s.

use super::{Entry, Node, Str, Value};
use crate::error::{Error, Kind, Result};

/// How many parts a path may have, so that no path can exhaust the stack.
const DEPTH: usize = 500;

/// A path that is split into its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath {
    parts: Vec<Str>,
}

/// What a part of a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'p> {
    /// `image`: a field of a mapping.
    Field(&'p str),
    /// `0`: an item of a sequence.
    Index(usize),
    /// `[name=web]`: the items whose field has a value; without a field, those with the value.
    Item {
        /// The field; empty for the item itself.
        field: &'p str,
        /// The value.
        value: &'p str,
    },
    /// `*`: every item of a sequence.
    Every,
    /// `[name]`: brackets that say nothing.
    Broken,
}

impl FieldPath {
    /// Splits a path at its dots.
    ///
    /// A dot behind a backslash or between brackets splits nothing. Brackets stay around what
    /// picks an item of a list; around a key with dots they go.
    ///
    /// # Errors
    ///
    /// If it has hundreds of parts.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yaml::FieldPath;
    ///
    /// let path = FieldPath::dotted(r"metadata.annotations.[a.b/c].x\.y.[name=web.x]")?;
    /// assert_eq!(path.parts(), ["metadata", "annotations", "a.b/c", "x.y", "[name=web.x]"]);
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn dotted(path: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut pieces = pieces(path, '.').into_iter();
        while let Some(piece) = pieces.next() {
            if !piece.starts_with('[') || piece.ends_with(']') {
                parts.push(piece);
                continue;
            }
            let mut whole = String::from(piece);
            for piece in pieces.by_ref() {
                whole.push('.');
                whole.push_str(&piece);
                if piece.ends_with(']') {
                    break;
                }
            }
            let is_item = whole.contains('=');
            parts.push(if is_item {
                whole.into()
            } else {
                whole.trim_matches(['[', ']']).into()
            });
        }
        Self::of(parts)
    }

    /// Splits a path at its dots, where `ports[0]` means `ports.0`.
    ///
    /// # Errors
    ///
    /// If it has hundreds of parts.
    pub fn indexed(path: &str) -> Result<Self> {
        let mut parts = Vec::new();
        for part in Self::dotted(path)?.parts {
            match trailing_index(&part) {
                Some((name, index)) => {
                    if !name.is_empty() {
                        parts.push(name.into());
                    }
                    parts.push(index.into());
                }
                None => parts.push(part),
            }
        }
        Self::of(parts)
    }

    /// Splits a path at its slashes; one behind a backslash splits nothing.
    ///
    /// # Errors
    ///
    /// If it has hundreds of parts.
    pub fn slashed(path: &str) -> Result<Self> {
        Self::of(joined(path.split('/'), '/'))
    }

    fn of(parts: Vec<Str>) -> Result<Self> {
        if parts.len() <= DEPTH {
            return Ok(Self { parts });
        }
        let message = format!("a path has more than {DEPTH} parts");
        Err(Error::new(Kind::Transform, message))
    }

    /// The parts, without the escapes.
    pub fn parts(&self) -> &[Str] {
        &self.parts
    }

    /// The value at the end of the path.
    ///
    /// # Errors
    ///
    /// If a part asks for something that a value of another shape cannot have, or for many values.
    pub fn find<'n>(&self, root: &'n Node) -> Result<Option<&'n Node>> {
        let mut node = root;
        for part in &self.parts {
            match step(node, part.trim())? {
                Some(Step::Stay) => {}
                Some(Step::To(position)) => match child(node, position) {
                    Some(child) => node = child,
                    None => return Ok(None),
                },
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// The first scalar on the way that is not at its end and that can be read, how many parts lead
    /// there, and what was read.
    pub fn find_scalar<'n, T>(
        &self,
        root: &'n mut Node,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<(&'n mut Node, usize, T)> {
        let mut node = root;
        for (index, part) in self.parts.iter().enumerate() {
            if let Step::To(position) = step(node, part.trim()).ok()?? {
                node = child_mut(node, position)?;
            }
            if index + 1 < self.parts.len()
                && let Some(found) = node.text().and_then(&read)
            {
                return Some((node, index + 1, found));
            }
        }
        None
    }

    /// The value at the end of the path; fields and picked items that are missing are made, the
    /// last one as an empty scalar.
    ///
    /// Nothing is made below null, and no item that is picked by its index.
    ///
    /// # Errors
    ///
    /// As [`FieldPath::find`].
    pub fn find_or_create<'n>(&self, root: &'n mut Node) -> Result<Option<&'n mut Node>> {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.trim()).collect();
        let mut parts = parts.into_iter().filter(|part| !part.is_empty()).peekable();
        let mut node = root;
        while let Some(part) = parts.next() {
            let position = match step(node, part)? {
                Some(Step::Stay) => continue,
                Some(Step::To(position)) => position,
                None => match add(node, part, parts.peek().copied()) {
                    Some(position) => position,
                    None => return Ok(None),
                },
            };
            match child_mut(node, position) {
                Some(child) => node = child,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }
}

impl<'p> Part<'p> {
    /// What a part asks for, where several values may be meant.
    pub fn of(text: &'p str) -> Self {
        if let Some(index) = number(text).and_then(|number| usize::try_from(number).ok()) {
            return Self::Index(index);
        }
        if text == "*" {
            return Self::Every;
        }
        if !(text.starts_with('[') && text.ends_with(']')) {
            return Self::Field(text);
        }
        let inner = text.strip_prefix('[').unwrap_or(text);
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        match inner.split_once('=') {
            Some((field, value)) => Self::Item { field, value },
            None => Self::Broken,
        }
    }

    /// Whether it asks for items of a sequence by number or by value.
    pub fn is_of_sequence(self) -> bool {
        matches!(self, Self::Index(_) | Self::Item { .. } | Self::Broken)
    }

    /// The error for a value whose shape has no such part.
    #[cold]
    pub fn misfit(self, node: &Node) -> Error {
        let shape = match node.value {
            Value::Map(_) => "a map",
            Value::Seq(_) => "a list",
            Value::Scalar(_) => "a plain value",
            Value::Alias(_) => "an alias",
        };
        let message = match self {
            Self::Field(name) => format!("the field `{name}` is looked for in {shape}"),
            Self::Index(index) => format!("the item `{index}` is looked for in {shape}"),
            Self::Item { field, value } => {
                format!("the item `[{field}={value}]` is looked for in {shape}")
            }
            Self::Every => format!("`*` stands for the items of a list, but there is {shape}"),
            Self::Broken => "brackets in a path hold `field=value`".to_owned(),
        };
        let error = Error::new(Kind::Transform, message).at(node.span);
        match (self, &node.value) {
            (Self::Field(_), Value::Seq(_)) => {
                error.help("name the item, as in `containers.0` or `containers.[name=web]`")
            }
            (Self::Broken, _) => error.help("such as `containers.[name=web]`"),
            _ => error,
        }
    }
}

/// Where a part of a path leads.
enum Step {
    /// Nowhere: the part is empty.
    Stay,
    /// To a child.
    To(usize),
}

/// The way from a node along one part, if what it leads to is there.
fn step(node: &Node, text: &str) -> Result<Option<Step>> {
    if text.is_empty() {
        return Ok(Some(Step::Stay));
    }
    let found = match number(text) {
        Some(number) => {
            let index = usize::try_from(number).map_err(|_| negative(number))?;
            let items = items(node, Part::Index(index))?;
            (index < items.len()).then_some(index)
        }
        None if text == "-" => {
            let items = items(node, Part::Field(text))?;
            let last = items.len().checked_sub(1);
            Some(last.ok_or_else(|| {
                let message = "`-` stands for the last item of a list, but it has none";
                Error::new(Kind::Transform, message).at(node.span)
            })?)
        }
        None => match Part::of(text) {
            Part::Every => {
                let message = "`*` stands for many values where one is meant";
                return Err(Error::new(Kind::Transform, message));
            }
            part @ Part::Item { field, value } => items(node, part)?
                .iter()
                .position(|item| fits(item, field, value)),
            part @ Part::Field(name) => {
                if !node.is_map() && !node.is_null() {
                    return Err(part.misfit(node));
                }
                node.entries().iter().position(|entry| entry.is(name))
            }
            part => return Err(part.misfit(node)),
        },
    };
    Ok(found.map(Step::To))
}

/// The items of a sequence; null has none.
fn items<'n>(node: &'n Node, part: Part<'_>) -> Result<&'n [Node]> {
    if node.is_seq() || node.is_null() {
        return Ok(node.items());
    }
    Err(part.misfit(node))
}

fn fits(item: &Node, field: &str, value: &str) -> bool {
    let found = if field.is_empty() {
        Some(item)
    } else {
        item.get(field)
    };
    found.is_some_and(|found| found.text().unwrap_or_default() == value)
}

/// Makes what a part asks for, and says where it is.
fn add(node: &mut Node, part: &str, next: Option<&str>) -> Option<usize> {
    match (&mut node.value, Part::of(part)) {
        (Value::Map(entries), Part::Field(name)) => {
            let value = match next {
                None => Node::inferred(""),
                Some(next) if Part::of(next).is_of_sequence() => Node::seq(Vec::new()),
                Some(_) => Node::map(Vec::new()),
            };
            entries.push(Entry {
                key: Node::plain(name),
                value,
            });
            Some(entries.len() - 1)
        }
        (Value::Seq(items), Part::Item { field, value }) => {
            items.push(new_item(field, value));
            Some(items.len() - 1)
        }
        _ => None,
    }
}

/// The item that a search for it will find.
pub fn new_item(field: &str, value: &str) -> Node {
    if field.is_empty() {
        return Node::inferred(value);
    }
    Node::map(vec![Entry {
        key: Node::plain(field),
        value: Node::inferred(value),
    }])
}

fn child(node: &Node, position: usize) -> Option<&Node> {
    match &node.value {
        Value::Map(entries) => entries.get(position).map(|entry| &entry.value),
        Value::Seq(items) => items.get(position),
        _ => None,
    }
}

fn child_mut(node: &mut Node, position: usize) -> Option<&mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries.get_mut(position).map(|entry| &mut entry.value),
        Value::Seq(items) => items.get_mut(position),
        _ => None,
    }
}

#[cold]
fn negative(number: i64) -> Error {
    Error::new(Kind::Transform, format!("the index `{number}` is negative"))
        .help("the last item of a list is `-`")
}

/// A whole number as Go reads it.
fn number(text: &str) -> Option<i64> {
    let first = text.as_bytes().first()?;
    if !first.is_ascii_digit() && !matches!(first, b'+' | b'-') {
        return None;
    }
    text.parse().ok()
}

/// The pieces between delimiters that nothing escapes; a leading delimiter is ignored.
fn pieces(path: &str, delimiter: char) -> Vec<Str> {
    let path = path.strip_prefix(delimiter).unwrap_or(path);
    joined(path.split(delimiter), delimiter)
}

/// Joins the pieces that end in a backslash with the next.
fn joined<'p>(pieces: impl Iterator<Item = &'p str>, delimiter: char) -> Vec<Str> {
    let mut parts: Vec<Str> = Vec::new();
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(piece);
            }
            _ => parts.push(piece.into()),
        }
    }
    parts
}

/// `ports[0]` as `ports` and `0`.
fn trailing_index(part: &str) -> Option<(&str, &str)> {
    let (name, index) = part.strip_suffix(']')?.rsplit_once('[')?;
    let is_number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((name, index))
}

#[cfg(test)]
mod tests {
    use super::super::{Options, read};
    use super::*;

    fn parts(path: &str) -> Vec<String> {
        let path = FieldPath::dotted(path).unwrap();
        path.parts().iter().map(ToString::to_string).collect()
    }

    fn node(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    fn found(path: &str) -> Option<String> {
        let root = node("a: {b: [{n: x, v: 1}, {n: y.z, v: 2}, s], 'c.d': 3, e: null, '': 4}");
        let path = FieldPath::indexed(path).unwrap();
        let found = path.find(&root).unwrap()?;
        Some(found.text().unwrap_or("(collection)").to_owned())
    }

    #[test]
    fn dots_split_unless_escaped_or_in_brackets() {
        assert_eq!(parts(".a.b"), ["a", "b"]);
        assert_eq!(parts("a..b"), ["a", "", "b"]);
        assert_eq!(parts(r"a.b\.c\.d"), ["a", "b.c.d"]);
        assert_eq!(parts("a.[b.c].d"), ["a", "b.c", "d"]);
        assert_eq!(parts("a.[b=c.d].e"), ["a", "[b=c.d]", "e"]);
        assert_eq!(parts("a.[b].c"), ["a", "[b]", "c"]);
        assert_eq!(parts("a.[b.c"), ["a", "b.c"]);
    }

    #[test]
    fn one_value_is_found_by_field_index_and_item() {
        assert_eq!(found("a.b.0.v").as_deref(), Some("1"));
        assert_eq!(found("a.b[1].v").as_deref(), Some("2"));
        assert_eq!(found("a.b.[n=y.z].v").as_deref(), Some("2"));
        assert_eq!(found("a.b.[=s]").as_deref(), Some("s"));
        assert_eq!(found("a.b.-").as_deref(), Some("s"));
        assert_eq!(found(" a . b . 0 . n ").as_deref(), Some("x"));
        assert_eq!(found(r"a.c\.d").as_deref(), Some("3"));
        assert_eq!(found("a.b.7.v"), None);
        assert_eq!(found("a.b.[n=no].v"), None);
        assert_eq!(found("a.e.f"), None);
    }

    #[test]
    fn a_part_that_does_not_fit_is_an_error() {
        let root = node("{a: {b: [1], c: x, d: []}}");
        for path in [
            "a.b.c",
            "a.c.d",
            "a.0",
            "a.b.-1",
            "a.*",
            "a.b.[x]",
            "a.c.[x=y]",
            "a.d.-",
        ] {
            assert!(
                FieldPath::dotted(path).unwrap().find(&root).is_err(),
                "{path}"
            );
        }
        let error = FieldPath::dotted("a.b.c").unwrap().find(&root).unwrap_err();
        assert_eq!(error.message(), "the field `c` is looked for in a list");
        assert!(FieldPath::dotted(&"a.".repeat(DEPTH)).is_err());
    }

    #[test]
    fn missing_fields_and_items_are_made() {
        let mut root = node("{a: {l: []}, n: null}");
        for path in ["a/b\\/c/d", "a/l/[n=x]/v", "m/[=s]"] {
            let path = FieldPath::slashed(path).unwrap();
            path.find_or_create(&mut root)
                .unwrap()
                .unwrap()
                .set_scalar("1", None);
        }
        let wanted = "{a: {l: [{n: x, v: 1}], b/c: {d: 1}}, n: null, m: [1]}";
        let plain = |node: &Node| format!("{:?}", crate::path::tests::data(node));
        assert_eq!(plain(&root), plain(&node(wanted)));
        let below_null = FieldPath::slashed("n/x").unwrap();
        assert!(below_null.find_or_create(&mut root).unwrap().is_none());
        let index = FieldPath::slashed("a/l/4").unwrap();
        assert!(index.find_or_create(&mut root).unwrap().is_none());
    }

    /// The texts of a tree, without places and styles.
    pub(crate) fn data(node: &Node) -> Vec<String> {
        match &node.value {
            Value::Map(entries) => entries
                .iter()
                .flat_map(|entry| {
                    let key = entry.key.text().unwrap_or_default();
                    data(&entry.value)
                        .into_iter()
                        .map(move |text| format!("{key}/{text}"))
                })
                .collect(),
            Value::Seq(items) => items
                .iter()
                .enumerate()
                .flat_map(|(index, item)| {
                    data(item)
                        .into_iter()
                        .map(move |text| format!("{index}/{text}"))
                })
                .collect(),
            _ => vec![format!("{}{:?}", node.text().unwrap_or_default(), node.tag)],
        }
    }
}
