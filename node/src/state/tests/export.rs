//! States carried away in chunks: what arrives is what was there, and nothing else is taken.

use coffer_abi::Encode;
use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN};
use coffer_chain::hash::code_hash;
use coffer_chain::trie::path::{ContractLeaf, RESERVED};
use coffer_runtime::StateRead;
use proptest::prelude::*;

use super::random::number;
use super::*;

/// Contracts with codes of their own, storage of every kind, changed and removed, over some blocks.
pub(super) fn fill(seed: u64, contracts: u8, slots: u64, height: u64) -> StateWrites {
    let mut writes = StateWrites::default();
    for n in 1..=contracts {
        let wasm = vec![n % 3; 40];
        let code = code_hash(&wasm);
        if height == 1 {
            let new = NewContract { code_hash: code, ..new_contract(n, height) };
            writes.created.insert(contract(n), new);
            writes.codes.insert(code, wasm);
        } else if n % 2 == 0 {
            let authority = Authority::Account(AccountId([height as u8; 32]));
            let revision = height - 1;
            let changed = ChangedContract { height: Height(height), codes: BTreeMap::new(), authority, revision };
            writes.changed.insert(contract(n), changed);
        }
        let mut of = BTreeMap::new();
        for slot in 0..(if n % 4 == 0 { 0 } else { slots }) {
            let hash = *blake3::hash(&(seed, u64::from(n), slot, height).encode()).as_bytes();
            if hash[0].is_multiple_of(3) {
                continue;
            }
            let kind = if slot % 2 == 0 { KEY_ORDERED } else { KEY_PLAIN };
            let key = [&[kind][..], format!("entry {slot}").as_bytes()].concat();
            of.insert(
                key,
                (!hash[1].is_multiple_of(4))
                    .then(|| hash[..usize::from(hash[2] % 32)].repeat(usize::from(hash[3] % 5))),
            );
        }
        writes.slots.insert(contract(n), of);
    }
    let expiring = BTreeMap::from([(vec![KEY_ORDERED, height as u8], Some(vec![]))]);
    writes.slots.insert(RESERVED, expiring);
    writes
}

/// A node whose public state and PS1 have the same content, of several blocks.
fn filled(dir: &FsPath, seed: u64, contracts: u8, slots: u64) -> State {
    let state = open(dir);
    for height in 1..=3 {
        let writes = fill(seed, contracts, slots, height);
        state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
        private(&state, "PS1", Height(height), writes);
        assert!(state.finish_private(Height(height)).unwrap());
    }
    state
}

/// All chunks of a view.
pub(super) fn chunks(view: &View, target: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut next = Some(Position::default());
    let is_public = view.one.as_ref().unwrap().scope.psi().is_none();
    while let Some(from) = next {
        let chunk = view.chunk(&from, target).unwrap();
        assert!(chunk.encoded_size() <= MAX_CHUNK_BYTES);
        assert_eq!(Chunk::read(&chunk.encode()).unwrap(), chunk);
        next = chunk.verify(&view.root(), is_public, &from).unwrap();
        chunks.push(chunk);
    }
    chunks
}

/// Takes PS2 of another node over from chunks.
fn import(state: &State, view: &View, chunks: &[Chunk]) -> Result<(), Error> {
    let mut import = state.import(&psi("PS2"), view.height(), view.root())?;
    for chunk in chunks {
        import.chunk(&chunk.encode())?;
    }
    for code in import.codes().clone() {
        import.code(&view.code(&code)?.unwrap())?;
    }
    import.finish()
}

/// A node that is as far as `height`, with nothing in it.
fn empty(dir: &FsPath, height: u64) -> State {
    let state = open(dir);
    for _ in 0..height {
        commit_empty(&state);
    }
    state
}

fn assert_same(found: &View, expected: &View, contracts: u8, slots: u64) {
    assert_eq!((found.root(), found.height()), (expected.root(), expected.height()));
    for id in (0..=contracts).map(contract) {
        let (a, b) = (found.contract(&id).unwrap(), expected.contract(&id).unwrap());
        assert_eq!(a, b);
        if let Some(record) = a.filter(|record| record.id != RESERVED) {
            assert_eq!(found.code(&record.code_hash).unwrap(), expected.code(&record.code_hash).unwrap());
            assert!(found.code(&record.code_hash).unwrap().is_some());
        }
        for slot in 0..slots {
            for kind in [KEY_PLAIN, KEY_ORDERED] {
                let key = [&[kind][..], format!("entry {slot}").as_bytes()].concat();
                assert_eq!(found.value(&id, &key).unwrap(), expected.value(&id, &key).unwrap());
            }
        }
        let all = |view: &View| view.scan(&id, &[KEY_ORDERED], b"", 1000).unwrap();
        assert_eq!(all(found), all(expected));
    }
}

#[test]
fn a_state_is_carried_to_another_node_whatever_the_size_of_the_chunks() {
    let (from, contracts, slots) = (tempfile::tempdir().unwrap(), 9, 60);
    let source = filled(from.path(), 1, contracts, slots);
    let view = source.private(&psi("PS1")).unwrap();
    for target in [0, 300, 2_000, CHUNK_TARGET] {
        let to = tempfile::tempdir().unwrap();
        let state = empty(to.path(), 3);
        let chunks = chunks(&view, target);
        assert_eq!(chunks.len() == 1, target == CHUNK_TARGET);
        import(&state, &view, &chunks).unwrap();
        assert_same(&state.private(&psi("PS2")).unwrap(), &view, contracts, slots);
        assert!(matches!(state.private_at(&psi("PS2"), Height(2)), Err(Error::Pruned { .. })));
    }
}

#[test]
fn an_imported_state_goes_on_like_any_other() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 2, 9, 60);
    let view = source.private(&psi("PS1")).unwrap();
    let mut state = empty(to.path(), 3);
    import(&state, &view, &chunks(&view, 3_000)).unwrap();
    let next = |state: &State, name: &str| {
        let height = commit_empty(state);
        let root = private(state, name, height, set(1, b"\x01new", Some(b"v")));
        assert!(state.finish_private(height).unwrap());
        root
    };
    let root = next(&state, "PS2");
    let trie_root = state.psi_trie_root(Height(4)).unwrap();
    assert_eq!(next(&source, "PS1"), root);
    let view = source.private(&psi("PS1")).unwrap();
    // A restart, and the database made anew from the log.
    for lost in [false, true] {
        drop(state);
        if lost {
            std::fs::remove_dir_all(to.path().join("db")).unwrap();
        }
        state = open(to.path());
        assert!(state.finish_private(Height(4)).unwrap());
        assert_eq!(state.psi_trie_root(Height(4)).unwrap(), trie_root);
        assert_same(&state.private(&psi("PS2")).unwrap(), &view, 9, 60);
    }
}

#[test]
fn a_block_that_was_sealed_before_an_import_stays_as_it_is_over_restarts() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 2, 4, 10);
    let view = source.private(&psi("PS1")).unwrap();
    let mut state = empty(to.path(), 3);
    assert!(state.finish_private(Height(3)).unwrap());
    let sealed = state.psi_trie_root(Height(3)).unwrap();
    import(&state, &view, &chunks(&view, 3_000)).unwrap();
    let mut joined = None;
    for lost in [false, false, true] {
        assert_eq!(state.psi_trie_root(Height(3)).unwrap(), sealed);
        let findings = state.verify(&mut |_, _| {}).unwrap().findings;
        assert_eq!(findings, Vec::<String>::new());
        if joined.is_some() || state.head().height == Height(4) {
            let root = state.psi_trie_root(Height(4)).unwrap();
            assert!(root.sealed && root.root != sealed.root);
            assert_eq!(*joined.get_or_insert(root), root);
        }
        drop(state);
        if lost {
            std::fs::remove_dir_all(to.path().join("db")).unwrap();
        }
        state = open(to.path());
        if state.head().height == Height(3) {
            commit_empty(&state);
        }
        assert!(state.finish_private(Height(4)).unwrap());
    }
    assert_eq!(state.psi_trie_root(Height(4)).unwrap(), joined.unwrap());
}

#[test]
fn an_import_goes_on_after_a_crash_at_any_moment() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 3, 5, 40);
    let view = source.private(&psi("PS1")).unwrap();
    let chunks = chunks(&view, 1_500);
    assert!(chunks.len() > 3);
    drop(empty(to.path(), 3));
    for (number, chunk) in chunks.iter().enumerate() {
        for moment in [commit::Moment::BeforeLog, commit::Moment::Logged, commit::Moment::Published] {
            let state = open(to.path());
            let mut import = state.import(&psi("PS2"), view.height(), view.root()).unwrap();
            if import.next() != Some(chunk.from) {
                continue;
            }
            *state.inner.pulled.lock().unwrap() = Some(moment);
            assert!(import.chunk(&chunk.encode()).is_err());
            drop(import);
            let crashed = copy(to.path());
            drop(state);
            let state = open(crashed.path());
            assert!(matches!(state.private(&psi("PS2")), Err(Error::Unusable { .. })) || number == 0);
            assert!(state.private(&psi("PS1")).is_ok() && state.public().height() == Height(3));
        }
        let state = open(to.path());
        let mut import = state.import(&psi("PS2"), view.height(), view.root()).unwrap();
        if import.next() == Some(chunk.from) {
            import.chunk(&chunk.encode()).unwrap();
        }
    }
    let state = open(to.path());
    import(&state, &view, &[]).unwrap();
    assert_same(&state.private(&psi("PS2")).unwrap(), &view, 5, 40);
}

#[test]
fn a_chunk_of_every_kept_height_is_of_that_height() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(dir.path(), 4, 6, 50);
    let then: Vec<_> = (1..=3)
        .flat_map(|height| {
            [state.public_at(Height(height)).unwrap(), state.private_at(&psi("PS1"), Height(height)).unwrap()]
        })
        .map(|view| (chunks(&view, 2_000), view))
        .collect();
    // Everything changes, and what a chunk of then says does not.
    let height = commit_empty(&state);
    let writes = fill(9, 6, 50, 4);
    state.commit_block(block_of(&state, Vec::new(), writes.clone())).unwrap();
    private(&state, "PS1", height, writes);
    for (before, view) in then {
        assert_eq!(chunks(&view, 2_000), before, "{:?}", view.height());
    }
}

#[test]
fn only_a_state_without_anything_in_it_takes_an_import() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 5, 2, 10);
    let view = source.private(&psi("PS1")).unwrap();
    let told = |error: Result<Import<'_>, Error>| error.map(|_| ()).unwrap_err().to_string();
    assert!(told(source.import(&psi("PS1"), Height(3), view.root())).contains("has been written to"));
    assert!(told(source.import(&psi("PS2"), Height(2), view.root())).contains("done with block 3"));
    let state = empty(to.path(), 3);
    assert!(matches!(state.import(&psi("PS2"), Height(4), view.root()), Err(Error::Future { .. })));
    assert!(matches!(state.import(&psi("PS9"), Height(3), view.root()), Err(Error::NotConfigured(_))));
    let chunk = &chunks(&view, CHUNK_TARGET)[0];
    let mut import = state.import(&psi("PS2"), Height(3), view.root()).unwrap();
    import.chunk(&chunk.encode()).unwrap();
    assert!(import.chunk(&chunk.encode()).unwrap_err().to_string().contains("all chunks are here"));
    assert!(import.code(b"none of them").unwrap_err().to_string().contains("no contract that is here needs"));
    assert!(import.finish().unwrap_err().to_string().contains("codes are missing"));
    assert!(told(state.import(&psi("PS2"), Height(3), Hash([1; 32]))).contains("is under way"));
    let held = state.private(&psi("PS2")).err().unwrap().to_string();
    assert!(held.contains("go on with the import"), "{held}");
    assert!(!state.finish_private(Height(3)).unwrap() || state.private_finished() == Height(3));
}

/// A chunk in the middle of a contract, with whole contracts before it.
fn hostile() -> (tempfile::TempDir, State, Vec<Chunk>) {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(dir.path(), 6, 7, 30);
    let chunks = chunks(&state.private(&psi("PS1")).unwrap(), 1_000);
    (dir, state, chunks)
}

#[test]
fn a_hostile_chunk_is_refused_with_what_is_wrong() {
    let (_dir, state, chunks) = hostile();
    let root = state.private(&psi("PS1")).unwrap().root();
    let whole = chunks.iter().find(|chunk| chunk.contracts.len() > 1).unwrap();
    let told = |change: &dyn Fn(&mut Chunk)| {
        let mut chunk = whole.clone();
        change(&mut chunk);
        chunk.verify(&root, false, &whole.from).unwrap_err().to_string()
    };
    let full = |chunk: &mut Chunk| chunk.contracts.iter().position(|part| part.slots.len() > 1).unwrap();
    type Change<'a> = &'a dyn Fn(&mut Chunk);
    let cases: [(&str, Change<'_>); 13] = [
        ("a slot left out", &|c| {
            drop({
                let at = full(c);
                c.contracts[at].slots.remove(1)
            })
        }),
        ("a slot added", &|c| {
            let at = full(c);
            c.contracts[at].slots.insert(0, (b"\0more".to_vec(), vec![]))
        }),
        ("a value", &|c| {
            let at = full(c);
            c.contracts[at].slots[0].1.push(1)
        }),
        ("two slots turned", &|c| {
            let at = full(c);
            c.contracts[at].slots.swap(0, 1)
        }),
        ("a contract left out", &|c| drop(c.contracts.remove(0))),
        ("two contracts turned", &|c| c.contracts.swap(0, 1)),
        ("a contract twice", &|c| {
            let part = c.contracts[0].clone();
            c.contracts.insert(0, part)
        }),
        ("a deployer", &|c| c.contracts[0].leaf.deployer = AccountId([9; 32])),
        ("an authority", &|c| c.contracts[0].leaf.authority = Authority::None),
        ("a revision", &|c| c.contracts[0].leaf.revision += 1),
        ("a path key", &|c| {
            let at = full(c);
            c.contracts[at].path_key[0] ^= 1
        }),
        ("a long key", &|c| {
            let at = full(c);
            c.contracts[at].slots[0].0 = vec![0; 257]
        }),
        ("a long value", &|c| {
            let at = full(c);
            c.contracts[at].slots[0].1 = vec![0; 65_537]
        }),
    ];
    for (what, change) in cases {
        let error = told(change);
        let expected = match what {
            "a contract left out" | "two contracts turned" | "a contract twice" => {
                "the contracts of the chunk are not those"
            }
            "a deployer" | "an authority" | "a revision" => "the contracts of the chunk are not those",
            "a long key" => "a key of 257 bytes",
            "a long value" => "a value of 65537 bytes",
            _ => "the storage of contract 0x",
        };
        assert!(error.contains(expected) || what == "a contract twice", "{what}: {error}");
    }
    let later = chunks.iter().find(|chunk| chunk.from != whole.from).unwrap();
    let error = later.verify(&root, false, &whole.from).unwrap_err().to_string();
    assert!(error.contains("the chunk begins at"), "{error}");
    let public = whole.verify(&root, true, &whole.from);
    assert!(public.is_ok(), "test contracts have public path keys: {public:?}");
}

/// What a chunk says that is so: where it stands and every entry of it.
fn is_so(chunk: &Chunk, view: &View, records: &BTreeMap<ContractId, ContractLeaf>) -> bool {
    chunk.contracts.iter().all(|part| {
        records.get(&part.contract) == Some(&part.leaf)
            && part.slots.iter().all(|(key, value)| view.value(&part.contract, key).unwrap().as_ref() == Some(value))
            && (part.slots.is_empty() || view.contract(&part.contract).unwrap().unwrap().path_key == part.path_key)
    })
}

#[test]
fn no_changed_chunk_is_taken_for_more_than_is_so() {
    let (_dir, state, chunks) = hostile();
    let view = state.private(&psi("PS1")).unwrap();
    let records: BTreeMap<_, _> = (0..=7)
        .filter_map(|n| view.contract(&contract(n)).unwrap())
        .map(|record| (record.id, writes::leaf(&record)))
        .collect();
    let seed = number("COFFER_FUZZ_SEED", 7);
    let count = number("COFFER_FUZZ_COUNT", 3_000);
    println!("COFFER_FUZZ_SEED={seed} COFFER_FUZZ_COUNT={count}");
    let mut accepted = 0;
    for round in 0..count {
        let random = *blake3::hash(&(seed, round).encode()).as_bytes();
        let number = |at: usize| u32::from_le_bytes(random[at..at + 4].try_into().unwrap()) as usize;
        let chunk = &chunks[number(0) % chunks.len()];
        let mut bytes = chunk.encode();
        let at = number(4) % bytes.len();
        match random[8] % 4 {
            0 | 1 => bytes[at] ^= 1 << (random[9] % 8),
            2 => bytes[at] = random[9],
            _ => {
                let other = chunks[number(12) % chunks.len()].encode();
                let length = (number(16) % 64).min(other.len()).min(bytes.len() - at);
                bytes[at..at + length].copy_from_slice(&other[other.len() - length..]);
            }
        }
        let Ok(changed) = Chunk::read(&bytes) else { continue };
        // Whoever asks for a position gets that position or nothing.
        for from in [chunk.from, changed.from] {
            if changed.verify(&view.root(), false, &from).is_ok() {
                assert!(is_so(&changed, &view, &records), "round {round}: {changed:?}");
                accepted += u32::from(changed != *chunk);
            }
        }
    }
    println!("{accepted} changed chunks were accepted; all they say is so");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_state_comes_out_as_it_went_in(seed in any::<u64>(), contracts in 0u8..12, slots in 0u64..90, target in 0usize..6_000) {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let source = filled(from.path(), seed, contracts, slots);
        let view = source.private(&psi("PS1")).unwrap();
        prop_assert!(!chunks(&source.public(), target).is_empty());
        let chunks = chunks(&view, target);
        let state = empty(to.path(), 3);
        import(&state, &view, &chunks).unwrap();
        assert_same(&state.private(&psi("PS2")).unwrap(), &view, contracts, slots);
        drop(state);
        assert_same(&open(to.path()).private(&psi("PS2")).unwrap(), &view, contracts, slots);
    }
}

#[test]
fn the_committed_chunk_is_what_a_node_makes_and_accepts() {
    let path = FsPath::new(env!("CARGO_MANIFEST_DIR")).join("src/state/tests/chunk.txt");
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let slots: [(&[u8], &[u8]); 3] = [(b"\0plain", b"one"), (b"\x01map/1", b"two"), (b"\x01map/2", b"")];
    let mut writes = deploy(1, 1, &slots);
    writes.created.insert(contract(2), new_contract(2, 1));
    state.commit_block(block_of(&state, Vec::new(), writes)).unwrap();
    let view = state.public();
    let text: String = chunks(&view, 0)
        .iter()
        .map(|chunk| format!("chunk {}\n", hex::encode(chunk.encode())))
        .chain([format!("root {}\n", view.root())])
        .collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let root = text.lines().find_map(|line| line.strip_prefix("root ")).unwrap().parse().unwrap();
    let mut next = Some(Position::default());
    for bytes in text.lines().filter_map(|line| line.strip_prefix("chunk ")) {
        next = Chunk::read(&hex::decode(bytes).unwrap()).unwrap().verify(&root, true, &next.unwrap()).unwrap();
    }
    assert_eq!(next, None);
}

#[test]
fn an_export_goes_on_where_it_was_broken_off_and_is_checked_file_by_file() {
    let (from, to, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 7, 9, 60);
    let folder = out.path().join("ps1");
    let quiet = &mut |_: &str, _| {};
    let whole = source.export(Some(&psi("PS1")), None, &folder, quiet).unwrap();
    assert_eq!((&whole.psi, whole.height, whole.codes), (&Some(psi("PS1")), Height(3), 3));
    let of = |height, root| Expected { height, root };
    let any = Expected::default();
    assert_eq!(check_export(&folder, of(Some(Height(3)), Some(whole.root)), quiet).unwrap(), whole);
    std::fs::remove_file(folder.join("chunk-00000000")).unwrap();
    assert_eq!(source.export(Some(&psi("PS1")), None, &folder, quiet).unwrap(), whole);
    let told = |error: Error| error.to_string();
    assert!(told(check_export(&folder, of(None, Some(Hash([1; 32]))), quiet).unwrap_err()).contains("is of root"));
    assert!(
        told(check_export(&folder, of(Some(Height(2)), None), quiet).unwrap_err()).contains("is of block 3, not 2")
    );
    assert!(told(source.export(None, None, &folder, quiet).unwrap_err()).contains("is of another export"));
    assert!(told(source.export(None, None, out.path(), quiet).unwrap_err()).contains("is not empty"));
    assert!(matches!(source.export(Some(&psi("PS9")), None, &folder, quiet), Err(Error::NotConfigured(_))));
    // Into another node, by its files.
    let state = empty(to.path(), 3);
    let elsewhere = state.import_folder(&psi("PS2"), &folder, of(None, Some(whole.root)), quiet).unwrap_err();
    assert!(told(elsewhere).contains("another block 3"));
    let public = out.path().join("public");
    let root = source.export(None, None, &public, quiet).unwrap().root;
    assert!(
        told(state.import_folder(&psi("PS2"), &public, of(None, Some(root)), quiet).unwrap_err())
            .contains("the public state")
    );
    // Every file matters.
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let before = std::fs::read(&path).unwrap();
        let mut changed = before.clone();
        let at = if path.ends_with("export.json") { changed.len() - 10 } else { changed.len() / 2 };
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let error = told(check_export(&folder, any, quiet).unwrap_err());
        assert!(error.contains(&*path.to_string_lossy()) || path.ends_with("export.json"), "{error}");
        std::fs::write(&path, before).unwrap();
    }
    assert_eq!(check_export(&folder, any, quiet).unwrap(), whole);
    // What is no file is not waited for; what the manifest says must be what it is said to be.
    let chunk = folder.join("chunk-00000000");
    std::fs::remove_file(&chunk).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&chunk).unwrap();
    assert!(told(check_export(&folder, any, quiet).unwrap_err()).contains("chunk-00000000 is no file"));
    drop(socket);
    let manifest = std::fs::read_to_string(folder.join("export.json")).unwrap();
    for (name, right, wrong) in
        [("psi", "\"PS1\"", "\"\\u001b[2J\""), ("block", "\"0x", "\"0y"), ("chainId", "\"0x", "\"x")]
    {
        let at = manifest.find(&format!("\"{name}\"")).unwrap();
        let changed = manifest[..at].to_owned() + &manifest[at..].replacen(right, wrong, 1);
        assert_ne!(changed, manifest);
        std::fs::write(folder.join("export.json"), changed).unwrap();
        let error = told(check_export(&folder, any, quiet).unwrap_err());
        assert!(error.contains(&format!("has a `{name}` that")) && !error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn an_export_of_which_only_the_first_file_was_begun_goes_on() {
    let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 7, 2, 6);
    std::fs::write(out.path().join("export.new"), b"{").unwrap();
    let whole = source.export(None, None, out.path(), &mut |_, _| {}).unwrap();
    assert_eq!(check_export(out.path(), Expected::default(), &mut |_, _| {}).unwrap(), whole);
}

#[test]
fn an_unfinished_import_is_found_to_be_one_and_nothing_else() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = filled(from.path(), 3, 5, 40);
    let view = source.private(&psi("PS1")).unwrap();
    let state = empty(to.path(), 3);
    let mut import = state.import(&psi("PS2"), view.height(), view.root()).unwrap();
    import.chunk(&chunks(&view, 1_500)[0].encode()).unwrap();
    assert!(!import.codes().is_empty());
    let findings = state.verify(&mut |_, _| {}).unwrap().findings;
    assert!(findings.len() == 1 && findings[0].contains("go on with the import"), "{findings:?}");
}
