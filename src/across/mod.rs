//! Checks objects that are applied together against each other.
//!
//! Each may be right by itself: a key that the named ConfigMap has not, a Service whose pods listen
//! elsewhere, two routes for one host and path, a budget that no drain gets past. Names that nothing
//! has are found by [`dangling`], of whose judgement this is the rest.

mod claims;
mod drains;
mod immutable;
mod keys;
mod namespaces;
mod ports;
mod probes;
mod selectors;
mod size;

use rustc_hash::FxHashMap;

use crate::dangling::{
    self, Makers, Options, Workloads, is_service, labels, object_of, place_of, shares_namespace,
};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;

pub use immutable::{IMMUTABLE, refused_updates};

/// The rule of a key that a ConfigMap or Secret has not.
pub const KEY: &str = "missing-key";
/// The rule of what two objects claim and only one can have.
pub const TWICE: &str = "claimed-twice";
/// The rule of a selector that selects what is another's.
pub const FOREIGN: &str = "foreign-pods";
/// The rule of a budget that lets no pod go.
pub const DRAIN: &str = "blocked-drain";
/// The rule of an object that is too large.
pub const SIZE: &str = "oversized-object";

/// What is wrong between objects that are applied together, except what
/// [`dangling::references`] finds.
pub fn findings(resources: &[Resource], options: &Options) -> Vec<Finding> {
    let objects = Objects::of(resources, options);
    let mut found = dangling::cluster_references(resources, options);
    namespaces::look(&objects, &mut found);
    for resource in resources {
        look(&objects, resource, &mut found);
    }
    claims::look(&objects, &mut found);
    found
}

/// The same, and before it what [`dangling::references`] finds.
pub fn all_findings(resources: &[Resource], options: &Options) -> Vec<Finding> {
    let objects = Objects::of(resources, options);
    let (makers, workloads) = (&objects.makers, &objects.workloads);
    let mut own = Vec::new();
    let mut look_at = |resource| look(&objects, resource, &mut own);
    let mut found = dangling::all_references(resources, options, makers, workloads, &mut look_at);
    namespaces::look(&objects, &mut found);
    found.append(&mut own);
    claims::look(&objects, &mut found);
    found
}

/// What is wrong with what one object says of others.
fn look(objects: &Objects<'_>, resource: &Resource, found: &mut Vec<Finding>) {
    keys::look(objects, resource, found);
    selectors::look(objects, resource, found);
    ports::look(objects, resource, found);
    probes::look(resource, found);
    drains::look(objects, resource, found);
    size::look(resource, found);
}

/// All objects, indexed by the lookups of the checks.
struct Objects<'r> {
    resources: &'r [Resource],
    options: &'r Options,
    by_name: FxHashMap<(&'r str, &'r str), Vec<&'r Resource>>,
    by_kind: FxHashMap<&'r str, Vec<&'r Resource>>,
    /// The services, by each of their labels.
    services: FxHashMap<(&'r str, &'r str), Vec<&'r Resource>>,
    /// The slices of endpoints, by the name of their service.
    slices: FxHashMap<&'r str, Vec<&'r Resource>>,
    /// The autoscalers, by the name of what they scale.
    scalers: FxHashMap<&'r str, Vec<&'r Resource>>,
    workloads: Workloads<'r>,
    makers: Makers<'r>,
}

impl<'r> Objects<'r> {
    fn of(resources: &'r [Resource], options: &'r Options) -> Self {
        let mut by_name: FxHashMap<_, Vec<&Resource>> = FxHashMap::default();
        let mut by_kind: FxHashMap<_, Vec<&Resource>> = FxHashMap::default();
        let mut services: FxHashMap<_, Vec<&Resource>> = FxHashMap::default();
        let mut slices: FxHashMap<_, Vec<&Resource>> = FxHashMap::default();
        let mut scalers: FxHashMap<_, Vec<&Resource>> = FxHashMap::default();
        for resource in resources {
            let id = resource.id();
            let kind = id.gvk.kind.as_str();
            let key = (kind, id.name.as_str());
            by_name.entry(key).or_default().push(resource);
            by_kind.entry(kind).or_default().push(resource);
            if is_service(resource)
                && let Some(map) = resource.node.at(&["metadata", "labels"])
            {
                for label in labels(map) {
                    services.entry(label).or_default().push(resource);
                }
            }
            if kind == "EndpointSlice"
                && let Some(service) = resource.label("kubernetes.io/service-name")
            {
                slices.entry(service).or_default().push(resource);
            }
            if matches!(kind, "HorizontalPodAutoscaler" | "ScaledObject")
                && let Some(name) = text(&resource.node, &["spec", "scaleTargetRef", "name"])
            {
                scalers.entry(name).or_default().push(resource);
            }
        }
        Self {
            resources,
            options,
            by_name,
            by_kind,
            services,
            slices,
            scalers,
            workloads: Workloads::of(resources),
            makers: Makers::new(resources),
        }
    }

    /// The object of a kind and name that another means, in a namespace or its own.
    fn named(
        &self,
        (kind, name): (&str, &str),
        by: &Resource,
        namespace: Option<&str>,
    ) -> Option<&'r Resource> {
        let mut list = self.by_name.get(&(kind, name))?.iter().copied();
        list.find(|one| match namespace {
            _ if one.id().cluster_scoped => true,
            Some(namespace) => one.id().effective_namespace() == namespace,
            None => shares_namespace(one, by),
        })
    }

    /// The objects of a kind, in order.
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'r Resource> {
        self.by_kind.get(kind).into_iter().flatten().copied()
    }
}

/// A finding at a part of an object.
fn found(finding: Finding, node: &Node, by: &Resource) -> Finding {
    finding.at(place_of(node, by)).about(object_of(by))
}

/// The text at a path.
fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at(path).and_then(Node::text)
}

/// The items of the list at a path.
fn items<'n>(node: &'n Node, path: &[&str]) -> &'n [Node] {
    node.at(path).map_or(&[], Node::items)
}

/// A whole number at a path.
fn number(node: &Node, path: &[&str]) -> Option<i64> {
    text(node, path)?.parse().ok()
}

/// Words in backticks, no more than a few.
fn listed(words: &[&str]) -> String {
    const MOST: usize = 5;
    let some: Vec<String> = words
        .iter()
        .take(MOST)
        .map(|word| format!("`{word}`"))
        .collect();
    match words.len().saturating_sub(MOST) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
