//! Environments, held against each other.

use std::collections::BTreeMap;

use kustom_validate::{Data, Finding, Origin, Value};

use crate::cluster::{Cluster, Object};
use crate::rule::rule_of_table;
use crate::secret_names::is_secret;
use crate::{Found, Linter};

/// A shorter text is equal to another by chance.
const SHORTEST: usize = 8;

/// Something that is wrong between environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// The environment that it is told of, by its number.
    pub environment: usize,
    /// What it is, and in which of its objects.
    pub found: Found,
    /// What an environment lacks: its number, and where another has it.
    pub lacking: Option<(usize, Spot)>,
}

/// A value of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The environment, by its number.
    pub environment: usize,
    /// The object, by its number.
    pub object: usize,
    /// The value in it.
    pub origin: Origin,
}

/// The rules that are checked here.
#[cfg(test)]
pub(crate) const RULES: [&str; 8] = [
    "different-image",
    "different-port",
    "equal-bucket",
    "equal-host",
    "equal-secret",
    "missing-setting",
    "only-here",
    "only-there",
];

/// An environment: its name, its objects, and whether the values of its Secrets are its own.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'e, 'v> {
    /// Its name.
    pub name: &'e str,
    /// Its objects.
    pub objects: &'e [Value<'v>],
    /// What each object is called before prefixes, suffixes and hashes, so that it is known again in
    /// other environments; empty where all keep their names.
    pub origins: &'e [String],
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
    let mut tell = |rule: &'static str,
                    (environment, object, path, at): Written<'_>,
                    message: String,
                    lacking: Option<(usize, Spot)>| {
        if linter.asks(rule) {
            let rule = rule_of_table(rule);
            found.push(Between {
                environment,
                lacking,
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
        tell(rule, places.swap_remove(0), message, None);
    }
    let sides: Vec<Side<'_, '_>> = environments
        .iter()
        .zip(&clusters)
        .map(|(environment, cluster)| Side::of(environment, cluster))
        .collect();
    for (rule, place, message) in odd_ones(&sides) {
        tell(rule, place, message, None);
    }
    for (place, message, lacking) in lacks(&sides) {
        let (environment, object, _, at) = &place;
        let spot = Spot {
            environment: *environment,
            object: *object,
            origin: at.origin,
        };
        tell("only-there", place, message, Some((lacking, spot)));
    }
    for (rule, place, message, lacking) in settings(&sides) {
        tell(rule, place, message, lacking);
    }
    for (place, message) in lone(&sides) {
        tell("only-here", place, message, None);
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
        "Route" if object.group == "route.openshift.io" => {
            if let Some(host) = object.value.at(&["spec", "host"]) {
                let text = host.as_text().unwrap_or_default();
                see("equal-host", text, "spec.host".to_owned(), host);
            }
        }
        "VirtualService" if object.group == "networking.istio.io" => {
            let hosts = object.value.at(&["spec", "hosts"]);
            let hosts = hosts.map_or(&[][..], Value::items).iter().enumerate();
            for (index, host) in hosts {
                let text = host.as_text().unwrap_or_default();
                // Names of Services are those of every cluster.
                if text.contains('.') && !text.ends_with(".local") && !text.ends_with(".svc") {
                    see("equal-host", text, format!("spec.hosts[{index}]"), host);
                }
            }
        }
        "Gateway" if object.group == "gateway.networking.k8s.io" => {
            let listeners = object.value.at(&["spec", "listeners"]);
            let listeners = listeners.map_or(&[][..], Value::items).iter().enumerate();
            for (index, listener) in listeners {
                if let Some(host) = listener.get("hostname") {
                    let text = host.as_text().unwrap_or_default();
                    let path = format!("spec.listeners[{index}].hostname");
                    see("equal-host", text, path, host);
                }
            }
        }
        "Secret" if is_filled => {
            for field in ["data", "stringData"] {
                let data = object.value.get(field).map_or(&[][..], Value::entries);
                for entry in data {
                    let text = entry.value.as_text().unwrap_or_default();
                    if text.len() >= SHORTEST {
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
            for entry in data {
                let text = entry.value.as_text().unwrap_or_default();
                let path = format!("data[{}]", entry.key);
                if let Some(rule) = of_setting(&entry.key, text) {
                    see(rule, text, path, &entry.value);
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
            let Some(value) = variable.get("value").filter(|value| !value.is_zero()) else {
                continue;
            };
            let text = value.as_text().unwrap_or_default();
            if let Some(rule) = of_setting(variable.text("name"), text) {
                let path = format!(
                    "{}.{}[{}].env[{index}].value",
                    pod.prefix, container.list, container.index
                );
                see(rule, text, path, value);
            }
        }
    }
}

/// The rule by which a setting of this name must be of one environment.
fn of_setting(name: &str, text: &str) -> Option<&'static str> {
    match () {
        () if text.is_empty() || text.contains('\n') => None,
        () if is_bucket(name) => Some("equal-bucket"),
        () if text.len() >= SHORTEST && is_secret(name, text) => Some("equal-secret"),
        () => None,
    }
}

fn is_bucket(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("bucket")
        && !lower.contains("region")
        && !lower.contains("prefix")
        && !lower.contains("endpoint")
}

/// What tells an object from others in all environments: its kind, and its name there.
type Id = (String, String);

/// An environment with what its objects are called in all of them.
struct Side<'e, 'v> {
    name: &'e str,
    cluster: &'e Cluster<'v>,
    /// The objects that are told apart, by their numbers.
    ids: BTreeMap<Id, usize>,
}

impl<'e, 'v> Side<'e, 'v> {
    fn of(environment: &Environment<'e, '_>, cluster: &'e Cluster<'v>) -> Self {
        let origin = |object: &Object<'_>| {
            let origin = environment.origins.get(object.number);
            let name = origin.map_or(object.name, String::as_str);
            (object.kind.to_owned(), name.to_owned())
        };
        // Of several that were called the same, the first is the first everywhere.
        let mut counts: BTreeMap<Id, usize> = BTreeMap::new();
        let ids = cluster.objects.iter().map(|object| {
            let (kind, name) = origin(object);
            let count = counts.entry((kind.clone(), name.clone())).or_default();
            *count += 1;
            ((kind, format!("{name} {count}")), object.number)
        });
        let ids = ids.collect();
        Self {
            name: environment.name,
            cluster,
            ids,
        }
    }

    fn objects(&self) -> impl Iterator<Item = (&Id, &'e Object<'v>)> {
        let objects = &self.cluster.objects;
        let found = self.ids.iter();
        found.filter_map(move |(id, number)| Some((id, objects.get(*number)?)))
    }

    fn get(&self, id: &Id) -> Option<&'e Object<'v>> {
        self.cluster.objects.get(*self.ids.get(id)?)
    }
}

/// Values that must be equal and that one environment has otherwise than all others.
fn odd_ones<'v>(sides: &[Side<'_, 'v>]) -> Vec<(&'static str, Written<'v>, String)> {
    type Key = (Id, &'static str, String);
    let mut values: BTreeMap<Key, Vec<(Written<'v>, String)>> = BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        for (id, object) in side.objects() {
            each_shared(object, &mut |rule, which, text, path, at| {
                let key = (id.clone(), rule, which);
                let place = (number, object.number, path, at);
                values.entry(key).or_default().push((place, text));
            });
        }
    }
    let mut found = Vec::new();
    for ((_, rule, _), places) in values.into_iter().filter(|(_, all)| all.len() > 2) {
        let total = places.len();
        let count = |text: &String| places.iter().filter(|(_, other)| other == text).count();
        let odd = places.iter().position(|(_, text)| count(text) == 1);
        let Some(odd) = odd else { continue };
        let common = &places[usize::from(odd == 0)].1;
        if count(common) + 1 != total {
            continue;
        }
        let (place, own) = &places[odd];
        let name = sides.get(place.0).map_or("", |side| side.name);
        let message = match rule {
            "different-image" => {
                format!(
                    "`{name}` runs the image `{own}`, and the {} others `{common}`",
                    total - 1
                )
            }
            _ => format!(
                "`{name}` has the port {own}, and the {} others {common}",
                total - 1
            ),
        };
        found.push((rule, place.clone(), message));
    }
    found
}

/// Calls a function for each value that environments share: the rule, which value of the object it is,
/// its text, the path.
fn each_shared<'v>(
    object: &Object<'v>,
    see: &mut dyn FnMut(&'static str, String, String, String, &'v Value<'v>),
) {
    let shown = |value: &Value<'_>| match value.data {
        Data::Int(value) => value.to_string(),
        _ => value.as_text().unwrap_or_default().to_owned(),
    };
    if object.kind == "Service" {
        let ports = object
            .value
            .at(&["spec", "ports"])
            .map_or(&[][..], Value::items);
        for (index, port) in ports.iter().enumerate() {
            for field in ["port", "targetPort"] {
                if let Some(at) = port.get(field) {
                    let path = format!("spec.ports[{index}].{field}");
                    see("different-port", path.clone(), shown(at), path, at);
                }
            }
        }
    }
    let Some(pod) = &object.pod else {
        return;
    };
    for container in &pod.containers {
        let here = format!("{}.{}[{}]", pod.prefix, container.list, container.index);
        let which = |field: &str| format!("{} {} {field}", container.list, container.name());
        for (index, port) in container.value.list("ports").iter().enumerate() {
            if let Some(at) = port.get("containerPort") {
                let path = format!("{here}.ports[{index}].containerPort");
                see(
                    "different-port",
                    which(&index.to_string()),
                    shown(at),
                    path,
                    at,
                );
            }
        }
        if let Some(at) = container.value.get("image") {
            let text = at.as_text().unwrap_or_default();
            // Registries and versions may differ.
            let last = text.rsplit('/').next().unwrap_or_default();
            let name = last.split([':', '@']).next().unwrap_or_default();
            see(
                "different-image",
                which("image"),
                name.to_owned(),
                format!("{here}.image"),
                at,
            );
        }
    }
}

/// What one environment lacks and all others have.
fn lacks<'v>(sides: &[Side<'_, 'v>]) -> Vec<(Written<'v>, String, usize)> {
    let mut found = Vec::new();
    if sides.len() < 3 {
        return found;
    }
    for (number, own) in sides.iter().enumerate() {
        let with = usize::from(number == 0);
        let shared = in_all_others(sides, number, &|side, id: &Id| side.ids.contains_key(id), {
            sides[with].ids.keys().cloned().collect()
        });
        let missing = shared.iter().filter(|id| !own.ids.contains_key(*id));
        let missing: Vec<&Id> = missing.collect();
        if !is_slip(missing.len(), shared.len()) {
            continue;
        }
        for id in missing {
            let Some(object) = sides[with].get(id) else {
                continue;
            };
            let message = format!("all other environments have it, and `{}` has not", own.name);
            let place = (with, object.number, String::new(), object.value);
            found.push((place, message, number));
        }
    }
    found
}

/// Those of some things that all environments but one have.
fn in_all_others<'e, 'v, T>(
    sides: &[Side<'e, 'v>],
    number: usize,
    has: &dyn Fn(&Side<'e, 'v>, &T) -> bool,
    mut things: Vec<T>,
) -> Vec<T> {
    things.retain(|thing| {
        let others = sides
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number);
        others.into_iter().all(|(_, side)| has(side, thing))
    });
    things
}

/// Whether something is missing, and not so much that it is another thing altogether.
fn is_slip(missing: usize, shared: usize) -> bool {
    missing > 0 && missing * 4 <= shared.max(4)
}

/// A setting: the container, or nothing for the data of a ConfigMap, and the name.
type Setting = (String, String);

/// The settings of an object, with where each is.
fn settings_of<'v>(object: &Object<'v>) -> BTreeMap<Setting, (String, &'v Value<'v>)> {
    let mut found = BTreeMap::new();
    if object.kind == "ConfigMap" {
        let data = object.value.get("data").map_or(&[][..], Value::entries);
        for entry in data {
            let path = format!("data[{}]", entry.key);
            found.insert((String::new(), entry.key.to_string()), (path, &entry.value));
        }
    }
    for (pod, container) in object
        .pod
        .iter()
        .flat_map(|pod| pod.containers.iter().map(move |it| (pod, it)))
    {
        for (index, variable) in container.value.list("env").iter().enumerate() {
            let path = format!(
                "{}.{}[{}].env[{index}]",
                pod.prefix, container.list, container.index
            );
            let key = (
                container.name().to_owned(),
                variable.text("name").to_owned(),
            );
            found.insert(key, (path, variable));
        }
    }
    found
}

/// The rule, where it is, what is said, and what is lacking.
type SettingFound<'v> = (&'static str, Written<'v>, String, Option<(usize, Spot)>);

/// Settings that one environment lacks and all others have, or that it alone has.
fn settings<'v>(sides: &[Side<'_, 'v>]) -> Vec<SettingFound<'v>> {
    let mut found = Vec::new();
    let Some((first, rest)) = sides.split_first().filter(|_| sides.len() > 2) else {
        return found;
    };
    for (id, _) in first.objects() {
        let all: Option<Vec<&Object<'v>>> = [first]
            .into_iter()
            .chain(rest)
            .map(|side| side.get(id))
            .collect();
        let Some(all) = all else { continue };
        let each: Vec<_> = all.iter().map(|object| settings_of(object)).collect();
        for (number, own) in each.iter().enumerate() {
            let others = || {
                each.iter()
                    .enumerate()
                    .filter(|(other, _)| *other != number)
                    .map(|it| it.1)
            };
            let with = usize::from(number == 0);
            let shared = each[with]
                .keys()
                .filter(|key| others().all(|other| other.contains_key(*key)));
            let shared: Vec<&Setting> = shared.collect();
            let missing = shared.iter().filter(|key| !own.contains_key(**key));
            let missing: Vec<&Setting> = missing.copied().collect();
            let alone = own
                .iter()
                .filter(|(key, _)| others().all(|other| !other.contains_key(*key)));
            let alone: Vec<_> = alone.collect();
            let object = all[number];
            if is_slip(missing.len(), shared.len()) {
                for key in missing {
                    let (container, name) = key;
                    let spot = each[with].get(key).map(|(_, at)| Spot {
                        environment: with,
                        object: all[with].number,
                        origin: at.origin,
                    });
                    let (path, at) = list_of(object, container);
                    let message = format!(
                        "`{name}` is set in all other environments, and not in `{}`",
                        sides[number].name
                    );
                    found.push((
                        "missing-setting",
                        (number, object.number, path, at),
                        message,
                        spot.map(|spot| (number, spot)),
                    ));
                }
            }
            if is_slip(alone.len(), own.len()) {
                for ((_, name), (path, at)) in alone {
                    let message = format!("`{name}` is set in `{}` alone", sides[number].name);
                    found.push((
                        "only-here",
                        (number, object.number, path.clone(), *at),
                        message,
                        None,
                    ));
                }
            }
        }
    }
    found
}

/// What holds the settings of an object, or of one of its containers.
fn list_of<'v>(object: &Object<'v>, container: &str) -> (String, &'v Value<'v>) {
    let data = object
        .value
        .get("data")
        .filter(|_| object.kind == "ConfigMap");
    if let Some(data) = data {
        return ("data".to_owned(), data);
    }
    let pods = object.pod.iter();
    let mut all = pods.flat_map(|pod| pod.containers.iter().map(move |it| (pod, it)));
    match all.find(|(_, it)| it.name() == container) {
        Some((pod, it)) => {
            let path = format!("{}.{}[{}].env", pod.prefix, it.list, it.index);
            (path, it.value.get("env").unwrap_or(it.value))
        }
        None => (String::new(), object.value),
    }
}

/// Objects that one environment has and no other.
fn lone<'v>(sides: &[Side<'_, 'v>]) -> Vec<(Written<'v>, String)> {
    let mut found = Vec::new();
    if sides.len() < 3 {
        return found;
    }
    for (number, own) in sides.iter().enumerate() {
        let others = || {
            sides
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != number)
        };
        let is_alone = |id: &Id| others().all(|(_, other)| !other.ids.contains_key(id));
        let alone: Vec<_> = own.objects().filter(|(id, _)| is_alone(id)).collect();
        if !is_slip(alone.len(), own.ids.len()) {
            continue;
        }
        for (_, object) in alone {
            let message = format!("`{}` alone has it", own.name);
            found.push((
                (number, object.number, String::new(), object.value),
                message,
            ));
        }
    }
    found
}
