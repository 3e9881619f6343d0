//! Rules for the sections of a module, in the order they come. Not here: bodies of functions ([`super::function`]).
//! Invariant: the count of a section is checked against its cap before any of its entries is read.

use coffer_abi::Caps;
use coffer_abi::export::{GAS_GLOBAL, LINKER_GLOBALS, MEMORY, MethodKind, REENTRANT, STACK_GLOBAL};
use coffer_abi::host::{HOST_FUNCTIONS, HostFunction, MODULE, WasmType};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, Export, ExternalKind, FuncType, FuncValidatorAllocations, Import,
    MemoryType, Operator, Parser, Payload, TypeRef, ValType, ValidPayload, Validator,
};

use super::Interface;
use super::feature::{MEMORIES, TABLES, allowed, rule_of};
use super::function::{self, type_text};
use super::report::{CustomSection, Frame, Report};
use super::usage::Usage;
use super::violation::{Rule, Violation};

/// What is known of the module so far.
pub(super) struct Reading {
    interface: Interface,
    usage: Usage,
    validator: Validator,
    allocations: FuncValidatorAllocations,
    types: Vec<FuncType>,
    /// Type of every function, imported ones first.
    functions: Vec<u32>,
    /// For every global, whether it is mutable.
    globals: Vec<bool>,
    memory_pages: Option<u64>,
    memory_exported: bool,
    table_entries: u64,
    imports: Vec<&'static str>,
    exports: Vec<(MethodKind, String)>,
    reentrant: Vec<(MethodKind, String)>,
    custom_sections: Vec<CustomSection>,
    frames: Vec<Frame>,
}

/// An error of the parser as a violation.
fn malformed(error: wasmparser::Error) -> Violation {
    Violation::new(rule_of(&error, None), error.offset())
}

/// Turns a broken rule into a violation at `offset`.
fn at(offset: usize) -> impl Fn(Rule) -> Violation {
    move |rule| Violation::new(rule, offset)
}

/// Reads a whole module.
pub(super) fn read(wasm: &[u8], caps: &Caps, interface: Interface) -> Result<Report, Violation> {
    let features = allowed(caps.features);
    let mut reading = Reading {
        interface,
        usage: Usage::new(caps),
        validator: Validator::new_with_features(features),
        allocations: FuncValidatorAllocations::default(),
        types: Vec::new(),
        functions: Vec::new(),
        globals: Vec::new(),
        memory_pages: None,
        memory_exported: false,
        table_entries: 0,
        imports: Vec::new(),
        exports: Vec::new(),
        reentrant: Vec::new(),
        custom_sections: Vec::new(),
        frames: Vec::new(),
    };
    reading.usage.module_bytes.at_most(wasm.len() as u64).map_err(at(0))?;
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        reading.payload(payload.map_err(malformed)?)?;
    }
    Ok(reading.report())
}

impl Reading {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Violation> {
        self.count(&payload)?;
        if let ValidPayload::Func(function, body) = self.validator.payload(&payload).map_err(malformed)? {
            let frame = self.frame(function.ty);
            let allocations = std::mem::take(&mut self.allocations);
            let (frame, allocations) = function::check(&mut self.usage, function, frame, &body, allocations)?;
            self.frames.push(frame);
            self.allocations = allocations;
            return Ok(());
        }
        match payload {
            Payload::TypeSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, group) = item.map_err(malformed)?;
                    for ty in group.into_types() {
                        let ty = ty.unwrap_func();
                        self.usage.params.at_most(ty.params().len() as u64).map_err(at(offset))?;
                        self.usage.results.at_most(ty.results().len() as u64).map_err(at(offset))?;
                        self.types.push(ty.clone());
                    }
                }
            }
            Payload::ImportSection(section) => {
                for item in section.into_imports_with_offsets() {
                    let (offset, import) = item.map_err(malformed)?;
                    self.import(import).map_err(at(offset))?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.map_err(malformed)?);
                }
            }
            Payload::TableSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, table) = item.map_err(malformed)?;
                    self.table(table.ty.initial).map_err(at(offset))?;
                }
            }
            Payload::MemorySection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, memory) = item.map_err(malformed)?;
                    self.memory(memory).map_err(at(offset))?;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals.push(global.map_err(malformed)?.ty.mutable);
                }
            }
            Payload::ExportSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, export) = item.map_err(malformed)?;
                    self.export(export).map_err(at(offset))?;
                }
            }
            Payload::ElementSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, element) = item.map_err(malformed)?;
                    self.element(element).map_err(at(offset))?;
                }
            }
            Payload::DataSection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, data) = item.map_err(malformed)?;
                    self.data(data).map_err(at(offset))?;
                }
            }
            Payload::CustomSection(section) => {
                let bytes = section.name().len() + section.data().len();
                self.custom_sections
                    .push(CustomSection { name: cut(section.name()), bytes: u32::try_from(bytes).unwrap_or(u32::MAX) });
            }
            Payload::End(offset) if self.interface == Interface::Contract => {
                self.memory_pages.ok_or(Rule::NoMemory).map_err(at(offset))?;
                if !self.memory_exported {
                    return Err(Violation::new(Rule::MemoryNotExported, offset));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks what can be told of a section before its entries are read.
    fn count(&mut self, payload: &Payload<'_>) -> Result<(), Violation> {
        let usage = &mut self.usage;
        let (start, checked) = match payload {
            Payload::TypeSection(s) => (s.range().start, usage.types.add(s.count().into())),
            Payload::ImportSection(s) => (s.range().start, usage.imports.add(s.count().into())),
            Payload::FunctionSection(s) => (s.range().start, usage.functions.add(s.count().into())),
            Payload::MemorySection(s) if s.count() > 1 => (s.range().start, Err(several(MEMORIES, s.count()))),
            Payload::TableSection(s) if s.count() > 1 => (s.range().start, Err(several(TABLES, s.count()))),
            Payload::GlobalSection(s) => (s.range().start, usage.globals.add(s.count().into())),
            Payload::ExportSection(s) => (s.range().start, usage.exports.add(s.count().into())),
            Payload::ElementSection(s) => (s.range().start, usage.segments.add(s.count().into())),
            Payload::DataSection(s) => (s.range().start, usage.segments.add(s.count().into())),
            Payload::StartSection { range, .. } if self.interface == Interface::Contract => {
                (range.start, Err(Rule::StartFunction))
            }
            Payload::CustomSection(s) => {
                let counted = usage.custom_sections.add(1);
                (
                    s.range().start,
                    counted.and_then(|()| usage.custom_bytes.add((s.name().len() + s.data().len()) as u64)),
                )
            }
            _ => return Ok(()),
        };
        checked.map_err(at(start))
    }

    fn memory(&mut self, memory: MemoryType) -> Result<(), Rule> {
        self.memory_pages = Some(memory.initial);
        self.usage.initial_pages.at_most(memory.initial)?;
        // The pass lowers a maximum above the chain's.
        let cap = self.usage.max_pages.allowed;
        self.usage.max_pages.at_most(memory.maximum.map_or(cap, |declared| declared.min(cap)))
    }

    fn table(&mut self, entries: u64) -> Result<(), Rule> {
        self.table_entries = entries;
        self.usage.table_elements.at_most(entries)
    }

    /// An import under [`Interface::Any`].
    fn any_import(&mut self, import: TypeRef) -> Result<(), Rule> {
        match import {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                self.functions.push(index);
                self.usage.functions.add(1)
            }
            TypeRef::Table(table) => self.table(table.initial),
            TypeRef::Memory(memory) => self.memory(memory),
            TypeRef::Global(global) => {
                self.globals.push(global.mutable);
                Ok(())
            }
            TypeRef::Tag(_) => Ok(()),
        }
    }

    fn import(&mut self, import: Import<'_>) -> Result<(), Rule> {
        if self.interface == Interface::Any {
            return self.any_import(import.ty);
        }
        let kind = match import.ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => "function",
            TypeRef::Table(_) => "table",
            TypeRef::Memory(_) => "memory",
            TypeRef::Global(_) => "global",
            TypeRef::Tag(_) => "tag",
        };
        let host = HOST_FUNCTIONS.iter().find(|host| import.module == MODULE && import.name == host.name);
        let (TypeRef::Func(index), Some(host)) = (import.ty, host) else {
            return Err(Rule::UnknownImport {
                import: format!("{kind} {:?} {:?}", cut(import.module), cut(import.name)),
            });
        };
        let (params, results) = host_type(host);
        if let Some(ty) = self.types.get(index as usize)
            && (ty.params() != params || ty.results() != results)
        {
            return Err(Rule::ImportType {
                name: host.name,
                expected: type_text(&params, &results),
                found: type_text(ty.params(), ty.results()),
            });
        }
        self.usage.functions.add(1)?;
        self.functions.push(index);
        self.imports.push(host.name);
        Ok(())
    }

    fn export(&mut self, export: Export<'_>) -> Result<(), Rule> {
        if let Some(name) = [GAS_GLOBAL, STACK_GLOBAL].into_iter().find(|reserved| *reserved == export.name) {
            return Err(Rule::ReservedExport { name });
        }
        if self.interface == Interface::Any {
            return Ok(());
        }
        let kind = match export.kind {
            ExternalKind::Memory if export.name == MEMORY => {
                self.memory_exported = true;
                return Ok(());
            }
            ExternalKind::Global => {
                if let Some(name) = LINKER_GLOBALS.into_iter().find(|linker| *linker == export.name) {
                    return match self.globals.get(export.index as usize) {
                        Some(false) => Ok(()),
                        _ => Err(Rule::MutableExport { name }),
                    };
                }
                "global"
            }
            ExternalKind::Func => match MethodKind::of_export(export.name) {
                Some((kind, name)) => {
                    let ty = self.functions.get(export.index as usize).and_then(|ty| self.types.get(*ty as usize));
                    if let Some(ty) = ty
                        && !(ty.params().is_empty() && ty.results().is_empty())
                    {
                        let found = type_text(ty.params(), ty.results());
                        return Err(Rule::MethodType { name: export.name.to_owned(), found });
                    }
                    self.exports.push((kind, name.to_owned()));
                    return Ok(());
                }
                None => {
                    if let Some((kind, name)) = export.name.strip_prefix(REENTRANT).and_then(MethodKind::of_export) {
                        self.reentrant.push((kind, name.to_owned()));
                        return Ok(());
                    }
                    "function"
                }
            },
            ExternalKind::FuncExact => "function",
            ExternalKind::Table => "table",
            ExternalKind::Memory => "memory",
            ExternalKind::Tag => "tag",
        };
        Err(Rule::UnknownExport { export: format!("{kind} {:?}", cut(export.name)) })
    }

    fn element(&mut self, element: wasmparser::Element<'_>) -> Result<(), Rule> {
        let count = match &element.items {
            ElementItems::Functions(items) => items.count(),
            ElementItems::Expressions(_, items) => items.count(),
        };
        self.usage.segment_elements.add(count.into())?;
        match element.kind {
            _ if self.interface == Interface::Any => Ok(()),
            ElementKind::Active { offset_expr, .. } => fits("element", &offset_expr, count.into(), self.table_entries),
            ElementKind::Passive | ElementKind::Declared => Ok(()),
        }
    }

    fn data(&mut self, data: wasmparser::Data<'_>) -> Result<(), Rule> {
        match data.kind {
            _ if self.interface == Interface::Any => Ok(()),
            DataKind::Active { offset_expr, .. } => {
                let bytes = self.memory_pages.unwrap_or(0) * 64 * 1024;
                fits("data", &offset_expr, data.data.len() as u64, bytes)
            }
            DataKind::Passive => Ok(()),
        }
    }

    fn frame(&self, ty: u32) -> Frame {
        let ty = self.types.get(ty as usize);
        Frame {
            params: ty.map_or(0, |ty| ty.params().len() as u32),
            locals: 0,
            operand_depth: 0,
            result: ty.and_then(|ty| ty.results().first()).map(|result| match result {
                ValType::I64 => WasmType::I64,
                _ => WasmType::I32,
            }),
        }
    }

    fn report(self) -> Report {
        Report {
            limits: self.usage.list(),
            exports: self.exports,
            reentrant: self.reentrant,
            imports: self.imports,
            custom_sections: self.custom_sections,
            initial_pages: u32::try_from(self.memory_pages.unwrap_or(0)).unwrap_or(u32::MAX),
            frames: self.frames,
        }
    }
}

/// A segment must fit at instantiation, so that instantiation never traps.
fn fits(segment: &'static str, offset: &ConstExpr<'_>, len: u64, allowed: u64) -> Result<(), Rule> {
    match offset.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => {
            let end = u64::from(value.cast_unsigned()) + len;
            if end > allowed { Err(Rule::SegmentOutOfBounds { segment, end, allowed }) } else { Ok(()) }
        }
        _ => Err(Rule::Malformed { cause: format!("the offset of a {segment} segment is not a number") }),
    }
}

fn host_type(host: &HostFunction) -> (Vec<ValType>, Vec<ValType>) {
    let value = |ty: &WasmType| match ty {
        WasmType::I32 => ValType::I32,
        WasmType::I64 => ValType::I64,
    };
    (host.params.iter().map(value).collect(), host.result.iter().map(value).collect())
}

fn several(feature: &'static str, count: u32) -> Rule {
    Rule::Feature { feature, operation: format!("{count} in one module") }
}

/// The first characters of a name from outside.
fn cut(name: &str) -> String {
    name.chars().take(80).collect()
}
