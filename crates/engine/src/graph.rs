//! What kustomizations are made of, as a graph: bases, components, generators, charts, remotes.
//!
//! Kustomizations are read, and so is what they build on; nothing is built, and nothing that is
//! elsewhere is fetched: a remote has no edges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use kustom_yaml::error::Result;
use kustom_yaml::place::{Place, Span};
use kustom_yaml::{Text, read_config, read_manifests};

use crate::generate::{Args, Product};
use crate::kustomization::{HelmChart, Kind, Kustomization};
use crate::load::{Loader, Repository, is_http, normalized, shown_name};
use crate::localize::{is_inline, kustomization_of};
use crate::resource;
use crate::schema::Schema;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// An environment of a project.
    Environment,
    /// A kustomization.
    Base,
    /// A component.
    Component,
    /// Something elsewhere: a repository, or a file over HTTP.
    Remote,
    /// A helm chart.
    Chart,
    /// What makes objects: an entry of `configMapGenerator` or `secretGenerator`, or an object of
    /// `generators`.
    Generator,
    /// A config that scripts of environments may change.
    Config,
}

impl NodeKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Environment,
        Self::Base,
        Self::Component,
        Self::Remote,
        Self::Chart,
        Self::Generator,
        Self::Config,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Base => "base",
            Self::Component => "component",
            Self::Remote => "remote",
            Self::Chart => "chart",
            Self::Generator => "generator",
            Self::Config => "config",
        }
    }
}

/// One node of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: NodeKind,
    /// What it is called: the name of an environment, a directory, `Kind/name`, an address.
    pub name: String,
    /// Where it is written: the kustomization, the entry, the file.
    pub place: Option<Place>,
    /// How many files with objects a kustomization names.
    pub files: usize,
    /// How many patches a kustomization applies.
    pub patches: usize,
}

/// That one node names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The number of the node that names the other.
    pub from: usize,
    /// The number of the other.
    pub to: usize,
    /// The field that names it, or `extends` or `configs`.
    pub relation: &'static str,
    /// Where it is named.
    pub place: Option<Place>,
}

/// Kustomizations and what they name. Nodes and edges stand in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    keys: BTreeMap<String, usize>,
    connected: BTreeSet<(usize, usize, &'static str)>,
    /// The kustomizations that were read to their end.
    finished: BTreeSet<usize>,
    /// The generators that read a file.
    readers: BTreeMap<PathBuf, Vec<usize>>,
}

impl Graph {
    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The edges.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The generators that read a file.
    pub fn readers(&self, file: &Path) -> Vec<usize> {
        self.readers.get(file).cloned().unwrap_or_default()
    }

    /// Adds a node, unless there is one with this key; its number.
    pub fn node(&mut self, key: impl Into<String>, node: Node) -> usize {
        let next = self.nodes.len();
        let number = *self.keys.entry(key.into()).or_insert(next);
        if number == next {
            self.nodes.push(node);
        }
        number
    }

    /// Adds an edge, unless there is one of this relation.
    pub fn connect(&mut self, edge: Edge) {
        if self.connected.insert((edge.from, edge.to, edge.relation)) {
            self.edges.push(edge);
        }
    }

    /// Makes an environment of a kustomization.
    pub fn make_environment(&mut self, number: usize, name: &str) {
        if let Some(node) = self.nodes.get_mut(number) {
            node.kind = NodeKind::Environment;
            name.clone_into(&mut node.name);
        }
    }

    /// Adds a kustomization and what it names, and so on; its number.
    ///
    /// # Errors
    ///
    /// If a kustomization or a plugin cannot be read; what was found until then stays.
    ///
    /// # Example
    ///
    /// ```
    /// use std::path::Path;
    /// use kustom_engine::graph::{Graph, NodeKind};
    /// use kustom_engine::load::{Memory, Restriction, SourceStore};
    ///
    /// let mut files = Memory::default();
    /// files.insert("/app/kustomization.yaml", "resources: [../base]\n");
    /// files.insert("/base/kustomization.yaml", "configMapGenerator: [{name: a}]\n");
    /// let library = SourceStore::new(&files, "/", Restriction::None);
    /// let mut graph = Graph::default();
    /// graph.kustomization(&library.open(Path::new("app"))?)?;
    /// let kinds: Vec<_> = graph.nodes().iter().map(|node| node.kind).collect();
    /// assert_eq!(kinds, [NodeKind::Base, NodeKind::Base, NodeKind::Generator]);
    /// # Ok::<(), kustom_yaml::error::Error>(())
    /// ```
    pub fn kustomization(&mut self, loader: &Loader<'_>) -> Result<usize> {
        let content = loader.read(&Text::from(kustomization_of(loader)?))?;
        let mut whole = Place::from(Span {
            source: content.source,
            ..Span::default()
        });
        loader.library().locate(&mut whole);
        let within = |error: kustom_yaml::error::Error| error.at(whole.clone());
        let node = read_config(&content.bytes, content.source).map_err(within)?;
        let (read, _) = Kustomization::parse(&node).map_err(within)?;
        let number = self.node(
            directory_key(loader.root()),
            Node {
                kind: match read.kind {
                    Kind::Kustomization => NodeKind::Base,
                    Kind::Component => NodeKind::Component,
                },
                name: loader.shown_root(),
                place: Some(whole.clone()),
                files: 0,
                patches: read.patches.len()
                    + read.patches_strategic_merge.len()
                    + read.patches_json6902.len(),
            },
        );
        if !self.finished.contains(&number) {
            self.parts(loader, &read, number)?;
            self.finished.insert(number);
        }
        Ok(number)
    }

    fn parts(&mut self, loader: &Loader<'_>, read: &Kustomization, from: usize) -> Result<()> {
        let mut files = 0;
        for name in &read.resources {
            if !self.elsewhere_or_base(loader, name, from, "resources")? {
                loader.read(name)?;
                files += 1;
            }
        }
        if let Some(node) = self.nodes.get_mut(from) {
            node.files = files;
        }
        for name in &read.components {
            if !self.elsewhere_or_base(loader, name, from, "components")? {
                // It says that a component is a directory.
                loader.open(name)?;
            }
        }
        for (list, product, relation) in [
            (&read.config_maps, Product::ConfigMap, "configMapGenerator"),
            (&read.secrets, Product::Secret, "secretGenerator"),
        ] {
            for args in list {
                self.generator(loader, args, product, from, relation);
            }
        }
        for chart in &read.helm_charts {
            self.chart(loader, chart, &read.helm_globals.chart_home, from);
        }
        for (list, relation) in [
            (&read.generators, "generators"),
            (&read.transformers, "transformers"),
            (&read.validators, "validators"),
        ] {
            for name in list {
                self.plugins(loader, name, from, relation)?;
            }
        }
        Ok(())
    }

    /// Adds a base or a remote, if a name is that of one.
    fn elsewhere_or_base(
        &mut self,
        loader: &Loader<'_>,
        name: &Text,
        from: usize,
        relation: &'static str,
    ) -> Result<bool> {
        let place = place(loader, name.span);
        if loader.kind(name).is_none() && (is_http(name) || Repository::parse(name).is_some()) {
            let node = Node {
                kind: NodeKind::Remote,
                name: shown_name(name),
                place: place.clone(),
                files: 0,
                patches: 0,
            };
            let to = self.node(format!("remote {}", &**name), node);
            self.connect(Edge {
                from,
                to,
                relation,
                place,
            });
            return Ok(true);
        }
        if !loader.is_base(name) {
            return Ok(false);
        }
        let inner = loader.open(name)?;
        let to = self.kustomization(&inner).map_err(|error| {
            error.step(
                format!("`{}` is named here", shown_name(name)),
                place.clone(),
            )
        })?;
        self.connect(Edge {
            from,
            to,
            relation,
            place,
        });
        Ok(true)
    }

    fn generator(
        &mut self,
        loader: &Loader<'_>,
        args: &Args,
        product: Product,
        from: usize,
        relation: &'static str,
    ) {
        let kind = match product {
            Product::ConfigMap => "ConfigMap",
            Product::Secret => "Secret",
        };
        let place = place(loader, args.name.span);
        let name = match args.namespace.is_empty() {
            true => format!("{kind}/{}", &*args.name),
            false => format!("{kind}/{}/{}", &*args.namespace, &*args.name),
        };
        let key = format!("{} {relation} {name}", directory_key(loader.root()));
        let to = self.entry(key, NodeKind::Generator, name, from, relation, place);
        let files = args.files.iter().map(|entry| match entry.split_once('=') {
            Some((_, file)) => file,
            None => entry,
        });
        for file in files.chain(args.envs.iter().map(|file| &**file)) {
            let path = normalized(&loader.root().join(file));
            let readers = self.readers.entry(path).or_default();
            if !readers.contains(&to) {
                readers.push(to);
            }
        }
    }

    fn chart(&mut self, loader: &Loader<'_>, chart: &HelmChart, home: &Text, from: usize) {
        let place = place(loader, chart.name.span);
        let version = match chart.version.is_empty() {
            true => String::new(),
            false => format!(" {}", &*chart.version),
        };
        let name = match chart.repo.is_empty() {
            true => format!("{}{version}", &*chart.name),
            false => format!("{}{version} ({})", &*chart.name, shown_name(&chart.repo)),
        };
        // A chart without a repository lies in a directory.
        let key = match chart.repo.is_empty() {
            true => {
                let home = if home.is_empty() { "charts" } else { home };
                let directory = normalized(&loader.root().join(home));
                format!("chart {} {name}", directory.display())
            }
            false => format!("chart {} {name}", &*chart.repo),
        };
        self.entry(key, NodeKind::Chart, name, from, "helmCharts", place);
    }

    /// Adds what an entry of `generators`, `transformers` or `validators` names: a base, a remote, or
    /// the objects of a file that generate.
    fn plugins(
        &mut self,
        loader: &Loader<'_>,
        name: &Text,
        from: usize,
        relation: &'static str,
    ) -> Result<()> {
        let (bytes, source) = if is_inline(name) {
            (Bytes::copy_from_slice(name.as_bytes()), name.span.source)
        } else if self.elsewhere_or_base(loader, name, from, relation)? {
            return Ok(());
        } else {
            let content = loader.read(name)?;
            (content.bytes, content.source)
        };
        if relation != "generators" {
            return Ok(());
        }
        let objects = read_manifests(&bytes, source)
            .and_then(|read| resource::from_documents(read, &Schema::builtin()))?;
        for object in &objects {
            let id = object.id();
            let made = format!("{}/{}", id.gvk.kind, id.name);
            // What stands in the kustomization has lines of its own.
            let place = match is_inline(name) {
                true => place(loader, name.span),
                false => place(loader, object.node.span),
            };
            let key = format!("{} generators {made}", directory_key(loader.root()));
            self.entry(key, NodeKind::Generator, made, from, relation, place);
        }
        Ok(())
    }

    /// Adds what an entry of a kustomization asks for.
    fn entry(
        &mut self,
        key: String,
        kind: NodeKind,
        name: String,
        from: usize,
        relation: &'static str,
        place: Option<Place>,
    ) -> usize {
        let node = Node {
            kind,
            name,
            place: place.clone(),
            files: 0,
            patches: 0,
        };
        let to = self.node(key, node);
        self.connect(Edge {
            from,
            to,
            relation,
            place,
        });
        to
    }
}

/// The key of the kustomization in a directory.
fn directory_key(directory: &Path) -> String {
    format!("directory {}", directory.display())
}

fn place(loader: &Loader<'_>, span: Span) -> Option<Place> {
    let mut place = Place::from(span);
    loader.library().locate(&mut place);
    place.file.is_some().then_some(place)
}
