//! The steps of a build, as an [`Observer`] is told of them.

use std::path::Path;

use kustom_yaml::Text;
use kustom_yaml::place::Span;

use crate::kustomization::Patch;
use crate::resource::{Resource, Resources};

/// What a step does, by the name of the plugin that kustomize does it with where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// The objects of a file, or of a base, joined what was gathered.
    Resources,
    /// `configMapGenerator`.
    ConfigMapGenerator,
    /// `secretGenerator`.
    SecretGenerator,
    /// `helmCharts`.
    HelmChartInflationGenerator,
    /// A plugin in `generators`.
    Generator,
    /// `patchesStrategicMerge`, all entries at once.
    PatchStrategicMergeTransformer,
    /// An entry of `patches`.
    PatchTransformer,
    /// `namespace`.
    NamespaceTransformer,
    /// `namePrefix`.
    PrefixTransformer,
    /// `nameSuffix`.
    SuffixTransformer,
    /// An entry of `labels`, or `commonLabels`.
    LabelTransformer,
    /// `commonAnnotations`.
    AnnotationsTransformer,
    /// An entry of `patchesJson6902`.
    PatchJson6902Transformer,
    /// An entry of `replicas`.
    ReplicaCountTransformer,
    /// An entry of `images`; all of them have run before the first is told.
    ImageTagTransformer,
    /// An entry of `replacements`; once more without a place, after all of them.
    ReplacementTransformer,
    /// A plugin in `transformers`.
    Transformer,
    /// Content hashes were added to names.
    HashTransformer,
    /// References followed the names.
    NameReferenceTransformer,
    /// Variables were replaced.
    RefVarTransformer,
    /// Objects for this build alone (`config.kubernetes.io/local-config`) were dropped.
    LocalConfig,
    /// The objects were put in order.
    SortOrder,
    /// Annotations of the build were taken away, and labels and origins that are asked for added.
    Annotations,
    /// After the build: placeholders took the place of encrypted values.
    Decryption,
    /// After the build: variables were substituted.
    Substitution,
    /// After the build: labels and annotations of all objects were set.
    CommonMetadata,
    /// After the build: objects without a namespace got that of a destination.
    Destination,
    /// After the build: charts of releases made objects.
    Releases,
}

impl StepKind {
    /// The name of kustomize's plugin, under which an origin is recorded.
    pub(super) fn plugin(self) -> String {
        format!("{self:?}")
    }
}

/// A step that has run.
#[derive(Clone, Copy, Debug)]
pub struct Step<'s> {
    /// What it does.
    pub kind: StepKind,
    /// Where its entry stands; the default where it is no entry of a kustomization.
    pub span: Span,
    /// The directory of the kustomization that asks for it.
    pub directory: &'s Path,
    /// The patches that were applied, if it is a step of patches.
    pub patches: StepPatches<'s>,
}

/// The patches of a step, as the kustomization names or holds them.
#[derive(Clone, Copy, Debug, Default)]
pub enum StepPatches<'s> {
    /// The step is none of patches.
    #[default]
    Nothing,
    /// An entry of `patches` or `patchesJson6902`.
    Patch(&'s Patch),
    /// The entries of `patchesStrategicMerge`: each a file, or a patch.
    Patches(&'s [Text]),
}

impl StepPatches<'_> {
    /// Where the entry stands, if it is one.
    pub(super) fn span(self) -> Span {
        match self {
            Self::Patch(patch) => patch.span,
            Self::Patches(_) | Self::Nothing => Span::default(),
        }
    }
}

/// Is told of every step of a build after it has run.
///
/// Steps come in the order in which they run, those of a base before those of what builds on it.
/// The resources are those that the kustomization of the step has gathered so far.
pub trait Observer: Send {
    /// Hears that a build begins; what it has heard of an earlier one does not count.
    fn start(&mut self) {}

    /// Whether it looks at objects. One that does not hears of the steps of a base that was made
    /// before, with the objects that all of them have left.
    fn sees_objects(&self) -> bool {
        true
    }

    /// Hears of a step, and sees what it has left.
    fn after(&mut self, step: &Step<'_>, resources: &Resources);

    /// Hears of a step that comes after the build, and sees what it has left of the output.
    fn after_build(&mut self, _step: &Step<'_>, _resources: &[Resource]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Options, build, build_observed};
    use crate::load::Memory;

    /// The steps, and how many objects each left.
    #[derive(Default)]
    struct Seen(Vec<(StepKind, String, u32, usize)>);

    impl Observer for Seen {
        fn after(&mut self, step: &Step<'_>, resources: &Resources) {
            let directory = step.directory.display().to_string();
            let count = resources.iter().count();
            self.0.push((step.kind, directory, step.span.line, count));
        }
    }

    #[test]
    fn each_step_is_told_where_it_stands() {
        let mut files = Memory::default();
        for (path, text) in [
            (
                "/base/kustomization.yaml",
                "resources:\n- map.yaml\nnamePrefix: a-\n",
            ),
            (
                "/base/map.yaml",
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}",
            ),
            (
                "/part/kustomization.yaml",
                "kind: Component\nnameSuffix: -z\n",
            ),
            (
                "/app/kustomization.yaml",
                "resources: [../base]\ncomponents: [../part]\nconfigMapGenerator:\n- name: made\n\
                 patches:\n- target: {kind: ConfigMap, name: map}\n  patch: '- {op: remove, path: /x}'\n\
                 images:\n- name: x\n  newTag: v2\n",
            ),
        ] {
            files.insert(path, text);
        }
        let options = Options::default();
        let (root, app) = (Path::new("/"), Path::new("app"));
        let mut seen = Seen::default();
        let result = build_observed(&files, root, app, &options, &|_, _| {}, Some(&mut seen));
        // What ran before an error was told.
        assert!(result.is_err() && !seen.0.is_empty());
        files.insert(
            "/base/map.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}, x: y}",
        );
        let mut seen = Seen::default();
        let observed =
            build_observed(&files, root, app, &options, &|_, _| {}, Some(&mut seen)).unwrap();
        let plain = build(&files, root, app, &options).unwrap();
        assert_eq!(observed.to_yaml().unwrap(), plain.to_yaml().unwrap());
        let told: Vec<_> = seen
            .0
            .iter()
            .map(|(kind, directory, line, count)| (*kind, directory.as_str(), *line, *count))
            .collect();
        assert_eq!(
            told,
            [
                (StepKind::Resources, "/base", 2, 1),
                (StepKind::PrefixTransformer, "/base", 3, 1),
                (StepKind::Resources, "/app", 1, 1),
                (StepKind::ConfigMapGenerator, "/app", 4, 2),
                (StepKind::SuffixTransformer, "/part", 2, 2),
                (StepKind::PatchTransformer, "/app", 6, 2),
                (StepKind::ImageTagTransformer, "/app", 9, 2),
                (StepKind::HashTransformer, "/app", 0, 2),
                (StepKind::NameReferenceTransformer, "/app", 0, 2),
                (StepKind::RefVarTransformer, "/app", 0, 2),
                (StepKind::LocalConfig, "/app", 0, 2),
                (StepKind::SortOrder, "/app", 0, 2),
                (StepKind::Annotations, "/app", 0, 2),
            ]
        );
    }
}
