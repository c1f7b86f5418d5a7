//! Strategic merge and JSON patches: directives, merge keys of all kinds, nulls at any depth, several
//! documents, changes of names and kinds, on objects that layers below have changed.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, indented, layers};

const OBJECTS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {z: "1"}}
spec:
  replicas: 2
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app: web}, finalizers: [a/b, c/d]}
    spec:
      imagePullSecrets: [{name: one}, {name: two}]
      tolerations: [{key: a, operator: Exists}, {key: b}]
      hostAliases: [{ip: 1.1.1.1, hostnames: [x]}]
      initContainers: [{name: init, image: "busybox:1.0", env: [{name: A, value: "1"}]}]
      containers:
      # about c
      - name: c
        image: nginx:1.0   # image
        args: [--x, '--y']
        ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}, {containerPort: 90}]
        env: [{name: X, value: "1"}, {name: Y, valueFrom: {fieldRef: {fieldPath: a}}}]
        volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /w, subPath: s}]
        resources: {limits: {cpu: 1}}
      - {name: side, image: side@sha256:aaaa, args: [a, b]}
      volumes: [{name: v, configMap: {name: cfg}}, {name: s, secret: {secretName: sec, items: [{key: k, path: p}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, finalizers: [x/y]}
spec: {selector: {app: web}, ports: [{name: http, port: 80}, {name: admin, port: 81, protocol: UDP}, {port: 82}]}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: {list: [{name: a, v: 1}, {name: b, v: 2}], plain: [1, 2], on: yes, n: null, map: {a: {b: c}}, byid: [{id: 1, v: a}, {id: 2, v: b}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, namespace: shop}
data:
  a: "1"
  b: |
    line
    two
  c: 'x'
  d: >-
    folded
    text
"#;

/// What patches say of containers; `@` is a scalar.
const CONTAINER: &[&str] = &[
    "image: @",
    "args: [q]",
    "args: null",
    "ports: [{containerPort: 80, hostPort: 1}]",
    "ports: [{containerPort: 80, protocol: UDP, $patch: delete}, {containerPort: 100}]",
    "env: [{name: Y, value: @}, {name: Z, value: z}]",
    "env: [{name: X, $patch: delete}, {name: Y, valueFrom: null, value: y}]",
    "env: [{$patch: replace}, {name: N, value: n}]",
    "volumeMounts: [{mountPath: /v, name: s}, {mountPath: /n, name: v}]",
    "resources: {limits: null, requests: {cpu: 1}}",
    "resources: {$patch: replace, requests: {cpu: 1}}",
    "$setElementOrder/env: [{name: Y}, {name: X}]",
    "$deleteFromPrimitiveList/args: [--x]",
    "livenessProbe: {httpGet: {port: 80}, exec: null}",
];

/// What they say of pods.
const POD: &[&str] = &[
    "initContainers: [{name: init, env: [{name: A, value: @}]}, {name: new, image: n}]",
    "volumes: [{name: v, configMap: null, emptyDir: {}}, {name: s, $patch: delete}]",
    "volumes: [{name: s, secret: {items: [{key: z, path: y}]}}]",
    "volumes: [{name: v, $retainKeys: [name, emptyDir], emptyDir: {}}]",
    "imagePullSecrets: [{name: one, $patch: delete}, {name: three}]",
    "tolerations: [{key: a, operator: Equal, value: x}]",
    "hostAliases: [{ip: 1.1.1.1, hostnames: [y]}, {ip: 2.2.2.2}]",
    "topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}]",
    "serviceAccountName: @",
    "$setElementOrder/containers: [{name: side}, {name: c}]",
    "$retainKeys: [containers, volumes]",
];

const THING: &[&str] = &[
    "list: [{name: b, v: @}, {name: c}]",
    "list: [{name: a, $patch: delete}]",
    "plain: [3]",
    "on: @",
    "n: @",
    "map: {a: {b: null, c: {d: null}}}",
    "map: {$patch: replace, q: r}",
    "map: {x: {y: {z: null}}}",
    "map: null",
    "byid: [{id: 1, v: c}]",
    "new: {a: null, b: [null, 1], c: {}, d: []}",
];

const SCALARS: &[&str] = &[
    "null",
    "~",
    "\"\"",
    "'q'",
    "\"d\"",
    "plain",
    "1",
    "\"1\"",
    "true",
    "yes",
    "0x1F",
    "1.50",
    "2020-01-01",
    "\"a: b\"",
    "\"x\\ny\"",
];

const OPERATIONS: &[&str] = &[
    "{op: add, path: /metadata/labels, value: {j: k}}",
    "{op: replace, path: /metadata/name, value: new}",
    "{op: add, path: /metadata/annotations/x~1y, value: '1'}",
    "{op: test, path: /kind, value: Deployment}",
    "{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: J, value: '2'}}",
    "{op: remove, path: /spec/template/spec/containers/0/ports/1}",
    "{op: copy, from: /spec/template/metadata/labels, path: /spec/copy}",
    "{op: copy, from: /spec/template/spec/containers/0, path: /spec/template/spec/containers/-}",
    "{op: move, from: /spec/replicas, path: /spec/moved}",
    "{op: add, path: /spec/n, value: {x: 1.0, y: 1e3, z: 12345678901234567890}}",
    "{op: add, path: /spec/list/1, value: {name: é, v: <&>}}",
    "{op: replace, path: /spec/template/spec/containers/0/image, value: n}",
];

const TARGETS: &[&str] = &[
    "{kind: Deployment}",
    "{name: web}",
    "{labelSelector: app=web}",
    "{group: apps}",
    "{kind: Thing}",
    "{kind: Deployment|Thing}",
    "{namespace: shop}",
];

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    for name in layers(draw) {
        let mut text = tree.resources(name, below.replace(name), || OBJECTS.to_owned());
        for field in draw.some(
            &[
                "namePrefix: p-\n",
                "namespace: moved\n",
                "labels: [{pairs: {app: l}, includeTemplates: true}]\n",
                "commonAnnotations: {z: w}\n",
                "images: [{name: nginx, newTag: '9'}]\n",
            ],
            20,
        ) {
            text.push_str(field);
        }
        text.push_str("patches:\n");
        for at in 0..=draw.below(2) {
            let is_json = draw.chance(25);
            let patch = if is_json {
                operations(draw)
            } else {
                documents(draw)
            };
            if draw.chance(30) {
                tree.add(format!("{name}/p{at}.yaml"), patch);
                writeln!(text, "- path: p{at}.yaml").unwrap();
            } else {
                write!(text, "- patch: |\n{}", indented(&patch, 4)).unwrap();
            }
            if is_json || draw.chance(35) {
                writeln!(text, "  target: {}", draw.pick(TARGETS)).unwrap();
            }
            if draw.chance(15) {
                let option = draw.pick(&["allowNameChange", "allowKindChange"]);
                writeln!(text, "  options: {{{option}: true}}").unwrap();
            }
        }
        tree.add(format!("{name}/kustomization.yaml"), text);
    }
    tree
}

fn operations(draw: &mut Draw) -> String {
    let one = |draw: &mut Draw| format!("- {}\n", draw.pick(OPERATIONS));
    let count = 1 + draw.below(2);
    (0..count).map(|_| one(draw)).collect()
}

fn documents(draw: &mut Draw) -> String {
    let first = document(draw);
    match draw.chance(15) {
        true => format!("{first}---\n{}", document(draw)),
        false => first,
    }
}

fn document(draw: &mut Draw) -> String {
    let said = |draw: &mut Draw, all: &[&str], percent| {
        let mut fields: Vec<String> = Vec::new();
        for field in draw.some(all, percent) {
            // A field is said once.
            let key = field.split(':').next().unwrap();
            if !fields
                .iter()
                .any(|known| known.starts_with(&format!("{key}:")))
            {
                fields.push(field.replace('@', draw.pick(SCALARS)));
            }
        }
        fields.join(", ")
    };
    let (head, spec) = match draw.below(6) {
        0 => {
            let port = draw.pick(&[
                "name: http",
                "protocol: TCP",
                "$patch: delete",
                "targetPort: 8",
            ]);
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n",
                format!(
                    "spec: {{ports: [{{port: 80, {port}}}, {{port: 82, name: n}}], selector: null}}\n"
                ),
            )
        }
        1 => {
            let (a, b) = (draw.pick(SCALARS), draw.pick(SCALARS));
            let data = draw.pick(&["", "$patch: replace, "]);
            (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain, namespace: shop}\n",
                format!("data: {{{data}a: {a}, b: {b}, d: \"p q\"}}\n"),
            )
        }
        2 => (
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: thing}\n",
            format!("spec: {{{}}}\n", said(draw, THING, 20)),
        ),
        _ => {
            let (pod, container) = (said(draw, POD, 15), said(draw, CONTAINER, 15));
            let name = draw.pick(&["c", "c", "side", "new"]);
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n",
                format!(
                    "spec: {{template: {{spec: {{{pod}, containers: [{{name: {name}, {container}}}]}}}}}}\n"
                )
                .replace("{, ", "{")
                .replace(", }", "}"),
            )
        }
    };
    let end = draw.pick(&["", "", "", "", "", "", "", "$patch: delete\n"]);
    format!("{head}{spec}{end}")
}
