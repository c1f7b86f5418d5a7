//! Just enough JSON to tell whether a text is an object.

/// Whether a text is one JSON object and nothing else.
pub(crate) fn is_object(text: &str) -> bool {
    let mut parser = Parser {
        rest: text.trim_start(),
        depth: 0,
    };
    parser.rest.starts_with('{') && parser.value().is_some() && parser.rest.trim().is_empty()
}

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

/// As deep as Go's decoder goes.
const MAX_DEPTH: u32 = 1_000;

impl Parser<'_> {
    fn eat(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(word)?;
        Some(())
    }

    fn value(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        match self.rest.bytes().next()? {
            b'{' => self.sequence("{", "}", |parser| {
                parser.string()?;
                parser.eat(":")?;
                parser.value()
            }),
            b'[' => self.sequence("[", "]", Self::value),
            b'"' => self.string(),
            b't' => self.eat("true"),
            b'f' => self.eat("false"),
            b'n' => self.eat("null"),
            _ => self.number(),
        }
    }

    fn sequence(
        &mut self,
        open: &str,
        close: &str,
        element: fn(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.eat(open)?;
        if self.eat(close).is_none() {
            loop {
                element(self)?;
                if self.eat(",").is_none() {
                    self.eat(close)?;
                    break;
                }
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.eat("\"")?;
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(());
                }
                c if c < ' ' => return None,
                _ => {}
            }
        }
        None
    }

    fn number(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        number.parse::<f64>().ok()?;
        self.rest = rest;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_object;

    #[test]
    fn objects_are_told_from_other_texts() {
        assert!(is_object(r#" {"a": [1, "b\"", {}], "c": null} "#));
        for text in ["", "[]", "{", r#"{"a"}"#, "{} {}", r#"{"a": 1,}"#] {
            assert!(!is_object(text), "{text}");
        }
    }
}
