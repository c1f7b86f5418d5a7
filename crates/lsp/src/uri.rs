//! URIs of files, and their paths.

use std::path::{Path, PathBuf};

use kustom_yaml::cut::Cut as _;

/// The path that a `file:` URI names; nothing for any other, or one on another machine.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_lsp::path_of;
///
/// assert_eq!(path_of("file:///a%20b/c.yaml").as_deref(), Some(Path::new("/a b/c.yaml")));
/// assert_eq!(path_of("untitled:Untitled-1"), None);
/// ```
pub fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let bytes = decoded(rest.cut(..end));
    let text = String::from_utf8(bytes).ok()?;
    if text.contains('\0') {
        return None;
    }
    // A letter of a drive: `/c:/x`.
    let is_drive = |text: &str| {
        let mut letters = text.chars();
        letters.next() == Some('/')
            && letters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && letters.next() == Some(':')
    };
    match cfg!(windows) && is_drive(&text) {
        true => Some(PathBuf::from(text.cut(1..))),
        false => Some(PathBuf::from(text)),
    }
}

/// The URI of a file.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_lsp::uri_of;
///
/// assert_eq!(uri_of(Path::new("/a b/ü.yaml")), "file:///a%20b/%C3%BC.yaml");
/// ```
pub fn uri_of(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut uri = String::from("file://");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The bytes of a text with `%XX`; what is no such code stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let code = match (first, others) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &others[2..];
            }
            None => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    u8::try_from(char::from(byte).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_its_uri_says() {
        for path in ["/a/b.yaml", "/a b/ü😀%20.yaml", "/x#y?z", "/100%"] {
            assert_eq!(path_of(&uri_of(Path::new(path))).unwrap(), Path::new(path));
        }
    }

    #[test]
    fn what_is_no_file_has_no_path() {
        for uri in [
            "",
            "file:",
            "file://host/a",
            "git:/a",
            "file:///%00",
            "file:///%ff",
        ] {
            assert_eq!(path_of(uri), None, "{uri}");
        }
        // As editors write it, and as nobody should.
        assert_eq!(path_of("file:///a%3Ab").unwrap(), Path::new("/a:b"));
        assert_eq!(path_of("file:///a%zz%2").unwrap(), Path::new("/a%zz%2"));
        assert_eq!(path_of("file://localhost/a").unwrap(), Path::new("/a"));
    }
}
