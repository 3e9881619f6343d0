//! Who may depend on whom, between the crates of this repository and on the crates that are kept to one place.

use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// One crate of the repository and what it is built from.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// True for a crate of the workspace in `contracts/`.
    pub is_contract: bool,
    /// Names of what its product code depends on.
    pub dependencies: Vec<String>,
}

/// What each crate may use of this repository's own. A crate that is not in the table may use none.
const OWN: &[(&str, &[&str])] = &[
    ("coffer-abi", &[]),
    ("coffer-runtime", &["coffer-abi"]),
    ("coffer-chain", &["coffer-abi"]),
    ("coffer-proof", &["coffer-abi", "coffer-chain"]),
    ("coffer-api-macros", &[]),
    ("coffer-api", &["coffer-abi", "coffer-chain", "coffer-proof", "coffer-api-macros"]),
    ("coffer-bundle", &[]),
    ("coffer", &["coffer-abi", "coffer-runtime", "coffer-chain", "coffer-proof", "coffer-api", "coffer-bundle"]),
    ("coffer-sdk-macros", &["coffer-abi"]),
    ("coffer-sdk", &["coffer-abi", "coffer-sdk-macros"]),
    ("coffer-test", &["coffer-abi", "coffer-chain", "coffer-runtime", "coffer-sdk", "coffer-sdk-macros"]),
];

/// Crates that only the named ones of ours may depend on.
const KEPT: &[(&str, &[&str])] = &[
    ("wasmtime", &["coffer-runtime"]),
    ("wasmparser", &["coffer-runtime"]),
    ("wasm-encoder", &["coffer-runtime"]),
    ("parity-db", &["coffer"]),
    ("jsonrpsee", &["coffer", "coffer-api"]),
    ("chacha20poly1305", &["coffer"]),
    ("hpke", &["coffer"]),
    ("x25519-dalek", &["coffer"]),
    ("hkdf", &["coffer"]),
    ("tokio", &["coffer"]),
    ("hyper", &["coffer"]),
    ("libp2p", &["coffer"]),
    ("arc-malachitebft", &["coffer"]),
    ("ractor", &["coffer"]),
    ("borsh", &["coffer"]),
];

/// Offences of the crates against the order of the house.
pub fn foreign_dependencies(packages: &[Package]) -> Vec<String> {
    let own: Vec<_> = packages.iter().map(|p| p.name.as_str()).collect();
    let mut found = Vec::new();
    for package in packages.iter().filter(|p| p.name != "coffer-tests") {
        let table = OWN.iter().find(|(name, _)| *name == package.name).map_or(&[][..], |(_, may)| may);
        let may = if package.is_contract { &["coffer-sdk"][..] } else { table };
        for dependency in package.dependencies.iter().map(String::as_str) {
            let is_ours = own.contains(&dependency) || dependency == "coffer" || dependency.starts_with("coffer-");
            let kept = KEPT.iter().find(|(name, _)| *name == dependency || dependency.starts_with(&format!("{name}-")));
            let fenced = kept.is_some_and(|(_, who)| !who.contains(&&*package.name));
            if is_ours && !may.contains(&dependency) || package.is_contract && !is_ours || fenced {
                found.push(format!("{} must not depend on {dependency}", package.name));
            }
        }
    }
    found
}

/// The crates of the workspace at `root` and of the contracts' workspace in it.
///
/// # Panics
/// When cargo cannot read a manifest.
pub fn packages(root: &Path) -> Vec<Package> {
    let mut found = read(&root.join("Cargo.toml"), false);
    found.extend(read(&root.join("contracts/Cargo.toml"), true));
    found
}

fn read(manifest: &Path, is_contract: bool) -> Vec<Package> {
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec();
    let metadata = metadata.unwrap_or_else(|e| panic!("{}: {e}", manifest.display()));
    let package = |package: cargo_metadata::Package| Package {
        name: package.name.to_string(),
        is_contract,
        dependencies: package
            .dependencies
            .iter()
            .filter(|d| d.kind == DependencyKind::Normal)
            .map(|d| d.name.clone())
            .collect(),
    };
    metadata.packages.into_iter().map(package).collect()
}
