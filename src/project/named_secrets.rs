//! Lists the secret files that an environment's kustomizations name, including those of its bases.
//!
//! A file below a `secrets/` beside the kustomization that names it is one, and so is every other
//! file of a `secretGenerator` that the boilerplate has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Environment, Project, is_dir};
use crate::generate;
use crate::kustomization::{Builtin, FILE_NAMES, Kustomization};
use crate::load::{FileKind, Files, Repository, is_http, normalized};
use crate::place::{Place, SourceId, Span};
use crate::release::Release;
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
    let mut search = Search {
        view,
        project,
        stands_for,
        found: Vec::new(),
    };
    let mut open = vec![environment.directory.clone()];
    let mut known = BTreeSet::new();
    while let Some(directory) = open.pop() {
        let Ok((directory, FileKind::Directory)) = view.resolve(&directory) else {
            continue;
        };
        if known.insert(directory.clone()) {
            open.extend(search.directory(&directory));
        }
    }
    let mut paths = BTreeSet::new();
    search.found.retain(|one| paths.insert(one.path.clone()));
    search.found
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
}

impl Search<'_> {
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
        }
    }

    /// A whole object that lies among the secrets.
    fn resource(&mut self, directory: &Path, file: &Path, name: &Text) {
        let path = normalized(&directory.join(&**name));
        let Ok(inside) = path.strip_prefix(directory.join("secrets")) else {
            return;
        };
        if !is_dir(self.view, &path) {
            let shown = self.project.shown(&self.view.editable_path(file));
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
            let shown = self.project.shown(&self.view.editable_path(file));
            self.found.push(Named {
                name: name.to_path_buf(),
                place: Place::in_file(shown, span),
                path,
            });
        }
    }
}
