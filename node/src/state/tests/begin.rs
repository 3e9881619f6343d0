//! A chain begun in its middle: it goes on to the same roots as the whole one, and nothing unproved begins it.

use coffer_abi::Encode;
use coffer_chain::certificate::vote;

use super::export::{chunks, fill};
use super::*;

const CONTRACTS: u8 = 7;
const SLOTS: u64 = 40;

/// A node that never stopped: the blocks up to 5 changed its public state and PS1, and block 4 is decided by votes.
fn whole(dir: &FsPath) -> (State, Beginning) {
    let state = open(dir);
    for height in 1..=5 {
        let writes = fill(7, CONTRACTS, SLOTS, height);
        let mut commit = block_of(&state, vec![(marker(&state, height as u8), Vec::new())], writes.clone());
        decide(&mut commit);
        state.commit_block(commit).unwrap();
        private(&state, "PS1", Height(height), writes);
        assert!(state.finish_private(Height(height)).unwrap());
    }
    let stored = state.beginning(Height(4)).unwrap();
    (state, stored)
}

fn decide(commit: &mut BlockCommit) {
    let header = &commit.block.header;
    commit.certificate.signatures = vec![vote(&node_key(), &header.chain_id, header.height, 0, &header.hash())];
}

fn begin(dir: &FsPath, stored: &Beginning) -> Result<PublicImport, Error> {
    State::begin_at(Folder::open(dir).unwrap(), options(&["PS1", "PS2"]), stored.clone())
}

/// Takes the public state of `view` over, or what is left of it.
fn take_over(dir: &FsPath, stored: &Beginning, view: &View) -> State {
    let mut import = begin(dir, stored).unwrap();
    for chunk in chunks(view, 2_000) {
        if import.next() == Some(chunk.from) {
            import.chunk(&chunk.encode()).unwrap();
        }
    }
    for code in import.codes().clone() {
        import.code(&view.code(&code).unwrap().unwrap()).unwrap();
    }
    import.finish().unwrap()
}

fn commit_of(whole: &State, height: u64) -> BlockCommit {
    let stored = whole.block(BlockId::Height(Height(height))).unwrap().unwrap();
    let StoredBlock { block, certificate, receipts } = stored;
    BlockCommit { block, certificate, receipts, writes: fill(7, CONTRACTS, SLOTS, height) }
}

#[test]
fn a_chain_begun_in_its_middle_goes_on_to_the_same_roots() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (whole, stored) = whole(from.path());
    let mut begun = take_over(to.path(), &stored, &whole.public_at(Height(4)).unwrap());
    assert_eq!((begun.first(), begun.head().height, begun.private_finished()), (Height(4), Height(4), Height(4)));
    let mine = whole.private_at(&psi("PS1"), Height(4)).unwrap();
    let mut import = begun.import(&psi("PS1"), Height(4), mine.root()).unwrap();
    for chunk in chunks(&mine, 3_000) {
        import.chunk(&chunk.encode()).unwrap();
    }
    for code in import.codes().clone() {
        import.code(&mine.code(&code).unwrap().unwrap()).unwrap();
    }
    import.finish().unwrap();
    begun.commit_block(commit_of(&whole, 5)).unwrap();
    private(&begun, "PS1", Height(5), fill(7, CONTRACTS, SLOTS, 5));
    assert!(begun.finish_private(Height(5)).unwrap());
    // A restart, and the database made anew from the log.
    for lost in [false, false, true] {
        assert_eq!(begun.head(), whole.head());
        for height in [4, 5].map(Height) {
            assert_eq!(begun.state_root(height).unwrap(), whole.state_root(height).unwrap());
            assert_eq!(begun.block(BlockId::Height(height)).unwrap(), whole.block(BlockId::Height(height)).unwrap());
            let (found, expected) = (begun.public_at(height).unwrap(), whole.public_at(height).unwrap());
            assert_eq!(chunks(&found, 2_000), chunks(&expected, 2_000));
        }
        let psi_root = |state: &State| state.psi_root(&psi("PS1"), Height(5)).unwrap();
        assert_eq!(psi_root(&begun), psi_root(&whole));
        assert_eq!(begun.psi_trie_root(Height(5)).unwrap(), whole.psi_trie_root(Height(5)).unwrap());
        let tx = stored.stored.block.transactions[0].body.id();
        assert_eq!(begun.receipt(None, &tx).unwrap(), whole.receipt(None, &tx).unwrap());
        let checked = begun.verify(&mut |_, _| {}).unwrap();
        assert_eq!((checked.findings, checked.blocks), (Vec::new(), 2));
        drop(begun);
        if lost {
            std::fs::remove_dir_all(to.path().join("db")).unwrap();
        }
        begun = open(to.path());
        assert!(begun.finish_private(Height(5)).unwrap());
    }
}

#[test]
fn what_was_before_the_first_block_is_told_to_be_gone() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (whole, stored) = whole(from.path());
    let begun = take_over(to.path(), &stored, &whole.public_at(Height(4)).unwrap());
    for height in [0, 1, 3].map(Height) {
        let gone = |error: Option<Error>| match error {
            Some(Error::Pruned { oldest, .. }) => oldest == Height(4),
            _ => false,
        };
        assert!(gone(begun.block(BlockId::Height(height)).err()));
        assert!(gone(begun.state_root(height).err()));
        assert!(gone(begun.public_at(height).err()));
        assert!(gone(begun.psi_root(&psi("PS1"), height).err()));
        assert!(gone(begun.psi_root(&psi("stranger"), height).err()));
        assert!(gone(begun.psi_trie_root(height).err()));
    }
    let before = whole.block(BlockId::Height(Height(3))).unwrap().unwrap();
    assert_eq!(begun.block(BlockId::Hash(before.block.header.hash())).unwrap(), None);
    assert_eq!(begun.receipt(None, &before.block.transactions[0].body.id()).unwrap(), None);
}

#[test]
fn a_beginning_goes_on_after_a_crash_at_any_moment_and_the_folder_opens_for_nothing_else() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (whole, stored) = whole(from.path());
    let view = whole.public_at(Height(4)).unwrap();
    let chunks = chunks(&view, 2_000);
    assert!(chunks.len() > 3);
    for chunk in &chunks {
        for moment in [commit::Moment::BeforeLog, commit::Moment::Logged, commit::Moment::Published] {
            let mut import = begin(to.path(), &stored).unwrap();
            if import.next() != Some(chunk.from) {
                continue;
            }
            *import.inner.pulled.lock().unwrap() = Some(moment);
            assert!(import.chunk(&chunk.encode()).is_err());
            let crashed = copy(to.path());
            drop(import);
            let told = State::open(crashed.path(), options(&["PS1", "PS2"])).unwrap_err().to_string();
            assert!(told.contains("is being taken over as of block 4; go on with that import"), "{told}");
            let other = whole.beginning(Height(5)).unwrap();
            let told = begin(crashed.path(), &other).err().unwrap().to_string();
            assert!(told.contains("one of block 4, ") && told.contains("finish it first"), "{told}");
        }
        let mut import = begin(to.path(), &stored).unwrap();
        if import.next() == Some(chunk.from) {
            import.chunk(&chunk.encode()).unwrap();
        }
    }
    let begun = take_over(to.path(), &stored, &view);
    begun.commit_block(commit_of(&whole, 5)).unwrap();
    assert_eq!(begun.head(), whole.head());
}

#[test]
fn a_block_that_nobody_decided_begins_no_chain() {
    let from = tempfile::tempdir().unwrap();
    let (whole, stored) = whole(from.path());
    type Change<'a> = (&'a str, &'a dyn Fn(&mut Beginning));
    let cases: [Change<'_>; 6] = [
        ("was not decided by this chain's validators", &|stored| stored.stored.certificate.signatures.clear()),
        ("was not decided by this chain's validators", &|stored| stored.stored.block.header.state_root = Hash([1; 32])),
        ("was not decided by this chain's validators", &|stored| stored.stored.certificate.round = 1),
        ("the block is of chain", &|stored| stored.stored.block.header.chain_id = Hash([1; 32])),
        ("is not what its header says", &|stored| drop(stored.stored.receipts.pop())),
        ("is not what its header says", &|stored| stored.stored.receipts[0].gas_used.0 += 1),
    ];
    for (expected, change) in cases {
        let to = tempfile::tempdir().unwrap();
        let mut changed = stored.clone();
        change(&mut changed);
        let told = begin(to.path(), &changed).err().unwrap().to_string();
        assert!(told.contains(expected), "{told}");
        // Nothing was stored: the right one still can.
        assert!(begin(to.path(), &stored).is_ok());
    }
    drop(whole);
    let told = begin(from.path(), &stored).err().unwrap().to_string();
    assert!(told.contains("the folder holds a chain already"), "{told}");
}

#[test]
fn an_exported_folder_begins_a_chain_unless_a_file_of_it_was_changed() {
    let (from, to, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (whole, stored) = whole(from.path());
    whole.export(None, Some(Height(4)), out.path(), &mut |_, _| {}).unwrap();
    let file = out.path().join("block");
    let begin = |height, root| {
        let folder = Folder::open(to.path()).unwrap();
        let expected = Expected { height, root };
        State::begin_from(folder, options(&["PS1", "PS2"]), out.path(), expected, &mut |_, _| {})
    };
    let right = std::fs::read(&file).unwrap();
    assert_eq!(right, stored.encode());
    let other = whole.beginning(Height(5)).unwrap();
    for wrong in [other.encode(), right[..right.len() - 1].to_vec(), Vec::new()] {
        std::fs::write(&file, wrong).unwrap();
        let told = begin(None, None).map(drop).unwrap_err().to_string();
        assert!(told.contains("/block "), "{told}");
    }
    std::fs::write(&file, right).unwrap();
    let told = begin(None, Some(Hash([1; 32]))).map(drop).unwrap_err().to_string();
    assert!(told.contains("is of root"), "{told}");
    let told = begin(Some(Height(5)), None).map(drop).unwrap_err().to_string();
    assert!(told.contains("is of block 4, not 5"), "{told}");
    let (begun, exported) = begin(Some(Height(4)), Some(stored.stored.block.header.state_root)).unwrap();
    assert_eq!((exported.height, begun.head().hash), (Height(4), stored.stored.block.header.hash()));
}
