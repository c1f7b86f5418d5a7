//! The `images` field.
//!
//! Images are found in every list called `containers` or `initContainers`, wherever it is, and in
//! the fields that the tables name.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/>.

use std::sync::atomic::{AtomicUsize, Ordering};

use regex::Regex;
use rustc_hash::FxHashSet;

use crate::error::{Error, Kind, Result};
use crate::fields::{self, FieldSpec, Leaf};
use crate::place::Span;
use crate::regexp;
use crate::resource::Resources;
use crate::yaml::{Node, Text, Value};

/// An entry of `images`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// A regular expression for the name without tag and digest.
    pub name: Text,
    /// The new name.
    pub new_name: Text,
    /// What is added to the tag.
    pub tag_suffix: Text,
    /// The new tag.
    pub new_tag: Text,
    /// The new digest.
    pub digest: Text,
}

/// Changes an image wherever it is used, and says how often it was.
///
/// # Errors
///
/// If the name is no regular expression, or an image is no plain value.
pub fn apply(resources: &mut Resources, image: &Image, specs: &[FieldSpec]) -> Result<usize> {
    let rule = Rule {
        image,
        pattern: Pattern::new(&image.name),
        cause: [
            &image.new_tag,
            &image.digest,
            &image.new_name,
            &image.tag_suffix,
        ]
        .into_iter()
        .find(|word| !word.is_empty())
        .map_or(image.name.span, |word| word.span),
    };
    let count = AtomicUsize::new(0);
    resources.change_contents(|resource| {
        if resource.id().gvk.kind == "CustomResourceDefinition" {
            return Ok(());
        }
        let mut update = Update {
            rule: &rule,
            changed: FxHashSet::default(),
        };
        update.walk(&mut resource.node)?;
        let node = &mut resource.node;
        fields::visit_all(node, specs, Leaf::Keep, &mut |node| update.set(node))?;
        count.fetch_add(update.changed.len(), Ordering::Relaxed);
        Ok(())
    })?;
    Ok(count.into_inner())
}

/// The name, then perhaps a tag, then perhaps a digest.
enum Pattern<'i> {
    /// A name in which only a dot means more than itself.
    Plain(&'i str),
    Regex(Regex),
}

impl<'i> Pattern<'i> {
    fn new(name: &'i str) -> Result<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:.".contains(&byte);
        if name.bytes().all(is_plain) {
            return Ok(Self::Plain(name));
        }
        let tag = "(:[a-zA-Z0-9_.{}-]*)?";
        let digest = "(@sha256:[a-zA-Z0-9_.{}-]*)?";
        regexp::compile(&format!("^{name}{tag}{digest}$")).map(Self::Regex)
    }

    fn is_match(&self, image: &str) -> bool {
        match self {
            Self::Plain(name) => rest(image, name).is_some_and(is_tag_and_digest),
            Self::Regex(regex) => regex.is_match(image),
        }
    }
}

/// What follows a name, in which a dot stands for any character.
fn rest<'t>(image: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = image.chars();
    for letter in name.chars() {
        let found = rest.next()?;
        let fits = if letter == '.' {
            found != '\n'
        } else {
            found == letter
        };
        if !fits {
            return None;
        }
    }
    Some(rest.as_str())
}

fn is_tag_and_digest(rest: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c);
    let after = |rest: &str| rest.trim_start_matches(is_letter).len();
    let rest = match rest.strip_prefix(':') {
        Some(tag) => &tag[tag.len() - after(tag)..],
        None => rest,
    };
    match rest.strip_prefix("@sha256:") {
        Some(digest) => after(digest) == 0,
        None => rest.is_empty(),
    }
}

/// An entry, ready to be held against images.
struct Rule<'i> {
    image: &'i Image,
    /// What is wrong with it matters only to an image that it is held against.
    pattern: Result<Pattern<'i>>,
    /// Where the entry says what is new.
    cause: Span,
}

/// What an entry does to one object.
struct Update<'r> {
    rule: &'r Rule<'r>,
    /// Where the images are that were changed: the tables lead to most of them once more.
    changed: FxHashSet<usize>,
}

impl Update<'_> {
    /// Looks for containers anywhere in a value.
    fn walk(&mut self, node: &mut Node) -> Result<()> {
        match &mut node.value {
            Value::Map(entries) => entries.iter_mut().try_for_each(|entry| {
                self.walk(&mut entry.value)?;
                match entry.key.text() {
                    Some("containers" | "initContainers") => self.containers(&mut entry.value),
                    _ => Ok(()),
                }
            }),
            Value::Seq(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            _ => Ok(()),
        }
    }

    fn containers(&mut self, containers: &mut Node) -> Result<()> {
        let Some(items) = containers.items_mut() else {
            return Ok(());
        };
        for item in items {
            if item.is_null() {
                continue;
            }
            if !item.is_map() {
                let message = "an item of a list of containers is no map";
                return Err(Error::new(Kind::Transform, message).at(item.span));
            }
            if let Some(image) = item.get_mut("image") {
                self.set(image)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, node: &mut Node) -> Result<()> {
        let Some(text) = node.text() else {
            return Err(Error::new(Kind::Transform, "an image is no text").at(node.span));
        };
        let rule = self.rule;
        let pattern = rule.pattern.as_ref().map_err(|cause| {
            let message = format!(
                "the image name `{}` is no regular expression",
                rule.image.name
            );
            Error::new(Kind::Transform, message)
                .at(rule.image.name.span)
                .caused_by(cause.to_string())
        })?;
        if pattern.is_match(text) {
            self.changed.insert(std::ptr::from_ref(node).addr());
            let changed = changed(text, rule.image);
            node.set_scalar(&changed, None);
            // The entry is where the value comes from now.
            node.span = rule.cause;
        }
        Ok(())
    }
}

/// The image with what is new; a new tag or digest takes the place of both.
fn changed(text: &str, image: &Image) -> String {
    let (name, tag, digest) = split(text);
    let name = if image.new_name.is_empty() {
        name
    } else {
        &*image.new_name
    };
    let (mut tag, mut digest) = (tag.to_owned(), digest);
    if !image.new_tag.is_empty() || !image.digest.is_empty() {
        tag = image.new_tag.to_string();
        digest = &image.digest;
    } else if !image.tag_suffix.is_empty() {
        tag.push_str(&image.tag_suffix);
        digest = "";
    }
    let mut result = name.to_owned();
    for (mark, part) in [(':', tag.as_str()), ('@', digest)] {
        if !part.is_empty() {
            result.push(mark);
            result.push_str(part);
        }
    }
    result
}

/// Name, tag and digest; a colon before the first slash belongs to a port.
fn split(image: &str) -> (&str, &str, &str) {
    let path = image.find('/').unwrap_or(0);
    let find = |mark| image[path..].find(mark).map(|at| at + path);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(at)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag_and_a_digest_follows_the_tag() {
        assert_eq!(split("host:5000/a/b"), ("host:5000/a/b", "", ""));
        assert_eq!(split("host:5000/a:v1"), ("host:5000/a", "v1", ""));
        assert_eq!(split("a:v1@sha256:00"), ("a", "v1", "sha256:00"));
        assert_eq!(split("a@sha256:00"), ("a", "", "sha256:00"));
    }

    #[test]
    fn a_new_tag_takes_the_place_of_a_digest() {
        let image = Image {
            new_tag: "v2".into(),
            ..Image::default()
        };
        assert_eq!(changed("a:v1@sha256:00", &image), "a:v2");
        let image = Image {
            tag_suffix: "-x".into(),
            ..Image::default()
        };
        assert_eq!(changed("a:v1@sha256:00", &image), "a:v1-x");
    }

    #[test]
    fn a_plain_name_fits_what_its_expression_fits() {
        let images = [
            "",
            "a",
            "ab",
            "a.b",
            "axb",
            "a\nb",
            "a.b:",
            "a.b:v1.0_{x}-",
            "a.b:v/1",
            "a.b@sha256:",
            "a.b@sha256:0f",
            "a.b@sha512:0f",
            "a.b:v1@sha256:0f",
            "a.b:v1@sha256:0f/",
            "a.b:v:1",
            "a.b@sha256:0f:v1",
            "a.bc",
            "xa.b",
            "a.b/c",
            "äxb",
            "aäb:1",
            "host:5000/a.b:2",
        ];
        for name in ["", "a", "a.b", "host:5000/a.b", "a.b:v1"] {
            let plain = Pattern::new(name).unwrap();
            assert!(matches!(plain, Pattern::Plain(_)));
            // An anchor changes nothing, and is no plain name.
            let anchored = format!("^{name}");
            let regex = Pattern::new(&anchored).unwrap();
            for image in images {
                assert_eq!(
                    plain.is_match(image),
                    regex.is_match(image),
                    "{name} {image}"
                );
            }
        }
    }

    #[test]
    fn a_broken_expression_is_refused() {
        assert!(Pattern::new("a(").is_err());
    }
}
