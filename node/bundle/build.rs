//! Builds the system contracts with cargo in their own workspace, as anybody else would, or takes modules that are there already. Invariant: nothing
//! of the build that this one is part of reaches theirs, so that its profile, flags and wrappers do not change the modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32v1-none";
const NAMES: [&str; 5] = ["budget", "network", "permission", "programmes", "vault"];
/// Names a folder with modules that are built already: `budget.wasm` and so on. From the root of the repository, unless it is absolute.
const GIVEN: &str = "COFFER_SYSTEM_CONTRACTS";
/// What the modules are made of, from the root of the repository.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "rust-toolchain.toml",
    "contracts/Cargo.toml",
    "contracts/Cargo.lock",
    "contracts/.cargo",
    "sdk/Cargo.toml",
    "sdk/src",
    "sdk/macros/Cargo.toml",
    "sdk/macros/src",
    "runtime/abi/Cargo.toml",
    "runtime/abi/src",
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            why.lines().for_each(|line| println!("cargo::error={line}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let given = std::env::var_os(GIVEN).filter(|folder| !folder.is_empty()).map(|folder| root.join(folder));
    let folder = given.clone().map_or_else(|| built(&root), Ok)?;
    let out = variable("OUT_DIR")?;
    for name in NAMES {
        let file = folder.join(format!("{name}.wasm"));
        // Those that were built follow from their sources; others who build there must not set this off.
        if given.is_some() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let code = fs::read(&file).map_err(|error| {
            format!(
                "cannot read the system contract {}: {error}; {GIVEN} names a folder with all of: {NAMES:?}",
                file.display()
            )
        })?;
        if !code.starts_with(b"\0asm") {
            return Err(format!("the system contract {} is no WebAssembly module", file.display()));
        }
        let place = out.join(format!("{name}.wasm"));
        fs::write(&place, code).map_err(|error| format!("cannot write {}: {error}", place.display()))?;
    }
    Ok(())
}

fn variable(name: &str) -> Result<PathBuf, String> {
    std::env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {name}"))
}

/// The folder that the modules are in, built if a source is newer.
fn built(root: &Path) -> Result<PathBuf, String> {
    let contracts = root.join("contracts");
    let own = NAMES.iter().flat_map(|name| ["Cargo.toml", "src"].map(|part| format!("contracts/{name}/{part}")));
    for source in SOURCES.map(String::from).into_iter().chain(own) {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let missing = format!(
        "the system contracts are built for {TARGET}, which this Rust toolchain lacks; add it with `rustup target add {TARGET}`, \
         or name a folder of modules that are built already in {GIVEN}"
    );
    let libraries = said(command("rustc", &contracts).args(["--print", "target-libdir", "--target", TARGET]), "rustc");
    if !libraries.is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Err(missing);
    }
    let target = contracts.join("target");
    let mut cargo = command("cargo", &contracts);
    cargo.args(["build", "--locked", "--quiet", "--release", "--target", TARGET, "--target-dir"]).arg(&target);
    for name in NAMES {
        cargo.args(["--package", name]);
    }
    said(&mut cargo, "the system contracts do not build: cargo")?;
    Ok(target.join(TARGET).join("release"))
}

/// A program by its name, not by the path that cargo gives: another toolchain may stand in front of it in PATH. As a person would start it in
/// `folder`, but that it shares the outer cargo's processors.
fn command(program: &str, folder: &Path) -> Command {
    let kept = ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET_OFFLINE", "RUSTUP_HOME", "RUSTUP_AUTO_INSTALL"];
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_cargos = text.starts_with("CARGO") || text.starts_with("RUST") || text.starts_with("CLIPPY");
        if is_cargos && !kept.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    command.current_dir(folder);
    command
}

/// What a program says, if it succeeds.
fn said(command: &mut Command, what: &str) -> Result<String, String> {
    let done = command.output().map_err(|error| format!("cannot start {what}: {error}"))?;
    if !done.status.success() {
        return Err(format!("{what} failed:\n{}", String::from_utf8_lossy(&done.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
