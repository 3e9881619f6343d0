//! Measures the state of the node beside its peers in one run: the same keys, values and blocks, every block on the disk before the next.
//! Not part of the normal build, and no test. Invariant: rounds alternate, each contestant in a process of its own, and what each holds is
//! read back and compared.

mod difflog;
mod goals;
mod measure;
mod peer;
mod report;
mod store;
mod work;
mod worker;

#[path = "../../src/machine.rs"]
mod machine;

use std::path::PathBuf;

use machine::{Machine, version};
use measure::{Stage, Stages};
use peer::Kind;
use work::Shape;

type Failure = Box<dyn std::error::Error>;

const USAGE: &str =
    "peers-state [--short | --huge] [--rounds N] [--only NAME,NAME] [--stage NAME,NAME] [--dir FOLDER] [--json FILE]

  --short       a fiftieth of it, in about a minute
  --huge        then also ten million keys, without jmt, which takes too long to fill (some 15 GB of disk)
  --rounds N    rounds (default 5), each of 10 blocks
  --only NAMES  only these contestants: ";

/// Tenants of the nodes whose folders are weighed.
const IDLE: [u32; 2] = [10_000, 100_000];

/// What the command line asks for.
struct Plan {
    stages: Vec<Stage>,
    /// Whether idle tenants are weighed.
    idle: bool,
    folder: PathBuf,
    json: PathBuf,
}

fn main() {
    if let Err(cause) = run() {
        eprintln!("{cause}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Failure> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--worker", name, shape, folder] => {
            return worker::serve(kind(name)?, serde_json::from_str(shape)?, folder.into());
        }
        ["--idle", tenants, folder] => return peer::idle(folder.as_ref(), tenants.parse()?),
        _ => {}
    }
    let plan = plan(args)?;
    let lock = include_str!("../../Cargo.lock");
    let programs = ["nomt", "jmt", "parity-db", "rocksdb", "librocksdb-sys"];
    let machine = Machine::look(programs.map(|name| (name, version(lock, name))));
    let folder = tempfile::Builder::new().prefix("peers-state-").tempdir_in(&plan.folder)?;
    let mut stages = Stages::new();
    for stage in &plan.stages {
        stages.insert(stage.name, stage.run(&folder.path().join(stage.name))?);
    }
    let idle = if plan.idle { measure::idle_tenant(folder.path(), &IDLE)? } else { Vec::new() };
    println!("{}", report::tables(&plan.stages, &stages, &idle, &machine)?);
    std::fs::write(&plan.json, serde_json::to_vec_pretty(&report::json(&plan.stages, &stages, &idle, &machine))?)?;
    println!("Every sample is in {}", plan.json.display());
    Ok(())
}

fn plan(args: Vec<String>) -> Result<Plan, Failure> {
    let (mut rounds, mut kinds, mut short, mut huge) = (5, Kind::ALL.to_vec(), false, false);
    let mut only_stages = None;
    let mut json = std::env::current_exe()?.with_extension("json");
    let mut folder = std::env::temp_dir();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            "--short" => short = true,
            "--huge" => huge = true,
            "--rounds" => rounds = value()?.parse::<u32>().map_err(|cause| format!("--rounds: {cause}"))?.max(1),
            "--only" => kinds = value()?.split(',').map(kind).collect::<Result<_, _>>()?,
            "--stage" => only_stages = Some(value()?),
            "--dir" => folder = value()?.into(),
            "--json" => json = value()?.into(),
            _ => return Err(format!("{USAGE}{}", names()).into()),
        }
    }
    let part = if short { 50 } else { 1 };
    let large = Stage {
        name: "large",
        shape: Shape { tries: 1, keys: 1_000_000 / part, touched: 1, changes: 10_000 / part },
        kinds: kinds.clone(),
        rounds,
        blocks: 10,
        reads: (1_000_000 / part) as usize,
        proofs: (20_000 / part) as usize,
        kills: 3,
    };
    let tries = 10_000 / part;
    let small = Stage {
        name: "small",
        shape: Shape { tries, keys: 20, touched: tries / 10, changes: 5 },
        proofs: 0,
        kills: 0,
        ..large.clone()
    };
    let huge_stage = Stage {
        name: "huge",
        shape: Shape { keys: large.shape.keys * 10, ..large.shape },
        kinds: kinds.into_iter().filter(|kind| !matches!(kind, Kind::JmtParity | Kind::JmtRocks)).collect(),
        kills: 1,
        ..large.clone()
    };
    let mut stages = vec![large, small];
    if huge || short {
        stages.push(huge_stage);
    }
    if let Some(only) = only_stages {
        stages.retain(|stage| only.split(',').any(|name| name == stage.name));
    }
    let idle = stages.iter().any(|stage| stage.name == "small" && stage.kinds.contains(&Kind::Coffer));
    Ok(Plan { stages, idle, folder, json })
}

fn kind(name: &str) -> Result<Kind, Failure> {
    let found = Kind::ALL.iter().find(|kind| kind.name() == name);
    found.copied().ok_or_else(|| format!("there is no {name}; there are {}", names()).into())
}

fn names() -> String {
    Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
