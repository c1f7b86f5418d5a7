//! Layers of everything: names, labels, generators, patches and small operators over a few objects.

use std::fmt::Write as _;

use super::draw::{Draw, Tree};

const NAMES: [&str; 4] = ["web", "db", "app", "web-db"];
const NAMESPACES: [&str; 4] = ["", "default", "one", "two"];

/// One to three layers: a base, perhaps a layer between, and the top.
pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut files = Tree::default();
    let mut below = vec![layer(draw, "base", &[], &mut files)];
    if draw.chance(40) {
        below.push(layer(draw, "other", &[], &mut files));
    }
    if draw.chance(50) {
        below = vec![layer(draw, "mid", &below, &mut files)];
    }
    layer(draw, "top", &below, &mut files);
    files
}

fn layer(draw: &mut Draw, name: &str, below: &[String], files: &mut Tree) -> String {
    let mut text = String::from("resources:\n");
    for base in below {
        writeln!(text, "- ../{base}").unwrap();
    }
    if below.is_empty() || draw.chance(30) {
        writeln!(text, "- objects.yaml").unwrap();
        let objects = objects(draw);
        files.add(format!("{name}/objects.yaml"), objects);
    }
    names(draw, &mut text);
    labels(draw, &mut text);
    generators(draw, &mut text, !below.is_empty());
    patches(draw, &mut text);
    small_operators(draw, &mut text);
    files.add(format!("{name}/kustomization.yaml"), text);
    name.to_owned()
}

fn objects(draw: &mut Draw) -> String {
    let count = 2 + draw.below(4);
    let mut made = Vec::new();
    let mut documents = Vec::new();
    for _ in 0..count {
        let kind = draw.below(9);
        let name = draw.pick(&NAMES);
        let namespace = draw.pick(&NAMESPACES);
        if made.contains(&(kind, name, namespace)) {
            continue;
        }
        made.push((kind, name, namespace));
        documents.push(object(draw, kind, name, namespace));
    }
    documents.join("---\n")
}

fn object(draw: &mut Draw, kind: usize, name: &str, namespace: &str) -> String {
    let (api, kind_name) = [
        ("apps/v1", "Deployment"),
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("v1", "ServiceAccount"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        ("example.com/v1", "Thing"),
        ("autoscaling/v1", "HorizontalPodAutoscaler"),
    ][kind];
    let mut text = format!("apiVersion: {api}\nkind: {kind_name}\nmetadata:\n  name: {name}\n");
    if !namespace.is_empty() {
        writeln!(text, "  namespace: {namespace}").unwrap();
    }
    if draw.chance(30) {
        text.push_str("  labels: {app: old, tier: \"1\"}\n");
    }
    let other = draw.pick(&NAMES);
    let body = match kind_name {
        "Deployment" => workload(draw),
        "Service" => {
            format!("spec:\n  selector: {{app: {other}}}\n  ports:\n  - port: 80\n    name: http\n")
        }
        "ConfigMap" => "data:\n  a: \"1\"\n  b: |\n    two\n    lines\n".to_owned(),
        "Secret" => "type: Opaque\ndata:\n  k: dg==\n".to_owned(),
        "RoleBinding" | "ClusterRoleBinding" => {
            let account = draw.pick(&["default", "web", "db"]);
            let namespace = draw.pick(&["", "    namespace: one\n", "    namespace: two\n"]);
            format!(
                "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  \
                 name: {other}\nsubjects:\n- kind: ServiceAccount\n  name: {account}\n{}",
                namespace.replace("    ", "  ")
            )
        }
        "Thing" => format!("spec:\n  ref: {other}\n  list: [{{name: a, v: 1}}, {{name: b}}]\n"),
        "HorizontalPodAutoscaler" => format!(
            "spec:\n  maxReplicas: 3\n  scaleTargetRef:\n    apiVersion: apps/v1\n    \
             kind: Deployment\n    name: {other}\n"
        ),
        _ => String::new(),
    };
    text + &body
}

fn workload(draw: &mut Draw) -> String {
    let (config, secret, account) = (
        draw.pick(&NAMES),
        draw.pick(&NAMES),
        draw.pick(&["default", "web"]),
    );
    let image = draw.pick(&["nginx", "nginx:1.0", "reg.io:5000/nginx@sha256:00", "app"]);
    let replicas = draw.pick(&["", "  replicas: 1\n", "  replicas: \"1\"\n"]);
    format!(
        "spec:\n{replicas}  selector:\n    matchLabels: {{app: old}}\n  template:\n    \
         metadata:\n      labels: {{app: old}}\n    spec:\n      serviceAccountName: {account}\n      \
         containers:\n      - name: one\n        image: {image}\n        env:\n        \
         - {{name: A, value: x}}\n        - name: B\n          valueFrom:\n            \
         configMapKeyRef: {{name: {config}, key: a}}\n        ports:\n        \
         - containerPort: 80\n      - name: two\n        image: sidecar\n      volumes:\n      \
         - name: v\n        secret: {{secretName: {secret}}}\n      - name: c\n        \
         configMap: {{name: {config}}}\n"
    )
}

fn names(draw: &mut Draw, text: &mut String) {
    if draw.chance(40) {
        writeln!(text, "namePrefix: {}", draw.pick(&["p-", "x", "web-"])).unwrap();
    }
    if draw.chance(25) {
        writeln!(text, "nameSuffix: {}", draw.pick(&["-s", "-v1"])).unwrap();
    }
    if draw.chance(12) {
        writeln!(
            text,
            "namespace: {}",
            draw.pick(&["one", "two", "default", "new"])
        )
        .unwrap();
    }
}

fn labels(draw: &mut Draw, text: &mut String) {
    if draw.chance(35) {
        let selectors = draw.pick(&["", "  includeSelectors: true\n"]);
        let templates = draw.pick(&["", "  includeTemplates: true\n"]);
        write!(
            text,
            "labels:\n- pairs: {{app: new, \"n\": \"1\"}}\n{selectors}{templates}"
        )
        .unwrap();
    }
    if draw.chance(20) {
        text.push_str("commonLabels: {owner: me}\n");
    }
    if draw.chance(25) {
        text.push_str("commonAnnotations: {note: \"yes\", long: \"a: b\"}\n");
    }
}

fn generators(draw: &mut Draw, text: &mut String, has_base: bool) {
    for (field, percent) in [("configMapGenerator", 50), ("secretGenerator", 30)] {
        if !draw.chance(percent / 2) {
            continue;
        }
        let name = draw.pick(&NAMES);
        writeln!(
            text,
            "{field}:\n- name: {name}\n  literals: [a={}, c=3]",
            draw.below(3)
        )
        .unwrap();
        if has_base && draw.chance(20) {
            writeln!(
                text,
                "  behavior: {}",
                draw.pick(&["merge", "merge", "replace", "create"])
            )
            .unwrap();
        }
        if draw.chance(20) {
            writeln!(text, "  namespace: {}", draw.pick(&["one", "two"])).unwrap();
        }
        if draw.chance(20) {
            text.push_str("  options: {disableNameSuffixHash: true, labels: {g: h}}\n");
        }
    }
    if draw.chance(15) {
        text.push_str("generatorOptions: {immutable: true, annotations: {by: us}}\n");
    }
}

fn patches(draw: &mut Draw, text: &mut String) {
    if !draw.chance(60) {
        return;
    }
    text.push_str("patches:\n");
    for _ in 0..=draw.below(2) {
        let name = draw.pick(&NAMES);
        let kind = draw.pick(&["Deployment", "ConfigMap", "Thing", ".*Binding", "Service"]);
        let renamed;
        let patch = match draw.below(8) {
            0 => {
                "- target: {kind: Deployment}\n  patch: |-\n    - {op: replace, path: /spec/replicas, value: 3}\n"
            }
            1 => {
                "- target: {kind: ConfigMap}\n  patch: |-\n    - {op: add, path: /metadata/annotations/x, value: \"2\"}\n"
            }
            2 => {
                "- target: {kind: Deployment}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any}\n    spec:\n      template:\n        spec:\n          containers:\n          - name: two\n            env: [{name: Z, value: z}]\n            ports: [{containerPort: 80, protocol: TCP}]\n          - {name: three, image: new}\n"
            }
            3 => {
                "- target: {kind: Deployment, labelSelector: app=old}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any, labels: {app: null}}\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: one, $patch: delete}\n          volumes:\n          - {name: v, secret: null, emptyDir: {}}\n"
            }
            4 => {
                "- target: {kind: Thing}\n  patch: |-\n    apiVersion: example.com/v1\n    kind: Thing\n    metadata: {name: any}\n    spec: {list: [{name: b, v: 2}], more: {a: null, b: 1}}\n"
            }
            5 => {
                "- target: {kind: Secret}\n  patch: |-\n    kind: Secret\n    apiVersion: v1\n    metadata: {name: x}\n    $patch: delete\n"
            }
            6 => {
                "- target: {kind: Service}\n  patch: |-\n    - {op: test, path: /spec/ports/0/port, value: 80}\n    - {op: add, path: /spec/ports/-, value: {port: 81}}\n"
            }
            _ => {
                renamed = format!(
                    "- target: {{kind: {kind}, name: \"{name}.*\"}}\n  options: {{allowNameChange: true}}\n  \
                     patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: {name}, \
                     annotations: {{p: q}}}}\n"
                );
                &renamed
            }
        };
        text.push_str(patch);
    }
}

fn small_operators(draw: &mut Draw, text: &mut String) {
    if draw.chance(30) {
        let image = draw.pick(&[
            "{name: nginx, newTag: \"2\"}",
            "{name: nginx, newName: other/nginx}",
            "{name: .*nginx, digest: \"sha256:11\"}",
            "{name: app, tagSuffix: -x}",
        ]);
        writeln!(text, "images:\n- {image}").unwrap();
    }
    if draw.chance(10) {
        writeln!(
            text,
            "replicas:\n- {{name: {}, count: 5}}",
            draw.pick(&NAMES)
        )
        .unwrap();
    }
    if draw.chance(12) {
        let path = draw.pick(&[
            "metadata.name",
            "data.a",
            "metadata.labels.app",
            "spec.ports.0.port",
        ]);
        let (kind, name) = (
            draw.pick(&["ConfigMap", "Service", "Thing"]),
            draw.pick(&NAMES),
        );
        let target = draw.pick(&[
            "{select: {kind: Deployment}, fieldPaths: [\"spec.template.spec.containers.[name=one].image\"]}",
            "{select: {kind: Deployment}, fieldPaths: [metadata.annotations.from], options: {create: true}}",
            "{select: {kind: Thing}, fieldPaths: [spec.ref], options: {delimiter: \"-\", index: 0}}",
            "{select: {kind: Service, name: web}, fieldPaths: [spec.selector.app]}",
        ]);
        write!(
            text,
            "replacements:\n- source: {{kind: {kind}, name: {name}, fieldPath: {path}}}\n  \
             targets:\n  - {target}\n"
        )
        .unwrap();
    }
    if draw.chance(10) {
        text.push_str("sortOptions: {order: fifo}\n");
    }
    if draw.chance(10) {
        text.push_str("buildMetadata: [originAnnotations, transformerAnnotations]\n");
    }
}
