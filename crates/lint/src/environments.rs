//! Environments, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use kustom_validate::{Data, Finding, Value};

use crate::cluster::{Cluster, Object};
use crate::rule::rule_of_table;
use crate::{Found, Linter};

/// Something that is wrong between environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// The environment that it is told of, by its number.
    pub environment: usize,
    /// What it is, and in which of its objects.
    pub found: Found,
}

/// The rules that are checked here.
#[cfg(test)]
pub(crate) const RULES: [&str; 5] = [
    "different-port",
    "equal-bucket",
    "equal-host",
    "equal-secret",
    "only-there",
];

/// An environment: its name, its objects, and whether the values of its Secrets are its own.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'e, 'v> {
    /// Its name.
    pub name: &'e str,
    /// Its objects.
    pub objects: &'e [Value<'v>],
    /// Whether its Secrets are filled in.
    pub is_filled: bool,
}

/// A value of an environment: the path, and where it is written.
type Written<'v> = (usize, usize, String, &'v Value<'v>);

/// What is equal in environments and must not be, and what one of them lacks.
pub(crate) fn compare(linter: &Linter, environments: &[Environment<'_, '_>]) -> Vec<Between> {
    let clusters: Vec<Cluster<'_>> = environments
        .iter()
        .map(|one| Cluster::of(one.objects))
        .collect();
    let mut found = Vec::new();
    let mut tell =
        |rule: &'static str, (environment, object, path, at): Written<'_>, message: String| {
            if linter.asks(rule) {
                let rule = rule_of_table(rule);
                found.push(Between {
                    environment,
                    found: Found {
                        object,
                        finding: Finding {
                            severity: rule.severity,
                            rule: rule.name,
                            field: path,
                            message,
                            help: Some(rule.help.to_owned()),
                            origin: at.origin,
                        },
                    },
                });
            }
        };
    let name = |number: usize| environments.get(number).map_or("", |one| one.name);
    let mut claims: BTreeMap<(&'static str, String), Vec<Written<'_>>> = BTreeMap::new();
    for (number, cluster) in clusters.iter().enumerate() {
        let is_filled = environments.get(number).is_some_and(|one| one.is_filled);
        for object in &cluster.objects {
            each_claim(object, is_filled, &mut |rule, text, path, at| {
                let all = claims.entry((rule, text.to_owned())).or_default();
                if all.last().is_none_or(|last| last.0 != number) {
                    all.push((number, object.number, path, at));
                }
            });
        }
    }
    for ((rule, text), mut places) in claims {
        if places.len() < 2 {
            continue;
        }
        let names: Vec<String> = places
            .iter()
            .skip(1)
            .map(|place| format!("`{}`", name(place.0)))
            .collect();
        let names = names.join(", ");
        let message = match rule {
            "equal-host" => format!("the host `{text}` is that of {names}, too"),
            "equal-bucket" => format!("the bucket `{text}` is that of {names}, too"),
            _ => format!("the value is that of {names}, too"),
        };
        tell(rule, places.swap_remove(0), message);
    }
    for (place, message) in ports(&clusters, &name) {
        tell("different-port", place, message);
    }
    for (place, message) in lacks(&clusters, &name) {
        tell("only-there", place, message);
    }
    found
}

/// Calls a function for each value that must be of one environment: the rule, the text, the path.
fn each_claim<'v>(
    object: &Object<'v>,
    is_filled: bool,
    see: &mut dyn FnMut(&'static str, &str, String, &'v Value<'v>),
) {
    match object.kind {
        "Ingress" => {
            let rules = object
                .value
                .at(&["spec", "rules"])
                .map_or(&[][..], Value::items);
            for (index, rule) in rules.iter().enumerate() {
                if let Some(host) = rule.get("host") {
                    see(
                        "equal-host",
                        host.as_text().unwrap_or_default(),
                        format!("spec.rules[{index}].host"),
                        host,
                    );
                }
            }
        }
        "HTTPRoute" | "GRPCRoute" | "TLSRoute" => {
            let hosts = object
                .value
                .at(&["spec", "hostnames"])
                .map_or(&[][..], Value::items);
            for (index, host) in hosts.iter().enumerate() {
                see(
                    "equal-host",
                    host.as_text().unwrap_or_default(),
                    format!("spec.hostnames[{index}]"),
                    host,
                );
            }
        }
        "Secret" if is_filled => {
            for field in ["data", "stringData"] {
                let data = object.value.get(field).map_or(&[][..], Value::entries);
                for entry in data {
                    let text = entry.value.as_text().unwrap_or_default();
                    if text.len() >= 8 {
                        see(
                            "equal-secret",
                            text,
                            format!("{field}[{}]", entry.key),
                            &entry.value,
                        );
                    }
                }
            }
        }
        "ConfigMap" => {
            let data = object.value.get("data").map_or(&[][..], Value::entries);
            for entry in data.iter().filter(|entry| is_bucket(&entry.key)) {
                let text = entry.value.as_text().unwrap_or_default();
                if !text.is_empty() && !text.contains('\n') {
                    see(
                        "equal-bucket",
                        text,
                        format!("data[{}]", entry.key),
                        &entry.value,
                    );
                }
            }
        }
        _ => {}
    }
    let Some(pod) = &object.pod else {
        return;
    };
    for container in &pod.containers {
        for (index, variable) in container.value.list("env").iter().enumerate() {
            if let Some(value) = variable.get("value").filter(|value| !value.is_zero())
                && is_bucket(variable.text("name"))
            {
                let path = format!(
                    "{}.{}[{}].env[{index}].value",
                    pod.prefix, container.list, container.index
                );
                see(
                    "equal-bucket",
                    value.as_text().unwrap_or_default(),
                    path,
                    value,
                );
            }
        }
    }
}

fn is_bucket(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("bucket")
        && !lower.contains("region")
        && !lower.contains("prefix")
        && !lower.contains("endpoint")
}

type Id<'v> = (&'v str, &'v str);

fn id<'v>(object: &Object<'v>) -> Id<'v> {
    (object.kind, object.name)
}

/// Ports of Services that one environment has otherwise than all others.
fn ports<'v>(
    clusters: &[Cluster<'v>],
    name: &dyn Fn(usize) -> &'v str,
) -> Vec<(Written<'v>, String)>
where
{
    let mut by_id: BTreeMap<(Id<'v>, usize), Vec<(Written<'v>, i64)>> = BTreeMap::new();
    for (number, cluster) in clusters.iter().enumerate() {
        for object in cluster.of_kind("Service") {
            let ports = object
                .value
                .at(&["spec", "ports"])
                .map_or(&[][..], Value::items);
            for (index, port) in ports.iter().enumerate() {
                if let Some(at) = port.get("port")
                    && let Data::Int(value) = at.data
                {
                    let place = (
                        number,
                        object.number,
                        format!("spec.ports[{index}].port"),
                        at,
                    );
                    by_id
                        .entry((id(object), index))
                        .or_default()
                        .push((place, value));
                }
            }
        }
    }
    let mut found = Vec::new();
    for places in by_id.into_values().filter(|places| places.len() > 2) {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for (_, value) in &places {
            *counts.entry(*value).or_default() += 1;
        }
        let common = counts
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(value, _)| *value);
        let total = places.len();
        for (place, value) in places {
            if counts.get(&value) == Some(&1) && counts.len() == 2 && common != Some(value) {
                let others = common.unwrap_or_default();
                let own = name(place.0);
                found.push((
                    place,
                    format!(
                        "`{own}` has the port {value}, and the {} others {others}",
                        total - 1
                    ),
                ));
            }
        }
    }
    found
}

/// What one environment lacks and all others have.
fn lacks<'v>(
    clusters: &[Cluster<'v>],
    name: &dyn Fn(usize) -> &'v str,
) -> Vec<(Written<'v>, String)> {
    let sets: Vec<BTreeSet<Id<'_>>> = clusters
        .iter()
        .map(|cluster| cluster.objects.iter().map(id).collect())
        .collect();
    let mut found = Vec::new();
    if sets.len() < 3 {
        return found;
    }
    for (number, own) in sets.iter().enumerate() {
        let others: Vec<&BTreeSet<Id<'_>>> = sets
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number)
            .map(|(_, set)| set)
            .collect();
        let Some((first, rest)) = others.split_first() else {
            continue;
        };
        let shared: Vec<&Id<'_>> = first
            .iter()
            .filter(|one| rest.iter().all(|set| set.contains(*one)))
            .collect();
        let missing: Vec<&Id<'_>> = shared
            .iter()
            .copied()
            .filter(|one| !own.contains(*one))
            .collect();
        // One that has other names altogether is another environment, not an incomplete one.
        if missing.is_empty() || missing.len() * 4 > shared.len() {
            continue;
        }
        let with = usize::from(number == 0);
        for missing in missing {
            let Some(object) = clusters
                .get(with)
                .and_then(|cluster| cluster.objects.iter().find(|one| id(one) == *missing))
            else {
                continue;
            };
            let message = format!(
                "all other environments have it, and `{}` has not",
                name(number)
            );
            found.push(((with, object.number, String::new(), object.value), message));
        }
    }
    found
}
