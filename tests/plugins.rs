//! Plugins of others: helm with a chart, functions and exec plugins that the tests write.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod stage;

use std::path::{Path, PathBuf};

use serde_json::Value;
use stage::{CommandOutput, Stage, has};

const ALL: &str = "--enable-alpha-plugins --enable-exec .";

fn config_map(name: &str, data: &str) -> String {
    let data = if data.is_empty() {
        String::new()
    } else {
        format!("data:\n  {data}\n")
    };
    format!("apiVersion: v1\n{data}kind: ConfigMap\nmetadata:\n  name: {name}\n")
}

/// A stage with an object, and a function in a field of the kustomization.
fn with_function(field: &str, script: &str) -> Stage {
    let stage = Stage::new();
    stage.write("app/map.yaml", &config_map("map", "a: b"));
    stage.write(
        "app/kustomization.yaml",
        &format!("resources: [map.yaml]\n{field}: [fn.yaml]\n"),
    );
    let function = "apiVersion: example.com/v1\nkind: Fn\nmetadata:\n  name: fn\n  annotations:\n    \
                    config.kubernetes.io/function: |\n      exec: {path: ./fn.sh, args: [one, two], \
                    envs: [A=x, B=y]}\nspec: {size: 3}\n";
    stage.write("app/fn.yaml", function);
    stage.write_program("app/fn.sh", &format!("#!/bin/sh\n{script}\n"));
    stage
}

#[test]
fn a_function_gets_a_list_and_its_configuration() {
    let stage = with_function("transformers", "tee input; echo \"$@ $A $B\" > arguments");
    assert_eq!(stage.build("app", ALL).printed(), config_map("map", "a: b"));
    assert_eq!(stage.read("app/arguments"), "one two x y\n");
    let wanted = "\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  data:
    a: b
  kind: ConfigMap
  metadata:
    annotations:
      kustomize.config.k8s.io/id: |
        kind: ConfigMap
        name: map
        version: v1
      config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/annotations-migration-resource-id: '0'
      internal.config.kubernetes.io/id: '1'
      config.k8s.io/id: '1'
    name: map
functionConfig:
  apiVersion: example.com/v1
  kind: Fn
  metadata:
    annotations:
      config.kubernetes.io/function: |
        exec: {path: ./fn.sh, args: [one, two], envs: [A=x, B=y]}
      config.kubernetes.io/local-config: 'true'
    name: fn
  spec:
    size: 3
";
    assert_eq!(stage.read("app/input"), wanted);
}

#[test]
fn a_function_changes_adds_and_takes_away() {
    let stage = with_function("transformers", "sed 's/a: b/a: c/'");
    assert_eq!(stage.build("app", ALL).printed(), config_map("map", "a: c"));
    let stage = with_function(
        "transformers",
        &format!("cat <<X\n{}X", config_map("new", "")),
    );
    assert_eq!(stage.build("app", ALL).printed(), config_map("new", ""));
    let stage = with_function("transformers", "cat > /dev/null");
    assert_eq!(stage.build("app", ALL).printed(), "");
}

#[test]
fn names_are_still_known_after_a_function() {
    let stage = with_function("transformers", "sed 's/a: b/a: c/'");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\n\
               spec: {volumes: [{name: v, configMap: {name: map}}]}\n";
    stage.write("app/pod.yaml", pod);
    let text = "namePrefix: my-\nresources: [map.yaml, pod.yaml]\ntransformers: [fn.yaml]\n";
    stage.write("app/kustomization.yaml", text);
    let said = stage.build("app", ALL).printed();
    assert!(
        said.contains("    configMap:\n      name: my-map\n")
            || said.contains("- configMap:\n      name: my-map\n"),
        "{said}"
    );
    assert!(!said.contains("internal.config"), "{said}");
}

#[test]
fn a_function_generates_and_asks_for_a_hash() {
    let made = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\n  annotations:\n    \
                kustomize.config.k8s.io/needs-hash: \"true\"\ndata:\n  k: v\n";
    let stage = with_function("generators", &format!("cat > input; cat <<X\n{made}X"));
    let wanted = config_map("made-bdg947hgcc", "k: v") + "---\n" + &config_map("map", "a: b");
    assert_eq!(stage.build("app", ALL).printed(), wanted);
    // What it is given is its own configuration, for the sake of functions that need something.
    assert!(
        stage
            .read("app/input")
            .contains("items:\n- apiVersion: example.com/v1\n  kind: Fn\n")
    );
}

#[test]
fn a_function_may_merge_into_what_is_there() {
    let made = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n  annotations:\n    \
                kustomize.config.k8s.io/behavior: merge\ndata:\n  k: v\n";
    let stage = with_function("generators", &format!("cat <<X\n{made}X"));
    assert_eq!(
        stage.build("app", ALL).printed(),
        config_map("map", "a: b\n  k: v")
    );
}

#[test]
fn a_validator_may_only_look() {
    let stage = with_function("validators", "cat");
    assert_eq!(stage.build("app", ALL).printed(), config_map("map", "a: b"));
    let mark = "sed 's/^    name: map/    name: map\\n    labels: {validated-by: me}/'";
    let stage = with_function("validators", mark);
    let marked =
        config_map("map", "a: b").replace("  name", "  labels:\n    validated-by: me\n  name");
    assert_eq!(stage.build("app", ALL).printed(), marked);
    // What it leaves out or adds is no news.
    for script in ["cat > /dev/null", "sed s/map/other/"] {
        let stage = with_function("validators", script);
        let said = stage.build("app", ALL);
        assert_eq!(said.printed(), config_map("map", "a: b"));
    }
    let stage = with_function("validators", "sed 's/a: b/a: c/'");
    let said = stage.build("app", ALL).refused();
    assert!(
        said.contains("a validator has changed the resources"),
        "{said}"
    );
}

#[test]
fn a_function_that_fails_says_why() {
    let script = "cat > /dev/null; echo to stderr >&2; cat <<X\nkind: ResourceList\nitems: []\n\
                  results:\n- {message: too large, severity: error}\nX\nexit 3";
    for field in ["generators", "transformers", "validators"] {
        let said = with_function(field, script).build("app", ALL).refused();
        assert!(said.contains("to stderr\n"), "{said}");
        assert!(
            said.contains("the function failed: it ended with exit status 3"),
            "{said}"
        );
        assert!(said.contains("note: error: too large"), "{said}");
        assert!(said.contains("`Fn.v1.example.com/fn.[noNs]`"), "{said}");
    }
}

#[test]
fn what_a_function_answers_must_be_objects() {
    for (script, reason) in [
        (
            "echo 'a: b: c'",
            "from the plugin `Fn.v1.example.com/fn.[noNs]`",
        ),
        ("echo 'a: b'", "this object has no `kind`"),
        ("cat map.yaml; echo ---; cat map.yaml", "ConfigMap `map`"),
    ] {
        let said = with_function("transformers", script)
            .build("app", ALL)
            .refused();
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn nothing_runs_that_is_not_allowed() {
    let stage = with_function("transformers", "touch ran; cat");
    let said = stage
        .build("app", "--enable-helm --enable-exec .")
        .refused();
    assert!(said.contains("--enable-alpha-plugins"), "{said}");
    // As in kustomize, it is then as if it were not there.
    let said = stage.build("app", "--enable-alpha-plugins .");
    assert_eq!(said.printed(), config_map("map", "a: b"));
    assert!(!stage.path("app/ran").exists());
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let stage = with_function("transformers", "");
    std::fs::remove_file(stage.path("app/fn.sh")).unwrap();
    let said = stage.build("app", ALL).refused();
    assert!(said.contains("there is no such program"), "{said}");
    assert!(said.contains("fn.sh"), "{said}");
}

#[test]
fn a_typo_in_a_functions_specification_is_refused() {
    let stage = with_function("transformers", "cat");
    let text = stage.read("app/fn.yaml").replace("args", "arguments");
    stage.write("app/fn.yaml", &text);
    let said = stage.build("app", ALL).refused();
    assert!(said.contains("unknown field `arguments`"), "{said}");
}

/// A stage where a container is what a script called `docker` does.
fn with_container(specification: &str) -> Stage {
    let mut stage = with_function("transformers", "");
    let text = stage.read("app/fn.yaml").replace(
        "exec: {path: ./fn.sh, args: [one, two], envs: [A=x, B=y]}",
        &format!("container: {specification}"),
    );
    stage.write("app/fn.yaml", &text);
    stage.write_program(
        "bin/docker",
        "#!/bin/sh\necho \"$@\" > ../asked; pwd >> ../asked; cat\n",
    );
    stage.put_programs_first("bin");
    stage
}

#[test]
fn a_container_is_run_as_kustomize_runs_it() {
    let specification = "{image: example.com/fn:v1, network: true, envs: [A=b, HOME], \
                         mounts: [{type: bind, src: ./data, dst: /data, rw: true}]}";
    let stage = with_container(specification);
    let flags = "--enable-alpha-plugins --network -e A=c --env=PATH \
                 --mount type=volume,source=/v,target=/w";
    assert_eq!(
        stage.build("app", flags).printed(),
        config_map("map", "a: b")
    );
    let app = stage.text("app");
    let wanted = format!(
        "run --rm -i -a STDIN -a STDOUT -a STDERR --network host --user nobody \
         --security-opt=no-new-privileges --mount type=bind,source={app}/data,target=/data \
         --mount type=volume,source=/v,target=/w,readonly -e A=c -e LOG_TO_STDERR=true \
         -e STRUCTURED_RESULTS=true -e HOME -e PATH example.com/fn:v1\n{app}\n"
    );
    assert_eq!(stage.read("asked"), wanted);
}

#[test]
fn a_container_may_run_as_the_user() {
    let stage = with_container("{image: fn}");
    stage
        .build("app", "--enable-alpha-plugins --as-current-user")
        .printed();
    let id = stage
        .run("sh".as_ref(), ".", ["-c", "echo $(id -u):$(id -g)"])
        .printed();
    assert!(
        stage
            .read("asked")
            .contains(&format!("--user {} --security", id.trim()))
    );
}

#[test]
fn a_container_gets_nothing_that_is_not_allowed() {
    for (specification, reason) in [
        ("{image: fn, network: true}", "asks for the network"),
        (
            "{image: fn, mounts: [{type: bind, src: /etc, dst: /x}]}",
            "`/etc` is not below",
        ),
        (
            "{image: fn, mounts: [{type: bind, src: a/../.., dst: /x}]}",
            "is not below",
        ),
    ] {
        let stage = with_container(specification);
        let said = stage.build("app", "--enable-alpha-plugins").refused();
        assert!(said.contains(reason), "{said}");
        assert!(!stage.path("asked").exists());
    }
}

/// A stage with an old exec plugin, in a field of the kustomization.
fn with_executable(field: &str, script: &str) -> Stage {
    let mut stage = Stage::new();
    stage.write("app/map.yaml", &config_map("map", "a: b"));
    stage.write(
        "app/kustomization.yaml",
        &format!("resources: [map.yaml]\n{field}: [maker.yaml]\n"),
    );
    stage.write("app/lines", " three  four\n\nfive\n");
    let configuration = "apiVersion: example.com/v1\nkind: Maker\nmetadata: {name: m}\n\
                         argsOneLiner: one 'and two'\nargsFromFile: lines\n";
    stage.write("app/maker.yaml", configuration);
    stage.write_program(
        "plugins/example.com/v1/maker/Maker",
        &format!("#!/bin/sh\n{script}\n"),
    );
    stage.set("KUSTOMIZE_PLUGIN_HOME", stage.text("plugins"));
    stage
}

#[test]
fn an_exec_plugin_gets_its_configuration_three_times() {
    let script = "cat \"$1\" > ../file; shift; printf '%s|' \"$@\" > ../arguments\n\
                  printf %s \"$KUSTOMIZE_PLUGIN_CONFIG_STRING\" > ../variable\n\
                  echo \"$KUSTOMIZE_PLUGIN_CONFIG_ROOT $PWD\" > ../roots; cat > ../input; cat map.yaml";
    let stage = with_executable(
        "generators",
        &script.replace("cat map.yaml", "sed s/map/made/ map.yaml"),
    );
    let wanted = config_map("made", "a: b") + "---\n" + &config_map("map", "a: b");
    assert_eq!(
        stage.build("app", "--enable-alpha-plugins").printed(),
        wanted
    );
    let configuration = "apiVersion: example.com/v1\nargsFromFile: lines\nargsOneLiner: one 'and two'\n\
                         kind: Maker\nmetadata:\n  name: m\n";
    assert_eq!(stage.read("file"), configuration);
    assert_eq!(stage.read("variable"), configuration);
    assert_eq!(stage.read("arguments"), "one|and two|three  four|five|");
    let app = stage.text("app");
    assert_eq!(stage.read("roots"), format!("{app} {app}\n"));
    assert_eq!(stage.read("input"), "");
    assert_eq!(
        stage.list("tmp"),
        [""; 0],
        "the file with the configuration is taken away"
    );
}

#[test]
fn an_exec_plugin_transforms() {
    let stage = with_executable("transformers", "tee ../input | sed 's/a: b/a: c/'");
    assert_eq!(
        stage.build("app", "--enable-alpha-plugins").printed(),
        config_map("map", "a: c")
    );
    let input = stage.read("input");
    assert!(input.starts_with("apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  annotations:\n    kustomize.config.k8s.io/id: |\n"), "{input}");
}

#[test]
fn an_exec_plugin_that_is_not_there_is_looked_for() {
    let stage = with_executable("generators", "echo no luck >&2; exit 1");
    let said = stage.build("app", "--enable-alpha-plugins").refused();
    assert!(
        said.contains("example.com/v1/maker/Maker` failed: no luck"),
        "{said}"
    );
    let path = stage.path("plugins/example.com/v1/maker/Maker");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&path, mode).unwrap();
    let said = stage.build("app", "--enable-alpha-plugins").refused();
    assert!(said.contains("is not executable"), "{said}");
    std::fs::remove_file(&path).unwrap();
    let said = stage.build("app", "--enable-alpha-plugins").refused();
    assert!(
        said.contains("there is no plugin `Maker.v1.example.com`"),
        "{said}"
    );
    assert!(
        said.contains(&format!("it is looked for at `{}`", path.display())),
        "{said}"
    );
}

#[test]
fn plugins_have_a_home_in_the_users_configuration() {
    let stage = with_executable("generators", "");
    let mut other = Stage::new();
    for file in ["map.yaml", "kustomization.yaml", "maker.yaml", "lines"] {
        other.write(&format!("app/{file}"), &stage.read(&format!("app/{file}")));
    }
    let said = other.build("app", "--enable-alpha-plugins").refused();
    assert!(said.contains("plugins have no home"), "{said}");
    let plugin = "kustomize/plugin/example.com/v1/maker/Maker";
    other.write_program(
        &format!("home/.config/{plugin}"),
        "#!/bin/sh\nsed s/map/home/ map.yaml\n",
    );
    let said = other.build("app", "--enable-alpha-plugins").printed();
    assert!(said.contains("name: home"), "{said}");
    other.write_program(
        &format!("xdg/{plugin}"),
        "#!/bin/sh\nsed s/map/xdg/ map.yaml\n",
    );
    other.set("XDG_CONFIG_HOME", other.text("xdg"));
    let said = other.build("app", "--enable-alpha-plugins").printed();
    assert!(said.contains("name: xdg"), "{said}");
}

/// A stage with a small chart, if there is a helm.
fn with_chart(kustomization: &str) -> Option<Stage> {
    if !has("helm") {
        return None;
    }
    let stage = Stage::new();
    write_chart(&stage, "app/charts/small");
    stage.write("app/kustomization.yaml", kustomization);
    Some(stage)
}

fn write_chart(stage: &Stage, directory: &str) {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n\
                    data:\n  namespace: {{ .Release.Namespace }}\n  size: {{ .Values.size | quote }}\n  \
                    nested: {{ .Values.nested.a }}-{{ .Values.nested.b }}\n  \
                    list: {{ join \",\" .Values.list }}\n  \
                    kube: {{ .Capabilities.KubeVersion.Version }}\n  \
                    has: {{ .Capabilities.APIVersions.Has \"x.example.com/v1\" | quote }}\n";
    let hook =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: test}\n";
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n";
    for (name, content) in [
        (
            "Chart.yaml",
            "apiVersion: v2\nname: small\nversion: 1.0.0\n",
        ),
        (
            "values.yaml",
            "size: 1\nnested: {a: 1, b: 2}\nlist: [x, w]\n",
        ),
        ("templates/map.yaml", template),
        ("templates/hook.yaml", hook),
        ("crds/crd.yaml", crd),
    ] {
        stage.write(&format!("{directory}/{name}"), content);
    }
}

/// The data of the chart's object.
fn data(said: CommandOutput) -> String {
    let text = said.printed();
    let start = text.find("data:\n").unwrap();
    let end = text.find("kind: ConfigMap").unwrap();
    let lines = text[start..end]
        .lines()
        .skip(1)
        .filter(|line| !line.contains("kube:"));
    lines.map(str::trim).collect::<Vec<_>>().join("; ")
}

fn chart(fields: &str) -> String {
    format!("helmCharts: [{{name: small, releaseName: rel{fields}}}]\n")
}

#[test]
fn a_chart_is_inflated() {
    let Some(stage) = with_chart(&chart(", skipTests: true")) else {
        return;
    };
    let said = stage.build("app", "--enable-helm").printed();
    assert!(
        said.contains("kind: ConfigMap\nmetadata:\n  name: rel\n"),
        "{said}"
    );
    assert!(
        !said.contains("kind: Pod") && !said.contains("CustomResource"),
        "{said}"
    );
    assert_eq!(stage.list("tmp"), [""; 0], "values are taken away");
    assert_eq!(stage.list("app"), ["charts", "kustomization.yaml"]);
}

#[test]
fn the_fields_of_a_chart_say_how_it_is_inflated() {
    let fields = ", includeCRDs: true, skipHooks: true, kubeVersion: 1.28.3, \
                  apiVersions: [x.example.com/v1], namespace: here";
    let Some(stage) = with_chart(&chart(fields)) else {
        return;
    };
    let said = stage.build("app", "--enable-helm").printed();
    assert!(said.contains("kind: CustomResourceDefinition"), "{said}");
    assert!(!said.contains("kind: Pod"), "{said}");
    for line in [
        "  kube: v1.28.3\n",
        "  has: \"true\"\n",
        "  namespace: here\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn the_command_line_fills_in_what_a_chart_does_not_say() {
    let Some(stage) = with_chart(&chart("")) else {
        return;
    };
    let flags = "--enable-helm --helm-kube-version 1.27.1 --helm-api-versions x.example.com/v1 \
                 --helm-api-versions y/v1 --helm-debug";
    let said = stage.build("app", flags).printed();
    assert!(
        said.contains("  kube: v1.27.1\n") && said.contains("  has: \"true\"\n"),
        "{said}"
    );
    stage.write(
        "app/kustomization.yaml",
        &chart(", kubeVersion: 1.28.3, apiVersions: [z/v1]"),
    );
    let said = stage.build("app", flags).printed();
    assert!(
        said.contains("  kube: v1.28.3\n") && said.contains("  has: \"false\"\n"),
        "{said}"
    );
}

#[test]
fn values_meet_as_they_are_told_to() {
    let Some(stage) = with_chart("") else { return };
    stage.write("app/more.yaml", "nested: {b: 9}\n");
    stage.write(
        "app/mine.yaml",
        "size: 7\nnested: {a: 8, b: 8}\nlist: [z]\n",
    );
    let inline = ", valuesInline: {size: 2, nested: {a: 3}, list: [q], big: 1000000}";
    let replaced =
        ", valuesMerge: replace, valuesInline: {size: 2, nested: {a: 3, b: 4}, list: []}";
    for (fields, values) in [
        (String::new(), ("x,w", "1-2", "1")),
        (
            ", additionalValuesFiles: [more.yaml]".to_owned(),
            ("x,w", "1-9", "1"),
        ),
        (", valuesFile: mine.yaml".to_owned(), ("z", "8-8", "7")),
        (inline.to_owned(), ("q", "3-2", "2")),
        (
            format!("{inline}, valuesMerge: override, valuesFile: mine.yaml"),
            ("q", "3-8", "2"),
        ),
        (format!("{inline}, valuesMerge: merge"), ("x,w", "1-2", "1")),
        (replaced.to_owned(), ("\"\"", "3-4", "2")),
    ] {
        stage.write("app/kustomization.yaml", &chart(&fields));
        let (list, nested, size) = values;
        let list = if list == "\"\"" {
            "null".to_owned()
        } else {
            list.to_owned()
        };
        let wanted = format!(
            "has: \"false\"; list: {list}; namespace: default; nested: {nested}; size: \"{size}\""
        );
        assert_eq!(
            data(stage.build("app", "--enable-helm")),
            wanted,
            "{fields}"
        );
    }
}

#[test]
fn a_chart_gets_the_namespace_of_the_nearest_kustomization() {
    let Some(stage) = with_chart(&chart("")) else {
        return;
    };
    stage.write(
        "top/kustomization.yaml",
        "namespace: top\nresources: [../app]\n",
    );
    stage.write(
        "peak/kustomization.yaml",
        "namespace: peak\nresources: [../top]\n",
    );
    let namespace = |directory: &str| {
        let data = data(stage.build(directory, "--enable-helm"));
        data.split("namespace: ")
            .nth(1)
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(namespace("app"), "default");
    assert_eq!(namespace("top"), "top");
    assert_eq!(namespace("peak"), "top");
    stage.write(
        "app/kustomization.yaml",
        &format!("namespace: own\n{}", chart("")),
    );
    assert_eq!(namespace("peak"), "own");
    // Before v5.8.0 helm is told nothing, and what it made is moved.
    let older = stage.build("peak", "--enable-helm --kustomize-release 5.7.1");
    let printed = older.printed();
    assert!(printed.contains("\n  namespace: peak"), "{printed}");
    assert!(printed.contains("\n  namespace: default"), "{printed}");
    // The namespace field itself leaves what helm made alone.
    assert!(
        !stage
            .build("peak", "--enable-helm")
            .printed()
            .contains("\n  namespace: peak")
    );
}

#[test]
fn old_fields_and_objects_inflate_charts_too() {
    let old = "helmChartInflationGenerator: [{chartName: small, releaseName: rel, chartHome: ./charts}]\n";
    let Some(stage) = with_chart(old) else { return };
    assert!(data(stage.build("app", "--enable-helm")).contains("nested: 1-2"));
    let object = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\n\
                  name: small\nreleaseName: rel\nvaluesInline: {nested: {a: 5}}\n";
    stage.write("app/chart.yaml", object);
    stage.write("app/kustomization.yaml", "generators: [chart.yaml]\n");
    assert!(data(stage.build("app", "--enable-helm")).contains("nested: 5-2"));
    assert!(data(stage.build("app", "--enable-alpha-plugins")).contains("nested: 5-2"));
}

#[test]
fn a_chart_is_fetched_where_it_is_missing() {
    // This helm is ours: a registry would be needed for the real one.
    let mut stage = Stage::new();
    write_chart(&stage, "chart");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {asked}\ncase $1 in\nversion) echo v3.1.0;;\n\
         pull) mkdir -p $4; cp -r {chart} $4/small;;\n\
         template) cat <<X\n{map}X\n;;\nesac\n",
        asked = stage.text("asked"),
        chart = stage.text("chart"),
        map = config_map("from-helm", ""),
    );
    stage.write_program("bin/helm4", &script);
    stage.put_programs_first("bin");
    let fields = ", version: 1.0.0, repo: 'https://charts.example.com'";
    stage.write("app/kustomization.yaml", &chart(fields));
    let flags = "--enable-helm --helm-command helm4";
    assert_eq!(
        stage.build("app", flags).printed(),
        config_map("from-helm", "")
    );
    let home = stage.text("app/charts/small-1.0.0");
    let asked = stage.read("asked");
    let mut lines = asked.lines();
    assert_eq!(lines.next(), Some("version --short"));
    let pull = format!(
        "pull --untar --untardir {home} --repo https://charts.example.com small --version 1.0.0"
    );
    assert_eq!(lines.next(), Some(pull.as_str()));
    let template = lines.next().unwrap();
    assert!(
        template.starts_with(&format!("template rel {home}/small -f ")),
        "{template}"
    );
    assert!(
        template.ends_with("/small-kustomize-values.yaml"),
        "{template}"
    );
    // The second time it is there.
    stage.build("app", flags).printed();
    assert_eq!(stage.read("asked").matches("pull").count(), 1);
}

#[test]
fn helm_gets_a_configuration_that_nobody_has_touched_or_the_one_that_is_named() {
    let mut stage = Stage::new();
    write_chart(&stage, "app/charts/small");
    let script = format!(
        "#!/bin/sh\n[ $1 = version ] && echo v4.0.1 || echo $HELM_CONFIG_HOME $HELM_CACHE_HOME \
         $HELM_DATA_HOME > {}\n",
        stage.text("asked")
    );
    stage.write_program("bin/helm", &script);
    stage.put_programs_first("bin");
    stage.write("app/kustomization.yaml", &chart(""));
    stage.build("app", "--enable-helm").printed();
    assert!(
        stage.read("asked").starts_with(&stage.text("tmp")),
        "{}",
        stage.read("asked")
    );
    let text = chart("") + "helmGlobals: {configHome: /my/helm}\n";
    stage.write("app/kustomization.yaml", &text);
    stage.build("app", "--enable-helm").printed();
    assert_eq!(
        stage.read("asked"),
        "/my/helm /my/helm/.cache /my/helm/.data\n"
    );
}

#[test]
fn what_is_wrong_with_a_chart_is_said() {
    let mut stage = Stage::new();
    write_chart(&stage, "app/charts/small");
    stage.write("app/charts/bare/Chart.yaml", "name: bare\n");
    stage.write("app/charts/empty/values.yaml", "# nothing\n");
    let script = "#!/bin/sh\ncase $1 in version) echo $V;; *) echo noise >&2; \
                  echo 'Error: no luck' >&2; echo more >&2; exit 1;; esac\n";
    stage.write_program("bin/helm", script);
    stage.put_programs_first("bin");
    stage.set("V", "v3.0.0");
    for (fields, flags, reason) in [
        ("name: small", "", "helm charts need `--enable-helm`"),
        (
            "name: small",
            "--enable-helm",
            "`helm template` of the chart `small` failed: no luck",
        ),
        (
            "releaseName: x",
            "--enable-helm",
            "a chart without a `name`",
        ),
        (
            "name: small, valuesMerge: mix",
            "--enable-helm",
            "`mix` is not a value of `valuesMerge`",
        ),
        ("name: none", "--enable-helm", "there is no chart `none`"),
        ("name: bare", "--enable-helm", "values.yaml"),
        (
            "name: empty, valuesInline: {a: 1}",
            "--enable-helm",
            "are empty",
        ),
        (
            "name: small, valuesFile: ../x.yaml",
            "--enable-helm",
            "there is no `../x.yaml`",
        ),
        (
            "name: small, repo: r, version: v",
            "--enable-helm",
            "`helm pull` of the chart `small`",
        ),
        (
            "name: small",
            "--enable-helm --helm-command nohelm",
            "cannot run `nohelm`",
        ),
    ] {
        stage.write(
            "app/kustomization.yaml",
            &format!("helmCharts: [{{{fields}}}]\n"),
        );
        let said = stage.build("app", flags).refused();
        assert!(said.contains(reason), "{reason}: {said}");
    }
    stage.set("V", "v2.17.0");
    stage.write("app/kustomization.yaml", &chart(""));
    let said = stage.build("app", "--enable-helm").refused();
    assert!(
        said.contains("charts need helm 3 or 4, and this is helm 2"),
        "{said}"
    );
}

/// The recorded cases of the real tool, where they are at hand; the other recorded cases are held
/// to by the library's own test.
#[test]
fn recorded_cases_that_run_plugins_print_what_was_recorded() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("krusty.jsonl")) else {
        eprintln!("skipped: no recorded cases in {}", folder.display());
        return;
    };
    let mut count = 0;
    for case in text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let words = |field: &str| {
            let list = case[field].as_array().into_iter().flatten();
            list.map(|word| word.as_str().unwrap()).collect::<Vec<_>>()
        };
        let arguments = words("args");
        if !arguments.iter().any(|word| word.starts_with("--enable")) {
            continue;
        }
        count += 1;
        let stage = Stage::new();
        for (name, content) in case["files"].as_object().unwrap() {
            let path = format!("input/{name}");
            if words("executable").contains(&name.as_str()) {
                stage.write_program(&path, content.as_str().unwrap());
            } else {
                stage.write(&path, content.as_str().unwrap());
            }
        }
        let path = case["path"].as_str().unwrap_or(".");
        let said = stage.build("input", &format!("{} {path}", arguments.join(" ")));
        let name = case["name"].as_str().unwrap();
        match case["expected"].as_str() {
            Some(wanted) => assert_eq!(said.out, wanted, "{name}: {}", said.err),
            None => assert_eq!((said.code, said.out.as_str()), (1, ""), "{name}"),
        }
    }
    assert!(count > 0, "no recorded case runs a plugin");
}
