//! Applies the differences as which git stores objects (`gitformat-pack`).

use kustom_guard::Copied;

/// The largest object that is put together.
pub(super) const LARGEST: u64 = 16 << 20;

/// Makes an object of another and a difference, if it is one to that object; `copied` hears of the
/// parts that both have.
///
/// A difference is the sizes of both, and commands: copy a part of the old object, or insert the
/// bytes that follow.
pub(super) fn apply(
    base: &[u8],
    mut delta: &[u8],
    out: &mut Vec<u8>,
    mut copied: impl FnMut(Copied),
) -> Option<()> {
    out.clear();
    if size(&mut delta)? != base.len() as u64 {
        return None;
    }
    let size = size(&mut delta).filter(|size| *size <= LARGEST)?;
    let size = usize::try_from(size).ok()?;
    out.reserve(size);
    while let Some(command) = delta.split_off_first() {
        let part = if command & 0x80 == 0 {
            // Zero is reserved.
            let length = usize::from(*command);
            delta.split_off(..length).filter(|_| length > 0)?
        } else {
            // Each bit says whether a byte follows, of the offset or of the length; other bytes are zero.
            let mut number = [0; 8];
            for (bit, byte) in number.iter_mut().take(7).enumerate() {
                if command & 1 << bit != 0 {
                    *byte = *delta.split_off_first()?;
                }
            }
            let [a, b, c, d, length @ ..] = number;
            let start = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
            let length = match usize::try_from(u32::from_le_bytes(length)).ok()? {
                0 => 0x10000,
                length => length,
            };
            copied(Copied {
                from: start..start.checked_add(length)?,
                to: out.len(),
            });
            base.get(start..)?.get(..length)?
        };
        if out.len() + part.len() > size {
            return None;
        }
        out.extend_from_slice(part);
    }
    (out.len() == size).then_some(())
}

/// Takes a size from the start of a difference: seven bits a byte, the lowest first.
fn size(delta: &mut &[u8]) -> Option<u64> {
    let mut size = 0;
    for shift in (0..63).step_by(7) {
        let byte = *delta.split_off_first()?;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        apply(base, delta, &mut out, |_| {})?;
        Some(out)
    }

    #[test]
    fn a_difference_copies_and_inserts() {
        let base = b"one two three";
        // Copies four bytes from 4, inserts `2 `, copies five bytes from 8.
        let delta = [&[13, 11, 0x91, 4, 4, 2], &b"2 "[..], &[0x91, 8, 5]].concat();
        let (mut out, mut copied) = (b"before".to_vec(), Vec::new());
        apply(base, &delta, &mut out, |part| copied.push(part)).unwrap();
        assert_eq!(out, b"two 2 three");
        assert_eq!(
            copied,
            [Copied { from: 4..8, to: 0 }, Copied { from: 8..13, to: 6 }]
        );
        assert_eq!(changed(b"another", &delta), None);
        for length in 0..delta.len() {
            assert_eq!(changed(base, &delta[..length]), None);
        }
        // Beyond the end of the old object, and the command that is reserved.
        assert_eq!(changed(base, &[13, 5, 0x91, 9, 5]), None);
        assert_eq!(changed(base, &[13, 1, 0, b'a']), None);
    }

    #[test]
    fn a_copy_without_a_length_has_64_kib() {
        let base = vec![b'a'; 0x10001];
        let delta = [0x81, 0x80, 0x04, 0x80, 0x80, 0x04, 0x81, 0x01];
        assert_eq!(changed(&base, &delta).unwrap().len(), 0x10000);
        // A length that is announced and missing is none.
        let base = vec![b'a'; 0x10000];
        let delta = [0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80];
        assert!(changed(&base, &delta).is_some());
        assert_eq!(changed(&base, &[&delta[..6], &[0x90]].concat()), None);
    }
}
