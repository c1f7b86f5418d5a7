//! How long a build takes, and how far it is from reading and writing the bytes once.
//!
//! `cargo bench` prints the figures; `docs/performance.md` says what they were.

mod inputs;

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kustom::build::{Options, build};
use kustom::load::Memory;
use kustom::place::SourceId;
use kustom::yaml::{manifests, write_stream};

/// Overlays of growing size: the time for one resource should stay the same.
fn overlays(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("overlay");
    group.sample_size(10);
    for count in [100, 1_000, 5_000, 20_000] {
        let files = inputs::overlay(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(count),
            &files,
            |bench, files| {
                bench.iter(|| built(files, "top"));
            },
        );
    }
    group.finish();
}

/// One file of 10 MB: the whole build, reading alone, writing alone, and the floor: the events of
/// a YAML parser once, and the bytes copied once.
fn definitions(criterion: &mut Criterion) {
    let text = inputs::definitions(10_000_000);
    let mut files = Memory::default();
    files.insert("/top/kustomization.yaml", "resources: [definitions.yaml]\n");
    files.insert("/top/definitions.yaml", text.as_str());
    let documents = manifests(text.as_bytes(), SourceId::NONE).unwrap_or_default();
    let mut group = criterion.benchmark_group("10 MB of definitions");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("build", |bench| bench.iter(|| built(&files, "top")));
    group.bench_function("read", |bench| {
        bench.iter(|| {
            manifests(black_box(text.as_bytes()), SourceId::NONE).map(|nodes| nodes.len())
        });
    });
    group.bench_function("write", |bench| {
        bench.iter(|| {
            let mut out = String::new();
            write_stream(&documents, &mut out).map(|()| out.len())
        });
    });
    group.bench_function("floor: events", |bench| {
        bench.iter(|| granit_parser::Parser::new_from_str(black_box(&text)).count());
    });
    group.bench_function("floor: copy", |bench| {
        bench.iter(|| black_box(&text).clone())
    });
    group.finish();
}

fn built(files: &Memory, directory: &str) -> usize {
    let built = build(
        files,
        Path::new("/"),
        Path::new(directory),
        &Options::default(),
    );
    built
        .and_then(|built| built.to_yaml())
        .map_or(0, |text| text.len())
}

mod groups {
    #![allow(missing_docs, reason = "what the macro makes cannot be documented")]
    use super::{criterion_group, definitions, overlays};
    criterion_group!(benches, overlays, definitions);
}
use groups::benches;
criterion_main!(benches);
