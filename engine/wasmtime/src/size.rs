//! Refuses functions that would keep the compiler from being stopped for long.
//!
//! Nothing stops the compiler within a pass over one function (compile.rs), and what a pass costs
//! grows faster than the function: with the values that calls and branches carry, with the ways of
//! control flow, more so where many locals live across them, with what calls can throw to. The
//! limits are several times what the largest functions of bash, sqlite, gawk and jq have.
//! `build/engine/compile_bench` prints how long the worst that they let pass takes.

use wasmparser::types::{CoreTypeId, Types};
use wasmparser::{BlockType, BrTable, Catch, Operator};

const MAX_BODY: usize = 512 << 10;
const MAX_LOOP_DEPTH: u64 = 16;
/// The depths of all loops, added up.
const MAX_LOOP_DEPTHS: u64 = 32_768;
/// Those that are read elsewhere than where they were written.
const MAX_LOCALS: u64 = 1_000;
/// Ways from one place to another: a branch, each target of a table, both sides of an `if`.
const MAX_WAYS: u64 = 65_536;
const MAX_WAYS_TIMES_LOCALS: u64 = 500_000;
/// Parameters and results of calls, and what branches carry.
const MAX_VALUES: u64 = 131_072;
const MAX_INDIRECT_CALLS: u64 = 8_192;
/// For each call, what catches its exceptions.
const MAX_CATCHES: u64 = 16_384;

struct Block {
    is_loop: bool,
    catches: u64,
    /// Values that a branch to it carries.
    carried: u64,
}

/// The function that is being read. One for all functions of a module, one after the other.
pub struct FunctionSize<'a> {
    types: &'a Types,
    own_functions: u32,
    function: u32,
    blocks: Vec<Block>,
    loop_depth: u64,
    max_loop_depth: u64,
    loop_depths: u64,
    catching: u64,
    ways: u64,
    values: u64,
    indirect_calls: u64,
    catches: u64,
    locals: u64,
    /// Straight code without a way in between, counted over all functions.
    piece: u64,
    /// Of each local: the piece in which it was last written, and the function in which it was last
    /// found to be read in another one.
    written: Vec<u64>,
    read_elsewhere: Vec<u32>,
}

impl<'a> FunctionSize<'a> {
    pub fn new(types: &'a Types) -> FunctionSize<'a> {
        FunctionSize {
            types,
            own_functions: 0,
            function: 0,
            blocks: Vec::new(),
            loop_depth: 0,
            max_loop_depth: 0,
            loop_depths: 0,
            catching: 0,
            ways: 0,
            values: 0,
            indirect_calls: 0,
            catches: 0,
            locals: 0,
            piece: 1,
            written: Vec::new(),
            read_elsewhere: Vec::new(),
        }
    }

    /// The next function of the module's own begins; `imported` ones come before those.
    pub fn begin(&mut self, imported: u32) {
        self.function = imported + self.own_functions;
        self.own_functions += 1;
        let (_, results) = self.signature(self.types.as_ref().core_function_at(self.function));
        self.blocks.clear();
        self.blocks.push(Block { is_loop: false, catches: 0, carried: results });
        (self.loop_depth, self.max_loop_depth, self.loop_depths) = (0, 0, 0);
        (self.catching, self.ways, self.values) = (0, 0, 0);
        (self.indirect_calls, self.catches, self.locals) = (0, 0, 0);
        self.piece += 1;
    }

    /// The function ends. What is too much in it, if anything.
    pub fn end(&self, bytes: usize) -> Result<(), String> {
        let limits = [
            ("bytes", bytes as u64, MAX_BODY as u64),
            ("loops within each other", self.max_loop_depth, MAX_LOOP_DEPTH),
            ("loops times their depths", self.loop_depths, MAX_LOOP_DEPTHS),
            ("locals", self.locals, MAX_LOCALS),
            ("branches", self.ways, MAX_WAYS),
            ("branches times locals", self.ways * self.locals, MAX_WAYS_TIMES_LOCALS),
            ("values of calls and branches", self.values, MAX_VALUES),
            ("indirect calls", self.indirect_calls, MAX_INDIRECT_CALLS),
            ("calls times what catches", self.catches, MAX_CATCHES),
        ];
        match limits.iter().find(|(_, size, limit)| size > limit) {
            Some((what, size, limit)) => {
                Err(format!("a function of {size} {what}, the limit is {limit}"))
            }
            None => Ok(()),
        }
    }

    pub fn read_operator(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::LocalGet { local_index } => self.read_local(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.write_local(*local_index);
            }
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.call(self.types.as_ref().core_function_at(*function_index));
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. } => {
                self.indirect_calls += 1;
                self.call(self.types.as_ref().core_type_at_in_module(*type_index));
            }
            Operator::Throw { tag_index } => self.call(self.types.as_ref().tag_at(*tag_index)),
            Operator::ThrowRef => self.catches += self.catching,
            _ => self.read_branch(operator),
        }
    }

    fn read_branch(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { blockty } => self.open(*blockty, false, 0),
            Operator::If { blockty } => {
                self.go(1, 0);
                self.open(*blockty, false, 0);
            }
            Operator::Loop { blockty } => self.open(*blockty, true, 0),
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    self.read_catch(catch);
                }
                self.open(try_table.ty, false, try_table.catches.len() as u64);
            }
            Operator::Else => self.go(1, 0),
            Operator::End => self.close(),
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                self.go(1, self.carried(*relative_depth));
            }
            Operator::BrTable { targets } => self.read_table(targets),
            Operator::Return => self.go(1, self.blocks.first().map_or(0, |block| block.carried)),
            _ => {}
        }
    }

    fn read_table(&mut self, targets: &BrTable<'_>) {
        self.go(u64::from(targets.len()) + 1, self.carried(targets.default()));
    }

    fn read_catch(&mut self, catch: &Catch) {
        if let Catch::One { tag, .. } | Catch::OneRef { tag, .. } = catch {
            let (fields, _) = self.signature(self.types.as_ref().tag_at(*tag));
            self.values += fields;
        }
        self.go(1, 0);
    }

    fn open(&mut self, ty: BlockType, is_loop: bool, catches: u64) {
        let (params, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                self.signature(self.types.as_ref().core_type_at_in_module(index))
            }
        };
        self.values += params + results;
        self.go(1, 0);
        if is_loop {
            self.loop_depth += 1;
            self.max_loop_depth = self.max_loop_depth.max(self.loop_depth);
            self.loop_depths += self.loop_depth;
        }
        self.catching += catches;
        let carried = if is_loop { params } else { results };
        self.blocks.push(Block { is_loop, catches, carried });
    }

    fn close(&mut self) {
        self.piece += 1;
        let Some(block) = self.blocks.pop() else { return };
        self.loop_depth -= u64::from(block.is_loop);
        self.catching -= block.catches;
    }

    /// So many ways lead on from here, each with so many values.
    fn go(&mut self, ways: u64, values: u64) {
        self.piece += 1;
        self.ways += ways;
        self.values += ways * values;
    }

    fn call(&mut self, ty: CoreTypeId) {
        let (params, results) = self.signature(ty);
        self.values += params + results;
        self.catches += self.catching;
        if self.catching > 0 {
            self.piece += 1;
        }
    }

    fn signature(&self, ty: CoreTypeId) -> (u64, u64) {
        let function = self.types[ty].unwrap_func();
        (function.params().len() as u64, function.results().len() as u64)
    }

    fn carried(&self, depth: u32) -> u64 {
        let at = self.blocks.len().checked_sub(1 + depth as usize);
        at.map_or(0, |at| self.blocks[at].carried)
    }

    fn write_local(&mut self, local: u32) {
        let local = local as usize;
        if local >= self.written.len() {
            self.written.resize(local + 1, 0);
            self.read_elsewhere.resize(local + 1, u32::MAX);
        }
        self.written[local] = self.piece;
    }

    fn read_local(&mut self, local: u32) {
        let at = local as usize;
        if self.written.get(at) == Some(&self.piece) {
            return;
        }
        if at >= self.written.len() {
            self.write_local(local);
        }
        self.written[at] = self.piece; // once in each piece
        if self.read_elsewhere[at] != self.function {
            self.read_elsewhere[at] = self.function;
            self.locals += 1;
        }
    }
}
