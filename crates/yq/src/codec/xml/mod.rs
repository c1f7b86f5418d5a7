//! XML: elements as mappings, attributes as keys that start with `+@`.

mod read;
mod write;

pub(super) use read::decode;
pub(super) use write::encode;

/// What stands before the name of an attribute.
const ATTRIBUTE: &str = "+@";
/// The key of the text of an element that has attributes or children as well.
const CONTENT: &str = "+content";
/// What stands before the name of a processing instruction, such as `<?xml … ?>`.
const INSTRUCTION: &str = "+p_";
/// The key of a directive, such as `<!DOCTYPE …>`.
const DIRECTIVE: &str = "+directive";

/// What is left away around a text.
fn is_trimmed(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Encoding;

    fn round(text: &str) -> String {
        let nodes = decode(text).unwrap();
        encode(&nodes[0], &Encoding::default()).unwrap()
    }

    #[test]
    fn documents_come_back() {
        for text in [
            "<a>b</a>\n",
            "<?xml version=\"1.0\"?>\n<a x=\"1\" y=\"&amp;&lt;\">\n  <b>1</b>\n  <b>2</b>\n</a>\n",
            "<a x=\"1\">text</a>\n",
            "<!DOCTYPE a>\n<a></a>\n",
        ] {
            assert_eq!(round(text), text);
        }
    }

    #[test]
    fn texts_are_strings_and_repeated_elements_sequences() {
        let nodes = decode("<r><n>3</n><i/><i>x &#65;<![CDATA[<]]></i></r>").unwrap();
        let r = nodes[0].get("r").unwrap();
        assert_eq!(r.get("n").and_then(|node| node.as_str()), Some("3"));
        assert_eq!(r.get("i").unwrap().items().len(), 2);
    }

    #[test]
    fn white_space_of_a_text_comes_back() {
        for text in [" a ", "\n", "a\n", "\ta\u{a0}", " ", "a\n b"] {
            let node = kustom_yaml::Node::map(vec![kustom_yaml::Entry::new(
                "k",
                kustom_yaml::Node::string(text),
            )]);
            let written = encode(&node, &Encoding::default()).unwrap();
            let read = decode(&written).unwrap();
            assert_eq!(read[0].get("k").and_then(|node| node.text()), Some(text));
        }
        assert_eq!(round("<a>\n  b\n</a>"), "<a>b</a>\n");
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        assert!(decode("text <a/>").is_err());
        assert!(decode("<a").is_err());
        assert!(encode(&kustom_yaml::Node::seq(Vec::new()), &Encoding::default()).is_err());
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(decode(&"<a>".repeat(100_000)).is_err());
    }
}
