//! Containers of Windows: who they run as, and processes of the host.

use super::{Cx, Given, TypeRules};
use crate::names::{Verdict, dns_subdomain};
use crate::path::Path;
use crate::value::{Data, Value};

pub(super) const RULES: &[TypeRules] = &[TypeRules {
    of: "core.v1.WindowsSecurityContextOptions",
    fields: &[
        ("gmsaCredentialSpecName", &[Given(dns_subdomain)]),
        ("gmsaCredentialSpec", &[Given(credential_spec)]),
        ("runAsUserName", &[Given(user)]),
    ],
    whole: &[],
}];

/// As large as the specification of a credential may be.
const CREDENTIAL: usize = 64 << 10;

fn credential_spec(text: &str) -> Verdict {
    match text.len() {
        0 => Err("is empty, and no specification".to_owned()),
        length if length > CREDENTIAL => Err("is larger than 64 KiB".to_owned()),
        _ => Ok(()),
    }
}

/// The name of a user, behind a domain and `\\` if there is one.
fn user(text: &str) -> Verdict {
    let wrong = |what: &str| Err(what.to_owned());
    if text.is_empty() {
        return wrong("is empty, and no name of a user");
    }
    if text.chars().any(char::is_control) {
        return wrong("has control characters");
    }
    let (domain, name) = match text.split_once('\\') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    if name.contains('\\') {
        return wrong("has more than one `\\`");
    }
    if let Some(domain) = domain {
        if domain.len() >= 256 {
            return wrong("has a domain of more than 255 characters");
        }
        if !is_netbios(domain) && !is_domain(domain) {
            return wrong("has a domain that is neither a NetBIOS nor a DNS name");
        }
    }
    if name.is_empty() {
        return wrong("has a domain, and no name behind it");
    }
    if name.len() > 104 {
        return wrong("has a name of more than 104 characters");
    }
    if name.chars().all(|c| matches!(c, '.' | ' ')) {
        return wrong("has a name of nothing but dots and blanks");
    }
    if name.contains(|c| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        return wrong("has a character that no name of a user may have");
    }
    Ok(())
}

fn is_netbios(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && !text.starts_with('.')
        && !text.contains(|c| "\\/:*?\"<>|".contains(c))
}

fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| {
        let ends = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        ends(bytes.first())
            && ends(bytes.last())
            && bytes
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || *c == b'-')
    })
}

/// Processes of the host: all containers of a pod are, or none; and they share its network.
pub(super) fn host_process(cx: &mut Cx<'_>, path: &Path<'_>, pod: &Value<'_>) {
    let of = |around: &Value<'_>| {
        let found = around.at(&["securityContext", "windowsOptions", "hostProcess"])?;
        match found.data {
            Data::Bool(set) => Some(set),
            _ => None,
        }
    };
    let whole = of(pod);
    let mut all = 0;
    let mut hosted = 0;
    for list in ["initContainers", "containers"] {
        let here = path.field(list);
        for (index, container) in pod.list(list).iter().enumerate() {
            let own = of(container);
            all += 1;
            hosted += usize::from(own.or(whole) == Some(true));
            if let (Some(own), Some(whole)) = (own, whole)
                && own != whole
            {
                cx.findings.invalid(
                    &here
                        .index(index)
                        .field("securityContext.windowsOptions.hostProcess"),
                    container,
                    format!("the pod says `hostProcess: {whole}`"),
                );
            }
        }
    }
    if hosted == 0 {
        return;
    }
    if hosted != all {
        cx.findings.invalid(
            path,
            pod,
            "all containers are processes of the host, or none is",
        );
    }
    if !pod.is_true("hostNetwork") {
        cx.findings.invalid(
            &path.field("hostNetwork"),
            pod.get("hostNetwork").unwrap_or(pod),
            "processes of the host need `hostNetwork: true`",
        );
    }
}
