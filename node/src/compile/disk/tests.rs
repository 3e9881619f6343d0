//! The cache on the disk: what comes back, what does not, and that nothing which happens to its files stops anybody.

use coffer_runtime::{Backend, Purpose};
use tempfile::TempDir;

use super::*;

fn key(number: u8) -> CodeKey {
    CodeKey { module: [number; 32], purpose: Purpose::Execute, backend: Backend::Winch, engine: [7; 32] }
}

fn code(number: u8) -> Vec<u8> {
    vec![number; 1_000]
}

fn secret(number: u8) -> Zeroizing<[u8; 32]> {
    Zeroizing::new([number; 32])
}

fn open(folder: &TempDir, max_bytes: u64) -> DiskCache {
    DiskCache::open(folder.path(), secret(1), max_bytes).unwrap()
}

/// A cache with codes 1 to `count`.
fn filled(folder: &TempDir, count: u8) -> DiskCache {
    let cache = open(folder, 1 << 20);
    (1..=count).for_each(|number| cache.put(&key(number), &code(number)));
    cache
}

fn files(folder: &TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

#[test]
fn code_comes_back_under_its_key_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(&folder, 2);
    assert_eq!(cache.get(&key(1)), Some(code(1)));
    drop(cache);
    let cache = open(&folder, 1 << 20);
    assert_eq!((cache.get(&key(1)), cache.get(&key(2)), cache.get(&key(3))), (Some(code(1)), Some(code(2)), None));
    for other in [
        CodeKey { purpose: Purpose::Query, ..key(1) },
        CodeKey { backend: Backend::Cranelift, ..key(1) },
        CodeKey { engine: [8; 32], ..key(1) },
    ] {
        assert_eq!(cache.get(&other), None, "{other:?}");
    }
    cache.put(&key(1), &code(9));
    assert_eq!((cache.get(&key(1)), cache.size().0), (Some(code(9)), 2));
}

#[test]
fn a_file_says_nothing_about_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(&folder, 1 << 20);
    cache.put(&key(0x41), b"code of a private contract");
    let entry = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    let stored = fs::read(entry.path()).unwrap();
    assert!(!stored.windows(7).any(|window| window == b"private"));
    assert!(!entry.file_name().to_str().unwrap().contains("4141"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn whatever_is_done_to_a_file_it_is_not_executed_but_removed() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 6] = [
        ("first bit", |file| file[0] ^= 1),
        ("a bit in the middle", |file| file[500] ^= 0x10),
        ("last bit", |file| *file.last_mut().unwrap() ^= 0x80),
        ("cut short", |file| file.truncate(900)),
        ("emptied", Vec::clear),
        ("made longer", |file| file.push(0)),
    ];
    for (what, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let cache = filled(&folder, 2);
        let path = folder.path().join(cache.name(&key(1)));
        let mut file = fs::read(&path).unwrap();
        damage(&mut file);
        fs::write(&path, file).unwrap();
        assert_eq!(cache.get(&key(1)), None, "{what}");
        assert!(!path.exists(), "{what}");
        cache.put(&key(1), &code(1));
        assert_eq!((cache.get(&key(1)), cache.get(&key(2))), (Some(code(1)), Some(code(2))), "{what}");
    }
}

#[test]
fn the_sound_file_of_another_key_or_node_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(&folder, 2);
    fs::copy(folder.path().join(cache.name(&key(2))), folder.path().join(cache.name(&key(1)))).unwrap();
    assert_eq!(cache.get(&key(1)), None);
    let foreign_folder = tempfile::tempdir().unwrap();
    let foreign = DiskCache::open(foreign_folder.path(), secret(2), 1 << 20).unwrap();
    foreign.put(&key(2), &code(2));
    fs::copy(foreign_folder.path().join(foreign.name(&key(2))), folder.path().join(cache.name(&key(2)))).unwrap();
    assert_eq!(cache.get(&key(2)), None);
    assert_eq!((files(&folder), cache.size()), (0, (0, 0)));
}

#[test]
fn what_was_not_used_for_longest_goes_first_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let one = filled(&folder, 1).size().1;
    let cache = open(&folder, 3 * one);
    cache.put(&key(2), &code(2));
    cache.put(&key(3), &code(3));
    assert!(cache.get(&key(1)).is_some());
    cache.put(&key(4), &code(4));
    let there = |cache: &DiskCache| (1..=4).filter(|number| cache.get(&key(*number)).is_some()).collect::<Vec<_>>();
    assert_eq!((there(&cache), cache.size()), (vec![1, 3, 4], (3, 3 * one)));
    // Times a second apart, as a file system may keep no finer ones.
    for (age, number) in [(30, 1), (20, 4), (10, 3)] {
        let file = File::options().write(true).open(folder.path().join(cache.name(&key(number)))).unwrap();
        file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
    }
    let cache = open(&folder, 2 * one);
    assert_eq!((there(&cache), files(&folder)), (vec![3, 4], 2));
    cache.put(&key(5), &vec![5; 10_000]);
    assert_eq!(
        (there(&cache), cache.get(&key(5))),
        (vec![3, 4], None),
        "what is above the bound by itself is not kept"
    );
}

#[test]
fn leftovers_are_removed_and_what_is_not_the_caches_stays() {
    let folder = tempfile::tempdir().unwrap();
    let name = filled(&folder, 1).name(&key(1));
    fs::write(folder.path().join(format!("{}.new", name.replace('a', "b"))), b"half").unwrap();
    fs::write(folder.path().join("README"), b"mine").unwrap();
    let cache = open(&folder, 1 << 20);
    assert_eq!((files(&folder), cache.size().0), (2, 1));
    assert_eq!(cache.get(&key(1)), Some(code(1)));
}

#[test]
fn a_file_that_vanished_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(&folder, 1);
    fs::remove_file(folder.path().join(cache.name(&key(1)))).unwrap();
    assert_eq!((cache.get(&key(1)), cache.size()), (None, (0, 0)));
    cache.put(&key(1), &code(1));
    assert_eq!(cache.get(&key(1)), Some(code(1)));
    fs::remove_dir_all(folder.path()).unwrap();
    cache.put(&key(2), &code(2));
    assert_eq!((cache.get(&key(1)), cache.get(&key(2))), (None, None));
}

#[test]
fn a_full_disk_leaves_no_half_file_and_the_cache_works_again_when_there_is_room() {
    static FULL: AtomicBool = AtomicBool::new(true);
    let write: Write = |path, bytes| {
        if FULL.load(Ordering::SeqCst) {
            write_file(path, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        write_file(path, bytes)
    };
    let folder = tempfile::tempdir().unwrap();
    let cache = DiskCache::open_with(folder.path(), secret(1), 1 << 20, write).unwrap();
    for number in 1..4 {
        cache.put(&key(number), &code(number));
        assert_eq!(cache.get(&key(number)), None);
    }
    assert_eq!((files(&folder), cache.size()), (0, (0, 0)));
    assert!(cache.failing.load(Ordering::SeqCst), "told once, not three times");
    FULL.store(false, Ordering::SeqCst);
    cache.put(&key(1), &code(1));
    assert_eq!(cache.get(&key(1)), Some(code(1)));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(DiskCache::open(&file, secret(1), 1).is_err());
    assert!(DiskCache::open(&file.join("below"), secret(1), 1).is_err());
}
