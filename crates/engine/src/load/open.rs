//! Opens regular files only, and reads them up to a size limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use kustom_yaml::limits;

#[cfg(target_os = "linux")]
use super::large_pages;

/// The most bytes that are read of one file, unless the caller says otherwise.
pub fn largest_file() -> u64 {
    limits::current().file
}

/// Reads a file; what is no regular one is refused, and nothing is waited for.
///
/// What the caller has opened (`/dev/stdin`, `/dev/fd/3`) may be a pipe, and `/dev/null` is empty:
/// a path in the repository cannot mean them, since nothing outside of a project is read for it.
pub(super) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if is_of_caller(path) {
        return bounded(File::open(path)?, most);
    }
    let (file, length) = regular(path, Links::Followed, most)?;
    whole(file, length, most)
}

/// The same; a large one may lie in large pages.
pub(super) fn content(path: &Path, most: u64) -> io::Result<Bytes> {
    if !is_of_caller(path)
        && let Some(bytes) = kept(path, Links::Followed, most)?
    {
        return Ok(bytes);
    }
    read(path, most).map(Bytes::from)
}

/// The same of a file that is no link; nothing where it is one, or cannot be read, of which [`read`]
/// says why.
pub(super) fn unlinked(path: &Path, most: u64) -> Option<Bytes> {
    match is_of_caller(path) {
        true => None,
        false => kept(path, Links::Refused, most).ok()?,
    }
}

/// Reads a regular file; nothing if a large one has grown meanwhile.
fn kept(path: &Path, links: Links, most: u64) -> io::Result<Option<Bytes>> {
    let (file, length) = regular(path, links, most)?;
    #[cfg(target_os = "linux")]
    if length >= large_pages::WORTH {
        return large_pages::read(&file, length);
    }
    whole(file, length, most).map(|bytes| Some(bytes.into()))
}

/// What becomes of a link at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

/// Opens a regular file, and says how long it is.
fn regular(path: &Path, links: Links, most: u64) -> io::Result<(File, usize)> {
    let file = open(path, links)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(match found.is_dir() {
            true => io::ErrorKind::IsADirectory.into(),
            false => irregular(&found),
        });
    }
    if found.len() > most {
        return Err(too_large(most));
    }
    Ok((file, usize::try_from(found.len()).unwrap_or(usize::MAX)))
}

/// Reads a file that was so long.
fn whole(file: File, length: usize, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Room for the end: a file that is read to where it should end may have grown.
    let room = length.saturating_add(1);
    bytes
        .try_reserve_exact(room)
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    // A file of the kernel says that it is empty.
    if length > 0 && read_once(&file, &mut bytes)? == length {
        return Ok(bytes);
    }
    let rest = most.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(rest).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    }
}

/// Fills the room that is left with what comes first, and says how much that is: one call reads a
/// short file and sees its end.
#[cfg(unix)]
fn read_once(file: &File, bytes: &mut Vec<u8>) -> io::Result<usize> {
    match rustix::io::read(file, rustix::buffer::spare_capacity(bytes)) {
        Err(rustix::io::Errno::INTR) => Ok(0),
        read => Ok(read?),
    }
}

#[cfg(not(unix))]
fn read_once(_: &File, _: &mut Vec<u8>) -> io::Result<usize> {
    Ok(0)
}

/// Reads all of a stream, unless it is longer than that.
///
/// # Errors
///
/// If it cannot be read, or is longer.
pub fn bounded(stream: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    }
}

#[cfg(unix)]
fn open(path: &Path, links: Links) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;

    // Opening a pipe without a writer would block, and opening a terminal would make it ours.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    flags.set(OFlags::NOFOLLOW, links == Links::Refused);
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    // A socket cannot be opened.
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => error,
        _ => refused(path, error),
    })
}

/// Why something cannot be opened that is there.
#[cfg(unix)]
#[cold]
fn refused(path: &Path, error: io::Error) -> io::Error {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => irregular(&found),
        _ => error,
    }
}

#[cfg(not(unix))]
fn open(path: &Path, links: Links) -> io::Result<File> {
    match links {
        Links::Followed => File::open(path),
        Links::Refused => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn is_of_caller(path: &Path) -> bool {
    // Nearly every path begins otherwise.
    if let [b'/', second, ..] = path.as_os_str().as_encoded_bytes()
        && !b"dp./".contains(second)
    {
        return false;
    }
    path.starts_with("/dev") && (path == Path::new("/dev/null") || path == Path::new("/dev/stdin"))
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

#[cold]
fn irregular(found: &std::fs::Metadata) -> io::Error {
    #[cfg(unix)]
    let what = {
        use std::os::unix::fs::FileTypeExt as _;

        let kind = found.file_type();
        match () {
            () if kind.is_fifo() => "a pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        }
    };
    #[cfg(not(unix))]
    let what = {
        let _ = found;
        "something else"
    };
    let message = format!("it is {what}, and only regular files are read");
    io::Error::new(io::ErrorKind::Unsupported, message)
}

#[cold]
fn too_large(most: u64) -> io::Error {
    let message = format!(
        "it is larger than {most} bytes, the limit of `--max-file-size`, or `KUSTOM_MAX_FILE_SIZE` \
         in the environment"
    );
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(
            error.to_string(),
            "it is larger than 4 bytes, the limit of `--max-file-size`, or `KUSTOM_MAX_FILE_SIZE` \
             in the environment"
        );
        assert!(bounded(&b"123"[..], 2).is_err());
        assert_eq!(bounded(&b"123"[..], 3).unwrap(), b"123");
        let error = read(directory.path(), 5).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_where_that_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let [path, link] = ["f", "link"].map(|name| directory.path().join(name));
        std::fs::write(&path, "12345").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(unlinked(&path, 5).unwrap(), "12345");
        assert_eq!(unlinked(&path, 4), None);
        assert_eq!(unlinked(&link, 5), None);
        assert_eq!(unlinked(directory.path(), 5), None);
        assert_eq!(read(&link, 5).unwrap(), b"12345");
    }

    #[test]
    fn a_file_of_any_length_is_read_wholly() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        for length in [0, 1, 2, 31, 4095, 4096, (256 << 10) + 1] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            std::fs::write(&path, &bytes).unwrap();
            assert!(read(&path, largest_file()).unwrap() == bytes, "{length}");
        }
        // A file of the kernel does not say how long it is.
        #[cfg(target_os = "linux")]
        assert!(
            !read(Path::new("/proc/self/status"), 1 << 20)
                .unwrap()
                .is_empty()
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let socket = directory.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (pipe.as_path(), "a pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = read(path, largest_file()).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        assert_eq!(read(Path::new("/dev/null"), largest_file()).unwrap(), b"");
    }
}
