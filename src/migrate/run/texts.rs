//! Programs that print or change texts: `echo`, `printf`, `cat`, `sort`, `envsubst` …

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::trace::Stage;
use super::super::value::{marked, marks};
use super::{Chunk, Io, Run, Status, Value};
use crate::load::{FileKind, Files as _};
use crate::place::Span;

/// The text of chunks, if all of it is known.
pub(super) fn joined(chunks: &[Chunk]) -> Option<String> {
    chunks
        .iter()
        .map(|chunk| match chunk {
            Chunk::Text { text, .. } => Some(text.as_str()),
            Chunk::Build(_) | Chunk::Unknown { .. } => None,
        })
        .collect()
}

impl Run<'_> {
    pub(super) fn echo(&mut self, arguments: &[String], io: &mut Io) -> Status {
        let flags = arguments.iter().take_while(|word| {
            word.len() > 1
                && word.starts_with('-')
                && word.chars().skip(1).all(|c| "neE".contains(c))
        });
        let flags: Vec<&String> = flags.collect();
        let has = |flag: char| flags.iter().any(|word| word.contains(flag));
        let mut text = arguments[flags.len()..].join(" ");
        if has('e') {
            text = unescaped(&text);
        }
        if !has('n') {
            text.push('\n');
        }
        io.print(text);
        Status::Success
    }

    /// `printf` with `%s`, `%d` and escapes; the format is used again for what is left.
    pub(super) fn printf(&mut self, arguments: &[String], io: &mut Io) -> Status {
        let arguments: Vec<&String> = arguments.iter().filter(|word| *word != "--").collect();
        let Some((format, values)) = arguments.split_first() else {
            return Status::Failure;
        };
        let mut values = values.iter();
        let mut text = String::new();
        loop {
            let before = values.len();
            let mut rest = format.chars().peekable();
            while let Some(character) = rest.next() {
                if character != '%' {
                    text.push(character);
                    continue;
                }
                match rest.next() {
                    Some('s' | 'd' | 'b' | 'q') => {
                        text.extend(values.next().map(|value| value.as_str()));
                    }
                    Some('%') => text.push('%'),
                    other => {
                        text.push('%');
                        text.extend(other);
                    }
                }
            }
            if values.len() == 0 || values.len() == before {
                break;
            }
        }
        io.print(unescaped(&text));
        Status::Success
    }

    /// Files one after the other, or what comes in.
    pub(super) fn cat(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let names: Vec<&String> = arguments
            .iter()
            .filter(|word| *word == "-" || !word.starts_with('-'))
            .collect();
        if names.is_empty() {
            io.output.append(&mut io.input);
            return Status::Success;
        }
        for name in names {
            match name.as_str() {
                "-" => io.output.append(&mut io.input),
                name => {
                    let content = self.content(name, at);
                    io.output.extend(content);
                }
            }
        }
        Status::Success
    }

    pub(super) fn tee(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let adds = arguments
            .iter()
            .any(|word| word == "-a" || word == "--append");
        for name in arguments.iter().filter(|word| !word.starts_with('-')) {
            self.write(name, at, io.input.clone(), adds);
        }
        io.output.append(&mut io.input);
        Status::Success
    }

    /// Lines of a known text, changed; of anything else nothing is known.
    pub(super) fn filter(
        &mut self,
        program: &str,
        at: Span,
        io: &mut Io,
        change: impl Fn(Vec<&str>) -> Vec<&str>,
    ) -> Status {
        match joined(&io.input) {
            Some(text) => {
                let lines = change(text.lines().collect());
                io.print(
                    lines
                        .iter()
                        .map(|line| format!("{line}\n"))
                        .collect::<String>(),
                );
                Status::Success
            }
            None => self.opaque(program, at, io),
        }
    }

    /// `tr`, `cut`, `grep` and `head` on a known text, in their plainest forms.
    pub(super) fn cut_text(
        &mut self,
        program: &str,
        arguments: &[String],
        at: Span,
        io: &mut Io,
    ) -> Status {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let text = joined(&io.input).filter(|text| marks(text).is_empty());
        let lines = |text: &str, change: &dyn Fn(&str) -> Option<String>| -> String {
            let lines = text.lines().filter_map(change);
            lines.map(|line| line + "\n").collect()
        };
        let changed: Option<String> = text.and_then(|text| match (program, &words[..]) {
            ("tr", ["-d", set]) => {
                let set = characters(set)?;
                Some(text.chars().filter(|c| !set.contains(c)).collect())
            }
            ("tr", [from, to]) => {
                let (from, to) = (characters(from)?, characters(to)?);
                let last = *to.last()?;
                let change = |c: char| match from.iter().position(|known| *known == c) {
                    Some(index) => to.get(index).copied().unwrap_or(last),
                    None => c,
                };
                Some(text.chars().map(change).collect())
            }
            ("cut", ["-d", separator, "-f", field]) => cut(&text, separator, field),
            ("cut", [separator, field]) => cut(
                &text,
                separator.strip_prefix("-d")?,
                field.strip_prefix("-f")?,
            ),
            ("grep", ["-v", word]) if is_plain(word) => Some(lines(&text, &|line| {
                (!line.contains(word)).then(|| line.to_owned())
            })),
            ("grep", [word]) if is_plain(word) => Some(lines(&text, &|line| {
                line.contains(word).then(|| line.to_owned())
            })),
            ("head", ["-1" | "-n1"] | ["-n", "1"]) => Some(
                text.lines()
                    .take(1)
                    .map(|line| format!("{line}\n"))
                    .collect(),
            ),
            _ => None,
        });
        match changed {
            Some(text) => {
                io.print(text);
                Status::Success
            }
            None => self.opaque(program, at, io),
        }
    }

    /// A program that is not followed between two pipes.
    pub(super) fn opaque(&mut self, program: &str, at: Span, io: &mut Io) -> Status {
        let place = self.place(at);
        let mut has_build = false;
        for chunk in std::mem::take(&mut io.input) {
            if let Chunk::Build(build) = chunk {
                has_build = true;
                self.trace.builds[build].stages.push(Stage::Other {
                    program: program.to_owned(),
                    at: place.clone(),
                });
                io.output.push(Chunk::Build(build));
            }
        }
        if !has_build {
            io.output.push(Chunk::Unknown {
                program: program.to_owned(),
                at: place,
            });
        }
        Status::Unknown
    }

    /// `find` with the tests that name files by their kind and name.
    pub(super) fn find(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let roots: Vec<&String> = arguments
            .iter()
            .take_while(|word| !word.starts_with(['-', '(', '!']))
            .collect();
        let mut words = arguments[roots.len()..].iter();
        let (mut kind, mut name, mut least, mut most) = (None, None, 0, usize::MAX);
        let mut of_directory = false;
        while let Some(word) = words.next() {
            let value = words.as_slice().first();
            match (word.as_str(), value) {
                ("-print" | "-print0", _) => continue,
                ("-printf", Some(value)) if value == "%h\\n" => of_directory = true,
                ("-exec", Some(value)) if value == "dirname" => {
                    of_directory = true;
                    words.by_ref().find(|word| *word == ";" || *word == "+");
                    continue;
                }
                ("-type", Some(value)) => kind = Some(value.clone()),
                ("-name", Some(value)) => {
                    let pattern: Vec<(char, bool)> = value.chars().map(|c| (c, false)).collect();
                    name = Some(super::super::value::Pattern::new(&pattern));
                }
                ("-mindepth", Some(value)) => least = value.parse().unwrap_or(0),
                ("-maxdepth", Some(value)) => most = value.parse().unwrap_or(usize::MAX),
                _ => return self.opaque("find", at, io),
            }
            words.next();
        }
        let here = ".".to_owned();
        let roots = if roots.is_empty() { vec![&here] } else { roots };
        for root in roots {
            let directory = self.path(root);
            let Ok(files) = self.files.walk(&directory) else {
                continue;
            };
            let mut found: BTreeSet<(String, bool)> = BTreeSet::new();
            for file in &files {
                for (depth, ancestor) in file.ancestors().enumerate() {
                    found.insert((ancestor.to_string_lossy().into_owned(), depth == 0));
                }
            }
            for (inside, is_file) in found {
                let depth = Path::new(&inside).components().count();
                let last = Path::new(&inside).file_name().map_or_else(
                    || root.as_str().into(),
                    |name| name.to_string_lossy().into_owned(),
                );
                let of_kind = match kind.as_deref() {
                    Some("f") => is_file,
                    Some("d") => !is_file,
                    _ => true,
                };
                let fits = name.as_ref().is_none_or(|name| name.fits(&last));
                if of_kind && fits && (least..=most).contains(&depth) {
                    let path = match inside.is_empty() {
                        true => root.clone(),
                        false => format!("{}/{inside}", root.trim_end_matches('/')),
                    };
                    let shown = match path.rsplit_once('/') {
                        Some((before, _)) if of_directory => before,
                        _ => &path,
                    };
                    io.print(format!("{shown}\n"));
                }
            }
        }
        Status::Success
    }

    pub(super) fn ls(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let known = |word: &String| ["-1", "-d", "-A", "-a"].contains(&word.as_str());
        let flags: Vec<&String> = arguments
            .iter()
            .filter(|word| word.starts_with('-'))
            .collect();
        if !flags.iter().all(|word| known(word)) {
            return self.opaque("ls", at, io);
        }
        let names: Vec<String> = arguments
            .iter()
            .filter(|word| !word.starts_with('-'))
            .cloned()
            .collect();
        let names = if names.is_empty() {
            vec![".".to_owned()]
        } else {
            names
        };
        let itself = flags.iter().any(|word| *word == "-d");
        let mut status = Status::Success;
        for name in names {
            let path = self.path(&name);
            match self.files.resolve(&path) {
                Ok((path, FileKind::Directory)) if !itself => {
                    let inside = self.files.list(&path).unwrap_or_default();
                    let shown = inside.iter().filter(|name| !name.starts_with('.'));
                    io.print(shown.map(|name| format!("{name}\n")).collect::<String>());
                }
                Ok(_) => io.print(format!("{name}\n")),
                Err(_) => status = Status::Failure,
            }
        }
        status
    }

    /// `envsubst`, on the output of a build or on a text.
    pub(super) fn envsubst(&mut self, arguments: &[String], at: Span, io: &mut Io) -> Status {
        let only = arguments.iter().find(|word| word.contains('$'));
        let only: Option<BTreeSet<String>> = only.map(|format| {
            let mut names = BTreeSet::new();
            substituted(format, |name| {
                names.insert(name.to_owned());
                None
            });
            names
        });
        let place = self.place(at);
        let mut values = BTreeMap::new();
        for (name, value) in &self.scope.variables {
            let is_wanted = only.as_ref().is_none_or(|only| only.contains(name));
            if let (true, Value::Text(text)) = (is_wanted, value) {
                values.insert(name.clone(), text.clone());
            }
        }
        let known: BTreeMap<String, String> = values
            .into_iter()
            .filter(|(_, text)| marks(text).is_empty())
            .collect();
        for chunk in std::mem::take(&mut io.input) {
            match chunk {
                Chunk::Build(build) => {
                    self.trace.builds[build].stages.push(Stage::Variables {
                        values: known.clone(),
                        all: only.is_none(),
                        at: place.clone(),
                    });
                    io.output.push(Chunk::Build(build));
                }
                Chunk::Text { text, .. } => {
                    let mut is_known = true;
                    let text = substituted(&text, |name| match (known.get(name), &only) {
                        (Some(value), _) => Some(value.clone()),
                        (None, Some(only)) if !only.contains(name) => None,
                        (None, _) => {
                            is_known = false;
                            None
                        }
                    });
                    match is_known {
                        true => io.print(text),
                        false => {
                            io.output.push(Chunk::Unknown {
                                program: "envsubst".to_owned(),
                                at: place.clone(),
                            });
                        }
                    }
                }
                unknown @ Chunk::Unknown { .. } => io.output.push(unknown),
            }
        }
        Status::Success
    }

    /// `read NAME`: the first line that is left.
    pub(super) fn read_line(&mut self, arguments: &[String], io: &mut Io) -> Status {
        let names: Vec<&String> = arguments
            .iter()
            .filter(|word| !word.starts_with('-'))
            .collect();
        let (Some(text), [name]) = (joined(&io.input), &names[..]) else {
            return Status::Unknown;
        };
        if marked(text.trim()).is_some() {
            return Status::Unknown;
        }
        let Some((line, rest)) = text.split_once('\n') else {
            return Status::Failure;
        };
        let value = Value::Text(line.trim().to_owned());
        self.scope.variables.insert((*name).clone(), value);
        io.input = vec![Chunk::Text {
            text: rest.to_owned(),
            origin: None,
        }];
        Status::Success
    }
}

/// A text with `$NAME` and `${NAME}` replaced, as `envsubst` does: what has no value stays.
pub(in crate::migrate) fn substituted(
    text: &str,
    mut value: impl FnMut(&str) -> Option<String>,
) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        result.push_str(before);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let braced = behind
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'))
            .filter(|(name, _)| !name.is_empty() && name.chars().all(is_name));
        let end = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
        let found = match braced {
            Some(found) => Some(found),
            None => behind
                .split_at_checked(end)
                .filter(|(name, _)| !name.is_empty()),
        };
        let named = found.filter(|(name, _)| !name.starts_with(|c: char| c.is_ascii_digit()));
        match named.and_then(|(name, after)| Some((value(name)?, after))) {
            Some((value, after)) => {
                result.push_str(&value);
                rest = after;
            }
            None => {
                result.push('$');
                rest = behind;
            }
        }
    }
    result.push_str(rest);
    result
}

/// One field of each line; a line without the separator is one field.
fn cut(text: &str, separator: &str, field: &str) -> Option<String> {
    let index = field.parse::<usize>().ok()?.checked_sub(1)?;
    let lines = text.lines().map(|line| {
        let part = match line.contains(separator) {
            true => line.split(separator).nth(index).unwrap_or_default(),
            false => line,
        };
        format!("{part}\n")
    });
    (!separator.is_empty()).then(|| lines.collect())
}

/// Whether a pattern of `grep` means itself.
fn is_plain(word: &str) -> bool {
    let means_itself = |c: char| c.is_alphanumeric() || "-_/ ".contains(c);
    !word.starts_with('-') && word.chars().all(means_itself)
}

/// The characters of a set of `tr`, if it is a plain one.
fn characters(set: &str) -> Option<Vec<char>> {
    let range = |from: char, to: char| (from..=to).collect::<Vec<char>>();
    match set {
        "[:upper:]" | "A-Z" => return Some(range('A', 'Z')),
        "[:lower:]" | "a-z" => return Some(range('a', 'z')),
        "\\n" => return Some(vec!['\n']),
        _ => {}
    }
    let is_range = set.len() > 1 && set.contains('-');
    let is_plain = !is_range && !set.contains(['[', '\\']);
    is_plain.then(|| set.chars().collect())
}

/// `\n`, `\t` and `\\` as what they mean.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match rest.next() {
            Some('n') => result.push('\n'),
            Some('t') => result.push('\t'),
            Some('\\') => result.push('\\'),
            other => {
                result.push('\\');
                result.extend(other);
            }
        }
    }
    result
}
