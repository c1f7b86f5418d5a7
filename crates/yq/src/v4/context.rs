//! The environment of an expression: files, environment variables, the clock, and the rules of
//! evaluation.

use std::fmt;

use kustom_yaml::error::Result;

/// Reads files for `load`; the implementation decides which files may be read.
///
/// # Example
///
/// ```
/// use kustom_yq::v4::Loader;
///
/// let loader = |path: &str| Ok(format!("path: {path}"));
/// assert_eq!(Loader::load(&loader, "a.yaml")?, "path: a.yaml");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub trait Loader {
    /// The text of a file.
    fn load(&self, path: &str) -> Result<String>;
}

impl<F: Fn(&str) -> Result<String>> Loader for F {
    fn load(&self, path: &str) -> Result<String> {
        self(path)
    }
}

/// Looks up an environment variable.
pub type Lookup<'c> = dyn Fn(&str) -> Option<String> + 'c;

/// What an expression may ask the world, and by which rules it is evaluated.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// The environment variables, for `env`, `strenv` and `envsubst`; refused if absent.
    pub environment: Option<&'c Lookup<'c>>,
    /// The files, for `load` and `load_str`; refused if absent.
    pub loader: Option<&'c dyn Loader>,
    /// The time, for `now`, in seconds since 1970; refused if absent.
    pub now: Option<i64>,
    /// What `shuffle` starts from.
    pub seed: u64,
    /// Whether all documents are worked on at once, as by `yq eval-all`.
    pub together: bool,
    /// Whether keys of a mapping win over those that `<<` brings, as YAML says; in yq the last
    /// one wins.
    pub own_keys_win: bool,
    /// Whether aliases in the results are replaced by what they stand for.
    pub explode: bool,
    /// How far YAML and JSON that are made on the way are indented.
    pub indent: usize,
    /// Whether `\(…)` in strings is evaluated.
    pub interpolation: bool,
    /// Whether the output tells which statement wrote which node.
    pub trace: bool,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Self {
            environment: None,
            loader: None,
            now: None,
            seed: 0,
            together: false,
            own_keys_win: false,
            explode: false,
            indent: 2,
            interpolation: true,
            trace: false,
        }
    }
}

impl<'c> Context<'c> {
    /// That of a project: files are read, but neither the clock nor environment variables.
    pub(crate) fn of_project(loader: &'c dyn Loader) -> Self {
        Self {
            loader: Some(loader),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("environment", &self.environment.is_some())
            .field("loader", &self.loader.is_some())
            .field("now", &self.now)
            .field("seed", &self.seed)
            .field("together", &self.together)
            .field("own_keys_win", &self.own_keys_win)
            .field("explode", &self.explode)
            .field("indent", &self.indent)
            .field("interpolation", &self.interpolation)
            .field("trace", &self.trace)
            .finish()
    }
}
