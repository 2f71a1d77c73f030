//! Lets programs for WASI wait.
//!
//! The programs of abi/README.md know how to suspend: a call that must wait says so, they enter an
//! empty function, where the engine stops them, and ask again. Programs for WASI do not know that.
//! So each function that they import from a module `wasi_...` gets a stand-in that does, appended to
//! the module, and whatever calls or refers to the import uses the stand-in:
//!
//! ```text
//! func stand_in (params) -> i32
//!   loop
//!     r = import(params)
//!     if r == SUSPEND { pause(); continue }
//!   end
//!   r
//! func pause () {}
//! ```
//!
//! An import without a result (proc_exit) never comes back: its stand-in pauses for ever.

use std::borrow::Cow;
use std::ops::Range;

use wasm_encoder::{BlockType, Encode, Function, Instruction, ValType};
use wasmparser::{BinaryReaderError, ConstExpr, Element, ElementItems, ElementKind, Operator};

/// What a call that is suspended gives (abi/README.md).
const SUSPEND: i32 = -4096;

/// A function that the module imports.
pub struct Imported {
    pub type_index: u32,
    pub params: u32,
    pub has_result: bool,
    pub wasi: bool,
}

pub fn is_wasi(module: &str) -> bool {
    module.starts_with("wasi_")
}

#[derive(Default)]
pub struct StandIns {
    /// Of the functions that are appended, `pause` last: their types, their code.
    types: Vec<u32>,
    bodies: Vec<Function>,
    /// What stands in for an import, by the import's index.
    of_import: Vec<Option<u32>>,
    /// Places outside of code where the module refers to imports, in ascending order, and what
    /// stands there then.
    patches: Vec<(Range<usize>, Vec<u8>)>,
}

impl StandIns {
    /// `first`: what the first appended function is called. `empty_type`: the type () -> ().
    pub fn plan(imports: &[Imported], first: u32, empty_type: u32) -> StandIns {
        let mut result = StandIns::default();
        let pause = first + imports.iter().filter(|import| import.wasi).count() as u32;
        for (index, import) in imports.iter().enumerate() {
            let function = first + result.types.len() as u32;
            if import.wasi {
                result.types.push(import.type_index);
                result.bodies.push(body(index as u32, import, pause));
            }
            result.of_import.push(import.wasi.then_some(function));
        }
        if !result.types.is_empty() {
            result.types.push(empty_type);
            let mut empty = Function::new([]);
            empty.instructions().end();
            result.bodies.push(empty);
        }
        result
    }

    pub fn types(&self) -> &[u32] {
        &self.types
    }

    pub fn bodies(&self) -> &[Function] {
        &self.bodies
    }

    /// The function itself, or what stands in for it.
    pub fn resolve(&self, function: u32) -> u32 {
        self.of_import.get(function as usize).copied().flatten().unwrap_or(function)
    }

    /// What an operator that calls or refers to an import must become.
    pub fn replace(&self, operator: &Operator<'_>) -> Option<Instruction<'static>> {
        let (make, function): (fn(u32) -> Instruction<'static>, u32) = match operator {
            Operator::Call { function_index } => (Instruction::Call, *function_index),
            Operator::ReturnCall { function_index } => (Instruction::ReturnCall, *function_index),
            Operator::RefFunc { function_index } => (Instruction::RefFunc, *function_index),
            _ => return None,
        };
        let resolved = self.resolve(function);
        (resolved != function).then(|| make(resolved))
    }

    pub fn read_constant(&mut self, expression: &ConstExpr<'_>) -> Result<(), BinaryReaderError> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let at = operators.original_position();
            let operator = operators.read()?;
            if let Some(instruction) = self.replace(&operator) {
                let mut bytes = Vec::new();
                instruction.encode(&mut bytes);
                self.patches.push((at..operators.original_position(), bytes));
            }
        }
        Ok(())
    }

    pub fn read_element(&mut self, element: Element<'_>) -> Result<(), BinaryReaderError> {
        if let ElementKind::Active { offset_expr, .. } = &element.kind {
            self.read_constant(offset_expr)?;
        }
        let functions = match element.items {
            ElementItems::Functions(functions) => functions,
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.read_constant(&expression?)?;
                }
                return Ok(());
            }
        };
        let places = functions.into_iter_with_offsets().collect::<Result<Vec<_>, _>>()?;
        for (position, (at, function)) in places.iter().enumerate() {
            let resolved = self.resolve(*function);
            if resolved == *function {
                continue;
            }
            let end = places.get(position + 1).map_or(element.range.end, |next| next.0);
            let mut bytes = Vec::new();
            resolved.encode(&mut bytes);
            self.patches.push((*at..end, bytes));
        }
        Ok(())
    }

    /// The bytes of `wasm` in `range`, with what was found there to be replaced.
    pub fn patched<'a>(&self, wasm: &'a [u8], range: Range<usize>) -> Cow<'a, [u8]> {
        let first = self.patches.partition_point(|patch| patch.0.start < range.start);
        let inside = self.patches[first..].iter().take_while(|patch| patch.0.end <= range.end);
        let mut out = Vec::new();
        let mut at = range.start;
        for (place, bytes) in inside {
            out.extend_from_slice(&wasm[at..place.start]);
            out.extend_from_slice(bytes);
            at = place.end;
        }
        if at == range.start {
            return Cow::Borrowed(&wasm[range]);
        }
        out.extend_from_slice(&wasm[at..range.end]);
        Cow::Owned(out)
    }
}

fn body(import: u32, how: &Imported, pause: u32) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    let result = how.params;
    code.loop_(BlockType::Empty);
    for param in 0..how.params {
        code.local_get(param);
    }
    code.call(import);
    if !how.has_result {
        code.loop_(BlockType::Empty).call(pause).br(0).end().end().end();
        return function;
    }
    code.local_tee(result).i32_const(SUSPEND).i32_eq();
    code.if_(BlockType::Empty).call(pause).br(1).end().end();
    code.local_get(result).end();
    function
}
