//! Threads, and the memory that they start with.
//!
//! glibc gives every thread a heap of its own, which grows by a page at a time with a call to the
//! system for each, thousands of them in a large build, and what is free at the end of a heap goes
//! back to the system at once. A heap that has been large once stays as it is.

use std::hint::black_box;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A block that is asked of the system by itself. When it is given back, glibc takes blocks of up to
/// this size from the heaps from then on, and leaves twice as much at the end of each.
const LARGE: usize = 31 << 20;

/// The initial size of a thread's heap; untouched memory costs nothing.
const ROOM: usize = 30 << 20;

/// The stack of a thread: values may be nested as deep as kustom prints them, in any build of kustom.
/// Untouched memory costs nothing.
pub const STACK: usize = 16 << 20;

/// The most threads, whatever the environment says: each has a heap and a stack.
const MOST: usize = 256;

/// Sets up rayon's global thread pool, with `RAYON_NUM_THREADS` threads up to a limit. A pool that
/// exists already is kept.
pub fn get_ready() {
    static READY: Once = Once::new();
    READY.call_once(|| {
        let threads = rayon::ThreadPoolBuilder::new()
            .stack_size(STACK)
            .num_threads(wanted());
        if threads
            .start_handler(|_| grow_heap())
            .build_global()
            .is_err()
        {
            // No thread can be started: the work is done here, unless there are threads already.
            let alone = rayon::ThreadPoolBuilder::new()
                .stack_size(STACK)
                .num_threads(1);
            let _ = alone.use_current_thread().build_global();
        }
    });
}

/// How many threads were asked for by a flag; 0 if none were.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads work at most; before the first of them starts.
pub fn limit(threads: usize) {
    ASKED.store(threads.min(MOST), Ordering::Relaxed);
}

/// How many threads [`limit`] or, without it, `RAYON_NUM_THREADS` asks for, within reason; 0 for as
/// many as there are cores.
pub fn wanted() -> usize {
    match ASKED.load(Ordering::Relaxed) {
        0 => {}
        asked => return asked,
    }
    let variable = std::env::var("RAYON_NUM_THREADS").ok();
    let wanted = variable.and_then(|text| text.parse::<usize>().ok());
    wanted.unwrap_or_default().min(MOST)
}

/// Grows the heap of the current thread.
pub fn grow_heap() {
    static IS_LARGE_USUAL: Once = Once::new();
    IS_LARGE_USUAL.call_once(|| take(LARGE));
    take(ROOM);
}

/// Takes a block of memory and gives it back.
fn take(length: usize) {
    drop(black_box(Vec::<u8>::with_capacity(length)));
}
