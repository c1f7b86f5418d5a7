//! Variables of all types, in fields that know them and in fields that `configurations` add, beside
//! the other fields of old kustomizations.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, layers};

const OBJECTS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {a: "$(NAME)", b: "x-$(PORT)-$(NAME)$(NOPE)", c: "$$(NAME)"}}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: c
        image: nginx
        command: ["$(NAME)", "--p=$(PORT)", "$$(PORT)", "$(NAME", "$()"]
        args: [$(RATIO), $(FLAG), $(MAP)]
        env: [{name: X, value: "$(NAME):$(PORT)"}, {name: N, value: "$(TEXT)"}]
        ports: [{containerPort: $(PORT)}]
---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {ports: [{port: 80, name: http}], flag: true, ratio: 1.5, map: {x: y}, text: "a$(NAME)b"}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: {v: $(PORT), l: [$(NAME), b], m: {k: "$(MAP)"}, t: "$(RATIO) $(FLAG)"}
"#;

/// The variables, and where their values may be.
const VARIABLES: [(&str, &[&str]); 6] = [
    (
        "NAME",
        &["metadata.name", "metadata.namespace", "spec.text"],
    ),
    ("PORT", &["spec.ports[0].port", "spec.ports[0].name"]),
    ("RATIO", &["spec.ratio"]),
    ("FLAG", &["spec.flag"]),
    ("MAP", &["spec.map", "spec.map.x"]),
    ("TEXT", &["spec.text"]),
];

const CONFIGURATIONS: &[&str] = &[
    "varReference: [{path: spec/v, kind: Thing}, {path: spec/t, kind: Thing}]\n",
    "varReference: [{path: spec/l, kind: Thing}, {path: spec/m, kind: Thing}]\n",
    "varReference: [{path: spec/text, kind: Service}, {path: spec/replicas}]\n",
];

const FIELDS: &[&str] = &[
    "namePrefix: p-\n",
    "namespace: new\n",
    "commonLabels: {a: b}\n",
    "commonAnnotations: {z: $(NAME), e: $$(NAME)}\n",
    "imageTags: [{name: nginx, newTag: '1'}]\n",
    "replicas: [{name: web, count: 5}]\n",
    "patchesStrategicMerge:\n- |\n  {apiVersion: v1, kind: Service, metadata: {name: svc}, spec: {flag: false}}\n",
    "patchesJson6902:\n- target: {version: v1, kind: Service, name: svc}\n  patch: '- {op: replace, path: /spec/ports/0/port, value: 81}'\n",
];

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    let mut used = Vec::new();
    for name in layers(draw) {
        let mut text = match below.replace(name) {
            Some(base) => format!("bases: [../{base}]\n"),
            None => {
                tree.add(format!("{name}/objects.yaml"), OBJECTS);
                "resources: [objects.yaml]\n".to_owned()
            }
        };
        for field in draw.some(FIELDS, 20) {
            text.push_str(field);
        }
        if draw.chance(60) {
            tree.add(format!("{name}/conf.yaml"), draw.pick(CONFIGURATIONS));
            text.push_str("configurations: [conf.yaml]\n");
        }
        text.push_str("vars:\n");
        for (variable, paths) in VARIABLES {
            if draw.chance(45) && !used.contains(&variable) {
                used.push(variable);
                let path = draw.pick(paths);
                writeln!(
                    text,
                    "- name: {variable}\n  objref: {{apiVersion: v1, kind: Service, name: svc}}\n  \
                     fieldref: {{fieldpath: '{path}'}}"
                )
                .unwrap();
            }
        }
        tree.add(format!("{name}/kustomization.yaml"), text);
    }
    tree
}
