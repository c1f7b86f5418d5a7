//! Tokens of an expression.

/// A token, with the number of the byte where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Word(String),
    Sign(&'static str),
    End,
}

/// Longer signs stand before those that they begin with.
const SIGNS: [&str; 27] = [
    "==", "!=", "<=", ">=", "&&", "||", "[?", "{?", ".?", "(", ")", "[", "]", "{", "}", ".", ",",
    ":", "?", "+", "-", "*", "/", "%", "<", ">", "!",
];

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some((token, length)) = string(rest)? {
            found.push((token, at));
            at += length;
        } else if c.is_ascii_digit()
            || c == '.'
                && rest
                    .get(1..)
                    .unwrap_or_default()
                    .starts_with(|c: char| c.is_ascii_digit())
        {
            let (token, length) = number(rest)?;
            found.push((token, at));
            at += length;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            found.push((
                Token::Word(rest.get(..length).unwrap_or_default().to_owned()),
                at,
            ));
            at += length;
        } else if c == '`' {
            let length = rest
                .get(1..)
                .unwrap_or_default()
                .find('`')
                .ok_or("a backtick is not closed")?;
            found.push((
                Token::Word(rest.get(1..=length).unwrap_or_default().to_owned()),
                at,
            ));
            at += length + 2;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push((Token::Sign(sign), at));
            at += sign.len();
        } else {
            return Err(format!("`{c}` is nothing that an expression has"));
        }
    }
    found.push((Token::End, text.len()));
    Ok(found)
}

/// A text or bytes, with its prefix and quotes.
fn string(rest: &str) -> Result<Option<(Token, usize)>, String> {
    let prefix = rest
        .find(|c: char| !matches!(c, 'r' | 'R' | 'b' | 'B'))
        .unwrap_or(rest.len());
    let body = rest.get(prefix..).unwrap_or_default();
    if prefix > 2 || !body.starts_with(['"', '\'']) {
        return Ok(None);
    }
    let raw = rest.get(..prefix).unwrap_or_default().contains(['r', 'R']);
    let bytes = rest.get(..prefix).unwrap_or_default().contains(['b', 'B']);
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| body.starts_with(quote))
        .unwrap_or("\"");
    let mut out = String::new();
    let mut chars = body.get(quote.len()..).unwrap_or_default().char_indices();
    loop {
        let Some((at, c)) = chars.next() else {
            return Err("a string is not closed".to_owned());
        };
        if body
            .get(quote.len() + at..)
            .unwrap_or_default()
            .starts_with(quote)
        {
            let length = prefix + quote.len() + at + quote.len();
            let token = if bytes {
                Token::Bytes(out.into_bytes())
            } else {
                Token::Text(out)
            };
            return Ok(Some((token, length)));
        }
        if quote.len() == 1 && c == '\n' {
            return Err("a string is not closed on its line".to_owned());
        }
        if raw || c != '\\' {
            out.push(c);
            continue;
        }
        let (_, c) = chars.next().ok_or("a string ends with `\\`")?;
        let mut code = |count: usize, radix: u32| {
            let digits: String = chars.by_ref().take(count).map(|(_, c)| c).collect();
            u32::from_str_radix(&digits, radix)
                .ok()
                .filter(|_| digits.len() == count)
                .and_then(char::from_u32)
                .ok_or_else(|| format!("`\\{c}{digits}` is no character"))
        };
        out.push(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '?' | '"' | '\'' | '`' => c,
            'x' | 'X' => code(2, 16)?,
            'u' => code(4, 16)?,
            'U' => code(8, 16)?,
            '0'..='3' => {
                let rest: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                u32::from_str_radix(&format!("{c}{rest}"), 8)
                    .ok()
                    .and_then(char::from_u32)
                    .ok_or_else(|| format!("`\\{c}{rest}` is no character"))?
            }
            _ => return Err(format!("`\\{c}` is no escape")),
        });
    }
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let wrong = |text: &str| format!("`{text}` is no number");
    if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        let length = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        let text = digits.get(..length).unwrap_or_default();
        let unsigned = digits
            .get(length..)
            .unwrap_or_default()
            .starts_with(['u', 'U']);
        let token = if unsigned {
            Token::Uint(u64::from_str_radix(text, 16).map_err(|_| wrong(text))?)
        } else {
            Token::Int(i64::from_str_radix(text, 16).map_err(|_| wrong(text))?)
        };
        return Ok((token, 2 + length + usize::from(unsigned)));
    }
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let mut length = digits(rest);
    let mut is_double = false;
    if rest.get(length..).unwrap_or_default().starts_with('.')
        && rest
            .get(length + 1..)
            .unwrap_or_default()
            .starts_with(|c: char| c.is_ascii_digit())
    {
        is_double = true;
        length += 1 + digits(rest.get(length + 1..).unwrap_or_default());
    }
    if rest
        .get(length..)
        .unwrap_or_default()
        .starts_with(['e', 'E'])
    {
        let sign = usize::from(
            rest.get(length + 1..)
                .unwrap_or_default()
                .starts_with(['+', '-']),
        );
        let exponent = digits(rest.get(length + 1 + sign..).unwrap_or_default());
        if exponent > 0 {
            is_double = true;
            length += 1 + sign + exponent;
        }
    }
    let text = rest.get(..length).unwrap_or_default();
    if is_double {
        return Ok((
            Token::Double(text.parse().map_err(|_| wrong(text))?),
            length,
        ));
    }
    if rest
        .get(length..)
        .unwrap_or_default()
        .starts_with(['u', 'U'])
    {
        return Ok((
            Token::Uint(text.parse().map_err(|_| wrong(text))?),
            length + 1,
        ));
    }
    // The least number is a minus before what does not fit.
    match text.parse::<i64>() {
        Ok(number) => Ok((Token::Int(number), length)),
        Err(_) if text == "9223372036854775808" => Ok((Token::Int(i64::MIN), length)),
        Err(_) => Err(wrong(text)),
    }
}
