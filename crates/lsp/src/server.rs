//! The loop of a server: reads messages, answers them, and says what was found when it is quiet.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::answers::Answers;
use crate::frames::{self, Frame};
use crate::session::Session;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As the protocol wants: it was shut down, and left.
    Orderly,
    /// It was told to leave, or its input ended, without a `shutdown`.
    WithoutShutdown,
}

/// Serves one client until it leaves.
///
/// # Errors
///
/// If the output breaks.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    answers: &mut dyn Answers,
) -> io::Result<Ended> {
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name("lsp-reader".to_owned())
        .spawn(move || read_all(input, &sender))?;
    let mut session = Session::new(answers);
    let mut said = Vec::new();
    loop {
        let mut batch = Vec::new();
        let is_over = match next(&receiver, session.due()) {
            Next::Frame(frame) => {
                batch.push(frame);
                // What has come meanwhile, too: a cancelled request need not be answered.
                batch.extend(receiver.try_iter());
                false
            }
            Next::Quiet => {
                session.publish(&mut said);
                false
            }
            Next::End => true,
        };
        let ended = session.handle(batch, &mut said);
        for message in said.drain(..) {
            write(output, &message)?;
        }
        if ended || is_over {
            return Ok(match session.is_shut_down() {
                true => Ended::Orderly,
                false => Ended::WithoutShutdown,
            });
        }
    }
}

enum Next {
    Frame(Frame),
    Quiet,
    End,
}

fn next(receiver: &Receiver<Frame>, due: Option<Instant>) -> Next {
    let Some(due) = due else {
        return receiver.recv().map_or(Next::End, Next::Frame);
    };
    let wait = due.saturating_duration_since(Instant::now());
    match receiver.recv_timeout(wait.min(Duration::from_secs(1))) {
        Ok(frame) => Next::Frame(frame),
        Err(RecvTimeoutError::Disconnected) => Next::End,
        Err(RecvTimeoutError::Timeout) if Instant::now() >= due => Next::Quiet,
        Err(RecvTimeoutError::Timeout) => next(receiver, Some(due)),
    }
}

fn read_all(mut input: impl BufRead, sender: &Sender<Frame>) {
    // A stream that breaks is one that ends.
    while let Ok(Some(frame)) = frames::read(&mut input) {
        if sender.send(frame).is_err() {
            return;
        }
    }
}

/// Writes a message with its header.
pub(crate) fn write(output: &mut dyn Write, message: &Value) -> io::Result<()> {
    let mut message = message.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.insert("jsonrpc".to_owned(), json!("2.0"));
    }
    let text = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}
