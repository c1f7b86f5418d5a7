//! ConfigMaps, Secrets, service accounts, namespaces, endpoints, events, limits and quotas.

use super::Check::{Is, OneOf, Range, Required, Word};
use super::resources::{self, quantity_at_least};
use super::{Cx, KeysAre, PORT, PROTOCOLS, TypeRules};
use crate::names::{config_key, dns_label, dns_subdomain, label_key};
use crate::path::Path;
use crate::quantity::Quantity;
use crate::structure::decode_base64;
use crate::value::Value;

/// What a ConfigMap or Secret holds at most, in bytes.
const DATA: usize = 1 << 20;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.ConfigMap",
        fields: &[
            ("data", &[KeysAre(config_key)]),
            ("binaryData", &[KeysAre(config_key)]),
        ],
        whole: &[config_map],
    },
    TypeRules {
        of: "core.v1.Secret",
        fields: &[("data", &[KeysAre(config_key)])],
        whole: &[secret],
    },
    TypeRules {
        of: "core.v1.EndpointSubset",
        fields: &[],
        whole: &[endpoint_subset],
    },
    TypeRules {
        of: "core.v1.EndpointAddress",
        fields: &[
            (
                "ip",
                &[Required, Is(crate::net::ip), Is(crate::net::endpoint_ip)],
            ),
            ("hostname", &[Is(dns_label)]),
            ("nodeName", &[super::Given(dns_subdomain)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.EndpointPort",
        fields: &[
            ("name", &[Is(dns_label)]),
            ("port", &[Required, PORT]),
            ("protocol", &[OneOf(PROTOCOLS)]),
            ("appProtocol", &[super::Given(label_key)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "discovery.v1.EndpointSlice",
        fields: &[
            ("addressType", &[Required, OneOf(&["FQDN", "IPv4", "IPv6"])]),
            ("endpoints", &[super::MaxItems(1000)]),
            ("ports", &[super::MaxItems(20_000)]),
        ],
        whole: &[endpoint_slice],
    },
    TypeRules {
        of: "discovery.v1.Endpoint",
        fields: &[
            ("hostname", &[super::Given(dns_label)]),
            ("nodeName", &[super::Given(dns_subdomain)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "discovery.v1.EndpointPort",
        fields: &[
            ("name", &[Is(dns_label)]),
            ("protocol", &[Word(PROTOCOLS)]),
            ("appProtocol", &[super::Given(label_key)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "discovery.v1.EndpointHints",
        fields: &[
            ("forNodes", &[super::MaxItems(8)]),
            ("forZones", &[super::MaxItems(8)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "discovery.v1.ForNode",
        fields: &[("name", &[super::AlwaysIs(dns_subdomain)])],
        whole: &[],
    },
    TypeRules {
        of: "events.v1.EventSeries",
        fields: &[
            ("count", &[super::AlwaysRange(2, i64::MAX)]),
            ("lastObservedTime", &[Required]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "discovery.v1.ForZone",
        fields: &[("name", &[Is(crate::names::label_value)])],
        whole: &[],
    },
    TypeRules {
        of: "events.v1.Event",
        fields: &[
            ("reportingController", &[Required, Is(label_key)]),
            ("reportingInstance", &[Required, super::MaxLength(128)]),
            ("action", &[Required, super::MaxLength(128)]),
            ("reason", &[Required, super::MaxLength(128)]),
            ("note", &[super::MaxLength(1024)]),
            ("eventTime", &[Required]),
        ],
        whole: &[event],
    },
    TypeRules {
        of: "core.v1.Event",
        fields: &[("involvedObject", &[])],
        whole: &[core_event],
    },
    TypeRules {
        of: "core.v1.LimitRangeSpec",
        fields: &[],
        whole: &[limit_types],
    },
    TypeRules {
        of: "core.v1.LimitRangeItem",
        fields: &[("type", &[])],
        whole: &[limit_range_item],
    },
    TypeRules {
        of: "core.v1.ResourceQuotaSpec",
        fields: &[],
        whole: &[quota],
    },
    TypeRules {
        of: "core.v1.ScopeSelector",
        fields: &[("matchExpressions", &[])],
        whole: &[],
    },
    TypeRules {
        of: "coordination.v1.LeaseSpec",
        fields: &[
            ("leaseDurationSeconds", &[super::Min(1)]),
            ("leaseTransitions", &[super::Min(0)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "apiregistration.v1.APIService",
        fields: &[],
        whole: &[api_service],
    },
    TypeRules {
        of: "apiregistration.v1.APIServiceSpec",
        fields: &[
            ("groupPriorityMinimum", &[Range(1, 20_000)]),
            ("versionPriority", &[Range(1, 1_000)]),
            ("version", &[Required, Is(crate::names::dns_label_1035)]),
            ("group", &[Is(dns_subdomain)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "apiregistration.v1.ServiceReference",
        fields: &[
            ("name", &[Required]),
            ("namespace", &[Required]),
            ("port", &[PORT]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "scheduling.v1.PriorityClass",
        fields: &[
            ("value", &[]),
            (
                "preemptionPolicy",
                &[Word(&["PreemptLowerPriority", "Never"])],
            ),
        ],
        whole: &[priority_class],
    },
    TypeRules {
        of: "policy.v1.PodDisruptionBudgetSpec",
        fields: &[(
            "unhealthyPodEvictionPolicy",
            &[Word(&["AlwaysAllow", "IfHealthyBudget"])],
        )],
        whole: &[disruption_budget],
    },
    TypeRules {
        of: "apps.v1.ControllerRevision",
        fields: &[("data", &[super::Present]), ("revision", &[super::Min(0)])],
        whole: &[],
    },
    TypeRules {
        of: "core.v1.NamespaceSpec",
        fields: &[("finalizers", &[])],
        whole: &[namespace_spec],
    },
];

fn data_size(value: &Value<'_>, keys: &[&str]) -> usize {
    keys.iter()
        .filter_map(|key| value.get(key))
        .flat_map(Value::entries)
        .filter_map(|entry| entry.value.as_text())
        .map(str::len)
        .sum()
}

fn config_map(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (data, binary) = (value.get("data"), value.get("binaryData"));
    for entry in data.map_or(&[][..], Value::entries) {
        if binary.is_some_and(|binary| binary.entries().iter().any(|other| other.key == entry.key))
        {
            cx.findings.add(
                "invalid-value",
                &path.field("data").key(&entry.key),
                entry.origin,
                format!("`{}` is in `binaryData` too", entry.key),
            );
        }
    }
    if data_size(value, &["data", "binaryData"]) > DATA {
        cx.findings.add(
            "too-long-value",
            path,
            value.origin,
            "a ConfigMap holds 1 MiB at most",
        );
    }
}

/// Keys that a type of Secret must have.
const SECRET_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
];

fn secret(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let data = path.field("data");
    // What is written as text is data, too; the server merges it first.
    let content = |key: &str| {
        let text = value
            .get("stringData")
            .and_then(|data| data.get(key))
            .and_then(Value::as_text);
        // Null is a key without content.
        let bytes = || {
            let entries = value.get("data")?.entries();
            entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value)
        };
        text.map(|text| text.as_bytes().to_vec())
            .or_else(|| decode_base64(bytes()?.as_text().unwrap_or_default()))
    };
    for entry in value.get("stringData").map_or(&[][..], Value::entries) {
        if let Err(message) = config_key(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &data.key(&entry.key),
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
    }
    if data_size(value, &["data", "stringData"]) > DATA * 4 / 3 + 4 {
        cx.findings.add(
            "too-long-value",
            &data,
            value.origin,
            "a Secret holds 1 MiB at most",
        );
    }
    let kind = value.text("type");
    let around = value
        .get("data")
        .or_else(|| value.get("stringData"))
        .unwrap_or(value);
    if let Some((_, keys)) = SECRET_KEYS.iter().find(|(name, _)| *name == kind) {
        for key in *keys {
            match content(key) {
                None => cx.findings.required(
                    &data.key(key),
                    around,
                    &format!("a Secret of type `{kind}` has a key `{key}`"),
                ),
                Some(bytes) if bytes.is_empty() && kind == "kubernetes.io/ssh-auth" => {
                    cx.findings.required(
                        &data.key(key),
                        around,
                        &format!("`{key}` must not be empty"),
                    );
                }
                Some(bytes) if key.starts_with(".docker") && !is_json_map(&bytes) => {
                    cx.findings.invalid(
                        &data.key(key),
                        around,
                        format!("`{key}` holds no JSON object"),
                    );
                }
                Some(_) => {}
            }
        }
    }
    if kind == "kubernetes.io/basic-auth"
        && content("username").is_none()
        && content("password").is_none()
    {
        for key in ["username", "password"] {
            cx.findings.required(
                &data.key(key),
                around,
                "a Secret of type `kubernetes.io/basic-auth` has a `username` or a `password`",
            );
        }
    }
    if kind == "kubernetes.io/service-account-token" {
        let metadata = value.get("metadata");
        let name = metadata
            .and_then(|metadata| metadata.get("annotations"))
            .map_or("", |annotations| {
                annotations.text("kubernetes.io/service-account.name")
            });
        if name.is_empty() {
            cx.findings.required(
                &path
                    .field("metadata.annotations")
                    .key("kubernetes.io/service-account.name"),
                metadata.unwrap_or(value),
                "a Secret with a token names its service account in an annotation",
            );
        }
    }
}

/// Whether bytes are a JSON object; its values are not checked.
fn is_json_map(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(crate::json::is_object)
}

fn endpoint_subset(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.list("addresses").is_empty() && value.list("notReadyAddresses").is_empty() {
        cx.findings.required(
            path,
            value,
            "a subset has `addresses` or `notReadyAddresses`",
        );
    }
    let ports = value.list("ports");
    let list = path.field("ports");
    for (index, port) in ports.iter().enumerate() {
        if ports.len() > 1 && port.text("name").is_empty() {
            cx.findings.required(
                &list.index(index).field("name"),
                port,
                "one of several ports has a name",
            );
        }
    }
}

fn endpoint_slice(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kind = value.text("addressType");
    let list = path.field("endpoints");
    for (index, endpoint) in value.list("endpoints").iter().enumerate() {
        let here = list.index(index);
        let addresses = here.field("addresses");
        let found = endpoint.list("addresses");
        if found.is_empty() {
            cx.findings
                .required(&addresses, endpoint, "an endpoint has at least one address");
        }
        if found.len() > 100 {
            cx.findings.add(
                "too-many-items",
                &addresses,
                endpoint.origin,
                "an endpoint has 100 addresses at most",
            );
        }
        for (number, item) in found.iter().enumerate() {
            let text = item.as_text().unwrap_or_default();
            let here = addresses.index(number);
            let verdict = match kind {
                "FQDN" => dns_subdomain(text),
                "IPv4" | "IPv6" => crate::net::ip(text),
                _ => Ok(()),
            };
            if let Err(message) = verdict {
                cx.findings
                    .invalid(&here, item, format!("`{text}` {message}"));
            } else if matches!(kind, "IPv4" | "IPv6") {
                if crate::net::family(text) != Some(kind) {
                    cx.findings
                        .invalid(&addresses, item, format!("`{text}` is no {kind} address"));
                }
                if let Err(message) = crate::net::endpoint_ip(text) {
                    cx.findings
                        .invalid(&here, item, format!("`{text}` {message}"));
                }
            }
        }
        let hints = here.field("hints");
        for field in ["forNodes", "forZones"] {
            let list = hints.field(field);
            let found = endpoint
                .get("hints")
                .map_or(&[][..], |hints| hints.list(field));
            for (number, item) in found.iter().enumerate() {
                let name = item.text("name");
                if found[..number]
                    .iter()
                    .any(|other| other.text("name") == name)
                {
                    cx.findings
                        .duplicate(&list.index(number).field("name"), item, name);
                }
            }
        }
    }
    let ports = path.field("ports");
    let names: Vec<&str> = value
        .list("ports")
        .iter()
        .map(|port| port.text("name"))
        .collect();
    for (index, port) in value.list("ports").iter().enumerate() {
        if names[..index].contains(&names[index]) {
            let origin = port.get("name").unwrap_or(port);
            cx.findings
                .duplicate(&ports.index(index).field("name"), origin, names[index]);
        }
    }
}

fn event(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kind = value.text("type");
    if kind != "Normal" && kind != "Warning" {
        let origin = value.get("type").unwrap_or(value);
        cx.findings.invalid(
            &path.field("type"),
            origin,
            format!("`{kind}` is none of `Normal`, `Warning`"),
        );
    }
    for field in [
        "deprecatedCount",
        "deprecatedFirstTimestamp",
        "deprecatedLastTimestamp",
        "deprecatedSource",
    ] {
        let is_set = |found: &&Value<'_>| {
            !found.is_zero() && (found.entries().is_empty() || has_content(found))
        };
        if let Some(found) = value.get(field).filter(is_set) {
            cx.findings.forbidden(
                &path.field(field),
                found,
                "the field is of an older version",
            );
        }
    }
    event_namespace(cx, path, value, value.get("regarding"), "regarding");
}

/// Whether any entry of a map is more than its zero value.
fn has_content(map: &Value<'_>) -> bool {
    map.entries().iter().any(|entry| !entry.value.is_zero())
}

fn core_event(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    event_namespace(
        cx,
        path,
        value,
        value.get("involvedObject"),
        "involvedObject",
    );
}

/// An event lies in the namespace of what it is about.
fn event_namespace(
    cx: &mut Cx<'_>,
    path: &Path<'_>,
    event: &Value<'_>,
    about: Option<&Value<'_>>,
    field: &str,
) {
    let own = event
        .get("metadata")
        .map_or("", |metadata| metadata.text("namespace"));
    let other = about.map_or("", |about| about.text("namespace"));
    if other.is_empty() && !own.is_empty() && own != "default" {
        cx.findings.invalid(
            &path.field(field).field("namespace"),
            about.unwrap_or(event),
            format!("the event is in the namespace `{own}`, and what it is about has none"),
        );
    }
}

/// Each type of limit is there once.
fn limit_types(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("limits");
    let limits = value.list("limits");
    for (index, limit) in limits.iter().enumerate() {
        let kind = limit.text("type");
        if limits[..index]
            .iter()
            .any(|other| other.text("type") == kind)
        {
            let found = limit.get("type").unwrap_or(limit);
            cx.findings
                .duplicate(&list.index(index).field("type"), found, kind);
        }
    }
}

fn limit_range_item(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kind = value.text("type");
    if kind.is_empty() {
        cx.findings
            .required(&path.field("type"), value, "a limit says what it is for");
    } else if !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind)
        && label_key(kind).is_err()
        || !kind.is_empty()
            && !kind.contains('/')
            && !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind)
    {
        let origin = value.get("type").unwrap_or(value);
        cx.findings.invalid(
            &path.field("type"),
            origin,
            format!("`{kind}` is no standard kind of limit, and has no domain"),
        );
    }
    let of = |field: &str, key: &str| {
        value
            .get(field)
            .and_then(|found| found.get(key))
            .and_then(Quantity::of)
    };
    if kind == "Pod" {
        for field in ["default", "defaultRequest"] {
            if let Some(found) = value.get(field).filter(|found| !found.is_zero()) {
                cx.findings.forbidden(
                    &path.field(field),
                    found,
                    "a limit for pods has no defaults",
                );
            }
        }
    }
    if kind == "PersistentVolumeClaim"
        && of("min", "storage").is_none()
        && of("max", "storage").is_none()
    {
        cx.findings.required(
            &path.field("limits"),
            value,
            "a limit for claims has a minimum or a maximum of `storage`",
        );
    }
    let mut keys: Vec<&str> = Vec::new();
    for field in [
        "min",
        "max",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
    ] {
        let list = path.field(field);
        for entry in value.get(field).map_or(&[][..], Value::entries) {
            keys.push(&entry.key);
            if let Err(message) = resources::limit_name(kind, &entry.key) {
                cx.findings.add(
                    "invalid-value",
                    &list.key(&entry.key),
                    entry.origin,
                    format!("`{}` {message}", entry.key),
                );
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        // Minimum, default request, default and maximum do not fall.
        let order = ["min", "defaultRequest", "default", "max"];
        for (index, low) in order.iter().enumerate() {
            for high in &order[index + 1..] {
                let (Some(least), Some(most)) = (of(low, key), of(high, key)) else {
                    continue;
                };
                if least > most {
                    // The server names the one that a user would change.
                    let field = if *low == "min" && *high == "max" {
                        "min"
                    } else if *high == "max" {
                        low
                    } else if *low == "min" {
                        high
                    } else {
                        low
                    };
                    let list = path.field(field);
                    let origin = value
                        .get(field)
                        .and_then(|found| found.get(key))
                        .unwrap_or(value);
                    cx.findings.invalid(
                        &list.key(key),
                        origin,
                        format!("`{low}` of `{key}` is greater than its `{high}`"),
                    );
                }
            }
        }
        if let Some(ratio) = of("maxLimitRequestRatio", key) {
            let list = path.field("maxLimitRequestRatio");
            let origin = value
                .get("maxLimitRequestRatio")
                .and_then(|found| found.get(key))
                .unwrap_or(value);
            if Quantity::parse("1").is_some_and(|one| ratio < one) {
                cx.findings
                    .invalid(&list.key(key), origin, "the ratio is less than 1");
            }
        }
        let bounds = (of("max", key), of("min", key));
        if let (Some(ratio), (Some(most), Some(least))) = (of("maxLimitRequestRatio", key), bounds)
            && ratio.is_more_than(most, least)
        {
            let list = path.field("maxLimitRequestRatio");
            let origin = value
                .get("maxLimitRequestRatio")
                .and_then(|found| found.get(key))
                .unwrap_or(value);
            cx.findings.invalid(
                &list.key(key),
                origin,
                "the ratio is more than that of `max` to `min`",
            );
        }
        if !resources::may_overcommit(key) {
            let (limit, request) = (of("default", key), of("defaultRequest", key));
            if limit.is_some() && request.is_some() && limit != request {
                let list = path.field("defaultRequest");
                let origin = value.get("defaultRequest").unwrap_or(value);
                cx.findings.invalid(
                    &list.key(key),
                    origin,
                    format!(
                        "`{key}` cannot be overcommitted: default request and default must be equal"
                    ),
                );
            }
        }
    }
}

/// The scopes of quotas, and whether they are about pods that end.
const SCOPES: &[&str] = &[
    "BestEffort",
    "NotBestEffort",
    "Terminating",
    "NotTerminating",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Scopes that exclude each other.
const CONFLICTS: &[(&str, &str)] = &[
    ("BestEffort", "NotBestEffort"),
    ("Terminating", "NotTerminating"),
];

fn quota(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let hard = path.field("hard");
    for entry in value.get("hard").map_or(&[][..], Value::entries) {
        let here = hard.key(&entry.key);
        if let Err(message) = resources::quota_name(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &here,
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
        quantity_at_least(cx, &here, &entry.value, "0");
        if resources::is_whole(&entry.key)
            && Quantity::of(&entry.value).is_some_and(|found| !found.is_whole())
        {
            cx.findings
                .invalid(&here, &entry.value, "the number must be whole");
        }
    }
    let resources: Vec<&str> = value
        .get("hard")
        .map_or(&[][..], Value::entries)
        .iter()
        .map(|entry| &*entry.key)
        .collect();
    let applies = |scope: &str| {
        resources
            .iter()
            .all(|name| resources::scope_applies(scope, name))
    };
    let mut scopes: Vec<&str> = Vec::new();
    let here = path.field("scopes");
    for item in value.list("scopes") {
        let scope = item.as_text().unwrap_or_default();
        if !SCOPES.contains(&scope) {
            cx.findings
                .invalid(&here, item, format!("`{scope}` is no scope of a quota"));
        } else if !applies(scope) {
            cx.findings.invalid(
                &here,
                item,
                format!("the scope `{scope}` does not apply to all resources of the quota"),
            );
        }
        scopes.push(scope);
    }
    conflicts(cx, &here, value.get("scopes"), &scopes);
    let expressions = value
        .get("scopeSelector")
        .map_or(&[][..], |selector| selector.list("matchExpressions"));
    let here = path.field("scopeSelector.matchExpressions");
    let mut scopes: Vec<&str> = Vec::new();
    for expression in expressions {
        let scope = expression.text("scopeName");
        let at = |key: &str| expression.get(key).unwrap_or(expression);
        if !SCOPES.contains(&scope) {
            cx.findings.invalid(
                &here.field("scopeName"),
                at("scopeName"),
                format!("`{scope}` is no scope of a quota"),
            );
        } else if !applies(scope) {
            cx.findings.invalid(
                &here,
                at("scopeName"),
                format!("the scope `{scope}` does not apply to all resources of the quota"),
            );
        }
        let operator = expression.text("operator");
        let values = expression.list("values");
        if [
            "BestEffort",
            "NotBestEffort",
            "Terminating",
            "NotTerminating",
            "CrossNamespacePodAffinity",
        ]
        .contains(&scope)
            && operator != "Exists"
        {
            cx.findings.invalid(
                &here.field("operator"),
                at("operator"),
                format!("the scope `{scope}` takes only `Exists`"),
            );
        }
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                cx.findings.required(
                    &here.field("values"),
                    expression,
                    "`In` and `NotIn` need values",
                );
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                cx.findings.invalid(
                    &here.field("values"),
                    at("values"),
                    "`Exists` and `DoesNotExist` take no values",
                );
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                cx.findings.invalid(
                    &here.field("operator"),
                    at("operator"),
                    format!("`{other}` is no operator of a selector"),
                );
            }
        }
        scopes.push(scope);
    }
    conflicts(
        cx,
        &path.field("scopeSelector.matchExpressions"),
        value.get("scopeSelector"),
        &scopes,
    );
}

fn conflicts(cx: &mut Cx<'_>, path: &Path<'_>, list: Option<&Value<'_>>, scopes: &[&str]) {
    let Some(list) = list else { return };
    for (one, other) in CONFLICTS {
        if scopes.contains(one) && scopes.contains(other) {
            cx.findings.invalid(
                path,
                list,
                format!("`{one}` and `{other}` exclude each other"),
            );
        }
    }
}

fn api_service(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(spec) = value.get("spec") else {
        return;
    };
    let wanted = format!("{}.{}", spec.text("version"), spec.text("group"));
    cx.name_is(|name| {
        if name == wanted {
            return Ok(());
        }
        Err(format!("the name must be version and group: `{wanted}`"))
    });
    let path = path.field("spec");
    let at = |key: &str| spec.get(key).unwrap_or(spec);
    if !spec.has("service") {
        if !at("caBundle").is_zero() && spec.has("caBundle") {
            cx.findings.invalid(
                &path.field("caBundle"),
                at("caBundle"),
                "a local service has no `caBundle`",
            );
        }
        if spec.is_true("insecureSkipTLSVerify") {
            cx.findings.invalid(
                &path.field("insecureSkipTLSVerify"),
                at("insecureSkipTLSVerify"),
                "a local service has no `insecureSkipTLSVerify`",
            );
        }
    } else if spec.is_true("insecureSkipTLSVerify")
        && spec.get("caBundle").is_some_and(|found| !found.is_zero())
    {
        cx.findings.invalid(
            &path.field("insecureSkipTLSVerify"),
            at("insecureSkipTLSVerify"),
            "`insecureSkipTLSVerify` and `caBundle` exclude each other",
        );
    }
    for field in ["groupPriorityMinimum", "versionPriority"] {
        if spec.int(field).is_none() {
            cx.findings.invalid(
                &path.field(field),
                spec,
                format!("`{field}` must be positive"),
            );
        }
    }
}

/// The greatest value of a priority class that is not the system's own.
const HIGHEST_PRIORITY: i64 = 1_000_000_000;

fn priority_class(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let name = value.at(&["metadata", "name"]);
    let text = name.and_then(Value::as_text).unwrap_or_default();
    if text.starts_with("system-") {
        if !["system-node-critical", "system-cluster-critical"].contains(&text) {
            cx.findings.forbidden(
                &path.field("metadata.name"),
                name.unwrap_or(value),
                "names that begin with `system-` are the system's own",
            );
        }
    } else if value
        .int("value")
        .is_some_and(|number| number > HIGHEST_PRIORITY)
    {
        let found = value.get("value").unwrap_or(value);
        cx.findings.forbidden(
            &path.field("value"),
            found,
            format!("{HIGHEST_PRIORITY} is the most that is not the system's own"),
        );
    }
}

fn disruption_budget(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.has("minAvailable") && value.has("maxUnavailable") {
        cx.findings.invalid(
            path,
            value,
            "`minAvailable` and `maxUnavailable` exclude each other",
        );
    }
    for field in ["minAvailable", "maxUnavailable"] {
        if let Some(found) = value.get(field) {
            super::apps::int_or_percent(cx, &path.field(field), found);
            super::apps::at_most_100_percent(cx, &path.field(field), found);
        }
    }
}

fn namespace_spec(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    for item in value.list("finalizers") {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = label_key(text) {
            cx.findings.invalid(
                &path.field("finalizers"),
                item,
                format!("`{text}` {message}"),
            );
        } else if !text.contains('/') && text != "kubernetes" {
            cx.findings.invalid(
                &path.field("finalizers"),
                item,
                format!("`{text}` has no domain"),
            );
        }
    }
}
