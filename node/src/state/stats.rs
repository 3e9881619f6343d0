//! What a node has stored, in figures. Not here: whether it is whole (`verify`). Invariant: nothing is changed.

use coffer_abi::Encode;
use coffer_abi::limits::KEY_ORDERED;
use coffer_chain::Psi;
use coffer_chain::trie::{self, TrieError};

use super::State;
use super::columns::{Column, ContractRecord, Kind};
use super::error::Error;
use super::one::OneState;
use super::prove::trie_error;
use super::slot::slot_at;

/// What a node has stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Height of the last block.
    pub head: u64,
    /// Height up to which all private states are done.
    pub private_finished: u64,
    /// The columns of the database.
    pub columns: Vec<ColumnStats>,
    /// The public state, then the private ones whose keys this node has, in the order of their names.
    pub states: Vec<OneStats>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnStats {
    /// Its name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Bytes of their contents, without keys and what the database adds.
    pub bytes: u64,
}

/// One state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneStats {
    /// Whose; `None` for the public one.
    pub psi: Option<Psi>,
    /// Block of its last change.
    pub height: u64,
    /// Oldest height that can be read.
    pub oldest: u64,
    /// Height since which all older values are kept, in an archive.
    pub archived_since: Option<u64>,
    /// Contracts.
    pub contracts: u64,
    /// Values of all contracts.
    pub values: u64,
    /// Of those, the ones under ordered keys.
    pub ordered: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

impl State {
    /// Counts everything. `progress` hears what is counted. Takes time in proportion to what is stored.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn stats(&self, progress: &mut dyn FnMut(&str, u64)) -> Result<Stats, Error> {
        let inner = &self.inner;
        let mut columns = Vec::new();
        for column in Column::ALL {
            let name = format!("{column:?}").to_lowercase();
            progress(&format!("column {name}"), 0);
            let (records, bytes) = inner.db.size(column)?;
            columns.push(ColumnStats { name, records, bytes });
        }
        progress("the public state", 0);
        let mut states = vec![self.one_stats(&inner.public)?];
        for (psi, tenant) in inner.tenants().iter() {
            progress(&format!("private state `{psi}`"), 0);
            states.push(self.one_stats(&tenant.one)?);
        }
        Ok(Stats { head: self.head().height.0, private_finished: self.private_finished().0, columns, states })
    }

    fn one_stats(&self, one: &OneState) -> Result<OneStats, Error> {
        let records = self.inner.records(one);
        let mut stats = OneStats {
            psi: one.scope.psi().cloned(),
            height: one.standing().height,
            oldest: one.oldest(),
            archived_since: one.scope.archived(),
            contracts: 0,
            values: 0,
            ordered: 0,
            bytes: 0,
        };
        let mut contract = |path: &trie::Path| -> Result<bool, Error> {
            let missing = || Error::Damaged("a contract is missing".into());
            let record: ContractRecord = records.get(Kind::Contract, &[path])?.ok_or_else(missing)?;
            stats.contracts += 1;
            stats.bytes += record.encoded_size() as u64;
            let mut value = |path: &trie::Path| -> Result<bool, Error> {
                let missing = || Error::Damaged(format!("a value of contract {} is missing", record.id));
                let slot = slot_at(records, &record.id, path)?.ok_or_else(missing)?;
                stats.values += 1;
                stats.ordered += u64::from(slot.key.first() == Some(&KEY_ORDERED));
                stats.bytes += (slot.key.len() + slot.value.len()) as u64;
                Ok(true)
            };
            let storage = records.trie(record.id.as_ref());
            let walked = trie::leaves(&storage, &[0; 32], &mut |path, _| value(path).map_err(TrieError::Read));
            walked.map_err(trie_error)?;
            Ok(true)
        };
        let walked = trie::leaves(&records.trie(&[]), &[0; 32], &mut |path, _| contract(path).map_err(TrieError::Read));
        walked.map_err(trie_error)?;
        Ok(stats)
    }
}
