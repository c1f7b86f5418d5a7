//! Threads, and the memory that they start with.
//!
//! glibc gives every thread a heap of its own, which grows by a page at a time with a call to the
//! system for each, thousands of them in a large build, and what is free at the end of a heap goes
//! back to the system at once. A heap that has been large once stays as it is.

use std::hint::black_box;
use std::sync::Once;

/// A block that is asked of the system by itself. When it is given back, glibc takes blocks of up to
/// this size from the heaps from then on, and leaves twice as much at the end of each.
const LARGE: usize = 31 << 20;

/// What a thread's heap has from the start; memory that nobody touches costs nothing.
const ROOM: usize = 30 << 20;

/// The stack of a thread: values may be nested as deep as kustom prints them, in any build of kustom.
/// Memory that nobody touches costs nothing.
pub const STACK: usize = 16 << 20;

/// Gets the threads ready that work is shared out to. The threads themselves are rayon's, and as
/// many as it is told; whoever has set them up already keeps them.
pub fn get_ready() {
    static READY: Once = Once::new();
    READY.call_once(|| {
        let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK);
        let _ = threads.start_handler(|_| make_room()).build_global();
    });
}

/// Makes the heap of the current thread large.
pub fn make_room() {
    static IS_LARGE_USUAL: Once = Once::new();
    IS_LARGE_USUAL.call_once(|| take(LARGE));
    take(ROOM);
}

/// Takes a block of memory and gives it back.
fn take(length: usize) {
    drop(black_box(Vec::<u8>::with_capacity(length)));
}
