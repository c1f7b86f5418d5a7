//! Numbers for tests, drawn the same in each run.

/// Draws numbers below a limit.
pub(crate) fn below(seed: u32) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |limit| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % limit
    }
}
