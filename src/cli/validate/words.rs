//! Translates the command line of kubeconform: flags with one dash, and `-output` for the format.

use std::ffi::OsString;

/// Flags of kubeconform that mean the same here, and whether they stand alone.
const FLAGS: &[(&str, bool)] = &[
    ("exit-on-error", true),
    ("ignore-filename-pattern", false),
    ("ignore-missing-schemas", true),
    ("kubernetes-version", false),
    ("reject", false),
    ("schema-location", false),
    ("skip", false),
    ("strict", true),
    ("summary", true),
    ("verbose", true),
];

/// What kubeconform calls its formats.
const FORMATS: [&str; 5] = ["json", "junit", "pretty", "tap", "text"];

/// The words of `kustom validate` in its own spelling, if they are such.
pub(crate) fn words_of_validate(words: &[OsString]) -> Option<Vec<OsString>> {
    if words.get(1)? != "validate" {
        return None;
    }
    let mut made: Vec<OsString> = words[..2].to_vec();
    let mut rest = words[2..].iter().peekable();
    while let Some(word) = rest.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            made.push(word.clone());
            made.extend(rest.cloned());
            break;
        }
        let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-'));
        let (name, value) = match name.unwrap_or_default().split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name.unwrap_or_default(), None),
        };
        if name == "output" {
            let next = rest.peek().and_then(|next| next.to_str());
            match value.or(next).filter(|format| FORMATS.contains(format)) {
                Some(format) => {
                    made.push(format!("--results={format}").into());
                    if value.is_none() {
                        rest.next();
                    }
                }
                None => made.push(word.clone()),
            }
            continue;
        }
        match FLAGS.iter().find(|(flag, _)| *flag == name) {
            Some((_, true)) if value == Some("true") => made.push(format!("--{name}").into()),
            Some((_, true)) if value == Some("false") => {}
            Some(_) => made.push(format!("--{}", text.trim_start_matches('-')).into()),
            None => made.push(word.clone()),
        }
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let made = words_of_validate(&words).unwrap();
        let made: Vec<&str> = made.iter().filter_map(|word| word.to_str()).collect();
        made.join(" ")
    }

    #[test]
    fn flags_of_kubeconform_have_one_dash() {
        for (line, wanted) in [
            (
                "kustom validate -strict -summary=true a",
                "kustom validate --strict --summary a",
            ),
            (
                "kustom validate -strict=false -skip A,B",
                "kustom validate --skip A,B",
            ),
            (
                "kustom validate -kubernetes-version=1.33.0 -n 4 -",
                "kustom validate --kubernetes-version=1.33.0 -n 4 -",
            ),
            (
                "kustom validate -output json a",
                "kustom validate --results=json a",
            ),
            (
                "kustom validate --output=tap a",
                "kustom validate --results=tap a",
            ),
            (
                "kustom validate --output report.txt -o b",
                "kustom validate --output report.txt -o b",
            ),
            ("kustom validate -- -strict", "kustom validate -- -strict"),
        ] {
            assert_eq!(words(line), wanted);
        }
        assert!(words_of_validate(&["kustom".into(), "check".into()]).is_none());
    }
}
