//! A server in a process of its own, which is started again when it ends by itself.
//!
//! Where a panic ends the process, a request that meets a mistake of the program would take the
//! editor's server with it. Here the requests that wait are answered with an error, a new worker is
//! told all that the client has said of itself and of its documents, and everything goes on.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

use crate::documents::Documents;
use crate::frames::{self, Frame};
use crate::positions::Encoding;
use crate::server::{Ended, write};

/// How many workers may end by themselves in how much time.
const ENDS: (usize, Duration) = (5, Duration::from_secs(60));

/// The id of the handshake with a worker that takes the place of another.
const AGAIN: &str = "kustom-again";

/// A process that serves, by its streams.
pub struct Worker {
    /// What it reads.
    pub input: Box<dyn Write + Send>,
    /// What it writes.
    pub output: Box<dyn Read + Send>,
}

enum Event {
    Client(Option<Frame>),
    /// Of the worker of a number.
    Worker(usize, Option<Frame>),
}

/// Passes messages between a client and workers, which `start` starts, until the client leaves.
///
/// # Errors
///
/// If the output breaks, no worker can be started, or one after the other ends.
pub fn supervise(
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    start: &mut dyn FnMut() -> io::Result<Worker>,
) -> io::Result<Ended> {
    let (sender, events) = channel();
    let of_client = sender.clone();
    thread::Builder::new()
        .name("lsp-client".to_owned())
        .spawn(move || forward(input, &of_client, Event::Client))?;
    let mut known = Known::default();
    let mut ends = VecDeque::new();
    let mut number = 0;
    let mut worker = begin(start, number, &sender)?;
    for event in events {
        match event {
            Event::Client(None) => return Ok(known.ended()),
            Event::Client(Some(Frame::Malformed(why))) => {
                let code = ErrorCode::ParseError as i32;
                let error = json!({"code": code, "message": why});
                write(output, &json!({"id": null, "error": error}))?;
            }
            Event::Client(Some(Frame::Message(message))) => {
                let is_exit = known.hear(&message);
                // A worker that is gone is met below.
                let _ = send(&mut *worker, &message);
                if is_exit {
                    return Ok(known.ended());
                }
            }
            Event::Worker(of, _) if of != number => {}
            Event::Worker(_, Some(Frame::Message(message))) => {
                if known.is_for_client(&message) {
                    write(output, &json!(message))?;
                }
            }
            Event::Worker(_, Some(Frame::Malformed(_))) => {}
            Event::Worker(_, None) => {
                for id in std::mem::take(&mut known.waiting).into_values() {
                    let message = "the request met a mistake of the program; it was started again";
                    let code = ErrorCode::InternalError as i32;
                    let error = json!({"code": code, "message": message});
                    write(output, &json!({"id": id, "error": error}))?;
                }
                ends.push_back(Instant::now());
                while ends.front().is_some_and(|end| end.elapsed() > ENDS.1) {
                    ends.pop_front();
                }
                if ends.len() > ENDS.0 {
                    return Err(io::Error::other("it ends again and again"));
                }
                number += 1;
                worker = begin(start, number, &sender)?;
                for message in known.again() {
                    let _ = write(&mut *worker, &message);
                }
            }
        }
    }
    Ok(known.ended())
}

fn begin(
    start: &mut dyn FnMut() -> io::Result<Worker>,
    number: usize,
    sender: &Sender<Event>,
) -> io::Result<Box<dyn Write + Send>> {
    let worker = start()?;
    let sender = sender.clone();
    let output = BufReader::new(worker.output);
    thread::Builder::new()
        .name("lsp-worker".to_owned())
        .spawn(move || forward(output, &sender, |frame| Event::Worker(number, frame)))?;
    Ok(worker.input)
}

fn forward(
    mut input: impl BufRead,
    sender: &Sender<Event>,
    event: impl Fn(Option<Frame>) -> Event,
) {
    // A stream that breaks is one that ends.
    while let Ok(Some(frame)) = frames::read(&mut input) {
        if sender.send(event(Some(frame))).is_err() {
            return;
        }
    }
    let _ = sender.send(event(None));
}

fn send(worker: &mut dyn Write, message: &Message) -> io::Result<()> {
    write(worker, &json!(message))
}

/// What a worker would have to be told again.
#[derive(Default)]
struct Known {
    initialize: Option<Value>,
    is_initialized: bool,
    is_shut_down: bool,
    encoding: Encoding,
    /// By their URIs.
    documents: Documents,
    languages: BTreeMap<String, String>,
    /// The requests that are not answered, by their ids as texts.
    waiting: BTreeMap<String, Value>,
}

impl Known {
    fn ended(&self) -> Ended {
        match self.is_shut_down {
            true => Ended::Orderly,
            false => Ended::WithoutShutdown,
        }
    }

    /// Takes notice of what the client says; whether it leaves.
    fn hear(&mut self, message: &Message) -> bool {
        match message {
            Message::Request(request) => {
                let id = json!(request.id);
                self.waiting.insert(id.to_string(), id);
                match request.method.as_str() {
                    "initialize" if self.initialize.is_none() => {
                        self.initialize = Some(request.params.clone());
                    }
                    "shutdown" => self.is_shut_down = true,
                    _ => {}
                }
            }
            Message::Notification(it) => match it.method.as_str() {
                "exit" => return true,
                "initialized" => self.is_initialized = true,
                "textDocument/didOpen" => self.opened(&it.params),
                "textDocument/didChange" => self.changed(&it.params),
                "textDocument/didClose" => {
                    let uri = it.params.pointer("/textDocument/uri");
                    let uri = uri.and_then(Value::as_str).unwrap_or_default();
                    self.documents.close(uri.as_ref());
                    self.languages.remove(uri);
                }
                _ => {}
            },
            Message::Response(_) => {}
        }
        false
    }

    fn opened(&mut self, params: &Value) {
        let params = serde_json::from_value::<lsp::DidOpenTextDocumentParams>(params.clone());
        if let Ok(params) = params {
            let document = params.text_document;
            let uri = document.uri.0;
            let language = json!(document.language_id);
            let language = language.as_str().unwrap_or("yaml").to_owned();
            self.languages.insert(uri.clone(), language);
            let (path, version) = (uri.clone().into(), document.version);
            self.documents.open(path, uri, version, document.text);
        }
    }

    fn changed(&mut self, params: &Value) {
        let params = serde_json::from_value::<lsp::DidChangeTextDocumentParams>(params.clone());
        if let Ok(params) = params {
            let document = params.text_document;
            let uri = document.text_document_identifier.uri.0;
            let (version, changes) = (document.version, params.content_changes);
            let encoding = self.encoding;
            self.documents
                .change(uri.as_ref(), version, changes, encoding);
        }
    }

    /// Takes notice of what a worker says; whether the client is to hear it.
    fn is_for_client(&mut self, message: &Message) -> bool {
        let Message::Response(response) = message else {
            return true;
        };
        let id = json!(response.id);
        if id == AGAIN {
            return false;
        }
        self.waiting.remove(&id.to_string());
        let result = response.response_result.as_ref().ok();
        let encoding = result.and_then(|it| it.pointer("/capabilities/positionEncoding"));
        self.encoding = match encoding.and_then(Value::as_str) {
            Some("utf-8") => Encoding::Utf8,
            Some("utf-16") => Encoding::Utf16,
            Some("utf-32") => Encoding::Utf32,
            _ => self.encoding,
        };
        true
    }

    /// What a new worker is told.
    fn again(&self) -> Vec<Value> {
        let Some(params) = &self.initialize else {
            return Vec::new();
        };
        let mut said = vec![json!({"id": AGAIN, "method": "initialize", "params": params})];
        if self.is_initialized {
            said.push(json!({"method": "initialized", "params": {}}));
        }
        for (uri, language) in &self.languages {
            if let Some(document) = self.documents.get(uri.as_ref()) {
                let document = json!({
                    "uri": uri,
                    "languageId": language,
                    "version": document.version,
                    "text": document.text,
                });
                let params = json!({"textDocument": document});
                said.push(json!({"method": "textDocument/didOpen", "params": params}));
            }
        }
        if self.is_shut_down {
            said.push(json!({"id": AGAIN, "method": "shutdown"}));
        }
        said
    }
}
