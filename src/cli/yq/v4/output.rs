//! The results of an expression as text: edits written into their text, anything else anew.

use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::place::SourceId;
use kustom::yaml::{Node, Tag};
use kustom::yq::codec::{Encoding, Format, Lua, encode, left_out};
use kustom::yq::v4::{Context, Documents, Expression, Found, Input, Output};
use kustom::yq::{colored, colored_part};

use crate::cli::flags::Arguments;
use crate::cli::output::Streams;

/// A file that was read.
pub(super) struct Source<'t> {
    /// Its name.
    pub(super) name: &'t str,
    /// What is in it.
    pub(super) content: Content<'t>,
}

/// A file as it was read.
pub(super) enum Content<'t> {
    /// YAML, into which changes are written.
    Yaml(Documents<'t>),
    /// The values of any other format.
    Values(Vec<Node>),
}

impl Source<'_> {
    /// The file as an expression sees it.
    pub(super) fn input(&self) -> Input<'_> {
        Input {
            name: self.name,
            documents: self.documents(),
        }
    }

    fn documents(&self) -> &[Node] {
        match &self.content {
            Content::Yaml(documents) => documents.nodes(),
            Content::Values(values) => values,
        }
    }
}

/// How results are printed.
#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    encoding: Encoding,
    /// Whether the text is printed anew even where only a part was changed.
    anew: bool,
    separators: bool,
    nul: bool,
    in_place: bool,
    /// Whether YAML and JSON are coloured; files are not.
    is_colored: bool,
}

impl Printer {
    /// As the flags say; `is_colored` if the results go where colours are wanted.
    pub(super) fn new(arguments: &Arguments, format: Format, is_colored: bool) -> Result<Self> {
        let indent = match arguments.value("indent") {
            None => None,
            Some(text) => Some(text.parse::<usize>().map_err(|_| {
                let message = format!("`{text}` is no number of columns");
                Error::new(Kind::Script, message)
            })?),
        };
        let unwrapped = match arguments.value("unwrapScalar") {
            Some(value) => value == "true",
            None => matches!(format, Format::Yaml | Format::Properties),
        };
        let compact = arguments.is_on("yaml-compact-seq-indent");
        let separator = arguments.value("properties-separator");
        Ok(Self {
            format,
            encoding: Encoding {
                indent: indent.unwrap_or(2).min(40),
                unwrapped,
                unescaped: arguments.is_on("security-force-never-escape-shell-output"),
                compact_sequences: compact,
                separator: separator.unwrap_or(" = ").to_owned(),
                brackets: arguments.is_on("properties-array-brackets"),
                lua: lua(arguments),
            },
            anew: indent.is_some() || compact || arguments.is_on("prettyPrint"),
            separators: !arguments.is_on("no-doc"),
            nul: arguments.is_on("nul-output"),
            in_place: arguments.is_on("inplace"),
            is_colored: is_colored && matches!(format, Format::Yaml | Format::Kyaml | Format::Json),
        })
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn indent(&self) -> usize {
        self.encoding.indent
    }

    /// Whether a file that was not changed is printed as it stands.
    pub(super) fn keeps_text(&self) -> bool {
        self.format == Format::Yaml && !self.anew && !self.nul && self.separators
    }

    /// Whether a text ends as its file does, with or without a line feed.
    pub(super) fn keeps_end(&self) -> bool {
        self.keeps_text() && !self.is_colored
    }

    /// A file that was not changed, as it is printed: the text itself, but for documents that are a
    /// word, of which only the bare word is printed.
    pub(super) fn unchanged(&self, documents: &Documents<'_>) -> String {
        if self.is_colored {
            documents.colored(self.unwraps())
        } else if self.unwraps() {
            documents.unwrapped().into_owned()
        } else {
            documents.text().to_owned()
        }
    }

    /// Whether a document that is a word is printed without its quotes; a file keeps them.
    fn unwraps(&self) -> bool {
        self.encoding.unwrapped && !self.in_place
    }

    /// A text with changes as it is printed.
    fn changed(&self, text: String, results: &[Found]) -> String {
        let unwraps = self.unwraps() && results.iter().any(|found| found.node.is_scalar());
        // What is new is the first document of an empty text.
        let is_first = results
            .first()
            .is_none_or(|found| found.origin.is_none() || is_first(found));
        if !unwraps {
            return self.painted(text, is_first);
        }
        match Documents::read(&text, SourceId::default()) {
            Ok(documents) => self.unchanged(&documents),
            Err(_) => self.painted(text, is_first),
        }
    }

    /// A text in colours, if they are wanted; comments at its top are those of a file if it
    /// `is_first` in one.
    fn painted(&self, text: String, is_first: bool) -> String {
        match (self.is_colored, is_first) {
            (false, _) => text,
            (true, true) => colored(&text),
            (true, false) => colored_part(&text),
        }
    }

    /// All results in one text; documents that were changed are written into their own.
    pub(super) fn text(
        &self,
        mut output: Output,
        sources: &[Source<'_>],
        streams: &Streams,
    ) -> Result<String> {
        if self.keeps_text() {
            match edited(&mut output.results, sources) {
                Ok(Some(text)) => return Ok(self.changed(text, &output.results)),
                Ok(None) => {}
                Err(error) if self.in_place => return Err(error),
                Err(error) => {
                    let message = format!("{}; all of it is printed anew", error.message());
                    streams.findings(&[Finding::warning("printed-anew", message)]);
                }
            }
        }
        let mut out = String::new();
        let first_file = output.results.first().map_or(0, |found| found.file);
        let mut before: Option<&Found> = None;
        for found in &output.results {
            let follows = before.is_some_and(|before| {
                before.document != found.document || found.file != first_file
            });
            let is_yaml = matches!(self.format, Format::Yaml | Format::Kyaml);
            if follows && is_yaml && self.separators {
                out.push_str("---\n");
            }
            let mut findings = left_out(self.format, &found.node);
            for place in findings.iter_mut().flat_map(Finding::places_mut) {
                let source = place
                    .span
                    .source
                    .index()
                    .and_then(|index| sources.get(index));
                place.file = source.map(|source| source.name.into());
            }
            streams.findings(&findings);
            if let Some(head) = found.head().filter(|_| self.format == Format::Yaml) {
                out.push_str(&self.painted(format!("{head}\n"), is_first(found)));
            }
            out.push_str(&self.one(found)?);
            before = Some(found);
        }
        Ok(out)
    }

    fn one(&self, found: &Found) -> Result<String> {
        let node = &found.node;
        let mut text = encode(self.format, node, &self.encoding)?;
        if !(self.encoding.unwrapped && node.is_scalar()) {
            text = self.painted(text, is_first(found));
        }
        if self.nul {
            if text.ends_with('\n') {
                text.pop();
            }
            if text.contains('\0') {
                let message = "a value holds the NUL that should separate the values";
                return Err(Error::new(Kind::Output, message));
            }
            text.push('\0');
        }
        Ok(text)
    }

    /// Each result as the text of a file of its own, named by an expression.
    pub(super) fn split(
        &self,
        output: &Output,
        name: &Expression,
        context: &Context<'_>,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::with_capacity(output.results.len());
        for (index, found) in output.results.iter().enumerate() {
            let index = Node::scalar(index.to_string(), Tag::Int);
            let named = name.evaluate_value(&found.node, &[("index", index)], context)?;
            let text = named.results.first().and_then(|found| found.node.text());
            let mut file = text.unwrap_or_default().to_owned();
            if Path::new(&file).extension().is_none() {
                file.push('.');
                file.push_str(match self.format {
                    Format::Json => "json",
                    Format::Properties => "properties",
                    _ => "yml",
                });
            }
            files.push((file.into(), self.one(found)?.into_bytes()));
        }
        Ok(files)
    }
}

/// How Lua is written.
fn lua(arguments: &Arguments) -> Lua {
    let given = |flag: &str| arguments.value(flag).map(str::to_owned);
    let usual = Lua::default();
    Lua {
        prefix: given("lua-prefix").unwrap_or(usual.prefix),
        suffix: given("lua-suffix").unwrap_or(usual.suffix),
        unquoted: arguments.is_on("lua-unquoted"),
        globals: arguments.is_on("lua-globals"),
    }
}

/// The texts of files with the changes written into them, if the results are their documents.
fn edited(results: &mut [Found], sources: &[Source<'_>]) -> Result<Option<String>> {
    if let ([only], [source]) = (&mut results[..], sources)
        && let Content::Yaml(documents) = &source.content
        && documents.nodes().is_empty()
    {
        return begun(&only.node, documents);
    }
    if !are_documents(results) {
        return Ok(None);
    }
    let mut texts = Vec::new();
    for group in results.chunk_by_mut(|a, b| a.file == b.file) {
        let Content::Yaml(documents) = &sources[group[0].file].content else {
            return Ok(None);
        };
        let after: Vec<Node> = group
            .iter_mut()
            .map(|found| std::mem::take(&mut found.node))
            .collect();
        texts.push(documents.rewrite(&after));
        for (found, node) in group.iter_mut().zip(after) {
            found.node = node;
        }
    }
    let mut out = String::new();
    for text in texts {
        let text = text?;
        if !out.is_empty() {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            if !text.starts_with("---") {
                out.push_str("---\n");
            }
        }
        out.push_str(&text);
    }
    Ok(Some(out))
}

/// A text without a document gets one; it stays as it is if there is nothing in it.
fn begun(node: &Node, documents: &Documents<'_>) -> Result<Option<String>> {
    if node.is_null() {
        return Ok(Some(documents.text().to_owned()));
    }
    documents.rewrite(std::slice::from_ref(node)).map(Some)
}

/// Whether a result is the first document of a file.
fn is_first(found: &Found) -> bool {
    found.origin.is_some_and(|(_, document)| document == 0)
}

/// Whether results are documents of the input, in their order.
fn are_documents(results: &[Found]) -> bool {
    !results.is_empty()
        && results.iter().all(|found| found.origin.is_some())
        && results.is_sorted_by(|a, b| a.origin < b.origin)
}
