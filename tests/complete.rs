//! Completion by the shell, as fish asks for it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use stage::Stage;

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  replicas: 1\n  template: {spec: {containers: [{name: app, image: a:v1}]}}\n";

fn project() -> Stage {
    let mut stage = Stage::new();
    stage.set("COMPLETE", "fish");
    for name in ["production", "staging"] {
        let file = format!("p/environments/{name}/kustomization.yaml");
        stage.write(&file, "resources: [../../base]\n");
    }
    stage.write("p/environments/broken/kustomization.yaml", "resorces: []\n");
    stage.write("p/base/kustomization.yaml", "resources: [web.yaml]\n");
    stage.write("p/base/web.yaml", WEB);
    stage
}

/// What is offered for the last word of a line.
fn offered(stage: &Stage, directory: &str, line: &str) -> Vec<String> {
    let words = ["--", "kustom"].into_iter().chain(line.split(' '));
    let said = stage.kustom(directory, words);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}");
    let lines = said.out.lines();
    let words = lines.map(|line| line.split('\t').next().unwrap().to_owned());
    words.filter(|word| !word.starts_with('-')).collect()
}

#[test]
fn environments_are_offered_where_one_is_meant() {
    let stage = project();
    for line in ["render ", "explain ", "blame ", "diff ", "check "] {
        let wanted = ["broken", "production", "staging"];
        assert_eq!(offered(&stage, "p/base", line), wanted, "{line}");
    }
    assert_eq!(offered(&stage, "p", "render pro"), ["production"]);
    assert_eq!(offered(&stage, "p", "diff production s"), ["staging"]);
    assert_eq!(offered(&stage, "home", "render -C ../p st"), ["staging"]);
    // Where there is no project, nothing is.
    assert_eq!(offered(&stage, "home", "render "), Vec::<String>::new());
}

#[test]
fn objects_and_fields_are_those_of_the_environment() {
    let stage = project();
    assert_eq!(
        offered(&stage, "p", "explain production Dep"),
        ["Deployment/shop/web"]
    );
    assert_eq!(
        offered(&stage, "p", "blame staging --only "),
        ["Deployment/shop/web"]
    );
    assert_eq!(
        offered(&stage, "p", "explain --dir base "),
        ["Deployment/shop/web"]
    );
    assert_eq!(
        offered(&stage, "p", "explain production Deployment/web spec.t"),
        [
            "spec.template.spec.containers[app].image",
            "spec.template.spec.containers[app].name"
        ]
    );
    for line in ["explain broken ", "explain production Nothing/x spec"] {
        assert_eq!(offered(&stage, "p", line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_shell_gets_its_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        let mut stage = Stage::new();
        stage.set("COMPLETE", shell);
        let said = stage.kustom("home", [""; 0]);
        assert_eq!(said.code, 0, "{shell}: {}", said.err);
        assert!(said.out.contains("kustom"), "{shell}");
    }
    let mut stage = Stage::new();
    stage.set("COMPLETE", "nonsense");
    let said = stage.kustom("home", [""; 0]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("nonsense"), "{}", said.err);
}
