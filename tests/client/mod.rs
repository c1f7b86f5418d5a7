//! An editor's side of the language server protocol.
#![allow(dead_code, reason = "no test needs all of it")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::Stage;

/// How long an answer may take on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client with a server of its own.
pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What was said last of each file.
    pub(crate) diagnostics: BTreeMap<String, Value>,
    /// What the server has logged.
    pub(crate) logged: Vec<String>,
    /// How many looks at the documents were not waited for.
    looks: usize,
    number: i32,
}

impl Client {
    /// Starts a server and shakes hands with it.
    pub(crate) fn start(stage: &Stage) -> Self {
        let mut client = Self::spawn(stage, &[]);
        let capabilities = json!({
            "workspace": {
                "codeLens": {"refreshSupport": true},
                "didChangeWatchedFiles": {"dynamicRegistration": false},
            },
        });
        let params = json!({"processId": null, "rootUri": null, "capabilities": capabilities});
        let answer = client.request("initialize", params);
        assert_eq!(answer["result"]["serverInfo"]["name"], "kustom", "{answer}");
        client.notify("initialized", json!({}));
        client
    }

    /// Starts a server that has heard nothing.
    pub(crate) fn spawn(stage: &Stage, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kustom"))
            .arg("lsp")
            .args(arguments)
            .current_dir(stage.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", stage.path("home"))
            .env("TMPDIR", stage.path("tmp"))
            .env("GIT_CONFIG_GLOBAL", stage.path("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                    if line == "\r\n" {
                        break;
                    }
                    if let Some(number) = line.strip_prefix("Content-Length: ") {
                        length = number.trim().parse().unwrap();
                    }
                }
                let mut content = vec![0; length];
                output.read_exact(&mut content).unwrap();
                let message: Value = serde_json::from_slice(&content).unwrap();
                assert_eq!(message["jsonrpc"], "2.0");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            messages,
            diagnostics: BTreeMap::new(),
            logged: Vec::new(),
            looks: 0,
            number: 0,
        }
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request and gives its answer.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let id = self.number;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.next();
        assert_eq!(answer["id"], id, "{method}: {answer}");
        answer
    }

    /// The next response; what is said besides is kept.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            let message = self.receive();
            if !self.heard(&message) {
                return message;
            }
        }
    }

    /// Waits until the documents were looked at.
    pub(crate) fn settle(&mut self) {
        while self.looks == 0 {
            let message = self.receive();
            assert!(self.heard(&message), "{message}");
        }
        self.looks = 0;
    }

    fn receive(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).unwrap()
    }

    /// Keeps what is no response.
    fn heard(&mut self, message: &Value) -> bool {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let uri = params["uri"].as_str().unwrap().to_owned();
                self.diagnostics.insert(uri, params["diagnostics"].clone());
            }
            Some("workspace/codeLens/refresh") => {
                self.looks += 1;
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}));
            }
            Some("window/logMessage") => {
                self.logged
                    .push(params["message"].as_str().unwrap().to_owned());
            }
            Some(other) => panic!("{other}: {message}"),
            None => return false,
        }
        true
    }

    /// The number of the server's process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Closes the input; the exit code of the server.
    pub(crate) fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().unwrap().code()
    }
}
