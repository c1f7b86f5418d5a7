//! The `images` field.
//!
//! Images are found in every list called `containers` or `initContainers`, wherever it is, and in
//! the fields that the tables name.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/>.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Str, Text, Value};
use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::fields::{FieldSpec, OnMissing, Plan, Plans};
use crate::regexp::{self, Expressions, Literals};
use crate::release::{Change, Release};
use crate::resource::{Resource, Resources};

use super::links::Ends;

/// An entry of `images`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// A regular expression for the name without tag and digest.
    pub name: Text,
    /// The new name.
    pub new_name: Text,
    /// The text that is appended to the tag.
    pub tag_suffix: Text,
    /// The new tag.
    pub new_tag: Text,
    /// The new digest.
    pub digest: Text,
}

impl Image {
    /// Whether the name is a regular expression; one that is not matches nothing.
    pub fn has_pattern(&self) -> bool {
        Pattern::new(&self.name, Digests::Any).is_ok()
    }
}

/// The references in a text that an entry speaks of and would change.
///
/// `names_image` says whether the text stands in a field that holds an image: elsewhere a name
/// alone means nothing, and digits behind a short one are a port.
pub fn references<'t>(image: &Image, text: &'t str, names_image: bool) -> Vec<&'t str> {
    let name = &*image.name;
    if name.is_empty() {
        return Vec::new();
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let reference = |start: usize| {
        let before = text.cut(..start).chars().next_back();
        if before.is_some_and(|c| is_part(c) || "/:@$".contains(c)) {
            return None;
        }
        let rest = text.cut(start + name.len()..);
        let tag = rest.strip_prefix(':').map_or("", |tag| {
            tag.cut(..tag.find(|c| !is_part(c)).unwrap_or(tag.len()))
        });
        let mut end = match tag.is_empty() {
            true => 0,
            false => tag.len() + 1,
        };
        if let Some(digest) = rest.cut(end..).strip_prefix("@sha256:") {
            let is_digit = |c: char| c.is_ascii_hexdigit();
            end += "@sha256:".len() + digest.find(|c| !is_digit(c)).unwrap_or(digest.len());
        }
        let after = rest.cut(end..).chars().next();
        let goes_on = after.is_some_and(|c| is_part(c) || "/:@".contains(c));
        let is_port = !name.contains('/') && tag.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = start == 0 && end == rest.len();
        let is_meant = if names_image {
            is_whole
        } else {
            end > 0 && !is_port
        };
        let found = text.cut(start..start + name.len() + end);
        (!goes_on && is_meant && changed(found, image) != found).then_some(found)
    };
    text.match_indices(name)
        .filter_map(|(start, _)| reference(start))
        .collect()
}

/// The images of an object where entries look for them: each with the place that it has.
pub fn looked_at(node: &Node, specs: &[FieldSpec]) -> Vec<(Span, Str)> {
    let mut found = Vec::new();
    // The walk is the one that changes, so it goes over a copy; what it cannot read, it passes over.
    let plan = Plan::for_object(specs, node);
    let _ = each_image(&mut node.clone(), &plan, &mut |image| {
        found.extend(image.text().map(|text| (image.span, text.into())));
        Ok(())
    });
    found
}

/// Changes images wherever they are used, one entry after the other, and says how often each did.
///
/// # Errors
///
/// If an image is no plain value. A name that is no regular expression matches nothing.
pub fn apply(
    resources: &mut Resources,
    images: &[Image],
    specs: &[FieldSpec],
    release: Release,
) -> Result<Vec<usize>> {
    if images.is_empty() {
        return Ok(Vec::new());
    }
    let budget = resources.budget().clone();
    let rule = |image| Rule::new(image, release, &budget);
    let rules: Vec<Rule<'_>> = images.iter().map(rule).collect();
    let index = Index::of(&rules);
    let counts: Vec<AtomicUsize> = rules.iter().map(|_| AtomicUsize::new(0)).collect();
    let plans = Plans::among(specs, resources);
    let ends = Ends::of(specs.iter().map(|spec| &*spec.path));
    resources.change_contents(|resource| {
        let gvk = &resource.id().gvk;
        let Some(plan) = plans
            .of(gvk)
            .filter(|_| gvk.kind != "CustomResourceDefinition")
        else {
            return Ok(());
        };
        let keeps_places = resource.hash_covers_places();
        let node = &mut resource.node;
        if let [rule] = &rules[..] {
            let count = rule.apply(node, plan, keeps_places)?;
            counts[0].fetch_add(count, Ordering::Relaxed);
            ends.settle(resource);
            return Ok(());
        }
        // Entries change no image but the one that they are held against, so each is followed by
        // itself. The tables lead to most of them once more.
        let mut found: FxHashMap<usize, Followed> = FxHashMap::default();
        each_image(node, plan, &mut |image| {
            let text = text(image)?;
            let followed = found
                .entry(address(image))
                .or_insert_with(|| Followed::of(text));
            followed.visits += 1;
            Ok(())
        })?;
        let mut has_changed = false;
        for followed in found.values_mut() {
            followed.run(&rules, &index, &budget, &counts)?;
            has_changed |= !followed.changes.is_empty();
        }
        if !has_changed {
            return Ok(());
        }
        each_image(node, plan, &mut |image| {
            if let Some(followed) = found.get_mut(&address(image)) {
                for (text, cause) in followed.changes.drain(..) {
                    image.set_scalar_from(&text, None, (!keeps_places).then_some(cause));
                }
            }
            Ok(())
        })?;
        ends.settle(resource);
        Ok(())
    })?;
    Ok(counts.into_iter().map(AtomicUsize::into_inner).collect())
}

/// The names of all images of containers, without tags and digests.
pub fn names<'r>(resources: impl IntoIterator<Item = &'r Resource>) -> BTreeSet<String> {
    fn gather(node: &Node, names: &mut BTreeSet<String>) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if let (true, Some(image)) = (entry.is("image"), entry.value.as_str()) {
                        names.insert(split(image).0.to_owned());
                    }
                    gather(&entry.value, names);
                }
            }
            Value::Seq(items) => items.iter().for_each(|item| gather(item, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    for resource in resources {
        gather(&resource.node, &mut names);
    }
    names
}

/// The address of an image within an object, valid as long as none is moved.
fn address(image: &Node) -> usize {
    std::ptr::from_ref(image).addr()
}

/// The charge for comparing an entry with an image, in bytes.
const LOOK: u64 = 16;

/// An image on its way through the entries.
struct Followed {
    text: Str,
    /// How often it is met: as often as an entry is held against it.
    visits: usize,
    /// The values that entries gave it, with their places.
    changes: Vec<(String, Span)>,
}

impl Followed {
    fn of(text: &str) -> Self {
        Self {
            text: text.into(),
            visits: 0,
            changes: Vec::new(),
        }
    }

    /// Goes through the entries in order.
    fn run(
        &mut self,
        rules: &[Rule<'_>],
        index: &Index<'_>,
        budget: &Budget,
        counts: &[AtomicUsize],
    ) -> Result<()> {
        let mut from = 0;
        let mut looks: u64 = 0;
        let mut entries = index.entries(&self.text);
        while let Some(at) = entries
            .get(entries.partition_point(|at| *at < from))
            .copied()
        {
            let rule = &rules[at];
            from = at + 1;
            looks += 1;
            if looks.is_multiple_of(64) {
                let charged = budget.charge("this image", 64 * LOOK);
                charged.map_err(|error| error.at(rule.image.name.span))?;
            }
            let mut is_meant = false;
            for _ in 0..self.visits {
                if let Some(changed) = rule.changed(&self.text)? {
                    is_meant = true;
                    self.text = changed.as_str().into();
                    self.changes.push((changed, rule.cause));
                }
            }
            if is_meant {
                counts[at].fetch_add(1, Ordering::Relaxed);
                entries = index.entries(&self.text);
            }
        }
        Ok(())
    }
}

/// The last part of an image's name, without tag and digest.
fn last_part(image: &str) -> &str {
    let part = image.rsplit('/').next().unwrap_or_default();
    part.split([':', '@']).next().unwrap_or_default()
}

fn text(image: &Node) -> Result<&str> {
    image
        .text()
        .ok_or_else(|| Error::new(Kind::Transform, "an image is no text").at(image.span))
}

/// Which entries may speak of an image: of many, few do.
struct Index<'r> {
    by_last_part: FxHashMap<&'r str, Vec<usize>>,
    /// Those whose names have more than one last part.
    others: Expressions,
}

/// Up to how many entries are held against every image.
const FEW: usize = 8;

impl<'r> Index<'r> {
    fn of(rules: &'r [Rule<'_>]) -> Self {
        let mut by_last_part: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        let mut others = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            match rule.last_part() {
                Some(part) => by_last_part.entry(part).or_default().push(at),
                None if rule.pattern.is_some() => others.push(at),
                None => {}
            }
        }
        // Of many that end in one word, what is before it tells more.
        by_last_part.retain(|_, list| {
            let is_short = list.len() <= FEW;
            if !is_short {
                others.append(list);
            }
            is_short
        });
        others.sort_unstable();
        let are_few = others.len() <= FEW;
        let literals = |at: usize| rules[at].literals().filter(|_| !are_few);
        let others: Vec<_> = others.into_iter().map(|at| (at, literals(at))).collect();
        Self {
            by_last_part,
            others: Expressions::of(&others),
        }
    }

    /// The entries that may speak of an image, in order.
    fn entries(&self, image: &str) -> Vec<usize> {
        let mut entries = self.others.for_text(image);
        if let Some(named) = self.by_last_part.get(last_part(image)) {
            entries.extend(named);
            entries.sort_unstable();
        }
        entries
    }
}

/// The algorithms of the digests that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digests {
    /// `sha256` alone.
    Sha256,
    /// Any word, or several between `+`, `.`, `_` or `-`.
    Any,
}

/// The name, then perhaps a tag, then perhaps a digest.
enum Pattern<'i> {
    /// A name in which only a dot means more than itself.
    Plain(&'i str, Digests),
    Regex(Regex),
}

impl<'i> Pattern<'i> {
    fn new(name: &'i str, digests: Digests) -> Result<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:.".contains(&byte);
        if name.bytes().all(is_plain) {
            return Ok(Self::Plain(name, digests));
        }
        let tag = "(:[a-zA-Z0-9_.{}-]*)?";
        let algorithm = match digests {
            Digests::Sha256 => "sha256",
            Digests::Any => "[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*",
        };
        let digest = format!("(@{algorithm}:[a-zA-Z0-9_.{{}}-]*)?");
        regexp::compile(&format!("^{name}{tag}{digest}$")).map(Self::Regex)
    }

    fn is_match(&self, image: &str) -> bool {
        match self {
            Self::Plain(name, digests) => {
                rest(image, name).is_some_and(|rest| is_tag_and_digest(rest, *digests))
            }
            Self::Regex(regex) => regex.is_match(image),
        }
    }
}

/// The part that follows a name, in which a dot stands for any character.
fn rest<'t>(image: &'t str, name: &str) -> Option<&'t str> {
    if image.is_ascii() {
        let fits =
            |(letter, found): (u8, u8)| letter == found || (letter == b'.' && found != b'\n');
        let is_start = image.len() >= name.len() && name.bytes().zip(image.bytes()).all(fits);
        return is_start.then(|| image.cut(name.len()..));
    }
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

fn is_tag_and_digest(rest: &str, digests: Digests) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c);
    let after = |rest: &str| rest.trim_start_matches(is_letter).len();
    let rest = match rest.strip_prefix(':') {
        Some(tag) => tag.cut(tag.len() - after(tag)..),
        None => rest,
    };
    let Some(digest) = rest.strip_prefix('@') else {
        return rest.is_empty();
    };
    digest.split_once(':').is_some_and(|(algorithm, digest)| {
        let is_known = match digests {
            Digests::Sha256 => algorithm == "sha256",
            Digests::Any => is_algorithm(algorithm),
        };
        is_known && after(digest) == 0
    })
}

/// Words of letters and digits with one separator between two of them.
fn is_algorithm(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    text.split(['+', '.', '_', '-']).all(is_word)
}

/// An entry, ready to be held against images.
struct Rule<'i> {
    image: &'i Image,
    /// None if the name is no regular expression.
    pattern: Option<Pattern<'i>>,
    /// Where the entry says what is new.
    cause: Span,
    budget: &'i Budget,
}

impl<'i> Rule<'i> {
    fn new(image: &'i Image, release: Release, budget: &'i Budget) -> Self {
        let digests = if release.has(Change::AnyDigest) {
            Digests::Any
        } else {
            Digests::Sha256
        };
        let new = [
            &image.new_tag,
            &image.digest,
            &image.new_name,
            &image.tag_suffix,
        ];
        let changed = new.into_iter().find(|word| !word.is_empty());
        Self {
            image,
            pattern: Pattern::new(&image.name, digests).ok(),
            cause: changed.unwrap_or(&image.name).span,
            budget,
        }
    }

    /// The last part of the name of every image that fits, if there is only one: a dot stands for
    /// any character, and a colon is for a tag.
    fn last_part(&self) -> Option<&'i str> {
        let Some(Pattern::Plain(name, _)) = self.pattern else {
            return None;
        };
        let part = name.rsplit('/').next().unwrap_or_default();
        (!part.contains(['.', ':'])).then_some(part)
    }

    /// Words of which every image that fits has one; nothing if it has none.
    fn literals(&self) -> Option<Literals> {
        match self.pattern.as_ref()? {
            // What a dot stands for, and the tag, may be anything.
            Pattern::Plain(name, _) => Literals::of_pieces([name.split('.').chain([""])]),
            Pattern::Regex(regex) => Literals::of(regex.as_str()),
        }
    }

    /// Changes the images of an object, and says how many it were.
    fn apply(&self, node: &mut Node, plan: &Plan<'_>, keeps_places: bool) -> Result<usize> {
        // The tables lead to most images once more.
        let mut met = FxHashSet::default();
        each_image(node, plan, &mut |image| {
            if let Some(changed) = self.changed(text(image)?)? {
                image.set_scalar_from(&changed, None, (!keeps_places).then_some(self.cause));
                met.insert(address(image));
            }
            Ok(())
        })?;
        Ok(met.len())
    }

    /// The new image, if the entry means this one.
    fn changed(&self, text: &str) -> Result<Option<String>> {
        if !self.pattern.as_ref().is_some_and(|it| it.is_match(text)) {
            return Ok(None);
        }
        let changed = changed(text, self.image);
        let charged = self.budget.charge_text("this image", &changed, 1);
        charged.map_err(|error| error.at(self.cause))?;
        Ok(Some(changed))
    }
}

/// Calls `f` with the images of all containers, and then with those that the tables lead to.
fn each_image(
    node: &mut Node,
    plan: &Plan<'_>,
    f: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    in_containers(node, f)?;
    plan.walk(node, OnMissing::Keep, &mut |_, _, image| f(image))
}

/// Calls `f` with the image of every container of every list of containers, wherever it is.
fn in_containers(node: &mut Node, f: &mut dyn FnMut(&mut Node) -> Result<()>) -> Result<()> {
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                // Most values have nothing in them.
                if entry.value.is_scalar() {
                    continue;
                }
                in_containers(&mut entry.value, f)?;
                if let Some("containers" | "initContainers") = entry.key.text() {
                    of_each(&mut entry.value, f)?;
                }
            }
            Ok(())
        }
        Value::Seq(items) => items
            .iter_mut()
            .filter(|item| !item.is_scalar())
            .try_for_each(|item| in_containers(item, f)),
        _ => Ok(()),
    }
}

fn of_each(containers: &mut Node, f: &mut dyn FnMut(&mut Node) -> Result<()>) -> Result<()> {
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
            f(image)?;
        }
    }
    Ok(())
}

/// The image with what is new; a new tag or digest takes the place of both.
fn changed(text: &str, image: &Image) -> String {
    let (name, tag, digest) = split(text);
    let name = if image.new_name.is_empty() {
        name
    } else {
        &*image.new_name
    };
    let (tag, suffix, digest) = if !image.new_tag.is_empty() || !image.digest.is_empty() {
        (&*image.new_tag, "", &*image.digest)
    } else if !image.tag_suffix.is_empty() {
        (tag, &*image.tag_suffix, "")
    } else {
        (tag, "", digest)
    };
    let parts = [(":", tag, suffix), ("@", digest, "")];
    let length = |(mark, part, rest): (&str, &str, &str)| mark.len() + part.len() + rest.len();
    let capacity = name.len() + parts.map(length).iter().sum::<usize>();
    let mut result = String::with_capacity(capacity);
    result.push_str(name);
    for (mark, part, rest) in parts {
        if !part.is_empty() || !rest.is_empty() {
            result.extend([mark, part, rest]);
        }
    }
    result
}

/// Name, tag and digest; a colon before the first slash belongs to a port.
pub(crate) fn split(image: &str) -> (&str, &str, &str) {
    let path = image.find('/').unwrap_or(0);
    let find = |mark| image.cut(path..).find(mark).map(|at| at + path);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (image.cut(..colon), image.cut(colon + 1..), ""),
        (Some(colon), Some(at)) if colon < at => (
            image.cut(..colon),
            image.cut(colon + 1..at),
            image.cut(at + 1..),
        ),
        (_, Some(at)) => (image.cut(..at), "", image.cut(at + 1..)),
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::resource::from_documents;
    use crate::schema::Schema;

    /// The images of a Pod, and how often each entry changed one.
    fn changed_by(images: &[&str], entries: &[(&str, &str, &str)]) -> (Vec<String>, Vec<usize>) {
        let containers: Vec<String> = images
            .iter()
            .map(|image| format!("{{image: '{image}'}}"))
            .collect();
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{}]}}}}",
            containers.join(", ")
        );
        let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        resources
            .add_all(from_documents(stream, &Schema::builtin()).unwrap())
            .unwrap();
        let entries: Vec<Image> = entries
            .iter()
            .map(|&(name, new_name, new_tag)| Image {
                name: name.into(),
                new_name: new_name.into(),
                new_tag: new_tag.into(),
                ..Image::default()
            })
            .collect();
        let counts = apply(&mut resources, &entries, &[], Release::NEWEST).unwrap();
        let mut found = Vec::new();
        let node = &mut resources.contents_mut()[0].node;
        each_image(node, &Plan::default(), &mut |image| {
            found.push(text_of(image));
            Ok(())
        })
        .unwrap();
        (found, counts)
    }

    fn text_of(image: &Node) -> String {
        text(image).unwrap().to_owned()
    }

    #[test]
    fn entries_speak_of_what_the_ones_before_made() {
        let images = ["a/x:1", "b/x", "y@sha256:00", "host:5000/z:2"];
        let entries = [
            ("y", "", "8"),
            ("a/x", "b/y", ""),
            ("b/y", "", "3"),
            ("y", "w", "9"),
            ("a.x", "no", ""),
            ("host.5000/z", "z", ""),
            (".*/x", "", "4"),
            ("never", "", "5"),
        ];
        let (found, counts) = changed_by(&images, &entries);
        assert_eq!(found, ["b/y:3", "b/x:4", "w:9", "z:2"]);
        assert_eq!(counts, [1, 1, 1, 1, 0, 1, 1, 0]);
    }

    #[test]
    fn a_reference_in_a_text_is_told_from_a_part_of_one() {
        let image = |name: &str| Image {
            name: name.into(),
            new_tag: "2".into(),
            ..Image::default()
        };
        let app = image("example.com/app");
        for (text, names_image, wanted) in [
            (
                "--image=example.com/app:1",
                false,
                &["example.com/app:1"][..],
            ),
            (
                "example.com/app:1,example.com/app:2",
                false,
                &["example.com/app:1"],
            ),
            (
                "example.com/app@sha256:0f",
                false,
                &["example.com/app@sha256:0f"],
            ),
            ("example.com/app", true, &["example.com/app"]),
            ("example.com/app", false, &[]),
            ("example.com/app:1/x", false, &[]),
            ("https://example.com/app:1", false, &[]),
            ("example.com/apple:1", false, &[]),
        ] {
            assert_eq!(references(&app, text, names_image), wanted, "{text}");
        }
        assert_eq!(references(&image("redis"), "redis:6379", false), [""; 0]);
        assert_eq!(references(&image("redis"), "redis:6", true), ["redis:6"]);
    }

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
            "a.b@sha256+b64:0f",
            "a.b@multi_hash.x-y:0f",
            "a.b@:0f",
            "a.b@sha256",
            "a.b@+x:0f",
            "a.b@x++y:0f",
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
        let names = ["", "a", "a.b", "host:5000/a.b", "a.b:v1"];
        let both = [Digests::Sha256, Digests::Any];
        for (name, digests) in names.into_iter().flat_map(|name| both.map(|it| (name, it))) {
            let plain = Pattern::new(name, digests).unwrap();
            assert!(matches!(plain, Pattern::Plain(..)));
            // An anchor changes nothing, and is no plain name.
            let anchored = format!("^{name}");
            let regex = Pattern::new(&anchored, digests).unwrap();
            for image in images {
                assert_eq!(
                    plain.is_match(image),
                    regex.is_match(image),
                    "{name} {image} {digests:?}"
                );
            }
        }
    }

    #[test]
    fn a_broken_expression_matches_nothing() {
        assert_eq!(changed_by(&["a("], &[("a(", "", "2")]).0, ["a("]);
    }

    #[test]
    fn an_older_release_knows_one_algorithm() {
        let image = Image::default();
        for (release, wanted) in [("5.8.1", false), ("5.8.2", true)] {
            let budget = Budget::default();
            let rule = Rule::new(&image, release.parse().unwrap(), &budget);
            let pattern = rule.pattern.unwrap();
            assert_eq!(pattern.is_match("@sha512:0f"), wanted, "{release}");
        }
    }
}
