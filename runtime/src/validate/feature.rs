//! Which WebAssembly features a contract may use, and how a refused one is told. Invariant: the list is spelled out here; a feature
//! that a newer parser knows is off until it is added.

use wasmparser::{Operator, WasmFeatures};

use super::violation::Rule;

/// What contracts are made of: WebAssembly 1.0 without floats, with mutable globals, sign extension, `memory.copy` and `memory.fill`,
/// and table indices in more bytes than needed (rustc's linker writes them so).
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

/// Name of floating point in a [`Rule::Feature`]; the one feature no other target mends.
pub(super) const FLOATS: &str = "floats";
/// Name of more than one memory in a [`Rule::Feature`].
pub(super) const MEMORIES: &str = "multiple memories";
/// Name of more than one table in a [`Rule::Feature`].
pub(super) const TABLES: &str = "multiple tables";

const NAMES: [(WasmFeatures, &str); 24] = [
    (WasmFeatures::FLOATS, FLOATS),
    (WasmFeatures::SATURATING_FLOAT_TO_INT, FLOATS),
    (WasmFeatures::MULTI_VALUE, "multiple values"),
    (WasmFeatures::BULK_MEMORY, "bulk memory other than memory.copy and memory.fill"),
    (WasmFeatures::REFERENCE_TYPES, "reference types"),
    (WasmFeatures::SIMD, "vector (SIMD) operations"),
    (WasmFeatures::RELAXED_SIMD, "relaxed vector (SIMD) operations"),
    (WasmFeatures::THREADS, "threads and atomics"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "threads and atomics"),
    (WasmFeatures::TAIL_CALL, "tail calls"),
    (WasmFeatures::MULTI_MEMORY, MEMORIES),
    (WasmFeatures::EXCEPTIONS, "exceptions"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "exceptions"),
    (WasmFeatures::MEMORY64, "64-bit memories"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::EXTENDED_CONST, "extended constant expressions"),
    (WasmFeatures::COMPONENT_MODEL, "components"),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::GC, "garbage collected types"),
    (WasmFeatures::GC_TYPES, "garbage collected types"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
];

/// The rule behind an error of the parser or the validator. `operator` is the one it was found at, inside a function.
pub(super) fn rule_of(error: &wasmparser::Error, operator: Option<&Operator<'_>>) -> Rule {
    let feature = error.missing_wasm_feature().map(|missing| {
        NAMES.iter().find(|(flag, _)| missing.contains(*flag)).map_or("features outside of the list", |(_, name)| name)
    });
    match feature {
        Some(feature) => Rule::Feature { feature, operation: operator.map_or_else(|| words(error), operator_name) },
        None => Rule::Malformed { cause: words(error) },
    }
}

/// What the validator says, which may quote names of the module: cut, and on one line.
fn words(error: &wasmparser::Error) -> String {
    const LONGEST: usize = 300;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    error.message().chars().take(LONGEST).map(printable).collect()
}

/// True for an operator that reads, makes or moves a float. The validator lets some of them pass in code that never runs.
pub(super) fn is_float(operator: &Operator<'_>) -> bool {
    macro_rules! operators {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => const { names_float(stringify!($visit)) },)*
                _ => false,
            }
        };
    }
    wasmparser::for_each_visit_operator!(operators)
}

const fn names_float(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i + 2 < bytes.len() {
        if matches!((bytes[i], bytes[i + 1], bytes[i + 2]), (b'f', b'3', b'2') | (b'f', b'6', b'4')) {
            return true;
        }
        i += 1;
    }
    false
}

/// Name of an operator as the text format writes it.
pub(super) fn operator_name(operator: &Operator<'_>) -> String {
    const GROUPS: [&str; 22] = [
        "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "memory", "table",
        "local", "global", "ref", "data", "elem", "struct", "array", "any", "i31",
    ];
    let debug = format!("{operator:?}");
    let mut name = String::new();
    for c in debug.chars().take_while(char::is_ascii_alphanumeric) {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    match name.split_once('_') {
        Some((group, rest)) if GROUPS.contains(&group) => format!("{group}.{rest}"),
        _ => name,
    }
}
