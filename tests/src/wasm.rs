//! Modules by hand, for what no honest contract does: loops without end, views that write, code that breaks a rule.

use coffer_abi::export::{MethodKind, SPEC_SECTION};
use coffer_abi::spec::{Method, Spec, StorageField, Type};

/// Imports of every module made here, and the memory.
const OPENING: &str = r#"
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $storage_set (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (func $done (call $output (i32.const 0) (i32.const 0)))
    (func (export "init") (call $done))
"#;

/// A contract with an empty `init` and these methods, none of which takes arguments or returns anything. `functions` is WebAssembly
/// text; each method is an exported function, and `(call $done)` sets its empty result.
///
/// # Panics
/// When the text is no WebAssembly.
pub fn contract(methods: &[(MethodKind, &str)], functions: &str) -> Vec<u8> {
    module(methods, &format!("{OPENING}{functions}"))
}

/// The same with everything in `functions`, imports and memory too.
///
/// # Panics
/// As [`contract`].
pub fn module(methods: &[(MethodKind, &str)], functions: &str) -> Vec<u8> {
    described(spec(methods), functions)
}

/// As [`contract`], and its spec says that it stores these fields.
///
/// # Panics
/// As [`contract`].
pub fn storing(storage: Vec<StorageField>, methods: &[(MethodKind, &str)], functions: &str) -> Vec<u8> {
    described(Spec { storage, ..spec(methods) }, &format!("{OPENING}{functions}"))
}

fn described(spec: Spec, functions: &str) -> Vec<u8> {
    with_section(&plain(functions), SPEC_SECTION, &spec.to_section())
}

/// A module with a custom section more.
pub fn with_section(module: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    leb(name.len(), &mut body);
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    let mut wasm = module.to_vec();
    wasm.push(0);
    leb(body.len(), &mut wasm);
    wasm.extend_from_slice(&body);
    wasm
}

/// A module without a spec.
///
/// # Panics
/// As [`contract`].
pub fn plain(functions: &str) -> Vec<u8> {
    let text = format!("(module {functions})");
    wat::parse_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn spec(methods: &[(MethodKind, &str)]) -> Spec {
    let init = [(MethodKind::Init, "init")];
    let methods = init.iter().chain(methods).map(|(kind, name)| Method {
        name: (*name).into(),
        kind: *kind,
        docs: String::new(),
        args: Vec::new(),
        result: Type::Unit,
        error: None,
    });
    Spec { abi: coffer_abi::ABI_VERSION, name: "Sample".into(), methods: methods.collect(), ..Spec::default() }
}

/// Appends a length as LEB128.
fn leb(mut n: usize, to: &mut Vec<u8>) {
    while n >= 0x80 {
        to.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}
