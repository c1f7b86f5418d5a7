//! Conditions: `[ … ]`, `test`, `[[ … ]]`.

use std::path::Path;

use super::super::shell::Word;
use super::super::value::{Unknown, marked, marks};
use super::{Run, Status};
use crate::error::Result;
use crate::load::{FileKind, Files as _, is_outside};

/// A word of a condition, and whether it may be an operator.
type Operand = (String, bool);

impl Run<'_> {
    /// `[[ … ]]`
    pub(super) fn double_brackets(&mut self, words: &[Word]) -> Result<Status> {
        let mut operands: Vec<Operand> = Vec::new();
        let mut patterns = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let is_plain = word.literal().is_some_and(|text| word.is(&text));
            operands.push((self.one(word)?, is_plain));
            let before = index.checked_sub(1).and_then(|before| words.get(before));
            let is_compared = before.is_some_and(|it| it.is("=") || it.is("==") || it.is("!="));
            patterns.push(match is_compared {
                true => Some(self.pattern(word)?),
                false => None,
            });
        }
        // A right side with wildcards is a pattern.
        for (index, pattern) in patterns.into_iter().enumerate() {
            if let Some(pattern) = pattern.filter(super::super::value::Pattern::is_wild)
                && let Some(left) = index.checked_sub(2)
                && marks(&operands[left].0).is_empty()
            {
                let right = match pattern.fits(&operands[left].0) {
                    true => operands[left].0.clone(),
                    false => format!("{}x", operands[left].0),
                };
                operands[index] = (right, false);
            }
        }
        Ok(self.disjunction(&operands, &mut 0))
    }

    /// `[ … ]`
    pub(super) fn test(&mut self, words: &[String]) -> Status {
        let operands: Vec<Operand> = words.iter().map(|word| (word.clone(), true)).collect();
        self.disjunction(&operands, &mut 0)
    }

    fn disjunction(&mut self, words: &[Operand], at: &mut usize) -> Status {
        let mut status = self.conjunction(words, at);
        while is(words, *at, &["||", "-o"]) {
            *at += 1;
            let right = self.conjunction(words, at);
            status = match (status, right) {
                (Status::Success, _) | (_, Status::Success) => Status::Success,
                (Status::Failure, Status::Failure) => Status::Failure,
                _ => Status::Unknown,
            };
        }
        status
    }

    fn conjunction(&mut self, words: &[Operand], at: &mut usize) -> Status {
        let mut status = self.primary(words, at);
        while is(words, *at, &["&&", "-a"]) {
            *at += 1;
            let right = self.primary(words, at);
            status = match (status, right) {
                (Status::Failure, _) | (_, Status::Failure) => Status::Failure,
                (Status::Success, Status::Success) => Status::Success,
                _ => Status::Unknown,
            };
        }
        status
    }

    fn primary(&mut self, words: &[Operand], at: &mut usize) -> Status {
        let mut negated = false;
        while is(words, *at, &["!"]) && words.len() > *at + 1 {
            negated = !negated;
            *at += 1;
        }
        let status = if is(words, *at, &["("]) {
            *at += 1;
            let inside = self.disjunction(words, at);
            *at += usize::from(is(words, *at, &[")"]));
            inside
        } else {
            self.comparison(words, at)
        };
        match (negated, status) {
            (true, Status::Success) => Status::Failure,
            (true, Status::Failure) => Status::Success,
            (_, status) => status,
        }
    }

    fn comparison(&mut self, words: &[Operand], at: &mut usize) -> Status {
        const BINARY: [&str; 14] = [
            "=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot",
        ];
        let Some((first, may_be_operator)) = words.get(*at) else {
            return Status::Failure;
        };
        if let Some((operator, true)) = words.get(*at + 1)
            && BINARY.contains(&operator.as_str())
            && let Some((right, _)) = words.get(*at + 2)
        {
            *at += 3;
            return self.binary(first, operator, right);
        }
        let is_unary = *may_be_operator && first.len() == 2 && first.starts_with('-');
        if is_unary && let Some((operand, _)) = words.get(*at + 1) {
            *at += 2;
            return self.unary(first, operand);
        }
        *at += 1;
        truth(!first.is_empty())
    }

    fn unary(&mut self, operator: &str, operand: &str) -> Status {
        match operator {
            "-z" | "-n" => {
                let is_empty = match marked(operand) {
                    // What is asked for is given; what nobody has said is empty.
                    Some(number) => !self.is_search && self.is_parameter(number),
                    None => operand.is_empty(),
                };
                truth(is_empty == (operator == "-z"))
            }
            "-t" => Status::Failure,
            "-d" | "-e" | "-f" | "-s" | "-r" | "-x" | "-w" | "-L" | "-h" => {
                let path = self.path(operand);
                if !marks(operand).is_empty() {
                    self.trace.paths.push(path.to_string_lossy().into_owned());
                    return Status::Unknown;
                }
                let found = self.files.resolve(&path);
                if found.as_ref().is_err_and(is_outside) {
                    self.outside(operand);
                }
                truth(match (operator, found) {
                    ("-d", found) => match found {
                        Ok((_, FileKind::Directory)) => true,
                        Ok((path, FileKind::File)) => self.is_flat_link(&path),
                        Err(_) => false,
                    },
                    ("-f" | "-s", found) => matches!(found, Ok((_, FileKind::File))),
                    (_, found) => found.is_ok(),
                })
            }
            _ => Status::Unknown,
        }
    }

    fn binary(&mut self, left: &str, operator: &str, right: &str) -> Status {
        match operator {
            "=" | "==" | "!=" => {
                let (left, right) = match (marked(left), marked(right)) {
                    (None, Some(_)) => (right, left),
                    _ => (left, right),
                };
                let is_same = match marked(left) {
                    Some(number) => {
                        if !right.is_empty() && marks(right).is_empty() {
                            let choices = self.trace.choices.entry(number).or_default();
                            choices.insert(right.to_owned());
                        }
                        right.is_empty() && !self.is_search && self.is_parameter(number)
                    }
                    None if marks(left).is_empty() && marks(right).is_empty() => left == right,
                    None => return Status::Unknown,
                };
                truth(is_same == (operator != "!="))
            }
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                let (Ok(left), Ok(right)) = (left.parse::<i64>(), right.parse::<i64>()) else {
                    // The number of arguments is what the script asks for.
                    return truth(
                        matches!(operator, "-gt" | "-ge") || (operator == "-eq" && right != "0"),
                    );
                };
                truth(match operator {
                    "-eq" => left == right,
                    "-ne" => left != right,
                    "-lt" => left < right,
                    "-le" => left <= right,
                    "-gt" => left > right,
                    _ => left >= right,
                })
            }
            _ => Status::Unknown,
        }
    }

    /// Whether a file is what git writes for a link to a directory where it cannot make links.
    fn is_flat_link(&self, path: &Path) -> bool {
        const LONGEST: usize = 4096;
        let bytes = self.files.read(path).unwrap_or_default();
        let name = String::from_utf8_lossy(&bytes);
        let target = path.with_file_name(name.trim());
        bytes.len() < LONGEST
            && !name.trim().is_empty()
            && matches!(self.files.resolve(&target), Ok((_, FileKind::Directory)))
    }

    fn is_parameter(&self, number: usize) -> bool {
        matches!(self.unknown.get(number), Some(Unknown::Parameter(_)))
    }
}

fn is(words: &[Operand], at: usize, wanted: &[&str]) -> bool {
    matches!(words.get(at), Some((word, true)) if wanted.contains(&word.as_str()))
}

fn truth(holds: bool) -> Status {
    match holds {
        true => Status::Success,
        false => Status::Failure,
    }
}
