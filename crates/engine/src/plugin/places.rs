//! Where the values come from that a program printed.
//!
//! What a function leaves as it was keeps its place; what it changes comes from where the function
//! is configured. What helm prints comes from the template that it names above each object.

use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Entry, Node, Value};

use crate::load::Loader;
use crate::resource::Resource;

/// Gives a value and everything in it one place.
pub(super) fn settle(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::Map(entries) => {
            for Entry { key, value } in entries {
                settle(key, span);
                settle(value, span);
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(|item| settle(item, span)),
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

/// Gives an object one place, unless its hash covers those that it has.
pub(super) fn settle_resource(resource: &mut Resource, span: Span) {
    if !resource.hash_covers_places() {
        settle(&mut resource.node, span);
    }
}

/// Gives what is the same as before the place that it had.
pub(super) fn keep(new: &mut Node, old: &Node) {
    match (&mut new.value, &old.value) {
        (Value::Map(entries), Value::Map(before)) => {
            new.span = old.span;
            for entry in entries {
                let key = entry.key.text();
                let same = |known: &&Entry| known.key.text() == key;
                if let Some(known) = before.iter().find(same) {
                    entry.key.span = known.key.span;
                    keep(&mut entry.value, &known.value);
                }
            }
        }
        (Value::Seq(items), Value::Seq(before)) => {
            new.span = old.span;
            let is_as_long = items.len() == before.len();
            for (at, item) in items.iter_mut().enumerate() {
                // An item that moved is found by its name, or by all that it says.
                let name = item.get("name").and_then(Node::text);
                let is_it = |known: &&Node| match name {
                    Some(_) => known.get("name").and_then(Node::text) == name,
                    None => says_the_same(known, item),
                };
                let beside = before.get(at).filter(|_| is_as_long);
                if let Some(known) = before.iter().find(is_it).or(beside) {
                    keep(item, known);
                }
            }
        }
        (Value::Scalar(text), Value::Scalar(before)) if text == before && new.tag == old.tag => {
            new.span = old.span;
        }
        _ => {}
    }
}

/// Whether two values are the same, wherever they stand.
fn says_the_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(one), Value::Map(other)) => {
            let pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.fold(true, |same, (one, other)| {
                    same && one.key.text() == other.key.text()
                        && says_the_same(&one.value, &other.value)
                })
        }
        (Value::Seq(one), Value::Seq(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| says_the_same(one, other))
        }
        (one_value, other_value) => one_value == other_value && one.tag == other.tag,
    }
}

/// Gives what helm printed the templates that it comes from, as helm names them.
pub(super) fn settle_templates(made: &mut [Resource], output: &[u8], loader: &Loader<'_>) {
    const MARK: &str = "# Source: ";
    let text = String::from_utf8_lossy(output);
    let mut templates: Vec<(u32, SourceId)> = Vec::new();
    let mut known: Vec<(&str, SourceId)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(name) = line.strip_prefix(MARK) else {
            continue;
        };
        let found = known.iter().find(|(one, _)| *one == name);
        let source = match found {
            Some((_, source)) => *source,
            None => {
                let source = loader.library().named(name);
                known.push((name, source));
                source
            }
        };
        templates.push((number, source));
    }
    for resource in made {
        let line = resource.node.span.line;
        let after = templates.partition_point(|(above, _)| *above <= line);
        let template = after.checked_sub(1).and_then(|at| templates.get(at));
        let source = template.map_or(SourceId::NONE, |(_, source)| *source);
        let span = Span {
            source,
            ..Span::default()
        };
        settle_resource(resource, span);
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::load::{Memory, Restriction, SourceStore};
    use crate::resource::from_documents;
    use crate::schema::Schema;

    fn document(text: &str) -> Node {
        let mut stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        stream.documents.remove(0)
    }

    #[test]
    fn what_a_function_leaves_alone_keeps_its_place() {
        let old = document("a: 1\nlist:\n- name: x\n  v: 1\n- name: y\n  v: 2\nargs: [p, q]\n");
        let mut new =
            document("list: [{name: y, v: 2}, {name: x, v: 3}]\na: 1\nargs: [q]\nnew: {b: c}\n");
        let at = Span {
            line: 99,
            ..Span::default()
        };
        settle(&mut new, at);
        keep(&mut new, &old);
        let line = |node: &Node| node.span.line;
        let item =
            |at: usize, key: &str| line(new.get("list").unwrap().items()[at].get(key).unwrap());
        assert_eq!([item(0, "name"), item(0, "v")], [5, 6]);
        assert_eq!([item(1, "name"), item(1, "v")], [3, 99]);
        assert_eq!(line(new.get("a").unwrap()), 1);
        assert_eq!(line(&new.get("args").unwrap().items()[0]), 7);
        assert_eq!(line(new.at(&["new", "b"]).unwrap()), 99);
    }

    #[test]
    fn helm_names_the_template_of_each_object() {
        let mut files = Memory::default();
        files.insert("/app/kustomization.yaml", "");
        let library = SourceStore::new(&files, "/", Restriction::RootOnly);
        let loader = library.open("app".as_ref()).unwrap();
        let output = "---\n# Source: web/templates/a.yaml\nkind: A\nmetadata: {name: a}\n---\n\
                      # Source: web/templates/b.yaml\nkind: B\nmetadata: {name: b}\n---\n\
                      # more\nkind: C\nmetadata: {name: c}\n";
        let stream = read_manifests(output.as_bytes(), SourceId::NONE).unwrap();
        let mut made = from_documents(stream, &Schema::builtin()).unwrap();
        settle_templates(&mut made, output.as_bytes(), &loader);
        let names = made.iter().map(|resource| {
            let kind = resource.node.get("kind").unwrap();
            library.name(kind.span).unwrap().to_string()
        });
        let names: Vec<String> = names.collect();
        assert_eq!(
            names,
            [
                "web/templates/a.yaml",
                "web/templates/b.yaml",
                "web/templates/b.yaml"
            ]
        );
    }
}
