//! That the harness finds what is wrong, and lets through what is right.

extern crate std;

use super::*;
use coffer_test::prelude::*;
use coffer_test::proptest::prelude::Strategy as _;
use coffer_test::{Engines, Pool, Sequences, any_of, check, here, prepared};

fn found(body: impl Fn(&Test)) -> String {
    match check(here!(a_test_of_a_test), Engines::Both, body) {
        Ok(()) => panic!("the harness found nothing wrong"),
        Err(failure) => format!("{}\n{}", failure.message(), failure.calls()),
    }
}

/// Made at once: it has no `init`.
fn made(test: &Test) -> ClientOf<TwoFaced> {
    test.contract::<TwoFaced>("janus")
}

#[test]
fn what_is_different_as_wasm_is_found_and_named() {
    let said = |what: &str, text: String| assert!(text.contains(what), "{what} is not in: {text}");
    said(
        "the result differs",
        found(|test| {
            made(test).face();
        }),
    );
    said(
        "the result differs",
        found(|test| {
            made(test).width();
        }),
    );
    said("what is stored differs", found(|test| made(test).store_face()));
    said("the events differ", found(|test| made(test).tell_face()));
    said("the log differs", found(|test| made(test).log_face()));
    said("the result differs", found(|test| drop(test.stops(|| made(test).panic_face()))));
}

#[test]
fn a_difference_shows_the_call_and_both_results() {
    let text = found(|test| {
        assert_eq!(made(test).raise(2), Ok(2));
        made(test).store_face();
    });
    assert!(text.contains("the two engines disagree on call 2: what is stored differs"), "{text}");
    assert!(text.contains("as Wasm:  alice -> janus.store_face(): ok\n    janus.level = \"1\""), "{text}");
    assert!(text.contains("natively: alice -> janus.store_face(): ok\n    janus.level = \"0\""), "{text}");
}

#[test]
fn a_body_that_does_something_else_on_each_engine_is_found() {
    let more = found(|test| {
        if test.engine() == Engine::Native {
            made(test).level();
        }
    });
    assert!(more.contains("the test made a call more"), "{more}");
    let less = found(|test| {
        if test.engine() == Engine::Wasm {
            made(test).level();
        }
    });
    assert!(less.contains("the test made a call less"), "{less}");
    let unequal = found(|test| test.store(&made(test), "level", &u64::from(test.engine() == Engine::Wasm)));
    assert!(unequal.contains("the states' roots differ"), "{unequal}");
}

#[test]
fn a_failure_shows_the_tree_of_calls_with_gas_changes_and_events() {
    let text = found(|test| {
        let (one, other) = (made(test), test.contract::<TwoFaced>("other"));
        assert_eq!(one.raise_both(other.contract_id(), 2), Ok(2));
        assert_eq!(one.raise_both(other.contract_id(), 3), Ok(5), "a wrong assertion");
    });
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let has = |start: &str, end: &str| {
        let found = lines.iter().any(|line| line.starts_with(start) && line.ends_with(end));
        assert!(found, "no line `{start} .. {end}` in:\n{text}");
    };
    has("alice -> janus.raise_both(by: \"2\", other: \"other\")", "gas]  ok \"2\"");
    has("janus -> other.raise(by: \"2\")  [", "gas]  ok \"2\"");
    has("level: nothing -> \"2\"", "");
    has("other tells Noted { name: \"level\", number: 0 }", "");
    has("janus -> other.raise(by: \"3\")  [", "failed: Odd {\"level\":\"5\"}");
    has("level: \"2\" -> \"5\"", "(undone)");
    assert!(text.contains("a wrong assertion"), "{text}");
}

#[coffer_test]
fn what_a_failed_callee_did_is_undone_alone(test: &Test) {
    let (one, other) = (made(test), test.contract::<TwoFaced>("other"));
    assert!(!one.try_other(other.contract_id(), 3));
    assert_eq!((one.level(), other.level()), (0, 0));
    assert_eq!(test.events::<Noted>(), [Noted { name: "tried".to_owned(), number: 0 }]);
    assert_eq!(one.raise_both(other.contract_id(), 3), Err(Error::Other { level: 3 }));
    assert!(test.events_of::<Noted>(&other).is_empty());
}

#[coffer_test]
fn a_call_that_panics_or_traps_can_be_waited_for(test: &Test) {
    let one = made(test);
    let panicked = test.stops(|| one.panics("on purpose".to_owned()));
    assert!(matches!(panicked, Err(Status::Panicked(text)) if text.starts_with("on purpose")));
    assert_eq!(test.stops(|| one.writes()), Err(Status::Trapped(TrapKind::ReadOnly)));
    assert_eq!(test.stops(|| one.level()), Ok(0));
    assert!(test.events::<Noted>().is_empty());
}

#[coffer_test(wasm)]
fn as_wasm_alone_gas_can_run_out(test: &Test) {
    test.gas_limit(10_000_000);
    assert_eq!(test.stops(|| made(test).endless()), Err(Status::OutOfGas));
    assert_eq!(test.gas(), Some(10_000_000));
}

#[test]
fn a_call_that_runs_out_of_gas_is_not_begun_natively() {
    let text = found(|test| {
        test.gas_limit(1_000_000);
        drop(test.stops(|| made(test).endless()));
    });
    assert!(text.starts_with("`endless` ran out of gas as Wasm"), "{text}");
}

#[test]
fn a_call_that_stops_unawaited_fails_the_test_in_words() {
    let text = found(|test| made(test).panics("no way".to_owned()));
    assert!(text.starts_with("`janus.panics` as Wasm panicked: no way"), "{text}");
    assert!(
        found(|test| {
            test.at::<TwoFaced>(ContractId([9; 32])).level();
        })
        .contains("is not deployed")
    );
}

#[coffer_test]
fn states_time_accounts_and_chance_are_the_same_on_both(test: &Test) {
    let (ours, theirs) = (made(test), test.private("PS2").contract::<TwoFaced>("janus"));
    let everyone = test.public().contract::<TwoFaced>("janus");
    assert_ne!(ours.contract_id(), theirs.contract_id());
    assert_eq!(ours.raise(4), Ok(4));
    assert_eq!((ours.level(), theirs.level()), (4, 0));
    assert_eq!(everyone.raise(6), Ok(6));
    assert_eq!(ours.level_of(everyone.contract_id()), Some(vec![6, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(ours.level_of(theirs.contract_id()), None, "another private state is not seen");
    assert_eq!(everyone.level_of(ours.contract_id()), None, "nor is one from the public state");
    assert_ne!(test.own().root(), test.private("PS2").root());

    let (height, time, state) = ours.place();
    assert_eq!((height, time), (test.height(), test.time()));
    test.advance(2, 5_000);
    assert_eq!(ours.place(), (height + 2, time + 5_000, state));
    test.travel_to(time + 86_400_000);
    assert_eq!(ours.place(), (height + 3, time + 86_400_000, state));
    assert_ne!(everyone.place().2, state);

    let (dave, message) = (test.account("dave"), "a message");
    let signature = test.sign("dave", message.as_bytes()).to_vec();
    let (seeded, holds) = ours.checks(dave.0, signature.clone(), message.to_owned());
    assert!(holds);
    let (again, holds) = ours.checks(dave.0, signature, "another".to_owned());
    assert!(!holds && again != seeded);
}

#[coffer_test]
fn a_double_answers_by_closures_and_remembers(test: &Test) {
    let one = made(test);
    let mut left = 2u64;
    let other = test.double("other").answers("raise", move |by: u64| {
        left = left.saturating_sub(1);
        if left > 0 { Ok(by) } else { Err(Error::Odd { level: 77 }) }
    });
    assert_eq!(one.raise_both(other.contract_id(), 8), Ok(8));
    assert_eq!(one.raise_both(other.contract_id(), 9), Err(Error::Other { level: 77 }));
    let elsewhere = ContractId([5; 32]);
    one.through(elsewhere).note("through".to_owned(), 1);
    assert!(test.shown().contains(&format!("notes[through, {elsewhere}] = 1")), "{}", test.shown());
    let asked = other.asked::<u64>("raise");
    assert_eq!(asked, [(AccountId(one.contract_id().0), 8), (AccountId(one.contract_id().0), 9)]);
    assert_eq!(one.level_of(other.contract_id()), None, "nobody answers `level`");
}

#[coffer_test]
fn a_snapshot_shows_what_is_stored_by_its_names(test: &Test) {
    let one = made(test);
    one.note("a.b".to_owned(), -7);
    assert_eq!(one.as_account(test.account("bob")).raise(40), Ok(40));
    test.name(AccountId([5; 32]), "five");
    test.contract::<TwoFaced>("other").as_account(AccountId([5; 32])).note("x".to_owned(), 8);
    test.snapshot("names");
    let text = test.shown();
    assert!(text.contains("  janus: TwoFaced\n    level = \"40\"\n    notes[a.b, alice] = -7\n"), "{text}");
}

#[test]
fn a_state_that_changed_since_its_snapshot_is_found() {
    let changed = |test: &Test| {
        made(test).note("a.b".to_owned(), -8);
        test.snapshot("names");
    };
    // Under the name of the test above, whose snapshot it is compared with.
    let failure = check(here!(a_snapshot_shows_what_is_stored_by_its_names), Engines::Wasm, changed);
    let text = failure.err().map(|failure| failure.message()).unwrap_or_default();
    assert!(text.contains("-     notes[a.b, alice] = -7\n"), "{text}");
    assert!(text.contains("+     notes[a.b, alice] = -8\n") && text.contains("BLESS=1"), "{text}");
}

#[coffer_test]
fn gas_is_compared_with_the_committed_table(test: &Test) {
    test.measured("ten writes", || made(test).work(10));
}

#[test]
fn gas_beyond_the_tolerance_and_a_row_that_is_not_there_are_found() {
    let more = found(|test| test.measured("ten writes", || made(test).work(12)));
    assert!(more.contains("`ten writes` costs") && more.contains("5 % are let through"), "{more}");
    let less = found(|test| test.measured("ten writes", || made(test).work(8)));
    assert!(less.contains("-1"), "{less}");
    let unknown = found(|test| test.measured("no such row", || made(test).work(1)));
    assert!(unknown.contains("has no such row"), "{unknown}");
    let within = |test: &Test| test.measured_within(50.0, "ten writes", || made(test).work(12));
    assert!(check(here!(within), Engines::Both, within).is_ok());
}

/// What the sequences say when the level is not kept below 100.
fn said(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(run).expect_err("a failure");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

fn is_low(_: &Test, one: &ClientOf<TwoFaced>) {
    assert!(one.level() < 100, "the level is {}", one.level());
}

#[test]
fn random_commands_find_a_broken_rule_and_make_it_small() {
    let commands = || any_of::<u64>(&Pool::default()).prop_map(|by| by % 60);
    let text = said(|| {
        Sequences::new(here!(random)).sequences(200).run(commands(), |test, commands| {
            let one = made(test);
            for by in commands {
                let _ = one.raise(*by);
                is_low(test, &one);
            }
        });
    });
    assert!(text.contains("seed 1 of random fails") && text.contains("the level is 1"), "{text}");
    // Two of at most 59 reach 100; a smallest of three is as far as leaving out and lowering get at times.
    let smallest = text.lines().skip_while(|line| !line.starts_with("the smallest")).skip(1);
    assert!(smallest.take_while(|line| *line != "]").count() <= 4, "{text}");
    assert!(text.contains("alice -> janus.raise"), "the calls are shown: {text}");
}

#[test]
fn random_calls_of_everything_find_a_difference_without_code() {
    let begin = |test: &Test| {
        test.gas_limit(100_000_000);
        made(test)
    };
    let text = said(move || Sequences::new(here!(everything)).sequences(50).run_contract::<TwoFaced>(begin, |_, _| {}));
    assert!(text.contains("the two engines disagree") || text.contains("ran out of gas"), "{text}");
}

#[coffer_test]
fn a_test_goes_back_to_what_it_saved(test: &Test) {
    let janus = made(test);
    assert_eq!(janus.raise(2), Ok(2));
    let (saved, height, root) = (test.save(), test.height(), test.own().root());
    for _ in 0..2 {
        test.advance(5, 1_000);
        assert_eq!(janus.raise(4), Ok(6), "twice the same, since it went back in between");
        test.private("another").contract::<TwoFaced>("other").raise(8).unwrap();
        test.go_back(&saved);
        assert_eq!((janus.level(), test.height(), test.own().root()), (2, height, root));
    }
    assert_eq!(test.private("another").root(), test.private("a third").root(), "the other state is empty again");
}

#[test]
fn a_sequence_begins_with_what_was_prepared_on_both_engines() {
    let begun = prepared(here!(prepared), |test| assert_eq!(made(test).raise(40), Ok(40)));
    let sequences = Sequences::new(here!(a_sequence)).sequences(5).commands(3);
    sequences.run(0..30_u64, |test, commands| {
        test.go_back(&begun);
        let mut expected = 40;
        for &by in commands {
            expected += 2 * by;
            assert_eq!(made(test).raise(2 * by), Ok(expected));
        }
    });
    // A difference between the engines is found in what is prepared, too.
    let refused = std::panic::catch_unwind(|| drop(prepared(here!(prepared), |test| made(test).store_face())));
    assert!(refused.is_err());
}

#[test]
fn a_spec_that_is_not_the_contracts_is_found() {
    let folder = std::env::temp_dir().join(std::format!("coffer-spec-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let here = coffer_test::Here { manifest: folder.to_str().unwrap().to_owned().leak(), ..here!(a_spec) };
    let is_current = || std::panic::catch_unwind(|| coffer_test::spec_is_current::<TwoFaced>(here, "own.spec")).is_ok();
    let own = <TwoFaced as coffer_sdk::__private::Contract>::RECORD;
    assert!(!is_current(), "it is not there");
    std::fs::write(folder.join("own.spec"), &own[..own.len() - 1]).unwrap();
    assert!(!is_current(), "it is cut off");
    std::fs::write(folder.join("own.spec"), own).unwrap();
    assert!(is_current());
    std::fs::remove_dir_all(&folder).unwrap();
}
