//! What changes in an object when its version is no longer served.

const MIGRATIONS: &str = include_str!("../data/migrations.tsv");

/// What to change beside the version, for a kind of a version that servers have removed.
pub(crate) fn of(api_version: &str, kind: &str) -> Option<&'static str> {
    rows().find_map(|(of, named, change)| (of == api_version && named == kind).then_some(change))
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    MIGRATIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (api_version, rest) = line.split_once('\t')?;
            let (kind, change) = rest.split_once('\t')?;
            Some((api_version, kind, change))
        })
}

#[cfg(test)]
mod tests {
    use super::{of, rows};
    use crate::schema::{self, Kind, MINORS};

    fn is_removed(kind: &Kind) -> bool {
        kind.span().1 < *MINORS.end()
    }

    #[test]
    fn every_removed_version_says_what_changes() {
        for kind in schema::kinds().iter().filter(|kind| is_removed(kind)) {
            let change = of(kind.api_version, kind.kind);
            assert!(change.is_some(), "{} {}", kind.api_version, kind.kind);
        }
    }

    #[test]
    fn rows_are_of_removed_versions_once_each() {
        let names: Vec<_> = rows().map(|(of, kind, _)| (of, kind)).collect();
        assert!(names.is_sorted_by(|one, next| one < next));
        for (api_version, kind) in names {
            let known = schema::kind(api_version, kind);
            assert!(known.is_some_and(is_removed), "{api_version} {kind}");
        }
    }

    #[test]
    fn where_only_the_version_changes_another_one_is_served() {
        for (api_version, name, change) in rows() {
            let Some(kind) = schema::kind(api_version, name) else {
                continue;
            };
            let next = kind.span().1 + 1;
            let mut others = schema::kinds().iter().filter(|other| other.kind == name);
            if change == "nothing but the version changes" {
                assert!(
                    others.any(|other| other.is_served(next)),
                    "{api_version} {name}"
                );
            }
        }
    }
}
