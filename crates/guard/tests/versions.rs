//! A text that was made of another shows what it shows alone: drawn texts, and drawn parts of them
//! with something new between, mostly in the middle of a word.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod draw;

use draw::Draw;
use kustom_guard::{Base, Copied, Guard};

impl Draw {
    fn value(&mut self, length: usize) -> String {
        let signs = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut sign = || char::from(signs[self.below(signs.len())]);
        (0..length).map(|_| sign()).collect()
    }

    /// A piece of a text: what holds a secret, what nearly does, what no search looks at.
    fn piece(&mut self) -> Vec<u8> {
        let value = self.value(28);
        let piece = match self.below(36) {
            0 => format!("password: {value}\n"),
            1 => format!("apiVersion: v1\nkind: Secret\nstringData:\n  a: {value}\n---\n"),
            2 => format!("url: https://user:{value}@example.com/\n"),
            3 => format!("x ghp_{} y\n", self.value(36)),
            4 => {
                let lines: String = (0..8).map(|_| self.value(64) + "\n").collect();
                format!(
                    "-----BEGIN RSA PRIVATE{}-----\n{lines}-----END RSA PRIVATE{0}-----\n",
                    " KEY"
                )
            }
            5 => {
                let text = format!("token: {value}, and some more of it");
                let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
                let tail = ["", "=", "==", "\n", " ", "==="][self.below(6)];
                format!("{text}{tail}")
            }
            6 => format!("env:\n- name: DB_PASSWORD\n  value: {value}\n"),
            7 => format!("secretGenerator:\n- name: a\n  literals: [a={value}]\n"),
            8 => format!("# kustom:allow it is old\nX_TOKEN={value}\n"),
            9 => format!("client_secret = \"{value}\" # kustom:allow why\n"),
            10 => "identified with ".to_owned(),
            11 => "webhook.office.com/webhookb2/".to_owned(),
            12 => "kind: Secret\n".to_owned(),
            13 => "data:\n  ".to_owned(),
            14 => "---\n".to_owned(),
            15 => "pass".to_owned(),
            16 => "word: ".to_owned(),
            17 => value,
            18 => self.value(400),
            19 => " äöü\u{2028}".to_owned(),
            20 => return vec![0xff, b'\n'],
            22 => "the tokens of a key (or none), licensed with passwords; ".to_owned(),
            23 => "secretName: foo\nkey: app, auth: true)}\n".to_owned(),
            24 => "\tkey := auth(\"login\")\n".to_owned(),
            25 => "see https://example.com/a?token=b, http://x:8080/path/to\n".to_owned(),
            26 => {
                ["?", "&", "-", "--", "PASS", "=", ": ", " ", "\n", "\""][self.below(10)].to_owned()
            }
            27 => "kind:".to_owned(),
            28 => "secret".to_owned(),
            29 => "name: ".to_owned(),
            30 => "token: nothing\n".to_owned(),
            31 => format!("key: {}\n", self.value(12)),
            21 => "replicas: 3\nimage: example.com/web:1.2.3\n".repeat(1 + self.below(6)),
            _ => "the quick brown fox\njumps over the lazy dog\n".repeat(1 + self.below(9)),
        };
        piece.into_bytes()
    }

    fn text(&mut self, pieces: usize) -> Vec<u8> {
        (0..pieces).flat_map(|_| self.piece()).collect()
    }

    /// A version of a text, and what it has of it.
    fn version(&mut self, base: &[u8]) -> (Vec<u8>, Vec<Copied>) {
        let (mut text, mut copied) = (Vec::new(), Vec::new());
        let mut at = 0;
        for _ in 0..=self.below(6) {
            // A version skips a few bytes, goes on anywhere, or goes on where it was.
            let start = match self.below(4) {
                0 => self.below(base.len() + 1),
                1 => (at + self.below(40)).min(base.len()),
                _ => at,
            };
            let most = match self.below(3) {
                0 => 200,
                _ => base.len(),
            };
            let end = (start + self.below(most + 1)).min(base.len());
            if start < end {
                let to = text.len();
                copied.push(Copied {
                    from: start..end,
                    to,
                });
                text.extend_from_slice(&base[start..end]);
                at = end;
            }
            match self.below(4) {
                0 => {}
                1 => {
                    let piece = self.piece();
                    let part = self.below(piece.len() + 1);
                    text.extend_from_slice(&piece[part..]);
                }
                _ => {
                    let piece = self.piece();
                    let part = self.below(piece.len() + 1);
                    text.extend_from_slice(&piece[..part]);
                }
            }
        }
        (text, copied)
    }
}

/// What is searched for differs between these, and so may what is found.
const PATHS: [&str; 7] = [
    "a.yaml",
    "src/a.go",
    "a.tf",
    "notes.txt",
    "secrets/token",
    "a.env",
    "go.sum",
];

#[test]
fn a_version_shows_what_it_shows_alone() {
    let guard = Guard::new();
    // Both automata: the first texts are searched with the one that is soon made.
    let mut draw = Draw(11);
    let mut shown = 0;
    for _ in 0..150 {
        let path = PATHS[draw.below(PATHS.len())];
        let pieces = 1 + draw.below(40);
        let mut text = draw.text(pieces);
        let (scan, mut marks) = guard.scan_version(path, &text, None);
        assert_eq!(scan, guard.scan(path, &text));
        for _ in 0..8 {
            let (version, copied) = draw.version(&text);
            let base = marks.as_ref().map(|marks| Base {
                marks,
                copied: &copied,
            });
            let path = PATHS[draw.below(PATHS.len())];
            let (scan, of_version) = guard.scan_version(path, &version, base);
            let (alone, of_text) = guard.scan_version(path, &version, None);
            assert_eq!(of_version, of_text, "{path}: {}", version.escape_ascii());
            assert_eq!(scan, alone, "{path}: {}", version.escape_ascii());
            shown += scan.leaks.len() + scan.allowed.len();
            (text, marks) = (version, of_version);
            if text.len() < 400 {
                let pieces = 1 + draw.below(40);
                text = draw.text(pieces);
                marks = guard.scan_version(path, &text, None).1;
            }
        }
    }
    assert!(shown > 400, "{shown}");
}

#[test]
fn what_cannot_have_been_copied_is_searched() {
    let guard = Guard::new();
    let text = Draw(5).text(60);
    let (_, marks) = guard.scan_version("a.yaml", &text, None);
    let marks = marks.unwrap();
    let parts = [
        vec![Copied {
            from: 0..text.len() + 1,
            to: 0,
        }],
        vec![Copied {
            from: 0..text.len(),
            to: 1,
        }],
        vec![
            Copied {
                from: 0..text.len(),
                to: 0,
            },
            Copied {
                from: 0..200,
                to: 100,
            },
        ],
    ];
    for copied in &parts {
        let base = Base {
            marks: &marks,
            copied,
        };
        let (scan, of_version) = guard.scan_version("a.yaml", &text, Some(base));
        assert_eq!(scan, guard.scan("a.yaml", &text));
        assert_eq!(of_version.as_ref(), Some(&marks));
    }
}

#[test]
fn what_is_no_text_has_no_marks() {
    let guard = Guard::new();
    let (scan, marks) = guard.scan_version("a.p12", b"\0password", None);
    assert_eq!((scan.leaks.len(), marks), (1, None));
}

#[test]
fn a_seam_may_be_anywhere() {
    let guard = Guard::new();
    let filler = "replicas: 3\nimage: example.com/web:1.2.3\n".repeat(4);
    let text = "token: abc, and some more of it, that is longer";
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    assert!(encoded.ends_with('='));
    let text = format!("{filler}a: {encoded}\npassword: {encoded}=\n{filler}");
    let (_, marks) = guard.scan_version("a.yaml", text.as_bytes(), None);
    let marks = marks.unwrap();
    for cut in filler.len()..text.len() - filler.len() {
        for new in ["", "=", "==", "x", "pass", "\n"] {
            let version = [&text[..cut], new, &text[cut..]].concat();
            let to = cut + new.len();
            let copied = [
                Copied {
                    from: 0..cut,
                    to: 0,
                },
                Copied {
                    from: cut..text.len(),
                    to,
                },
            ];
            let base = Base {
                marks: &marks,
                copied: &copied,
            };
            let (scan, of_version) = guard.scan_version("a.yaml", version.as_bytes(), Some(base));
            let (alone, of_text) = guard.scan_version("a.yaml", version.as_bytes(), None);
            assert_eq!((scan, of_version), (alone, of_text), "{version}");
        }
    }
}
