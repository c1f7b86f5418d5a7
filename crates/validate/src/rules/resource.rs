//! Dynamic resource allocation: device classes, claims and slices.

use super::Check::{Given, Is, OneOf, Required};
use super::{Cx, TypeRules};
use crate::names::{
    Verdict, dns_label, dns_subdomain, dns_subdomain_any_case, label_key, label_value,
};
use crate::path::Path;
use crate::value::{Value, repeats};

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "resource.v1.DeviceClassSpec",
        fields: &[
            ("selectors", &[super::MaxItems(32)]),
            ("config", &[super::MaxItems(32)]),
            ("extendedResourceName", &[Given(extended_resource)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.ResourceClaimTemplateSpec",
        fields: &[],
        whole: &[template_metadata],
    },
    TypeRules {
        of: "resource.v1.DeviceSelector",
        fields: &[("cel", &[super::Present])],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.CELDeviceSelector",
        fields: &[("expression", &[super::MaxLength(10 << 10)])],
        whole: &[super::expressions::device],
    },
    TypeRules {
        of: "resource.v1.DeviceClassConfiguration",
        fields: &[("opaque", &[super::Present])],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.DeviceClaimConfiguration",
        fields: &[
            ("opaque", &[super::Present]),
            ("requests", &[super::MaxItems(32)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.OpaqueDeviceConfiguration",
        fields: &[
            (
                "driver",
                &[Required, super::MaxLength(63), Is(dns_subdomain_any_case)],
            ),
            ("parameters", &[super::Present]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.DeviceClaim",
        fields: &[
            ("requests", &[super::MaxItems(32)]),
            ("constraints", &[super::MaxItems(32)]),
            ("config", &[super::MaxItems(32)]),
        ],
        whole: &[claim],
    },
    TypeRules {
        of: "resource.v1.DeviceRequest",
        fields: &[
            ("name", &[Required, Is(dns_label)]),
            ("firstAvailable", &[super::MaxItems(8)]),
        ],
        whole: &[request],
    },
    TypeRules {
        of: "resource.v1.ExactDeviceRequest",
        fields: &[
            ("deviceClassName", &[Required, Is(dns_subdomain)]),
            ("selectors", &[super::MaxItems(32)]),
        ],
        whole: &[allocation],
    },
    TypeRules {
        of: "resource.v1.DeviceSubRequest",
        fields: &[
            ("name", &[Required, Is(dns_label)]),
            ("deviceClassName", &[Required, Is(dns_subdomain)]),
            ("selectors", &[super::MaxItems(32)]),
        ],
        whole: &[allocation],
    },
    TypeRules {
        of: "resource.v1.DeviceToleration",
        fields: &[
            ("key", &[Is(label_key)]),
            ("operator", &[OneOf(&["Equal", "Exists"])]),
            ("effect", &[OneOf(&["NoExecute", "NoSchedule", "None"])]),
        ],
        whole: &[toleration],
    },
    TypeRules {
        of: "resource.v1.DeviceConstraint",
        fields: &[
            ("matchAttribute", &[Given(qualified_name)]),
            ("distinctAttribute", &[Given(qualified_name)]),
            ("requests", &[super::MaxItems(32)]),
        ],
        whole: &[constraint],
    },
    TypeRules {
        of: "resource.v1.ResourceSliceSpec",
        fields: &[
            (
                "driver",
                &[Required, super::MaxLength(63), Is(dns_subdomain_any_case)],
            ),
            ("pool", &[]),
            ("nodeName", &[Is(dns_subdomain)]),
            ("devices", &[super::MaxItems(128)]),
        ],
        whole: &[slice],
    },
    TypeRules {
        of: "resource.v1.ResourcePool",
        fields: &[
            ("name", &[Required, super::MaxLength(253), Is(pool)]),
            ("resourceSliceCount", &[Required, super::Min(1)]),
            ("generation", &[super::Min(0)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.Device",
        fields: &[
            ("name", &[Required, Is(dns_label)]),
            ("nodeName", &[Is(dns_subdomain)]),
            ("taints", &[super::MaxItems(16)]),
            ("consumesCounters", &[super::MaxItems(2)]),
        ],
        whole: &[device, bindings],
    },
    TypeRules {
        of: "resource.v1.DeviceTaint",
        fields: &[
            ("key", &[Required, Is(label_key)]),
            (
                "effect",
                &[Required, OneOf(&["NoExecute", "NoSchedule", "None"])],
            ),
            ("value", &[Is(label_value)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.DeviceCounterConsumption",
        fields: &[
            ("counterSet", &[Required, Is(dns_label)]),
            ("counters", &[Required, super::KeysAre(dns_label)]),
        ],
        whole: &[],
    },
    TypeRules {
        of: "resource.v1.CounterSet",
        fields: &[
            ("name", &[Required, Is(dns_label)]),
            ("counters", &[Required, super::KeysAre(dns_label)]),
        ],
        whole: &[],
    },
];

/// A name with an optional domain before `/`; the name is an identifier of C.
fn qualified_name(text: &str) -> Verdict {
    let (domain, name) = text
        .split_once('/')
        .ok_or("must have a domain, such as `example.org/name`")?;
    if domain.len() > 63 {
        return Err("has a domain of more than 63 characters".to_owned());
    }
    dns_subdomain(domain)?;
    identifier(name)
}

/// A name whose domain may be left out.
fn attribute_name(text: &str) -> Verdict {
    if text.contains('/') {
        qualified_name(text)
    } else {
        identifier(text)
    }
}

fn identifier(text: &str) -> Verdict {
    let first = text
        .bytes()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == b'_');
    if first && text.len() <= 32 && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
        Ok(())
    } else {
        Err("is no identifier of at most 32 letters, digits and `_`".to_owned())
    }
}

/// A resource in a domain of its own.
fn extended_resource(text: &str) -> Verdict {
    label_key(text)?;
    match text.split_once('/') {
        None => Err("needs a domain, such as `example.org/gpu`".to_owned()),
        Some((domain, _)) if domain.ends_with("kubernetes.io") => {
            Err("is in Kubernetes' own domain".to_owned())
        }
        Some(_) if text.starts_with("requests.") => {
            Err("must not begin with `requests.`".to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn pool(text: &str) -> Verdict {
    text.split('/').try_for_each(dns_subdomain)
}

fn template_metadata(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if let Some(metadata) = value.get("metadata") {
        crate::meta::template(&path.field("metadata"), metadata, cx.findings);
    }
}

fn request(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let (exact, first) = (
        value.has("exactly"),
        !value.list("firstAvailable").is_empty(),
    );
    let list = path.field("firstAvailable");
    let subs = value.list("firstAvailable");
    for (index, sub) in subs.iter().enumerate() {
        let name = sub.text("name");
        if !name.is_empty() && subs[..index].iter().any(|other| other.text("name") == name) {
            cx.findings.duplicate(&list.index(index), sub, name);
        }
    }
    if exact && first {
        cx.findings.invalid(
            path,
            value,
            "`exactly` and `firstAvailable` exclude each other",
        );
    } else if !exact && !first {
        cx.findings
            .required(path, value, "`exactly` or `firstAvailable` is required");
    }
}

fn allocation(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let mode = value.text("allocationMode");
    let count = value.int("count").unwrap_or(0);
    let here = path.field("count");
    let origin = value.get("count").unwrap_or(value);
    match mode {
        "All" => {
            if count != 0 {
                cx.findings
                    .invalid(&here, origin, "the mode `All` has no `count`");
            }
        }
        "" | "ExactCount" => {
            if count < 0 {
                cx.findings
                    .invalid(&here, origin, "the number must be greater than 0");
            }
        }
        _ => {
            let found = value.get("allocationMode").unwrap_or(value);
            cx.findings
                .not_supported(&path.field("allocationMode"), found, &["All", "ExactCount"]);
        }
    }
}

fn toleration(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("value");
    let found = value.get("value");
    if value.text("operator") == "Exists" {
        if let Some(found) = found.filter(|found| !found.is_zero()) {
            cx.findings
                .invalid(&here, found, "the operator `Exists` has no value");
        }
    } else {
        cx.check(&[Is(label_value)], &here, found, value);
    }
}

fn constraint(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    if !value.has("matchAttribute") && !value.has("distinctAttribute") {
        cx.findings.required(
            path,
            value,
            "`matchAttribute` or `distinctAttribute` is required",
        );
    }
}

/// Names of requests in a claim must be requests of the claim.
fn claim(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let requests = value.list("requests");
    let is_known = |name: &str| match name.split_once('/') {
        None => requests.iter().any(|request| request.text("name") == name),
        Some((name, sub)) => requests
            .iter()
            .filter(|request| request.text("name") == name)
            .flat_map(|request| request.list("firstAvailable"))
            .any(|request| request.text("name") == sub),
    };
    let list = path.field("requests");
    for (index, request) in requests.iter().enumerate() {
        let name = request.text("name");
        if requests[..index]
            .iter()
            .any(|other| other.text("name") == name)
        {
            cx.findings.duplicate(&list.index(index), request, name);
        }
    }
    for field in ["constraints", "config"] {
        let list = path.field(field);
        for (index, item) in value.list(field).iter().enumerate() {
            let here = list.index(index);
            let here = here.field("requests");
            let names = item.list("requests");
            for (number, name) in names.iter().enumerate() {
                let text = name.as_text().unwrap_or_default();
                if !is_known(text) {
                    cx.findings.invalid(
                        &here.index(number),
                        name,
                        format!("the claim has no request `{text}`"),
                    );
                }
                if names[..number].iter().any(|other| other.data == name.data) {
                    cx.findings.duplicate(&here.index(number), name, text);
                }
            }
        }
    }
}

/// Whether a text is a version as of semver.org 2.0.0.
fn is_semver(text: &str) -> bool {
    let (rest, build) = text
        .split_once('+')
        .map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest
        .split_once('-')
        .map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|c| c.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    let release =
        |part: &str| word(part) && (!part.bytes().all(|c| c.is_ascii_digit()) || number(part));
    text.len() <= 64
        && core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(release))
        && build.is_none_or(|build| build.split('.').all(word))
}

fn slice(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let fields = [
        "nodeName",
        "nodeSelector",
        "allNodes",
        "perDeviceNodeSelection",
    ];
    let set: Vec<&str> = fields
        .into_iter()
        .filter(|field| value.get(field).is_some_and(|found| !found.is_zero()))
        .collect();
    let shared = !value.list("sharedCounters").is_empty();
    match set.as_slice() {
        [] if !shared => cx.findings.required(
            path,
            value,
            &format!("one of {} is required", super::words(&fields)),
        ),
        [] | [_] => {}
        _ => cx.findings.invalid(
            path,
            value,
            format!("only one of {} may be set", super::words(&set)),
        ),
    }
    if shared && value.has("devices") {
        cx.findings.invalid(
            path,
            value,
            "`sharedCounters` and `devices` exclude each other",
        );
    }
    let each = value.is_true("perDeviceNodeSelection");
    let list = path.field("devices");
    let devices = value.list("devices");
    let repeated = repeats(devices.iter().map(|device| device.text("name")));
    for (index, device) in devices.iter().enumerate() {
        if repeated[index] {
            let origin = device.get("name").unwrap_or(device);
            cx.findings
                .duplicate(&list.index(index), origin, device.text("name"));
        }
        let nodes = ["nodeName", "nodeSelector", "allNodes"];
        let count = nodes.iter().filter(|field| device.has(field)).count();
        if each && count != 1 {
            cx.findings.invalid(
                &list.index(index),
                device,
                format!("one of {} is required", super::words(&nodes)),
            );
        } else if !each && count > 0 {
            cx.findings.invalid(
                &list.index(index),
                device,
                "a device names its nodes only with `perDeviceNodeSelection: true`",
            );
        }
        let name = device.text("name");
        if !name.is_empty()
            && devices[..index]
                .iter()
                .any(|other| other.text("name") == name)
        {
            let found = device.get("name").unwrap_or(device);
            cx.findings
                .duplicate(&list.index(index).field("name"), found, name);
        }
    }
}

/// Conditions for binding come with conditions of failure.
fn bindings(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let pair = ["bindingConditions", "bindingFailureConditions"];
    for (one, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        if !value.list(one).is_empty() && value.list(other).is_empty() {
            cx.findings.invalid(
                &path.field(other),
                value.get(one).unwrap_or(value),
                format!("`{one}` needs `{other}`"),
            );
        }
    }
    let list = path.field("consumesCounters");
    let found = value.list("consumesCounters");
    for (index, item) in found.iter().enumerate() {
        let name = item.text("counterSet");
        if !name.is_empty()
            && found[..index]
                .iter()
                .any(|other| other.text("counterSet") == name)
        {
            cx.findings.duplicate(&list.index(index), item, name);
        }
    }
}

fn device(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let list = path.field("attributes");
    for entry in value.get("attributes").map_or(&[][..], Value::entries) {
        let here = list.key(&entry.key);
        if let Err(message) = attribute_name(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &here,
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
        let values = entry.value.entries().iter();
        match values.filter(|entry| !entry.value.is_null()).count() {
            0 => cx
                .findings
                .required(&here, &entry.value, "an attribute has one value"),
            1 => {}
            _ => cx
                .findings
                .invalid(&here, &entry.value, "an attribute has one value"),
        }
        if let Some(found) = entry.value.get("version")
            && !is_semver(found.as_text().unwrap_or_default())
        {
            cx.findings.invalid(
                &here.field("version"),
                found,
                "the text is no semantic version, such as `1.2.3`",
            );
        }
        if let Some(text) = entry.value.get("string")
            && text.as_text().is_some_and(|text| text.len() > 64)
        {
            cx.findings.add(
                "too-long-value",
                &here.field("string"),
                text.origin,
                "the text is longer than 64 bytes",
            );
        }
    }
    let list = path.field("capacity");
    for entry in value.get("capacity").map_or(&[][..], Value::entries) {
        if let Err(message) = attribute_name(&entry.key) {
            cx.findings.add(
                "invalid-value",
                &list.key(&entry.key),
                entry.origin,
                format!("`{}` {message}", entry.key),
            );
        }
    }
}
