//! Generated kustomizations, built by us and by the real kustomize, byte for byte.
//!
//! It runs where a kustomize v5.8.2 or v5.8.3 is on the `PATH` or in the variable `KUSTOMIZE`, and says so
//! in one line where there is none. `DIFFERENTIAL_CASES` says how many trees are built, and
//! `DIFFERENTIAL_SEED` with which one it starts; a failure prints its seed and its tree.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kustom::build::{Options, build};
use kustom::load::Disk;

#[test]
fn generated_kustomizations_build_to_the_same_bytes() {
    let Some(kustomize) = kustomize() else {
        eprintln!("skipped: no kustomize v5.8.2 or v5.8.3 on the PATH or in KUSTOMIZE");
        return;
    };
    let number = |name: &str, otherwise: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (first, count) = (
        number("DIFFERENTIAL_SEED", 1),
        number("DIFFERENTIAL_CASES", 40),
    );
    let mut built = 0;
    for seed in first..first + count {
        let tree = Generator::new(seed).tree();
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for (name, content) in &tree {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let ours = build(&Disk, &root, Path::new("top"), &Options::default())
            .and_then(|built| built.to_yaml());
        let theirs = run(&kustomize, &root);
        built += usize::from(theirs.is_some());
        let same = match (&ours, &theirs) {
            (Ok(ours), Some(theirs)) => ours == theirs,
            (Err(_), None) => true,
            _ => false,
        };
        // What kustomize itself answers in another way each time says nothing about us.
        if !same && (0..3).all(|_| run(&kustomize, &root) == theirs) {
            panic!(
                "seed {seed}:\n{}{}",
                show(&tree),
                answers(&ours, theirs.as_deref())
            );
        }
    }
    eprintln!("differential: {count} trees, of which {built} build");
    assert!(
        built * 4 >= count as usize,
        "only {built} of {count} trees build at all"
    );
}

fn kustomize() -> Option<PathBuf> {
    let named = std::env::var_os("KUSTOMIZE").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("kustomize"));
    let output = Command::new(&program).arg("version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    // They differ in keys that are numbers or dates, of which no tree has any.
    ["5.8.2", "5.8.3"]
        .iter()
        .any(|release| version.contains(release))
        .then_some(program)
}

fn run(kustomize: &Path, root: &Path) -> Option<String> {
    let output = Command::new(kustomize)
        .args(["build", "top"])
        .current_dir(root)
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

fn show(tree: &[(String, String)]) -> String {
    tree.iter()
        .map(|(name, content)| format!("-- {name} --\n{content}"))
        .collect()
}

fn answers(ours: &kustom::error::Result<String>, theirs: Option<&str>) -> String {
    let ours = match ours {
        Ok(text) => text.clone(),
        Err(error) => format!("{error:#}\n"),
    };
    format!(
        "== ours ==\n{ours}== theirs ==\n{}",
        theirs.unwrap_or("refused\n")
    )
}

/// Makes trees out of a seed; the same seed makes the same tree.
struct Generator {
    state: u64,
}

const NAMES: [&str; 4] = ["web", "db", "app", "web-db"];
const NAMESPACES: [&str; 4] = ["", "default", "one", "two"];

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// A number below a limit, by xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.below(words.len())]
    }

    /// One to three layers: a base, perhaps a layer between, and the top.
    fn tree(&mut self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut below = vec![self.layer("base", &[], &mut files)];
        if self.chance(40) {
            below.push(self.layer("other", &[], &mut files));
        }
        if self.chance(50) {
            below = vec![self.layer("mid", &below, &mut files)];
        }
        self.layer("top", &below, &mut files);
        files
    }

    fn layer(&mut self, name: &str, below: &[String], files: &mut Vec<(String, String)>) -> String {
        let mut text = String::from("resources:\n");
        for base in below {
            writeln!(text, "- ../{base}").unwrap();
        }
        if below.is_empty() || self.chance(30) {
            writeln!(text, "- objects.yaml").unwrap();
            let objects = self.objects();
            files.push((format!("{name}/objects.yaml"), objects));
        }
        self.names(&mut text);
        self.labels(&mut text);
        self.generators(&mut text, !below.is_empty());
        self.patches(&mut text);
        self.small_operators(&mut text);
        files.push((format!("{name}/kustomization.yaml"), text));
        name.to_owned()
    }

    fn objects(&mut self) -> String {
        let count = 2 + self.below(4);
        let mut made = Vec::new();
        let mut documents = Vec::new();
        for _ in 0..count {
            let kind = self.below(9);
            let name = self.pick(&NAMES);
            let namespace = self.pick(&NAMESPACES);
            if made.contains(&(kind, name, namespace)) {
                continue;
            }
            made.push((kind, name, namespace));
            documents.push(self.object(kind, name, namespace));
        }
        documents.join("---\n")
    }

    fn object(&mut self, kind: usize, name: &str, namespace: &str) -> String {
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
        if self.chance(30) {
            text.push_str("  labels: {app: old, tier: \"1\"}\n");
        }
        let other = self.pick(&NAMES);
        let body = match kind_name {
            "Deployment" => self.workload(),
            "Service" => format!(
                "spec:\n  selector: {{app: {other}}}\n  ports:\n  - port: 80\n    name: http\n"
            ),
            "ConfigMap" => "data:\n  a: \"1\"\n  b: |\n    two\n    lines\n".to_owned(),
            "Secret" => "type: Opaque\ndata:\n  k: dg==\n".to_owned(),
            "RoleBinding" | "ClusterRoleBinding" => {
                let account = self.pick(&["default", "web", "db"]);
                let namespace = self.pick(&["", "    namespace: one\n", "    namespace: two\n"]);
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

    fn workload(&mut self) -> String {
        let (config, secret, account) = (
            self.pick(&NAMES),
            self.pick(&NAMES),
            self.pick(&["default", "web"]),
        );
        let image = self.pick(&["nginx", "nginx:1.0", "reg.io:5000/nginx@sha256:00", "app"]);
        let replicas = self.pick(&["", "  replicas: 1\n", "  replicas: \"1\"\n"]);
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

    fn names(&mut self, text: &mut String) {
        if self.chance(40) {
            writeln!(text, "namePrefix: {}", self.pick(&["p-", "x", "web-"])).unwrap();
        }
        if self.chance(25) {
            writeln!(text, "nameSuffix: {}", self.pick(&["-s", "-v1"])).unwrap();
        }
        if self.chance(12) {
            writeln!(
                text,
                "namespace: {}",
                self.pick(&["one", "two", "default", "new"])
            )
            .unwrap();
        }
    }

    fn labels(&mut self, text: &mut String) {
        if self.chance(35) {
            let selectors = self.pick(&["", "  includeSelectors: true\n"]);
            let templates = self.pick(&["", "  includeTemplates: true\n"]);
            write!(
                text,
                "labels:\n- pairs: {{app: new, \"n\": \"1\"}}\n{selectors}{templates}"
            )
            .unwrap();
        }
        if self.chance(20) {
            text.push_str("commonLabels: {owner: me}\n");
        }
        if self.chance(25) {
            text.push_str("commonAnnotations: {note: \"yes\", long: \"a: b\"}\n");
        }
    }

    fn generators(&mut self, text: &mut String, has_base: bool) {
        for (field, percent) in [("configMapGenerator", 50), ("secretGenerator", 30)] {
            if !self.chance(percent / 2) {
                continue;
            }
            let name = self.pick(&NAMES);
            writeln!(
                text,
                "{field}:\n- name: {name}\n  literals: [a={}, c=3]",
                self.below(3)
            )
            .unwrap();
            if has_base && self.chance(20) {
                writeln!(
                    text,
                    "  behavior: {}",
                    self.pick(&["merge", "merge", "replace", "create"])
                )
                .unwrap();
            }
            if self.chance(20) {
                writeln!(text, "  namespace: {}", self.pick(&["one", "two"])).unwrap();
            }
            if self.chance(20) {
                text.push_str("  options: {disableNameSuffixHash: true, labels: {g: h}}\n");
            }
        }
        if self.chance(15) {
            text.push_str("generatorOptions: {immutable: true, annotations: {by: us}}\n");
        }
    }

    fn patches(&mut self, text: &mut String) {
        if !self.chance(60) {
            return;
        }
        text.push_str("patches:\n");
        for _ in 0..=self.below(2) {
            let name = self.pick(&NAMES);
            let kind = self.pick(&["Deployment", "ConfigMap", "Thing", ".*Binding", "Service"]);
            let renamed;
            let patch = match self.below(8) {
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

    fn small_operators(&mut self, text: &mut String) {
        if self.chance(30) {
            let image = self.pick(&[
                "{name: nginx, newTag: \"2\"}",
                "{name: nginx, newName: other/nginx}",
                "{name: .*nginx, digest: \"sha256:11\"}",
                "{name: app, tagSuffix: -x}",
            ]);
            writeln!(text, "images:\n- {image}").unwrap();
        }
        if self.chance(10) {
            writeln!(
                text,
                "replicas:\n- {{name: {}, count: 5}}",
                self.pick(&NAMES)
            )
            .unwrap();
        }
        if self.chance(12) {
            let path = self.pick(&[
                "metadata.name",
                "data.a",
                "metadata.labels.app",
                "spec.ports.0.port",
            ]);
            let (kind, name) = (
                self.pick(&["ConfigMap", "Service", "Thing"]),
                self.pick(&NAMES),
            );
            let target = self.pick(&[
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
        if self.chance(10) {
            text.push_str("sortOptions: {order: fifo}\n");
        }
        if self.chance(10) {
            text.push_str("buildMetadata: [originAnnotations, transformerAnnotations]\n");
        }
    }
}
