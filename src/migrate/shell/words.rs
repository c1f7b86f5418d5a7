//! Reads words: quotes, parameters, substitutions.

use super::parse::Parser;
use super::{Index, Operation, Parameter, Part, Word};
use crate::error::Result;

impl Parser {
    /// A word up to what ends it; it may have no parts.
    pub(super) fn word(&mut self) -> Result<Word> {
        let start = self.at;
        let parts = self.parts(&|next| next.is_whitespace() || ";&|()<>".contains(next))?;
        Ok(Word {
            at: self.span(start),
            parts,
        })
    }

    /// The parts of a word up to an unquoted character that ends it.
    fn parts(&mut self, ends: &dyn Fn(char) -> bool) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            let start = self.at;
            match next {
                '<' | '>' if self.peek_at(1) == Some('(') && ends(next) => {
                    self.at += 2;
                    self.deeper()?;
                    let commands = self.list()?;
                    self.depth -= 1;
                    if !self.take(")") {
                        return Err(self.error(start, "a `(` is not closed"));
                    }
                    let at = self.span(start);
                    parts.push(Part::Process { commands, at });
                }
                _ if ends(next) => break,
                '\\' if self.peek_at(1) == Some('\n') => self.at += 2,
                '\\' => {
                    self.at += 1;
                    let text = self.peek().map(String::from).unwrap_or_default();
                    self.at += usize::from(!text.is_empty());
                    push_text(&mut parts, &text, true);
                }
                '\'' => {
                    self.at += 1;
                    let text = self.until('\'', start)?;
                    push_text(&mut parts, &text, true);
                }
                '"' => {
                    self.at += 1;
                    self.quoted(&mut parts, start)?;
                }
                '$' if self.peek_at(1) == Some('\'') => {
                    self.at += 2;
                    let text = self.escaped(start)?;
                    push_text(&mut parts, &text, true);
                }
                '$' if self.peek_at(1) == Some('"') => self.at += 1,
                '$' | '`' => self.expansion(&mut parts, false)?,
                '~' if parts.is_empty() && self.peek_at(1).is_none_or(|c| c == '/' || ends(c)) => {
                    self.at += 1;
                    parts.push(Part::Parameter {
                        parameter: Parameter {
                            name: "HOME".to_owned(),
                            at: self.span(start),
                            index: None,
                            operation: Operation::Value,
                        },
                        quoted: true,
                    });
                }
                _ => {
                    self.at += 1;
                    push_text(&mut parts, next.encode_utf8(&mut [0; 4]), false);
                }
            }
        }
        Ok(parts)
    }

    fn until(&mut self, end: char, start: usize) -> Result<String> {
        let from = self.at;
        while let Some(next) = self.peek() {
            self.at += 1;
            if next == end {
                return Ok(self.characters[from..self.at - 1].iter().collect());
            }
        }
        self.at = start + 1;
        Err(self.error(start, "a quote is not closed"))
    }

    /// What stands in `$'…'`.
    fn escaped(&mut self, start: usize) -> Result<String> {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            self.at += 1;
            match next {
                '\'' => return Ok(text),
                '\\' => {
                    let escape = self.peek().unwrap_or('\\');
                    self.at += 1;
                    text.push(match escape {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                _ => text.push(next),
            }
        }
        self.at = start + 1;
        Err(self.error(start, "a quote is not closed"))
    }

    /// What stands in double quotes, up to the one that closes them.
    fn quoted(&mut self, parts: &mut Vec<Part>, start: usize) -> Result<()> {
        push_text(parts, "", true);
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.in_quotes(next, parts)?,
            }
        }
        self.at = start + 1;
        Err(self.error(start, "a quote is not closed"))
    }

    /// The parts of a here-document.
    pub(super) fn document(&mut self) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    self.at += 1;
                    push_text(&mut parts, "\"", true);
                }
                _ => self.in_quotes(next, &mut parts)?,
            }
        }
        Ok(parts)
    }

    fn in_quotes(&mut self, next: char, parts: &mut Vec<Part>) -> Result<()> {
        match next {
            '\\' if self.peek_at(1) == Some('\n') => self.at += 2,
            '\\' if self.peek_at(1).is_some_and(|c| "$`\"\\".contains(c)) => {
                let text = self.peek_at(1).map(String::from).unwrap_or_default();
                self.at += 2;
                push_text(parts, &text, true);
            }
            '$' | '`' => self.expansion(parts, true)?,
            _ => {
                self.at += 1;
                push_text(parts, next.encode_utf8(&mut [0; 4]), true);
            }
        }
        Ok(())
    }

    /// What begins with `$` or a backquote.
    fn expansion(&mut self, parts: &mut Vec<Part>, quoted: bool) -> Result<()> {
        let start = self.at;
        self.deeper()?;
        if self.take("`") {
            let mut text = String::new();
            loop {
                match self.peek() {
                    None => return Err(self.error(start, "a backquote is not closed")),
                    Some('`') => break,
                    Some('\\') if self.peek_at(1).is_some_and(|c| "`\\$".contains(c)) => {
                        text.extend(self.peek_at(1));
                        self.at += 2;
                    }
                    Some(next) => {
                        text.push(next);
                        self.at += 1;
                    }
                }
            }
            self.at += 1;
            let at = self.span(start);
            let inner = self.within(&text, at);
            let script = inner.script()?;
            self.documents = script.documents;
            parts.push(Part::Output {
                commands: script.commands,
                quoted,
                at,
            });
        } else if self.follows("$((") {
            self.at += 1;
            self.skip_arithmetic(start)?;
            parts.push(Part::Unsupported(self.span(start)));
        } else if self.take("$(") {
            let commands = self.list()?;
            if !self.take(")") {
                return Err(self.error(start, "a `$(` is not closed"));
            }
            let at = self.span(start);
            parts.push(Part::Output {
                commands,
                quoted,
                at,
            });
        } else if self.take("${") {
            let parameter = self.braced(start)?;
            parts.push(Part::Parameter { parameter, quoted });
        } else {
            self.at += 1;
            let name = self.parameter_name();
            if name.is_empty() {
                push_text(parts, "$", quoted);
            } else {
                let parameter = Parameter {
                    name,
                    at: self.span(start),
                    index: None,
                    operation: Operation::Value,
                };
                parts.push(Part::Parameter { parameter, quoted });
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A name, a digit, or one of the special parameters.
    fn parameter_name(&mut self) -> String {
        let start = self.at;
        match self.peek() {
            Some(c) if c.is_ascii_digit() || "@*#?$!-".contains(c) => self.at += 1,
            _ => {
                while self
                    .peek()
                    .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
                {
                    self.at += 1;
                }
            }
        }
        self.characters[start..self.at].iter().collect()
    }

    /// What stands behind `${`, with the brace that closes it.
    fn braced(&mut self, start: usize) -> Result<Parameter> {
        let closes = |next: char| next == '}';
        let is_length =
            self.peek() == Some('#') && self.peek_at(1).is_some_and(|c| c != '}' && c != ':');
        self.at += usize::from(is_length);
        let is_indirect = self.peek() == Some('!');
        self.at += usize::from(is_indirect);
        let mut name = self.parameter_name();
        while name.chars().all(|c| c.is_ascii_digit())
            && let Some(digit) = self.peek().filter(char::is_ascii_digit)
        {
            name.push(digit);
            self.at += 1;
        }
        let index = match self.take("[") {
            false => None,
            true => match self.until(']', start)?.as_str() {
                "@" | "*" => Some(Index::All),
                other => Some(Index::One(other.to_owned())),
            },
        };
        let mut operation = if is_indirect && index == Some(Index::All) {
            Operation::Keys
        } else if is_indirect {
            Operation::Unsupported
        } else if is_length {
            Operation::Length
        } else {
            Operation::Value
        };
        let word = |parser: &mut Self, ends: &dyn Fn(char) -> bool| -> Result<Word> {
            let from = parser.at;
            let parts = parser.parts(ends)?;
            Ok(Word {
                at: parser.span(from),
                parts,
            })
        };
        let or_empty =
            self.peek() == Some(':') && self.peek_at(1).is_some_and(|c| "-=?+".contains(c));
        let kind = self.peek_at(usize::from(or_empty));
        match kind {
            Some(kind @ ('-' | '=' | '?' | '+')) => {
                self.at += 1 + usize::from(or_empty);
                operation = Operation::Default {
                    kind,
                    or_empty,
                    word: word(self, &closes)?,
                };
            }
            Some(kind @ ('#' | '%')) => {
                self.at += 1;
                let longest = self.peek() == Some(kind);
                self.at += usize::from(longest);
                operation = Operation::Trim {
                    prefix: kind == '#',
                    longest,
                    pattern: word(self, &closes)?,
                };
            }
            Some('/') => {
                self.at += 1;
                let all = self.take("/");
                let pattern = word(self, &|next| next == '}' || next == '/')?;
                let with = match self.take("/") {
                    true => word(self, &closes)?,
                    false => Word::default(),
                };
                operation = Operation::Replace { all, pattern, with };
            }
            Some(kind @ ('^' | ',')) => {
                self.at += 1;
                let all = self.peek() == Some(kind);
                self.at += usize::from(all);
                operation = Operation::Case {
                    upper: kind == '^',
                    all,
                };
            }
            Some('}') | None => {}
            Some(_) => {
                word(self, &closes)?;
                operation = Operation::Unsupported;
            }
        }
        if !self.take("}") {
            return Err(self.error(start, "a `${` is not closed"));
        }
        Ok(Parameter {
            name,
            at: self.span(start),
            index,
            operation,
        })
    }
}

/// Adds text to the last part, if that is of the same kind.
fn push_text(parts: &mut Vec<Part>, more: &str, is_quoted: bool) {
    if let Some(Part::Text { text, quoted }) = parts.last_mut()
        && *quoted == is_quoted
    {
        text.push_str(more);
        return;
    }
    parts.push(Part::Text {
        text: more.to_owned(),
        quoted: is_quoted,
    });
}
