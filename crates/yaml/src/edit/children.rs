//! Edits the children of a collection: compares them one by one, inserts and removes.

use std::collections::HashMap;

use super::super::print::After;
use super::super::{Entry, Node, Style};
use super::align::{self, Pairs, Place};
use super::comments::{Feet, has_foot};
use super::render::{self, Context};
use super::same::{is_flow, same_data, same_node, same_writing};
use super::value::{Editor, Old};

/// An old child as a range of text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    /// Where it begins, with its dash, `?`, anchor or tag.
    pub(super) lead: usize,
    /// One past its last byte, its comment aside.
    pub(super) end: usize,
}

/// The children of a collection, as they were and as they are to be.
pub(super) struct ChildEdits<'n> {
    /// The collection as it was.
    pub(super) old: Old<'n>,
    /// The old children, and their values.
    pub(super) chunks: Vec<Chunk>,
    pub(super) values: Vec<Old<'n>>,
    /// For every new child the old one that it is.
    pub(super) pairs: Pairs,
    /// Whether any old child stays.
    keeps_any: bool,
    /// What holds for the children.
    pub(super) context: Context,
}

impl<'n> ChildEdits<'n> {
    fn new(old: Old<'n>, values: Vec<Old<'n>>, pairs: Pairs, context: Context) -> Self {
        Self {
            old,
            chunks: Vec::new(),
            values,
            keeps_any: pairs.iter().any(Option::is_some),
            pairs,
            context,
        }
    }

    /// Whether every old child has its partner and nothing is new.
    fn is_aligned(&self) -> bool {
        self.pairs.len() == self.values.len() && self.pairs.iter().all(Option::is_some)
    }

    /// The old children that stay, in their order.
    pub(super) fn kept(&self) -> Vec<usize> {
        self.pairs.iter().flatten().copied().collect()
    }

    /// The runs of new children, each with the old one that it follows.
    pub(super) fn runs<'t>(&self, texts: &'t [String]) -> Vec<(Option<usize>, Vec<&'t str>)> {
        let mut runs = vec![(None, Vec::new())];
        for (pair, text) in self.pairs.iter().zip(texts) {
            match (*pair, runs.last_mut()) {
                (None, Some((_, run))) => run.push(text.as_str()),
                _ => runs.push((*pair, Vec::new())),
            }
        }
        runs
    }

    /// The place in front of an old child that no change may cross.
    pub(super) fn limit(&self, number: usize, gap: usize) -> usize {
        match number.checked_sub(1) {
            Some(before) => self.chunks[before].end,
            None => gap,
        }
    }
}

impl Editor<'_> {
    /// Compares the entries of two mappings.
    pub(super) fn map(&mut self, old: Old<'_>, new: &Node, outer: Context) {
        let (before, after) = (old.node.entries(), new.entries());
        let numbers = self.sites.entries(old.number, before.len());
        let values = before
            .iter()
            .zip(&numbers)
            .map(|(entry, &(_, number))| Old {
                node: &entry.value,
                number,
            });
        let family = ChildEdits::new(
            old,
            values.collect(),
            align::entries(before, after),
            self.inside(old, outer, After::Key),
        );
        let start = self.site(old).start;
        let has_braces = !family.context.in_flow || self.text.byte(start) == Some(b'{');
        if !has_braces && !family.is_aligned() {
            // The map of `[a: 1]` has no braces to put anything between.
            return self.replace(old, new, outer);
        }
        for (new, pair) in after.iter().zip(&family.pairs) {
            if let Some(pair) = *pair {
                let key = Old {
                    node: &before[pair].key,
                    number: numbers[pair].0,
                };
                self.key(key, &new.key, family.context);
                self.value(family.values[pair], &new.value, family.context);
                self.entry_comments(key, family.values[pair], new, family.context);
            }
        }
        if family.is_aligned() {
            return;
        }
        let chunks = numbers.iter().map(|&(key, value)| Chunk {
            lead: self.sites.of(key).lead,
            end: match family.context.in_flow {
                true => self.flow_entry_end(value),
                false => self.sites.of(value).end,
            },
        });
        let family = ChildEdits {
            chunks: chunks.collect(),
            ..family
        };
        let texts = self.new_entries(&family, before, after);
        self.structure(&family, &texts, outer);
    }

    /// Where an entry between brackets ends, given its value. Without the blank behind the colon of
    /// `{a: }` the colon would be a part of the key: `{a:, b: 1}`.
    fn flow_entry_end(&self, value: usize) -> usize {
        let site = self.sites.of(value);
        let is_blank = matches!(self.text.byte(site.end), Some(b' ' | b'\t' | b'\n'));
        let is_absent = site.has_colon && site.end == site.gap;
        let is_before_comment = self.text.byte(site.end + 1) == Some(b'#');
        site.end + usize::from(is_absent && is_blank && !is_before_comment)
    }

    /// Compares the items of two sequences.
    pub(super) fn seq(&mut self, old: Old<'_>, new: &Node, outer: Context) {
        let (before, after) = (old.node.items(), new.items());
        let numbers = self.sites.items(old.number, before.len());
        let values = before.iter().zip(numbers);
        let family = ChildEdits::new(
            old,
            values.map(|(node, number)| Old { node, number }).collect(),
            align::items(before, after),
            self.inside(old, outer, After::Dash),
        );
        for (new, pair) in after.iter().zip(&family.pairs) {
            if let Some(pair) = *pair {
                self.value(family.values[pair], new, family.context);
                self.head_comment(family.values[pair], new, family.context);
                self.foot_comment(
                    family.values[pair],
                    family.values[pair],
                    new,
                    family.context,
                );
            }
        }
        if family.is_aligned() {
            return;
        }
        let chunks = family.values.iter().map(|&item| {
            let site = self.site(item);
            let lead = match family.context.in_flow {
                true => site.properties,
                false => site.lead,
            };
            Chunk {
                lead,
                end: site.end,
            }
        });
        let family = ChildEdits {
            chunks: chunks.collect(),
            ..family
        };
        let texts = self.new_items(&family, before, after);
        self.structure(&family, &texts, outer);
    }

    /// What holds for the children of a collection.
    fn inside(&self, old: Old<'_>, outer: Context, after: After) -> Context {
        let node = old.node;
        let context = Context {
            after,
            is_in_place: false,
            in_flow: outer.in_flow || is_flow(node),
            ..outer
        };
        if context.in_flow {
            let keys = node.entries();
            let has_json_keys =
                !keys.is_empty() && keys.iter().all(|entry| entry.key.style == Style::Double);
            return Context {
                as_json: has_json_keys || (outer.as_json && keys.is_empty()),
                ..context
            };
        }
        let layout = outer
            .layout
            .refined(self.text, &self.sites, node, old.number);
        Context {
            column: self.text.column(self.first_lead(old)),
            layout,
            ..context
        }
    }

    /// Spells a key anew if it changed.
    fn key(&mut self, old: Old<'_>, new: &Node, context: Context) {
        if !(same_data(old.node, new) && same_writing(old.node, new)) {
            let site = self.site(old);
            self.edit(site.properties, site.end, render::key(new, context));
        }
        self.head_comment(old, new, context);
    }

    /// A text for every new child; of those that stay an empty one.
    fn new_entries(
        &self,
        family: &ChildEdits<'_>,
        before: &[Entry],
        after: &[Entry],
    ) -> Vec<String> {
        let context = family.context;
        if context.in_flow {
            return texts(&family.pairs, |at, _| {
                render::flow_entry(&after[at], context)
            });
        }
        let keys = |entries: &'_ [Entry]| -> Vec<Place> {
            entries
                .iter()
                .map(|entry| align::place(&entry.key))
                .collect()
        };
        let moved = moved(&keys(before), &keys(after), &family.pairs, |from, to| {
            same_node(&before[from].key, &after[to].key)
                && same_node(&before[from].value, &after[to].value)
        });
        texts(&family.pairs, |at, follows| {
            let text = match moved.get(&at) {
                Some(&from) => self.copied(family, from),
                None => render::entry(&after[at], context, self.is_risky(family, follows)),
            };
            let entry = &after[at];
            apart(
                text,
                has_foot(&entry.key) || has_foot(&entry.value),
                at + 1 == after.len(),
            )
        })
    }

    /// A text for every new child; of those that stay an empty one.
    fn new_items(&self, family: &ChildEdits<'_>, before: &[Node], after: &[Node]) -> Vec<String> {
        let context = family.context;
        if context.in_flow {
            return texts(&family.pairs, |at, _| {
                render::value(&after[at], context).head
            });
        }
        let places = |items: &[Node]| -> Vec<Place> { items.iter().map(align::place).collect() };
        let moved = moved(
            &places(before),
            &places(after),
            &family.pairs,
            |from, to| same_node(&before[from], &after[to]),
        );
        texts(&family.pairs, |at, follows| {
            let text = match moved.get(&at) {
                Some(&from) => self.copied(family, from),
                None => render::item(&after[at], context, self.is_risky(family, follows)),
            };
            apart(text, has_foot(&after[at]), at + 1 == after.len())
        })
    }

    /// Puts in and takes out what is new and gone.
    fn structure(&mut self, family: &ChildEdits<'_>, texts: &[String], outer: Context) {
        if family.context.in_flow {
            self.flow_structure(family, texts);
        } else if texts.is_empty() {
            self.emptied(family, outer);
        } else {
            self.block_structure(family, texts);
        }
    }

    /// Whether the lines that will follow a new child could become a part of its last scalar.
    fn is_risky(&self, family: &ChildEdits<'_>, follows: Option<usize>) -> bool {
        let column = family.context.column;
        let end = match (follows, family.chunks.last()) {
            (Some(number), _) => self.end_with_foot(family.chunks[number], column),
            (None, Some(last)) if !family.keeps_any => last.end,
            _ => return false,
        };
        self.follows_deeper(end, column)
    }

    /// Where the lines of an old child end, with the comments below that are its own.
    pub(super) fn extent(&self, family: &ChildEdits<'_>, number: usize) -> usize {
        let column = self.text.column(family.chunks[number].lead);
        let feet = Feet::of_child(family.old.node, number);
        self.end_with_feet(family.chunks[number].end, column, &feet)
    }

    /// The lines of an old child as they are, with its comments.
    fn copied(&self, family: &ChildEdits<'_>, number: usize) -> String {
        let chunk = family.chunks[number];
        let head = self.head_start(chunk.lead, family.limit(number, 0));
        let end = self.extent(family, number);
        let mut lines = match head == chunk.lead {
            true => " ".repeat(self.text.column(chunk.lead)),
            false => self.text.slice(head, chunk.lead).to_owned(),
        };
        // A text that was the last without a line break behind it is so no longer.
        match self.open_header(family.values[number]) {
            Some((_, from, to)) => {
                lines.push_str(self.text.slice(chunk.lead, from));
                lines.push('-');
                lines.push_str(self.text.slice(to, end));
            }
            None => lines.push_str(self.text.slice(chunk.lead, end)),
        }
        lines.replace("\r\n", "\n")
    }
}

/// Without an empty line a comment below a child would be about what follows.
fn apart(mut text: String, has_foot: bool, is_last: bool) -> String {
    if has_foot && !is_last {
        text.push('\n');
    }
    text
}

/// A text for every new child, given its number and that of the old child it follows.
fn texts(pairs: &Pairs, mut render: impl FnMut(usize, Option<usize>) -> String) -> Vec<String> {
    let mut follows = None;
    pairs
        .iter()
        .enumerate()
        .map(|(number, pair)| match *pair {
            Some(old) => {
                follows = Some(old);
                String::new()
            }
            None => render(number, follows),
        })
        .collect()
}

/// The new children that stand elsewhere among the old ones, unchanged.
fn moved(
    before: &[Place],
    after: &[Place],
    pairs: &Pairs,
    is_same: impl Fn(usize, usize) -> bool,
) -> HashMap<usize, usize> {
    let numbers: HashMap<Place, usize> = before
        .iter()
        .enumerate()
        .filter(|(_, place)| place.is_some())
        .map(|(number, place)| (*place, number))
        .collect();
    let new = after.iter().enumerate().filter(|(at, place)| {
        let is_new = pairs[*at].is_none();
        is_new && place.is_some()
    });
    new.filter_map(|(at, place)| {
        let from = *numbers.get(place)?;
        is_same(from, at).then_some((at, from))
    })
    .collect()
}
