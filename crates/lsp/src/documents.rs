//! The documents that a client has open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;

use crate::positions::{Encoding, Lines};

/// The open documents, by the one path of each.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

/// An open document.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the client spells it.
    pub(crate) uri: String,
    pub(crate) version: i32,
    pub(crate) text: String,
    pub(crate) lines: Lines,
}

impl Documents {
    pub(crate) fn open(&mut self, path: PathBuf, uri: String, version: i32, text: String) {
        let lines = Lines::of(&text);
        let document = Document {
            uri,
            version,
            text,
            lines,
        };
        self.open.insert(path, document);
    }

    pub(crate) fn close(&mut self, path: &Path) {
        self.open.remove(path);
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    /// Changes a document, and gives its new text; nothing if it is not open.
    pub(crate) fn change(
        &mut self,
        path: &Path,
        version: i32,
        changes: Vec<lsp::TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<&str> {
        use lsp::TextDocumentContentChangeEvent as Event;
        let document = self.open.get_mut(path)?;
        document.version = version;
        for change in changes {
            match change {
                Event::TextDocumentContentChangePartial(change) => {
                    let offset = |at: lsp::Position| {
                        let (line, character) = (at.line, at.character);
                        document
                            .lines
                            .offset(&document.text, line, character, encoding)
                    };
                    let start = offset(change.range.start);
                    let end = offset(change.range.end).max(start);
                    document.text.replace_range(start..end, &change.text);
                }
                Event::TextDocumentContentChangeWholeDocument(change) => {
                    document.text = change.text;
                }
            }
            document.lines = Lines::of(&document.text);
        }
        Some(&document.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, changes: serde_json::Value) -> String {
        let mut documents = Documents::default();
        let path = Path::new("/a");
        documents.open(path.into(), "file:///a".into(), 1, text.into());
        let changes = serde_json::from_value(changes).unwrap();
        let text = documents.change(path, 2, changes, Encoding::Utf16);
        text.unwrap().to_owned()
    }

    #[test]
    fn changes_are_made_one_after_the_other() {
        let at = |line: u32, from: u32, to: u32| serde_json::json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}});
        let changes = serde_json::json!([
            {"range": at(0, 0, 2), "text": "😀😀"},
            {"range": at(0, 2, 4), "text": "x\r\n"},
            {"range": at(1, 0, 0), "text": "y"},
        ]);
        assert_eq!(changed("ab\n", changes), "😀x\r\ny\n");
    }

    #[test]
    fn a_range_that_is_not_there_changes_what_is_near() {
        let range = serde_json::json!({"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}});
        let changes = serde_json::json!([{"range": range, "text": "b"}]);
        assert_eq!(changed("a", changes), "ab");
        assert_eq!(changed("a", serde_json::json!([{"text": "c"}])), "c");
    }
}
