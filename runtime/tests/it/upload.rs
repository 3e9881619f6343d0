//! Hostile uploads: whatever the bytes, validation and instrumentation answer with a result. [`upload`] is the fuzz target, a plain
//! function; its corpus (`upload/*.wasm`, and the golden modules) is replayed here.

use std::path::PathBuf;
use std::time::Instant;

use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::{Caps, CodeError, validate};
use proptest::prelude::*;
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wasmparser::Validator;

use crate::golden::{ENGINE_FEATURES, corpus};

/// Validates and instruments any bytes; what both accept must be a valid module that neither accepts again.
pub fn upload(data: &[u8]) {
    let caps = Caps::default();
    let report = match validate(data, &caps) {
        Ok(report) => report,
        Err(violation) => {
            assert!(violation.offset <= data.len(), "{violation}");
            assert!(!violation.to_string().is_empty());
            return;
        }
    };
    match instrument(data, &report, &Schedule::V1, &caps) {
        Ok(out) => {
            let valid = Validator::new_with_features(ENGINE_FEATURES).validate_all(&out);
            assert!(valid.is_ok(), "{}", valid.err().unwrap());
            assert!(validate(&out, &caps).is_err());
        }
        Err(CodeError::Refused(_)) => {}
        Err(CodeError::Fault(fault)) => panic!("{fault}"),
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/upload");
    let mut seeds: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn the_corpus_of_the_upload_target_is_answered() {
    assert!(seeds().len() > 20);
    for (_, bytes) in seeds().into_iter().chain(corpus()) {
        upload(&bytes);
    }
}

#[test]
fn of_the_hostile_corpus_only_harmless_oddities_are_accepted() {
    let accepted: Vec<_> = seeds()
        .into_iter()
        .filter(|(_, bytes)| validate(bytes, &Caps::default()).is_ok())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        accepted,
        [
            "name_section_broken",
            "name_section_in_front",
            "nested_two_thousand_blocks",
            "padded_numbers",
            "return_in_code_that_never_runs"
        ]
    );
}

#[test]
fn a_module_cut_off_anywhere_is_answered() {
    for (_, bytes) in corpus() {
        (0..bytes.len()).for_each(|end| upload(&bytes[..end]));
    }
}

#[test]
fn a_module_with_any_byte_changed_is_answered() {
    for (_, bytes) in corpus() {
        for at in 0..bytes.len() {
            for value in [0, 1, 0x0b, 0x7f, 0x80, 0xff, bytes[at].wrapping_add(1)] {
                let mut changed = bytes.clone();
                changed[at] = value;
                upload(&changed);
            }
        }
    }
}

/// A module with one function of so many locals and the given body.
fn one_function(locals: u32, body: impl FnOnce(&mut Function)) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("call f", ExportKind::Func, 0);
    let mut function = Function::new([(locals, ValType::I32)]);
    body(&mut function);
    function.instruction(&Instruction::End);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

#[test]
fn a_compile_bomb_is_refused_by_a_cap_without_being_compiled() {
    let bombs = [
        (
            "4,000 locals x 4,000 blocks",
            one_function(4_000, |f| {
                for i in 0..4_000 {
                    f.instruction(&Instruction::Block(BlockType::Empty));
                    f.instruction(&Instruction::LocalGet(i)).instruction(&Instruction::BrIf(0));
                    f.instruction(&Instruction::LocalGet(i)).instruction(&Instruction::LocalSet(3_999 - i));
                    f.instruction(&Instruction::End);
                }
            }),
        ),
        (
            "512 locals x 4,000 loops",
            one_function(512, |f| {
                for i in 0..4_000 {
                    f.instruction(&Instruction::Loop(BlockType::Empty)).instruction(&Instruction::LocalGet(i % 512));
                    f.instruction(&Instruction::BrIf(0)).instruction(&Instruction::End);
                }
            }),
        ),
        (
            "512 locals x 25,000 branches",
            one_function(512, |f| {
                for i in 0..25_000 {
                    f.instruction(&Instruction::LocalGet(i % 512)).instruction(&Instruction::BrIf(0));
                }
            }),
        ),
        (
            "40,000 blocks deep",
            one_function(0, |f| {
                for _ in 0..40_000 {
                    f.instruction(&Instruction::Block(BlockType::Empty));
                }
                for _ in 0..40_000 {
                    f.instruction(&Instruction::End);
                }
            }),
        ),
        (
            "50,000 operands",
            one_function(0, |f| {
                for _ in 0..50_000 {
                    f.instruction(&Instruction::I32Const(0));
                }
                f.instruction(&Instruction::Unreachable);
            }),
        ),
        ("a module of 2 MiB", vec![0; 2 * 1024 * 1024]),
    ];
    for (name, bomb) in bombs {
        let start = Instant::now();
        let refused = validate(&bomb, &Caps::default()).unwrap_err();
        println!("{name}, {} bytes: {:?}: {refused}", bomb.len(), start.elapsed());
        let text = refused.to_string();
        assert!(text.contains("allowed"), "{name}: {text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(data in proptest::collection::vec(any::<u8>(), 0..512)) {
        upload(&data);
    }

    #[test]
    fn any_bytes_behind_a_header_are_answered(data in proptest::collection::vec(any::<u8>(), 0..512)) {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(&data);
        upload(&module);
    }

    #[test]
    fn any_bytes_as_the_body_of_a_function_are_answered(data in proptest::collection::vec(any::<u8>(), 0..200), locals in 0..9u32) {
        let raw = one_function(locals, |f| { f.raw(data.iter().copied()); });
        upload(&raw);
    }

    #[test]
    fn sections_of_any_order_and_content_are_answered(
        sections in proptest::collection::vec((0..14u8, proptest::collection::vec(any::<u8>(), 0..24)), 0..8)
    ) {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (id, content) in sections {
            module.push(id);
            module.push(content.len() as u8);
            module.extend(content);
        }
        upload(&module);
    }
}
