//! Reads large files into large pages of memory.
//!
//! Memory comes from the system when it is first written to, a page at a time. To get the pages of
//! 4 KiB that a file of megabytes fills costs several times what it costs to copy its bytes there; a
//! page of 2 MiB costs hardly more than one of them. Where the system has none, it gives small ones.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use memmap2::{Advice, MmapMut, MmapOptions};

/// The size of a large page.
const PAGE: usize = 2 << 20;

/// The length of a file from which on it is read so: it fills half a page.
pub(super) const WORTH: usize = PAGE / 2;

/// Reads a file that was so long; nothing if it has grown beyond the room that there is for it, or
/// if there is no memory.
///
/// # Errors
///
/// If it cannot be read.
pub(super) fn read(file: &File, length: usize) -> io::Result<Option<Bytes>> {
    let Some(mut memory) = pages(length) else {
        return Ok(None);
    };
    let mut end = 0;
    // There is room for one more byte, so that the end shows.
    while end <= length
        && let Some(room) = memory.get_mut(end..=length)
    {
        match (&*file).read(room) {
            Ok(0) => return Ok(Some(Bytes::from_owner(memory).slice(..end))),
            Ok(more) => end += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Memory for more than so many bytes.
fn pages(length: usize) -> Option<MmapMut> {
    // What is a multiple of their size is put where large pages can be.
    let size = length.checked_add(1)?.checked_next_multiple_of(PAGE)?;
    let memory = MmapOptions::new().len(size).map_anon().ok()?;
    // An end that would fill less than half a page gets small ones.
    let large = (length + PAGE / 2) / PAGE * PAGE;
    // A system that has no large pages says so.
    let _ = memory.advise_range(Advice::HugePage, 0, large);
    Some(memory)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    #[test]
    fn a_file_is_read_to_its_end() {
        let mut file = tempfile::tempfile().unwrap();
        let text: Vec<u8> = (0..PAGE + PAGE / 3).map(|at| at as u8).collect();
        file.write_all(&text).unwrap();
        for known in [text.len(), text.len() + 5] {
            file.rewind().unwrap();
            assert_eq!(read(&file, known).unwrap().unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_has_grown_is_left_to_others() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'x'; PAGE]).unwrap();
        file.rewind().unwrap();
        assert!(read(&file, PAGE - 1).unwrap().is_none());
    }
}
