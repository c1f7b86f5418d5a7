//! All Flux `Kustomization`s that are reachable from the directories that clusters begin with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::build::{BuildOptions, build_flux};
use super::cluster::Cluster;
use super::object::{FluxKustomization, SourceRef};
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
    /// What all of them bring to the cluster.
    pub cluster: Cluster,
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

impl Tree {
    /// Builds the entries, what Flux `Kustomization`s they hold, and so on.
    pub fn search(files: &dyn Files, search: &Search<'_>) -> Self {
        let mut tree = Self {
            cluster: search.cluster.clone(),
            ..Self::default()
        };
        let mut state = State::default();
        for entry in search.entries {
            tree.begin(files, search, entry, &mut state);
        }
        while !state.pending.is_empty() {
            let (mut ready, waiting): (Vec<Pending>, Vec<Pending>) = state
                .pending
                .drain(..)
                .partition(|one| one.is_entry || tree.has_variables_of(&one.found));
            state.pending = waiting;
            if ready.is_empty() {
                // What they wait for does not come.
                ready = std::mem::take(&mut state.pending);
            }
            threads::get_ready();
            let cluster = &tree.cluster;
            let built: Vec<_> = ready
                .par_iter()
                .map(|one| {
                    let options = BuildOptions {
                        root: search.root,
                        cluster,
                        strict: false,
                        applied: false,
                        lint: false,
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

    /// Begins with an entry: a directory that is built, or a file with objects.
    fn begin(&mut self, files: &dyn Files, search: &Search<'_>, entry: &Path, state: &mut State) {
        let inside = entry.strip_prefix(search.root).unwrap_or(entry);
        let name = inside.display().to_string();
        let found = |kustomization: FluxKustomization| Found {
            kustomization,
            entry: name.clone(),
            reads: BTreeSet::new(),
        };
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
                    self.add(document, file.clone(), &parent, state);
                }
            }
            Err(error) => {
                let error = error.name_files(|_| Some(name.as_str().into()));
                self.failed.push((name, error));
            }
        }
    }

    /// Whether all is known that an object has its variables from.
    fn has_variables_of(&self, found: &Found) -> bool {
        let kustomization = &found.kustomization;
        let sources = kustomization.sources_of_variables();
        sources.into_iter().all(|(kind, name, is_optional)| {
            is_optional
                || self
                    .cluster
                    .get(kind, &kustomization.namespace, name)
                    .is_some()
        })
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
            // One that cannot be read has no values.
            let namespace = &parent.found.kustomization.namespace;
            let _ = self.cluster.add(&resource.node, namespace, file.as_deref());
            self.add(resource.node.clone(), file, &above, state);
        }
    }

    /// Adds an object, if it is a `Kustomization` or the repository of one.
    fn add(&mut self, object: Node, file: Option<PathBuf>, parent: &Found, state: &mut State) {
        let text = |way: &[&str]| object.at(way).and_then(Node::text).unwrap_or_default();
        if text(&["kind"]) == "GitRepository" {
            let namespace = match text(&["metadata", "namespace"]) {
                "" => parent.kustomization.namespace.as_str(),
                namespace => namespace,
            };
            let key = (
                parent.entry.clone(),
                namespace.to_owned(),
                text(&["metadata", "name"]).to_owned(),
            );
            state
                .repositories
                .insert(key, text(&["spec", "url"]).to_owned());
        }
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
        };
        state.order.push(found.clone());
        state.pending.push(Pending {
            found,
            is_entry: false,
        });
    }

    /// Tells those of this repository from others, and adds the files of their variables.
    fn settle(&mut self, files: &dyn Files, search: &Search<'_>, state: &State) {
        for mut found in state.order.iter().cloned() {
            let kustomization = &found.kustomization;
            for (kind, name, _) in kustomization.sources_of_variables() {
                let file = self.cluster.file(kind, &kustomization.namespace, name);
                found.reads.extend(file.map(Path::to_path_buf));
            }
            let source = found.kustomization.source();
            match is_here(files, search, &found, &source, state) {
                true => self.found.push(found),
                false => self.foreign.push((found, source)),
            }
        }
    }
}

#[derive(Default)]
struct State {
    pending: Vec<Pending>,
    seen: BTreeSet<Key>,
    order: Vec<Found>,
    /// The addresses of repositories.
    repositories: BTreeMap<Key, String>,
}

/// Whether a source is this repository: by its address or, where one is not known, because what is
/// built is there.
fn is_here(
    files: &dyn Files,
    search: &Search<'_>,
    found: &Found,
    source: &SourceRef,
    state: &State,
) -> bool {
    let key = (
        found.entry.clone(),
        source.namespace.clone(),
        source.name.clone(),
    );
    let url = state.repositories.get(&key).filter(|url| !url.is_empty());
    match (source.kind.as_str(), url) {
        ("GitRepository" | "", Some(url)) if !search.addresses.is_empty() => {
            let wanted = plain_address(url);
            let mut own = search.addresses.iter();
            own.any(|address| plain_address(address) == wanted)
        }
        ("GitRepository" | "", _) => is_there(files, search, found),
        // An artifact may be made of anything; the one that Flux is installed with is made of this.
        _ => source.name == "flux-system" && is_there(files, search, found),
    }
}

fn is_there(files: &dyn Files, search: &Search<'_>, found: &Found) -> bool {
    let directory = found.kustomization.directory().unwrap_or_default();
    let path = search.root.join(directory);
    matches!(files.resolve(&path), Ok((_, FileKind::Directory)))
}

/// An address of a repository as host and path: how it is reached does not matter.
fn plain_address(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/').trim_end_matches(".git");
    let plain = rest.replacen(':', "/", 1);
    // A port is no part of a path.
    let parts: Vec<&str> = plain.split('/').filter(|part| !part.is_empty()).collect();
    let is_port = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = parts
        .iter()
        .enumerate()
        .filter(|(index, part)| *index != 1 || !is_port(part));
    let parts: Vec<String> = parts.map(|(_, part)| part.to_lowercase()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_repository_are_the_same() {
        let wanted = "git.example.com/team/fleet";
        for address in [
            "https://git.example.com/team/fleet",
            "https://user:token@git.example.com/team/fleet.git",
            "ssh://git@git.example.com:2222/team/fleet",
            "git@git.example.com:team/fleet.git",
            "https://Git.example.com/team/Fleet/",
        ] {
            assert_eq!(plain_address(address), wanted, "{address}");
        }
        assert_ne!(plain_address("https://git.example.com/team/other"), wanted);
    }
}
