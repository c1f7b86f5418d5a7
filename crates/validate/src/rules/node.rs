//! Nodes and runtime classes.

use std::collections::HashSet;

use super::Check::{OneOf, Required};
use super::{AlwaysIs, Cx, Labels, TypeRules, resources};
use crate::names::{dns_label, label_key, label_value};
use crate::path::Path;
use crate::value::{Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "core.v1.NodeSpec",
        fields: &[],
        whole: &[node],
    },
    TypeRules {
        of: "core.v1.Taint",
        fields: &[
            ("key", &[AlwaysIs(label_key)]),
            ("value", &[super::Is(label_value)]),
            (
                "effect",
                &[
                    Required,
                    OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
                ],
            ),
        ],
        whole: &[],
    },
    TypeRules {
        of: "node.v1.RuntimeClass",
        fields: &[("handler", &[Required, super::Is(dns_label)])],
        whole: &[],
    },
    TypeRules {
        of: "node.v1.Overhead",
        fields: &[],
        whole: &[overhead],
    },
    TypeRules {
        of: "node.v1.Scheduling",
        fields: &[("nodeSelector", &[Labels])],
        whole: &[scheduling],
    },
];

fn node(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("podCIDRs");
    let mut families = HashSet::new();
    // The older field counts where the two disagree.
    let first = value.get("podCIDR").filter(|found| !found.is_zero());
    let many = value.list("podCIDRs");
    let agree =
        first.is_none_or(|first| many.first().is_some_and(|other| other.data == first.data));
    let networks: Vec<&Value<'_>> = if agree {
        many.iter().collect()
    } else {
        first.into_iter().collect()
    };
    for (index, item) in networks.into_iter().enumerate() {
        let text = item.as_text().unwrap_or_default();
        if let Err(message) = crate::net::cidr(text) {
            cx.findings
                .invalid(&list.index(index), item, format!("`{text}` {message}"));
        } else if !families.insert(crate::net::family(text)) {
            cx.findings
                .invalid(&list, item, "there is one network for each family");
        }
    }
    let list = path.field("taints");
    let mut seen = HashSet::new();
    for (index, taint) in value.list("taints").iter().enumerate() {
        if !seen.insert((taint.text("key"), taint.text("effect"))) {
            cx.findings
                .duplicate(&list.index(index), taint, taint.text("key"));
        }
    }
}

fn overhead(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(overhead) = value.get("podFixed") {
        // The server reads it as limits.
        resources::amounts(cx, &path.field("limits"), overhead);
    }
}

fn scheduling(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("tolerations");
    let tolerations = value.list("tolerations");
    let repeats = repeats(tolerations.iter().map(|item| {
        let texts = ["key", "operator", "value", "effect"].map(|key| item.text(key));
        (texts, item.int("tolerationSeconds"))
    }));
    for (index, item) in tolerations.iter().enumerate() {
        if repeats[index] {
            cx.findings
                .duplicate(&list.index(index), item, item.text("key"));
        }
    }
}
