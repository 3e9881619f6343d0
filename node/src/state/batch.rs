//! Changes of records on their way to the database, in the clear until they are written there. Not here: who writes
//! them (`db`) and when (`waiting`).
//! Invariant: a content leaves for a file through [`Change::stored`] alone, which seals what is private.

use std::sync::Arc;

use bytes::Bytes;
use coffer_abi::Encode;
use coffer_chain::trie::Record;

use super::columns::{Key, Kind};
use super::error::Error;
use super::scope::Scope;

/// What a record holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Bytes),
    /// Encoded only when it is written: often a later block has overwritten it by then.
    Trie(Arc<Record>),
}

/// What happens to one record.
#[derive(Clone)]
pub(super) struct Change {
    pub kind: Kind,
    pub scope: Arc<Scope>,
    /// `None` removes it.
    pub content: Option<Content>,
}

impl Change {
    /// Bytes it takes in memory, about.
    pub fn weight(&self) -> usize {
        const ENTRY: usize = 128;
        ENTRY
            + match &self.content {
                Some(Content::Bytes(bytes)) => bytes.len(),
                Some(Content::Trie(record)) => record.encoded_len(),
                None => 0,
            }
    }

    /// What is to stand on disk under `key`.
    pub fn stored(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let Some(content) = &self.content else { return Ok(None) };
        let bytes = match content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Trie(record) => record.encode().into(),
        };
        if self.scope.seals(self.kind) {
            return Ok(Some(self.scope.seal(self.kind, key, bytes.into())?.into()));
        }
        Ok(Some(bytes))
    }
}

/// Changes that become visible together.
#[derive(Clone, Default)]
pub(super) struct Batch(pub Vec<(Key, Change)>);

impl Batch {
    /// Stores encoded `value`.
    pub fn put(&mut self, scope: &Arc<Scope>, kind: Kind, parts: &[&[u8]], value: &impl Encode) {
        self.put_bytes(scope, kind, parts, value.encode());
    }

    /// Stores `content`.
    pub fn put_bytes(&mut self, scope: &Arc<Scope>, kind: Kind, parts: &[&[u8]], content: Vec<u8>) {
        self.push(scope, kind, scope.key(kind, parts), Some(Content::Bytes(content.into())));
    }

    /// Removes a record.
    pub fn remove(&mut self, scope: &Arc<Scope>, kind: Kind, parts: &[&[u8]]) {
        self.push(scope, kind, scope.key(kind, parts), None);
    }

    /// Stores or removes the record under a key of this kind.
    pub fn push(&mut self, scope: &Arc<Scope>, kind: Kind, key: Key, content: Option<Content>) {
        self.0.push((key, Change { kind, scope: Arc::clone(scope), content }));
    }
}
