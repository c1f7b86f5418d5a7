//! Starts functions that objects declare, outside of a build.

use std::path::Path;

use kustom_yaml::Node;
use kustom_yaml::error::{Error, Kind, Result};

use super::FunctionOptions;
use super::container::Sources;
use super::specification::Specification;
use crate::process::Command;

/// A function that an object declares.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The image, if it runs in a container; its command is one for [`super::run_container`].
    pub image: Option<String>,
    /// The program.
    pub command: Command,
    /// Variables that it declares for its executable: `NAME=value`.
    pub environment: Vec<String>,
}

impl Declared {
    /// The function of an object, if it declares one that may run: a container, or an executable
    /// where the options allow these. What is mounted is found from the directory on.
    ///
    /// # Errors
    ///
    /// If the declaration is wrong, asks for a network that is not allowed, or mounts something
    /// that is not below the directory.
    pub fn of(object: &Node, options: &FunctionOptions, directory: &Path) -> Result<Option<Self>> {
        let Some(spec) = Specification::of(object)? else {
            return Ok(None);
        };
        if spec.container.network && !options.network {
            let message = format!(
                "the function `{}` asks for the network",
                spec.container.image
            );
            return Err(Error::new(Kind::Plugin, message).help("it gets it with `--network`"));
        }
        if !spec.container.image.is_empty() {
            let sources = Sources {
                root: directory,
                declared: &|path| below(directory, path).map(|()| path.to_owned()),
                locate: &|path| Ok(path.to_owned()),
            };
            let arguments = spec.container.arguments(options, &sources)?;
            return Ok(Some(Self {
                image: Some(spec.container.image),
                command: Command {
                    arguments,
                    ..Command::default()
                },
                environment: Vec::new(),
            }));
        }
        let is_allowed = options.exec && !spec.exec.path.is_empty();
        Ok(is_allowed.then(|| Self {
            image: None,
            command: Command::new(spec.exec.path, spec.exec.arguments),
            environment: spec.exec.environment,
        }))
    }
}

/// Refuses a link that leads out of the directory; docker says what is not there.
fn below(directory: &Path, path: &Path) -> Result<()> {
    let (Ok(directory), Ok(real)) = (directory.canonicalize(), path.canonicalize()) else {
        return Ok(());
    };
    if real.starts_with(directory) {
        return Ok(());
    }
    let message = format!(
        "the mount of `{}` leads out of the directory",
        path.display()
    );
    Err(Error::new(Kind::Plugin, message).help("mount it with `--mount`"))
}
