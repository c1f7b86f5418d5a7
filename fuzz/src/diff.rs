//! Comparisons.

use std::fmt::Write as _;
use std::ops::Range;

use kustom::diff::{Detail, Diff, Input, Masking, Options, Secrets, Sides, diff};
use kustom::fields::Fields;
use kustom::place::SourceId;
use kustom::report::{self, DiffFormat, Layout};
use kustom::resource::Resource;
use kustom::schema::Schema;
use kustom::yaml::{Node, manifests};

use super::parts::pair;
use super::patch::json;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn find(&self, _: &str) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn is_placeholder(&self, _: &str) -> bool {
        true
    }
}

/// A list of objects and itself do not differ; two that say something else do.
pub(crate) fn difference(text: &str) {
    let (from, to) = pair(text);
    let (Some(from), Some(to)) = (resources(from), resources(to)) else {
        return;
    };
    for side in [&from, &to] {
        let found = compared(side, side, &NoSecrets, true);
        assert!(found.is_empty(), "{}", told(&found));
    }
    let found = compared(&from, &to, &NoSecrets, true);
    let shown = told(&found);
    let (Some(one), Some(other)) = (data(&from), data(&to)) else {
        return;
    };
    assert!(
        one == other || !found.is_empty(),
        "no difference is found between {one:?} and {other:?}: {shown}"
    );
}

/// The objects of a text, if all of it is objects.
pub(crate) fn resources(text: &str) -> Option<Vec<Resource>> {
    let nodes = manifests(text.as_bytes(), SourceId::NONE).ok()?;
    let schema = Schema::builtin();
    let made = nodes.into_iter().map(|node| Resource::new(node, &schema));
    made.collect::<Result<_, _>>().ok()
}

/// What lists of objects say, in whatever order; a field that is null is none.
fn data(resources: &[Resource]) -> Option<Vec<String>> {
    let texts = resources.iter().map(|one| {
        let mut node = one.node.clone();
        drop_nulls(&mut node);
        Some(json(&node)?.to_string())
    });
    let mut texts = texts.collect::<Option<Vec<_>>>()?;
    texts.sort();
    Some(texts)
}

fn drop_nulls(node: &mut Node) {
    if let Some(items) = node.items_mut() {
        items.iter_mut().for_each(drop_nulls);
    }
    if let Some(entries) = node.entries_mut() {
        entries.retain(|entry| !entry.value.is_null());
        for entry in entries {
            drop_nulls(&mut entry.value);
        }
    }
}

/// Compares two lists as two times of one thing.
pub(crate) fn compared(
    from: &[Resource],
    to: &[Resource],
    secrets: &dyn Secrets,
    strict: bool,
) -> Diff {
    let input = |name, resources| Input {
        name,
        resources,
        place: &|_| None,
    };
    let options = Options {
        sides: Sides::Times,
        fields: &Fields::builtin(),
        secrets,
        masking: Masking::default(),
        expected: &[],
        ignored: &[],
        detail: Detail { strict, all: true },
    };
    diff(input("before", from), input("after", to), &options)
}

/// A comparison in every format, and all that is in it besides.
pub(crate) fn told(found: &Diff) -> String {
    let mut text = String::new();
    for format in [
        DiffFormat::Terminal,
        DiffFormat::Unified,
        DiffFormat::Json,
        DiffFormat::Markdown,
        DiffFormat::Html,
    ] {
        text += &report::diff(found, format, Layout::default());
    }
    for document in &found.documents {
        let _ = writeln!(text, "{}\n{}", document.from, document.to);
    }
    for finding in &found.findings {
        let _ = writeln!(text, "{finding:?}");
    }
    text
}

/// Whether a text is a part of what an object is called.
pub(crate) fn is_of_an_object(resource: &Resource, text: &str) -> bool {
    let id = resource.id();
    format!("{id:?}").contains(text)
}
