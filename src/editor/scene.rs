//! What is known around a document: its project, its environments, and the files they read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kustom_lsp::Target;

use super::cursor::{documents, range};
use super::facts::{Facts, Texts, first_span};
use super::objects::{Reference, references};
use super::paths::{is_kustomization, kustomization_in};
use crate::explain::Life;
use crate::fields::Fields;
use crate::kustomization::selector;
use crate::load::{FileKind, Files, normalized};
use crate::place::Span;
use crate::project::Project;
use crate::validation::Version;
use crate::yaml::Node;

/// What is known around a document.
pub(super) struct Scene<'s> {
    pub(super) files: &'s dyn Files,
    pub(super) root: PathBuf,
    /// The environments that can be explained.
    pub(super) facts: Vec<&'s Facts>,
    /// What was known of the others, when they could be: names are still right, places are not.
    pub(super) earlier: Vec<&'s Facts>,
    /// The files that environments read.
    pub(super) read: BTreeSet<PathBuf>,
    pub(super) project: Option<Project>,
    pub(super) version: Version,
}

/// An object of an environment.
#[derive(Clone, Copy)]
pub(super) struct Met<'s> {
    pub(super) facts: &'s Facts,
    pub(super) number: usize,
    pub(super) life: &'s Life,
}

impl<'s> Scene<'s> {
    /// All objects of all environments.
    pub(super) fn objects(&self) -> impl Iterator<Item = Met<'s>> + '_ {
        self.facts.iter().flat_map(|facts| all(facts))
    }

    /// The same, with those of environments that do not render, as far as they did before.
    pub(super) fn known_objects(&self) -> impl Iterator<Item = Met<'s>> + '_ {
        let facts = self.facts.iter().chain(&self.earlier);
        facts.flat_map(|facts| all(facts))
    }

    /// The objects that are written in some lines of a file.
    pub(super) fn written_in(&self, path: &Path, lines: (u32, u32)) -> Vec<Met<'s>> {
        let mut found = Vec::new();
        for facts in &self.facts {
            let facts: &'s Facts = facts;
            for (number, life) in facts.written_in(path, lines) {
                found.push(Met {
                    facts,
                    number,
                    life,
                });
            }
        }
        found
    }

    /// The objects that a mapping selects by group, version, kind, name, namespace and labels.
    pub(super) fn selected(&self, node: &Node) -> Vec<Met<'s>> {
        selected_of(self.objects(), node)
    }

    /// The same among [`known_objects`](Self::known_objects).
    pub(super) fn known_selected(&self, node: &Node) -> Vec<Met<'s>> {
        selected_of(self.known_objects(), node)
    }

    /// The objects of a kind that have a name now, or had it.
    pub(super) fn named(&self, kind: &str, name: &str) -> Vec<Met<'s>> {
        let is_it = |met: &Met<'_>| {
            let mut ids = met.life.ids();
            ids.any(|id| *id.name == *name && (kind.is_empty() || *id.gvk.kind == *kind))
        };
        self.objects().filter(is_it).collect()
    }

    /// Where objects are first written: their names, or what makes them.
    pub(super) fn origins(&self, met: &[Met<'_>]) -> Vec<Target> {
        let mut texts = Texts::new(self.files);
        let mut found: Vec<Target> = Vec::new();
        for one in met {
            let Some(node) = one.life.nodes().next() else {
                continue;
            };
            let name = node.at(&["metadata", "name"]).map(|name| name.span);
            let spans = name.into_iter().chain([first_span(node)]);
            let mut places = spans.filter_map(|span| one.facts.written(span));
            if let Some((path, span)) = places.next() {
                let target = texts.target(&path, span);
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
        found
    }

    /// The scalars that name an object, in all that was made of the files.
    pub(super) fn references_to(&self, met: &[Met<'_>]) -> Vec<(PathBuf, Span, String)> {
        let fields = Fields::builtin();
        let mut found: Vec<(PathBuf, Span, String)> = Vec::new();
        for one in met {
            let ids: Vec<_> = one.life.ids().collect();
            let Some(kind) = ids.first().map(|id| id.gvk.kind.to_string()) else {
                continue;
            };
            for (_, other) in one.facts.objects() {
                for node in other.nodes() {
                    let is_it = |reference: &Reference<'_>| {
                        let name = reference.name.text().unwrap_or_default();
                        reference.kind == kind && ids.iter().any(|id| *id.name == *name)
                    };
                    for reference in references(&fields, node).iter().filter(|it| is_it(it)) {
                        let Some((path, span)) = one.facts.written(reference.name.span) else {
                            continue;
                        };
                        let name = reference.name.text().unwrap_or_default().to_owned();
                        let place = (path, span, name);
                        if !found.contains(&place) {
                            found.push(place);
                        }
                    }
                }
            }
        }
        found
    }

    /// The kustomizations that environments read.
    pub(super) fn kustomizations(&self) -> impl Iterator<Item = &PathBuf> {
        self.read.iter().filter(|path| is_kustomization(path))
    }

    /// The file that a text names, seen from a file.
    pub(super) fn file(&self, from: &Path, text: &str) -> Option<PathBuf> {
        if text.is_empty() || text.contains("://") {
            return None;
        }
        let directory = from.parent()?;
        let named = normalized(&directory.join(text));
        match self.files.resolve(&named) {
            Ok((path, FileKind::File)) => Some(path),
            Ok((path, FileKind::Directory)) => {
                let own = kustomization_in(self.files, &path);
                let settings = path.join("environment.yaml");
                own.or_else(|| self.files.resolve(&settings).is_ok().then_some(settings))
            }
            Err(_) => {
                // A template stands for the file that it makes.
                let mut template = named.into_os_string();
                template.push(".j2");
                let template = PathBuf::from(template);
                self.files.resolve(&template).is_ok().then_some(template)
            }
        }
    }

    /// The entries of kustomizations that name a file, or its directory if it is a kustomization.
    pub(super) fn named_by(&self, path: &Path) -> Vec<Target> {
        let mut found = Vec::new();
        let mut texts = Texts::new(self.files);
        let all: Vec<PathBuf> = self.kustomizations().cloned().collect();
        for kustomization in all {
            if kustomization == path {
                continue;
            }
            let Some((_, Some(documents))) = texts.get(&kustomization) else {
                continue;
            };
            let mut scalars = Vec::new();
            for root in documents {
                gather(root, &mut scalars);
            }
            for node in scalars {
                let text = node.text().unwrap_or_default();
                let file = text.rsplit_once('=').map_or(text, |(_, file)| file);
                if self.file(&kustomization, file).as_deref() == Some(path) {
                    found.push(Target {
                        path: kustomization.clone(),
                        range: range(node),
                    });
                }
            }
        }
        found
    }

    /// The name of an environment whose directory a file is in.
    pub(super) fn environment_of(&self, path: &Path) -> Option<String> {
        let project = self.project.as_ref()?;
        let inside = path.strip_prefix(&project.environments).ok()?;
        let first = inside.iter().next()?;
        (inside.iter().count() > 1).then(|| first.to_string_lossy().into_owned())
    }
}

fn all(facts: &Facts) -> impl Iterator<Item = Met<'_>> {
    facts.objects().map(move |(number, life)| Met {
        facts,
        number,
        life,
    })
}

fn selected_of<'s>(objects: impl Iterator<Item = Met<'s>>, node: &Node) -> Vec<Met<'s>> {
    const PARTS: [&str; 7] = [
        "group",
        "version",
        "kind",
        "name",
        "namespace",
        "labelSelector",
        "annotationSelector",
    ];
    // What a source of a replacement has besides selects nothing.
    let entries = node.entries().iter();
    let entries = entries.filter(|entry| PARTS.iter().any(|part| entry.is(part)));
    let asked = Node::map(entries.cloned().collect());
    if asked.entries().is_empty() {
        return Vec::new();
    }
    let Ok(selector) = selector(&asked) else {
        return Vec::new();
    };
    let is_meant = |met: &Met<'_>| {
        let id_fits = met.life.ids().any(|id| {
            selector.matches_gvk(&id.gvk)
                && selector.name.matches(&id.name)
                && selector.namespace.matches(id.effective_namespace())
        });
        let labels = met.life.node().at(&["metadata", "labels"]);
        let annotations = met.life.node().at(&["metadata", "annotations"]);
        id_fits
            && (selector.labels.is_empty() || selector.labels.matches(labels))
            && (selector.annotations.is_empty() || selector.annotations.matches(annotations))
    };
    objects.filter(is_meant).collect()
}

/// The scalars of a tree.
pub(super) fn gather<'n>(node: &'n Node, found: &mut Vec<&'n Node>) {
    if node.is_scalar() {
        found.push(node);
    }
    for entry in node.entries() {
        gather(&entry.value, found);
    }
    for item in node.items() {
        gather(item, found);
    }
}

/// The documents of a file, if it is YAML.
pub(super) fn parsed(files: &dyn Files, path: &Path) -> Option<(String, Vec<Node>)> {
    let text = String::from_utf8(files.read(path).ok()?).ok()?;
    let documents = documents(&text)?;
    Some((text, documents))
}
