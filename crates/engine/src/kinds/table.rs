//! The table of well-known kinds, read and written.
//!
//! A line `GROUP/KIND`, scope, source begins a kind; the lines behind it, which begin with a tab,
//! are its fields: the role, the path and, for a reference, what it names. All parts are separated
//! by tabs.

use std::fmt;
use std::sync::OnceLock;

use super::{Field, Form, Kind, Role, Target};

/// The table. Each kind says where its fields are written.
const TABLE: &str = include_str!("kinds.tsv");

/// The well-known kinds, read when they are first asked for.
pub(super) fn well_known() -> &'static [Kind] {
    static KINDS: OnceLock<Vec<Kind>> = OnceLock::new();
    KINDS.get_or_init(|| parse(TABLE))
}

/// Reads a table; a line that is none of it is passed over, which a test forbids for ours.
fn parse(text: &str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split('\t').collect();
        match parts.as_slice() {
            ["", role, path, target @ ..] => {
                let field = role_of(role, target).map(|role| Field {
                    path: (*path).into(),
                    role,
                });
                if let (Some(field), Some(kind)) = (field, kinds.last_mut()) {
                    kind.fields.push(field);
                }
            }
            [name, scope, source] => kinds.extend(name.split_once('/').map(|(group, kind)| Kind {
                group: group.into(),
                kind: kind.into(),
                cluster_scoped: *scope == "Cluster",
                source: (*source).into(),
                fields: Vec::new(),
            })),
            _ => {}
        }
    }
    kinds
}

fn role_of(word: &str, target: &[&str]) -> Option<Role> {
    Some(match (word, target) {
        ("pod-template", []) => Role::PodTemplate,
        ("pod-spec", []) => Role::PodSpec,
        ("containers", []) => Role::Containers,
        ("container", []) => Role::Container,
        ("volumes", []) => Role::Volumes,
        ("image", []) => Role::Image,
        ("replicas", []) => Role::Replicas,
        ("labels", []) => Role::Labels,
        ("selector", []) => Role::Selector,
        ("list", []) => Role::List,
        ("reference" | "qualified" | "host", [name]) => {
            let (group, kind) = name.split_once('/').unwrap_or(("", name));
            Role::Reference(Target {
                group: group.into(),
                kind: if *name == "*" { "" } else { kind }.into(),
                form: match word {
                    "host" => Form::Host,
                    "qualified" => Form::Qualified,
                    _ => Form::Name,
                },
            })
        }
        _ => return None,
    })
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.cluster_scoped {
            true => "Cluster",
            false => "Namespaced",
        };
        let Self {
            group,
            kind,
            source,
            ..
        } = self;
        writeln!(f, "{group}/{kind}\t{scope}\t{source}")?;
        for field in &self.fields {
            writeln!(f, "\t{}", Row(field))?;
        }
        Ok(())
    }
}

struct Row<'f>(&'f Field);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.0.path;
        let word = match &self.0.role {
            Role::PodTemplate => "pod-template",
            Role::PodSpec => "pod-spec",
            Role::Containers => "containers",
            Role::Container => "container",
            Role::Volumes => "volumes",
            Role::Image => "image",
            Role::Replicas => "replicas",
            Role::Labels => "labels",
            Role::Selector => "selector",
            Role::List => "list",
            Role::Reference(target) => {
                let word = match target.form {
                    Form::Name => "reference",
                    Form::Qualified => "qualified",
                    Form::Host => "host",
                };
                let Target { group, kind, .. } = target;
                return match (group.as_str(), kind.as_str()) {
                    (_, "") => write!(f, "{word}\t{path}\t*"),
                    ("", kind) => write!(f, "{word}\t{path}\t{kind}"),
                    (group, kind) => write!(f, "{word}\t{path}\t{group}/{kind}"),
                };
            }
        };
        write!(f, "{word}\t{path}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_written_as_it_is() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let written: String = well_known().iter().map(Kind::to_string).collect();
        assert_eq!(
            lines.collect::<Vec<_>>(),
            written.lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn every_kind_is_there_once_and_has_a_source() {
        let mut names = BTreeSet::new();
        for kind in well_known() {
            assert!(names.insert((&kind.group, &kind.kind)), "{kind}");
            assert!(kind.source.len() > 10, "{kind}");
            assert!(kind.group.contains('.'), "{kind}");
            let fields: BTreeSet<&Field> = kind.fields.iter().collect();
            assert_eq!(fields.len(), kind.fields.len(), "{kind}");
        }
    }
}
