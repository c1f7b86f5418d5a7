//! Whether what objects of Flux call a source is this repository, and where in it.

use std::path::{Path, PathBuf};

use super::cluster::Cluster;
use super::object::{FluxKustomization, SourceRef};
use crate::load::{FileKind, Files, normalized};
use crate::yaml::Node;

/// What is known of this repository and of the sources that a cluster has.
#[derive(Clone, Copy)]
pub(super) struct SourcePlace<'s> {
    pub(super) files: &'s dyn Files,
    /// The root of the repository.
    pub(super) root: &'s Path,
    /// Its addresses, as far as they are known.
    pub(super) addresses: &'s [String],
    pub(super) cluster: &'s Cluster,
}

impl SourcePlace<'_> {
    /// The root of what a `Kustomization` is built from, if that is in this repository.
    pub(super) fn root_of(&self, kustomization: &FluxKustomization) -> Option<PathBuf> {
        let source = kustomization.source();
        let directory = kustomization.directory().unwrap_or_default();
        if source.kind == "ExternalArtifact" {
            let root = self.artifact(&source)?;
            return self.is_there(&root.join(&directory)).then_some(root);
        }
        let is_here = match source.kind.as_str() {
            "GitRepository" | "" => self.is_git_repository(&source, &directory),
            // An artifact may be made of anything; the one that Flux is installed with is made of
            // this.
            _ => source.name == "flux-system" && self.is_there(&self.root.join(&directory)),
        };
        is_here.then(|| self.root.to_path_buf())
    }

    /// Whether a `GitRepository` is this one: by its address or, where one is not known, because
    /// what is built is there.
    pub(super) fn is_git_repository(&self, source: &SourceRef, path: &Path) -> bool {
        let known = self
            .cluster
            .source("GitRepository", &source.namespace, &source.name);
        let url = known
            .and_then(|known| known.at(&["spec", "url"]))
            .and_then(Node::text)
            .filter(|url| !url.is_empty());
        match url {
            Some(url) if !self.addresses.is_empty() => {
                let wanted = plain_address(url);
                let mut own = self.addresses.iter();
                own.any(|address| plain_address(address) == wanted)
            }
            _ => self.is_there(&self.root.join(path)),
        }
    }

    /// The directory of this repository that an artifact is a copy of, or of parts of it that lie
    /// there as they do here.
    fn artifact(&self, source: &SourceRef) -> Option<PathBuf> {
        let mut generators = self.cluster.sources_of("ArtifactGenerator");
        let (generator, artifact) = generators.find_map(|generator| {
            let namespace = generator.at(&["metadata", "namespace"]);
            let namespace = namespace.and_then(Node::text).unwrap_or(&source.namespace);
            let artifacts = generator.at(&["spec", "artifacts"])?.items();
            let is_it = |one: &&Node| one.get("name").and_then(Node::text) == Some(&source.name);
            let artifact = artifacts.iter().find(is_it)?;
            (namespace == source.namespace).then_some((generator, artifact))
        })?;
        let mut root: Option<PathBuf> = None;
        for copy in artifact.get("copy")?.items() {
            let (from, to) = (copy.get("from")?.text()?, copy.get("to")?.text()?);
            let (alias, from) = from.strip_prefix('@')?.split_once('/')?;
            let from = Path::new(from.strip_suffix("**")?);
            let to = Path::new(to.strip_prefix("@artifact/")?);
            if !self.is_alias_of_this(generator, alias, from, &source.namespace) {
                return None;
            }
            let above = from.ancestors().find(|above| above.join(to) == from)?;
            let above = normalized(&self.root.join(above));
            if root.get_or_insert_with(|| above.clone()) != &above {
                return None;
            }
        }
        root
    }

    fn is_alias_of_this(
        &self,
        generator: &Node,
        alias: &str,
        path: &Path,
        namespace: &str,
    ) -> bool {
        let sources = generator.at(&["spec", "sources"]);
        let mut sources = sources.map_or(&[][..], Node::items).iter();
        sources.any(|source| {
            let part = |field: &str| source.get(field).and_then(Node::text);
            let repository = SourceRef {
                kind: part("kind").unwrap_or_default().to_owned(),
                name: part("name").unwrap_or_default().to_owned(),
                namespace: part("namespace").unwrap_or(namespace).to_owned(),
            };
            part("alias") == Some(alias)
                && match &*repository.kind {
                    "GitRepository" => self.is_git_repository(&repository, path),
                    _ => repository.name == "flux-system" && self.is_there(&self.root.join(path)),
                }
        })
    }

    fn is_there(&self, directory: &Path) -> bool {
        matches!(self.files.resolve(directory), Ok((_, FileKind::Directory)))
    }
}

/// An address of a repository as host and path: how it is reached does not matter.
fn plain_address(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/').trim_end_matches(".git");
    let plain = rest.replacen(':', "/", 1);
    // A port is no part of a path.
    let parts: Vec<&str> = plain.split('/').filter(|part| !part.is_empty()).collect();
    let is_port = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = parts
        .iter()
        .enumerate()
        .filter(|(index, part)| *index != 1 || !is_port(part));
    let parts: Vec<String> = parts.map(|(_, part)| part.to_lowercase()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_repository_are_the_same() {
        let wanted = "git.example.com/team/fleet";
        for address in [
            "https://git.example.com/team/fleet",
            "https://user:token@git.example.com/team/fleet.git",
            "ssh://git@git.example.com:2222/team/fleet",
            "git@git.example.com:team/fleet.git",
            "https://Git.example.com/team/Fleet/",
        ] {
            assert_eq!(plain_address(address), wanted, "{address}");
        }
        assert_ne!(plain_address("https://git.example.com/team/other"), wanted);
    }
}
