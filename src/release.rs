//! Releases of kustomize, and what differs between them.
//!
//! A build follows the newest release unless it is told another one. Code that behaves differently
//! asks [`Release::has`] for the [`Change`] in question; [`Change::ALL`] lists them.
//! A change that only makes an older release refuse what a newer one accepts is not listed: there
//! are no bytes to reproduce.
//! Source: <https://github.com/kubernetes-sigs/kustomize/releases>.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// A release of kustomize.
///
/// # Example
///
/// ```
/// use kustom::release::{Change, Release};
///
/// let older: Release = "5.8.1".parse()?;
/// assert!(older < Release::default());
/// assert!(!older.has(Change::AnyDigest));
/// assert_eq!(Release::default().to_string(), "v5.8.3");
/// # Ok::<(), kustom::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(u8, u8, u8);

impl Release {
    /// The newest one: what a build follows by default.
    pub const NEWEST: Self = Self(5, 8, 3);

    /// The releases that can be asked for, the oldest first.
    pub const KNOWN: [Self; 3] = [Self(5, 8, 1), Self(5, 8, 2), Self::NEWEST];

    /// Whether the release behaves as it does since a change.
    pub fn has(self, change: Change) -> bool {
        self >= change.since()
    }
}

impl Default for Release {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.0, self.1, self.2)
    }
}

impl std::str::FromStr for Release {
    type Err = Error;

    /// `5.8.1` or `v5.8.1`.
    fn from_str(text: &str) -> Result<Self> {
        let number = text.strip_prefix('v').unwrap_or(text);
        let known = Self::KNOWN.into_iter();
        let mut found = known.filter(|release| release.to_string()[1..] == *number);
        found.next().ok_or_else(|| {
            let known: Vec<String> = Self::KNOWN
                .iter()
                .map(|release| release.to_string()[1..].to_owned())
                .collect();
            let message = format!("`{text}` is not a known release of kustomize");
            Error::new(Kind::Kustomization, message)
                .help(format!("known releases are {}", known.join(", ")))
        })
    }
}

/// Something that a release does differently from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
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
    pub const ALL: [Self; 7] = [
        Self::AdmissionPolicyScope,
        Self::CronJobImageVolumes,
        Self::ClaimTemplateLabels,
        Self::AnyDigest,
        Self::SecretStringData,
        Self::EmbeddedFieldOptions,
        Self::AmbiguousDirectories,
    ];

    /// The first release with the change.
    pub fn since(self) -> Release {
        match self {
            Self::AdmissionPolicyScope
            | Self::CronJobImageVolumes
            | Self::ClaimTemplateLabels
            | Self::AnyDigest
            | Self::SecretStringData
            | Self::EmbeddedFieldOptions
            | Self::AmbiguousDirectories => Release(5, 8, 2),
        }
    }

    /// What a user sees of it, in a sentence.
    pub fn summary(self) -> &'static str {
        match self {
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
            Self::AdmissionPolicyScope => "src/schema/mod.rs",
            Self::CronJobImageVolumes | Self::ClaimTemplateLabels => "src/fields/mod.rs",
            Self::AnyDigest => "src/transform/images.rs",
            Self::SecretStringData => "src/build/generators.rs",
            Self::EmbeddedFieldOptions => "src/transform/replacement/embedded.rs",
            Self::AmbiguousDirectories => "src/load/mod.rs",
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
        for wrong in ["", "v", "5.8", "5.8.9", "5.8.1 ", "six"] {
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
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(change.asked_in());
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.contains(&format!("Change::{change:?}")), "{change:?}");
        }
    }
}
