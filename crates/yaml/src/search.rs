//! Finds bytes in texts, as `memchr` does, without a question to the processor where a text is short.
//!
//! Before its first search `memchr` asks which instructions there are. In a virtual machine the host
//! answers, which takes a tenth of a millisecond in each process: a small build takes half of one
//! beyond its start. In a short text, what every x86-64 has is as quick.

use std::iter;

#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::{One, Three, Two};
use memchr::memmem;

/// How long a text may be to be searched without a question, in bytes: beyond, the question no
/// longer counts.
const SHORT: usize = 64 << 10;

/// Where a byte stands first.
#[inline]
pub fn first(byte: u8, text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if text.len() <= SHORT
        && let Some(searcher) = One::new(byte)
    {
        return searcher.find(text);
    }
    memchr::memchr(byte, text)
}

/// Where one of two bytes stands first.
#[inline]
pub fn first_of2(one: u8, two: u8, text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if text.len() <= SHORT
        && let Some(searcher) = Two::new(one, two)
    {
        return searcher.find(text);
    }
    memchr::memchr2(one, two, text)
}

/// Where one of three bytes stands first.
#[inline]
pub fn first_of3(one: u8, two: u8, three: u8, text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if text.len() <= SHORT
        && let Some(searcher) = Three::new(one, two, three)
    {
        return searcher.find(text);
    }
    memchr::memchr3(one, two, three, text)
}

/// Where a text stands first in another; an empty one stands nowhere.
pub fn text(sought: &[u8], text: &[u8]) -> Option<usize> {
    let (initial, _) = sought.split_first()?;
    if text.len() <= SHORT {
        return all(*initial, text)
            .find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(sought)));
    }
    memmem::find(text, sought)
}

/// All places of a text in another that do not overlap, in their order.
pub fn all_of_text(sought: &[u8], text: &[u8]) -> Vec<usize> {
    if text.len() > SHORT && !sought.is_empty() {
        return memmem::find_iter(text, sought).collect();
    }
    let mut end = 0;
    let mut found = Vec::new();
    while let Some(at) = text.get(end..).and_then(|rest| self::text(sought, rest)) {
        found.push(end + at);
        end += at + sought.len();
    }
    found
}

/// All places of a byte, in their order.
#[inline]
pub fn all(byte: u8, text: &[u8]) -> impl Iterator<Item = usize> {
    positions(text, move |rest| first(byte, rest))
}

/// All places of one of two bytes, in their order.
#[inline]
pub fn all_of2(one: u8, two: u8, text: &[u8]) -> impl Iterator<Item = usize> {
    positions(text, move |rest| first_of2(one, two, rest))
}

/// All places of one of three bytes, in their order.
#[inline]
pub fn all_of3(one: u8, two: u8, three: u8, text: &[u8]) -> impl Iterator<Item = usize> {
    positions(text, move |rest| first_of3(one, two, three, rest))
}

/// How often a byte stands in a text.
#[inline]
pub fn count(byte: u8, text: &[u8]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if text.len() <= SHORT
        && let Some(searcher) = One::new(byte)
    {
        return searcher.count(text);
    }
    memchr::memchr_iter(byte, text).count()
}

#[inline]
fn positions(text: &[u8], first: impl Fn(&[u8]) -> Option<usize>) -> impl Iterator<Item = usize> {
    let mut start = 0;
    iter::from_fn(move || {
        let at = start + first(text.get(start..)?)?;
        start = at + 1;
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters far from each other, on both sides of what is short, and at each place of a block.
    fn texts() -> Vec<Vec<u8>> {
        let near = (0..70).flat_map(|length| (1..8).map(move |step| (length, step)));
        let far = [SHORT - 1, SHORT, SHORT + 1]
            .into_iter()
            .flat_map(|length| [(length, 1), (length, 77), (length, length)]);
        near.chain(far)
            .map(|(length, step)| {
                (0..length)
                    .map(|at| {
                        if at % step == 0 {
                            b'a' + (at % 5) as u8
                        } else {
                            b'.'
                        }
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn what_is_found_is_what_a_walk_finds() {
        for content in texts() {
            let places = |sought: &[u8]| -> Vec<usize> {
                let places = content.iter().enumerate();
                places
                    .filter(|(_, byte)| sought.contains(byte))
                    .map(|(at, _)| at)
                    .collect()
            };
            assert_eq!(all(b'c', &content).collect::<Vec<_>>(), places(b"c"));
            assert_eq!(
                all_of3(b'c', b'd', b'e', &content).collect::<Vec<_>>(),
                places(b"cde")
            );
            assert_eq!(
                all_of2(b'd', b'e', &content).collect::<Vec<_>>(),
                places(b"de")
            );
            assert_eq!(first(b'c', &content), places(b"c").first().copied());
            assert_eq!(
                first_of2(b'd', b'e', &content),
                places(b"de").first().copied()
            );
            assert_eq!(count(b'c', &content), places(b"c").len());
            let walk = content.windows(2).position(|pair| pair == b"c.");
            assert_eq!(text(b"c.", &content), walk);
            let pairs = content.windows(2).enumerate();
            let pairs = pairs.filter(|(_, pair)| pair == b"c.").map(|(at, _)| at);
            assert_eq!(all_of_text(b"c.", &content), pairs.collect::<Vec<_>>());
        }
        assert_eq!(text(b"", b"a"), None);
        assert_eq!(text(b"ab", b"aab"), Some(1));
        assert_eq!(text(b"ab", b"aa"), None);
    }
}
