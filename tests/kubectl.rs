//! `kubectl diff` with kustom for its program, where there is a kubectl, against a cluster that
//! knows no more than a few objects.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::thread;

use serde_json::{Value, json};
use stage::{CommandOutput, Stage, has};

/// A cluster that has one ConfigMap and one Secret, and would take whatever it is given.
fn cluster() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    format!("http://127.0.0.1:{port}")
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(number) = header.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap();
    let (status, body) = match (method, path, live(path)) {
        ("GET", "/api", _) => (200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        ("GET", "/apis", _) => (200, json!({"kind": "APIGroupList", "groups": []})),
        ("GET", "/api/v1", _) => (200, resources()),
        ("GET", _, Some(object)) => (200, object),
        ("PATCH", _, Some(mut object)) => {
            merge(&mut object, &serde_json::from_slice(&body).unwrap());
            let generation = &mut object["metadata"]["generation"];
            *generation = json!(generation.as_u64().unwrap_or_default() + 1);
            (200, object)
        }
        ("POST", ..) => (201, serde_json::from_slice(&body).unwrap()),
        _ => {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                                "reason": "NotFound", "code": 404, "message": "there is none"});
            (404, status)
        }
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    // Who has gone away needs no answer.
    let _ = stream.write_all((head + &body).as_bytes());
}

fn resources() -> Value {
    let one = |name: &str, kind: &str| {
        json!({"name": name, "singularName": "", "kind": kind, "namespaced": true,
               "verbs": ["create", "get", "patch"]})
    };
    let all = [one("configmaps", "ConfigMap"), one("secrets", "Secret")];
    json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": all})
}

/// What the cluster has at a path.
fn live(path: &str) -> Option<Value> {
    let object = |kind: &str, name: &str, data: Value| {
        let metadata = json!({"name": name, "namespace": "default", "uid": "1", "generation": 4,
                              "resourceVersion": "7"});
        Some(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}))
    };
    match path.strip_prefix("/api/v1/namespaces/default/")? {
        "configmaps/app" => object("ConfigMap", "app", json!({"mode": "old"})),
        "secrets/login" => object("Secret", "login", json!({"password": "b2xkb2xkb2xk"})),
        _ => None,
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    for (key, value) in fields {
        merge(&mut object[key], value);
    }
}

fn diff(stage: &mut Stage, server: &str, program: &str, manifests: &str) -> CommandOutput {
    stage.set("KUBECTL_EXTERNAL_DIFF", program);
    stage.set("KUBECONFIG", stage.text("none"));
    stage.write("m.yaml", manifests);
    let words = ["--server", server, "diff", "--filename", "m.yaml"];
    stage.run("kubectl".as_ref(), "", words)
}

const APP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: default}\ndata: {mode: MODE}\n";

#[test]
fn kubectl_runs_it_by_either_name() {
    if !has("kubectl") {
        return;
    }
    let mut stage = Stage::new();
    let server = cluster();
    let kustom = env!("CARGO_BIN_EXE_kustom");
    symlink(kustom, stage.path("kustom-diff")).unwrap();
    let link = stage.text("kustom-diff");
    let new = APP.replace("MODE", "new");
    for program in [
        format!("{kustom} diff --files"),
        format!("{kustom} diff"),
        kustom.to_owned(),
        link.clone(),
    ] {
        let said = diff(&mut stage, &server, &program, &new);
        assert_eq!(said.code, 1, "{program}: {}{}", said.out, said.err);
        assert!(
            said.out.starts_with("LIVE → MERGED  1 matched"),
            "{}",
            said.out
        );
        assert!(
            said.out.contains("- old  LIVE/v1.ConfigMap.default.app"),
            "{}",
            said.out
        );
        assert!(
            said.out.contains("+ new  MERGED/v1.ConfigMap.default.app"),
            "{}",
            said.out
        );
    }
    let said = diff(&mut stage, &server, &format!("{link} --format=json"), &new);
    let page: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(page["summary"]["onlyTo"], 0, "{}", said.out);
}

#[test]
fn what_the_server_counts_up_is_no_difference_and_a_new_object_is_one() {
    if !has("kubectl") {
        return;
    }
    let mut stage = Stage::new();
    let server = cluster();
    let program = format!("{} diff --files", env!("CARGO_BIN_EXE_kustom"));
    let labelled = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: default, labels: {a: b}}\n\
                    data: {mode: old}\n";
    let said = diff(&mut stage, &server, &program, labelled);
    assert!(said.out.contains("1 expected"), "{}", said.out);
    assert!(!said.out.contains("generation"), "{}", said.out);
    let other = APP.replace("name: app", "name: other");
    let said = diff(&mut stage, &server, &program, &other);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("+ ConfigMap default/other"),
        "{}",
        said.out
    );
}

#[test]
fn its_masks_are_shown_as_masks() {
    if !has("kubectl") {
        return;
    }
    let mut stage = Stage::new();
    let server = cluster();
    let program = format!("{} diff --files", env!("CARGO_BIN_EXE_kustom"));
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: default}\n\
                  data: {password: bmV3bmV3bmV3, user: bmV3}\n";
    let said = diff(&mut stage, &server, &program, secret);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("- *** (before)"), "{}", said.out);
    assert!(said.out.contains("+ *** (after)"), "{}", said.out);
    assert!(!said.out.contains("bytes"), "{}", said.out);
}
