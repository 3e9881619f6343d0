//! Imports that name no contract.
use coffer_sdk::prelude::*;

import_contract!(pub mod absent = "no/such/file.wasm");
import_contract!(pub mod text = "Cargo.toml");
import_contract!("token.wasm");
import_contract!(pub mod token);

fn main() {}
