//! How long a comparison takes, beside what it compares: the example's production and staging.

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use kustom::diff::{Detail, Input, Masking, Options, Sides, diff};
use kustom::fields::Fields;
use kustom::guard::Guard;
use kustom::load::Disk;
use kustom::project::{self, Project, Secrets, render};
use kustom::resource::Resource;

fn environments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("production and staging");
    group.bench_function("render", |bench| {
        bench.iter(|| [rendered("production"), rendered("staging")]);
    });
    let [from, to] = ["production", "staging"].map(rendered);
    group.bench_function("diff", |bench| bench.iter(|| compared(&from, &to)));
    group.finish();
}

fn rendered(name: &str) -> Vec<Resource> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::find(&Disk, root);
    let resources = project.and_then(|project| {
        let environment = project.environment(&Disk, name)?;
        let options = project::Options {
            secrets: Some(Secrets::Placeholder),
            ..project::Options::default()
        };
        Ok(render(&Disk, root, &project, &environment, &options)?.resources)
    });
    resources.unwrap_or_default()
}

fn compared(from: &[Resource], to: &[Resource]) -> usize {
    let input = |name, resources| Input {
        name,
        resources,
        place: &|_| None,
    };
    let options = Options {
        sides: Sides::Environments,
        fields: &Fields::builtin(),
        secrets: &Guard::new(),
        masking: Masking::default(),
        expected: &[],
        ignored: &[],
        detail: Detail::default(),
    };
    diff(input("production", from), input("staging", to), &options)
        .changes
        .len()
}

mod groups {
    #![allow(missing_docs, reason = "what the macro makes cannot be documented")]
    use super::{criterion_group, environments};
    criterion_group!(benches, environments);
}

criterion_main!(groups::benches);
