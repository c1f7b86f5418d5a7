//! Whether a value looks drawn at random.
//!
//! Two stories can be told of a value. In the first a person made it: letters follow each other as
//! in words, digits come in runs, a capital opens a word. In the second a generator drew every
//! character from one alphabet, none likelier than another. The score is how many half bits the
//! first story is longer than the second, summed over the pairs of neighbours; it grows with the
//! length of a random value and falls with the length of a made one.
//!
//! That needs no list of known words, works from some ten characters on, and keeps names, paths
//! and versions apart from keys where plain entropy cannot: `kubeflow-oidc-authservice` and
//! `roolxuxhjm` have about the same entropy per character.
//!
//! What repeats or counts (`123123123`, `abcdefgh`) is improbable in words as well, so it is told
//! apart first.

/// Half bits it takes to name the second letter of a pair when the first is known, as counted over
/// the words of the documentation and sources of Kubernetes tools; one row for each first letter.
#[rustfmt::skip]
const LETTERS: [[u8; 26]; 26] = [
    [13, 9, 7, 8, 14, 12, 10, 19, 10, 19, 13, 6, 9, 7, 20, 9, 19, 7, 8, 5, 11, 13, 15, 14, 13, 17], // a
    [6, 9, 9, 10, 6, 10, 17, 16, 7, 14, 16, 5, 13, 14, 8, 12, 20, 8, 8, 13, 7, 18, 17, 18, 11, 18], // b
    [6, 12, 10, 12, 6, 12, 11, 7, 9, 21, 8, 9, 13, 14, 5, 13, 19, 9, 9, 7, 10, 13, 18, 19, 13, 20], // c
    [7, 11, 11, 8, 4, 10, 12, 16, 5, 16, 18, 10, 13, 13, 8, 13, 18, 9, 8, 13, 9, 13, 16, 16, 13, 20], // d
    [9, 13, 8, 6, 11, 11, 12, 17, 14, 20, 17, 9, 10, 6, 14, 11, 14, 5, 6, 8, 15, 11, 14, 10, 15, 21], // e
    [7, 11, 10, 9, 7, 6, 13, 15, 5, 22, 18, 7, 13, 14, 7, 12, 18, 9, 9, 11, 9, 18, 17, 16, 12, 22], // f
    [8, 14, 12, 14, 4, 13, 10, 9, 7, 20, 17, 10, 12, 9, 7, 11, 17, 7, 8, 12, 9, 13, 16, 18, 15, 16], // g
    [5, 15, 13, 11, 4, 14, 17, 17, 6, 19, 17, 13, 11, 14, 6, 13, 19, 9, 12, 9, 10, 18, 15, 19, 11, 16], // h
    [10, 12, 8, 9, 10, 10, 9, 20, 18, 20, 17, 9, 9, 4, 6, 11, 18, 10, 8, 7, 18, 11, 19, 14, 24, 11], // i
    [6, 13, 12, 13, 5, 12, 12, 18, 8, 15, 12, 12, 12, 14, 6, 10, 14, 13, 5, 11, 6, 15, 11, 18, 16, 16], // j
    [8, 13, 13, 11, 3, 12, 12, 13, 6, 18, 15, 10, 12, 9, 10, 12, 15, 11, 6, 10, 9, 14, 13, 19, 12, 16], // k
    [6, 16, 13, 10, 5, 14, 15, 18, 5, 22, 13, 7, 15, 14, 6, 13, 22, 14, 10, 9, 10, 14, 16, 21, 7, 21], // l
    [5, 10, 14, 12, 4, 15, 15, 18, 6, 23, 15, 11, 10, 14, 7, 6, 20, 15, 9, 12, 9, 17, 19, 19, 13, 21], // m
    [8, 14, 8, 7, 7, 10, 5, 16, 8, 18, 13, 13, 14, 12, 8, 13, 18, 15, 7, 5, 12, 12, 16, 19, 15, 20], // n
    [12, 12, 7, 10, 14, 12, 11, 19, 12, 18, 13, 8, 8, 4, 10, 9, 25, 6, 9, 9, 8, 10, 10, 16, 16, 20], // o
    [6, 13, 12, 13, 6, 13, 13, 11, 8, 23, 14, 7, 16, 16, 7, 8, 18, 5, 9, 8, 10, 15, 15, 19, 14, 21], // p
    [12, 15, 12, 12, 14, 15, 14, 16, 12, 16, 18, 8, 15, 13, 13, 12, 16, 12, 10, 11, 1, 14, 14, 15, 16, 15], // q
    [6, 14, 11, 10, 4, 13, 12, 19, 6, 25, 13, 13, 10, 11, 7, 12, 20, 10, 8, 8, 11, 12, 15, 19, 11, 23], // r
    [10, 16, 9, 14, 5, 14, 13, 9, 6, 21, 12, 11, 13, 13, 9, 9, 16, 14, 8, 5, 8, 14, 13, 21, 11, 17], // s
    [7, 16, 11, 14, 5, 13, 16, 9, 4, 23, 19, 11, 13, 15, 8, 12, 21, 7, 8, 10, 10, 16, 15, 15, 10, 18], // t
    [9, 9, 9, 12, 9, 11, 11, 20, 9, 20, 19, 7, 9, 5, 13, 8, 25, 7, 7, 6, 17, 19, 22, 16, 19, 15], // u
    [5, 14, 13, 13, 2, 13, 16, 15, 5, 18, 15, 13, 12, 12, 8, 13, 20, 15, 11, 13, 15, 14, 18, 17, 17, 18], // v
    [5, 15, 11, 12, 6, 13, 14, 8, 6, 18, 14, 11, 15, 7, 7, 11, 18, 7, 8, 13, 14, 18, 13, 14, 17, 22], // w
    [6, 8, 6, 8, 6, 6, 17, 13, 8, 19, 18, 15, 13, 14, 13, 7, 18, 14, 14, 6, 14, 17, 18, 10, 14, 20], // x
    [9, 12, 10, 13, 8, 14, 14, 16, 8, 16, 16, 11, 8, 6, 10, 5, 14, 11, 5, 9, 12, 13, 12, 16, 11, 13], // y
    [6, 12, 13, 15, 2, 15, 13, 14, 8, 17, 16, 15, 14, 16, 9, 13, 16, 14, 12, 13, 13, 13, 13, 15, 11, 7], // z
];

/// How much a value looks drawn at random, in half bits; above zero it is the likelier story.
pub(super) fn score(text: &str) -> f32 {
    let bytes = text.as_bytes();
    let uniform = 2.0 * libm::log2f(alphabet(bytes));
    let mut total = 0.0;
    let mut digits = 0;
    for (index, pair) in bytes.windows(2).enumerate() {
        let before = index.checked_sub(1).map(|index| bytes[index]);
        digits = if pair[0].is_ascii_digit() {
            digits + 1
        } else {
            0
        };
        let cost = match made_by_hand(before, pair[0], pair[1]) {
            // People write years and ports; longer runs of digits are of machines.
            cost if digits > 4 && pair[1].is_ascii_digit() => cost + 2,
            cost => cost,
        };
        total += f32::from(cost) - uniform;
    }
    total
}

/// Whether the letters of a value follow each other as in words, whatever else it holds.
///
/// Formats with long runs of digits score low without being made of words; this looks at the runs
/// of letters only.
pub(super) fn is_wordy(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut pairs = 0;
    let mut total = 0;
    for pair in bytes.windows(2) {
        let both = pair.iter().all(u8::is_ascii_alphabetic);
        if both && !(pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) {
            pairs += 1;
            total += usize::from(made_by_hand(None, pair[0], pair[1]));
        }
    }
    // Drawn letters cost some twelve half bits each, those of words some seven.
    pairs >= 8 && pairs * 2 >= bytes.len() && total < pairs * 9
}

/// Whether a value scores `bar` half bits or more and neither repeats nor counts.
///
/// A long part of a value is judged by itself too, so that `PREFIX_…` does not spoil what follows.
pub(super) fn is_random(text: &str, bar: f32) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let mut parts = text.split(['_', '-', '.', ':', '=']);
    text.len() >= 8
        && letters >= 2
        && (score(text) >= bar || parts.any(|part| part.len() >= 20 && score(part) >= bar))
        && !is_regular(text)
}

/// Shannon entropy of the bytes, in bits per byte.
pub(super) fn entropy(bytes: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let length = bytes.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| count as f32 / length)
        .map(|share| -share * libm::log2f(share))
        .sum()
}

/// Whether a value repeats itself or counts up or down.
pub(super) fn is_regular(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pairs = bytes.len().saturating_sub(1);
    if pairs == 0 {
        return true;
    }
    let steps = bytes
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) <= 1 && pair[0].is_ascii_alphanumeric())
        .count();
    // Of a hundred random hexadecimal digits some eighteen step by one; of counting ones nearly all.
    steps * 2 > pairs || distinct_triples(bytes) * 2 < pairs.min(200)
}

/// How many different runs of three bytes there are among the first two hundred.
fn distinct_triples(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(202)];
    let mut triples: Vec<&[u8]> = head.windows(3).collect();
    triples.sort_unstable();
    triples.dedup();
    triples.len() + 1
}

/// How many characters a generator of this value could choose from.
fn alphabet(bytes: &[u8]) -> f32 {
    let mut size = 0.0;
    let lower = bytes.iter().any(u8::is_ascii_lowercase);
    let upper = bytes.iter().any(u8::is_ascii_uppercase);
    let digit = bytes.iter().any(u8::is_ascii_digit);
    let is_hex = digit
        && lower != upper
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii_alphanumeric());
    for (present, count) in [(lower, 26.0), (upper, 26.0), (digit, 10.0)] {
        if present {
            size += count;
        }
    }
    if is_hex {
        size = 16.0;
    }
    for symbol in b"-_./:+=" {
        if bytes.contains(symbol) {
            size += 2.0;
        }
    }
    if bytes.iter().any(|&byte| Class::of(byte) == Class::Odd) {
        size += 8.0;
    }
    f32::max(size, 2.0)
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Lower,
    Upper,
    Digit,
    /// What joins the parts of names, paths and versions.
    Joint,
    Odd,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            b'0'..=b'9' => Self::Digit,
            b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b',' => Self::Joint,
            _ => Self::Odd,
        }
    }
}

/// Half bits a person's `next` costs after `this`; the classes' figures are measured on the values
/// of public manifests, the choice within the class included.
fn made_by_hand(before: Option<u8>, this: u8, next: u8) -> u8 {
    use Class::{Digit, Joint, Lower, Odd, Upper};
    let letters = || {
        let row = usize::from(this.to_ascii_lowercase() - b'a');
        LETTERS[row][usize::from(next.to_ascii_lowercase() - b'a')]
    };
    match (Class::of(this), Class::of(next)) {
        (Lower, Lower) | (Upper, Upper) => letters(),
        (Upper, Lower) if before.is_some_and(|byte| byte.is_ascii_uppercase()) => letters() + 8,
        (Upper, Lower) => letters(),
        (Lower, Upper) | (Lower | Upper, Digit) => 19,
        (Digit, Lower) => 15,
        (Digit, Digit) => 8,
        (Lower | Upper | Digit, Joint) => 8,
        (Joint, Lower) => 9,
        (Joint, Upper | Digit) => 11,
        (Joint, Joint) => 14,
        (Digit, Upper) | (Odd, _) | (_, Odd) => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_score_low_and_drawn_letters_high() {
        for made in [
            "kubeflow-oidc-authservice",
            "requiredCharacteristicTypes",
            "/etc/github/oauth",
            "acme-prod-backups-2024",
            "networking.k8s.io/v1beta1",
        ] {
            assert!(!is_random(made, 6.0), "{made}: {}", score(made));
        }
        for drawn in [
            "roolxuxhjm",
            "WboeYXz38LcC",
            "8247fa84e1e08b18",
            "kBX!QDkCx0YXmW",
        ] {
            assert!(is_random(drawn, 6.0), "{drawn}: {}", score(drawn));
        }
    }

    #[test]
    fn what_counts_or_repeats_is_not_random() {
        for regular in [
            "abcdefghijklmnopqrstuvwxyz1234567",
            "GR12312312312312312312312",
            "0123456789abcdef0123456789abcdef",
            "xxxxxxxxxxxx",
        ] {
            assert!(!is_random(regular, 0.0), "{regular}");
        }
    }

    #[test]
    fn numbers_are_not_random() {
        assert!(!is_random("1700000000", 0.0));
        assert!(!is_random("192.168.120.17", 0.0));
    }

    #[test]
    fn entropy_counts_bits_per_byte() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abcd"), 2.0);
    }
}
