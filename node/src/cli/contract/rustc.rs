//! `coffer` as cargo's rustc wrapper during `contract build`. Cargo derives a crate's metadata from the folder it lies in, and the
//! compiler orders code by it; so the same contract in two folders would get two hashes. Here the metadata of every crate of the module
//! is derived from what the crate is. Invariant: nothing but `-C metadata` is changed, and only for the contract's target.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use super::build::TARGETS;

/// Set for cargo's child processes during a build.
pub(super) const VARIABLE: &str = "COFFER_RUSTC_WRAPPER";

/// True if cargo started this process in place of rustc.
pub(in crate::cli) fn is_wrapper() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Becomes rustc; returns only if that fails.
pub(in crate::cli) fn run() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let Some(rustc) = words.next() else { anyhow::bail!("{VARIABLE} is set, but cargo named no rustc") };
    let words: Vec<OsString> = words.collect();
    let package = |name: &str| std::env::var(format!("CARGO_PKG_{name}")).unwrap_or_default();
    let error = Command::new(&rustc).args(rewritten(words, &[package("NAME"), package("VERSION")])).exec();
    Err(anyhow::Error::new(error).context(format!("cannot start {}", rustc.display())))
}

/// The words for rustc with metadata that does not depend on folders.
fn rewritten(words: Vec<OsString>, package: &[String]) -> Vec<OsString> {
    let for_contract =
        words.windows(2).any(|pair| pair[0] == "--target" && TARGETS.iter().any(|target| pair[1] == *target));
    if !for_contract {
        return words;
    }
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &[u8]| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text);
    };
    package.iter().for_each(|part| add(part.as_bytes()));
    for pair in words.windows(2) {
        // Two builds of one package differ in these.
        if ["--crate-name", "--crate-type", "--edition", "--cfg"].iter().any(|name| pair[0] == *name) {
            add(pair[0].as_encoded_bytes());
            add(pair[1].as_encoded_bytes());
        }
    }
    let metadata = format!("metadata={}", &hasher.finalize().to_hex()[..16]);
    let is_metadata = |word: &OsString| word.as_encoded_bytes().starts_with(b"metadata=");
    words.into_iter().map(|word| if is_metadata(&word) { metadata.clone().into() } else { word }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(text: &str, version: &str) -> String {
        let words = text.split_whitespace().map(OsString::from).collect();
        let words = rewritten(words, &["sdk".into(), version.into()]);
        words.iter().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn metadata_depends_on_what_the_crate_is_and_not_on_where_it_lies() {
        let one = "--crate-name sdk /one/lib.rs --target wasm32v1-none -C metadata=11 -C extra-filename=-11";
        let two = "--crate-name sdk /two/lib.rs --target wasm32v1-none -C metadata=22 -C extra-filename=-22";
        let metadata = |text: &str| text.split(' ').find(|w| w.starts_with("metadata=")).map(str::to_owned);
        assert_eq!(metadata(&rewrite(one, "1")), metadata(&rewrite(two, "1")));
        assert_ne!(metadata(&rewrite(one, "1")), metadata(&rewrite(one, "2")));
        let with_feature = format!("{one} --cfg feature=\"std\"");
        assert_ne!(metadata(&rewrite(one, "1")), metadata(&rewrite(&with_feature, "1")));
        assert!(rewrite(one, "1").contains("extra-filename=-11"));
    }

    #[test]
    fn what_runs_on_this_machine_is_left_alone() {
        let macros = "--crate-name macros /one/lib.rs -C metadata=11";
        assert_eq!(rewrite(macros, "1"), macros);
    }
}
