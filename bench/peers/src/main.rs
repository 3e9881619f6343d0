//! Measures the runtime beside its peers in one run: the same token transfer, the same loops, the same large module. Not part of the
//! normal build, and no test. Invariant: rounds alternate, each peer in a process of its own, and every unit of work is checked.

mod goals;
mod machine;
mod measure;
mod modules;
mod peer;
mod report;
mod tokens;
mod work;
mod worker;

/// Bare wasmtime, shared with the runtime's own benchmark.
#[path = "../../../runtime/benches/bare/mod.rs"]
mod engine;
/// The node's cache of compiled code on disk. Its file, because the node as a dependency would be most of the build.
#[allow(dead_code)]
#[rustfmt::skip]
#[path = "../../../node/src/compile/disk.rs"]
mod disk;

use measure::Plan;
use peer::Kind;
use work::Work;

type Failure = Box<dyn std::error::Error>;

/// Bytes of stack of the threads that execute: what the runtime asks for.
const STACK: usize = 16 << 20;

const USAGE: &str = "peers [--rounds N] [--json FILE] [--only NAME,NAME]

  --rounds N    rounds (default 15); long work gets a third of them
  --json FILE   where every sample goes (default: beside the program)
  --only NAMES  only these: ";

fn main() {
    let done = std::thread::Builder::new().stack_size(STACK).spawn(|| run().map_err(|cause| cause.to_string()));
    let done = done.map_err(|cause| cause.to_string()).and_then(|thread| match thread.join() {
        Ok(done) => done,
        Err(_) => Err("panicked".into()),
    });
    if let Err(cause) = done {
        eprintln!("{cause}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Failure> {
    let mut plan =
        Plan { rounds: 15, long_rounds: 5, target: 60e6, kinds: Kind::ALL.to_vec(), works: Work::ALL.to_vec() };
    let mut json = std::env::current_exe()?.with_extension("json");
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--worker" => return worker::serve(kind(&value()?)?),
            "--rounds" => {
                plan.rounds = value()?.parse::<usize>().map_err(|cause| format!("--rounds: {cause}"))?.max(1);
                plan.long_rounds = plan.rounds.div_ceil(3);
            }
            "--only" => plan.kinds = value()?.split(',').map(kind).collect::<Result<_, _>>()?,
            "--json" => json = value()?.into(),
            _ => return Err(format!("{USAGE}{}", names()).into()),
        }
    }
    let (lock, contracts) = (include_str!("../Cargo.lock"), include_str!("../contracts/Cargo.lock"));
    let programs = ["cosmwasm-vm", "soroban-env-host", "soroban-wasmi", "wasmer", "wasmi", "wasmtime"];
    let programs = programs.map(|name| (name, machine::version(lock, name)));
    let token = ("cw20-base", machine::version(contracts, "cw20-base"));
    let machine = machine::Machine::look(programs.into_iter().chain([token]));
    let figures = plan.run()?;
    println!("{}", report::tables(&plan, &figures, &machine)?);
    std::fs::write(&json, serde_json::to_vec_pretty(&report::json(&plan, &figures, &machine))?)?;
    println!("\nEvery sample is in {}", json.display());
    Ok(())
}

fn kind(name: &str) -> Result<Kind, Failure> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| format!("there is no {name}; there are {}", names()).into())
}

fn names() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}
