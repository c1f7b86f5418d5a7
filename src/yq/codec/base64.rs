//! Base64 of a string.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Kind, Result};
use crate::yaml::Node;

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let mut text = text.trim().replace(['\r', '\n'], "");
    while text.len() % 4 > 1 {
        text.push('=');
    }
    let bytes = STANDARD.decode(&text);
    let decoded = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(decoded) => Ok(vec![Node::string(decoded)]),
        None => Err(Error::new(Kind::Script, "the text is no base64 of a text")),
    }
}

pub(super) fn encode(node: &Node) -> Result<String> {
    Ok(STANDARD.encode(super::string(node, "base64")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_padding_is_forgiven() {
        for text in ["Y2F0cw==", "Y2F0cw", " Y2F0\ncw== \n"] {
            assert_eq!(decode(text).unwrap(), [Node::string("cats")]);
        }
        assert_eq!(decode("").unwrap(), [Node::string("")]);
        assert!(decode("%").is_err());
        assert!(decode("/w==").is_err());
    }

    #[test]
    fn only_strings_are_encoded() {
        assert_eq!(encode(&Node::string("cats")).unwrap(), "Y2F0cw==");
        assert!(encode(&Node::map(Vec::new())).is_err());
    }
}
