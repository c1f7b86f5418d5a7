//! Copies a kustomization and everything that it reads into a tree that builds without a network,
//! as `kustomize localize` does.
//!
//! Bases that are URLs, and files that are, come below `localized-files` beside the kustomization
//! that names them; everything else stays where it is, seen from there. Names in kustomizations and
//! in built-in plugins are rewritten to match, and what is rewritten is printed anew, with sorted
//! fields, as kustomize prints it.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/cmd/localize/>.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{Node, Text, read_config, read_manifests, write, write_stream};

use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{FileKind, Loader, Repository, display_from, is_http};
use crate::resource;
use crate::schema::Schema;

/// The directory that holds what came from elsewhere.
const ELSEWHERE: &str = "localized-files";

/// The directory in it for repositories of this machine.
const OF_THIS_MACHINE: &str = "file-schemed";

/// Where kustomize looks for charts.
pub(crate) const CHARTS: &str = "charts";

/// A tree of files that builds by itself.
#[derive(Clone, Debug, Default)]
pub struct Localized {
    /// The files, by their paths below the new directory.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// The directory of the kustomization, below the new directory.
    pub target: PathBuf,
    /// Remarks: deprecated fields.
    pub findings: Vec<Finding>,
}

/// Gathers a kustomization and what it reads; files and directories of this machine must be below
/// `scope`, which is without links.
///
/// The loader must be allowed to read any file: what may be read is decided here.
///
/// # Errors
///
/// If something is missing, outside of the scope, or from a repository without a `ref`; or if two
/// different files would be one.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::load::{SourceStore, Memory, Restriction};
/// use kustom_engine::localize::localize;
///
/// let mut files = Memory::default();
/// files.insert("/app/kustomization.yaml", "resources: [./a/../map.yaml]\n");
/// files.insert("/app/map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}");
/// let library = SourceStore::new(&files, "/", Restriction::None);
/// let localized = localize(&library.open(Path::new("app"))?, Path::new("/app"))?;
/// let text = &localized.files[Path::new("kustomization.yaml")];
/// assert_eq!(text, b"resources:\n- map.yaml\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn localize(target: &Loader<'_>, scope: &Path) -> Result<Localized> {
    let below = PathBuf::from(display_from(scope, target.root()));
    let mut tree = Tree {
        scope,
        done: BTreeSet::new(),
        result: Localized::default(),
    };
    tree.result.target = joined(Path::new(""), &below)?;
    tree.directory(target, &tree.result.target.clone())?;
    Ok(tree.result)
}

/// What a text in a kustomization or a plugin names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    File,
    /// A file, perhaps with the key of its content before it: `key=file`.
    KeyAndFile,
    Directory,
    /// A file or a directory.
    Resource,
    /// A file, unless the text is a patch itself.
    Patch,
    /// A file or a directory that holds plugins, unless the text is a plugin itself.
    Plugin,
    /// A directory of charts, which may be missing.
    Charts,
}

pub(crate) type Fields = [(&'static [&'static str], Named)];

/// What the fields of a kustomization name.
pub(crate) const KUSTOMIZATION: &Fields = &[
    (&["openapi", "path"], Named::File),
    (&["bases"], Named::Directory),
    (&["components"], Named::Directory),
    (&["configurations"], Named::File),
    (&["crds"], Named::File),
    (&["resources"], Named::Resource),
    (&["configMapGenerator", "env"], Named::File),
    (&["configMapGenerator", "envs"], Named::File),
    (&["configMapGenerator", "files"], Named::KeyAndFile),
    (&["secretGenerator", "env"], Named::File),
    (&["secretGenerator", "envs"], Named::File),
    (&["secretGenerator", "files"], Named::KeyAndFile),
    (&["helmChartInflationGenerator", "values"], Named::File),
    (&["helmChartInflationGenerator", "chartHome"], Named::Charts),
    (&["helmCharts", "valuesFile"], Named::File),
    (&["helmCharts", "additionalValuesFiles"], Named::File),
    (&["helmGlobals", "chartHome"], Named::Charts),
    (&["patches", "path"], Named::File),
    (&["patchesJson6902", "path"], Named::File),
    (&["patchesStrategicMerge"], Named::Patch),
    (&["replacements", "path"], Named::File),
    (&["generators"], Named::Plugin),
    (&["transformers"], Named::Plugin),
    (&["validators"], Named::Plugin),
];

/// What the fields of a built-in plugin name.
pub(crate) fn fields_of_plugin(kind: &str) -> &'static Fields {
    match kind {
        "ConfigMapGenerator" | "SecretGenerator" => &[
            (&["env"], Named::File),
            (&["envs"], Named::File),
            (&["files"], Named::KeyAndFile),
        ],
        "HelmChartInflationGenerator" => &[
            (&["valuesFile"], Named::File),
            (&["additionalValuesFiles"], Named::File),
            (&["chartHome"], Named::Charts),
        ],
        "PatchTransformer" | "PatchJson6902Transformer" => &[(&["path"], Named::File)],
        "PatchStrategicMergeTransformer" => &[(&["paths"], Named::Patch)],
        "ReplacementTransformer" => &[(&["replacements", "path"], Named::File)],
        "ValueAddTransformer" => &[(&["targetFilePath"], Named::File)],
        _ => &[],
    }
}

/// A tree while it is gathered.
struct Tree<'s> {
    scope: &'s Path,
    /// The directories that are in it already, by their new paths.
    done: BTreeSet<PathBuf>,
    result: Localized,
}

impl Tree<'_> {
    /// Takes in the kustomization of a directory, which becomes the directory `to`.
    fn directory(&mut self, loader: &Loader<'_>, to: &Path) -> Result<()> {
        self.check_scope(loader, loader.root(), &Text::from(&*loader.shown_root()))?;
        if !self.done.insert(to.to_path_buf()) {
            return Ok(());
        }
        let name = kustomization_of(loader)?;
        let content = loader.read(&Text::from(name))?;
        let mut node = read_config(&content.bytes, content.source)?;
        let (_, findings) = Kustomization::parse(&node)?;
        self.result.findings.extend(findings);
        self.rewrite(loader, to, &mut node, KUSTOMIZATION)?;
        if has(&node, "helmCharts") && !has_inner(&node, "helmGlobals", "chartHome") {
            self.charts(loader, to, &Text::from(CHARTS))?;
        }
        if let Some(entries) = node.entries_mut() {
            entries.retain(|entry| !is_empty(&entry.value));
        }
        let mut text = String::new();
        write(&node, &mut text)?;
        self.put(to.join(name), text.into_bytes(), &Text::from(name))
    }

    /// Takes in all that the fields of a node name, and changes the names.
    fn rewrite(
        &mut self,
        loader: &Loader<'_>,
        to: &Path,
        node: &mut Node,
        fields: &Fields,
    ) -> Result<()> {
        for (path, named) in fields {
            each(node, path, &mut |scalar| {
                let name = Text::of(scalar);
                // An empty name is left to the build, which knows where it may be.
                if name.is_empty() {
                    return Ok(());
                }
                let new =
                    self.take(loader, to, &name, *named)
                        .map_err(|error| match error.place() {
                            Some(_) => error,
                            None => error.at(name.span),
                        })?;
                if new != *name {
                    *scalar = Node::string(new);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Takes in what a text names, and gives its new name.
    fn take(
        &mut self,
        loader: &Loader<'_>,
        to: &Path,
        name: &Text,
        named: Named,
    ) -> Result<String> {
        match named {
            Named::File => self.file(loader, to, name),
            Named::KeyAndFile => match name.split_once('=') {
                Some((key, file)) => {
                    let file = Text {
                        text: file.into(),
                        span: name.span,
                    };
                    Ok(format!("{key}={}", self.file(loader, to, &file)?))
                }
                None => self.file_by_its_name(loader, to, name),
            },
            Named::Directory => self.base(loader, to, name),
            Named::Resource => self.file_or_base(loader, to, name),
            Named::Patch => match is_inline(name) {
                true => Ok(name.to_string()),
                false => self.file(loader, to, name),
            },
            Named::Plugin if is_inline(name) => self.plugins(loader, to, name.as_bytes(), name),
            Named::Plugin if loader.is_base(name) => self.base(loader, to, name),
            Named::Plugin => {
                let content = loader.read(name)?;
                let text = self.plugins(loader, to, &content.bytes, name)?;
                self.put_file(loader, to, name, text.into_bytes())
            }
            Named::Charts => self.charts(loader, to, name),
        }
    }

    fn file_or_base(&mut self, loader: &Loader<'_>, to: &Path, name: &Text) -> Result<String> {
        if loader.is_base(name) {
            return self.base(loader, to, name);
        }
        match self.file(loader, to, name) {
            Err(_) if loader.may_be_base(name) => self.base(loader, to, name),
            other => other,
        }
    }

    fn file(&mut self, loader: &Loader<'_>, to: &Path, name: &Text) -> Result<String> {
        let content = loader.read(name)?;
        self.put_file(loader, to, name, content.bytes.into())
    }

    /// Takes in a file whose name is the key of its content, so that the name stays.
    fn file_by_its_name(&mut self, loader: &Loader<'_>, to: &Path, name: &Text) -> Result<String> {
        let new = self.file(loader, to, name)?;
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let key = last(name.split(['?', '#']).next().unwrap_or_default());
        match last(&new) == key {
            true => Ok(new),
            false => Ok(format!("{key}={new}")),
        }
    }

    fn put_file(
        &mut self,
        loader: &Loader<'_>,
        to: &Path,
        name: &Text,
        content: Vec<u8>,
    ) -> Result<String> {
        let new = if is_http(name) {
            self.check_free(loader, name)?;
            path_of_url(name)
        } else {
            if Path::new(&**name).is_absolute() {
                let message = format!("`{name}` is absolute");
                return Err(Error::new(Kind::Load, message)
                    .at(name.span)
                    .help("name the file relative to the kustomization"));
            }
            let place = loader.located(name)?;
            self.check_scope(loader, &place, name)?;
            PathBuf::from(display_from(loader.root(), &place))
        };
        self.put(joined(to, &new)?, content, name)?;
        Ok(shown(&new))
    }

    fn base(&mut self, loader: &Loader<'_>, to: &Path, name: &Text) -> Result<String> {
        let inner = loader.open(name)?;
        let new = match Repository::parse(name) {
            Some(repository) => {
                self.check_free(loader, name)?;
                if repository.reference.is_empty() {
                    let message = "a base in a repository has no `ref`";
                    return Err(Error::new(Kind::Load, message).at(name.span).help(
                        "add `?ref=` with a tag or a commit, so that it is known what is kept",
                    ));
                }
                let inside = inner.repository_root().map_or(PathBuf::new(), |root| {
                    inner
                        .root()
                        .strip_prefix(root)
                        .unwrap_or(Path::new(""))
                        .into()
                });
                path_of_repository(&repository).join(inside)
            }
            None => PathBuf::from(display_from(loader.root(), inner.root())),
        };
        self.check_scope(&inner, inner.root(), name)?;
        let within = |error: Error| error.note(format!("in `{name}`"), Some(name.span.into()));
        self.directory(&inner, &joined(to, &new)?)
            .map_err(|error| match error.place() {
                Some(_) => error,
                None => within(error),
            })?;
        Ok(shown(&new))
    }

    /// Takes in the files that plugins name, and gives the text of the plugins.
    fn plugins(
        &mut self,
        loader: &Loader<'_>,
        to: &Path,
        text: &[u8],
        name: &Text,
    ) -> Result<String> {
        let read = read_manifests(text, name.span.source)?;
        let mut objects = resource::from_documents(read, &Schema::builtin())?;
        for object in &mut objects {
            let node = &mut object.node;
            let field = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default();
            if field("apiVersion") != "builtin" {
                continue;
            }
            let kind = field("kind").to_owned();
            self.rewrite(loader, to, node, fields_of_plugin(&kind))?;
            if kind == "HelmChartInflationGenerator" && !has(node, "chartHome") {
                self.charts(loader, to, &Text::from(CHARTS))?;
            }
        }
        let mut text = String::new();
        write_stream(objects.iter().map(|object| &object.node), &mut text)?;
        Ok(text)
    }

    /// Takes in a directory of charts, if it is there; helm may fetch them otherwise.
    fn charts(&mut self, loader: &Loader<'_>, to: &Path, name: &Text) -> Result<String> {
        if Path::new(&**name).is_absolute() {
            let message = format!("`{name}` is absolute");
            return Err(Error::new(Kind::Load, message)
                .help("name the directory relative to the kustomization"));
        }
        if loader.kind(name) != Some(FileKind::Directory) {
            return Ok(name.to_string());
        }
        let place = loader.located(name)?;
        self.check_scope(loader, &place, name)?;
        // Where everybody looks for charts they stay, whatever leads there.
        let new = match &**name {
            CHARTS => PathBuf::from(CHARTS),
            _ => PathBuf::from(display_from(loader.root(), &place)),
        };
        for file in loader.files_below(&place)? {
            let path = place.join(&file);
            let path = path.to_string_lossy();
            // Links are not followed.
            if loader.located(&path)? != Path::new(&*path) {
                continue;
            }
            let content = loader.read(&Text::from(&*path))?;
            self.put(joined(to, &new.join(&file))?, content.bytes.into(), name)?;
        }
        Ok(shown(&new))
    }

    /// What is read on this machine must be in the scope; a clone has bounds of its own.
    fn check_scope(&self, loader: &Loader<'_>, place: &Path, name: &Text) -> Result<()> {
        if loader.repository_root().is_some() || place.starts_with(self.scope) {
            return Ok(());
        }
        let message = format!("`{name}` is outside of the scope");
        Err(Error::new(Kind::Load, message)
            .at(name.span)
            .help("name a directory that holds all that is built on with `--scope`"))
    }

    /// What comes from elsewhere must not be mixed with what is there.
    fn check_free(&self, loader: &Loader<'_>, name: &Text) -> Result<()> {
        if loader.kind(ELSEWHERE).is_none() {
            return Ok(());
        }
        let message = format!("`{ELSEWHERE}` is there already, and `{name}` would come into it");
        Err(Error::new(Kind::Load, message)
            .at(name.span)
            .help("give the directory another name"))
    }

    fn put(&mut self, path: PathBuf, content: Vec<u8>, name: &Text) -> Result<()> {
        match self.result.files.get(&path) {
            Some(there) if *there != content => {
                let message = format!(
                    "`{name}` would be `{}`, where another file is already",
                    path.display()
                );
                Err(Error::new(Kind::Load, message).at(name.span))
            }
            _ => {
                self.result.files.insert(path, content);
                Ok(())
            }
        }
    }
}

/// The name of the only kustomization of a directory.
pub(crate) fn kustomization_of(loader: &Loader<'_>) -> Result<&'static str> {
    let there: Vec<&str> = FILE_NAMES
        .into_iter()
        .filter(|name| loader.kind(name) == Some(FileKind::File))
        .collect();
    let shown = loader.shown_root();
    match there.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::new(
            Kind::Load,
            format!("there is no kustomization in `{shown}`"),
        )),
        several => {
            let message = format!(
                "there are several kustomizations in `{shown}`: `{}`",
                several.join("`, `")
            );
            Err(Error::new(Kind::Load, message).help("keep one of them"))
        }
    }
}

/// Calls something with each text at a path; lists on the way are gone through.
pub(crate) fn each(
    node: &mut Node,
    path: &[&str],
    work: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    if let Some(items) = node.items_mut() {
        return items.iter_mut().try_for_each(|item| each(item, path, work));
    }
    match path {
        [] if node.is_scalar() && !node.is_null() => work(node),
        [name, rest @ ..] => {
            // Go reads fields in any case.
            let entries = node.entries_mut().into_iter().flatten();
            for entry in entries {
                let key = entry.key.text().unwrap_or_default();
                if key.eq_ignore_ascii_case(name) {
                    each(&mut entry.value, rest, work)?;
                }
            }
            Ok(())
        }
        [] => Ok(()),
    }
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let mut entries = node.entries().iter();
    let is_meant = |key: &Node| key.text().is_some_and(|key| key.eq_ignore_ascii_case(name));
    entries
        .find(|entry| is_meant(&entry.key))
        .map(|entry| &entry.value)
}

pub(crate) fn has(node: &Node, name: &str) -> bool {
    field(node, name).is_some_and(|value| !is_empty(value))
}

pub(crate) fn has_inner(node: &Node, name: &str, inner: &str) -> bool {
    field(node, name).is_some_and(|value| has(value, inner))
}

/// Whether a field says nothing.
fn is_empty(node: &Node) -> bool {
    node.is_null()
        || (node.is_map() && node.entries().is_empty())
        || (node.is_seq() && node.items().is_empty())
        || node.text() == Some("")
}

/// Whether a text is objects, and no name.
pub(crate) fn is_inline(text: &Text) -> bool {
    read_manifests(text.as_bytes(), text.span.source)
        .and_then(|read| resource::from_documents(read, &Schema::builtin()))
        .is_ok()
}

/// A path below a directory of the new tree, which it must not leave.
fn joined(directory: &Path, path: &Path) -> Result<PathBuf> {
    let mut joined = PathBuf::new();
    for part in directory.join(path).components() {
        let stays = match part {
            Component::CurDir => true,
            Component::ParentDir => joined.pop(),
            Component::Normal(part) => {
                joined.push(part);
                true
            }
            Component::RootDir | Component::Prefix(_) => false,
        };
        if !stays {
            let message = format!("`{}` leads out of the new directory", path.display());
            return Err(Error::new(Kind::Load, message)
                .help("name a directory that holds all that is built on with `--scope`"));
        }
    }
    Ok(joined)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Parts of a path without `.`, `..` and what is empty.
fn parts(path: &str) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(result.pop()),
            part => result.push(part),
        }
    }
    result
}

/// The name of the host in an authority, without user and port.
fn host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Where a file from a URL goes.
fn path_of_url(url: &str) -> PathBuf {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    Path::new(ELSEWHERE)
        .join(parts(host(authority)))
        .join(parts(&path.replace(' ', "%20")))
}

/// Where the root of a repository goes.
fn path_of_repository(repository: &Repository) -> PathBuf {
    let address = repository.address.as_str();
    let (host, path) = match address.split_once("://") {
        Some(("file", path)) => (OF_THIS_MACHINE, path),
        Some((_, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            (host(authority), path)
        }
        None => match address.split_once(':') {
            Some(("gh", path)) => ("gh", path),
            Some((authority, path)) => (host(authority), path),
            None => ("", address),
        },
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    Path::new(ELSEWHERE)
        .join(parts(host))
        .join(parts(path))
        .join(parts(&repository.reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_elsewhere_gets_a_path_that_says_where() {
        let file = |url: &str| path_of_url(url).display().to_string();
        assert_eq!(
            file("https://user@example.com:8443/a/../b/c.yaml?x=1"),
            "localized-files/example.com/b/c.yaml"
        );
        let base = |url: &str| {
            let repository = Repository::parse(url).unwrap();
            path_of_repository(&repository).display().to_string()
        };
        for (url, path) in [
            (
                "https://github.com/org/app//deploy?ref=v1",
                "github.com/org/app/v1",
            ),
            (
                "git@github.com:org/app.git//deploy?ref=a/b",
                "github.com/org/app/a/b",
            ),
            (
                "ssh://git@example.com:22/org/app.git//x?ref=v1",
                "example.com/org/app/v1",
            ),
            (
                "file:///srv/app.git//x?ref=../../v1",
                "file-schemed/srv/app/v1",
            ),
        ] {
            assert_eq!(base(url), format!("localized-files/{path}"), "{url}");
        }
    }

    #[test]
    fn no_path_leaves_the_new_directory() {
        assert_eq!(
            joined(Path::new("app"), Path::new("../base")).unwrap(),
            Path::new("base")
        );
        assert!(joined(Path::new("app"), Path::new("../../base")).is_err());
        assert!(joined(Path::new("app"), Path::new("/etc")).is_err());
    }
}
