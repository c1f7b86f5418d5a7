//! Makes ConfigMaps and Secrets from literals, env files and files.
//!
//! The bytes of the files are read by the caller; here they only become an object.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/>.

mod env;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{Entry, Node, Str, Style, Tag, Text, base64_lines};

use crate::resource::{Behavior, History, Resource};
use crate::schema::Schema;

pub use env::env_remarks;

/// What a `configMapGenerator` or `secretGenerator` entry asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// The namespace of the object.
    pub namespace: Text,
    /// The name of the object, before its hash.
    pub name: Text,
    /// What to do if an object of that name is there already.
    pub behavior: Text,
    /// `key=value` pairs.
    pub literals: Vec<Text>,
    /// `[key=]path` pairs.
    pub files: Vec<Text>,
    /// Paths of files with `KEY=value` lines.
    pub envs: Vec<Text>,
    /// Labels, annotations, hash and mutability.
    pub options: Options,
    /// The `type` of a Secret.
    pub secret_type: Text,
}

/// The `options` of a generator, or the `generatorOptions` of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Labels of the object.
    pub labels: Vec<(Text, Text)>,
    /// Annotations of the object.
    pub annotations: Vec<(Text, Text)>,
    /// Whether the name gets no hash of the content.
    pub disable_name_suffix_hash: bool,
    /// Whether the object is marked as immutable.
    pub immutable: bool,
}

/// Which of the two kinds is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// A key and its value, and where the pair was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Str,
    /// The value.
    pub value: Vec<u8>,
    /// Where the pair was asked for.
    pub source: Text,
    /// Where the value stands: there, or in the file that was asked for.
    pub place: Span,
}

impl Options {
    /// Adds the options of all generators to those of one: own labels and annotations win, and
    /// what is switched on for all cannot be switched off for one.
    pub fn merge_defaults(&mut self, all: &Self) {
        add_missing(&mut self.labels, &all.labels);
        add_missing(&mut self.annotations, &all.annotations);
        self.disable_name_suffix_hash |= all.disable_name_suffix_hash;
        self.immutable |= all.immutable;
    }
}

fn add_missing(own: &mut Vec<(Text, Text)>, all: &[(Text, Text)]) {
    for (key, value) in all {
        if !own.iter().any(|(known, _)| known.text == key.text) {
            own.push((key.clone(), value.clone()));
        }
    }
}

/// The pair that `key=value` means; one pair of quotes around the value goes.
///
/// # Errors
///
/// If there is no `=`, or nothing before it.
///
/// # Example
///
/// ```
/// let pair = kustom_engine::generate::literal(&"greeting=\"hello\"".into())?;
/// assert_eq!((pair.key.as_str(), pair.value.as_slice()), ("greeting", "hello".as_bytes()));
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn literal(source: &Text) -> Result<Pair> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Pair {
            key: key.into(),
            value: unquoted(value).into(),
            source: source.clone(),
            place: source.span,
        }),
        // What stands there may be a secret, so it is not repeated.
        _ => Err(
            Error::new(Kind::Generator, "a literal is not of the form `key=value`")
                .at(source.span)
                .help("write the key, `=`, and the value"),
        ),
    }
}

fn unquoted(value: &str) -> &str {
    let within = |quote| {
        value
            .strip_prefix(quote)
            .and_then(|rest: &str| rest.strip_suffix(quote))
    };
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

/// Key and path of a `[key=]path` entry; without a key it is the file's name.
///
/// # Errors
///
/// If the key or the path is empty, or there is more than one `=`.
pub fn file_source(source: &Text) -> Result<(&str, &str)> {
    let wrong = |what: &str| {
        Err(Error::new(Kind::Generator, format!("`{source}` {what}"))
            .at(source.span)
            .help("write `path` or `key=path`; neither may contain `=`"))
    };
    match source.split_once('=') {
        None => Ok((
            source
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or(source),
            source,
        )),
        Some((_, rest)) if rest.contains('=') => wrong("has more than one `=`"),
        Some(("", _)) => wrong("has no key before the `=`"),
        Some((_, "")) => wrong("has no path after the `=`"),
        Some(parts) => Ok(parts),
    }
}

/// The pairs of an env file; `source` is where it was asked for.
///
/// Blank lines and those that start with `#` are skipped; nothing but leading white space is
/// trimmed, no quotes are removed, and a line without `=` is a key with an empty value.
///
/// # Errors
///
/// A line that is not UTF-8, or one of more than 64 KiB, at which kustomize stops reading without
/// a word.
pub fn env_file(content: &[u8], file: SourceId, source: &Text) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.len() >= LONGEST_LINE {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(line) = std::str::from_utf8(line) else {
            let message = format!(
                "line {} of the env file `{source}` is not UTF-8",
                number + 1
            );
            return Err(Error::new(Kind::Generator, message).at(source.span));
        };
        let line = if number == 0 {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        } else {
            line
        };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            pairs.push(Pair {
                key: key.into(),
                value: value.into(),
                source: source.clone(),
                place: Span {
                    source: file,
                    line: u32::try_from(number + 1).unwrap_or(0),
                    ..Span::default()
                },
            });
        }
    }
    Ok(pairs)
}

/// Remarks on keys of literals and files that the API server does not take.
pub fn key_remarks(args: &Args) -> Vec<Finding> {
    let literals = args.literals.iter().filter_map(|source| {
        let (key, _) = source.split_once('=')?;
        env::key_remark(key, source.span)
    });
    let files = args.files.iter().filter_map(|source| {
        let (key, _) = file_source(source).ok()?;
        env::key_remark(key, source.span)
    });
    literals.chain(files).collect()
}

/// The length of a line at which kustomize stops reading an env file.
const LONGEST_LINE: usize = 64 * 1024;

/// Makes the object of its pairs.
///
/// # Errors
///
/// If it has no name, or a key comes twice.
pub fn generate(
    product: Product,
    args: &Args,
    mut pairs: Vec<Pair>,
    schema: &Schema,
) -> Result<Resource> {
    if args.name.is_empty() {
        let what = match product {
            Product::ConfigMap => "configMapGenerator",
            Product::Secret => "secretGenerator",
        };
        let message = format!("an entry of `{what}` has no `name`");
        return Err(Error::new(Kind::Generator, message)
            .at(args.name.span)
            .help("add `name: …` to it"));
    }
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some(twice) = pairs.windows(2).find(|pair| pair[0].key == pair[1].key) {
        let message = format!(
            "the generator of `{}` has the key `{}` twice",
            args.name, twice[1].key
        );
        return Err(Error::new(Kind::Generator, message)
            .at(twice[1].source.span)
            .note("the other one is here", Some(twice[0].source.span.into())));
    }
    let mut node = base(product, args);
    match product {
        Product::ConfigMap => fill_config_map(&mut node, pairs),
        Product::Secret => fill_secret(&mut node, &pairs, args),
    }
    if args.options.immutable {
        let immutable = Node::scalar("true", Tag::Bool);
        node.set("immutable", written_at(args.name.span, immutable));
    }
    let history = History {
        behavior: Behavior::from_word(&args.behavior),
        needs_hash: !args.options.disable_name_suffix_hash,
        ..History::default()
    };
    Ok(Resource::generated(node, history, schema))
}

/// A node that is made because of what is written at a place.
fn written_at(span: Span, node: Node) -> Node {
    Node { span, ..node }
}

/// Everything but the data; what the entry does not say itself is written where its name is.
fn base(product: Product, args: &Args) -> Node {
    let kind = match product {
        Product::ConfigMap => "ConfigMap",
        Product::Secret => "Secret",
    };
    let span = args.name.span;
    let key = |name: &str, span: Span| Text {
        text: name.into(),
        span,
    };
    let mut metadata = written_at(span, Node::map(Vec::new()));
    metadata.set_text_field(&key("name", span), &args.name, None);
    if !args.namespace.is_empty() {
        let key = key("namespace", args.namespace.span);
        metadata.set_text_field(&key, &args.namespace, None);
    }
    for (field, pairs) in [
        ("labels", &args.options.labels),
        ("annotations", &args.options.annotations),
    ] {
        if !pairs.is_empty() {
            let mut entries: Vec<Entry> = pairs
                .iter()
                .map(|(key, value)| Entry {
                    key: written_at(key.span, Node::plain(key)),
                    value: written_at(value.span, Node::string(value.text.clone())),
                })
                .collect();
            entries.sort_by(|a, b| a.key.text().cmp(&b.key.text()));
            let span = pairs[0].0.span;
            metadata.set(field, written_at(span, Node::map(entries)));
        }
    }
    let entry = |key: &str, value: Node| Entry {
        key: written_at(span, Node::string(key)),
        value,
    };
    let made = Node::map(vec![
        entry("apiVersion", written_at(span, Node::string("v1"))),
        entry("kind", written_at(span, Node::string(kind))),
        entry("metadata", metadata),
    ]);
    written_at(span, made)
}

/// UTF-8 goes to `data` as it is, anything else to `binaryData`.
fn fill_config_map(node: &mut Node, pairs: Vec<Pair>) {
    let (mut data, mut binary) = (Vec::with_capacity(pairs.len()), Vec::new());
    for mut pair in pairs {
        match String::from_utf8(std::mem::take(&mut pair.value)) {
            Ok(text) => data.push(entry(&pair, Str::from(text))),
            Err(error) => binary.push(entry(&pair, base64_lines(error.as_bytes()))),
        }
    }
    for (field, entries) in [("data", data), ("binaryData", binary)] {
        if !entries.is_empty() {
            node.set(field, Node::map(entries));
        }
    }
}

fn fill_secret(node: &mut Node, pairs: &[Pair], args: &Args) {
    let (kind, span) = if args.secret_type.is_empty() {
        ("Opaque", args.name.span)
    } else {
        (&*args.secret_type, args.secret_type.span)
    };
    node.set("type", written_at(span, Node::string(kind)));
    let data = pairs
        .iter()
        .map(|pair| entry(pair, base64_lines(&pair.value)))
        .collect();
    node.set("data", Node::map(data));
}

/// A key without quotes and a value that is text; kustomize writes several lines literally.
fn entry(pair: &Pair, text: Str) -> Entry {
    let mut value = Node {
        span: pair.place,
        ..Node::string(text)
    };
    match value.text().is_some_and(|text| text.contains('\n')) {
        true => value.style = Style::Literal,
        false => value.quote_if_misread(),
    }
    Entry {
        key: written_at(pair.source.span, Node::plain(&pair.key)),
        value,
    }
}

/// What an `IAMPolicyGenerator` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IamPolicy {
    /// The cloud; only `gke` is known.
    pub cloud: Text,
    /// The name of the Kubernetes service account.
    pub service_name: Text,
    /// Its namespace.
    pub service_namespace: Text,
    /// The name of the cloud's service account.
    pub account: Text,
    /// The project that it belongs to.
    pub project: Text,
}

/// Makes the service account that stands for one of a cloud.
///
/// # Errors
///
/// If the cloud is unknown.
pub fn iam_policy(args: &IamPolicy, schema: &Schema) -> Result<Resource> {
    if &*args.cloud != "gke" {
        return Err(Error::new(
            Kind::Generator,
            format!("the cloud `{}` is unknown", args.cloud),
        )
        .at(args.cloud.span)
        .help("`cloud` is `gke`"));
    }
    let account = format!("{}@{}.iam.gserviceaccount.com", args.account, args.project);
    // What the generator does not ask for is written where its object is named.
    let span = args.service_name.span;
    let entry = |key: &str, span: Span, value: Node| Entry {
        key: written_at(span, Node::string(key)),
        value: written_at(span, value),
    };
    let key = "iam.gke.io/gcp-service-account";
    let annotation = entry(key, args.account.span, Node::plain(&account));
    let mut metadata = vec![
        entry(
            "annotations",
            args.account.span,
            Node::map(vec![annotation]),
        ),
        entry("name", span, Node::plain(&args.service_name)),
    ];
    if !args.service_namespace.is_empty() {
        let namespace = Node::plain(&args.service_namespace);
        metadata.push(entry("namespace", args.service_namespace.span, namespace));
    }
    let node = Node::map(vec![
        entry("apiVersion", span, Node::string("v1")),
        entry("kind", span, Node::string("ServiceAccount")),
        entry("metadata", span, Node::map(metadata)),
    ]);
    let node = written_at(span, node);
    Ok(Resource::generated(node, History::default(), schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_key_or_by_itself() {
        assert_eq!(
            file_source(&"a/b.txt".into()).unwrap(),
            ("b.txt", "a/b.txt")
        );
        assert_eq!(file_source(&"k=a/b.txt".into()).unwrap(), ("k", "a/b.txt"));
        for wrong in ["=a", "k=", "a=b=c"] {
            assert!(file_source(&wrong.into()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_literal_that_is_none_is_refused_without_being_repeated() {
        let error = literal(&"hunter2".into()).unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"));
        assert!(literal(&"=v".into()).is_err());
    }

    #[test]
    fn an_env_file_keeps_quotes_and_trailing_blanks() {
        let pairs = env_file(
            b"\xef\xbb\xbfA=\"x\"\r\n# c\n\n  B \n",
            SourceId::NONE,
            &"e".into(),
        )
        .unwrap();
        let found: Vec<_> = pairs
            .iter()
            .map(|p| (p.key.as_str(), p.value.as_slice()))
            .collect();
        assert_eq!(found, [("A", b"\"x\"".as_slice()), ("B ", b"")]);
        assert!(env_file(b"A=\xff", SourceId::NONE, &"e".into()).is_err());
    }

    #[test]
    fn a_key_comes_once() {
        let args = Args {
            name: "c".into(),
            ..Args::default()
        };
        let pairs = vec![
            literal(&"a=1".into()).unwrap(),
            literal(&"a=2".into()).unwrap(),
        ];
        let schema = Schema::builtin();
        assert!(generate(Product::ConfigMap, &args, pairs, &schema).is_err());
        assert!(generate(Product::ConfigMap, &Args::default(), Vec::new(), &schema).is_err());
    }
}
