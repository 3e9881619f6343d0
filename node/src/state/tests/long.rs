//! Long chains of random blocks against plain maps, at every height that is kept and, of an archive, at every height; over
//! restarts and crashes. `COFFER_MODEL_BLOCKS` blocks of `COFFER_MODEL_SEED`; docs/TESTING.md has the long run.

use std::collections::VecDeque;

use super::model::{Model, Write, check};
use super::random::{Random, number};
use super::*;

impl Random {
    fn write(&mut self) -> Write {
        let mut below = |end: u64| self.below(end) as u8;
        let value = (below(5) < 3).then(|| below(4));
        (below(3), below(3), below(40), below(2) == 0, value)
    }
}

struct Run {
    dir: tempfile::TempDir,
    state: State,
    archive: Archive,
    /// The heights that can be kept, the head last.
    models: VecDeque<[Model; 3]>,
    /// What was written, from block 1 on.
    written: Vec<[StateWrites; 3]>,
}

fn view(state: &State, which: usize, height: u64) -> Result<View, Error> {
    match which {
        0 => state.public_at(Height(height)),
        n => state.private_at(&psi(&format!("PS{n}")), Height(height)),
    }
}

impl Run {
    fn new(archive: Archive) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = Self::open(dir.path(), archive);
        Self { dir, state, archive, models: VecDeque::from([<[Model; 3]>::default()]), written: Vec::new() }
    }

    fn open(dir: &FsPath, archive: Archive) -> State {
        State::open(dir, StateOptions { archive, ..options(&["PS1", "PS2"]) }).unwrap()
    }

    fn block(&mut self, random: &mut Random) {
        let height = self.written.len() as u64 + 1;
        let writes: Vec<Write> = (0..random.below(16)).map(|_| random.write()).collect();
        let mut next = self.models.back().unwrap().clone();
        let of: [StateWrites; 3] = std::array::from_fn(|n| next[n].writes(n as u8, height, &writes));
        self.state.commit_block(block_of(&self.state, Vec::new(), of[0].clone())).unwrap();
        for (n, writes) in of.iter().enumerate() {
            next[n].apply(writes);
            if n > 0 && writes.slots.values().any(|changes| !changes.is_empty()) {
                let root = private(&self.state, &format!("PS{n}"), Height(height), writes.clone());
                assert_eq!(root, next[n].root(), "PS{n} after block {height}");
            }
        }
        assert!(self.state.finish_private(Height(height)).unwrap());
        self.models.push_back(next);
        // One more than the history has, to see that it is gone.
        if self.models.len() > 6 {
            self.models.pop_front();
        }
        self.written.push(of);
    }

    /// Compares the last heights of all states; older ones than the history must be gone, but in an archive.
    fn check_kept(&self, state: &State) {
        let head = self.written.len() as u64;
        for (back, models) in self.models.iter().rev().enumerate() {
            let height = head - back as u64;
            for (which, model) in models.iter().enumerate() {
                match view(state, which, height) {
                    Ok(view) => check(&view, model),
                    Err(Error::Pruned { .. }) => assert!(back as u64 > 4 && self.archive == Archive::Off),
                    Err(error) => panic!("state {which} at height {height} of {head}: {error}"),
                }
            }
        }
    }

    /// Roots of every height, and in an archive all that stood there, every `step`th height.
    fn check_all(&self, step: u64) {
        let mut models = <[Model; 3]>::default();
        for height in 0..=self.written.len() as u64 {
            if let Some(of) = height.checked_sub(1).map(|at| &self.written[at as usize]) {
                models.iter_mut().zip(of).for_each(|(model, writes)| model.apply(writes));
            }
            if height % step != 0 {
                continue;
            }
            assert_eq!(self.state.state_root(Height(height)).unwrap(), models[0].root());
            for (n, model) in models.iter().enumerate().skip(1) {
                let root = self.state.psi_root(&psi(&format!("PS{n}")), Height(height)).unwrap().root;
                assert_eq!(root, model.root(), "PS{n} at height {height}");
            }
            if self.archive == Archive::On {
                for (which, model) in models.iter().enumerate() {
                    check(&view(&self.state, which, height).unwrap(), model);
                }
            }
        }
    }
}

fn run(archive: Archive, blocks: u64, seed: u64) {
    println!("COFFER_MODEL_SEED={seed} COFFER_MODEL_BLOCKS={blocks} {archive:?}");
    let mut random = Random::new(seed, "model");
    let mut run = Run::new(archive);
    for height in 1..=blocks {
        run.block(&mut random);
        let (which, head) = (random.below(3) as usize, run.models.back().unwrap());
        check(&view(&run.state, which, height).unwrap(), &head[which]);
        if height % 8 == 0 {
            run.check_kept(&run.state);
        }
        if height % 1_000 == 0 {
            println!("{archive:?}: {height} of {blocks} blocks");
        }
        if random.below(24) == 0 {
            let crashed = copy(run.dir.path());
            let state = Run::open(crashed.path(), archive);
            // That all are done with a block is said again after a crash.
            assert!(state.finish_private(Height(height)).unwrap());
            run.check_kept(&state);
        }
        if random.below(24) == 0 {
            let Run { dir, state, models, written, .. } = run;
            drop(state);
            run = Run { state: Run::open(dir.path(), archive), dir, archive, models, written };
            run.check_kept(&run.state);
        }
    }
    run.check_kept(&run.state);
    run.check_all((blocks / 200).max(1));
    let checked = run.state.verify(&mut |_, _| {}).unwrap();
    // The model's contracts have no modules.
    assert!(checked.findings.iter().all(|finding| finding.starts_with("module ")), "{:?}", checked.findings);
}

#[test]
fn a_long_chain_reads_like_plain_maps_at_every_height_that_is_kept() {
    run(Archive::Off, number("COFFER_MODEL_BLOCKS", 48), number("COFFER_MODEL_SEED", 11));
}

#[test]
fn an_archive_reads_like_plain_maps_at_every_height_there_ever_was() {
    run(Archive::On, number("COFFER_MODEL_BLOCKS", 32), number("COFFER_MODEL_SEED", 12));
}

#[test]
fn an_archive_begins_where_it_is_switched_on_and_ends_where_it_is_switched_off() {
    let mut random = Random::new(5, "switched");
    let mut run = Run::new(Archive::Off);
    let switch = |run: Run, archive| {
        let Run { dir, state, models, written, .. } = run;
        drop(state);
        Run { state: Run::open(dir.path(), archive), dir, archive, models, written }
    };
    (0..10).for_each(|_| run.block(&mut random));
    run = switch(run, Archive::On);
    (0..10).for_each(|_| run.block(&mut random));
    assert!(matches!(run.state.public_at(Height(9)), Err(Error::Pruned { oldest: Height(10), .. })));
    // Commands for a stopped node leave it as it is.
    run = switch(run, Archive::AsItWas);
    (0..3).for_each(|_| run.block(&mut random));
    let mut model = Model::default();
    for (height, of) in (1..).zip(&run.written) {
        model.apply(&of[0]);
        match run.state.public_at(Height(height)) {
            Ok(view) => check(&view, &model),
            Err(_) => assert!(height < 10, "{height}"),
        }
    }
    let refused = run.state.prune(2, &mut |_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("--forget-archive"), "{refused}");
    run = switch(run, Archive::Off);
    assert!(matches!(run.state.public_at(Height(12)), Err(Error::Pruned { .. })));
    run = switch(run, Archive::On);
    (0..8).for_each(|_| run.block(&mut random));
    assert!(matches!(run.state.public_at(Height(22)), Err(Error::Pruned { oldest: Height(23), .. })));
    let mut model = Model::default();
    for (height, of) in (1..).zip(&run.written) {
        model.apply(&of[0]);
        if height >= 23 {
            check(&run.state.public_at(Height(height)).unwrap(), &model);
        }
    }
    run = switch(run, Archive::Off);
    let Run { dir, state, .. } = run;
    drop(state);
    forget_archive(&Folder::open(dir.path()).unwrap()).unwrap();
    let state = Run::open(dir.path(), Archive::Off);
    let stats = state.stats(&mut |_, _| {}).unwrap();
    assert_eq!(stats.columns.iter().find(|column| column.name == "hist").unwrap().records, 0);
    check(&state.public(), &model);
}
