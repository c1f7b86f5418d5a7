//! Files that sops has encrypted, decrypted in memory by the user's own `sops`.
//!
//! sops knows every store of keys (age, PGP, the KMS of clouds, Vault) and checks the MAC of a file,
//! so that nothing of its cryptography is done again here. What it is given is ciphertext; what it
//! prints stays in memory, and no message repeats it (`guard::remember`).
//! Source: <https://getsops.io/docs/>.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::guard::remember;
use crate::load::{FileKind, Files, MadeBy, ParsedFiles, Provenance, digest_of};
use crate::place::{Place, SourceId, Span};
use crate::process::{Command, Failure};
use crate::write::Scratch;
use crate::yaml::{Node, Tag, Value, manifests};

pub use kustom_engine::sops::{Format, NOT_DECRYPTED, is_encrypted, placeholder};

use kustom_engine::sops::{CIPHERTEXT, WrittenPlaces, is_ciphertext};

/// How sops says that no key fits.
const NO_KEY: i32 = 128;

/// How sops says that a file was changed without it: the MAC is wrong, or missing.
const WRONG_MAC: [i32; 2] = [51, 52];

/// What became of an encrypted file.
#[derive(Clone, Debug)]
pub enum Decryption {
    /// What it holds.
    Plain(Arc<[u8]>),
    /// Why it cannot be decrypted here: no key fits, or there is no `sops`.
    Locked(String),
}

/// The user's `sops`. What it has decrypted is remembered, and runs no second time.
#[derive(Debug)]
pub struct Sops {
    command: OsString,
    done: Mutex<BTreeMap<String, Slot>>,
}

type Slot = Arc<Mutex<Option<Decryption>>>;

impl Default for Sops {
    fn default() -> Self {
        Self::new("sops")
    }
}

impl Sops {
    /// A `sops` by its name on the `PATH`, or its path.
    pub fn new(command: impl Into<OsString>) -> Self {
        Self {
            command: command.into(),
            done: Mutex::default(),
        }
    }

    /// Decrypts a file; `shown` is how messages name it. Its MAC is checked.
    ///
    /// # Errors
    ///
    /// If the file was changed since it was encrypted, or is broken. That no key fits is no error,
    /// but [`Decryption::Locked`].
    pub fn decrypt(&self, shown: &str, content: &[u8], format: Format) -> Result<Decryption> {
        let key = format!("{} {}", format.name(), digest_of(content));
        let slot = {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(done.entry(key).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*slot {
            return Ok(known.clone());
        }
        let decryption = self.run(shown, content, format)?;
        if let Decryption::Plain(plain) = &decryption {
            remember(secrets(content, plain, format));
        }
        *slot = Some(decryption.clone());
        Ok(decryption)
    }

    fn run(&self, shown: &str, content: &[u8], format: Format) -> Result<Decryption> {
        let cannot = |cause: io::Error| {
            let message = format!("cannot lay out `{shown}` for `sops`: {cause}");
            Error::new(Kind::Secret, message).caused_by(cause)
        };
        // Ciphertext only; sops reads no pipe in all of its releases.
        let scratch = Scratch::new("kustom-sops-").map_err(cannot)?;
        let path = scratch
            .write(Path::new("encrypted"), content)
            .map_err(cannot)?;
        let name = format.name();
        let arguments = ["--decrypt", "--input-type", name, "--output-type", name];
        let mut arguments: Vec<OsString> = arguments.map(OsString::from).into();
        arguments.push(path.into());
        let output = match Command::new(self.command.clone(), arguments).run() {
            Ok(output) => output,
            Err(Failure::Missing) => {
                let program = self.command.to_string_lossy();
                return Ok(Decryption::Locked(format!(
                    "there is no program `{program}`"
                )));
            }
            Err(failure) => return Err(failure.into_error(&self.command)),
        };
        let error = |message: String, help: &str| Error::new(Kind::Secret, message).help(help);
        match output.status.code() {
            Some(0) => Ok(Decryption::Plain(output.data.into())),
            Some(NO_KEY) => Ok(Decryption::Locked("sops has no key for it".to_owned())),
            Some(code) if WRONG_MAC.contains(&code) => Err(error(
                format!("`{shown}` was changed without sops: its MAC is wrong"),
                "undo the change, or make it with `sops edit`, which signs it",
            )),
            _ => {
                let reason = output.last_words().unwrap_or_else(|| output.ending());
                Err(error(
                    format!("`{shown}` cannot be decrypted: {reason}"),
                    "try it with `sops decrypt`",
                ))
            }
        }
    }
}

/// The values of a file that were encrypted, in the clear.
fn secrets(content: &[u8], plain: &[u8], format: Format) -> Vec<String> {
    let mut found = Vec::new();
    match format {
        Format::Binary => found.extend(std::str::from_utf8(plain).map(str::to_owned)),
        Format::Yaml | Format::Json => {
            let read = |bytes| manifests(bytes, SourceId::NONE).unwrap_or_default();
            for (before, after) in read(content).iter().zip(&read(plain)) {
                pairs(before, after, &mut found);
            }
        }
        Format::Dotenv | Format::Ini => {
            let entries = |bytes: &[u8]| -> Vec<(String, String)> {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let entries = text.lines().filter_map(|line| line.split_once('='));
                let entries = entries.map(|(key, value)| (key.trim().into(), value.trim().into()));
                entries.collect()
            };
            let mut after = entries(plain).into_iter();
            for (key, before) in entries(content) {
                if !before.trim_matches(['"', '`']).starts_with(CIPHERTEXT) {
                    continue;
                }
                if let Some((_, value)) = after.find(|(name, _)| *name == key) {
                    found.push(value.trim_matches(['"', '`']).to_owned());
                }
            }
        }
    }
    found
}

/// The values of a document that were encrypted in another.
fn pairs(before: &Node, after: &Node, found: &mut Vec<String>) {
    match (&before.value, &after.value) {
        (Value::Map(entries), Value::Map(_)) => {
            for entry in entries {
                let key = entry.key.text().unwrap_or_default();
                if let Some(after) = after.get(key) {
                    pairs(&entry.value, after, found);
                }
            }
        }
        (Value::Seq(items), Value::Seq(after)) => {
            for (before, after) in items.iter().zip(after) {
                pairs(before, after, found);
            }
        }
        _ if is_ciphertext(before) => {
            found.extend(
                after
                    .text()
                    .filter(|_| after.tag == Tag::Str)
                    .map(str::to_owned),
            );
        }
        _ => {}
    }
}

/// What is done about a file that cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLocked {
    /// It is an error.
    Refuse,
    /// A placeholder stands for every encrypted value.
    Placeholder,
}

/// Files, with those that sops has encrypted in the clear.
pub struct Decrypted<'f> {
    lower: &'f dyn Files,
    /// Nothing is decrypted without it.
    sops: Option<&'f Sops>,
    on_locked: OnLocked,
    /// How messages name a file.
    shown: Box<dyn Fn(&Path) -> String + Sync + 'f>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The files that placeholders stand for, and why.
    locked: BTreeMap<PathBuf, String>,
    /// Where what was read in the clear is written.
    written: BTreeMap<PathBuf, Arc<Written>>,
    /// What is wrong with the first file that is wrong.
    error: Option<Error>,
}

/// Where what stands in a decrypted file is written: its lines are those that sops has printed.
#[derive(Debug)]
struct Written {
    name: Arc<str>,
    places: WrittenPlaces,
}

impl Provenance for Written {
    fn place(&self, span: Span) -> Place {
        Place::in_file(Arc::clone(&self.name), self.places.span(span))
    }
}

impl<'f> Decrypted<'f> {
    /// Nothing is decrypted before it is read, and nothing at all without a `sops`.
    pub fn new(
        lower: &'f dyn Files,
        sops: Option<&'f Sops>,
        on_locked: OnLocked,
        shown: impl Fn(&Path) -> String + Sync + 'f,
    ) -> Self {
        Self {
            lower,
            sops,
            on_locked,
            shown: Box::new(shown),
            state: Mutex::default(),
        }
    }

    /// The error of a file that could not be decrypted, in the place of what came of it.
    #[must_use]
    pub fn explained(&self, error: Error) -> Error {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.error.take() {
            Some(own) => match error.place() {
                Some(place) => own.at(place.clone()),
                None => own,
            },
            None => error,
        }
    }

    /// A warning for each file that a placeholder stands for.
    pub fn findings(&self) -> Vec<Finding> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let locked = state.locked.iter();
        locked
            .map(|(path, why)| {
                let shown = (self.shown)(&self.lower.editable_path(path));
                let message = format!("placeholders stand for what `{shown}` holds: {why}");
                Finding::warning("locked-secret", message)
                    .at(Place::file(shown))
                    .help(KEY)
            })
            .collect()
    }

    fn decrypt(&self, sops: &Sops, path: &Path, content: Vec<u8>) -> Result<Vec<u8>> {
        let written = self.lower.editable_path(path);
        let shown = (self.shown)(&written);
        let format = Format::of(&written, &content);
        let plain = self.plain(sops, path, &content, (&shown, format))?;
        if matches!(format, Format::Yaml | Format::Json) {
            let places = WrittenPlaces::of(&plain, &content);
            let name = shown.into();
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let written = Arc::new(Written { name, places });
            state.written.insert(path.to_path_buf(), written);
        }
        Ok(plain)
    }

    /// The content of a file, decrypted if it was encrypted.
    fn read_of(&self, path: &Path, content: Vec<u8>) -> io::Result<Vec<u8>> {
        let Some(sops) = self.sops.filter(|_| is_encrypted(&content)) else {
            return Ok(content);
        };
        self.decrypt(sops, path, content).map_err(|error| {
            let words = io::Error::other(error.message().to_owned());
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.error.get_or_insert(error);
            words
        })
    }

    fn plain(
        &self,
        sops: &Sops,
        path: &Path,
        content: &[u8],
        (shown, format): (&str, Format),
    ) -> Result<Vec<u8>> {
        match sops.decrypt(shown, content, format)? {
            Decryption::Plain(plain) => Ok(plain.to_vec()),
            Decryption::Locked(why) if self.on_locked == OnLocked::Refuse => {
                let message = format!("`{shown}` cannot be decrypted: {why}");
                Err(Error::new(Kind::Secret, message).help(format!(
                    "{KEY}; for a test without one, say `--secrets placeholder`"
                )))
            }
            Decryption::Locked(why) => {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.locked.insert(path.to_path_buf(), why);
                placeholder(content, format)
            }
        }
    }
}

const KEY: &str = "install `sops`, and name a key as for `sops decrypt`, such as in \
                   `SOPS_AGE_KEY_FILE`";

impl Files for Decrypted<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.lower.parsed()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_of(path, self.lower.read(path)?)
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let content = self.lower.read_shared(path)?;
        match self.sops {
            Some(_) if is_encrypted(&content) => {
                self.read_of(path, content.to_vec()).map(Arc::from)
            }
            _ => Ok(content),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        self.lower.resolve(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.lower.list(directory)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.lower.walk(directory)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        self.lower.editable_path(path)
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.written.get(path) {
            Some(written) => Some(Arc::clone(written) as Arc<dyn Provenance>),
            None => self.lower.provenance(path),
        }
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn is_disk(&self) -> bool {
        self.sops.is_none() && self.lower.is_disk()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.lower.hand_over(path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const VALUE: &str = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]";

    #[test]
    fn only_what_was_encrypted_is_a_secret() {
        let before =
            format!("kind: Secret\nstringData: {{a: '{VALUE}', b: open}}\nl: ['{VALUE}']\n");
        let after = "kind: Secret\nstringData: {a: plain, b: open}\nl: [item]\n";
        let found = secrets(before.as_bytes(), after.as_bytes(), Format::Yaml);
        assert_eq!(found, ["plain", "item"]);
        let before = format!("A={VALUE}\nB=open\nsops_mac={VALUE}\n");
        let found = secrets(before.as_bytes(), b"A=plain\nB=open\n", Format::Dotenv);
        assert_eq!(found, ["plain"]);
    }

    #[test]
    fn without_a_program_a_file_stays_locked() {
        let sops = Sops::new("no-such-program");
        let said = sops.decrypt("a.env", b"A=1", Format::Dotenv).unwrap();
        assert!(matches!(said, Decryption::Locked(why) if why.contains("no-such-program")));
    }
}
