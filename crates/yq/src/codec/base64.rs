//! Base64 of a string.

use base64::Engine as _;
use base64::engine::GeneralPurpose;

use kustom_yaml::Node;
use kustom_yaml::error::{Error, Kind, Result};

/// The text that an alphabet says.
pub(super) fn decode(alphabet: &GeneralPurpose, text: &str) -> Result<Vec<Node>> {
    let mut text = text.trim().replace(['\r', '\n'], "");
    while text.len() % 4 > 1 {
        text.push('=');
    }
    let bytes = alphabet.decode(&text);
    let decoded = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(decoded) => Ok(vec![Node::string(decoded)]),
        None => Err(Error::new(
            Kind::Script,
            "the text is no base64 of a string",
        )),
    }
}

pub(super) fn encode(alphabet: &GeneralPurpose, node: &Node) -> Result<String> {
    Ok(alphabet.encode(super::string(node, "base64")?))
}

#[cfg(test)]
mod tests {
    use ::base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    #[test]
    fn missing_padding_is_forgiven() {
        for text in ["Y2F0cw==", "Y2F0cw", " Y2F0\ncw== \n"] {
            assert_eq!(decode(&STANDARD, text).unwrap(), [Node::string("cats")]);
        }
        assert_eq!(decode(&STANDARD, "").unwrap(), [Node::string("")]);
        assert!(decode(&STANDARD, "%").is_err());
        assert!(decode(&STANDARD, "/w==").is_err());
    }

    #[test]
    fn only_strings_are_encoded() {
        assert_eq!(
            encode(&STANDARD, &Node::string("cats")).unwrap(),
            "Y2F0cw=="
        );
        assert!(encode(&STANDARD, &Node::map(Vec::new())).is_err());
    }

    #[test]
    fn two_characters_are_others_in_addresses() {
        let text = Node::string("a?>~ÿ");
        assert_eq!(encode(&URL_SAFE, &text).unwrap(), "YT8-fsO_");
        assert_eq!(decode(&URL_SAFE, "YT8-fsO_").unwrap(), [text]);
        assert!(decode(&URL_SAFE, "YT8+fsO/").is_err());
        assert!(decode(&STANDARD, "YT8-fsO_").is_err());
    }
}
