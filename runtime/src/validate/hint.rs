//! What mends a module, told by what is wrong with it: the compiler's flag, the target, the dependency to look at.
//! Invariant: every hint names something its reader can do.

use coffer_abi::host::MODULE;

use super::feature;

/// For a WebAssembly feature that contracts may not use.
pub(super) fn feature(feature: &str) -> &'static str {
    match feature {
        feature::FLOATS => {
            "use integers or fixed point, in dependencies too: floats give other bits on other machines. Formatting and parsing of numbers \
            with a fraction count as well"
        }
        feature::COMPONENTS => {
            "upload the core module that rustc writes for --target wasm32v1-none, not a component made of it"
        }
        feature::THREADS => "build with --target wasm32v1-none and without -C target-feature=+atomics",
        _ => "build with --target wasm32v1-none and without -C target-feature and -C target-cpu",
    }
}

/// For an import the host does not have, given as kind, module and name.
pub(super) fn import(import: &str) -> &'static str {
    const OURS: &str = "coffer_";
    let module = import.split('"').nth(1).unwrap_or_default();
    match import.split(' ').next() {
        Some("memory") => "link without -C link-arg=--import-memory",
        Some("table") => "link without -C link-arg=--import-table",
        _ if module == MODULE => "build with the coffer-sdk of this ABI version; the host has no function of that name",
        _ if module.starts_with(OURS) => "build with the coffer-sdk of ABI version 1",
        _ if module.starts_with("wasi") => {
            "build with --target wasm32v1-none: WASI is an operating system, which no contract has"
        }
        _ if module.starts_with("__wbindgen") || module == "wbg" => {
            "a dependency expects a browser: switch off its `js` or `wasm-bindgen` feature (getrandom, chrono and uuid have one)"
        }
        Some("function") => {
            "a function is declared extern and nothing defines it: a dependency with C code, or a target other than wasm32v1-none"
        }
        _ => "build with --target wasm32v1-none and link with rustc's own linker and default arguments",
    }
}

/// For an export that contracts may not have, given as kind and name.
pub(super) fn export(export: &str) -> &'static str {
    let (kind, name) = export.split_once(' ').unwrap_or((export, ""));
    let name = name.trim_matches('"');
    match kind {
        "function" if matches!(name, "_start" | "main" | "__main_void") => {
            "build a library with crate-type = [\"cdylib\"], not a program"
        }
        "function" if name.starts_with("call ") || name.starts_with("view ") => {
            "a method's name is 1 to 64 characters of a to z, 0 to 9 and _, the first a letter; let #[contract] write the export"
        }
        "function" => {
            "make it a method of the #[contract], or drop its #[no_mangle] or #[export_name], in a dependency too"
        }
        "table" => "link without -C link-arg=--export-table",
        "memory" => "export one memory, under the name memory only",
        _ => "link with rustc's own linker and default arguments",
    }
}

/// For bytes that are no valid module, given what the parser says.
pub(super) fn malformed(cause: &str) -> &'static str {
    if cause.starts_with(feature::NO_MAGIC) {
        "the file is not WebAssembly: upload the .wasm that `coffer contract build` names, not its text and not a native library"
    } else if cause.contains("end-of-file") || cause.contains("unexpected end") {
        "the file is cut off; build or copy it again"
    } else {
        "upload the .wasm file as rustc wrote it; if a tool worked on it since, leave the tool out"
    }
}
