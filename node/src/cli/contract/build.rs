//! `coffer contract build`: plain cargo, with the paths of this machine taken out, so that two builds in two folders give one hash.
//! Not here: checking the product (`artifact`). Invariant: nothing is built that plain cargo could not build; only paths differ.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail, ensure};
use clap::Args;
use coffer_runtime::trace::Twin;
use serde_json::Value;

use super::artifact::Module;
use super::rustc;

use crate::cli::print::{note, say, say_as_it_is};

/// What contracts are built for, the one without anything beyond the core of WebAssembly first.
pub(super) const TARGETS: [&str; 2] = ["wasm32v1-none", "wasm32-unknown-unknown"];

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract build                              the contract in this folder
  coffer contract build contracts/examples/token
  coffer contract build contracts --json             all contracts of a workspace

Plain cargo does it too: cargo build --release --target wasm32v1-none. Its hash then depends on the folder.")]
pub(super) struct BuildArgs {
    /// Folder of the contract or workspace, or its Cargo.toml
    #[arg(default_value = ".")]
    path: PathBuf,
    /// What to build for
    #[arg(long, value_name = "TARGET", default_value = TARGETS[0], value_parser = TARGETS)]
    target: String,
    /// Make a debug twin beside each module, NAME.twin.wasm: the same code with names and lines, for traces
    #[arg(long)]
    twin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let folder = folder(&args.path)?;
    ensure_target(&folder, &args.target)?;
    let products = cargo_build(&folder, &args.target, Lines::Left)?;
    ensure!(
        !products.is_empty(),
        "{} built no .wasm file; the contract's Cargo.toml needs `[lib]` with `crate-type = [\"cdylib\"]`",
        folder.display()
    );
    let twins = if args.twin { make_twins(&folder, &args.target, &products)? } else { Vec::new() };
    let mut reports = Vec::new();
    for path in &products {
        let module = Module::open(path)?;
        if args.json {
            reports.push(module.json(path));
        } else {
            say_as_it_is!("{}", module.text(path));
        }
    }
    for twin in twins.iter().filter(|_| !args.json) {
        say!("twin: {}", twin.display());
    }
    if args.json {
        let one = (reports.len() == 1).then(|| reports[0].clone());
        say!("{}", one.unwrap_or(Value::Array(reports)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of a manifest.
fn folder(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new(".")) } else { path };
    let manifest = folder.join("Cargo.toml");
    ensure!(manifest.is_file(), "{} is not there; name the folder of a contract", manifest.display());
    folder.canonicalize().with_context(|| format!("cannot use {}", folder.display()))
}

/// Cargo and rustc as the folder's own toolchain file chooses them.
fn tool(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn output(command: &mut Command, what: &str) -> anyhow::Result<String> {
    let done =
        command.output().with_context(|| format!("cannot start {what}; is Rust installed? https://rustup.rs"))?;
    if !done.status.success() {
        bail!("{what} failed:\n{}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

fn ensure_target(folder: &Path, target: &str) -> anyhow::Result<()> {
    let libraries = output(tool("rustc", folder).args(["--print", "target-libdir", "--target", target]), "rustc")?;
    ensure!(
        Path::new(&libraries).is_dir(),
        "this Rust toolchain lacks the target {target}; add it with `rustup target add {target}`"
    );
    Ok(())
}

/// Whether a module keeps names and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    /// As the contract's profile says.
    Left,
    /// It keeps them.
    Kept,
}

/// Builds the same once more with names and lines, and puts each module beside its stripped one.
fn make_twins(folder: &Path, target: &str, products: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let kept = cargo_build(folder, target, Lines::Kept)?;
    let mut twins = Vec::new();
    for product in products {
        let built = kept.iter().find(|path| path.file_name() == product.file_name());
        let built = built.with_context(|| format!("cargo made no twin of {}", product.display()))?;
        let [module, bytes] =
            [product, built].map(|path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display())));
        let (module, bytes) = (module?, bytes?);
        Twin::read(&module, &bytes).with_context(|| product.display().to_string())?;
        let twin = product.with_extension("twin.wasm");
        std::fs::write(&twin, &bytes).with_context(|| format!("cannot write {}", twin.display()))?;
        twins.push(twin);
    }
    Ok(twins)
}

/// Builds, showing cargo's progress, and returns the modules made.
fn cargo_build(folder: &Path, target: &str, lines: Lines) -> anyhow::Result<Vec<PathBuf>> {
    let metadata = output(tool("cargo", folder).args(["metadata", "--format-version", "1"]), "cargo metadata")?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata gave no JSON")?;
    let sysroot = output(tool("rustc", folder).args(["--print", "sysroot"]), "rustc")?;
    let flags: Vec<String> =
        remaps(&metadata, &sysroot).into_iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect();
    // Joined with the flags of the folder's own .cargo/config.toml, which an environment variable would replace.
    let setting = format!("target.{target}.rustflags={}", serde_json::to_string(&flags)?);
    // A folder of its own: plain cargo, with other flags, would otherwise build everything anew in turns with this.
    let built = metadata["target_directory"].as_str().map_or_else(|| folder.join("target"), PathBuf::from);
    let mut cargo = tool("cargo", folder);
    cargo.env("RUSTC_WRAPPER", std::env::current_exe().context("cannot find this program")?).env(rustc::VARIABLE, "1");
    let name = if lines == Lines::Kept { "coffer-twin" } else { "coffer" };
    if lines == Lines::Kept {
        cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only").env("CARGO_PROFILE_RELEASE_STRIP", "none");
    }
    cargo.arg("build").arg("--target-dir").arg(built.join(name));
    cargo.args(["--release", "--target", target, "--message-format", "json-render-diagnostics", "--config"]);
    let done = cargo.arg(OsString::from(setting)).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !done.status.success() {
        bail!("the contract does not build; cargo said why above");
    }
    let mut products: Vec<PathBuf> = String::from_utf8_lossy(&done.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .filter(|name| name.extension().is_some_and(|e| e == "wasm"))
        .collect();
    products.sort();
    if products.is_empty() {
        note!("cargo made: nothing that ends in .wasm");
    }
    Ok(products)
}

/// What to call the folders of this machine in the module: panic messages name source files.
fn remaps(metadata: &Value, sysroot: &str) -> Vec<(String, String)> {
    let mut remaps = vec![(sysroot.to_owned(), "/rust".to_owned())];
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(manifest), Some(name)) = (package["manifest_path"].as_str(), package["name"].as_str()) else {
            continue;
        };
        let version = package["version"].as_str().unwrap_or_default();
        if let Some(folder) = Path::new(manifest).parent() {
            remaps.push((folder.display().to_string(), format!("/{name}-{version}")));
        }
    }
    if let Some(root) = metadata["workspace_root"].as_str() {
        remaps.push((root.to_owned(), "/workspace".to_owned()));
    }
    // The last one that fits wins, so the longer, inner folders come last.
    remaps.sort_by_key(|(from, _)| from.len());
    remaps
}
