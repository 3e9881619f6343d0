//! The splitter against a host in memory, with a double in the token's place.

use super::*;
use coffer_sdk::native::{MemoryHost, with_host};

const ALICE: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);
const SPLITTER: ContractId = ContractId([3; 32]);
const GOLD: ContractId = ContractId([4; 32]);
const SILVER: ContractId = ContractId([5; 32]);
const CODE: CodeHash = CodeHash([6; 32]);

/// What the splitter uses of a token.
#[contract]
pub struct Double {
    balances: Map<AccountId, u128>,
    /// An account that is never paid.
    blocked: Item<AccountId>,
}

#[contract]
impl Double {
    pub fn init(&mut self, name: String, _symbol: String, _decimals: u8, supply: u128) {
        assert_ne!(name, "forbidden");
        self.balances.set(&caller(), &supply);
    }

    pub fn transfer(&mut self, to: AccountId, amount: u128) -> Result<(), token::Error> {
        let has = self.balance_of(caller());
        if has < amount || self.blocked.get() == Some(to) {
            return Err(token::Error::InsufficientBalance { has, needs: amount });
        }
        self.balances.set(&caller(), &(has - amount));
        self.balances.set(&to, &(self.balance_of(to) + amount));
        Ok(())
    }

    pub fn balance_of(&self, account: AccountId) -> u128 {
        self.balances.get_or_default(&account)
    }
}

/// A splitter that gives Alice one part and Bob two, with 100 of gold and 31 of silver; silver never pays Bob.
fn deployed() -> MemoryHost {
    let host = MemoryHost::called_by(ALICE).with::<Splitter>(SPLITTER).with::<Double>(GOLD).with::<Double>(SILVER);
    let give = |amount| move || Double::open().balances.set(&AccountId(SPLITTER.0), &amount);
    let host = with_host(host.at(GOLD), give(100)).1;
    let host = with_host(host.at(SILVER), give(31)).1;
    let host = with_host(host, || Double::open().blocked.set(&BOB)).1;
    let init = || Splitter::open().init(vec![(BOB, 2), (ALICE, 1)]);
    let (done, host) = with_host(host.with_code::<Double>(CODE).at(SPLITTER), init);
    assert_eq!(done, Ok(()));
    host
}

fn balance(host: MemoryHost, token: ContractId, of: AccountId) -> u128 {
    with_host(host.at(token), || Double::open().balance_of(of)).0
}

#[test]
fn all_payees_are_paid_by_their_parts_and_the_rest_stays() {
    let (done, host) = with_host(deployed(), || {
        let mut splitter = Splitter::open();
        assert_eq!(splitter.due(GOLD, BOB), Some(66));
        assert_eq!(splitter.due(ContractId([9; 32]), BOB), None);
        splitter.split(GOLD)
    });
    assert_eq!(done, Ok(99));
    assert_eq!(host.events[0].read(), Some(Split { token: GOLD, amount: 99 }));
    assert_eq!(balance(host.clone(), GOLD, ALICE), 33);
    assert_eq!(balance(host, GOLD, AccountId(SPLITTER.0)), 1);
}

#[test]
fn the_error_of_the_token_arrives_with_its_numbers() {
    with_host(deployed(), || {
        let mut splitter = Splitter::open();
        // Alice has been paid 10 of the 31 by then; the node undoes that, because the call fails.
        assert_eq!(splitter.split(SILVER), Err(Error::NotPaid { payee: BOB, has: 21, needs: 20 }));
        let nowhere = ContractId([9; 32]);
        assert_eq!(splitter.split(nowhere), Err(Error::NoToken { token: nowhere }));
    });
}

#[test]
fn of_several_tokens_one_that_fails_is_undone_alone() {
    let (ended, host) = deployed().run::<Splitter>("call split_all", (vec![SILVER, GOLD],));
    assert_eq!(ended, Ok(()));
    assert_eq!(balance(host.clone(), GOLD, BOB), 66);
    assert_eq!(balance(host.clone(), SILVER, ALICE), 0, "undone");
    assert_eq!(host.events.iter().filter(|event| event.contract == SPLITTER).count(), 1);
}

#[test]
fn a_new_token_belongs_to_the_payees() {
    let issue = |name: &str| {
        let name = name.to_owned();
        move || Splitter::open().issue(CODE, name, "N".to_owned(), 300)
    };
    let (made, host) = with_host(deployed(), issue("New"));
    let token = made.unwrap();
    assert_eq!(balance(host.clone(), token, BOB), 200);
    let (again, _) = with_host(host, issue("New"));
    assert_eq!(again, Err(Error::NoToken { token: ContractId(CODE.0) }), "one name, one token");
    let (refused, _) = with_host(deployed(), issue("forbidden"));
    assert_eq!(refused, Err(Error::NoToken { token: ContractId(CODE.0) }));
}

#[test]
fn a_splitter_without_payees_is_refused() {
    with_host(MemoryHost::default(), || {
        assert_eq!(Splitter::open().init(vec![(BOB, 0)]), Err(Error::NoPayees));
    });
}
