//! A host in memory, for tests of contracts. Not here: calls from contract to contract (`nested`), and what only the node does: gas, rollback of
//! the outermost call, permissions, the caps on numbers. Invariant: it answers as the node's host does wherever it answers at all.

use std::collections::BTreeMap;
use std::ops::Bound;

use coffer_abi::export::MethodKind;
use coffer_abi::host::{GENERATOR_CONTEXT, HostFunctions};
use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN, MAX_KEY, MAX_LOG, MAX_OUTPUT, MAX_RANDOM, MAX_SCAN, MAX_SCAN_BYTES};
use coffer_abi::outcome::TrapKind;
use coffer_abi::{AccountId, ContractId, Hash, StateId};
use parity_scale_codec::{Decode, Encode};

use super::nested::World;
use super::{Halt, run};
use crate::contract::Contract;
use crate::event::Event;

/// An event as it was emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Who emitted it.
    pub contract: ContractId,
    /// Its name.
    pub name: String,
    /// The encoding of its fields.
    pub data: Vec<u8>,
}

impl Emitted {
    /// The event, if it is an `E`.
    pub fn read<E: Event + Decode>(&self) -> Option<E> {
        let fits = self.name == E::DESC.name;
        fits.then(|| E::decode(&mut self.data.as_slice()).ok()).flatten()
    }
}

/// A host in memory. Its fields are the world a contract sees; change them between calls. With one contract that is all; others are
/// added by [`MemoryHost::with`], and [`MemoryHost::at`] chooses which of them runs next.
#[derive(Clone, Debug, Default)]
pub struct MemoryHost {
    /// Who calls.
    pub caller: AccountId,
    /// Who signed.
    pub origin: AccountId,
    /// Id of the contract that runs.
    pub contract: ContractId,
    /// The state it lives in.
    pub state: StateId,
    /// The public state beside this one, if this one is private: its contracts' views can be called from here.
    pub public: Option<Box<MemoryHost>>,
    /// The chain.
    pub chain: Hash,
    /// Height of the block.
    pub height: u64,
    /// Time of the block, milliseconds.
    pub time: u64,
    /// A view runs: a write traps.
    pub read_only: bool,
    /// Arguments of the call.
    pub input: Vec<u8>,
    /// Result of the call.
    pub output: Option<Vec<u8>>,
    /// Code and data of the call's error.
    pub error: Option<(u32, Vec<u8>)>,
    /// What the contract that runs has stored.
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Events, oldest first.
    pub events: Vec<Emitted>,
    /// Lines of the log, oldest first.
    pub log: Vec<String>,
    /// What the seeded generator starts from.
    pub seed: Hash,
    pub(super) draws: u64,
    pub(super) world: World,
    reply: Vec<u8>,
}

impl MemoryHost {
    /// A host that is called by `caller`.
    pub fn called_by(caller: AccountId) -> Self {
        Self { caller, origin: caller, ..Self::default() }
    }

    /// Runs the export `name` of a contract with `arguments` (a tuple) and keeps the result: afterwards the host holds the output or the
    /// error of this call.
    ///
    /// # Errors
    /// As [`run`].
    ///
    /// # Panics
    /// As [`run`].
    pub fn run<C: Contract>(self, name: &str, arguments: impl Encode) -> (Result<(), Halt>, Self) {
        let read_only = MethodKind::of_export(name).is_some_and(|(kind, _)| kind.is_read_only());
        let contract = self.contract;
        let host = self.with::<C>(contract);
        let before = host.read_only;
        let host = Self { input: arguments.encode(), output: None, error: None, read_only, ..host };
        let (ended, host) = run::<C, _>(host, name);
        (ended, Self { read_only: before, ..host })
    }

    pub(super) fn reply_with(&mut self, bytes: Vec<u8>) -> Result<Option<usize>, Halt> {
        self.reply = bytes;
        Ok(Some(self.reply.len()))
    }

    pub(super) fn may_write(&self) -> Result<(), Halt> {
        if self.read_only { Err(Halt::Trapped(TrapKind::ReadOnly)) } else { Ok(()) }
    }

    fn may_answer(&self, data: &[u8]) -> Result<(), Halt> {
        if self.output.is_some() || self.error.is_some() {
            return Err(Halt::Trapped(TrapKind::DoubleOutput));
        }
        if data.len() > MAX_OUTPUT { Err(Halt::Trapped(TrapKind::LimitExceeded)) } else { Ok(()) }
    }
}

fn check_key(key: &[u8]) -> Result<(), Halt> {
    let sound = key.len() <= MAX_KEY && matches!(key.first(), Some(&(KEY_PLAIN | KEY_ORDERED)));
    if sound { Ok(()) } else { Err(Halt::Trapped(TrapKind::BadKey)) }
}

/// Bytes of a fixed length, such as an id.
pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Halt> {
    bytes.try_into().map_err(|_| Halt::Trapped(TrapKind::BadLength))
}

fn text(bytes: &[u8]) -> Result<String, Halt> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Halt::Trapped(TrapKind::BadText))
}

impl HostFunctions for MemoryHost {
    type Halt = Halt;

    fn reply(&self) -> &[u8] {
        &self.reply
    }

    fn input(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.input.clone())
    }

    fn reply_read(&mut self, _: u32) -> Result<(), Halt> {
        Ok(())
    }

    fn output(&mut self, data: &[u8]) -> Result<(), Halt> {
        self.may_answer(data)?;
        self.output = Some(data.to_vec());
        Ok(())
    }

    fn error(&mut self, code: u32, data: &[u8]) -> Result<(), Halt> {
        self.may_answer(data)?;
        self.error = Some((code, data.to_vec()));
        Ok(())
    }

    fn panic(&mut self, message: &[u8]) -> Result<(), Halt> {
        Err(Halt::Panicked(String::from_utf8_lossy(message).into_owned()))
    }

    fn storage_get(&mut self, key: &[u8]) -> Result<Option<usize>, Halt> {
        check_key(key)?;
        match self.storage.get(key).cloned() {
            Some(value) => self.reply_with(value),
            None => Ok(None),
        }
    }

    fn storage_set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Halt> {
        self.may_write()?;
        check_key(key)?;
        self.storage.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn storage_remove(&mut self, key: &[u8]) -> Result<u64, Halt> {
        self.may_write()?;
        check_key(key)?;
        Ok(u64::from(self.storage.remove(key).is_some()))
    }

    fn storage_scan(&mut self, prefix: &[u8], after: &[u8], limit: u32) -> Result<Option<usize>, Halt> {
        check_key(prefix)?;
        let start = if after.is_empty() { Bound::Included(prefix) } else { Bound::Excluded(after) };
        let mut page = Vec::new();
        let entries = self.storage.range::<[u8], _>((start, Bound::Unbounded));
        let entries = entries.skip_while(|(key, _)| key.as_slice() < prefix);
        for (key, value) in entries.take_while(|(key, _)| key.starts_with(prefix)).take(limit.min(MAX_SCAN) as usize) {
            for part in [key, value] {
                page.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
                page.extend_from_slice(part);
            }
            if page.len() >= MAX_SCAN_BYTES {
                break;
            }
        }
        if page.is_empty() { Ok(None) } else { self.reply_with(page) }
    }

    fn event(&mut self, name: &[u8], data: &[u8]) -> Result<(), Halt> {
        self.may_write()?;
        self.events.push(Emitted { contract: self.contract, name: text(name)?, data: data.to_vec() });
        Ok(())
    }

    fn caller(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.caller.0.to_vec())
    }

    fn origin(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.origin.0.to_vec())
    }

    fn own_id(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.contract.0.to_vec())
    }

    fn state_id(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.state.0.to_vec())
    }

    fn chain_id(&mut self) -> Result<Option<usize>, Halt> {
        self.reply_with(self.chain.0.to_vec())
    }

    fn block_height(&mut self) -> Result<u64, Halt> {
        Ok(self.height)
    }

    fn block_time(&mut self) -> Result<u64, Halt> {
        Ok(self.time)
    }

    fn hash_blake3(&mut self, data: &[u8]) -> Result<Option<usize>, Halt> {
        self.reply_with(blake3::hash(data).as_bytes().to_vec())
    }

    fn hash_sha256(&mut self, data: &[u8]) -> Result<Option<usize>, Halt> {
        use sha2::{Digest, Sha256};
        self.reply_with(Sha256::digest(data).to_vec())
    }

    fn call(&mut self, contract: &[u8], method: &[u8], input: &[u8], _: u64) -> Result<Option<usize>, Halt> {
        self.call_contract(MethodKind::Call, contract, method, input)
    }

    fn view(&mut self, contract: &[u8], method: &[u8], input: &[u8], _: u64) -> Result<Option<usize>, Halt> {
        self.call_contract(MethodKind::View, contract, method, input)
    }

    fn create(&mut self, code: &[u8], salt: &[u8], input: &[u8], _: u64) -> Result<Option<usize>, Halt> {
        self.create_contract(code, salt, input)
    }

    fn verify_ed25519(&mut self, key: &[u8], signature: &[u8], message: &[u8]) -> Result<u64, Halt> {
        use ed25519_dalek::{Signature, VerifyingKey};
        let (key, signature) = (fixed(key)?, Signature::from_bytes(&fixed(signature)?));
        let holds = VerifyingKey::from_bytes(&key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok());
        Ok(u64::from(holds))
    }

    fn random(&mut self, len: u32) -> Result<Option<usize>, Halt> {
        if len > MAX_RANDOM {
            return Err(Halt::Trapped(TrapKind::LimitExceeded));
        }
        let mut hasher = blake3::Hasher::new_derive_key(GENERATOR_CONTEXT);
        hasher.update(self.seed.as_bytes()).update(&self.draws.to_le_bytes());
        self.draws += 1;
        let mut bytes = vec![0; len as usize];
        hasher.finalize_xof().fill(&mut bytes);
        self.reply_with(bytes)
    }

    fn log(&mut self, line: &[u8]) -> Result<(), Halt> {
        let mut line = String::from_utf8_lossy(line).into_owned();
        line.truncate(line.floor_char_boundary(MAX_LOG));
        self.log.push(line);
        Ok(())
    }
}
