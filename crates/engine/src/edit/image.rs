//! The grammar of images on a command line, and the `images` field.
//!
//! `NAME=NEW:TAG@DIGEST`, of which `NAME=` and parts of the rest may be left out; `*` stands for
//! the part that is there already. A colon before the first slash belongs to a port.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Entry, Node};

use super::remark;
use super::tree::{Tree, own_member, set_member, text_node};
use crate::transform::images::split;

/// An image as a command line writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageArgument {
    /// The image, without tag and digest.
    pub name: String,
    /// Another name.
    pub new_name: Part,
    /// Another tag.
    pub new_tag: Part,
    /// Another digest.
    pub digest: Part,
}

/// A part of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// It is not said.
    #[default]
    Absent,
    /// `*`: it stays what it is.
    Kept,
    /// It becomes this.
    New(String),
}

impl ImageArgument {
    /// Reads `NAME=NEW:TAG@DIGEST`, `NAME=NEW`, `NAME:TAG`, `NAME@DIGEST` and the like.
    ///
    /// # Errors
    ///
    /// If nothing but a name is said.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::edit::{ImageArgument, Part};
    ///
    /// let image = ImageArgument::parse("web=registry:5000/web:*@sha256:0f")?;
    /// assert_eq!(image.name, "web");
    /// assert_eq!(image.new_name, Part::New("registry:5000/web".to_owned()));
    /// assert_eq!(image.new_tag, Part::Kept);
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let (key, value) = text.split_once('=').unwrap_or(("", text));
        let (name, tag, digest) = split(value);
        if name == text {
            return Err(Error::new(
                Kind::Kustomization,
                format!("`{text}` says nothing new of an image"),
            )
            .help("write `NAME=NEW:TAG`, `NAME=NEW@DIGEST`, `NAME:TAG` or `NAME@DIGEST`"));
        }
        let (name, new_name) = match key {
            "" => (name, Part::Absent),
            key => (key, Part::of(name)),
        };
        Ok(Self {
            name: name.to_owned(),
            new_name,
            new_tag: Part::of(tag),
            digest: Part::of(digest),
        })
    }
}

impl Part {
    fn of(text: &str) -> Self {
        match text {
            "" => Self::Absent,
            "*" => Self::Kept,
            text => Self::New(text.to_owned()),
        }
    }

    /// The text of the part, given what is there.
    fn over<'t>(&'t self, old: &'t str) -> &'t str {
        match self {
            Self::Absent => "",
            Self::Kept => old,
            Self::New(text) => text,
        }
    }
}

/// The fields of an entry that are set, and what is said of them.
fn parts(image: &ImageArgument) -> [(&'static str, &Part); 3] {
    [
        ("newName", &image.new_name),
        ("newTag", &image.new_tag),
        ("digest", &image.digest),
    ]
}

/// Sets entries of `images`, at their places or at the end; what is not said of an image goes.
///
/// Of several entries of a name all say the same then, as if there was one.
pub(super) fn set(tree: &mut Tree, images: &[ImageArgument]) {
    for (at, image) in images.iter().enumerate() {
        // Of arguments for one image the last counts.
        if images[at + 1..]
            .iter()
            .any(|later| later.name == image.name)
        {
            continue;
        }
        let mut values: Option<[String; 3]> = None;
        for field in ["images", "imageTags"] {
            for index in 0..tree.items(field).len() {
                let item = &tree.items(field)[index];
                if tree.text(tree.member(item, "name")) != image.name {
                    continue;
                }
                let values = values.get_or_insert_with(|| {
                    parts(image).map(|(name, part)| {
                        part.over(tree.text(tree.member(item, name))).to_owned()
                    })
                });
                if let Some((item, anchors)) = tree.item_mut(field, index) {
                    for ((name, _), text) in parts(image).iter().zip(values.iter()) {
                        set_member(item, name, text, anchors);
                    }
                }
            }
        }
        if values.is_none() {
            let at = place(tree, image);
            if let Some(items) = tree.list_mut("images") {
                items.insert(at, new_entry(image));
            }
        }
    }
}

/// Where a new entry goes: among sorted ones to its place, among others to the end.
///
/// kustomize sorts the whole list. That matters where one entry speaks of what another one made,
/// so an entry that may goes before the first one that kustomize would put behind it.
fn place(tree: &Tree, image: &ImageArgument) -> usize {
    let text = |item: &Node, name: &str| tree.text(tree.member(item, name)).to_owned();
    let items = tree.items("images");
    let names: Vec<String> = items.iter().map(|item| text(item, "name")).collect();
    let is_pattern = image
        .name
        .contains(['*', '+', '?', '|', '(', '[', '\\', '^', '$']);
    let meets = |item: &Node| {
        let new_name = text(item, "newName");
        new_name == image.name || image.new_name == Part::New(text(item, "name"))
    };
    if names.is_sorted() || is_pattern || items.iter().any(meets) {
        let behind = names.iter().position(|name| *name > image.name);
        return behind.unwrap_or(items.len());
    }
    items.len()
}

fn new_entry(image: &ImageArgument) -> Node {
    let mut entries = vec![Entry::new("name", text_node(&image.name))];
    for (name, part) in parts(image) {
        let text = part.over("");
        if !text.is_empty() {
            entries.push(Entry::new(name, text_node(text)));
        }
    }
    Node::map(entries)
}

/// The count of an entry of `replicas`, to set.
pub(super) fn count_of<'n>(
    item: &'n mut Node,
    anchors: &super::tree::Anchors,
) -> Option<&'n mut Node> {
    own_member(item, "count", anchors, Node::null)
}

/// Removes entries of `images` by name.
pub(super) fn remove(tree: &mut Tree, names: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for field in ["images", "imageTags"] {
        let name = |item: &Node| tree.text(tree.member(item, "name")).to_owned();
        let there: Vec<String> = tree.items(field).iter().map(name).collect();
        if there.iter().any(|name| names.contains(name)) {
            tree.retain(field, |index| !names.contains(&there[index]));
            found.extend(there);
        }
    }
    let missing = names.iter().filter(|name| !found.contains(name));
    let findings = missing.map(|name| remark(format!("there is no `{name}` in `images`")));
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<[String; 4]> {
        let image = ImageArgument::parse(text).ok()?;
        let shown = |part: &Part| match part {
            Part::Absent => "-".to_owned(),
            Part::Kept => "*".to_owned(),
            Part::New(text) => text.clone(),
        };
        let parts = [&image.new_name, &image.new_tag, &image.digest].map(shown);
        let [name, tag, digest] = parts;
        Some([image.name, name, tag, digest])
    }

    #[test]
    fn a_name_may_be_followed_by_any_part() {
        for (text, wanted) in [
            ("a=b:c", ["a", "b", "c", "-"]),
            ("a=b@sha256:0", ["a", "b", "-", "sha256:0"]),
            ("a=b:c@sha256:0", ["a", "b", "c", "sha256:0"]),
            ("a=b", ["a", "b", "-", "-"]),
            ("a:c", ["a", "-", "c", "-"]),
            ("a@sha256:0", ["a", "-", "-", "sha256:0"]),
            ("a=*:*@*", ["a", "*", "*", "*"]),
            ("a=h:5/b", ["a", "h:5/b", "-", "-"]),
            ("h:5/a:c", ["h:5/a", "-", "c", "-"]),
            ("a=", ["a", "-", "-", "-"]),
            ("=b:c", ["b", "-", "c", "-"]),
            ("a=b=c", ["a", "b=c", "-", "-"]),
        ] {
            assert_eq!(parsed(text).unwrap(), wanted.map(str::to_owned), "{text}");
        }
        for wrong in ["", "a", "r.io/a"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
