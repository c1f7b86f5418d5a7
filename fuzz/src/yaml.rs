//! YAML: read, changed, printed.

use kustom::place::SourceId;
use kustom::yaml::{
    Dialect, Manifests, Node, Options, PrintOptions, Size, block_subset, manifests, print, read,
    read_by_scanner, read_manifests, repeated_key, rewrite, same_data, take_manifests_from, write,
    write_rope, write_stream,
};

use super::parts::pair;

/// A text as it is written: aliases and comments stay.
pub(super) const KEPT: Options = Options {
    source: SourceId::NONE,
    dialect: Dialect::Manifest,
    keep_aliases: true,
    comments: true,
    lasting_anchors: false,
    go_yaml_4: false,
};

/// What the reader of the block subset makes of a text is what all of YAML makes of it, comments
/// included.
pub(crate) fn block_subset_is_yaml(text: &str) {
    let kustomization = Options {
        dialect: Dialect::Kustomization,
        ..Options::default()
    };
    let script = Options {
        lasting_anchors: true,
        go_yaml_4: true,
        ..KEPT
    };
    for options in [Options::default(), kustomization, KEPT, script] {
        let Some(documents) = block_subset(text, &options) else {
            continue;
        };
        let by_scanner =
            read_by_scanner(text, &options).expect("what is read in one pass is no mistake");
        assert_eq!(documents, by_scanner);
    }
}

/// Collections that are kept as pieces of a text are printed as the nodes that all of it is read as,
/// and are these nodes when they are looked into; what is printed is kept as it is.
pub(crate) fn verbatim_is_read(text: &str) {
    let whole = read_manifests(text.as_bytes(), SourceId::NONE);
    let printed = |manifests: &Manifests| {
        let mut text = String::new();
        let copied = write_stream(&manifests.documents, &mut text)
            .map(|()| text)
            .map_err(|error| error.to_string());
        let mut bytes = Vec::new();
        if let Ok(rope) = write_rope(&manifests.documents) {
            rope.write_to(&mut bytes).expect("it is memory");
        }
        assert_eq!(copied.as_deref().unwrap_or_default().as_bytes(), bytes);
        copied
    };
    for length in [1, 64] {
        let taken = take_manifests_from(text.to_owned().into(), SourceId::NONE, length);
        let (whole, taken) = match (&whole, taken) {
            (Ok(whole), Ok(taken)) => (whole, taken),
            (Err(one), Err(other)) => {
                assert_eq!(one.to_string(), other.to_string());
                return;
            }
            (_, taken) => panic!("only one of the two is an error: {taken:?}"),
        };
        let wanted = printed(whole);
        for (one, other) in taken.documents.iter().zip(&whole.documents) {
            assert_eq!(Size::of(one), Size::of(other));
            assert_eq!(repeated_key(one).is_some(), repeated_key(other).is_some());
        }
        assert_eq!(printed(&taken), wanted);
        assert_eq!(&taken, whole);
        assert_eq!(printed(&taken), wanted);
        let mut changed = take_manifests_from(text.to_owned().into(), SourceId::NONE, length)
            .expect("it was taken before");
        let mut plain = whole.clone();
        changed.documents.iter_mut().for_each(change_the_last);
        plain.documents.iter_mut().for_each(change_the_last);
        assert_eq!(printed(&changed), printed(&plain));
    }
}

/// Puts another text in the place of the value that ends last.
fn change_the_last(node: &mut Node) {
    if node.is_map() && !node.entries().is_empty() {
        let entries = node.entries_mut().and_then(|entries| entries.last_mut());
        entries
            .into_iter()
            .for_each(|entry| change_the_last(&mut entry.value));
    } else if node.is_seq() && !node.items().is_empty() {
        let items = node.items_mut().and_then(|items| items.last_mut());
        items.into_iter().for_each(change_the_last);
    } else {
        *node = Node::string("changed");
    }
}

/// A text that is changed into another says what the other says, or is not changed; and one that
/// nothing is changed in keeps its bytes.
pub(crate) fn rewrite_says_what_is_meant(text: &str) {
    let (text, other) = pair(text);
    let Ok(before) = read(text, &KEPT) else {
        return;
    };
    let same = rewrite(text, &before, &before).expect("nothing is changed");
    assert_eq!(same, text, "nothing is changed");
    let Ok(mut after) = read(other, &KEPT) else {
        return;
    };
    after.iter_mut().for_each(forget);
    if let Ok(changed) = rewrite(text, &before, &after) {
        let again = read(&changed, &KEPT).expect("what was changed can be read");
        // A document that is nothing but comments is none in a text without a `---`.
        if after.iter().any(Node::is_null) {
            return;
        }
        assert_eq!(again.len(), after.len(), "{changed}");
        for (a, b) in again.iter().zip(&after) {
            assert!(same_data(a, b), "{changed}");
        }
    }
}

/// Takes the places out of a node, which belong to another text.
fn forget(node: &mut Node) {
    node.span = kustom::place::Span::default();
    if let Some(items) = node.items_mut() {
        items.iter_mut().for_each(forget);
    }
    if let Some(entries) = node.entries_mut() {
        for entry in entries {
            forget(&mut entry.key);
            forget(&mut entry.value);
        }
    }
}

/// What is printed is read back as what it was; printed again, it has the same bytes.
pub(crate) fn print_is_read_back(text: &str) {
    if let Ok(documents) = read(text, &KEPT) {
        let printed = print(&documents, &PrintOptions::default());
        let again = read(&printed, &KEPT).expect("what is printed can be read");
        // Of a document that is nothing but comments, these alone are printed, as in yq.
        if !documents.iter().any(Node::is_null) {
            assert_eq!(again.len(), documents.len(), "{printed}");
            for (a, b) in again.iter().zip(&documents) {
                assert!(same_data(a, b), "{printed}");
            }
        }
    }
    let Ok(documents) = manifests(text.as_bytes(), SourceId::NONE) else {
        return;
    };
    let mut written = String::new();
    if write_stream(documents.iter(), &mut written).is_err() {
        return;
    }
    check_written(&written, documents.len());
    for document in &documents {
        let mut one = String::new();
        write(document, &mut one).expect("what is written in a stream is written alone");
    }
}

/// What a build prints is read back, and printed again it is the same.
pub(crate) fn check_written(written: &str, documents: usize) {
    // kustomize does not read back what it prints of these line breaks, and is followed there.
    if written.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return;
    }
    let again = manifests(written.as_bytes(), SourceId::NONE).expect("what is written can be read");
    assert_eq!(again.len(), documents, "{written}");
    let mut twice = String::new();
    write_stream(again.iter(), &mut twice).expect("what was written can be written");
    assert_eq!(twice, written);
}
