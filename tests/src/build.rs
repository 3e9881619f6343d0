//! Builds the `coffer` binary and the example contracts once, however many test processes ask at the same time.
//! Each test of nextest is a process of its own, so "once" is a stamp file under a file lock, compared with the newest source.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::root;

/// Path of the `coffer` binary, built from the sources as they are, in the profile and target folder of the running test. `COFFER_PROGRAM` in
/// the environment names another one, as for long runs with a release build.
///
/// # Panics
/// When it does not build; cargo's own output says why.
pub fn coffer() -> PathBuf {
    if let Some(program) = std::env::var_os("COFFER_PROGRAM") {
        return program.into();
    }
    let profile = profile_folder();
    let binary = profile.join(format!("coffer{}", std::env::consts::EXE_SUFFIX));
    // The contracts and what they are written with, because the binary has the system contracts in it.
    let sources = ["runtime", "node", "contracts", "sdk", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
    once(&profile.join("coffer-tests-node"), &sources, &binary, || {
        let mut cargo = cargo(&root());
        // With the tests' own features, as in `./test`: another set of them would build every dependency again.
        cargo.args(["build", "--locked", "--quiet", "--workspace", "--bins", "--tests"]);
        if let Some(target) = profile.parent() {
            cargo.arg("--target-dir").arg(target);
        }
        match profile.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => {}
            Some(other) => drop(cargo.args(["--profile", other])),
        }
        cargo
    });
    binary
}

/// The Wasm of an example contract, built by plain cargo as its author would.
///
/// # Panics
/// When it does not build, or no example has that name.
pub fn contract(name: &str) -> Vec<u8> {
    let path = contract_path(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Where [`contract`] finds it.
///
/// # Panics
/// As [`contract`].
pub fn contract_path(name: &str) -> PathBuf {
    let workspace = root().join("contracts");
    let wasm = workspace.join(format!("target/wasm32v1-none/release/{}.wasm", name.replace('-', "_")));
    let sources = ["contracts", "sdk", "runtime/abi", "Cargo.toml", "rust-toolchain.toml"];
    let stamp = workspace.join("target/coffer-tests-contracts");
    once(&stamp, &sources, &wasm, || {
        let mut cargo = cargo(&workspace);
        cargo.args(["build", "--locked", "--quiet", "--release", "--target", "wasm32v1-none"]);
        cargo
    });
    wasm
}

/// A `cargo` as a person would start it in `folder`: none of the settings that the running test inherited from its own cargo.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    clean(&mut command);
    command.current_dir(folder);
    command
}

/// Takes out of a command's environment what cargo set for the running test.
pub fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_cargo =
            text.starts_with("CARGO") && !matches!(&*text, "CARGO_HOME" | "CARGO_INCREMENTAL" | "CARGO_NET_OFFLINE");
        if is_cargo || text.starts_with("NEXTEST") {
            command.env_remove(&name);
        }
    }
}

/// Folder of the running test's profile, as `target/debug`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_else(|e| panic!("the running test has no path: {e}"));
    let folder = test.parent().and_then(Path::parent);
    folder.unwrap_or_else(|| panic!("{} is not in target/PROFILE/deps", test.display())).to_path_buf()
}

/// Runs `command` unless `product` or the stamp is newer than every file below `sources`. One process at a time.
fn once(stamp: &Path, sources: &[&str], product: &Path, command: impl FnOnce() -> Command) {
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    let lock = stamp.with_extension("lock");
    let lock = File::create(&lock).unwrap_or_else(|e| panic!("{}: {e}", lock.display()));
    lock.lock().unwrap_or_else(|e| panic!("the build lock: {e}"));
    let newest = sources.iter().filter_map(|source| newest(&root().join(source))).max();
    let changed = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    if product.is_file() && changed(product).max(changed(stamp)) > newest {
        return;
    }
    let started = SystemTime::now();
    let mut command = command();
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(product.is_file(), "{command:?} did not make {}", product.display());
    let written = File::create(stamp).and_then(|file| file.set_modified(started));
    written.unwrap_or_else(|e| panic!("{}: {e}", stamp.display()));
}

/// When the newest file at or below `path` was changed; build output does not count.
fn newest(path: &Path) -> Option<SystemTime> {
    let meta = fs::metadata(path).ok()?;
    if !meta.is_dir() {
        return meta.modified().ok();
    }
    let entries = fs::read_dir(path).ok()?.flatten().filter(|entry| entry.file_name() != "target");
    entries.filter_map(|entry| newest(&entry.path())).max()
}
