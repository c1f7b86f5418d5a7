//! Splits an expression into tokens.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{Str, Tag};

use super::expr::{Infix, Merge};
use super::table::{self, Operator};

/// A token and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    /// What it is.
    pub(super) token: Token,
    /// Where it stands in the text.
    pub(super) span: Span,
}

/// The smallest piece of an expression that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `.[`
    DotList,
    /// `[`
    OpenList,
    /// `]`, or `]?`
    CloseList {
        /// Whether there is a `?`.
        optional: bool,
    },
    /// `{`
    OpenMap,
    /// `}`
    CloseMap,
    /// `.name`, or `.name?`
    Key(Str, bool),
    /// `.`
    Identity,
    /// `..`, `...`
    Descend {
        /// Whether it is three dots.
        keys: bool,
    },
    /// `$name`
    Variable(Str),
    /// `3`, `true`, `null`
    Literal(Str, Tag),
    /// `"text"`, its escapes resolved.
    Text(String),
    /// A named operator, with the words in its parentheses if they are no expression.
    Word(&'static Operator, Str),
    /// `|`
    Pipe,
    /// `if` and what divides it.
    Keyword(Keyword),
    /// Any other operator between two expressions.
    Infix(Infix),
}

/// The words of `if condition then value elif condition then value else value end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// `if`
    If,
    /// `then`
    Then,
    /// `elif`
    Elif,
    /// `else`
    Else,
    /// `end`
    End,
}

impl Keyword {
    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Then => "then",
            Self::Elif => "elif",
            Self::Else => "else",
            Self::End => "end",
        }
    }

    fn named(word: &str) -> Option<Self> {
        let all = [Self::If, Self::Then, Self::Elif, Self::Else, Self::End];
        all.into_iter().find(|keyword| keyword.name() == word)
    }
}

/// The tokens of a text; comments and blanks are left out.
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        found: Vec::new(),
    };
    while lexer.skip_blanks() {
        lexer.next()?;
    }
    Ok(lexer.found)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    line_start: usize,
    found: Vec<Lexeme>,
}

/// What ends a key that is written without quotes.
const KEY_ENDS: &[u8] = b" ;}{:[],|.()=\n!";

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.cut(self.at..)
    }

    /// Moves over blanks and comments; whether anything is left.
    fn skip_blanks(&mut self) -> bool {
        loop {
            match self.rest().as_bytes().first() {
                None => return false,
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                Some(b'#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                Some(_) => return true,
            }
        }
    }

    fn span(&self, length: usize) -> Span {
        let column = self.text.cut(self.line_start..self.at).chars().count() + 1;
        Span {
            start: u32::try_from(self.at).unwrap_or(u32::MAX),
            end: u32::try_from(self.at + length).unwrap_or(u32::MAX),
            line: self.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            ..Span::default()
        }
    }

    fn error(&self, length: usize, message: impl Into<String>) -> Error {
        Error::new(Kind::Script, message).at(self.span(length))
    }

    fn push(&mut self, token: Token, length: usize) {
        let span = self.span(length);
        self.found.push(Lexeme { token, span });
        let taken = self.text.cut(self.at..self.at + length);
        if let Some(last) = taken.rfind('\n') {
            self.line += u32::try_from(taken.matches('\n').count()).unwrap_or(u32::MAX);
            self.line_start = self.at + last + 1;
        }
        self.at += length;
    }

    fn next(&mut self) -> Result<()> {
        let rest = self.rest();
        match rest.as_bytes()[0] {
            b'.' => self.dot(),
            b'$' => self.variable(),
            b'"' => self.string(),
            b'0'..=b'9' => self.number(),
            b'-' if rest.cut(1..).starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'@' | b'_' => self.word(),
            _ => self.symbol(),
        }
    }

    fn dot(&mut self) -> Result<()> {
        let rest = self.rest();
        if rest.starts_with(".[") {
            self.push(Token::DotList, 2);
        } else if rest.starts_with("...") {
            self.push(Token::Descend { keys: true }, 3);
        } else if rest.starts_with("..") {
            self.push(Token::Descend { keys: false }, 2);
        } else if rest.starts_with(".\"") {
            return self.quoted_key();
        } else {
            let length = rest
                .cut(1..)
                .bytes()
                .position(|byte| KEY_ENDS.contains(&byte))
                .unwrap_or(rest.len() - 1);
            if length == 0 {
                self.push(Token::Identity, 1);
            } else {
                let name = rest.cut(1..=length);
                let bare = name.strip_suffix('?');
                let name = bare.unwrap_or(name).into();
                self.push(Token::Key(name, bare.is_some()), length + 1);
            }
        }
        Ok(())
    }

    fn quoted_key(&mut self) -> Result<()> {
        let rest = self.rest();
        let Some(end) = closing_quote(rest.cut(2..)) else {
            return Err(self.unclosed(rest.len()));
        };
        let name = unescape(rest.cut(2..2 + end));
        let is_optional = rest.cut(end + 3..).starts_with('?');
        let length = end + 3 + usize::from(is_optional);
        self.push(Token::Key(name.into(), is_optional), length);
        Ok(())
    }

    fn unclosed(&self, length: usize) -> Error {
        self.error(length, "the string is not closed")
            .help("end it with `\"`; a quote inside it is written `\\\"`")
    }

    fn variable(&mut self) -> Result<()> {
        let name = self.rest().cut(1..);
        let length = name
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(name.len());
        if length == 0 {
            return Err(self.error(1, "expected the name of a variable after `$`"));
        }
        self.push(Token::Variable(name.cut(..length).into()), length + 1);
        Ok(())
    }

    fn string(&mut self) -> Result<()> {
        let rest = self.rest();
        let Some(end) = closing_quote(rest.cut(1..)) else {
            return Err(self.unclosed(rest.len()));
        };
        self.push(Token::Text(unescape(rest.cut(1..=end))), end + 2);
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        let rest = self.rest();
        let (length, tag) = number_length(rest);
        let text = rest.cut(..length);
        let fits = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16).is_ok(),
            None => tag == Tag::Float || text.parse::<i64>().is_ok(),
        };
        if !fits {
            return Err(self.error(length, format!("the number `{text}` is out of range")));
        }
        self.push(Token::Literal(text.into(), tag), length);
        Ok(())
    }

    fn word(&mut self) -> Result<()> {
        let rest = self.rest();
        let length = rest
            .cut(1..)
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(rest.len(), |end| end + 1);
        let word = rest.cut(..length);
        if let Some(token) = reserved(word) {
            self.push(token, length);
            return Ok(());
        }
        let Some(operator) = table::find(word) else {
            return Err(self.unknown(word));
        };
        let (words, more) = match (operator.takes_words, rest.cut(length..).strip_prefix('(')) {
            (true, Some(inside)) => match inside.find(')') {
                Some(end) if inside.cut(..end).trim().is_empty() => {
                    let message = format!("`{word}` expects a name in its parentheses");
                    return Err(self.error(length, message));
                }
                Some(end) => (Str::from(inside.cut(..end).trim()), end + 2),
                None => return Err(self.error(rest.len(), "expected `)`, found the end")),
            },
            _ => (Str::default(), 0),
        };
        self.push(Token::Word(operator, words), length + more);
        Ok(())
    }

    fn unknown(&self, word: &str) -> Error {
        let error = self.error(word.len(), format!("there is no operator `{word}`"));
        match table::suggestion(word) {
            Some(help) => error.help(help),
            None => error.help(format!("a key is written `.{word}`, a string `\"{word}\"`")),
        }
    }

    fn symbol(&mut self) -> Result<()> {
        let rest = self.rest();
        if let Some((text, token)) = SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)) {
            self.push(token.clone(), text.len());
            return Ok(());
        }
        let (token, length) = match rest.as_bytes() {
            [b'|', b'=', ..] => {
                let flags = flag_length(rest.cut(2..), "c");
                let infix = Infix::Assign {
                    relative: true,
                    clobber: flags > 0,
                };
                (Token::Infix(infix), 2 + flags)
            }
            [b'|', ..] => (Token::Pipe, 1),
            [b'=', ..] => {
                let flags = flag_length(rest.cut(1..), "c");
                let infix = Infix::Assign {
                    relative: false,
                    clobber: flags > 0,
                };
                (Token::Infix(infix), 1 + flags)
            }
            [b'*', b'=', ..] => {
                let (merge, length) = merge_flags(rest.cut(2..));
                (Token::Infix(Infix::MultiplyAssign(merge)), 2 + length)
            }
            [b'*', ..] => {
                let (merge, length) = merge_flags(rest.cut(1..));
                (Token::Infix(Infix::Multiply(merge)), 1 + length)
            }
            _ => return Err(self.stray()),
        };
        self.push(token, length);
        Ok(())
    }

    fn stray(&self) -> Error {
        let found = self.rest().chars().next().unwrap_or_default();
        let error = self.error(found.len_utf8(), format!("unexpected `{found}`"));
        match found {
            '\'' => error.help("strings stand in double quotes"),
            '&' => error.help("logic is written `and`, `or` and `not`"),
            '!' => error.help("logic is written `and`, `or` and `not`; unequal is `!=`"),
            _ => error,
        }
    }
}

/// Operators of fixed spelling; the longer ones come first.
static SYMBOLS: &[(&str, Token)] = &[
    ("==", Token::Infix(Infix::Equal)),
    ("!=", Token::Infix(Infix::NotEqual)),
    (">=", compare(true, true)),
    ("<=", compare(false, true)),
    ("//", Token::Infix(Infix::Alternative)),
    ("+=", Token::Infix(Infix::AddAssign)),
    ("-=", Token::Infix(Infix::SubtractAssign)),
    ("]?", Token::CloseList { optional: true }),
    (">", compare(true, false)),
    ("<", compare(false, false)),
    ("/", Token::Infix(Infix::Divide)),
    ("%", Token::Infix(Infix::Modulo)),
    ("+", Token::Infix(Infix::Add)),
    ("-", Token::Infix(Infix::Subtract)),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenList),
    ("]", Token::CloseList { optional: false }),
    ("{", Token::OpenMap),
    ("}", Token::CloseMap),
    (",", Token::Infix(Infix::Union)),
    (";", Token::Infix(Infix::Block)),
    (":", Token::Infix(Infix::Pair)),
    ("~", Token::Literal(Str::const_new("~"), Tag::Null)),
];

const fn compare(greater: bool, or_equal: bool) -> Token {
    Token::Infix(Infix::Compare { greater, or_equal })
}

/// Words that are no operators of the table.
fn reserved(word: &str) -> Option<Token> {
    if let Some(keyword) = Keyword::named(word) {
        return Some(Token::Keyword(keyword));
    }
    let infix = match word {
        "and" => Infix::And,
        "or" => Infix::Or,
        "ireduce" => Infix::Reduce,
        "as" => Infix::Bind {
            by_reference: false,
        },
        "ref" => Infix::Bind { by_reference: true },
        _ => {
            let tag = match word.to_ascii_lowercase().as_str() {
                "true" | "false" => Tag::Bool,
                "null" => Tag::Null,
                _ => return None,
            };
            return Some(Token::Literal(word.into(), tag));
        }
    };
    Some(Token::Infix(infix))
}

/// How many bytes of a number there are: `0xff`, `1.5`, `1e9`, `-3`.
fn number_length(text: &str) -> (usize, Tag) {
    let digits = |from: usize| {
        let rest = text.cut(from..);
        from + rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len())
    };
    if text.starts_with("0x") || text.starts_with("0X") {
        let rest = text.cut(2..);
        let length = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        if length > 0 {
            return (2 + length, Tag::Int);
        }
    }
    let mut end = digits(usize::from(text.starts_with('-')));
    let mut tag = Tag::Int;
    if text.cut(end..).starts_with('.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
        tag = Tag::Float;
    }
    if text.cut(end..).starts_with(['e', 'E']) {
        let sign = usize::from(text.cut(end + 1..).starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            return (exponent, Tag::Float);
        }
    }
    (end, tag)
}

/// Where the quote that ends a string stands.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index),
            _ => {}
        }
    }
    None
}

/// Resolves escapes; `\\(` stays, so that it is not taken for the start of an expression.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find('\\') {
        out.push_str(rest.cut(..index));
        let after = rest.cut(index + 1..);
        let plain = match after.as_bytes().first() {
            Some(b'\\') if after.cut(1..).starts_with('(') => "\\\\",
            Some(b'\\') => "\\",
            Some(b'"') => "\"",
            Some(b'n') => "\n",
            Some(b't') => "\t",
            Some(b'r') => "\r",
            Some(b'f') => "\x0c",
            Some(b'v') => "\x0b",
            Some(b'b') => "\x08",
            Some(b'a') => "\x07",
            _ => {
                out.push('\\');
                rest = after;
                continue;
            }
        };
        out.push_str(plain);
        rest = after.cut(1..);
    }
    out.push_str(rest);
    out
}

fn flag_length(text: &str, flags: &str) -> usize {
    text.find(|c| !flags.contains(c)).unwrap_or(text.len())
}

fn merge_flags(text: &str) -> (Merge, usize) {
    let length = flag_length(text, "+|?cdn");
    let flags = text.cut(..length);
    let merge = Merge {
        append: flags.contains('+'),
        existing_only: flags.contains('?'),
        new_only: flags.contains('n'),
        deep: flags.contains('d'),
        clobber: flags.contains('c'),
    };
    (merge, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text)
            .unwrap()
            .into_iter()
            .map(|lexeme| lexeme.token)
            .collect()
    }

    #[test]
    fn a_key_ends_where_an_operator_starts() {
        assert_eq!(
            tokens(".a-b=1"),
            [
                Token::Key("a-b".into(), false),
                Token::Infix(Infix::Assign {
                    relative: false,
                    clobber: false
                }),
                Token::Literal("1".into(), Tag::Int),
            ]
        );
        assert_eq!(tokens(".a?"), [Token::Key("a".into(), true)]);
        assert_eq!(tokens(".\"a b\""), [Token::Key("a b".into(), false)]);
    }

    #[test]
    fn numbers_have_signs_bases_and_exponents() {
        for (text, tag) in [
            ("3", Tag::Int),
            ("-3", Tag::Int),
            ("0xF", Tag::Int),
            ("1.5", Tag::Float),
            ("1e3", Tag::Float),
        ] {
            assert_eq!(tokens(text), [Token::Literal(text.into(), tag)]);
        }
        assert!(lex("99999999999999999999").is_err());
    }

    #[test]
    fn flags_follow_the_operator() {
        let merge = Merge {
            append: true,
            new_only: true,
            ..Merge::default()
        };
        assert_eq!(tokens("*+n"), [Token::Infix(Infix::Multiply(merge))]);
        assert_eq!(
            tokens("|=c"),
            [Token::Infix(Infix::Assign {
                relative: true,
                clobber: true
            })]
        );
    }

    #[test]
    fn escapes_are_resolved_but_for_an_escaped_expression() {
        assert_eq!(
            tokens(r#""a\tb\\(c)\"\q""#),
            [Token::Text("a\tb\\\\(c)\"\\q".into())]
        );
    }

    #[test]
    fn an_unknown_operator_is_answered_with_the_nearest_one() {
        let error = lex(".a |\n lenght").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no operator `lenght` (<input>:2:2)"
        );
        assert_eq!(error.help_line(), Some("did you mean `length`?"));
    }

    #[test]
    fn an_unclosed_string_is_refused() {
        assert_eq!(
            lex("\"x").unwrap_err().message(),
            "the string is not closed"
        );
        assert!(lex(".\"x").is_err());
        assert!(lex("'x'").unwrap_err().help_line().is_some());
    }
}
