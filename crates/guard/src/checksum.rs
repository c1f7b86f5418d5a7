//! The checksums of tokens whose issuers document them.
//!
//! One that does not hold was never issued as it stands: it is a sample, or was mistyped.

use kustom_yaml::cut::Cut as _;

/// Whether a token's checksum holds; nothing where its issuer documents none.
pub(super) fn holds(token: &str) -> Option<bool> {
    github(token).or_else(|| gitlab(token))
}

/// GitHub's classic tokens end in the CRC-32 of what is behind their prefix, in six digits of base 62.
fn github(token: &str) -> Option<bool> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let prefixes = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
    let body = prefixes
        .iter()
        .find_map(|prefix| token.strip_prefix(prefix))?;
    if body.len() != 36 || !body.is_ascii() {
        return None;
    }
    let (drawn, sum) = body.halves(30);
    Some(digits(crc32fast::hash(drawn.as_bytes()), DIGITS, 6) == sum)
}

/// GitLab's routable tokens end in the CRC-32 of all before it, in seven digits of base 36.
fn gitlab(token: &str) -> Option<bool> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let (_, end) = token.strip_prefix("gl")?.rsplit_once('.')?;
    if end.len() != 9 || !token.is_ascii() {
        return None;
    }
    let (head, sum) = token.halves(token.len() - 7);
    Some(digits(crc32fast::hash(head.as_bytes()), DIGITS, 7) == sum)
}

/// A number in a base, with zeros in front.
fn digits(mut number: u32, signs: &[u8], width: usize) -> String {
    let base = u32::try_from(signs.len()).unwrap_or(u32::MAX);
    let mut text = vec![signs[0]; width];
    for place in text.iter_mut().rev() {
        *place = signs[(number % base) as usize];
        number /= base;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_a_token_is_told_from_another() {
        // Put together, so that no token stands here.
        let issued = ["ghp_zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ0mLq17"].concat();
        assert_eq!(holds(&issued), Some(true));
        assert_eq!(holds(&issued.replace("0mLq17", "0mLq18")), Some(false));
        let head = format!("glpat-{}.01.14", "a9Zk3".repeat(8));
        let sum = digits(
            crc32fast::hash(head.as_bytes()),
            b"0123456789abcdefghijklmnopqrstuvwxyz",
            7,
        );
        assert_eq!(holds(&format!("{head}{sum}")), Some(true));
        assert_eq!(holds(&format!("{head}0000000")), Some(false));
    }

    #[test]
    fn what_has_no_documented_checksum_is_not_judged() {
        for token in ["", "glpat-a", "npm_abc", "ghp_short", "github_pat_abc"] {
            assert_eq!(holds(token), None, "{token}");
        }
    }
}
