//! Namespaces that objects are in and that are not rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::{Objects, found};
use crate::dangling::{MISSING, near};
use crate::finding::{Finding, Severity};
use crate::place::SourceId;
use crate::resource::Resource;

pub(super) fn look(objects: &Objects<'_>, into: &mut Vec<Finding>) {
    let rendered: BTreeSet<&str> = objects
        .of_kind("Namespace")
        .map(|one| one.id().name.as_str())
        .collect();
    let mut used: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
    for resource in objects.resources {
        let id = resource.id();
        let is_there = id.cluster_scoped
            || is_of_every_cluster(&id.namespace)
            || rendered.contains(id.namespace.as_str())
            || objects.options.is_external("Namespace", &id.namespace);
        if !is_there {
            used.entry(&id.namespace).or_default().push(resource);
        }
    }
    for (namespace, inside) in &used {
        // One that was written somewhere, before those that a generator made.
        let is_written = |one: &&&Resource| one.node.span.source != SourceId::NONE;
        let Some(first) = inside.iter().find(is_written).or(inside.first()) else {
            continue;
        };
        let others = used.iter();
        let larger = others.filter(|(_, others)| others.len() > inside.len());
        let known: Vec<&str> = larger
            .map(|(name, _)| *name)
            .chain(rendered.clone())
            .collect();
        let count = match inside.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = crate::dangling::shown(first);
        let message = format!("the namespace `{namespace}` of {shown}{count} is not rendered");
        let (severity, help) = match near(namespace, &known) {
            Some(near) => (Severity::Warning, format!("did you mean `{near}`?")),
            None => {
                let Some(severity) = objects.options.missing else {
                    continue;
                };
                let help = format!(
                    "add it, or name `Namespace/{namespace}` in `external` of `kustom.yaml` if the \
                     cluster has it"
                );
                (severity, help)
            }
        };
        let node = first.node.at(&["metadata", "namespace"]);
        let finding = Finding::new(MISSING, severity, message).help(help);
        into.push(found(finding, node.unwrap_or(&first.node), first));
    }
}

fn is_of_every_cluster(namespace: &str) -> bool {
    namespace.is_empty() || namespace == "default" || namespace.starts_with("kube-")
}
