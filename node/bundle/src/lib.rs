//! The system contracts as Wasm, for whoever begins a chain. Not here: what a node does with them; its library knows them from a genesis alone.
//! Invariant: they are what `contracts/` holds, built by `build.rs` with the settings of that workspace.

macro_rules! modules {
    ($($name:literal),*) => { &[$(($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")))),*] };
}

/// Name and module of each, in the order of their names.
pub const MODULES: &[(&str, &[u8])] = modules!("budget", "network", "permission", "programmes", "vault");
