//! Messages on a stream: a header with their length, and JSON.
//!
//! A message that cannot be read does not end the stream: what is wrong is told, and the next one
//! is looked for.

use std::io::{self, BufRead, Read as _};

use lsp_server::Message;

/// The longest message that is read, in bytes.
const LONGEST: usize = 256 << 20;

/// The longest line of a header.
const LONGEST_LINE: u64 = 4096;

/// What stands next on a stream.
#[derive(Debug)]
pub(crate) enum Frame {
    /// A message.
    Message(Message),
    /// Something else, and what is wrong with it.
    Malformed(String),
}

/// Reads what is next; nothing at the end of the stream.
///
/// # Errors
///
/// If the stream breaks.
pub(crate) fn read(input: &mut dyn BufRead) -> io::Result<Option<Frame>> {
    let mut length: Option<usize> = None;
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        let count = input.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok((!is_first).then(|| malformed("the stream ends in a header")));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            // An empty line where a message should begin separates nothing.
            if is_first {
                continue;
            }
            break;
        }
        is_first = false;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some(malformed("a line of a header has no colon")));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            match value.trim().parse::<usize>() {
                Ok(number) if number <= LONGEST => length = Some(number),
                Ok(_) => return Ok(Some(malformed("the message is too long"))),
                Err(_) => return Ok(Some(malformed("`Content-Length` is no number"))),
            }
        }
    }
    let Some(length) = length else {
        return Ok(Some(malformed("a header has no `Content-Length`")));
    };
    let mut content = Vec::new();
    let read = input.take(length as u64).read_to_end(&mut content)?;
    if read < length {
        return Ok(Some(malformed("the stream ends in a message")));
    }
    Ok(Some(match serde_json::from_slice(&content) {
        Ok(message) => Frame::Message(message),
        // What the parser says may be part of a document.
        Err(_) => Frame::Malformed("the message is no JSON-RPC".to_owned()),
    }))
}

fn malformed(why: &str) -> Frame {
    Frame::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(frame) = read(&mut input).unwrap() {
            found.push(match frame {
                Frame::Message(Message::Notification(it)) => it.method,
                Frame::Message(_) => "?".to_owned(),
                Frame::Malformed(why) => why,
            });
        }
        found
    }

    #[test]
    fn what_is_malformed_is_told_and_passed_over() {
        let good = "Content-Length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"good\"}";
        for (bad, why) in [
            ("hello\r\n", "a line of a header has no colon"),
            ("Content-Length: x\r\n", "`Content-Length` is no number"),
            ("Content-Length: -1\r\n", "`Content-Length` is no number"),
            (
                "Content-Length: 99999999999999\r\n",
                "the message is too long",
            ),
            (
                "Content-Type: x\r\n\r\n",
                "a header has no `Content-Length`",
            ),
            ("Content-Length: 3\r\n\r\n{{{", "the message is no JSON-RPC"),
            ("Content-Length: 2\r\n\r\n[]", "the message is no JSON-RPC"),
        ] {
            let found = all([bad, good].concat().as_bytes());
            assert_eq!(found, [why, "good"], "{bad:?}");
        }
        assert_eq!(
            all(b"content-length: 9\r\n\r\n{"),
            ["the stream ends in a message"]
        );
        assert_eq!(all(b"Content-Length: 9"), ["the stream ends in a header"]);
        assert_eq!(all(b"\r\n\n"), Vec::<String>::new());
        assert_eq!(all(&[0xff, b'\n']), ["a line of a header has no colon"]);
    }
}
