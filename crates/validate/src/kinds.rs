//! What kind an object is of, and whether a server knows it.

use crate::bundled::{self, BundledKind};
use crate::crd::{CustomKind, CustomKinds};
use crate::did_you_mean;
use crate::finding::{Findings, Severity};
use crate::migrations;
use crate::names::{dns_label_1035, dns_subdomain};
use crate::path::Path;
use crate::schema::{self, Kind, group_of};
use crate::value::Value;

/// What became of looking a kind up.
pub(crate) enum Lookup<'k, 'o> {
    /// A kind that this minor serves.
    Found(&'static Kind),
    /// A version of a kind that is defined beside the object.
    Defined(&'k CustomKind<'o>, &'o Value<'o>),
    /// A version of a well-known custom kind that nothing beside the object defines.
    Bundled(&'static BundledKind),
    /// A kind of another group, which a custom resource definition may define.
    Custom,
    /// No supported version serves it; that is a finding.
    Refused,
}

/// Looks up an object's `apiVersion` and `kind`.
pub(crate) fn of<'k, 'o>(
    object: &Value<'_>,
    minor: u32,
    custom: &'k CustomKinds<'o>,
    findings: &mut Findings,
) -> Lookup<'k, 'o> {
    if !says_its_kind(object, findings) {
        return Lookup::Refused;
    }
    let (api_version, kind) = (object.text("apiVersion"), object.text("kind"));
    if let Some(found) = schema::kind(api_version, kind) {
        if found.is_served(minor) {
            warn_of_end(found, minor, object, findings);
            return Lookup::Found(found);
        }
        not_served(found, minor, object, findings);
        return Lookup::Refused;
    }
    let group = group_of(api_version);
    if let Some(found) = defined(object, custom, findings) {
        return found;
    }
    if let Some(known) = bundled::find(api_version, kind) {
        return Lookup::Bundled(known);
    }
    let groups = || schema::kinds().iter().map(Kind::group);
    if !groups().any(|known| known == group) {
        // A custom group, unless it is a mistyped group of Kubernetes.
        let near = did_you_mean(
            group,
            groups().filter(|known| known.contains('.') || known.len() > 3),
        );
        if let Some(why) = no_group_version(api_version) {
            unknown(object, findings, "apiVersion", why);
            return Lookup::Refused;
        }
        if group.contains('.') && (near.is_none() || !group.to_ascii_lowercase().contains("k8s")) {
            other_version(object, findings);
            return Lookup::Custom;
        }
        // Groups without a dot are Kubernetes' own.
        let help = match near {
            _ if group == "core" => Some("the core group has no name: write `v1`".to_owned()),
            near => near.map(|near| format!("did you mean `{near}`?")),
        };
        unknown(
            object,
            findings,
            "apiVersion",
            format!("no server has an API group `{group}`"),
        )
        .help = help;
        return Lookup::Refused;
    }
    no_such_kind(object, minor, findings);
    Lookup::Refused
}

/// Says which version of a group has a kind, or which kind was meant.
fn no_such_kind(object: &Value<'_>, minor: u32, findings: &mut Findings) {
    let (api_version, kind) = (object.text("apiVersion"), object.text("kind"));
    let group = group_of(api_version);
    let versions: Vec<&Kind> = schema::kinds()
        .iter()
        .filter(|known| known.kind == kind)
        .collect();
    let best = versions
        .iter()
        .filter(|known| known.is_served(minor))
        .max_by_key(|known| (known.group() == group, stability(known.api_version)));
    if let Some(best) = best {
        unknown(
            object,
            findings,
            "apiVersion",
            format!("`{api_version}` has no kind `{kind}`"),
        )
        .help = Some(format!("`{kind}` is in `{}`", best.api_version));
        return;
    }
    let near = did_you_mean(
        kind,
        schema::kinds()
            .iter()
            .filter(|known| known.is_served(minor))
            .map(|known| known.kind),
    );
    let near = near.or_else(|| {
        let singular = kind.strip_suffix('s')?;
        schema::kinds()
            .iter()
            .map(|known| known.kind)
            .find(|known| *known == singular)
    });
    unknown(
        object,
        findings,
        "kind",
        format!("`{api_version}` has no kind `{kind}`"),
    )
    .help = near.map(|near| format!("did you mean `{near}`?"));
}

/// Whether an object has an `apiVersion` and a `kind`, both of them texts.
fn says_its_kind(object: &Value<'_>, findings: &mut Findings) -> bool {
    for key in ["apiVersion", "kind"] {
        let here = Path::ROOT.field(key);
        match object.get(key) {
            Some(value) if value.as_text().is_none() => {
                findings.add(
                    "wrong-type",
                    &here,
                    value.origin,
                    format!("`{key}` takes text"),
                );
                return false;
            }
            Some(value) if !value.is_zero() => {}
            _ => {
                findings.required(&here, object, &format!("every object has its `{key}`"));
                return false;
            }
        }
    }
    true
}

/// Why no server can serve a version of a group, by the names that definitions and aggregated servers
/// may give to both.
fn no_group_version(api_version: &str) -> Option<String> {
    let (group, version) = api_version.split_once('/')?;
    let (what, why) = match (dns_subdomain(group), dns_label_1035(version)) {
        (Err(why), _) => (format!("the group `{group}`"), why),
        (_, Err(_)) if version.is_empty() => {
            return Some(format!("`{api_version}` has no version"));
        }
        (_, Err(why)) => (format!("the version `{version}`"), why),
        (Ok(()), Ok(())) => return None,
    };
    Some(format!("no server has {what}, which {why}"))
}

/// Looks among the kinds that are defined beside the object.
fn defined<'k, 'o>(
    object: &Value<'_>,
    custom: &'k CustomKinds<'o>,
    findings: &mut Findings,
) -> Option<Lookup<'k, 'o>> {
    let (api_version, kind) = (object.text("apiVersion"), object.text("kind"));
    let (group, version) = api_version.split_once('/')?;
    if let Some(known) = custom.of_kind(group, kind)
        && let Some(found) = known.version(version)
    {
        return Some(Lookup::Defined(known, found));
    }
    let near = custom.group_like(group)?;
    let meant = || {
        let of_group = custom.of_group(group).iter();
        did_you_mean(kind, of_group.map(|known| known.kind))
    };
    // What is here need not be all of a group.
    if near == group && meant().is_none() {
        return None;
    }
    let message = format!("no definition here has a kind `{kind}` in `{api_version}`");
    let help = if near != group {
        Some(near)
    } else {
        meant().filter(|found| *found != kind)
    };
    unknown(
        object,
        findings,
        if near == group && help.is_some() {
            "kind"
        } else {
            "apiVersion"
        },
        message,
    )
    .help = help.map(|help| format!("did you mean `{help}`?"));
    Some(Lookup::Refused)
}

/// Warns of a version that the well-known definition of a kind does not have.
fn other_version(object: &Value<'_>, findings: &mut Findings) {
    let (api_version, kind) = (object.text("apiVersion"), object.text("kind"));
    let known = bundled::versions(group_of(api_version), kind);
    let Some((_, source)) = known.first() else {
        return;
    };
    let versions: Vec<String> = known
        .iter()
        .map(|(known, _)| format!("`{known}`"))
        .collect();
    let message = format!("{source} does not serve `{kind}` of `{api_version}`");
    let finding = unknown(object, findings, "apiVersion", message);
    finding.severity = Severity::Warning;
    finding.help = Some(format!(
        "it serves {}; if the cluster has another version, name its definitions in `crds` of `kustom.yaml`",
        versions.join(" and ")
    ));
}

/// Stable versions before beta, beta before alpha.
fn stability(api_version: &str) -> (bool, bool) {
    let version = api_version.rsplit('/').next().unwrap_or_default();
    (!version.contains("alpha"), !version.contains("beta"))
}

fn unknown<'f>(
    object: &Value<'_>,
    findings: &'f mut Findings,
    field: &'static str,
    message: String,
) -> &'f mut crate::Finding {
    let origin = object
        .get(field)
        .map_or(object.origin, |value| value.origin);
    findings.add("unknown-kind", &Path::ROOT.field(field), origin, message)
}

fn not_served(kind: &Kind, minor: u32, object: &Value<'_>, findings: &mut Findings) {
    let (first, last) = kind.span();
    let name = format!("`{}` of `{}`", kind.kind, kind.api_version);
    let message = if minor > last {
        let removed = kind
            .removed
            .map_or_else(|| format!("1.{}", last + 1), str::to_owned);
        format!("{name} was removed in {removed}")
    } else {
        format!("{name} is served from 1.{first} on, not by 1.{minor}")
    };
    let finding = unknown(object, findings, "apiVersion", message);
    finding.rule = "removed-api";
    let is_served = |to: &str| {
        let (api_version, kind) = to.split_once(' ').unwrap_or((to, kind.kind));
        schema::kind(api_version, kind).is_none_or(|found| found.is_served(minor))
    };
    // What takes its place may not be there yet, or may be gone, too.
    let successor = kind
        .replacement
        .filter(|to| is_served(to))
        .map(|to| version_of(to, kind))
        .or_else(|| {
            schema::kinds()
                .iter()
                .filter(|other| other.kind == kind.kind && other.is_served(minor))
                .max_by_key(|other| {
                    let same_group = other.group() == kind.group();
                    (same_group, stability(other.api_version))
                })
                .map(|other| other.api_version)
        });
    let change = migrations::of(kind.api_version, kind.kind).filter(|_| minor > last);
    finding.help = match (successor, change) {
        (Some(to), Some(change)) => Some(format!("use `{to}`: {change}")),
        (Some(to), None) => Some(format!("use `{to}`")),
        (None, change) => change.map(str::to_owned),
    };
}

/// The version in what replaces a kind: `apps/v1` of `apps/v1 Deployment`.
fn version_of<'t>(replacement: &'t str, kind: &Kind) -> &'t str {
    match replacement.split_once(' ') {
        Some((version, to)) if to.strip_suffix("List").unwrap_or(to) == kind.kind => version,
        _ => replacement,
    }
}

fn warn_of_end(kind: &Kind, minor: u32, object: &Value<'_>, findings: &mut Findings) {
    let minor_of = |text: &str| {
        text.strip_prefix("1.")
            .and_then(|text| text.parse::<u32>().ok())
    };
    let Some(since) = kind
        .deprecated
        .and_then(minor_of)
        .filter(|since| *since <= minor)
    else {
        return;
    };
    let end = kind
        .removed
        .map_or(String::new(), |removed| format!(" and goes in {removed}"));
    let finding = unknown(
        object,
        findings,
        "apiVersion",
        format!(
            "`{}` of `{}` is deprecated since 1.{since}{end}",
            kind.kind, kind.api_version
        ),
    );
    finding.rule = "deprecated-api";
    finding.severity = Severity::Warning;
    finding.help = kind.replacement.map(|to| {
        let to = version_of(to, kind);
        match migrations::of(kind.api_version, kind.kind) {
            Some(change) => format!("use `{to}`: {change}"),
            None => format!("use `{to}`"),
        }
    });
}
