//! Checks a guest module and turns it into the form that the engine runs.
//!
//! What fork by stack swap needs of a module (docs/fork.md, "Rules"):
//! - all of its state is linear memory and mutable globals, so whatever else a program could change
//!   while it runs (tables, dropped segments) is refused;
//! - every mutable global, and the memory, is exported under a reserved name;
//! - its initial data leaves the module: it becomes the base layer that memories are mapped from.
//!
//! And no instruction of it may run for long (bulk.rs), and programs for WASI must be able to wait
//! (stand_in.rs).

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use wasm_encoder::{
    DataSection, ExportKind, ExportSection, MemorySection, Module, RawSection, Section, SectionId,
};
use wasmparser::{
    Catch, DataKind, ExternalKind, FunctionBody, Operator, Parser, Payload, RefType, TypeRef,
    ValType, Validator, WasmFeatures, types::Types,
};

use crate::Verdict;
use crate::bulk::{Body, Bulk};
use crate::size::FunctionSize;
use crate::stand_in::{Imported, StandIns, is_wasi};

/// Version of everything this file does. Part of the key of cached code: raise it with each change
/// of the checks, of the rewriting or of the info format.
pub const VERSION: u32 = 5;

const MAGIC: u32 = 0x4950_4c43; // "CLPI"
const NONE: u32 = u32::MAX;
const RESERVED: &str = "cloche.";
/// 4 GiB minus one page, so that every size in bytes fits 32 bits.
const MAX_PAGES: u64 = 65_535;
const MAX_GLOBALS: usize = 1_024;
const MAX_TABLE_ELEMENTS: u64 = 1 << 20;

pub struct Refusal {
    pub verdict: Verdict,
    pub message: String,
}

pub struct Prepared {
    /// What is compiled.
    pub module: Vec<u8>,
    /// What the C++ side needs to know; see `Info::encode`.
    pub info: Vec<u8>,
}

type Checked<T> = Result<T, Refusal>;

fn malformed(message: impl Display) -> Refusal {
    Refusal { verdict: Verdict::Malformed, message: message.to_string() }
}

fn unsupported(message: impl Display) -> Refusal {
    Refusal { verdict: Verdict::Unsupported, message: message.to_string() }
}

fn too_large(message: impl Display) -> Refusal {
    Refusal { verdict: Verdict::TooLarge, message: message.to_string() }
}

/// The features of abi/README.md, and nothing else.
fn guest_features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXCEPTIONS
}

/// Those of them that are off in the engine unless asked for.
pub fn engine_features() -> WasmFeatures {
    WasmFeatures::EXCEPTIONS | WasmFeatures::TAIL_CALL
}

/// What the module holds, gathered in one pass over its sections.
#[derive(Default)]
struct Info {
    imports: Vec<(String, String, String)>,
    exports: Vec<(String, ExternalKind, u32)>,
    mutable_globals: Vec<(u32, ValType)>,
    initial_pages: u64,
    max_pages: u64,
    segments: Vec<(u32, Range<usize>)>,
    /// Sizes of all data segments, as they are when the program runs.
    segment_sizes: Vec<u32>,
    keeps_exceptions: bool,
    /// The type () -> (), which every program has: that of its entry function.
    empty_type: u32,
    stand_ins: StandIns,
}

/// A section of the prepared module: as it was but for references to imports, or made anew.
enum Part<'a> {
    Same(u8, Cow<'a, [u8]>),
    New(Box<dyn Section>),
}

pub fn prepare(wasm: &[u8], max_memory_pages: u32) -> Checked<Prepared> {
    let types = validate(wasm)?;
    let mut info = Info::default();
    let mut bulk = Bulk::new(types.as_ref().function_count());
    let mut size = FunctionSize::new(&types);
    let mut parts = Vec::new();
    let mut exported = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(malformed)?;
        info.read(&payload, wasm, &types, max_memory_pages)?;
        match &payload {
            Payload::ImportSection(_) => bulk.make_room(info.stand_ins.types().len()),
            Payload::CodeSectionEntry(body) => info.read_code(body, wasm, &mut bulk, &mut size)?,
            _ => {}
        }
        let Some((id, range)) = payload.as_section() else { continue };
        if id == SectionId::Custom as u8 {
            continue;
        }
        // The export section comes after the globals and before the start section; a module without
        // one gets it at that place.
        if !exported && id != SectionId::Export as u8 && follows_exports(id) {
            parts.push(Part::New(Box::new(info.exports()?)));
            exported = true;
        }
        parts.push(match payload {
            Payload::ExportSection(_) => {
                exported = true;
                Part::New(Box::new(info.exports()?))
            }
            Payload::MemorySection(_) => Part::New(Box::new(info.memory())),
            Payload::DataSection(reader) => Part::New(Box::new(info.data(reader)?)),
            _ => Part::Same(id, info.stand_ins.patched(wasm, range)),
        });
    }
    if !exported {
        parts.push(Part::New(Box::new(info.exports()?)));
    }
    info.finish(&types)?;
    let type_count = types.as_ref().core_type_count_in_module();
    let mut module = Module::new().finish();
    for part in &parts {
        match part {
            Part::Same(id, data) if bulk.changes(*id, &info.stand_ins) => bulk
                .append(&mut module, *id, data, type_count, &info.segment_sizes, &info.stand_ins)
                .map_err(malformed)?,
            Part::Same(id, data) => RawSection { id: *id, data }.append_to(&mut module),
            Part::New(section) => section.append_to(&mut module),
        }
    }
    Ok(Prepared { info: info.encode(wasm), module })
}

fn follows_exports(id: u8) -> bool {
    [SectionId::Start, SectionId::Element, SectionId::DataCount, SectionId::Code, SectionId::Data]
        .iter()
        .any(|section| *section as u8 == id)
}

fn validate(wasm: &[u8]) -> Checked<Types> {
    if wasmparser::Parser::is_component(wasm) {
        return Err(unsupported("this is a component, not a module"));
    }
    Validator::new_with_features(guest_features()).validate_all(wasm).map_err(|error| {
        // Valid under other features: a good module, but not for this sandbox.
        let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm).is_ok();
        if valid { unsupported(error) } else { malformed(error) }
    })
}

impl Info {
    fn read(
        &mut self,
        payload: &Payload<'_>,
        wasm: &[u8],
        types: &Types,
        max_memory_pages: u32,
    ) -> Checked<()> {
        match payload {
            Payload::TypeSection(reader) => {
                for (index, function) in reader.clone().into_iter_err_on_gc_types().enumerate() {
                    let function = function.map_err(unsupported)?;
                    if function.params().is_empty() && function.results().is_empty() {
                        self.empty_type = index as u32;
                    }
                    self.look_for_exceptions(function.params().iter().chain(function.results()));
                }
            }
            Payload::ImportSection(reader) => self.read_imports(reader.clone(), types)?,
            Payload::TableSection(reader) => {
                let mut elements = 0u64;
                for table in reader.clone() {
                    let table = table.map_err(malformed)?.ty;
                    self.look_for_exceptions([&ValType::Ref(table.element_type)]);
                    elements = elements.saturating_add(table.initial);
                }
                if elements > MAX_TABLE_ELEMENTS {
                    return Err(too_large(format!(
                        "tables of {elements} elements, the limit is {MAX_TABLE_ELEMENTS}"
                    )));
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader.clone() {
                    let memory = memory.map_err(malformed)?;
                    self.initial_pages = memory.initial;
                    self.max_pages = memory.maximum.unwrap_or(MAX_PAGES).min(MAX_PAGES);
                }
                if self.initial_pages == 0 {
                    return Err(unsupported("a memory that starts with no page"));
                }
                let limit = MAX_PAGES.min(u64::from(max_memory_pages));
                if self.initial_pages > limit {
                    return Err(too_large(format!(
                        "a memory of {} pages at start, the limit is {limit}",
                        self.initial_pages
                    )));
                }
            }
            Payload::GlobalSection(reader) => {
                for (index, global) in reader.clone().into_iter().enumerate() {
                    let global = global.map_err(malformed)?;
                    self.stand_ins.read_constant(&global.init_expr).map_err(malformed)?;
                    let global = global.ty;
                    self.look_for_exceptions([&global.content_type]);
                    if !global.mutable {
                        continue;
                    }
                    if matches!(global.content_type, ValType::Ref(_)) {
                        return Err(unsupported("a mutable global that holds a reference"));
                    }
                    // Globals cannot be imported, so the position in the section is the index.
                    self.mutable_globals.push((index as u32, global.content_type));
                }
                if self.mutable_globals.len() > MAX_GLOBALS {
                    return Err(too_large(format!(
                        "{} mutable globals, the limit is {MAX_GLOBALS}",
                        self.mutable_globals.len()
                    )));
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader.clone() {
                    let export = export.map_err(malformed)?;
                    if export.name.starts_with(RESERVED) {
                        return Err(unsupported(format!("the export name {:?}", export.name)));
                    }
                    self.exports.push((export.name.to_string(), export.kind, export.index));
                }
            }
            Payload::StartSection { .. } => return Err(unsupported("a start function")),
            Payload::ElementSection(reader) => {
                for element in reader.clone() {
                    let element = element.map_err(malformed)?;
                    self.stand_ins.read_element(element).map_err(malformed)?;
                }
            }
            Payload::DataSection(reader) => {
                for segment in reader.clone() {
                    let segment = segment.map_err(malformed)?;
                    let DataKind::Active { offset_expr, .. } = segment.kind else {
                        self.segment_sizes.push(segment.data.len() as u32);
                        continue;
                    };
                    self.segment_sizes.push(0);
                    let mut operators = offset_expr.get_operators_reader();
                    let Ok(Operator::I32Const { value }) = operators.read() else {
                        return Err(unsupported("data at an address that is not a constant"));
                    };
                    let offset = value as u32;
                    let end = u64::from(offset) + segment.data.len() as u64;
                    if end > self.initial_pages << 16 {
                        return Err(malformed("data outside of the memory"));
                    }
                    let start = segment.data.as_ptr() as usize - wasm.as_ptr() as usize;
                    self.segments.push((offset, start..start + segment.data.len()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_imports(
        &mut self,
        reader: wasmparser::ImportSectionReader<'_>,
        types: &Types,
    ) -> Checked<()> {
        let mut imported = Vec::new();
        for import in reader.into_imports() {
            let import = import.map_err(malformed)?;
            let name = format!("{}.{}", import.module, import.name);
            let TypeRef::Func(index) = import.ty else {
                return Err(unsupported(format!(
                    "the import {name}: only functions can be imported"
                )));
            };
            let id = types.as_ref().core_type_at_in_module(index);
            let function = types[id].unwrap_func();
            let Some(signature) = signature(function) else {
                return Err(unsupported(format!("the type of the import {name}")));
            };
            // (With other results it is no function of WASI, and is refused as unknown.)
            let has_result = signature.ends_with(":i");
            imported.push(Imported {
                type_index: index,
                params: function.params().len() as u32,
                has_result,
                wasi: is_wasi(import.module) && (has_result || signature.ends_with(':')),
            });
            self.imports.push((import.module.into(), import.name.into(), signature));
        }
        let first = types.as_ref().function_count();
        if first == imported.len() as u32 && imported.iter().any(|import| import.wasi) {
            return Err(unsupported("a program for WASI without a function of its own"));
        }
        self.stand_ins = StandIns::plan(&imported, first, self.empty_type);
        Ok(())
    }

    fn read_code(
        &mut self,
        body: &FunctionBody<'_>,
        wasm: &[u8],
        bulk: &mut Bulk,
        size: &mut FunctionSize<'_>,
    ) -> Checked<()> {
        for local in body.get_locals_reader().map_err(malformed)? {
            self.look_for_exceptions([&local.map_err(malformed)?.1]);
        }
        size.begin(self.imports.len() as u32);
        let mut code = Body::new(body.range().start);
        let mut operators = body.get_operators_reader().map_err(malformed)?;
        while !operators.eof() {
            let at = operators.original_position();
            let operator = operators.read().map_err(malformed)?;
            self.read_operator(&operator)?;
            size.read_operator(&operator);
            let place = (at, operators.original_position());
            match self.stand_ins.replace(&operator) {
                Some(instruction) => code.replace(&instruction, wasm, place),
                None => bulk.read_operator(&mut code, &operator, wasm, place),
            }
        }
        bulk.finish(code, wasm, body.range().end);
        size.end(body.range().len()).map_err(too_large)
    }

    fn read_operator(&mut self, operator: &Operator<'_>) -> Checked<()> {
        let refused = match operator {
            Operator::TableSet { .. } => "table.set",
            Operator::TableGrow { .. } => "table.grow",
            Operator::TableFill { .. } => "table.fill",
            Operator::TableCopy { .. } => "table.copy",
            Operator::TableInit { .. } => "table.init",
            Operator::ElemDrop { .. } => "elem.drop",
            Operator::DataDrop { .. } => "data.drop",
            Operator::ThrowRef => {
                self.keeps_exceptions = true;
                return Ok(());
            }
            Operator::TryTable { try_table } => {
                self.keeps_exceptions |= try_table
                    .catches
                    .iter()
                    .any(|catch| matches!(catch, Catch::OneRef { .. } | Catch::AllRef { .. }));
                return Ok(());
            }
            Operator::RefNull { hty } => {
                self.look_for_exceptions([&ValType::Ref(
                    RefType::new(true, *hty).unwrap_or(RefType::EXN),
                )]);
                return Ok(());
            }
            _ => return Ok(()),
        };
        Err(unsupported(format!("the instruction {refused}: tables and segments cannot change")))
    }

    /// An exception that a program holds in a value may be alive when it forks, which only the
    /// collector that never frees survives (docs/fork.md).
    fn look_for_exceptions<'a>(&mut self, types: impl IntoIterator<Item = &'a ValType>) {
        self.keeps_exceptions |= types.into_iter().any(|ty| match ty {
            ValType::Ref(reference) => {
                !reference.is_func_ref() && !reference.is_extern_ref()
            }
            _ => false,
        });
    }

    fn exports(&self) -> Checked<ExportSection> {
        let mut section = ExportSection::new();
        for (name, kind, index) in &self.exports {
            let kind = match kind {
                ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
                ExternalKind::Table => ExportKind::Table,
                ExternalKind::Memory => ExportKind::Memory,
                ExternalKind::Global => ExportKind::Global,
                ExternalKind::Tag => ExportKind::Tag,
            };
            let index = match kind {
                ExportKind::Func => self.stand_ins.resolve(*index),
                _ => *index,
            };
            section.export(name, kind, index);
        }
        if self.initial_pages == 0 {
            return Err(unsupported("a module without a memory"));
        }
        section.export("cloche.memory", ExportKind::Memory, 0);
        for (position, (index, _)) in self.mutable_globals.iter().enumerate() {
            section.export(&format!("cloche.g{position}"), ExportKind::Global, *index);
        }
        Ok(section)
    }

    fn memory(&self) -> MemorySection {
        let mut section = MemorySection::new();
        section.memory(wasm_encoder::MemoryType {
            minimum: self.initial_pages,
            maximum: Some(self.max_pages),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        section
    }

    fn data(&self, reader: wasmparser::DataSectionReader<'_>) -> Checked<DataSection> {
        let mut section = DataSection::new();
        for segment in reader {
            let segment = segment.map_err(malformed)?;
            match segment.kind {
                DataKind::Passive => section.passive(segment.data.iter().copied()),
                // Emptied, but kept: the indices of the others stay what they were. An active
                // segment counts as dropped once the program runs.
                DataKind::Active { .. } => section.passive([]),
            };
        }
        Ok(section)
    }

    fn finish(&self, types: &Types) -> Checked<()> {
        let entry = self.exports.iter().find(|export| export.0 == "_start");
        let Some((_, ExternalKind::Func, index)) = entry else {
            return Err(unsupported("no exported function \"_start\""));
        };
        let function = types[types.as_ref().core_function_at(*index)].unwrap_func();
        if signature(function).as_deref() != Some(":") {
            return Err(unsupported("\"_start\" must have no parameters and no results"));
        }
        Ok(())
    }

    /// Position among the mutable globals of an exported i32, or NONE.
    fn global(&self, name: &str) -> u32 {
        let export = self.exports.iter().find(|export| export.0 == name);
        let Some((_, ExternalKind::Global, index)) = export else { return NONE };
        let wanted = (*index, ValType::I32);
        self.mutable_globals.iter().position(|global| *global == wanted).map_or(NONE, |at| at as u32)
    }

    /// Little-endian: the fixed part (ten u32), then imports (three strings of u32 length), then
    /// segments (u32 offset, u32 length), then the bytes of all segments in order.
    fn encode(&self, wasm: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [
            MAGIC,
            VERSION,
            u32::from(self.keeps_exceptions),
            self.initial_pages as u32,
            self.max_pages as u32,
            self.mutable_globals.len() as u32,
            self.global("__stack_pointer"),
            self.global("__cloche_tp"),
            self.imports.len() as u32,
            self.segments.len() as u32,
        ] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        for (module, name, signature) in &self.imports {
            for text in [module, name, signature] {
                out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
        for (offset, range) in &self.segments {
            out.extend_from_slice(&offset.to_le_bytes());
            out.extend_from_slice(&(range.len() as u32).to_le_bytes());
        }
        for (_, range) in &self.segments {
            out.extend_from_slice(&wasm[range.clone()]);
        }
        out
    }
}

/// "iij:i"; none if a type other than i32, i64, f32, f64 occurs.
fn signature(function: &wasmparser::FuncType) -> Option<String> {
    let letter = |ty: &ValType| match ty {
        ValType::I32 => Some('i'),
        ValType::I64 => Some('j'),
        ValType::F32 => Some('f'),
        ValType::F64 => Some('d'),
        _ => None,
    };
    let mut text = String::new();
    for ty in function.params() {
        text.push(letter(ty)?);
    }
    text.push(':');
    for ty in function.results() {
        text.push(letter(ty)?);
    }
    Some(text)
}
