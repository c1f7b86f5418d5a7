//! How wide the terminal is.

/// The columns that are said to be there, or else those of the terminal that a stream is.
#[cfg(unix)]
pub(super) fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    said().or_else(|| {
        let size = rustix::termios::tcgetwinsize(stream).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    })
}

#[cfg(not(unix))]
pub(super) fn columns<S>(_: S) -> Option<usize> {
    said()
}

fn said() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?;
    columns.parse().ok().filter(|columns| *columns > 0)
}
