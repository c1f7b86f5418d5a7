//! How fast the guard reads manifests and code, and how long it takes to get ready.
//!
//! `cargo bench --bench guard` prints the figures; `docs/performance.md` says what they were.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kustom::guard::Guard;
use kustom::secret_scan::scan_files;

/// How much is scanned.
const BYTES: usize = 47_000_000;

/// A manifest, with the words of secrets in the places where manifests have them.
const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: deck-NUMBER
  labels: {app: deck, component: front-NUMBER}
spec:
  replicas: 2
  template:
    spec:
      serviceAccountName: deck
      containers:
      - name: deck
        image: registry.example.org/ci/deck:v2026NUMBER@sha256:0123
        args:
        - --config-path=/etc/config/config.yaml
        - --github-token-path=/etc/github/oauth
        - --cookie-secret-file=/etc/cookie/secret
        env:
        - name: GITHUB_TOKEN_FILE
          value: /etc/github/oauth
        - name: SESSION_KEY
          valueFrom: {secretKeyRef: {name: session, key: key}}
        volumeMounts:
        - {name: oauth, mountPath: /etc/github, readOnly: true}
      volumes:
      - name: oauth
        secret: {secretName: oauth-token, defaultMode: 420}
---
";

/// Code, with the names of secrets that it never holds.
const CODE: &str = "\
// Options for the server NUMBER, as they are given on the command line.
func (o *options) Validate() error {
\tfor idx, group := range []flagutil.OptionGroup{&o.github, &o.config} {
\t\tif err := group.Validate(o.dryRun); err != nil {
\t\t\treturn fmt.Errorf(\"group %d: %w\", idx, err)
\t\t}
\t}
\ttoken := os.Getenv(\"GITHUB_TOKEN\")
\tif token == \"\" && o.tokenFile == \"\" {
\t\treturn errors.New(\"--token-file is required\")
\t}
\tclient := newClientNUMBER(token, o.endpoint.Strings(), http.DefaultTransport)
\treturn client.Authenticate(context.Background(), time.Duration(NUMBER)*time.Second)
}

";

/// What most of a repository is: manifests without a word of secrets.
const PLAIN_MANIFEST: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: crier-NUMBER
  namespace: prow
  labels: {app: crier, component: reporter-NUMBER, tier: backend}
  annotations:
    description: Reports the results of jobs to pull requests, chats and buckets.
spec:
  type: ClusterIP
  ports:
  - {name: metrics, port: 9090, protocol: TCP, targetPort: 9090}
  - {name: http, port: 80, protocol: TCP, targetPort: 8080}
  selector: {app: crier}
---
";

/// Likewise code.
const PLAIN_CODE: &str = "\
// sortedNUMBER returns the jobs in the order in which they are to be started.
func sortedNUMBER(jobs []Job, limit int) []Job {
\tresult := make([]Job, 0, len(jobs))
\tfor index := range jobs {
\t\tif jobs[index].Status.Phase == Pending && len(result) < limit {
\t\t\tresult = append(result, jobs[index])
\t\t}
\t}
\tsort.Slice(result, func(i, j int) bool { return result[i].Created.Before(result[j].Created) })
\treturn result
}

";

/// One unit of so many speaks of secrets.
const RARE: usize = 5;

fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut size = 0;
    let mut number = 0;
    while size < BYTES {
        let (rare, plain, extension) = match number % 2 {
            0 => (MANIFEST, PLAIN_MANIFEST, "yaml"),
            _ => (CODE, PLAIN_CODE, "go"),
        };
        let mut text = String::new();
        for unit in 0..2 * RARE {
            let part = if unit % RARE == 0 { rare } else { plain };
            text.push_str(&part.replace("NUMBER", &(number * 8 + unit).to_string()));
        }
        size += text.len();
        texts.push((format!("d{}/f{number}.{extension}", number % 100), text));
        number += 1;
    }
    texts
}

/// All texts, on one thread: what a core does.
fn scan(criterion: &mut Criterion) {
    let texts = texts();
    let size: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let guard = Guard::new();
    let mut group = criterion.benchmark_group("guard");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function("47 MB on one core", |bench| {
        bench.iter(|| {
            let scans = texts
                .iter()
                .map(|(path, text)| guard.scan(path, text.as_bytes()));
            scans.map(|scan| scan.leaks.len()).sum::<usize>()
        });
    });
    group.finish();
}

/// The same as files of the disk, on all cores, reading included.
fn sweep(criterion: &mut Criterion) {
    let Ok(directory) = tempfile::tempdir() else {
        return;
    };
    let mut files: Vec<PathBuf> = Vec::new();
    let mut size = 0;
    for (name, text) in texts() {
        let path = directory.path().join(name);
        let is_written = path
            .parent()
            .is_some_and(|parent| std::fs::create_dir_all(parent).is_ok())
            && std::fs::write(&path, &text).is_ok();
        if is_written {
            size += text.len();
            files.push(path);
        }
    }
    let shown = |path: &Path| path.display().to_string();
    let guard = Guard::new();
    let mut group = criterion.benchmark_group("guard");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function("47 MB of files on all cores", |bench| {
        bench
            .iter(|| scan_files(&guard, &files, &shown, &|_, _| {}).map(|scans| scans.leaks.len()));
    });
    group.finish();
}

/// A new guard, up to its first text with a keyword.
fn start(criterion: &mut Criterion) {
    criterion.bench_function("guard made and first text", |bench| {
        bench.iter(|| Guard::new().scan("a.yaml", black_box(b"token: ${TOKEN}\n")));
    });
}

mod groups {
    #![allow(missing_docs, reason = "what the macro makes cannot be documented")]
    use super::{criterion_group, scan, start, sweep};
    criterion_group!(benches, scan, sweep, start);
}
use groups::benches;
criterion_main!(benches);
