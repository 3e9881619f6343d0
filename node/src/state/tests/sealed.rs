//! What a private state leaves on disk, and that it depends on nobody else.

use super::*;

fn files(dir: &FsPath) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            let bytes = std::fs::read(entry.path()).unwrap();
            // The database's files are mostly holes.
            let used: Vec<_> = bytes.chunks(4096).filter(|chunk| **chunk != [0; 4096][..chunk.len()]).collect();
            all.push((entry.path(), used.concat()));
        }
    }
    all
}

fn holds(dir: &FsPath, canary: &[u8]) -> bool {
    files(dir).iter().any(|(_, bytes)| bytes.windows(canary.len()).any(|window| window == canary))
}

#[test]
fn nothing_of_a_private_state_is_on_disk_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let (value, ordered, plain) = (&b"CANARY-value"[..], &b"\x01CANARY-ordered"[..], &b"\0CANARY-plain"[..]);
    let tx = marker(&state, 1);
    let id = tx.body.id();
    let mut public = deploy(1, 1, &[]);
    public.slots.insert(contract(1), BTreeMap::from([(b"\x01PUBLIC-key".to_vec(), Some(b"PUBLIC-value".to_vec()))]));
    state.commit_block(block_of(&state, vec![(tx, vec![])], public)).unwrap();
    let secret = ContractId(*b"CANARY contract id of 32 bytes!!");
    let mut writes = deploy(7, 1, &[]);
    let new = writes.created.remove(&contract(7)).unwrap();
    let path_key = *b"CANARY path key with 32 bytes!!!";
    writes.created.insert(secret, NewContract { path_key, ..new });
    writes.codes.insert(CodeHash([7; 32]), b"CANARY-code".to_vec());
    let slots = [(ordered.to_vec(), Some(value.to_vec())), (plain.to_vec(), Some(value.to_vec()))];
    writes.slots = BTreeMap::from([(secret, BTreeMap::from(slots))]);
    let event = Event { contract: secret, name: "CANARY-event".into(), data: b"CANARY-data".to_vec() };
    let mut receipt = receipt(id, vec![event]);
    receipt.status = Status::Panicked("CANARY-method text".into());
    receipt.contract = Some(secret);
    let commit = PrivateCommit { psi: psi("PS1"), height: Height(1), writes, receipts: vec![(0, receipt)] };
    state.commit_private(commit).unwrap();
    commit_empty(&state);
    let mut changed = set(0, b"", None);
    changed.slots = BTreeMap::from([(secret, BTreeMap::from([(plain.to_vec(), Some(b"other".to_vec()))]))]);
    private(&state, "PS1", Height(2), changed);
    assert!(state.finish_private(Height(2)).unwrap());
    drop(state);
    // The check itself works: public content is there.
    assert!(holds(dir.path(), b"PUBLIC-key") && holds(dir.path(), b"PUBLIC-value"));
    for canary in [&b"CANARY"[..], &value_path(plain, &path_key), b"PS1"] {
        assert!(!holds(dir.path(), canary), "{}", String::from_utf8_lossy(canary));
    }
    let state = open(dir.path());
    let view = state.private(&psi("PS1")).unwrap();
    assert_eq!(view.value(&secret, ordered).unwrap().as_deref(), Some(value));
    assert_eq!(view.value(&secret, plain).unwrap().as_deref(), Some(&b"other"[..]));
    assert_eq!(state.events(Some(&psi("PS1")), &secret, 0, 9).unwrap().events[0].event.name, "CANARY-event");
}

fn value_path(key: &[u8], path_key: &[u8; 32]) -> [u8; 32] {
    coffer_chain::trie::path::slot_path(path_key, key)
}

#[test]
fn a_private_root_is_the_same_on_a_node_of_its_own() {
    let (shared, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let shared = open(shared.path());
    let own =
        State::open(own.path(), StateOptions { node_secret: Zeroizing::new([6; 32]), ..options(&["PS1"]) }).unwrap();
    for n in 1..=5u8 {
        let height = commit_empty(&shared);
        commit_empty(&own);
        let other = deploy(n, height.0, &[(b"\0neighbour", &[n])]);
        private(&shared, "PS2", height, other);
        if n % 2 == 1 {
            let writes = deploy(n, height.0, &[(b"\x01mine", &[n; 9])]);
            assert_eq!(private(&shared, "PS1", height, writes.clone()), private(&own, "PS1", height, writes));
        }
        assert!(shared.finish_private(height).unwrap() && own.finish_private(height).unwrap());
        let (a, b) = (shared.psi_root(&psi("PS1"), height).unwrap(), own.psi_root(&psi("PS1"), height).unwrap());
        assert_eq!((a.root, a.height), (b.root, b.height));
    }
}

#[test]
fn a_sealed_record_opens_only_in_its_place_and_whole() {
    use super::super::columns::Kind;
    use super::super::scope::Scope;
    let one = Scope::private(psi("PS1"), &[1; 32]);
    let (a, b) = (one.key(Kind::Slot, &[b"a"]), one.key(Kind::Slot, &[b"b"]));
    let sealed = one.seal(Kind::Slot, &a, b"content".to_vec()).unwrap();
    assert_eq!(one.open(Kind::Slot, &a, sealed.clone()).unwrap(), b"content");
    assert!(one.open(Kind::Slot, &b, sealed.clone()).is_err());
    for other in [Scope::private(psi("PS2"), &[1; 32]), Scope::private(psi("PS1"), &[2; 32])] {
        assert!(other.open(Kind::Slot, &a, sealed.clone()).is_err());
        assert_ne!(other.key(Kind::Slot, &[b"a"]), a);
    }
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(one.open(Kind::Slot, &a, damaged).is_err());
        assert!(one.open(Kind::Slot, &a, sealed[..at].to_vec()).is_err());
    }
    assert_ne!(one.key(Kind::Slot, &[b"ab", b"c"]), one.key(Kind::Slot, &[b"a", b"bc"]));
}
