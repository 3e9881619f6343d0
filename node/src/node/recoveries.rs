//! Files of recoveries: a statement with its signatures, as it goes from hand to hand, and those that this node accepted, in its data folder. Not here: whether one holds (`recovering`, the
//! state). Invariants: a file is replaced as a whole or not at all; what is read has the form of a statement of this chain.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use coffer_abi::codec::decode;
use coffer_abi::{Decode, Encode, Hash};
use coffer_chain::SignedRecovery;

use super::{StartError, write_whole};

/// Name of the file in a data folder.
pub const FILE: &str = "recoveries";
const ONE: &[u8] = b"coffer-recovery-1\n";
const ACCEPTED: &[u8] = b"coffer-recoveries-1\n";
/// Bytes of the longest statement: 256 names and as many signatures.
const MAX_ONE: u64 = 128 * 1024;
/// Recoveries of one chain.
const MAX_ACCEPTED: usize = 32;

/// The statement in a file.
///
/// # Errors
/// [`StartError::Io`], [`StartError::Recovery`].
pub fn read_statement(path: &Path) -> Result<SignedRecovery, StartError> {
    read(path, ONE, MAX_ONE)?
        .ok_or_else(|| StartError::Io { path: path.into(), source: io::ErrorKind::NotFound.into() })
}

/// Writes a statement into a file.
///
/// # Errors
/// [`StartError::Io`].
pub fn write_statement(path: &Path, signed: &SignedRecovery) -> Result<(), StartError> {
    write_whole(path, &[ONE, &signed.encode()].concat())
}

/// The recoveries that the node of a folder accepted, in the order of their heights.
///
/// # Errors
/// [`StartError::Io`]; [`StartError::Recovery`] also when one is of another chain.
pub fn accepted(folder: &Path, chain_id: &Hash) -> Result<Vec<SignedRecovery>, StartError> {
    let path = folder.join(FILE);
    let accepted: Vec<SignedRecovery> = read(&path, ACCEPTED, MAX_ONE * MAX_ACCEPTED as u64)?.unwrap_or_default();
    let problem = |problem: String| StartError::Recovery { path: path.clone(), problem };
    if accepted.windows(2).any(|pair| pair[0].statement.height >= pair[1].statement.height) {
        return Err(problem("the recoveries in it are out of order".into()));
    }
    accepted.iter().try_for_each(|one| one.check(chain_id)).map_err(|why| problem(why.to_string()))?;
    Ok(accepted)
}

/// Adds a recovery to those of a folder, in the place of one of the same height.
///
/// # Errors
/// As [`accepted`]; [`StartError::Recovery`] when there are too many.
pub fn add(folder: &Path, chain_id: &Hash, signed: SignedRecovery) -> Result<(), StartError> {
    let mut all = accepted(folder, chain_id)?;
    all.retain(|one| one.statement.height != signed.statement.height);
    all.push(signed);
    all.sort_by_key(|one| one.statement.height);
    let path = folder.join(FILE);
    if all.len() > MAX_ACCEPTED {
        let problem = format!("a node keeps at most {MAX_ACCEPTED} recoveries");
        return Err(StartError::Recovery { path, problem });
    }
    write_whole(&path, &[ACCEPTED, &all.encode()].concat())
}

fn read<T: Decode + Encode>(path: &Path, magic: &[u8], most: u64) -> Result<Option<T>, StartError> {
    let failed = |source| StartError::Io { path: path.into(), source };
    let problem = |problem: &str| StartError::Recovery { path: path.into(), problem: problem.into() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(problem("it is too long for what it should hold"));
    }
    let body = bytes.strip_prefix(magic).ok_or_else(|| problem("it is no recovery of this version"))?;
    decode(body).map(Some).map_err(|error| problem(&format!("it is damaged: {error}")))
}

#[cfg(test)]
mod tests {
    use coffer_abi::Height;
    use coffer_chain::Recovery;

    use super::*;

    const CHAIN: Hash = Hash([1; 32]);

    fn statement(height: u64, round: u32) -> SignedRecovery {
        let (block, validators) = (Hash([2; 32]), Hash([3; 32]));
        let lost = vec!["B".into()];
        let statement = Recovery { chain_id: CHAIN, height: Height(height), block, round, lost, validators };
        SignedRecovery { statement, signatures: Vec::new() }
    }

    #[test]
    fn what_was_accepted_is_there_in_the_order_of_heights_once_each() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(accepted(folder.path(), &CHAIN).unwrap(), []);
        for (height, round) in [(9, 0), (3, 0), (9, 5)] {
            add(folder.path(), &CHAIN, statement(height, round)).unwrap();
        }
        assert_eq!(accepted(folder.path(), &CHAIN).unwrap(), [statement(3, 0), statement(9, 5)]);
        assert!(matches!(accepted(folder.path(), &Hash([9; 32])), Err(StartError::Recovery { .. })));
        for height in 10..10 + MAX_ACCEPTED as u64 - 2 {
            add(folder.path(), &CHAIN, statement(height, 0)).unwrap();
        }
        assert!(matches!(add(folder.path(), &CHAIN, statement(99, 0)), Err(StartError::Recovery { .. })));
    }

    #[test]
    fn a_file_that_is_no_statement_is_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("statement");
        assert!(matches!(read_statement(&path), Err(StartError::Io { .. })));
        write_statement(&path, &statement(3, 0)).unwrap();
        assert_eq!(read_statement(&path).unwrap(), statement(3, 0));
        let good = std::fs::read(&path).unwrap();
        let mut longer = good.clone();
        longer.push(0);
        let long = vec![b'c'; MAX_ONE as usize + 1];
        for bad in [&good[..good.len() - 1], &longer, b"hello", &long, &[]] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(read_statement(&path), Err(StartError::Recovery { .. })), "{} bytes", bad.len());
        }
        std::fs::copy(&path, folder.path().join(FILE)).unwrap();
        assert!(accepted(folder.path(), &CHAIN).is_err(), "a node does not start without what it accepted");
    }
}
