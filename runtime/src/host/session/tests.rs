//! The host functions without Wasm: bounds, read-only, answers, texts, what a failed call leaves behind, calls from contract to contract.

use std::collections::BTreeMap;
use std::rc::Rc;

use coffer_abi::host::HostFunctions;
use coffer_abi::limits::{
    MAX_DEPTH, MAX_EVENT, MAX_EVENT_NAME, MAX_EVENTS, MAX_LOG, MAX_OUTPUT, MAX_PANIC, MAX_RANDOM,
};
use coffer_abi::{CodeHash, Decode, Hash, Height, StateId, Time, TrapKind};

use super::*;
use crate::host::{Ended, MAX_LOG_LINES, Ran};
use crate::state::{MemoryState, ScanEntry, StateRead};

type Body = Rc<dyn Fn(&mut Session<World>, &str) -> Result<(), Halt>>;

/// Contracts that are closures.
#[derive(Clone, Default)]
struct World {
    state: MemoryState,
    contracts: BTreeMap<ContractId, Body>,
    public: BTreeMap<ContractId, Body>,
    codes: BTreeMap<CodeHash, Body>,
}

const PUBLIC: StateId = StateId([0xff; 32]);

impl Host for World {
    type Code = Body;

    fn get(&self, _: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.state.get(contract, key)
    }

    fn scan(
        &self,
        _: Place,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Fault> {
        self.state.scan(contract, prefix, after, limit)
    }

    fn contract(&self, place: Place, contract: &ContractId) -> Result<Option<Body>, Fault> {
        let contracts = if place == Place::Own { &self.contracts } else { &self.public };
        Ok(contracts.get(contract).cloned())
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Body>, Fault> {
        Ok(self.codes.get(hash).cloned())
    }

    fn created_id(&self, creator: &ContractId, _: &CodeHash, salt: &[u8; 32]) -> ContractId {
        ContractId([creator.0[0] ^ salt[0]; 32])
    }

    fn public_state(&self) -> Option<StateId> {
        (!self.public.is_empty()).then_some(PUBLIC)
    }

    fn section(_: &Body) -> Hash {
        Hash::default()
    }

    fn is_reentrant(_: &Body, _: MethodKind, method: &str) -> bool {
        method.starts_with("open")
    }

    fn run(mut session: Box<Session<Self>>, code: &Body, _: MethodKind, method: &str) -> Result<Ran<Self>, Fault> {
        let ended = match code(&mut session, method) {
            Ok(()) => Ended::Returned,
            Err(Halt::Trap(kind)) => Ended::Stopped(Status::Trapped(kind)),
            Err(Halt::Panic(text)) => Ended::Stopped(Status::Panicked(text)),
            Err(Halt::OutOfGas) => Ended::Stopped(Status::OutOfGas),
            Err(Halt::Fault(fault)) => return Err(fault),
        };
        Ok((session, ended))
    }
}

const ONE: ContractId = ContractId([1; 32]);
const TWO: ContractId = ContractId([2; 32]);
const LIMIT: u64 = 1_000_000;

fn body(work: impl Fn(&mut Session<World>, &str) -> Result<(), Halt> + 'static) -> Body {
    Rc::new(work)
}

fn execute(kind: MethodKind, world: World, work: Body) -> Executed {
    let call = Call {
        kind,
        method: "go",
        input: b"input",
        contract: ONE,
        state_id: StateId([2; 32]),
        caller: AccountId([3; 32]),
        origin: AccountId([4; 32]),
        block: BlockContext { height: Height(5), time: Time(6), chain_id: Hash([7; 32]) },
        seed: Hash([8; 32]),
        gas_limit: Gas(LIMIT),
    };
    Session::new(world, &call, Schedule::V1).execute(&work, &call).unwrap()
}

/// Runs `work` as a call of contract one in an empty world.
fn go(work: impl Fn(&mut Session<World>) -> Result<(), Halt> + 'static) -> Executed {
    execute(MethodKind::Call, World::default(), body(move |session, _| work(session)))
}

fn trap<T>(result: Result<T, Halt>) -> Option<TrapKind> {
    match result {
        Err(Halt::Trap(kind)) => Some(kind),
        _ => None,
    }
}

/// The outcome that a nested call replied with.
fn replied(session: &Session<World>) -> Status {
    Status::decode(&mut session.reply()).unwrap()
}

const ALL: u64 = u64::MAX;

#[test]
fn a_view_reads_and_answers_but_never_writes() {
    let view = execute(
        MethodKind::View,
        World::default(),
        body(|view, _| {
            assert_eq!(trap(view.storage_set(b"\0a", b"")), Some(TrapKind::ReadOnly));
            assert_eq!(trap(view.storage_remove(b"\0a")), Some(TrapKind::ReadOnly));
            assert_eq!(trap(view.event(b"E", b"")), Some(TrapKind::ReadOnly));
            assert_eq!(trap(view.call(&TWO.0, b"go", b"", ALL)), Some(TrapKind::ReadOnly));
            assert_eq!(trap(view.create(&[0; 32], &[0; 32], b"", ALL)), Some(TrapKind::ReadOnly));
            assert_eq!(view.storage_get(b"\0a").unwrap(), None);
            view.output(b"answer")
        }),
    );
    assert_eq!(view.status, Status::Ok(b"answer".to_vec()));
    for kind in [MethodKind::Init, MethodKind::Call, MethodKind::Migrate] {
        let done = execute(kind, World::default(), body(|call, _| call.storage_set(b"\0a", b"").and(call.output(b""))));
        assert!(done.status.is_ok());
    }
}

#[test]
fn the_context_comes_as_given() {
    go(|session| {
        let mut id = |read: fn(&mut Session<World>) -> Result<Option<usize>, Halt>| {
            read(session).unwrap();
            session.reply()[0]
        };
        assert_eq!(id(Session::own_id), 1);
        assert_eq!(id(Session::state_id), 2);
        assert_eq!(id(Session::caller), 3);
        assert_eq!(id(Session::origin), 4);
        assert_eq!(id(Session::chain_id), 7);
        assert_eq!((session.block_height().unwrap(), session.block_time().unwrap()), (5, 6));
        assert_eq!(session.input().unwrap(), Some(5));
        assert_eq!(session.reply(), b"input");
        Ok(())
    });
}

#[test]
fn hashes_are_the_published_ones() {
    go(|session| {
        session.hash_sha256(b"abc").unwrap();
        assert_eq!(hex::encode(session.reply()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        session.hash_blake3(b"").unwrap();
        assert_eq!(hex::encode(session.reply()), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        Ok(())
    });
}

#[test]
fn a_signature_of_rfc_8032_holds_and_a_changed_one_does_not() {
    // RFC 8032, section 7.1, test 2.
    let bytes = |text: &str| hex::decode(text).unwrap();
    let key = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    go(move |session| {
        assert_eq!(session.verify_ed25519(&key, &signature, b"\x72").unwrap(), 1);
        assert_eq!(session.verify_ed25519(&key, &signature, b"\x73").unwrap(), 0);
        // A point of small order signs anything for whoever does not look.
        let weak = [&[1u8][..], &[0; 31]].concat();
        let signed = [&weak[..], &[0; 32]].concat();
        assert_eq!(session.verify_ed25519(&weak, &signed, b"anything").unwrap(), 0);
        assert_eq!(trap(session.verify_ed25519(&key[1..], &signature, b"")), Some(TrapKind::BadLength));
        assert_eq!(trap(session.verify_ed25519(&key, &signature[1..], b"")), Some(TrapKind::BadLength));
        Ok(())
    });
}

#[test]
fn the_generator_gives_every_replica_the_same_and_bounded_bytes() {
    let draws = || {
        go(|session| {
            session.random(32)?;
            let first = session.reply().to_vec();
            session.random(32)?;
            assert_ne!(first, session.reply());
            assert_eq!(trap(session.random(MAX_RANDOM + 1)), Some(TrapKind::LimitExceeded));
            let both = [&first[..], session.reply()].concat();
            session.output(&both)
        })
    };
    assert_eq!(draws(), draws());
}

#[test]
fn a_call_answers_once() {
    let twice = |first: fn(&mut Session<World>) -> Result<(), Halt>| {
        go(move |session| {
            first(session).unwrap();
            assert_eq!(trap(session.output(b"")), Some(TrapKind::DoubleOutput));
            assert_eq!(trap(session.error(0, b"")), Some(TrapKind::DoubleOutput));
            Ok(())
        });
    };
    twice(|session| session.output(b""));
    twice(|session| session.error(1, b""));
    let long = go(|session| session.output(&vec![0; MAX_OUTPUT + 1]));
    assert_eq!(long.status, Status::Trapped(TrapKind::LimitExceeded));
    assert_eq!(go(|_| Ok(())).status, Status::Trapped(TrapKind::NoOutput));
}

#[test]
fn a_call_that_fails_leaves_only_its_log() {
    let executed = go(|session| {
        session.storage_set(b"\0a", b"1")?;
        session.event(b"E", b"1")?;
        session.log(b"line")?;
        session.pay(9)?;
        session.error(3, b"data")
    });
    assert_eq!(executed.status, Status::Failed { code: 3, data: b"data".to_vec() });
    assert!(executed.changes.is_empty() && executed.events.is_empty());
    assert_eq!((executed.log, executed.gas_used), (vec!["line".to_owned()], Gas(9)));
}

#[test]
fn events_have_bounds_in_name_size_and_number() {
    go(|session| {
        assert_eq!(trap(session.event(b"", b"")), Some(TrapKind::BadText));
        assert_eq!(trap(session.event(b"\xff", b"")), Some(TrapKind::BadText));
        assert_eq!(trap(session.event(&[b'a'; MAX_EVENT_NAME + 1], b"")), Some(TrapKind::LimitExceeded));
        assert_eq!(trap(session.event(b"E", &vec![0; MAX_EVENT + 1])), Some(TrapKind::LimitExceeded));
        for _ in 0..MAX_EVENTS {
            session.event(b"E", b"").unwrap();
        }
        assert_eq!(trap(session.event(b"E", b"")), Some(TrapKind::LimitExceeded));
        Ok(())
    });
}

#[test]
fn the_text_of_a_panic_always_arrives() {
    let text = |bytes: &'static [u8]| match go(move |session| session.panic(bytes)).status {
        Status::Panicked(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(b"boom"), "boom");
    assert_eq!(text(b"b\xffm"), "b\u{FFFD}m");
    assert_eq!(text("ä".repeat(MAX_PANIC).leak().as_bytes()).len(), MAX_PANIC);
}

#[test]
fn the_log_is_bounded_without_the_contract_noticing() {
    let log = go(|session| {
        for _ in 0..MAX_LOG_LINES + 9 {
            session.log(&[b'x'; MAX_LOG + 1])?;
        }
        Ok(())
    })
    .log;
    assert_eq!(log.len(), MAX_LOG_LINES);
    assert!(log.iter().all(|line| line.len() == MAX_LOG));
}

#[test]
fn a_reply_is_read_from_inside_of_it() {
    go(|session| {
        session.input().unwrap();
        session.reply_read(5).unwrap();
        assert_eq!(trap(session.reply_read(6)), Some(TrapKind::BadPointer));
        Ok(())
    });
}

#[test]
fn a_scan_pays_for_what_it_passes_over() {
    let mut world = World::default();
    world.state.apply(ONE, &(0..5u8).map(|i| (vec![1, i], Some(vec![]))).collect());
    let scanned = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            for i in 0..4 {
                session.storage_remove(&[1, i])?;
            }
            session.storage_scan(&[1], b"", 9)?;
            session.output(b"")
        }),
    );
    assert_eq!(scanned.gas_used, Gas(4 * Schedule::V1.scan_skip));
}

/// A world in which contract two does `work`.
fn with_two(work: impl Fn(&mut Session<World>, &str) -> Result<(), Halt> + 'static) -> World {
    World { contracts: BTreeMap::from([(TWO, body(work))]), ..World::default() }
}

#[test]
fn a_callee_sees_its_caller_and_what_the_caller_wrote_stays_apart() {
    let world = with_two(|session, method| {
        assert_eq!(method, "deposit");
        session.caller()?;
        assert_eq!(session.reply(), ONE.0);
        session.origin()?;
        assert_eq!(session.reply(), [4; 32]);
        session.input()?;
        assert_eq!(session.reply(), b"args");
        assert_eq!(session.storage_get(b"\0k")?, None);
        session.storage_set(b"\0k", b"two")?;
        session.event(b"Deposited", b"")?;
        session.output(b"done")
    });
    let executed = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            session.storage_set(b"\0k", b"one")?;
            session.call(&TWO.0, b"deposit", b"args", ALL)?;
            assert_eq!(replied(session), Status::Ok(b"done".to_vec()));
            session.storage_get(b"\0k")?;
            assert_eq!(session.reply(), b"one");
            session.output(b"")
        }),
    );
    assert_eq!(executed.changes.len(), 2);
    assert_eq!(executed.changes[&TWO][&b"\0k"[..]], Some(b"two".to_vec()));
    assert_eq!(executed.events[0].contract, TWO);
}

#[test]
fn a_failed_callee_loses_its_writes_and_events_and_its_caller_goes_on() {
    for end in ["error", "panic", "trap", "gas"] {
        let world = with_two(move |session, _| {
            session.storage_set(b"\0k", b"two")?;
            session.event(b"Lost", b"")?;
            session.pay(7)?;
            match end {
                "error" => session.error(4, b"why"),
                "panic" => session.panic(b"boom"),
                "trap" => session.output(b"").and(session.output(b"")),
                _ => session.pay(LIMIT),
            }
        });
        let executed = execute(
            MethodKind::Call,
            world,
            body(move |session, _| {
                session.event(b"Before", b"")?;
                session.storage_set(b"\0k", b"one")?;
                session.call(&TWO.0, b"go", b"", 1_000)?;
                let expected = match end {
                    "error" => Status::Failed { code: 4, data: b"why".to_vec() },
                    "panic" => Status::Panicked("boom".into()),
                    "trap" => Status::Trapped(TrapKind::DoubleOutput),
                    _ => Status::OutOfGas,
                };
                assert_eq!(replied(session), expected);
                session.event(b"After", b"")?;
                session.output(b"")
            }),
        );
        assert!(executed.status.is_ok(), "{end}");
        assert_eq!(executed.gas_used, Gas(if end == "gas" { 1_000 } else { 7 }), "{end}");
        assert_eq!(executed.changes.keys().collect::<Vec<_>>(), [&ONE], "{end}");
        let names: Vec<_> = executed.events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["Before", "After"], "{end}");
    }
}

#[test]
fn a_caller_without_a_bound_keeps_a_part_of_its_gas() {
    let world = with_two(|session, _| session.pay(LIMIT));
    let executed = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            session.call(&TWO.0, b"go", b"", ALL)?;
            session.output(b"")
        }),
    );
    assert_eq!((executed.status, executed.gas_used), (Status::Ok(vec![]), Gas(LIMIT - LIMIT / 64)));
}

#[test]
fn a_contract_in_the_middle_of_a_call_is_not_entered_unless_the_method_is_open() {
    let back = |method: &'static [u8]| {
        let one: Body = body(move |session, method_of_one| match method_of_one {
            "go" => {
                session.call(&TWO.0, b"go", b"", ALL)?;
                let reply = session.reply().to_vec();
                session.output(&reply)
            }
            _ => session.output(b"inside"),
        });
        let mut world = with_two(move |session, _| {
            session.call(&ONE.0, method, b"", ALL)?;
            let status = replied(session);
            session.output(&coffer_abi::Encode::encode(&status))
        });
        world.contracts.insert(ONE, one.clone());
        match execute(MethodKind::Call, world, one).status {
            Status::Ok(outer) => match Status::decode(&mut &outer[..]).unwrap() {
                Status::Ok(inner) => Status::decode(&mut &inner[..]).unwrap(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(back(b"closed"), Status::Refused(Refused::ReEntered));
    assert_eq!(back(b"open_door"), Status::Ok(b"inside".to_vec()));
}

#[test]
fn calls_nest_sixteen_deep_and_no_deeper() {
    let mut world = World::default();
    let down = body(|session, _| {
        session.own_id()?;
        let next = session.reply()[0] + 1;
        session.call(&[next; 32], b"go", b"", ALL)?;
        let depth = match replied(session) {
            Status::Refused(Refused::TooDeep) => 1,
            Status::Ok(depth) => depth[0] + 1,
            other => panic!("{other:?}"),
        };
        session.output(&[depth])
    });
    for n in 1..40u8 {
        world.contracts.insert(ContractId([n; 32]), down.clone());
    }
    assert_eq!(execute(MethodKind::Call, world, down).status, Status::Ok(vec![MAX_DEPTH as u8]));
}

#[test]
fn a_view_calls_views_and_what_is_wrong_is_told_to_the_caller() {
    let world = with_two(|session, _| session.storage_set(b"\0k", b"").and(session.output(b"")));
    execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            session.view(&TWO.0, b"go", b"", ALL)?;
            assert_eq!(replied(session), Status::Trapped(TrapKind::ReadOnly));
            session.call(&[9; 32], b"go", b"", ALL)?;
            assert_eq!(replied(session), Status::Refused(Refused::NoSuchContract));
            session.call(&TWO.0, b"Go!", b"", ALL)?;
            assert_eq!(replied(session), Status::Refused(Refused::NoSuchMethod));
            session.call(&TWO.0, b"go", &vec![0; MAX_INPUT + 1], ALL)?;
            assert_eq!(replied(session), Status::Refused(Refused::InputTooLarge));
            assert_eq!(trap(session.call(&[2; 31], b"go", b"", ALL)), Some(TrapKind::BadLength));
            Ok(())
        }),
    );
}

#[test]
fn private_code_reads_public_contracts_and_never_writes_them() {
    let public = body(|session, _| {
        session.state_id()?;
        assert_eq!(session.reply(), PUBLIC.0);
        // Public code does not see what is private.
        session.view(&TWO.0, b"go", b"", ALL)?;
        assert_eq!(replied(session), Status::Refused(Refused::NoSuchContract));
        session.output(b"rate")
    });
    let mut world = with_two(|session, _| session.output(b""));
    world.public.insert(ContractId([9; 32]), public);
    let executed = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            session.call(&[9; 32], b"go", b"", ALL)?;
            assert_eq!(replied(session), Status::Refused(Refused::NotWritable));
            session.view(&[9; 32], b"go", b"", ALL)?;
            assert_eq!(replied(session), Status::Ok(b"rate".to_vec()));
            session.output(b"")
        }),
    );
    assert!(executed.status.is_ok());
}

#[test]
fn a_contract_makes_contracts_and_a_failed_init_makes_none() {
    let mut world = World::default();
    world.codes.insert(
        CodeHash([5; 32]),
        body(|session, method| match method {
            "init" => {
                session.storage_set(b"\0k", b"made")?;
                session.input()?;
                if session.reply() == b"bad" { session.error(1, b"") } else { session.output(b"") }
            }
            _ => session.output(b"called"),
        }),
    );
    let executed = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            let made = |session: &Session<World>| <(Status, ContractId)>::decode(&mut session.reply()).unwrap();
            session.create(&[5; 32], &[16; 32], b"good", ALL)?;
            let (status, id) = made(session);
            assert_eq!((status, id), (Status::Ok(vec![]), ContractId([17; 32])));
            session.create(&[5; 32], &[16; 32], b"good", ALL)?;
            assert_eq!(made(session), (Status::Refused(Refused::ContractExists), ContractId::default()));
            session.create(&[5; 32], &[32; 32], b"bad", ALL)?;
            assert_eq!(made(session).0, Status::Failed { code: 1, data: vec![] });
            session.create(&[6; 32], &[32; 32], b"", ALL)?;
            assert_eq!(made(session).0, Status::Refused(Refused::NoSuchCode));
            assert_eq!(trap(session.create(&[5; 32], &[0; 3], b"", ALL)), Some(TrapKind::BadLength));
            session.call(&[17; 32], b"go", b"", ALL)?;
            assert_eq!(replied(session), Status::Ok(b"called".to_vec()));
            session.output(b"")
        }),
    );
    let created = Created { contract: ContractId([17; 32]), code_hash: CodeHash([5; 32]), creator: ONE };
    assert_eq!(executed.created, [created]);
    assert_eq!(executed.changes.keys().collect::<Vec<_>>(), [&ContractId([17; 32])]);
}

#[test]
fn a_call_reads_its_own_writes() {
    let mut world = World::default();
    world.state.apply(ONE, &[(b"\0a".to_vec(), Some(b"old".to_vec()))].into_iter().collect());
    let executed = execute(
        MethodKind::Call,
        world,
        body(|session, _| {
            assert_eq!(session.storage_get(b"\0a")?, Some(3));
            session.storage_set(b"\0a", b"newer")?;
            assert_eq!(session.storage_get(b"\0a")?, Some(5));
            assert_eq!(session.storage_remove(b"\0a")?, 1);
            assert_eq!(session.storage_get(b"\0a")?, None);
            assert_eq!(session.storage_remove(b"\0a")?, 0);
            // Removing what was never there writes nothing.
            assert_eq!(session.storage_remove(b"\0b")?, 0);
            session.output(b"")
        }),
    );
    assert_eq!(executed.changes[&ONE], [(b"\0a".to_vec(), None)].into_iter().collect());
}

#[test]
fn keys_and_values_have_bounds() {
    use coffer_abi::limits::{MAX_KEY, MAX_VALUE};
    go(|session| {
        let long = [0; MAX_KEY + 1];
        for key in [&b""[..], b"\x02a", &long] {
            assert_eq!(trap(session.storage_get(key)), Some(TrapKind::BadKey));
            assert_eq!(trap(session.storage_set(key, b"")), Some(TrapKind::BadKey));
            assert_eq!(trap(session.storage_remove(key)), Some(TrapKind::BadKey));
            assert_eq!(trap(session.storage_scan(key, b"", 1)), Some(TrapKind::BadKey));
        }
        session.storage_set(&long[1..], &vec![0; MAX_VALUE])?;
        assert_eq!(trap(session.storage_set(b"\0", &vec![0; MAX_VALUE + 1])), Some(TrapKind::LimitExceeded));
        assert_eq!(trap(session.storage_scan(b"\0a", b"", 1)), Some(TrapKind::BadKey));
        assert_eq!(trap(session.storage_scan(b"\x01", &long, 1)), Some(TrapKind::BadKey));
        assert_eq!(trap(session.storage_scan(b"\x01", b"", 0)), Some(TrapKind::LimitExceeded));
        Ok(())
    });
}
