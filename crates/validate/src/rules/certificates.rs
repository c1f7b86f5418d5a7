//! Certificate signing requests and trust bundles.

use std::collections::HashSet;

use super::Check::{Min, Required};
use super::{Cx, TypeRules, Unique};
use crate::names::{Verdict, dns_label, dns_subdomain};
use crate::path::Path;
use crate::structure::decode_base64;
use crate::value::Value;

pub(super) const RULES: &[TypeRules] = &[
    TypeRules {
        of: "certificates.v1.CertificateSigningRequestSpec",
        fields: &[
            ("usages", &[Required, super::EachOneOf(USAGES), Unique]),
            ("signerName", &[Required, super::Is(signer)]),
            ("expirationSeconds", &[Min(600)]),
            ("request", &[]),
        ],
        whole: &[request],
    },
    TypeRules {
        of: "certificates.v1.ClusterTrustBundle",
        fields: &[],
        whole: &[bundle],
    },
    TypeRules {
        of: "certificates.v1.ClusterTrustBundleSpec",
        fields: &[("signerName", &[super::Is(signer)]), ("trustBundle", &[])],
        whole: &[],
    },
];

const USAGES: &[&str] = &[
    "signing",
    "digital signature",
    "content commitment",
    "key encipherment",
    "key agreement",
    "data encipherment",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
    "any",
    "server auth",
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "timestamping",
    "ocsp signing",
    "microsoft sgc",
    "netscape sgc",
];

/// The name of a signer: a domain of two parts at least, `/`, and a path.
fn signer(text: &str) -> Verdict {
    let wrong =
        || "is no signer: a domain and a path, such as `example.com/signer-name`".to_owned();
    if text == "kubernetes.io/legacy-unknown" {
        return Err("is for older versions of the API only".to_owned());
    }
    let (domain, path) = text.split_once('/').ok_or_else(wrong)?;
    if path.is_empty() || path.contains('/') && path.split('/').any(str::is_empty) {
        return Err(wrong());
    }
    if path.contains('/') {
        return Err(wrong());
    }
    for part in domain.split('.') {
        dns_label(part).map_err(|_| wrong())?;
    }
    if domain.split('.').count() < 2 {
        return Err(wrong());
    }
    dns_subdomain(path).map_err(|_| wrong())
}

fn request(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let here = path.field("request");
    let found = value.get("request");
    let bytes = found
        .and_then(Value::as_text)
        .and_then(decode_base64)
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let is_request = text.lines().any(|line| {
        matches!(
            line.trim_end(),
            "-----BEGIN CERTIFICATE REQUEST-----" | "-----BEGIN NEW CERTIFICATE REQUEST-----"
        )
    }) && pem_blocks(&text, "CERTIFICATE REQUEST").next().is_some();
    if !is_request {
        cx.findings.invalid(
            &here,
            found.unwrap_or(value),
            "this is no certificate request in PEM",
        );
    }
}

/// The base64 between the lines of each block of a kind.
fn pem_blocks<'t>(text: &'t str, kind: &str) -> impl Iterator<Item = Vec<u8>> + use<'t> {
    let begin = format!("-----BEGIN {kind}-----");
    let end = format!("-----END {kind}-----");
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(&begin)? + begin.len();
        let stop = rest.get(start..)?.find(&end)? + start;
        let inner = rest.get(start..stop)?;
        rest = rest.get(stop + end.len()..)?;
        decode_base64(&inner.split_whitespace().collect::<String>())
    })
}

fn bundle(cx: &mut Cx<'_>, path: &Path<'_>, value: &Value<'_>) {
    let signer = value.get("spec").map_or("", |spec| spec.text("signerName"));
    let prefix = format!("{}:", signer.replace('/', ":"));
    cx.name_is(|name| {
        // Behind the signer's prefix a name is what any other is.
        let rest = if signer.is_empty() {
            if name.contains(':') {
                return Err("a bundle without a signer has no `:` in its name".to_owned());
            }
            name
        } else {
            name.strip_prefix(&prefix)
                .ok_or_else(|| format!("the name of this signer's bundle begins with `{prefix}`"))?
        };
        dns_subdomain(rest).map_err(|message| format!("`{rest}` {message}"))
    });
    let here = path.field("spec.trustBundle");
    let found = value.at(&["spec", "trustBundle"]);
    let text = found.and_then(Value::as_text).unwrap_or_default();
    let origin = found.unwrap_or(value);
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    for block in pem_blocks(text, "CERTIFICATE") {
        // A certificate is a DER sequence.
        if block.first() != Some(&0x30) {
            cx.findings
                .invalid(&here, origin, "a block is no X.509 certificate");
        } else if seen.contains(&block) {
            cx.findings
                .invalid(&here, origin, "a certificate is there twice");
        }
        seen.insert(block);
    }
    let others = text.matches("-----BEGIN ").count();
    if others > text.matches("-----BEGIN CERTIFICATE-----").count() {
        cx.findings
            .invalid(&here, origin, "a block is no `CERTIFICATE`");
    } else if seen.is_empty() {
        cx.findings
            .invalid(&here, origin, "at least one certificate is required");
    }
}
