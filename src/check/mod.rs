//! What a pipeline asks of a project before anything is deployed.
//!
//! Nothing here prints or decides what fails: findings are gathered into a
//! [`Report`](crate::report::Report), and the caller writes it in the format that is wanted.

mod affected;
mod changes;
mod environment;
mod index;
mod project;
mod releases;
mod watch;

pub use crate::load::named_from;
pub use affected::{Answers, anything_changed, changed_since};
pub use environment::{Checked, environment};
pub use index::{tracked_generator_files, tracked_secrets, unignored};
pub use project::{Affected, Setup, programs, unfollowed};
pub use releases::{Output, Target, Verdict, compare_releases};
pub use watch::Watch;
