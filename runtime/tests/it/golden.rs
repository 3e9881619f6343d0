//! Golden corpus of the meter: fixed modules give fixed instrumented bytes and fixed gas. `golden/NAME.wat` goes in,
//! `golden/NAME.metered.wat` is what the pass made of it (the hash in its first line is of the bytes), and `golden/gas.txt` tells how
//! `call main` ends. `BLESS=1 cargo test -p coffer-runtime --test it golden` writes them anew.
//! Invariant: a difference here is a network upgrade; it never comes with another change.

use std::fmt::Write as _;
use std::path::PathBuf;

use coffer_abi::export::MethodKind;
use coffer_abi::{Gas, Status, TrapKind};
use coffer_runtime::meter::{PASS_VERSION, Schedule, instrument};
use coffer_runtime::{Call, Caps, MemoryState, validate};
use wasmparser::{Validator, WasmFeatures};

use crate::support::{Contract, call};

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

fn main_with(gas: u64) -> Call<'static> {
    Call { gas_limit: Gas(gas), ..call(MethodKind::Call, "main", &[]) }
}

#[test]
fn fixed_modules_use_fixed_gas_on_every_backend() {
    let mut text =
        format!("# How `call main` ends with {GAS_LIMIT} gas, and the gas it uses; answers in hexadecimal.\n");
    for (name, wasm) in corpus() {
        let executed = Contract::wasm(&wasm).execute(&main_with(GAS_LIMIT), &MemoryState::default());
        let status = match executed.status {
            Status::Ok(answer) => format!("Ok {}", hex::encode(answer)),
            status => format!("{status:?}"),
        };
        writeln!(text, "{name:<30}{:>10}  {status}", executed.gas_used.0).unwrap();
    }
    golden("gas.txt", &text);
}

#[test]
fn exactly_the_gas_it_uses_suffices_for_each_module_and_one_less_does_not() {
    let mut exact = 0;
    for (name, wasm) in corpus() {
        let contract = Contract::wasm(&wasm);
        let run = |gas: u64| contract.execute(&main_with(gas), &MemoryState::default());
        let whole = run(GAS_LIMIT);
        match whole.status {
            Status::OutOfGas | Status::Refused(_) => continue,
            // The count is lost: whatever is given is used.
            Status::Trapped(TrapKind::MemoryOutOfBounds) => {
                assert_eq!(
                    (whole.gas_used, run(GAS_LIMIT - 1).gas_used),
                    (Gas(GAS_LIMIT), Gas(GAS_LIMIT - 1)),
                    "{name}"
                );
                continue;
            }
            _ => {}
        }
        let used = whole.gas_used;
        assert_eq!(run(used.0), whole, "{name} with what it uses");
        let short = run(used.0 - 1);
        assert_eq!((short.status, short.gas_used), (Status::OutOfGas, Gas(used.0 - 1)), "{name} with one less");
        exact += 1;
    }
    assert!(exact > 50, "{exact} modules");
}
