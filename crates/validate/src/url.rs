//! Addresses as Go's `net/url` reads them, which refuses less than the standard does.

use std::borrow::Cow;

/// The parts of an address that rules ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Url<'t> {
    /// In lower case.
    pub(crate) scheme: Cow<'t, str>,
    pub(crate) host: &'t str,
    pub(crate) has_user: bool,
    pub(crate) query: &'t str,
    pub(crate) fragment: &'t str,
}

impl<'t> Url<'t> {
    /// Reads an address; the message says why it is none.
    pub(crate) fn parse(text: &'t str) -> Result<Self, &'static str> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("it has a control character");
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, rest) = scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme: match scheme.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => Cow::Owned(scheme.to_ascii_lowercase()),
                false => Cow::Borrowed(scheme),
            },
            query,
            fragment,
            ..Self::default()
        };
        // `mailto:someone` has nothing that is split further.
        if !scheme.is_empty() && !rest.starts_with('/') {
            return is_escaped(fragment).map(|()| url);
        }
        let first = rest.split('/').next().unwrap_or_default();
        if first.contains(':') {
            return Err("its first part has a colon, and no scheme is before it");
        }
        let behind = rest.strip_prefix("//");
        let has_authority = !scheme.is_empty() || !rest.starts_with("///");
        let path = match behind.filter(|_| has_authority) {
            Some(behind) => {
                let end = behind.find('/').unwrap_or(behind.len());
                let (authority, path) = behind.split_at_checked(end).unwrap_or((behind, ""));
                let (user, host) = match authority.rsplit_once('@') {
                    Some((user, host)) => (Some(user), host),
                    None => (None, authority),
                };
                url.has_user = user.is_some();
                url.host = host;
                is_host(host)?;
                is_user(user.unwrap_or_default())?;
                path
            }
            None => rest,
        };
        is_escaped(path)?;
        is_escaped(fragment)?;
        Ok(url)
    }
}

/// What stands before the first colon, if it can be a scheme, and what is behind it.
fn scheme(text: &str) -> Result<(&str, &str), &'static str> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match text.split_once(':') {
        Some(("", _)) => Err("it has no scheme"),
        Some((scheme, rest))
            if scheme.chars().all(is_inside)
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

/// Whether every `%` begins an escape.
fn is_escaped(text: &str) -> Result<(), &'static str> {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    let mut signs = text.match_indices('%').map(|(at, _)| at);
    match signs.all(|at| is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2))) {
        true => Ok(()),
        false => Err("it has a `%` that two hexadecimal digits must follow"),
    }
}

fn is_user(user: &str) -> Result<(), &'static str> {
    let is_sign = |c: char| "-._:~!$&'()*+,;=%@".contains(c);
    match user
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || is_sign(c))
    {
        true => is_escaped(user),
        false => Err("its user has a character that must be escaped"),
    }
}

fn is_host(host: &str) -> Result<(), &'static str> {
    let port = match host.strip_prefix('[') {
        Some(inner) => {
            let Some((address, port)) = inner.rsplit_once(']') else {
                return Err("a bracket of its host is not closed");
            };
            let address = address
                .split_once("%25")
                .map_or(address, |(address, _)| address);
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("its host in brackets is no address of IPv6");
            }
            port
        }
        None => host
            .rfind(':')
            .map_or("", |at| host.get(at..).unwrap_or_default()),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !digits.bytes().all(|byte| byte.is_ascii_digit())
        || port.len() == digits.len() && !port.is_empty()
    {
        return Err("its port is no number");
    }
    // A letter of ASCII is not escaped in a host.
    let bytes = host.as_bytes();
    let is_plain = |at: usize| {
        let high = bytes
            .get(at + 1)
            .and_then(|byte| char::from(*byte).to_digit(16));
        high.is_some_and(|high| high < 8) && bytes.get(at + 1..at + 3) != Some(b"25")
    };
    is_escaped(host)?;
    if host.match_indices('%').any(|(at, _)| is_plain(at)) {
        return Err("its host has an escape that is not needed");
    }
    match host.contains([' ', '\\', '^', '`', '{', '}', '|']) {
        true => Err("its host has a character that no host has"),
        false => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_go_reads_them() {
        let url = Url::parse("HTTPS://me@Host:8443/a%20b?q#f").unwrap();
        assert_eq!(url.scheme, "https");
        assert_eq!((url.host, url.has_user), ("Host:8443", true));
        assert_eq!((url.query, url.fragment), ("q", "f"));
        for (text, host) in [
            ("", ""),
            ("a/b", ""),
            ("mailto:x", ""),
            ("///a", ""),
            ("//h", "h"),
            ("https://", ""),
            ("https://[::1]:80/x", "[::1]:80"),
            ("https://é", "é"),
            ("https://h:", "h:"),
            ("*", ""),
        ] {
            assert_eq!(Url::parse(text).map(|url| url.host), Ok(host), "{text}");
        }
        for text in [
            ":x",
            "a:b/c:d\n",
            "1a:b",
            "https://a b",
            "https://h:x",
            "https://[::1",
            "https://h/%zz",
            "https://%41",
            "https://[h]",
            "https://[::1]80",
            "https://a b@h",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
