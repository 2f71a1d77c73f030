//! Makes bulk memory instructions interruptible.
//!
//! `memory.fill`, `memory.copy` and `memory.init` write up to 4 GiB by one instruction, and the
//! engine cannot stop a program within one. So each of them whose length is not a small constant
//! becomes a call of a function that is appended to the module: it does small lengths at once, and
//! large ones in pieces, in a loop, whose back edge has the engine's check. What is out of bounds
//! traps before the first byte is written, by the plain instruction itself. Other threads of the
//! same memory can see a part of the work done, as the specification allows.

use wasm_encoder::{BlockType, CodeSection, Encode, Function, Instruction, RawSection, SectionId};
use wasmparser::{BinaryReader, BinaryReaderError, Operator};

use crate::stand_in::StandIns;

/// What is written without a check in between: about 10 microseconds, 20 where pages are new.
const PIECE: i32 = 64 << 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Helper {
    Fill,
    Copy,
    Init { segment: u32 },
}

/// The module's code while it is rewritten.
#[derive(Default)]
pub struct Bulk {
    /// What the first helper is called: helpers come behind the module's own functions and behind
    /// its stand-ins.
    first_function: u32,
    helpers: Vec<Helper>,
    bodies: CodeSection,
}

/// One function's body while it is read, operator by operator.
#[derive(Default)]
pub struct Body {
    rewritten: Vec<u8>,
    /// Of the module's bytes: how far `rewritten` has come.
    copied: usize,
    constant: Option<i32>,
}

impl Body {
    pub fn new(start: usize) -> Body {
        Body { copied: start, ..Body::default() }
    }

    /// The operator in wasm[at..end] becomes `instruction`.
    pub fn replace(
        &mut self,
        instruction: &Instruction<'_>,
        wasm: &[u8],
        (at, end): (usize, usize),
    ) {
        self.constant = None;
        self.rewritten.extend_from_slice(&wasm[self.copied..at]);
        instruction.encode(&mut self.rewritten);
        self.copied = end;
    }
}

impl Bulk {
    pub fn new(function_count: u32) -> Bulk {
        Bulk { first_function: function_count, ..Bulk::default() }
    }

    /// Before code is read: there are so many functions more.
    pub fn make_room(&mut self, functions: usize) {
        self.first_function += functions as u32;
    }

    /// The next operator of a body: the one in wasm[at..end].
    pub fn read_operator(
        &mut self,
        body: &mut Body,
        operator: &Operator<'_>,
        wasm: &[u8],
        (at, end): (usize, usize),
    ) {
        // Nothing can come between a constant and the operator behind it: jumps lead to operators.
        let length = body.constant.take();
        let helper = match operator {
            Operator::I32Const { value } => {
                body.constant = Some(*value);
                return;
            }
            Operator::MemoryFill { .. } => Helper::Fill,
            Operator::MemoryCopy { .. } => Helper::Copy,
            Operator::MemoryInit { data_index, .. } => Helper::Init { segment: *data_index },
            _ => return,
        };
        if length.is_some_and(|length| (0..=PIECE).contains(&length)) {
            return;
        }
        body.replace(&Instruction::Call(self.function(helper)), wasm, (at, end));
    }

    /// The body is read; it ends at `end`.
    pub fn finish(&mut self, mut body: Body, wasm: &[u8], end: usize) {
        body.rewritten.extend_from_slice(&wasm[body.copied..end]);
        self.bodies.raw(&body.rewritten);
    }

    fn function(&mut self, helper: Helper) -> u32 {
        let known = self.helpers.iter().position(|each| *each == helper);
        let position = known.unwrap_or(self.helpers.len());
        if known.is_none() {
            self.helpers.push(helper);
        }
        self.first_function + position as u32
    }

    /// Is there something to change in a section?
    pub fn changes(&self, id: u8, stand_ins: &StandIns) -> bool {
        !(self.helpers.is_empty() && stand_ins.types().is_empty())
            && [SectionId::Type, SectionId::Function, SectionId::Code]
                .iter()
                .any(|section| *section as u8 == id)
    }

    /// The section `id`, whose content was `data`, with stand-ins and helpers, appended to `module`.
    /// `type_count` is the number of the module's own types, `segments` the sizes of its data
    /// segments.
    pub fn append(
        &self,
        module: &mut Vec<u8>,
        id: u8,
        data: &[u8],
        type_count: u32,
        segments: &[u32],
        stand_ins: &StandIns,
    ) -> Result<(), BinaryReaderError> {
        use wasm_encoder::Section;
        if id == SectionId::Code as u8 {
            let mut code = self.bodies.clone();
            for body in stand_ins.bodies() {
                code.function(body);
            }
            for helper in &self.helpers {
                code.function(&helper.code(segments));
            }
            code.append_to(module);
            return Ok(());
        }
        let mut reader = BinaryReader::new(data, 0);
        let count = reader.read_var_u32()?;
        let entries = &data[reader.current_position()..];
        let mut added = Vec::new();
        if id == SectionId::Type as u8 {
            (count + 1).encode(&mut added);
            added.extend_from_slice(entries);
            // (i32, i32, i32) -> ()
            added.extend_from_slice(&[0x60, 3, 0x7f, 0x7f, 0x7f, 0]);
        } else {
            let more = stand_ins.types().len() + self.helpers.len();
            (count + more as u32).encode(&mut added);
            added.extend_from_slice(entries);
            for type_index in stand_ins.types() {
                type_index.encode(&mut added);
            }
            for _ in &self.helpers {
                type_count.encode(&mut added);
            }
        }
        RawSection { id, data: &added }.append_to(module);
        Ok(())
    }
}

// The locals of a helper: its parameters (to where, what or from where, how many bytes), and the
// memory's size.
const TO: u32 = 0;
const FROM: u32 = 1;
const LENGTH: u32 = 2;
const SIZE: u32 = 3;

impl Helper {
    fn code(self, segments: &[u32]) -> Function {
        use Instruction::{
            Else, End, I32Const, I32GtU, I32LeU, I32Or, I32Shl, If, LocalGet, LocalSet, MemorySize,
            Return,
        };
        let mut code = vec![LocalGet(LENGTH), I32Const(PIECE), I32LeU, If(BlockType::Empty)];
        self.at_once(&mut code);
        code.extend([Return, End]);
        // (The number of pages is less than 65,536.)
        code.extend([MemorySize(0), I32Const(16), I32Shl, LocalSet(SIZE)]);
        out_of_bounds(&mut code, TO, LocalGet(SIZE));
        match self {
            Helper::Fill => {}
            Helper::Copy => {
                out_of_bounds(&mut code, FROM, LocalGet(SIZE));
                code.push(I32Or);
            }
            Helper::Init { segment } => {
                let size = segments.get(segment as usize).copied().unwrap_or(0);
                out_of_bounds(&mut code, FROM, I32Const(size as i32));
                code.push(I32Or);
            }
        }
        code.push(If(BlockType::Empty));
        self.at_once(&mut code);
        code.extend([Return, End]);
        if self == Helper::Copy {
            // Bytes that are still to be read must not be written: from the end if it goes upwards.
            code.extend([LocalGet(TO), LocalGet(FROM), I32GtU, If(BlockType::Empty)]);
            self.downwards(&mut code);
            code.push(Else);
            self.upwards(&mut code);
            code.push(End);
        } else {
            self.upwards(&mut code);
        }
        self.at_once(&mut code);
        code.push(End);
        let mut function = Function::new([(1, wasm_encoder::ValType::I32)]);
        for instruction in &code {
            function.instruction(instruction);
        }
        function
    }

    fn instruction(self) -> Instruction<'static> {
        match self {
            Helper::Fill => Instruction::MemoryFill(0),
            Helper::Copy => Instruction::MemoryCopy { src_mem: 0, dst_mem: 0 },
            Helper::Init { segment } => Instruction::MemoryInit { mem: 0, data_index: segment },
        }
    }

    fn at_once(self, code: &mut Vec<Instruction<'static>>) {
        code.extend([TO, FROM, LENGTH].map(Instruction::LocalGet));
        code.push(self.instruction());
    }

    /// Pieces from the start, until a piece or less is left.
    fn upwards(self, code: &mut Vec<Instruction<'static>>) {
        use Instruction::{I32Add, I32Const, I32Sub, LocalGet, LocalSet};
        code.push(Instruction::Loop(BlockType::Empty));
        code.extend([LocalGet(TO), LocalGet(FROM), I32Const(PIECE), self.instruction()]);
        let moving: &[u32] = if self == Helper::Fill { &[TO] } else { &[TO, FROM] };
        for local in moving {
            code.extend([LocalGet(*local), I32Const(PIECE), I32Add, LocalSet(*local)]);
        }
        code.extend([LocalGet(LENGTH), I32Const(PIECE), I32Sub]);
        repeat(code);
    }

    /// Pieces from the end, until a piece or less is left.
    fn downwards(self, code: &mut Vec<Instruction<'static>>) {
        use Instruction::{I32Add, I32Const, I32Sub, LocalGet, LocalSet};
        code.push(Instruction::Loop(BlockType::Empty));
        code.extend([LocalGet(LENGTH), I32Const(PIECE), I32Sub, LocalSet(LENGTH)]);
        for local in [TO, FROM] {
            code.extend([LocalGet(local), LocalGet(LENGTH), I32Add]);
        }
        code.extend([I32Const(PIECE), self.instruction(), LocalGet(LENGTH)]);
        repeat(code);
    }
}

/// Does [local, local + LENGTH) reach beyond `size`? (If LENGTH alone does, the rest is garbage.)
fn out_of_bounds(code: &mut Vec<Instruction<'static>>, local: u32, size: Instruction<'static>) {
    use Instruction::{I32GtU, I32Or, I32Sub, LocalGet};
    code.extend([LocalGet(LENGTH), size.clone(), I32GtU]);
    code.extend([LocalGet(local), size, LocalGet(LENGTH), I32Sub, I32GtU, I32Or]);
}

/// The end of a loop: sets LENGTH to what lies on the stack; once more if that is over a piece.
fn repeat(code: &mut Vec<Instruction<'static>>) {
    use Instruction::{BrIf, End, I32Const, I32GtU, LocalTee};
    code.extend([LocalTee(LENGTH), I32Const(PIECE), I32GtU, BrIf(0), End]);
}
