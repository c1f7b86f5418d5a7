//! Which program is which: builtins of the shell, tools for files and texts, yq, kustomize, kubectl.

use std::path::Path;

use super::super::shell;
use super::super::value::{Unknown, mark, marked, marks};
use super::{Chunk, Flow, Io, Run, Source, Status, Value};
use crate::error::Result;
use crate::load::{FileKind, Files as _};
use crate::place::Span;

/// Programs that change nothing which a build reads.
const HARMLESS: &[&str] = &[
    ":",
    "set",
    "shopt",
    "trap",
    "ulimit",
    "umask",
    "chmod",
    "chown",
    "sleep",
    "wait",
    "date",
    "which",
    "type",
    "hash",
    "command",
    "unset",
    "shift",
    "docker",
    "podman",
    "kind",
    "minikube",
    "k3d",
    "gcloud",
    "az",
    "aws",
    "gh",
    "git",
    "curl",
    "wget",
    "diff",
    "kubeconform",
    "kubeval",
    "conftest",
    "kube-score",
    "kube-linter",
    "pluto",
    "polaris",
    "go",
    "npm",
    "pip",
    "ssh",
    "scp",
    "jq",
    "egrep",
    "fgrep",
    "awk",
    "wc",
    "tac",
    "column",
    "sha256sum",
    "md5sum",
    "id",
    "whoami",
    "hostname",
    "uname",
    "tput",
    "clear",
    "less",
    "open",
    "let",
    "apt-get",
    "yum",
    "brew",
    "base64",
    "openssl",
    "ssh-keygen",
    "uuidgen",
];

/// Programs that print what nobody may know.
const OF_SECRETS: &[&str] = &[
    "sops",
    "gpg",
    "age",
    "vault",
    "op",
    "pass",
    "bw",
    "ansible-vault",
    "kubeseal",
    "git-crypt",
    "lpass",
];

impl Run<'_> {
    pub(super) fn program(
        &mut self,
        program: &str,
        arguments: &[String],
        at: Span,
        io: &mut Io,
    ) -> Result<Flow> {
        let name = self.program_name(program);
        if let Some(flow) = self.builtin(&name, arguments, at, io)? {
            return Ok(flow);
        }
        let status = match name.as_str() {
            "echo" => self.echo(arguments, io),
            "printf" => self.printf(arguments, io),
            "cat" => self.cat(arguments, at, io),
            "tee" => self.tee(arguments, at, io),
            "find" => self.find(arguments, at, io),
            "ls" => self.ls(arguments, at, io),
            "sort" => self.filter("sort", at, io, |mut lines| {
                lines.sort_unstable();
                if arguments.iter().any(|word| word == "-u") {
                    lines.dedup();
                }
                lines
            }),
            "uniq" if arguments.is_empty() => self.filter("uniq", at, io, |mut lines| {
                lines.dedup();
                lines
            }),
            "tr" | "cut" | "grep" | "head" => self.cut_text(&name, arguments, at, io),
            "envsubst" => self.envsubst(arguments, at, io),
            "read" => self.read_line(arguments, io),
            "basename" | "dirname" | "realpath" | "readlink" => {
                self.path_text(&name, arguments, io)
            }
            "pwd" => {
                io.print(format!("{}\n", self.scope.directory.display()));
                Status::Success
            }
            "mkdir" => self.mkdir(arguments),
            "touch" => self.touch(arguments, at),
            "rm" | "rmdir" => self.rm(arguments),
            "cp" | "mv" | "install" => self.copy(&name, arguments, at),
            "ln" => self.link(arguments, at),
            "mktemp" => self.mktemp(arguments, at, io),
            "git" if arguments.first().is_some_and(|word| word == "rev-parse") => {
                self.git_root(arguments, at, io)
            }
            "sed" | "perl" => self.sed(&name, arguments, at, io),
            "yq" => self.yq(arguments, at, io),
            "kustomize" => self.kustomize(arguments, at, io),
            "kubectl" | "oc" => self.kubectl(arguments, at, io),
            "helm" => self.helm(arguments, at, io),
            _ => self.other(program, &name, arguments, at, io)?,
        };
        Ok(Flow::Next(status))
    }

    /// The name of a program without its path, also where only the name of a variable tells it.
    fn program_name(&self, program: &str) -> String {
        let known = |name: &str| {
            let name = name.to_lowercase();
            ["kustomize", "kubectl", "yq", "helm", "envsubst", "sops"]
                .into_iter()
                .find(|known| name.contains(known))
        };
        if let Some(Unknown::Parameter(name)) = marked(program).and_then(|it| self.unknown.get(it))
        {
            return known(name).unwrap_or(name).to_owned();
        }
        let last = program.rsplit('/').next().unwrap_or(program);
        let is_version = |rest: &str| {
            rest.starts_with(['-', '_', '.']) || rest.starts_with(|c: char| c.is_ascii_digit())
        };
        for name in ["kustomize", "kubectl", "yq", "helm"] {
            if last.strip_prefix(name).is_some_and(is_version) {
                return name.to_owned();
            }
        }
        last.to_owned()
    }

    /// What only a shell can do.
    fn builtin(
        &mut self,
        name: &str,
        arguments: &[String],
        at: Span,
        io: &mut Io,
    ) -> Result<Option<Flow>> {
        let next = |status| Ok(Some(Flow::Next(status)));
        let status_of = |word: Option<&String>| match word.map(String::as_str) {
            None | Some("0") => Status::Success,
            Some(_) => Status::Failure,
        };
        match name {
            "true" => next(Status::Success),
            "false" => next(Status::Failure),
            "exit" => {
                let status = status_of(arguments.first());
                if status == Status::Failure && self.trace.ended.is_none() {
                    self.trace.ended = Some(self.place(at));
                }
                Ok(Some(Flow::Exit(status)))
            }
            "return" => Ok(Some(Flow::Return(status_of(arguments.first())))),
            "break" => Ok(Some(Flow::Break)),
            "continue" => Ok(Some(Flow::Continue)),
            "set" => {
                let is_on = |word: &String| {
                    (word.starts_with('-') && !word.starts_with("--") && word.contains('e'))
                        || word == "errexit"
                };
                self.ends_on_failure |= arguments.iter().any(is_on);
                self.ends_on_failure &= !arguments.iter().any(|word| word == "+e");
                if let Some(("--", words)) = arguments.split_first().map(|(a, b)| (a.as_str(), b)) {
                    self.scope.arguments = words.to_vec();
                }
                next(Status::Success)
            }
            "shift" => {
                let count = arguments.first().and_then(|word| word.parse().ok());
                let count: usize = count.unwrap_or(1);
                self.scope.shifted += count;
                let count = count.min(self.scope.arguments.len());
                self.scope.arguments.drain(..count);
                next(Status::Success)
            }
            "unset" => {
                for name in arguments {
                    self.scope.variables.remove(name);
                }
                next(Status::Success)
            }
            "cd" | "pushd" => {
                let name = arguments.iter().find(|word| !word.starts_with('-'));
                let Some(name) = name else {
                    return next(Status::Unknown);
                };
                if self.depends_on_unknown(name, "the directory", at) {
                    let path = self.path(name).to_string_lossy().into_owned();
                    self.trace.paths.push(path);
                    return next(Status::Unknown);
                }
                let before = self.scope.directory.to_string_lossy().into_owned();
                let to = self.path(name);

                if self.is_directory(&to.to_string_lossy()) {
                    let value = Value::Text(before);
                    self.scope.variables.insert("OLDPWD".to_owned(), value);
                    self.scope.directory = to;
                    return next(Status::Success);
                }
                let shown = self.readable(name);
                let message = format!("there is no directory `{shown}`");
                let help = "say with `-C` in which directory the script is run";
                self.left_over(at, message, help);
                next(Status::Unknown)
            }
            "popd" => {
                if let Some(Value::Text(before)) = self.scope.variables.get("OLDPWD") {
                    self.scope.directory = before.into();
                }
                next(Status::Success)
            }
            // There are no options to read.
            "getopts"
                if !self
                    .scope
                    .arguments
                    .first()
                    .is_some_and(|word| word.starts_with('-')) =>
            {
                next(Status::Failure)
            }
            "test" => next(self.test(arguments)),
            "[" => {
                let words = arguments.split_last().map_or(&[][..], |(_, words)| words);
                next(self.test(words))
            }
            "." | "source" => match arguments.first() {
                Some(name) => self.sourced(name, at, io).map(Some),
                None => next(Status::Failure),
            },
            "xargs" => self.xargs(arguments, at, io).map(Some),
            "env" | "sudo" | "time" | "nice" | "exec" | "nohup" | "builtin" | "command"
            | "timeout" => self.wrapped(name, arguments, at, io).map(Some),
            "sh" | "bash" | "dash" | "zsh" | "ksh" => self.shell(arguments, at, io).map(Some),
            _ => Ok(None),
        }
    }

    /// A program that runs another one.
    fn wrapped(&mut self, name: &str, arguments: &[String], at: Span, io: &mut Io) -> Result<Flow> {
        if name == "command"
            && arguments
                .first()
                .is_some_and(|word| word == "-v" || word == "-V")
        {
            // Tools that the script looks for are there.
            io.print(format!("{}\n", arguments.last().map_or("", String::as_str)));
            return Ok(Flow::Next(Status::Success));
        }
        let before = self.scope.variables.clone();
        let mut words = arguments;
        while let Some((word, rest)) = words.split_first() {
            match word.split_once('=') {
                Some((variable, value)) if name == "env" || name == "sudo" => {
                    let value = Value::Text(value.to_owned());
                    self.scope.variables.insert(variable.to_owned(), value);
                }
                _ if word.starts_with('-') => {}
                _ if name == "timeout" && word.starts_with(|c: char| c.is_ascii_digit()) => {}
                _ => break,
            }
            words = rest;
        }
        let flow = match words.split_first() {
            Some((program, arguments)) => self.call(program, arguments, at, io),
            None => Ok(Flow::Next(Status::Success)),
        };
        self.scope.variables = before;
        flow
    }

    /// `xargs`: a call for each line of a known text with `-I` or `-n 1`, else one with all words.
    fn xargs(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Result<Flow> {
        let (mut place, mut is_each) = (None, false);
        let mut words = arguments;
        while let Some((word, rest)) = words
            .split_first()
            .filter(|(word, _)| word.starts_with('-'))
        {
            words = rest;
            match (word.as_str(), rest.split_first()) {
                ("-I", Some((value, rest))) => {
                    place = Some(value.clone());
                    words = rest;
                }
                ("-n" | "-L" | "-P" | "--max-args", Some((value, rest))) => {
                    is_each |= value == "1" && word != "-P";
                    words = rest;
                }
                ("-n1" | "-L1" | "-t" | "-r" | "-0", _) => is_each |= word.ends_with('1'),
                (flag, _) => place = flag.strip_prefix("-I").map(str::to_owned).or(place),
            }
        }
        let Some(text) = super::texts::joined(&io.input).filter(|text| marks(text).is_empty())
        else {
            return Ok(Flow::Next(self.other("xargs", "xargs", arguments, at, io)?));
        };
        let Some((program, given)) = words.split_first() else {
            io.output.append(&mut io.input);
            return Ok(Flow::Next(Status::Success));
        };
        io.input.clear();
        let lines: Vec<String> = match &place {
            Some(_) => text.lines().map(str::to_owned).collect(),
            None => text.split_whitespace().map(str::to_owned).collect(),
        };
        let calls: Vec<Vec<String>> = match (&place, is_each) {
            (Some(place), _) => {
                let filled =
                    |line: &String| given.iter().map(|word| word.replace(place, line)).collect();
                lines.iter().map(filled).collect()
            }
            (None, true) => lines
                .iter()
                .map(|line| [given, std::slice::from_ref(line)].concat())
                .collect(),
            (None, false) => vec![[given, &lines].concat()],
        };
        let mut flow = Flow::Next(Status::Success);
        for arguments in calls {
            flow = self.call(program, &arguments, at, io)?;
        }
        Ok(flow)
    }

    /// `bash FILE`, `sh -c TEXT`
    fn shell(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Result<Flow> {
        let flags = arguments.iter().take_while(|word| word.starts_with('-'));
        let is_text = flags
            .clone()
            .any(|word| !word.starts_with("--") && word.ends_with('c'));
        let rest = arguments.get(flags.count()..).unwrap_or_default();
        let Some((first, words)) = rest.split_first() else {
            return Ok(Flow::Next(Status::Unknown));
        };
        if !is_text {
            let path = self.path(first);
            return self.child(&path, first, words, at, io);
        }
        let script = match shell::parse_at(first, at) {
            Ok(script) => script,
            Err(error) => {
                let message = format!("the text of `sh -c` is not followed: {}", error.message());
                self.left_over(at, message, "what it does is not taken over");
                return Ok(Flow::Next(Status::Unknown));
            }
        };
        self.enter(at)?;
        let scope = self.scope.clone();
        let inner = Source {
            script,
            name: self.source.name.clone(),
            path: self.source.path.clone(),
        };
        let inner = std::sync::Arc::new(inner);
        let outer = std::mem::replace(&mut self.source, std::sync::Arc::clone(&inner));
        let flow = self.list(&inner.script.commands, io);
        self.source = outer;
        self.scope = scope;
        self.depth -= 1;
        Ok(match flow? {
            Flow::Exit(status) | Flow::Return(status) => Flow::Next(status),
            other => other,
        })
    }

    fn path_text(&mut self, name: &str, arguments: &[String], io: &mut Io) -> Status {
        let mut words = arguments.iter().filter(|word| !word.starts_with('-'));
        let Some(path) = words.next() else {
            return Status::Failure;
        };
        let trimmed = path.trim_end_matches('/');
        let text = match name {
            "basename" => {
                let last = trimmed.rsplit('/').next().unwrap_or(trimmed);
                let end = words.next().map_or("", String::as_str);
                last.strip_suffix(end)
                    .filter(|it| !it.is_empty())
                    .unwrap_or(last)
                    .to_owned()
            }
            "dirname" => match trimmed.rsplit_once('/') {
                Some(("", _)) => "/".to_owned(),
                Some((before, _)) => before.to_owned(),
                None => ".".to_owned(),
            },
            _ => self.path(path).to_string_lossy().into_owned(),
        };
        io.print(text + "\n");
        Status::Success
    }

    /// `git rev-parse --show-toplevel`: the directory that the run began in, or the one above it that
    /// git knows.
    fn git_root(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        if !arguments.iter().any(|word| word == "--show-toplevel") {
            return self.opaque("git", at, io);
        }
        let directory = self.scope.directory.clone();
        let is_root = |directory: &&Path| self.files.resolve(&directory.join(".git")).is_ok();
        match directory.ancestors().find(is_root) {
            Some(root) => io.print(format!("{}\n", root.display())),
            None => return self.opaque("git", at, io),
        }
        Status::Success
    }

    /// `sed`: a substitution of plain words in a known text is followed, nothing else.
    fn sed(&mut self, name: &str, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let is_in_place = |word: &String| {
            word == "--in-place" || (word.starts_with("-i") || word.starts_with("-pi"))
        };
        let words: Vec<String> = arguments
            .iter()
            .filter(|word| !word.starts_with('-'))
            .cloned()
            .collect();
        if arguments.iter().any(is_in_place) {
            return self.changed_by(name, &words, at);
        }
        let files = match arguments.iter().any(|word| word == "-e") {
            true => &[][..],
            false => words.get(1..).unwrap_or_default(),
        };
        if !files.is_empty() {
            io.input = files
                .iter()
                .flat_map(|file| self.content(file, at))
                .collect();
        }
        let has_build = io
            .input
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Build(_)));
        if let (false, [script, ..], Some(text)) =
            (has_build, &words[..], super::texts::joined(&io.input))
            && let Some(change) = substitution(script)
        {
            let lines: Vec<String> = text.lines().map(change).collect();
            io.print(
                lines
                    .iter()
                    .map(|line| format!("{line}\n"))
                    .collect::<String>(),
            );
            return Status::Success;
        }
        if has_build {
            self.left_over(
                at,
                format!("`{name}` changes what is built, and is not followed"),
                "an image, a namespace or a number of replicas has a setting in `environment.yaml`; \
                 anything else is a patch, a replacement or a variable of `substitute`",
            );
        }
        self.opaque(name, at, io)
    }

    /// A program that is not followed: what it may do to a build is told.
    fn other(
        &mut self,
        program: &str,
        name: &str,
        arguments: &[String],
        at: Span,
        io: &mut Io,
    ) -> Result<Status> {
        let path = self.path(program);
        let is_file = || matches!(self.files.resolve(&path), Ok((_, FileKind::File)));
        if program.contains('/') && marks(program).is_empty() && is_file() {
            let flow = self.child(&path, program, arguments, at, io)?;
            return Ok(match flow {
                Flow::Next(status) => status,
                _ => Status::Unknown,
            });
        }
        let shown = self.readable(name);
        let takes_build = io
            .input
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Build(_)));
        let written = arguments
            .iter()
            .zip(arguments.iter().skip(1))
            .find(|(flag, _)| ["-o", "-O", "--output", "-out"].contains(&flag.as_str()));
        if let Some((_, to)) = written {
            self.made_by(&shown, to, at);
        }
        let is_secret = OF_SECRETS.contains(&name);
        if !is_secret && !HARMLESS.contains(&name) {
            let message = match takes_build {
                true => format!("`{shown}` gets what is built, and is not followed"),
                false => format!("`{shown}` is not known, and is not followed"),
            };
            self.left_over(
                at,
                message,
                "if it changes what a build reads or prints, do the same with configs, `scripts:`, \
                 templates or patches; else it may stay where it is",
            );
        }
        if takes_build && !is_secret {
            return Ok(self.opaque(&shown, at, io));
        }
        let at = self.place(at);
        io.input.clear();
        io.output.push(Chunk::Unknown { program: shown, at });
        Ok(Status::Unknown)
    }
}

/// `s,a,b,` and `s|^a||` of words without special characters.
fn substitution(script: &str) -> Option<impl Fn(&str) -> String> {
    let rest = script.strip_prefix('s')?;
    let separator = rest.chars().next().filter(|c| !c.is_alphanumeric())?;
    let parts: Vec<&str> = rest.split(separator).collect();
    let ["", from, to, flags] = parts[..] else {
        return None;
    };
    let (at_start, from) = match from.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, from),
    };
    let (at_end, from) = match from.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, from),
    };
    let from = from.replace("\\.", "\u{0}");
    let is_plain =
        |text: &str| !text.contains(['*', '[', ']', '\\', '.', '&', '^', '$', '(', '+', '?']);
    if !is_plain(&from)
        || !is_plain(&to.replace('.', ""))
        || !matches!(flags, "" | "g")
        || from.is_empty()
    {
        return None;
    }
    let (from, to, all) = (from.replace('\u{0}', "."), to.to_owned(), flags == "g");
    Some(move |line: &str| match (at_start, at_end) {
        (true, true) => match line == from {
            true => to.clone(),
            false => line.to_owned(),
        },
        (true, false) => match line.strip_prefix(from.as_str()) {
            Some(rest) => format!("{to}{rest}"),
            None => line.to_owned(),
        },
        (false, true) => match line.strip_suffix(from.as_str()) {
            Some(rest) => format!("{rest}{to}"),
            None => line.to_owned(),
        },
        (false, false) if all => line.replace(from.as_str(), &to),
        (false, false) => line.replacen(from.as_str(), &to, 1),
    })
}

/// What an unknown value is called where it is the only thing that is known of a path.
pub(super) fn readable(text: &str, unknown: &[Unknown]) -> String {
    let mut shown = text.to_owned();
    for number in marks(text) {
        let name = match unknown.get(number) {
            Some(Unknown::Parameter(name)) => format!("${name}"),
            Some(Unknown::Output { program, .. }) => format!("$({program} …)"),
            None => "…".to_owned(),
        };
        shown = shown.replace(&mark(number), &name);
    }
    shown
}
