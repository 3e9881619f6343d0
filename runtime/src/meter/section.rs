//! The sections of the new module. Those the pass neither adds nor changes pass as they are. Not here: bodies of functions.
//! Invariant: sections stand in the order the format wants, also those the original does not have.

use std::convert::Infallible;

use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use coffer_abi::host::MODULE;
use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{
    ConstExpr, ElementSection, Encode, EntityType, ExportKind, ExportSection, FunctionSection, GlobalSection,
    GlobalType, ImportSection, MemorySection, Module, NameSection, RawSection, SectionId, TypeSection, ValType,
};
use wasmparser::{ExportSectionReader, KnownCustom, MemorySectionReader, Name, NameSectionReader, Payload, TypeRef};

use super::layout::Layout;
use super::source_map::{Code, Place, SourceMap};
use super::{broken, mismatch};
use crate::error::CodeError;
use crate::validate::{Rule, Violation};

/// The new module as far as it is written.
pub(super) struct Sections<'a> {
    layout: &'a Layout,
    max_pages: u32,
    out: Module,
    /// Functions, once their section may come: what the code section will hold, without its count.
    code: Code,
    functions: u32,
    names: Option<NameSection>,
    /// Where the code in `out` comes from.
    places: Vec<Place>,
    /// Sections that are due before the one at hand, in their order.
    due: &'static [SectionId],
}

/// Sections the pass may have to add.
const ADDED: &[SectionId] = &[SectionId::Function, SectionId::Global, SectionId::Export, SectionId::Code];

impl<'a> Sections<'a> {
    pub(super) fn new(layout: &'a Layout, max_pages: u32, mapped: bool) -> Self {
        Self {
            layout,
            max_pages,
            out: Module::new(),
            code: Code::new(mapped),
            functions: 0,
            names: None,
            places: Vec::new(),
            due: ADDED,
        }
    }

    /// Takes the next body; the bytes of all code so far.
    pub(super) fn function(&mut self, body: &mut Code) -> u64 {
        self.functions += 1;
        (body.bytes.len() as u32).encode(&mut self.code.bytes);
        self.code.append(body);
        self.code.bytes.len() as u64
    }

    /// Takes the next part of the original but bodies.
    pub(super) fn payload(&mut self, wasm: &[u8], payload: Payload<'_>) -> Result<(), CodeError> {
        let section = payload.as_section();
        if let Some((id, _)) = &section {
            self.before(*id)?;
        }
        let mut reencode = Rewrite(self.layout);
        match payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                reencode.parse_type_section(&mut types, section).map_err(broken)?;
                for (params, results) in self.layout.metered_types() {
                    types.ty().function(params, results);
                }
                self.out.section(&types);
            }
            Payload::ImportSection(section) => {
                let mut imports = ImportSection::new();
                for import in section.into_imports() {
                    let import = import.map_err(broken)?;
                    let ty = match import.ty {
                        TypeRef::Func(ty) if import.module == MODULE => {
                            EntityType::Function(self.layout.metered_type(ty))
                        }
                        ty => reencode.entity_type(ty).map_err(broken)?,
                    };
                    imports.import(import.module, import.name, ty);
                }
                self.out.section(&imports);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                reencode.parse_function_section(&mut functions, section).map_err(broken)?;
                self.add_functions(functions);
            }
            Payload::MemorySection(section) => self.memory(section)?,
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                reencode.parse_global_section(&mut globals, section).map_err(broken)?;
                self.add_counters(globals);
            }
            Payload::ExportSection(section) => {
                reserved(&section)?;
                let mut exports = ExportSection::new();
                reencode.parse_export_section(&mut exports, section).map_err(broken)?;
                self.export_counters(exports);
            }
            Payload::ElementSection(section) => {
                let mut elements = ElementSection::new();
                reencode.parse_element_section(&mut elements, section).map_err(broken)?;
                self.out.section(&elements);
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(source) = section.as_known() {
                    self.names = Some(names(source));
                }
            }
            Payload::CodeSectionStart { .. } => {}
            _ => {
                if let Some((id, range)) = section {
                    let data = wasm.get(range).ok_or_else(|| mismatch("section"))?;
                    self.out.section(&RawSection { id, data });
                }
            }
        }
        Ok(())
    }

    /// The whole module.
    pub(super) fn finish(mut self) -> (Vec<u8>, SourceMap) {
        while let [first, rest @ ..] = self.due {
            self.due = rest;
            self.add(*first);
        }
        if let Some(names) = self.names {
            self.out.section(&names);
        }
        (self.out.finish(), SourceMap::new(self.places))
    }

    /// Adds what must stand before section `id`, unless the original has it.
    fn before(&mut self, id: u8) -> Result<(), CodeError> {
        let Some(rank) = rank(id) else { return Ok(()) };
        while let [first, rest @ ..] = self.due
            && let Some(due) = rank_of(*first)
            && due <= rank
        {
            // The code is written once all of it is there.
            if due == rank && *first == SectionId::Code {
                break;
            }
            self.due = rest;
            if due < rank {
                self.add(*first);
            }
        }
        Ok(())
    }

    /// Adds a section that the original does not have, or that is complete.
    fn add(&mut self, id: SectionId) {
        match id {
            SectionId::Function => self.add_functions(FunctionSection::new()),
            SectionId::Global => self.add_counters(GlobalSection::new()),
            SectionId::Export => self.export_counters(ExportSection::new()),
            _ => self.add_code(),
        }
    }

    fn add_functions(&mut self, mut functions: FunctionSection) {
        for (ty, _) in self.layout.wrappers() {
            functions.function(ty);
        }
        if !functions.is_empty() {
            self.out.section(&functions);
        }
    }

    fn add_counters(&mut self, mut globals: GlobalSection) {
        let counter = |val_type| GlobalType { val_type, mutable: true, shared: false };
        globals.global(counter(ValType::I64), &ConstExpr::i64_const(0));
        globals.global(counter(ValType::I32), &ConstExpr::i32_const(0));
        self.out.section(&globals);
    }

    fn export_counters(&mut self, mut exports: ExportSection) {
        let counters = self.layout.counters;
        exports.export(GAS_GLOBAL, ExportKind::Global, counters.gas);
        exports.export(STACK_GLOBAL, ExportKind::Global, counters.stack);
        self.out.section(&exports);
    }

    fn add_code(&mut self) {
        for (_, body) in self.layout.wrappers() {
            self.functions += 1;
            self.code.mark(None);
            body.encode(&mut self.code.bytes);
        }
        if self.functions == 0 {
            return;
        }
        let mut data = Vec::with_capacity(self.code.bytes.len() + 5);
        self.functions.encode(&mut data);
        let start = data.len();
        data.extend_from_slice(&self.code.bytes);
        self.out.section(&RawSection { id: SectionId::Code.into(), data: &data });
        let start = self.out.len() - data.len() + start;
        self.code.mark(None);
        self.places = std::mem::replace(&mut self.code, Code::new(false)).into_places(start);
    }

    fn memory(&mut self, section: MemorySectionReader<'_>) -> Result<(), CodeError> {
        let mut memories = MemorySection::new();
        for memory in section {
            let memory = memory.map_err(broken)?;
            let host = u64::from(self.max_pages).max(memory.initial);
            let maximum = memory.maximum.map_or(host, |declared| declared.min(host));
            memories.memory(wasm_encoder::MemoryType {
                minimum: memory.initial,
                maximum: Some(maximum),
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        self.out.section(&memories);
        Ok(())
    }
}

/// Place of a section in a module; `None` for custom sections, which stand anywhere.
fn rank(id: u8) -> Option<u8> {
    // The format put two sections where their ids do not say.
    const TAG: u8 = 13;
    const DATA_COUNT: u8 = 12;
    match id {
        0 => None,
        TAG => Some(11),
        DATA_COUNT => Some(19),
        id => Some(2 * id),
    }
}

fn rank_of(id: SectionId) -> Option<u8> {
    rank(id.into())
}

/// References to host functions become those to their wrappers.
struct Rewrite<'a>(&'a Layout);

impl Reencode for Rewrite<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.0.referenced(index))
    }
}

fn reserved(section: &ExportSectionReader<'_>) -> Result<(), CodeError> {
    for export in section.clone().into_iter_with_offsets() {
        let (offset, export) = export.map_err(broken)?;
        if let Some(name) = [GAS_GLOBAL, STACK_GLOBAL].into_iter().find(|name| *name == export.name) {
            return Err(Violation::new(Rule::ReservedExport { name }, offset).into());
        }
    }
    Ok(())
}

/// The names without those of labels, whose places have changed. What cannot be read is left out: names have no effect.
fn names(source: NameSectionReader<'_>) -> NameSection {
    let mut names = NameSection::new();
    for subsection in source.into_iter().map_while(Result::ok) {
        if !matches!(subsection, Name::Label(_))
            && RoundtripReencoder.parse_custom_name_subsection(&mut names, subsection).is_err()
        {
            break;
        }
    }
    names
}
