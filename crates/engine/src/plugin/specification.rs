//! Parses what an object says about the function that it configures.
//!
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md>.

use std::path::{Component, Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, read_config};

use super::container::{Container, Mount};
use crate::decode::Mode;

/// The executable of a function, as its annotation declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exec {
    pub(super) path: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<String>,
}

/// The function that an object declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Specification {
    pub(super) container: Container,
    pub(super) exec: Exec,
}

/// Annotations that hold a specification, the first one counts.
const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

impl Specification {
    /// Reads the specification of an object, if it has one.
    pub(super) fn of(object: &Node) -> Result<Option<Self>> {
        let annotation = |key: &str| {
            let node = object.at(&["metadata", "annotations", key])?;
            node.text().filter(|text| !text.is_empty())
        };
        for key in ANNOTATIONS {
            if let Some(text) = annotation(key) {
                let node = read_config(text.as_bytes(), SourceId::NONE)?;
                let spec = Self::read(&node);
                return spec.map(Some).map_err(|error| {
                    error.note(
                        format!("in the annotation `{key}`"),
                        Some(object.span.into()),
                    )
                });
            }
        }
        if let Some(node) = object
            .at(&["metadata", "configFn"])
            .filter(|node| !node.is_null())
        {
            return Self::read(node).map(Some);
        }
        let image = annotation("config.kubernetes.io/container");
        Ok(image.map(|image| {
            let container = Container {
                image: image.to_owned(),
                ..Container::default()
            };
            Self {
                container,
                ..Self::default()
            }
        }))
    }

    fn read(node: &Node) -> Result<Self> {
        let mut spec = Self::default();
        MODE.fields(
            node,
            &["deferFailure", "container", "exec"],
            |name, value| {
                match name {
                    // A build has only one function at a time: a failure that waits fails it too.
                    "deferFailure" => drop(MODE.boolean(value)?),
                    "container" => spec.container = container(value)?,
                    _ => spec.exec = exec(value)?,
                }
                Ok(())
            },
        )?;
        Ok(spec)
    }
}

const MODE: Mode = Mode::STRICT;

fn container(node: &Node) -> Result<Container> {
    let mut container = Container::default();
    MODE.fields(
        node,
        &["image", "network", "mounts", "envs"],
        |name, value| {
            match name {
                "image" => container.image = text(value)?,
                "network" => container.network = MODE.boolean(value)?,
                "mounts" => container.mounts = MODE.list(value, |_, node| mount(node))?,
                _ => container.environment = texts(value)?,
            }
            Ok(())
        },
    )?;
    Ok(container)
}

fn mount(node: &Node) -> Result<Mount> {
    let mut mount = Mount::default();
    MODE.fields(node, &["type", "src", "dst", "rw"], |name, value| {
        match name {
            "type" => mount.kind = text(value)?,
            "src" => mount.source = text(value)?,
            "dst" => mount.target = text(value)?,
            _ => mount.writable = MODE.boolean(value)?,
        }
        Ok(())
    })?;
    check_mount(&mount).map_err(|error| error.at(node.span))?;
    Ok(mount)
}

fn exec(node: &Node) -> Result<Exec> {
    let mut exec = Exec::default();
    MODE.fields(node, &["path", "args", "envs"], |name, value| {
        match name {
            "path" => exec.path = text(value)?,
            "args" => exec.arguments = texts(value)?,
            _ => exec.environment = texts(value)?,
        }
        Ok(())
    })?;
    Ok(exec)
}

fn text(node: &Node) -> Result<String> {
    Ok(MODE.text(node)?.to_string())
}

fn texts(node: &Node) -> Result<Vec<String>> {
    Ok(MODE.texts(node)?.iter().map(ToString::to_string).collect())
}

/// A mount must be below the kustomization.
fn check_mount(mount: &Mount) -> Result<()> {
    let source = Path::new(&mount.source);
    let leaves = normal(source).starts_with("..");
    if !source.is_absolute() && !leaves {
        return Ok(());
    }
    let message = format!(
        "the mount of `{}` is not below the kustomization",
        mount.source
    );
    Err(Error::new(Kind::Plugin, message).help("name a directory relative to the kustomization"))
}

/// A relative path without `.`, and with `..` only at its start.
fn normal(path: &Path) -> String {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts
        .iter()
        .collect::<PathBuf>()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<Option<Specification>> {
        Specification::of(&read_config(text.as_bytes(), SourceId::NONE).unwrap())
    }

    #[test]
    fn a_specification_is_found_wherever_it_may_stand() {
        let with_annotation = |key: &str, value: &str| {
            spec(&format!("metadata: {{annotations: {{{key}: '{value}'}}}}"))
                .unwrap()
                .unwrap()
        };
        for key in ANNOTATIONS {
            let found = with_annotation(key, "{exec: {path: ./x, args: [a]}}");
            assert_eq!(found.exec.path, "./x");
            assert_eq!(found.exec.arguments, ["a"]);
        }
        let found = with_annotation("config.kubernetes.io/container", "image:v1");
        assert_eq!(found.container.image, "image:v1");
        let found = spec("metadata: {configFn: {container: {image: i, network: true}}}");
        assert!(found.unwrap().unwrap().container.network);
        assert_eq!(spec("metadata: {annotations: {other: x}}").unwrap(), None);
    }

    #[test]
    fn a_specification_with_a_typo_is_refused() {
        let text = "metadata: {annotations: {config.kubernetes.io/function: '{exec: {pth: x}}'}}";
        assert!(spec(text).unwrap_err().message().contains("`pth`"));
    }

    #[test]
    fn what_is_mounted_is_below_the_kustomization() {
        let check = |source: &str| {
            check_mount(&Mount {
                source: source.to_owned(),
                ..Mount::default()
            })
            .is_ok()
        };
        assert!(check("data") && check("./a/../b") && check(""));
        assert!(!check("/etc") && !check("..") && !check("a/../../b") && !check("./../x"));
    }
}
