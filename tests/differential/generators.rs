//! ConfigMaps and Secrets: odd texts, behaviours over layers, options, and references to their names.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, layers};

const REFERRERS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  template:
    spec:
      imagePullSecrets: [{name: sec}]
      containers:
      - name: c
        envFrom: [{configMapRef: {name: cfg}}, {secretRef: {name: sec, optional: true}}]
        env: [{name: A, valueFrom: {configMapKeyRef: {name: cfg, key: a}}}]
      volumes:
      - {name: p, projected: {sources: [{configMap: {name: cfg}}, {secret: {name: sec}}]}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa, namespace: NS}
secrets: [{name: sec}]
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing, namespace: NS}
spec: {configRef: {name: cfg}, secretName: sec, deep: [{ref: cfg}, {ref: other}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role, namespace: NS}
rules: [{apiGroups: [''], resources: [secrets], resourceNames: [sec, other], verbs: [get]}]
";

const TEXTS: &[&[u8]] = &[
    b"plain\n",
    b"no newline",
    b"",
    b"\n\nx\n\n\n",
    b"trailing  \nx\n",
    b"\ttab\n",
    b"a\tb",
    b"cr\r\nlf\r\n",
    b"only\rcr",
    b"\xff\xfe\x00bytes",
    b"nul\x00x",
    "é 日本 😀\n".as_bytes(),
    b"\xef\xbb\xbfmark\n",
    b" leading\n x\n",
    b"# hash\nx: y\n",
    b"a: b\n---\nc\n",
    b"'quote' \"double\"\n",
    b"true",
    b"~",
    "\u{85}\n".as_bytes(),
    "\u{2028}separator\n".as_bytes(),
    b"\x07bell",
    b"back\\slash\n",
];

const LITERALS: &[&str] = &[
    "a=b",
    "'s=b c'",
    "e=",
    "\"two=1\\n2\"",
    "'q=\"x\"'",
    "n=1",
    "t=true",
    "'sp= x '",
    "u=a=b=c",
    "'hash=# x'",
    "\"tab=a\\tb\"",
    "\"cr=a\\r\\nb\"",
    "'d.k=v'",
    "'z=''x'''",
];

const ENVS: &[&str] = &[
    "A=1\nB=two words\n",
    "# why\nA=b\n\nC=\n",
    "Q=\"quoted\"\nS='s'\n",
    "E=a=b\n",
    "T=trailing  \n",
    "CR=x\r\nD=y\r\n",
    "\u{feff}MARK=1\n",
    "A.B=c\nA-B=d\n",
    "H=x # y\n",
];

const CONFIGURATIONS: &str = "nameReference:
- kind: ConfigMap
  version: v1
  fieldSpecs: [{kind: Thing, path: spec/configRef/name}, {kind: Thing, path: spec/deep/ref}]
- kind: Secret
  fieldSpecs: [{kind: Thing, path: spec/secretName}]
";

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    for layer in layers(draw) {
        let has_base = below.is_some();
        let mut text = match below.replace(layer) {
            Some(base) => format!("resources: [../{base}]\n"),
            None => {
                let namespace = draw.pick(&["one", "default"]);
                tree.add(
                    format!("{layer}/r.yaml"),
                    REFERRERS.replace("NS", namespace),
                );
                "resources: [r.yaml]\n".to_owned()
            }
        };
        for field in draw.some(
            &[
                "namePrefix: p-\n",
                "nameSuffix: -s\n",
                "namespace: one\n",
                "commonLabels: {l: x}\n",
            ],
            20,
        ) {
            text.push_str(field);
        }
        for (field, name) in [("configMapGenerator", "cfg"), ("secretGenerator", "sec")] {
            if draw.chance(75) {
                writeln!(text, "{field}:").unwrap();
                entry(draw, &mut text, &mut tree, (layer, name), has_base);
            }
        }
        if draw.chance(25) {
            writeln!(text, "generatorOptions: {}", options(draw)).unwrap();
        }
        if draw.chance(40) {
            tree.add(format!("{layer}/conf.yaml"), CONFIGURATIONS);
            text.push_str("configurations: [conf.yaml]\n");
        }
        tree.add(format!("{layer}/kustomization.yaml"), text);
    }
    tree
}

fn entry(
    draw: &mut Draw,
    text: &mut String,
    tree: &mut Tree,
    (directory, name): (&str, &str),
    has_base: bool,
) {
    writeln!(text, "- name: {}", draw.pick(&[name, name, "other"])).unwrap();
    if has_base && draw.chance(60) {
        let behavior = draw.pick(&["merge", "merge", "replace", "create"]);
        writeln!(text, "  behavior: {behavior}").unwrap();
    }
    if draw.chance(20) {
        writeln!(text, "  namespace: {}", draw.pick(&["one", "two"])).unwrap();
    }
    let literals = draw.some(LITERALS, 15).join(", ");
    writeln!(text, "  literals: [{literals}]").unwrap();
    if draw.chance(50) {
        let file = format!("f{}.txt", tree.count());
        tree.add(
            format!("{directory}/{file}"),
            TEXTS[draw.below(TEXTS.len())],
        );
        let key = draw.pick(&["", "key=", "k-1="]);
        writeln!(text, "  files: [{key}{file}]").unwrap();
    }
    if draw.chance(30) {
        let file = format!("e{}.env", tree.count());
        tree.add(format!("{directory}/{file}"), draw.pick(ENVS));
        writeln!(text, "  envs: [{file}]").unwrap();
    }
    if draw.chance(40) {
        writeln!(text, "  options: {}", options(draw)).unwrap();
    }
}

fn options(draw: &mut Draw) -> String {
    let options = [
        "labels: {g: h}",
        "annotations: {made: 'yes'}",
        "disableNameSuffixHash: true",
        "immutable: true",
    ];
    format!("{{{}}}", draw.some(&options, 35).join(", "))
}
