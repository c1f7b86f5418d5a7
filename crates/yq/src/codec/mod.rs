//! Formats that values are read from and written to.
//!
//! Every format has its file: text to nodes, nodes to text. Aliases must have been replaced by
//! what they stand for, but for YAML.

mod base64;
mod csv;
mod ini;
mod json;
mod kyaml;
mod lua;
mod properties;
mod shell;
mod toml;
mod tree;
mod uri;
mod xml;
mod yaml;

use ::base64::engine::general_purpose::{STANDARD, URL_SAFE};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Node, Options, Str, Tag, implied_tag, read};

/// A format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML.
    #[default]
    Yaml,
    /// YAML in braces and double quotes: `{a: "b",}`.
    Kyaml,
    /// JSON, one value after the other.
    Json,
    /// Java properties.
    Properties,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// XML.
    Xml,
    /// Base64 of a string.
    Base64,
    /// Base64 of a string, with `-` and `_` for `+` and `/`.
    Base64Url,
    /// The escapes of URLs, of a string.
    Uri,
    /// A string quoted for the shell.
    Sh,
    /// TOML.
    Toml,
    /// Assignments for the shell.
    Shell,
    /// Sections of keys and values.
    Ini,
    /// Tables of Lua.
    Lua,
}

/// The formats with their names and abbreviations.
const NAMES: [(Format, &[&str]); 14] = [
    (Format::Yaml, &["yaml", "y", "yml"]),
    (Format::Kyaml, &["kyaml", "ky"]),
    (Format::Json, &["json", "j"]),
    (Format::Properties, &["props", "p", "properties"]),
    (Format::Csv, &["csv", "c"]),
    (Format::Tsv, &["tsv", "t"]),
    (Format::Xml, &["xml", "x"]),
    (Format::Base64, &["base64"]),
    (Format::Base64Url, &["base64url"]),
    (Format::Uri, &["uri"]),
    (Format::Toml, &["toml"]),
    (Format::Shell, &["shell", "s", "sh"]),
    (Format::Ini, &["ini", "i"]),
    (Format::Lua, &["lua", "l"]),
];

impl Format {
    /// The format of a name, such as `json` or `j`.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_yq::codec::Format;
    ///
    /// assert_eq!(Format::named("j"), Some(Format::Json));
    /// assert_eq!(Format::named("word"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        let mut formats = NAMES.iter();
        formats
            .find(|(_, names)| names.contains(&name))
            .map(|(format, _)| *format)
    }

    /// The names of all formats.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, names)| names[0])
    }

    /// Whether the format has aliases.
    pub fn has_aliases(self) -> bool {
        self == Self::Yaml
    }
}

/// How values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// How many columns a level of nesting takes; JSON and XML stand on one line if none.
    pub indent: usize,
    /// Whether a value that is a scalar is written as its bare text.
    pub unwrapped: bool,
    /// Whether a bare text is written for the shell even where the shell would take it apart.
    pub unescaped: bool,
    /// Whether the dashes of a YAML sequence stand below their key.
    pub compact_sequences: bool,
    /// What stands between key and value of a property.
    pub separator: String,
    /// Whether items of sequences are written `key[0]` in properties.
    pub brackets: bool,
    /// How Lua is written.
    pub lua: Lua,
}

/// How Lua is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lua {
    /// What stands before the value.
    pub prefix: String,
    /// What stands behind the value.
    pub suffix: String,
    /// Whether keys that are names stand without brackets and quotes.
    pub unquoted: bool,
    /// Whether the entries of a mapping become global variables.
    pub globals: bool,
}

impl Default for Lua {
    fn default() -> Self {
        Self {
            prefix: "return ".to_owned(),
            suffix: ";\n".to_owned(),
            unquoted: false,
            globals: false,
        }
    }
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            indent: 2,
            unwrapped: true,
            unescaped: false,
            compact_sequences: false,
            separator: " = ".to_owned(),
            brackets: false,
            lua: Lua::default(),
        }
    }
}

/// How values are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// Whether cells of tables are read as YAML: `1` as a number, `a: 1` as a mapping.
    pub typed: bool,
    /// The characters of which the first one divides a key of INI from its value.
    pub delimiters: String,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            typed: true,
            delimiters: "=:".to_owned(),
        }
    }
}

/// Reads all values of a text.
pub fn decode(format: Format, text: &str, decoding: &Decoding) -> Result<Vec<Node>> {
    match format {
        Format::Yaml | Format::Kyaml => yaml::decode(text),
        Format::Json => json::decode(text),
        Format::Properties => properties::decode(text),
        Format::Csv => csv::decode(text, b',', decoding.typed),
        Format::Tsv => csv::decode(text, b'\t', decoding.typed),
        Format::Xml => xml::decode(text),
        Format::Base64 => base64::decode(&STANDARD, text),
        Format::Base64Url => base64::decode(&URL_SAFE, text),
        Format::Uri => uri::decode(text),
        Format::Toml => toml::decode(text),
        Format::Ini => ini::decode(text, &decoding.delimiters),
        Format::Lua => lua::decode(text),
        Format::Sh | Format::Shell => Err(Error::new(
            Kind::Script,
            "text for the shell can be written, not read",
        )),
    }
}

/// Writes a value; most formats end it with a line feed.
pub fn encode(format: Format, node: &Node, encoding: &Encoding) -> Result<String> {
    match format {
        Format::Yaml => Ok(yaml::encode(node, encoding)),
        Format::Kyaml => Ok(kyaml::encode(node, encoding)),
        Format::Json => json::encode(node, encoding),
        Format::Properties => properties::encode(node, encoding),
        Format::Csv => csv::encode(node, b','),
        Format::Tsv => csv::encode(node, b'\t'),
        Format::Xml => xml::encode(node, encoding),
        Format::Base64 => base64::encode(&STANDARD, node),
        Format::Base64Url => base64::encode(&URL_SAFE, node),
        Format::Uri => uri::encode(node),
        Format::Sh => shell::quote(node),
        Format::Toml => toml::encode(node),
        Format::Shell => shell::assignments(node, encoding),
        Format::Ini => ini::encode(node),
        Format::Lua => lua::encode(node, encoding),
    }
}

/// Remarks on what a format leaves out of a value, by its rules.
pub fn left_out(format: Format, node: &Node) -> Vec<Finding> {
    match format {
        Format::Csv | Format::Tsv => csv::left_out(node),
        _ => Vec::new(),
    }
}

/// The text of a string, for formats that know nothing else.
fn string<'n>(node: &'n Node, format: &str) -> Result<&'n str> {
    let is_string = |text: &str| match node.tag {
        Tag::Str => true,
        Tag::Other => implied_tag(text) == Tag::Str,
        _ => false,
    };
    node.text().filter(|text| is_string(text)).ok_or_else(|| {
        let message = format!("{format} is made of strings only");
        Error::new(Kind::Script, message)
            .at(node.span)
            .help("make a string of the value first, such as by `to_json`")
    })
}

/// The comment at the very start of a document: above it, or above its first key.
fn leading(node: &Node) -> Option<&Str> {
    head(node).or_else(|| head(&node.entries().first()?.key))
}

/// The comment above a node.
fn head(node: &Node) -> Option<&Str> {
    node.decor.as_ref()?.head.as_ref()
}

/// The YAML that a text is, if it is any; a string keeps its very text.
pub(crate) fn snippet(text: &str) -> Option<Node> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/');
    if !text.is_empty() && text.chars().all(is_word) {
        let tag = implied_tag(text);
        return Some(Node::scalar(text, tag));
    }
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    let node = read(text, &options).ok()?.into_iter().next();
    let node = node.unwrap_or_else(|| Node::scalar("", Tag::Null));
    // A comment is no part of a value.
    if node.is_scalar() && (node.tag == Tag::Str || node.text() != Some(text)) {
        return Some(Node::string(text));
    }
    Some(node)
}
