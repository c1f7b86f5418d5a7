//! Renames an object, or what a generator makes, with all that names it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use kustom_lsp::{Edit, Refused, Rename};

use super::cursor::{Cursor, at, documents, range};
use super::facts::Texts;
use super::navigate::subjects;
use super::objects::{has_replicas, object, references};
use super::paths::is_kustomization;
use super::range::of_span;
use super::scene::{Met, Scene, gather, parsed};
use crate::fields::Fields;
use crate::yaml::cut::Cut as _;
use crate::yaml::{Node, Style};

/// What is renamed: its objects in all environments, its kind and its name.
struct Subject<'s> {
    met: Vec<Met<'s>>,
    kind: String,
    name: String,
    /// The name where the pointer is.
    here: Rename,
}

fn refused(why: impl Into<String>) -> Refused {
    Refused(why.into())
}

/// What would be renamed at an offset.
pub(super) fn renamable(
    scene: &Scene<'_>,
    path: &Path,
    text: &str,
    offset: usize,
) -> Result<Rename, Refused> {
    Ok(subject(scene, path, text, offset)?.here)
}

fn subject<'s>(
    scene: &Scene<'s>,
    path: &Path,
    text: &str,
    offset: usize,
) -> Result<Subject<'s>, Refused> {
    let nothing = || refused("only the name of an object can be renamed, or what names one");
    let documents = documents(text).ok_or_else(|| refused("the document is no YAML"))?;
    let cursor = at(&documents, offset).filter(|it| it.is_on(offset) && !it.is_on_key);
    let cursor = cursor.ok_or_else(nothing)?;
    let written = cursor.node.text().ok_or_else(nothing)?.to_owned();
    let met = match is_kustomization(path) {
        true => in_kustomization(scene, &cursor, &written),
        false if cursor.keys() == ["metadata", "name"] => {
            subjects(scene, path, text, &documents, &cursor)
        }
        false => {
            let fields = Fields::builtin();
            let all = references(&fields, cursor.root);
            let mut all = all.iter();
            let reference = all.find(|it| std::ptr::eq(it.name, cursor.node));
            let reference = reference.ok_or_else(nothing)?;
            scene.named(&reference.kind, &written)
        }
    };
    let first = met.first().ok_or_else(nothing)?;
    let id = first.life.ids().next().ok_or_else(nothing)?;
    let (kind, name) = (id.gvk.kind.to_string(), id.name.to_string());
    let is_other = |one: &Met<'_>| {
        let id = one.life.ids().next();
        id.is_none_or(|id| *id.name != *name || *id.gvk.kind != *kind)
    };
    if met.iter().any(is_other) {
        return Err(refused("more than one object is meant"));
    }
    let place = place_of(text, range(cursor.node), &name)
        .ok_or_else(|| refused(format!("`{written}` does not stand there as it is")))?;
    Ok(Subject {
        here: Rename {
            range: place,
            name: name.clone(),
        },
        met,
        kind,
        name,
    })
}

/// The objects that a name in a kustomization means.
fn in_kustomization<'s>(scene: &Scene<'s>, cursor: &Cursor<'_>, name: &str) -> Vec<Met<'s>> {
    let keys = cursor.keys();
    let kind = cursor.above(1).and_then(|it| it.get("kind")?.text());
    match keys[..] {
        ["configMapGenerator", "[]", "name"] => scene.named("ConfigMap", name),
        ["secretGenerator", "[]", "name"] => scene.named("Secret", name),
        ["replicas", "[]", "name"] => scene.named("", name),
        ["patches", .., "target", "name"]
        | ["patchesJson6902", .., "target", "name"]
        | ["replacements", .., "source" | "select", "name"]
        | ["vars", .., "objref", "name"] => scene.named(kind.unwrap_or_default(), name),
        _ => Vec::new(),
    }
}

/// The changes that give the object at an offset another name.
pub(super) fn rename(
    scene: &Scene<'_>,
    path: &Path,
    text: &str,
    offset: usize,
    new: &str,
) -> Result<Vec<Edit>, Refused> {
    let subject = subject(scene, path, text, offset)?;
    if !is_name(new) {
        return Err(refused(format!(
            "`{new}` is no name: a name has lowercase letters, digits, `-` and `.`"
        )));
    }
    if new == subject.name {
        return Ok(Vec::new());
    }
    if !scene.named(&subject.kind, new).is_empty() {
        return Err(refused(format!(
            "there is a {} `{new}` already",
            subject.kind
        )));
    }
    let mut edits = Edits {
        scene,
        texts: Texts::new(scene.files),
        old: &subject.name,
        new,
        all: Vec::new(),
    };
    edits.definitions(&subject)?;
    for (path, span, _) in scene.references_to(&subject.met) {
        edits.span(&path, span)?;
    }
    edits.patches(&subject)?;
    let kustomizations: Vec<PathBuf> = scene.kustomizations().cloned().collect();
    for kustomization in kustomizations {
        edits.kustomization(&kustomization, &subject)?;
    }
    Ok(edits.all)
}

/// Whether the API server takes a name: a DNS subdomain, with the colons of roles.
fn is_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 253
        && name.chars().all(is_inner)
        && is_end(name.chars().next())
        && is_end(name.chars().next_back())
}

/// Where a name stands in the bytes of a scalar: as it is, or between quotes.
fn place_of(text: &str, scalar: Range<usize>, name: &str) -> Option<Range<usize>> {
    let piece = text.cut(scalar.clone());
    let mut places = piece.match_indices(name);
    let (at, _) = places.next()?;
    let is_once = places.next().is_none();
    let start = scalar.start + at;
    is_once.then_some(start..start + name.len())
}

struct Edits<'e> {
    scene: &'e Scene<'e>,
    texts: Texts<'e>,
    old: &'e str,
    new: &'e str,
    all: Vec<Edit>,
}

impl Edits<'_> {
    fn add(&mut self, path: &Path, range: Range<usize>) {
        let edit = Edit {
            path: path.to_path_buf(),
            range,
            text: self.new.to_owned(),
        };
        if !self.all.contains(&edit) {
            self.all.push(edit);
        }
    }

    fn scalar(&mut self, path: &Path, scalar: Range<usize>) -> Result<(), Refused> {
        let shown = super::markdown::code(&path.display().to_string());
        let text = self.texts.get(path).map(|(text, _)| text);
        let place = text.and_then(|text| place_of(text, scalar, self.old));
        match place {
            Some(place) => {
                self.add(path, place);
                Ok(())
            }
            None => Err(refused(format!(
                "{shown} names it in a way that cannot be changed by itself"
            ))),
        }
    }

    fn span(&mut self, path: &Path, span: crate::place::Span) -> Result<(), Refused> {
        let text = self.texts.get(path).map(|(text, _)| text);
        let range = text.map_or(0..0, |text| of_span(text, span));
        self.scalar(path, range)
    }

    /// Where the object is written, in every environment.
    fn definitions(&mut self, subject: &Subject<'_>) -> Result<(), Refused> {
        for met in &subject.met {
            let node = met.life.nodes().next();
            let name = node.and_then(|node| node.at(&["metadata", "name"]));
            let place = name.and_then(|name| met.facts.written(name.span));
            match place {
                // A generator's entries are changed with the kustomizations.
                Some((path, _)) if is_kustomization(&path) => {}
                Some((path, span)) => self.span(&path, span)?,
                None => return Err(refused("it is not written in a file of the project")),
            }
        }
        Ok(())
    }

    /// The patches that call the object by its name.
    fn patches(&mut self, subject: &Subject<'_>) -> Result<(), Refused> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for met in &subject.met {
            for touch in met.facts.touches_of(met.number, met.life) {
                if !is_kustomization(&touch.path) && !paths.contains(&touch.path) {
                    paths.push(touch.path.clone());
                }
            }
        }
        for path in paths {
            let Some((_, documents)) = parsed(self.scene.files, &path) else {
                continue;
            };
            for root in &documents {
                let is_it = object(root)
                    .is_some_and(|it| it.kind == subject.kind && it.name == subject.name);
                let name = root.at(&["metadata", "name"]).filter(|_| is_it);
                if let Some(name) = name {
                    self.scalar(&path, range(name))?;
                }
            }
        }
        Ok(())
    }

    /// The entries of a kustomization that call the object by its name.
    fn kustomization(&mut self, path: &Path, subject: &Subject<'_>) -> Result<(), Refused> {
        let Some((_, documents)) = parsed(self.scene.files, path) else {
            return Ok(());
        };
        let Some(root) = documents.first() else {
            return Ok(());
        };
        let mut found: Vec<&Node> = Vec::new();
        let is_kind = |node: &Node| {
            let kind = node.get("kind").and_then(Node::text);
            kind.is_none_or(|kind| kind == subject.kind)
        };
        let look = |node: Option<&Node>| {
            let named = node.filter(|node| is_kind(node));
            let name = named.and_then(|node| node.get("name"));
            name.filter(|name| name.text() == Some(self.old)).map(range)
        };
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let list = |key: &str| root.get(key).map(Node::items).unwrap_or_default();
        for (key, kind) in [
            ("configMapGenerator", "ConfigMap"),
            ("secretGenerator", "Secret"),
        ] {
            if subject.kind == kind {
                ranges.extend(list(key).iter().filter_map(|it| look(Some(it))));
            }
        }
        if subject.met.iter().any(|met| has_replicas(met.life)) {
            ranges.extend(list("replicas").iter().filter_map(|it| look(Some(it))));
        }
        for patch in list("patches").iter().chain(list("patchesJson6902")) {
            ranges.extend(look(patch.get("target")));
            found.extend(patch.get("patch"));
        }
        found.extend(list("patchesStrategicMerge"));
        for replacement in list("replacements") {
            ranges.extend(look(replacement.get("source")));
            let targets = replacement.get("targets").map(Node::items);
            for target in targets.unwrap_or_default() {
                ranges.extend(look(target.get("select")));
                let rejected = target.get("reject").map(Node::items);
                ranges.extend(
                    rejected
                        .unwrap_or_default()
                        .iter()
                        .filter_map(|it| look(Some(it))),
                );
            }
        }
        for var in list("vars") {
            ranges.extend(look(var.get("objref")));
        }
        for patch in found {
            ranges.extend(self.inline(path, patch, subject)?);
        }
        for range in ranges {
            self.scalar(path, range)?;
        }
        Ok(())
    }

    /// The name in a patch that stands in its kustomization.
    fn inline(
        &mut self,
        path: &Path,
        patch: &Node,
        subject: &Subject<'_>,
    ) -> Result<Option<Range<usize>>, Refused> {
        let inner = patch.text().and_then(documents).unwrap_or_default();
        let is_it = |root: &Node| {
            object(root).is_some_and(|it| it.kind == subject.kind && it.name == subject.name)
        };
        if !inner.iter().any(is_it) {
            return Ok(None);
        }
        let text = self.texts.get(path).map(|(text, _)| text);
        let text = text.unwrap_or_default();
        let whole = range(patch);
        let piece = text.cut(whole.clone());
        let mut scalars = Vec::new();
        inner.iter().for_each(|root| gather(root, &mut scalars));
        let is_block = matches!(patch.style, Style::Literal | Style::Folded);
        let needle = format!("name: {}", self.old);
        let mut places = piece.match_indices(&needle);
        let ends = |at: usize| {
            let next = piece.cut(at + needle.len()..).chars().next();
            next.is_none_or(|c| c.is_whitespace() || ",}'\"".contains(c))
        };
        let place = places.find(|(at, _)| ends(*at));
        let named = scalars
            .iter()
            .filter(|it| it.text() == Some(self.old))
            .count();
        match place.filter(|_| is_block || named == 1) {
            Some((at, _)) => {
                let start = whole.start + at + needle.len() - self.old.len();
                Ok(Some(start..start + self.old.len()))
            }
            None => Err(refused(
                "a patch in a kustomization names it in a way that cannot be changed by itself",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_the_server_takes() {
        for (name, is) in [
            ("web", true),
            ("a-1.b", true),
            ("system:x", true),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("Web", false),
            ("a b", false),
            ("ä", false),
        ] {
            assert_eq!(is_name(name), is, "{name}");
        }
    }

    #[test]
    fn a_name_stands_in_its_scalar_once() {
        assert_eq!(place_of("n: 'web'", 3..8, "web"), Some(4..7));
        assert_eq!(place_of("n: web", 3..6, "web"), Some(3..6));
        assert_eq!(place_of("n: webweb", 3..9, "web"), None);
        assert_eq!(place_of("n: x", 3..4, "web"), None);
    }
}
