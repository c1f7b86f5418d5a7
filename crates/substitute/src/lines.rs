//! Counts the lines of a text before an offset, for many offsets.

/// Where the line feeds of a text are.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(feeds.map(|(offset, _)| offset).collect())
    }

    /// How many line feeds are before an offset.
    pub(crate) fn before(&self, offset: usize) -> u32 {
        let count = self.0.partition_point(|feed| *feed < offset);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
