//! Inputs for the benchmarks, made by arithmetic: the same number makes the same tree.

use std::fmt::Write as _;

use kustom::load::Memory;

/// An overlay over a base of `count` workloads, each with a Service, a ConfigMap that is generated
/// and references to both; prefix, namespace, labels, images and patches work on all of them.
pub(crate) fn overlay(count: usize) -> Memory {
    let mut files = Memory::default();
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
    files.insert("/base/objects.yaml", objects);
    files.insert(
        "/base/kustomization.yaml",
        format!("resources: [objects.yaml]\n{generators}"),
    );
    files.insert(
        "/top/kustomization.yaml",
        "resources: [../base]\nnamePrefix: shop-\nnamespace: shop\nlabels:\n- pairs: {team: shop}\n  \
         includeSelectors: true\nimages:\n- {name: registry.example.com/app, newTag: '2.0'}\n\
         patches:\n- target: {kind: Deployment}\n  patch: |-\n    \
         - {op: replace, path: /spec/replicas, value: 2}\n- target: {kind: Deployment}\n  \
         patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any}\n    \
         spec: {template: {spec: {containers: [{name: main, env: [{name: A, value: b}]}]}}}\n",
    );
    files
}

/// One file of at least `bytes` of definitions of custom resources.
pub(crate) fn definitions(bytes: usize) -> String {
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
