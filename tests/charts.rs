//! Charts of `HelmRelease`s and of Applications, through the helm that is installed.
//!
//! The variable `HELM` names the program; without it, `helm` on the `PATH` is used, and where there
//! is none the tests say that they are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::process::Command;

use stage::Stage;

/// What a chart prints of its release and of its values.
const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  namespace: {{ .Release.Namespace }}
  values: {{ toJson (omit .Values \"global\") | quote }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: \"nginx:1.0\"}]}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: issuer}
";

fn helm() -> Option<String> {
    let program = std::env::var("HELM").unwrap_or_else(|_| "helm".to_owned());
    let is_there = Command::new(&program)
        .args(["version", "--short"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: no helm on the PATH, and none in HELM");
    }
    is_there.then_some(program)
}

/// A stage with a chart in `charts/web`, whose own value of `size` is 1.
fn stage(kustom: &str) -> Stage {
    let stage = Stage::new();
    stage.write("repo/kustom.yaml", kustom);
    let chart = "repo/charts/web";
    stage.write(
        &format!("{chart}/Chart.yaml"),
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    );
    stage.write(&format!("{chart}/values.yaml"), "size: 1\nown: chart\n");
    stage.write(&format!("{chart}/templates/all.yaml"), TEMPLATE);
    stage.write(
        &format!("{chart}/crds/crd.yaml"),
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n",
    );
    stage
}

/// A render of an environment.
fn rendered(stage: &Stage, helm: &str, name: &str) -> stage::CommandOutput {
    stage.kustom(
        "repo",
        ["render", name, "--enable-helm", "--helm-command", helm],
    )
}

const ENTRY: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, targetNamespace: shop, sourceRef: {kind: GitRepository, name: flux-system}}
";

/// What a `HelmRelease` says, and what its chart then makes.
const RELEASES: [(&str, &[&str]); 9] = [
    (
        "values: {size: 2}",
        &[
            "name: web\n",
            "namespace: shop",
            r#"{"own":"chart","size":2}"#,
        ],
    ),
    (
        "targetNamespace: other\n  values: {own: null}",
        &["name: other-web\n", "namespace: other", r#"'{"size":1}'"#],
    ),
    (
        "releaseName: a-name-that-is-longer-than-the-fifty-three-letters-of-helm",
        &["name: a-name-that-is-longer-than-the-fifty-thr-"],
    ),
    (
        "values: {a: {b: own}}\n  valuesFrom:\n  - {kind: ConfigMap, name: values}\n  - {kind: Secret, name: secret, valuesKey: x}",
        &[r#""a":{"b":"own","c":"map"}"#, r#""size":9"#],
    ),
    (
        // One with a path wins in a map that comes from `values` alone.
        "values: {deep: {b: own}, top: own}\n  valuesFrom:\n  - {kind: Secret, name: secret, valuesKey: one, targetPath: deep.b}\n  - {kind: Secret, name: secret, valuesKey: one, targetPath: top}",
        &[r#""deep":{"b":7}"#, r#""top":"own""#],
    ),
    (
        "valuesFrom: [{kind: Secret, name: secret, valuesKey: comma, targetPath: \"a.b\\\\.c\", literal: true}, {kind: ConfigMap, name: none, optional: true}]",
        &[r#""a":{"b.c":"x,y"}"#],
    ),
    (
        "postRenderers:\n  - kustomize: {images: [{name: nginx, newTag: '2'}]}\n  - kustomize:\n      patches:\n      - {target: {kind: Deployment}, patch: '[{\"op\": \"test\", \"path\": \"/spec/template/spec/containers/0/image\", \"value\": \"nginx:2\"}, {\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"patched\": \"yes\"}}]'}",
        &["image: nginx:2\n", "patched: \"yes\""],
    ),
    (
        "commonMetadata: {labels: {team: red}}\n  install: {crds: Skip}",
        &["team: red"],
    ),
    ("test: {enable: true}", &["kind: CustomResourceDefinition"]),
];

const BESIDE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: values}
data:
  values.yaml: |
    a: {b: map, c: map}
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
stringData: {x: 'size: 9', one: '7', comma: 'x,y'}
";

fn release(more: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web}}\nspec:\n  interval: 1h\n  chart: {{spec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: flux-system, namespace: flux-system}}}}}}\n  {more}\n"
    )
}

#[test]
fn a_helm_release_makes_what_its_chart_makes() {
    let Some(helm) = helm() else { return };
    for (more, wanted) in RELEASES {
        let stage = stage("flux: [clusters]\n");
        stage.write("repo/clusters/apps.yaml", ENTRY);
        stage.write("repo/apps/release.yaml", &release(more));
        stage.write("repo/apps/beside.yaml", BESIDE);
        let said = rendered(&stage, &helm, "apps");
        assert_eq!(said.code, 0, "{more}: {}", said.err);
        for words in wanted {
            assert!(said.out.contains(words), "{more}: {words}: {}", said.out);
        }
        assert!(said.out.contains("kind: HelmRelease"), "{more}");
        let skips = more.contains("Skip");
        assert_eq!(said.out.contains("name: crd"), !skips, "{more}");
        // What has no namespace gets none.
        let issuer = said.out.split("kind: ClusterIssuer").nth(1).unwrap();
        let issuer = issuer.split("---").next().unwrap();
        assert!(!issuer.contains("namespace:"), "{more}: {issuer}");
        let again = rendered(&stage, &helm, "apps");
        assert_eq!(again.out, said.out, "{more}");
        assert_eq!(
            stage.list("repo"),
            ["apps", "charts", "clusters", "kustom.yaml"]
        );
    }
}

#[test]
fn files_of_values_take_the_place_of_those_of_the_chart() {
    let Some(helm) = helm() else { return };
    let stage = stage("flux: [clusters]\n");
    stage.write("repo/clusters/apps.yaml", ENTRY);
    let text = release("values: {more: 1}").replace(
        "chart: ./charts/web,",
        "chart: charts/web, valuesFiles: [charts/web/prod.yaml, none.yaml], ignoreMissingValuesFiles: true,",
    );
    stage.write("repo/apps/release.yaml", &text);
    stage.write("repo/charts/web/prod.yaml", "size: 5\n");
    let said = rendered(&stage, &helm, "apps");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains(r#"'{"more":1,"size":5}'"#),
        "{}",
        said.out
    );
}

#[test]
fn what_is_missing_for_a_chart_is_said_in_one_line() {
    let Some(helm) = helm() else { return };
    let repository = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: web}\nspec: {url: 'https://charts.example.com'}\n";
    let of_repository = |more: &str| {
        release(more).replace(
            "{chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}",
            "{chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: web}}",
        )
    };
    for (text, beside, words) in [
        (of_repository(""), "", "HelmRepository `web` is not known"),
        (of_repository(""), repository, "`--offline` fetches nothing"),
        (
            release("valuesFrom: [{kind: Secret, name: made-in-the-cluster}]"),
            "",
            "its values are in Secret `made-in-the-cluster`",
        ),
        (
            release("").replace(
                "  chart:",
                "  chartRef: {kind: ExternalArtifact, name: x}\n  unknown:",
            ),
            "",
            "ExternalArtifact `x` is not known",
        ),
    ] {
        let stage = stage("flux: [clusters]\n");
        stage.write("repo/clusters/apps.yaml", ENTRY);
        stage.write("repo/apps/release.yaml", &text);
        if !beside.is_empty() {
            stage.write("repo/apps/beside.yaml", beside);
        }
        let arguments = [
            "render",
            "apps",
            "--enable-helm",
            "--offline",
            "--helm-command",
            &helm,
        ];
        let said = stage.kustom("repo", arguments);
        assert_eq!(said.code, 0, "{words}: {}", said.err);
        let lines: Vec<&str> = said
            .err
            .lines()
            .filter(|line| line.contains(words))
            .collect();
        assert_eq!(lines.len(), 1, "{words}: {}", said.err);
        assert!(
            lines[0]
                .starts_with("warning[chart-not-rendered]: HelmRelease `shop/web` is not rendered")
        );
        assert!(said.out.contains("kind: HelmRelease"), "{}", said.out);
        assert!(!said.out.contains("kind: Deployment"), "{}", said.out);
    }
    // One that lies where it would be vendored is at hand.
    let stage = stage("flux: [clusters]\n");
    stage.write("repo/clusters/apps.yaml", ENTRY);
    stage.write(
        "repo/apps/release.yaml",
        &of_repository("values: {size: 3}"),
    );
    stage.write("repo/apps/beside.yaml", repository);
    let vendored = "repo/vendor/charts/web-1.0.0/web";
    stage.write(
        &format!("{vendored}/Chart.yaml"),
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    );
    stage.write(&format!("{vendored}/templates/all.yaml"), TEMPLATE);
    let said = stage.kustom(
        "repo",
        [
            "render",
            "apps",
            "--enable-helm",
            "--offline",
            "--helm-command",
            &helm,
        ],
    );
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains(r#"{"size":3}"#), "{}", said.out);
}

/// Sources of an Application, and what its chart then makes.
const APPLICATIONS: [(&str, &[&str]); 6] = [
    (
        "source: {repoURL: R, path: charts/web}",
        &[
            "name: web\n",
            "namespace: shop",
            r#"{"own":"chart","size":1}"#,
        ],
    ),
    (
        "source: {repoURL: R, path: charts/web, helm: {releaseName: rel, valueFiles: [a.yaml, /values/b.yaml], valuesObject: {size: 4}, parameters: [{name: deep.a, value: '3'}, {name: text, value: '3', forceString: true}, {name: 'list[1]', value: 'a,b'}, {name: who, value: $ARGOCD_APP_NAME}]}}",
        &[
            "name: rel\n",
            r#""a":"file","b":"root""#,
            r#""deep":{"a":3}"#,
            r#""list":[null,"a,b"]"#,
            r#""size":4"#,
            r#""text":"3""#,
            r#""who":"web""#,
        ],
    ),
    (
        "source: {repoURL: R, path: charts/web, helm: {values: 'size: 5', valueFiles: [none.yaml], ignoreMissingValueFiles: true, fileParameters: [{name: file, path: a.yaml}], skipCrds: true}}",
        &[r#""size":5"#, r#""file":"a: file\n""#],
    ),
    (
        "source: {repoURL: R, path: charts/web, helm: {values: 'own: null'}}",
        &[r#"'{"size":1}'"#],
    ),
    (
        "sources:\n  - {repoURL: R, path: charts/web, helm: {valueFiles: [$values/values/b.yaml]}}\n  - {repoURL: R, ref: values}\n  - {repoURL: R, path: plain}",
        &[r#""b":"root""#, "name: beside"],
    ),
    (
        "source: {repoURL: R, path: charts/web, helm: {namespace: inner}}",
        &["  namespace: inner", "  namespace: shop"],
    ),
];

#[test]
fn an_application_with_a_chart_makes_what_its_chart_makes() {
    let Some(helm) = helm() else { return };
    for (sources, wanted) in APPLICATIONS {
        let stage = stage("argocd: [argocd]\n");
        stage.write("repo/charts/web/a.yaml", "a: file\n");
        stage.write("repo/values/b.yaml", "b: root\n");
        stage.write(
            "repo/plain/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n",
        );
        let sources = sources.replace("repoURL: R", "repoURL: https://git.example.org/deploy");
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  project: default\n  destination: {{name: in-cluster, namespace: shop}}\n  {sources}\n"
        );
        stage.write("repo/argocd/web.yaml", &text);
        let said = rendered(&stage, &helm, "web");
        assert_eq!(said.code, 0, "{sources}: {}", said.err);
        for words in wanted {
            assert!(said.out.contains(words), "{sources}: {words}: {}", said.out);
        }
        let skips = sources.contains("skipCrds");
        assert_eq!(said.out.contains("name: crd"), !skips, "{sources}");
        let mut files = stage.list("repo/charts/web");
        files.sort();
        assert_eq!(
            files,
            ["Chart.yaml", "a.yaml", "crds", "templates", "values.yaml"]
        );
    }
}

#[test]
fn a_chart_that_fails_is_told_of_where_it_is_named() {
    let Some(helm) = helm() else { return };
    let stage = stage("flux: [clusters]\nargocd: [argocd]\n");
    stage.write("repo/clusters/apps.yaml", ENTRY);
    stage.write("repo/apps/release.yaml", &release("values: {size: 2}"));
    stage.write("repo/charts/web/templates/all.yaml", "{{ fail \"no\" }}\n");
    stage.write(
        "repo/argocd/web.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd}\nspec:\n  project: default\n  destination: {name: in-cluster}\n  source: {repoURL: https://git.example.org/deploy, path: charts/web}\n",
    );
    for (name, place) in [
        ("apps", "--> apps/release.yaml:"),
        ("web", "--> argocd/web.yaml:7:"),
    ] {
        let said = rendered(&stage, &helm, name);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        assert!(
            said.err
                .contains("`helm template` of the chart `web` failed"),
            "{}",
            said.err
        );
        assert!(said.err.contains(place), "{}", said.err);
    }
}

#[test]
fn a_chart_that_makes_applications_makes_environments() {
    let Some(helm) = helm() else { return };
    let mut stage = stage("argocd: [argocd]\nhelm: {enabled: true}\n");
    // Only the helm on the `PATH` is asked for that.
    let path = std::env::var("PATH").unwrap_or_default();
    let program = format!("#!/bin/sh\nPATH='{path}'\nexec '{helm}' \"$@\"\n");
    stage.write_program("bin/helm", &program);
    stage.put_programs_first("bin");
    stage.write(
        "repo/all/Chart.yaml",
        "apiVersion: v2\nname: all\nversion: 1.0.0\n",
    );
    stage.write("repo/all/values.yaml", "apps: [one, two]\n");
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: NAME, namespace: argocd}\nspec:\n  project: default\n  destination: {name: in-cluster, namespace: shop}\n  source: {repoURL: https://git.example.org/deploy, path: PATH}\n";
    let made = application
        .replace("NAME", "{{ . }}")
        .replace("PATH", "plain");
    stage.write(
        "repo/all/templates/all.yaml",
        &format!("{{{{- range .Values.apps }}}}\n---\n{made}{{{{- end }}}}\n"),
    );
    stage.write(
        "repo/argocd/root.yaml",
        &application.replace("NAME", "root").replace("PATH", "all"),
    );
    stage.write(
        "repo/plain/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
    );
    let said = stage.kustom("repo", ["render", "two"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains("name: map"), "{}", said.out);
}
