//! Answers as the protocol writes them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;

use crate::answers::{
    Answers, Completion, CompletionKind, Diagnostic, Edit, Fix, Hover, Lens, Severity, Symbol,
    SymbolKind, Target,
};
use crate::documents::Documents;
use crate::positions::{Encoding, Lines};
use crate::uri::uri_of;

/// The command behind a lens: a client shows the places that are its last argument.
pub(crate) const SHOW_PLACES: &str = "kustom.showPlaces";

/// Turns paths and offsets into URIs and positions; each text is read once.
pub(crate) struct Converter<'c> {
    answers: &'c dyn Answers,
    documents: &'c Documents,
    encoding: Encoding,
    read: BTreeMap<PathBuf, Option<(String, Lines)>>,
}

impl<'c> Converter<'c> {
    pub(crate) fn new(
        answers: &'c dyn Answers,
        documents: &'c Documents,
        encoding: Encoding,
    ) -> Self {
        Self {
            answers,
            documents,
            encoding,
            read: BTreeMap::new(),
        }
    }

    pub(crate) fn uri(&self, path: &Path) -> lsp::Uri {
        match self.documents.get(path) {
            Some(document) => lsp::Uri(document.uri.clone()),
            None => lsp::Uri(uri_of(path)),
        }
    }

    pub(crate) fn range(&mut self, path: &Path, range: Range<usize>) -> lsp::Range {
        if let Some(document) = self.documents.get(path) {
            return document.lines.range(&document.text, range, self.encoding);
        }
        if !self.read.contains_key(path) {
            let text = self.answers.text(path);
            let read = text.map(|text| {
                let lines = Lines::of(&text);
                (text, lines)
            });
            self.read.insert(path.to_path_buf(), read);
        }
        match self.read.get(path) {
            Some(Some((text, lines))) => lines.range(text, range, self.encoding),
            _ => lsp::Range::default(),
        }
    }

    pub(crate) fn location(&mut self, target: &Target) -> lsp::Location {
        lsp::Location {
            uri: self.uri(&target.path),
            range: self.range(&target.path, target.range.clone()),
        }
    }

    pub(crate) fn locations(&mut self, targets: &[Target]) -> Vec<lsp::Location> {
        let mut found: Vec<lsp::Location> = Vec::new();
        for target in targets {
            let location = self.location(target);
            if !found.contains(&location) {
                found.push(location);
            }
        }
        found
    }

    pub(crate) fn diagnostic(&mut self, path: &Path, one: &Diagnostic) -> lsp::Diagnostic {
        let related = one.related.iter().map(|related| {
            let location = self.location(&related.target);
            lsp::DiagnosticRelatedInformation {
                location,
                message: related.message.clone(),
            }
        });
        let related: Vec<_> = related.collect();
        let about = one.about.as_ref();
        lsp::Diagnostic {
            range: self.range(path, one.range.clone()),
            severity: Some(match one.severity {
                Severity::Error => lsp::DiagnosticSeverity::Error,
                Severity::Warning => lsp::DiagnosticSeverity::Warning,
                Severity::Information => lsp::DiagnosticSeverity::Information,
            }),
            code: Some(one.code.clone().into()),
            code_description: about.map(|href| lsp::CodeDescription {
                href: lsp::Uri(href.clone()),
            }),
            source: Some("kustom".to_owned()),
            message: one.message.clone().into(),
            tags: one
                .is_deprecated
                .then(|| vec![lsp::DiagnosticTag::Deprecated]),
            related_information: (!related.is_empty()).then_some(related),
            data: None,
        }
    }

    pub(crate) fn hover(&mut self, path: &Path, hover: Hover) -> lsp::Hover {
        lsp::Hover {
            contents: markdown(hover.markdown).into(),
            range: Some(self.range(path, hover.range)),
        }
    }

    pub(crate) fn completion(&mut self, path: &Path, one: Completion) -> lsp::CompletionItem {
        let edit = lsp::TextEdit {
            range: self.range(path, one.replaces),
            new_text: one.text,
        };
        lsp::CompletionItem {
            label: one.label,
            kind: Some(match one.kind {
                CompletionKind::Field => lsp::CompletionItemKind::Field,
                CompletionKind::Word => lsp::CompletionItemKind::EnumMember,
                CompletionKind::File => lsp::CompletionItemKind::File,
                CompletionKind::Directory => lsp::CompletionItemKind::Folder,
                CompletionKind::Object => lsp::CompletionItemKind::Reference,
                CompletionKind::Variable => lsp::CompletionItemKind::Variable,
            }),
            detail: one.detail,
            documentation: one.documentation.map(|text| markdown(text).into()),
            tags: one
                .is_deprecated
                .then(|| vec![lsp::CompletionItemTag::Deprecated]),
            text_edit: Some(edit.into()),
            ..lsp::CompletionItem::default()
        }
    }

    pub(crate) fn symbol(&mut self, path: &Path, symbol: Symbol) -> lsp::DocumentSymbol {
        let children = symbol.children.into_iter();
        let children: Vec<_> = children.map(|child| self.symbol(path, child)).collect();
        // A deprecated field of the protocol has to be named.
        #[allow(deprecated)]
        lsp::DocumentSymbol {
            name: match symbol.name.is_empty() {
                // An empty name is refused by clients.
                true => "(no name)".to_owned(),
                false => symbol.name,
            },
            detail: symbol.detail,
            kind: match symbol.kind {
                SymbolKind::Object => lsp::SymbolKind::Object,
                SymbolKind::Field => lsp::SymbolKind::Field,
                SymbolKind::File => lsp::SymbolKind::File,
                SymbolKind::Named => lsp::SymbolKind::Key,
            },
            tags: None,
            deprecated: None,
            range: self.range(path, symbol.range),
            selection_range: self.range(path, symbol.selection),
            children: (!children.is_empty()).then_some(children),
        }
    }

    pub(crate) fn lens(&mut self, path: &Path, lens: Lens) -> lsp::CodeLens {
        let range = self.range(path, lens.range);
        let places = self.locations(&lens.targets);
        let json = |value| serde_json::to_value(value).unwrap_or_default();
        let arguments = vec![
            json(serde_json::json!(self.uri(path))),
            json(serde_json::json!(range.start)),
            json(serde_json::json!(places)),
        ];
        lsp::CodeLens {
            range,
            command: Some(lsp::Command {
                title: lens.title,
                tooltip: None,
                // A lens that leads nowhere only says something.
                command: match places.is_empty() {
                    true => String::new(),
                    false => SHOW_PLACES.to_owned(),
                },
                arguments: (!places.is_empty()).then_some(arguments),
            }),
            data: None,
        }
    }

    pub(crate) fn edits(&mut self, edits: &[Edit]) -> lsp::WorkspaceEdit {
        let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
        for edit in edits {
            let range = self.range(&edit.path, edit.range.clone());
            let uri = self.uri(&edit.path);
            changes.entry(uri).or_default().push(lsp::TextEdit {
                range,
                new_text: edit.text.clone(),
            });
        }
        lsp::WorkspaceEdit {
            changes: Some(changes),
            ..lsp::WorkspaceEdit::default()
        }
    }

    pub(crate) fn fix(&mut self, fix: &Fix, known: &[lsp::Diagnostic]) -> lsp::CodeAction {
        let is_mended = |one: &&lsp::Diagnostic| match &one.code {
            Some(lsp::Code::String(code)) => *code == fix.code,
            _ => false,
        };
        let mended: Vec<lsp::Diagnostic> = known.iter().filter(is_mended).cloned().collect();
        lsp::CodeAction {
            title: fix.title.clone(),
            kind: Some(lsp::CodeActionKind::QuickFix),
            diagnostics: (!mended.is_empty()).then_some(mended),
            is_preferred: Some(fix.is_preferred),
            edit: Some(self.edits(&fix.edits)),
            ..lsp::CodeAction::default()
        }
    }
}

fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent {
        kind: lsp::MarkupKind::Markdown,
        value,
    }
}
