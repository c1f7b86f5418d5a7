//! A text that was read, with the parts of it that no message repeats.

use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::documents::Documents;
use crate::sensitive::{parts, secret_files};

use super::evident::guard;
use super::pointed::Group;

/// A text that was read.
pub(super) struct Known {
    pub(super) text: String,
    /// Its parts, together with those that stand on the same lines.
    pub(super) groups: Vec<Group>,
    /// The group of a line by itself.
    by_line: FxHashMap<usize, usize>,
    /// The groups of several lines, by where they begin, and where the last line of them and of those
    /// before ends.
    wide: Vec<(usize, usize)>,
    /// Where its lines begin, once one is looked for.
    pub(super) starts: OnceLock<Vec<usize>>,
}

impl Known {
    /// A text with its parts, and the files that the generators of Secrets in it read.
    pub(super) fn of(name: &str, text: String) -> (Self, Vec<String>) {
        let documents = Documents::of(&text);
        let parts = parts(guard(), name, &documents);
        let files = secret_files(&documents);
        drop(documents);
        // Most texts have none, and then no line is asked for.
        let lines: Vec<usize> = match parts.as_slice() {
            [] => Vec::new(),
            _ => {
                let starts = kustom_yaml::search::all(b'\n', text.as_bytes()).map(|at| at + 1);
                std::iter::once(0).chain(starts).collect()
            }
        };
        let line_of = |at: usize| lines.partition_point(|&start| start <= at);
        let mut groups: Vec<Group> = Vec::new();
        let mut places: FxHashMap<Range<usize>, usize> = FxHashMap::default();
        for part in parts {
            let last = part.range.end.saturating_sub(1).max(part.range.start);
            let span = line_of(part.range.start)..line_of(last) + 1;
            let at = *places.entry(span.clone()).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.parts.push(part),
                None => groups.push(Group::of(span, part)),
            }
        }
        let (narrow, mut wide): (Vec<usize>, Vec<usize>) =
            (0..groups.len()).partition(|&at| groups[at].lines.len() == 1);
        let by_line = narrow.into_iter().map(|at| (groups[at].lines.start, at));
        wide.sort_by_key(|&at| groups[at].lines.start);
        let ends = wide.into_iter().scan(0, |end, at| {
            *end = groups[at].lines.end.max(*end);
            Some((at, *end))
        });
        let known = Self {
            by_line: by_line.collect(),
            wide: ends.collect(),
            groups,
            text,
            starts: OnceLock::new(),
        };
        (known, files)
    }

    /// The groups on a line.
    pub(super) fn groups_at(&self, line: usize) -> impl Iterator<Item = &Group> {
        let begun = self
            .wide
            .partition_point(|&(at, _)| self.groups[at].lines.start <= line);
        let wide = self.wide[..begun].iter().rev();
        let wide = wide
            .take_while(move |(_, end)| *end > line)
            .map(|(at, _)| at);
        let wide = wide.filter(move |&&at| self.groups[at].lines.contains(&line));
        let all = self.by_line.get(&line).into_iter().chain(wide);
        all.map(|&at| &self.groups[at])
    }
}
