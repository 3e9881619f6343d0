//! One deployment or call on a state, whatever state it is. The public and the private side differ only in where ids and path keys come
//! from. Invariant: a failed action leaves no write behind but its gas and receipt.

use coffer_abi::export::{INIT, MethodKind};
use coffer_abi::{AccountId, CodeHash, ContractId, Event, Gas, Hash, Refused, StateId, Status};
use coffer_chain::hash::{code_hash, created_path_key, private_path_key, public_path_key};
use coffer_chain::{Authority, Members, gas};
use coffer_runtime::engine::Lane;
use coffer_runtime::{BlockContext, Call, Code};

use super::upgrade::{NewAuthority, Upgrade};
use super::{Error, Executor, Overlay};
use crate::state::NewContract;

/// A new contract.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// The original module.
    pub code: &'a [u8],
    /// Encoded arguments of `init`.
    pub input: &'a [u8],
    /// Id it gets.
    pub contract: ContractId,
    /// Key of its storage paths.
    pub path_key: [u8; 32],
    /// Who may change it later.
    pub authority: &'a Authority,
    /// Who it is for; `None` in the public state.
    pub members: Option<&'a Members>,
}

/// What a contract hands on to those that it makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heritage<'a> {
    pub authority: &'a Authority,
    pub members: Option<&'a Members>,
}

impl Heritage<'_> {
    /// Of a contract that is there: its record says it.
    pub const RECORDED: Self = Self { authority: &Authority::None, members: None };
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Make a contract.
    Deploy(Deployment<'a>),
    /// Call one.
    Call {
        /// The contract.
        contract: ContractId,
        /// Method of kind call.
        method: &'a str,
        /// Encoded arguments.
        input: &'a [u8],
    },
    /// Give one new code.
    Upgrade(Upgrade<'a>),
    /// Give one another authority.
    SetAuthority(NewAuthority<'a>),
}

/// Who does it, where, with how much gas.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The account that signed.
    pub account: AccountId,
    /// The state, as contracts see it.
    pub state_id: StateId,
    /// Position in the chain.
    pub block: BlockContext,
    /// Position of the transaction in the block, from 0.
    pub index: u32,
    /// Id of the transaction or seed of the inner call: what the seeded generator starts from.
    pub id: Hash,
    /// True in a private state: contracts made there get storage paths that outsiders cannot guess.
    pub is_private: bool,
    /// Gas it may use.
    pub gas_limit: Gas,
    /// Whose turn it is.
    pub lane: Lane,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Acted {
    /// How it ended.
    pub status: Status,
    /// Gas used.
    pub gas_used: Gas,
    /// The contract made, called or changed.
    pub contract: Option<ContractId>,
    /// Its events.
    pub events: Vec<Event>,
}

impl Acted {
    /// Nothing ran.
    pub fn refused(why: Refused) -> Self {
        Self { status: Status::Refused(why), gas_used: Gas(0), contract: None, events: Vec::new() }
    }
}

impl Executor {
    /// Runs an action and puts the writes of a success into the overlay.
    pub(super) fn act(&self, overlay: &mut Overlay<'_>, action: &Action<'_>, frame: &Frame) -> Result<Acted, Error> {
        match action {
            Action::Deploy(deployment) => self.deploy(overlay, deployment, frame),
            Action::Call { contract, method, input } => {
                let Some(current) = overlay.enter(contract)? else {
                    return Ok(Acted::refused(Refused::NoSuchContract));
                };
                let hash = current.code_hash;
                let Some(code) = self.code_of(contract, &hash, || overlay.code(&hash))? else {
                    return Ok(Acted::refused(Refused::NoSuchContract));
                };
                let heritage = Heritage::RECORDED;
                self.invoke(overlay, &code, MethodKind::Call, *contract, method, input, heritage, frame)
            }
            Action::Upgrade(upgrade) => self.upgrade(overlay, upgrade, frame),
            Action::SetAuthority(new) => self.set_authority(overlay, new, frame),
        }
    }

    fn deploy(&self, overlay: &mut Overlay<'_>, new: &Deployment<'_>, frame: &Frame) -> Result<Acted, Error> {
        let cost = Gas(gas::DEPLOY + gas::MODULE_BYTE * new.code.len() as u64);
        if cost > frame.gas_limit {
            let gas_used = frame.gas_limit;
            return Ok(Acted { status: Status::OutOfGas, gas_used, contract: None, events: Vec::new() });
        }
        overlay.depends_on(&new.contract);
        if overlay.contract(&new.contract)?.is_some() {
            return Ok(Acted::refused(Refused::ContractExists));
        }
        let code_hash = code_hash(new.code);
        let Ok(code) = self.codes.prepare(&code_hash, new.code)? else {
            return Ok(Acted { gas_used: cost, ..Acted::refused(Refused::InvalidCode) });
        };
        let rest = Frame { gas_limit: frame.gas_limit.saturating_sub(cost), ..*frame };
        let (contract, input) = (new.contract, new.input);
        let heritage = Heritage { authority: new.authority, members: new.members };
        let acted = self.invoke(overlay, &code, MethodKind::Init, contract, INIT, input, heritage, &rest)?;
        let gas_used = cost.saturating_add(acted.gas_used);
        if !acted.status.is_ok() {
            return Ok(Acted { gas_used, contract: None, ..acted });
        }
        if overlay.code(&code_hash)?.is_none() {
            overlay.add_code(code_hash, new.code.to_vec());
        }
        let (path_key, deployer, height) = (new.path_key, frame.account, frame.block.height);
        let (authority, members) = (new.authority.clone(), new.members.cloned());
        overlay.create(new.contract, NewContract { code_hash, path_key, deployer, height, authority, members });
        Ok(Acted { gas_used, ..acted })
    }

    /// Runs one method. `heritage` is that of the contract if the overlay does not have the contract yet.
    #[expect(clippy::too_many_arguments, reason = "one function of this module that its few callers fill by name")]
    pub(super) fn invoke(
        &self,
        overlay: &mut Overlay<'_>,
        code: &Code,
        kind: MethodKind,
        contract: ContractId,
        method: &str,
        input: &[u8],
        heritage: Heritage<'_>,
        frame: &Frame,
    ) -> Result<Acted, Error> {
        let call = Call {
            kind,
            method,
            input,
            contract,
            state_id: frame.state_id,
            caller: frame.account,
            origin: frame.account,
            block: frame.block,
            seed: frame.id,
            gas_limit: frame.gas_limit,
        };
        let runtime = self.runtime.in_lane(frame.lane);
        let done = if overlay.records() {
            let (done, trace) = runtime.trace(code, &call, &*overlay)?;
            overlay.recorded(trace);
            done
        } else {
            runtime.execute(code, &call, &*overlay)?
        };
        for line in &done.log {
            tracing::debug!(target: "coffer::contract", contract = %contract, height = %frame.block.height, bytes = line.len(), "log");
        }
        if let Some(why) = overlay.verdict() {
            return Ok(Acted { contract: Some(contract), gas_used: done.gas_used, ..Acted::refused(why) });
        }
        for created in done.created {
            let (contract, code_hash) = (created.contract, created.code_hash);
            let path_key = if frame.is_private { created_path_key(&contract) } else { public_path_key(&contract) };
            let (deployer, height) = (AccountId(created.creator.0), frame.block.height);
            // What a contract makes is changed by who may change the maker: neither by whoever asked for it, nor by nobody. And it is for whom the
            // maker is for.
            let (authority, members) = match overlay.current(&created.creator)? {
                Some(maker) => (maker.authority, maker.members),
                None => (heritage.authority.clone(), heritage.members.cloned()),
            };
            overlay.create(contract, NewContract { code_hash, path_key, deployer, height, authority, members });
        }
        for (contract, changes) in done.changes {
            if !changes.is_empty()
                && let Some(new) = overlay.unwritten(&contract)?
            {
                // From the call, so that only its parties know where anything of it stands in the trie: the id is no secret.
                overlay.create(contract, NewContract { path_key: private_path_key(&frame.id), ..new });
            }
            overlay.apply(contract, changes);
        }
        Ok(Acted { status: done.status, gas_used: done.gas_used, contract: Some(contract), events: done.events })
    }

    /// Code of a contract ready to run; `None` for a reserved contract, which has none.
    pub(super) fn code_of(
        &self,
        contract: &ContractId,
        hash: &CodeHash,
        load: impl FnOnce() -> Result<Option<Vec<u8>>, crate::state::Error>,
    ) -> Result<Option<Code>, Error> {
        if *hash == CodeHash::default() {
            return Ok(None);
        }
        let missing = || Error::Code(*contract, "it is not in the state".into());
        self.stored_code(hash, load)?.map_or_else(|| Err(missing()), |code| Ok(Some(code)))
    }

    /// Code that a state holds ready to run; `None` if it holds none of that hash.
    pub(super) fn stored_code(
        &self,
        hash: &CodeHash,
        load: impl FnOnce() -> Result<Option<Vec<u8>>, crate::state::Error>,
    ) -> Result<Option<Code>, Error> {
        let prepared = match self.codes.get(hash) {
            Some(prepared) => prepared,
            None => match load()? {
                Some(wasm) => self.codes.prepare(hash, &wasm)?,
                None => return Ok(None),
            },
        };
        prepared.map(Some).map_err(|violation| Error::Refused(*hash, violation.to_string()))
    }
}
