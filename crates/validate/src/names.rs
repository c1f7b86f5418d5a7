//! The forms of names, keys and paths.
//!
//! Each function takes a text and says what is wrong with it, in words that follow "`text`". The
//! rules are those of the page "Object Names and IDs", of RFC 1035 and 1123, and of the API
//! reference.

/// What is wrong, if anything.
pub(crate) type Verdict = Result<(), String>;

fn verdict(holds: bool, otherwise: &str) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

fn lower_or_digit(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => {
            lower_or_digit(first)
                && lower_or_digit(last)
                && bytes.iter().all(|&c| lower_or_digit(c) || c == b'-')
        }
        _ => false,
    }
}

fn at_most(text: &str, length: usize) -> Verdict {
    if text.len() <= length {
        Ok(())
    } else {
        Err(format!("is longer than {length} characters"))
    }
}

/// A label of a DNS name, as of RFC 1123.
pub(crate) fn dns_label(text: &str) -> Verdict {
    at_most(text, 63)?;
    verdict(
        is_label(text),
        "is no DNS label: lowercase letters, digits and `-`, with a letter or digit at both ends",
    )
}

/// A label of a DNS name, as of RFC 1035: it begins with a letter.
pub(crate) fn dns_label_1035(text: &str) -> Verdict {
    at_most(text, 63)?;
    verdict(
        is_label(text) && text.as_bytes()[0].is_ascii_lowercase(),
        "is no DNS label as of RFC 1035: lowercase letters, digits and `-`, a letter first",
    )
}

/// A DNS name, as of RFC 1123.
pub(crate) fn dns_subdomain(text: &str) -> Verdict {
    at_most(text, 253)?;
    verdict(
        text.split('.').all(is_label),
        "is no DNS subdomain: lowercase letters, digits, `-` and `.`, with a letter or digit at \
         both ends of each part",
    )
}

/// A DNS name that may have capitals.
pub(crate) fn dns_subdomain_any_case(text: &str) -> Verdict {
    dns_subdomain(&text.to_ascii_lowercase())
}

/// A DNS name whose first part is `*`.
pub(crate) fn wildcard_subdomain(text: &str) -> Verdict {
    at_most(text, 253)?;
    verdict(
        text.strip_prefix("*.")
            .is_some_and(|rest| rest.split('.').all(is_label)),
        "is no wildcard for a DNS subdomain: it must be `*.` and a DNS subdomain",
    )
}

/// A part of a URL's path.
pub(crate) fn path_segment(text: &str) -> Verdict {
    verdict(text != "." && text != "..", "must not be `.` or `..`")?;
    verdict(!text.contains('/'), "must not contain `/`")?;
    verdict(!text.contains('%'), "must not contain `%`")
}

fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            first.is_ascii_alphanumeric()
                && last.is_ascii_alphanumeric()
                && bytes
                    .iter()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
        }
        _ => false,
    }
}

/// The key of a label: an optional prefix, `/`, and a name.
pub(crate) fn label_key(text: &str) -> Verdict {
    let mut parts = text.split('/');
    let (prefix, name) = match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, _) => (None, name),
        (Some(prefix), Some(name), None) => (Some(prefix), name),
        _ => return Err("is no key: it has more than one `/`".to_owned()),
    };
    if let Some(prefix) = prefix {
        verdict(
            !prefix.is_empty(),
            "is no key: the prefix before `/` is empty",
        )?;
        dns_subdomain(prefix)
            .map_err(|_| "is no key: the prefix before `/` is no DNS subdomain".to_owned())?;
    }
    verdict(!name.is_empty(), "is no key: the name is empty")?;
    verdict(
        name.len() <= 63,
        "is no key: the name is longer than 63 characters",
    )?;
    verdict(
        is_qualified_part(name),
        "is no key: letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    )
}

/// The value of a label.
pub(crate) fn label_value(text: &str) -> Verdict {
    if text.is_empty() {
        return Ok(());
    }
    verdict(
        text.len() <= 63,
        "is longer than the 63 characters of a label",
    )?;
    verdict(
        is_qualified_part(text),
        "is no value of a label: letters, digits, `-`, `_` and `.`, with a letter or digit at \
         both ends",
    )
}

/// A domain and a path below it, such as `example.org/name`.
pub(crate) fn domain_prefixed_path(text: &str) -> Verdict {
    let wanted = "must be a domain and a path, such as `example.org/name`";
    let (domain, path) = text.split_once('/').ok_or_else(|| wanted.to_owned())?;
    verdict(!domain.is_empty() && !path.is_empty(), wanted)?;
    dns_subdomain(domain)?;
    verdict(
        path.bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&c)),
        "has characters that no path may have",
    )
}

/// The name of a port: letters, digits and hyphens, 15 at most.
pub(crate) fn port_name(text: &str) -> Verdict {
    verdict(
        text.len() <= 15,
        "is longer than the 15 characters of a port's name",
    )?;
    verdict(
        text.bytes().all(|c| lower_or_digit(c) || c == b'-'),
        "is no name of a port: lowercase letters, digits and `-`",
    )?;
    verdict(
        text.bytes().any(|c| c.is_ascii_lowercase()),
        "is no name of a port: it has no letter",
    )?;
    verdict(
        !text.contains("--"),
        "is no name of a port: it has two hyphens in a row",
    )?;
    verdict(
        !text.starts_with('-') && !text.ends_with('-'),
        "is no name of a port: a hyphen stands at its end",
    )
}

/// A key of a ConfigMap or Secret, which becomes the name of a file.
pub(crate) fn config_key(text: &str) -> Verdict {
    at_most(text, 253)?;
    verdict(
        !text.is_empty()
            && text
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.')),
        "is no key of a ConfigMap or Secret: letters, digits, `-`, `_` and `.`",
    )?;
    verdict(text != ".", "must not be `.`")?;
    verdict(text != "..", "must not be `..`")?;
    verdict(!text.starts_with(".."), "must not begin with `..`")
}

/// The name of an environment variable: printable ASCII without `=`.
pub(crate) fn env_name(text: &str) -> Verdict {
    verdict(
        text.bytes()
            .all(|c| (b' '..=b'~').contains(&c) && c != b'='),
        "is no name of an environment variable: printable ASCII characters other than `=`",
    )
}

/// The name of an HTTP header.
pub(crate) fn http_header(text: &str) -> Verdict {
    verdict(
        text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-'),
        "is no name of an HTTP header: letters, digits and `-`",
    )
}

/// A path that stays below where it starts.
pub(crate) fn no_backsteps(text: &str) -> Verdict {
    verdict(
        text.split('/').all(|part| part != ".."),
        "must not contain `..`",
    )
}

/// A relative path that stays below where it starts.
pub(crate) fn local_descending_path(text: &str) -> Verdict {
    verdict(!text.starts_with('/'), "must be a relative path")?;
    no_backsteps(text)
}

/// A relative path that may become the name of a file of a volume.
pub(crate) fn local_file_path(text: &str) -> Verdict {
    local_descending_path(text)?;
    verdict(!text.starts_with(".."), "must not begin with `..`")
}

/// The name of a sysctl.
pub(crate) fn sysctl(text: &str) -> Verdict {
    fn is_part(part: &str) -> bool {
        let bytes = part.as_bytes();
        match (bytes.first(), bytes.last()) {
            (Some(&first), Some(&last)) => {
                lower_or_digit(first)
                    && lower_or_digit(last)
                    && bytes
                        .iter()
                        .all(|&c| lower_or_digit(c) || matches!(c, b'-' | b'_'))
            }
            _ => false,
        }
    }
    verdict(
        text.len() <= 253 && text.split(['.', '/']).all(is_part),
        "is no name of a sysctl",
    )
}

/// The group and version of an API, such as `apps/v1`.
pub(crate) fn group_version(text: &str) -> Verdict {
    verdict(
        text.split('/').count() <= 2,
        "is no group and version: it has more than one `/`",
    )
}
