//! Follows a field path into an object and calls a function for each field it reaches.
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
    each_field_of(node, std::slice::from_ref(spec), leaf, f)
}

/// Calls `f` with the fields that each of many specs means, one after the other.
///
/// # Errors
///
/// As for [`each_field`].
pub fn each_field_of(
    node: &mut Node,
    specs: &[FieldSpec],
    leaf: OnMissing,
    f: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    each_field_with(node, specs, leaf, &mut |_, _, node| f(node))
}

/// The same; `f` gets the number of the spec, too, and of each item on the way.
///
/// # Errors
///
/// As for [`each_field`].
pub fn each_field_with(
    node: &mut Node,
    specs: &[FieldSpec],
    leaf: OnMissing,
    f: &mut dyn FnMut(usize, &[u32], &mut Node) -> Result<()>,
) -> Result<()> {
    let text = |key| node.get(key).and_then(Node::text).unwrap_or_default();
    let Gvk {
        group,
        version,
        kind,
    } = Gvk::new(text("apiVersion"), text("kind"));
    specs
        .iter()
        .enumerate()
        .filter(|(_, spec)| spec.selects(&group, &version, &kind))
        .try_for_each(|(number, spec)| {
            let leaf = if spec.create { leaf } else { OnMissing::Keep };
            let f = &mut |items: &[u32], node: &mut Node| f(number, items, node);
            follow(node, &spec.path, leaf, spec.required, f)
        })
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
    follow(node, path, OnMissing::Keep, 0, &mut |_, node| f(node))
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

/// Is called with the numbers of the items on the way, and the field.
type Leaf<'f> = &'f mut dyn FnMut(&[u32], &mut Node) -> Result<()>;

fn follow(node: &mut Node, path: &str, leaf: OnMissing, required: u8, f: Leaf<'_>) -> Result<()> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    descend(node, Some(rest), &mut Vec::new(), leaf, required, f).map_err(|error| {
        error.note(
            format!("on the way to the field `{path}` of {}", described(node)),
            None,
        )
    })
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

/// The depth is bounded by the reader's: each call goes one level down in a value that was read,
/// or one part on in a path.
fn descend(
    node: &mut Node,
    rest: Option<&str>,
    items: &mut Vec<u32>,
    leaf: OnMissing,
    required: u8,
    f: Leaf<'_>,
) -> Result<()> {
    let Some(path) = rest else {
        return f(items, node);
    };
    if node.is_null() {
        return Ok(());
    }
    match &mut node.value {
        Value::Seq(list) => {
            for (number, item) in (0..).zip(list.iter_mut()) {
                items.push(number);
                descend(item, rest, items, leaf, required, f)?;
                items.pop();
            }
            Ok(())
        }
        Value::Map(_) => {
            let (segment, rest) = first_segment(path);
            let leaf_here = match leaf {
                OnMissing::Keep => leaf,
                _ if required > 0 => OnMissing::Keep,
                _ if rest.is_some() => OnMissing::Map,
                _ => leaf,
            };
            let required = required.saturating_sub(1);
            match field(node, &segment, leaf_here)? {
                Some(field) => descend(field, rest, items, leaf, required, f),
                None => Ok(()),
            }
        }
        Value::Scalar(_) | Value::Alias(_) => {
            let message = "a single value is where a map or a list should be";
            Err(Error::new(Kind::Transform, message).at(node.span))
        }
    }
}

/// The field of a mapping that a part of a path names, made if `leaf` says what to make.
fn field<'n>(node: &'n mut Node, segment: &str, leaf: OnMissing) -> Result<Option<&'n mut Node>> {
    let (name, wants_list) = match segment.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (segment, false),
    };
    if name.is_empty() {
        return Err(
            Error::new(Kind::Transform, "a part of the field path is empty")
                .at(node.span)
                .help("a path names keys, joined by `/`: `spec/template/spec`"),
        );
    }
    let name = name.trim();
    if name.is_empty() {
        return Ok(Some(node));
    }
    if is_position(name) {
        let message = format!("`{name}` in a field path means an item of a list, here is a map");
        return Err(Error::new(Kind::Transform, message)
            .at(node.span)
            .help("leave it out: a path goes through all items of a list by itself"));
    }
    let Some(entries) = node.entries_mut() else {
        return Ok(None);
    };
    let found = entries.iter().position(|entry| entry.is(name));
    let made = || match leaf {
        _ if wants_list => None,
        OnMissing::Keep => None,
        OnMissing::Map => Some(Node::map(Vec::new())),
        OnMissing::Scalar(tag) => Some(Node::scalar("", tag)),
    };
    let index = match found {
        Some(index) => {
            let value = &mut entries[index].value;
            if value.is_null() {
                let empty = match wants_list {
                    true => Some(Node::seq(Vec::new())),
                    false => made(),
                };
                if let Some(empty) = empty {
                    become_empty(value, empty);
                }
            }
            index
        }
        None => {
            let Some(made) = made() else { return Ok(None) };
            entries.push(Entry::new(name, made));
            entries.len() - 1
        }
    };
    Ok(entries.get_mut(index).map(|entry| &mut entry.value))
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
