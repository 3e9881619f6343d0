//! Builds the contracts the peers run and tells the program where they are: the example token, the compute loops and the large
//! module for `wasm32v1-none`, and CosmWasm's token with a standard library of its own. Invariant: nothing is taken from outside
//! the lock files.

use std::path::{Path, PathBuf};
use std::process::Command;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("contracts");
    let examples = here.join("../../contracts");
    let contracts = here.join("contracts");
    for path in ["build.rs", "contracts", "../../contracts/examples/token/src", "../../sdk", "../../runtime/abi"] {
        println!("cargo::rerun-if-changed={}", here.join(path).display());
    }

    let none = "wasm32v1-none";
    build(&examples, &target, none, &["-p", "token"], None)?;
    let with_stack = |package: &str, bytes: u32| {
        let flags = format!("-Clink-arg=-zstack-size={bytes}");
        build(&contracts, &target, none, &["-p", package, "--examples"], Some(&flags))
    };
    with_stack("compute", 32 << 10)?;
    // Compression wants more than the examples get.
    with_stack("large", 512 << 10)?;
    // cosmwasm-vm takes no bulk memory operations, which the standard library that rustup ships uses.
    let unknown = "wasm32-unknown-unknown";
    build(
        &contracts,
        &target,
        unknown,
        &["-p", "token-cw20", "-Zbuild-std=std,panic_abort"],
        Some("-Ctarget-cpu=mvp"),
    )?;

    let release = target.join(none).join("release");
    point("TOKEN_WASM", &release.join("token.wasm"))?;
    for kind in ["compute", "large"] {
        for host in ["coffer", "cosmwasm", "soroban"] {
            let name = format!("{kind}_{host}");
            point(&format!("{}_WASM", name.to_uppercase()), &release.join(format!("examples/{name}.wasm")))?;
        }
    }
    point("CW20_WASM", &target.join(unknown).join("release/token_cw20.wasm"))
}

/// Runs cargo in `folder`, so that the toolchain and the settings of that folder hold.
fn build(folder: &Path, target: &Path, triple: &str, what: &[&str], flags: Option<&str>) -> Result<(), Failure> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["build", "--locked", "--release", "--target", triple, "--target-dir"]).arg(target);
    cargo.args(what);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let outer = name.starts_with("CARGO_") && !["CARGO_HOME", "CARGO_MAKEFLAGS"].contains(&name.as_str());
        if outer || ["RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "CARGO"].contains(&name.as_str()) {
            cargo.env_remove(name);
        }
    }
    if let Some(flags) = flags {
        cargo.env("RUSTFLAGS", flags);
    }
    if what.iter().any(|arg| arg.starts_with("-Z")) {
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!(
            "cannot build {} in {}; it needs the targets and components of bench/peers/contracts/rust-toolchain.toml",
            what.join(" "),
            folder.display()
        )
        .into());
    }
    Ok(())
}

fn point(name: &str, path: &Path) -> Result<(), Failure> {
    if !path.is_file() {
        return Err(format!("{} was not built", path.display()).into());
    }
    println!("cargo::rustc-env={name}={}", path.display());
    Ok(())
}
