//! What a pipeline asks of a project before anything is deployed.
//!
//! Nothing here prints or decides what fails: findings are gathered into a
//! [`Report`](crate::report::Report), and the caller writes it in the format that is wanted.

mod affected;
mod changes;
mod context;
mod environment;
mod git_checks;
mod lint;
mod project;
mod project_guard;
mod releases;
mod since;

pub use crate::load::display_from;
pub use context::CheckContext;
pub use environment::{Checked, environment, read_files};
pub use git_checks::{tracked_generator_files, tracked_secrets, unignored};
pub use lint::Linted;
pub use project::Repository;
pub use project_guard::ProjectGuard;
pub use releases::{Output, Target, Verdict, compare_releases};
pub use since::{Affected, Since, programs, unfollowed};
