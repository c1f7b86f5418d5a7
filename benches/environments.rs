//! Two hundred environments of one base: all at once, and beside it one kustomize for each.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kustom::load::Disk;
use kustom::project::{Options, Project, render_many};
use kustom::yaml::write_stream;

const ENVIRONMENTS: usize = 200;
const OBJECTS: usize = 60;

/// A base with deployments, services and configs, and environments that patch it.
fn lay_out(root: &Path) {
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let mut resources = String::from("resources:\n");
    for number in 0..OBJECTS / 2 {
        writeln!(resources, "- app{number}.yaml").unwrap();
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app{number}}}\nspec:\n  \
             replicas: 1\n  selector: {{matchLabels: {{app: app{number}}}}}\n  template:\n    \
             metadata: {{labels: {{app: app{number}}}}}\n    spec:\n      containers:\n      \
             - name: app\n        image: registry.example.com/app{number}:v1\n        envFrom:\n        \
             - configMapRef: {{name: settings}}\n---\napiVersion: v1\nkind: Service\nmetadata: \
             {{name: app{number}}}\nspec: {{selector: {{app: app{number}}}}}\n"
        );
        write(&format!("base/app{number}.yaml"), &text);
    }
    write("base/kustomization.yaml", &resources);
    for number in 0..ENVIRONMENTS {
        let text = format!(
            "namespace: env{number}\nnamePrefix: e{number}-\nresources: [../../base]\n\
             labels: [{{pairs: {{environment: env{number}}}, includeTemplates: true}}]\n\
             configMapGenerator: [{{name: settings, files: [settings.yaml]}}]\n\
             images: [{{name: registry.example.com/app7, newTag: v{number}}}]\n\
             replicas: [{{name: app3, count: 4}}]\npatches:\n- path: patch.yaml\n  target: \
             {{kind: Deployment}}\n"
        );
        let directory = format!("environments/env{number:03}");
        write(&format!("{directory}/kustomization.yaml"), &text);
        write(
            &format!("{directory}/settings.yaml"),
            &format!("number: {number}\n"),
        );
        let patch = "- {op: add, path: /spec/revisionHistoryLimit, value: 3}\n";
        write(&format!("{directory}/patch.yaml"), patch);
    }
}

fn environments(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    lay_out(&root);
    let project = Project::find(&Disk, &root).unwrap();
    let names = project.names(&Disk);
    let mut group = criterion.benchmark_group("environments");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10))
        .throughput(Throughput::Elements(ENVIRONMENTS as u64));
    group.bench_function("kustom render --all", |bencher| {
        bencher.iter(|| {
            let text = |_: &_, rendered: kustom::project::Rendered| {
                let mut text = String::new();
                let nodes = rendered.resources.iter().map(|resource| &resource.node);
                write_stream(nodes, &mut text)?;
                Ok(text.len())
            };
            let options = Options::default();
            let many =
                render_many(&Disk, &root, &project, &names, &options, &text, &|_| {}).unwrap();
            many.each
                .into_iter()
                .map(|(_, size)| size.unwrap())
                .sum::<usize>()
        });
    });
    let is_there = Command::new("kustomize").arg("version").output().is_ok();
    if is_there {
        group.bench_function("kustomize build, one after the other", |bencher| {
            bencher.iter(|| {
                for name in &names {
                    let status = Command::new("kustomize")
                        .arg("build")
                        .arg(root.join("environments").join(name))
                        .stdout(Stdio::null())
                        .status();
                    assert!(status.unwrap().success());
                }
            });
        });
    }
    group.finish();
}

mod groups {
    #![allow(missing_docs, reason = "what the macro makes cannot be documented")]
    use super::{criterion_group, environments};
    criterion_group!(benches, environments);
}
use groups::benches;
criterion_main!(benches);
