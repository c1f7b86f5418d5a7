//! The language server as an editor meets it: messages over stdin and stdout, by the scripts in
//! `tests/lsp`.
//!
//! A script is a text: what it shows, files, and steps with the answers that are wanted.
//! `UPDATE_LSP=1` writes down what the server answers; read it before you keep it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod client;
mod stage;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use client::Client;
use stage::Stage;

/// A part of a script: its head, and the lines below it.
struct Section {
    head: String,
    body: String,
}

fn sections(text: &str) -> (String, Vec<Section>) {
    let mut parts = text.split("=== ");
    let title = parts.next().unwrap().to_owned();
    let sections = parts.map(|part| {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        Section {
            head: head.to_owned(),
            body: body.to_owned(),
        }
    });
    (title, sections.collect())
}

/// A text with `\r`, `\n`, `\u{…}` written out.
fn unescaped(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n")
}

struct Run<'s> {
    stage: &'s Stage,
    client: Client,
    /// The open documents as the client has them.
    texts: BTreeMap<String, String>,
}

impl Run<'_> {
    fn uri(&self, file: &str) -> String {
        match file.contains(':') {
            true => file.to_owned(),
            false => format!("file://{}", self.stage.text(file).replace(' ', "%20")),
        }
    }

    fn text(&self, file: &str) -> String {
        let known = self.texts.get(file).cloned();
        known.unwrap_or_else(|| fs::read_to_string(self.stage.path(file)).unwrap_or_default())
    }

    /// The position of the `|` in a piece of a file.
    fn position(&self, file: &str, needle: &str) -> Value {
        let text = self.text(file);
        let needle = &unescaped(needle);
        let (before, after) = needle.split_once('|').unwrap_or((needle, ""));
        let whole = [before, after].concat();
        let at = text.find(&whole);
        let at = at.unwrap_or_else(|| panic!("`{file}` has no `{whole}`")) + before.len();
        position(&text, at)
    }

    fn asked(&mut self, method: &str, file: &str, needle: &str, more: Value) -> Value {
        let mut params = json!({"textDocument": {"uri": self.uri(file)}});
        let fields = params.as_object_mut().unwrap();
        if !needle.is_empty() {
            fields.insert("position".into(), self.position(file, needle));
        }
        fields.extend(more.as_object().cloned().unwrap_or_default());
        self.client.request(method, params)
    }

    /// Does a step; what came of it as text.
    fn step(&mut self, head: &str, body: &str) -> String {
        let words: Vec<&str> = head.splitn(3, ' ').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let (verb, file, rest) = (word(0), word(1), word(2));
        match verb {
            "FILE" => {
                let content = match rest {
                    "(crlf)" => body.replace('\n', "\r\n"),
                    _ => body.to_owned(),
                };
                self.stage.write(file, &content);
                return body.to_owned();
            }
            "write" => {
                self.stage.write(file, &unescaped(rest));
                let change = json!({"changes": [{"uri": self.uri(file), "type": 2}]});
                self.client
                    .notify("workspace/didChangeWatchedFiles", change);
            }
            "open" => {
                let text = self.text(file);
                let document = json!({"uri": self.uri(file), "languageId": "yaml", "version": 1, "text": text});
                self.texts.insert(file.to_owned(), text);
                self.client
                    .notify("textDocument/didOpen", json!({"textDocument": document}));
            }
            "close" => {
                self.texts.remove(file);
                let document = json!({"textDocument": {"uri": self.uri(file)}});
                self.client.notify("textDocument/didClose", document);
            }
            "save" => {
                fs::write(self.stage.path(file), self.text(file)).unwrap();
                let document = json!({"textDocument": {"uri": self.uri(file)}});
                self.client.notify("textDocument/didSave", document);
            }
            "type" => {
                let (old, new) = rest.split_once(" => ").unwrap();
                let (old, new) = (unescaped(old), unescaped(new));
                let text = self.text(file);
                let at = text.find(&old).unwrap_or_else(|| panic!("no `{old}`"));
                let range =
                    json!({"start": position(&text, at), "end": position(&text, at + old.len())});
                self.texts
                    .insert(file.to_owned(), text.replacen(&old, &new, 1));
                let change = json!({
                    "textDocument": {"uri": self.uri(file), "version": 2},
                    "contentChanges": [{"range": range, "text": new}],
                });
                self.client.notify("textDocument/didChange", change);
            }
            "diagnostics" => {
                self.client.settle();
                return self.diagnostics();
            }
            "hover" => {
                let found = self.asked("textDocument/hover", file, rest, Value::Null);
                return match found.pointer("/result/contents/value") {
                    Some(text) => {
                        let range = range(&found["result"]["range"]);
                        format!("{range}\n{}\n", text.as_str().unwrap().trim_end())
                    }
                    None => answer(&found),
                };
            }
            "definition" | "references" => {
                let method = format!("textDocument/{verb}");
                let more = json!({"context": {"includeDeclaration": true}});
                let found = self.asked(&method, file, rest, more);
                return match found["result"].as_array() {
                    Some(places) => self.places(places),
                    None => answer(&found),
                };
            }
            "completion" => {
                let found = self.asked("textDocument/completion", file, rest, Value::Null);
                let Some(items) = found.pointer("/result/items").and_then(Value::as_array) else {
                    return answer(&found);
                };
                let mut text = String::new();
                for item in items {
                    let edit = &item["textEdit"];
                    let detail = item["detail"].as_str().unwrap_or_default();
                    let label = item["label"].as_str().unwrap();
                    let new = edit["newText"].as_str().unwrap();
                    let new = if new == label {
                        String::new()
                    } else {
                        format!(" {new:?}")
                    };
                    let line = format!("{} {label}{new}  {detail}", range(&edit["range"]));
                    let _ = writeln!(text, "{}", line.trim_end());
                }
                return text;
            }
            "symbols" => {
                let found = self.asked("textDocument/documentSymbol", file, "", Value::Null);
                let Some(list) = found["result"].as_array() else {
                    return answer(&found);
                };
                let mut text = String::new();
                symbols(list, 0, &mut text);
                return text;
            }
            "lenses" => {
                let found = self.asked("textDocument/codeLens", file, "", Value::Null);
                let Some(list) = found["result"].as_array() else {
                    return answer(&found);
                };
                let mut text = String::new();
                for lens in list {
                    let title = lens["command"]["title"].as_str().unwrap();
                    let _ = writeln!(text, "{} {title}", range(&lens["range"]));
                    if let Some(places) = lens.pointer("/command/arguments/2") {
                        for line in self.places(places.as_array().unwrap()).lines() {
                            let _ = writeln!(text, "  {line}");
                        }
                    }
                }
                return text;
            }
            "fixes" => {
                let at = self.position(file, rest);
                let known = self.client.diagnostics.get(&self.uri(file)).cloned();
                let params = json!({
                    "textDocument": {"uri": self.uri(file)},
                    "range": {"start": at, "end": at},
                    "context": {"diagnostics": known.unwrap_or(json!([]))},
                });
                let found = self.client.request("textDocument/codeAction", params);
                let Some(list) = found["result"].as_array() else {
                    return answer(&found);
                };
                let mut text = String::new();
                for action in list {
                    let mended = action["diagnostics"].as_array().map_or(0, Vec::len);
                    let title = action["title"].as_str().unwrap();
                    let _ = writeln!(text, "{title} (mends {mended})");
                    text.push_str(&self.edited(&action["edit"]));
                }
                return text;
            }
            "rename" => {
                let (needle, name) = rest.split_once(" => ").unwrap();
                let more = json!({"newName": name});
                let found = self.asked("textDocument/rename", file, needle, more);
                return match found["result"].is_object() {
                    true => self.edited(&found["result"]),
                    false => answer(&found),
                };
            }
            "prepare" => {
                let found = self.asked("textDocument/prepareRename", file, rest, Value::Null);
                return match found["result"].is_object() {
                    true => {
                        let range = range(&found["result"]["range"]);
                        format!("{range} {}\n", found["result"]["placeholder"])
                    }
                    false => answer(&found),
                };
            }
            "request" => {
                let params = serde_json::from_str(rest).unwrap_or(Value::Null);
                return answer(&self.client.request(file, params));
            }
            "notify" => {
                let params = serde_json::from_str(rest).unwrap_or(Value::Null);
                self.client.notify(file, params);
            }
            "raw" => {
                let rest = [file, " ", rest].concat();
                self.client.raw(&unescaped(rest.trim_end()));
                return answer(&self.client.next());
            }
            _ => panic!("no step `{head}`"),
        }
        String::new()
    }

    fn short(&self, uri: &str) -> String {
        let root = format!("file://{}", self.stage.text(""));
        uri.replace(&root, "").replace("%20", " ")
    }

    fn places(&self, places: &[Value]) -> String {
        let mut text = String::new();
        for place in places {
            let uri = place["uri"].as_str().unwrap();
            let _ = writeln!(text, "{} {}", self.short(uri), range(&place["range"]));
        }
        text
    }

    fn diagnostics(&self) -> String {
        let mut text = String::new();
        for (uri, list) in &self.client.diagnostics {
            for one in list.as_array().unwrap() {
                let severity = ["", "error", "warning", "information"];
                let severity = severity[one["severity"].as_u64().unwrap() as usize];
                let message = one["message"].as_str().unwrap().replace('\n', "\n  ");
                let (code, place) = (one["code"].as_str().unwrap(), range(&one["range"]));
                let _ = writeln!(text, "{} {place} {severity} {code}", self.short(uri));
                let _ = writeln!(text, "  {message}");
                let related = one["relatedInformation"].as_array();
                for related in related.into_iter().flatten() {
                    let uri = related["location"]["uri"].as_str().unwrap();
                    let place = range(&related["location"]["range"]);
                    let words = related["message"].as_str().unwrap();
                    let _ = writeln!(text, "  - {} {place} {words}", self.short(uri));
                }
            }
        }
        text
    }

    /// What files become by an edit: the lines that differ.
    fn edited(&self, edit: &Value) -> String {
        let mut text = String::new();
        let changes: BTreeMap<String, Value> =
            serde_json::from_value(edit["changes"].clone()).unwrap();
        for (uri, edits) in changes {
            let file = self.short(&uri);
            let old = self.text(&file);
            let mut new = old.clone();
            let mut edits = edits.as_array().unwrap().clone();
            let start = |edit: &Value| offset(&old, &edit["range"]["start"]);
            edits.sort_by_key(|edit| std::cmp::Reverse(start(edit)));
            for edit in &edits {
                let end = offset(&old, &edit["range"]["end"]);
                new.replace_range(start(edit)..end, edit["newText"].as_str().unwrap());
            }
            let _ = writeln!(text, "  {file}");
            for change in similar::TextDiff::from_lines(&old, &new).iter_all_changes() {
                let sign = match change.tag() {
                    similar::ChangeTag::Equal => continue,
                    similar::ChangeTag::Insert => '+',
                    similar::ChangeTag::Delete => '-',
                };
                let line = change.value().replace('\r', "\\r");
                let _ = writeln!(text, "  {sign}{}", line.trim_end_matches('\n'));
            }
        }
        text
    }
}

fn symbols(list: &[Value], depth: usize, text: &mut String) {
    for symbol in list {
        let (name, place) = (symbol["name"].as_str().unwrap(), range(&symbol["range"]));
        let detail = symbol["detail"].as_str().unwrap_or_default();
        let line = format!("{:indent$}{place} {name}  {detail}", "", indent = depth * 2);
        let _ = writeln!(text, "{}", line.trim_end());
        let children = symbol["children"].as_array();
        symbols(children.map_or(&[], Vec::as_slice), depth + 1, text);
    }
}

/// The position of an offset, in units of UTF-16.
fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.rsplit('\n').next().unwrap();
    json!({"line": before.matches('\n').count(), "character": line.encode_utf16().count()})
}

fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = position["character"].as_u64().unwrap() as usize;
    for (at, c) in text[start..].char_indices() {
        if units == 0 {
            return start + at;
        }
        units -= c.len_utf16();
    }
    text.len()
}

fn range(range: &Value) -> String {
    let at = |end: &str| format!("{}:{}", range[end]["line"], range[end]["character"]);
    format!("{}-{}", at("start"), at("end"))
}

/// An answer that has no shape of its own.
fn answer(answer: &Value) -> String {
    match answer.get("error") {
        Some(error) => format!(
            "error {}: {}\n",
            error["code"],
            error["message"].as_str().unwrap()
        ),
        None => format!("{}\n", answer["result"]),
    }
}

fn run(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).unwrap();
    let (title, sections) = sections(&text);
    let stage = Stage::new();
    let mut run = Run {
        client: Client::start(&stage),
        stage: &stage,
        texts: BTreeMap::new(),
    };
    let mut found = title;
    for section in &sections {
        let said = run.step(&section.head, section.body.trim_end_matches('\n'));
        let said = match section.head.starts_with("FILE ") {
            true => section.body.clone(),
            false => said,
        };
        let _ = writeln!(found, "=== {}", section.head);
        found.push_str(&said);
    }
    // Whatever was sent, the server is there.
    let last = run.client.request("shutdown", Value::Null);
    assert_eq!(last["result"], Value::Null, "{last}");
    run.client.notify("exit", Value::Null);
    assert_eq!(run.client.end(), Some(0), "{}", path.display());
    if std::env::var_os("UPDATE_LSP").is_some() {
        fs::write(path, &found).unwrap();
    } else if found != text {
        let difference = similar::TextDiff::from_lines(&text, &found);
        let difference = difference.unified_diff();
        return Err(format!("{}:\n{difference}", path.display()));
    }
    Ok(())
}

#[test]
fn the_scripts_are_answered_as_they_want() {
    let word = std::env::var("CASE").unwrap_or_default();
    let mut paths: Vec<PathBuf> = fs::read_dir("tests/lsp")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains(&word))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let wrong: Vec<String> = paths.iter().filter_map(|path| run(path).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(process: u32) -> Vec<String> {
    let path = format!("/proc/{process}/task/{process}/children");
    let text = fs::read_to_string(path).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_ends_by_itself_is_followed_by_another_that_knows_the_documents() {
    let stage = Stage::new();
    stage.write("k/kustomization.yaml", "resources: [a.yaml]\n");
    let uri = format!("file://{}", stage.text("k/kustomization.yaml"));
    let mut client = Client::start(&stage);
    let text = "resources: []\n";
    let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    client.settle();
    let at = |line: u32, character: u32| json!({"line": line, "character": character});
    let change = json!({"range": {"start": at(0, 0), "end": at(0, 9)}, "text": "resorces"});
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}),
    );
    client.settle();
    for _ in 0..2 {
        let workers = children(client.process());
        assert_eq!(workers.len(), 1);
        let kill = ["-KILL", &workers[0]];
        assert!(
            std::process::Command::new("kill")
                .args(kill)
                .status()
                .unwrap()
                .success()
        );
        client.settle();
        let said = client.diagnostics[&uri][0]["message"].as_str().unwrap();
        assert!(said.starts_with("unknown field `resorces`"), "{said}");
        let place = json!({"textDocument": {"uri": uri}, "position": at(0, 1)});
        let answer = client.request("textDocument/documentSymbol", place);
        assert_eq!(answer["result"][0]["name"], "resorces");
    }
    client.request("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn each_of_many_requests_is_answered_once_whether_it_was_cancelled_or_not() {
    let stage = Stage::new();
    stage.write("k/kustomization.yaml", "resources: [a.yaml]\n");
    let uri = format!("file://{}", stage.text("k/kustomization.yaml"));
    let mut client = Client::start(&stage);
    let params = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 1}});
    for id in 1000..1100 {
        client.send(
            &json!({"jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": params}),
        );
        client.notify("$/cancelRequest", json!({"id": id}));
    }
    for id in 1000..1100 {
        let answer = client.next();
        assert_eq!(answer["id"], id);
        let is_cancelled = answer["error"]["code"] == -32800;
        assert!(is_cancelled || answer["result"].is_object(), "{answer}");
    }
}

#[test]
fn before_and_after_its_life_a_server_answers_nothing_and_ends_as_the_protocol_wants() {
    let stage = Stage::new();
    let mut client = Client::spawn(&stage, &["--stdio"]);
    let early = client.request("textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    client.notify("exit", Value::Null);
    assert_eq!(client.end(), Some(1));
    let mut client = Client::start(&stage);
    client.request("shutdown", Value::Null);
    let late = client.request("textDocument/hover", json!({}));
    assert_eq!(late["error"]["code"], -32600);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_client_that_counts_bytes_or_characters_is_answered_in_them() {
    for (encoding, column) in [("utf-8", 18), ("utf-32", 12), ("utf-16", 14)] {
        let stage = Stage::new();
        let text = "# x\n{ \"😀😀\": [], resorces: [a.yaml]}\n";
        stage.write("k/kustomization.yaml", text);
        let uri = format!("file://{}", stage.text("k/kustomization.yaml"));
        let mut client = Client::spawn(&stage, &[]);
        let capabilities = json!({
            "general": {"positionEncodings": ["utf-9", encoding, "utf-16"]},
            "workspace": {"codeLens": {"refreshSupport": true}},
        });
        let params = json!({"processId": null, "rootUri": null, "capabilities": capabilities});
        let answer = client.request("initialize", params);
        assert_eq!(
            answer["result"]["capabilities"]["positionEncoding"],
            encoding
        );
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        client.notify("textDocument/didOpen", json!({"textDocument": document}));
        let place = json!({"line": 1, "character": column});
        let params = json!({"textDocument": {"uri": uri}, "position": place});
        let answer = client.request("textDocument/documentSymbol", params);
        let start = &answer["result"][1]["range"]["start"];
        assert_eq!(start, &place, "{encoding}: {answer}");
        client.request("shutdown", Value::Null);
        client.notify("exit", Value::Null);
        assert_eq!(client.end(), Some(0));
    }
}

/// The files below a directory, in order.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Opens files of a tree and asks everything at places of each; how many answers had something.
fn ask_everywhere(root: &Path, parts: &[&str], most: usize) -> [usize; 4] {
    const METHODS: [&str; 4] = [
        "textDocument/hover",
        "textDocument/definition",
        "textDocument/references",
        "textDocument/completion",
    ];
    let stage = Stage::new();
    let mut client = Client::start(&stage);
    let mut paths = Vec::new();
    for part in parts {
        files(&root.join(part), &mut paths);
    }
    let step = (paths.len() / most).max(1);
    let mut counts = [0; 4];
    for (number, path) in paths.iter().step_by(step).enumerate() {
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let uri = format!("file://{}", path.to_str().unwrap());
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        client.notify("textDocument/didOpen", json!({"textDocument": document}));
        let mut places = Vec::new();
        for (at, _) in text.char_indices().step_by(text.len() / 3 + 1) {
            places.push((at + number * 7) % text.len());
        }
        for at in places {
            let at = (0..=at)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            let place = json!({
                "textDocument": {"uri": uri},
                "position": position(&text, at),
                "context": {"includeDeclaration": true},
            });
            for (kind, method) in METHODS.iter().enumerate() {
                let answer = client.request(method, place.clone());
                assert!(answer.get("error").is_none(), "{uri} {at}: {answer}");
                let result = &answer["result"];
                let items = result.pointer("/items").unwrap_or(result);
                let is_empty = items.is_null() || items.as_array().is_some_and(Vec::is_empty);
                counts[kind] += usize::from(!is_empty);
            }
        }
        for method in ["textDocument/documentSymbol", "textDocument/codeLens"] {
            let answer = client.request(method, json!({"textDocument": {"uri": uri}}));
            assert!(answer["result"].is_array(), "{uri}: {answer}");
        }
        client.notify(
            "textDocument/didClose",
            json!({"textDocument": {"uri": uri}}),
        );
    }
    client.request("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.end(), Some(0));
    counts
}

#[test]
fn every_place_of_the_example_is_answered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let counts = ask_everywhere(root, &["kustom", "environments"], 30);
    let [hovers, definitions, references, completions] = counts;
    assert!(
        hovers > 20 && definitions + references > 10 && completions > 5,
        "{counts:?}"
    );
}

#[test]
fn every_place_of_a_recorded_tree_is_answered() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(root) = folder.join("prow/2020-render/input").canonicalize() else {
        eprintln!("skipped: there are no recorded trees");
        return;
    };
    let counts = ask_everywhere(&root, &["."], 15);
    assert!(counts[0] > 0, "{counts:?}");
}
