//! Lists the secret files that an environment's kustomizations name, including those of its bases.
//!
//! A file below a `secrets/` beside the kustomization that names it is one, and so is every other
//! file of a `secretGenerator` that the boilerplate has. What is there to be committed is listed
//! apart: what sops has encrypted for manifests and generators of ksops, and objects that stand for
//! Secrets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::secret_references::{SecretReference, references};
use super::{Environment, Project, is_dir};
use crate::generate;
use crate::kustomization::{Builtin, FILE_NAMES, Kustomization};
use crate::load::{FileKind, Files, Repository, is_http, normalized};
use crate::place::{Place, SourceId, Span};
use crate::plugin::ksops_files;
use crate::release::Release;
use crate::sops::is_encrypted;
use crate::yaml::{Node, Text, read_config, read_manifests};

/// A file of secrets that a kustomization names.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Where it is, or belongs.
    pub(super) path: PathBuf,
    /// Its path below the `secrets/`, as the boilerplate has it.
    pub(super) name: PathBuf,
    /// Where it is named.
    pub(super) place: Place,
}

/// A file that is committed with what it protects.
#[derive(Clone, Debug)]
pub(super) struct Committed {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Where it is named.
    pub(super) place: Place,
    /// The Secrets that controllers make of its objects.
    pub(super) references: Vec<SecretReference>,
}

/// Goes through the kustomizations of an environment, its own first; each file once.
///
/// A kustomization that cannot be read is the build's to explain. `stands_for` says whether the
/// boilerplate has a file.
pub(super) fn named(
    view: &dyn Files,
    project: &Project,
    environment: &Environment,
    stands_for: &dyn Fn(&Path) -> bool,
) -> Vec<Named> {
    let mut search = Search::new(view, project, stands_for, false);
    search.all(environment);
    let mut paths = BTreeSet::new();
    search.found.retain(|one| paths.insert(one.path.clone()));
    search.found
}

/// Goes through the kustomizations of an environment for what is there to be committed; each file
/// once.
pub(super) fn committed(
    view: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Vec<Committed> {
    let mut search = Search::new(view, project, &|_| false, true);
    search.all(environment);
    let mut paths = BTreeSet::new();
    search
        .committed
        .retain(|one| paths.insert(one.path.clone()));
    search.committed
}

/// The files that a generator is made of.
pub(super) fn sources(args: &generate::Args) -> impl Iterator<Item = (&str, Span)> {
    let envs = args.envs.iter().map(|source| (&*source.text, source.span));
    let files = args.files.iter().filter_map(|source| {
        let (_, path) = generate::file_source(source).ok()?;
        Some((path, source.span))
    });
    envs.chain(files)
}

/// The objects of an entry that is YAML, not a name.
fn inline(source: &Text) -> Option<Vec<Node>> {
    let stream = read_manifests(source.as_bytes(), source.span.source).ok()?;
    let is_whole = !stream.documents.is_empty() && stream.documents.iter().all(Node::is_map);
    is_whole.then_some(stream.documents)
}

/// Whether a name leads to files of this machine; a URL may hold a password, and is not asked for.
fn is_local(name: &str) -> bool {
    !is_http(name) && Repository::parse(name).is_none()
}

/// What is named is the same in all releases; the oldest refuses least.
const READ_AS: Release = Release::KNOWN[0];

struct Search<'s> {
    view: &'s dyn Files,
    project: &'s Project,
    stands_for: &'s dyn Fn(&Path) -> bool,
    found: Vec<Named>,
    /// Whether manifests are read for what is committed.
    reads_manifests: bool,
    committed: Vec<Committed>,
}

impl<'s> Search<'s> {
    fn new(
        view: &'s dyn Files,
        project: &'s Project,
        stands_for: &'s dyn Fn(&Path) -> bool,
        reads_manifests: bool,
    ) -> Self {
        Self {
            view,
            project,
            stands_for,
            found: Vec::new(),
            reads_manifests,
            committed: Vec::new(),
        }
    }

    fn all(&mut self, environment: &Environment) {
        let mut open = vec![environment.directory.clone()];
        let mut known = BTreeSet::new();
        while let Some(directory) = open.pop() {
            let Ok((directory, FileKind::Directory)) = self.view.resolve(&directory) else {
                continue;
            };
            if known.insert(directory.clone()) {
                open.extend(self.directory(&directory));
            }
        }
        if self.reads_manifests && environment.is_object() && !self.is_built(environment) {
            self.manifests(&environment.directory);
        }
    }

    /// Whether an environment has a kustomization.
    fn is_built(&self, environment: &Environment) -> bool {
        let mut files = FILE_NAMES.iter();
        files.any(|name| self.view.resolve(&environment.directory.join(name)).is_ok())
    }

    /// All manifests below a directory without a kustomization, which Flux and Argo CD build.
    fn manifests(&mut self, directory: &Path) {
        for file in self.view.walk(directory).unwrap_or_default() {
            let path = directory.join(file);
            if path
                .extension()
                .is_some_and(|it| it == "yaml" || it == "yml")
            {
                let place = Place::file(self.shown(&path));
                self.commit(&path, place, false);
            }
        }
    }

    fn shown(&self, path: &Path) -> String {
        self.project.shown(&self.view.editable_path(path))
    }

    /// Takes a file that is committed with what it protects; one of ksops is one in any case.
    fn commit(&mut self, path: &Path, place: Place, is_of_ksops: bool) {
        let Ok(bytes) = self.project.read_own(self.view, path) else {
            return;
        };
        let documents = read_manifests(&bytes, SourceId::NONE).map(|it| it.documents);
        let documents = documents.unwrap_or_default();
        let references: Vec<_> = documents.iter().flat_map(references).collect();
        if is_of_ksops || !references.is_empty() || is_encrypted(&bytes) {
            self.committed.push(Committed {
                path: path.to_path_buf(),
                place,
                references,
            });
        }
    }

    /// What one kustomization names; gives the directories that it builds on.
    fn directory(&mut self, directory: &Path) -> Vec<PathBuf> {
        let read = FILE_NAMES.iter().find_map(|name| {
            let path = directory.join(name);
            Some((self.project.read_own(self.view, &path).ok()?, path))
        });
        let Some((bytes, path)) = read else {
            return Vec::new();
        };
        let kustomization = read_config(&bytes, SourceId::NONE)
            .and_then(|node| Kustomization::parse_as_of(&node, READ_AS));
        let Ok((kustomization, _)) = kustomization else {
            return Vec::new();
        };
        for args in &kustomization.secrets {
            self.generator(directory, &path, args, true);
        }
        for args in &kustomization.config_maps {
            self.generator(directory, &path, args, false);
        }
        let mut names: Vec<&Text> = kustomization
            .resources
            .iter()
            .chain(&kustomization.components)
            .collect();
        for source in &kustomization.generators {
            match inline(source) {
                Some(documents) => self.objects(directory, &path, &documents),
                None if is_local(source) => {
                    let file = normalized(&directory.join(&**source));
                    if let Ok(bytes) = self.project.read_own(self.view, &file) {
                        let documents =
                            read_manifests(&bytes, SourceId::NONE).map(|it| it.documents);
                        self.objects(directory, &file, &documents.unwrap_or_default());
                    }
                    names.push(source);
                }
                None => {}
            }
        }
        names.retain(|name| is_local(name));
        for name in &names {
            self.resource(directory, &path, name);
        }
        names
            .into_iter()
            .map(|name| directory.join(&**name))
            .collect()
    }

    /// What generators name that are configured by objects of their own.
    fn objects(&mut self, directory: &Path, file: &Path, documents: &[Node]) {
        for node in documents {
            match Builtin::parse(node, READ_AS) {
                Ok(Some(Builtin::Secret(args))) => self.generator(directory, file, &args, true),
                Ok(Some(Builtin::ConfigMap(args))) => self.generator(directory, file, &args, false),
                _ => {}
            }
            if let Some(named) = ksops_files(node).filter(|_| self.reads_manifests) {
                for name in named {
                    let path = normalized(&directory.join(name.path));
                    let place = Place::in_file(self.shown(file), name.span);
                    self.commit(&path, place, true);
                }
            }
        }
    }

    /// A whole object that lies among the secrets.
    fn resource(&mut self, directory: &Path, file: &Path, name: &Text) {
        let path = normalized(&directory.join(&**name));
        if self.reads_manifests && !is_dir(self.view, &path) {
            let place = Place::in_file(self.shown(file), name.span);
            self.commit(&path, place, false);
        }
        let Ok(inside) = path.strip_prefix(directory.join("secrets")) else {
            return;
        };
        if !is_dir(self.view, &path) {
            let shown = self.shown(file);
            self.found.push(Named {
                name: inside.to_path_buf(),
                place: Place::in_file(shown, name.span),
                path,
            });
        }
    }

    fn generator(&mut self, directory: &Path, file: &Path, args: &generate::Args, is_secret: bool) {
        let secrets = directory.join("secrets");
        for (source, span) in sources(args) {
            let path = normalized(&directory.join(source));
            let name = match path.strip_prefix(&secrets) {
                Ok(name) => name,
                Err(_) => match path.strip_prefix(directory) {
                    Ok(name) if is_secret && (self.stands_for)(name) => name,
                    _ => continue,
                },
            };
            let shown = self.shown(file);
            self.found.push(Named {
                name: name.to_path_buf(),
                place: Place::in_file(shown, span),
                path,
            });
        }
    }
}
