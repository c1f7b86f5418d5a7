//! The releases of kustomize that can be followed, and the differences between them.
//!
//! A build follows the newest release unless it is told another one. Code that behaves differently
//! asks [`Release::has`] for the [`Change`] in question; [`Change::ALL`] lists them.
//! A change that only makes an older release refuse what a newer one accepts is not listed: there
//! are no bytes to reproduce.
//! Source: <https://github.com/kubernetes-sigs/kustomize/releases>.

use std::fmt;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind};

/// A release of kustomize.
///
/// # Example
///
/// ```
/// use kustom_engine::release::{Change, Release};
///
/// let older: Release = "5.8.1".parse()?;
/// assert!(older < Release::default());
/// assert!(!older.has(Change::AnyDigest));
/// assert_eq!(Release::default().to_string(), "v5.8.3");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    number: (u8, u8, u8),
    /// The changes that are left out, a bit for each.
    without: u16,
}

impl Release {
    /// The newest one: what a build follows by default.
    pub const NEWEST: Self = Self::numbered(5, 8, 3);

    /// The releases that can be asked for, the oldest first.
    ///
    /// v5.8.0 is none of them: it hands `namespace` down to every base, which no other release
    /// does, and no kubectl carries it.
    pub const KNOWN: [Self; 8] = [
        Self::numbered(5, 4, 2),
        Self::numbered(5, 4, 3),
        Self::numbered(5, 5, 0),
        Self::numbered(5, 6, 0),
        Self::numbered(5, 7, 1),
        Self::numbered(5, 8, 1),
        Self::numbered(5, 8, 2),
        Self::NEWEST,
    ];

    const fn numbered(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            number: (major, minor, patch),
            without: 0,
        }
    }

    /// Whether the release behaves as it does since a change.
    pub fn has(self, change: Change) -> bool {
        self.number >= change.since().number && self.without & change.bit() == 0
    }

    /// The same release without a change: what it prints otherwise is what the change does.
    #[must_use]
    pub fn without(self, change: Change) -> Self {
        Self {
            without: self.without | change.bit(),
            ..self
        }
    }

    /// The newest known release without a change, if one is known.
    pub fn before(change: Change) -> Option<Self> {
        let known = Self::KNOWN.into_iter().rev();
        known.into_iter().find(|release| !release.has(change))
    }
}

impl Default for Release {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.number;
        write!(f, "v{major}.{minor}.{patch}")
    }
}

impl std::str::FromStr for Release {
    type Err = Error;

    /// `5.8.1` or `v5.8.1`; `5.8` means the newest known v5.8.
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = text.strip_prefix('v').unwrap_or(text);
        let is_meant = |release: &Self| {
            let (major, minor, _) = release.number;
            release.to_string().cut(1..) == number || format!("{major}.{minor}") == number
        };
        let found = Self::KNOWN.into_iter().rev().find(is_meant);
        found.ok_or_else(|| {
            let known: Vec<String> = Self::KNOWN
                .iter()
                .map(|release| release.to_string().cut(1..).to_owned())
                .collect();
            let message = format!("`{text}` is not a known release of kustomize");
            Error::new(Kind::Kustomization, message)
                .help(format!("known releases are {}", known.join(", ")))
        })
    }
}

impl<'de> serde::Deserialize<'de> for Release {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: Error| serde::de::Error::custom(error.with_help()))
    }
}

/// Something that a release does differently from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `spec.policyName` of a `ValidatingAdmissionPolicyBinding` follows the name of its policy.
    AdmissionPolicyReference,
    /// An object whose kind ends in `List` and that has no `items` is kept.
    ListWithoutItems,
    /// Of two kinds `Namespace`, the one of the core group comes first.
    CoreNamespaceFirst,
    /// `images` rewrites `volumes[].image.reference`.
    ImageVolumes,
    /// Charts of `helmCharts` are given the namespace of the kustomization, and what they make is
    /// not moved to it.
    HelmNamespace,
    /// `select` and `reject` of replacements are regular expressions, not words.
    ReplacementPatterns,
    /// The keys of `options` of a patch are checked, and match in any case.
    PatchOptions,
    /// `ValidatingAdmissionPolicy` and its binding live outside of namespaces.
    AdmissionPolicyScope,
    /// `images` rewrites `volumes[].image.reference` in the pod template of a CronJob.
    CronJobImageVolumes,
    /// `labels[].includeTemplates` leaves `volumeClaimTemplates` alone.
    ClaimTemplateLabels,
    /// `images` matches digests of any algorithm, not only `@sha256:`.
    AnyDigest,
    /// A generated Secret that merges with one keeps the `stringData` of that.
    SecretStringData,
    /// Replacements into text in a scalar honour `delimiter` and `index`.
    EmbeddedFieldOptions,
    /// A directory with `..` inside a path segment is refused.
    AmbiguousDirectories,
}

impl Change {
    /// All changes, the earliest first.
    pub const ALL: [Self; 14] = [
        Self::AdmissionPolicyReference,
        Self::ListWithoutItems,
        Self::CoreNamespaceFirst,
        Self::ImageVolumes,
        Self::HelmNamespace,
        Self::ReplacementPatterns,
        Self::PatchOptions,
        Self::AdmissionPolicyScope,
        Self::CronJobImageVolumes,
        Self::ClaimTemplateLabels,
        Self::AnyDigest,
        Self::SecretStringData,
        Self::EmbeddedFieldOptions,
        Self::AmbiguousDirectories,
    ];

    fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The changes on the way from one release to another, the earliest first.
    pub fn between(from: Release, to: Release) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter();
        all.filter(move |change| !from.has(*change) && to.has(*change))
    }

    /// The first release with the change.
    pub fn since(self) -> Release {
        match self {
            Self::AdmissionPolicyReference => Release::numbered(5, 4, 3),
            Self::ListWithoutItems | Self::CoreNamespaceFirst => Release::numbered(5, 5, 0),
            Self::ImageVolumes => Release::numbered(5, 7, 0),
            Self::HelmNamespace | Self::ReplacementPatterns | Self::PatchOptions => {
                Release::numbered(5, 8, 0)
            }
            Self::AdmissionPolicyScope
            | Self::CronJobImageVolumes
            | Self::ClaimTemplateLabels
            | Self::AnyDigest
            | Self::SecretStringData
            | Self::EmbeddedFieldOptions
            | Self::AmbiguousDirectories => Release::numbered(5, 8, 2),
        }
    }

    /// What a user sees of it, in a sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::AdmissionPolicyReference => {
                "`policyName` of a `ValidatingAdmissionPolicyBinding` follows `namePrefix` and `nameSuffix`"
            }
            Self::ListWithoutItems => {
                "an object whose kind ends in `List` is kept though it has no `items`; before it vanished"
            }
            Self::CoreNamespaceFirst => {
                "a `Namespace` of v1 comes before those of other groups in the legacy order"
            }
            Self::ImageVolumes => {
                "`images` rewrites image volumes (`volumes[].image.reference`) of pods and pod templates"
            }
            Self::HelmNamespace => {
                "`namespace` is given to the charts of `helmCharts`, and what they make keeps its own"
            }
            Self::ReplacementPatterns => {
                "`select` and `reject` of replacements are regular expressions; before they were words, and `default` meant objects without a namespace too"
            }
            Self::PatchOptions => {
                "`options` of `patches` match in any case and unknown ones are refused; before both were ignored"
            }
            Self::AdmissionPolicyScope => {
                "`ValidatingAdmissionPolicy` and `ValidatingAdmissionPolicyBinding` get no namespace"
            }
            Self::CronJobImageVolumes => "`images` rewrites the image volumes of a CronJob",
            Self::ClaimTemplateLabels => {
                "`includeTemplates` of `labels` does not reach `volumeClaimTemplates`"
            }
            Self::AnyDigest => "`images` matches digests of any algorithm",
            Self::SecretStringData => {
                "`behavior: merge` of a `secretGenerator` keeps the `stringData` it merges with"
            }
            Self::EmbeddedFieldOptions => {
                "replacements into YAML or JSON text honour `delimiter` and `index`"
            }
            Self::AmbiguousDirectories => "a directory such as `a..b` is refused",
        }
    }

    /// The source file that asks for it.
    pub fn asked_in(self) -> &'static str {
        match self {
            Self::AdmissionPolicyReference
            | Self::ImageVolumes
            | Self::CronJobImageVolumes
            | Self::ClaimTemplateLabels => "crates/engine/src/fields/mod.rs",
            Self::ListWithoutItems => "crates/engine/src/resource/list.rs",
            Self::CoreNamespaceFirst => "crates/engine/src/order.rs",
            Self::HelmNamespace => "crates/engine/src/build/plugins.rs",
            Self::ReplacementPatterns | Self::PatchOptions => {
                "crates/engine/src/kustomization/parts.rs"
            }
            Self::AdmissionPolicyScope => "crates/engine/src/schema/mod.rs",
            Self::AnyDigest => "crates/engine/src/transform/images.rs",
            Self::SecretStringData => "crates/engine/src/build/generators.rs",
            Self::EmbeddedFieldOptions => {
                "crates/engine/src/transform/replacement/field/embedded.rs"
            }
            Self::AmbiguousDirectories => "crates/engine/src/load/mod.rs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_as_it_is_written() {
        for release in Release::KNOWN {
            assert_eq!(release.to_string().parse::<Release>().unwrap(), release);
        }
        assert_eq!("5.8".parse::<Release>().unwrap(), Release::NEWEST);
        assert_eq!(
            "v5.7".parse::<Release>().unwrap(),
            Release::numbered(5, 7, 1)
        );
        for wrong in [
            "", "v", "5", "5.9", "5.8.0", "5.8.9", "5.8.1 ", "vv5.8", "six",
        ] {
            let error = wrong.parse::<Release>().unwrap_err();
            assert!(error.message().contains(&format!("`{wrong}`")));
        }
    }

    #[test]
    fn changes_are_sorted_and_the_newest_release_has_all_of_them() {
        assert!(Change::ALL.is_sorted_by_key(|change| change.since()));
        assert!(Change::ALL.iter().all(|it| Release::NEWEST.has(*it)));
        assert!(Release::KNOWN.is_sorted());
    }

    #[test]
    fn the_file_that_a_change_names_asks_for_it() {
        for change in Change::ALL {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(change.asked_in());
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains(&format!("Change::{change:?}")), "{change:?}");
        }
    }
}
