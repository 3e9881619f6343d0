//! Runs a test's body on both engines and tells what is wrong. Not here: what a body can do (`test`). Invariant: a body that passes did the same on
//! both engines, call by call, and left the same states.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use crate::chain::{Chain, Engine};
use crate::here::Here;
use crate::readable::Readable;
use crate::test::Test;
use crate::tree::last_calls;

/// On which engines a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engines {
    /// As Wasm, then natively, and compared. `COFFER_TEST_ENGINE=wasm` or `native` runs one of them, for a debugger or in a hurry.
    Both,
    /// As Wasm alone: for what depends on gas.
    Wasm,
    /// Natively alone.
    Native,
}

impl Engines {
    fn in_order(self) -> &'static [Engine] {
        let wish = std::env::var("COFFER_TEST_ENGINE").unwrap_or_default();
        if !cfg!(feature = "wasm") {
            assert_ne!(self, Self::Wasm, "a test that is for Wasm alone needs the feature `wasm` of `coffer-test`");
            return &[Engine::Native];
        }
        match (self, wish.as_str()) {
            (Self::Wasm, _) | (Self::Both, "wasm") => &[Engine::Wasm],
            (Self::Native, _) | (Self::Both, "native") => &[Engine::Native],
            (Self::Both, "" | "both") => &[Engine::Wasm, Engine::Native],
            (Self::Both, other) => panic!("COFFER_TEST_ENGINE is `{other}`; it can be `wasm`, `native` or `both`"),
        }
    }
}

/// What a body is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is a test; it alone may write what it is compared with.
    Test,
    /// It is looked at; what it did is kept in full, for a failure.
    Look,
    /// It is one of many, and only how it ends counts.
    Search,
}

/// Why a test fails.
pub struct Failure {
    /// What it panicked with.
    payload: Box<dyn Any + Send>,
    /// What it did until then.
    calls: String,
}

impl Failure {
    /// What the test said when it failed.
    pub fn message(&self) -> String {
        let text = self.payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| self.payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
    }

    /// The tree of the calls before it failed.
    pub fn calls(&self) -> &str {
        &self.calls
    }
}

/// Runs a test; `#[coffer_test]` calls it.
///
/// # Panics
/// When the test fails on an engine, or the engines disagree.
pub fn run(here: Here, engines: Engines, body: impl Fn(&Test)) {
    if let Err(failure) = examine(here, engines, Purpose::Test, &body) {
        tell(&failure.calls);
        resume_unwind(failure.payload);
    }
}

/// Runs a body as [`run`] does, but keeps no traces of its calls, which a failure would show, and writes no file: for bodies of very many calls, and
/// for benchmarks.
///
/// # Panics
/// As [`run`].
pub fn run_untraced(here: Here, engines: Engines, body: impl Fn(&Test)) {
    if let Err(failure) = examine(here, engines, Purpose::Search, &body) {
        tell(&failure.calls);
        resume_unwind(failure.payload);
    }
}

/// Runs a test and says why it fails, for tests of tests. What it panicked with is told nowhere, and nothing is blessed.
///
/// # Errors
/// Why it fails.
pub fn check(here: Here, engines: Engines, body: impl Fn(&Test)) -> Result<(), Failure> {
    crate::quiet::searching(|| examine(here, engines, Purpose::Look, &body))
}

pub(crate) fn examine(here: Here, engines: Engines, purpose: Purpose, body: &dyn Fn(&Test)) -> Result<(), Failure> {
    let order = engines.in_order();
    let (mut expected, mut left) = (None, None);
    for engine in order {
        let needs_wasm = order.contains(&Engine::Wasm);
        let chain = Chain::new(*engine, needs_wasm, purpose != Purpose::Search, expected.take());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            body(&Test { chain: Rc::clone(&chain), here, purpose });
            if let Some(difference) = chain.history.borrow().missing() {
                panic!("{}", difference.text(&Readable::of(&chain.ledger.borrow(), &chain.names.borrow())));
            }
            let roots = chain.roots();
            if let Some(before) = &left {
                assert_eq!(before, &roots, "the states' roots differ: as Wasm on the left, natively on the right");
            }
            roots
        }));
        match ended {
            Ok(roots) => left = Some(roots),
            Err(payload) => {
                let payload = payload.downcast::<coffer_sdk::native::Stopped>().map_or_else(
                    |payload| payload,
                    |stopped| Box::new(format!("a call stopped: {:?}", stopped.0)) as Box<dyn Any + Send>,
                );
                return Err(Failure { payload, calls: last_calls(&chain) });
            }
        }
        expected = Some(std::mem::take(&mut chain.history.borrow_mut().steps));
    }
    Ok(())
}

/// Prints what belongs to a failure, where the test's own output goes.
#[expect(clippy::print_stderr, reason = "the output of a test that fails")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}
