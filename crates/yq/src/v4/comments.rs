//! Reattaches comments to values that an expression moved.
//!
//! Operators make new mappings and sequences of old nodes, and comments on the old ones would be
//! lost: those above a document, or on a key whose value moved. In the end each comment of the
//! input is at its node, once; comments of deleted nodes are dropped.

use std::collections::{HashMap, HashSet};

use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Decor, Entry, Node, Str, Style, Value};

/// Gives every node that is still there the comments that it came with, each once.
///
/// Where there are as many results as documents, what holds all of a document has its comments.
/// `recommented` are the places of values that an assignment gave the comment of another: it stands
/// there too, and the one that was there is gone.
pub(super) fn reattach(before: &[&Node], after: &mut [&mut Node], recommented: &HashSet<Span>) {
    if !recommented.is_empty() {
        let documents = after.iter_mut();
        documents.for_each(|document| leave_behind(document, recommented, false));
    }
    let mut pairs = before.iter().zip(after.iter());
    if before.len() == after.len() && pairs.all(|(before, after)| is_in_place(before, after)) {
        return;
    }
    let mut owned = Vec::new();
    for (number, document) in before.iter().enumerate() {
        collect(document, &mut owned);
        if before.len() == after.len() {
            let root = place(document);
            for comment in owned.iter_mut().filter(|it| it.owner == root) {
                comment.document = Some(number);
            }
        }
    }
    if owned.is_empty() {
        return;
    }
    let mut survey = Survey::new(&owned, before, after, recommented);
    for document in after.iter() {
        survey.look(document, &mut Vec::new(), true);
    }
    let mut plan = survey.plan();
    if plan.is_empty() {
        return;
    }
    for (number, document) in after.iter_mut().enumerate() {
        plan.put(document, number, true);
        plan.take(document, &mut Vec::new());
    }
}

/// Whether every node that was read is where it was, with the comments that it had, or is gone and a
/// new word in its place: then no comment has to move.
fn is_in_place(before: &Node, after: &Node) -> bool {
    if place(after).is_none() {
        return after.is_scalar() && after.decor.is_none();
    }
    if place(before) != place(after) || SIDES.iter().any(|side| side.of(before) != side.of(after)) {
        return false;
    }
    match (&before.value, &after.value) {
        (Value::Seq(before), Value::Seq(after)) => {
            before.is_shared_with(after)
                || before.len() == after.len()
                    && before
                        .iter()
                        .zip(after)
                        .all(|(before, after)| is_in_place(before, after))
        }
        (Value::Map(before), Value::Map(after)) => {
            let is_same = |(before, after): (&Entry, &Entry)| {
                is_in_place(&before.key, &after.key) && is_in_place(&before.value, &after.value)
            };
            before.is_shared_with(after)
                || before.len() == after.len() && before.iter().zip(after).all(is_same)
        }
        _ => true,
    }
}

/// Whether an assignment gave a comment to a value in brackets, in a node or below it.
fn is_given_in_flow(node: &Node, recommented: &HashSet<Span>, is_in_flow: bool) -> bool {
    let is_given = recommented.contains(&node.span) && Side::Line.of(node).is_some();
    let within = is_in_flow || node.style == Style::Flow;
    let values = node.entries().iter().map(|entry| &entry.value);
    let mut below = node.items().iter().chain(values);
    is_in_flow && is_given || below.any(|it| is_given_in_flow(it, recommented, within))
}

/// Takes the comment that an assignment gave a value in brackets: nothing could follow it there.
fn leave_behind(node: &mut Node, recommented: &HashSet<Span>, is_in_flow: bool) {
    // What has none is shared with the input, and stays so.
    if !is_given_in_flow(node, recommented, is_in_flow) {
        return;
    }
    if is_in_flow && recommented.contains(&node.span) && Side::Line.of(node).is_some() {
        node.decor_mut().line = None;
    }
    let is_in_flow = is_in_flow || node.style == Style::Flow;
    match &mut node.value {
        Value::Seq(items) => {
            let items = items.iter_mut();
            items.for_each(|item| leave_behind(item, recommented, is_in_flow));
        }
        Value::Map(entries) => {
            let values = entries.iter_mut().map(|entry| &mut entry.value);
            values.for_each(|value| leave_behind(value, recommented, is_in_flow));
        }
        Value::Scalar(_) | Value::Alias(_) => {}
    }
}

/// Where a node was read and what it is, by which it is known again.
type Place = (SourceId, u32, u32, u32, std::mem::Discriminant<Value>);

fn place(node: &Node) -> Option<Place> {
    let span = node.span;
    let shape = std::mem::discriminant(&node.value);
    (span.line > 0).then_some((span.source, span.start, span.end, span.column, shape))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Head,
    Line,
    Foot,
}

const SIDES: [Side; 3] = [Side::Head, Side::Line, Side::Foot];

impl Side {
    fn of(self, node: &Node) -> Option<&Str> {
        let decor = node.decor.as_deref()?;
        match self {
            Self::Head => decor.head.as_ref(),
            Self::Line => decor.line.as_ref(),
            Self::Foot => decor.foot.as_ref(),
        }
    }

    fn slot(self, decor: &mut Decor) -> &mut Option<Str> {
        match self {
            Self::Head => &mut decor.head,
            Self::Line => &mut decor.line,
            Self::Foot => &mut decor.foot,
        }
    }
}

/// A comment of the input and the node that it is about.
#[derive(Debug)]
struct Owned {
    owner: Option<Place>,
    /// Of a comment of a key: its value.
    value: Option<Place>,
    /// Of a comment of a document: its number.
    document: Option<usize>,
    side: Side,
    text: Str,
}

fn collect(node: &Node, owned: &mut Vec<Owned>) {
    note(node, None, owned);
    for item in node.items() {
        collect(item, owned);
    }
    for Entry { key, value } in node.entries() {
        note(key, place(value), owned);
        collect(value, owned);
    }
}

fn note(node: &Node, value: Option<Place>, owned: &mut Vec<Owned>) {
    for side in SIDES {
        if let (Some(text), Some(owner)) = (side.of(node), place(node)) {
            owned.push(Owned {
                owner: Some(owner),
                value,
                document: None,
                side,
                text: text.clone(),
            });
        }
    }
}

/// What became of the comments.
struct Survey<'o> {
    owned: &'o [Owned],
    by_owner: HashMap<Place, Vec<usize>>,
    by_value: HashMap<Place, Vec<usize>>,
    /// For each comment: how often its node is there, and how often with it.
    owners: Vec<(usize, usize)>,
    /// For each comment of a key: whether the value is there.
    values: Vec<bool>,
    /// For each comment of a document: whether a result holds all of it.
    holders: Vec<bool>,
    /// How often each text is a comment of the results.
    counts: HashMap<Str, usize>,
    /// The places of values that an assignment gave the comment of another.
    recommented: &'o HashSet<Span>,
    /// How often each text is such a comment.
    given: HashMap<Str, usize>,
}

impl<'o> Survey<'o> {
    fn new(
        owned: &'o [Owned],
        before: &[&Node],
        after: &[&mut Node],
        recommented: &'o HashSet<Span>,
    ) -> Self {
        let mut by_owner: HashMap<Place, Vec<usize>> = HashMap::new();
        let mut by_value: HashMap<Place, Vec<usize>> = HashMap::new();
        for (index, comment) in owned.iter().enumerate() {
            if let Some(owner) = comment.owner {
                by_owner.entry(owner).or_default().push(index);
            }
            if let Some(value) = comment.value {
                by_value.entry(value).or_default().push(index);
            }
        }
        let is_held = |number: usize| holds(after[number], before[number]);
        let holders = owned.iter().map(|it| it.document.is_some_and(is_held));
        Self {
            holders: holders.collect(),
            owned,
            by_owner,
            by_value,
            owners: vec![(0, 0); owned.len()],
            values: vec![false; owned.len()],
            counts: HashMap::new(),
            recommented,
            given: HashMap::new(),
        }
    }

    /// Counts what is there; a node that is within itself, as in `[.]`, is there once.
    fn look(&mut self, node: &Node, within: &mut Vec<Place>, is_root: bool) {
        for text in SIDES.iter().filter_map(|side| side.of(node)) {
            *self.counts.entry(text.clone()).or_default() += 1;
        }
        let own = place(node);
        let is_given = own.is_some() && self.recommented.contains(&node.span);
        if let Some(text) = Side::Line.of(node).filter(|_| is_given) {
            *self.given.entry(text.clone()).or_default() += 1;
        }
        if let Some(place) = own.filter(|place| !within.contains(place)) {
            for &index in self.by_owner.get(&place).into_iter().flatten() {
                let comment = &self.owned[index];
                if is_given && comment.side == Side::Line {
                    continue;
                }
                self.owners[index].0 += 1;
                self.owners[index].1 += usize::from(comment.side.of(node) == Some(&comment.text));
            }
            if !is_root {
                for &index in self.by_value.get(&place).into_iter().flatten() {
                    self.values[index] = true;
                }
            }
        }
        if node.is_scalar() {
            return;
        }
        let depth = within.len();
        within.extend(own);
        for item in node.items() {
            self.look(item, within, false);
        }
        for Entry { key, value } in node.entries() {
            self.look(key, within, false);
            self.look(value, within, false);
        }
        within.truncate(depth);
    }

    /// What has to be put and taken.
    fn plan(mut self) -> Plan<'o> {
        let mut wanted: HashMap<&Str, usize> = HashMap::new();
        let mut known: HashMap<&Str, usize> = HashMap::new();
        for (index, comment) in self.owned.iter().enumerate() {
            let is_elsewhere = self.values[index] || self.holders[index];
            let count = match self.owners[index].0 {
                0 => usize::from(is_elsewhere),
                count => count,
            };
            *wanted.entry(&comment.text).or_default() += count;
            *known.entry(&comment.text).or_default() += 1;
        }
        for (text, count) in &self.given {
            if let Some(wanted) = wanted.get_mut(text) {
                *wanted += count;
            }
        }
        let mut plan = Plan {
            owned: self.owned,
            by_owner: self.by_owner,
            by_value: self.by_value,
            on_owner: vec![false; self.owned.len()],
            on_value: vec![false; self.owned.len()],
            on_document: vec![false; self.owned.len()],
            surplus: HashMap::new(),
        };
        for (index, comment) in self.owned.iter().enumerate() {
            let count = self.counts.entry(comment.text.clone()).or_default();
            if *count >= wanted[&comment.text] {
                continue;
            }
            let (owners, carriers) = self.owners[index];
            let slot = match (owners, self.values[index], self.holders[index]) {
                (_, _, true) => &mut plan.on_document,
                (0, true, _) => &mut plan.on_value,
                (0, false, _) => continue,
                _ if carriers < owners => &mut plan.on_owner,
                _ => continue,
            };
            slot[index] = true;
            *count += 1;
        }
        for (text, count) in self.counts {
            // What an operator put elsewhere stays there, as long as it is there once.
            let Some(known) = known.get(&text) else {
                continue;
            };
            let extra = count.saturating_sub(wanted[&text].max(*known));
            if extra > 0 {
                plan.surplus.insert(text, extra);
            }
        }
        plan
    }
}

/// Whether a new collection holds every child of a document.
fn holds(new: &Node, document: &Node) -> bool {
    let children = || {
        let values = document.entries().iter().map(|entry| &entry.value);
        values.chain(document.items()).filter_map(place)
    };
    if place(new).is_some() || new.is_scalar() || children().next().is_none() {
        return false;
    }
    let mut found = std::collections::HashSet::new();
    gather(new, &mut found);
    children().all(|child| found.contains(&child))
}

fn gather(node: &Node, found: &mut std::collections::HashSet<Place>) {
    found.extend(place(node));
    for item in node.items() {
        gather(item, found);
    }
    for entry in node.entries() {
        gather(&entry.value, found);
    }
}

/// What is to be done.
struct Plan<'o> {
    owned: &'o [Owned],
    by_owner: HashMap<Place, Vec<usize>>,
    by_value: HashMap<Place, Vec<usize>>,
    /// The comments to be put on their node, on their key's value, and on what holds their document.
    on_owner: Vec<bool>,
    on_value: Vec<bool>,
    on_document: Vec<bool>,
    /// How often a text must be taken from nodes that it is not about.
    surplus: HashMap<Str, usize>,
}

impl Plan<'_> {
    fn is_empty(&self) -> bool {
        let all = [&self.on_owner, &self.on_value, &self.on_document];
        self.surplus.is_empty() && !all.into_iter().flatten().any(|it| *it)
    }

    fn put(&mut self, node: &mut Node, number: usize, is_root: bool) {
        let mut due = Vec::new();
        if is_root {
            let of_document = |it: &usize| self.owned[*it].document == Some(number);
            due.extend(
                (0..self.owned.len())
                    .filter(|it| self.on_document[*it])
                    .filter(of_document),
            );
            due.iter().for_each(|it| self.on_document[*it] = false);
        }
        if let Some(place) = place(node) {
            for (index, marks) in [
                (&self.by_owner, &mut self.on_owner),
                (&self.by_value, &mut self.on_value),
            ] {
                for &number in index.get(&place).into_iter().flatten() {
                    if std::mem::take(&mut marks[number]) {
                        due.push(number);
                    }
                }
            }
        }
        for number in due {
            let comment = &self.owned[number];
            let slot = comment.side.slot(node.decor_mut());
            *slot = Some(match slot.take() {
                Some(there) if comment.side == Side::Line => {
                    format!("{there} {}", comment.text).into()
                }
                Some(there) => format!("{there}\n{}", comment.text).into(),
                None => comment.text.clone(),
            });
        }
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().for_each(|it| self.put(it, number, false)),
            Value::Map(entries) => {
                for entry in entries {
                    self.put(&mut entry.key, number, false);
                    self.put(&mut entry.value, number, false);
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    /// Takes what is there too often, from the inside out, and never from the node that it is about.
    fn take(&mut self, node: &mut Node, within: &mut Vec<Place>) {
        if self.surplus.is_empty() {
            return;
        }
        let own = place(node).filter(|place| !within.contains(place));
        let depth = within.len();
        within.extend(own);
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().for_each(|it| self.take(it, within)),
            Value::Map(entries) => {
                for entry in entries {
                    self.take(&mut entry.key, within);
                    self.take(&mut entry.value, within);
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
        within.truncate(depth);
        let about = own.and_then(|place| self.by_owner.get(&place).cloned());
        let about = about.unwrap_or_default();
        for side in SIDES {
            let Some(text) = side.of(node).cloned() else {
                continue;
            };
            let is_own = about.iter().any(|it| self.owned[*it].text == text);
            let extra = self.surplus.get_mut(&text).filter(|extra| **extra > 0);
            if let (Some(extra), false) = (extra, is_own) {
                *extra -= 1;
                *side.slot(node.decor_mut()) = None;
            }
        }
    }
}
