//! Measures the chain of the node beside its peers in one run: token transfers through JSON-RPC with one and four validators beside transfers on
//! anvil and writes on three etcd nodes, each sent and waited for. Not part of the normal build, and no test. Invariant: one works at a time,
//! rounds alternate, and what was answered is counted in the end where the contestant keeps it.

mod client;
mod goals;
mod load;
mod measure;
mod peer;
mod process;
mod report;

#[path = "../../src/machine.rs"]
#[expect(dead_code, reason = "versions come from the programs here, not from a lock file")]
mod machine;

use std::path::{Path, PathBuf};
use std::time::Duration;

use machine::Machine;
use measure::Plan;
use peer::Kind;

type Failure = Box<dyn std::error::Error>;

const USAGE: &str =
    "peers-chain [--seconds N] [--rounds N] [--in-flight N,N] [--only NAME,NAME] [--dir FOLDER] [--json FILE]
            [--coffer PROGRAM] [--anvil PROGRAM] [--etcd PROGRAM]

  --seconds N     length of each measurement (default 60), in --rounds parts
  --rounds N      rounds (default 3), the contestants in turn in each
  --in-flight     requests under way at the same time in a closed loop (default 1,10,100)
  --only NAMES    only these contestants: ";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run()));
    if let Err(cause) = done {
        eprintln!("{cause}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Failure> {
    let (plan, json) = plan(std::env::args().skip(1).collect())?;
    let machine = Machine::look(plan.kinds.iter().map(|kind| (kind.name(), plan.programs.version(*kind))));
    let measured = plan.run().await?;
    println!("{}", report::tables(&plan, &measured, &machine));
    std::fs::write(&json, serde_json::to_vec_pretty(&report::json(&plan, &measured, &machine))?)?;
    println!("Every figure is in {}", json.display());
    Ok(())
}

fn plan(args: Vec<String>) -> Result<(Plan, PathBuf), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut programs = peer::Programs {
        coffer: root.join("target/release/coffer"),
        anvil: "anvil".into(),
        etcd: "etcd".into(),
        token: root.join("contracts/target/wasm32v1-none/release/token.wasm"),
    };
    let (mut seconds, mut rounds, mut in_flight, mut kinds) = (60.0, 3, vec![1, 10, 100], Kind::ALL.to_vec());
    let mut json = std::env::current_exe()?.with_extension("json");
    let mut folder = std::env::temp_dir();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        let wrong = |cause: &dyn std::fmt::Display| format!("{arg}: {cause}");
        match arg.as_str() {
            "--seconds" => seconds = value()?.parse().map_err(|e: std::num::ParseFloatError| wrong(&e))?,
            "--rounds" => rounds = value()?.parse::<u32>().map_err(|e| wrong(&e))?.max(1),
            "--in-flight" => {
                let each = value()?.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
                in_flight = each.map_err(|e| wrong(&e))?;
            }
            "--only" => kinds = value()?.split(',').map(kind).collect::<Result<_, _>>()?,
            "--dir" => folder = value()?.into(),
            "--json" => json = value()?.into(),
            "--coffer" => programs.coffer = value()?.into(),
            "--anvil" => programs.anvil = value()?.into(),
            "--etcd" => programs.etcd = value()?.into(),
            _ => return Err(format!("{USAGE}{}", names()).into()),
        }
    }
    let part = Duration::try_from_secs_f64(seconds / f64::from(rounds)).map_err(|e| format!("--seconds: {e}"))?;
    Ok((Plan { kinds, part, rounds, in_flight, folder, programs }, json))
}

fn kind(name: &str) -> Result<Kind, Failure> {
    let found = Kind::ALL.iter().find(|kind| kind.name() == name);
    found.copied().ok_or_else(|| format!("there is no {name}; there are {}", names()).into())
}

fn names() -> String {
    Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
