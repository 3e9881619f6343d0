//! The caps counted again, in the plainest way: over a module that is known to be valid, section by section, without stopping early.
//! Invariant: nothing here is shared with the validator but the names of the caps.

use coffer_abi::Caps;
use wasmparser::{ElementItems, Operator, Parser, Payload, TypeRef, ValidPayload, Validator, WasmFeatures};

/// The first operator with a float in its name, wherever it stands.
pub fn names_a_float(wasm: &[u8]) -> Option<String> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(Payload::CodeSectionEntry(body)) = payload else { continue };
        for operator in body.get_operators_reader().expect("a valid module") {
            let debug = format!("{:?}", operator.expect("a valid module"));
            let name: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
            if name.contains("F32") || name.contains("F64") {
                return Some(name);
            }
        }
    }
    None
}

fn begins_a_block(operator: &Operator<'_>) -> bool {
    let name = name_of(operator);
    let names = ["Block", "Loop", "If", "BrIf", "CallIndirect", "MemoryGrow", "MemoryCopy", "MemoryFill"];
    names.contains(&name.as_str())
}

fn name_of(operator: &Operator<'_>) -> String {
    format!("{operator:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// Compile work of an operator by its name, as decision 0014 has it. `open` says of each open block whether it is a loop.
fn compile_work(operator: &Operator<'_>, locals: u64, operands: u64, joins: u64, open: &mut Vec<bool>) -> u64 {
    let alive = locals + operands;
    let before = joins / 8;
    let name = name_of(operator);
    let loops = open.iter().filter(|is_loop| **is_loop).count() as u64;
    match name.as_str() {
        "Block" | "Loop" | "If" => open.push(name == "Loop"),
        "End" => drop(open.pop()),
        _ => {}
    }
    let divides = name.contains("Div") || name.contains("Rem");
    let counts = ["Clz", "Ctz", "Popcnt"].iter().any(|end| name.ends_with(end));
    match (name.as_str(), operator) {
        ("Block", _) => 2 + alive,
        ("If", _) => 2 + alive + before,
        ("BrIf", _) => 2 + 3 * alive + before,
        ("Loop", _) => 2 + (4 + loops / 16) * alive,
        ("CallIndirect", _) => 8 + alive + before,
        ("MemoryGrow" | "MemoryCopy" | "MemoryFill", _) => 16 + alive + before,
        (_, Operator::BrTable { targets }) => 2 * u64::from(targets.len() + 1) * (alive + before),
        ("Call", _) => 8,
        _ if divides => 32,
        _ if name.starts_with("Local") => 2 + locals / 64,
        _ if name.contains("Load") => 6,
        _ if counts => 4,
        _ => 2,
    }
}

/// What a valid module uses of every cap, by the cap's name.
pub fn count(wasm: &[u8], features: WasmFeatures) -> Vec<(&'static str, u64)> {
    let mut c = Counts { module_bytes: wasm.len() as u64, ..Counts::default() };
    let mut signatures = Vec::new();
    let mut validator = Validator::new_with_features(features);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("a valid module");
        if let ValidPayload::Func(function, body) = validator.payload(&payload).expect("a valid module") {
            let mut locals: u64 = signatures[function.ty as usize];
            for local in body.get_locals_reader().expect("a valid module") {
                locals += u64::from(local.expect("a valid module").0);
            }
            let (mut blocks, mut joins, mut work, mut open) = (0, 0, 128, vec![false]);
            let mut checker = function.into_validator(Default::default());
            let mut reader = body.get_binary_reader();
            checker.read_locals(&mut reader).expect("a valid module");
            let mut operators = wasmparser::OperatorsReader::new(reader);
            while !operators.eof() {
                let (operator, offset) = operators.read_with_offset().expect("a valid module");
                if let Operator::BrTable { targets } = &operator {
                    c.br_table_targets = c.br_table_targets.max(targets.len().into());
                    c.br_table_targets_all += u64::from(targets.len());
                }
                work += compile_work(&operator, locals, checker.operand_stack_height().into(), joins, &mut open);
                blocks += u64::from(begins_a_block(&operator));
                let splits_only = matches!(name_of(&operator).as_str(), "Block" | "Loop");
                joins += u64::from(begins_a_block(&operator) && !splits_only);
                checker.op(offset, &operator).expect("a valid module");
                c.operand_depth = c.operand_depth.max(checker.operand_stack_height().into());
            }
            c.body_bytes = c.body_bytes.max(body.range().len() as u64);
            c.locals = c.locals.max(locals);
            c.locals_all += locals;
            c.blocks = c.blocks.max(blocks);
            c.blocks_all += blocks;
            c.work = c.work.max(work);
            c.work_all += work;
            continue;
        }
        match payload {
            Payload::TypeSection(section) => {
                c.types += u64::from(section.count());
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty.expect("a valid module");
                    signatures.push(ty.params().len() as u64);
                    c.params = c.params.max(ty.params().len() as u64);
                    c.results = c.results.max(ty.results().len() as u64);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    c.imports += 1;
                    match import.expect("a valid module").ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => c.functions += 1,
                        TypeRef::Table(table) => c.table_elements = c.table_elements.max(table.initial),
                        TypeRef::Memory(memory) => c.initial_pages = c.initial_pages.max(memory.initial),
                        TypeRef::Global(_) | TypeRef::Tag(_) => {}
                    }
                }
            }
            Payload::FunctionSection(section) => c.functions += u64::from(section.count()),
            Payload::TableSection(section) => {
                for table in section {
                    c.table_elements = c.table_elements.max(table.expect("a valid module").ty.initial);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    c.initial_pages = c.initial_pages.max(memory.expect("a valid module").initial);
                }
            }
            Payload::GlobalSection(section) => c.globals += u64::from(section.count()),
            Payload::ExportSection(section) => c.exports += u64::from(section.count()),
            Payload::ElementSection(section) => {
                c.segments += u64::from(section.count());
                for segment in section {
                    c.segment_elements += u64::from(match segment.expect("a valid module").items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    });
                }
            }
            Payload::DataSection(section) => c.segments += u64::from(section.count()),
            Payload::CustomSection(section) => {
                c.custom_sections += 1;
                c.custom_bytes += (section.name().len() + section.data().len()) as u64;
            }
            _ => {}
        }
    }
    c.list()
}

macro_rules! counts {
    ($($field:ident: $name:literal;)*) => {
        #[derive(Default)]
        struct Counts { $($field: u64,)* }

        impl Counts {
            fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$(($name, self.$field),)*]
            }
        }

        /// Caps of which some are so low that a small module passes them.
        pub fn tight(choices: &[u8]) -> Caps {
            let mut caps = Caps::default();
            let mut choices = choices.iter().cycle();
            let mut next = || u32::from(choices.next().copied().unwrap_or_default());
            $(if next() % 8 == 0 {
                // Small values as often as large ones.
                caps.$field = caps.$field.min((next() % 12) << (next() % 8));
            })*
            caps
        }
    };
}

counts! {
    module_bytes: "module size in bytes";
    functions: "functions";
    types: "function types";
    params: "parameters of a function";
    results: "results of a function";
    locals: "locals of a function, parameters included";
    locals_all: "locals of all functions";
    body_bytes: "function body in bytes";
    blocks: "blocks of a function";
    blocks_all: "blocks of all functions";
    work: "compile work of a function";
    work_all: "compile work of all functions";
    operand_depth: "operand stack of a function";
    br_table_targets: "targets of a br_table";
    br_table_targets_all: "targets of all br_tables";
    globals: "globals";
    imports: "imports";
    exports: "exports";
    initial_pages: "initial memory in pages of 64 KiB";
    table_elements: "table entries";
    segment_elements: "entries of all element segments";
    segments: "data and element segments";
    custom_sections: "custom sections";
    custom_bytes: "custom sections in bytes";
}
