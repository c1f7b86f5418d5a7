//! References, found by the type of the object that names.

use super::{FieldSpec, Referral};

/// The rows of the table of references, by the kind of the object that holds the field.
///
/// Made once for a build, so that an object looks at its own rows and not at those of all others.
#[derive(Clone, Debug)]
pub struct ByKind<'f> {
    /// Sorted by kind, and within a kind as in the table.
    rows: Vec<Row<'f>>,
}

#[derive(Clone, Copy, Debug)]
struct Row<'f> {
    /// Its place in the table.
    number: usize,
    spec: &'f FieldSpec,
    referral: &'f Referral,
}

impl<'f> ByKind<'f> {
    /// From the table.
    pub(super) fn new(referrals: &'f [Referral]) -> Self {
        let pairs = referrals
            .iter()
            .flat_map(|referral| referral.referrers.iter().map(move |spec| (spec, referral)));
        let mut rows: Vec<Row<'f>> = pairs
            .enumerate()
            .map(|(number, (spec, referral))| Row {
                number,
                spec,
                referral,
            })
            .collect();
        rows.sort_by_key(|row| (&row.spec.kind, row.number));
        Self { rows }
    }

    /// The fields in which an object of this type may name another, and what each may name, in the
    /// order of the table.
    pub fn get(
        &self,
        group: &str,
        version: &str,
        kind: &str,
    ) -> impl Iterator<Item = (&'f FieldSpec, &'f Referral)> + use<'f> {
        let any = self.of_kind("");
        let own = if kind.is_empty() {
            &[]
        } else {
            self.of_kind(kind)
        };
        let mut rows: Vec<Row<'f>> = any
            .iter()
            .chain(own)
            .filter(|row| row.spec.selects(group, version, kind))
            .copied()
            .collect();
        if !any.is_empty() {
            rows.sort_unstable_by_key(|row| row.number);
        }
        rows.into_iter().map(|row| (row.spec, row.referral))
    }

    fn of_kind(&self, kind: &str) -> &[Row<'f>] {
        let start = self
            .rows
            .partition_point(|row| row.spec.kind.as_str() < kind);
        let length = self.rows[start..].partition_point(|row| row.spec.kind == kind);
        &self.rows[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::Fields;
    use super::*;

    #[test]
    fn the_index_finds_what_a_search_through_the_table_finds() {
        let mut fields = Fields::builtin();
        let any = FieldSpec {
            path: "metadata/annotations/owner".into(),
            ..FieldSpec::default()
        };
        fields.name_reference.to_mut()[3].referrers = Cow::Owned(vec![any]);
        let index = fields.references_by_kind();
        for (group, version, kind) in [
            ("apps", "v1", "Deployment"),
            ("", "v1", "Pod"),
            ("", "v2", "Pod"),
            ("networking.k8s.io", "v1", "Ingress"),
            ("serving.knative.dev", "v1", "Service"),
            ("example.com", "v1", "Unheard"),
            ("", "", ""),
        ] {
            let all = fields
                .name_reference
                .iter()
                .flat_map(|referral| referral.referrers.iter().map(move |spec| (spec, referral)));
            let searched: Vec<_> = all
                .filter(|(spec, _)| spec.selects(group, version, kind))
                .collect();
            let found: Vec<_> = index.get(group, version, kind).collect();
            assert_eq!(found, searched, "{kind}");
        }
    }

    #[test]
    fn a_kind_that_names_nobody_has_no_rows() {
        let fields = Fields::builtin();
        let index = fields.references_by_kind();
        assert_eq!(index.get("", "v1", "ConfigMap").count(), 0);
        assert_eq!(index.get("apps", "v1", "Deployment").count(), 16);
    }
}
