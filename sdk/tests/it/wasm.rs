//! The examples as a plain `cargo build` makes them: only what the node admits, and one spec however they are optimised.

use std::path::{Path, PathBuf};
use std::process::Command;

use coffer_abi::export::{LINKER_GLOBALS, MEMORY, MethodKind, SPEC_SECTION};
use coffer_abi::host::{HOST_FUNCTIONS, MODULE};
use coffer_abi::spec::Spec;
use wasmparser::{ExternalKind, Parser, Payload, Validator, WasmFeatures};

/// Bytes that the counter may have; a small contract is to stay small.
const COUNTER_LIMIT: usize = 8 * 1024;

/// Builds the examples with settings of the release profile, and reads the modules.
fn built(folder: &str, settings: &[(&str, &str)]) -> [Vec<u8>; 2] {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--locked", "--target", "wasm32v1-none"])
        .current_dir(contracts)
        .env("CARGO_TARGET_DIR", &target)
        .envs(settings.iter().copied())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "the examples do not build");
    let read = |name| std::fs::read(target.join("wasm32v1-none/release").join(name)).unwrap();
    [read("counter.wasm"), read("token.wasm")]
}

fn spec(module: &[u8]) -> Spec {
    let section = Parser::new(0).parse_all(module).find_map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) if section.name() == SPEC_SECTION => Some(section.data().to_vec()),
        _ => None,
    });
    Spec::from_section(&section.unwrap()).unwrap()
}

/// WebAssembly 1.0 with mutable globals and without floats; imports of the host table; exports of methods and the memory; no start.
fn is_admitted(module: &[u8]) {
    let features = WasmFeatures::MUTABLE_GLOBAL | WasmFeatures::GC_TYPES;
    Validator::new_with_features(features).validate_all(module).unwrap();
    let mut methods = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().map(Result::unwrap) {
                    assert_eq!(import.module, MODULE);
                    assert!(HOST_FUNCTIONS.iter().any(|known| known.name == import.name), "{}", import.name);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.into_iter().map(Result::unwrap) {
                    match export.kind {
                        ExternalKind::Memory => assert_eq!(export.name, MEMORY),
                        ExternalKind::Global => assert!(LINKER_GLOBALS.contains(&export.name), "{}", export.name),
                        ExternalKind::Func => {
                            methods.extend(MethodKind::of_export(export.name).map(|(_, m)| m.to_owned()))
                        }
                        other => panic!("{other:?} {}", export.name),
                    }
                }
            }
            Payload::MemorySection(memories) => {
                let memory = memories.into_iter().next().unwrap().unwrap();
                assert!(memory.initial <= 2, "the stack is {} pages: is .cargo/config.toml read?", memory.initial);
            }
            Payload::StartSection { .. } => panic!("there is a start function"),
            _ => {}
        }
    }
    let mut described: Vec<String> = spec(module).methods.into_iter().map(|method| method.name).collect();
    described.sort();
    methods.sort();
    assert_eq!(methods, described);
}

#[test]
fn the_examples_are_admitted_and_have_one_spec_however_they_are_optimised() {
    let small = built("wasm-small", &[]);
    let parted = built(
        "wasm-parted",
        &[
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            ("CARGO_PROFILE_RELEASE_STRIP", "none"),
        ],
    );
    for (small, parted) in small.iter().zip(&parted) {
        is_admitted(small);
        is_admitted(parted);
        assert_eq!(spec(small), spec(parted));
    }
    assert!(small[0].len() < COUNTER_LIMIT, "the counter has {} bytes, allowed are {COUNTER_LIMIT}", small[0].len());
    assert_eq!(spec(&small[0]).events.len(), 1);
    assert_eq!(spec(&small[1]).events.len(), 2);
}
