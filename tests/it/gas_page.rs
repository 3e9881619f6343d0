//! docs/GAS.md says what the code charges. `BLESS=1 ./test gas_page` writes it anew.

use std::fmt::Write;

use coffer_abi::host::{HOST_FUNCTIONS, MODULE};
use coffer_tests::root;

const OPENING: &str = "# Gas

Gas measures the work of a call. It is the same on every machine, operating system and compiler backend, because it is counted by
instructions put into the module before it is compiled, and by the table below. There is no price: gas is a limit, given with `gasLimit`.

This page is made from the code by a test; `BLESS=1 ./test gas_page` writes it anew. Changing a number is a network upgrade.

## Host functions
";

fn page() -> String {
    let mut text = String::from(OPENING);
    let _ = writeln!(
        text,
        "Imported from the module `{MODULE}`. Gas = base + per byte x (bytes given and bytes received).\n"
    );
    text += "| function | base | per byte | what it does |\n|---|---:|---:|---|\n";
    for f in HOST_FUNCTIONS {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            f.name, f.gas_base, f.gas_per_byte, f.doc
        );
    }
    text
}

#[test]
fn the_gas_page_says_what_the_code_charges() {
    let path = root().join("docs/GAS.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, page()).expect("the page is written");
    }
    let written = std::fs::read_to_string(&path).expect("the page is there");
    assert!(
        written == page(),
        "docs/GAS.md is out of date: run BLESS=1 ./test gas_page"
    );
}
