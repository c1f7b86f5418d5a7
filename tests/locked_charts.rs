//! Charts of a repository on this machine, locked, cached and vendored through the helm that is
//! installed.
//!
//! The variable `HELM` names the program; without it, `helm` on the `PATH` is used, and where there
//! is none the tests say that they are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

mod stage;

use std::fs;
use std::process::Command;

use stage::server::Server;
use stage::{CommandOutput, Stage};

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {size: {{ .Values.size | quote }}, version: {{ .Chart.Version | quote }}}
";

/// A project whose charts come from a repository of charts on this machine.
struct Site {
    stage: Stage,
    server: Server,
    helm: String,
}

impl Site {
    /// Nothing, if there is no helm.
    fn new() -> Option<Self> {
        let helm = std::env::var("HELM").unwrap_or_else(|_| "helm".to_owned());
        let version = Command::new(&helm).args(["version", "--short"]).output();
        if !version.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no helm on the PATH, and none in HELM");
            return None;
        }
        let mut stage = Stage::new();
        stage.set("XDG_CACHE_HOME", stage.text("cache"));
        let server = Server::start(stage.path("."));
        let site = Self {
            stage,
            server,
            helm,
        };
        site.publish("1.0.0", "size: 1\n");
        site.stage.write("p/kustom.yaml", "");
        Some(site)
    }

    /// Puts a version of the chart into the repository.
    fn publish(&self, version: &str, values: &str) {
        let stage = &self.stage;
        let chart = format!("apiVersion: v2\nname: web\nversion: {version}\n");
        stage.write("web/Chart.yaml", &chart);
        stage.write("web/values.yaml", values);
        stage.write("web/templates/all.yaml", TEMPLATE);
        for line in ["package web -d site", "repo index site"] {
            let status = Command::new(&self.helm)
                .args(line.split(' '))
                .env("HOME", stage.path("home"))
                .current_dir(stage.path("."))
                .output()
                .unwrap();
            assert!(status.status.success(), "{line}");
        }
    }

    /// A kustomization with a chart, of which more is said.
    fn with_chart(self, more: &str) -> Self {
        let text = format!(
            "helmCharts:\n- name: web\n  repo: {}\n  releaseName: rel\n{more}",
            self.server.url("site")
        );
        let path = "p/environments/e/kustomization.yaml";
        self.stage.write(path, &text);
        self
    }

    fn kustom(&self, line: &str) -> CommandOutput {
        let flags = match line.split(' ').next() {
            Some("render" | "lock" | "vendor" | "build" | "affected") => {
                vec!["--enable-helm", "--helm-command", &self.helm]
            }
            _ => Vec::new(),
        };
        let words = line.split(' ').chain(flags);
        self.stage.kustom("p", words)
    }

    /// What a command prints that went well.
    fn printed(&self, line: &str) -> String {
        let said = self.kustom(line);
        assert_eq!(said.code, 0, "{line}: {said:?}");
        said.out
    }

    /// What a command says that went wrong.
    fn refused(&self, line: &str) -> String {
        let said = self.kustom(line);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {said:?}");
        said.err
    }

    /// Forgets what is cached.
    fn forget(&self) {
        fs::remove_dir_all(self.stage.path("cache")).unwrap();
    }

    /// Changes the vendored files of a name.
    fn change_vendored(&self, name: &str) {
        let sum = self.stage.read("p/vendor/kustom.sum");
        let paths = sum.lines().filter_map(|line| line.split("  ").nth(1));
        for path in paths.filter(|path| path.ends_with(name)) {
            self.stage.write(&format!("p/vendor/{path}"), "size: 666\n");
        }
    }
}

#[test]
fn a_locked_chart_stays_what_it_is_whatever_becomes_of_its_version() {
    let Some(site) = Site::new() else { return };
    let site = site.with_chart("  version: ^1.0.0\n");
    site.printed("lock");
    let lock = site.stage.read("p/kustom.lock");
    let wanted = format!(
        "- address: {}\n  chart: web\n  version: ^1.0.0\n  resolved: 1.0.0\n  digest: sha256:",
        site.server.url("site")
    );
    assert!(lock.contains(&wanted), "{lock}");
    assert_eq!(site.printed("lock --check"), "");
    let first = site.printed("render e");
    assert!(first.contains("version: 1.0.0"), "{first}");
    site.publish("1.1.0", "size: 2\n");
    assert_eq!(site.printed("render e"), first);
    site.forget();
    assert_eq!(site.printed("render e"), first, "fetched as it is resolved");
    assert_eq!(site.printed("build environments/e"), first);
    let said = site.kustom("lock --check");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("the version `1.0.0` is now `1.1.0`"),
        "{said:?}"
    );
    site.printed("lock");
    assert!(site.printed("render e").contains("version: 1.1.0"));
    assert_eq!(
        site.stage.list("p/environments/e"),
        ["kustomization.yaml"],
        "nothing is fetched beside the kustomization"
    );
    assert!(site.stage.list("tmp").is_empty(), "charts are taken away");
}

#[test]
fn a_chart_that_differs_from_its_lock_is_refused() {
    let Some(site) = Site::new() else { return };
    let site = site.with_chart("  version: 1.0.0\n");
    site.printed("lock");
    site.publish("1.0.0", "size: 666\n");
    let said = site.refused("render e");
    let chart = format!("the chart `web` `1.0.0` of `{}`", site.server.url("site"));
    let wanted = format!("error: {chart} is not what `kustom.lock` says: its digest is `sha256:");
    assert!(said.starts_with(&wanted), "{said}");
    assert!(
        said.contains("--> environments/e/kustomization.yaml:3:9"),
        "{said}"
    );
    // One that is cached otherwise is fetched anew, and held to the lock once more.
    site.publish("1.0.0", "size: 1\n");
    site.printed("render e");
    let cached = site.stage.path("cache/kustom/charts");
    let name = &site.stage.list("cache/kustom/charts")[0];
    fs::write(cached.join(name).join("values.yaml"), "size: 666\n").unwrap();
    assert!(site.printed("render e").contains("size: \"1\""));
    // One that nobody has locked is not fetched.
    let site = site.with_chart("  version: ^1.0.0\n");
    let said = site.refused("render e");
    assert!(said.contains("is not in `kustom.lock`"), "{said}");
}

#[test]
fn a_vendored_chart_needs_no_network_and_is_not_to_be_edited() {
    let Some(site) = Site::new() else { return };
    let site = site.with_chart("  version: 1.0.0\n");
    let said = site.refused("render e --offline");
    assert!(said.contains("`--offline` fetches nothing"), "{said}");
    site.printed("lock");
    let rendered = site.printed("render e");
    assert_eq!(site.printed("render e --offline"), rendered, "cached");
    site.forget();
    let said = site.refused("render e --offline");
    assert!(said.contains("run `kustom vendor`"), "{said}");
    site.printed("vendor");
    assert_eq!(site.printed("vendor --check"), "");
    site.forget();
    fs::remove_dir_all(site.stage.path("site")).unwrap();
    assert_eq!(site.printed("render e --offline"), rendered);
    assert_eq!(site.printed("render e"), rendered);
    assert!(!site.stage.path("cache").exists(), "nothing is cached");
    site.change_vendored("values.yaml");
    let said = site.refused("render e");
    assert!(
        said.starts_with("error: `vendor/charts/127.0.0.1/"),
        "{said}"
    );
    assert!(
        said.contains("is not what `kustom.lock` says of the chart `web`"),
        "{said}"
    );
}

#[test]
fn a_chart_that_is_at_hand_is_locked_as_it_lies_there() {
    let Some(site) = Site::new() else { return };
    let site = site.with_chart("  version: 1.0.0\n");
    let own = "p/environments/e/charts/web-1.0.0/web";
    let chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
    site.stage.write(&format!("{own}/Chart.yaml"), chart);
    site.stage.write(&format!("{own}/values.yaml"), "size: 7\n");
    site.stage
        .write(&format!("{own}/templates/all.yaml"), TEMPLATE);
    // helm is not needed for that.
    let said = site.stage.kustom("p", ["lock"]);
    assert_eq!((said.code, said.err.lines().count()), (0, 1), "{said:?}");
    assert!(site.printed("render e --offline").contains("size: \"7\""));
    site.stage.write(&format!("{own}/values.yaml"), "size: 8\n");
    let said = site.refused("render e");
    let wanted = "error: `environments/e/charts/web-1.0.0/web` is not what `kustom.lock` says of";
    assert!(said.starts_with(wanted), "{said}");
    // Its twin elsewhere would be another one.
    let twin = site
        .stage
        .read("p/environments/e/kustomization.yaml")
        .replace("rel\n", "other\n");
    site.stage
        .write("p/environments/twin/kustomization.yaml", &twin);
    let said = site.refused("lock");
    assert!(said.contains("is there twice, and not the same"), "{said}");
}

#[test]
fn without_helm_charts_are_left_out_and_stay_locked() {
    let Some(site) = Site::new() else { return };
    let site = site.with_chart("  version: 1.0.0\n");
    let said = site.stage.kustom("p", ["lock"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.err
            .contains("the chart `web` is left out: helm charts need `--enable-helm`"),
        "{said:?}"
    );
    assert!(site.stage.read("p/kustom.lock").contains("remotes: []"));
    site.printed("lock");
    let lock = site.stage.read("p/kustom.lock");
    let said = site.stage.kustom("p", ["lock"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(site.stage.read("p/kustom.lock"), lock);
    site.stage.write("p/kustom.yaml", "helm: {enabled: true}\n");
    let path = site.stage.text("p");
    let said = site.stage.kustom(
        ".",
        ["lock", "--check", "-C", &path, "--helm-command", &site.helm],
    );
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:?}");
}

const RELEASE: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: web, namespace: shop}
spec: {url: 'ADDRESS'}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: release, namespace: shop}
spec:
  chart: {spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: web}}}
  valuesFrom: [{kind: Secret, name: values, optional: true}]
  values: {size: 3}
";

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app, namespace: argocd}
spec:
  project: default
  destination: {name: in-cluster, namespace: shop}
  source: {repoURL: 'ADDRESS', chart: web, targetRevision: '>=1', helm: {valuesObject: {size: 4}}}
";

const ENTRY: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: flux-system}}
";

#[test]
fn charts_of_flux_and_argo_cd_are_locked_and_vendored_alike() {
    let Some(site) = Site::new() else { return };
    let url = site.server.url("site");
    let stage = &site.stage;
    stage.write(
        "p/kustom.yaml",
        "helm: {enabled: true}\nflux: [clusters]\nargocd: [argocd]\n",
    );
    stage.write("p/clusters/apps.yaml", ENTRY);
    stage.write("p/apps/release.yaml", &RELEASE.replace("ADDRESS", &url));
    stage.write("p/argocd/app.yaml", &APPLICATION.replace("ADDRESS", &url));
    for name in ["apps", "app"] {
        site.printed(&format!("render {name}"));
    }
    let names = ["apps", "argocd", "clusters", "kustom.yaml"];
    assert_eq!(stage.list("p"), names, "fetched for the run");
    site.printed("lock");
    let lock = stage.read("p/kustom.lock");
    for version in ["  version: 1.x\n", "  version: '>=1'\n"] {
        assert!(lock.contains(version), "{lock}");
    }
    assert_eq!(lock.matches("  resolved: 1.0.0\n").count(), 2, "{lock}");
    site.publish("1.1.0", "size: 2\n");
    site.printed("vendor");
    site.forget();
    fs::remove_dir_all(stage.path("site")).unwrap();
    for (name, size) in [("apps", 3), ("app", 4)] {
        let said = site.kustom(&format!("render {name} --offline"));
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{name}");
        assert!(said.out.contains(&format!("size: \"{size}\"")), "{said:?}");
        assert!(said.out.contains("version: 1.0.0"), "{said:?}");
    }
    // A file that is vendored is one that both depend on.
    stage.commit("p");
    site.change_vendored("templates/all.yaml");
    for name in ["apps", "app"] {
        let said = site.refused(&format!("render {name}"));
        assert!(
            said.contains("is not what `kustom.lock` says of"),
            "{name}: {said}"
        );
    }
    let affected = site.kustom("affected --base HEAD");
    assert_eq!(affected.code, 0, "{affected:?}");
    assert_eq!(affected.out, "app\napps\n", "{affected:?}");
    // What is not locked is not rendered, and a release says so in one line.
    fs::remove_dir_all(stage.path("p/vendor")).unwrap();
    stage.write("p/kustom.lock", "version: 1\nremotes: []\n");
    let said = site.kustom("render apps");
    assert_eq!(said.code, 0, "{said:?}");
    let line = said.err.lines().next().unwrap_or_default();
    assert!(
        line.contains("HelmRelease `shop/release` is not rendered: the chart `web`")
            && line.ends_with("is not in `kustom.lock`"),
        "{said:?}"
    );
    let said = site.refused("render app");
    assert!(said.contains("is not in `kustom.lock`"), "{said}");
}
