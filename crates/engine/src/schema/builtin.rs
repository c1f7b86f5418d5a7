//! The built-in definitions.
//!
//! They are static tables, sorted, so that nothing is read or built before the first question.

use super::rows::{KindRow, Row};
use super::tables::{FIELDS, KEYS, KINDS, KUSTOMIZE, NAMED, ROWS, WORDS};

/// The row of a built-in definition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Definition(u16);

/// How many slots the index of kinds has: a few times the kinds, so that most are alone in theirs.
const SLOTS: usize = 1024;

/// A slot without a row.
const FREE: u16 = u16::MAX;

/// The rows of kinds, each in the slot of its hash or, where that is taken, in one behind it.
static INDEX: [u16; SLOTS] = {
    let mut index = [FREE; SLOTS];
    let mut row = 0;
    while (row as usize) < KINDS.len() {
        let KindRow {
            api_version, kind, ..
        } = &KINDS[row as usize];
        let mut slot = slot_of(api_version, kind);
        while index[slot] != FREE {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = row;
        row += 1;
    }
    index
};

/// The versions of a kind differ in length, nearly all of them.
const fn slot_of(api_version: &str, kind: &str) -> usize {
    let mut hash = api_version.len() as u32;
    let bytes = kind.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = hash.wrapping_mul(31).wrapping_add(bytes[at] as u32);
        at += 1;
    }
    hash.wrapping_mul(0x9E37_79B1) as usize >> 16 & (SLOTS - 1)
}

/// The first bytes of each word, in the order of the words: most differ in them.
static STARTS: [u64; WORDS.len()] = {
    let mut starts = [0; WORDS.len()];
    let mut word = 0;
    while word < WORDS.len() {
        starts[word] = start_of(WORDS[word]);
        word += 1;
    }
    starts
};

/// How many bytes of a word are its start.
const START: usize = 8;

/// The first eight bytes, as a number that is ordered as they are; zeros follow a shorter word.
const fn start_of(word: &str) -> u64 {
    let bytes = word.as_bytes();
    if let Some(first) = bytes.first_chunk::<START>() {
        return u64::from_be_bytes(*first);
    }
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        start |= (bytes[at] as u64) << (8 * (START - 1 - at));
        at += 1;
    }
    start
}

/// The row of the tables for an apiVersion and kind.
pub(super) fn kind(api_version: &str, kind: &str) -> Option<&'static KindRow> {
    let mut slot = slot_of(api_version, kind);
    while INDEX[slot] != FREE {
        let row = &KINDS[usize::from(INDEX[slot])];
        if row.kind == kind && row.api_version == api_version {
            return Some(row);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// Whether objects of a kind live outside of namespaces, if the tables have any version of it.
pub(super) fn scope_of_any_version(group: &str, kind: &str) -> Option<bool> {
    let mut rows = KINDS.iter().filter(|row| {
        let (known, _) = row.api_version.split_once('/').unwrap_or_default();
        row.kind == kind && known == group
    });
    rows.find_map(|row| row.is_cluster_scoped)
}

/// The kinds that the table of scopes has although the definitions are older than they are.
pub(super) fn is_admission_policy(api_version: &str, kind: &str) -> bool {
    api_version == "admissionregistration.k8s.io/v1"
        && matches!(
            kind,
            "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding"
        )
}

/// The definition of a name.
pub(super) fn definition(name: &str) -> Option<Definition> {
    let index = ROWS[..NAMED]
        .binary_search_by(|row| row.name.cmp(name))
        .ok()?;
    u16::try_from(index).ok().map(Definition)
}

impl KindRow {
    /// The definition of the kind.
    pub(super) fn definition(&self) -> Option<Definition> {
        self.row.map(Definition)
    }
}

impl Definition {
    /// Whether it describes a kind of kustomize, not of Kubernetes.
    pub(super) fn is_of_kustomize(self) -> bool {
        KUSTOMIZE.contains(&self.0)
    }

    /// The definition of a field that is listed.
    pub(super) fn property(self, name: &str) -> Option<Self> {
        let row = self.row();
        let fields = &FIELDS[usize::from(row.first_field)..][..usize::from(row.fields)];
        let start = start_of(name);
        let index = fields.binary_search_by(|(word, _)| {
            let word = usize::from(*word);
            let by_start = STARTS[word].cmp(&start);
            by_start.then_with(|| match WORDS[word] {
                known if known.len().max(name.len()) <= START => known.len().cmp(&name.len()),
                known => known.cmp(name),
            })
        });
        let index = index.ok()?;
        Some(Self(fields[index].1))
    }

    /// The definition of every field that is not listed.
    pub(super) fn additional(self) -> Option<Self> {
        self.row().additional.map(Self)
    }

    /// The definition of the items of a merging list.
    pub(super) fn item(self) -> Option<Self> {
        self.row().item.map(Self)
    }

    /// The keys of a merging list; none for a list of scalars.
    pub(super) fn merge_keys(self) -> Option<&'static [&'static str]> {
        self.row().keys.map(|keys| KEYS[usize::from(keys)])
    }

    fn row(self) -> &'static Row {
        &ROWS[usize::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(KINDS.is_sorted_by_key(|row| (row.api_version, row.kind)));
        assert!(ROWS[..NAMED].is_sorted_by_key(|row| row.name));
        assert!(WORDS.is_sorted());
        for row in &ROWS {
            let fields = &FIELDS[usize::from(row.first_field)..][..usize::from(row.fields)];
            assert!(fields.is_sorted(), "{}", row.name);
        }
    }

    #[test]
    fn every_kind_is_found() {
        for row in &KINDS {
            let found = kind(row.api_version, row.kind).unwrap();
            assert!(std::ptr::eq(found, row), "{} {}", row.api_version, row.kind);
        }
        assert!(kind("v1", "Deployment").is_none() && kind("", "").is_none());
    }

    #[test]
    fn every_index_leads_somewhere() {
        for row in &ROWS {
            let rows = row.additional.iter().chain(&row.item);
            assert!(rows.into_iter().all(|row| usize::from(*row) < ROWS.len()));
            assert!(row.keys.is_none_or(|keys| usize::from(keys) < KEYS.len()));
        }
        for (word, row) in &FIELDS {
            assert!(usize::from(*word) < WORDS.len() && usize::from(*row) < ROWS.len());
        }
    }

    #[test]
    fn forty_four_lists_have_keys_and_two_are_of_scalars() {
        let mut lists: BTreeMap<String, usize> = BTreeMap::new();
        for (_, row) in &FIELDS {
            if let Some(keys) = Definition(*row).merge_keys() {
                *lists.entry(keys.join(" ")).or_default() += 1;
            }
        }
        let lists: Vec<(&str, usize)> = lists.iter().map(|(key, n)| (key.as_str(), *n)).collect();
        let wanted = [
            ("", 2),
            ("containerPort protocol", 1),
            ("devicePath", 2),
            ("ip", 2),
            ("key", 1),
            ("mountPath", 2),
            ("name", 16),
            ("port protocol", 1),
            ("topologyKey whenUnsatisfiable", 1),
            ("type", 17),
            ("uid", 1),
        ];
        assert_eq!(lists, wanted);
    }

    #[test]
    fn eighty_two_kinds_have_a_scope() {
        let count = |scope| {
            KINDS
                .iter()
                .filter(|row| row.is_cluster_scoped == Some(scope))
                .count()
        };
        assert_eq!((count(true), count(false)), (36, 46));
        let described = KINDS.iter().filter(|row| row.row.is_some());
        assert_eq!(described.count(), 274);
    }
}
