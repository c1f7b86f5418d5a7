//! The guard, and masks: what was found is never shown.

use std::sync::LazyLock;

use kustom::diff::Secrets as _;
use kustom::finding::Finding;
use kustom::guard::{Guard, encryption, is_placeholder};
use kustom::report::{self, Look, Report};
use kustom::yaml::write;

use super::diff::{compared, is_of_an_object, resources, told};
use super::parts::{check_span, pair};

/// What is shorter may be a part of anything.
const SHORTEST: usize = 16;

/// No text makes the guard panic; what it says of a secret does not hold it.
///
/// The first line names the file.
pub(crate) fn scan(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (name, bytes) = input.split_at(end.map_or(0, |end| end + 1));
    let name = String::from_utf8_lossy(name);
    let name = match name.trim() {
        "" => "config.yaml",
        name => name,
    };
    let _ = encryption(bytes);
    // Its automata are built once.
    static GUARD: LazyLock<Guard> = LazyLock::new(|| Guard::new().key(*b"0123456789abcdef"));
    let guard = &*GUARD;
    let scan = guard.scan(name, bytes);
    assert_eq!(scan, guard.scan(name, bytes), "another answer");
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let allowed = scan.allowed.iter().map(|allowed| &allowed.leak);
    for leak in scan.leaks.iter().chain(allowed) {
        check_span(leak.span, text);
        let found = text[leak.span.range()].trim().trim_matches(['"', '\'']);
        if found.len() < SHORTEST || leak.path.contains(found) {
            continue;
        }
        let finding = Finding::from(leak);
        let told = Report::of("guard", vec![finding]);
        // Wide enough that no secret is broken over two lines.
        let look = Look {
            width: 1_000_000,
            ..Look::default()
        };
        let told = report::report(&told, report::Format::Text, look, |_| None);
        let shown = format!("{leak:?}\n{told}");
        assert!(!shown.contains(found), "{found} is shown: {shown}");
    }
}

/// No format of a comparison holds a secret of either side.
pub(crate) fn masks(text: &str) {
    let (from, to) = pair(text);
    let (Some(from), Some(to)) = (resources(from), resources(to)) else {
        return;
    };
    static GUARD: LazyLock<Guard> = LazyLock::new(Guard::new);
    let guard = &*GUARD;
    let mut secrets: Vec<String> = Vec::new();
    for resource in from.iter().chain(&to) {
        let mut text = String::new();
        if write(&resource.node, &mut text).is_err() {
            return;
        }
        for range in guard.find(&text) {
            let found = text[range].trim().trim_matches(['"', '\'']);
            if found.len() >= SHORTEST && !found.contains('\n') {
                secrets.push(found.to_owned());
            }
        }
    }
    secrets.retain(|secret| {
        let mut all = from.iter().chain(&to);
        !is_placeholder(secret) && !all.any(|one| is_of_an_object(one, secret))
    });
    if secrets.is_empty() {
        return;
    }
    let shown = told(&compared(&from, &to, guard, true));
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} is shown: {shown}");
    }
}
