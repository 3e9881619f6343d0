//! Between an export and a method, on a host in memory: arguments, results, errors, events, views, and what the spec says.

use coffer_abi::Encode;
use coffer_abi::outcome::TrapKind;
use coffer_abi::spec::{Layout, MethodKind, Shape, Spec, Type, VariantFields};
use coffer_sdk::contract::Contract;
use coffer_sdk::event::Event;
use coffer_sdk::native::{Halt, MemoryHost};
use coffer_sdk::prelude::*;

/// A vote.
///
/// One for each account.
#[contract]
pub struct Poll {
    /// Who may close it.
    chair: Item<AccountId>,
    #[key("ballots")]
    votes: Map<AccountId, Choice>,
    closed: LookupMap<(u8, String), bool>,
}

/// What can be chosen.
#[contract_type]
#[derive(Copy)]
pub enum Choice {
    /// For it.
    Yes,
    No,
    /// Something else.
    Other(u8, u8),
    Because {
        /// Why.
        reason: u16,
    },
}

#[error]
pub enum Refusal {
    Twice,
    NotChair { chair: AccountId },
}

/// A vote was cast.
#[event]
pub struct Cast {
    /// By whom.
    pub by: AccountId,
    pub choice: Choice,
}

type Outcome<T> = Result<T, Refusal>;

#[contract]
impl Poll {
    const LIMIT: u8 = 3;

    pub fn init(&mut self) {
        self.chair.set(&caller());
    }

    /// Casts a vote.
    pub fn vote(
        &mut self,
        /// What is chosen.
        choice: Choice,
    ) -> Outcome<u8> {
        if self.votes.contains(&caller()) {
            return Err(Refusal::Twice);
        }
        self.votes.set(&caller(), &choice);
        emit(Cast { by: caller(), choice });
        Ok(Self::LIMIT)
    }

    pub fn close(&mut self, r#type: u8, tags: BTreeSet<String>) -> Result<(), Refusal> {
        let chair = self.chair.get_or_default();
        if caller() != chair {
            return Err(Refusal::NotChair { chair });
        }
        for tag in tags {
            self.closed.set(&(r#type, tag), &true);
        }
        Ok(())
    }

    pub fn votes(&self) -> Vec<(AccountId, Choice)> {
        self.votes.iter().collect()
    }

    /// Breaks its word.
    pub fn cheat(&self) {
        Self { ..Self::open() }.chair.set(&caller());
    }

    pub fn fail(&self, why: String) -> u8 {
        panic!("no: {why}")
    }
}

const ALICE: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);

fn poll() -> MemoryHost {
    let (ended, host) = MemoryHost::called_by(ALICE).run::<Poll>("init", ());
    assert_eq!((ended, host.output.as_deref()), (Ok(()), Some(&[][..])));
    host
}

#[test]
fn a_call_takes_arguments_and_leaves_its_result_its_event_and_its_writes() {
    let (ended, host) = poll().run::<Poll>("call vote", (Choice::Because { reason: 7 },));
    assert_eq!(ended, Ok(()));
    assert_eq!(host.output, Some(vec![3]));
    assert_eq!(host.events[0].read(), Some(Cast { by: ALICE, choice: Choice::Because { reason: 7 } }));
    let key = [b"\x01\x07ballots".as_slice(), &ALICE.0].concat();
    assert_eq!(host.storage[&key], [3, 7, 0]);
    let (_, host) = host.run::<Poll>("view votes", ());
    assert_eq!(host.output, Some(vec![(ALICE, Choice::Because { reason: 7 })].encode()));
}

#[test]
fn an_error_arrives_as_the_index_of_its_variant_and_its_encoding() {
    let (_, host) = poll().run::<Poll>("call vote", (Choice::Yes,));
    let (ended, host) = host.run::<Poll>("call vote", (Choice::No,));
    assert_eq!((ended, host.error.clone(), host.output.clone()), (Ok(()), Some((0, vec![0])), None));
    let mut host = host;
    host.caller = BOB;
    let (_, host) = host.run::<Poll>("call close", (0u8, vec!["a"]));
    assert_eq!(host.error, Some((1, Refusal::NotChair { chair: ALICE }.encode())));
}

#[test]
fn arguments_that_are_not_exactly_their_encoding_are_refused_by_the_name_of_the_method() {
    let refused = |export: &str, input: Vec<u8>| {
        let (ended, host) = coffer_sdk::native::run::<Poll, _>(with_input(input), export);
        assert_eq!(host.output, None);
        ended
    };
    let text =
        |method| Err(Halt::Panicked(format!("the arguments of `{method}` are not the encoding of its argument types")));
    assert_eq!(refused("call vote", vec![]), text("vote"));
    assert_eq!(refused("call vote", vec![9]), text("vote"));
    assert_eq!(refused("call vote", vec![0, 0]), text("vote"));
    assert_eq!(refused("init", vec![0]), text("init"));
    assert_eq!(refused("call close", (1u8, vec!["b", "a"]).encode()), text("close"));
    assert_eq!(refused("call close", (1u8, vec!["a", "a"]).encode()), text("close"));
    assert_eq!(refused("call close", vec![0; 200]), text("close"));
}

fn with_input(input: Vec<u8>) -> MemoryHost {
    let mut host = poll();
    (host.input, host.output) = (input, None);
    host
}

#[test]
fn a_view_cannot_write_even_if_it_goes_around_the_borrow_checker() {
    let (ended, _) = poll().run::<Poll>("view cheat", ());
    assert_eq!(ended, Err(Halt::Trapped(TrapKind::ReadOnly)));
}

#[test]
fn the_text_of_a_panic_arrives() {
    let (ended, _) = poll().run::<Poll>("view fail", ("really",));
    assert_eq!(ended, Err(Halt::Panicked("no: really".to_owned())));
}

#[test]
fn the_spec_says_what_the_source_says() {
    let spec = Spec::from_section(&[Poll::RECORD, Cast::RECORD].concat()).unwrap();
    assert_eq!((spec.name.as_str(), spec.docs.as_str()), ("Poll", "A vote.\n\nOne for each account."));
    assert_eq!(spec.version, env!("CARGO_PKG_VERSION"));
    let names: Vec<_> = spec.methods.iter().map(|m| (m.kind, m.name.as_str())).collect();
    let expected = [
        (MethodKind::Init, "init"),
        (MethodKind::Call, "vote"),
        (MethodKind::Call, "close"),
        (MethodKind::View, "votes"),
        (MethodKind::View, "cheat"),
        (MethodKind::View, "fail"),
    ];
    assert_eq!(names, expected);
    let vote = spec.method("vote").unwrap();
    assert_eq!((vote.args[0].docs.as_str(), &vote.result), ("What is chosen.", &Type::U8));
    let Some(Type::Named(error)) = vote.error else { panic!("{:?}", vote.error) };
    assert_eq!(spec.types[error as usize].name, "Refusal");
    assert_eq!(spec.method("close").unwrap().args[0].name, "type");
    let choice = spec.types.iter().find(|t| t.name == "Choice").unwrap();
    let Shape::Enum(variants) = &choice.shape else { panic!("{choice:?}") };
    assert_eq!(variants[2].fields, VariantFields::Tuple(vec![Type::U8, Type::U8]));
    let keys: Vec<_> = spec.storage.iter().map(|field| field.key_prefix()).collect();
    assert_eq!(keys, [b"\0\x05chair".to_vec(), b"\x01\x07ballots".to_vec(), b"\0\x06closed".to_vec()]);
    assert!(matches!(spec.storage[2].layout, Layout::Map { ordered: false, .. }));
    assert_eq!(spec.events[0].fields[0].docs, "By whom.");
}
