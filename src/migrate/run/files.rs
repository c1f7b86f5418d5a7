//! Programs that make, copy, move and remove files.

use std::path::{Path, PathBuf};

use super::super::files::{Change, Content, Made};
use super::super::value::marks;
use super::{Chunk, Io, Run, Status, known};
use crate::load::{FileKind, Files as _, is_outside};
use crate::place::Span;

impl Run<'_> {
    pub(super) fn mkdir(&mut self, arguments: &[String]) -> Status {
        for name in arguments.iter().filter(|word| !word.starts_with('-')) {
            if marks(name).is_empty() {
                let path = self.path(name);
                self.files.make_directory(&path);
            }
        }
        Status::Success
    }

    pub(super) fn touch(&mut self, arguments: &[String], at: Span) -> Status {
        for name in arguments.iter().filter(|word| !word.starts_with('-')) {
            let path = self.path(name);
            if self.files.resolve(&path).is_err() {
                self.write(name, at, Vec::new(), false);
            }
        }
        Status::Success
    }

    pub(super) fn rm(&mut self, arguments: &[String]) -> Status {
        for name in arguments.iter().filter(|word| !word.starts_with('-')) {
            let path = self.path(name);
            let is_above = self.scope.directory.starts_with(&path);
            if marks(name).is_empty() && !is_above {
                self.files.remove(&path);
            }
        }
        Status::Success
    }

    /// `cp`, `mv` and `install`: files to a file or into a directory, directories with all in them.
    pub(super) fn copy(&mut self, program: &str, arguments: &[String], at: Span) -> Status {
        let mut names = Vec::new();
        let (mut into, mut is_plain, mut keeps, mut makes) = (None, false, false, false);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-t" | "--target-directory" => into = words.next().cloned(),
                "-T" | "--no-target-directory" => is_plain = true,
                "-n" | "--no-clobber" => keeps = true,
                "-m" | "-o" | "-g" | "--mode" | "--owner" | "--group" if program == "install" => {
                    words.next();
                }
                "-d" if program == "install" => makes = true,
                flag if flag.starts_with('-') && flag.len() > 1 => {
                    // `-Dm 400`
                    if program == "install" && !flag.starts_with("--") && flag.ends_with('m') {
                        words.next();
                    }
                }
                name => names.push(name.to_owned()),
            }
        }
        if makes {
            return self.mkdir(&names);
        }
        let Some(target) = into.clone().or_else(|| names.pop()) else {
            return Status::Unknown;
        };
        if !marks(&target).is_empty() {
            let path = self.path(&target).to_string_lossy().into_owned();
            self.trace.paths.push(path);
            let what = format!("where `{program}` writes");
            self.depends_on_unknown(&target, &what, at);
            return Status::Unknown;
        }
        let is_directory = into.is_some()
            || (!is_plain
                && (target.ends_with('/') || names.len() > 1 || self.is_directory(&target)));
        let mut status = Status::Success;
        for name in names {
            let to = match is_directory {
                true => {
                    let last = match name.ends_with("/.") {
                        true => String::new(),
                        false => last(&name),
                    };
                    self.scope.directory.join(&target).join(last)
                }
                false => self.scope.directory.join(&target),
            };
            if self.copy_one(&name, &to, keeps, at) == Status::Failure {
                status = Status::Unknown;
                let place = self.place(at);
                let made = Made {
                    content: Content::Unknown,
                    ..known(String::new(), place)
                };
                self.files.insert(&to, made);
            } else if program == "mv" {
                let from = self.path(&name);
                self.files.remove(&from);
            }
        }
        status
    }

    fn copy_one(&mut self, name: &str, to: &Path, keeps: bool, at: Span) -> Status {
        if !marks(name).is_empty() {
            return Status::Failure;
        }
        let from = self.path(name);
        let place = self.place(at);
        match self.files.resolve(&from) {
            Ok((_, FileKind::File)) => {
                if !(keeps && self.files.resolve(to).is_ok()) {
                    let made = self.copied(&from, place);
                    self.files.insert(to, made);
                }
                Status::Success
            }
            Ok((from, FileKind::Directory)) => {
                let Ok(files) = self.files.walk(&from) else {
                    return Status::Failure;
                };
                self.files.make_directory(to);
                for file in files {
                    let to = to.join(&file);
                    if !(keeps && self.files.resolve(&to).is_ok()) {
                        let made = self.copied(&from.join(&file), place.clone());
                        self.files.insert(&to, made);
                    }
                }
                Status::Success
            }
            Err(cause) => {
                if is_outside(&cause) {
                    self.outside(name);
                }
                Status::Failure
            }
        }
    }

    fn copied(&self, from: &Path, at: crate::place::Place) -> Made {
        if let Some(made) = self.files.made_at(from) {
            return Made { at, ..made.clone() };
        }
        match self.files.read(from) {
            Ok(bytes) if self.files.has_room(bytes.len()) => Made {
                content: Content::Known(bytes.into()),
                from: Some(from.to_path_buf()),
                changes: Vec::new(),
                at,
            },
            _ => Made {
                content: Content::Unknown,
                from: Some(from.to_path_buf()),
                changes: Vec::new(),
                at,
            },
        }
    }

    /// `ln -s`: what is linked to appears as a copy.
    pub(super) fn link(&mut self, arguments: &[String], at: Span) -> Status {
        let names: Vec<&String> = arguments
            .iter()
            .filter(|word| !word.starts_with('-'))
            .collect();
        let [from, to] = &names[..] else {
            return Status::Unknown;
        };
        let to = self.scope.directory.join(to);
        let beside = to.parent().unwrap_or(&to).join(from);
        self.copy_one(&beside.to_string_lossy(), &to, false, at)
    }

    /// A new directory, or a new file, that is nowhere in the tree.
    pub(super) fn mktemp(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        self.temporary += 1;
        let name = format!("/tmp/.kustom-migrate-{}", self.temporary);
        let path = PathBuf::from(&name);
        let is_directory = arguments
            .iter()
            .any(|word| word.starts_with('-') && word.contains('d'));
        match is_directory {
            true => self.files.make_directory(&path),
            false => {
                let made = known(String::new(), self.place(at));
                self.files.insert(&path, made);
            }
        }
        io.print(format!("{name}\n"));
        Status::Success
    }

    /// `sed -i`, and what else changes files in a way that is not followed.
    pub(super) fn changed_by(&mut self, program: &str, names: &[String], at: Span) -> Status {
        for name in names {
            let path = self.path(name);
            if self
                .files
                .resolve(&path)
                .is_ok_and(|(_, kind)| kind == FileKind::File)
            {
                let mut made = self.copied(&path, self.place(at));
                made.from = made.from.or(Some(path.clone()));
                made.content = Content::Unknown;
                made.changes.push(Change::Other);
                self.files.insert(&path, made);
                let shown = self.shown(&path);
                self.left_over(
                    at,
                    format!("`{program}` changes `{shown}`, and is not followed"),
                    "say it with an `expression` of yq in `scripts:`, a patch, or a template with \
                     values",
                );
            }
        }
        Status::Unknown
    }

    /// What a program writes whose output is not followed.
    pub(super) fn made_by(&mut self, program: &str, name: &str, at: Span) {
        let place = self.place(at);
        let chunk = Chunk::Unknown {
            program: program.to_owned(),
            at: place,
        };
        self.write(name, at, vec![chunk], false);
    }
}

/// The last part of a path.
fn last(name: &str) -> String {
    let name = name.trim_end_matches('/');
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
