//! Bases that builds share: many environments at once come to what each comes to alone, and a base
//! that a build names several times to what several copies of it come to.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustom::build::{self, build};
use kustom::check::{CheckContext, Checked, environment};
use kustom::error::Result;
use kustom::load::{Accesses, Memory};
use kustom::project::{Options, Project, Rendered, render, render_many};

/// How many trees are drawn.
const TREES: u64 = 40;

/// How many environments each has.
const ENVIRONMENTS: usize = 5;

const ROOT: &str = "/project";

/// Numbers that look drawn and are the same at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }
}

/// Fields of a kustomization that any layer may have; some are mistakes now and then.
fn fields(dice: &mut Dice, layer: &str, text: &mut String) {
    let mut add = |times: usize, field: &str| {
        if dice.once_in(times) {
            text.push_str(&field.replace("LAYER", layer));
            text.push('\n');
        }
    };
    add(4, "nameSuffix: -z");
    add(4, "namespace: space-LAYER");
    add(
        3,
        "labels: [{pairs: {layer: LAYER}, includeSelectors: true}, {pairs: {of: LAYER}}]",
    );
    add(4, "commonAnnotations: {by: LAYER}");
    // Not every layer has an object with this image.
    add(3, "images: [{name: web, newTag: LAYER}]");
    add(5, "generatorOptions: {labels: {made: LAYER}}");
    add(
        6,
        "buildMetadata: [originAnnotations, transformerAnnotations]",
    );
    add(6, "sortOptions: {order: fifo}");
    add(
        4,
        "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'\n\
         - patch: '{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {type: LAYER}}'\n  \
         target: {kind: Service}\n\
         - patch: '{apiVersion: example.com/v1, kind: Thing, metadata: {name: thing}, spec: {list: [{key: b, \
         by: LAYER}]}}'\n  target: {kind: Thing}",
    );
    add(
        60,
        "replacements:\n- source: {kind: Service, fieldPath: metadata.name}\n  targets:\n  - select: \
         {kind: Deployment}\n    fieldPaths: [spec.serviceName]\n    options: {create: true}",
    );
    add(60, "replicas: [{name: app, count: 3}]");
    add(60, "unknown: field");
    add(60, "crds: [definitions.json]");
    add(
        60,
        "vars: [{name: APP, objref: {apiVersion: v1, kind: Service, name: app}}]",
    );
}

/// Objects of a layer, which refer to each other.
fn objects(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{name}}}\nspec:\n  replicas: 1\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a}}}}\n    \
         spec:\n      containers:\n      - name: c\n        image: web\n        \
         args: [web, '$(APP)', '${{LEFT}}', 2024-01-01]\n        \
         envFrom: [{{configMapRef: {{name: settings-{name}}}}}]\n---\napiVersion: v1\nkind: Service\n\
         metadata: {{name: app-{name}}}\nspec: {{selector: {{app: a}}}}\n---\napiVersion: v1\n\
         kind: ConfigMap\nmetadata: {{name: settings-{name}}}\ndata: {{k: {name}}}\n---\n\
         apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: thing-{name}}}\n\
         spec: {{list: [{{key: a}}, {{key: b}}]}}\n---\napiVersion: keda.sh/v1alpha1\n\
         kind: ScaledObject\nmetadata: {{name: scale-{name}}}\n\
         spec: {{scaleTargetRef: {{name: app-{name}}}}}\n"
    )
}

/// What an environment may say of custom kinds: lists of a Thing merge by a key.
fn openapi(key: &str) -> String {
    format!(
        r#"{{"definitions": {{"com.example.v1.Thing": {{
            "x-kubernetes-group-version-kind": [{{"group": "example.com", "version": "v1", "kind": "Thing"}}],
            "properties": {{"spec": {{"properties": {{"list": {{
                "type": "array", "items": {{"type": "object"}},
                "x-kubernetes-patch-merge-key": "{key}", "x-kubernetes-patch-strategy": "merge"}}}}}}}}}}}}}}"#
    )
}

/// A definition of a Thing, which lives in no namespace.
const DEFINITION: &str = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
    metadata: {name: things.example.com}, spec: {group: example.com, scope: Cluster, names: \
    {kind: Thing, plural: things}, versions: [{name: v1, served: true, storage: true}]}}\n---\n";

/// The kustomization of a base that builds on some of those before it.
fn base(dice: &mut Dice, number: usize, files: &mut Memory) -> String {
    let layer = format!("b{number}");
    let mut text = String::from("resources:\n- own.yaml\n");
    for lower in (0..number).filter(|_| dice.once_in(2)) {
        writeln!(text, "- ../b{lower}").unwrap();
    }
    if dice.once_in(5) {
        text.push_str("- made.yaml\n");
        files.insert(
            format!("{ROOT}/{layer}/made.yaml.j2"),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: made}, data: {of: '{{ who }}'}}\n",
        );
    }
    if dice.once_in(4) {
        text.push_str("components: [../part]\n");
    }
    // Without it some names are there twice.
    if !dice.once_in(8) {
        writeln!(text, "namePrefix: {layer}-").unwrap();
    }
    match dice.roll(6) {
        0 => writeln!(
            text,
            "secretGenerator: [{{name: token-{layer}, files: [secrets/token]}}]"
        )
        .unwrap(),
        1 => writeln!(
            text,
            "configMapGenerator: [{{name: settings-{layer}, behavior: merge, literals: [a=b]}}]"
        )
        .unwrap(),
        _ => {}
    }
    fields(dice, &layer, &mut text);
    text
}

/// A project of bases that build on each other, and environments that build on them.
fn project(dice: &mut Dice) -> Memory {
    let mut files = Memory::default();
    for (path, text) in [
        ("kustom.yaml", "kubernetesVersions: ['1.34']\n"),
        ("secrets-boilerplate/token", "# Ask for it.\nCHANGE_ME\n"),
        (
            "part/kustomization.yaml",
            "kind: Component\nresources: [../parts]\ncommonLabels: {part: 'yes'}\n",
        ),
        ("parts/kustomization.yaml", "resources: [role.yaml]\n"),
        (
            "parts/role.yaml",
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: role}}\n",
        ),
    ] {
        files.insert(format!("{ROOT}/{path}"), text);
    }
    let bases = 2 + dice.roll(4);
    for number in 0..bases {
        let text = base(dice, number, &mut files);
        let directory = format!("{ROOT}/b{number}");
        files.insert(format!("{directory}/kustomization.yaml"), text);
        let broken = if dice.once_in(60) { "kind: [\n" } else { "" };
        let own = objects(&format!("b{number}")) + broken;
        let own = match number == 0 && dice.once_in(2) {
            true => format!("{DEFINITION}{own}"),
            false => own,
        };
        files.insert(format!("{directory}/own.yaml"), own);
    }
    for number in 0..ENVIRONMENTS {
        let layer = format!("e{number}");
        let mut text = String::from("resources:\n");
        for base in (0..bases).rev() {
            if base + 1 == bases || dice.once_in(4) {
                writeln!(text, "- ../../b{base}").unwrap();
            }
        }
        fields(dice, &layer, &mut text);
        let directory = format!("{ROOT}/environments/{layer}");
        match dice.roll(5) {
            0 => {
                text.push_str("openapi: {path: schema.json}\n");
                let keys = ["key", "key", "key", "other"];
                let document = match dice.once_in(20) {
                    true => "{".to_owned(),
                    false => openapi(keys[dice.roll(4)]),
                };
                files.insert(format!("{directory}/schema.json"), document);
            }
            1 => text.push_str("openapi: {version: v1.21.2}\n"),
            _ => {}
        }
        files.insert(format!("{directory}/kustomization.yaml"), text);
        let mut settings = format!("values: {{who: w{}}}\n", dice.roll(2));
        let secrets = ["placeholder", "placeholder", "omit", "required"][dice.roll(4)];
        writeln!(settings, "secrets: {secrets}").unwrap();
        for (times, field) in [
            (
                4,
                "scripts: [{file: ../../b0/own.yaml, expression: '.metadata.labels.own = \"e\"'}]\n",
            ),
            (4, "images: [{name: web, newTag: v9}]\n"),
            (3, "customKinds: true\n"),
            (20, "strict: true\n"),
        ] {
            if dice.once_in(times) {
                settings.push_str(field);
            }
        }
        files.insert(format!("{directory}/environment.yaml"), settings);
    }
    // Some secrets are filled in, for all that build on the base.
    if dice.once_in(2) {
        let path = format!("{ROOT}/b{}/secrets/token", dice.roll(bases));
        files.insert(path, "t\n");
    }
    files
}

/// All that is told of a render, as text.
fn told(rendered: &Result<Rendered>) -> String {
    match rendered {
        Ok(rendered) => format!("{}\n{:#?}", rendered.text, rendered.findings),
        Err(error) => format!("{error:?}"),
    }
}

fn checked(one: &Checked) -> (String, String, BTreeMap<PathBuf, Accesses>) {
    let suite = format!("{:#?}", one.suite);
    (told(&one.rendered), suite, one.accesses.clone())
}

#[test]
fn many_environments_are_what_each_is_alone() {
    let root = Path::new(ROOT);
    let (mut sound, mut all) = (0, 0);
    for seed in 0..TREES {
        let files = project(&mut Dice(seed));
        let project = Project::find(&files, root).unwrap();
        let names = project.names(&files);
        // A render by itself shares nothing then.
        let options = Options {
            lint: true,
            ..Options::default()
        };
        let take = |_: &_, rendered| Ok(rendered);
        let many = render_many(&files, root, &project, &names, &options, &take, &|_| {}).unwrap();
        for (name, together) in &many.each {
            let environment = project.environment(&files, name).unwrap();
            let alone = render(&files, root, &project, &environment, &options);
            assert_eq!(told(together), told(&alone), "{seed}: {name}");
            all += 1;
            sound += usize::from(alone.is_ok());
        }
        let context = CheckContext {
            files: &files,
            project: &project,
            accesses: Arc::default(),
            tree: None,
            is_git_unread: false,
            prefix: String::new(),
            here: root,
            names,
            options: options.clone(),
            definitions: Vec::new(),
            done: &|_| {},
        };
        for together in context.environments() {
            let alone = environment(&files, root, &project, &together.name, &options, &[]);
            assert_eq!(
                checked(&together),
                checked(&alone),
                "{seed}: {}",
                alone.name
            );
        }
    }
    // Drawn mistakes leave enough to compare.
    assert!(sound * 3 > all && sound < all, "{sound} of {all}");
}

/// A base of several layers, and overlays of it: the base is named by each, or each has a copy.
fn overlays(dice: &mut Dice, copies: bool) -> Memory {
    let mut files = Memory::default();
    let count = 2 + dice.roll(4);
    let mut lower = String::from("resources: [own.yaml]\n");
    fields(dice, "lower", &mut lower);
    let mut upper = String::from("resources: [../lower]\nnamePrefix: up-\n");
    if dice.once_in(3) {
        upper.push_str(
            "configMapGenerator: [{name: settings-own, behavior: merge, literals: [c=d]}]\n",
        );
    }
    fields(dice, "upper", &mut upper);
    let own = objects("own");
    let mut all = String::from("resources:\n");
    let is_named = dice.once_in(3);
    for number in 0..count {
        let place = if copies {
            format!("copy{number}")
        } else {
            "copy".to_owned()
        };
        files.insert(format!("/{place}/lower/kustomization.yaml"), lower.as_str());
        files.insert(format!("/{place}/upper/kustomization.yaml"), upper.as_str());
        files.insert(format!("/{place}/lower/own.yaml"), own.as_str());
        let mut text = format!("resources: [../{place}/upper]\n");
        // One without a name of its own is in the way of another.
        if number > 0 || is_named {
            text.push_str(&format!("nameSuffix: -o{number}\n"));
        }
        if dice.once_in(3) {
            text.push_str("configMapGenerator: [{name: new, literals: [a=b]}]\n");
        }
        files.insert(format!("/o{number}/kustomization.yaml"), text);
        all.push_str(&format!("- ../o{number}\n"));
    }
    // One that names it without a layer between.
    if dice.once_in(2) {
        all.push_str(if copies {
            "- ../copy0/lower\n"
        } else {
            "- ../copy/lower\n"
        });
    }
    fields(dice, "all", &mut all);
    files.insert("/all/kustomization.yaml", all);
    files
}

#[test]
fn a_base_that_is_named_several_times_is_several_copies() {
    let mut sound = 0;
    let trees = 4 * TREES;
    for seed in 0..trees {
        let [shared, copied] = [false, true].map(|copies| {
            let files = overlays(&mut Dice(seed), copies);
            let built = build(
                &files,
                Path::new("/"),
                Path::new("all"),
                &build::Options::default(),
            );
            let mut told = match &built {
                Ok(built) => {
                    let mut numbers: Vec<u64> =
                        built.resources.iter().map(|one| one.number()).collect();
                    numbers.sort_unstable();
                    numbers.dedup();
                    assert_eq!(numbers.len(), built.resources.len());
                    format!("{}\n{:#?}", built.to_yaml().unwrap(), findings(built))
                }
                Err(error) => error.to_string(),
            };
            for number in 0..9 {
                told = told.replace(&format!("copy{number}"), "copy");
            }
            (told, built.is_ok())
        });
        assert_eq!(shared, copied, "{seed}");
        sound += u64::from(shared.1);
    }
    assert!(sound * 3 > trees && sound < trees, "{sound} of {trees}");
}

/// Findings as people see them: the numbers of files are of no interest.
fn findings(built: &build::Built) -> Vec<String> {
    let findings = built.findings.iter();
    let shown = |finding: &kustom::finding::Finding| {
        let place = finding.place.as_ref().map(ToString::to_string);
        format!("{} {place:?} {:?}", finding.message, finding.help)
    };
    findings.map(shown).collect()
}
