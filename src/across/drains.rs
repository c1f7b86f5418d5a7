//! Budgets that let no pod go, so that no node can be drained.
//!
//! Source: <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>: without a voluntary
//! disruption allowed, an eviction is refused for ever.

use super::selectors::Selector;
use super::{DRAIN, Objects, found, number, text};
use crate::dangling::{shares_namespace, shown};
use crate::finding::Finding;
use crate::resource::Resource;
use crate::yaml::Node;

pub(super) fn look(objects: &Objects<'_>, by: &Resource, into: &mut Vec<Finding>) {
    let id = by.id();
    if id.gvk.kind != "PodDisruptionBudget" || id.gvk.group != "policy" {
        return;
    }
    let node = &by.node;
    if let Some(most) = node.at(&["spec", "maxUnavailable"])
        && matches!(most.text(), Some("0" | "0%"))
    {
        let message = format!("{} lets no pod go: `maxUnavailable` is 0", shown(by));
        let finding = Finding::warning(DRAIN, message)
            .help("no node that runs one of its pods can be drained; let at least one go");
        into.push(found(finding, most, by));
        return;
    }
    let Some(least) = node.at(&["spec", "minAvailable"]) else {
        return;
    };
    let total = replicas(objects, by);
    let least_text = least.text().unwrap_or_default();
    let is_all = match (least_text.strip_suffix('%'), total) {
        (Some("100"), _) => true,
        (Some(percent), Some(total)) => percent
            .parse::<i64>()
            .is_ok_and(|percent| percent > 0 && (percent * total + 99) / 100 >= total),
        (None, Some(total)) => least_text.parse::<i64>().is_ok_and(|least| least >= total),
        (_, None) => false,
    };
    if is_all {
        let of = match total {
            Some(1) => ", and there is 1".to_owned(),
            Some(total) => format!(", and there are {total}"),
            None => String::new(),
        };
        let message = format!(
            "{} lets no pod go: `minAvailable` is {least_text}{of}",
            shown(by)
        );
        let finding = Finding::warning(DRAIN, message).help(
            "no node that runs one of its pods can be drained; ask for fewer, or run more replicas",
        );
        into.push(found(finding, least, by));
    }
}

/// How many pods a budget is for, where all of what it selects says so.
fn replicas(objects: &Objects<'_>, by: &Resource) -> Option<i64> {
    let selector = Selector::of(by.node.at(&["spec", "selector"])?);
    let selected = selector.select(objects, by);
    let mut total = 0;
    for pods in &selected {
        let id = pods.by.id();
        if !matches!(
            id.gvk.kind.as_str(),
            "Deployment" | "StatefulSet" | "ReplicaSet"
        ) {
            return None;
        }
        let scaled = scaler(objects, pods.by).map(|it| it.unwrap_or(1));
        let own = number(&pods.by.node, &["spec", "replicas"]).unwrap_or(1);
        total += scaled.unwrap_or(own);
    }
    (total > 0).then_some(total)
}

/// The least number of replicas that an autoscaler keeps, where one scales an object.
fn scaler(objects: &Objects<'_>, target: &Resource) -> Option<Option<i64>> {
    let id = target.id();
    let mut scalers = objects.scalers.get(id.name.as_str())?.iter().copied();
    let is_its = |node: &Node| text(node, &["kind"]).unwrap_or("Deployment") == id.gvk.kind;
    let scaler = scalers.find(|one| {
        let named = one.node.at(&["spec", "scaleTargetRef"]);
        shares_namespace(one, target) && named.is_some_and(is_its)
    })?;
    Some(match scaler.id().gvk.kind.as_str() {
        "ScaledObject" => number(&scaler.node, &["spec", "minReplicaCount"]).or(Some(0)),
        _ => number(&scaler.node, &["spec", "minReplicas"]),
    })
}
