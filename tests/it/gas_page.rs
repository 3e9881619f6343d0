//! docs/GAS.md says what the code charges. `BLESS=1 ./test gas_page` writes it anew.

use std::fmt::Write;

use coffer_abi::host::{HOST_FUNCTIONS, MODULE};
use coffer_chain::gas;
use coffer_runtime::meter::Schedule;
use coffer_tests::root;

const OPENING: &str = "# Gas

Gas measures the work of a call. It is the same on every machine, operating system and compiler backend, because it is counted by
instructions put into the module before it is compiled, and by the table below. There is no price: gas is a limit, given with `gasLimit`.

This page is made from the code by a test; `BLESS=1 ./test gas_page` writes it anew. Changing a number is a network upgrade.

";

/// What stands in front of the host functions.
fn computation() -> String {
    let Schedule {
        version,
        simple,
        division,
        global,
        memory,
        branch,
        br_table,
        call,
        call_indirect,
        frame,
        frame_word,
        bulk,
        bulk_word,
        grow,
        page,
        instance,
        scan_skip,
    } = Schedule::V1;
    let rows = [
        (u64::from(simple), "constants, locals, integer arithmetic, comparison, conversion, `drop`, `select`"),
        (u64::from(division), "division and remainder"),
        (u64::from(global), "`global.get`, `global.set`"),
        (u64::from(memory), "loads and stores, `memory.size`"),
        (u64::from(branch), "`br`, `br_if`, `if`, `return`, and each pass over the head of a `loop`"),
        (u64::from(br_table), "`br_table`"),
        (u64::from(call), "`call`, on top of the callee's frame"),
        (u64::from(call_indirect), "`call_indirect`, on top of the callee's frame"),
        (u64::from(frame), "entering a function"),
        (
            u64::from(frame_word),
            "each 8 bytes of the function's frame, on entering it: 64, and 8 for each parameter, local and operand",
        ),
        (u64::from(bulk), "`memory.copy`, `memory.fill`, on top of their length"),
        (u64::from(bulk_word), "each 8 bytes that they move, rounded up"),
        (u64::from(grow), "`memory.grow`, on top of its pages"),
        (instance, "making an instance, for a transaction's call and for each nested one"),
        (scan_skip, "each entry a scan passes over because the transaction has removed it"),
        (u64::from(page), "each page of 64 KiB, at the start of a call and when memory grows"),
    ];
    let mut text =
        format!("## Computation\n\nSchedule version {version}. One unit is about a fifth of a nanosecond.\n\n");
    text += "| gas | for |\n|---:|---|\n";
    for (gas, what) in rows {
        let _ = writeln!(text, "| {gas} | {what} |");
    }
    text
}

/// What a transaction pays on top of what it executes.
fn actions() -> String {
    let rows = [
        (gas::DEPLOY, "a deployment"),
        (gas::MODULE_BYTE, "each byte of a module that is deployed or takes another's place"),
        (gas::CHANGE, "an upgrade, or another authority"),
        (gas::CONSENT, "each consent in it"),
        (gas::COMPARE_BYTE, "each byte of the replaced module, where storage layouts are compared"),
    ];
    let rows = rows.map(|(gas, what)| format!("| {gas} | {what} |\n"));
    format!("\n## Actions\n\n| gas | for |\n|---:|---|\n{}", rows.concat())
}

fn page() -> String {
    let mut text = OPENING.to_owned() + &computation() + &actions();
    let _ = writeln!(
        text,
        "\n## Host functions\n\nImported from the module `{MODULE}`. Gas = base + per byte x (bytes given and bytes received).\n"
    );
    text += "| function | base | per byte | what it does |\n|---|---:|---:|---|\n";
    for f in HOST_FUNCTIONS {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", f.name, f.gas_base, f.gas_per_byte, f.doc);
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
    assert!(written == page(), "docs/GAS.md is out of date: run BLESS=1 ./test gas_page");
}
