//! Pages of a project: no secret in them, nothing foreign that means something, the same each time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::Stage;

/// A project with a canary in every place that a page shows.
fn project(canary: &str) -> Stage {
    let stage = Stage::new();
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(canary)
    };
    stage.write(
        "p/base/web.yaml",
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 1\n  \
             selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
             spec:\n      containers:\n      - name: web\n        image: web:v1\n        \
             args: [--token={canary}]\n        env:\n        - {{name: PASSWORD, value: {canary}}}\n"
        ),
    );
    stage.write(
        "p/base/kustomization.yaml",
        "resources: [web.yaml]\nsecretGenerator:\n- name: token\n  envs: [token.env]\n",
    );
    stage.write("p/base/token.env", &format!("token={canary}\n"));
    for (name, count) in [("production", 3), ("staging", 1)] {
        stage.write(
            &format!("p/environments/{name}/kustomization.yaml"),
            &format!(
                "resources: [../../base, map.yaml]\nreplicas:\n- {{name: web, count: {count}}}\n\
                 patches:\n- target: {{kind: Deployment, name: '{canary}'}}\n  patch: |-\n    \
                 - {{op: replace, path: /spec/replicas, value: 3}}\n"
            ),
        );
        stage.write(
            &format!("p/environments/{name}/map.yaml"),
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: copy-of-{name}}}\ndata: \
                 {{copy: {encoded}, url: \"https://bob:{canary}@example.com\"}}\n"
            ),
        );
    }
    stage.write("p/kustom.yaml", "environments: environments\n");
    stage
}

#[test]
fn no_page_shows_a_secret() {
    let canary = ["q7Vw2Lr9", "Tn4Xc8Zb", "K1mH6sPd"].concat();
    let stage = project(&canary);
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&canary)
    };
    let said = stage.kustom("p", ["report", "-o", "out/report.html"]);
    assert_ne!(said.code, 0, "there is no directory `out` yet");
    let said = stage.kustom("p", ["report", "-o", "report.html"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = stage.kustom("p", ["report", "-o", "pages"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let pages = ["report.html", "pages/index.html", "pages/production.html"];
    for page in pages {
        let text = stage.read(&format!("p/{page}"));
        assert!(text.contains("Deployment web"), "{page}");
        for secret in [canary.as_str(), encoded.as_str()] {
            assert!(!text.contains(secret), "{page} shows `{secret}`");
        }
    }
    let text = stage.read("p/report.html");
    assert!(text.contains("***"), "something is hidden");
    assert!(text.contains("class=\"differs\"") || text.contains("class=\"suspicious\""));
    // Nothing is fetched, and the same project gives the same page.
    assert!(!text.contains("src=") && !text.contains("@import") && !text.contains("url("));
    stage.kustom("p", ["report", "-o", "again.html"]);
    assert_eq!(text, stage.read("p/again.html"));
}

#[test]
fn what_files_say_means_nothing_to_a_page() {
    let stage = Stage::new();
    let hostile = r#""</script><script>alert(1)</script>\e[31m\u202E<!--""#;
    stage.write(
        "p/environments/prod/kustomization.yaml",
        &format!(
            "resources: [map.yaml]\ncommonAnnotations: {{a: {hostile}}}\nconfigMapGenerator:\n\
             - {{name: {hostile}}}\npatches:\n- target: {{name: {hostile}}}\n  patch: '[]'\n"
        ),
    );
    stage.write(
        "p/environments/prod/map.yaml",
        &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{b: {hostile}}}\n"
        ),
    );
    for (words, page) in [
        (["report", "-o", "report.html"], "p/report.html"),
        (["report", "-o", "pages"], "p/pages/prod.html"),
    ] {
        let said = stage.kustom("p", words);
        assert_eq!(said.code, 0, "{}", said.err);
        let text = stage.read(page);
        // The data, and the script.
        assert_eq!(text.matches("<script").count(), 2, "{page}");
        assert_eq!(text.matches("</script").count(), 2, "{page}");
        assert!(!text.contains("<!--"), "{page}");
        let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(is_raw), "{page}");
    }
}

#[test]
fn an_environment_that_does_not_render_has_a_column_all_the_same() {
    let stage = project("plain-words");
    stage.write(
        "p/environments/broken/kustomization.yaml",
        "resources: [missing.yaml]\n",
    );
    let said = stage.kustom("p", ["report", "-o", "report.html"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let text = stage.read("p/report.html");
    assert!(text.contains("<th scope=\"col\">broken</th>"));
    assert!(text.contains("does not render"));
    assert!(text.contains("there is no `missing.yaml`"));
}

#[test]
fn what_only_some_have_is_in_one_row() {
    let stage = Stage::new();
    stage.write(
        "p/base/kustomization.yaml",
        "resources: [web.yaml, api.yaml]\n",
    );
    let service =
        |name: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}}}\n");
    stage.write("p/base/web.yaml", &service("web"));
    stage.write("p/base/api.yaml", &service("api"));
    stage.write("p/extra/kustomization.yaml", "resources: [extra.yaml]\n");
    stage.write("p/extra/extra.yaml", &service("extra"));
    stage.write(
        "p/environments/a/kustomization.yaml",
        "resources: [../../base]\n",
    );
    for name in ["b", "c"] {
        stage.write(
            &format!("p/environments/{name}/kustomization.yaml"),
            &format!("namePrefix: {name}-\nresources: [../../base, ../../extra]\n"),
        );
    }
    for (words, only) in [("", "reference"), ("--reference c", "c")] {
        let line = format!("report -o report.html {words}");
        let said = stage.kustom("p", line.split_whitespace());
        assert_eq!(said.code, 0, "{}", said.err);
        let text = stage.read("p/report.html");
        assert_eq!(text.matches("<tr data-row").count(), 3, "{only}: {text}");
        let row = text
            .lines()
            .find(|line| line.contains("extra</th>"))
            .unwrap();
        assert_eq!(row.matches("class=\"absent\"").count(), 1, "{row}");
    }
}
