//! JSON Schema, draft 2020-12, for C. The C side is tools/schema/cloche_schema.h.
#![deny(unsafe_op_in_unsafe_fn)]

mod admission;
mod budget;
mod distinct;
mod metered;
mod packed;

use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

use budget::{Overrun, within};
use metered::{Metered, Seen};

/// Bytes of one compiled pattern, and of the states that matching it keeps.
const PATTERN_BYTES: usize = 256 << 10;
const PATTERN_CACHE_BYTES: usize = 1 << 20;
/// Following references nests calls; admission.rs bounds how deeply.
const COMPILE_STACK: usize = 64 << 20;
/// A thread that validates has that much stack left, and a step takes about 10 ns.
const VALIDATE_STACK: usize = 512 << 10;
const VALIDATE_STEPS: u64 = 16 << 20;
/// Finding all problems is not worth as much as finding whether there is one.
const EXPLAIN_STEPS: u64 = 1 << 20;
const MAX_PROBLEMS: usize = 8;
const MAX_TEXT: usize = 512;

pub struct Schema {
    validator: Validator<Metered>,
}

struct Problem {
    pointer: String,
    message: String,
}

/// Text that ends at MAX_TEXT bytes, whatever is written to it.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room.saturating_sub(3))]);
        self.0.push_str("...");
        Err(fmt::Error)
    }
}

fn bounded(text: impl Display) -> String {
    let mut bounded = Bounded::default();
    // An error means only that the text was cut.
    let _ = write!(bounded, "{text}");
    bounded.0
}

impl Problem {
    fn new(pointer: impl Display, message: impl Display) -> Problem {
        Problem { pointer: bounded(pointer), message: bounded(message) }
    }

    /// Values of the instance stay out of the message: they may be large or secret.
    fn of(error: &ValidationError) -> Problem {
        Problem::new(error.instance_path(), error.masked_with("the value"))
    }

    fn of_overrun(overrun: Overrun) -> Problem {
        Problem::new(
            "",
            match overrun {
                Overrun::Steps => "checking it takes too many steps",
                Overrun::Stack => "checking it nests too deeply",
                Overrun::Panic => "the validator failed unexpectedly",
            },
        )
    }
}

fn compile(packed: &[u8]) -> Result<Schema, Problem> {
    let text = packed::unpack(packed).ok_or_else(|| Problem::new("", "this is no packed value"))?;
    admission::admit(&text).map_err(|refusal| Problem::new(refusal.pointer, refusal.message))?;
    jsonschema::options_for::<Metered>()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(
            PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_CACHE_BYTES),
        )
        .build(&text)
        .map(|validator| Schema { validator })
        .map_err(|error| Problem::new(error.instance_path(), &error))
}

fn compile_with_stack(packed: &[u8]) -> Result<Schema, Problem> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(COMPILE_STACK);
        let worker =
            builder.spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(|| compile(packed))));
        match worker.map(|worker| worker.join()) {
            Ok(Ok(Ok(result))) => result,
            Ok(_) => Err(Problem::of_overrun(Overrun::Panic)),
            Err(_) => Err(Problem::new("", "the host gives no thread to compile it")),
        }
    })
}

fn validate(schema: &Schema, packed: &[u8]) -> Vec<Problem> {
    let Some(instance) = packed::unpack(packed) else {
        return vec![Problem::new("", "this is no packed value")];
    };
    let seen = Seen(&instance);
    match within(VALIDATE_STEPS, VALIDATE_STACK, || schema.validator.is_valid(seen)) {
        Ok(true) => Vec::new(),
        Ok(false) => explain(schema, seen),
        Err(overrun) => vec![Problem::of_overrun(overrun)],
    }
}

/// Of an instance that is known not to match.
fn explain(schema: &Schema, seen: Seen) -> Vec<Problem> {
    let several = || -> Vec<Problem> {
        let errors = schema.validator.iter_errors(seen);
        errors.take(MAX_PROBLEMS).map(|error| Problem::of(&error)).collect()
    };
    let first = || -> Vec<Problem> {
        let error = schema.validator.validate(seen).err();
        error.iter().map(Problem::of).collect()
    };
    let explained = within(EXPLAIN_STEPS, VALIDATE_STACK, several)
        .or_else(|_| within(EXPLAIN_STEPS, VALIDATE_STACK, first));
    match explained {
        Ok(problems) if !problems.is_empty() => problems,
        _ => vec![Problem::new("", "the value does not match; finding where takes too many steps")],
    }
}

/// Bytes that this crate allocated; cloche_schema_text_free() frees them.
#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
}

/// A pointer and a message for each problem, each ended by a zero byte, which neither holds.
fn to_text(problems: &[Problem]) -> Text {
    let mut bytes = Vec::new();
    for problem in problems {
        for part in [&problem.pointer, &problem.message] {
            bytes.extend(part.bytes().map(|byte| if byte == 0 { b'?' } else { byte }));
            bytes.push(0);
        }
    }
    let slice = Box::into_raw(bytes.into_boxed_slice());
    Text { data: slice.cast(), size: slice.len() }
}

/// See cloche_schema.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloche_schema_compile(
    packed: *const u8,
    size: usize,
    problem: *mut Text,
) -> *mut Schema {
    let packed = unsafe { std::slice::from_raw_parts(packed, size) };
    let result = catch_unwind(AssertUnwindSafe(|| compile_with_stack(packed)));
    match result.unwrap_or_else(|_| Err(Problem::of_overrun(Overrun::Panic))) {
        Ok(schema) => Box::into_raw(Box::new(schema)),
        Err(found) => {
            unsafe { problem.write(to_text(&[found])) };
            std::ptr::null_mut()
        }
    }
}

/// See cloche_schema.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloche_schema_validate(
    schema: &Schema,
    packed: *const u8,
    size: usize,
    problems: *mut Text,
) -> bool {
    let packed = unsafe { std::slice::from_raw_parts(packed, size) };
    let result = catch_unwind(AssertUnwindSafe(|| validate(schema, packed)));
    let found = result.unwrap_or_else(|_| vec![Problem::of_overrun(Overrun::Panic)]);
    if !found.is_empty() {
        unsafe { problems.write(to_text(&found)) };
    }
    found.is_empty()
}

/// See cloche_schema.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloche_schema_free(schema: *mut Schema) {
    if !schema.is_null() {
        let schema = unsafe { Box::from_raw(schema) };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(schema)));
    }
}

/// See cloche_schema.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloche_schema_text_free(text: Text) {
    if !text.data.is_null() {
        let slice = std::ptr::slice_from_raw_parts_mut(text.data, text.size);
        drop(unsafe { Box::from_raw(slice) });
    }
}
