//! A stage for the binary: a fresh directory, a scrubbed environment, what it said.
#![allow(dead_code, reason = "no test needs all of it")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

pub(crate) mod server;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory of its own, with a home and a place for temporary files.
pub(crate) struct Stage {
    directory: TempDir,
    /// Variables besides the few that every run gets.
    variables: Vec<(String, String)>,
    /// What stands before the `PATH`.
    programs: Option<PathBuf>,
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self {
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            programs: None,
        };
        for name in ["home", "tmp"] {
            fs::create_dir(stage.path(name)).unwrap();
        }
        // Since 2022 git clones submodules from local paths only when told to.
        let config = "[user]\nname = a\nemail = a@example.com\n[init]\ndefaultBranch = main\n\
                      [protocol \"file\"]\nallow = always\n";
        stage.write("gitconfig", config);
        stage
    }

    /// A path on the stage, without links.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    /// The path as text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn write_program(&self, name: &str, script: &str) {
        self.write(name, script);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names in a directory, sorted.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Puts a directory of the stage before the `PATH`.
    pub(crate) fn put_programs_first(&mut self, name: &str) {
        self.programs = Some(self.path(name));
    }

    /// Runs the binary in a directory of the stage.
    pub(crate) fn kustom<A: AsRef<OsStr>>(
        &self,
        directory: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> CommandOutput {
        self.run(env!("CARGO_BIN_EXE_kustom").as_ref(), directory, arguments)
    }

    /// Runs `build` with arguments that stand on one line.
    pub(crate) fn build(&self, directory: &str, arguments: &str) -> CommandOutput {
        self.kustom(
            directory,
            ["build"].into_iter().chain(arguments.split_whitespace()),
        )
    }

    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        directory: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> CommandOutput {
        let mut path = std::env::var_os("PATH").unwrap();
        if let Some(first) = &self.programs {
            let rest = std::env::split_paths(&path);
            path = std::env::join_paths(std::iter::once(first.clone()).chain(rest)).unwrap();
        }
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.path(directory))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("GIT_CONFIG_GLOBAL", self.path("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // Sentences stay on their lines.
            .env("COLUMNS", "1000")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        CommandOutput {
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        }
    }

    /// Runs git in a directory of the stage.
    pub(crate) fn git(&self, directory: &str, arguments: &str) {
        let said = self.run("git".as_ref(), directory, arguments.split_whitespace());
        assert_eq!(said.code, 0, "git {arguments}: {}", said.err);
    }

    /// Commits all that is in a directory, which becomes a repository.
    pub(crate) fn commit(&self, directory: &str) {
        self.git(directory, "init --quiet");
        self.git(directory, "add --all");
        self.git(directory, "commit --quiet --message change");
    }
}

impl CommandOutput {
    /// What it printed, if all went well and nothing was said.
    #[track_caller]
    pub(crate) fn printed(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// What it said, if it failed as a build fails, with nothing printed.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        self.err
    }
}

/// Whether a program is there; says so if it is not.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap();
    let is_there = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if !is_there {
        eprintln!("skipped: there is no `{program}` on the PATH");
    }
    is_there
}
