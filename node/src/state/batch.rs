//! Changes of records on their way to the database, in the clear until they are written there. Not here: who writes
//! them (`db`) and when (`waiting`).
//! Invariant: a content leaves for a file through [`Change::stored`] alone, which seals what is private.

use std::sync::Arc;

use bytes::Bytes;
use coffer_abi::Encode;
use coffer_chain::trie::Record;

use super::columns::{Key, Kind};
use super::error::Error;
use super::history::Layer;
use super::scope::{SEAL, Scope};

/// What a record holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Bytes),
    /// Encoded only when it is written: often a later block has overwritten it by then.
    Trie(Arc<Record>),
    /// The same; with the length of its encoding.
    Layer(Arc<Layer>, usize),
}

impl Content {
    /// As it is stored.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.append_to(&mut bytes, 0);
        bytes
    }

    /// The same, without a copy of what is bytes already.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            other => other.to_vec().into(),
        }
    }

    /// Bytes of [`Self::to_vec`].
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Trie(record) => record.encoded_len(),
            Self::Layer(_, length) => *length,
        }
    }

    /// Leaves room for `more` bytes behind it.
    fn append_to(&self, bytes: &mut Vec<u8>, more: usize) {
        bytes.reserve_exact(self.len() + more);
        match self {
            Self::Bytes(content) => bytes.extend_from_slice(content),
            Self::Trie(record) => record.append_to(bytes),
            Self::Layer(layer, _) => layer.encode_to(bytes),
        }
    }
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
        ENTRY + self.content.as_ref().map_or(0, Content::len)
    }

    /// What is to stand on disk under `key`.
    pub fn stored(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let Some(content) = &self.content else { return Ok(None) };
        if !self.scope.seals(self.kind) {
            return Ok(Some(content.to_bytes()));
        }
        let mut bytes = Vec::new();
        content.append_to(&mut bytes, SEAL);
        Ok(Some(self.scope.seal(self.kind, key, bytes)?.into()))
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

    /// Adds the changes of another batch, behind those here.
    pub fn append(&mut self, mut other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
        } else {
            self.0.append(&mut other.0);
        }
    }

    /// Stores what a block overwrites.
    pub fn put_layer(&mut self, scope: &Arc<Scope>, layer: &Arc<Layer>) {
        let key = scope.key(Kind::Undo, &[&layer.height.to_le_bytes()]);
        self.push(scope, Kind::Undo, key, Some(Content::Layer(Arc::clone(layer), layer.encoded_size())));
    }

    /// Stores or removes the record under a key of this kind.
    pub fn push(&mut self, scope: &Arc<Scope>, kind: Kind, key: Key, content: Option<Content>) {
        self.0.push((key, Change { kind, scope: Arc::clone(scope), content }));
    }
}
