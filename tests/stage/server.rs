//! A small HTTP server on this machine: files, repositories, and what goes wrong with servers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server that runs until the test ends.
pub(crate) struct Server {
    port: u16,
    /// The paths that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it serves.
///
/// - `/git/...`: repositories below the directory, by git's own CGI program;
/// - `/silent/...`: a connection and not a word;
/// - `/page/...`: HTML; `/moved/...`: a redirect to `/...`;
/// - `/v2/...`: a registry of images, with answers in pages, tokens, and too much to do;
/// - anything else: files below the directory.
struct Site {
    root: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Server {
    pub(crate) fn start(root: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let site = Arc::new(Site {
            root,
            asked: asked.clone(),
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = site.clone();
                thread::spawn(move || site.answer(stream));
            }
        });
        Self { port, asked }
    }

    /// The address of something that it serves.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|asked| *asked == path)
            .count()
    }
}

impl Site {
    fn answer(&self, stream: TcpStream) {
        let Some(request) = Request::read(&stream) else {
            return;
        };
        self.asked.lock().unwrap().push(request.path.clone());
        let (first, rest) = request.path[1..]
            .split_once('/')
            .unwrap_or((&request.path[1..], ""));
        match first {
            "silent" => thread::sleep(Duration::from_secs(60)),
            "page" => respond(
                stream,
                "200 OK",
                "Content-Type: text/html",
                b"<!DOCTYPE html>\n<p>Hi",
            ),
            "moved" => respond(stream, "302 Found", &format!("Location: /{rest}"), b""),
            "git" => self.repository(stream, &request, rest),
            "v2" => self.registry(stream, &request, rest),
            "token" => respond(
                stream,
                "200 OK",
                "Content-Type: application/json",
                br#"{"token": "for-everybody"}"#,
            ),
            _ => match fs::read(self.root.join(&request.path[1..])) {
                Ok(bytes) => respond(stream, "200 OK", "Content-Type: text/plain", &bytes),
                Err(_) => respond(stream, "404 Not Found", "Content-Type: text/html", b"<p>No"),
            },
        }
    }

    /// Answers as a registry of images.
    fn registry(&self, stream: TcpStream, request: &Request, path: &str) {
        const JSON: &str = "Content-Type: application/json";
        let text = |tags: &str| format!("{{\"name\": \"x\", \"tags\": [{tags}]}}");
        let ok = |headers: &str, tags: &str| ("200 OK", headers.to_owned(), text(tags));
        let authorization = request.headers.get("authorization").map(String::as_str);
        let host = request.headers.get("host").cloned().unwrap_or_default();
        let asked = self.asked.lock().unwrap();
        let count = asked.iter().filter(|asked| **asked == request.path).count();
        drop(asked);
        let (status, headers, body) = match path {
            "plain/app/tags/list" => ok(JSON, r#""v1.0.0", "v1.1.0", "latest""#),
            "paged/app/tags/list" if request.query.contains("last") => ok(JSON, r#""2.0.0""#),
            "paged/app/tags/list" => ok(
                "Link: </v2/paged/app/tags/list?n=1&last=1.0.0>; rel=\"next\"",
                r#""1.0.0""#,
            ),
            "busy/app/tags/list" if count == 1 => (
                "429 Too Many Requests",
                "Retry-After: 0".to_owned(),
                String::new(),
            ),
            "busy/app/tags/list" => ok(JSON, r#""1.0.1""#),
            "token/app/tags/list" if authorization == Some("Bearer for-everybody") => {
                ok(JSON, r#""1.2.0", "1.3.0-rc.1""#)
            }
            "token/app/tags/list" | "closed/app/tags/list" => (
                "401 Unauthorized",
                format!(
                    "WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"x\",scope=\"pull\""
                ),
                String::new(),
            ),
            _ => ("404 Not Found", JSON.to_owned(), String::new()),
        };
        respond(stream, status, &headers, body.as_bytes());
    }

    /// Lets git answer, as a web server would.
    fn repository(&self, stream: TcpStream, request: &Request, path: &str) {
        let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
        let mut child = Command::new("git")
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "safe.directory")
            .env("GIT_CONFIG_VALUE_0", "*")
            .env("PATH_INFO", format!("/{path}"))
            .env("QUERY_STRING", &request.query)
            .env("REQUEST_METHOD", &request.method)
            .env("CONTENT_TYPE", header("content-type"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
            .env("GIT_PROTOCOL", header("git-protocol"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&request.body)
            .unwrap();
        let output = child.wait_with_output().unwrap().stdout;
        let split = output
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or(0);
        let (head, body) = output.split_at(split);
        let head = String::from_utf8_lossy(head);
        let status = head.lines().find_map(|line| line.strip_prefix("Status: "));
        let rest: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with("Status: "))
            .collect();
        respond(
            stream,
            status.unwrap_or("200 OK"),
            &rest.join("\r\n"),
            body.get(4..).unwrap_or(b""),
        );
    }
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers
            .get("content-length")
            .and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        Some(Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body,
        })
    }
}

fn respond(mut stream: TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client may have gone away.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
}
