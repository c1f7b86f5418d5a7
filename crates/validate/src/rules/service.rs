//! Services.

use std::collections::HashSet;

use super::Check::{Is, OneOf, Required, Word};
use super::{Cx, Labels, PORT, PROTOCOLS, TypeRules};
use crate::names::{dns_label, dns_subdomain, label_key};
use crate::net;
use crate::path::Path;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.ServiceSpec",
        fields: &[
            (
                "type",
                &[OneOf(&[
                    "ClusterIP",
                    "ExternalName",
                    "LoadBalancer",
                    "NodePort",
                ])],
            ),
            ("selector", &[Labels]),
            ("sessionAffinity", &[OneOf(&["ClientIP", "None"])]),
            ("internalTrafficPolicy", &[Word(&["Cluster", "Local"])]),
            ("loadBalancerClass", &[Is(label_key)]),
            ("clusterIP", &[]),
            ("ports", &[]),
            (
                "trafficDistribution",
                &[Word(&["PreferClose", "PreferSameZone", "PreferSameNode"])],
            ),
        ],
        whole: &[spec],
    },
    TypeRules {
        of: "core.v1.ServicePort",
        fields: &[
            ("name", &[Is(dns_label)]),
            ("port", &[Required, PORT]),
            ("protocol", &[OneOf(PROTOCOLS)]),
            ("appProtocol", &[Is(label_key)]),
        ],
        whole: &[target_port],
    },
    TypeRules {
        of: "core.v1.ClientIPConfig",
        fields: &[("timeoutSeconds", &[super::Range(1, 86_400)])],
        whole: &[],
    },
];

/// The ports of nodes that services may use.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

fn target_port(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(found) = value.get("targetPort").filter(|found| !found.is_zero()) {
        super::probes::port_or_name(cx, &path.field("targetPort"), Some(found), value);
    }
    if value.has("appProtocol") && value.text("appProtocol").is_empty() {
        let found = value.get("appProtocol").unwrap_or(value);
        cx.findings.invalid(
            &path.field("appProtocol"),
            found,
            "the field must not be empty",
        );
    }
}

fn spec(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let kind = match value.text("type") {
        "" => "ClusterIP",
        other => other,
    };
    let headless = value.text("clusterIP") == "None"
        || value.list("clusterIPs").first().and_then(Value::as_text) == Some("None");
    let at = |key: &str| value.get(key).unwrap_or(value);
    ports(cx, path, value, kind, headless);
    cluster_ips(cx, path, value, kind);
    families(cx, path, value, kind, headless);
    if kind == "ExternalName" {
        let name = value
            .text("externalName")
            .strip_suffix('.')
            .unwrap_or(value.text("externalName"));
        let here = path.field("externalName");
        if name.is_empty() {
            cx.findings.required(
                &here,
                at("externalName"),
                "the type `ExternalName` needs a name",
            );
        } else if let Err(message) = dns_subdomain(name) {
            cx.findings
                .invalid(&here, at("externalName"), format!("`{name}` {message}"));
        }
        if headless || !value.text("clusterIP").is_empty() {
            cx.findings.forbidden(
                &path.field("clusterIPs"),
                at("clusterIP"),
                "the type `ExternalName` has no address",
            );
        }
    }
    if kind == "LoadBalancer" && headless {
        cx.findings.invalid(
            &path.field("clusterIPs").index(0),
            at("clusterIP"),
            "`None` is no address of a `LoadBalancer`",
        );
    }
    if kind == "NodePort" && headless {
        cx.findings.invalid(
            &path.field("clusterIPs").index(0),
            at("clusterIP"),
            "`None` is no address of a `NodePort`",
        );
    }
    let list = path.field("externalIPs");
    for (index, item) in value.list("externalIPs").iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        let verdict = net::ip(text).and_then(|()| net::endpoint_ip(text));
        if let Err(message) = verdict {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        }
    }
    load_balancer(cx, path, value, kind);
    traffic(cx, path, value, kind);
}

fn ports(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str, headless: bool) {
    let list = path.field("ports");
    let found = value.list("ports");
    if found.is_empty() && !headless && kind != "ExternalName" {
        cx.findings
            .required(&list, value, "a service with an address has ports");
    }
    let (mut names, mut nodes) = (HashSet::new(), HashSet::new());
    for (index, port) in found.iter().enumerate() {
        let here = list.index(index);
        let name = port.text("name");
        let at = |key: &str| port.get(key).unwrap_or(port);
        if name.is_empty() && found.len() > 1 {
            cx.findings
                .required(&here.field("name"), port, "one of several ports has a name");
        } else if !name.is_empty() && !names.insert(name) {
            cx.findings.duplicate(&here.field("name"), at("name"), name);
        }
        let protocol = match port.text("protocol") {
            "" => "TCP",
            other => other,
        };
        let Some(node) = port.get("nodePort").filter(|found| !found.is_zero()) else {
            continue;
        };
        let number = node.as_int().unwrap_or(0);
        let here = here.field("nodePort");
        if !["NodePort", "LoadBalancer"].contains(&kind) {
            cx.findings.forbidden(
                &here,
                node,
                format!("the type `{kind}` has no ports of nodes"),
            );
        } else if !NODE_PORTS.contains(&number) {
            cx.findings.invalid(
                &here,
                node,
                format!("{number} is not between 30000 and 32767"),
            );
        } else if !nodes.insert((protocol, number)) {
            cx.findings.duplicate(&here, node, &number.to_string());
        }
    }
}

fn cluster_ips(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str) {
    let list = path.field("clusterIPs");
    let found = value.list("clusterIPs");
    let own = value.text("clusterIP");
    if kind == "ExternalName" {
        if !found.is_empty() && own.is_empty() {
            cx.findings.forbidden(
                &list,
                value.get("clusterIPs").unwrap_or(value),
                "the type `ExternalName` has no address",
            );
        }
        return;
    }
    if !found.is_empty() && found[0].as_text() != Some(own) {
        let message = if own.is_empty() {
            "`clusterIP` must be set, too"
        } else {
            "the first one must equal `clusterIP`"
        };
        cx.findings.invalid(&list, &found[0], message);
    }
    if found.len() > 2 {
        cx.findings.invalid(
            &list,
            &found[2],
            "a service has at most two addresses, one of each family",
        );
    }
    let single = [own];
    let texts: Vec<&str> = if found.is_empty() {
        single
            .iter()
            .copied()
            .filter(|text| !text.is_empty())
            .collect()
    } else {
        found.iter().filter_map(Value::as_text).collect()
    };
    for (index, text) in texts.iter().enumerate() {
        let origin = found
            .get(index)
            .or_else(|| value.get("clusterIP"))
            .unwrap_or(value);
        let here = list.index(index);
        if *text == "None" {
            if texts.len() > 1 {
                cx.findings.invalid(&list, origin, "`None` stands alone");
            }
        } else if let Err(message) = net::ip(text) {
            cx.findings
                .invalid(&here, origin, format!("`{text}` {message}"));
        }
    }
    if let [first, second] = texts.as_slice()
        && net::family(first).is_some()
        && net::family(first) == net::family(second)
    {
        cx.findings
            .invalid(&list, &found[1], "the two addresses are of one family");
    }
}

fn families(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str, headless: bool) {
    let list = path.field("ipFamilies");
    let found = value.list("ipFamilies");
    let policies = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    if kind == "ExternalName" {
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if let Some(found) = value.get(field).filter(|found| !found.is_zero()) {
                cx.findings.forbidden(
                    &path.field(field),
                    found,
                    "the type `ExternalName` has no address",
                );
            }
        }
        return;
    }
    cx.check(
        &[Word(policies)],
        &path.field("ipFamilyPolicy"),
        value.get("ipFamilyPolicy"),
        value,
    );
    if found.len() > 2 {
        cx.findings
            .invalid(&list, &found[2], "there are two families");
    }
    let many = found.len() > 1 || value.list("clusterIPs").len() > 1;
    if many && !["PreferDualStack", "RequireDualStack"].contains(&value.text("ipFamilyPolicy")) {
        cx.findings.invalid(
            &path.field("ipFamilyPolicy"),
            value
                .get("ipFamilyPolicy")
                .or_else(|| value.get("ipFamilies"))
                .unwrap_or(value),
            "two families need `PreferDualStack` or `RequireDualStack`",
        );
    }
    for (index, item) in found.iter().enumerate() {
        let here = list.index(index);
        let text = item.as_text().unwrap_or_default();
        if !["IPv4", "IPv6"].contains(&text) {
            // A headless service without a selector may name any family.
            if !headless || value.has("selector") || !text.is_empty() {
                cx.findings.not_supported(&here, item, &["IPv4", "IPv6"]);
            }
        }
        if found[..index]
            .iter()
            .any(|other| other.as_text() == Some(text))
        {
            cx.findings.duplicate(&here, item, text);
        }
        let address = value
            .list("clusterIPs")
            .get(index)
            .and_then(Value::as_text)
            .or_else(|| {
                (index == 0 && !value.text("clusterIP").is_empty()).then(|| value.text("clusterIP"))
            });
        if let Some(family) = address.filter(|text| *text != "None").and_then(net::family)
            && family != text
            && ["IPv4", "IPv6"].contains(&text)
        {
            cx.findings.invalid(
                &path.field("clusterIPs").index(index),
                item,
                format!("the address is no {text} address, as `ipFamilies` says"),
            );
        }
    }
}

fn load_balancer(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str) {
    let ranges = path.field("loadBalancerSourceRanges");
    let at = |key: &str| value.get(key).unwrap_or(value);
    let found = value.list("loadBalancerSourceRanges");
    if kind != "LoadBalancer" {
        if !found.is_empty() {
            cx.findings.forbidden(
                &ranges,
                at("loadBalancerSourceRanges"),
                "only the type `LoadBalancer` has it",
            );
        }
        for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if value.has(field) {
                cx.findings.forbidden(
                    &path.field(field),
                    at(field),
                    "only the type `LoadBalancer` has it",
                );
            }
        }
        return;
    }
    for (index, item) in found.iter().enumerate() {
        let text = item.as_text().unwrap_or_default().trim();
        if let Err(message) = net::cidr(text) {
            cx.findings
                .invalid(&ranges.index(index), item, format!("`{text}` {message}"));
        }
    }
    if value.has("loadBalancerClass") && value.text("loadBalancerClass").is_empty() {
        cx.findings.invalid(
            &path.field("loadBalancerClass"),
            at("loadBalancerClass"),
            "the field must not be empty",
        );
    }
}

fn traffic(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>, kind: &str) {
    let at = |key: &str| value.get(key).unwrap_or(value);
    let policy = value.text("externalTrafficPolicy");
    let external = ["NodePort", "LoadBalancer"].contains(&kind)
        || kind == "ClusterIP" && !value.list("externalIPs").is_empty();
    let here = path.field("externalTrafficPolicy");
    if !policy.is_empty() {
        if !external {
            cx.findings.invalid(
                &here,
                at("externalTrafficPolicy"),
                "only services that are reached from outside have it",
            );
        } else if !["Cluster", "Local"].contains(&policy) {
            cx.findings
                .not_supported(&here, at("externalTrafficPolicy"), &["Cluster", "Local"]);
        }
    }
    let port = value.int("healthCheckNodePort").unwrap_or(0);
    let here = path.field("healthCheckNodePort");
    if !(0..=65_535).contains(&port) {
        cx.findings.invalid(
            &here,
            at("healthCheckNodePort"),
            format!("{port} is no port"),
        );
    } else if port > 0 && !(kind == "LoadBalancer" && policy == "Local") {
        cx.findings.invalid(
            &here,
            at("healthCheckNodePort"),
            "it needs the type `LoadBalancer` and `externalTrafficPolicy: Local`",
        );
    }
}
