//! Levels of the Pod Security Standards, and versions of the policy.

use std::fmt;
use std::str::FromStr;

/// How much a pod may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything.
    Privileged,
    /// Nothing that is known to lead to the node.
    Baseline,
    /// What is best for a pod.
    Restricted,
}

/// A version of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyVersion {
    /// That of Kubernetes 1 and a minor.
    Minor(u32),
    /// The newest.
    Latest,
}

/// A level, and the version of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The level.
    pub level: Level,
    /// The version.
    pub version: PolicyVersion,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl FromStr for Level {
    type Err = String;

    /// Reads `privileged`, `baseline` or `restricted`.
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| {
                format!("`{text}` is no level; there are `privileged`, `baseline` and `restricted`")
            })
    }
}

impl FromStr for PolicyVersion {
    type Err = String;

    /// Reads `latest`, or a version such as `v1.33`.
    fn from_str(text: &str) -> Result<Self, String> {
        let minor = text.strip_prefix("v1.").unwrap_or_default();
        let is_number = minor.bytes().all(|c| c.is_ascii_digit());
        let is_plain = minor == "0" || !minor.starts_with('0');
        match minor.parse() {
            _ if text == "latest" => Ok(Self::Latest),
            Ok(minor) if is_number && is_plain => Ok(Self::Minor(minor)),
            _ => Err(format!(
                "`{text}` is no version of a policy; write `latest`, or one like `v1.33`"
            )),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.name())?;
        match self.version {
            PolicyVersion::Latest => Ok(()),
            PolicyVersion::Minor(minor) => write!(f, ":v1.{minor}"),
        }
    }
}
