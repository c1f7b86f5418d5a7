//! Where things are defined, and where they are used.

use std::path::Path;

use kustom_lsp::Target;

use super::cursor::{Cursor, Part, at, documents, range};
use super::facts::{Texts, lines, lines_of_document};
use super::fields::{self, Takes};
use super::objects::{object, references};
use super::paths::is_kustomization;
use super::scene::{Met, Scene};
use crate::fields::Fields;
use crate::transform::images;
use crate::yaml::Node;

/// Where what stands at an offset is defined.
pub(super) fn definition(scene: &Scene<'_>, path: &Path, text: &str, offset: usize) -> Vec<Target> {
    let Some(documents) = documents(text) else {
        return Vec::new();
    };
    let Some(cursor) = at(&documents, offset).filter(|it| it.is_on(offset)) else {
        return Vec::new();
    };
    let name = path.file_name().unwrap_or_default();
    if is_kustomization(path) || name == "kustom.yaml" || name == "environment.yaml" {
        return in_settings(scene, path, &cursor);
    }
    let met = referred(scene, &cursor);
    let mut found = scene.origins(&met);
    // A patch leads to what it patches.
    if found.is_empty() && is_identity(&cursor) {
        let met = subjects(scene, path, text, &documents, &cursor);
        found = scene.origins(&met);
    }
    found
}

fn in_settings(scene: &Scene<'_>, path: &Path, cursor: &Cursor<'_>) -> Vec<Target> {
    if cursor.is_on_key {
        return Vec::new();
    }
    let Some(word) = cursor.node.text() else {
        return Vec::new();
    };
    if cursor.keys() == ["extends"] {
        let project = scene.project.as_ref();
        let directory = project.map(|project| project.environments.join(word));
        let file = directory.and_then(|it| scene.file(&it.join("x"), "."));
        return file.into_iter().map(whole).collect();
    }
    match fields::find(&cursor.way).filter(|_| is_kustomization(path)) {
        Some((Takes::Kind | Takes::Name | Takes::Namespace, _)) => {
            if let Some(parent) = cursor.above(1) {
                let met = selected(scene, cursor, parent);
                return scene.origins(&met);
            }
        }
        Some((Takes::Replicated, _)) => return scene.origins(&scene.named("", word)),
        Some((Takes::Image, _)) => return image_places(scene, cursor),
        _ => {}
    }
    let file = word.rsplit_once('=').map_or(word, |(_, file)| file);
    scene.file(path, file).into_iter().map(whole).collect()
}

/// The objects that an entry of a kustomization means: a selector, or the name of a generator.
fn selected<'s>(scene: &Scene<'s>, cursor: &Cursor<'_>, parent: &Node) -> Vec<Met<'s>> {
    let name = parent.get("name").and_then(Node::text).unwrap_or_default();
    match cursor.keys().first() {
        Some(&"configMapGenerator") => scene.named("ConfigMap", name),
        Some(&"secretGenerator") => scene.named("Secret", name),
        _ => scene.selected(parent),
    }
}

fn whole(path: std::path::PathBuf) -> Target {
    Target { path, range: 0..0 }
}

/// Where the images stand that an entry of `images` names.
fn image_places(scene: &Scene<'_>, cursor: &Cursor<'_>) -> Vec<Target> {
    let Some(wanted) = cursor.node.text() else {
        return Vec::new();
    };
    let specs = Fields::builtin().images;
    let mut texts = Texts::new(scene.files);
    let mut found = Vec::new();
    for met in scene.objects() {
        let Some(node) = met.life.nodes().next() else {
            continue;
        };
        for (span, image) in images::looked_at(node, &specs) {
            if image_name(&image) == wanted
                && let Some((path, span)) = met.facts.written(span)
            {
                let target = texts.target(&path, span);
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
    }
    found
}

/// An image without its tag and its digest.
pub(super) fn image_name(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// The objects that a scalar of a manifest names.
fn referred<'s>(scene: &Scene<'s>, cursor: &Cursor<'_>) -> Vec<Met<'s>> {
    let fields = Fields::builtin();
    let all = references(&fields, cursor.root);
    let all = all
        .iter()
        .filter(|it| std::ptr::eq(it.name, cursor.node) && !cursor.is_on_key);
    let named = all.flat_map(|it| scene.named(&it.kind, it.name.text().unwrap_or_default()));
    named.collect()
}

/// Whether an offset is on what a document is called by: its kind, its name, or their keys.
fn is_identity(cursor: &Cursor<'_>) -> bool {
    matches!(
        cursor.keys()[..],
        ["apiVersion" | "kind" | "metadata"] | ["metadata", "name" | "namespace"]
    )
}

/// The objects that a document is about: those that are written there, or that it patches.
pub(super) fn subjects<'s>(
    scene: &Scene<'s>,
    path: &Path,
    text: &str,
    documents: &[Node],
    cursor: &Cursor<'_>,
) -> Vec<Met<'s>> {
    let lines = lines_of_document(text, documents, cursor.document);
    let written = scene.written_in(path, lines);
    if !written.is_empty() {
        return written;
    }
    let patched = touched(scene, path, lines);
    match (patched.is_empty(), object(cursor.root)) {
        (true, Some(named)) => scene.named(named.kind, named.name),
        _ => patched,
    }
}

/// The objects that some lines of a file have changed.
pub(super) fn touched<'s>(scene: &Scene<'s>, path: &Path, lines: (u32, u32)) -> Vec<Met<'s>> {
    let mut found: Vec<Met<'s>> = Vec::new();
    for facts in &scene.facts {
        let facts: &'s super::facts::Facts = facts;
        let mut numbers: Vec<usize> = facts.touches(path, lines).map(|it| it.object).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            if let Some(life) = facts.object(number) {
                found.push(Met {
                    facts,
                    number,
                    life,
                });
            }
        }
    }
    found
}

/// Where what stands at an offset is used.
pub(super) fn uses(scene: &Scene<'_>, path: &Path, text: &str, offset: usize) -> Vec<Target> {
    let Some(documents) = documents(text) else {
        return Vec::new();
    };
    let Some(cursor) = at(&documents, offset).filter(|it| it.is_on(offset)) else {
        return Vec::new();
    };
    let mut texts = Texts::new(scene.files);
    if is_kustomization(path) {
        return of_kustomization(scene, path, text, &cursor);
    }
    let referred = referred(scene, &cursor);
    let is_reference = !referred.is_empty();
    let met = match is_reference {
        true => referred,
        false if is_identity(&cursor) => subjects(scene, path, text, &documents, &cursor),
        // A field of a manifest: what has changed it.
        false => {
            return changes_of_field(scene, path, text, &documents, &cursor);
        }
    };
    let mut found = scene.origins(&met);
    for (path, span, _) in scene.references_to(&met) {
        found.push(texts.target(&path, span));
    }
    for target in changes(scene, &met) {
        if !found.contains(&target) {
            found.push(target);
        }
    }
    found
}

/// The places that have changed objects: one for each entry or file.
pub(super) fn changes(scene: &Scene<'_>, met: &[Met<'_>]) -> Vec<Target> {
    let mut texts = Texts::new(scene.files);
    let mut found: Vec<(std::path::PathBuf, u32)> = Vec::new();
    let mut targets = Vec::new();
    for one in met {
        let origin = one.facts.origin(one.life).map(|(path, _)| path);
        for touch in one.facts.touches_of(one.number, one.life) {
            if touch.is_origin || Some(&touch.path) == origin.as_ref() {
                continue;
            }
            let place = (touch.path.clone(), touch.span.line);
            if !found.contains(&place) {
                targets.push(texts.target(&touch.path, touch.span));
                found.push(place);
            }
        }
    }
    targets
}

/// The places that have changed a field of a manifest, or what is in it.
fn changes_of_field(
    scene: &Scene<'_>,
    path: &Path,
    text: &str,
    documents: &[Node],
    cursor: &Cursor<'_>,
) -> Vec<Target> {
    let lines = lines_of_document(text, documents, cursor.document);
    let pointer = super::cursor::pointer(cursor.root, &cursor.way);
    let Ok(field) = pointer.parse::<crate::explain::Field>() else {
        return Vec::new();
    };
    let mut texts = Texts::new(scene.files);
    let mut found = Vec::new();
    for met in scene.written_in(path, lines) {
        let Ok(chain) = met.facts.explained.field(met.life, &field) else {
            continue;
        };
        for place in chain.events.iter().filter_map(|event| event.place.as_ref()) {
            if let Some(file) = &place.file {
                let path = crate::load::normalized(&scene.root.join(&**file));
                let target = texts.target(&path, place.span);
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
    }
    found
}

fn of_kustomization(
    scene: &Scene<'_>,
    path: &Path,
    text: &str,
    cursor: &Cursor<'_>,
) -> Vec<Target> {
    let keys = cursor.keys();
    match keys.first().copied() {
        // What builds on this kustomization.
        Some("apiVersion" | "kind" | "metadata") => scene.named_by(path),
        Some("configMapGenerator" | "secretGenerator") if keys.last() == Some(&"name") => {
            let parent = cursor.above(1);
            let met = parent.map(|parent| selected(scene, cursor, parent));
            let mut texts = Texts::new(scene.files);
            let places = scene.references_to(&met.unwrap_or_default());
            let found = places.iter();
            found
                .map(|(path, span, _)| texts.target(path, *span))
                .collect()
        }
        _ => {
            // A file that is named: who names it besides.
            let word = cursor.node.text().filter(|_| !cursor.is_on_key);
            let word = word.map(|word| word.rsplit_once('=').map_or(word, |(_, file)| file));
            if let Some(file) = word.and_then(|word| scene.file(path, word)) {
                let mut found = scene.named_by(&file);
                found.push(Target {
                    path: path.to_path_buf(),
                    range: range(cursor.node),
                });
                return found;
            }
            // An entry: the objects that it has changed.
            let way = cursor
                .way
                .iter()
                .position(|part| matches!(part, Part::Item(_)));
            let length = way.map_or(cursor.way.len(), |at| at + 1);
            let entry = super::cursor::at_way(cursor.root, &cursor.way[..length]);
            let lines = lines(text, entry.unwrap_or(cursor.node));
            scene.origins(&touched(scene, path, lines))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_without_tag_and_digest() {
        for (image, name) in [
            ("web", "web"),
            ("web:v1", "web"),
            ("r:5000/a/web", "r:5000/a/web"),
            ("r:5000/a/web:v1@sha256:0", "r:5000/a/web"),
            ("", ""),
        ] {
            assert_eq!(image_name(image), name);
        }
    }
}
