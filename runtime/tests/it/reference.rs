//! Our validator against a reference: wasmparser's own validator in the same configuration, floats found by name, caps counted after the
//! whole module was read. wasm-smith makes the modules; half of them are then damaged, and half are judged by tight caps.
//! `COFFER_SMITH_SEED`, `COFFER_SMITH_FIRST` and `COFFER_SMITH_COUNT` choose which; docs/TESTING.md has the command for a long run.
//! Invariant: both accept the same modules, and where one cap or one feature is the only fault, ours names it.

mod counted;

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use coffer_runtime::Interface;
use coffer_runtime::validate::{Rule, validate_as};
use wasm_smith::{Config, Module};
use wasmparser::{Validator, WasmFeatures};

use crate::fuzz::number;
use counted::{count, names_a_float, tight};

/// What a contract may use, taken from the published sets: the first version of WebAssembly less floats, and what was added to it.
const REFERENCE: WasmFeatures = WasmFeatures::WASM1
    .difference(WasmFeatures::FLOATS)
    .difference(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

/// How the reference judges.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// No valid module of these features.
    Invalid(String),
    /// Valid, but above these caps.
    Above(Vec<&'static str>),
}

fn reference(wasm: &[u8], caps: &coffer_abi::Caps) -> Verdict {
    if let Err(error) = Validator::new_with_features(REFERENCE).validate_all(wasm) {
        return Verdict::Invalid(error.to_string());
    }
    if let Some(operator) = names_a_float(wasm) {
        return Verdict::Invalid(format!("{operator} in code that never runs"));
    }
    let counts = count(wasm, REFERENCE);
    let limits = coffer_runtime::validate::limits(caps);
    let allowed = |name: &str| limits.iter().find(|(limit, _)| *limit == name).expect("a cap of that name").1;
    let above: Vec<_> = counts.into_iter().filter(|(name, used)| *used > allowed(name)).map(|(name, _)| name).collect();
    if above.is_empty() { Verdict::Accepted } else { Verdict::Above(above) }
}

/// Bytes for all choices of one module.
fn choices(seed: u64, number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 6 * 1024];
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"reference").update(&seed.to_le_bytes()).update(&number.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// Module `number`: of the features of a contract, of any features, or with functions that are not valid; damaged or not.
fn module(choices: &[u8]) -> Vec<u8> {
    let (shape, rest) = choices.split_at(8);
    let mut u = Unstructured::new(rest);
    let mut config = match shape[0] % 8 {
        0 => u.arbitrary::<Config>().unwrap_or_default(),
        kind => Config {
            allow_floats: kind == 1,
            allow_invalid_funcs: kind == 2,
            multi_value_enabled: kind == 3,
            bulk_memory_enabled: kind == 4,
            generate_custom_sections: kind == 5,
            sign_extension_ops_enabled: true,
            exceptions_enabled: false,
            extended_const_enabled: false,
            gc_enabled: false,
            memory64_enabled: false,
            reference_types_enabled: kind == 3,
            relaxed_simd_enabled: false,
            saturating_float_to_int_enabled: false,
            simd_enabled: false,
            tail_call_enabled: false,
            threads_enabled: false,
            ..Config::default()
        },
    };
    config.max_instructions = 10 + usize::from(shape[1]);
    config.max_funcs = config.max_funcs.min(1 + usize::from(shape[2] % 32));
    config.max_memory32_bytes = config.max_memory32_bytes.min(80 << 16);
    config.min_uleb_size = 1 + shape[3] % 2 * (shape[3] / 64);
    config.max_table_elements = 5_000;
    config.max_imports = config.max_imports.min(16);
    let mut wasm = Module::new(config, &mut u).map(|module| module.to_bytes()).unwrap_or_default();
    for damage in shape[4..].chunks(2).take(usize::from(shape[5] % 8).saturating_sub(5)) {
        if !wasm.is_empty() {
            let at = usize::from(u16::from_le_bytes([damage[0], damage[1]])) * 7 % wasm.len();
            wasm[at] ^= 1 << (damage[1] % 8);
        }
    }
    wasm
}

#[test]
fn generated_modules_are_judged_as_the_reference_judges_them() {
    let seed = number("COFFER_SMITH_SEED", 20_261);
    let (first, count) = (number("COFFER_SMITH_FIRST", 0), number("COFFER_SMITH_COUNT", 2_500));
    println!("COFFER_SMITH_SEED={seed} COFFER_SMITH_FIRST={first} COFFER_SMITH_COUNT={count}");
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for number in first..first + count {
        let choices = choices(seed, number);
        let wasm = module(&choices);
        let caps = if choices[0] & 0x80 == 0 { tight(&choices[8..]) } else { coffer_abi::Caps::default() };
        let (ours, reference) = (validate_as(&wasm, &caps, Interface::Any), reference(&wasm, &caps));
        let context =
            || format!("COFFER_SMITH_SEED={seed} COFFER_SMITH_FIRST={number} COFFER_SMITH_COUNT=1: {reference:?}");
        let verdict = match (&ours, &reference) {
            (Ok(_), Verdict::Accepted) => "accepted".to_owned(),
            (Err(violation), Verdict::Above(caps)) => match violation.rule {
                Rule::Cap { name, .. } => {
                    assert!(caps.contains(&name), "{}, ours {violation}", context());
                    format!("above a cap: {name}")
                }
                _ => panic!("{}, ours {violation}", context()),
            },
            // The first fault in the order of the bytes is told; a cap may be passed in front of it.
            (Err(violation), Verdict::Invalid(_)) => match &violation.rule {
                Rule::Cap { .. } => "invalid, and above a cap".to_owned(),
                Rule::Feature { feature, .. } => format!("feature: {feature}"),
                Rule::Malformed { .. } => "invalid".to_owned(),
                other => panic!("{}, ours {other}", context()),
            },
            _ => panic!("{}, ours {ours:?}", context()),
        };
        *verdicts.entry(verdict).or_default() += 1;
    }
    println!("{count} modules: {verdicts:#?}");
    if count >= 2_000 {
        let of = |verdict: &str| verdicts.iter().filter(|(name, _)| name.starts_with(verdict)).map(|(_, n)| n).sum();
        for verdict in ["accepted", "above a cap", "feature", "invalid"] {
            let times: u64 = of(verdict);
            assert!(times >= count / 20, "{times} of {count} {verdict}: too few to mean anything");
        }
    }
}
