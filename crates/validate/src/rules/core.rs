//! Namespaces, endpoints, events, leases, API services, priority classes and disruption budgets.

use super::Check::{Is, OneOf, Range, Required, Word};
use super::{Cx, PORT, PROTOCOLS, TypeRules};
use crate::names::{dns_label, dns_subdomain, label_key};
use crate::path::Path;
use crate::value::{Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
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
            let repeats = repeats(found.iter().map(|item| item.text("name")));
            for (number, item) in found.iter().enumerate() {
                let name = item.text("name");
                if repeats[number] {
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
    let repeats = repeats(&names);
    for (index, port) in value.list("ports").iter().enumerate() {
        if repeats[index] {
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
    event_namespace(cx, path, value, value.get("regarding"));
}

/// Whether any entry of a map is more than its zero value.
fn has_content(map: &Value<'_>) -> bool {
    map.entries().iter().any(|entry| !entry.value.is_zero())
}

fn core_event(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    event_namespace(cx, path, value, value.get("involvedObject"));
}

/// An event lies in the namespace of what it is about, which the server reports by its name in `v1`.
fn event_namespace(cx: &mut Cx<'_>, path: &Path<'_>, event: &Value<'_>, about: Option<&Value<'_>>) {
    let own = event
        .get("metadata")
        .map_or("", |metadata| metadata.text("namespace"));
    let other = about.map_or("", |about| about.text("namespace"));
    if other.is_empty() && !own.is_empty() && own != "default" {
        cx.findings.invalid(
            &path.field("involvedObject").field("namespace"),
            about.unwrap_or(event),
            format!("the event is in the namespace `{own}`, and what it is about has none"),
        );
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
