//! Searches one text for secrets, including documents and encoded texts inside of it.
//!
//! A pass over the bytes proposes candidates; where a document parses, its structure decides which
//! of the assignments count. Embedded texts, encoded or not, are searched in turn.

use std::ops::Range;

use kustom_yaml::cut::Cut as _;

use super::assign::Assignment;
use super::documents::Documents;
use super::marks::{Base, Copied, Marks, Wanted};
use super::text::{Hit, Pass, Searcher};
use super::{Guard, base64, files, judge, rule_ids, structure, unparsed};

/// How often a text may be inside of a text: a kubeconfig in a Secret in an annotation.
const DEPTH: usize = 4;

/// How many secrets of a text inside of a text are told; a file that holds more is mended as one.
const INSIDE: usize = 100;

impl Guard {
    /// What searches texts.
    pub(super) fn searcher(&self) -> &Searcher {
        self.searcher.get_or_init(Searcher::new)
    }

    /// Searches one text; `depth` is how many others it stands in.
    pub(super) fn search(&self, path: &str, text: &[u8], depth: usize) -> Vec<Hit> {
        if is_binary(text) {
            return Vec::new();
        }
        let mut marks = self.searcher().marks(text, None, wanted(path));
        self.search_marked(path, text, &mut marks, depth)
    }

    /// Searches a text that may have been made of another; tells its marks, if it is a text at all.
    pub(super) fn search_version(
        &self,
        path: &str,
        text: &[u8],
        base: Option<Base<'_>>,
    ) -> (Vec<Hit>, Option<Marks>) {
        let copied = base.map_or(&[][..], |base| base.copied);
        if is_binary_version(text, copied) {
            return (Vec::new(), None);
        }
        let mut marks = self.searcher().marks(text, base, wanted(path));
        let hits = self.search_marked(path, text, &mut marks, 0);
        (hits, Some(marks))
    }

    /// Searches a text for secrets; tells besides where words stand that the name of one may have.
    pub(super) fn search_noting(
        &self,
        path: &str,
        documents: &Documents<'_>,
    ) -> (Vec<Hit>, Vec<Range<usize>>) {
        let text = documents.text.as_bytes();
        let mut marks = self.searcher().marks(text, None, Wanted::All);
        let pass = self.pass(path, text, &mut marks);
        let hits = match is_settled(path, &pass, &marks) {
            true => pass.hits,
            false => self.search_closely(path, documents, &marks, pass, 0),
        };
        (hits, self.searcher().promises(&marks))
    }

    fn search_marked(&self, path: &str, text: &[u8], marks: &mut Marks, depth: usize) -> Vec<Hit> {
        let pass = self.pass(path, text, marks);
        if is_settled(path, &pass, marks) {
            return pass.hits;
        }
        match std::str::from_utf8(text) {
            Ok(text) => self.search_closely(path, &Documents::of(text), marks, pass, depth),
            Err(_) => {
                let found = pass.assignments.iter();
                let found = found.filter_map(|found| assigned(text, found));
                pass.hits.into_iter().chain(found).collect()
            }
        }
    }

    fn pass(&self, path: &str, text: &[u8], marks: &mut Marks) -> Pass {
        let mut pass = self.searcher().pass(text, marks, files::setting_of(path));
        pass.assignments.sort_by_key(|found| found.name.start);
        pass.structures.sort_unstable();
        pass
    }

    /// Looks at what a pass has found in a text.
    fn search_closely(
        &self,
        path: &str,
        documents: &Documents<'_>,
        marks: &Marks,
        mut pass: Pass,
        depth: usize,
    ) -> Vec<Hit> {
        let text = documents.text;
        let mut hits = std::mem::take(&mut pass.hits);
        hits.extend(files::search(path, text));
        for range in &marks.encoded {
            if let Some(decoded) = base64::decode_text(text.cut(range.clone())) {
                self.search_inside("", &decoded, text, range.clone(), depth, &mut hits);
            }
        }
        if files::is_document(path) || !pass.structures.is_empty() {
            for number in 0..documents.ranges().len() {
                self.search_document(path, documents, number, &pass, depth, &mut hits);
            }
        } else {
            let found = pass.assignments.iter();
            hits.extend(found.filter_map(|found| assigned(text.as_bytes(), found)));
        }
        hits
    }

    /// One document of a stream: its structure if it parses, else its lines.
    fn search_document(
        &self,
        path: &str,
        documents: &Documents<'_>,
        number: usize,
        pass: &Pass,
        depth: usize,
        hits: &mut Vec<Hit>,
    ) {
        let (text, range) = (documents.text, documents.ranges()[number].clone());
        let assignments = part(&pass.assignments, &range, |found| found.name.start);
        if assignments.is_empty() && part(&pass.structures, &range, |&at| at).is_empty() {
            return;
        }
        let assigned = |found: &Assignment| assigned(text.as_bytes(), found);
        let document = text.cut(range.clone());
        let nodes = documents.nodes(number);
        let Ok(nodes) = &*nodes else {
            hits.extend(assignments.iter().filter_map(assigned));
            let found = unparsed::search(document);
            hits.extend(found.hits.into_iter().map(|hit| shifted(hit, range.start)));
            for inner in found.inner {
                let place = inner.range.start + range.start..inner.range.end + range.start;
                self.search_inside(&inner.name, &inner.text, text, place, depth, hits);
            }
            return;
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        for node in nodes {
            let walk = structure::walk(document, node, name);
            hits.extend(walk.hits.into_iter().map(|hit| shifted(hit, range.start)));
            for inner in walk.inner {
                let place = inner.range.start + range.start..inner.range.end + range.start;
                self.search_inside(&inner.name, &inner.text, text, place, depth, hits);
            }
            let free = assignments.iter().filter(|found| {
                let at = found.name.start;
                is_within(&walk.scalars, at - range.start) || is_in_comment(text, at)
            });
            hits.extend(free.filter_map(assigned));
        }
    }

    /// Searches a text that stands, encoded or not, at `place` of another.
    fn search_inside(
        &self,
        name: &str,
        inner: &str,
        outer: &str,
        place: Range<usize>,
        depth: usize,
        hits: &mut Vec<Hit>,
    ) {
        if depth >= DEPTH {
            return;
        }
        let found = self.search(name, inner.as_bytes(), depth + 1);
        for mut hit in found.into_iter().take(INSIDE) {
            hit.range = structure::locate(outer, place.clone(), &hit.value);
            hits.push(hit);
        }
    }
}

/// What is looked for in a file.
fn wanted(path: &str) -> Wanted {
    match files::is_record(path) {
        true => Wanted::Marked,
        false => Wanted::All,
    }
}

/// Whether a text holds no more than what a pass has found by patterns alone.
fn is_settled(path: &str, pass: &Pass, marks: &Marks) -> bool {
    let is_empty = pass.assignments.is_empty() && pass.structures.is_empty();
    is_empty && marks.encoded.is_empty() && !files::may_be_secret(path) || files::is_record(path)
}

/// The hit of an assignment; what it assigns was judged when it was found.
fn assigned(text: &[u8], found: &Assignment) -> Option<Hit> {
    let key = std::str::from_utf8(&text[found.name.clone()]).ok()?;
    let value = std::str::from_utf8(&text[found.value.clone()]).ok()?;
    Some(Hit {
        rule: rule_ids::CREDENTIAL,
        range: found.value.clone(),
        key: Some(key.to_owned()),
        value: judge::without_scheme(value).to_owned(),
    })
}

fn shifted(mut hit: Hit, by: usize) -> Hit {
    hit.range = hit.range.start + by..hit.range.end + by;
    hit
}

/// The items of a sorted list whose offsets lie in a range.
pub(super) fn part<'i, T>(
    items: &'i [T],
    range: &Range<usize>,
    at: impl Fn(&T) -> usize,
) -> &'i [T] {
    let start = items.partition_point(|item| at(item) < range.start);
    let end = items.partition_point(|item| at(item) < range.end);
    &items[start..end]
}

/// Whether an offset lies in one of the sorted ranges.
fn is_within(ranges: &[Range<usize>], at: usize) -> bool {
    let index = ranges.partition_point(|range| range.start <= at);
    index > 0 && ranges[index - 1].contains(&at)
}

fn is_in_comment(text: &str, at: usize) -> bool {
    // No comment worth the name is longer than this, but a line may be as long as its file.
    let bytes = &text.as_bytes()[at.saturating_sub(4096)..at];
    let start = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |found| found + 1);
    bytes[start..].trim_ascii_start().starts_with(b"#")
}

/// How many bytes at the start of a file say whether it is text, as in git.
pub const TEXT_HEAD: usize = 8000;

/// Whether the start of a file says that it is no text, so that nothing in it is looked at: text holds no
/// zero bytes.
pub fn is_binary(text: &[u8]) -> bool {
    kustom_yaml::search::first(0, &text[..text.len().min(TEXT_HEAD)]).is_some()
}

/// The same of a text that has parts of another, which is none: these are not looked at again.
fn is_binary_version(text: &[u8], copied: &[Copied]) -> bool {
    let head = &text[..text.len().min(TEXT_HEAD)];
    let mut at = 0;
    for copied in copied {
        // Further on, the other one may be anything.
        let known = copied
            .from
            .end
            .min(TEXT_HEAD)
            .saturating_sub(copied.from.start);
        if copied.to < at || copied.to > head.len() || known == 0 {
            continue;
        }
        if is_binary(&head[at..copied.to]) {
            return true;
        }
        at = head.len().min(copied.to + known);
    }
    is_binary(&head[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    #[test]
    fn a_version_is_no_text_wherever_its_bytes_are_from() {
        let mut below = drawn::below(7);
        let mut counts = [0; 2];
        for _ in 0..3_000 {
            let mut base = vec![b'a'; TEXT_HEAD + below(400)];
            let later = TEXT_HEAD + below(300);
            if let Some(byte) = base.get_mut(later) {
                *byte = 0;
            }
            let (mut text, mut copied) = (Vec::new(), Vec::new());
            for _ in 0..1 + below(5) {
                let start = [0, below(base.len()), TEXT_HEAD - below(200)][below(3)];
                let from = start..(start + below(TEXT_HEAD)).min(base.len());
                let to = text.len();
                text.extend_from_slice(&base[from.clone()]);
                copied.push(Copied { from, to });
                let new = [b'x', 0][usize::from(below(8) == 0)];
                text.resize(text.len() + below(4), new);
            }
            let is_known = is_binary_version(&text, &copied);
            assert_eq!(is_known, is_binary(&text));
            counts[usize::from(is_known)] += 1;
        }
        assert!(counts.iter().all(|&count| count > 300), "{counts:?}");
    }

    #[test]
    fn an_offset_is_looked_up_in_sorted_ranges() {
        let ranges = [2..4, 6..9];
        let within: Vec<usize> = (0..10).filter(|&at| is_within(&ranges, at)).collect();
        assert_eq!(within, [2, 3, 6, 7, 8]);
    }
}
