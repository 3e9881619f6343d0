//! The verifier as a Wasm module, run by an interpreter over the committed vectors beside the same code of the host.
//! Invariant: the module has no imports, so its verdicts depend on the question alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use wasmi::{Engine, Linker, Module, Store};

use crate::vectors::cases;
use crate::verdict::verdict;

/// Builds the module as its users would, in a folder of its own: the one of the running test is locked.
fn module() -> Vec<u8> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verifier");
    let arguments = ["build", "--locked", "--quiet", "--release", "--target", "wasm32v1-none", "-p", "coffer-proof"];
    let mut cargo = Command::new("cargo");
    // Flags of the running test (coverage, sanitizers) are not for Wasm.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).args(["--example", "verifier", "--target-dir"]);
    // A module for use: the workspace's own release build keeps line tables.
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "false").env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "true");
    let status = cargo.arg(&target).status().expect("cargo runs");
    assert!(status.success(), "the verifier does not build; is the target there? rustup target add wasm32v1-none");
    let module: PathBuf = target.join("wasm32v1-none/release/examples/verifier.wasm");
    std::fs::read(module).expect("the module")
}

#[test]
fn a_wasm_module_comes_to_the_same_verdicts() {
    let engine = Engine::default();
    let wasm = module();
    println!("the verifier is {} bytes of Wasm", wasm.len());
    let module = Module::new(&engine, &wasm).expect("a module");
    assert_eq!(module.imports().count(), 0, "it needs nothing but its memory");
    let mut store = Store::new(&engine, ());
    let instance = Linker::<()>::new(&engine).instantiate_and_start(&mut store, &module).expect("an instance");
    let memory = instance.get_memory(&store, "memory").expect("its memory");
    let input = instance.get_typed_func::<(), u32>(&store, "input").unwrap().call(&mut store, ()).unwrap();
    let output = instance.get_typed_func::<(), u32>(&store, "output").unwrap().call(&mut store, ()).unwrap();
    let check = instance.get_typed_func::<u32, u32>(&store, "check").unwrap();
    let mut proved = 0;
    for case in cases() {
        for question in case.questions() {
            memory.write(&mut store, input as usize, &question).unwrap();
            let length = check.call(&mut store, question.len() as u32).unwrap();
            let mut text = vec![0; length as usize];
            memory.read(&store, output as usize, &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text, verdict(&question), "{}", case.name);
            proved += usize::from(text.starts_with("proved at "));
        }
    }
    assert_eq!(proved, 10, "five proofs in two forms each");
}
