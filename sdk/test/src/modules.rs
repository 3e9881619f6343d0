//! The Wasm of the contract under test: built by plain cargo when a source is newer than what was built last. Not here: running it.
//! Invariant: what is run was built after the last change of a file that the build read.
//!
//! Cargo is run in the contract's own workspace, as an author would: `cargo build --release --target wasm32v1-none`. `cargo test` and nextest hold
//! no lock while tests run, so it waits for nobody but another build. Processes that come at once wait for the first; one that finds everything
//! older than the last build asks cargo nothing, which takes well under a millisecond.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

const TARGET: &str = "wasm32v1-none";
/// Cargo's settings for another build than this one.
const FOREIGN: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_TARGET",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_TARGET_WASM32V1_NONE_RUSTFLAGS",
];

/// Which crate's Wasm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    /// Folder of its Cargo.toml.
    pub(crate) manifest: &'static str,
    /// Its package; one that ends in `-native` is the same source as a library.
    pub(crate) package: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
}

/// Why there is no Wasm.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModuleError {
    #[error("cannot start cargo to build `{name}` for {TARGET}: {error}")]
    NoCargo { name: &'static str, error: io::Error },
    #[error(
        "the Rust toolchain lacks the target {TARGET}, which contracts are built for; add it with `rustup target add {TARGET}`"
    )]
    NoTarget,
    #[error("`{name}` does not build for {TARGET}; in {} cargo says:\n{said}", workspace.display())]
    Build { name: &'static str, workspace: PathBuf, said: String },
    #[error(
        "`cargo build --release --target {TARGET}` in {} made no {}; the contract's Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\"]`",
        workspace.display(), file.display()
    )]
    NoModule { workspace: PathBuf, file: PathBuf },
    #[error("cannot use {}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// The target folder of the running test.
pub(crate) fn target_folder() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let program = std::env::current_exe().unwrap_or_default();
        // Cargo marks the folder as one that can be made again.
        let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
        marked.map_or_else(std::env::temp_dir, Path::to_owned)
    })
}

/// Path and bytes of a crate's Wasm, built if it is not as new as its sources.
///
/// # Errors
/// Why there is none.
pub(crate) fn wasm(source: &Source) -> Result<(PathBuf, Vec<u8>), ModuleError> {
    let workspace = workspace(Path::new(source.manifest));
    let target = target_folder();
    let built = target.join(TARGET).join("release");
    let module = built.join(format!("{}.wasm", source.name));
    let folder = target.join("coffer-test");
    let stamp = folder.join(format!("{}.built", source.name));
    let inputs = built.join(format!("{}.d", source.name));
    if !is_fresh(&module, &stamp, &inputs, &workspace, source) {
        fs::create_dir_all(&folder).map_err(|error| ModuleError::Io { path: folder.clone(), error })?;
        let lock = folder.join("build.lock");
        let held = File::create(&lock).and_then(|file| file.lock().map(|()| file));
        let held = held.map_err(|error| ModuleError::Io { path: lock, error })?;
        // Somebody may have built it while this process waited.
        if !is_fresh(&module, &stamp, &inputs, &workspace, source) {
            let began = SystemTime::now();
            build(source, &workspace, target)?;
            if !module.is_file() {
                return Err(ModuleError::NoModule { workspace, file: module });
            }
            let stamped = File::create(&stamp).and_then(|file| file.set_modified(began));
            stamped.map_err(|error| ModuleError::Io { path: stamp, error })?;
        }
        drop(held);
    }
    match fs::read(&module) {
        Ok(wasm) => Ok((module, wasm)),
        Err(error) => Err(ModuleError::Io { path: module, error }),
    }
}

/// The folder whose Cargo.toml begins the workspace that a package is in.
fn workspace(manifest: &Path) -> PathBuf {
    let is_workspace = |folder: &&Path| {
        fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace]")))
    };
    manifest.ancestors().find(is_workspace).unwrap_or(manifest).to_owned()
}

/// True if no file that the build read has changed since the last one began.
fn is_fresh(module: &Path, stamp: &Path, inputs: &Path, workspace: &Path, source: &Source) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|about| about.modified());
    let (Ok(built), true) = (changed(stamp), module.is_file()) else { return false };
    let Ok(inputs) = fs::read_to_string(inputs) else { return false };
    let settings = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo/config.toml"];
    let manifest = Path::new(source.manifest);
    // The manifest of the contract itself is above a second one (`-native`).
    let folders = [workspace, manifest, manifest.parent().unwrap_or(manifest), workspace.parent().unwrap_or(workspace)];
    let settings = folders.iter().flat_map(|folder| settings.map(|name| folder.join(name)));
    // What is not there cannot have changed; what was there when it was built and is not now, has.
    settings.filter(|path| path.exists()).chain(listed(&inputs)).all(|path| changed(&path).is_ok_and(|at| at < built))
}

/// The files of a dependency list as rustc writes it: `output: input input`, spaces in names escaped.
fn listed(text: &str) -> Vec<PathBuf> {
    let inputs = text.lines().filter_map(|line| line.split_once(": ")).flat_map(|(_, inputs)| {
        let escaped = inputs.replace("\\ ", "\0");
        escaped.split_whitespace().map(|name| PathBuf::from(name.replace('\0', " "))).collect::<Vec<_>>()
    });
    inputs.collect()
}

fn build(source: &Source, workspace: &Path, target: &Path) -> Result<(), ModuleError> {
    // By its name, not by the path in CARGO: a toolchain may stand in front of cargo in PATH.
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace).stdin(Stdio::null());
    for name in FOREIGN {
        cargo.env_remove(name);
    }
    cargo.args(["build", "--release", "--quiet", "--target", TARGET, "--target-dir"]).arg(OsString::from(target));
    // By itself, so that it can be tested while another contract of the workspace does not build.
    cargo.args(["--package", source.package.trim_end_matches("-native")]);
    // Past the test runner, which keeps the output of tests that pass: this may take a minute. If it cannot be told, it is built all the same.
    let _ = writeln!(io::stderr(), "coffer-test: building `{}` for {TARGET}", source.name);
    let done = cargo.output().map_err(|error| ModuleError::NoCargo { name: source.name, error })?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    if said.contains("target may not be installed") {
        return Err(ModuleError::NoTarget);
    }
    Err(ModuleError::Build { name: source.name, workspace: workspace.to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_dependency_list_are_read_with_their_spaces() {
        let files = listed("/t/a.wasm: /s/lib.rs /s/my\\ file.rs\n\n");
        assert_eq!(files, [PathBuf::from("/s/lib.rs"), PathBuf::from("/s/my file.rs")]);
    }

    #[test]
    fn a_package_without_a_workspace_above_it_is_its_own() {
        let root = std::env::temp_dir().join(format!("coffer-test-{}", std::process::id()));
        let package = root.join("a/b");
        fs::create_dir_all(&package).unwrap();
        assert_eq!(workspace(&package), package);
        fs::write(root.join("Cargo.toml"), "[workspace]\n").unwrap();
        assert_eq!(workspace(&package), root);
        fs::remove_dir_all(&root).unwrap();
    }
}
