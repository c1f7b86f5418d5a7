//! Both languages of yq, and the formats that they read and write.

use kustom::yaml::{Node, Options, PrintOptions, print, read, rewrite, same_data};
use kustom::yq::codec::{Decoding, Encoding, Format, decode, encode};
use kustom::yq::{v3, v4};

use super::parts::pair;
use super::yaml::KEPT;

/// A script of yq 3 that sets values sets them once for all; what it made is what its text says.
pub(crate) fn v3(text: &str) {
    let (script, document) = pair(text);
    // Paths are read from anything.
    let _ = v3::Path::parse(script);
    let Ok(script) = v3::Script::parse(script, "script.yaml") else {
        return;
    };
    let Ok(outcome) = v3::run(&script, document, v3::Documents::default()) else {
        return;
    };
    let options = Options {
        comments: false,
        ..KEPT
    };
    let again = read(&outcome.text, &options).expect("what was changed can be read");
    check_same(&again, &outcome.documents, &outcome.text);
    for statement in &script.statements {
        let input = v3::Input {
            text: &outcome.text,
            documents: v3::Documents::default(),
        };
        let (how, output) = (v3::Reading::default(), v3::Output::default());
        let _ = v3::read(input, &statement.path_text, &how, output);
    }
    if script.statements.iter().all(sets_one_place) {
        let twice = v3::run(&script, &outcome.text, v3::Documents::default());
        let twice = twice.expect("a script that ran runs again");
        check_same(&twice.documents, &outcome.documents, &twice.text);
    }
}

/// Whether a statement sets a value at one place, whatever is there: a null that takes the place of
/// a scalar is nothing, of which the next run makes a mapping.
fn sets_one_place(statement: &v3::Statement) -> bool {
    let mut segments = statement.path.segments().iter();
    statement.command == v3::Command::Update
        && statement.value.as_ref().is_some_and(says_something)
        && segments.all(|segment| matches!(segment, v3::Segment::Key(_)))
}

fn says_something(value: &Node) -> bool {
    !value.is_null() && value.text().is_some_and(|text| !text.is_empty())
}

/// An expression of yq 4 that edits a text makes the text say what it means; `.` keeps the bytes;
/// what is no edit is printed and read back.
pub(crate) fn v4(text: &str) {
    let (expression, document) = pair(text);
    let Ok(documents) = read(document, &KEPT) else {
        return;
    };
    let same = rewrite(document, &documents, &documents).expect("nothing is changed");
    assert_eq!(same, document);
    let Ok(expression) = v4::Expression::parse(expression) else {
        return;
    };
    let context = v4::Context {
        now: Some(0),
        ..v4::Context::default()
    };
    let input = v4::Input {
        name: "file.yaml",
        documents: &documents,
    };
    let Ok(output) = expression.evaluate(&[input], &context) else {
        return;
    };
    let is_edit = !documents.is_empty() && output.is_edit(0, documents.len());
    let after = output.into_nodes();
    if !is_edit {
        print(&after, &PrintOptions::default());
        return;
    }
    if let Ok(changed) = rewrite(document, &documents, &after) {
        let again = read(&changed, &KEPT).expect("what was changed can be read");
        check_same(&again, &after, &changed);
    }
}

fn check_same(found: &[Node], wanted: &[Node], text: &str) {
    assert_eq!(found.len(), wanted.len(), "{text}");
    for (a, b) in found.iter().zip(wanted) {
        assert!(same_data(a, b), "{text}");
    }
}

/// What is written in a format is read back; written again, it has the same bytes.
///
/// The first line names the format.
pub(crate) fn codecs(text: &str) {
    let (name, text) = text.split_once('\n').unwrap_or((text, ""));
    let Some(format) = Format::named(name) else {
        return;
    };
    let Ok(nodes) = decode(format, text, &Decoding::default()) else {
        return;
    };
    let encoding = Encoding::default();
    // A text alone is printed bare, and so is not read back.
    for node in nodes.iter().filter(|node| !node.is_scalar()) {
        let Ok(written) = encode(format, node, &encoding) else {
            continue;
        };
        let again = decode(format, &written, &Decoding::default())
            .unwrap_or_else(|error| panic!("{error}: what is written can be read: {written:?}"));
        let Some(again) = again.first() else {
            continue;
        };
        let twice = encode(format, again, &encoding).expect("it was written before");
        assert_eq!(twice, written);
    }
}
