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
    let (file, length) = regular(path, most)?;
    whole(&file, length, most)
}

/// The same; a large one may lie in large pages.
pub(super) fn content(path: &Path, most: u64) -> io::Result<Bytes> {
    #[cfg(target_os = "linux")]
    if !is_of_caller(path) {
        let (file, length) = regular(path, most)?;
        if length < large_pages::WORTH {
            return whole(&file, length, most).map(Bytes::from);
        }
        if let Some(bytes) = large_pages::read(&file, length)? {
            return Ok(bytes);
        }
    }
    read(path, most).map(Bytes::from)
}

/// Opens a regular file, and says how long it is.
fn regular(path: &Path, most: u64) -> io::Result<(File, usize)> {
    let file = open(path)?;
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
fn whole(file: &File, length: usize, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Room for the end, which is asked for once more.
    bytes
        .try_reserve_exact(length.saturating_add(1))
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    }
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
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    // Opening a pipe without a writer would block, and opening a terminal would make it ours.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    // A socket cannot be opened.
    opened.map_err(|error| match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => irregular(&found),
        _ => error,
    })
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn is_of_caller(path: &Path) -> bool {
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
