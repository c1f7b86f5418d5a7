//! Addresses and networks, as the API server reads them for new objects: strictly.

use std::net::{IpAddr, Ipv6Addr};

use crate::names::Verdict;

/// An address: no zero before a number, no IPv4 address dressed as IPv6.
pub(crate) fn ip(text: &str) -> Verdict {
    let found = parse(text)?;
    if let IpAddr::V6(six) = found
        && six.to_ipv4_mapped().is_some()
    {
        return Err("must not be an IPv4-mapped IPv6 address".to_owned());
    }
    Ok(())
}

fn parse(text: &str) -> Result<IpAddr, String> {
    if let Ok(found) = text.parse() {
        return Ok(found);
    }
    if has_leading_zeros(text) {
        return Err("must not have a zero before a number of the address".to_owned());
    }
    Err("is no IP address".to_owned())
}

/// Whether it would be an IPv4 address, were it not for zeros before its numbers.
fn has_leading_zeros(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()))
        && parts
            .iter()
            .all(|part| part.trim_start_matches('0').len() <= 3)
        && parts
            .iter()
            .any(|part| part.len() > 1 && part.starts_with('0'))
}

/// A network: an address, `/`, and how many of its bits count.
pub(crate) fn cidr(text: &str) -> Verdict {
    let (address, length) = parse_cidr(text)?;
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => (u128::from(four.to_bits()), 32),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let (value, width) = bits(address);
    let host = width - u32::from(length);
    let host_bits = if host >= 128 {
        u128::MAX
    } else {
        (1_u128 << host) - 1
    };
    if value & host_bits != 0 {
        return Err("must not have bits set beyond the length of its prefix".to_owned());
    }
    Ok(())
}

fn parse_cidr(text: &str) -> Result<(IpAddr, u8), String> {
    let wrong = || "is no network, such as `10.9.8.0/24` or `2001:db8::/64`".to_owned();
    let (address, length) = text.split_once('/').ok_or_else(wrong)?;
    let zero = "must not have a zero before a number of the address or the prefix".to_owned();
    let found = match parse(address) {
        Ok(found) => found,
        Err(_) if has_leading_zeros(address) => return Err(zero),
        Err(_) => return Err(wrong()),
    };
    if length.is_empty() || !length.bytes().all(|c| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let width = if found.is_ipv4() { 32 } else { 128 };
    let number: u8 = length.parse().map_err(|_| wrong())?;
    if number > width {
        return Err(wrong());
    }
    if length.len() > 1 && length.starts_with('0') {
        return Err(zero);
    }
    if let IpAddr::V6(six) = found
        && six.to_ipv4_mapped().is_some()
    {
        return Err("must not have an IPv4-mapped IPv6 address".to_owned());
    }
    Ok((found, number))
}

/// A network in its one canonical form, as Go prints it.
pub(crate) fn canonical_cidr(text: &str) -> Verdict {
    let canonical = text.split_once('/').and_then(|(address, length)| {
        let address: std::net::IpAddr = address.parse().ok()?;
        let length: u8 = length.parse().ok()?;
        Some(format!("{address}/{length}"))
    });
    match canonical {
        Some(canonical) if canonical != text => Err(format!("must be written as `{canonical}`")),
        _ => Ok(()),
    }
}

/// Whether a network is a part of another, and not all of it.
pub(crate) fn is_strictly_within(inner: &str, outer: &str) -> bool {
    let (Ok((inner, inner_length)), Ok((outer, outer_length))) =
        (parse_cidr(inner), parse_cidr(outer))
    else {
        return false;
    };
    let shared = match (inner, outer) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    inner_length > outer_length && shared >= u32::from(outer_length)
}

/// The family of an address or network: `IPv4`, `IPv6`, or none.
pub(crate) fn family(text: &str) -> Option<&'static str> {
    let address = text.split('/').next().unwrap_or(text);
    match parse(address).ok()? {
        IpAddr::V4(_) => Some("IPv4"),
        IpAddr::V6(_) => Some("IPv6"),
    }
}

/// An address that may stand for an endpoint: of another machine, and of one.
pub(crate) fn endpoint_ip(text: &str) -> Verdict {
    let wrong = |what: &str| Err(format!("must not be {what}"));
    match parse(text) {
        Ok(IpAddr::V4(four)) if four.is_unspecified() => wrong("the unspecified address"),
        Ok(IpAddr::V4(four)) if four.is_loopback() => wrong("a loopback address"),
        Ok(IpAddr::V4(four)) if four.is_link_local() => wrong("a link-local address"),
        Ok(IpAddr::V4(four)) if four.octets()[..3] == [224, 0, 0] => {
            wrong("a link-local multicast address")
        }
        Ok(IpAddr::V6(six)) if six.is_unspecified() => wrong("the unspecified address"),
        Ok(IpAddr::V6(six)) if six.is_loopback() => wrong("a loopback address"),
        Ok(IpAddr::V6(six)) if six.segments()[0] & 0xffc0 == 0xfe80 => {
            wrong("a link-local address")
        }
        Ok(IpAddr::V6(six)) if is_link_local_multicast(six) => {
            wrong("a link-local multicast address")
        }
        _ => Ok(()),
    }
}

fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xff0f == 0xff02
}

/// Whether a text is an address of any kind.
pub(crate) fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{cidr, ip};

    #[test]
    fn addresses_are_read_strictly() {
        assert!(ip("10.0.0.1").is_ok() && ip("::1").is_ok());
        for text in ["10.0.0.01", "::ffff:1.2.3.4", "10.0.0", "", "a"] {
            assert!(ip(text).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_end_with_zeros() {
        assert!(
            cidr("10.0.0.0/8").is_ok()
                && cidr("2001:db8::/64").is_ok()
                && cidr("0.0.0.0/0").is_ok()
        );
        for text in [
            "10.0.0.1/8",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "010.0.0.0/8",
        ] {
            assert!(cidr(text).is_err(), "{text}");
        }
    }
}
