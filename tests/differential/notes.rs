//! What kustomize keeps among the annotations (earlier names, hashes, origins), and steps that
//! replace or copy all of them.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, layers};

const ANNOTATIONS: &[&str] = &[
    "null",
    "{}",
    "{$patch: replace, q: r}",
    "{$patch: delete}",
    "{$patch: merge, q: r}",
    "{own: null}",
    "{q: null, b: c}",
    "{q: r}",
];

const OPERATIONS: &[&str] = &[
    "{op: replace, path: /metadata/annotations, value: {q: r}}",
    "{op: remove, path: /metadata/annotations}",
    "{op: add, path: /metadata/annotations/new, value: x}",
    "{op: add, path: /metadata, value: {name: cm, annotations: {q: r}}}",
    "{op: move, from: /metadata/labels, path: /metadata/annotations}",
    "{op: replace, path: /metadata/annotations/z, value: v}",
];

const SOURCES: &[&str] = &[
    "{kind: Pod, fieldPath: metadata.annotations}",
    "{kind: Pod, fieldPath: metadata}",
    "{kind: Thing, fieldPath: metadata.labels}",
    "{kind: ConfigMap, name: made, fieldPath: metadata.annotations}",
];

const TARGETS: &[&str] = &[
    "{select: {kind: Thing}, fieldPaths: [spec.map]}",
    "{select: {kind: Thing}, fieldPaths: [metadata.annotations], options: {create: true}}",
    "{select: {kind: ConfigMap}, fieldPaths: [metadata.annotations]}",
    "{select: {kind: Pod}, fieldPaths: [metadata.annotations, metadata.labels.x], options: {create: true}}",
];

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    for (at, name) in layers(draw).iter().enumerate() {
        let mut text = match below.replace(name) {
            Some(base) => format!("resources: [../{base}]\n"),
            None => {
                tree.add(format!("{name}/objects.yaml"), objects(draw));
                "resources: [objects.yaml]\n".to_owned()
            }
        };
        for field in draw.some(
            &[
                "namePrefix: p-\n",
                "nameSuffix: -s\n",
                "commonAnnotations: {z: w}\n",
                "labels: [{pairs: {app: l}}]\n",
                "buildMetadata: [originAnnotations]\n",
                "buildMetadata: [originAnnotations, transformerAnnotations]\n",
            ],
            25,
        ) {
            let key = field.split(':').next().unwrap();
            if !text.contains(key) {
                text.push_str(field);
            }
        }
        if at == 0 || draw.chance(30) {
            let behavior = match at {
                0 => "create",
                _ => draw.pick(&["merge", "replace"]),
            };
            writeln!(
                text,
                "configMapGenerator:\n- {{name: made, behavior: {behavior}, literals: [k=v{at}]}}"
            )
            .unwrap();
        }
        patches(draw, &mut text);
        if draw.chance(40) {
            let source = draw.pick(SOURCES);
            // The hash of other kinds than ConfigMaps is another one after such a copy.
            let target = match source.contains("made") {
                true => TARGETS[0],
                false => draw.pick(TARGETS),
            };
            writeln!(
                text,
                "replacements:\n- source: {source}\n  targets: [{target}]"
            )
            .unwrap();
        }
        tree.add(format!("{name}/kustomization.yaml"), text);
    }
    tree
}

fn objects(draw: &mut Draw) -> String {
    let own = |draw: &mut Draw| draw.pick(&["", ", annotations: {own: x}"]);
    format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: cm{}}}, data: {{a: b}}}}\n---\n\
         {{apiVersion: v1, kind: Pod, metadata: {{name: pod{}}}, spec: {{volumes: [{{name: v, \
         configMap: {{name: cm}}}}, {{name: w, configMap: {{name: made}}}}]}}}}\n---\n\
         {{apiVersion: example.com/v1, kind: Thing, metadata: {{name: thing, labels: {{k: v}}}}, \
         spec: {{map: {{}}}}}}\n",
        own(draw),
        own(draw)
    )
}

fn patches(draw: &mut Draw, text: &mut String) {
    let count = draw.below(3);
    if count > 0 {
        text.push_str("patches:\n");
    }
    for _ in 0..count {
        let (kind, name) =
            [("ConfigMap", "cm"), ("ConfigMap", "made"), ("Pod", "pod")][draw.below(3)];
        if draw.chance(45) {
            let operation = draw.pick(OPERATIONS);
            writeln!(
                text,
                "- target: {{kind: {kind}}}\n  patch: |\n    - {operation}"
            )
            .unwrap();
            continue;
        }
        let annotations = draw.pick(ANNOTATIONS);
        let metadata = match draw.below(10) {
            0 => format!("$patch: replace, annotations: {annotations}"),
            _ => format!("annotations: {annotations}"),
        };
        let object =
            format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}, {metadata}}}}}");
        writeln!(text, "- patch: '{object}'").unwrap();
        text.push_str(draw.pick(&[
            "",
            "",
            "  target: {kind: ConfigMap}\n",
            "  options: {allowNameChange: true}\n",
        ]));
    }
}
