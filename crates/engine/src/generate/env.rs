//! Findings about lines of env files that kustomize reads differently than shells, compose files
//! and dotenv libraries do.
//!
//! Shells, compose files and dotenv libraries read such files with quotes, comments and `export`;
//! kustomize takes every line as it is.
//! Source of what a key may be: `IsConfigMapKey` of `k8s.io/apimachinery/pkg/util/validation`.

use kustom_yaml::finding::Finding;
use kustom_yaml::place::{SourceId, Span};

use super::{LONGEST_LINE, Product};

/// Remarks on the lines of an env file, each at its line; no value is repeated.
///
/// # Example
///
/// ```
/// use kustom_engine::generate::{Product, env_remarks};
/// use kustom_yaml::place::SourceId;
///
/// let found = env_remarks(b"A=1\nexport B=2\n", SourceId::NONE, Product::ConfigMap);
/// assert_eq!((found.len(), found[0].rule), (1, "env-file"));
/// ```
pub fn env_remarks(content: &[u8], file: SourceId, product: Product) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let place = Span {
            source: file,
            line: u32::try_from(number + 1).unwrap_or(0),
            ..Span::default()
        };
        let mut tell = |message: String, help: &str| {
            findings.push(Finding::warning("env-file", message).at(place).help(help));
        };
        if line.len() >= LONGEST_LINE {
            let message = "a line of 64 KiB or more, at which kustomize stops reading the file";
            tell(
                message.to_owned(),
                "put the value into a file of its own, and name it in `files`",
            );
            break;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            break;
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = line.trim_start_matches('\u{feff}').trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            // What stands there may be a piece of a secret.
            let shown = match product {
                Product::ConfigMap => format!("`{}`", shortened(line)),
                Product::Secret => "a line".to_owned(),
            };
            let colon = line.contains(": ") || line.ends_with(':');
            let help = match colon {
                true => "an env file has lines `key=value`; `key: value` is YAML",
                false => "write `=` behind the key if its value is to be empty, or the value too",
            };
            tell(
                format!("{shown} has no `=`: it is a key without a value"),
                help,
            );
            continue;
        };
        if key.is_empty() {
            let message = "the line has nothing before its `=`, and is left out";
            tell(message.to_owned(), "write a key before the `=`");
            continue;
        }
        if let Some(why) = unfit(key) {
            let shown = match product {
                Product::ConfigMap => format!("the key `{}`", shortened(key)),
                Product::Secret => "a key".to_owned(),
            };
            let help = match key.starts_with("export ") {
                true => "take `export` away: kustomize does not know it",
                false => "a key has letters, digits, `-`, `_` and `.`",
            };
            tell(
                format!("{shown} {why}; the API server takes no such key"),
                help,
            );
        }
        let shown = match product {
            Product::ConfigMap => format!("the value of `{}`", shortened(key)),
            Product::Secret => "a value".to_owned(),
        };
        if is_quoted(value.trim_end()) {
            let message = format!("{shown} stands in quotes, which become part of it");
            tell(
                message,
                "remove the quotes: kustomize takes all that follows the `=`",
            );
        } else if value.contains(" #") || value.contains("\t#") {
            let message = format!("{shown} is followed by a comment, which becomes part of it");
            tell(message, "put the comment on a line of its own");
        } else if value.trim() != value && !value.is_empty() && !is_joined(key) {
            let message =
                format!("{shown} begins or ends with white space, which becomes part of it");
            tell(message, "remove the white space");
        }
    }
    findings
}

/// Whether the name of a value says that it is put before, after or between others, where white space
/// may be meant.
fn is_joined(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let names = ["prefix", "suffix", "separator", "delimiter"];
    names.iter().any(|name| key.contains(name))
}

/// A remark on a key of a `literal` or a `file` that the API server does not take.
pub(super) fn key_remark(key: &str, place: Span) -> Option<Finding> {
    let why = unfit(key)?;
    let message = format!(
        "the key `{}` {why}; the API server takes no such key",
        shortened(key)
    );
    Some(
        Finding::warning("env-file", message)
            .at(place)
            .help("a key has letters, digits, `-`, `_` and `.`"),
    )
}

/// Why the API server refuses a key of a ConfigMap or Secret.
fn unfit(key: &str) -> Option<&'static str> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match key {
        _ if key.starts_with("export ") => Some("begins with `export`"),
        _ if key.ends_with([' ', '\t']) => Some("ends with white space"),
        _ if !key.bytes().all(is_letter) => {
            Some("has other than letters, digits, `-`, `_` and `.`")
        }
        "." => Some("is `.`"),
        _ if key.starts_with("..") => Some("begins with `..`"),
        _ if key.len() > 253 => Some("is longer than 253 characters"),
        _ => None,
    }
}

fn is_quoted(value: &str) -> bool {
    let value = value.trim_start();
    ['"', '\'']
        .iter()
        .any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote))
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.chars().count() > SHOWN {
        true => text.chars().take(SHOWN).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, product: Product) -> Vec<u32> {
        let found = env_remarks(text.as_bytes(), SourceId::NONE, product);
        let places = found.into_iter().filter_map(|finding| finding.place);
        places.map(|place| place.span.line).collect()
    }

    #[test]
    fn what_other_readers_understand_is_told_by_line() {
        let text = "# c\nA=1\n\nexport B=2\nC = 3\nD: 4\n=5\nE=\"6\"\nF=7 # c\nG=8 \nH=\n I=x#y\nJ";
        assert_eq!(
            lines(text, Product::ConfigMap),
            [4, 5, 5, 6, 7, 8, 9, 10, 13]
        );
    }

    #[test]
    fn nothing_of_a_secret_is_repeated() {
        let text = b"hunter2\nhunter2 x=1\nK=\"hunter2\"\nhunter2=a #b\n";
        let found = env_remarks(text, SourceId::NONE, Product::Secret);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|it| !it.message.contains("hunter2")));
    }
}
