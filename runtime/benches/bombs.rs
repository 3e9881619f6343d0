//! What the worst modules within the caps cost to compile: time, CPU time and peak memory, each measured in a process of its own, since
//! peak memory is a process's. Not here: refusals (the test `bombs`). Invariant: what is measured is what a node does with an upload.
//!
//! `cargo bench -p coffer-runtime --bench bombs` for all; words after `--` choose bombs by name; `--no-caps` takes what the caps
//! refuse, to see what they are for; `--winch` measures the fast compiler.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]
#![allow(clippy::unwrap_used, reason = "makers of bombs are shared with the tests")]

#[path = "../tests/it/bombs/catalogue.rs"]
mod catalogue;
#[path = "../tests/it/bombs/generate.rs"]
mod generate;

use std::process::Command;
use std::time::{Duration, Instant};

use catalogue::Bomb;
use coffer_runtime::{Backend, Caps, Config, Runtime, admit};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let (no_caps, winch) = (has("--no-caps"), has("--winch"));
    let mut bombs = catalogue::accepted();
    if no_caps {
        bombs.extend(catalogue::refused().into_iter().map(|(bomb, _)| bomb));
    }
    if let Some(at) = words.iter().position(|word| word == "--one") {
        let name = words.get(at + 1).ok_or("--one needs a name")?;
        let bomb = bombs.iter().find(|bomb| bomb.name == name).ok_or("no bomb of that name")?;
        return one(bomb, no_caps, if winch { Backend::Winch } else { Backend::Cranelift });
    }
    let chosen: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    println!("{:<56}{:>9}{:>10}{:>9}{:>9}{:>9}{:>8}", "module", "bytes", "metered", "admit", "time", "CPU", "peak");
    for bomb in bombs.iter().filter(|bomb| chosen.is_empty() || chosen.iter().any(|word| bomb.name.contains(*word))) {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["--one", bomb.name]);
        child.args(no_caps.then_some("--no-caps")).args(winch.then_some("--winch"));
        let done = child.output()?;
        let said = String::from_utf8_lossy(&done.stdout);
        match said.lines().last() {
            Some(line) if done.status.success() => println!("{:<56}{line}", bomb.name),
            _ => println!("{:<56}{}: {}", bomb.name, done.status, String::from_utf8_lossy(&done.stderr).trim()),
        }
    }
    Ok(())
}

/// Measures one bomb in this process.
fn one(bomb: &Bomb, no_caps: bool, backend: Backend) -> Result<(), Failure> {
    let caps = if no_caps { none() } else { Caps::default() };
    let config = Config { backend, slots: 1, caps, ..Config::default() };
    let start = Instant::now();
    let admitted = match admit(&bomb.wasm, &config.caps, &config.schedule) {
        Ok(admitted) => admitted,
        Err(refused) => {
            println!("{:>9}  {refused}", bomb.wasm.len());
            return Ok(());
        }
    };
    let admitting = start.elapsed();
    let runtime = Runtime::new(config)?;
    let (start, before) = (Instant::now(), cpu()?);
    drop(runtime.prepare(&bomb.wasm)?);
    let (time, cpu) = (start.elapsed(), cpu()? - before);
    println!(
        "{:>9}{:>10}{:>6} ms{:>6} ms{:>6} ms{:>5} MB",
        bomb.wasm.len(),
        admitted.instrumented.len(),
        admitting.as_millis(),
        time.as_millis(),
        cpu.as_millis(),
        peak()? / 1_000,
    );
    Ok(())
}

/// Caps that refuse nothing but what the engine's pool must have room for.
fn none() -> Caps {
    let most = 1 << 28;
    Caps {
        module_bytes: most,
        functions: most,
        types: most,
        params: most,
        locals: most,
        locals_all: most,
        body_bytes: most,
        blocks: most,
        blocks_all: most,
        work: u32::MAX,
        work_all: u32::MAX,
        operand_depth: most,
        br_table_targets: most,
        br_table_targets_all: most,
        globals: most,
        table_elements: 1_000_000,
        segment_elements: most,
        segments: most,
        instrumented_factor: 1_000,
        instrumented_bytes: most,
        ..Caps::default()
    }
}

/// CPU time of this process so far, all threads, in steps of 10 ms.
fn cpu() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no fields in /proc/self/stat")?;
    let ticks = |index: usize| fields.split_whitespace().nth(index).and_then(|field| field.parse::<u64>().ok());
    let used = ticks(11).zip(ticks(12)).ok_or("no times in /proc/self/stat")?;
    Ok(Duration::from_millis(10 * (used.0 + used.1)))
}

/// Most memory this process has had, in kB.
fn peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}
