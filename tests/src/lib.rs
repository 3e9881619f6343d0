//! The harness of the stories in `it/`: builds what they need, starts the real `coffer` binary, talks to it over plain sockets, and
//! holds the rules of the architecture test. Not here: assertions about what a node answers.
//! Invariant: nothing waits without a time limit, and a failed story shows what the node wrote.

pub mod architecture;
pub mod build;
pub mod clock;
pub mod cluster;
pub mod http;
pub mod namespaces;
pub mod node;
pub mod relay;
pub mod rpc;
pub mod socket;
pub mod wasm;

use std::path::{Path, PathBuf};

/// The root folder of the repository.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map(Path::to_path_buf).unwrap_or_else(|| tests.to_path_buf())
}
