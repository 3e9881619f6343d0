//! Which WebAssembly features a contract may use, and how a refused one is told. Invariant: the list is spelled out here; a feature
//! that a newer parser knows is off until it is added.

use coffer_abi::Features;
use wasmparser::{Operator, WasmFeatures};

use super::violation::Rule;

/// What a chain may allow at most, and so what pass and engine must know: WebAssembly 1.0 without floats, with mutable globals, sign
/// extension, `memory.copy` and `memory.fill`, and table indices in more bytes than needed (rustc's linker writes them so).
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

const OPTIONAL: [(Features, WasmFeatures); 4] = [
    (Features::MUTABLE_GLOBALS, WasmFeatures::MUTABLE_GLOBAL),
    (Features::SIGN_EXTENSION, WasmFeatures::SIGN_EXTENSION),
    (Features::COPY_AND_FILL, WasmFeatures::BULK_MEMORY_OPT),
    (Features::LONG_TABLE_INDICES, WasmFeatures::CALL_INDIRECT_OVERLONG),
];

/// The parser's words for what a chain allows.
pub(super) fn allowed(features: Features) -> WasmFeatures {
    let chosen = OPTIONAL.iter().filter(|(feature, _)| features.contains(*feature));
    chosen.fold(WasmFeatures::empty(), |all, (_, flag)| all.union(*flag))
}

/// Name of floating point in a [`Rule::Feature`]; the one feature no other target mends.
pub(super) const FLOATS: &str = "floats";
/// Name of the component model in a [`Rule::Feature`].
pub(super) const COMPONENTS: &str = "components";
/// Name of shared memories and atomic operations in a [`Rule::Feature`].
pub(super) const THREADS: &str = "threads and atomics";
/// Name of more than one memory in a [`Rule::Feature`].
pub(super) const MEMORIES: &str = "multiple memories";
/// Name of a table's index in more bytes than it needs in a [`Rule::Feature`].
const LONG_INDICES: &str = "over-long table indices";
/// Name of more than one table in a [`Rule::Feature`].
pub(super) const TABLES: &str = "multiple tables";

const NAMES: [(WasmFeatures, &str); 28] = [
    (WasmFeatures::FLOATS, FLOATS),
    (WasmFeatures::SATURATING_FLOAT_TO_INT, FLOATS),
    (WasmFeatures::MULTI_VALUE, "multiple values"),
    (WasmFeatures::BULK_MEMORY, "bulk memory other than memory.copy and memory.fill"),
    (WasmFeatures::REFERENCE_TYPES, "reference types"),
    (WasmFeatures::SIMD, "vector (SIMD) operations"),
    (WasmFeatures::RELAXED_SIMD, "relaxed vector (SIMD) operations"),
    (WasmFeatures::THREADS, THREADS),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, THREADS),
    (WasmFeatures::TAIL_CALL, "tail calls"),
    (WasmFeatures::MULTI_MEMORY, MEMORIES),
    (WasmFeatures::EXCEPTIONS, "exceptions"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "exceptions"),
    (WasmFeatures::MEMORY64, "64-bit memories"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::EXTENDED_CONST, "extended constant expressions"),
    (WasmFeatures::COMPONENT_MODEL, COMPONENTS),
    (WasmFeatures::FUNCTION_REFERENCES, "typed function references"),
    (WasmFeatures::GC, "garbage collected types"),
    (WasmFeatures::GC_TYPES, "garbage collected types"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
    // Parts of features above, so behind them.
    (WasmFeatures::MUTABLE_GLOBAL, "mutable globals in imports and exports"),
    (WasmFeatures::SIGN_EXTENSION, "sign extension operations"),
    (WasmFeatures::BULK_MEMORY_OPT, "memory.copy and memory.fill"),
    (WasmFeatures::CALL_INDIRECT_OVERLONG, LONG_INDICES),
];

/// The rule behind an error of the parser or the validator. `operator` is the one it was found at, inside a function.
pub(super) fn rule_of(error: &wasmparser::Error, operator: Option<&Operator<'_>>) -> Rule {
    let feature = error.missing_wasm_feature().map(|missing| {
        NAMES.iter().find(|(flag, _)| missing.contains(*flag)).map_or("features outside of the list", |(_, name)| name)
    });
    match feature {
        Some(feature) => {
            let found = || if feature == FLOATS { "a value of type f32 or f64".into() } else { words(error) };
            Rule::Feature { feature, operation: operator.map_or_else(found, operator_name) }
        }
        None => Rule::Malformed { cause: words(error) },
    }
}

/// The rule behind an error of the parser while it reads an operator. It does not say which feature a table's index lacks.
pub(super) fn rule_of_reading(error: &wasmparser::Error, features: WasmFeatures) -> Rule {
    if error.message() == "zero byte expected" && !features.contains(WasmFeatures::CALL_INDIRECT_OVERLONG) {
        return Rule::Feature { feature: LONG_INDICES, operation: "call_indirect".into() };
    }
    rule_of(error, None)
}

/// What the validator says, which may quote names of the module: cut, and on one line.
fn words(error: &wasmparser::Error) -> String {
    const LONGEST: usize = 300;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    // What follows is for those who configure the parser.
    let message = error.message().split(", note:").next().unwrap_or_default();
    let message = if message.starts_with(NO_MAGIC) { NO_MAGIC } else { message };
    message.chars().take(LONGEST).map(printable).collect()
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

/// How the parser begins to say that the first bytes are not WebAssembly's; the bytes themselves follow.
pub(super) const NO_MAGIC: &str = "magic header not detected";

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
    let name = name.replace("atomic_rmw_", "atomic.rmw.").replace("atomic_", "atomic.");
    match name.split_once('_') {
        Some((group, rest)) if GROUPS.contains(&group) => format!("{group}.{rest}"),
        _ => name,
    }
}
