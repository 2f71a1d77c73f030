//! Compiles a module in a way that can be stopped and that knows how much memory it takes.
//!
//! Cranelift tells a profiler of its thread when a pass over a function begins. Ours asks the C++
//! side each time whether to go on, and unwinds through the compiler if not: what that leaves behind
//! is dropped, as after any panic. So nothing stops within a pass; size.rs bounds how long the
//! passes over one function can take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use cranelift_codegen::timing::{Pass, Profiler, set_thread_profiler};
use wasmtime::Engine;

/// See cloche_wasmtime.h.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Question {
    go_on: Option<unsafe extern "C" fn(env: *mut c_void, bytes: u64) -> bool>,
    env: *mut c_void,
}

pub enum Compiled {
    Code(Vec<u8>),
    Refused(String),
    Stopped,
    Panicked,
}

/// What a stopped compilation unwinds with.
struct Stop;

struct Asker {
    question: Question,
    held_before: isize,
}

impl Profiler for Asker {
    fn start_pass(&self, _: Pass) -> Box<dyn Any> {
        let bytes = HELD.get().saturating_sub(self.held_before).max(0);
        let go_on = self.question.go_on.is_none_or(|go_on| unsafe {
            go_on(self.question.env, bytes as u64)
        });
        if !go_on {
            // (Unlike panic!(), without a message.)
            resume_unwind(Box::new(Stop));
        }
        Box::new(())
    }
}

pub fn compile(engine: &Engine, module: &[u8], question: Question) -> Compiled {
    let asker = Asker { question, held_before: HELD.get() };
    let before = set_thread_profiler(Box::new(asker));
    let result = catch_unwind(AssertUnwindSafe(|| engine.precompile_module(module)));
    set_thread_profiler(before);
    match result {
        Ok(Ok(code)) => Compiled::Code(code),
        Ok(Err(error)) => Compiled::Refused(format!("{error:#}")),
        Err(reason) if reason.is::<Stop>() => Compiled::Stopped,
        Err(_) => Compiled::Panicked,
    }
}

thread_local! {
    /// Bytes that this thread has allocated and not freed; what it frees of others counts against it.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    HELD.set(HELD.get().wrapping_add(bytes));
}

/// The system's allocator, counting. (Layouts are at most isize::MAX bytes.)
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(block, layout, size) }
    }
}
