//! Contracts that call each other, on a host in memory: what arrives, what is refused, what a failed callee leaves behind.

use coffer_abi::Encode;
use coffer_sdk::call::{Never, RawError, Refused, TrapKind, call_raw, create_raw, view_raw};
use coffer_sdk::context::random;
use coffer_sdk::native::{Halt, MemoryHost, with_host};
use coffer_sdk::prelude::*;

/// Takes deposits, and calls whoever pays in.
#[contract]
pub struct Bank {
    balances: Map<AccountId, u64>,
    limit: Item<u64>,
}

#[event]
pub struct Paid {
    pub by: AccountId,
}

#[error]
pub enum BankError {
    AboveLimit { limit: u64 },
    Closed,
}

#[contract]
impl Bank {
    pub fn init(&mut self, limit: u64) -> Result<(), BankError> {
        if limit == 0 {
            return Err(BankError::Closed);
        }
        self.limit.set(&limit);
        Ok(())
    }

    pub fn pay_in(&mut self, amount: u64) -> Result<u64, BankError> {
        let balance = self.balance(caller()) + amount;
        // Written before it is checked: a failed call must undo it.
        self.balances.set(&caller(), &balance);
        emit(Paid { by: caller() });
        let limit = self.limit.get_or_default();
        if balance > limit { Err(BankError::AboveLimit { limit }) } else { Ok(balance) }
    }

    pub fn balance(&self, of: AccountId) -> u64 {
        self.balances.get_or_default(&of)
    }

    pub fn break_down(&mut self) {
        self.limit.set(&0);
        panic!("no money")
    }

    /// Calls a method without arguments of whoever called.
    pub fn call_back(&mut self, method: String) -> Option<u8> {
        let caller = ContractId(caller().0);
        match call_raw(&caller, &method, &[], None) {
            Ok(_) => None,
            Err(CallError::Refused(Refused::ReEntered)) => Some(1),
            Err(CallError::Refused(Refused::NoSuchMethod)) => Some(2),
            Err(_) => Some(3),
        }
    }

    pub fn write_in_a_view(&self) -> bool {
        Client::at(own_id()).pay_in(1).is_ok()
    }
}

/// The bank as others see it.
#[interface]
pub trait Client {
    fn init(&mut self, limit: u64) -> Result<(), BankError>;
    /// Pays in.
    fn pay_in(&mut self, amount: u64) -> Result<u64, BankError>;
    fn balance(&self, of: AccountId) -> u64;
    fn break_down(&mut self);
    fn call_back(&mut self, method: String) -> Option<u8>;
    fn write_in_a_view(&self) -> bool;
    fn absent(&self);
}

/// The bank as somebody sees it who is wrong.
#[interface]
trait Wrong {
    fn balance(&self, of: AccountId) -> u32;
    fn pay_in(&mut self, amount: u64) -> Result<u64, NoBank>;
    fn call_back(&mut self);
}

#[error]
pub enum NoBank {
    Nothing,
}

/// Has an account at the bank.
#[contract]
pub struct Saver {
    tries: Item<u32>,
}

#[contract]
impl Saver {
    pub fn save(&mut self, bank: ContractId, amount: u64) -> Option<u64> {
        self.tries.set(&(self.tries.get_or_default() + 1));
        Client::at(bank).pay_in(amount).ok()
    }

    pub fn saved(&self, bank: ContractId) -> u64 {
        Client::at(bank).balance(AccountId(own_id().0)).unwrap_or_default()
    }

    /// Lets the bank call this contract back, and says what the bank was told.
    pub fn be_called_back(&mut self, bank: ContractId, method: String) -> Option<u8> {
        self.tries.set(&100);
        Client::at(bank).call_back(method).expect("the bank answers")
    }

    pub fn closed(&mut self) {}

    #[reentrant]
    pub fn open(&mut self) {
        assert_eq!(self.tries.get(), Some(100), "it sees what the call before it wrote");
        self.tries.set(&200);
    }

    /// Calls itself until it is refused, and counts.
    #[reentrant]
    pub fn dive(&mut self) -> u32 {
        let below = call_raw(&own_id(), "dive", &[], None);
        match below {
            Ok(depth) => u32::from_le_bytes(depth.try_into().unwrap_or_default()) + 1,
            Err(error) => {
                assert_eq!(error, CallError::Refused(Refused::TooDeep));
                1
            }
        }
    }
}

const ALICE: AccountId = AccountId([1; 32]);
const BANK: ContractId = ContractId([2; 32]);
const SAVER: ContractId = ContractId([3; 32]);
const CODE: CodeHash = CodeHash([4; 32]);

/// A bank with a limit of 10, and a saver who runs next.
fn world() -> MemoryHost {
    let host = MemoryHost::called_by(ALICE).with::<Bank>(BANK).with::<Saver>(SAVER).with_code::<Bank>(CODE);
    let (ended, host) = host.at(BANK).run::<Bank>("init", (10u64,));
    assert_eq!(ended, Ok(()));
    host.at(SAVER)
}

#[test]
fn a_client_brings_the_value_and_the_typed_error_of_the_other_contract() {
    with_host(world(), || {
        let mut bank = Client::at(BANK);
        assert_eq!(bank.pay_in(7), Ok(7));
        assert_eq!(bank.balance(AccountId(SAVER.0)), Ok(7), "the bank's caller is the contract, not who signed");
        assert_eq!(bank.pay_in(4), Err(CallError::Failed(BankError::AboveLimit { limit: 10 })));
        assert_eq!(bank.break_down(), Err(CallError::Panicked("no money".to_owned())));
        assert_eq!(bank.absent(), Err(CallError::Refused(Refused::NoSuchMethod)));
        assert_eq!(Client::at(ContractId([9; 32])).pay_in(1), Err(CallError::Refused(Refused::NoSuchContract)));
        let none: Result<u64, CallError<Never>> = bank.with_gas(5).balance(ALICE);
        assert_eq!(none, Ok(0));
        assert_eq!(bank.contract_id(), BANK);
    });
}

#[test]
fn an_answer_of_another_type_is_told_as_such() {
    with_host(world(), || {
        let mut wrong = Wrong::at(BANK);
        assert_eq!(wrong.balance(ALICE), Err(CallError::BadReply), "eight bytes are no u32");
        assert_eq!(wrong.pay_in(11), Err(CallError::BadReply), "the bank has another error");
        let text = "the arguments of `call_back` are not the encoding of its argument types";
        assert_eq!(wrong.call_back(), Err(CallError::Panicked(text.to_owned())));
    });
}

#[test]
fn a_failed_callee_leaves_nothing_and_its_caller_goes_on() {
    let (ended, host) = world().run::<Saver>("call save", (BANK, 11u64));
    assert_eq!((ended, &host.output), (Ok(()), &Some(None::<u64>.encode())));
    assert!(host.events.is_empty());
    let (ended, host) = host.run::<Saver>("call save", (BANK, 3u64));
    assert_eq!((ended, &host.output), (Ok(()), &Some(Some(3u64).encode())));
    let told: Vec<_> = host.events.iter().map(|event| (event.contract, event.read())).collect();
    assert_eq!(told, [(BANK, Some(Paid { by: AccountId(SAVER.0) }))]);
    let (_, host) = host.run::<Saver>("view saved", (BANK,));
    assert_eq!(host.output, Some(3u64.encode()));
    let ((), host) = with_host(host, || drop(Client::at(BANK).break_down()));
    assert_eq!(host.storage.values().collect::<Vec<_>>(), [&2u32.encode()], "the saver's own writes stay");
    with_host(host.at(BANK), || assert_eq!(Client::at(SAVER).absent(), Err(CallError::Refused(Refused::NoSuchMethod))));
}

#[test]
fn a_contract_in_the_middle_of_a_call_is_entered_only_by_a_reentrant_method() {
    let told = |method: &str| {
        let (ended, host) = world().run::<Saver>("call be_called_back", (BANK, method));
        assert_eq!(ended, Ok(()));
        (host.output.unwrap(), host.storage.into_values().next().unwrap())
    };
    assert_eq!(told("open"), (None::<u8>.encode(), 200u32.encode()));
    assert_eq!(told("closed"), (Some(1u8).encode(), 100u32.encode()));
    assert_eq!(told("nothing"), (Some(1u8).encode(), 100u32.encode()), "whether it is there does not matter");
    assert_eq!(told("No Method"), (Some(2u8).encode(), 100u32.encode()));
}

#[test]
fn calls_end_at_the_depth_of_the_node() {
    let (ended, host) = world().run::<Saver>("call dive", ());
    assert_eq!((ended, host.output), (Ok(()), Some(16u32.encode())));
}

#[test]
fn a_view_calls_views_only() {
    with_host(world(), || {
        assert_eq!(Client::at(BANK).write_in_a_view(), Err(CallError::Trapped(TrapKind::ReadOnly)));
    });
    let (ended, _) = world().at(BANK).run::<Bank>("view write_in_a_view", ());
    assert_eq!(ended, Err(Halt::Trapped(TrapKind::ReadOnly)));
}

#[test]
fn a_contract_makes_contracts_of_code_that_is_there() {
    let ((), host) = with_host(world(), || {
        let new = NewContract::of(CODE).with_gas(1_000_000);
        let mut first = Client::init(new, 5).unwrap();
        assert_eq!(Client::init(new, 5), Err(CallError::Refused(Refused::ContractExists)));
        let second = Client::init(new.salt([1; 32]), 6).unwrap();
        assert_ne!(first.contract_id(), second.contract_id());
        assert_eq!(first.pay_in(6), Err(CallError::Failed(BankError::AboveLimit { limit: 5 })));
        assert_eq!(first.pay_in(5), Ok(5));
        assert_eq!(second.balance(AccountId(SAVER.0)), Ok(0));
        assert_eq!(Client::init(new.salt([2; 32]), 0), Err(CallError::Failed(BankError::Closed)));
        assert!(Client::init(new.salt([2; 32]), 1).is_ok(), "one that failed does not exist");
        let nowhere = NewContract::of(CodeHash([9; 32]));
        assert_eq!(Client::init(nowhere, 1), Err(CallError::Refused(Refused::NoSuchCode)));
        let closed = create_raw(&new.salt([3; 32]), &0u64.encode());
        assert_eq!(closed, Err(CallError::Failed(RawError { code: 1, data: vec![1] })));
        assert!(create_raw(&new.salt([3; 32]), &1u64.encode()).is_ok());
    });
    assert_eq!(host.contract, SAVER);
}

#[test]
fn bytes_go_through_as_they_are() {
    with_host(world(), || {
        assert_eq!(call_raw(&BANK, "pay_in", &2u64.encode(), Some(9)), Ok(2u64.encode()));
        assert_eq!(view_raw(&BANK, "balance", &SAVER.0, None), Ok(2u64.encode()));
        let data = BankError::AboveLimit { limit: 10 }.encode();
        assert_eq!(call_raw(&BANK, "pay_in", &9u64.encode(), None), Err(CallError::Failed(RawError { code: 0, data })));
        let large = vec![0; 300 * 1024];
        assert_eq!(call_raw(&BANK, "pay_in", &large, None), Err(CallError::Refused(Refused::InputTooLarge)));
    });
}

#[test]
fn a_private_contract_reads_public_ones_and_never_writes_them() {
    let public = world().at(BANK);
    let ((), public) = with_host(public, || {
        Bank::open().balances.set(&AccountId(SAVER.0), &4);
    });
    let mut private = MemoryHost::called_by(ALICE);
    private.public = Some(Box::new(public));
    let (ended, host) = private.at(SAVER).run::<Saver>("view saved", (BANK,));
    assert_eq!((ended, &host.output), (Ok(()), &Some(4u64.encode())));
    with_host(host, || {
        assert_eq!(Client::at(BANK).pay_in(1), Err(CallError::Refused(Refused::NotWritable)));
        assert_eq!(Client::at(BANK).write_in_a_view(), Err(CallError::Trapped(TrapKind::ReadOnly)));
        assert_eq!(Client::at(BANK).balance(AccountId(SAVER.0)), Ok(4));
    });
}

#[test]
#[should_panic(expected = "does not know its code: use `MemoryHost::with`")]
fn a_contract_without_code_is_told_with_the_way_out() {
    with_host(MemoryHost::default().at(SAVER), || drop(call_raw(&SAVER, "open", &[], None)));
}

#[test]
fn the_generator_never_gives_the_same_twice_and_the_same_to_everybody() {
    let draw = || {
        let draws = || (random::<32>(), random::<32>(), random::<1024>().to_vec());
        let (drawn, _) = with_host(world(), draws);
        assert_ne!(drawn.0, drawn.1);
        drawn
    };
    assert_eq!(draw(), draw());
}

#[test]
fn a_signature_holds_for_its_message_only() {
    // RFC 8032, section 7.1, test 2.
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    };
    let key = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let (key, signature) = (key.try_into().unwrap(), signature.try_into().unwrap());
    with_host(MemoryHost::default(), || {
        assert!(crypto::verify_ed25519(&key, &signature, b"\x72"));
        assert!(!crypto::verify_ed25519(&key, &signature, b"\x73"));
    });
}

#[test]
fn an_error_says_in_words_what_happened() {
    let error: CallError<BankError> = CallError::Failed(BankError::AboveLimit { limit: 1 });
    assert_eq!(error.to_string(), "the called contract failed: AboveLimit { limit: 1 }");
    assert_eq!(error.map(|_| ()), CallError::Failed(()));
    assert_eq!(CallError::<()>::Trapped(TrapKind::ReadOnly).to_string(), "the called contract trapped: readOnly");
}
