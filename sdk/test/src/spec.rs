//! The committed spec of a contract that another one imports (`import_contract!`), beside the spec that the contract has now. Not here: what a spec is.
//! Invariant: the file changes only by `BLESS=1`.

use std::fs;

use coffer_abi::spec::Spec;
use coffer_sdk::contract::Contract;

use crate::here::Here;

/// Makes sure that `file`, beside the crate's manifest, is the spec of the contract `C`: its methods, types and errors. Its events are not in it, because
/// who calls a contract does not need them. `BLESS=1` writes it anew; what imports it is then built anew, too.
///
/// # Panics
/// When it is not, or cannot be written.
pub fn spec_is_current<C: Contract>(here: Here, file: &str) {
    let path = here.file(file);
    let kept = fs::read(&path).unwrap_or_default();
    if interface(&kept).is_some_and(|kept| Some(kept) == interface(C::RECORD)) {
        return;
    }
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let written = fs::write(&path, C::RECORD);
        return written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    panic!(
        "{} is not the spec of `{}` as it is now: BLESS=1 cargo test -p {} {}, and commit the file",
        path.display(),
        C::DESC.name,
        here.module.split("::").next().unwrap_or_default(),
        here.name
    );
}

/// What a caller needs of a spec: all but events and where it was built.
fn interface(section: &[u8]) -> Option<Spec> {
    let spec = Spec::from_section(section).ok()?;
    Some(Spec { events: Vec::new(), source: String::new(), toolchain: String::new(), ..spec })
}
