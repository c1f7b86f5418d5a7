#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked: see `cut`.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod address;
mod allow;
mod assign;
mod automaton;
mod base64;
mod baseline;
mod checksum;
mod control;
mod dedup;
mod documents;
#[cfg(test)]
mod drawn;
mod encoded;
mod encrypted;
mod files;
mod finder;
mod gather;
mod harmless;
mod judge;
mod keywords;
mod name_hint;
mod found_secret;
mod lines;
mod marks;
mod mask;
mod placeholder;
mod promise;
mod random;
mod rule_ids;
mod reference;
mod remembered;
mod rules;
mod search;
mod settings;
mod structure;
mod sensitive;
mod text;
mod unparsed;
mod words;

use std::sync::{Arc, OnceLock};

pub use allow::{AllowRule, AllowedBy};
pub use baseline::Baseline;
pub use control::{command_free, escaped, printable, turns};
pub use encrypted::{encryption, is_sops_document};
pub use found_secret::{Fingerprint, FoundSecret, Identity};
pub use gather::{Gathered, gather};
pub use harmless::is_protected;
pub use marks::{Base, Copied, Marks};
pub use mask::{Mask, listener, masked};
pub use placeholder::is_placeholder;
pub use reference::{FileReference, generator_files};
pub use remembered::{remember, remembered};
pub use search::{TEXT_HEAD, is_binary};
pub use sensitive::is_field_with_secrets;
pub use settings::Settings;

use dedup::dedup;
use kustom_yaml::finding::Severity;
use lines::Lines;
use text::{Hit, Searcher};

/// Finds secrets; made once and shared by all threads.
///
/// # Example
///
/// ```
/// use kustom_guard::Guard;
///
/// let guard = Guard::new();
/// let hex = ["8c1f0e5a7b", "d2946b03fe", "71c8a05d9e", "46b2f3807d"].concat();
/// let text = format!("secretGenerator:\n- name: hmac\n  literals: [hmac={hex}]\n");
/// let scan = guard.scan("kustomization.yaml", text.as_bytes());
/// assert_eq!(scan.leaks[0].rule, "secret-generator");
/// assert!(!format!("{:?}", scan.leaks[0]).contains(&hex));
/// ```
#[derive(Default)]
pub struct Guard {
    allowed: Vec<AllowRule>,
    index: allow::Index,
    key: Option<Vec<u8>>,
    require_reason: bool,
    searcher: OnceLock<Searcher>,
}

/// What one text showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The secrets, in the order of the text.
    pub leaks: Vec<FoundSecret>,
    /// Those that are allowed.
    pub allowed: Vec<Allowed>,
}

/// A leak that may stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The leak.
    pub leak: FoundSecret,
    /// Who allowed it.
    pub by: AllowedBy,
}

impl Scan {
    /// Whether it showed nothing.
    pub fn is_empty(&self) -> bool {
        self.leaks.is_empty() && self.allowed.is_empty()
    }
}

impl Guard {
    /// A guard that allows nothing but what comments allow.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds entries of an allow-list.
    #[must_use]
    pub fn allow(mut self, entries: impl IntoIterator<Item = AllowRule>) -> Self {
        for entry in entries {
            self.index.add(&entry, self.allowed.len());
            self.allowed.push(entry);
        }
        self
    }

    /// Sets the key of fingerprints; without one there are none.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Has comments allow only with a reason; those of other scanners have none.
    #[must_use]
    pub fn require_reason(mut self, required: bool) -> Self {
        self.require_reason = required;
        self
    }

    /// Says how many bytes will be searched, if that is known: for many, more is prepared at once.
    pub fn expect(&self, bytes: usize) {
        self.searcher().expect(bytes);
    }

    /// What is allowed, in order.
    pub fn allow_list(&self) -> &[AllowRule] {
        &self.allowed
    }

    /// Looks for secrets in one text; `path` says what kind of file it is.
    pub fn scan(&self, path: &str, text: &[u8]) -> Scan {
        self.scan_hits(path, text, self.search(path, text, 0))
    }

    /// The same for a text that may have been made of another, as the versions of a file are: of what
    /// was copied it is known where to look. Tells the same of the text, for others that are made of
    /// it; nothing where it is none.
    ///
    /// What it finds is what [`scan`](Self::scan) does.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_guard::{Base, Copied, Guard};
    ///
    /// let guard = Guard::new();
    /// let (old, new) = (b"image: web:1\nreplicas: 1\n", b"image: web:1\nreplicas: 2\n");
    /// let (_, marks) = guard.scan_version("a.yaml", old, None);
    /// let copied = [Copied { from: 0..23, to: 0 }, Copied { from: 24..25, to: 24 }];
    /// let base = marks.as_ref().map(|marks| Base { marks, copied: &copied });
    /// let (scan, _) = guard.scan_version("a.yaml", new, base);
    /// assert_eq!(scan, guard.scan("a.yaml", new));
    /// ```
    pub fn scan_version(
        &self,
        path: &str,
        text: &[u8],
        base: Option<Base<'_>>,
    ) -> (Scan, Option<Marks>) {
        let (hits, marks) = self.search_version(path, text, base);
        (self.scan_hits(path, text, hits), marks)
    }

    fn scan_hits(&self, path: &str, text: &[u8], mut hits: Vec<Hit>) -> Scan {
        if files::is_keystore(path) {
            hits.push(keystore(path));
        }
        let mut scan = Scan::default();
        if hits.is_empty() {
            return scan;
        }
        let path: Arc<str> = path.into();
        let mut lines = Lines::new(text);
        let mut comment = (usize::MAX, None);
        let listed = self.index.of_file(&path);
        for hit in dedup(hits) {
            let Some(leak) = self.leak(&path, &hit, &mut lines) else {
                continue;
            };
            // A line may be as long as its file and hold as many leaks: it is read once.
            let number = lines.number(hit.range.start);
            if comment.0 != number {
                let above = number
                    .checked_sub(1)
                    .map_or(&[][..], |above| lines.line(above));
                comment = (number, allow::comment(lines.line(number), above));
            }
            match self.permit(&leak, comment.1.clone(), &listed) {
                Some(by) => scan.allowed.push(Allowed { leak, by }),
                None => scan.leaks.push(leak),
            }
        }
        scan
    }

    fn leak(&self, path: &Arc<str>, hit: &Hit, lines: &mut Lines<'_>) -> Option<FoundSecret> {
        let is_sample = files::is_sample(path);
        let severity = match hit.rule {
            rule_ids::WEAK if is_sample => return None,
            rule_ids::WEAK => Severity::Warning,
            // What was never issued is no secret, though it looks like one.
            _ if is_sample || checksum::holds(&hit.value) == Some(false) => Severity::Warning,
            _ => Severity::Error,
        };
        let key = hit.key.as_deref().and_then(shown_name);
        let fingerprint = self
            .key
            .as_deref()
            .map(|key| Fingerprint::new(key, hit.rule, path, hit.value.trim()));
        let preview = match hit.rule {
            rule_ids::KEYSTORE => files::name_of(path).to_owned(),
            _ => found_secret::preview(key.as_deref(), &hit.value),
        };
        Some(FoundSecret {
            rule: hit.rule,
            severity,
            path: Arc::clone(path),
            version: None,
            span: lines.span(&hit.range),
            preview,
            key,
            fingerprint,
            identity: Identity::of(&hit.value),
        })
    }

    fn permit(
        &self,
        leak: &FoundSecret,
        comment: Option<AllowedBy>,
        listed: &allow::OfFile<'_>,
    ) -> Option<AllowedBy> {
        let has_reason = |permit: &AllowedBy| match permit {
            AllowedBy::Comment { reason, .. } => reason.is_some() || !self.require_reason,
            AllowedBy::List { .. } => true,
        };
        comment.filter(has_reason).or_else(|| {
            let index = listed.first(leak)?;
            let reason = self.allowed[index].reason.clone();
            Some(AllowedBy::List { index, reason })
        })
    }
}

/// The names of all rules, which an allow-list may name.
pub fn rules() -> impl Iterator<Item = &'static str> {
    let formats = formats().map(|(name, _)| name);
    rule_ids::NAMES.into_iter().chain(formats)
}

/// The formats of issuers' tokens: each rule's name, and the expression of the token.
pub fn formats() -> impl Iterator<Item = (&'static str, &'static str)> {
    rules::RULES.iter().map(|rule| (rule.id, rule.expression))
}

fn keystore(path: &str) -> Hit {
    Hit {
        rule: rule_ids::KEYSTORE,
        range: 0..0,
        key: None,
        value: path.to_owned(),
    }
}

/// A name as it is shown, without a path or the dashes of a flag; none if it is long, no plain name
/// or drawn itself, for it could be a part of a secret.
fn shown_name(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.trim_start_matches('-');
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    let can_be_shown = is_plain && (1..=64).contains(&name.len()) && !random::is_random(name, 16.0);
    can_be_shown.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that looks drawn; each `seed` gives another.
    fn drawn(seed: u32) -> String {
        let signs = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut state = seed.wrapping_mul(2_654_435_761);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(signs[(state >> 16) as usize % signs.len()])
        };
        (0..28).map(|_| next()).collect()
    }

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let scan = Guard::new().scan(path, text.as_bytes());
        scan.leaks.iter().map(|leak| leak.rule).collect()
    }

    #[test]
    fn a_value_is_in_nothing_that_is_returned() {
        let canary = drawn(1);
        let text = format!(
            "kind: Secret\nstringData:\n  a: {canary}\n---\nenv:\n- {{name: X_TOKEN, value: {canary}}}\n\
             ---\nurl: redis://:{canary}@db\n---\n{canary}_token: {canary}\n\
             ---\n- curl -u a:{canary} -H \"Authorization: Bearer {canary}\" x\n"
        );
        let scan = Guard::new().key("k").scan("a.yaml", text.as_bytes());
        assert!(scan.leaks.len() >= 6);
        let findings: Vec<kustom_yaml::finding::Finding> =
            scan.leaks.iter().map(Into::into).collect();
        let keys: Vec<_> = scan.leaks.iter().map(|leak| &leak.key).collect();
        let gathered = gather(scan.leaks.clone());
        let printed = format!("{scan:#?} {findings:?} {keys:?} {gathered:?}");
        assert!(!printed.contains(&canary));
        assert!(!printed.contains(&canary[..12]));
    }

    #[test]
    fn a_leak_is_placed_where_its_value_stands() {
        let text = format!("# c\napp:\n  password: \"{}\"\n", drawn(2));
        let scan = Guard::new().scan("values.yaml", text.as_bytes());
        let leak = &scan.leaks[0];
        assert_eq!((leak.span.line, leak.span.column), (3, 14));
        assert_eq!(text[leak.span.range()], drawn(2));
        assert_eq!(leak.place().to_string(), "values.yaml:3:14");
        assert_eq!(leak.key.as_deref(), Some("password"));
    }

    #[test]
    fn samples_and_guessable_passwords_are_warnings() {
        let sample = format!("password: {}\n", drawn(3));
        let of =
            |path: &str, text: &str| Guard::new().scan(path, text.as_bytes()).leaks[0].severity;
        assert_eq!(of("values.yaml", &sample), Severity::Error);
        assert_eq!(of("values.example.yaml", &sample), Severity::Warning);
        let weak = "kind: Secret\nstringData:\n  password: admin\n";
        assert_eq!(of("secret.yaml", weak), Severity::Warning);
        assert_eq!(rules("secret.example.yaml", weak), [""; 0]);
    }

    #[test]
    fn a_record_shows_what_an_issuer_marks() {
        let (value, token) = (drawn(12), drawn(13) + &drawn(14));
        let body = drawn(15) + &drawn(16) + &drawn(17) + &drawn(18);
        let key = ["-----BEGIN RSA PRIVATE", " KEY-----\n", &body].concat();
        let text = format!(
            "password: {value}\nx ghp_{} y\nurl: https://user:{value}@example.com/\n{key}\n",
            &token[..36]
        );
        let marked = ["github-pat", "url-password", "private-key"];
        assert_eq!(rules("go.sum", &text), marked);
        assert_eq!(rules("a.txt", &text).len(), 4);
    }

    #[test]
    fn what_is_allowed_is_counted() {
        let text = format!("password: {} # kustom:allow a fixture\n", drawn(4));
        let guard = Guard::new();
        let scan = guard.scan("a.yaml", text.as_bytes());
        assert_eq!((scan.leaks.len(), scan.allowed.len()), (0, 1));
        let strict = Guard::new().require_reason(true);
        let bare = format!("password: {} # kustom:allow\n", drawn(4));
        assert_eq!(strict.scan("a.yaml", text.as_bytes()).allowed.len(), 1);
        assert_eq!(strict.scan("a.yaml", bare.as_bytes()).leaks.len(), 1);
    }

    #[test]
    fn a_fingerprint_allows_its_value_wherever_the_line_goes() {
        let text = format!("password: {}\n", drawn(5));
        let scan = Guard::new().key("k").scan("a.yaml", text.as_bytes());
        let fingerprint = scan.leaks[0].fingerprint.as_ref().unwrap().to_string();
        let guard = Guard::new().key("k").allow([AllowRule {
            fingerprint: Some(fingerprint),
            ..AllowRule::default()
        }]);
        let moved = format!("a: b\n\n{text}");
        assert_eq!(guard.scan("a.yaml", moved.as_bytes()).allowed.len(), 1);
        let other = format!("password: {}\n", drawn(6));
        assert_eq!(guard.scan("a.yaml", other.as_bytes()).leaks.len(), 1);
        assert_eq!(guard.scan("b.yaml", text.as_bytes()).leaks.len(), 1);
    }

    #[test]
    fn an_entry_that_names_nothing_allows_nothing() {
        let guard = Guard::new().allow([AllowRule::default()]);
        let text = format!("password: {}\n", drawn(7));
        assert_eq!(guard.scan("a.yaml", text.as_bytes()).leaks.len(), 1);
    }

    #[test]
    fn one_value_in_several_files_is_one_finding() {
        let guard = Guard::new();
        let value = drawn(8);
        let files = [
            ("boilerplate/secrets/cookie", value.clone()),
            ("a.yaml", format!("password: {value}\n")),
            ("b.env", format!("X_TOKEN={value}\n")),
            ("c.env", format!("X_TOKEN={}\n", drawn(9))),
        ];
        let scans = files.map(|(path, text)| guard.scan(path, text.as_bytes()));
        let gathered = gather(scans.into_iter().flat_map(|scan| scan.leaks));
        assert_eq!(gathered.len(), 2);
        assert_eq!(&*gathered[0].leak.path, "a.yaml");
        assert_eq!(gathered[0].others.len(), 2);
        let finding = kustom_yaml::finding::Finding::from(&gathered[0]);
        let others: Vec<String> = finding.others.iter().map(ToString::to_string).collect();
        assert_eq!(others, ["boilerplate/secrets/cookie:1:1", "b.env:1:9"]);
    }

    #[test]
    fn a_document_that_does_not_parse_hides_no_other() {
        let (one, two) = (drawn(10), drawn(11));
        let text = format!(
            "a: b: c\nkind: Secret\nstringData:\n  x: {one}\n---\nkind: Secret\nstringData: {{y: {two}}}\n"
        );
        assert_eq!(rules("a.yaml", &text), ["kubernetes-secret"; 2]);
    }

    #[test]
    fn binary_files_are_not_read_and_key_stores_known_by_name() {
        let text = format!("\0password={}", drawn(12));
        assert_eq!(rules("a.bin", &text), [""; 0]);
        assert_eq!(rules("certs/client.p12", &text), ["keystore-file"]);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_hide_what_is() {
        let mut text = b"caf\xe9\npassword=".to_vec();
        text.extend(drawn(13).bytes());
        assert_eq!(Guard::new().scan("a.env", &text).leaks.len(), 1);
    }

    #[test]
    fn hostile_texts_are_read_in_linear_time() {
        for unit in [
            "token=",
            "{\"token\":",
            "name: token ",
            "eyJ",
            "sk-",
            "-us",
            "LS0tLS1CRUdJTi ",
            "[",
            "--- \n",
        ] {
            let text = unit.repeat(20_000 / unit.len());
            assert_eq!(rules("a.yaml", &text), [""; 0], "{unit}");
        }
    }
}
