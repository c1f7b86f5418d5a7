//! Replacements: sources and targets of all shapes, paths with patterns, values within text, and
//! steps before and after that change either end.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, layers};

const OBJECTS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web, team: "1"}, annotations: {note: a-b-c, n/x.y: 'q'}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: &place {disk: ssd, zone: a}
      containers:
      - name: c
        image: reg.example/nginx:1.0
        args: [--a=b, --c=d]
        env: [{name: X, value: "1"}, {name: Y.Z, value: two}]
        resources: {limits: {cpu: 1, memory: 1Gi}, requests: *place}
      - {name: side, image: "side:2"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
data:
  host: www.example.com   # the host
  number: "7"
  json: '{"a": {"b": [1, 2, {"c": "d"}]}, "s": "t:u"}'
  yaml: |
    # head
    a:
      b: 1   # line
      c: [x, y]
  block: |
    two
    lines
  dotted.key: v
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec:
  list: [{name: a, v: 1}, {name: b, v: 2}, {name: ab, v: "3"}]
  words: [one, two-x, three]
  on: yes
  none: null
  float: 1.50
  hex: "0x1F"
  map: {k: v, "1": one, deep: {er: [x]}}
"#;

/// The kinds, their names, and paths that lead somewhere in them.
const FIELDS: [(&str, &str, &[&str]); 3] = [
    (
        "Deployment",
        "web",
        &[
            "metadata.name",
            "metadata.labels",
            "metadata.labels.app",
            "metadata.annotations.note",
            "metadata.annotations.[n/x.y]",
            "spec.replicas",
            "spec.template.spec.nodeSelector",
            "spec.template.spec.containers",
            "spec.template.spec.containers.0",
            "spec.template.spec.containers.[name=c].image",
            "spec.template.spec.containers.[name=c].env",
            "spec.template.spec.containers.[name=c].resources.limits",
            "spec.template.spec.containers.1.image",
        ],
    ),
    (
        "ConfigMap",
        "plain",
        &[
            "metadata.name",
            "data",
            "data.host",
            "data.number",
            "data.json",
            "data.yaml",
            "data.block",
            "data.dotted\\.key",
            "data.[dotted.key]",
        ],
    ),
    (
        "Thing",
        "thing",
        &[
            "spec.list",
            "spec.list.[name=b]",
            "spec.list.[name=b].v",
            "spec.words",
            "spec.words.1",
            "spec.on",
            "spec.float",
            "spec.hex",
            "spec.map",
            "spec.map.1",
            "spec.map.deep.er",
            "spec",
        ],
    ),
];

/// Paths that only targets have: many values, new ones, and ones within text.
const MORE: [&[&str]; 3] = [
    &[
        "spec.template.spec.containers.*.image",
        "spec.template.spec.containers.[name=^c$].env.[name=Y.Z].value",
        "spec.template.spec.containers.[name=new].image",
        "spec.template.metadata.annotations",
        "metadata.labels.new",
        "spec.template.spec.containers.*.env.*.value",
    ],
    &[
        "data.new",
        "data.json.s",
        "data.json.a.b.0",
        "data.json.a.b.2.c",
        "data.json.new",
        "data.yaml.a.c.1",
        "data.yaml.new",
        "data.block.x",
    ],
    &[
        "spec.list.*.v",
        "spec.list.[name=^a].v",
        "spec.list.[name=b].new",
        "spec.words.*",
        "spec.words.[=three]",
        "spec.words.3",
        "spec.words.-",
        "spec.new.deep.er",
        "spec.none",
        "spec.map.new.x",
    ],
];

/// Steps that change what was copied, or what will be.
const STEPS: &[&str] = &[
    "namePrefix: p-\n",
    "commonAnnotations: {note: other}\n",
    "labels: [{pairs: {app: new}, includeSelectors: true}]\n",
    "images: [{name: reg.example/nginx, newTag: '3'}]\n",
    "replicas: [{name: web, count: 4}]\n",
    "patches:\n- patch: |\n    apiVersion: example.com/v1\n    kind: Thing\n    metadata: {name: thing}\n    spec: {map: {k: changed, new: x}, list: [{name: a, v: 9}]}\n",
    "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: replace, path: /spec/template/spec/nodeSelector/disk, value: hdd}\n",
    "configMapGenerator:\n- name: made\n  literals: [host=b:c]\n",
];

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    for name in layers(draw) {
        let mut text = tree.resources(name, below.replace(name), || OBJECTS.to_owned());
        for step in draw.some(STEPS, 20) {
            let key = step.split(':').next().unwrap();
            if !text.contains(key) {
                text.push_str(step);
            }
        }
        text.push_str("replacements:\n");
        for _ in 0..=draw.below(2) {
            replacement(draw, &mut text);
        }
        tree.add(format!("{name}/kustomization.yaml"), text);
    }
    tree
}

fn replacement(draw: &mut Draw, text: &mut String) {
    if draw.chance(15) {
        let value = draw.pick(&[
            "hello",
            "'5'",
            "'null'",
            "'~'",
            "''",
            "'a: b'",
            "\"two\\nlines\"",
        ]);
        writeln!(text, "- sourceValue: {value}\n  targets:").unwrap();
    } else {
        let (kind, name, paths) = FIELDS[draw.below(3)];
        let (path, options) = (draw.pick(paths), options(draw, 15));
        writeln!(
            text,
            "- source: {{kind: {kind}, name: {name}, fieldPath: '{path}'{options}}}\n  targets:"
        )
        .unwrap();
    }
    for _ in 0..=draw.below(2) {
        let at = draw.below(3);
        let (kind, name, paths) = FIELDS[at];
        let paths = if draw.chance(50) { paths } else { MORE[at] };
        let select = match draw.below(4) {
            0 => format!("name: {name}"),
            1 => format!("kind: '{}.*'", &kind[..4]),
            _ => format!("kind: {kind}"),
        };
        let reject = draw.pick(&[
            "",
            "",
            "",
            ", reject: [{name: other}, {labelSelector: team=2}]",
        ]);
        let (one, other) = (draw.pick(paths), draw.pick(paths));
        let more = if draw.chance(25) {
            format!(", '{other}'")
        } else {
            String::new()
        };
        let options = options(draw, 40);
        writeln!(
            text,
            "  - {{select: {{{select}}}{reject}, fieldPaths: ['{one}'{more}]{options}}}"
        )
        .unwrap();
    }
}

/// The part of a value that is meant, and whether what is missing is made.
fn options(draw: &mut Draw, percent: usize) -> String {
    let mut options = Vec::new();
    if draw.chance(percent) {
        options.push(format!(
            "delimiter: '{}'",
            draw.pick(&["-", ":", ".", "/", "e"])
        ));
        options.push(format!("index: {}", draw.pick(&["0", "0", "1", "2", "-1"])));
    }
    if draw.chance(percent) {
        options.push("create: true".to_owned());
    }
    match options.is_empty() {
        true => String::new(),
        false => format!(", options: {{{}}}", options.join(", ")),
    }
}
