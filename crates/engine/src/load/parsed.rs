//! Manifests that were read once, for all builds of a run that read the same bytes.

use std::hash::Hasher as _;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use kustom_yaml::error::Result;
use kustom_yaml::place::SourceId;
use kustom_yaml::{Manifests, Node, Size, take_manifests};
use rustc_hash::{FxHashMap, FxHasher};

use super::Content;

/// The length of a file, in bytes, from which on its manifests are kept.
const WORTH_KEEPING: usize = 4 << 10;

/// How many bytes of files are kept with their manifests.
const KEPT: usize = 128 << 20;

/// The manifests of files by what is in these.
///
/// What it answers is a copy that shares everything until it is changed.
#[derive(Default)]
pub struct ParsedFiles(RwLock<Known>);

#[derive(Default)]
struct Known {
    files: FxHashMap<(SourceId, u64), Arc<Parsed>>,
    bytes: usize,
}

struct Parsed {
    bytes: Bytes,
    manifests: Manifests,
    size: u64,
}

impl ParsedFiles {
    /// The manifests of a file, and how large they are, as they are charged to a budget.
    ///
    /// # Errors
    ///
    /// If the file is no YAML.
    pub(super) fn read(&self, content: Content) -> Result<(Manifests, u64)> {
        if content.bytes.len() < WORTH_KEEPING {
            return parse(content);
        }
        let mut hasher = FxHasher::default();
        hasher.write(&content.bytes);
        // Every place in them names the number of the file in its build.
        let key = (content.source, hasher.finish());
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.files.get(&key).map(Arc::clone);
        drop(known);
        if let Some(parsed) = found.filter(|parsed| parsed.bytes == content.bytes) {
            return Ok((parsed.manifests.clone(), parsed.size));
        }
        let bytes = content.bytes.clone();
        let (mut manifests, size) = parse(content)?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let length = bytes.len();
        if known.bytes + length <= KEPT && !known.files.contains_key(&key) {
            manifests.documents.iter_mut().for_each(Node::share);
            let parsed = Parsed {
                bytes,
                manifests: manifests.clone(),
                size,
            };
            known.files.insert(key, Arc::new(parsed));
            known.bytes += length;
        }
        Ok((manifests, size))
    }
}

/// Reads the manifests of a file.
pub(super) fn parse(content: Content) -> Result<(Manifests, u64)> {
    // Only aliases make more of a text than it is long.
    let may_have_alias = kustom_yaml::search::first(b'*', &content.bytes).is_some();
    let manifests = take_manifests(content.bytes, content.source)?;
    let sizes = manifests.documents.iter();
    let size = match may_have_alias {
        true => sizes.map(|node| Size::of(node).bytes).sum(),
        false => 0,
    };
    Ok((manifests, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str, source: usize) -> Content {
        Content {
            bytes: text.to_owned().into(),
            source: SourceId::new(source),
        }
    }

    #[test]
    fn the_same_bytes_are_read_once_and_other_ones_again() {
        let long = format!(
            "kind: A\nspec: {{a: [1, 2]}}\ntext: {}\n",
            "x".repeat(WORTH_KEEPING)
        );
        let files = ParsedFiles::default();
        let (first, _) = files.read(content(&long, 0)).unwrap();
        let (mut second, _) = files.read(content(&long, 0)).unwrap();
        assert_eq!(first, second);
        second.documents[0].set("kind", Node::string("B"));
        let (third, _) = files.read(content(&long, 0)).unwrap();
        assert_eq!(first, third);
        let (elsewhere, _) = files.read(content(&long, 1)).unwrap();
        assert_eq!(elsewhere.documents[0].span.source, SourceId::new(1));
        let other = long.replace("kind: A", "kind: C");
        let (other, _) = files.read(content(&other, 0)).unwrap();
        assert_eq!(
            other.documents[0].get("kind").and_then(Node::text),
            Some("C")
        );
        assert_eq!(files.0.read().unwrap().files.len(), 3);
    }
}
