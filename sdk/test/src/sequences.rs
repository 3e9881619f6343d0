//! Random sequences of commands against contracts, on both engines, with what must always hold. Not here: one run (`run`), values (`strategy`).
//! Invariant: the seed alone decides what is tried.

use std::fmt;
use std::rc::Rc;

use coffer_abi::export::MethodKind;
use coffer_abi::spec::Spec;
use coffer_abi::{AccountId, Status};
use coffer_runtime::spec::json;
use coffer_sdk::contract::Contract;
use coffer_sdk::native::{Client, Tested};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::here::Here;
use crate::names::Names;
use crate::run::{Engines, Purpose, examine, tell};
use crate::strategy::{Pool, bytes_of};
use crate::test::Test;

/// Accounts that sign unless a plan says otherwise.
const SIGNERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Sequences tried in search of a smaller one that fails too.
const SMALLER: u32 = 2_000;

/// How many sequences of how many commands, and from which seed.
#[derive(Clone, Debug)]
pub struct Sequences {
    here: Here,
    count: u32,
    longest: usize,
    seed: u64,
    signers: Vec<String>,
}

/// One call that a sequence makes of itself: of any method, by any of the signers, with any arguments.
#[derive(Clone)]
pub struct Command {
    /// Name of the account that signs.
    pub signer: String,
    /// The method.
    pub method: &'static str,
    kind: MethodKind,
    input: Vec<u8>,
    shown_by: Rc<Shown>,
}

/// What shows the arguments of a command.
struct Shown {
    spec: Spec,
    names: Names,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { spec, names } = &*self.shown_by;
        let read = spec.method(self.method).and_then(|method| json::decode_args(spec, method, &self.input).ok());
        let arguments = read.map_or_else(|| coffer_abi::id::hex_text(&self.input), |arguments| arguments.to_string());
        write!(f, "{}: {} {}", self.signer, self.method, names.in_text(&arguments))
    }
}

impl Sequences {
    /// 100 sequences of up to 20 commands. `COFFER_TEST_SEED` and `COFFER_TEST_SEQUENCES` choose another seed (at first 1) and number.
    ///
    /// # Panics
    /// When one of them is no number.
    pub fn new(here: Here) -> Self {
        let seed = number("COFFER_TEST_SEED").unwrap_or(1);
        Self { here, count: 100, longest: 20, seed, signers: SIGNERS.map(str::to_owned).to_vec() }
    }

    /// This many sequences.
    #[must_use]
    pub fn sequences(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Of at most this many commands.
    #[must_use]
    pub fn commands(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }

    /// From another seed, where none is chosen from outside: a plan in two tests with two seeds runs on two cores.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = number("COFFER_TEST_SEED").unwrap_or(seed);
        self
    }

    /// Who signs.
    #[must_use]
    pub fn signers(mut self, names: &[&str]) -> Self {
        self.signers = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// How many sequences [`Sequences::run`] tries.
    pub fn count(&self) -> u32 {
        number("COFFER_TEST_SEQUENCES").and_then(|count| u32::try_from(count).ok()).unwrap_or(self.count)
    }

    /// Ids of the signers, for strategies of a test's own.
    pub fn pool(&self) -> Pool {
        let id = |name: &String| AccountId(crate::names::key(name).verifying_key().to_bytes());
        Pool { accounts: self.signers.iter().map(id).collect(), contracts: Vec::new() }
    }

    /// Runs `body` with sequences of commands of the test's own. It begins with an empty chain each time, carries the commands out as it likes and
    /// panics when something does not hold. What fails is made smaller, shown, and run once more with its calls.
    ///
    /// # Panics
    /// With the smallest sequence found that fails.
    pub fn run<C: fmt::Debug + Clone>(&self, commands: impl Strategy<Value = C>, body: impl Fn(&Test, &[C])) {
        let count = self.count();
        tell(&format!("{}: {count} sequences of up to {} commands, seed {}", self.here.name, self.longest, self.seed));
        let config = Config {
            cases: count,
            rng_seed: RngSeed::Fixed(self.seed),
            max_shrink_iters: SMALLER,
            failure_persistence: None,
            ..Config::default()
        };
        let one = |commands: Vec<C>| {
            let tried = || examine(self.here, Engines::Both, Purpose::Search, &|test| body(test, &commands));
            crate::quiet::searching(tried).map_err(|failure| TestCaseError::fail(failure.message()))
        };
        let found = TestRunner::new(config).run(&vec(commands, 1..=self.longest), one);
        let (reason, commands) = match found {
            Ok(()) => return,
            Err(TestError::Fail(reason, commands)) => (reason, commands),
            Err(TestError::Abort(reason)) => panic!("no sequences could be made: {reason}"),
        };
        let again = || examine(self.here, Engines::Both, Purpose::Look, &|test| body(test, &commands));
        let calls =
            crate::quiet::searching(again).map_or_else(|failure| failure.calls().to_owned(), |()| String::new());
        panic!(
            "seed {} of {} fails: {reason}\nthe smallest sequence found: {commands:#?}\n{calls}",
            self.seed, self.here.name
        );
    }

    /// Runs sequences of calls of a contract, made from its description alone: any method but `init` and `migrate`, any arguments, any signer.
    /// `begin` makes the contract; after each call `always` panics when something does not hold. How a call ends is no matter by itself.
    ///
    /// # Panics
    /// As [`Sequences::run`].
    pub fn run_contract<C: Tested>(&self, begin: impl Fn(&Test) -> C::Client, always: impl Fn(&Test, &C::Client)) {
        let pool = self.pool();
        let methods = <C as Contract>::DESC.methods.iter();
        let methods = methods.filter(|method| matches!(method.kind, MethodKind::Call | MethodKind::View));
        let mut names = Names::default();
        for name in &self.signers {
            names.account(name);
        }
        let shown_by = Rc::new(Shown { spec: Spec::from_section(C::RECORD).unwrap_or_default(), names });
        let signers = self.signers.clone();
        let calls = methods.map(move |method| {
            let arguments: Vec<_> = method.args.iter().map(|argument| bytes_of(argument.ty, &pool)).collect();
            let signer = proptest::sample::select(signers.clone());
            let shown_by = Rc::clone(&shown_by);
            let made = (signer, arguments).prop_map(move |(signer, arguments)| Command {
                signer,
                shown_by: Rc::clone(&shown_by),
                method: method.name,
                kind: method.kind,
                input: arguments.concat(),
            });
            // A view changes nothing, so it is tried less often.
            (if method.kind == MethodKind::View { 1 } else { 4 }, made.boxed())
        });
        let any = proptest::strategy::Union::new_weighted(calls.collect());
        self.run(any, |test, commands| {
            let client = begin(test);
            for command in commands {
                test.send(&client, command);
                always(test, &client);
            }
        });
    }
}

impl Test {
    /// Makes the call of a command, and says how it ended.
    pub fn send(&self, client: &impl Client, command: &Command) -> Status {
        let to = client.as_account(self.account(&command.signer)).recipient().clone();
        to.driver.send(&to, command.kind, command.method, command.input.clone())
    }
}

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{variable} is `{text}`; it is a number"),
    }
}
