//! Finds references to names that no object has.
//!
//! Kustomize renames and moves objects, and lets those fields follow that it knows. A field that
//! it does not know keeps the former name, which nothing has any more; whatever names an object
//! that is not rendered at all relies on the cluster to have one. Both are told here, apart: the
//! first is a mistake, the second may be meant.

mod makers;
mod missing;
mod near;
mod selectors;
mod variables;
mod walk;
mod words;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::{Finding, Object, Severity};
use crate::place::{Place, SourceId};
use crate::resource::Resource;
use crate::yaml::{Node, Str, Wildcards, matches_pattern};
use near::Names;
use walk::Reference;
use words::Word;

pub(crate) use makers::Makers;
pub(crate) use near::near;
pub(crate) use selectors::{
    Pods, Workloads, choice, is_service, labels, pod_spec, selector_of, shares_namespace,
};

/// The rule of a reference to a former name.
pub const FORMER: &str = "dangling-reference";
/// The rule of a reference to what is not rendered.
pub const MISSING: &str = "missing-reference";
/// The rule of a port that is named and that nothing has.
pub const PORT: &str = "missing-port";
/// The rule of a selector that selects nothing.
pub const SELECTOR: &str = "unmatched-selector";

/// The rule of a variable that a container asks for and does not have.
pub const VARIABLE: &str = "unknown-variable";

/// What is said of references.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How bad a reference to what is not rendered, and may be in the cluster, is; without it
    /// nothing is said of one.
    pub missing: Option<Severity>,
    /// What is in the cluster without being rendered: `KIND/NAME`, with `*` for any text.
    pub external: Vec<String>,
    /// What other environments bring to the same cluster: kind and name.
    pub beside: Arc<BTreeSet<(String, String)>>,
}

impl Options {
    /// Whether something of a kind and name is in the cluster without being rendered.
    pub(crate) fn is_external(&self, kind: &str, name: &str) -> bool {
        if !self.beside.is_empty() && self.beside.contains(&(kind.to_owned(), name.to_owned())) {
            return true;
        }
        let mut entries = self.external.iter();
        entries.any(|entry| {
            entry.split_once('/').is_some_and(|(pattern, names)| {
                matches_pattern(pattern, kind, Wildcards::Star)
                    && matches_pattern(names, name, Wildcards::Star)
            })
        })
    }
}

/// Which references are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    /// Those to what an application brings along.
    Application,
    /// Those to what a cluster brings along, and to custom resources.
    Cluster,
}

/// The references of rendered objects that lead nowhere: names first, then labels and ports, each in
/// the order of the objects.
pub fn references(resources: &[Resource], options: &Options) -> Vec<Finding> {
    let mut found = searched(resources, options, Range::Application);
    found.extend(selectors::findings(resources, &Workloads::of(resources)));
    found.extend(resources.iter().flat_map(variables::findings));
    found
}

/// What [`references`] and [`cluster_references`] find, in one pass over the objects, in which `look`
/// sees each of them too: an object is near while it is looked at.
pub(crate) fn all_references<'r>(
    resources: &'r [Resource],
    options: &Options,
    makers: &Makers<'r>,
    workloads: &Workloads<'_>,
    look: &mut dyn FnMut(&'r Resource),
) -> Vec<Finding> {
    let known = Known::of(resources);
    let services = selectors::Services::of(resources);
    let mut search = Search::new(&known, makers, options, Range::Application);
    let mut beyond = Search::new(&known, makers, options, Range::Cluster);
    let (mut selected, mut asked) = (Vec::new(), Vec::new());
    let formers = !known.former.is_empty();
    for resource in resources {
        walk::references(resource, formers, &mut |reference| {
            search.look_at(&reference);
            beyond.look_beyond(&reference);
        });
        selectors::look(resource, &services, workloads, &mut selected);
        asked.extend(variables::findings(resource));
        look(resource);
    }
    let mut found = search.found;
    found.append(&mut selected);
    found.append(&mut asked);
    found.extend(beyond.found);
    found
}

/// The references to what is not rendered of kinds that applications do not bring along, and that
/// [`references`] leaves out: classes of storage and priority, gateways, issuers, custom resources.
pub fn cluster_references(resources: &[Resource], options: &Options) -> Vec<Finding> {
    searched(resources, options, Range::Cluster)
}

fn searched(resources: &[Resource], options: &Options, range: Range) -> Vec<Finding> {
    let known = Known::of(resources);
    let makers = Makers::new(resources);
    let mut search = Search::new(&known, &makers, options, range);
    let formers = !known.former.is_empty();
    for resource in resources {
        walk::references(resource, formers, &mut |reference| match range {
            Range::Application => search.look_at(&reference),
            Range::Cluster => search.look_beyond(&reference),
        });
    }
    search.found
}

/// The objects, by what they are and were called.
struct Known<'r> {
    present: FxHashMap<&'r str, Vec<&'r Resource>>,
    of_kind: FxHashMap<&'r str, Vec<&'r Resource>>,
    /// Those that have left a name or a namespace, by every name that they had.
    former: FxHashMap<Str, Vec<&'r Resource>>,
    /// The namespaces that something rendered is in.
    namespaces: FxHashSet<&'r str>,
}

impl<'r> Known<'r> {
    fn of(resources: &'r [Resource]) -> Self {
        let mut known = Self {
            present: FxHashMap::default(),
            of_kind: FxHashMap::default(),
            former: FxHashMap::default(),
            namespaces: FxHashSet::default(),
        };
        for resource in resources {
            let id = resource.id();
            known.present.entry(&id.name).or_default().push(resource);
            known
                .of_kind
                .entry(&id.gvk.kind)
                .or_default()
                .push(resource);
            known.namespaces.insert(id.effective_namespace());
            for former in &resource.history.previous {
                let has_left =
                    former.name != id.name || former.namespace != id.effective_namespace();
                if !has_left {
                    continue;
                }
                let list = known.former.entry(former.name.clone()).or_default();
                if !list.iter().any(|one| std::ptr::eq(*one, resource)) {
                    list.push(resource);
                }
            }
        }
        known
    }

    /// Whether something that a reference may mean has the name.
    fn has(&self, reference: &Reference<'_>, means: impl Fn(&str) -> bool) -> bool {
        let list = self
            .present
            .get(reference.text)
            .map_or(&[][..], Vec::as_slice);
        list.iter()
            .any(|one| means(&one.id().gvk.kind) && reference.reaches(one))
    }
}

/// The objects of one kind, by what they are and were called.
#[derive(Default)]
struct Alike<'r> {
    names: Names<'r, &'r Resource>,
    /// The namespaces that they are in.
    namespaces: FxHashSet<&'r str>,
    /// Whether one is wherever it is looked for.
    is_anywhere: bool,
}

impl<'r> Alike<'r> {
    fn of(resources: &[&'r Resource]) -> Self {
        // A name is written as it was before prefixes and hashes: both are names to be meant.
        let names = resources.iter().flat_map(|one| {
            let formers = one.history.previous.iter().map(|former| &former.name);
            formers
                .chain([&one.id().name])
                .map(|name| (name.as_str(), *one))
        });
        let ids = || resources.iter().map(|one| one.id());
        Self {
            names: names.collect(),
            namespaces: ids().map(|id| id.effective_namespace()).collect(),
            is_anywhere: ids().any(|id| id.cluster_scoped || id.namespace.is_empty()),
        }
    }

    /// Whether a reference reaches one of them.
    fn are_reached(&self, reference: &Reference<'_>) -> bool {
        let from = reference.by.id();
        self.is_anywhere
            || match reference.namespace {
                Some(namespace) => self.namespaces.contains(namespace),
                None if from.cluster_scoped || from.namespace.is_empty() => {
                    !self.namespaces.is_empty()
                }
                None => self.namespaces.contains(from.effective_namespace()),
            }
    }
}

struct Search<'r, 'o> {
    known: &'o Known<'r>,
    makers: &'o Makers<'r>,
    options: &'o Options,
    range: Range,
    found: Vec<Finding>,
    /// Which finding is about what, by its rule.
    by_what: FxHashMap<(&'static str, String), usize>,
    /// The places of each finding.
    reported: FxHashSet<(usize, Place)>,
    /// The objects of kinds of which one is missing.
    alike: FxHashMap<String, Alike<'r>>,
    /// The classes of the volumes that are rendered.
    classes: OnceCell<FxHashSet<&'r str>>,
}

impl<'r, 'o> Search<'r, 'o> {
    fn new(
        known: &'o Known<'r>,
        makers: &'o Makers<'r>,
        options: &'o Options,
        range: Range,
    ) -> Self {
        Self {
            known,
            makers,
            options,
            range,
            found: Vec::new(),
            by_what: FxHashMap::default(),
            reported: FxHashSet::default(),
            alike: FxHashMap::default(),
            classes: OnceCell::new(),
        }
    }

    fn look_at(&mut self, reference: &Reference<'_>) {
        if let Some(list) = self.known.former.get(reference.text) {
            let word = Word::of(reference);
            let mut meant = list.iter().copied().filter(|one| {
                !std::ptr::eq(*one, reference.by)
                    && word.means(&one.id().gvk.kind)
                    && reference.meant_formerly(one)
            });
            if let Some(first) = meant.next() {
                let others: Vec<&Resource> = meant.collect();
                let kind = first.id().gvk.kind.as_str();
                let is_taken = self.known.has(reference, |other| word.means(other));
                if !is_taken && !self.options.is_external(kind, reference.text) {
                    self.former(reference, first, &others);
                }
                return;
            }
        }
        if let Some(kind) = missing::kind_of(reference) {
            self.missing(reference, kind);
        }
    }

    /// Looks at a reference to something of a kind that applications do not bring along.
    fn look_beyond(&mut self, reference: &Reference<'_>) {
        if let Some(account) = account(reference) {
            if !self.is_elsewhere(&account) {
                self.missing(&account, "ServiceAccount");
            }
        } else if reference.is_subject() {
            self.is_elsewhere(reference);
        } else if missing::kind_of(reference).is_none()
            && let Some(kind) = missing::kind_in_cluster(reference)
        {
            let is_class = kind == "StorageClass" && self.is_class_of_volumes(reference);
            if !is_class {
                self.missing(reference, kind);
            }
        }
    }

    /// Whether rendered volumes name a class: then the class need not be defined.
    fn is_class_of_volumes(&self, reference: &Reference<'_>) -> bool {
        let classes = self.classes.get_or_init(|| {
            let volumes = self.known.of_kind.get("PersistentVolume");
            let classes = volumes
                .into_iter()
                .flatten()
                .filter_map(|volume| volume.node.at(&["spec", "storageClassName"]));
            classes.filter_map(Node::text).collect()
        });
        classes.contains(reference.text)
    }

    /// Tells whether a ServiceAccount that rights are given to is rendered in another namespace.
    fn is_elsewhere(&mut self, reference: &Reference<'_>) -> bool {
        const KIND: &str = "ServiceAccount";
        if self.is_ours(reference)
            || self.options.is_external(KIND, reference.text)
            || missing::is_well_known(KIND, reference.text)
        {
            return false;
        }
        let list = self.known.present.get(reference.text);
        let mut same_name = list.into_iter().flatten();
        // Without a namespace, an object is wherever it is applied.
        let is_one = |one: &&&Resource| one.id().gvk.kind == KIND && !one.id().namespace.is_empty();
        let Some(elsewhere) = same_name.find(is_one) else {
            return false;
        };
        let namespace = elsewhere.id().effective_namespace();
        let message = format!(
            "{} gives rights to the ServiceAccount `{}` in the namespace `{}`, where nothing is \
             rendered",
            shown(reference.by),
            reference.text,
            reference.namespace.unwrap_or_default(),
        );
        let help = format!("one of this name is rendered in `{namespace}`; is it meant?");
        let what = format!("{KIND}/{}", reference.text);
        let finding = Finding::warning(MISSING, message).help(help);
        self.add(what, finding, reference);
        true
    }

    fn former(&mut self, reference: &Reference<'_>, target: &Resource, others: &[&Resource]) {
        let id = target.id();
        let kind = &id.gvk.kind;
        let has_moved = id.name == reference.text;
        let end = match reference.namespace.filter(|_| has_moved) {
            Some(namespace) => format!(" in the namespace `{namespace}`, which it has left"),
            None => ", which has another name now".to_owned(),
        };
        let text = reference.text;
        let message = format!("{} names the {kind} `{text}`{end}", reference.shown());
        let new = if has_moved {
            format!("it is in `{}` now", id.effective_namespace())
        } else {
            let names: BTreeSet<&str> = others
                .iter()
                .chain([&target])
                .map(|one| one.id().name.as_str())
                .collect();
            let names: Vec<&str> = names.into_iter().collect();
            format!("it is called `{}` now", names.join("` or `"))
        };
        let advice = if reference.is_host {
            "write the new name, or take it over with a replacement"
        } else if has_moved {
            "write the namespace that it has, or remove the field"
        } else if target.history.needs_hash {
            "name the field in `configurations`, or set `disableNameSuffixHash`"
        } else {
            "name the field in `configurations`, so that it follows, or write the new name"
        };
        let finding = Finding::warning(FORMER, message).help(format!("{advice}; {new}"));
        // An address is told once, however many programs call it; a field, for each object.
        let what = match reference.is_host {
            true => format!("{kind}/{text}"),
            false => finding.message.clone(),
        };
        self.add(what, finding, reference);
    }

    fn missing(&mut self, reference: &Reference<'_>, kind: &str) {
        let is_kind = |other: &str| other == kind;
        if reference.is_optional
            || self.known.has(reference, is_kind)
            || !self.is_ours(reference)
            || self.options.is_external(kind, reference.text)
            || missing::is_well_known(kind, reference.text)
            || self.makers.make(kind, reference.text)
        {
            return;
        }
        let (field, name) = (reference.shown(), reference.text);
        let message = format!("{field} names the {kind} `{name}`, which is not rendered");
        let what = format!("{kind}/{name}");
        let of_kind = self.known.of_kind.get(kind).map_or(&[][..], Vec::as_slice);
        if !self.alike.contains_key(kind) {
            self.alike.insert(kind.to_owned(), Alike::of(of_kind));
        }
        let alike = &self.alike[kind];
        if let Some(help) = self.meant(reference, kind, alike) {
            let finding = Finding::warning(MISSING, message).help(help);
            self.add(what, finding, reference);
            return;
        }
        // Where others of its kind come along, what belongs together comes along, too.
        let comes_along = self.range == Range::Application
            && missing::belongs_together(reference)
            && alike.are_reached(reference);
        let severity = match comes_along {
            true => Some(Severity::Warning),
            false => self.options.missing,
        };
        if let Some(severity) = severity {
            let help = format!(
                "add it, correct the name, or name `{what}` in `external` of `kustom.yaml` if the \
                 cluster has it"
            );
            let finding = Finding::new(MISSING, severity, message).help(help);
            self.add(what, finding, reference);
        }
    }

    /// What was probably meant by a name that nothing has: another name of the kind, the name before
    /// the hash that it has, or another kind of the name.
    fn meant(&self, reference: &Reference<'_>, kind: &str, alike: &Alike<'_>) -> Option<String> {
        let near = alike.names.near(reference.text).into_iter();
        let near = near.filter(|(_, one)| reference.reaches(one));
        if let Some(near) = near.map(|(name, _)| name).min() {
            return Some(format!("did you mean `{near}`?"));
        }
        if let Some(name) = missing::without_hash(reference.text) {
            let mut hashed = self.known.former.get(name).into_iter().flatten();
            let formers = hashed
                .find(|one| {
                    let is_of_kind = one.id().gvk.kind == kind;
                    is_of_kind && one.history.needs_hash && reference.reaches(one)
                })
                .map(|one| one.history.previous.as_slice());
            if let Some([first, ..]) = formers {
                let first = &first.name;
                return Some(format!(
                    "write `{first}`, which follows the hash of the content"
                ));
            }
        }
        let others = missing::kinds_beside(kind);
        let other = others
            .iter()
            .find(|other| **other != kind && self.known.has(reference, |known| known == **other))?;
        Some(format!("did you mean the {other} `{}`?", reference.text))
    }

    /// Whether the namespace that a reference points into is one that something is rendered for.
    fn is_ours(&self, reference: &Reference<'_>) -> bool {
        let namespace = reference.namespace;
        namespace.is_none_or(|namespace| self.known.namespaces.contains(namespace))
    }

    /// Adds a finding, or a place to one that says the same of `what`.
    fn add(&mut self, what: String, mut finding: Finding, reference: &Reference<'_>) {
        let place = place_of(reference.name, reference.by);
        let key = (finding.rule, what);
        let Some(&index) = self.by_what.get(&key) else {
            self.by_what.insert(key, self.found.len());
            self.reported.insert((self.found.len(), place.clone()));
            finding.place = Some(place);
            self.found.push(finding.about(object_of(reference.by)));
            return;
        };
        let known = &mut self.found[index];
        known.severity = known.severity.max(finding.severity);
        if self.reported.insert((index, place.clone())) {
            known.others.push(place);
        }
    }
}

/// Where a part of an object was read, or where the object was.
pub(crate) fn place_of(node: &Node, by: &Resource) -> Place {
    let mut spans = [node.span, by.node.span].into_iter();
    let read = spans.find(|span| span.source != SourceId::NONE);
    Place {
        field: field_of(&by.node, node),
        ..Place::from(read.unwrap_or_default())
    }
}

/// The path of a node inside of another, if it is there.
fn field_of(from: &Node, to: &Node) -> Option<String> {
    let mut steps = Vec::new();
    if std::ptr::eq(from, to) || !leads_to(from, to, &mut steps) {
        return None;
    }
    let mut path = String::new();
    for step in steps.iter().rev() {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match step {
            Step::Key(key) if !key.bytes().all(is_plain) => path.extend(["[", key, "]"]),
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.extend([".", key]),
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    Some(path)
}

/// A step on the way to a field.
enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

/// Whether a node is inside of another, with the steps to it, the last one first.
fn leads_to<'n>(from: &'n Node, to: &Node, steps: &mut Vec<Step<'n>>) -> bool {
    if std::ptr::eq(from, to) {
        return true;
    }
    for entry in from.entries() {
        if leads_to(&entry.value, to, steps) {
            steps.push(Step::Key(entry.key.text().unwrap_or_default()));
            return true;
        }
    }
    for (index, item) in from.items().iter().enumerate() {
        if leads_to(item, to, steps) {
            steps.push(Step::Index(index));
            return true;
        }
    }
    false
}

/// What a finding is about.
pub(crate) fn object_of(resource: &Resource) -> Object {
    let id = resource.id();
    Object {
        kind: id.gvk.kind.to_string(),
        namespace: id.namespace.to_string(),
        name: id.name.to_string(),
    }
}

/// The account that a user of the form `system:serviceaccount:NAMESPACE:NAME` is.
fn account<'r>(reference: &Reference<'r>) -> Option<Reference<'r>> {
    let account = reference.text.strip_prefix("system:serviceaccount:")?;
    let (namespace, name) = account.split_once(':')?;
    (reference.kind == Some("User")).then(|| Reference {
        keys: reference.keys,
        by: reference.by,
        name: reference.name,
        text: name,
        kind: Some("ServiceAccount"),
        namespace: Some(namespace),
        is_optional: false,
        is_host: false,
        plurals: Vec::new(),
    })
}

/// How an object is told: by the name that is written in its file, whatever each environment makes
/// of it.
pub(crate) fn shown(resource: &Resource) -> String {
    let id = resource.original_id();
    format!("{} `{}`", id.gvk.kind, id.name)
}
