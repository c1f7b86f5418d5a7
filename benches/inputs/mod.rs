//! Inputs for the benchmarks, made by arithmetic: the same number makes the same tree.

use std::fmt::Write as _;

/// Paths, each with its content.
pub(crate) type Tree = Vec<(String, String)>;

/// An overlay over a base of `count` workloads, each with a Service, a ConfigMap that is generated
/// and references to both; prefix, namespace, labels, images and patches work on all of them.
pub(crate) fn overlay(count: usize) -> Tree {
    let mut objects = String::new();
    let mut generators = String::from("configMapGenerator:\n");
    for number in 0..count.div_ceil(3) {
        if number > 0 {
            objects.push_str("---\n");
        }
        // Writing to a string cannot fail.
        let _ = write!(
            objects,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\nspec:\n  \
             replicas: 1\n  selector:\n    matchLabels: {{app: app-{number}}}\n  template:\n    \
             metadata:\n      labels: {{app: app-{number}}}\n    spec:\n      containers:\n      \
             - name: main\n        image: registry.example.com/app:1.0\n        envFrom:\n        \
             - configMapRef: {{name: settings-{number}}}\n        ports:\n        \
             - containerPort: 8080\n---\napiVersion: v1\nkind: Service\nmetadata:\n  \
             name: app-{number}\nspec:\n  selector: {{app: app-{number}}}\n  ports:\n  \
             - {{port: 80, targetPort: 8080}}\n"
        );
        let _ = writeln!(
            generators,
            "- {{name: settings-{number}, literals: [number={number}]}}"
        );
    }
    let top = "resources: [../base]\nnamePrefix: shop-\nnamespace: shop\nlabels:\n\
         - pairs: {team: shop}\n  includeSelectors: true\nimages:\n\
         - {name: registry.example.com/app, newTag: '2.0'}\npatches:\n\
         - target: {kind: Deployment}\n  patch: |-\n    \
         - {op: replace, path: /spec/replicas, value: 2}\n- target: {kind: Deployment}\n  \
         patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any}\n    \
         spec: {template: {spec: {containers: [{name: main, env: [{name: A, value: b}]}]}}}\n";
    vec![
        ("base/objects.yaml".into(), objects),
        (
            "base/kustomization.yaml".into(),
            format!("resources: [objects.yaml]\n{generators}"),
        ),
        ("top/kustomization.yaml".into(), top.into()),
    ]
}

/// An overlay with entries of its own for each of `count` workloads: a patch of either kind, an
/// image, a number of replicas, and a generator that merges.
pub(crate) fn entries(count: usize) -> Tree {
    let mut objects = String::new();
    let mut below = String::from("resources: [objects.yaml]\nconfigMapGenerator:\n");
    let mut patches = String::from("patches:\n");
    let mut images = String::from("images:\n");
    let mut replicas = String::from("replicas:\n");
    let mut merged = String::from("configMapGenerator:\n");
    for number in 0..count {
        // Writing to a string cannot fail.
        let _ = write!(
            objects,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\nspec:\n  \
             template:\n    spec:\n      containers:\n      - name: main\n        \
             image: registry.example.com/app-{number}:1.0\n        envFrom:\n        \
             - configMapRef:\n            name: settings-{number}\n---\n"
        );
        let _ = writeln!(below, "- {{name: settings-{number}, literals: [a=b]}}");
        let _ = write!(
            patches,
            "- target: {{kind: Deployment, name: app-{number}}}\n  patch: |-\n    \
             - {{op: add, path: /spec/paused, value: true}}\n- patch: |-\n    \
             {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: app-{number}}}, \
             spec: {{minReadySeconds: 5}}}}\n"
        );
        let _ = writeln!(
            images,
            "- {{name: registry.example.com/app-{number}, newTag: '2.0'}}"
        );
        let _ = writeln!(replicas, "- {{name: app-{number}, count: 2}}");
        let _ = writeln!(
            merged,
            "- {{name: settings-{number}, behavior: merge, literals: [c=d]}}"
        );
    }
    vec![
        ("base/objects.yaml".into(), objects),
        ("base/kustomization.yaml".into(), below),
        (
            "top/kustomization.yaml".into(),
            format!("resources: [../base]\n{patches}{images}{replicas}{merged}"),
        ),
    ]
}

/// About `count` manifests in files of a hundred: Deployments, each with a Service, a ConfigMap and a
/// Job, and with a reference to a Secret that is not there.
#[allow(dead_code, reason = "no benchmark of builds reads them")]
pub(crate) fn manifests(count: usize) -> Tree {
    let file = |number: usize| {
        let mut text = String::new();
        for one in 1..=25 {
            let name = format!("web-{number}-{one}");
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, \
                 labels: {{app: {name}}}}}\nspec:\n  replicas: 3\n  \
                 selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
                 metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
                 securityContext: {{runAsNonRoot: true, runAsUser: 1000}}\n      containers:\n      \
                 - name: web\n        image: registry.example.org/web:1.2.3\n        \
                 args: [--port, \"8080\", --verbose]\n        env:\n        \
                 - {{name: LEVEL, value: info}}\n        \
                 - {{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: {name}, key: password}}}}}}\n        \
                 ports: [{{name: http, containerPort: 8080}}]\n        \
                 resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 128Mi}}}}\n        \
                 readinessProbe: {{httpGet: {{path: /ready, port: http}}, periodSeconds: 5}}\n        \
                 volumeMounts: [{{name: config, mountPath: /etc/web}}]\n      \
                 volumes: [{{name: config, configMap: {{name: {name}}}}}]\n\
                 ---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
                 spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: http}}]}}\n\
                 ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n\
                 data: {{level: info, web.yaml: \"port: 8080\"}}\n\
                 ---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n  \
                 backoffLimit: 2\n  template:\n    spec:\n      restartPolicy: Never\n      \
                 containers: [{{name: job, image: registry.example.org/job:1, \
                 command: [run, \"{one}\"]}}]\n"
            );
        }
        (format!("{number}.yaml"), text)
    };
    (1..=count.div_ceil(100)).map(file).collect()
}

/// A chain of `depth` overlays over a base of some workloads, each with a prefix and a label.
pub(crate) fn chain(depth: usize) -> Tree {
    let mut tree = overlay(30);
    for level in 0..depth {
        let below = match level {
            0 => "../top".to_owned(),
            _ => format!("../level{}", level - 1),
        };
        let text = format!(
            "resources: [{below}]\nnamePrefix: a{level}-\nlabels:\n- pairs: {{level{level}: 'yes'}}\n"
        );
        tree.push((format!("level{level}/kustomization.yaml"), text));
    }
    tree
}

/// A build of `count` overlays of one base of a hundred objects, each with a prefix.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn diamond(count: usize) -> Tree {
    let mut tree = overlay(100);
    let mut all = String::from("resources:\n");
    for number in 0..count {
        // Writing to a string cannot fail.
        let _ = writeln!(all, "- ../part{number}");
        let text = format!("resources: [../top]\nnamePrefix: p{number}-\n");
        tree.push((format!("part{number}/kustomization.yaml"), text));
    }
    tree.push(("all/kustomization.yaml".into(), all));
    tree
}

/// One kustomization over one file of at least `bytes` of definitions of custom resources.
pub(crate) fn definitions(bytes: usize) -> Tree {
    vec![
        (
            "top/kustomization.yaml".into(),
            "resources: [definitions.yaml]\n".into(),
        ),
        ("top/definitions.yaml".into(), definitions_text(bytes)),
    ]
}

fn definitions_text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    let mut number = 0;
    while text.len() < bytes {
        if number > 0 {
            text.push_str("---\n");
        }
        let _ = write!(
            text,
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
             name: things{number}.example.com\nspec:\n  group: example.com\n  names: {{kind: Thing{number}, \
             plural: things{number}}}\n  scope: Namespaced\n  versions:\n  - name: v1\n    \
             served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
             type: object\n        properties:\n"
        );
        for field in 0..40 {
            let _ = write!(
                text,
                "          field{field}:\n            description: The field of the thing that \
                 holds what the others do not, as long as it is given.\n            \
                 type: object\n            properties:\n              value:\n                \
                 type: string\n                maxLength: {field}\n              \
                 enabled:\n                type: boolean\n                default: false\n"
            );
        }
        number += 1;
    }
    text
}

/// One kustomization over one file of at least `bytes` of definitions as people write them: texts of
/// several lines, quotes and apostrophes, typographic marks, comments, blocks, brackets.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn written(bytes: usize) -> Tree {
    vec![
        (
            "top/kustomization.yaml".into(),
            "resources: [definitions.yaml]\n".into(),
        ),
        ("top/definitions.yaml".into(), written_text(bytes)),
    ]
}

fn written_text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 8192);
    let mut number = 0;
    while text.len() < bytes {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "---\n# Thing {number}, by hand.\napiVersion: apiextensions.k8s.io/v1\n\
             kind: CustomResourceDefinition\nmetadata:\n  annotations:\n    \
             example.com/made-by: \"nobody\"\n  name: notes{number}.example.com\nspec:\n  \
             group: example.com\n  names: {{kind: Note{number}, plural: notes{number}}}\n  \
             scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    \
             schema:\n      openAPIV3Schema:\n        description: |-\n          A note.\n\n          \
             It has fields, each with a text of its own.\n        type: object\n        properties:\n"
        );
        for field in 0..40 {
            let description = match field % 4 {
                0 => {
                    "Where the note lies, as a path. If it's not set, the controller looks for\n              \
                     one that fits \u{2014} and doesn\u{2019}t find any."
                }
                1 => {
                    "'Defaults to ''always'': the note is kept until\n              somebody takes \
                     it away.'"
                }
                2 => {
                    "|-\n              What is done with it:\n              * \"keep\": nothing\n              \
                     * \"drop\": it is gone"
                }
                _ => "\"How long it is kept,\n              in \\\"seconds\\\".\"",
            };
            let _ = write!(
                text,
                "          field{field}:\n            description: {description}\n            \
                 type: object  # as ever\n            required: [value, enabled]\n            \
                 properties:\n              value:\n                type: string\n                \
                 pattern: ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$\n              enabled:\n                \
                 description: Whether it counts.\n                type: boolean\n"
            );
        }
        number += 1;
    }
    text
}

/// A project of `count` environments over one base with a workload and so many bytes of definitions;
/// each has a namespace, a patch and a generator of its own.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn environments(count: usize, definitions: usize) -> Tree {
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  \
         selector:\n    matchLabels: {app: app}\n  template:\n    metadata:\n      \
         labels: {app: app}\n    spec:\n      containers:\n      - name: app\n        \
         image: registry.example.com/app:v1\n---\napiVersion: v1\nkind: Service\nmetadata:\n  \
         name: app\nspec:\n  selector: {app: app}\n";
    let mut tree: Tree = vec![
        ("kustom.yaml".into(), "{}\n".into()),
        (
            "base/kustomization.yaml".into(),
            "resources: [definitions.yaml, app.yaml]\n".into(),
        ),
        ("base/definitions.yaml".into(), written_text(definitions)),
        ("base/app.yaml".into(), workload.into()),
    ];
    for number in 0..count {
        let directory = format!("environments/env{number}");
        tree.push((
            format!("{directory}/kustomization.yaml"),
            format!(
                "namespace: env{number}\nresources: [../../base]\n\
                 configMapGenerator: [{{name: settings, literals: [number={number}]}}]\n\
                 patches:\n- target: {{kind: Deployment, name: app}}\n  patch: |-\n    \
                 - {{op: add, path: /spec/revisionHistoryLimit, value: 3}}\n"
            ),
        ));
    }
    tree
}

/// An environment as they were written some years ago, with fields that a build warns of: `bases`,
/// `patchesStrategicMerge` and `patchesJson6902`, a file for each of `count` workloads, patches in
/// files that several targets share, and secrets that are generated of files.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn deprecated(count: usize) -> Tree {
    let mut base = String::from("resources:\n");
    let mut top = String::from(
        "bases:\n- ../base\npatchesStrategicMerge: [strategic.yaml]\npatchesJson6902:\n\
         - target: {group: apps, version: v1, kind: Deployment, name: app-0}\n  \
         path: patches/replicas.yaml\npatches:\n",
    );
    let mut secrets = String::from("secretGenerator:\n");
    let mut tree = Tree::new();
    for number in 0..count {
        // Writing to a string cannot fail.
        let _ = writeln!(base, "- manifests/app-{number}.yaml");
        let _ = write!(
            top,
            "- target:\n    group: apps\n    version: v1\n    kind: Deployment\n    \
             name: app-{number}\n  path: patches/replicas.yaml\n"
        );
        let _ = writeln!(
            secrets,
            "- name: token-{number}\n  files: [secrets/token-{number}]"
        );
        tree.push((
            format!("base/manifests/app-{number}.yaml"),
            format!(
                "# The workload {number}.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  \
                 name: app-{number}\n  namespace: default\nspec:\n  replicas: 1\n  selector:\n    \
                 matchLabels:\n      app: app-{number}\n  template:\n    metadata:\n      labels:\n        \
                 app: app-{number}\n    spec:\n      containers:\n      - name: main\n        \
                 image: registry.example.com/app:1.0\n        args:\n        - --dry-run=false\n        \
                 - --token-path=/etc/token/token\n        volumeMounts:\n        - name: token\n          \
                 mountPath: /etc/token\n          readOnly: true\n      volumes:\n      - name: token\n        \
                 secret:\n          secretName: token-{number}\n"
            ),
        ));
        tree.push((format!("top/secrets/token-{number}"), format!("{number}\n")));
    }
    for kind in ["Deployment", "Service", "ConfigMap", "Secret", "Role"] {
        let _ = write!(
            top,
            "- target:\n    version: v1\n    kind: {kind}\n    namespace: default\n    name: .*\n  \
             path: patches/namespace.yaml\n"
        );
    }
    let namespace = "- op: replace\n  path: /metadata/namespace\n  value: prod\n";
    let replicas = "- op: replace\n  path: /spec/replicas\n  value: 2\n";
    let strategic = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-0\n  \
         namespace: default\nspec:\n  minReadySeconds: 5\n";
    tree.extend([
        ("base/kustomization.yaml".into(), base),
        ("top/kustomization.yaml".into(), top + &secrets),
        ("top/strategic.yaml".into(), strategic.into()),
        ("top/patches/namespace.yaml".into(), namespace.into()),
        ("top/patches/replicas.yaml".into(), replicas.into()),
    ]);
    tree
}

/// A build that fails beside so many bytes of definitions, which say where more is to be read and
/// name fields as passwords are.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn failing(bytes: usize) -> Tree {
    let mut definitions = written_text(bytes);
    definitions = definitions.replace(
        "description: Whether it counts.",
        "description: Whether it counts, see https://example.com/notes?a=b#counts or ask \
         notes@example.com.\n                x-password: {type: string}",
    );
    let top = "resources: [definitions.yaml]\npatches:\n\
         - target: {kind: CustomResourceDefinition}\n  patch: |-\n    \
         - {op: remove, path: /spec/none}\n";
    vec![
        ("top/kustomization.yaml".into(), top.into()),
        ("top/definitions.yaml".into(), definitions),
    ]
}

/// A configuration of `count` presets with comments, and a script of five edits.
#[allow(dead_code, reason = "only processes read them")]
pub(crate) fn configuration(count: usize) -> Tree {
    let mut text = String::from(
        "# Generated configuration\nplank:\n  url: https://example.com/   # for now\n  \
         limits: {cpu: 100m, memory: 1Gi}\n\npresets:\n",
    );
    for number in 0..count {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  - name: preset-{number}   # number {number}\n    \
             labels: {{team: \"t{}\", tier: 'backend'}}\n    env:\n      - name: GOPATH\n        \
             value: /go/{number}\n      - name: DOCKER_IN_DOCKER\n        value: \"true\"\n    \
             volumes:\n      - hostPath:\n          path: /var/lib/cache/{number}\n        \
             name: cache\n    script: |\n      set -e\n      make test TARGET={number}\n\n",
            number % 7
        );
    }
    text.push_str("namespace: jobs\npod_namespace: pods\n");
    let script = ".plank.url = \"https://other.example.com/\"\n\
         | .presets[2].volumes[0].hostPath.path = \"/var/other\"\n\
         | (.presets[] | select(.name == \"preset-100\") | .env[0].value) = \"/gopath\"\n\
         | .namespace = \"test-jobs\"\n| .pod_namespace = \"test-pods\"\n";
    vec![
        ("config.yaml".into(), text),
        ("five.yq".into(), script.into()),
    ]
}
