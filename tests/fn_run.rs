//! `kustomize fn run` with functions in containers, where a container is what a script called `docker` does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use std::os::unix::fs::symlink;

use stage::{CommandOutput, Stage};

fn object(value: &str) -> String {
    format!("apiVersion: v1\ndata:\n  a: {value}\nkind: ConfigMap\nmetadata:\n  name: map\n")
}

/// A stage with an object, and a container that does what a script does; `kustomize` is there too.
fn with_docker(script: &str) -> Stage {
    let mut stage = Stage::new();
    stage.write("work/app/map.yaml", &object("b"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\n{script}\n",
        stage.text("asked")
    );
    stage.write_program("bin/docker", &script);
    let kustomize = stage.path("bin/kustomize");
    symlink(env!("CARGO_BIN_EXE_kustom"), kustomize).unwrap();
    stage.put_programs_first("bin");
    stage
}

fn fn_run(stage: &Stage, arguments: &str) -> CommandOutput {
    let words = ["fn", "run"]
        .into_iter()
        .chain(arguments.split_whitespace());
    stage.run(&stage.path("bin/kustomize"), "work", words)
}

/// Declares a function in a container beside the object.
fn declare(stage: &Stage, name: &str, container: &str) {
    let text = format!(
        "apiVersion: example.com/v1\nkind: Fn\nmetadata:\n  name: fn\n  annotations:\n    \
         config.kubernetes.io/function: |\n      container: {container}\n"
    );
    stage.write(name, &text);
}

#[test]
fn fn_run_runs_an_image_over_a_directory() {
    let stage = with_docker("tee ../given | sed 's/a: b/a: c/'");
    let flags = "app --image example.com/fn:v1 --network -e A=b -e HOME --log-steps \
                 --mount type=bind,source=data,target=/data,rw=true -- Kindly k=v";
    let said = fn_run(&stage, flags);
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (0, "", "Running example.com/fn:v1\n")
    );
    assert_eq!(stage.read("work/app/map.yaml"), object("c"));
    let work = stage.text("work");
    let wanted = format!(
        "run --rm -i -a STDIN -a STDOUT -a STDERR --network host --user nobody \
         --security-opt=no-new-privileges --mount type=bind,source={work}/data,target=/data \
         -e A=b -e LOG_TO_STDERR=true -e STRUCTURED_RESULTS=true -e HOME example.com/fn:v1\n"
    );
    assert_eq!(stage.read("asked"), wanted);
    let given = stage.read("given");
    let (_, configuration) = given.split_once("functionConfig:").unwrap();
    assert!(configuration.contains("kind: Kindly"), "{given}");
    assert!(
        configuration.contains("image: example.com/fn:v1"),
        "{given}"
    );
}

#[test]
fn fn_run_runs_the_containers_that_objects_declare_the_deepest_first() {
    let stage = with_docker("cat");
    declare(&stage, "work/app/fn.yaml", "{image: 'top:v1'}");
    declare(
        &stage,
        "work/app/below/fn.yaml",
        "{image: 'below:v1', envs: [A=b]}",
    );
    fn_run(&stage, "app --as-current-user").printed();
    let asked = stage.read("asked");
    let images: Vec<_> = asked
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    assert_eq!(images, ["below:v1", "top:v1"]);
    assert!(
        asked.contains(" -e A=b ") && !asked.contains("nobody"),
        "{asked}"
    );
}

#[test]
fn fn_run_gives_a_container_nothing_that_is_not_allowed() {
    let stage = with_docker("cat");
    symlink("/etc", stage.path("work/link")).unwrap();
    for (container, reason) in [
        (
            "{image: fn, network: true}",
            "the function `fn` asks for the network",
        ),
        (
            "{image: fn, mounts: [{type: bind, src: /etc, dst: /x}]}",
            "`/etc` is not below",
        ),
        (
            "{image: fn, mounts: [{type: bind, src: link, dst: /x}]}",
            "leads out of the directory",
        ),
        ("{img: fn}", "unknown field `img`"),
    ] {
        declare(&stage, "work/app/fn.yaml", container);
        let said = fn_run(&stage, "app").refused();
        assert!(
            said.contains(reason) && said.contains("`fn.yaml`"),
            "{said}"
        );
        assert!(!stage.path("asked").exists());
    }
}

#[test]
fn fn_run_writes_nothing_if_a_container_fails() {
    let stage = with_docker("sed 's/a: b/a: c/'; echo no >&2; exit 3");
    let said = fn_run(&stage, "app --image fn:v1").refused();
    assert!(said.contains("no\n"), "{said}");
    assert!(
        said.contains("the function `fn:v1` failed: it ended with exit status 3"),
        "{said}"
    );
    let said = fn_run(&stage, "app -- a=b").refused();
    assert!(said.contains("`--image`"), "{said}");
    assert_eq!(stage.read("work/app/map.yaml"), object("b"));
}

#[test]
fn fn_run_says_that_no_program_runs_containers() {
    let mut stage = with_docker("cat");
    stage.write("empty/file", "");
    stage.set("PATH", stage.text("empty"));
    let said = fn_run(&stage, "app --image fn:v1").refused();
    assert!(said.contains("needs `docker` or `podman`"), "{said}");
}
