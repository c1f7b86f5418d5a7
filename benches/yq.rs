//! How long configuration scripts take on a file of 10 MB, beside reading it once.
//!
//! `benches/yq.sh` holds the program against yq 4; `docs/performance.md` says what came out.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kustom::error::{Error, Kind, Result};
use kustom::yaml::{Options, read};
use kustom::yq::{Source, apply};

/// Five edits as a list of commands.
const COMMANDS: &str = "\
- {command: update, path: plank.url, value: https://other.example.com/}
- {command: update, path: 'presets[2].volumes[0].hostPath.path', value: /var/other}
- {command: update, path: 'presets.(name==preset-100).env[0].value', value: /gopath}
- {command: update, path: namespace, value: test-jobs}
- {command: update, path: pod_namespace, value: test-pods}
";

/// The same as an expression.
const EXPRESSION: &str = "\
.plank.url = \"https://other.example.com/\"
| .presets[2].volumes[0].hostPath.path = \"/var/other\"
| (.presets[] | select(.name == \"preset-100\") | .env[0].value) = \"/gopath\"
| .namespace = \"test-jobs\"
| .pod_namespace = \"test-pods\"
";

/// A configuration like that of a CI system, with about so many bytes.
fn config(bytes: usize) -> String {
    let mut text = String::from(
        "# Generated configuration\nplank:\n  url: https://example.com/   # for now\n  \
         limits: {cpu: 100m, memory: 1Gi}\n\npresets:\n",
    );
    let mut number = 0;
    while text.len() < bytes {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  - name: preset-{number}   # number {number}\n    labels: {{team: \"t{}\", \
             tier: 'backend'}}\n    env:\n      - name: GOPATH\n        value: /go/{number}\n      \
             - name: DOCKER_IN_DOCKER\n        value: \"true\"\n    volumes:\n      - hostPath:\n          \
             path: /var/lib/cache/{number}\n        name: cache\n    script: |\n      set -e\n      \
             make test TARGET={number}\n\n",
            number % 7
        );
        number += 1;
    }
    text + "namespace: jobs\npod_namespace: pods\n"
}

fn applied(name: &str, script: &str, text: &str) -> Result<usize> {
    let script = Source {
        name,
        bytes: script.as_bytes(),
    };
    let config = Source {
        name: "config.yaml",
        bytes: text.as_bytes(),
    };
    let loader = |path: &str| Err(Error::new(Kind::Load, format!("no `{path}`")));
    apply(script, config, &loader).map(|applied| applied.content.len())
}

fn scripts(criterion: &mut Criterion) {
    let text = config(10_000_000);
    let mut group = criterion.benchmark_group("10 MB of configuration");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("floor: read", |bench| {
        let options = Options {
            keep_aliases: true,
            ..Options::default()
        };
        bench.iter(|| read(black_box(&text), &options).map(|documents| documents.len()));
    });
    for (title, name, script) in [
        ("no-op, commands", "script.yaml", ""),
        ("no-op, expression", "script.yq", "."),
        ("five edits, commands", "script.yaml", COMMANDS),
        ("five edits, expression", "script.yq", EXPRESSION),
    ] {
        group.bench_function(title, |bench| {
            bench.iter(|| applied(name, script, black_box(&text)));
        });
    }
    group.finish();
}

/// What criterion makes of the functions above has no documentation.
#[allow(missing_docs, reason = "the macro writes it")]
mod groups {
    use super::{criterion_group, scripts};
    criterion_group!(benches, scripts);
}
use groups::benches;
criterion_main!(benches);
