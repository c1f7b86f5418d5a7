//! The fields of a custom kind as rows of the tables that transformers read.

use std::borrow::Cow;

use super::{Kind, Role, pods};
use crate::fields::{FieldSpec, Fields, Specs};

/// Leaves the rows of kustomize's that are for a kind of any group to that of the core group: a
/// Service of Knative has no selector.
pub(super) fn leave_to_core(fields: &mut Fields, kind: &str) {
    for table in [
        &mut fields.common_annotations,
        &mut fields.common_labels,
        &mut fields.replicas,
        &mut fields.template_labels,
    ] {
        let is_of_any = |row: &FieldSpec| row.kind == kind && row.group.is_empty();
        if table.iter().any(is_of_any) {
            let rows = table.to_mut().iter_mut();
            rows.filter(|row| is_of_any(row))
                .for_each(|row| row.core_only = true);
        }
    }
}

/// Adds the rows of a kind where a table has none of the same path for it.
pub(super) fn extend(fields: &mut Fields, kind: &Kind) {
    for field in &kind.fields {
        let parts = field.parts();
        // A row has no word for any key.
        if parts.iter().any(|part| part.contains('*')) {
            continue;
        }
        let path = parts.join("/");
        let kept = |end: &str| spec(kind, format!("{path}{end}"), false, 0);
        let made = |end: &str| spec(kind, format!("{path}{end}"), true, parts.len());
        match &field.role {
            Role::PodTemplate => {
                let labels = made("/metadata/labels");
                add(
                    &mut fields.common_annotations,
                    made("/metadata/annotations"),
                );
                add(&mut fields.common_labels, labels.clone());
                add(&mut fields.template_labels, labels);
            }
            Role::Labels => {
                // The map itself is made where what holds it is there.
                let labels = spec(kind, path, true, parts.len() - 1);
                add(&mut fields.common_labels, labels.clone());
                add(&mut fields.template_labels, labels);
            }
            Role::Selector => add(&mut fields.common_labels, kept("")),
            Role::Replicas => {
                let row = spec(kind, path, true, parts.len() - 1);
                add(&mut fields.replicas, row);
            }
            Role::Image => add(&mut fields.images, kept("")),
            Role::PodSpec | Role::Containers | Role::Container | Role::Volumes => {}
            Role::List | Role::Reference(_) => continue,
        }
        for end in pods::images(&field.role) {
            add(
                &mut fields.images,
                spec(kind, format!("{}{end}", field.plain()), false, 0),
            );
        }
    }
}

fn spec(kind: &Kind, path: String, create: bool, required: usize) -> FieldSpec {
    FieldSpec {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        path: path.into(),
        create,
        required: u8::try_from(required).unwrap_or(u8::MAX),
        ..FieldSpec::default()
    }
}

/// Adds a row unless the table has one of the same path for the kind, whatever its version.
fn add(table: &mut Specs, row: FieldSpec) {
    let is_there = |known: &FieldSpec| {
        known.path == row.path && known.selects(&row.group, &known.version, &row.kind)
    };
    if !table.iter().any(is_there) {
        match table {
            Cow::Owned(rows) => rows.push(row),
            Cow::Borrowed(rows) => {
                let mut rows = rows.to_vec();
                rows.push(row);
                *table = Cow::Owned(rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Field;
    use super::*;

    fn kind(role: Role, path: &str) -> Kind {
        Kind {
            group: "example.com".into(),
            kind: "Shop".into(),
            fields: vec![Field {
                path: path.into(),
                role,
            }],
            ..Kind::default()
        }
    }

    #[test]
    fn a_row_of_the_user_goes_before_one_of_ours() {
        let own = FieldSpec {
            kind: "Shop".into(),
            path: "spec/selector".into(),
            create: true,
            ..FieldSpec::default()
        };
        let mut fields = Fields {
            common_labels: Cow::Owned(vec![own.clone()]),
            ..Fields::default()
        };
        extend(&mut fields, &kind(Role::Selector, "spec/selector"));
        assert_eq!(*fields.common_labels, [own]);
        extend(&mut fields, &kind(Role::Selector, "spec/other"));
        assert_eq!(fields.common_labels.len(), 2);
    }

    #[test]
    fn labels_of_a_template_are_made_where_the_template_is() {
        let mut fields = Fields::default();
        extend(
            &mut fields,
            &kind(Role::PodTemplate, "spec/templates[name]/pod"),
        );
        let row = &fields.template_labels[0];
        assert_eq!(row.path, "spec/templates/pod/metadata/labels");
        assert_eq!((row.create, row.required), (true, 3));
        assert_eq!(fields.common_annotations.len(), 1);
    }

    #[test]
    fn a_path_with_any_key_has_no_row() {
        let mut fields = Fields::default();
        extend(
            &mut fields,
            &kind(Role::PodTemplate, "spec/groups/*/template"),
        );
        assert_eq!(fields, Fields::default());
    }
}
