//! Helm 3 and helm 4, each where it is installed, and where both are, that they make the same.
//!
//! The variables `HELM3` and `HELM4` name the programs; without them, `helm` and `helm4` on the
//! `PATH` are asked which they are.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::process::Command;

use stage::Stage;

const TEMPLATES: [(&str, &str); 3] = [
    (
        "map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n\
         data:\n  namespace: {{ .Release.Namespace }}\n  size: {{ .Values.size | quote }}\n  \
         list: {{ join \",\" .Values.list }}\n  \
         has: {{ .Capabilities.APIVersions.Has \"x.example.com/v1\" | quote }}\n",
    ),
    (
        "fixed.yaml",
        "{{ if .Values.front }}apiVersion: v1\nkind: Service\nmetadata:\n  name: front\n  namespace: fixed\nspec: {ports: [{port: 80}]}\n{{ end }}",
    ),
    (
        "hook.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: test}\n",
    ),
];

/// Kustomizations with charts, by name, and words of what each prints.
const KUSTOMIZATIONS: [(&str, &str, &str); 6] = [
    (
        "plain",
        "helmCharts: [{name: small, releaseName: rel}]\n",
        "\n  name: rel\n",
    ),
    (
        "values",
        "helmCharts: [{name: small, releaseName: rel, valuesInline: {size: 7, list: [a]}, valuesMerge: override}]\n",
        "size: \"7\"",
    ),
    (
        "namespaces",
        "namespace: shop\nhelmCharts: [{name: small, releaseName: rel}, {name: small, releaseName: two, namespace: own, skipTests: true, valuesInline: {front: false}}]\npatches: [{target: {kind: Service}, patch: '{apiVersion: v1, kind: Service, metadata: {name: front}, $patch: delete}'}]\n",
        "namespace: own",
    ),
    (
        "capabilities",
        "helmCharts: [{name: small, releaseName: rel, includeCRDs: true, apiVersions: [x.example.com/v1], kubeVersion: '1.30'}]\n",
        "has: \"true\"",
    ),
    (
        "tests-left-out",
        "helmCharts: [{name: small, releaseName: rel, skipTests: true, skipHooks: true}]\nnamePrefix: a-\n",
        "name: a-rel",
    ),
    (
        "object",
        "generators:\n- |-\n  {apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: g}, name: small, releaseName: rel}\n",
        "kind: Service",
    ),
];

/// The program of a major version, if it is installed.
fn helm(major: &str) -> Option<String> {
    let named = std::env::var(format!("HELM{major}")).ok();
    let mut candidates = match named {
        Some(named) => vec![named],
        None => vec!["helm".to_owned(), format!("helm{major}")],
    };
    candidates.retain(|program| {
        let output = Command::new(program).args(["version", "--short"]).output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        said.is_ok_and(|said| said.starts_with(&format!("v{major}.")))
    });
    let found = candidates.into_iter().next();
    if found.is_none() {
        eprintln!("skipped: no helm {major} on the PATH, and none in HELM{major}");
    }
    found
}

/// What each kustomization prints with a helm.
fn inflated(program: &str) -> Vec<String> {
    let stage = Stage::new();
    for (name, text, _) in KUSTOMIZATIONS {
        let chart = format!("{name}/charts/small");
        stage.write(&format!("{name}/kustomization.yaml"), text);
        stage.write(
            &format!("{chart}/Chart.yaml"),
            "apiVersion: v2\nname: small\nversion: 1.0.0\n",
        );
        stage.write(
            &format!("{chart}/values.yaml"),
            "size: 1\nlist: [x, w]\nfront: true\n",
        );
        stage.write(
            &format!("{chart}/crds/crd.yaml"),
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n",
        );
        for (file, text) in TEMPLATES {
            stage.write(&format!("{chart}/templates/{file}"), text);
        }
    }
    let flags = format!("--enable-helm --helm-command {program}");
    let print = |(name, _, words): &(&str, &str, &str)| {
        let printed = stage.build(name, &flags).printed();
        assert!(printed.contains(words), "{program}, {name}: {printed}");
        printed
    };
    KUSTOMIZATIONS.iter().map(print).collect()
}

#[test]
fn helm_3_and_helm_4_inflate_charts_alike() {
    let printed: Vec<_> = ["3", "4"].into_iter().filter_map(helm).collect();
    let printed: Vec<_> = printed.iter().map(|program| inflated(program)).collect();
    if let [three, four] = printed.as_slice() {
        assert_eq!(three, four);
    }
}

#[test]
fn what_helm_could_take_for_a_flag_is_refused_before_it_is_called() {
    let stage = Stage::new();
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\nexit 1\n",
        stage.text("asked")
    );
    stage.write_program("bin/helm", &script);
    let flags = format!("--enable-helm --helm-command {}", stage.text("bin/helm"));
    for (field, entry) in [
        ("name", "{name: --post-renderer=./run}"),
        (
            "name",
            "{name: -x, releaseName: r, repo: 'https://charts.example.com'}",
        ),
        ("releaseName", "{name: small, releaseName: --kubeconfig=x}"),
        ("releaseName", "{name: small, releaseName: '-'}"),
        (
            "repo",
            "{name: small, releaseName: r, repo: --post-renderer=./run}",
        ),
        ("repo", "{name: small, repo: '-oci://x', version: 1.0.0}"),
    ] {
        for text in [
            format!("helmCharts: [{entry}]\n"),
            format!(
                "generators:\n- |-\n  {{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {{name: g}}, {}\n",
                &entry[1..]
            ),
        ] {
            stage.write("app/kustomization.yaml", &text);
            let said = stage.build("app", &flags).refused();
            let message = format!("the `{field}` of a chart begins with a dash");
            assert!(said.contains(&message), "{entry}: {said}");
        }
    }
    assert!(!stage.path("asked").exists(), "helm was called");
}
