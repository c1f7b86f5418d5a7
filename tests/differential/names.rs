//! Names, namespaces, labels, images and order: transformers over kinds whose fields are special,
//! configured by fields, by `configurations` and by objects.

use std::fmt::Write as _;

use super::draw::{Draw, Tree, indented, layers};

/// Each may be there once; `NS` is a namespace.
const OBJECTS: &[&str] = &[
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {app: web}}, spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: sa, initContainers: [{name: i, image: busybox}], ephemeralContainers: [{name: e, image: 'dbg:1'}], containers: [{name: c, image: 'reg.example:5000/a/nginx:1.0@sha256:ab'}, {name: d, image: nginx}, {name: f}]}}}}",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: NS}, spec: {serviceName: svc, volumeClaimTemplates: [{metadata: {name: data}}], template: {spec: {containers: [{name: c, image: 'nginx:1.25'}]}}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: svc, namespace: NS}, spec: {selector: {app: web}}}",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa, namespace: NS}}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: crb}, roleRef: {kind: ClusterRole, name: cr}, subjects: [{kind: ServiceAccount, name: sa, namespace: NS}, {kind: ServiceAccount, name: default, namespace: other}, {kind: User, name: sa}]}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rb, namespace: NS}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: default, namespace: NS}, {kind: ServiceAccount, name: sa, namespace: NS}]}",
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: cr}, rules: [{resources: [services], resourceNames: [svc]}]}",
    "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: hook}, webhooks: [{name: a.b, clientConfig: {service: {name: svc, namespace: NS}}}, {name: b.b, clientConfig: {url: x}}]}",
    "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.example.com}, spec: {service: {name: svc, namespace: NS}}}",
    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.example.com}, spec: {group: example.com, names: {kind: Thing}, scope: Cluster, conversion: {strategy: Webhook, webhook: {clientConfig: {service: {name: svc, namespace: NS}}}}}}",
    "{apiVersion: v1, kind: Namespace, metadata: {name: NS}}",
    "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: one}}, {apiVersion: v1, kind: Pod, metadata: {name: two, namespace: NS}, spec: {containers: [{image: nginx}]}}]}",
    "{apiVersion: example.com/v1, kind: Thing, metadata: {name: thing, namespace: NS}, spec: {image: 'nginx:1', replicas: 3, ref: {name: svc, namespace: NS}, sel: {app: web}}}",
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np}, spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}}",
    "{apiVersion: batch/v1, kind: CronJob, metadata: {name: cj, namespace: NS}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: 'docker.io/library/nginx:stable'}], volumes: [{name: i, image: {reference: 'nginx:vol'}}]}}}}}}",
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: hpa}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}",
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv, labels: null}, spec: {claimRef: {name: pvc, namespace: NS}}}",
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: ing, annotations: {}}, spec: {defaultBackend: {service: {name: svc}}}}",
];

const FIELDS: &[&str] = &[
    "namespace: one\n",
    "namespace: new\n",
    "namePrefix: p-\n",
    "nameSuffix: .s\n",
    "images: [{name: nginx, newTag: '2'}, {name: dbg, newName: other/dbg}]\n",
    "images: [{name: reg.example:5000/a/nginx, tagSuffix: -x}, {name: busybox, digest: 'sha256:ff'}]\n",
    "images: [{name: '.*nginx', newName: 'r:5000/n', newTag: t}]\n",
    "replicas: [{name: web, count: 5}, {name: db, count: 0}]\n",
    "labels: [{pairs: {l: x}, includeSelectors: true}, {pairs: {app: new}, includeTemplates: true}]\n",
    "labels: [{pairs: {n: '1', m: ''}, fields: [{path: spec/sel, create: true, kind: Thing}]}]\n",
    "commonLabels: {cl: y, app: c}\n",
    "commonAnnotations: {an: z}\n",
    "sortOptions: {order: fifo}\n",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [Deployment]}}\n",
    "sortOptions: {legacySortOptions: {orderFirst: [Service]}}\n",
    "buildMetadata: [originAnnotations, managedByLabel]\n",
    "buildMetadata: [transformerAnnotations]\n",
    "patchesJson6902: [{target: {version: v1, kind: Service, name: svc}, patch: '- {op: add, path: /spec/x, value: y}'}]\n",
    "vars: [{name: V, objref: {apiVersion: v1, kind: Service, name: svc}}]\n",
];

const CONFIGURATIONS: &[&str] = &[
    "images: [{path: spec/image, kind: Thing}]\n",
    "namespace: [{path: spec/ref/namespace, kind: Thing}, {path: spec/ns, create: true, kind: Thing}]\n",
    "replicas: [{path: spec/replicas, kind: Thing, create: true}]\n",
    "namePrefix: [{path: metadata/name, kind: Thing}, {path: spec/ref/name}]\n",
    "commonLabels: [{path: spec/sel, create: true, kind: Thing}]\n",
    "nameReference: [{kind: Service, version: v1, fieldSpecs: [{path: spec/ref/name, kind: Thing}]}]\n",
];

const PLUGINS: &[&str] = &[
    "kind: NamespaceTransformer\nmetadata: {name: n, namespace: plugged}\nunsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts\nfieldSpecs: [{path: metadata/namespace, create: true}]\n",
    "kind: NamespaceTransformer\nmetadata: {name: n, namespace: plugged}\nsetRoleBindingSubjects: none\nfieldSpecs: [{path: metadata/namespace, create: true}]\n",
    "kind: PrefixTransformer\nmetadata: {name: n}\nprefix: pp-\nfieldSpecs: [{path: metadata/name}]\n",
    "kind: LabelTransformer\nmetadata: {name: n}\nlabels: {pl: x}\nfieldSpecs: [{path: metadata/labels, create: true}, {path: spec/template/metadata/labels, create: true}]\n",
    "kind: ImageTagTransformer\nmetadata: {name: n}\nimageTag: {name: nginx, newTag: plugged}\nfieldSpecs: [{path: 'spec/template/spec/containers[]/image'}, {path: spec/image}]\n",
    "kind: ValueAddTransformer\nmetadata: {name: n}\nvalue: added\ntargets: [{fieldPath: metadata/labels/added}, {selector: {kind: Thing}, fieldPath: spec/image, filePathPosition: 1}]\n",
    "kind: PatchTransformer\nmetadata: {name: n}\ntarget: {kind: Thing}\npatch: '- {op: add, path: /spec/p, value: q}'\n",
];

pub(crate) fn tree(draw: &mut Draw) -> Tree {
    let mut tree = Tree::default();
    let mut below = None;
    for name in layers(draw) {
        let mut text = tree.resources(name, below.replace(name), || {
            let objects = draw.some(OBJECTS, 40).join("\n---\n") + "\n";
            objects.replace("NS", draw.pick(&["one", "two", "default"]))
        });
        for field in draw.some(FIELDS, 15) {
            let key = field.split_inclusive(':').next().unwrap();
            if !text.lines().any(|line| line.starts_with(key)) {
                text.push_str(field);
            }
        }
        if draw.chance(30) {
            tree.add(format!("{name}/conf.yaml"), draw.pick(CONFIGURATIONS));
            text.push_str("configurations: [conf.yaml]\n");
        }
        if draw.chance(25) {
            let plugin = format!("apiVersion: builtin\n{}", draw.pick(PLUGINS));
            if draw.chance(50) {
                tree.add(format!("{name}/plugin.yaml"), plugin);
                text.push_str("transformers: [plugin.yaml]\n");
            } else {
                write!(text, "transformers:\n- |\n{}", indented(&plugin, 2)).unwrap();
            }
        }
        tree.add(format!("{name}/kustomization.yaml"), text);
    }
    tree
}
