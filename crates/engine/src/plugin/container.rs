//! Composes the command line that runs a function in a container.
//!
//! It is the one that kustomize composes: no network unless asked for, no more rights than at the
//! start, and only what is mounted on purpose.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};

use super::FunctionOptions;
use crate::load::normalized;
use crate::process::{Command, Failure, Output};

/// The container of a function, as its annotation declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) image: String,
    /// Whether it asks for the network.
    pub(super) network: bool,
    pub(super) mounts: Vec<Mount>,
    /// `NAME=value`, or `NAME` for one of our own.
    pub(super) environment: Vec<String>,
}

/// Something that is mounted into a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) writable: bool,
}

/// Where what is mounted lies on the disk.
pub(super) struct Sources<'s> {
    /// The directory that relative paths start from.
    pub(super) root: &'s Path,
    /// Of what the function says itself: it sees nothing but that.
    pub(super) declared: &'s WhereIs<'s>,
    /// Of what is mounted for the one who calls.
    pub(super) locate: &'s WhereIs<'s>,
}

/// Where a path is on the disk.
pub(super) type WhereIs<'s> = dyn Fn(&Path) -> Result<PathBuf> + 's;

/// The programs that run containers, the first that is there.
const PROGRAMS: [&str; 2] = ["docker", "podman"];

/// Runs a command with the arguments of docker; which program takes them is not said by it.
///
/// # Errors
///
/// If there is no program that runs containers, or it could not be run to its end.
pub fn run(mut command: Command) -> Result<Output> {
    for program in PROGRAMS {
        command.program = program.into();
        match command.run() {
            Err(Failure::Missing) => {}
            Err(failure) => return Err(failure.into_error(program.as_ref())),
            Ok(output) => return Ok(output),
        }
    }
    Err(Error::new(
        Kind::Plugin,
        "a function in a container needs `docker` or `podman`",
    )
    .help("install one of them, or put it on the PATH"))
}

impl Container {
    /// The arguments of docker.
    pub(super) fn arguments(
        &self,
        options: &FunctionOptions,
        sources: &Sources<'_>,
    ) -> Result<Vec<OsString>> {
        let mut words: Vec<String> = ["run", "--rm", "-i"].map(str::to_owned).into();
        for stream in ["STDIN", "STDOUT", "STDERR"] {
            words.extend(["-a".to_owned(), stream.to_owned()]);
        }
        let network = if self.network { "host" } else { "none" };
        let user = if options.as_current_user {
            current_user()
        } else {
            "nobody".to_owned()
        };
        words.extend([
            "--network".to_owned(),
            network.to_owned(),
            "--user".to_owned(),
            user,
        ]);
        words.push("--security-opt=no-new-privileges".to_owned());
        if kustom_yaml::limits::current().offline {
            words.push("--pull=never".to_owned());
        }
        let mut mounts = Vec::new();
        for mount in &self.mounts {
            mounts.push(mount.option(sources.root, sources.declared)?);
        }
        for text in &options.mounts {
            mounts.push(Mount::parse(text).option(sources.root, sources.locate)?);
        }
        for mount in mounts {
            words.extend(["--mount".to_owned(), mount]);
        }
        for variable in variables(&self.environment, &options.environment) {
            words.extend(["-e".to_owned(), variable]);
        }
        words.push(self.image.clone());
        Ok(words.into_iter().map(OsString::from).collect())
    }
}

impl Mount {
    /// Reads `type=bind,src=a,dst=b,rw=true`; what it does not know it leaves out.
    fn parse(text: &str) -> Self {
        let mut mount = Self::default();
        for (key, value) in text.split(',').filter_map(|option| option.split_once('=')) {
            match key {
                "type" => mount.kind = value.to_owned(),
                "src" | "source" => mount.source = value.to_owned(),
                "dst" | "target" => mount.target = value.to_owned(),
                "rw" => mount.writable = value == "true",
                _ => {}
            }
        }
        mount
    }

    fn option(&self, root: &Path, where_is: &WhereIs) -> Result<String> {
        let path = normalized(&root.join(&self.source));
        let source = match self.kind.as_str() {
            "bind" => where_is(&path)?,
            _ if Path::new(&self.source).is_absolute() => PathBuf::from(&self.source),
            _ => path,
        };
        let source = source.display();
        let mode = if self.writable { "" } else { ",readonly" };
        Ok(format!(
            "type={},source={source},target={}{mode}",
            self.kind, self.target
        ))
    }
}

/// The variables of a container: those with values, sorted, then the names of our own.
///
/// The command line wins, and so do the two that every function gets.
fn variables(declared: &[String], asked: &[String]) -> Vec<String> {
    let mut values = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    let defaults = ["LOG_TO_STDERR=true", "STRUCTURED_RESULTS=true"];
    let asked = defaults.into_iter().chain(asked.iter().map(String::as_str));
    for variable in declared.iter().map(String::as_str).chain(asked) {
        match variable.split_once('=') {
            Some((name, value)) => drop(values.insert(name, value)),
            None if names.contains(&variable) => {}
            None => names.push(variable),
        }
    }
    let with_values = values.iter().map(|(name, value)| format!("{name}={value}"));
    with_values
        .chain(names.into_iter().map(str::to_owned))
        .collect()
}

#[cfg(unix)]
fn current_user() -> String {
    use rustix::process::{getgid, getuid};

    format!("{}:{}", getuid().as_raw(), getgid().as_raw())
}

#[cfg(not(unix))]
fn current_user() -> String {
    "nobody".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(container: &Container, options: &FunctionOptions) -> String {
        let as_is = |path: &Path| Ok(path.to_path_buf());
        let sources = Sources {
            root: Path::new("/app"),
            declared: &as_is,
            locate: &as_is,
        };
        let words = container.arguments(options, &sources).unwrap();
        words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_container_gets_no_more_than_it_needs() {
        let container = Container {
            image: "example.com/fn:v1".to_owned(),
            ..Container::default()
        };
        assert_eq!(
            line(&container, &FunctionOptions::default()),
            "run --rm -i -a STDIN -a STDOUT -a STDERR --network none --user nobody \
             --security-opt=no-new-privileges -e LOG_TO_STDERR=true -e STRUCTURED_RESULTS=true \
             example.com/fn:v1"
        );
    }

    #[test]
    fn what_is_asked_for_is_given() {
        let mount = |kind: &str, source: &str, target: &str, writable| Mount {
            kind: kind.to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            writable,
        };
        let container = Container {
            image: "fn".to_owned(),
            network: true,
            mounts: vec![mount("bind", "./data/../in", "/in", false)],
            environment: ["B=1", "TOKEN", "LOG_TO_STDERR=no", "A=x=y"]
                .map(str::to_owned)
                .into(),
        };
        let options = FunctionOptions {
            mounts: vec!["type=bind,source=/out,target=/out,rw=true,odd".to_owned()],
            environment: ["B=2", "TOKEN", "HOME"].map(str::to_owned).into(),
            ..FunctionOptions::default()
        };
        assert_eq!(
            line(&container, &options),
            "run --rm -i -a STDIN -a STDOUT -a STDERR --network host --user nobody \
             --security-opt=no-new-privileges \
             --mount type=bind,source=/app/in,target=/in,readonly \
             --mount type=bind,source=/out,target=/out \
             -e A=x=y -e B=2 -e LOG_TO_STDERR=true -e STRUCTURED_RESULTS=true -e TOKEN -e HOME fn"
        );
    }
}
