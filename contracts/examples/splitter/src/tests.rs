//! The splitter, natively and as Wasm: with the real token, and with doubles where the token is to fail.

use super::*;
use ::token::Token;
use coffer_test::prelude::*;

/// Nobody has made a contract of this id.
const NOWHERE: ContractId = ContractId([9; 32]);

/// A splitter that gives Alice one part and Bob two.
fn deployed(test: &Test) -> ClientOf<Splitter> {
    let splitter = test.contract::<Splitter>("splitter");
    let done = splitter.init(vec![(test.account("bob"), 2), (test.account("alice"), 1)]);
    assert_eq!(done, Ok(()));
    splitter
}

/// A token of which the splitter has some.
fn token(test: &Test, name: &str, splitter: &ClientOf<Splitter>, amount: u128) -> ClientOf<Token> {
    let token = test.contract::<Token>(name);
    token.init(name.to_owned(), "T".to_owned(), 0, amount);
    assert_eq!(token.transfer(AccountId(splitter.contract_id().0), amount), Ok(()));
    token
}

#[coffer_test]
fn all_payees_are_paid_by_their_parts_and_the_rest_stays(test: &Test) {
    let splitter = deployed(test);
    let gold = token(test, "gold", &splitter, 100);
    let (id, alice, bob) = (gold.contract_id(), test.account("alice"), test.account("bob"));
    assert_eq!(splitter.due(id, bob), Some(66));
    assert_eq!(splitter.due(NOWHERE, bob), None);
    test.measured("split between two", || assert_eq!(splitter.split(id), Ok(99)));
    assert_eq!(test.events_of::<Split>(&splitter), [Split { token: id, amount: 99 }]);
    assert_eq!((gold.balance_of(alice), gold.balance_of(bob)), (33, 66));
    test.snapshot("paid");
}

#[coffer_test]
fn the_error_of_the_token_arrives_with_its_numbers(test: &Test) {
    let (splitter, bob) = (deployed(test), test.account("bob"));
    let silver = test.double("silver").answers("balance_of", |_: AccountId| 31u128).answers(
        "transfer",
        move |(to, amount): (AccountId, u128)| {
            if to == bob { Err(super::token::Error::InsufficientBalance { has: 21, needs: amount }) } else { Ok(()) }
        },
    );
    let refused = Err(Error::NotPaid { payee: bob, has: 21, needs: 20 });
    assert_eq!(splitter.split(silver.contract_id()), refused);
    let asked = silver.asked::<(AccountId, u128)>("transfer");
    assert!(asked.contains(&(AccountId(splitter.contract_id().0), (bob, 20))));
    assert_eq!(splitter.split(NOWHERE), Err(Error::NoToken { token: NOWHERE }));
}

#[coffer_test]
fn of_several_tokens_one_that_fails_is_undone_alone(test: &Test) {
    let (splitter, bob) = (deployed(test), test.account("bob"));
    let gold = token(test, "gold", &splitter, 100);
    let tokens = vec![NOWHERE, gold.contract_id()];
    let shares = splitter.split_all(tokens.clone());
    assert_eq!(shares, [Share { token: NOWHERE, amount: None }, Share { token: tokens[1], amount: Some(99) }]);
    assert_eq!(gold.balance_of(bob), 66);
    assert_eq!(test.events::<Split>().len(), 1);
}

#[coffer_test]
fn a_new_token_belongs_to_the_payees(test: &Test) {
    let (splitter, bob, code) = (deployed(test), test.account("bob"), test.code::<Token>());
    let issue = || splitter.issue(code, "New".to_owned(), "N".to_owned(), 300);
    let token = issue().expect("a token");
    assert_eq!(test.at::<Token>(token).balance_of(bob), 200);
    assert_eq!(issue(), Err(Error::NoToken { token: ContractId(code.0) }), "one name, one token");
    let unknown = CodeHash([6; 32]);
    let refused = splitter.issue(unknown, "Other".to_owned(), "O".to_owned(), 300);
    assert_eq!(refused, Err(Error::NoToken { token: ContractId(unknown.0) }));
}

#[coffer_test]
fn a_splitter_without_payees_is_refused(test: &Test) {
    let splitter = test.contract::<Splitter>("splitter");
    assert_eq!(splitter.init(vec![(test.account("bob"), 0)]), Err(Error::NoPayees));
}
