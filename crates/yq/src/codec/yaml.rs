//! YAML.

use kustom_yaml::error::Result;
use kustom_yaml::{Node, Options, PrintOptions, print_node, read};

use super::Encoding;

pub(super) fn decode(text: &str) -> Result<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    read(text, &options)
}

pub(super) fn encode(node: &Node, encoding: &Encoding) -> String {
    let options = PrintOptions {
        indent: encoding.indent.clamp(2, 9),
        compact_sequences: encoding.compact_sequences,
        unwrapped: encoding.unwrapped,
        width: None,
        ..PrintOptions::default()
    };
    print_node(node, &options)
}
