//! The program as `kubectl diff` calls it: `KUBECTL_EXTERNAL_DIFF`.
//!
//! kubectl takes the first word of the variable for the program, puts two directories behind it,
//! and only then the other words: `kustom /tmp/LIVE-1 /tmp/MERGED-1 diff --files`. It leaves out
//! words with anything but letters, digits, `-` and `=` in them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The name under which the program is `kustom diff --files`.
const NAME: &str = "kustom-diff";

/// The words of `kustom diff --files` that a call of kubectl means, if it is one.
pub(super) fn words_of_diff(words: &[OsString]) -> Option<Vec<OsString>> {
    let (program, words) = words.split_first()?;
    let rest = if Path::new(program).file_stem() == Some(OsStr::new(NAME)) {
        words
    } else {
        let [old, new, rest @ ..] = words else {
            return None;
        };
        let are_paths = is_path(old, "LIVE-") && is_path(new, "MERGED-");
        let is_diff = rest.first().is_none_or(|word| word == "diff");
        let is_kubectls = is_temporary(old, "LIVE-") && is_temporary(new, "MERGED-");
        if !are_paths || !is_diff || (rest.is_empty() && !is_kubectls) {
            return None;
        }
        words
    };
    let mut made: Vec<OsString> = vec![program.clone(), "diff".into(), "--files".into()];
    let is_ours =
        |(at, word): &(usize, &OsString)| *word == "--files" || (*at == 2 && *word == "diff");
    let others = rest.iter().enumerate().filter(|word| !is_ours(word));
    made.extend(others.map(|(_, word)| word.clone()));
    Some(made)
}

/// Whether a word is a path, and no command.
fn is_path(word: &OsStr, prefix: &str) -> bool {
    let bytes = word.as_encoded_bytes();
    !bytes.starts_with(b"-") && (bytes.contains(&b'/') || is_temporary(word, prefix))
}

/// Whether a path ends in a name that kubectl gives its directories.
fn is_temporary(word: &OsStr, prefix: &str) -> bool {
    let name = Path::new(word).file_name();
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let made = words_of_diff(&words)?;
        let made: Vec<String> = made
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        Some(made.join(" "))
    }

    #[test]
    fn kubectl_puts_the_directories_first() {
        for (line, wanted) in [
            (
                "kustom LIVE-1 MERGED-1 diff --files",
                "kustom diff --files LIVE-1 MERGED-1",
            ),
            (
                "kustom /tmp/LIVE-1 /tmp/MERGED-1 diff",
                "kustom diff --files /tmp/LIVE-1 /tmp/MERGED-1",
            ),
            (
                "kustom /tmp/LIVE-1 /tmp/MERGED-1",
                "kustom diff --files /tmp/LIVE-1 /tmp/MERGED-1",
            ),
            (
                "/bin/kustom-diff /tmp/LIVE-1 /tmp/MERGED-1 --format=markdown --all",
                "/bin/kustom-diff diff --files /tmp/LIVE-1 /tmp/MERGED-1 --format=markdown --all",
            ),
            (
                "kustom-diff a.yaml b.yaml",
                "kustom-diff diff --files a.yaml b.yaml",
            ),
            ("kustom-diff --help", "kustom-diff diff --files --help"),
        ] {
            assert_eq!(words(line).as_deref(), Some(wanted), "{line}");
        }
        for line in [
            "kustom diff --files a b",
            "kustom render production diff",
            "kustom yq a.yaml diff",
            "kustom ./a ./b",
            "kustom build ./a",
        ] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
