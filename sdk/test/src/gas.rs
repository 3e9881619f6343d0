//! The committed table of gas: what named parts of tests cost as Wasm, and how far that may move unseen. Not here: what gas is (the runtime).
//! Invariant: a row changes only by `BLESS=1`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::chain::Engine;
use crate::test::Test;

/// The table, beside the crate's manifest.
const TABLE: &str = "gas.txt";
/// Percent by which a row may be missed unless the test says otherwise.
const TOLERANCE: f64 = 5.0;
const HEAD: &str = "# Gas of named calls as Wasm. A test compares; `BLESS=1 cargo test` writes it anew.\n";

impl Test {
    /// Runs calls and compares their gas together with the row of this name in the crate's `gas.txt`. More than 5 % off, less or more, fails.
    ///
    /// # Panics
    /// When the gas is another, or there is no such row.
    pub fn measured<R>(&self, row: &str, calls: impl FnOnce() -> R) -> R {
        self.measured_within(TOLERANCE, row, calls)
    }

    /// The same with a tolerance in percent.
    ///
    /// # Panics
    /// As [`Test::measured`].
    pub fn measured_within<R>(&self, percent: f64, row: &str, calls: impl FnOnce() -> R) -> R {
        assert!(
            !row.is_empty() && !row.contains(['\n', ':', '#']),
            "`{row}`: a row's name has no `:`, no `#`, and one line"
        );
        let before = self.chain.history.borrow().steps.len();
        let result = calls();
        if self.chain.engine == Engine::Wasm {
            let history = self.chain.history.borrow();
            let gas = history.steps.get(before..).unwrap_or_default().iter().map(|step| step.executed.gas_used.0).sum();
            let compared = compare(&self.here.file(TABLE), row, gas, percent, self.blesses());
            compared.unwrap_or_else(|wrong| panic!("{wrong}"));
        }
        result
    }
}

/// Compares with a row, or writes it.
///
/// # Errors
/// What is wrong and what to do.
fn compare(file: &Path, row: &str, gas: u64, percent: f64, blesses: bool) -> Result<(), String> {
    let said = |error: io::Error| format!("{}: {error}", file.display());
    let table = read(file).map_err(said)?;
    let wrong = match table.get(row) {
        Some(kept) if is_close(*kept, gas, percent) => return Ok(()),
        Some(kept) => format!(
            "`{row}` costs {gas} gas, {} has {kept}: {:+.1} %, {percent} % are let through",
            file.display(),
            off(*kept, gas)
        ),
        None => format!("`{row}` costs {gas} gas, and {} has no such row", file.display()),
    };
    if !blesses {
        return Err(format!("{wrong}; if that is as it should be: BLESS=1 cargo test, and commit the file"));
    }
    write(file, row, gas).map_err(said)
}

/// By how many percent of the row the gas misses it.
#[expect(clippy::cast_precision_loss, reason = "for people; nothing is decided on the last digits")]
fn off(kept: u64, gas: u64) -> f64 {
    (gas as f64 - kept as f64) / (kept.max(1) as f64) * 100.0
}

fn is_close(kept: u64, gas: u64, percent: f64) -> bool {
    off(kept, gas).abs() <= percent
}

fn read(file: &Path) -> io::Result<BTreeMap<String, u64>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let rows = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let (name, gas) = line.split_once(':')?;
        Some((name.trim().to_owned(), gas.trim().replace('_', "").parse().ok()?))
    };
    rows.map(|line| row(line).ok_or_else(|| io::Error::other(format!("`{line}` is no `name: gas`")))).collect()
}

/// Puts a row into the table; other tests may do so at the same time.
fn write(file: &Path, row: &str, gas: u64) -> io::Result<()> {
    let lock = File::create(crate::modules::target_folder().join("coffer-test-gas.lock"))?;
    lock.lock()?;
    let mut table = read(file)?;
    table.insert(row.to_owned(), gas);
    let rows: String = table.iter().map(|(name, gas)| format!("{name}: {gas}\n")).collect();
    fs::write(file, format!("{HEAD}{rows}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_may_be_missed_by_the_tolerance_and_no_more() {
        assert!(is_close(1_000, 1_050, 5.0) && is_close(1_000, 950, 5.0));
        assert!(!is_close(1_000, 1_051, 5.0) && !is_close(1_000, 949, 5.0));
    }
}
