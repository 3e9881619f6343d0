//! Golden corpus of the meter: fixed modules give fixed instrumented bytes and fixed gas. `golden/NAME.wat` goes in,
//! `golden/NAME.metered.wat` is what the pass made of it (the hash in its first line is of the bytes), and `golden/gas.txt` tells how
//! `call main` ends. `BLESS=1 cargo test -p coffer-runtime --test it golden` writes them anew.
//! Invariant: a difference here is a network upgrade; it never comes with another change.

use std::fmt::Write as _;
use std::path::PathBuf;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Height, StateId, Time};
use coffer_runtime::meter::{PASS_VERSION, Schedule, instrument};
use coffer_runtime::{Backend, BlockContext, Call, Caps, Config, MemoryState, Runtime, validate};
use wasmparser::{Validator, WasmFeatures};

/// What the engine reads, unlike what is uploaded: table indices of one byte, and host functions that return gas beside their result.
pub const ENGINE_FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::MULTI_VALUE);

const GAS_LIMIT: u64 = 10_000_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

/// Name and bytes of every module, by name.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut modules: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_str()?.strip_suffix(".wat")?.to_owned();
            (!name.ends_with(".metered")).then(|| (name, wat::parse_file(&path).unwrap()))
        })
        .collect();
    modules.sort();
    assert!(modules.len() >= 50);
    modules
}

fn instrumented(wasm: &[u8]) -> Vec<u8> {
    let caps = Caps::default();
    let report = validate(wasm, &caps).unwrap();
    instrument(wasm, &report, &Schedule::V1, &caps).unwrap()
}

/// Compares with a committed file, or writes it.
fn golden(file: &str, found: &str) {
    let path = folder().join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, found).unwrap();
    } else {
        let expected = std::fs::read_to_string(path).unwrap_or_default();
        assert!(expected == found, "{file} differs; expected:\n{expected}\nfound:\n{found}");
    }
}

#[test]
fn fixed_modules_give_fixed_instrumented_bytes() {
    for (name, wasm) in corpus() {
        let out = instrumented(&wasm);
        let mut text = format!(";; pass {PASS_VERSION}, schedule {}, ", Schedule::V1.version);
        writeln!(text, "{} -> {} bytes, blake3 {}", wasm.len(), out.len(), blake3::hash(&out)).unwrap();
        text += &wasmprinter::print_bytes(&out).unwrap();
        golden(&format!("{name}.metered.wat"), &text);
    }
}

#[test]
fn instrumented_modules_are_valid_for_the_engine() {
    for (name, wasm) in corpus() {
        let out = instrumented(&wasm);
        let valid = Validator::new_with_features(ENGINE_FEATURES).validate_all(&out);
        assert!(valid.is_ok(), "{name}: {}", valid.err().unwrap());
    }
}

#[test]
fn instrumentation_is_deterministic() {
    for (name, wasm) in corpus() {
        assert_eq!(instrumented(&wasm), instrumented(&wasm), "{name}");
    }
}

#[test]
fn an_instrumented_module_is_not_instrumented_again() {
    for (name, wasm) in corpus() {
        let refused = validate(&instrumented(&wasm), &Caps::default()).unwrap_err();
        // Types come first, and those of host functions have a result more by then.
        let imports = validate(&wasm, &Caps::default()).unwrap().imports;
        let expected = if imports.is_empty() { &["reserved"][..] } else { &["imported as", "multiple values"] };
        assert!(expected.iter().any(|expected| refused.to_string().contains(expected)), "{name}: {refused}");
    }
}

#[test]
fn fixed_modules_use_fixed_gas_on_every_backend() {
    let mut texts = Vec::new();
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = Runtime::new(Config { backend, slots: 1, ..Config::default() }).unwrap();
        let mut text = format!("# How `call main` ends with {GAS_LIMIT} gas, and the gas it uses.\n");
        for (name, wasm) in corpus() {
            let code = runtime.prepare(&wasm).unwrap();
            let call = Call {
                kind: MethodKind::Call,
                method: "main",
                input: &[],
                contract: ContractId([1; 32]),
                state_id: StateId([2; 32]),
                caller: AccountId([3; 32]),
                origin: AccountId([3; 32]),
                block: BlockContext { height: Height(7), time: Time(8), chain_id: Hash([4; 32]) },
                seed: Hash([5; 32]),
                gas_limit: Gas(GAS_LIMIT),
            };
            let executed = runtime.execute(&code, &call, &MemoryState::default()).unwrap();
            writeln!(text, "{name:<24}{:>10}  {:?}", executed.gas_used.0, executed.status).unwrap();
        }
        texts.push(text);
    }
    assert_eq!(texts[0], texts[1]);
    golden("gas.txt", &texts[0]);
}
