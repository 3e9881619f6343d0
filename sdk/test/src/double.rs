//! Doubles: what answers by closures in the place of another contract, on both engines alike. Not here: contracts that a test writes itself; a
//! double stores nothing, tells nothing and calls nobody. Invariant: a method without an answer is refused as one that is not there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use coffer_abi::spec::describe::{Describe, Returns};
use coffer_abi::{AccountId, ContractId, Encode, Refused, Status};
use coffer_runtime::Asked;
use parity_scale_codec::Decode;

use crate::chain::Chain;
use crate::ledger::{Answers, Program};
use crate::wasm;

type Answer = Box<dyn FnMut(&[u8]) -> Status>;

#[derive(Default)]
struct Answering {
    answers: BTreeMap<String, Answer>,
    asked: Vec<(String, AccountId, Vec<u8>)>,
}

/// Something in the place of a contract. Clones are the same double. What it remembers stays when the call that asked it fails.
#[derive(Clone)]
pub struct Double {
    contract: ContractId,
    answering: Rc<RefCell<Answering>>,
}

impl Double {
    pub(crate) fn new(chain: &Rc<Chain>, state: usize, contract: ContractId) -> Self {
        let answering = Rc::new(RefCell::new(Answering::default()));
        let told = Rc::clone(&answering);
        let answers: Answers = Rc::new(RefCell::new(move |asked: &Asked<'_>| told.borrow_mut().answer(asked)));
        let program = Program {
            entries: &[],
            reentrant: &[],
            spec: Default::default(),
            wasm: chain.needs_wasm.then(wasm::nothing),
        };
        if let Some(state) = chain.ledger.borrow_mut().states.get_mut(state) {
            state.contracts.insert(contract, Rc::new(program));
            state.doubles.insert(contract, answers);
        }
        Self { contract, answering }
    }

    /// Answers a method, a call or a view, with what the closure returns: a value, or a `Result` with an error type of the contract. `A` is the
    /// tuple of the arguments: `|(to, amount): (AccountId, u64)| ..`, `|(): ()| ..`.
    #[must_use]
    pub fn answers<A: Decode, R: Returns>(self, method: &str, mut answer: impl FnMut(A) -> R + 'static) -> Self {
        let answer = move |input: &[u8]| match read::<A>(input) {
            Some(arguments) => match answer(arguments).into_result() {
                Ok(value) => Status::Ok(value.encode()),
                Err(error) => {
                    let data = error.encode();
                    Status::Failed { code: data.first().copied().unwrap_or_default().into(), data }
                }
            },
            None => Status::Panicked("the arguments are not those that the double's closure takes".into()),
        };
        self.answering.borrow_mut().answers.insert(method.to_owned(), Box::new(answer));
        self
    }

    /// Who asked a method so far, and with which arguments, oldest first.
    ///
    /// # Panics
    /// When the arguments were others than `A`.
    pub fn asked<A: Describe>(&self, method: &str) -> Vec<(AccountId, A)> {
        let answering = self.answering.borrow();
        let asked = answering.asked.iter().filter(|(name, ..)| name == method);
        let read = asked.map(|(_, who, input)| match read::<A>(input) {
            Some(arguments) => (*who, arguments),
            None => panic!("`{method}` was asked with other arguments than these"),
        });
        read.collect()
    }

    /// Id of the contract that is not there.
    pub fn contract_id(&self) -> ContractId {
        self.contract
    }
}

impl Answering {
    fn answer(&mut self, asked: &Asked<'_>) -> Status {
        self.asked.push((asked.method.to_owned(), asked.caller, asked.input.to_vec()));
        match self.answers.get_mut(asked.method) {
            Some(answer) => answer(asked.input),
            None => Status::Refused(Refused::NoSuchMethod),
        }
    }
}

/// A value that all of the bytes encode.
fn read<A: Decode>(bytes: &[u8]) -> Option<A> {
    let mut rest = bytes;
    let value = A::decode(&mut rest).ok()?;
    rest.is_empty().then_some(value)
}
