//! Modules that wasm-smith makes, within the features of a contract. Half of them are made so that they never trap, so that they get
//! far; every other one knows bulk operations. Invariant: a module is a function of the seed and its number alone.

use arbitrary::Unstructured;
use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{CodeSection, DataSection, ElementSection, Instruction, RawSection};
use wasm_smith::{Config, Module};
use wasmparser::{DataKind, ElementKind, Operator, Parser, Payload};

/// What half of the modules may import, as a module that offers it. Its functions are not metered, as a host's are not.
pub const HOST: &str = r#"(module
    (global $calls (export "calls") (mut i64) (i64.const 0))
    (global (export "constant") i32 (i32.const 7))
    (func (export "mix") (param i64) (result i64)
        (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
        (i64.rotl (i64.mul (local.get 0) (i64.const 0x9e3779b97f4a7c15)) (i64.const 23)))
    (func (export "both") (param i32 i64) (result i32)
        (i32.xor (local.get 0) (i32.wrap_i64 (local.get 1))))
    (func (export "note") (param i32)
        (global.set $calls (i64.add (global.get $calls) (i64.extend_i32_u (local.get 0))))))"#;

/// The same as imports.
const IMPORTS: &str = r#"(module
    (import "env" "calls" (global (mut i64)))
    (import "env" "constant" (global i32))
    (import "env" "mix" (func (param i64) (result i64)))
    (import "env" "both" (func (param i32 i64) (result i32)))
    (import "env" "note" (func (param i32))))"#;

/// Bytes for the choices of one module and one set of arguments.
pub fn choices(seed: u64, number: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&number.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// Module `number` of `seed`.
pub fn module(seed: u64, number: u64) -> Vec<u8> {
    // Some choices contradict each other; then the next ones are tried.
    let attempts = (0..16).map(|attempt| choices(seed, number | attempt << 48, 16 * 1024));
    attempts.filter_map(|bytes| generate(&bytes)).next().expect("choices that make a module")
}

fn generate(bytes: &[u8]) -> Option<Vec<u8>> {
    let bulk = bytes[0] & 2 != 0;
    let wasm = Module::new(config(bytes, bulk), &mut Unstructured::new(&bytes[4..])).ok()?.to_bytes();
    Some(if bulk { without_segment_operations(&wasm) } else { wasm })
}

/// Within the features of a contract; the first four bytes choose the rest.
fn config(shape: &[u8], bulk: bool) -> Config {
    let imports = shape[0] & 4 != 0;
    Config {
        allow_floats: false,
        allow_start_export: false,
        bulk_memory_enabled: bulk,
        disallow_traps: shape[0] & 1 != 0,
        available_imports: imports.then(|| wat::parse_str(IMPORTS).expect("sound text")),
        export_everything: true,
        generate_custom_sections: shape[0] & 8 != 0,
        max_funcs: 1 + usize::from(shape[1] % 12),
        max_instructions: 20 + 3 * usize::from(shape[2]),
        max_globals: 8,
        max_imports: if imports { 6 } else { 0 },
        max_types: 12,
        max_type_size: 100_000,
        max_data_segments: 6,
        max_element_segments: 6,
        max_memory32_bytes: 8 << 16,
        max_table_elements: 64,
        memory_max_size_required: true,
        min_funcs: 1,
        // The operations that stand in for those of segments need a memory.
        min_memories: u32::from(bulk || shape[3] & 7 != 0),
        min_types: 1,
        memory_offset_choices: wasm_smith::MemoryOffsetChoices(95, 4, 1),
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        multi_value_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        sign_extension_ops_enabled: true,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

/// Of the bulk operations contracts have `memory.copy` and `memory.fill`. wasm-smith knows all of them or none, so those of segments
/// and tables become these two: they take operands of the same types.
struct Bulk;

impl Reencode for Bulk {
    type Error = std::convert::Infallible;

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, Error<Self::Error>> {
        Ok(match operator {
            Operator::MemoryInit { mem, .. } => Instruction::MemoryCopy { src_mem: mem, dst_mem: mem },
            Operator::TableInit { .. } | Operator::TableCopy { .. } => Instruction::MemoryFill(0),
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => Instruction::Nop,
            other => wasm_encoder::reencode::utils::instruction(self, other)?,
        })
    }
}

fn without_segment_operations(wasm: &[u8]) -> Vec<u8> {
    let mut out = wasm_encoder::Module::new();
    let mut code = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a sound module") {
            Payload::CodeSectionStart { .. } => code = Some(CodeSection::new()),
            Payload::CodeSectionEntry(body) => {
                Bulk.parse_function_body(code.as_mut().expect("a section"), body).expect("a sound body");
            }
            payload => {
                if let Some(code) = (!matches!(payload, Payload::CodeSectionEntry(_))).then(|| code.take()).flatten() {
                    out.section(&code);
                }
                match payload {
                    Payload::DataCountSection { .. } => {}
                    Payload::DataSection(section) => {
                        let mut data = DataSection::new();
                        for segment in section.into_iter().map(|segment| segment.expect("a sound segment")) {
                            if !matches!(segment.kind, DataKind::Passive) {
                                RoundtripReencoder.parse_data(&mut data, segment).expect("a sound segment");
                            }
                        }
                        out.section(&data);
                    }
                    Payload::ElementSection(section) => {
                        let mut elements = ElementSection::new();
                        for segment in section.into_iter().map(|segment| segment.expect("a sound segment")) {
                            if matches!(segment.kind, ElementKind::Active { .. }) {
                                RoundtripReencoder.parse_element(&mut elements, segment).expect("a sound segment");
                            }
                        }
                        out.section(&elements);
                    }
                    payload => {
                        if let Some((id, range)) = payload.as_section() {
                            out.section(&RawSection { id, data: &wasm[range] });
                        }
                    }
                }
            }
        }
    }
    if let Some(code) = code {
        out.section(&code);
    }
    out.finish()
}
