//! What a unit of gas costs in time: each operation and host function in a loop of its own, through the whole runtime, on both compilers,
//! in one run. A row's time and gas are those of the loop with the operation less those of the loop without it, so a row includes the
//! constants and locals that the operation needs. Not here: what a state on a disk costs (the node's benchmark `commit`), and metering
//! itself (`metering`). Invariant: every timed call succeeds and uses the gas it used before.
//!
//! `cargo bench -p coffer-runtime --bench calibration` prints the table; rows that are not within the factor are marked.
#![allow(clippy::print_stdout, missing_docs)]

mod rows;

use std::time::Instant;

use coffer_abi::export::MethodKind;
use coffer_abi::host::{HOST_FUNCTIONS, MODULE, WasmType};
use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, StateId};
use coffer_runtime::{Backend, BlockContext, Call, Code, Config, MemoryWorld, Runtime};
use rows::{Row, rows};

/// Nanoseconds of one unit, by decision 0013.
const UNIT: f64 = 0.2;
/// How far a row may be from it, either way.
const FACTOR: f64 = 3.0;
const ROUNDS: usize = 15;
const CONTRACT: ContractId = ContractId([0xc0; 32]);
/// A contract that only answers, for nested calls. Its id is in memory at [`rows::CALLEE`], then the hash of its code.
const CALLEE: ContractId = ContractId([0xca; 32]);
const CALLEE_CODE: CodeHash = CodeHash([0xcc; 32]);

type Failure = Box<dyn std::error::Error>;

/// Time and gas of one repetition of a row.
#[derive(Clone, Copy)]
struct Cost {
    nanoseconds: f64,
    gas: f64,
}

fn main() -> Result<(), Failure> {
    println!(
        "ns for one unit of gas; the unit is {UNIT} ns, > and < mark what is not within a factor of {FACTOR} of it\n"
    );
    println!("{:<52} {:>9} {:>10} {:>8} {:>10} {:>8}", "", "gas", "Winch ns", "ns/gas", "Cranel. ns", "ns/gas");
    let engines = [Backend::Winch, Backend::Cranelift].map(Bench::new);
    let [winch, cranelift] = engines;
    let (winch, cranelift) = (winch?, cranelift?);
    let mut title = "";
    let (mut dear, mut cheap, mut all) = (0, 0, 0);
    for row in rows() {
        if row.title != title {
            title = row.title;
            println!("{title}");
        }
        let costs = [winch.cost(&row)?, cranelift.cost(&row)?];
        let per = costs.map(|cost| cost.nanoseconds / cost.gas);
        let marks = per.map(|per| match per {
            per if per > UNIT * FACTOR => '>',
            per if per < UNIT / FACTOR => '<',
            _ => ' ',
        });
        dear += marks.iter().filter(|&&mark| mark == '>').count();
        cheap += marks.iter().filter(|&&mark| mark == '<').count();
        all += marks.len();
        println!(
            "  {:<50} {:>9.1} {:>10.2} {:>7.3}{} {:>10.2} {:>7.3}{}",
            row.name, costs[0].gas, costs[0].nanoseconds, per[0], marks[0], costs[1].nanoseconds, per[1], marks[1]
        );
    }
    println!(
        "\n{} of {all} figures within the factor, {cheap} take less time (<), {dear} take more (>)",
        all - cheap - dear
    );
    Ok(())
}

struct Bench {
    runtime: Runtime,
    world: MemoryWorld,
}

impl Bench {
    fn new(backend: Backend) -> Result<Self, Failure> {
        let runtime = Runtime::new(Config { backend, slots: 1, deep: 1, ..Config::default() })?;
        let mut world = MemoryWorld::default();
        let callee = r#"(module (import "coffer_1" "output" (func $output (param i32 i32))) (memory (export "memory") 1)
            (func (export "call go") (call $output (i32.const 0) (i32.const 0)))
            (func (export "view look") (call $output (i32.const 0) (i32.const 0)))
            (func (export "init") (call $output (i32.const 0) (i32.const 0))))"#;
        world.add(CALLEE, CALLEE_CODE, runtime.prepare(&wat::parse_str(callee)?)?);
        let entries = (0..rows::ENTRIES).map(|n| (rows::entry(n), vec![7; 32]));
        world.state.apply(CONTRACT, &entries.map(|(key, value)| (key, Some(value))).collect());
        Ok(Self { runtime, world })
    }

    /// What one repetition of the row costs beyond the loop around it.
    fn cost(&self, row: &Row) -> Result<Cost, Failure> {
        let (with, without) = (self.prepare(row, &row.body)?, self.prepare(row, "")?);
        let mut least = [f64::MAX; 2];
        let mut gas = [0.0; 2];
        for _ in 0..ROUNDS {
            for (n, code) in [&with, &without].into_iter().enumerate() {
                let (nanoseconds, used) = self.run(code, row)?;
                least[n] = least[n].min(nanoseconds);
                gas[n] = used;
            }
        }
        let each = f64::from(row.times) * row.copies as f64;
        Ok(Cost { nanoseconds: (least[0] - least[1]) / each, gas: (gas[0] - gas[1]) / each })
    }

    fn prepare(&self, row: &Row, body: &str) -> Result<Code, Failure> {
        let text = module(row, body);
        let wasm = wat::parse_str(&text).map_err(|e| format!("{}: {e}", row.name))?;
        self.runtime.prepare(&wasm).map_err(|e| format!("{}: {e}", row.name).into())
    }

    fn run(&self, code: &Code, row: &Row) -> Result<(f64, f64), Failure> {
        let call = Call {
            kind: MethodKind::Call,
            method: "go",
            input: &[],
            contract: CONTRACT,
            state_id: StateId::default(),
            caller: AccountId::default(),
            origin: AccountId::default(),
            block: BlockContext::default(),
            seed: Hash::default(),
            gas_limit: Gas(1 << 50),
        };
        let begun = Instant::now();
        let executed = self.runtime.execute(code, &call, &self.world)?;
        let nanoseconds = begun.elapsed().as_nanos() as f64;
        if !executed.status.is_ok() {
            return Err(format!("{}: {:?}", row.name, executed.status).into());
        }
        Ok((nanoseconds, executed.gas_used.0 as f64))
    }
}

/// The row's operation, as often as it says, in a loop.
fn module(row: &Row, body: &str) -> String {
    let mut imports = String::new();
    for function in HOST_FUNCTIONS {
        let ty = |ty: &WasmType| if *ty == WasmType::I32 { "i32" } else { "i64" };
        let params: Vec<_> = function.params.iter().map(ty).collect();
        let result = function.result.as_ref().map_or(String::new(), |r| format!("(result {})", ty(r)));
        let name = function.name;
        imports += &format!("(import \"{MODULE}\" \"{name}\" (func ${name} (param {}) {result}))\n", params.join(" "));
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let (callee, code, names) = (hex(&CALLEE.0), hex(&CALLEE_CODE.0), hex(b"golook"));
    let values = [0x0001_2345_6781_2345_u64, 77, 12_345 << 32].map(u64::to_le_bytes).concat();
    let values = hex(&values);
    let Row { pages, times, copies, before, functions, .. } = row;
    let body = body.repeat(*copies);
    format!(
        "(module {imports}
        (memory (export \"memory\") {pages})
        (data (i32.const {callee_at}) \"{callee}{code}{names}\")
        (data (i32.const 1280) \"{values}\")
        (global $g (mut i64) (i64.const 3))
        {functions}
        (func (export \"call go\") (local $n i32) (local $a i64) (local $b i64) (local $x i32) (local $y i32)
            ;; From memory, so that no compiler computes with them.
            (local.set $a (i64.load (i32.const 1280))) (local.set $b (i64.load (i32.const 1288)))
            (local.set $x (i32.load (i32.const 1296))) (local.set $y (i32.load (i32.const 1300)))
            {before}
            (local.set $n (i32.const {times}))
            (loop $again
                {body}
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i64.store (i32.const 0) (i64.add (local.get $a) (i64.extend_i32_u (local.get $x))))
            (call $output (i32.const 0) (i32.const 8))))",
        callee_at = rows::CALLEE,
    )
}
