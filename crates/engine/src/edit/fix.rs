//! Replaces deprecated fields by their successors, and proves that the build stays the same.
//!
//! Each conversion is tried by itself. Those that kustomize makes itself when it reads the file
//! say the same by definition; any other counts only if what is built of the file, and of whatever
//! builds on it, is the same bytes before and after.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Entry, Node, Style, Tag};

use super::tree::{Tree, text_node};
use super::{edited, vars};
use crate::load::{FileKind, Loader};

/// A deprecated field, and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `apiVersion` and `kind`, where they are missing.
    Header,
    /// `bases` to `resources`.
    Bases,
    /// `imageTags` to `images`.
    ImageTags,
    /// `env` of a generator to `envs`.
    Env,
    /// `helmChartInflationGenerator` to `helmCharts` and `helmGlobals`.
    HelmCharts,
    /// `patchesStrategicMerge` to `patches`.
    StrategicMerge,
    /// `patchesJson6902` to `patches`.
    Json6902,
    /// `commonLabels` to `labels`.
    CommonLabels,
    /// `vars` to `replacements`.
    Vars,
}

impl Conversion {
    /// All but the conversion of variables, in the order in which they are made.
    pub const USUAL: [Self; 8] = [
        Self::Header,
        Self::Bases,
        Self::ImageTags,
        Self::Env,
        Self::HelmCharts,
        Self::StrategicMerge,
        Self::Json6902,
        Self::CommonLabels,
    ];

    /// The old field and the new one, in words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Header => "`apiVersion` and `kind` added",
            Self::Bases => "`bases` to `resources`",
            Self::ImageTags => "`imageTags` to `images`",
            Self::Env => "`env` to `envs`",
            Self::HelmCharts => "`helmChartInflationGenerator` to `helmCharts`",
            Self::StrategicMerge => "`patchesStrategicMerge` to `patches`",
            Self::Json6902 => "`patchesJson6902` to `patches`",
            Self::CommonLabels => "`commonLabels` to `labels`",
            Self::Vars => "`vars` to `replacements`",
        }
    }

    /// Whether kustomize makes the conversion itself when it reads a file.
    fn is_exact(self) -> bool {
        matches!(
            self,
            Self::Header | Self::Bases | Self::ImageTags | Self::Env | Self::HelmCharts
        )
    }
}

/// The inputs that converting a file takes, and proving that the build stays the same.
pub trait Proof {
    /// Whether what is built of the file, and of whatever builds on it, stays the same if it has
    /// another text.
    ///
    /// # Errors
    ///
    /// If nothing is built of it without an error, so that there is nothing to compare.
    fn holds(&mut self, text: &str) -> Result<bool>;

    /// The replacements that do what the variables of a text do.
    ///
    /// # Errors
    ///
    /// If a variable stands in a text from which it cannot be told apart.
    fn replacements(&mut self, text: &str) -> Result<Node>;
}

/// A converted text.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The whole text; the same one if there was nothing to do.
    pub text: String,
    /// The converted fields.
    pub done: Vec<Conversion>,
    /// The other fields, and why they stay.
    pub left: Vec<(Conversion, Error)>,
}

/// Converts the deprecated fields of a kustomization.
///
/// # Errors
///
/// A text that is no kustomization, or one in which a label is in `commonLabels` and in `labels`.
pub fn fix(
    text: &str,
    source: SourceId,
    with_vars: bool,
    loader: &Loader<'_>,
    proof: &mut dyn Proof,
) -> Result<Fixed> {
    let mut fixed = Fixed {
        text: text.to_owned(),
        ..Fixed::default()
    };
    let vars = with_vars.then_some(Conversion::Vars);
    for conversion in Conversion::USUAL.into_iter().chain(vars) {
        let candidate = match convert(&fixed.text, source, conversion, loader, proof) {
            Ok(candidate) => candidate,
            Err(error) if conversion == Conversion::Vars => {
                fixed.left.push((conversion, error));
                continue;
            }
            Err(error) => return Err(error),
        };
        if candidate == fixed.text {
            continue;
        }
        let is_same = match (proof.holds(&candidate), conversion.is_exact()) {
            (Ok(is_same), _) => is_same,
            (Err(_), true) => true,
            (Err(error), false) => {
                fixed.left.push((conversion, error));
                continue;
            }
        };
        if is_same {
            fixed.text = candidate;
            fixed.done.push(conversion);
        } else {
            let message = "it would change what is built";
            let error = Error::new(Kind::Kustomization, message);
            let help = "it was left as it is; convert it by hand, and compare with `kustom diff`";
            fixed.left.push((conversion, error.help(help)));
        }
    }
    Ok(fixed)
}

fn convert(
    text: &str,
    source: SourceId,
    conversion: Conversion,
    loader: &Loader<'_>,
    proof: &mut dyn Proof,
) -> Result<String> {
    let mut replacements = None;
    edited(text, source, true, &mut |tree, _| match conversion {
        Conversion::Header => {
            header(tree);
            Ok(())
        }
        Conversion::Bases => {
            tree.move_items("bases", "resources", |item| item, false);
            Ok(())
        }
        Conversion::ImageTags => {
            tree.move_items("imageTags", "images", |item| item, false);
            Ok(())
        }
        Conversion::Env => {
            env(tree);
            Ok(())
        }
        Conversion::HelmCharts => {
            helm_charts(tree);
            Ok(())
        }
        Conversion::StrategicMerge => {
            let is_file = |text: &str| loader.kind(text) == Some(FileKind::File);
            tree.move_items(
                "patchesStrategicMerge",
                "patches",
                |item| patch_of(item, &is_file),
                true,
            );
            Ok(())
        }
        Conversion::Json6902 => {
            tree.move_items("patchesJson6902", "patches", |item| item, false);
            Ok(())
        }
        Conversion::CommonLabels => common_labels(tree),
        Conversion::Vars => {
            if tree.items("vars").is_empty() {
                return Ok(());
            }
            let made: &Node = match &mut replacements {
                Some(made) => made,
                none => none.insert(proof.replacements(text)?),
            };
            vars::replace(tree, made);
            Ok(())
        }
    })
}

/// Adds what says what the file is, at its top.
fn header(tree: &mut Tree) {
    let kind = match tree.text(tree.field("kind")) {
        "" => "Kustomization",
        kind => kind,
    };
    let version = match kind {
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    let kind = kind.to_owned();
    if tree.field("kind").is_none() {
        tree.put_first("kind", text_node(&kind));
    }
    if tree.field("apiVersion").is_none() {
        tree.put_first("apiVersion", text_node(version));
    }
}

/// A strategic merge patch as an entry of `patches`: a file, or the patch itself.
fn patch_of(mut item: Node, is_file: &dyn Fn(&str) -> bool) -> Node {
    let text = item.text().unwrap_or_default();
    let is_inline = text.contains('\n') || text.trim_start().starts_with('{');
    let field = match is_inline && !is_file(text) {
        true => "patch",
        false => "path",
    };
    // The comment above an item is about the item.
    let head = item.decor.as_mut().and_then(|decor| decor.head.take());
    // It is the old item, so that the comment beside that goes along with the text.
    let span = item.span;
    let mut entry = Node {
        span,
        ..Node::map(vec![Entry::new(field, item)])
    };
    if head.is_some() {
        entry.decor_mut().head = head;
    }
    entry
}

/// Writes `env` of each generator as the last of its `envs`.
fn env(tree: &mut Tree) {
    for field in ["configMapGenerator", "secretGenerator"] {
        for index in 0..tree.items(field).len() {
            let item = &tree.items(field)[index];
            let Some(file) = tree.member(item, "env") else {
                continue;
            };
            let file = file.clone();
            if let Some((item, anchors)) = tree.item_mut(field, index) {
                super::tree::rename_or_append(item, "env", "envs", file, anchors);
            }
        }
    }
}

/// Names of the deprecated fields of charts, and what they are called today.
const CHART_FIELDS: [(&str, &str); 7] = [
    ("chartName", "name"),
    ("chartVersion", "version"),
    ("chartRepoUrl", "repo"),
    ("values", "valuesFile"),
    ("valuesLocal", "valuesInline"),
    ("valuesMerge", "valuesMerge"),
    ("releaseName", "releaseName"),
];

fn helm_charts(tree: &mut Tree) {
    const FIELD: &str = "helmChartInflationGenerator";
    let text = |item: &Node, name: &str| tree.text(tree.member(item, name)).to_owned();
    let (mut chart_home, mut config_home) = (String::new(), String::new());
    for item in tree.items(FIELD) {
        for (home, name) in [
            (&mut chart_home, "chartHome"),
            (&mut config_home, "helmHome"),
        ] {
            let value = text(item, name);
            if !value.is_empty() {
                *home = value;
            }
        }
    }
    let has_globals = tree.field("helmGlobals").is_some();
    let is_there = tree.field(FIELD).is_some();
    tree.move_items(FIELD, "helmCharts", chart, false);
    if !is_there || has_globals {
        return;
    }
    for (name, home) in [("chartHome", chart_home), ("configHome", config_home)] {
        if !home.is_empty() {
            tree.map_mut("helmGlobals").set(name, text_node(&home));
        }
    }
}

/// A chart with the field names of today; those without a successor had no effect.
fn chart(mut item: Node) -> Node {
    if let Some(entries) = item.entries_mut() {
        let renamed = |key: &str| {
            let mut fields = CHART_FIELDS.iter();
            fields.find(|(old, _)| old.eq_ignore_ascii_case(key))
        };
        entries.retain_mut(|entry| {
            let key = entry.key.text().unwrap_or_default();
            if entry.key.tag == Tag::Merge {
                return true;
            }
            let Some((_, new)) = renamed(key) else {
                return false;
            };
            if key != *new {
                entry.key = Node::string(*new);
            }
            true
        });
    }
    item
}

/// Makes `commonLabels` the last entry of `labels`, which reaches selectors.
fn common_labels(tree: &mut Tree) -> Result<()> {
    let Some(common) = tree.field("commonLabels") else {
        return Ok(());
    };
    let keys = |node: &Node| -> Vec<_> {
        let entries = node.entries().iter();
        entries
            .map(|entry| super::tree::key_text(&entry.key))
            .collect()
    };
    let common_keys = keys(common);
    for label in tree.items("labels") {
        let others = tree.member(label, "pairs").map(keys).unwrap_or_default();
        if let Some(key) = common_keys.iter().find(|key| others.contains(key)) {
            let message = format!("the label `{key}` is in `commonLabels` and in `labels`");
            return Err(Error::new(Kind::Kustomization, message)
                .at(common.span)
                .help("keep one of the two"));
        }
    }
    tree.wrap("commonLabels", "labels", |mut pairs| {
        if pairs.entries().is_empty() {
            return None;
        }
        // Braces stay; a map of lines goes in as one.
        if pairs.style != Style::Flow {
            pairs.span = kustom_yaml::place::Span::default();
        }
        Some(Node::map(vec![
            Entry::new("pairs", pairs),
            Entry::new("includeSelectors", Node::scalar("true", Tag::Bool)),
        ]))
    });
    Ok(())
}
