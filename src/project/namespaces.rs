//! The map of namespaces that an environment says.

use super::settings::value_of_key;
use super::{Environment, NamespacesInText};
use crate::build::{Matched, Operator};
use crate::finding::{Finding, Severity};
use crate::load::{Files, SourceStore};
use crate::place::Span;
use crate::transform::namespace_map::{NamespaceMap, NamespaceMove, NamespaceText};
use crate::yaml::Text;

/// The map as a build takes it; each new name has its place in the file that says it.
pub(super) fn map(
    environment: &Environment,
    files: &dyn Files,
    library: &SourceStore<'_>,
) -> NamespaceMap {
    let settings = &environment.settings;
    let moves = settings.namespaces.iter().map(|(from, to)| {
        let found = value_of_key(files, environment, "namespaces", from);
        let span = found.map(|(path, node)| Span {
            source: library.source(&path),
            ..node.span
        });
        let text = |text: &str| Text {
            text: text.into(),
            span: span.unwrap_or_default(),
        };
        NamespaceMove {
            from: text(from),
            to: text(to),
        }
    });
    NamespaceMap {
        moves: moves.collect(),
        texts: settings.namespaces_in_text.iter().map(text).collect(),
    }
}

fn text(one: &NamespacesInText) -> NamespaceText {
    let object = one.object.as_deref().unwrap_or_default();
    let (kind, name) = object.split_once('/').unwrap_or((object, ""));
    NamespaceText {
        kind: kind.into(),
        name: name.into(),
        path: one.path.as_str().into(),
    }
}

/// What the map did: a note for each name that was met, a warning for each that was not.
pub(super) fn check(environment: &Environment, matches: &[Matched]) -> Vec<Finding> {
    let settings = &environment.settings;
    let moved = matches
        .iter()
        .filter(|matched| matched.operator == Operator::Namespace);
    let findings = moved.map(|matched| {
        let name = &matched.name;
        if matched.count == 0 {
            let message = format!("no object and no reference names the namespace `{name}`");
            return Finding::warning("unmatched-namespace", message)
                .at(matched.place.clone())
                .help(
                    "a namespace is named as the build has it, after what the kustomization says",
                );
        }
        let to = settings.namespaces.get(name).map_or("", String::as_str);
        let message = match matched.count {
            1 => format!("the namespace `{name}` is `{to}` in 1 place"),
            count => format!("the namespace `{name}` is `{to}` in {count} places"),
        };
        Finding::new("namespace-override", Severity::Note, message)
    });
    findings.collect()
}
