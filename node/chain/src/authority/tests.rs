//! Tests of who may change a contract.

use super::*;

const CHAIN: Hash = Hash([1; 32]);
const CONTRACT: ContractId = ContractId([3; 32]);

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn parties(keys: &[u8]) -> Authority {
    Authority::Parties(Parties::new(keys.iter().map(|n| key(*n).account()).collect()).unwrap())
}

fn change() -> Change {
    Change::code(CodeHash([7; 32]), b"input")
}

fn body() -> ConsentBody {
    ConsentBody::new(CHAIN, CONTRACT, 4, Height(10), change())
}

/// Whose word is missing when key 1 sends the change of [`body`] with these consents at a height.
fn missing(authority: &Authority, consents: Vec<Consent>, height: u64) -> Vec<(AccountId, Refused)> {
    let (sender, change, consents) = (key(1).account(), change(), Consents::new(consents).unwrap());
    let height = Height(height);
    authority.missing(&Wanted {
        chain_id: &CHAIN,
        contract: &CONTRACT,
        revision: 4,
        change: &change,
        sender: &sender,
        height,
        consents: &consents,
    })
}

#[test]
fn an_account_may_alone_and_nobody_else_may() {
    assert_eq!(missing(&Authority::Account(key(1).account()), vec![], 1), []);
    let other = key(2).account();
    let expected = [(other, Refused::NotAuthorised)];
    assert_eq!(missing(&Authority::Account(other), vec![], 1), expected);
    // The account's consent does not make somebody else the sender.
    assert_eq!(missing(&Authority::Account(other), vec![body().sign(&key(2))], 1), expected);
}

#[test]
fn a_renounced_contract_is_changed_by_nobody() {
    let consents = vec![body().sign(&key(1)), body().sign(&key(2))];
    assert_eq!(missing(&Authority::None, consents, 1), [(key(1).account(), Refused::NoAuthority)]);
}

#[test]
fn every_party_but_the_sender_must_consent() {
    let (two, three) = (key(2).account(), key(3).account());
    let absent = |account| (account, Refused::NotAuthorised);
    let all = parties(&[1, 2, 3]);
    let mut expected = [absent(two), absent(three)];
    expected.sort_by_key(|(account, _)| *account);
    assert_eq!(missing(&all, vec![], 1), expected);
    assert_eq!(missing(&all, vec![body().sign(&key(2))], 1), [absent(three)]);
    assert_eq!(missing(&all, vec![body().sign(&key(3)), body().sign(&key(2))], 10), []);
    // A sender that is no party needs all of them.
    assert_eq!(missing(&parties(&[2, 3]), vec![body().sign(&key(2))], 1), [absent(three)]);
    assert_eq!(missing(&parties(&[2, 3]), vec![body().sign(&key(2)), body().sign(&key(3))], 1), []);
}

#[test]
fn a_consent_holds_for_exactly_what_was_signed() {
    type Alter = fn(&mut ConsentBody);
    let alterations: [(&str, Alter); 8] = [
        ("version", |b| b.version += 1),
        ("chain", |b| b.chain_id.0[0] ^= 1),
        ("contract", |b| b.contract.0[0] ^= 1),
        ("revision", |b| b.revision -= 1),
        ("code", |b| b.change = Change::code(CodeHash([8; 32]), b"input")),
        ("input", |b| b.change = Change::code(CodeHash([7; 32]), b"other")),
        ("kind of change", |b| b.change = Change::Authority(Authority::None)),
        ("none", |_| {}),
    ];
    let two = key(2).account();
    for (what, alter) in alterations {
        let mut altered = body();
        alter(&mut altered);
        let expected = if what == "none" { vec![] } else { vec![(two, Refused::BadConsent)] };
        assert_eq!(missing(&parties(&[1, 2]), vec![altered.sign(&key(2))], 1), expected, "{what}");
    }
    let mut prolonged = body().sign(&key(2));
    prolonged.valid_until = Height(11);
    assert_eq!(missing(&parties(&[1, 2]), vec![prolonged], 1), [(two, Refused::BadConsent)]);
    let mut borrowed = body().sign(&key(3));
    borrowed.party = two;
    assert_eq!(missing(&parties(&[1, 2]), vec![borrowed], 1), [(two, Refused::BadConsent)]);
}

#[test]
fn a_consent_counts_up_to_its_last_height() {
    let two = key(2).account();
    assert_eq!(missing(&parties(&[1, 2]), vec![body().sign(&key(2))], 10), []);
    assert_eq!(missing(&parties(&[1, 2]), vec![body().sign(&key(2))], 11), [(two, Refused::ConsentExpired)]);
}

#[test]
fn another_authority_is_consented_to_as_a_whole() {
    let change = Change::Authority(parties(&[1, 2]));
    let body = ConsentBody { change: change.clone(), ..body() };
    let consents = Consents::new(vec![body.sign(&key(2))]).unwrap();
    let sender = key(1).account();
    let wanted = |change| Wanted {
        chain_id: &CHAIN,
        contract: &CONTRACT,
        revision: 4,
        change,
        sender: &sender,
        height: Height(1),
        consents: &consents,
    };
    assert_eq!(parties(&[1, 2]).missing(&wanted(&change)), []);
    let other = Change::Authority(parties(&[1, 3]));
    assert_eq!(parties(&[1, 2]).missing(&wanted(&other)), [(key(2).account(), Refused::BadConsent)]);
}

#[test]
fn a_list_is_bounded_ordered_and_without_repetition() {
    let account = |n: u8| AccountId([n; 32]);
    assert_eq!(Parties::new(vec![account(1)]), Err(ListError::TooFew(1)));
    assert_eq!(Parties::new(vec![account(2), account(1), account(2)]), Err(ListError::Twice(account(2))));
    assert_eq!(Parties::new((0..33).map(account).collect()), Err(ListError::TooMany(33)));
    let two = Parties::new(vec![account(2), account(1)]).unwrap();
    assert_eq!(two.accounts(), [account(1), account(2)]);
    assert_eq!(codec::decode::<Parties>(&two.encode()), Ok(two));
    for bad in [vec![], vec![account(1)], vec![account(2), account(1)], vec![account(1); 2], vec![account(1); 33]] {
        assert!(codec::decode::<Parties>(&bad.encode()).is_err(), "{bad:?}");
    }
    let consent = |n| Consent { party: account(n), ..body().sign(&key(1)) };
    assert_eq!(Consents::new(vec![consent(1), consent(1)]), Err(ListError::Twice(account(1))));
    let consents = Consents::new(vec![consent(2), consent(1)]).unwrap();
    assert_eq!(consents.of(&account(2)), Some(&consent(2)));
    assert_eq!(consents.of(&account(3)), None);
    assert_eq!(codec::decode::<Consents>(&consents.encode()), Ok(consents));
    for bad in [vec![consent(2), consent(1)], vec![consent(1), consent(1)], (0..33).map(consent).collect()] {
        assert!(codec::decode::<Consents>(&bad.encode()).is_err());
    }
}

#[test]
fn a_consent_in_text_reads_back_and_nothing_else_reads() {
    let consent = body().sign(&key(2));
    let text = consent.to_string();
    assert_eq!((text.len(), text.parse()), (2 + 2 * CONSENT_BYTES, Ok(consent)));
    for bad in ["", "0x", &text[2..], &text[..text.len() - 2], &format!("{text}00"), &text.replace('a', "g")] {
        assert_eq!(bad.parse::<Consent>(), Err(NoConsent), "{bad}");
    }
}

/// What every node must agree on, byte by byte: a change here is a network upgrade.
#[test]
fn the_bytes_of_authorities_and_consents_are_these() {
    let account = |n: u8| AccountId([n; 32]);
    assert_eq!(Authority::None.encode(), [0]);
    assert_eq!(Authority::Account(account(9)).encode(), [&[1][..], &[9; 32]].concat());
    let two = Authority::Parties(Parties::new(vec![account(2), account(1)]).unwrap());
    assert_eq!(two.encode(), [&[2, 8][..], &[1; 32], &[2; 32]].concat());
    let id = |change| ConsentBody::new(CHAIN, CONTRACT, 4, Height(10), change).id().to_string();
    assert_eq!(id(Change::Authority(two)), "0x7f2548b26786ab7cb732fcd30d4e6ce621e6a21d75588931398a592eaeeade62");
    assert_eq!(id(change()), "0xcad15cb6d0b81fdd555f5af5ecc7e6299f8fdbab5f4ea68ea627265dbcf6803e");
}
