//! What commands and pages of a programme cost on the runtime, beside the same contracts compiled for this machine, over a state in memory. Not here: a
//! node, its log and its database. Invariant: both engines run the same calls over the same host, so that their ratio is that of the code.
//!
//! `cd contracts && cargo bench -p budget`; with `COFFER_TEST_COMPILER=cranelift` with the compiler that a node comes to for code that is used much.
#![allow(clippy::print_stdout, reason = "a benchmark tells what it found")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use budget::{AmountType, Field, Mode, Resource};
use coffer_test::{Engine, Engines, Here, Saved, Test, here, run_untraced};
use permission::Intent;

#[allow(dead_code, reason = "shared with the tests, which need more of it")]
#[path = "../tests/it/given.rs"]
mod given;
#[allow(dead_code, reason = "shared with the tests, which need more of it")]
#[path = "../tests/it/world.rs"]
mod world;

use given::*;
use world::World;

/// Rounds, in which the engines alternate.
const ROUNDS: usize = 5;
/// Things that each round makes of each kind.
const THINGS: usize = 60;

/// What one kind of call took: microseconds and gas, of each call.
#[derive(Default)]
struct Samples {
    micros: Vec<f64>,
    gas: Vec<u64>,
}

/// By kind of call, in the order in which they first came.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    rows: BTreeMap<(String, bool), Samples>,
}

impl Table {
    /// Runs a call and keeps what it took.
    fn sample<R>(&mut self, test: &Test, name: &str, call: impl FnOnce() -> R) -> R {
        let began = Instant::now();
        let result = call();
        let micros = began.elapsed().as_secs_f64() * 1e6;
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        let row = self.rows.entry((name.to_owned(), test.engine() == Engine::Wasm)).or_default();
        row.micros.push(micros);
        row.gas.extend(test.gas());
        result
    }

    fn print(&self, title: &str) {
        println!(
            "\n{title}\n| call | gas | Wasm, µs | a second | native, µs | Wasm : native |\n|---|---|---|---|---|---|"
        );
        for name in &self.names {
            let row = |wasm| self.rows.get(&(name.clone(), wasm));
            let micros = |wasm| row(wasm).map_or(f64::NAN, |row| median(&row.micros, |one, two| one.total_cmp(two)));
            let gas = row(true).map_or(0, |row| median(&row.gas, u64::cmp));
            let (wasm, native) = (micros(true), micros(false));
            let (rate, ratio) = (1e6 / wasm, wasm / native);
            println!("| {name} | {gas} | {wasm:.0} | {rate:.0} | {native:.0} | {ratio:.2} |");
        }
    }
}

fn median<T: Copy>(values: &[T], order: impl Fn(&T, &T) -> std::cmp::Ordering) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(order);
    sorted[sorted.len() / 2]
}

/// One round of commands, each in a block of its own, and pages.
fn commands(test: &Test, table: &RefCell<Table>) {
    let mut world = World::empty(test);
    let mut table = table.borrow_mut();
    let mut sample = |name: &str, call: &mut dyn FnMut()| table.sample(test, name, call);
    for number in 0..THINGS {
        let p = format!("p{number}");
        sample("create a project", &mut || drop(world.ok(ROOT, |budget| budget.project_create(new_project(&p)))));
    }
    world.grant(ALICE, &all_intents(), &project("p0"));
    for number in 0..THINGS {
        let new = budget::NewSubproject { mode: Mode::Unordered, ..new_subproject(&format!("s{number}")) };
        let mut create = || drop(world.ok(ROOT, |budget| budget.subproject_create("p0".into(), new.clone(), None)));
        sample("create a subproject", &mut create);
    }
    for number in 0..THINGS {
        let (id, at) = (format!("i{number}"), item("p0", "s0", &format!("i{number}")));
        let new = paid(&id, AmountType::Allocated, "12.50");
        let mut create = || drop(world.ok(ROOT, |b| b.item_create("p0".into(), "s0".into(), new.clone(), None)));
        sample("create an item", &mut create);
        let mut update = || {
            let fields = vec![Field::Name("another name".into()), amount("13.75")];
            world.ok(ROOT, |budget| budget.update(at.clone(), fields, None));
        };
        sample("update an item", &mut update);
        let mut assign = || {
            world.ok(ROOT, |budget| budget.assign(at.clone(), ALICE.into(), None));
        };
        sample("assign an item", &mut assign);
        let intents = [Intent::WorkflowitemViewDetails, Intent::WorkflowitemClose];
        sample("grant two rights", &mut || world.grant(BOB, &intents, &at));
        if number % 2 == 0 {
            sample("close an item", &mut || drop(world.ok(ALICE, |budget| budget.close(at.clone(), None, None))));
        }
    }
    for _ in 0..THINGS / 3 {
        let s = subproject("p0", "s0");
        sample("a page of 50 items", &mut || {
            drop(world.look(ROOT, |budget| budget.list(s.clone(), None, 50)).unwrap())
        });
        let mut projects = || drop(world.look(ROOT, |budget| budget.list(Resource::Global, None, 50)).unwrap());
        sample("a page of 50 projects", &mut projects);
        sample("totals of a subproject", &mut || {
            drop(world.look(ROOT, |budget| budget.totals(s.clone(), None)).unwrap());
        });
    }
}

/// Makes items natively, some thousands at a time, so that what each call did is soon forgotten.
fn filled(from: Option<Saved>, counts: &[(String, usize)]) -> Saved {
    const AT_ONCE: usize = 5_000;
    let state = RefCell::new(from);
    let mut left: Vec<(String, usize)> = counts.to_vec();
    while let Some((subproject, count)) = left.pop() {
        let now = count.min(AT_ONCE);
        run_untraced(here!(filled), Engines::Native, |test| {
            let mut world = match &*state.borrow() {
                Some(saved) => World::again(test, saved),
                None => World::empty(test),
            };
            let (project, id) = subproject.split_once('/').expect("project/subproject");
            if matches!(world.look(ROOT, |b| b.get(given::project(project))), Err(budget::Error::NotFound { .. })) {
                world.ok(ROOT, |budget| budget.project_create(new_project(project)));
            }
            if matches!(
                world.look(ROOT, |b| b.get(given::subproject(project, id))),
                Err(budget::Error::NotFound { .. })
            ) {
                let new = budget::NewSubproject { mode: Mode::Unordered, ..new_subproject(id) };
                world.ok(ROOT, |budget| budget.subproject_create(project.to_owned(), new, None));
            }
            for number in 0..now {
                let new = new_item(&format!("i{:06}", count - number));
                world.ok(ROOT, |budget| budget.item_create(project.to_owned(), id.to_owned(), new.clone(), None));
            }
            *state.borrow_mut() = Some(test.save());
        });
        if count > now {
            left.push((subproject, count - now));
        }
    }
    state.into_inner().expect("something was made")
}

/// Pages of what was saved, on both engines in turn.
fn pages(here: Here, saved: &Saved, table: &RefCell<Table>, lists: &[(&str, Resource)]) {
    for _ in 0..ROUNDS {
        for engines in [Engines::Wasm, Engines::Native] {
            run_untraced(here, engines, |test| {
                let mut world = World::again(test, saved);
                for (name, parent) in lists {
                    for _ in 0..10 {
                        table.borrow_mut().sample(test, name, || {
                            world.look(ROOT, |budget| budget.list(parent.clone(), None, 50)).expect("root may")
                        });
                    }
                }
            });
        }
    }
}

fn main() {
    let table = RefCell::new(Table::default());
    for _ in 0..ROUNDS {
        for engines in [Engines::Wasm, Engines::Native] {
            run_untraced(here!(commands), engines, |test| commands(test, &table));
        }
    }
    table.borrow().print("Commands and pages of a small programme");

    let table = RefCell::new(Table::default());
    let mut saved = None;
    for count in [100, 10_000, 100_000] {
        saved = Some(filled(saved, &[(format!("p/s{count}"), count)]));
    }
    let saved = saved.expect("filled");
    let lists =
        [100, 10_000, 100_000].map(|count| (format!("50 of {count} items"), subproject("p", &format!("s{count}"))));
    let lists: Vec<(&str, Resource)> = lists.iter().map(|(name, parent)| (name.as_str(), parent.clone())).collect();
    pages(here!(pages), &saved, &table, &lists);
    table.borrow().print("Pages of 50");
    drop(saved);

    let table = RefCell::new(Table::default());
    let counts: Vec<(String, usize)> = (0..80).map(|number| (format!("p{number:02}/s"), 375)).collect();
    let saved = filled(None, &counts);
    let lists = [("list of projects", Resource::Global), ("first page of items", subproject("p40", "s"))];
    pages(here!(programme), &saved, &table, &lists);
    table.borrow().print("80 projects with 30,000 items");
}
