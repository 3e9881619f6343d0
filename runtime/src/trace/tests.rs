//! What a trace keeps and how it looks.

use super::*;

fn call(method: &str) -> CallTrace {
    CallTrace {
        contract: ContractId([0xab; 32]),
        public: false,
        kind: MethodKind::Call,
        method: method.into(),
        caller: AccountId([1; 32]),
        section: Hash::default(),
        input: vec![1, 2],
        gas_limit: Gas(1_000),
        gas_used: Gas(0),
        status: Status::OutOfGas,
        steps: Vec::new(),
        ended_at: Vec::new(),
        left_out: 0,
    }
}

fn recorded() -> CallTrace {
    let mut recorder = Recorder::default();
    recorder.call(call("outer"));
    recorder.step("storage_set", false, || vec![Spot::new(7)]);
    recorder.effect(Effect::Change { key: vec![0, 1], before: None, after: Some(vec![9]) });
    recorder.paid(40);
    recorder.step("call", true, Vec::new);
    recorder.call(call("inner"));
    recorder.step("log", false, Vec::new);
    recorder.effect(Effect::Log { line: "hello".into() });
    recorder.paid(3);
    recorder.ended(&Status::Panicked("boom".into()), 100);
    recorder.paid(120);
    recorder.ended(&Status::Ok(vec![5]), 300);
    recorder.finish().unwrap()
}

#[test]
fn a_nested_call_stands_under_the_host_call_that_made_it() {
    let mut trace = recorded();
    let Some(Step { at, .. }) = trace.steps.first_mut() else { panic!("no step") };
    assert_eq!(*at, [Spot::new(7)]);
    at[0].lines.push(Line { function: "add".into(), file: Some("lib.rs".into()), line: Some(7) });
    let expected = "\
call outer of abababababab.. (2 bytes in): 300 gas of 1000, ok 05
  storage_set            40 gas  0001: nothing -> 09  at add (lib.rs:7)
  call                   20 gas
    call inner of abababababab.. (2 bytes in): 100 gas of 1000, panicked: boom
      log                     3 gas  hello
";
    assert_eq!(trace.to_string(), expected);
}

#[test]
fn the_json_form_has_every_part() {
    let json = serde_json::to_value(recorded()).unwrap();
    assert_eq!(json["steps"][0]["effect"]["kind"], "change");
    assert_eq!(json["steps"][0]["effect"]["before"], serde_json::Value::Null);
    assert_eq!(json["steps"][1]["call"]["status"], "panicked: boom");
    assert_eq!(json["steps"][1]["gas"], 20);
    assert_eq!(json["gasUsed"], 300);
}

#[test]
fn a_trace_that_is_full_counts_what_it_leaves_out_and_still_keeps_calls() {
    let mut recorder = Recorder::default();
    recorder.call(call("outer"));
    for _ in 0..10_500 {
        recorder.step("log", false, Vec::new);
        recorder.effect(Effect::Log { line: "x".repeat(1_000) });
        recorder.paid(1);
    }
    recorder.step("call", true, Vec::new);
    recorder.call(call("inner"));
    recorder.step("log", false, Vec::new);
    recorder.effect(Effect::Log { line: "lost".into() });
    recorder.paid(3);
    recorder.ended(&Status::Ok(Vec::new()), 100);
    recorder.paid(120);
    recorder.ended(&Status::Ok(Vec::new()), 50_000);
    let trace = recorder.finish().unwrap();
    assert_eq!((trace.steps.len(), trace.left_out), (10_001, 500));
    assert!(trace.steps[8_000].effect.is_some() && trace.steps[9_000].effect.is_none(), "8 MiB of effects");
    let Some(Step { call: Some(inner), gas: Gas(20), .. }) = trace.steps.last() else { panic!("no nested call") };
    assert_eq!((inner.steps.len(), inner.left_out), (0, 1));
    assert!(trace.to_string().contains("and 500 host calls that are not shown"));
}

#[test]
fn calls_beyond_the_bound_are_left_out_with_all_below_them() {
    let mut recorder = Recorder::default();
    recorder.call(call("outer"));
    for _ in 0..1_200 {
        recorder.step("call", true, Vec::new);
        recorder.call(call("inner"));
        recorder.step("view", true, Vec::new);
        recorder.call(call("innermost"));
        recorder.ended(&Status::Ok(vec![1; 10_000]), 10);
        recorder.paid(11);
        recorder.ended(&Status::Ok(vec![2; 10_000]), 100);
        recorder.paid(120);
    }
    recorder.step("output", false, Vec::new);
    recorder.effect(Effect::Log { line: "last".into() });
    recorder.ended(&Status::Ok(Vec::new()), 200_000);
    let trace = recorder.finish().unwrap();
    let calls = trace.calls();
    assert_eq!(calls.len(), 1_000, "with the outermost");
    let kept: usize = calls.iter().map(|call| call.steps.len()).sum();
    let left_out: u64 = calls.iter().map(|call| call.left_out).sum();
    assert_eq!(kept as u64 + left_out, 2_401);
    let bytes: usize = calls.iter().map(|call| if let Status::Ok(data) = &call.status { data.len() } else { 0 }).sum();
    assert!((8_000_000..9_000_000).contains(&bytes), "{bytes}");
    assert_eq!(trace.steps.last().unwrap().host, "output");
}
