//! Draws what looks random, for tests.

/// A drawer that gives the same at every run.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// A number below a bound; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}
