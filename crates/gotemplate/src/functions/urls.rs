//! Addresses.

use std::collections::BTreeMap;

use super::Type::{Map, Text};
use super::{Context, Function, function, text};
use crate::meter::{Refusal, Result};
use crate::quote::lossy;
use crate::value::Value;

pub(super) static ALL: [Function; 2] = [
    function("urlParse", &[Text], parse),
    function("urlJoin", &[Map], join),
];

/// A text as a part of a query: a `+` for each blank.
pub(super) fn query(text: &str) -> String {
    escape(text, |byte| {
        byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
    })
    .replace("%20", "+")
}

fn escape(text: &str, stays: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn unescape(text: &str) -> Result<String> {
    let wrong = || Refusal::new("the address has a `%` without two digits");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = rest.next().and_then(|byte| char::from(byte).to_digit(16));
            digit.ok_or_else(wrong)
        };
        let code = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(code).unwrap_or(0));
    }
    Ok(lossy(&bytes))
}

fn parse(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let address = text(values, 0);
    if address.contains(|c: char| c.is_ascii_control()) {
        return Err(Refusal::new("the address has a control character"));
    }
    let (rest, fragment) = address.split_once('#').unwrap_or((address, ""));
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_lowercase(), rest),
        Some(("", _)) => return Err(Refusal::new("the address has no scheme before its `:`")),
        Some((before, _)) if !before.contains('/') && !before.contains('?') => {
            return Err(Refusal::new("the first part of the address has a `:`"));
        }
        _ => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut found: BTreeMap<&str, String> = BTreeMap::new();
    let (mut host, mut user, mut path, mut opaque) = ("", "", rest, "");
    if let Some(after) = rest.strip_prefix("//") {
        let slash = after.find('/').unwrap_or(after.len());
        let (authority, behind) = kustom_yaml::cut::Cut::halves(after, slash);
        (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        path = behind;
    } else if !scheme.is_empty() && !rest.starts_with('/') {
        (path, opaque) = ("", rest);
    }
    let is_bracketed = host.starts_with('[');
    let port = match is_bracketed {
        true => host.rsplit_once(']').map_or("", |(_, port)| port),
        false => host
            .rfind(':')
            .map_or("", |at| kustom_yaml::cut::Cut::cut(host, at..)),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::new("the port of the address is no number"));
    }
    let name = host.strip_suffix(port).unwrap_or(host);
    found.insert("scheme", scheme);
    found.insert("host", unescape(host)?);
    found.insert(
        "hostname",
        unescape(name.trim_start_matches('[').trim_end_matches(']'))?,
    );
    found.insert("path", unescape(path)?);
    found.insert("query", query.to_owned());
    found.insert("opaque", opaque.to_owned());
    found.insert("fragment", unescape(fragment)?);
    found.insert("userinfo", user.to_owned());
    let entries = found.into_iter();
    Value::map(
        entries
            .map(|(key, value)| (key.to_owned(), Value::text(value)))
            .collect(),
    )
}

fn join(_: &Context<'_>, values: &[Value]) -> Result<Value> {
    let part = |key: &str| -> Result<String> {
        match values[0].get(key) {
            None => Ok(String::new()),
            Some(Value::Str(text)) => Ok(text.to_string()),
            Some(other) => {
                let message = format!("`{key}` is a {} and no text", other.type_name());
                Err(Refusal::new(message))
            }
        }
    };
    let mut out = String::new();
    let (scheme, host, path, opaque) = (
        part("scheme")?,
        part("host")?,
        part("path")?,
        part("opaque")?,
    );
    let (user, query, fragment) = (part("userinfo")?, part("query")?, part("fragment")?);
    if !scheme.is_empty() {
        out.push_str(&scheme);
        out.push(':');
    }
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                out.push_str("//");
            }
            if !user.is_empty() {
                out.push_str(&user);
                out.push('@');
            }
            out.push_str(&host);
        }
        let path = escape(&path, stays);
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        out.push_str(&path);
    } else {
        out.push_str(&opaque);
    }
    if !query.is_empty() {
        out.push('?');
        out.push_str(&query);
    }
    if !fragment.is_empty() {
        out.push('#');
        out.push_str(&escape(&fragment, |byte| {
            stays(byte) || b"!()*?".contains(&byte)
        }));
    }
    Ok(Value::text(out))
}
