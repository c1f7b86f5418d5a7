//! An observer of a build that keeps what each step left of each object.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::build::{Observer, Step, StepKind, StepPatches};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::place::Span;
use crate::resource::{Resource, Resources};
use crate::yaml::{Node, Text};
use kustom_yaml::Size;
use kustom_yaml::limits::Budget;

/// Watches a build: hand it to [`build_observed`](crate::build::build_observed), and what it has
/// seen to [`Explained::new`](super::Explained::new).
///
/// An object is copied when it appears and whenever a step has changed it.
#[derive(Debug, Default)]
pub struct Recorder {
    pub(super) steps: Vec<Recorded>,
    pub(super) lives: Vec<Life>,
    by_number: FxHashMap<u64, usize>,
    /// The objects that were gathered together when a step ran last.
    groups: Vec<Vec<usize>>,
    /// The group that the kustomization of a directory had last.
    group_of: FxHashMap<PathBuf, usize>,
    budget: Budget,
    /// That there was more to remember than the budget has room for.
    exceeded: Option<Error>,
}

/// A step that has run.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) kind: StepKind,
    pub(super) span: Span,
    pub(super) directory: PathBuf,
    pub(super) patches: Vec<PatchText>,
}

/// A patch, as a kustomization names or holds it.
#[derive(Clone, Debug)]
pub(super) enum PatchText {
    File(Text),
    Inline(Text),
}

/// What became of an object.
#[derive(Debug)]
pub struct Life {
    /// What steps left of it, the oldest first; there is at least one.
    pub(super) versions: Vec<Version>,
    /// The number of the step that took it away.
    pub(super) removed: Option<usize>,
    group: usize,
}

/// What a step left of an object.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) step: usize,
    pub(super) node: Node,
    pub(super) id: Id,
    /// What a copy costs, in bytes of the budget.
    size: u64,
}

impl Life {
    pub(super) fn last(&self) -> &Version {
        &self.versions[self.versions.len() - 1]
    }

    /// The id that it has in the end, or had when it was removed.
    pub fn id(&self) -> &Id {
        &self.last().id
    }

    /// Every id it had, the oldest first.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.versions.iter().map(|version| &version.id)
    }

    /// The object in the end, or when it was removed.
    pub fn node(&self) -> &Node {
        &self.last().node
    }

    /// What each step that changed it left of it, the oldest first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.versions.iter().map(|version| &version.node)
    }

    /// Whether a step took it away.
    pub fn is_removed(&self) -> bool {
        self.removed.is_some()
    }
}

/// How many times cheaper it is to compare an object than to copy it.
const COMPARED: u64 = 32;

impl Observer for Recorder {
    fn start(&mut self) {
        *self = Self::default();
    }

    fn after(&mut self, step: &Step<'_>, resources: &Resources) {
        self.record(step, resources.into_iter(), resources.len());
    }

    fn after_build(&mut self, step: &Step<'_>, resources: &[Resource]) {
        self.record(step, resources.iter(), resources.len());
    }
}

impl Recorder {
    fn record<'r>(
        &mut self,
        step: &Step<'_>,
        resources: impl Iterator<Item = &'r Resource>,
        count: usize,
    ) {
        if self.exceeded.is_some() {
            return;
        }
        let number = self.steps.len();
        self.steps.push(Recorded {
            kind: step.kind,
            span: step.span,
            directory: step.directory.to_path_buf(),
            patches: patches(step.patches),
        });
        let may_change = !matches!(step.kind, StepKind::SortOrder | StepKind::LocalConfig);
        let known = self.lives.len();
        let mut members = Vec::with_capacity(count);
        for resource in resources {
            let next = self.lives.len();
            let index = *self.by_number.entry(resource.number()).or_insert(next);
            members.push(index);
            let mut cost = 0;
            let mut version = || {
                let size = Size::of(&resource.node).bytes;
                cost += size;
                Version {
                    step: number,
                    node: resource.node.clone(),
                    id: resource.id().clone(),
                    size,
                }
            };
            match self.lives.get_mut(index) {
                None => self.lives.push(Life {
                    versions: vec![version()],
                    removed: None,
                    group: usize::MAX,
                }),
                Some(life) if may_change => {
                    if life.last().node != resource.node {
                        life.versions.push(version());
                    }
                    cost += life.last().size / COMPARED;
                }
                Some(_) => {}
            }
            if let Err(error) = self.budget.charge("the record of its steps", cost) {
                self.exceeded = Some(error.at(step.span));
                return;
            }
        }
        self.regroup(number, step.directory, members, known);
    }

    /// Finds which objects of those that were gathered are gone.
    fn regroup(&mut self, step: usize, directory: &Path, members: Vec<usize>, known: usize) {
        let mut groups: Vec<usize> = Vec::new();
        for index in members.iter().filter(|index| **index < known) {
            let group = self.lives[*index].group;
            if groups.last() != Some(&group) && !groups.contains(&group) {
                groups.push(group);
            }
        }
        if groups.is_empty() {
            groups.extend(self.group_of.get(directory));
        }
        let before: usize = groups.iter().map(|group| self.groups[*group].len()).sum();
        let stayed = members.iter().filter(|index| **index < known).count();
        if stayed < before {
            let here: FxHashSet<usize> = members.iter().copied().collect();
            let all = groups.iter().flat_map(|group| &self.groups[*group]);
            for index in all.filter(|index| !here.contains(index)) {
                self.lives[*index].removed.get_or_insert(step);
            }
        }
        let group = groups.first().copied().unwrap_or_else(|| {
            self.groups.push(Vec::new());
            self.groups.len() - 1
        });
        for other in groups.iter().skip(1) {
            self.groups[*other].clear();
        }
        for index in &members {
            self.lives[*index].group = group;
        }
        self.groups[group] = members;
        if self.group_of.get(directory) != Some(&group) {
            self.group_of.insert(directory.to_path_buf(), group);
        }
    }
}

fn patches(asked: StepPatches<'_>) -> Vec<PatchText> {
    match asked {
        StepPatches::Nothing => Vec::new(),
        StepPatches::Patch(patch) if patch.path.is_empty() => {
            vec![PatchText::Inline(patch.patch.clone())]
        }
        StepPatches::Patch(patch) => vec![PatchText::File(patch.path.clone())],
        StepPatches::Patches(list) => {
            let is_inline = |text: &Text| text.contains('\n') || text.contains(": ");
            let one = |text: &Text| match is_inline(text) {
                true => PatchText::Inline(text.clone()),
                false => PatchText::File(text.clone()),
            };
            list.iter().map(one).collect()
        }
    }
}

impl Recorder {
    /// The steps, the lives, and which of these the objects of the output have.
    ///
    /// # Errors
    ///
    /// If there was more to remember than the budget has room for.
    pub(super) fn into_parts(
        self,
        resources: &[Resource],
    ) -> Result<(Vec<Recorded>, Vec<Life>, Vec<usize>)> {
        if let Some(error) = self.exceeded {
            return Err(error);
        }
        let numbers = resources.iter().map(Resource::number);
        let order = numbers.filter_map(|number| self.by_number.get(&number).copied());
        let order = order.collect();
        Ok((self.steps, self.lives, order))
    }
}
