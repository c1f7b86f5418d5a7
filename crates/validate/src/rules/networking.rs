//! Ingresses, network policies, and the addresses of services.

use std::collections::HashSet;

use super::Check::{Is, Required, Word};
use super::{Cx, PROTOCOLS, TypeRules};
use crate::names::{dns_label, dns_subdomain, path_segment, port_name, wildcard_subdomain};
use crate::net;
use crate::path::Path;
use crate::value::{Data, Value};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "networking.v1.IngressSpec",
        fields: &[("ingressClassName", &[super::Given(dns_subdomain)])],
        whole: &[ingress],
    },
    TypeRules {
        of: "networking.v1.IngressRule",
        fields: &[],
        whole: &[rule],
    },
    TypeRules {
        of: "networking.v1.HTTPIngressRuleValue",
        fields: &[("paths", &[Required])],
        whole: &[],
    },
    TypeRules {
        of: "networking.v1.HTTPIngressPath",
        fields: &[("backend", &[]), ("pathType", &[])],
        whole: &[ingress_path],
    },
    TypeRules {
        of: "networking.v1.IngressBackend",
        fields: &[],
        whole: &[backend],
    },
    TypeRules {
        of: "networking.v1.IngressServiceBackend",
        fields: &[("name", &[Required, Is(service_name)]), ("port", &[])],
        whole: &[],
    },
    TypeRules {
        of: "networking.v1.IngressTLS",
        fields: &[],
        whole: &[tls],
    },
    TypeRules {
        of: "networking.v1.IngressClassSpec",
        fields: &[(
            "controller",
            &[Required, super::MaxLength(250), Is(controller)],
        )],
        whole: &[class],
    },
    TypeRules {
        of: "networking.v1.NetworkPolicySpec",
        fields: &[("podSelector", &[]), ("policyTypes", &[])],
        whole: &[policy],
    },
    TypeRules {
        of: "networking.v1.NetworkPolicyPort",
        fields: &[("protocol", &[Word(PROTOCOLS)])],
        whole: &[policy_port],
    },
    TypeRules {
        of: "networking.v1.NetworkPolicyPeer",
        fields: &[],
        whole: &[peer],
    },
    TypeRules {
        of: "networking.v1.IPBlock",
        fields: &[("cidr", &[Required, Is(net::cidr)])],
        whole: &[block],
    },
    TypeRules {
        of: "networking.v1.ServiceCIDRSpec",
        fields: &[("cidrs", &[Required])],
        whole: &[service_cidr],
    },
    TypeRules {
        of: "networking.v1.IPAddressSpec",
        fields: &[("parentRef", &[super::Present])],
        whole: &[],
    },
    TypeRules {
        of: "networking.v1.ParentReference",
        fields: &[
            ("resource", &[Required, Is(path_segment)]),
            ("name", &[Required, Is(path_segment)]),
            ("group", &[Is(dns_subdomain)]),
            ("namespace", &[Is(path_segment)]),
        ],
        whole: &[],
    },
];

fn service_name(text: &str) -> crate::names::Verdict {
    dns_label(text)
}

fn controller(text: &str) -> crate::names::Verdict {
    crate::names::domain_prefixed_path(text)
}

fn ingress(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if value.list("rules").is_empty() && !value.has("defaultBackend") {
        cx.findings
            .invalid(path, value, "`defaultBackend` or `rules` is required");
    }
}

fn host(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let text = value.as_text().unwrap_or_default();
    if text.is_empty() {
        return;
    }
    if net::is_ip(text) {
        cx.findings
            .invalid(path, value, format!("`{text}` is an address, and no name"));
        return;
    }
    let verdict = if text.contains('*') {
        wildcard_subdomain(text)
    } else {
        dns_subdomain(text)
    };
    if let Err(message) = verdict {
        cx.findings
            .invalid(path, value, format!("`{text}` {message}"));
    }
}

fn rule(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(found) = value.get("host") {
        host(cx, &path.field("host"), found);
    }
}

/// What a path that is compared literally must not hold.
const NOT_IN_PATHS: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];

fn ingress_path(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let types = &["Exact", "ImplementationSpecific", "Prefix"];
    let here = path.field("pathType");
    match value.text("pathType") {
        "" if value.has("pathType") => {
            cx.findings
                .not_supported(&here, value.get("pathType").unwrap_or(value), types);
        }
        "" => cx
            .findings
            .required(&here, value, "the type of the path is required"),
        other if !types.contains(&other) => {
            cx.findings
                .not_supported(&here, value.get("pathType").unwrap_or(value), types);
        }
        _ => {}
    }
    let kind = value.text("pathType");
    let here = path.field("path");
    let text = value.text("path");
    let origin = value.get("path").unwrap_or(value);
    let literal = kind == "Exact" || kind == "Prefix";
    let judged = literal || !text.is_empty() && kind == "ImplementationSpecific";
    if judged && !text.starts_with('/') {
        cx.findings
            .invalid(&here, origin, "must be an absolute path");
    }
    if literal {
        for part in NOT_IN_PATHS {
            if text.contains(part) {
                cx.findings
                    .invalid(&here, origin, format!("must not contain `{part}`"));
            }
        }
        for part in ["/..", "/."] {
            if text.ends_with(part) {
                cx.findings
                    .invalid(&here, origin, format!("must not end with `{part}`"));
            }
        }
    }
}

fn backend(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (service, resource) = (value.get("service"), value.get("resource"));
    match (service, resource) {
        (Some(_), Some(_)) => {
            cx.findings
                .invalid(path, value, "`resource` and `service` exclude each other")
        }
        (None, None) => cx
            .findings
            .invalid(path, value, "`resource` or `service` is required"),
        (None, Some(resource)) => {
            let here = path.field("resource");
            let group = resource.text("apiGroup");
            for field in ["kind", "name"] {
                cx.check(
                    &[Required, Is(path_segment)],
                    &here.field(field),
                    resource.get(field),
                    resource,
                );
            }
            if resource.has("apiGroup")
                && let Err(message) = dns_subdomain(group)
            {
                let found = resource.get("apiGroup").unwrap_or(resource);
                cx.findings.invalid(
                    &here.field("apiGroup"),
                    found,
                    format!("`{group}` {message}"),
                );
            }
        }
        (Some(service), None) => {
            let port = service.get("port");
            let (name, number) = (
                port.map_or("", |port| port.text("name")),
                port.and_then(|port| port.int("number")).unwrap_or(0),
            );
            let here = path.field("service.port");
            if !name.is_empty() && number != 0 {
                cx.findings.invalid(
                    path,
                    value,
                    "the port's `name` and `number` exclude each other",
                );
            } else if !name.is_empty() {
                if let Err(message) = port_name(name) {
                    let found = port.and_then(|port| port.get("name")).unwrap_or(service);
                    cx.findings
                        .invalid(&here.field("name"), found, format!("`{name}` {message}"));
                }
            } else if number != 0 {
                if !(1..=65_535).contains(&number) {
                    let found = port.and_then(|port| port.get("number")).unwrap_or(service);
                    cx.findings.invalid(
                        &here.field("number"),
                        found,
                        format!("{number} is no port"),
                    );
                }
            } else {
                cx.findings.required(
                    path,
                    port.unwrap_or(service),
                    "the port's `name` or `number` is required",
                );
            }
        }
    }
}

fn tls(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("hosts");
    for (index, item) in value.list("hosts").iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        let verdict = if text.contains('*') {
            wildcard_subdomain(text)
        } else {
            dns_subdomain(text)
        };
        if let Err(message) = verdict {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        }
    }
    cx.check(
        &[Is(dns_subdomain)],
        &path.field("secretName"),
        value.get("secretName"),
        value,
    );
}

fn class(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let Some(found) = value.get("parameters") else {
        return;
    };
    let path = path.field("parameters");
    let at = |key: &str| found.get(key).unwrap_or(found);
    for field in ["kind", "name"] {
        cx.check(
            &[Required, Is(path_segment)],
            &path.field(field),
            found.get(field),
            found,
        );
    }
    let group = found.text("apiGroup");
    if found.has("apiGroup")
        && let Err(message) = dns_subdomain(group)
    {
        cx.findings.invalid(
            &path.field("apiGroup"),
            at("apiGroup"),
            format!("`{group}` {message}"),
        );
    }
    match found.text("scope") {
        "Namespace" => {
            let namespace = found.text("namespace");
            if namespace.is_empty() {
                cx.findings.required(
                    &path.field("namespace"),
                    found,
                    "the scope `Namespace` needs a namespace",
                );
            } else if let Err(message) = dns_label(namespace) {
                cx.findings.invalid(
                    &path.field("namespace"),
                    at("namespace"),
                    format!("`{namespace}` {message}"),
                );
            }
        }
        "Cluster" | "" => {
            if let Some(namespace) = found.get("namespace") {
                cx.findings.forbidden(
                    &path.field("namespace"),
                    namespace,
                    "the scope `Cluster` has no namespace",
                );
            }
            if found.has("scope") && found.text("scope").is_empty() {
                cx.findings.not_supported(
                    &path.field("scope"),
                    at("scope"),
                    &["Cluster", "Namespace"],
                );
            }
        }
        _ => {
            cx.findings
                .not_supported(&path.field("scope"), at("scope"), &["Cluster", "Namespace"])
        }
    }
}

fn policy(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let types = value.list("policyTypes");
    let list = path.field("policyTypes");
    if types.len() > 2 {
        cx.findings.invalid(&list, &types[2], "there are two types");
        return;
    }
    for (index, item) in types.iter().enumerate() {
        if !["Egress", "Ingress"].contains(&item.as_text().unwrap_or_default()) {
            cx.findings
                .not_supported(&list.index(index), item, &["Egress", "Ingress"]);
        }
    }
}

fn policy_port(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (port, end) = (value.get("port"), value.get("endPort"));
    let here = path.field("endPort");
    match port.map(|port| &port.data) {
        Some(Data::Int(first)) => {
            super::probes::port_or_name(cx, &path.field("port"), port, value);
            if let Some(end) = end {
                let last = end.as_int().unwrap_or(0);
                if last < *first {
                    cx.findings
                        .invalid(&here, end, "it must not be less than `port`");
                }
                if !(1..=65_535).contains(&last) {
                    cx.findings
                        .invalid(&here, end, format!("{last} is no port"));
                }
            }
        }
        Some(_) => {
            if let Some(end) = end {
                cx.findings
                    .invalid(&here, end, "a port by name has no `endPort`");
            }
            super::probes::port_or_name(cx, &path.field("port"), port, value);
        }
        None => {
            if let Some(end) = end {
                cx.findings
                    .invalid(&here, end, "without a `port` there is no `endPort`");
            }
        }
    }
}

fn peer(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let fields = ["podSelector", "namespaceSelector", "ipBlock"];
    let count = fields.into_iter().filter(|field| value.has(field)).count();
    if count == 0 {
        cx.findings
            .required(path, value, "a peer has a selector or an `ipBlock`");
    } else if value.has("ipBlock") && count > 1 {
        cx.findings
            .forbidden(path, value, "an `ipBlock` stands alone");
    }
}

fn block(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let outer = value.text("cidr");
    let list = path.field("except");
    for (index, item) in value.list("except").iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        let here = list.index(index);
        if let Err(message) = net::cidr(text) {
            cx.findings
                .invalid(&here, item, format!("`{text}` {message}"));
        } else if net::cidr(outer).is_ok() && !net::is_strictly_within(text, outer) {
            cx.findings
                .invalid(&here, item, format!("`{text}` is no part of `{outer}`"));
        }
    }
}

fn service_cidr(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("cidrs");
    let found = value.list("cidrs");
    let mut families = HashSet::new();
    for (index, item) in found.iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = net::cidr(text).and_then(|()| net::canonical_cidr(text)) {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        }
        if net::family(text).is_some() && !families.insert(net::family(text)) {
            cx.findings
                .invalid(&list, item, "there is one network for each family");
        }
    }
    if found.len() > 2 {
        cx.findings
            .invalid(&list, &found[2], "there are at most two networks");
    }
}
