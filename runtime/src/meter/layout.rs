//! What must be known of a whole module before its first section can be rewritten: where the counters go, which imports hand gas over,
//! and which of those need a wrapper because a table or an export holds them. Not here: bodies of functions. Invariant: nothing that
//! exists changes its index; new types, globals and functions stand behind the module's own.

use std::collections::BTreeMap;

use coffer_abi::host::MODULE;
use wasm_encoder::{Encode, Instruction, ValType};
use wasmparser::{ElementItems, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef};

use super::broken;
use crate::error::CodeError;
use crate::validate::FEATURES;

/// Index of the added globals.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    pub(super) gas: u32,
    pub(super) stack: u32,
}

/// Who answers a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee {
    /// A host function: gas goes in as its last argument and comes out as its last result.
    Host,
    /// Anything else: gas is where the global says.
    Other,
}

/// One imported function.
struct Import {
    ty: u32,
    callee: Callee,
}

/// The plan of a module.
pub(super) struct Layout {
    pub(super) counters: Counters,
    types: Vec<FuncType>,
    imports: Vec<Import>,
    /// Index of the type with gas, by the index of the type without.
    metered_types: BTreeMap<u32, u32>,
    /// Function that stands for an import in tables and exports, by the index of the import.
    wrappers: BTreeMap<u32, u32>,
}

impl Layout {
    /// Reads all sections but the code.
    pub(super) fn of(wasm: &[u8]) -> Result<Self, CodeError> {
        let mut types = Vec::new();
        let mut imports = Vec::new();
        let (mut globals, mut functions) = (0, 0);
        let mut wrappers = BTreeMap::new();
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        for payload in parser.parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::TypeSection(section) => {
                    for group in section {
                        types.extend(group.map_err(broken)?.into_types().map(|ty| ty.unwrap_func().clone()));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(broken)?;
                        match import.ty {
                            TypeRef::Func(ty) => {
                                let callee = if import.module == MODULE { Callee::Host } else { Callee::Other };
                                imports.push(Import { ty, callee });
                            }
                            TypeRef::Global(_) => globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => functions = section.count(),
                Payload::GlobalSection(section) => globals += section.count(),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(broken)?;
                        if export.kind == ExternalKind::Func {
                            wrappers.insert(export.index, 0);
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        match element.map_err(broken)?.items {
                            ElementItems::Functions(items) => {
                                for item in items {
                                    wrappers.insert(item.map_err(broken)?, 0);
                                }
                            }
                            ElementItems::Expressions(_, items) => {
                                for item in items {
                                    for operator in item.map_err(broken)?.get_operators_reader() {
                                        if let Operator::RefFunc { function_index } = operator.map_err(broken)? {
                                            wrappers.insert(function_index, 0);
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let hosted = |index: &u32| imports.get(*index as usize).is_some_and(|import| import.callee == Callee::Host);
        wrappers.retain(|index, _| hosted(index));
        let all = imports.len() as u32 + functions;
        for (wrapper, index) in wrappers.values_mut().zip(all..) {
            *wrapper = index;
        }
        let mut metered_types = BTreeMap::new();
        for import in imports.iter().filter(|import| import.callee == Callee::Host) {
            let next = types.len() + metered_types.len();
            metered_types.entry(import.ty).or_insert(next as u32);
        }
        let counters = Counters { gas: globals, stack: globals + 1 };
        Ok(Self { counters, types, imports, metered_types, wrappers })
    }

    /// Who answers a call of the function `index`.
    pub(super) fn callee(&self, index: u32) -> Callee {
        self.imports.get(index as usize).map_or(Callee::Other, |import| import.callee)
    }

    /// The types with gas, in the order of their indices.
    pub(super) fn metered_types(&self) -> impl Iterator<Item = (Vec<ValType>, Vec<ValType>)> {
        let mut originals: Vec<_> = self.metered_types.iter().map(|(original, new)| (*new, *original)).collect();
        originals.sort_unstable();
        originals.into_iter().filter_map(|(_, original)| {
            let ty = self.types.get(original as usize)?;
            let with_gas =
                |types: &[wasmparser::ValType]| types.iter().map(value_type).chain([ValType::I64]).collect::<Vec<_>>();
            Some((with_gas(ty.params()), with_gas(ty.results())))
        })
    }

    /// Index of the type that an import of type `ty` from the host gets.
    pub(super) fn metered_type(&self, ty: u32) -> u32 {
        self.metered_types.get(&ty).copied().unwrap_or(ty)
    }

    /// The function that stands for `index` in tables and exports: itself, unless it is a host function.
    pub(super) fn referenced(&self, index: u32) -> u32 {
        self.wrappers.get(&index).copied().unwrap_or(index)
    }

    /// Type index and body of each wrapper, in the order of their indices. A wrapper is the host function under its original type; it
    /// costs nothing of its own.
    pub(super) fn wrappers(&self) -> impl Iterator<Item = (u32, Vec<u8>)> {
        self.wrappers.keys().filter_map(|import| {
            let ty = self.imports.get(*import as usize)?.ty;
            let params = self.types.get(ty as usize)?.params().len() as u32;
            let mut body = Vec::new();
            0u32.encode(&mut body);
            (0..params).for_each(|param| Instruction::LocalGet(param).encode(&mut body));
            let gas = self.counters.gas;
            for instruction in
                [Instruction::GlobalGet(gas), Instruction::Call(*import), Instruction::GlobalSet(gas), Instruction::End]
            {
                instruction.encode(&mut body);
            }
            Some((ty, body))
        })
    }
}

/// The validator lets no other value types pass.
fn value_type(ty: &wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I64 => ValType::I64,
        _ => ValType::I32,
    }
}
