//! One client: what it has said, and what it is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answers::{Answers, Diagnostic, Refused, Scope};
use crate::convert::Converter;
use crate::documents::Documents;
use crate::frames::Frame;
use crate::positions::{Encoding, Lines};
use crate::uri::path_of;

/// How long nobody must have typed before the documents are looked at, if the client says nothing
/// of it (`quietMilliseconds` in its `initializationOptions`).
const QUIET: Duration = Duration::from_millis(120);

/// What a client can do.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    watches_files: bool,
    refreshes_lenses: bool,
}

/// Where in its life a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Running,
    ShutDown,
}

/// What is said of a request that is not answered.
struct Failure(ErrorCode, String);

type Answer = Result<Value, Failure>;

pub(crate) struct Session<'a> {
    answers: &'a mut dyn Answers,
    documents: Documents,
    encoding: Encoding,
    client: Client,
    state: State,
    /// What was said last of each file.
    published: BTreeMap<PathBuf, (Option<i32>, Vec<Diagnostic>)>,
    /// How long nobody must have typed before the documents are looked at.
    quiet: Duration,
    /// When the documents are looked at next, and how.
    due: Option<(Instant, Scope)>,
    /// How many requests we have sent.
    sent: i32,
}

impl<'a> Session<'a> {
    pub(crate) fn new(answers: &'a mut dyn Answers) -> Self {
        Self {
            answers,
            documents: Documents::default(),
            encoding: Encoding::default(),
            client: Client::default(),
            state: State::Fresh,
            published: BTreeMap::new(),
            quiet: QUIET,
            due: None,
            sent: 0,
        }
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.map(|(when, _)| when)
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.state == State::ShutDown
    }

    /// Handles messages in their order; whether the client has left.
    pub(crate) fn handle(&mut self, batch: Vec<Frame>, said: &mut Vec<Value>) -> bool {
        let cancelled: BTreeSet<String> = batch.iter().filter_map(cancelled).collect();
        for frame in batch {
            match frame {
                Frame::Message(Message::Request(request)) => {
                    let id = request.id.clone();
                    let answer = match cancelled.contains(&id.to_string()) {
                        true => Err(Failure(
                            ErrorCode::RequestCanceled,
                            "the request was cancelled".to_owned(),
                        )),
                        false => self.request(request),
                    };
                    said.push(response(&id, answer));
                }
                Frame::Message(Message::Notification(it)) if it.method == "exit" => return true,
                Frame::Message(Message::Notification(it)) => self.notification(it, said),
                // Of what we have asked for, nothing has to be known.
                Frame::Message(Message::Response(_)) => {}
                Frame::Malformed(why) => {
                    let code = ErrorCode::ParseError as i32;
                    said.push(json!({"id": null, "error": {"code": code, "message": why}}));
                }
            }
        }
        false
    }

    /// Says what is found in all files, as far as it is news.
    pub(crate) fn publish(&mut self, said: &mut Vec<Value>) {
        let Some((_, scope)) = self.due.take() else {
            return;
        };
        let Some(found) = self.guarded(|answers| answers.diagnostics(scope)) else {
            said.push(log("the documents could not be looked at"));
            return;
        };
        let mut now = found;
        for path in self.published.keys() {
            now.entry(path.clone()).or_default();
        }
        let mut converter = Converter::new(&*self.answers, &self.documents, self.encoding);
        for (path, diagnostics) in now {
            let version = self.documents.get(&path).map(|document| document.version);
            let is_known = match self.published.get(&path) {
                Some(known) => known.0 == version && known.1 == diagnostics,
                None => diagnostics.is_empty() && version.is_none(),
            };
            if is_known {
                continue;
            }
            let list = diagnostics.iter();
            let list: Vec<_> = list.map(|one| converter.diagnostic(&path, one)).collect();
            said.push(notification(
                "textDocument/publishDiagnostics",
                lsp::PublishDiagnosticsParams {
                    uri: converter.uri(&path),
                    version,
                    diagnostics: list,
                },
            ));
            if diagnostics.is_empty() && version.is_none() {
                self.published.remove(&path);
            } else {
                self.published.insert(path, (version, diagnostics));
            }
        }
        if self.client.refreshes_lenses {
            said.push(self.ask("workspace/codeLens/refresh", Value::Null));
        }
    }

    /// Asks the answers for something; nothing if they panic, and then they start anew.
    fn guarded<T>(&mut self, ask: impl FnOnce(&mut dyn Answers) -> T) -> Option<T> {
        let answers = &mut *self.answers;
        match catch_unwind(AssertUnwindSafe(|| ask(answers))) {
            Ok(answer) => Some(answer),
            Err(_) => {
                self.answers.reset();
                None
            }
        }
    }

    fn ask(&mut self, method: &str, params: impl Serialize) -> Value {
        self.sent += 1;
        json!({"id": format!("kustom-{}", self.sent), "method": method, "params": params})
    }

    fn wait(&mut self, time: Duration, scope: Scope) {
        let whole = match self.due {
            Some((_, Scope::Everything)) => Scope::Everything,
            _ => scope,
        };
        self.due = Some((Instant::now() + time, whole));
    }

    fn notification(&mut self, notification: Notification, said: &mut Vec<Value>) {
        if self.state == State::Fresh {
            return;
        }
        let method = notification.method.clone();
        if let Err(why) = self.notified(notification, said) {
            said.push(log(&format!("`{method}` could not be read: {why}")));
        }
    }

    fn notified(
        &mut self,
        notification: Notification,
        said: &mut Vec<Value>,
    ) -> Result<(), String> {
        let params = notification.params;
        match notification.method.as_str() {
            "initialized" if self.client.watches_files => {
                let options = json!({"watchers": [{"globPattern": "**/*"}]});
                let registration = json!({
                    "id": "files",
                    "method": "workspace/didChangeWatchedFiles",
                    "registerOptions": options,
                });
                let params = json!({"registrations": [registration]});
                said.push(self.ask("client/registerCapability", params));
            }
            "textDocument/didOpen" => {
                let params: lsp::DidOpenTextDocumentParams = read(params)?;
                let document = params.text_document;
                if let Some(path) = self.path(&document.uri) {
                    let text = document.text;
                    self.guarded(|answers| answers.set_text(&path, Some(&text)));
                    self.documents
                        .open(path, document.uri.0, document.version, text);
                    self.wait(Duration::ZERO, Scope::Typed);
                }
            }
            "textDocument/didChange" => {
                let params: lsp::DidChangeTextDocumentParams = read(params)?;
                let document = params.text_document;
                let path = self.path(&document.text_document_identifier.uri);
                let encoding = self.encoding;
                if let Some(path) = path
                    && let Some(text) = self.documents.change(
                        &path,
                        document.version,
                        params.content_changes,
                        encoding,
                    )
                {
                    let text = text.to_owned();
                    self.guarded(|answers| answers.set_text(&path, Some(&text)));
                    self.wait(self.quiet, Scope::Typed);
                }
            }
            "textDocument/didSave" => {
                let params: lsp::DidSaveTextDocumentParams = read(params)?;
                if let Some(path) = self.path(&params.text_document.uri) {
                    self.guarded(|answers| answers.files_changed(&[path]));
                    self.wait(Duration::ZERO, Scope::Everything);
                }
            }
            "textDocument/didClose" => {
                let params: lsp::DidCloseTextDocumentParams = read(params)?;
                if let Some(path) = self.path(&params.text_document.uri) {
                    self.documents.close(&path);
                    self.guarded(|answers| answers.set_text(&path, None));
                    self.wait(self.quiet, Scope::Everything);
                }
            }
            "workspace/didChangeWatchedFiles" => {
                let params: lsp::DidChangeWatchedFilesParams = read(params)?;
                let changes = params.changes.iter();
                let paths: Vec<_> = changes.filter_map(|it| self.path(&it.uri)).collect();
                if self.guarded(|answers| answers.files_changed(&paths)) == Some(true) {
                    self.wait(self.quiet, Scope::Everything);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn request(&mut self, request: Request) -> Answer {
        let is_initialize = request.method == "initialize";
        match self.state {
            State::Fresh if !is_initialize => {
                let message = "the first request is `initialize`";
                return Err(Failure(ErrorCode::ServerNotInitialized, message.to_owned()));
            }
            State::Running if is_initialize => {
                let message = "the server is initialized already";
                return Err(Failure(ErrorCode::InvalidRequest, message.to_owned()));
            }
            State::ShutDown => {
                let message = "the server is shut down";
                return Err(Failure(ErrorCode::InvalidRequest, message.to_owned()));
            }
            _ => {}
        }
        let answer = catch_unwind(AssertUnwindSafe(|| {
            self.answer(&request.method, request.params)
        }));
        answer.unwrap_or_else(|_| {
            self.answers.reset();
            let message = format!("`{}` met a mistake of the program", request.method);
            Err(Failure(ErrorCode::InternalError, message))
        })
    }

    fn answer(&mut self, method: &str, params: Value) -> Answer {
        match method {
            "initialize" => self.initialize(asked(params)?),
            "shutdown" => {
                self.state = State::ShutDown;
                Ok(Value::Null)
            }
            "textDocument/hover" => {
                let (path, offset) = self.place(params)?;
                let hover = self.answers.hover(&path, offset);
                let hover = hover.map(|hover| self.converter().hover(&path, hover));
                Ok(json!(hover))
            }
            "textDocument/definition" => {
                let (path, offset) = self.place(params)?;
                let targets = self.answers.definition(&path, offset);
                Ok(json!(self.converter().locations(&targets)))
            }
            "textDocument/references" => {
                let (path, offset) = self.place(params)?;
                let targets = self.answers.references(&path, offset);
                Ok(json!(self.converter().locations(&targets)))
            }
            "textDocument/completion" => {
                let (path, offset) = self.place(params)?;
                let list = self.answers.completion(&path, offset).into_iter();
                let mut converter = self.converter();
                let items: Vec<_> = list.map(|one| converter.completion(&path, one)).collect();
                Ok(json!({"isIncomplete": false, "items": items}))
            }
            "textDocument/documentSymbol" => {
                let path = self.document(params)?;
                let list = self.answers.symbols(&path).into_iter();
                let mut converter = self.converter();
                let symbols: Vec<_> = list.map(|one| converter.symbol(&path, one)).collect();
                Ok(json!(symbols))
            }
            "textDocument/codeLens" => {
                let path = self.document(params)?;
                let list = self.answers.lenses(&path).into_iter();
                let mut converter = self.converter();
                let lenses: Vec<_> = list.map(|one| converter.lens(&path, one)).collect();
                Ok(json!(lenses))
            }
            "textDocument/codeAction" => self.actions(asked(params)?),
            "textDocument/prepareRename" => {
                let (path, offset) = self.place(params)?;
                let rename = self.answers.renamable(&path, offset).map_err(refused)?;
                let range = self.converter().range(&path, rename.range);
                Ok(json!({"range": range, "placeholder": rename.name}))
            }
            "textDocument/rename" => {
                let name = params.get("newName").and_then(Value::as_str);
                let name = name.unwrap_or_default().to_owned();
                let (path, offset) = self.place(params)?;
                let edits = self.answers.rename(&path, offset, &name).map_err(refused)?;
                Ok(json!(self.converter().edits(&edits)))
            }
            _ => {
                let message = format!("there is no method `{method}`");
                Err(Failure(ErrorCode::MethodNotFound, message))
            }
        }
    }

    fn initialize(&mut self, params: lsp::InitializeParams) -> Answer {
        let capabilities = params.capabilities;
        let general = capabilities.general.as_ref();
        let encodings = general.and_then(|it| it.position_encodings.as_deref());
        for encoding in encodings.unwrap_or_default() {
            self.encoding = match encoding {
                lsp::PositionEncodingKind::UTF8 => Encoding::Utf8,
                lsp::PositionEncodingKind::UTF16 => Encoding::Utf16,
                lsp::PositionEncodingKind::UTF32 => Encoding::Utf32,
                lsp::PositionEncodingKind::Custom(_) => continue,
            };
            break;
        }
        let workspace = capabilities.workspace.as_ref();
        let watches = workspace.and_then(|it| it.did_change_watched_files.as_ref());
        let lenses = workspace.and_then(|it| it.code_lens.as_ref());
        self.client = Client {
            watches_files: watches.and_then(|it| it.dynamic_registration) == Some(true),
            refreshes_lenses: lenses.and_then(|it| it.refresh_support) == Some(true),
        };
        let options = params.initialization_options.unwrap_or_default();
        if let Some(quiet) = options.get("quietMilliseconds").and_then(Value::as_u64) {
            self.quiet = Duration::from_millis(quiet.min(60_000));
        }
        self.state = State::Running;
        let result = lsp::InitializeResult {
            capabilities: self.capabilities(),
            server_info: Some(lsp::ServerInfo {
                name: "kustom".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        Ok(json!(result))
    }

    fn capabilities(&self) -> lsp::ServerCapabilities {
        lsp::ServerCapabilities {
            position_encoding: Some(match self.encoding {
                Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
                Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
                Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
            }),
            text_document_sync: Some(
                lsp::TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(lsp::TextDocumentSyncKind::Incremental),
                    save: Some(true.into()),
                    ..lsp::TextDocumentSyncOptions::default()
                }
                .into(),
            ),
            hover_provider: Some(true.into()),
            definition_provider: Some(true.into()),
            references_provider: Some(true.into()),
            document_symbol_provider: Some(true.into()),
            completion_provider: Some(lsp::CompletionOptions {
                trigger_characters: Some([":", "/", "-", " ", "."].map(str::to_owned).to_vec()),
                ..lsp::CompletionOptions::default()
            }),
            code_action_provider: Some(
                lsp::CodeActionOptions {
                    code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix]),
                    ..lsp::CodeActionOptions::default()
                }
                .into(),
            ),
            code_lens_provider: Some(lsp::CodeLensOptions::default()),
            rename_provider: Some(
                lsp::RenameOptions {
                    prepare_provider: Some(true),
                    ..lsp::RenameOptions::default()
                }
                .into(),
            ),
            ..lsp::ServerCapabilities::default()
        }
    }

    fn actions(&mut self, params: lsp::CodeActionParams) -> Answer {
        let only = params.context.only.as_deref();
        let is_wanted = only.is_none_or(|only| {
            let wanted = [lsp::CodeActionKind::QuickFix, lsp::CodeActionKind::Empty];
            only.iter().any(|kind| wanted.contains(kind))
        });
        let path = self.path(&params.text_document.uri);
        let (true, Some(path)) = (is_wanted, path) else {
            return Ok(json!([]));
        };
        let start = self.offset(&path, params.range.start);
        let end = self.offset(&path, params.range.end);
        let fixes = self.answers.fixes(&path, start..end.max(start));
        let mut converter = self.converter();
        let known = &params.context.diagnostics;
        let fixes = fixes.iter().map(|fix| converter.fix(fix, known));
        Ok(json!(fixes.collect::<Vec<_>>()))
    }

    fn converter(&self) -> Converter<'_> {
        Converter::new(&*self.answers, &self.documents, self.encoding)
    }

    fn path(&self, uri: &lsp::Uri) -> Option<PathBuf> {
        Some(self.answers.locate(&path_of(&uri.0)?))
    }

    /// The document that a request is about.
    fn document(&self, params: Value) -> Result<PathBuf, Failure> {
        let params: Asked<lsp::TextDocumentIdentifier> = asked(params)?;
        self.path(&params.text_document.uri).ok_or_else(no_file)
    }

    /// The place that a request is about.
    fn place(&self, params: Value) -> Result<(PathBuf, usize), Failure> {
        let params: lsp::TextDocumentPositionParams = asked(params)?;
        let path = self.path(&params.text_document.uri);
        let path = path.ok_or_else(no_file)?;
        let offset = self.offset(&path, params.position);
        Ok((path, offset))
    }

    fn offset(&self, path: &Path, at: lsp::Position) -> usize {
        let offset =
            |text: &str, lines: &Lines| lines.offset(text, at.line, at.character, self.encoding);
        if let Some(document) = self.documents.get(path) {
            return offset(&document.text, &document.lines);
        }
        let text = self.answers.text(path).unwrap_or_default();
        offset(&text, &Lines::of(&text))
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<D> {
    text_document: D,
}

/// The request that a message cancels.
fn cancelled(frame: &Frame) -> Option<String> {
    let Frame::Message(Message::Notification(it)) = frame else {
        return None;
    };
    if it.method != "$/cancelRequest" {
        return None;
    }
    let id: RequestId = serde_json::from_value(it.params.get("id")?.clone()).ok()?;
    Some(id.to_string())
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    // What serde says may repeat what it has read.
    serde_json::from_value(params).map_err(|_| "its parameters are none of the protocol".to_owned())
}

fn asked<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    read(params).map_err(|why| Failure(ErrorCode::InvalidParams, why))
}

fn no_file() -> Failure {
    let message = "the document is no file";
    Failure(ErrorCode::InvalidParams, message.to_owned())
}

fn refused(why: Refused) -> Failure {
    Failure(ErrorCode::RequestFailed, why.0)
}

fn response(id: &RequestId, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({"id": id, "result": result}),
        Err(Failure(code, message)) => {
            json!({"id": id, "error": {"code": code as i32, "message": message}})
        }
    }
}

fn notification(method: &str, params: impl Serialize) -> Value {
    json!({"method": method, "params": params})
}

fn log(message: &str) -> Value {
    let warning = lsp::MessageType::Warning;
    notification(
        "window/logMessage",
        json!({"type": warning, "message": message}),
    )
}
