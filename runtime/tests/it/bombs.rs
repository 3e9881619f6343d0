//! Compile bombs: modules of few bytes that would keep a compiler busy for seconds to minutes. Those above the caps are refused before any
//! compiler sees them; what those at the caps cost is measured by `cargo bench -p coffer-runtime --bench bombs`.
//! Invariant: nothing here asserts a time; the times are printed.

mod catalogue;
mod generate;

use std::time::Instant;

use coffer_runtime::meter::Schedule;
use coffer_runtime::validate::Rule;
use coffer_runtime::{Caps, CodeError, admit, validate};

const INSTRUMENTED: &str = "instrumented module in bytes";

#[test]
fn a_compile_bomb_above_a_cap_is_refused_by_that_cap_before_anything_is_compiled() {
    let mut wrong = Vec::new();
    for (bomb, cap) in catalogue::refused() {
        let start = Instant::now();
        // The validator alone refuses: neither pass nor compiler is reached.
        let refused = validate(&bomb.wasm, &Caps::default()).unwrap_err();
        println!(
            "{:>8.2} ms, {:>8} bytes: {}: {refused}",
            start.elapsed().as_secs_f64() * 1e3,
            bomb.wasm.len(),
            bomb.name
        );
        match refused.rule {
            Rule::Cap { name, used, allowed } if name == cap && used > allowed => {}
            _ => wrong.push(format!("{}: {refused}", bomb.name)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn bombs_at_the_caps_are_accepted_or_too_large_once_instrumented() {
    let (mut accepted, mut wrong) = (0, Vec::new());
    for bomb in catalogue::accepted() {
        match admit(&bomb.wasm, &Caps::default(), &Schedule::default()) {
            Ok(admitted) => {
                accepted += 1;
                // Else it shows nothing of what the caps allow.
                if !admitted.report.limits.iter().any(|limit| limit.used * 10 >= limit.allowed * 8) {
                    wrong.push(format!("{}: uses less than 80 % of every cap", bomb.name));
                }
                println!("{}: {} bytes, {} instrumented", bomb.name, bomb.wasm.len(), admitted.instrumented.len());
            }
            Err(CodeError::Refused(violation)) if matches!(violation.rule, Rule::Cap { name: INSTRUMENTED, .. }) => {
                println!("{}: {violation}", bomb.name);
            }
            Err(error) => wrong.push(format!("{}: {error}", bomb.name)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(accepted > 20, "only {accepted} bombs are left to measure");
}
