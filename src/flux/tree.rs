//! All Flux `Kustomization`s that are reachable from the directories that clusters begin with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::build::{BuildOptions, build_flux};
use super::cluster::Cluster;
use super::object::{FluxKustomization, SourceRef};
use super::place::SourcePlace;
use crate::build::Built;
use crate::error::Error;
use crate::load::{FileKind, Files, unreadable};
use crate::place::SourceId;
use crate::threads;
use crate::yaml::{Node, read_manifests};

/// A Flux `Kustomization` that was found, and what it depends on besides what it builds.
#[derive(Clone, Debug)]
pub struct Found {
    /// The object.
    pub kustomization: FluxKustomization,
    /// The entry that led to it, as it is named from the root.
    pub entry: String,
    /// The files that say what it is: where it is written, the kustomizations on the way to it, and
    /// those of its variables.
    pub reads: BTreeSet<PathBuf>,
    /// The root of its source: that of the repository, or the part of it that an artifact is made of.
    pub root: PathBuf,
}

/// What was found from some entries.
#[derive(Debug, Default)]
pub struct Tree {
    /// The objects that build files of this repository, in the order in which they were found.
    pub found: Vec<Found>,
    /// Those that build files of another source, with its name.
    pub foreign: Vec<(Found, SourceRef)>,
    /// Entries that cannot be built, and why.
    pub failed: Vec<(String, Error)>,
    /// What is known of the clusters besides.
    base: Cluster,
    /// What each entry brings to its cluster.
    clusters: BTreeMap<String, Cluster>,
}

/// Where is looked.
#[derive(Clone, Copy, Debug)]
pub struct Search<'s> {
    /// The root of the repository.
    pub root: &'s Path,
    /// The directories and files to begin with.
    pub entries: &'s [PathBuf],
    /// What the cluster has besides.
    pub cluster: &'s Cluster,
    /// The addresses of the repository, as far as they are known.
    pub addresses: &'s [String],
}

/// A `Kustomization` that is not built yet.
#[derive(Clone)]
struct Pending {
    found: Found,
    is_entry: bool,
}

/// What an object is known by: entry, namespace, name.
type Key = (String, String, String);

impl<'s> SourcePlace<'s> {
    fn new(files: &'s dyn Files, search: &Search<'s>, cluster: &'s Cluster) -> Self {
        Self {
            files,
            root: search.root,
            addresses: search.addresses,
            cluster,
        }
    }
}

impl Tree {
    /// Builds the entries, what Flux `Kustomization`s they hold, and so on.
    pub fn search(files: &dyn Files, search: &Search<'_>) -> Self {
        let mut tree = Self {
            base: search.cluster.clone(),
            ..Self::default()
        };
        let mut state = State::default();
        let bases = Arc::default();
        for entry in search.entries {
            tree.begin(files, search, entry, &mut state);
        }
        while !state.pending.is_empty() {
            let views = tree.views();
            let cluster_of = |found: &Found| views.get(&found.entry).unwrap_or(&tree.base);
            let (mut ready, waiting): (Vec<Pending>, Vec<Pending>) =
                state.pending.drain(..).partition(|one| {
                    one.is_entry || has_variables_of(&one.found, cluster_of(&one.found))
                });
            state.pending = waiting;
            if ready.is_empty() {
                // What they wait for does not come.
                ready = std::mem::take(&mut state.pending);
            }
            threads::get_ready();
            let built: Vec<_> = ready
                .par_iter()
                .map(|one| {
                    let cluster = cluster_of(&one.found);
                    let place = SourcePlace::new(files, search, cluster);
                    let root = place.root_of(&one.found.kustomization);
                    let options = BuildOptions {
                        root: root.as_deref().unwrap_or(search.root),
                        cluster,
                        strict: false,
                        applied: false,
                        lint: false,
                        charts: None,
                        bases: Some(&bases),
                    };
                    build_flux(files, search.root, &one.found.kustomization, options)
                })
                .collect();
            for (one, built) in ready.into_iter().zip(built) {
                match built {
                    Ok(built) => tree.take(&one, &built, &mut state),
                    Err(error) if one.is_entry => tree.failed.push((one.found.entry, error)),
                    // Its own render tells.
                    Err(_) => {}
                }
            }
        }
        tree.settle(files, search, &state);
        tree
    }

    /// What the clusters have that the entries stand for: what the entry brings, what is known
    /// besides, and what only other entries bring, as far as those agree.
    pub fn views(&self) -> BTreeMap<String, Cluster> {
        let views = self.clusters.iter().map(|(entry, own)| {
            let mut view = self.base.clone();
            view.take(own);
            let others = self.clusters.iter().filter(|(other, _)| *other != entry);
            view.fill(&others.map(|(_, cluster)| cluster).collect::<Vec<_>>());
            (entry.clone(), view)
        });
        views.collect()
    }

    /// Begins with an entry: a directory that is built, or a file with objects.
    fn begin(&mut self, files: &dyn Files, search: &Search<'_>, entry: &Path, state: &mut State) {
        let inside = entry.strip_prefix(search.root).unwrap_or(entry);
        let name = inside.display().to_string();
        let found = |kustomization: FluxKustomization| Found {
            kustomization,
            entry: name.clone(),
            reads: BTreeSet::new(),
            root: search.root.to_path_buf(),
        };
        self.clusters.entry(name.clone()).or_default();
        if !matches!(files.resolve(entry), Ok((_, FileKind::File))) {
            let kustomization = FluxKustomization::of_directory(&name, &name);
            state.pending.push(Pending {
                found: found(kustomization),
                is_entry: true,
            });
            return;
        }
        let documents = files
            .read(entry)
            .map_err(|cause| unreadable(&name, cause))
            .and_then(|bytes| {
                let source = SourceId::new(0);
                read_manifests(&bytes, source).map(|manifests| manifests.documents)
            });
        match documents {
            Ok(documents) => {
                let parent = found(FluxKustomization::of_directory(&name, ""));
                let file = Some(entry.to_path_buf());
                for document in documents {
                    self.bring(&document, &parent, file.as_deref());
                    self.add(document, file.clone(), &parent, state);
                }
            }
            Err(error) => {
                let error = error.name_files(|_| Some(name.as_str().into()));
                self.failed.push((name, error));
            }
        }
    }

    /// Takes what was built: values, sources, and more objects.
    fn take(&mut self, parent: &Pending, built: &Built, state: &mut State) {
        let path = |node: &Node| built.sources.path(node.span).map(Path::to_path_buf);
        let of_objects: BTreeSet<PathBuf> = built
            .resources
            .iter()
            .filter_map(|it| path(&it.node))
            .collect();
        let mut above = parent.found.clone();
        let read = built.sources.paths().into_iter();
        above
            .reads
            .extend(read.filter(|path| !of_objects.contains(path)));
        for resource in &built.resources {
            let file = path(&resource.node);
            self.bring(&resource.node, &parent.found, file.as_deref());
            self.add(resource.node.clone(), file, &above, state);
        }
    }

    /// Adds what an object brings to the cluster of its entry.
    fn bring(&mut self, object: &Node, parent: &Found, file: Option<&Path>) {
        let cluster = self.clusters.entry(parent.entry.clone()).or_default();
        // One that cannot be read has no values.
        let _ = cluster.add(object, &parent.kustomization.namespace, file);
    }

    /// Adds an object, if it is a `Kustomization`.
    fn add(&mut self, object: Node, file: Option<PathBuf>, parent: &Found, state: &mut State) {
        if !FluxKustomization::is(&object) {
            return;
        }
        let Ok(kustomization) = FluxKustomization::new(object, file.clone()) else {
            return;
        };
        let key = (
            parent.entry.clone(),
            kustomization.namespace.clone(),
            kustomization.name.clone(),
        );
        if !state.seen.insert(key) {
            return;
        }
        let mut reads = parent.reads.clone();
        reads.extend(file);
        let found = Found {
            kustomization,
            entry: parent.entry.clone(),
            reads,
            root: PathBuf::new(),
        };
        state.order.push(found.clone());
        state.pending.push(Pending {
            found,
            is_entry: false,
        });
    }

    /// Tells those of this repository from others, and adds the files of their variables.
    fn settle(&mut self, files: &dyn Files, search: &Search<'_>, state: &State) {
        let views = self.views();
        for mut found in state.order.iter().cloned() {
            let cluster = views.get(&found.entry).unwrap_or(&self.base);
            let kustomization = &found.kustomization;
            for (kind, name, _) in kustomization.sources_of_variables() {
                let file = cluster.file(kind, &kustomization.namespace, name);
                found.reads.extend(file.map(Path::to_path_buf));
            }
            match SourcePlace::new(files, search, cluster).root_of(kustomization) {
                Some(root) => {
                    found.root = root;
                    self.found.push(found);
                }
                None => {
                    let source = found.kustomization.source();
                    self.foreign.push((found, source));
                }
            }
        }
    }
}

/// Whether all is known that an object has its variables from.
fn has_variables_of(found: &Found, cluster: &Cluster) -> bool {
    let kustomization = &found.kustomization;
    let sources = kustomization.sources_of_variables();
    sources.into_iter().all(|(kind, name, is_optional)| {
        is_optional || cluster.get(kind, &kustomization.namespace, name).is_some()
    })
}

#[derive(Default)]
struct State {
    pending: Vec<Pending>,
    seen: BTreeSet<Key>,
    order: Vec<Found>,
}
