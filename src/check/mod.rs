//! What a pipeline asks of a project before anything is deployed.
//!
//! Nothing here prints or decides what fails: findings are gathered into a
//! [`Report`](crate::report::Report), and the caller writes it in the format that is wanted.

mod index;
mod watch;

use std::path::{Component, Path, PathBuf};

pub use index::{tracked_generator_files, tracked_secrets, unignored};
pub use watch::Watch;

/// A path as it is named from a directory, with `..` where it leads out of it.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom::check::named_from;
///
/// assert_eq!(named_from(Path::new("/a/b"), Path::new("/a/b/c")), "c");
/// assert_eq!(named_from(Path::new("/a/b"), Path::new("/a/c")), "../c");
/// ```
pub fn named_from(directory: &Path, path: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (
        directory.components().collect(),
        path.components().collect(),
    );
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut named = PathBuf::new();
    for _ in &from[common..] {
        named.push("..");
    }
    named.extend(&to[common..]);
    let named = named.to_string_lossy().replace('\\', "/");
    if named.is_empty() {
        ".".to_owned()
    } else {
        named
    }
}
