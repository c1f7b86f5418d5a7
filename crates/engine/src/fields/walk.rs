//! Follows field paths into an object and calls a function for each field that they reach.
//!
//! A path names keys only: lists on the way are gone through item by item, and `[]` behind a key
//! says that a list is expected there. What is null ends the way, unless it may be made into what
//! the path needs.

use std::borrow::Cow;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Style, Tag, Value};

use super::FieldSpec;
use crate::id::Gvk;

/// What becomes of a field that is missing or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissing {
    /// It stays as it is.
    Keep,
    /// It becomes a mapping.
    Map,
    /// It becomes a scalar of a type; null keeps its text.
    Scalar(Tag),
}

/// Calls `f` with the fields that a spec means, if it speaks of objects of this type.
///
/// A field that is missing is made if the spec says so and `leaf` says what to make.
///
/// # Errors
///
/// If something else than a mapping or a list is on the way, the path names no field, or `f`
/// fails.
///
/// # Example
///
/// ```
/// use kustom_engine::fields::{FieldSpec, OnMissing, each_field};
/// use kustom_yaml::{Node, Options, Tag, read};
///
/// let mut node = read("{kind: Pod, spec: {containers: [{image: a}, {}]}}", &Options::default())?
///     .remove(0);
/// let spec = FieldSpec {
///     path: "spec/containers/image".into(),
///     create: true,
///     ..FieldSpec::default()
/// };
/// each_field(&mut node, &spec, OnMissing::Scalar(Tag::Str), &mut |image| {
///     *image = Node::string("b");
///     Ok(())
/// })?;
/// let items = node.at(&["spec", "containers"]).unwrap_or(&node).items();
/// assert!(items.iter().all(|item| item.get("image") == Some(&Node::string("b"))));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn each_field(
    node: &mut Node,
    spec: &FieldSpec,
    leaf: OnMissing,
    f: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    let plan = Plan::for_object(std::slice::from_ref(spec), node);
    plan.walk(node, leaf, &mut |_, _, field| f(field))
}

/// Calls `f` with the fields at the end of a path, whatever the object, and makes none.
///
/// # Errors
///
/// As for [`each_field`].
pub fn each_at_path(
    node: &mut Node,
    path: &str,
    f: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    let mut plan = Plan::default();
    plan.add(0, path, false, 0);
    plan.count_runs();
    plan.walk(node, OnMissing::Keep, &mut |_, _, field| f(field))
}

/// The parts of a path: it is cut at `/`, but not at `\/`, which is a slash within a part.
///
/// # Example
///
/// ```
/// let path = r"metadata/annotations/example.com\/owner";
/// let parts: Vec<_> = kustom_engine::fields::segments(path).collect();
/// assert_eq!(parts, ["metadata", "annotations", "example.com/owner"]);
/// ```
pub fn segments(path: &str) -> impl Iterator<Item = Cow<'_, str>> + Clone {
    let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
    std::iter::from_fn(move || {
        let (segment, after) = first_segment(rest?);
        rest = after;
        Some(segment)
    })
}

/// The first part of a path, and the rest if there is one.
fn first_segment(path: &str) -> (Cow<'_, str>, Option<&str>) {
    let bytes = path.as_bytes();
    // The parts are short: a search that has to be set up takes longer than the way itself.
    let slash = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        let at = rest.iter().position(|byte| *byte == b'/');
        at.map(|at| from + at)
    };
    let is_escaped = |at: usize| at > 0 && bytes[at - 1] == b'\\';
    match slash(0) {
        None => (Cow::Borrowed(path), None),
        Some(at) if !is_escaped(at) => (Cow::Borrowed(path.cut(..at)), Some(path.cut(at + 1..))),
        Some(mut at) => {
            while is_escaped(at) {
                let Some(next) = slash(at + 1) else {
                    return (Cow::Owned(path.replace("\\/", "/")), None);
                };
                at = next;
            }
            let segment = path.cut(..at).replace("\\/", "/");
            (Cow::Owned(segment), Some(path.cut(at + 1..)))
        }
    }
}

/// Field specs, their paths cut into parts, to be followed in one walk over an object.
///
/// The parts that a path begins with as the one before it does are looked up once for both. What
/// the walk does to an object, and the error that it ends with, are those of one walk for each spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan<'s> {
    ways: Vec<Way<'s>>,
    parts: Vec<Part<'s>>,
    /// For each part, how many ways go on with its own.
    runs: Vec<Run>,
}

/// How many of the ways that follow one go with it at one of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    /// Those that have this part, too, and all before it.
    with_part: u32,
    /// Those that are as long at least.
    with_length: u32,
}

/// The way that a spec describes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way<'s> {
    /// Which of the specs it is; each has a greater number than the one before it.
    number: u32,
    path: &'s str,
    create: bool,
    required: u8,
    /// Where its parts begin.
    start: u32,
    /// How many they are.
    length: u32,
    /// How many of them, from the first on, the way before it has too, and goes on behind.
    shared: u32,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'s> {
    /// The key of a mapping, which may say that a list is there.
    Key { name: Cow<'s, str>, is_list: bool },
    /// Nothing but blanks, which lead nowhere else.
    Here,
    /// Nothing at all.
    Empty,
    /// An item of a list, as other kinds of paths name it.
    Position(Cow<'s, str>),
}

/// An error on the way to a field.
#[derive(Debug)]
pub struct Failure {
    /// The number of the spec that the walk followed.
    pub number: usize,
    /// What went wrong.
    pub error: Error,
}

/// Is called with the number of a spec, those of the items on the way, and the field.
type Leaf<'f> = &'f mut dyn FnMut(usize, &[u32], &mut Node) -> Result<()>;

impl<'s> Plan<'s> {
    /// From specs, whatever type of object they speak of.
    pub fn of(specs: impl IntoIterator<Item = &'s FieldSpec>) -> Self {
        /// How many parts most paths have at most.
        const PARTS: usize = 5;
        let specs = specs.into_iter();
        let (count, _) = specs.size_hint();
        let mut plan = Self {
            ways: Vec::with_capacity(count),
            parts: Vec::with_capacity(count.saturating_mul(PARTS)),
            runs: Vec::new(),
        };
        for (number, spec) in specs.enumerate() {
            plan.add_spec(number, spec);
        }
        plan.count_runs();
        plan
    }

    /// From those specs of a table that speak of objects of a type.
    pub fn of_type(specs: &'s [FieldSpec], gvk: &Gvk) -> Self {
        let mut plan = Self::default();
        for (number, spec) in specs.iter().enumerate() {
            if spec.selects(&gvk.group, &gvk.version, &gvk.kind) {
                plan.add_spec(number, spec);
            }
        }
        plan.count_runs();
        plan
    }

    /// From those specs of a table that speak of objects of the type that an object says it has.
    pub fn for_object(specs: &'s [FieldSpec], object: &Node) -> Self {
        let text = |key| object.get(key).and_then(Node::text).unwrap_or_default();
        Self::of_type(specs, &Gvk::new(text("apiVersion"), text("kind")))
    }

    fn add_spec(&mut self, number: usize, spec: &'s FieldSpec) {
        self.add(number, &spec.path, spec.create, spec.required);
    }

    fn add(&mut self, number: usize, path: &'s str, create: bool, required: u8) {
        let start = self.parts.len();
        let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
        while let Some(path) = rest {
            let (segment, after) = first_segment(path);
            self.parts.push(Part::of(segment));
            rest = after;
        }
        let parts = self.parts.split_at(start);
        // What is at the end of a way may be another value afterwards, so it is looked up again.
        let before = self.ways.last();
        let before = before.map(|way| &parts.0[way.start as usize..start - 1]);
        let shared = before.unwrap_or_default().iter().zip(parts.1);
        self.ways.push(Way {
            number: number as u32,
            path,
            create,
            required,
            start: start as u32,
            length: parts.1.len() as u32,
            shared: shared.take_while(|(one, other)| one == other).count() as u32,
        });
    }

    /// Counts the ways that go together, once all are there.
    fn count_runs(&mut self) {
        self.runs = vec![Run::default(); self.parts.len()];
        let pairs = self.ways.iter().zip(self.ways.iter().skip(1));
        for (way, next) in pairs.rev() {
            for depth in 0..way.length.min(next.length) {
                let after = self.runs[(next.start + depth) as usize];
                let with_part = match next.shared > depth {
                    true => after.with_part + 1,
                    false => 0,
                };
                self.runs[(way.start + depth) as usize] = Run {
                    with_part,
                    with_length: after.with_length + 1,
                };
            }
        }
    }

    /// Whether it leads nowhere.
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Calls `f` with each field that the specs mean, the number of the spec, and the number of
    /// each item on the way.
    ///
    /// A field that is missing is made if its spec says so and `leaf` says what to make. The specs
    /// are followed in their order, in a list item by item.
    ///
    /// # Errors
    ///
    /// If something else than a mapping or a list is on the way, a path names no field, or `f`
    /// fails: the error of the first spec of which that is true, at the first of its fields.
    pub fn walk(
        &self,
        node: &mut Node,
        leaf: OnMissing,
        f: &mut dyn FnMut(usize, &[u32], &mut Node) -> Result<()>,
    ) -> Result<()> {
        self.follow(node, leaf, f).map_err(|failure| failure.error)
    }

    /// As [`Plan::walk`], with the number of the spec that an error is about.
    ///
    /// # Errors
    ///
    /// As [`Plan::walk`].
    pub fn follow(
        &self,
        node: &mut Node,
        leaf: OnMissing,
        f: &mut dyn FnMut(usize, &[u32], &mut Node) -> Result<()>,
    ) -> std::result::Result<(), Failure> {
        let mut walk = Walk {
            parts: &self.parts,
            runs: &self.runs,
            leaf,
            items: Vec::new(),
            f,
        };
        walk.ways(node, &self.ways, 0).map_err(|failure| {
            let ways = &mut self.ways.iter();
            let path = ways.find(|way| way.number as usize == failure.number);
            let path = path.map_or("", |way| way.path);
            let note = format!("on the way to the field `{path}` of {}", described(node));
            Failure {
                error: failure.error.note(note, None),
                ..failure
            }
        })
    }
}

impl Way<'_> {
    /// What becomes of the field that a part names, if it is missing.
    fn makes(&self, depth: usize, leaf: OnMissing) -> OnMissing {
        match leaf {
            _ if !self.create || usize::from(self.required) > depth => OnMissing::Keep,
            OnMissing::Keep => OnMissing::Keep,
            _ if depth + 1 < self.length as usize => OnMissing::Map,
            _ => leaf,
        }
    }
}

impl<'s> Part<'s> {
    fn of(segment: Cow<'s, str>) -> Self {
        match segment {
            // Nearly every part is a plain name.
            Cow::Borrowed(text) if is_plain(text) => Self::Key {
                name: Cow::Borrowed(text),
                is_list: false,
            },
            Cow::Borrowed(text) => Self::parse(text, Cow::Borrowed),
            Cow::Owned(text) => Self::parse(&text, |name| Cow::Owned(name.to_owned())),
        }
    }

    fn parse<'t>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'s, str>) -> Self {
        let (name, is_list) = match text.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (text, false),
        };
        match name.trim() {
            _ if name.is_empty() => Self::Empty,
            "" => Self::Here,
            name if is_position(name) => Self::Position(keep(name)),
            name => Self::Key {
                name: keep(name),
                is_list,
            },
        }
    }
}

/// The object in words, for an error.
fn described(node: &Node) -> String {
    let text = |path: &[&str]| {
        node.at(path)
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned()
    };
    match (text(&["kind"]), text(&["metadata", "name"])) {
        (kind, name) if name.is_empty() => format!("a `{kind}`"),
        (kind, name) => format!("the {kind} `{name}`"),
    }
}

struct Walk<'p, 's, 'f> {
    parts: &'p [Part<'s>],
    runs: &'p [Run],
    leaf: OnMissing,
    /// The numbers of the items on the way.
    items: Vec<u32>,
    f: Leaf<'f>,
}

impl Walk<'_, '_, '_> {
    /// Follows ways that have come to a value, of which `depth` parts are behind them.
    ///
    /// The depth is bounded by the reader's: each call goes one level down in a value that was
    /// read, or one part on in a path.
    fn ways(
        &mut self,
        node: &mut Node,
        mut ways: &[Way<'_>],
        depth: usize,
    ) -> std::result::Result<(), Failure> {
        while let [first, rest @ ..] = ways {
            let number = first.number as usize;
            let failed = |error| Failure { number, error };
            if first.length as usize == depth {
                (self.f)(number, &self.items, node).map_err(failed)?;
                ways = rest;
                continue;
            }
            if node.is_null() {
                ways = rest;
                continue;
            }
            let run = self.runs[first.start as usize + depth];
            let together = match &node.value {
                Value::Seq(_) => run.with_length,
                _ => run.with_part,
            };
            let (run, rest) = ways.split_at(1 + (together as usize).min(rest.len()));
            match &mut node.value {
                Value::Seq(list) => self.items(list, run, depth)?,
                Value::Map(_) => self.map(node, run, depth)?,
                Value::Scalar(_) | Value::Alias(_) => {
                    let message = "a single value is where a map or a list should be";
                    let error = Error::new(Kind::Transform, message).at(node.span);
                    return Err(failed(error));
                }
            }
            ways = rest;
        }
        Ok(())
    }

    /// Follows ways into each item of a list.
    fn items(
        &mut self,
        list: &mut [Node],
        mut ways: &[Way<'_>],
        depth: usize,
    ) -> std::result::Result<(), Failure> {
        let mut result = Ok(());
        for (number, item) in (0..).zip(list) {
            self.items.push(number);
            let done = self.ways(item, ways, depth);
            self.items.pop();
            if let Err(failure) = done {
                // If a way before it fails at a later item, that is the first error.
                ways = ways
                    .split_at(ways.partition_point(|way| (way.number as usize) < failure.number))
                    .0;
                result = Err(failure);
            }
        }
        result
    }

    /// Follows ways with one part in common into the field of a mapping that it names.
    fn map(
        &mut self,
        node: &mut Node,
        ways: &[Way<'_>],
        depth: usize,
    ) -> std::result::Result<(), Failure> {
        let Some(first) = ways.first() else {
            return Ok(());
        };
        let error = match &self.parts[first.start as usize + depth] {
            Part::Key { name, is_list } => {
                return self.field(node, (name, *is_list), ways, depth);
            }
            Part::Here => return self.ways(node, ways, depth + 1),
            Part::Empty => Error::new(Kind::Transform, "a part of the field path is empty")
                .help("a path names keys, joined by `/`: `spec/template/spec`"),
            Part::Position(name) => {
                let message =
                    format!("`{name}` in a field path means an item of a list, here is a map");
                Error::new(Kind::Transform, message)
                    .help("leave it out: a path goes through all items of a list by itself")
            }
        };
        Err(Failure {
            number: first.number as usize,
            error: error.at(node.span),
        })
    }

    /// Follows ways into the field of a mapping that has a name, made for those that make it.
    fn field(
        &mut self,
        node: &mut Node,
        (name, is_list): (&str, bool),
        ways: &[Way<'_>],
        depth: usize,
    ) -> std::result::Result<(), Failure> {
        let entries = node.entries();
        let mut found = entries.iter().position(|entry| entry.is(name));
        let is_there = found.is_some_and(|at| !entries[at].value.is_null());
        let makes = |way: &Way<'_>| way.makes(depth, self.leaf);
        let is_made = |way| !is_list && makes(way) != OnMissing::Keep;
        if found.is_none() && !ways.iter().any(is_made) {
            return Ok(());
        }
        let leaf = self.leaf;
        let Some(entries) = node.entries_mut() else {
            return Ok(());
        };
        if let Some(entry) = found
            .filter(|_| is_there)
            .and_then(|at| entries.get_mut(at))
        {
            return self.ways(&mut entry.value, ways, depth + 1);
        }
        // It may be made for one way and not for another.
        for way in ways {
            let made = match way.makes(depth, leaf) {
                _ if is_list => None,
                OnMissing::Keep => None,
                OnMissing::Map => Some(Node::map(Vec::new())),
                OnMissing::Scalar(tag) => Some(Node::scalar("", tag)),
            };
            match (found.and_then(|at| entries.get_mut(at)), made) {
                (Some(Entry { value, .. }), made) if value.is_null() => {
                    let empty = || Node::seq(Vec::new());
                    if let Some(made) = made.or_else(|| is_list.then(empty)) {
                        become_empty(value, made);
                    }
                }
                (None, Some(made)) => {
                    found = Some(entries.len());
                    entries.push(Entry::new(name, made));
                }
                _ => {}
            }
            if let Some(entry) = found.and_then(|at| entries.get_mut(at)) {
                self.ways(&mut entry.value, std::slice::from_ref(way), depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Makes null into something: a scalar of another type keeps the text, so `~` stays a tilde.
fn become_empty(null: &mut Node, made: Node) {
    null.tag = made.tag;
    null.style = Style::Plain;
    if let Some(decor) = &mut null.decor {
        decor.tag = None;
    }
    if !made.is_scalar() {
        null.value = made.value;
    }
}

/// Whether a part of a path can be nothing but a key.
fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a part of a path speaks of items of a list, as other kinds of paths do.
fn is_position(name: &str) -> bool {
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return false;
    }
    name == "-"
        || name == "*"
        || (name.starts_with('[') && name.ends_with(']'))
        || name.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn parse(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    fn spec(path: &str, create: bool) -> FieldSpec {
        FieldSpec {
            path: path.into(),
            create,
            ..FieldSpec::default()
        }
    }

    /// A value in flow style.
    fn show(node: &Node) -> String {
        match &node.value {
            Value::Scalar(text) | Value::Alias(text) => text.to_string(),
            Value::Seq(items) => {
                format!(
                    "[{}]",
                    items.iter().map(show).collect::<Vec<_>>().join(", ")
                )
            }
            Value::Map(entries) => {
                let pair = |entry: &Entry| format!("{}: {}", show(&entry.key), show(&entry.value));
                format!(
                    "{{{}}}",
                    entries.iter().map(pair).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// Puts `p-` before every field that a spec means.
    fn prefixed(text: &str, path: &str, create: bool) -> Result<String> {
        let mut node = parse(text);
        each_field(
            &mut node,
            &spec(path, create),
            OnMissing::Scalar(Tag::Str),
            &mut |field| {
                let Some(text) = field.text() else {
                    return Err(Error::new(Kind::Transform, "no scalar"));
                };
                *field = Node::string(format!("p-{text}"));
                Ok(())
            },
        )?;
        Ok(show(&node))
    }

    fn message(text: &str, path: &str, create: bool) -> String {
        prefixed(text, path, create)
            .unwrap_err()
            .message()
            .to_owned()
    }

    #[test]
    fn a_path_is_cut_at_slashes_that_are_not_escaped() {
        let parts = |path| segments(path).collect::<Vec<_>>();
        assert_eq!(parts("a/b"), ["a", "b"]);
        assert_eq!(parts("/a/b"), ["a", "b"]);
        assert_eq!(parts("//a"), ["", "a"]);
        assert_eq!(parts("a/"), ["a", ""]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("/"), [""]);
        assert_eq!(parts(r"a\/b/c"), ["a/b", "c"]);
        assert_eq!(parts(r"a\/b\/c"), ["a/b/c"]);
        assert_eq!(parts(r"a\\/b"), [r"a\/b"]);
        assert_eq!(parts(r"a\"), [r"a\"]);
        assert_eq!(parts(r"\/a\/"), ["/a/"]);
    }

    #[test]
    fn lists_are_gone_through_wherever_they_are() {
        let found = prefixed("{q: [[{q: {r: a}}], {q: {r: b}}]}", "q/q/r", false).unwrap();
        assert_eq!(found, "{q: [[{q: {r: p-a}}], {q: {r: p-b}}]}");
        let found = prefixed("{q: [{a: b}, {a: c}]}", "q[]/a", false).unwrap();
        assert_eq!(found, "{q: [{a: p-b}, {a: p-c}]}");
        assert_eq!(
            prefixed("{q: {a: b}}", "q[]/a", false).unwrap(),
            "{q: {a: p-b}}"
        );
        assert_eq!(
            prefixed("{'q[]': {a: b}}", "q[][]/a", false).unwrap(),
            "{q[]: {a: p-b}}"
        );
    }

    #[test]
    fn what_is_missing_is_made_only_when_asked() {
        assert_eq!(prefixed("{z: z}", "q/a", false).unwrap(), "{z: z}");
        assert_eq!(
            prefixed("{z: z}", "q/a", true).unwrap(),
            "{z: z, q: {a: p-}}"
        );
        assert_eq!(prefixed("{q: {}}", "q/a", true).unwrap(), "{q: {a: p-}}");
        let found = prefixed("{q: [{}, {a: b}, null]}", "q/a", true).unwrap();
        assert_eq!(found, "{q: [{a: p-}, {a: p-b}, null]}");
    }

    #[test]
    fn a_list_is_never_made_but_null_becomes_an_empty_one() {
        assert_eq!(prefixed("{z: z}", "q[]/a", true).unwrap(), "{z: z}");
        assert_eq!(
            prefixed("{z: z}", "q/a[]/b", true).unwrap(),
            "{z: z, q: {}}"
        );
        assert_eq!(prefixed("{q: null}", "q[]/a", false).unwrap(), "{q: []}");
        assert_eq!(
            prefixed("{q: [{}]}", "q[]/a", true).unwrap(),
            "{q: [{a: p-}]}"
        );
    }

    #[test]
    fn null_ends_the_way_unless_it_may_become_something() {
        assert_eq!(prefixed("{q: null}", "q/a", false).unwrap(), "{q: null}");
        assert_eq!(prefixed("{q: ~}", "q/a", true).unwrap(), "{q: {a: p-}}");
        // The last field is found, and keeps its text.
        assert_eq!(prefixed("{q: null}", "q", false).unwrap(), "{q: p-null}");
        assert_eq!(prefixed("{q: ~}", "q", true).unwrap(), "{q: p-~}");
    }

    #[test]
    fn a_field_that_is_kept_stays_null() {
        let mut node = parse("{q: null, z: {}}");
        for path in ["q", "q/r", "z/r"] {
            each_field(
                &mut node,
                &spec(path, true),
                OnMissing::Keep,
                &mut |field| {
                    assert!(field.is_null());
                    Ok(())
                },
            )
            .unwrap();
        }
        assert_eq!(show(&node), "{q: null, z: {}}");
    }

    #[test]
    fn a_mapping_is_made_for_labels() {
        for text in ["{z: z}", "{z: z, q: null}", "{z: z, q: {}}"] {
            let mut node = parse(text);
            each_field(
                &mut node,
                &spec("q/r", true),
                OnMissing::Map,
                &mut |field| {
                    field.set("a", Node::string("b"));
                    Ok(())
                },
            )
            .unwrap();
            assert_eq!(show(&node), "{z: z, q: {r: {a: b}}}");
        }
    }

    #[test]
    fn space_around_a_part_does_not_count() {
        assert_eq!(prefixed("{q: v}", " q ", false).unwrap(), "{q: p-v}");
        assert_eq!(prefixed("{q: v}", " /q", false).unwrap(), "{q: p-v}");
    }

    #[test]
    fn a_single_value_on_the_way_is_an_error() {
        let wanted = "a single value is where a map or a list should be";
        for create in [false, true] {
            assert_eq!(message("{q: s}", "q/a", create), wanted);
            assert_eq!(message("{q: [s]}", "q/a", create), wanted);
        }
        assert_eq!(prefixed("{q: s}", "r/a", false).unwrap(), "{q: s}");
    }

    #[test]
    fn an_error_says_where_and_in_which_object() {
        let error = prefixed("kind: Foo\nmetadata: {name: f}\nq: s\n", "q/a", false).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "a single value is where a map or a list should be (<input>:3:4)\n  \
             on the way to the field `q/a` of the Foo `f`"
        );
    }

    #[test]
    fn a_path_with_an_empty_part_is_an_error_where_it_is_followed() {
        for path in ["", "/", "//q", "[]/a", "q//a"] {
            assert_eq!(
                message("{q: {}}", path, false),
                "a part of the field path is empty"
            );
        }
        assert_eq!(prefixed("{z: z}", "q//a", false).unwrap(), "{z: z}");
    }

    #[test]
    fn positions_and_wildcards_are_errors_in_a_mapping() {
        for part in ["0", "-1", "+1", "-", "*", "[a=b]", "[a]"] {
            let error = message("{q: [{a: b}]}", &format!("q/{part}"), false);
            assert!(
                error.starts_with(&format!("`{part}` in a field path")),
                "{error}"
            );
        }
        // Too great for a position, so it is a key.
        let text = "{q: {'99999999999999999999': a}}";
        assert!(
            prefixed(text, "q/99999999999999999999", false)
                .unwrap()
                .contains("p-a")
        );
    }

    #[test]
    fn only_objects_of_the_type_are_visited() {
        let mut spec = spec("q", false);
        spec.group = "apps".into();
        spec.kind = "Foo".into();
        let visits = |text: &str| {
            let mut count = 0;
            let count_one = &mut |_: &mut Node| {
                count += 1;
                Ok(())
            };
            each_field(&mut parse(text), &spec, OnMissing::Keep, count_one).unwrap();
            count
        };
        assert_eq!(visits("{apiVersion: apps/v1, kind: Foo, q: 1}"), 1);
        assert_eq!(visits("{apiVersion: apps/v1/x, kind: Foo, q: 1}"), 1);
        assert_eq!(visits("{apiVersion: v1, kind: Foo, q: 1}"), 0);
        assert_eq!(visits("{apiVersion: apps/v1, kind: Bar, q: 1}"), 0);
        assert_eq!(visits("{q: 1}"), 0);
    }

    #[test]
    fn the_first_of_two_equal_keys_is_the_field() {
        assert_eq!(
            prefixed("{q: a, q: b}", "q", false).unwrap(),
            "{q: p-a, q: b}"
        );
    }
}
