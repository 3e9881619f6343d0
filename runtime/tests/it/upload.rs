//! Hostile uploads: whatever the bytes, validation and instrumentation answer with a result. [`upload`], [`instrumenting`] and
//! [`generated`] are fuzz targets, plain functions of bytes; their corpus (`upload/*.wasm`, and the golden modules) is replayed here.

use arbitrary::Unstructured;
use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::validate::validate_as;
use coffer_runtime::{Caps, CodeError, Interface, admit, validate};
use proptest::prelude::*;
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemorySection, MemoryType, Module,
    TypeSection, ValType,
};
use wasmparser::Validator;

use crate::fuzz::{self, smoke};
use crate::golden::{ENGINE_FEATURES, corpus};

/// Fuzz target: any bytes are accepted with a report or refused at one of them, in words, in JSON, and twice alike.
pub fn upload(data: &[u8]) {
    let caps = Caps::default();
    let judged = validate(data, &caps);
    assert_eq!(judged, validate(data, &caps));
    match judged {
        Ok(report) => {
            assert!(report.limits.iter().all(|limit| limit.used <= limit.allowed));
            assert!(!report.to_string().is_empty());
            serde_json::to_string(&report).unwrap();
        }
        Err(violation) => {
            assert!(violation.offset <= data.len(), "{violation}");
            let text = violation.to_string();
            assert!((1..1_000).contains(&text.len()) && !text.contains(char::is_control), "{text:?}");
            serde_json::to_string(&violation).unwrap();
        }
    }
}

/// Fuzz target: what the validator accepts becomes a valid module within its size, the same twice, and accepted by neither again.
pub fn instrumenting(data: &[u8]) {
    let (caps, schedule) = (Caps::default(), Schedule::default());
    if validate(data, &caps).is_err() {
        return;
    }
    match admit(data, &caps, &schedule) {
        Ok(admitted) => {
            sound(&admitted.instrumented, caps.instrumented(data.len()));
            assert_eq!(
                Ok(admitted.instrumented.clone()),
                admit(data, &caps, &schedule).map(|a| a.instrumented).map_err(drop)
            );
            assert!(validate(&admitted.instrumented, &caps).is_err());
        }
        Err(CodeError::Refused(_)) => {}
        Err(CodeError::Fault(fault)) => panic!("{fault}"),
    }
}

/// Fuzz target: the bytes are choices of a generator, so that what is instrumented gets past the first section.
pub fn generated(data: &[u8]) {
    let config = wasm_smith::Config { allow_floats: false, ..wasm_smith::Config::default() };
    let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(data)) else { return };
    let (wasm, caps) = (module.to_bytes(), Caps { instrumented_factor: 100, ..Caps::default() });
    let Ok(report) = validate_as(&wasm, &caps, Interface::Any) else { return };
    match instrument(&wasm, &report, &Schedule::default(), &caps) {
        Ok(out) => sound(&out, caps.instrumented(wasm.len())),
        Err(CodeError::Refused(_)) => {}
        Err(CodeError::Fault(fault)) => panic!("{fault}"),
    }
}

fn sound(instrumented: &[u8], allowed: u64) {
    let valid = Validator::new_with_features(ENGINE_FEATURES).validate_all(instrumented);
    assert!(valid.is_ok(), "{}", valid.err().unwrap());
    assert!(instrumented.len() as u64 <= allowed);
}

fn answered(data: &[u8]) {
    upload(data);
    instrumenting(data);
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    fuzz::corpus("upload")
}

/// What the random changes start from.
fn all_seeds() -> Vec<Vec<u8>> {
    seeds().into_iter().chain(corpus()).map(|(_, bytes)| bytes).collect()
}

#[test]
fn changed_uploads_are_answered() {
    smoke("upload", upload, &all_seeds());
}

#[test]
fn changed_modules_are_instrumented_or_refused() {
    smoke("instrumenting", instrumenting, &all_seeds());
}

#[test]
fn generated_modules_are_instrumented_or_refused() {
    smoke("generated", generated, &all_seeds());
}

#[test]
fn the_corpus_of_the_upload_target_is_answered() {
    assert!(seeds().len() > 20);
    for (_, bytes) in seeds().into_iter().chain(corpus()) {
        upload(&bytes);
        instrumenting(&bytes);
        generated(&bytes);
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
        (0..bytes.len()).for_each(|end| answered(&bytes[..end]));
    }
}

#[test]
fn a_module_with_any_byte_changed_is_answered() {
    for (_, bytes) in corpus() {
        for at in 0..bytes.len() {
            for value in [0, 1, 0x0b, 0x7f, 0x80, 0xff, bytes[at].wrapping_add(1)] {
                let mut changed = bytes.clone();
                changed[at] = value;
                answered(&changed);
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

proptest! {
    #[test]
    fn any_bytes_are_answered(data in proptest::collection::vec(any::<u8>(), 0..512)) {
        answered(&data);
    }

    #[test]
    fn any_bytes_behind_a_header_are_answered(data in proptest::collection::vec(any::<u8>(), 0..512)) {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(&data);
        answered(&module);
    }

    #[test]
    fn any_bytes_as_the_body_of_a_function_are_answered(data in proptest::collection::vec(any::<u8>(), 0..200), locals in 0..9u32) {
        let raw = one_function(locals, |f| { f.raw(data.iter().copied()); });
        answered(&raw);
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
        answered(&module);
    }
}
