//! Expands words: parameters, substitutions, splitting, names of files.

use std::path::Path;

use super::super::shell::{Command, Index, Operation, Parameter, Part, Word};
use super::super::value::{Pattern, Unknown, marked, marks};
use super::{Chunk, Io, Run, Scope, Value, texts};
use crate::error::Result;
use crate::load::{FileKind, Files as _};
use crate::place::Span;

/// How many names one pattern may stand for.
const MOST: usize = 10_000;

/// A piece of an expanded word: its text, whether it is quoted, and whether the field ends behind it.
struct Fragment {
    text: String,
    quoted: bool,
    /// Whether blanks in it part fields: it comes of an expansion without quotes.
    splits: bool,
    ends: bool,
}

impl Run<'_> {
    /// A word as one text: nothing is split, nothing is a pattern.
    pub(super) fn one(&mut self, word: &Word) -> Result<String> {
        let mut text = String::new();
        for fragment in self.fragments(word)? {
            text.push_str(&fragment.text);
            if fragment.ends {
                text.push(' ');
            }
        }
        Ok(text)
    }

    /// A word as a pattern.
    pub(super) fn pattern(&mut self, word: &Word) -> Result<Pattern> {
        let mut characters = Vec::new();
        for fragment in self.fragments(word)? {
            characters.extend(fragment.text.chars().map(|c| (c, fragment.quoted)));
        }
        Ok(Pattern::new(&characters))
    }

    /// Words as the arguments that they become.
    pub(super) fn fields(&mut self, words: &[Word]) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for word in words {
            for field in self.split(word)? {
                let pattern = Pattern::new(&field);
                let text: String = field.iter().map(|(character, _)| character).collect();
                let names = match pattern.is_wild() && marks(&text).is_empty() {
                    true => self.names(&field),
                    false => Vec::new(),
                };
                match names.is_empty() {
                    true => all.push(text),
                    false => all.extend(names),
                }
            }
        }
        Ok(all)
    }

    fn split(&mut self, word: &Word) -> Result<Vec<Vec<(char, bool)>>> {
        let mut fields = Vec::new();
        let mut field: Option<Vec<(char, bool)>> = None;
        for fragment in self.fragments(word)? {
            // Without quotes, nothing known is nothing: `$FLAGS` that nobody has set.
            let is_unset = fragment.splits && marked(&fragment.text).is_some_and(|number| {
                let is_argument = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
                !self.is_search
                    && word.parts.len() == 1
                    && matches!(self.unknown.get(number), Some(Unknown::Parameter(name)) if !is_argument(name))
            });
            if is_unset {
                continue;
            }
            if !fragment.splits {
                let characters = fragment.text.chars().map(|c| (c, fragment.quoted));
                let current = field.get_or_insert_default();
                current.extend(characters);
                if fragment.ends {
                    fields.extend(field.take());
                }
                continue;
            }
            for character in fragment.text.chars() {
                match character {
                    ' ' | '\t' | '\n' => fields.extend(field.take()),
                    _ => field.get_or_insert_default().push((character, false)),
                }
            }
            if fragment.ends {
                fields.extend(field.take());
            }
        }
        fields.extend(field);
        Ok(fields)
    }

    /// The files that a pattern stands for.
    fn names(&self, field: &[(char, bool)]) -> Vec<String> {
        let is_absolute = field.first().is_some_and(|(c, _)| *c == '/');
        let mut found = vec![if is_absolute { "/" } else { "" }.to_owned()];
        let parts: Vec<&[(char, bool)]> = field.split(|(c, _)| *c == '/').collect();
        for (index, part) in parts.iter().enumerate() {
            let text: String = part.iter().map(|(c, _)| c).collect();
            let is_last = index + 1 == parts.len();
            if text.is_empty() {
                if is_last {
                    found.retain(|path| self.is_directory(path));
                }
                continue;
            }
            let pattern = Pattern::new(part);
            let mut next = Vec::new();
            for before in &found {
                if !pattern.is_wild() {
                    next.push(format!("{before}{text}"));
                    continue;
                }
                let directory = self.scope.directory.join(before);
                let names = self.files.list(&directory).unwrap_or_default();
                let shows = |name: &&String| text.starts_with('.') || !name.starts_with('.');
                let fitting = names.iter().filter(shows).filter(|name| pattern.fits(name));
                next.extend(fitting.map(|name| format!("{before}{name}")));
            }
            found = next;
            if !is_last {
                found.retain(|path| self.is_directory(path));
                found.iter_mut().for_each(|path| path.push('/'));
            }
            if found.len() > MOST {
                return Vec::new();
            }
        }
        if parts.last().is_some_and(|part| part.is_empty()) {
            return found;
        }
        found.retain(|path| self.files.resolve(&self.scope.directory.join(path)).is_ok());
        found
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        let path = self.scope.directory.join(path);
        matches!(self.files.resolve(&path), Ok((_, FileKind::Directory)))
    }

    fn fragments(&mut self, word: &Word) -> Result<Vec<Fragment>> {
        let mut all = Vec::new();
        for part in &word.parts {
            match part {
                Part::Text { text, quoted } => all.push(Fragment {
                    text: text.clone(),
                    quoted: *quoted,
                    splits: false,
                    ends: false,
                }),
                Part::Parameter { parameter, quoted } => {
                    self.parameter(parameter, *quoted, &mut all)?
                }
                Part::Output {
                    commands,
                    quoted,
                    at,
                } => all.push(Fragment {
                    text: self.output(commands, *at)?,
                    quoted: *quoted,
                    splits: !quoted,
                    ends: false,
                }),
                Part::Process { at, .. } | Part::Unsupported(at) => {
                    let at = self.place(*at);
                    let program = match part {
                        Part::Process { .. } => "<(…)".to_owned(),
                        _ => "arithmetic".to_owned(),
                    };
                    all.push(Fragment {
                        text: self.unknown(Unknown::Output { program, at }),
                        quoted: true,
                        splits: false,
                        ends: false,
                    });
                }
            }
        }
        Ok(all)
    }

    /// What commands print in a process of their own.
    pub(super) fn printed(&mut self, commands: &[Command], at: Span) -> Result<Vec<Chunk>> {
        self.enter(at)?;
        let scope = self.scope.clone();
        let mut io = Io::default();
        self.conditions += 1;
        let flow = self.list(commands, &mut io);
        self.conditions -= 1;
        self.scope = scope;
        self.depth -= 1;
        flow?;
        Ok(io.output)
    }

    /// What commands print, without the line breaks at its end.
    fn output(&mut self, commands: &[Command], at: Span) -> Result<String> {
        let output = self.printed(commands, at)?;
        if let Some(text) = texts::joined(&output) {
            return Ok(text.trim_end_matches('\n').to_owned());
        }
        let found = output.iter().find_map(|chunk| match chunk {
            Chunk::Unknown { program, at } => Some((program.clone(), at.clone())),
            Chunk::Build(_) => Some(("kustomize build".to_owned(), self.place(at))),
            Chunk::Text { .. } => None,
        });
        let (program, at) = found.unwrap_or_default();
        Ok(self.unknown(Unknown::Output { program, at }))
    }

    fn parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        all: &mut Vec<Fragment>,
    ) -> Result<()> {
        let is_all =
            matches!(parameter.name.as_str(), "@" | "*") || parameter.index == Some(Index::All);
        if parameter.operation == Operation::Keys {
            let keys = match self.scope.variables.get(&parameter.name) {
                Some(Value::List(list)) => list
                    .iter()
                    .enumerate()
                    .map(|(number, item)| {
                        keyed(item).map_or_else(|| number.to_string(), |(key, _)| key.to_owned())
                    })
                    .collect(),
                _ => Vec::new(),
            };
            all.extend(fields_of(keys, quoted));
            return Ok(());
        }
        if is_all && parameter.operation == Operation::Value {
            let values = match parameter.name.as_str() {
                "@" | "*" if self.is_search && self.scope.arguments.is_empty() => {
                    let next = (self.scope.shifted + 1).to_string();
                    vec![self.unknown(Unknown::Parameter(next))]
                }
                "@" | "*" => self.scope.arguments.clone(),
                name => match self.scope.variables.get(name) {
                    Some(Value::List(list)) => list
                        .iter()
                        .map(|item| {
                            keyed(item)
                                .map_or(item.as_str(), |(_, value)| value)
                                .to_owned()
                        })
                        .collect(),
                    Some(Value::Text(text)) => vec![text.clone()],
                    None => Vec::new(),
                },
            };
            all.extend(fields_of(values, quoted));
            return Ok(());
        }
        let text = self.value(parameter)?;
        all.push(Fragment {
            text,
            quoted,
            splits: !quoted,
            ends: false,
        });
        Ok(())
    }

    /// What a variable is set to.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let Scope {
            directory,
            variables,
            arguments,
            called,
            ..
        } = &self.scope;
        match name {
            "0" => Some(called.clone()),
            "#" if !self.is_search => Some(arguments.len().to_string()),
            "@" | "*" => Some(arguments.join(" ")),
            "?" => Some("0".to_owned()),
            "PWD" => Some(directory.to_string_lossy().into_owned()),
            "BASH_SOURCE" => Some(match called.is_empty() || !self.is_called() {
                true => self.source.path.to_string_lossy().into_owned(),
                false => called.clone(),
            }),
            _ => match (name.parse::<usize>(), variables.get(name)) {
                (Ok(number), _) => arguments.get(number.saturating_sub(1)).cloned(),
                (_, Some(Value::Text(text))) => Some(text.clone()),
                (_, Some(Value::List(list))) => Some(list.first().cloned().unwrap_or_default()),
                (_, None) => None,
            },
        }
    }

    /// Whether the present source is the script that was called, not one that it sources.
    fn is_called(&self) -> bool {
        let name = |path: &Path| path.file_name().map(std::ffi::OsStr::to_owned);
        name(&self.source.path) == name(Path::new(&self.scope.called))
    }

    fn value(&mut self, parameter: &Parameter) -> Result<String> {
        let name = parameter.name.clone();
        let set = match (&parameter.index, self.scope.variables.get(&name)) {
            (Some(Index::One(index)), Some(Value::List(list))) => {
                let name = index.trim_matches(['"', '\'', '$', '{', '}']);
                let key = match index.contains('$') {
                    true => self.variable(name).unwrap_or_default(),
                    false => name.to_owned(),
                };
                let by_key = list.iter().filter_map(|item| keyed(item));
                let mut by_key = by_key.filter(|(known, _)| *known == key);
                match (by_key.next(), key.parse::<usize>()) {
                    (Some((_, value)), _) => Some(value.to_owned()),
                    (None, Ok(number)) => list.get(number).cloned(),
                    (None, Err(_)) => None,
                }
            }
            _ => self.variable(&name),
        };
        let otherwise = |run: &mut Self| {
            // An argument has the number that it was given with.
            let name = match name.parse::<usize>() {
                Ok(number) => (number + run.scope.shifted).to_string(),
                Err(_) => name.clone(),
            };
            run.unknown(Unknown::Parameter(name))
        };
        Ok(match &parameter.operation {
            Operation::Value => match set {
                Some(text) => text,
                None => otherwise(self),
            },
            Operation::Keys => String::new(),
            Operation::Length => match self.scope.variables.get(&parameter.name) {
                Some(Value::List(list)) => list.len().to_string(),
                _ => set.map_or_else(|| otherwise(self), |text| text.chars().count().to_string()),
            },
            Operation::Default {
                kind,
                or_empty,
                word,
            } => {
                let set = set.filter(|text| !(*or_empty && text.is_empty()));
                if self.without_defaults && set.is_none() && *kind != '+' {
                    return Ok(otherwise(self));
                }
                match (kind, set) {
                    ('+', None) => String::new(),
                    ('+', Some(_)) => self.one(word)?,
                    (_, Some(text)) => text,
                    ('?', None) => otherwise(self),
                    ('=', None) => {
                        let text = self.one(word)?;
                        let value = Value::Text(text.clone());
                        self.scope.variables.insert(parameter.name.clone(), value);
                        text
                    }
                    // An argument that may be left out is one that is asked for.
                    (_, None) => self.one(word)?,
                }
            }
            Operation::Trim {
                prefix,
                longest,
                pattern,
            } => {
                let Some(text) = set.filter(|text| marks(text).is_empty()) else {
                    return Ok(otherwise(self));
                };
                let pattern = self.pattern(pattern)?;
                trimmed(&text, &pattern, *prefix, *longest)
            }
            Operation::Replace { all, pattern, with } => {
                let Some(text) = set.filter(|text| marks(text).is_empty()) else {
                    return Ok(otherwise(self));
                };
                let pattern = self.pattern(pattern)?;
                let with = self.one(with)?;
                replaced(&text, &pattern, &with, *all)
            }
            Operation::Case { upper, all } => {
                let Some(text) = set.filter(|text| marks(text).is_empty()) else {
                    return Ok(otherwise(self));
                };
                let changed = |text: &str| match upper {
                    true => text.to_uppercase(),
                    false => text.to_lowercase(),
                };
                let mut rest = text.chars();
                match (*all, rest.next()) {
                    (false, Some(first)) => changed(&first.to_string()) + rest.as_str(),
                    _ => changed(&text),
                }
            }
            Operation::Unsupported => {
                let at = self.place(parameter.at);
                let program = format!("${{{}…}}", parameter.name);
                self.unknown(Unknown::Output { program, at })
            }
        })
    }
}

/// `[key]=value`, as an element of an array is written.
fn keyed(item: &str) -> Option<(&str, &str)> {
    let (key, value) = item.strip_prefix('[')?.split_once("]=")?;
    Some((key.trim_matches(['"', '\'']), value))
}

/// The elements of an array, each a field of its own.
fn fields_of(values: Vec<String>, quoted: bool) -> impl Iterator<Item = Fragment> {
    let count = values.len();
    values
        .into_iter()
        .enumerate()
        .map(move |(index, text)| Fragment {
            text,
            quoted,
            splits: !quoted,
            ends: index + 1 < count,
        })
}

/// A text without what fits at one of its ends.
fn trimmed(text: &str, pattern: &Pattern, prefix: bool, longest: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let count = characters.len();
    let fits = |taken: &usize| {
        let part: String = match prefix {
            true => characters[..*taken].iter().collect(),
            false => characters[count - taken..].iter().collect(),
        };
        pattern.fits(&part)
    };
    let found = match longest {
        true => (0..=count).rev().find(fits),
        false => (0..=count).find(fits),
    };
    let taken = found.unwrap_or(0);
    match prefix {
        true => characters[taken..].iter().collect(),
        false => characters[..count - taken].iter().collect(),
    }
}

/// A text with the first, or all, of what fits replaced.
fn replaced(text: &str, pattern: &Pattern, with: &str, all: bool) -> String {
    /// A longer text is left as it is: each place is tried with each length.
    const LONGEST: usize = 2000;
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > LONGEST {
        return text.to_owned();
    }
    let (mut result, mut at) = (String::new(), 0);
    let mut is_done = false;
    while at < characters.len() {
        let length = (1..=characters.len() - at).rev().find(|length| {
            let part: String = characters[at..at + length].iter().collect();
            !is_done && pattern.fits(&part)
        });
        match length {
            Some(length) => {
                result.push_str(with);
                at += length;
                is_done = !all;
            }
            None => {
                result.push(characters[at]);
                at += 1;
            }
        }
    }
    result
}
