//! The examples as a plain `cargo build` makes them: only what the node admits, and one spec however they are optimised.

use std::path::{Path, PathBuf};
use std::process::Command;

use coffer_abi::export::{LINKER_GLOBALS, MEMORY, REENTRANT, SPEC_SECTION};
use coffer_abi::host::{HOST_FUNCTIONS, MODULE};
use coffer_abi::spec::Spec;
use wasmparser::{ExternalKind, Parser, Payload, Validator, WasmFeatures};

/// Bytes that the counter may have; a small contract is to stay small.
const COUNTER_LIMIT: usize = 8 * 1024;

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts")
}

/// Builds the examples with settings of the release profile, and reads the modules.
fn built(folder: &str, settings: &[(&str, &str)]) -> [Vec<u8>; 3] {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--locked", "--target", "wasm32v1-none"])
        .current_dir(contracts())
        .env("CARGO_TARGET_DIR", &target)
        .envs(settings.iter().copied())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "the examples do not build");
    let read = |name| std::fs::read(target.join("wasm32v1-none/release").join(name)).unwrap();
    [read("counter.wasm"), read("token.wasm"), read("splitter.wasm")]
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
    let (mut methods, mut marked) = (Vec::new(), Vec::new());
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
                        ExternalKind::Func => match export.name.strip_prefix(REENTRANT) {
                            Some(method) => marked.push(method.to_owned()),
                            None => methods.push(export.name.to_owned()),
                        },
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
    let mut described: Vec<String> = spec(module).methods.iter().map(|m| m.kind.export(&m.name)).collect();
    described.sort();
    methods.sort();
    assert_eq!(methods, described);
    assert!(marked.iter().all(|method| methods.contains(method)), "{marked:?}");
}

/// Names of the host functions that a module imports.
fn imports(module: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload.unwrap() {
            names.extend(imports.into_imports().map(|import| import.unwrap().name.to_owned()));
        }
    }
    names
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
    let of_calls = |name: &String| ["call", "view", "create"].contains(&name.as_str());
    assert!(
        !small[..2].iter().flat_map(|module| imports(module)).any(|name| of_calls(&name)),
        "none is paid for in vain"
    );
    assert_eq!(imports(&small[2]).iter().filter(|name| of_calls(name)).count(), 3);
    is_what_the_splitter_imports(&spec(&small[1]));
}

/// The spec of the token that is kept beside the splitter is the token's. `BLESS=1` writes it anew.
fn is_what_the_splitter_imports(token: &Spec) {
    let path = contracts().join("examples/splitter/token.spec");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, token.to_section()).unwrap();
    }
    let kept = Spec::from_section(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(&kept, token, "the token has changed; BLESS=1 writes {} anew", path.display());
}
