//! The escapes of URLs, of a string.

use std::fmt::Write as _;

use kustom_yaml::Node;
use kustom_yaml::error::{Error, Kind, Result};

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()];
                let [Some(high), Some(low)] = digits.map(|digit| hexadecimal(digit?)) else {
                    let message = "a `%` is not followed by two hexadecimal digits";
                    return Err(Error::new(Kind::Script, message));
                };
                bytes.push(high * 16 + low);
            }
            _ => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::new(Kind::Script, "the escapes make no text"))?;
    Ok(vec![Node::string(text)])
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

pub(super) fn encode(node: &Node) -> Result<String> {
    let mut out = String::new();
    for byte in super::string(node, "an escaped URL")?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        let text = "this has & special () characters *é";
        let escaped = encode(&Node::string(text)).unwrap();
        assert_eq!(escaped, "this+has+%26+special+%28%29+characters+%2A%C3%A9");
        assert_eq!(decode(&escaped).unwrap(), [Node::string(text)]);
        assert!(decode("%4").is_err());
        assert!(decode("%ff").is_err());
    }
}
