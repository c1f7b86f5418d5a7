//! Bases that are made once and taken by all that build on them: by the builds of a run, or by
//! several overlays of one build.
//!
//! A base is kept when it is made for the second time, so that what is used once costs nothing. It
//! is taken where all that it depends on is the same: what the build gives it ([`Given`]), and what
//! the files answer to each question that it has asked ([`Part`]).

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError, RwLock};

use kustom_yaml::error::Result;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Text};
use rustc_hash::FxHashMap;

use super::elsewhere::Pending;
use super::target::KustTarget;
use super::{Accumulated, ChosenSchema, Context, Matched, Step, StepKind, StepPatches};
use crate::kinds::Kinds;
use crate::kustomization::{BuildMetadata, Patch};
use crate::load::{Loader, Part, PartStart, Restriction, SourceStore};
use crate::order::Order;
use crate::release::Release;
use crate::resource::Origin;

/// How many forms of a base are kept: in some environments its files may be others.
const FORMS: usize = 2;

/// How much of their budgets builds have paid for the bases that are kept, in bytes.
const KEPT: u64 = 128 << 20;

/// The bases of many builds with one working directory.
///
/// Builds that are given the same one ([`Options::bases`](super::Options::bases)) make each base
/// once or twice, and come to the same as without.
#[derive(Default)]
pub struct SharedBases(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// Of each base what is kept, which is nothing when it was met once.
    bases: FxHashMap<Key, Vec<Arc<Base>>>,
    paid: u64,
}

/// The directory of a base, and the number of its first text: each place in it names one.
type Key = (PathBuf, usize);

/// What a build gives to a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    release: Release,
    restriction: Restriction,
    lint: bool,
    only_warnings_of_kustomize: bool,
    /// Whether an observer hears of steps.
    is_observed: bool,
    metadata: BuildMetadata,
    order: Option<Order>,
    origin: Option<Origin>,
    /// The schema that a kustomization above it has chosen.
    schema: Option<ChosenSchema>,
    /// Kinds that are known besides, and whether definitions of such are kept.
    kinds: (Option<Kinds>, bool),
}

/// What a base came to.
struct Base {
    given: Given,
    part: Part,
    accumulated: Accumulated,
    /// What it has taken of the budget.
    paid: u64,
    noted: Noted,
    /// How many bases were counted before, and how many in it.
    bases: (u32, u32),
    /// Whether it has asked for the scope of a kind that the built-in table does not hold.
    looked_beyond_the_table: bool,
}

/// What a base has left in the context of its build.
#[derive(Clone, Default)]
struct Noted {
    findings: Vec<Finding>,
    pending: Vec<Pending>,
    matches: Vec<Matched>,
    /// What an observer was told.
    steps: Vec<HeardStep>,
    /// The directories of the bases and components below it.
    directories: Vec<PathBuf>,
    /// Definitions of custom resources among what it has read.
    definitions: Vec<Node>,
}

/// A step of a base, to tell others of it.
#[derive(Clone)]
struct HeardStep {
    kind: StepKind,
    span: Span,
    directory: PathBuf,
    patches: HeardPatches,
}

#[derive(Clone)]
enum HeardPatches {
    Nothing,
    Patch(Box<Patch>),
    Patches(Vec<Text>),
}

/// Where a base begins.
struct Start {
    part: PartStart,
    spent: u64,
    findings: usize,
    pending: usize,
    matches: usize,
    steps: usize,
    directories: usize,
    definitions: usize,
    bases: u32,
    looked_beyond_the_table: bool,
}

/// What a context knows of the bases that it shares.
pub(super) struct Sharing {
    bases: Arc<SharedBases>,
    /// How many of the bases that are made at present are to be kept.
    kept: usize,
    steps: Vec<HeardStep>,
    directories: Vec<PathBuf>,
}

/// What is known of a base.
enum Found {
    Kept(Arc<Base>),
    /// It was met before, and is to be kept.
    Again,
    /// It is met for the first time, or enough of it is kept.
    Unkept,
}

impl fmt::Debug for SharedBases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBases").finish_non_exhaustive()
    }
}

impl SharedBases {
    fn find(&self, key: &Key, given: &Given, loader: &Loader<'_>) -> Found {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.bases.get(key).cloned();
        let has_room = known.paid <= KEPT;
        drop(known);
        let Some(bases) = found else {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            known.bases.entry(key.clone()).or_default();
            return Found::Unkept;
        };
        let may_be_kept = has_room && bases.len() < FORMS;
        let mut bases = bases.into_iter();
        match bases.find(|base| base.is_for(given, loader)) {
            Some(base) => Found::Kept(base),
            None if may_be_kept => Found::Again,
            None => Found::Unkept,
        }
    }

    fn keep(&self, key: Key, base: Base) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *known;
        let forms = known.bases.entry(key).or_default();
        // Another thread may have made the same at the same time.
        let is_known = forms
            .iter()
            .any(|form| form.given == base.given && form.part.is_as(&base.part));
        if forms.len() < FORMS && !is_known {
            known.paid += base.paid;
            forms.push(Arc::new(base));
        }
    }
}

impl Base {
    /// Whether it is what a build would come to that gives it this; its share of the budget is paid
    /// then.
    fn is_for(&self, given: &Given, loader: &Loader<'_>) -> bool {
        let library = loader.library();
        let mut directories = self.noted.directories.iter();
        self.given == *given
            && !directories.any(|directory| loader.is_led_from(directory))
            && library.has_files_of(&self.part)
            && library.budget().take(self.paid)
    }
}

impl Sharing {
    pub(super) fn new(bases: Option<Arc<SharedBases>>) -> Self {
        Self {
            bases: bases.unwrap_or_default(),
            kept: 0,
            steps: Vec::new(),
            directories: Vec::new(),
        }
    }

    /// Takes notice of a base or a component that is built.
    pub(super) fn note_directory(&mut self, loader: &Loader<'_>) {
        if self.kept > 0 {
            self.directories.push(loader.root().to_path_buf());
        }
    }

    /// Takes notice of a step that an observer was told of.
    pub(super) fn note_step(&mut self, step: &Step<'_>) {
        if self.kept > 0 {
            self.steps.push(HeardStep {
                kind: step.kind,
                span: step.span,
                directory: step.directory.to_path_buf(),
                patches: match step.patches {
                    StepPatches::Nothing => HeardPatches::Nothing,
                    StepPatches::Patch(patch) => HeardPatches::Patch(Box::new(patch.clone())),
                    StepPatches::Patches(list) => HeardPatches::Patches(list.to_vec()),
                },
            });
        }
    }
}

impl HeardStep {
    fn step(&self) -> Step<'_> {
        Step {
            kind: self.kind,
            span: self.span,
            directory: &self.directory,
            patches: match &self.patches {
                HeardPatches::Nothing => StepPatches::Nothing,
                HeardPatches::Patch(patch) => StepPatches::Patch(patch),
                HeardPatches::Patches(list) => StepPatches::Patches(list),
            },
        }
    }
}

impl Context<'_> {
    /// What a base comes to: as it was made before, or as `make` makes it.
    pub(super) fn shared_base<'l>(
        &mut self,
        parent: &KustTarget<'_>,
        origin: Option<Origin>,
        loader: Loader<'l>,
        make: impl FnOnce(&mut Self, Loader<'l>) -> Result<Accumulated>,
    ) -> Result<Accumulated> {
        let library = loader.library();
        if !self.shares(&loader) {
            return make(self, loader);
        }
        let given = Given {
            release: self.options.release,
            restriction: self.options.restriction,
            lint: self.options.lint,
            only_warnings_of_kustomize: self.options.only_warnings_of_kustomize,
            is_observed: self.observer.is_some(),
            metadata: parent.kustomization.metadata,
            order: self.order.clone(),
            origin,
            schema: self.chosen_schema.clone(),
            kinds: (
                self.options.kinds.as_deref().cloned(),
                self.options.definitions.is_some(),
            ),
        };
        // The texts of this very build keep their numbers.
        let first_source = match library.is_traced() {
            true => library.next_source(),
            false => 0,
        };
        let key = (loader.root().to_path_buf(), first_source);
        let bases = Arc::clone(&self.sharing.bases);
        match bases.find(&key, &given, &loader) {
            Found::Kept(base) => Ok(self.take(&base, library)),
            Found::Unkept => make(self, loader),
            Found::Again => {
                let start = self.start(library);
                let made = make(self, loader);
                let base = self.end(start, library, given);
                let mut made = made?;
                if let Some(base) = base
                    && made.resources.check_unique().is_ok()
                {
                    made.resources.share();
                    let accumulated = made.clone();
                    bases.keep(
                        key,
                        Base {
                            accumulated,
                            ..base
                        },
                    );
                }
                Ok(made)
            }
        }
    }

    /// Whether what a directory comes to is known to depend on nothing but files and what is
    /// [`Given`].
    fn shares(&self, loader: &Loader<'_>) -> bool {
        let options = self.options;
        let sees = self.observer.as_ref();
        let is_seen = sees.is_some_and(|observer| observer.sees_objects());
        // Remarks tell apart where a base is named twice; a program may change what is read next.
        let may_differ = options.bases.is_none() && (options.lint || options.plugins.enabled);
        !is_seen
            && !may_differ
            && self.broken_schema.is_none()
            && options.omitted.is_empty()
            && !loader.is_remote()
    }

    /// The definitions of custom resources that were read so far, where somebody wants them.
    fn definitions(&self) -> Option<MutexGuard<'_, Vec<Node>>> {
        let kept = self.options.definitions.as_ref()?;
        Some(kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn start(&mut self, library: &SourceStore<'_>) -> Start {
        self.sharing.kept += 1;
        Start {
            part: library.start_part(),
            spent: self.budget.spent(),
            findings: self.findings.len(),
            pending: self.pending.len(),
            matches: self.matches.len(),
            steps: self.sharing.steps.len(),
            directories: self.sharing.directories.len(),
            definitions: self.definitions().map_or(0, |kept| kept.len()),
            bases: self.bases,
            looked_beyond_the_table: std::mem::take(&mut self.looked_beyond_the_table),
        }
    }

    /// What was done since a start, still without objects; nothing if it depends on more than is
    /// known.
    fn end(&mut self, start: Start, library: &SourceStore<'_>, given: Given) -> Option<Base> {
        self.sharing.kept -= 1;
        let looked_beyond_the_table = self.looked_beyond_the_table;
        self.looked_beyond_the_table |= start.looked_beyond_the_table;
        let part = library.end_part(start.part)?;
        // One that a directory of it has chosen counts for what comes after it, too.
        if self.chosen_schema != given.schema || self.broken_schema.is_some() {
            return None;
        }
        let definitions = self.definitions();
        let definitions = definitions.map_or_else(Vec::new, |kept| since(&kept, start.definitions));
        Some(Base {
            given,
            part,
            accumulated: self.nothing(),
            paid: self.budget.spent().saturating_sub(start.spent),
            noted: Noted {
                findings: since(&self.findings, start.findings),
                pending: since(&self.pending, start.pending),
                matches: since(&self.matches, start.matches),
                steps: since(&self.sharing.steps, start.steps),
                directories: since(&self.sharing.directories, start.directories),
                definitions,
            },
            bases: (start.bases, self.bases - start.bases),
            looked_beyond_the_table,
        })
    }

    /// Takes a base that was made before, with all that was noted of it.
    fn take(&mut self, base: &Base, library: &SourceStore<'_>) -> Accumulated {
        library.take_over(&base.part);
        let noted = &base.noted;
        self.findings.extend_from_slice(&noted.findings);
        self.pending.extend_from_slice(&noted.pending);
        self.matches.extend_from_slice(&noted.matches);
        self.looked_beyond_the_table |= base.looked_beyond_the_table;
        let mut accumulated = base.accumulated.clone();
        accumulated.resources.become_new(&self.budget);
        let (first, count) = base.bases;
        if count > 0 {
            // Each time that it is taken it is a base of its own.
            for resource in accumulated.resources.contents_mut() {
                let bases = &mut resource.history.bases;
                bases
                    .iter_mut()
                    .for_each(|base| *base = *base - first + self.bases);
            }
            self.bases += count;
        }
        if let Some(mut kept) = self.definitions() {
            kept.extend_from_slice(&noted.definitions);
        }
        if let Some(observer) = &mut self.observer {
            for step in &noted.steps {
                observer.after(&step.step(), &accumulated.resources);
            }
        }
        if self.sharing.kept > 0 {
            self.sharing.steps.extend_from_slice(&noted.steps);
            let directories = &noted.directories;
            self.sharing.directories.extend_from_slice(directories);
        }
        accumulated
    }
}

fn since<T: Clone>(list: &[T], start: usize) -> Vec<T> {
    list.get(start..).unwrap_or_default().to_vec()
}
