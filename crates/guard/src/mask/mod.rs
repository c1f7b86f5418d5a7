//! The door for what people are told: a message, a place, a line of a source.
//!
//! Code that makes a message need not know which part of it is secret. [`masked`] hides what a text shows
//! by itself: tokens, credentials in addresses, what is assigned to a password. A [`Mask`] knows
//! the texts besides that were read, and hides in a message what is a secret there: any value of a
//! Secret, whatever it looks like, and all that stands where the message points to.

mod evident;
mod excerpt;
mod hide;
mod known;
mod pointed;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::Error;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Place;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::control::printable;
use crate::name_hint::NameHint;
use crate::placeholder::is_placeholder_value;
use crate::promise::promises;
use crate::sensitive::{Part, forms, of_secret_file};

use evident::evident;
use hide::hidden;
use known::Known;
use pointed::{Pointed, SHORTEST, is_quoted, touches};
use values::Values;

/// A value that is shorter than this must be all that somebody has put in quotes; the second is for
/// one that is no word.
const SHORT: [usize; 2] = [8, 5];

/// A value that is as long as this is meant even where letters touch it; likewise.
const LONG: [usize; 2] = [9, 7];

/// A text without what looks like a secret by itself.
///
/// # Example
///
/// ```
/// use kustom_guard::masked;
///
/// assert_eq!(masked("no file `PASSWORD=hunter2`"), "no file `PASSWORD=***`");
/// assert_eq!(masked("cannot open `htps://me:pw@host/app`"), "cannot open `htps://***@host/app`");
/// assert_eq!(masked("unknown field `replicas: 3`"), "unknown field `replicas: 3`");
/// ```
pub fn masked(text: &str) -> Cow<'_, str> {
    hidden(text, evident(text))
}

/// The door for each line that a program says while it runs, by what it was given to read.
pub fn listener(input: &[u8]) -> Box<dyn Fn(&str) -> String + Send> {
    let input = input.to_vec();
    let mask = OnceLock::new();
    Box::new(move |words| {
        let learned = || {
            let mut mask = Mask::default();
            mask.learn("", &input);
            mask
        };
        let words = mask.get_or_init(learned).text(words, &[]);
        let (line, end) = match words.strip_suffix('\n') {
            Some(line) => (line.trim_end_matches('\r'), "\n"),
            None => (&*words, ""),
        };
        format!("{}{end}", printable(line))
    })
}

/// The texts that a run has read, and what in them no message repeats.
///
/// # Example
///
/// ```
/// use kustom_yaml::error::{Error, Kind};
/// use kustom_guard::Mask;
///
/// let mut mask = Mask::default();
/// mask.learn("secret.yaml", b"kind: Secret\nstringData: {pin: hunter-2}\n");
/// let error = mask.error(Error::new(Kind::Patch, "`hunter-2` is no number"));
/// assert_eq!(error.message(), "`***` is no number");
/// ```
#[derive(Default)]
pub struct Mask {
    texts: Vec<Known>,
    /// Which text each name of a file means.
    names: FxHashMap<String, usize>,
    /// Values that stand in no text.
    named: Vec<Part>,
    /// The files that generators of Secrets read, as their kustomizations name them.
    secret_files: FxHashSet<String>,
    /// All that is hidden wherever it stands.
    hidden: OnceLock<Values>,
    /// What stands in the texts as a key, or as the name of something.
    open: OnceLock<FxHashSet<Box<str>>>,
}

impl Mask {
    /// Takes notice of a file that was read; `name` is how places name it.
    pub fn learn(&mut self, name: &str, content: &[u8]) {
        if content.contains(&0) || self.knows(name) {
            return;
        }
        // Nearly all texts are valid, which is soon known.
        let text = match std::str::from_utf8(content) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(content),
        };
        let directory = name.rfind('/').map_or("", |at| name.cut(..=at));
        let (known, files) = Known::of(name, text.into_owned());
        let files = files.into_iter();
        self.secret_files
            .extend(files.map(|file| simplified(&format!("{directory}{file}"))));
        self.names.insert(name.to_owned(), self.texts.len());
        self.texts.push(known);
        self.hidden.take();
        self.open.take();
    }

    /// Takes notice of another name of a file that was learned.
    pub fn learn_name(&mut self, name: &str, known: &str) {
        if let Some(&text) = self.names.get(known)
            && self.names.insert(name.to_owned(), text).is_none()
        {
            self.hidden.take();
        }
    }

    /// Takes notice of a value by its name: a variable of the environment, a flag.
    pub fn learn_value(&mut self, name: &str, value: &str) {
        if promises(name) && NameHint::of(name) >= NameHint::Secret && !is_placeholder_value(value)
        {
            self.named.push(Part {
                range: 0..0,
                raw: value.to_owned(),
                value: value.to_owned(),
                is_sure: false,
            });
            self.hidden.take();
        }
    }

    /// Whether a file was learned.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// A text without what is a secret in it, seen from the places that it is about.
    pub fn text<'t>(&self, text: &'t str, places: &[Place]) -> Cow<'t, str> {
        self.shown_beside(text, &self.pointed(places))
    }

    fn shown_beside<'t>(&self, text: &'t str, pointed: &Pointed<'_>) -> Cow<'t, str> {
        let mut ranges = evident(text);
        ranges.extend(pointed.ranges(text));
        let values = self.hidden.get_or_init(|| self.values());
        let values = values.find(text).into_iter();
        let values = values.filter(|(range, is_sure)| self.is_hidden(text, range, *is_sure));
        ranges.extend(values.map(|(range, _)| range));
        hidden(text, ranges)
    }

    /// An error without the secrets in it.
    #[must_use]
    pub fn error(&self, error: Error) -> Error {
        let pointed = self.pointed(error.places());
        error.map_words(|text| self.shown_beside(text, &pointed).into_owned())
    }

    /// What an error says, without the secrets in it.
    pub fn shown(&self, error: &Error) -> Error {
        self.error(error.without_source())
    }

    /// A finding without the secrets in it.
    pub fn finding(&self, finding: &mut Finding) {
        let pointed = self.pointed(finding.places());
        finding.map_words(|text| self.shown_beside(text, &pointed).into_owned());
    }

    /// What stands on the lines of some places.
    fn pointed<'p>(&self, places: impl IntoIterator<Item = &'p Place>) -> Pointed<'_> {
        let places = places.into_iter();
        Pointed::of(places.flat_map(|place| {
            let line = place.span.line as usize;
            let known = place.file.as_deref().filter(|_| line > 0);
            let known = known.and_then(|file| self.names.get(file));
            let known = known.map(|&text| &self.texts[text]);
            known
                .into_iter()
                .flat_map(move |known| known.groups_at(line))
        }))
    }

    fn values(&self) -> Values {
        let mut values: BTreeMap<String, bool> = BTreeMap::new();
        let mut take = |part: &Part| {
            for value in forms(&part.value).into_iter().chain(forms(&part.raw)) {
                let lines = value
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.len() >= SHORTEST);
                for line in lines.filter(|line| !line.starts_with("-----")) {
                    *values.entry(line.to_owned()).or_default() |= part.is_sure;
                }
            }
        };
        self.named.iter().for_each(&mut take);
        for known in &self.texts {
            let parts = known.groups.iter().flat_map(|group| &group.parts);
            parts.for_each(&mut take);
        }
        if !self.secret_files.is_empty() {
            for (name, &text) in &self.names {
                if self.secret_files.contains(&simplified(name)) {
                    of_secret_file(&self.texts[text].text)
                        .iter()
                        .for_each(&mut take);
                }
            }
        }
        Values::of(&values)
    }
}

impl Mask {
    /// Whether a known secret is meant where its letters stand.
    fn is_hidden(&self, text: &str, range: &Range<usize>, is_sure: bool) -> bool {
        let found = text.cut(range.clone());
        let number = found
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let kind = usize::from(!number && !is_word(found));
        let is_meant = if found.len() >= LONG[kind] {
            true
        } else if found.len() >= SHORT[kind] {
            !touches(text, range)
        } else {
            is_quoted(text, range) && !number
        };
        is_meant && (is_sure || !self.is_open(found))
    }

    /// Whether a value is a name besides: a key, or what an object is called.
    fn is_open(&self, value: &str) -> bool {
        const NAMES: [&str; 9] = [
            "name",
            "namespace",
            "kind",
            "apiVersion",
            "image",
            "newName",
            "namePrefix",
            "nameSuffix",
            "secretName",
        ];
        let open = self.open.get_or_init(|| {
            let mut open = FxHashSet::default();
            for line in self.texts.iter().flat_map(|known| known.text.split('\n')) {
                let line = line.trim().trim_start_matches("- ").trim_start_matches('{');
                if let Some((key, rest)) = line.split_once(':') {
                    let bare = |text: &str| text.trim_matches([' ', '"', '\'', ',', '}']).into();
                    open.insert(bare(key));
                    if NAMES.contains(&key.trim()) {
                        open.insert(bare(rest));
                    }
                }
            }
            open
        });
        open.contains(value)
    }
}

/// Whether a value could be a word, a name or a version: it has letters of one case, or no letters.
fn is_word(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    let is_joined = |byte: &u8| byte.is_ascii_punctuation() && !b"-_./:".contains(byte);
    let kinds = [
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
        has(u8::is_ascii_digit),
        has(is_joined),
    ];
    kinds.into_iter().filter(|has| *has).count() < 2
}

/// A path without `.` and `..`, as text.
fn simplified(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use kustom_yaml::error::Kind;
    use kustom_yaml::finding::Finding;
    use kustom_yaml::place::{Excerpt, Span};

    use super::*;

    const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: app, namespace: shop}
stringData:
  pin: hunter2
  user: admin
  port: '5432'
  kind: shop
  phrase: correct horse battery
  quoted: \"a\\\"b-c-d-e\"
data:
  token: c3dvcmRmaXNo
";

    fn mask() -> Mask {
        let mut mask = Mask::default();
        mask.learn("secret.yaml", SECRET.as_bytes());
        mask
    }

    fn line(line: u32) -> Place {
        let span = Span {
            line,
            column: 3,
            ..Span::default()
        };
        Place::in_file("secret.yaml", span)
    }

    #[test]
    fn values_of_a_secret_are_hidden_in_all_their_forms() {
        let mask = mask();
        for (text, shown) in [
            ("`hunter2` is no number", "`***` is no number"),
            ("no hunter2 here", "no *** here"),
            ("\"aHVudGVyMg==\"", "\"***\""),
            ("swordfish", "***"),
            ("c3dvcmRmaXNo", "***"),
            ("at correct horse battery: no", "at ***: no"),
            ("\"a\\\"b-c-d-e\"", "\"***\""),
            ("no user `admin`", "no user `***`"),
            ("HUNTER2", "***"),
        ] {
            assert_eq!(mask.text(text, &[]), shown);
        }
    }

    #[test]
    fn ordinary_words_stay_readable() {
        let mask = mask();
        for text in [
            "no namespace `shop`",
            "`pin` is no field of `app`; did you mean `user`?",
            "port 5432 is taken",
            "the administrator has no admin",
            "unknown field `replicas: 3`",
            "`nginx:1.25@sha256:0123456789abcdef` names no image",
            "cannot read `environments/production/secrets/token`: it is not there",
            "`kube-prometheus-stack-operator-5d8f7c9b4` is not rendered",
            "no revision `4f3a1b2c5d6e7f8091a2b3c4d5e6f708192a3b4c`",
            "`secretKeyRef.key` names `password`, which Secret `app` has not",
            "set `password: $(DB_PASSWORD)`, or `token: {{ .token }}`",
            "write `--set KEY=VALUE`, `NAME=NEW:TAG@DIGEST`",
            "did you mean `https://github.com/org/app//base?ref=v1`?",
            "`image: git@github.com:org/app`",
        ] {
            assert_eq!(mask.text(text, &[]), text);
        }
    }

    #[test]
    fn what_a_message_points_to_is_hidden_whatever_it_looks_like() {
        let mut mask = mask();
        mask.learn(
            "broken.yaml",
            b"db:\n  password: *ab 3\n  token: !x1 y\nname: ab\n",
        );
        let at = |number| {
            let mut place = line(number);
            place.file = Some("broken.yaml".into());
            [place]
        };
        assert_eq!(
            mask.text("unknown anchor `ab`", &at(2)),
            "unknown anchor `***`"
        );
        assert_eq!(mask.text("unknown tag `!x1`", &at(3)), "unknown tag `***`");
        assert_eq!(mask.text("no `ab`", &at(4)), "no `ab`");
        assert_eq!(mask.text("not `5432`", &[line(7)]), "not `***`");
    }

    #[test]
    fn the_marks_of_an_excerpt_stay_where_they_point() {
        let excerpt = ".password = \"hunter2\" | bad\n                        ^^^";
        assert_eq!(
            masked(excerpt),
            ".password = \"*******\" | bad\n                        ^^^"
        );
    }

    #[test]
    fn errors_and_findings_are_hidden_in_all_their_parts() {
        let mask = mask();
        let error = Error::new(Kind::Patch, "no `hunter2`")
            .note("in `hunter2`", None)
            .help("write `hunter2`");
        let told = format!("{:#}", mask.error(error));
        assert!(!told.contains("hunter2"), "{told}");
        let mut finding = Finding::warning("x", "no `hunter2`").help("`hunter2`?");
        finding.notes = vec![kustom_yaml::error::Note {
            message: "in `hunter2`".to_owned(),
            place: Some(line(5)),
            help: Some("not `hunter2`".to_owned()),
            is_step: false,
        }];
        finding.excerpt = Some(Box::new(Excerpt::new("write hunter2 here", 6..13)));
        mask.finding(&mut finding);
        assert!(!format!("{finding:?}").contains("hunter2"), "{finding:?}");
    }

    #[test]
    fn a_line_of_many_secrets_is_looked_at_once() {
        let mut mask = Mask::default();
        let line: Vec<String> = (0..1000)
            .map(|number| format!("password=xK{number}-sfkKsd93kd"))
            .collect();
        mask.learn("broken.yaml", line.join(" ").as_bytes());
        let place = line_of_broken();
        for number in 0..1000 {
            let text = format!("no `xK{number}-sfkKsd93kd` here");
            assert_eq!(
                mask.text(&text, std::slice::from_ref(&place)),
                "no `***` here"
            );
        }
    }

    #[test]
    fn a_place_within_several_lines_is_found() {
        let mut mask = Mask::default();
        mask.learn(
            "several.yaml",
            b"password: |\n  ab cd\n  ef gh\nname: x\nsecret_token: |\n  ij kl\n  mn op\nkind: y\n",
        );
        for (number, text) in [(2, "no `ef gh`"), (3, "no `ef gh`"), (7, "no `mn op`")] {
            let place = Place {
                file: Some("several.yaml".into()),
                ..line(number)
            };
            assert_eq!(mask.text(text, &[place]), "no `***`", "{number}");
        }
    }

    fn line_of_broken() -> Place {
        Place {
            file: Some("broken.yaml".into()),
            ..line(1)
        }
    }

    #[test]
    fn the_files_of_generators_are_secrets_as_a_whole() {
        let mut mask = Mask::default();
        let kustomization = "secretGenerator:\n- name: a\n  envs: [../s.env]\n  files: [pin]\n";
        mask.learn("app/kustomization.yaml", kustomization.as_bytes());
        mask.learn("s.env", b"A=open-sesame\n");
        mask.learn("app/pin", b"00-11-22\n");
        assert_eq!(mask.text("no `open-sesame`", &[]), "no `***`");
        assert_eq!(mask.text("no `00-11-22`", &[]), "no `***`");
    }
}
