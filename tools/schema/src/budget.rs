//! How much work one call may do. The validator knows no such limit, so it is counted where it looks
//! at the instance (metered.rs), and exceeding it unwinds to `within`.
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Why a call ended early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overrun {
    Steps,
    Stack,
    Panic,
}

thread_local! {
    static STEPS_LEFT: Cell<u64> = const { Cell::new(0) };
    static STACK_FLOOR: Cell<usize> = const { Cell::new(0) };
}

/// Close enough to the stack pointer.
#[inline(never)]
fn stack_pointer() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)) as usize
}

/// Runs `work` with that many steps and bytes of stack. Nothing panics out of it.
pub fn within<T>(steps: u64, stack: usize, work: impl FnOnce() -> T) -> Result<T, Overrun> {
    STEPS_LEFT.set(steps);
    STACK_FLOOR.set(stack_pointer().saturating_sub(stack));
    let result = catch_unwind(AssertUnwindSafe(work));
    STACK_FLOOR.set(0);
    result.map_err(|payload| payload.downcast_ref::<Overrun>().copied().unwrap_or(Overrun::Panic))
}

/// Spends `steps`; unwinds when they or the stack are used up.
#[inline]
pub fn charge(steps: u64) {
    let left = STEPS_LEFT.get();
    if left < steps {
        resume_unwind(Box::new(Overrun::Steps));
    }
    STEPS_LEFT.set(left - steps);
    if stack_pointer() < STACK_FLOOR.get() {
        resume_unwind(Box::new(Overrun::Stack));
    }
}
