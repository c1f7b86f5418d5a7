//! Finds values that a transformer was probably meant to change, but that no field specification
//! covers.
//!
//! Examples are images in arguments, selectors in unknown kinds, references that follow an object
//! of another base, and variables that nothing replaces. kustomize leaves them as they are. Most
//! findings are decided at the end, because a later step may still change the values.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use kustom_yaml::cut::Cut as _;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;
use kustom_yaml::{Node, Sought, Str, Tag, Text, Timestamp, Value};
use rustc_hash::FxHashMap;

use super::Context;
use crate::fields::FieldSpec;
use crate::resource::{Resource, Resources};
use crate::transform::images::{self, Image};

/// A remark on a value, which holds if the value is the same at the end.
#[derive(Clone)]
pub(super) struct Pending {
    place: Span,
    text: Str,
    finding: Finding,
}

/// Names that two objects of a kind have or had, and the resources as they are.
pub(super) struct Ambiguous(Vec<Node>, BTreeSet<(Str, Str)>);

/// How often a label has a value where objects are selected by it.
#[derive(Default)]
pub(super) struct Labels(BTreeMap<(Str, Str), usize>);

/// The entries of `images` by their names; a pattern stands in no text.
struct ImageNames<'i>(FxHashMap<&'i str, Vec<usize>>);

impl<'i> ImageNames<'i> {
    fn of(entries: &'i [Image]) -> Self {
        let mut names: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (at, entry) in entries.iter().enumerate() {
            names.entry(&entry.name).or_default().push(at);
        }
        Self(names)
    }

    /// The entries whose names may stand in a text, in order: a name begins where a word does, and
    /// ends with it, or before a tag or a digest.
    fn in_text(&self, text: &str) -> Vec<usize> {
        /// How many colons and ats a name and what is behind it may have.
        const ENDS: usize = 8;
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        let mut found: Vec<usize> = text
            .split(|c| !is_part(c))
            .filter(|word| !word.is_empty())
            .flat_map(|word| {
                let ends = word.match_indices([':', '@']).map(|(end, _)| end);
                let ends = ends.take(ENDS).chain([word.len()]);
                ends.filter_map(|end| self.0.get(word.cut(..end)))
            })
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether a field is the name of an object, which may have a colon as an image has.
fn is_name(first: &str, key: &str) -> bool {
    let is_identity = first == "metadata" && matches!(key, "name" | "namespace");
    is_identity || matches!(first, "roleRef" | "subjects")
}

impl Context<'_> {
    /// Notes images that entries of `images` speak of, in fields where these do not look.
    pub(super) fn note_other_images(
        &mut self,
        resources: &Resources,
        entries: &[Image],
        specs: &[FieldSpec],
    ) {
        if !self.options.lint || entries.is_empty() {
            return;
        }
        let names = ImageNames::of(entries);
        for resource in resources.iter().filter(|one| may_hold_text(one)) {
            let looked_at = LazyCell::new(|| -> HashSet<(Span, Str)> {
                images::looked_at(&resource.node, specs)
                    .into_iter()
                    .collect()
            });
            each_scalar(&resource.node, &mut |path, node| {
                let text = node.text().unwrap_or_default();
                let key = path.last().map_or("", |step| step.key());
                if is_name(path.first().map_or("", |step| step.key()), key) {
                    return;
                }
                let names_image = ends_with(key, "image");
                let mut found = names
                    .in_text(text)
                    .into_iter()
                    .flat_map(|at| images::references(&entries[at], text, names_image));
                let Some(image) = found.next() else { return };
                // A later entry may have made what an earlier one speaks of.
                if looked_at.contains(&(node.span, text.into())) {
                    return;
                }
                let message = format!(
                    "`{image}` stands in `{}` of {}, where `images` does not look",
                    shown(path),
                    named(resource)
                );
                let help = "name the field under `images` in a file of `configurations`, or fill \
                            it with a replacement";
                self.pending.push(Pending {
                    place: node.span,
                    text: text.into(),
                    finding: Finding::warning("image-elsewhere", message)
                        .at(node.span)
                        .help(help),
                });
            });
        }
    }

    /// What labels select before they are set.
    pub(super) fn labels_of(&self, resources: &Resources, pairs: &[&(Text, Text)]) -> Labels {
        let mut labels = Labels::default();
        if self.options.lint && !pairs.is_empty() {
            let keys = keys_of(pairs);
            for resource in resources {
                each_label(resource, &keys, &mut |label| {
                    if !label.is_own || counts_by_itself(resource) {
                        *labels.0.entry((label.key, label.value.into())).or_default() += 1;
                    }
                });
            }
        }
        labels
    }

    /// Notes selectors, and labels of templates, that keep a value which others have lost.
    pub(super) fn note_labels(
        &mut self,
        resources: &Resources,
        pairs: &[&(Text, Text)],
        before: Labels,
    ) {
        if before.0.is_empty() {
            return;
        }
        let after = self.labels_of(resources, pairs);
        let is_lost = |pair: &(Str, Str)| before.0.get(pair) > after.0.get(pair);
        let keys = keys_of(pairs);
        for resource in resources {
            each_label(resource, &keys, &mut |label| {
                let pair = (label.key.clone(), Str::from(label.value));
                if label.is_own || !is_lost(&pair) {
                    return;
                }
                let new = keys.get(&*label.key).map_or("", |(_, value)| value);
                if new == label.value {
                    return;
                }
                let (key, value) = pair;
                let message = format!(
                    "`{}` of {} keeps `{key}: {value}`, which is `{key}: {new}` elsewhere now",
                    shown(label.path),
                    named(resource),
                );
                let help = "name the field in `fields` of the entry of `labels`, with its `path` \
                            and `kind`";
                self.pending.push(Pending {
                    place: label.place,
                    text: label.text.into(),
                    finding: Finding::warning("kept-label", message)
                        .at(label.place)
                        .help(help),
                });
            });
        }
    }

    /// Names by which a reference may mean an object that has them still, and one that had them.
    pub(super) fn ambiguous_names(&self, resources: &Resources) -> Option<Ambiguous> {
        // With kinds that are known besides, the nearest base decides.
        if !self.options.lint || self.options.kinds.is_some() {
            return None;
        }
        let kept: HashSet<(&str, &str)> = resources
            .iter()
            .map(|one| (one.id().gvk.kind.as_str(), one.id().name.as_str()))
            .collect();
        let mut names = BTreeSet::new();
        for resource in resources {
            for former in &resource.history.previous {
                let is_other = former.name != resource.id().name;
                if is_other && kept.contains(&(former.kind.as_str(), former.name.as_str())) {
                    names.insert((former.kind.clone(), former.name.clone()));
                }
            }
        }
        if names.is_empty() {
            return None;
        }
        let nodes = resources.iter().map(|one| one.node.clone()).collect();
        Some(Ambiguous(nodes, names))
    }

    /// Notes references that follow an object which had their name, although another has it.
    pub(super) fn note_ambiguous(&mut self, resources: &Resources, before: Option<Ambiguous>) {
        let Some(Ambiguous(nodes, names)) = before else {
            return;
        };
        for (resource, old) in resources.iter().zip(&nodes) {
            each_change(old, &resource.node, None, &mut |map, was, is| {
                let (name, new) = (
                    was.text().unwrap_or_default(),
                    is.text().unwrap_or_default(),
                );
                // Most references say the kind of what they mean.
                let own_kind = map.and_then(|map| map.get("kind")).and_then(Node::text);
                let is_meant = |(kind, known): &&(Str, Str)| {
                    known == name && own_kind.is_none_or(|own_kind| own_kind == kind)
                };
                for (kind, _) in names.iter().filter(is_meant) {
                    let of_kind = |one: &&Resource| {
                        one.id().gvk.kind == *kind && one.id().same_namespace(resource.id())
                    };
                    let called = |name: &str| {
                        let mut all = resources.iter().filter(of_kind);
                        all.find(|one| one.id().name == *name)
                    };
                    let (Some(kept), Some(_)) = (called(name), called(new)) else {
                        continue;
                    };
                    // Prefixes and suffixes tell which of the two went the same way.
                    let (theirs, ours) = (&kept.history, &resource.history);
                    if theirs.prefixes != ours.prefixes || theirs.suffixes != ours.suffixes {
                        continue;
                    }
                    let message = format!(
                        "`{name}` in {} becomes `{new}`, which had that name, although there is \
                         a {kind} `{name}`",
                        named(resource)
                    );
                    self.findings.push(
                        Finding::warning("followed-reference", message)
                            .at(was.span)
                            .help(
                                "give each of the bases a `namePrefix` of its own: of names that have all \
                                 changed, the prefix tells which is meant",
                            ),
                    );
                }
            });
        }
    }

    /// Notes entries of an object that have changed with others.
    fn note_followed(&mut self, resource: &Resource) {
        let mut causes: Vec<(Span, BTreeSet<String>)> = Vec::new();
        for followed in &resource.links.followed {
            let way = followed.field.trim_start_matches('/').replace('/', ".");
            let field = format!("`{way}.{}`", followed.key);
            match causes.iter_mut().find(|(span, _)| *span == followed.span) {
                Some((_, fields)) => drop(fields.insert(field)),
                None => causes.push((followed.span, BTreeSet::from([field]))),
            }
        }
        for (span, fields) in causes {
            let fields: Vec<String> = fields.into_iter().collect();
            let verb = if fields.len() == 1 {
                "changes"
            } else {
                "change"
            };
            let message = format!(
                "{} of {} {verb} with what is set here: kustomize has made them as one value",
                fields.join(" and "),
                named(resource)
            );
            self.findings.push(
                Finding::warning("linked-value", message)
                    .at(span)
                    .help("to change one of them alone, use a JSON patch"),
            );
        }
    }

    /// Notes what is left at the end.
    pub(super) fn note_left(&mut self, resources: &Resources) {
        if !self.options.lint {
            return;
        }
        let mut left: HashSet<(Span, Str)> = HashSet::new();
        let is_awaited: HashSet<Span> = self.pending.iter().map(|one| one.place).collect();
        for resource in resources {
            self.note_followed(resource);
            // Most objects are quickly known to hold none of it, and the large ones from a build before.
            if is_awaited.is_empty() && resource.node.lacks(Sought::DateOrVariable, &may_be_left) {
                continue;
            }
            let mut variables = Vec::new();
            let mut dates = Vec::new();
            let substitutes = !is_left_alone(resource);
            each_scalar(&resource.node, &mut |path, node| {
                let text = node.text().unwrap_or_default();
                // Annotations are written as they are read.
                let is_annotation = path.len() == 3 && path[1].key() == "annotations";
                if node.tag == Tag::Timestamp
                    && !is_annotation
                    && let Some(date) = Timestamp::parse(text).map(|date| date.to_string())
                    && date != text
                {
                    let head = format!("`{}` of {}", shown(path), named(resource));
                    let date = match may_hold_text(resource) {
                        true => format!("`{date}`"),
                        false => "a time".to_owned(),
                    };
                    dates.push((
                        format!("{head} is a date without quotes, and becomes {date}"),
                        node.span,
                    ));
                }
                if is_awaited.contains(&node.span) {
                    left.insert((node.span, text.into()));
                }
                if substitutes
                    && text.contains("${")
                    && !is_program(path, text)
                    && let Some(variable) = variable(text)
                {
                    variables.push((shown(path), variable.to_owned(), node.span));
                }
            });
            for (message, place) in dates {
                self.findings.push(
                    Finding::warning("changed-value", message)
                        .at(place)
                        .help("quote it if it is meant as it is written"),
                );
            }
            for (path, variable, place) in variables {
                let message = format!(
                    "`{path}` of {} holds `${{{variable}}}`, which nothing replaces",
                    named(resource)
                );
                self.findings.push(
                    Finding::warning("substitution-left", message)
                        .at(place)
                        .help(
                            "kustomize knows no such variables: use a replacement, or a template \
                             of kustom; where Flux replaces it later, say so with the label \
                             `kustomize.toolkit.fluxcd.io/substitute: enabled`",
                        ),
                );
            }
        }
        let mut seen = HashSet::new();
        for one in std::mem::take(&mut self.pending) {
            if left.contains(&(one.place, one.text)) && seen.insert((one.place, one.finding.rule)) {
                self.findings.push(one.finding);
            }
        }
    }
}

/// Whether a scalar may be one that is noted at the end, wherever it stands.
fn may_be_left(scalar: &Node) -> bool {
    scalar.tag == Tag::Timestamp || scalar.text().is_some_and(|text| text.contains("${"))
}

fn named(resource: &Resource) -> String {
    format!("{} `{}`", resource.id().gvk.kind, resource.id().name)
}

/// A step of the way to a value.
#[derive(Clone, Copy)]
enum Step<'n> {
    /// Under a key.
    Key(&'n str),
    /// An item of a list, and its number.
    Item(&'n Node, usize),
}

impl<'n> Step<'n> {
    /// The key; empty for an item.
    fn key(self) -> &'n str {
        match self {
            Self::Key(key) => key,
            Self::Item(..) => "",
        }
    }
}

fn shown(path: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in path {
        match *step {
            Step::Key(key) if out.is_empty() => out.push_str(key),
            Step::Key(key) => out.extend([".", key]),
            Step::Item(item, index) => {
                let name = item.get("name").and_then(Node::text);
                let name = name.map_or_else(|| index.to_string(), str::to_owned);
                out.extend(["[", &name, "]"]);
            }
        }
    }
    out
}

/// Whether a text ends with a word of small letters, whatever its own are.
fn ends_with(text: &str, word: &str) -> bool {
    let end = text.len().checked_sub(word.len());
    let end = end.and_then(|start| text.as_bytes().get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// Definitions of kinds are schemas, and the text of Secrets must not be shown.
fn may_hold_text(resource: &Resource) -> bool {
    !matches!(
        resource.id().gvk.kind.as_str(),
        "CustomResourceDefinition" | "Secret"
    )
}

/// Calls `f` with every scalar and the way to it.
fn each_scalar<'n>(node: &'n Node, f: &mut dyn FnMut(&[Step<'n>], &'n Node)) {
    fn walk<'n>(
        node: &'n Node,
        path: &mut Vec<Step<'n>>,
        f: &mut dyn FnMut(&[Step<'n>], &'n Node),
    ) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    path.push(Step::Key(entry.key.text().unwrap_or_default()));
                    walk(&entry.value, path, f);
                    path.pop();
                }
            }
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Item(item, index));
                    walk(item, path, f);
                    path.pop();
                }
            }
            Value::Scalar(_) => f(path, node),
            Value::Alias(_) => {}
        }
    }
    walk(node, &mut Vec::new(), f);
}

/// Calls `f` with every scalar that has another text now, and the map that it is a value of.
fn each_change<'n>(
    old: &'n Node,
    new: &'n Node,
    map: Option<&'n Node>,
    f: &mut dyn FnMut(Option<&'n Node>, &'n Node, &'n Node),
) {
    match (&old.value, &new.value) {
        (Value::Map(ours), Value::Map(theirs)) => {
            for (ours, theirs) in ours.iter().zip(theirs) {
                each_change(&ours.value, &theirs.value, Some(new), f);
            }
        }
        (Value::Seq(ours), Value::Seq(theirs)) => {
            for (ours, theirs) in ours.iter().zip(theirs) {
                each_change(ours, theirs, None, f);
            }
        }
        (Value::Scalar(ours), Value::Scalar(theirs)) if ours != theirs => f(map, old, new),
        _ => {}
    }
}

/// A label where it is had or asked for.
struct Seen<'n> {
    path: &'n [Step<'n>],
    key: Str,
    value: &'n str,
    /// The text that says so, which may say more.
    text: &'n str,
    place: Span,
    /// Whether it is one of the object's own labels.
    is_own: bool,
}

/// Whether an object is selected by its own labels: what makes pods is by those of its template.
fn counts_by_itself(resource: &Resource) -> bool {
    matches!(resource.id().gvk.kind.as_str(), "Pod" | "Service")
}

/// The pairs by their keys; of several the last one counts.
type Pairs<'p> = FxHashMap<&'p str, &'p (Text, Text)>;

fn keys_of<'p>(pairs: &[&'p (Text, Text)]) -> Pairs<'p> {
    let pairs = pairs.iter();
    pairs.map(|pair| (pair.0.text.as_str(), *pair)).collect()
}

/// Calls `f` for each of the keys wherever labels are had or asked for.
fn each_label(resource: &Resource, keys: &Pairs<'_>, f: &mut dyn FnMut(Seen<'_>)) {
    each_scalar(&resource.node, &mut |path, node| {
        let [.., map, last] = path else { return };
        let is_map = matches!(
            map.key(),
            "labels" | "matchLabels" | "selector" | "podSelector"
        );
        let is_list = ends_with(last.key(), "selector");
        if !is_map && !is_list {
            return;
        }
        let is_own = path.len() == 3 && path[0].key() == "metadata" && map.key() == "labels";
        let text = node.text().unwrap_or_default();
        let is_excluded =
            |step: &Step<'_>| matches!(step.key(), "nodeSelector" | "namespaceSelector");
        if path.iter().any(is_excluded) {
            return;
        }
        let mut tell = |key: &Str, value, is_key| {
            f(Seen {
                path: &path[..path.len() - usize::from(is_key)],
                key: key.clone(),
                value,
                text,
                place: node.span,
                is_own,
            });
        };
        let named = is_map.then(|| keys.get_key_value(last.key())).flatten();
        if let Some((_, pair)) = named {
            tell(&pair.0.text, text, true);
        }
        // `app=web,tier=front`, as some kinds write a selector.
        if is_list && text.contains('=') {
            let mut met = HashSet::new();
            for (name, value) in text.split(',').filter_map(|part| part.split_once('=')) {
                let name = name.trim();
                if let Some((key, _)) = keys.get(name)
                    && named.is_none_or(|(other, _)| *other != key.text.as_str())
                    && met.insert(name)
                {
                    tell(&key.text, value.trim_start_matches('=').trim(), false);
                }
            }
        }
    });
}

/// Whether variables in an object are replaced later: by its own controller, or by Flux, as a label says.
fn is_left_alone(resource: &Resource) -> bool {
    const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
    !may_hold_text(resource)
        || resource.id().gvk.kind == "Template"
        || resource.label(SUBSTITUTE).is_some()
        || resource.annotation(SUBSTITUTE).is_some()
}

/// Whether a text is for a program that has variables of its own: a shell, or a file of several
/// lines, unless it escapes some of them as Flux wants it.
fn is_program(path: &[Step<'_>], text: &str) -> bool {
    let is_of_shell = |step: &Step<'_>| {
        matches!(
            step.key(),
            "command" | "args" | "script" | "annotations" | "description"
        )
    };
    let is_data = path
        .first()
        .is_some_and(|step| matches!(step.key(), "data" | "binaryData"));
    let extension = path.last().and_then(|name| name.key().rsplit_once('.'));
    let is_named = extension.is_some_and(|(_, extension)| PROGRAMS.contains(&extension));
    let is_long = text.trim_end().contains('\n');
    let is_own = (is_long || (is_data && is_named)) && !text.contains("$${");
    is_own || (!is_data && path.iter().any(is_of_shell))
}

/// What the names of files end in whose programs replace variables by themselves.
const PROGRAMS: &[&str] = &[
    "bash", "conf", "js", "lua", "pl", "py", "rb", "sh", "template", "tf", "tmpl", "toml", "tpl",
    "ts", "xml", "zsh",
];

/// The name of the first variable in a text that Flux would replace: `${name}`, perhaps with a
/// default.
fn variable(text: &str) -> Option<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices("${").find_map(|(start, _)| {
        if text.cut(..start).ends_with('$') {
            return None;
        }
        let rest = text.cut(start + 2..);
        let end = rest.find('}')?;
        let name = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let starts_well = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let operator = rest.cut(name..end.max(name));
        let is_flux = operator.is_empty()
            || [":=", ":-", "=", "-"]
                .iter()
                .any(|word| operator.starts_with(word));
        // A default may be secret, so only the name is told.
        (starts_well && is_flux).then(|| rest.cut(..name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_one_that_flux_would_replace() {
        for (text, wanted) in [
            ("${region:=eu}", Some("region")),
            ("$${HOME} ${X}", Some("X")),
            ("${X:8080}", None),
            ("${1}", None),
            ("${}", None),
            ("$X ${unclosed", None),
            ("%{[${a.b}]}", None),
        ] {
            assert_eq!(variable(text), wanted, "{text}");
        }
    }
}
