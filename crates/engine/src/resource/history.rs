//! The history of a resource: previous ids, generator behavior, origin, and what later steps must
//! know.
//!
//! None of it is ever written into the user's annotations. An input that carries kustomize's own
//! bookkeeping annotations is understood: they are read once and taken away.

use kustom_yaml::{Entry, Node, Str};

use super::{Origin, RareList};
use crate::id::{Gvk, Id};

/// The changes of a resource since it was read or generated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The names it had, the oldest first.
    pub previous: Vec<PreviousId>,
    /// The prefixes it was given, the innermost first.
    pub prefixes: Vec<Str>,
    /// The suffixes it was given, the innermost first.
    pub suffixes: RareList<Str>,
    /// The bases that it came through, the innermost first, as numbers of one build; only if kinds
    /// are known besides those of kustomize.
    pub bases: RareList<u32>,
    /// The `behavior` that the generator of this asked for, if one made it.
    pub behavior: Behavior,
    /// Whether its name will get a hash of its content.
    pub needs_hash: bool,
    /// Whether it may rename its target, if it is a patch.
    pub may_rename: bool,
    /// Whether it may change the kind of its target, if it is a patch.
    pub may_change_kind: bool,
    /// Whether a helm chart made it; the namespace field then leaves it alone.
    pub from_helm: bool,
    /// The names of the `vars` that take their value from it.
    pub vars: RareList<Str>,
    /// Where it came from, where that is tracked.
    pub origin: Option<Box<Origin>>,
    /// The transformers that changed it, if they are tracked.
    pub transformations: RareList<Origin>,
    /// The bookkeeping annotations it was read with and where they stood among the others, if it
    /// is to get a hash: the hash of an object without data covers them.
    pub read_with: RareList<(usize, Entry)>,
    /// What a substitution of variables put into it that comes from Secrets.
    pub secrets: RareList<String>,
}

/// An earlier name of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousId {
    /// The name it had.
    pub name: Str,
    /// The effective namespace it had.
    pub namespace: Str,
    /// The kind it had.
    pub kind: Str,
}

/// The way in which a generated object meets one of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// It was not generated.
    #[default]
    None,
    /// Nothing was said, or a word that means nothing: as [`Behavior::Create`].
    Unspecified,
    /// `create`: there must be none.
    Create,
    /// `replace`: it takes the other's place.
    Replace,
    /// `merge`: its data goes into the other's.
    Merge,
}

impl Behavior {
    /// The behaviour that a word asks for.
    pub fn from_word(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None | Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

impl History {
    /// Records the id that a resource is about to lose.
    pub fn remember(&mut self, id: &Id) {
        if self.previous.is_empty() {
            // Most are renamed or moved once.
            self.previous.reserve_exact(1);
        }
        self.previous.push(PreviousId {
            name: id.name.clone(),
            namespace: id.effective_namespace().into(),
            kind: id.gvk.kind.clone(),
        });
    }

    /// The earlier ids, the oldest first, with the group and version of today.
    pub fn ids<'h>(&'h self, current: &'h Gvk) -> impl DoubleEndedIterator<Item = Id> + 'h {
        self.previous.iter().map(|former| Id {
            gvk: Gvk {
                kind: former.kind.clone(),
                ..current.clone()
            },
            name: former.name.clone(),
            namespace: former.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// Kustomize's bookkeeping annotations, as a plugin of others expects them.
    pub fn annotations(&self) -> Vec<(String, String)> {
        let mut list = Vec::new();
        let mut add = |name: &str, value: String| list.push((format!("{INTERNAL}{name}"), value));
        if !self.previous.is_empty() {
            let joined = |part: fn(&PreviousId) -> &Str| {
                self.previous
                    .iter()
                    .map(|former| part(former).as_str())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            add("previousNames", joined(|former| &former.name));
            add("previousNamespaces", joined(|former| &former.namespace));
            add("previousKinds", joined(|former| &former.kind));
        }
        for (name, words) in [
            ("prefixes", &self.prefixes[..]),
            ("suffixes", &self.suffixes),
        ] {
            if !words.is_empty() {
                add(name, words.join(","));
            }
        }
        if self.behavior != Behavior::None {
            add("generatorBehavior", self.behavior.word().to_owned());
        }
        for (name, flag, word) in [
            ("needsHashSuffix", self.needs_hash, "enabled"),
            ("allowNameChange", self.may_rename, "enabled"),
            ("allowKindChange", self.may_change_kind, "enabled"),
            ("helm-generated", self.from_helm, "true"),
        ] {
            if flag {
                add(name, word.to_owned());
            }
        }
        list
    }

    /// Whether kustomize would have left its notes among the annotations.
    pub fn leaves_traces(&self) -> bool {
        self.needs_hash
            || self.behavior != Behavior::None
            || !(self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty())
    }

    /// Whether it is tracked where it came from.
    pub(crate) fn is_tracked(&self) -> bool {
        self.origin.is_some() || !self.transformations.is_empty()
    }

    /// Forgets where it came from, as when its annotations are replaced.
    pub(crate) fn forget_origin(&mut self) {
        self.origin = None;
        self.transformations.clear();
    }

    /// Takes kustomize's bookkeeping out of the annotations of a freshly read resource.
    pub(super) fn take_from(node: &mut Node) -> Self {
        let mut history = Self::default();
        let Some(entries) = node
            .at_mut(&["metadata", "annotations"])
            .and_then(Node::entries_mut)
        else {
            return history;
        };
        let is_ours = |entry: &Entry| entry.key.text().is_some_and(|key| kept(key).is_some());
        if !entries.iter().any(is_ours) {
            return history;
        }
        let mut formers = [const { Vec::new() }; 3];
        let mut read_with = Vec::new();
        let mut position = 0;
        entries.retain(|entry| {
            position += 1;
            let Some(name) = entry.key.text().and_then(kept) else {
                return true;
            };
            let value = entry.value.text().unwrap_or_default();
            let list = || value.split(',').map(Str::from).collect::<Vec<_>>();
            match name {
                "previousNames" => formers[0] = list(),
                "previousNamespaces" => formers[1] = list(),
                "previousKinds" => formers[2] = list(),
                "prefixes" => history.prefixes = list(),
                "suffixes" => history.suffixes = list().into(),
                "generatorBehavior" => history.behavior = Behavior::from_word(value),
                "needsHashSuffix" => history.needs_hash = value == "enabled",
                "allowNameChange" => history.may_rename = value == "enabled",
                "allowKindChange" => history.may_change_kind = value == "enabled",
                "helm-generated" => history.from_helm = value == "true",
                _ => {}
            }
            read_with.push((position - 1, entry.clone()));
            false
        });
        if history.needs_hash {
            history.read_with = read_with.into();
        }
        let [names, namespaces, kinds] = formers;
        history.previous = names
            .into_iter()
            .zip(namespaces)
            .zip(kinds)
            .map(|((name, namespace), kind)| PreviousId {
                name,
                namespace,
                kind,
            })
            .collect();
        history
    }
}

/// The short name of a bookkeeping annotation that kustomize takes away before it prints.
fn kept(key: &str) -> Option<&str> {
    if matches!(
        key,
        "config.kubernetes.io/index" | "config.kubernetes.io/path" | "config.k8s.io/id"
    ) {
        return Some(key);
    }
    let name = key.strip_prefix(INTERNAL)?;
    KEPT.contains(&name).then_some(name)
}

/// The prefix of kustomize's bookkeeping annotations.
const INTERNAL: &str = "internal.config.kubernetes.io/";

/// Kustomize's bookkeeping annotations, without what they all begin with.
const KEPT: [&str; 16] = [
    "previousKinds",
    "previousNames",
    "prefixes",
    "suffixes",
    "previousNamespaces",
    "allowNameChange",
    "allowKindChange",
    "refBy",
    "generatorBehavior",
    "needsHashSuffix",
    "path",
    "index",
    "seqindent",
    "id",
    "annotations-migration-resource-id",
    "helm-generated",
];
