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
        let files = memory(&inputs::overlay(count));
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

/// Entries for single objects: twice as many objects and entries should take twice as long.
fn entries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("entries");
    group.sample_size(10);
    for count in [1_000, 4_000] {
        let files = memory(&inputs::entries(count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bench| {
            bench.iter(|| built(&files, "top"));
        });
    }
    group.finish();
}

/// One file of 10 MB: the whole build, reading alone, writing alone, and the floor: the events of
/// a YAML parser once, and the bytes copied once.
fn definitions(criterion: &mut Criterion) {
    let tree = inputs::definitions(10_000_000);
    let files = memory(&tree);
    let text = tree
        .into_iter()
        .map(|(_, text)| text)
        .max_by_key(String::len);
    let text = text.unwrap_or_default();
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

/// A chain of overlays: what each level does to names and labels adds up.
fn chain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chain");
    group.sample_size(10);
    for depth in [10, 50] {
        let files = memory(&inputs::chain(depth));
        let top = format!("level{}", depth - 1);
        group.throughput(Throughput::Elements(depth as u64));
        group.bench_function(BenchmarkId::from_parameter(depth), |bench| {
            bench.iter(|| built(&files, &top));
        });
    }
    group.finish();
}

fn memory(tree: &inputs::Tree) -> Memory {
    let mut files = Memory::default();
    for (path, content) in tree {
        files.insert(format!("/{path}"), content.as_str());
    }
    files
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
    use super::{chain, criterion_group, definitions, entries, overlays};
    criterion_group!(benches, overlays, entries, definitions, chain);
}
use groups::benches;
criterion_main!(benches);
