//! Each row of the table of releases, by a tree whose bytes only that row changes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kustom::build::{Options, build};
use kustom::check::{Output, Target, Verdict, compare_releases};
use kustom::load::Disk;
use kustom::place::Place;
use kustom::release::{Change, Release};
use kustom::report::Check;

/// A kustomization, the objects of `all.yaml` beside it, and the object that differs.
type Example = (&'static str, &'static str, &'static str);

fn example(change: Change) -> Example {
    match change {
        Change::AdmissionPolicyReference => (
            "namePrefix: a-\n",
            "{apiVersion: admissionregistration.k8s.io/v1beta1, kind: ValidatingAdmissionPolicy, metadata: {name: p}}\n\
             ---\n{apiVersion: admissionregistration.k8s.io/v1beta1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: b}, spec: {policyName: p}}\n",
            "ValidatingAdmissionPolicyBinding a-b",
        ),
        Change::ListWithoutItems => (
            "",
            "{apiVersion: example.com/v1, kind: NameList, metadata: {name: l}}\n",
            "NameList l",
        ),
        Change::CoreNamespaceFirst => (
            "",
            "{apiVersion: example.com/v1, kind: Namespace, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n",
            "objects are in another order",
        ),
        Change::ImageVolumes => (
            "images: [{name: web, newTag: v2}]\n",
            "{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {volumes: [{name: v, image: {reference: web}}]}}\n",
            "Pod w",
        ),
        Change::HelmNamespace => (
            "namespace: shop\nhelmCharts: [{name: small, releaseName: r}]\n",
            "{apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
            "from-chart",
        ),
        Change::ReplacementPatterns => (
            "replacements:\n- sourceValue: new\n  targets:\n  - {select: {kind: ConfigMap, name: a.b}, fieldPaths: [data.k]}\n",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: axb}, data: {k: v}}\n---\n\
             {apiVersion: v1, kind: ConfigMap, metadata: {name: a.b}, data: {k: v}}\n",
            "ConfigMap axb",
        ),
        Change::PatchOptions => (
            "patches:\n- target: {kind: ConfigMap}\n  patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: n}}'\n  options: {ALLOWNAMECHANGE: true}\n",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n",
            "ConfigMap m",
        ),
        Change::AdmissionPolicyScope => (
            "namespace: shop\n",
            "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}}\n",
            "ValidatingAdmissionPolicy",
        ),
        Change::CronJobImageVolumes => (
            "images: [{name: web, newTag: v2}]\n",
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {spec: {volumes: [{name: v, image: {reference: web}}]}}}}}}\n",
            "CronJob c",
        ),
        Change::ClaimTemplateLabels => (
            "labels: [{pairs: {team: red}, includeTemplates: true}]\n",
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {volumeClaimTemplates: [{metadata: {name: d}}]}}\n",
            "StatefulSet db",
        ),
        Change::AnyDigest => (
            "images: [{name: web, newTag: v2}]\n",
            "{apiVersion: v1, kind: Pod, metadata: {name: w}, spec: {containers: [{name: c, image: 'web@sha512:0f'}]}}\n",
            "Pod w",
        ),
        Change::SecretStringData => (
            "secretGenerator: [{name: s, behavior: merge, literals: [b=2]}]\n",
            "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: nobody-shall-see}}\n",
            "Secret s",
        ),
        Change::EmbeddedFieldOptions => (
            "replacements:\n- sourceValue: new\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: ['data.text.k']\n    options: {delimiter: '-', index: 1}\n",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {text: 'k: a-b'}}\n",
            "ConfigMap m",
        ),
        Change::AmbiguousDirectories => (
            "components: [a..b]\n",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n",
            "refused since",
        ),
    }
}

/// A chart that makes the same of everything: it names no namespace.
const HELM: &str = "#!/bin/sh\n\
    case \"$1\" in version) echo v3.14.0;;\n\
    *) echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: from-chart}}';; esac\n";

/// Findings of a directory between two releases.
fn compared(
    directory: &Path,
    from: Release,
    to: Release,
) -> (Vec<kustom::finding::Finding>, Verdict) {
    let mut options = Options::default();
    options.plugins.helm.enabled = true;
    options.plugins.helm.command = directory.join("helm").into();
    let target = Target {
        name: "app".to_owned(),
        file: "kustomization.yaml".to_owned(),
        releases: (from, to),
        build: Box::new(|release| {
            let options = Options {
                release,
                ..options.clone()
            };
            let built = build(&Disk, directory, Path::new("."), &options)?;
            let text = built.to_yaml()?;
            let sources = built.sources;
            Ok(Output {
                resources: built.resources,
                text,
                place: Box::new(move |span| Some(Place::in_file(sources.name(span)?, span))),
            })
        }),
    };
    let (suite, verdict) = compare_releases(&[target]).pop().unwrap();
    let findings = suite.checks.iter().flat_map(Check::findings);
    (findings.cloned().collect(), verdict)
}

fn laid_out(change: Change) -> tempfile::TempDir {
    let (kustomization, objects, _) = example(change);
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "kustomization.yaml",
        &format!("resources: [all.yaml]\n{kustomization}"),
    );
    write("all.yaml", objects);
    write(
        "a..b/kustomization.yaml",
        "{kind: Component, apiVersion: kustomize.config.k8s.io/v1alpha1, namePrefix: c-}\n",
    );
    write("charts/small/Chart.yaml", "{name: small, version: 1.0.0}\n");
    write("charts/small/values.yaml", "{}\n");
    write("helm", HELM);
    let program = directory.path().join("helm");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

#[test]
fn a_difference_is_put_down_to_its_row_and_no_other() {
    for change in Change::ALL {
        let directory = laid_out(change);
        let path = directory.path().canonicalize().unwrap();
        let (findings, verdict) = compared(&path, Release::KNOWN[0], Release::NEWEST);
        assert_eq!(verdict, Verdict::Differs, "{change:?}");
        for finding in &findings {
            let message = &finding.message;
            assert!(message.contains(change.summary()), "{change:?}: {message}");
            assert!(!format!("{finding:?}").contains("nobody-shall-see"));
            // What a chart makes is in no file.
            let has_place = finding.place.as_ref().is_some_and(|it| it.file.is_some());
            assert!(
                has_place || change == Change::HelmNamespace,
                "{change:?}: {message}"
            );
        }
        let what = example(change).2;
        let told = findings
            .iter()
            .any(|finding| finding.message.contains(what));
        assert!(told, "{change:?}: {findings:#?}");
    }
}

#[test]
fn what_a_row_changes_is_the_same_before_it_and_after_it() {
    for change in Change::ALL {
        let directory = laid_out(change);
        let path = directory.path().canonicalize().unwrap();
        let before = Release::before(change).unwrap();
        let after = Release::KNOWN
            .into_iter()
            .find(|it| it.has(change))
            .unwrap();
        let (earlier, verdict) = compared(&path, Release::KNOWN[0], before);
        assert_eq!(verdict, Verdict::Same, "{change:?}: {earlier:?}");
        assert_eq!(
            compared(&path, before, after).1,
            Verdict::Differs,
            "{change:?}"
        );
        // The order in which they are named makes no difference.
        assert_eq!(
            compared(&path, after, before).1,
            Verdict::Differs,
            "{change:?}"
        );
        // What is refused is refused from then on.
        let wanted = match change {
            Change::AmbiguousDirectories => Verdict::Unbuilt,
            _ => Verdict::Same,
        };
        assert_eq!(compared(&path, after, after).1, wanted, "{change:?}");
        let (later, verdict) = compared(&path, after, Release::NEWEST);
        assert_eq!(verdict, wanted, "{change:?}: {later:?}");
    }
}
