//! Changes of a contract: new code, another authority. Not here: who may (the chain's rules), which layouts fit (the runtime's spec).
//! Invariant: of an upgrade that fails nothing stays, neither code nor what its `migrate` wrote.

use coffer_abi::export::{MIGRATE, MethodKind};
use coffer_abi::{AccountId, ContractId, Event, Gas, Refused, Status};
use coffer_chain::authority::Wanted;
use coffer_chain::hash::code_hash;
use coffer_chain::{Authority, Change, Consents, gas};
use coffer_runtime::Fault;
use coffer_runtime::spec::{self, layout};

use super::action::{Acted, Frame, Heritage};
use super::overlay::Current;
use super::{Error, Executor, Overlay, Snapshot};
use crate::state::{self, ChangedContract};

/// New code for a contract.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade<'a> {
    /// The contract.
    pub contract: ContractId,
    /// How often it was changed before.
    pub revision: u64,
    /// The new module.
    pub code: &'a [u8],
    /// Encoded arguments of its `migrate`.
    pub input: &'a [u8],
    /// Those of parties that are not the account.
    pub consents: &'a Consents,
}

/// Another authority for a contract.
#[derive(Clone, Copy, Debug)]
pub struct NewAuthority<'a> {
    /// The contract.
    pub contract: ContractId,
    /// How often it was changed before.
    pub revision: u64,
    /// Who may change it from then on.
    pub authority: &'a Authority,
    /// Those of parties that are not the account.
    pub consents: &'a Consents,
}

/// What an upgrade would do.
#[derive(Clone, Debug)]
pub struct Tried {
    /// How it would end once everybody had consented.
    pub status: Status,
    /// Gas it would use then.
    pub gas_used: Gas,
    /// Events of `migrate`.
    pub events: Vec<Event>,
    /// Storage entries it would write or remove.
    pub changes: u64,
    /// Who has not consented, with the reason.
    pub missing: Vec<(AccountId, Refused)>,
}

/// Gas of an action that is counted before each of its steps.
struct Meter {
    used: u64,
    limit: u64,
}

impl Meter {
    fn pay(&mut self, gas: u64) -> Result<(), Ended> {
        self.used = self.used.saturating_add(gas);
        if self.used > self.limit { Err(Ended::Early(Status::OutOfGas)) } else { Ok(()) }
    }

    fn left(&self) -> Gas {
        Gas(self.limit.saturating_sub(self.used))
    }
}

/// Why an action went no further.
enum Ended {
    /// On every node alike.
    Early(Status),
    /// On this one.
    Failed(Error),
}

impl From<Refused> for Ended {
    fn from(reason: Refused) -> Self {
        Self::Early(Status::Refused(reason))
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<state::Error> for Ended {
    fn from(error: state::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

impl Executor {
    /// Gives a contract new code and runs its `migrate`.
    pub(super) fn upgrade(
        &self,
        overlay: &mut Overlay<'_>,
        upgrade: &Upgrade<'_>,
        frame: &Frame,
    ) -> Result<Acted, Error> {
        let mut meter = Meter { used: 0, limit: frame.gas_limit.0 };
        let permitted = self.permitted(overlay, &upgrade.wish(), frame, &mut meter);
        let ran = permitted.and_then(|current| self.replace_code(overlay, upgrade, current, frame, &mut meter));
        ended(ran, upgrade.contract, &meter)
    }

    /// Gives a contract another authority.
    pub(super) fn set_authority(
        &self,
        overlay: &mut Overlay<'_>,
        new: &NewAuthority<'_>,
        frame: &Frame,
    ) -> Result<Acted, Error> {
        let mut meter = Meter { used: 0, limit: frame.gas_limit.0 };
        let wish = Wish {
            contract: &new.contract,
            revision: new.revision,
            change: Change::Authority(new.authority.clone()),
            consents: new.consents,
        };
        let permitted = self.permitted(overlay, &wish, frame, &mut meter);
        let verdict = |current| overlay.verdict().map_or(Ok(current), |why| Err(why.into()));
        let set = permitted.and_then(verdict).map(|current| {
            let changed = overlay.changed(&new.contract);
            let codes = changed.map(|changed| changed.codes).unwrap_or_default();
            let (height, authority, revision) = (frame.block.height, new.authority.clone(), current.revision + 1);
            overlay.change(new.contract, Some(ChangedContract { height, codes, authority, revision }));
            Acted { status: Status::Ok(Vec::new()), gas_used: Gas(0), contract: Some(new.contract), events: Vec::new() }
        });
        ended(set, new.contract, &meter)
    }

    /// Runs an upgrade as if everybody had consented, on a state that is not written.
    ///
    /// # Errors
    /// When this node failed.
    pub fn try_upgrade(&self, snapshot: Snapshot<'_>, upgrade: &Upgrade<'_>, frame: &Frame) -> Result<Tried, Error> {
        let mut overlay = Overlay::new(snapshot);
        let mut meter = Meter { used: 0, limit: frame.gas_limit.0 };
        let wish = upgrade.wish();
        let mut missing = Vec::new();
        let ran = match self.current(&overlay, &upgrade.contract) {
            Ok(current) => {
                missing = current.authority.missing(&self.wanted(&wish, frame));
                let absent = |missing: &&(_, Refused)| missing.1 == Refused::NotAuthorised;
                let to_come = match current.authority {
                    Authority::Parties(_) => missing.iter().filter(absent).count(),
                    _ => 0,
                };
                let consents = (upgrade.consents.len() + to_come) as u64;
                let paid = meter.pay(gas::CHANGE + gas::CONSENT * consents).and_then(|()| match current.authority {
                    Authority::None => Err(Refused::NoAuthority.into()),
                    _ => Ok(()),
                });
                paid.and_then(|()| self.replace_code(&mut overlay, upgrade, current, frame, &mut meter))
            }
            Err(ended) => Err(ended),
        };
        let Acted { status, gas_used, events, .. } = ended(ran, upgrade.contract, &meter)?;
        let changes = overlay.into_writes().slots.values().map(|changes| changes.len() as u64).sum();
        Ok(Tried { status, gas_used, events, changes, missing })
    }

    /// The contract as it is, after everything was checked that does not depend on what it is changed to.
    fn permitted(
        &self,
        overlay: &Overlay<'_>,
        wish: &Wish<'_>,
        frame: &Frame,
        meter: &mut Meter,
    ) -> Result<Current, Ended> {
        let current = self.current(overlay, wish.contract)?;
        meter.pay(gas::CHANGE + gas::CONSENT * wish.consents.len() as u64)?;
        if wish.revision != current.revision {
            return Err(Refused::OtherRevision.into());
        }
        match current.authority.missing(&self.wanted(wish, frame)).first() {
            Some((_, reason)) => Err((*reason).into()),
            None => Ok(current),
        }
    }

    fn current(&self, overlay: &Overlay<'_>, contract: &ContractId) -> Result<Current, Ended> {
        let current = overlay.enter(contract)?;
        // A reserved contract has no code, and nobody made it.
        current.filter(|current| current.code_hash != Default::default()).ok_or_else(|| Refused::NoSuchContract.into())
    }

    fn wanted<'w>(&'w self, wish: &'w Wish<'_>, frame: &'w Frame) -> Wanted<'w> {
        Wanted {
            chain_id: &self.chain_id,
            contract: wish.contract,
            revision: wish.revision,
            change: &wish.change,
            sender: &frame.account,
            height: frame.block.height,
            consents: wish.consents,
        }
    }

    fn replace_code(
        &self,
        overlay: &mut Overlay<'_>,
        upgrade: &Upgrade<'_>,
        current: Current,
        frame: &Frame,
        meter: &mut Meter,
    ) -> Result<Acted, Ended> {
        let Upgrade { contract, code, input, .. } = *upgrade;
        let hash = code_hash(code);
        if hash == current.code_hash {
            return Err(Refused::SameCode.into());
        }
        meter.pay(gas::DEPLOY + gas::MODULE_BYTE * code.len() as u64)?;
        let Ok(prepared) = self.codes.prepare(&hash, code)? else { return Err(Refused::InvalidCode.into()) };
        let migrates = prepared.exports().any(|(kind, _)| kind == MethodKind::Migrate);
        if !migrates {
            let old = overlay.code(&current.code_hash)?.unwrap_or_default();
            meter.pay(gas::COMPARE_BYTE * old.len() as u64)?;
            // From the module's bytes, not from prepared code: the old module need not satisfy the rules of today.
            if !layout::is_compatible(spec::read(&old).ok().as_ref(), prepared.spec()) {
                return Err(Refused::LayoutChanged.into());
            }
            if !input.is_empty() {
                return Err(Refused::NoMigrate.into());
            }
        }
        let before = overlay.changed(&contract);
        let is_new = overlay.code(&hash)?.is_none();
        if is_new {
            overlay.add_code(hash, code.to_vec());
        }
        let mut codes = before.as_ref().map(|before| before.codes.clone()).unwrap_or_default();
        codes.insert(frame.index, hash);
        let (height, authority, revision) = (frame.block.height, current.authority, current.revision + 1);
        overlay.change(contract, Some(ChangedContract { height, codes, authority, revision }));
        let mut acted =
            Acted { status: Status::Ok(Vec::new()), gas_used: Gas(0), contract: Some(contract), events: Vec::new() };
        if migrates {
            let rest = Frame { gas_limit: meter.left(), ..*frame };
            let heritage = Heritage::RECORDED;
            acted = self.invoke(overlay, &prepared, MethodKind::Migrate, contract, MIGRATE, input, heritage, &rest)?;
        } else if let Some(why) = overlay.verdict() {
            acted.status = Status::Refused(why);
        }
        if !acted.status.is_ok() {
            overlay.change(contract, before);
            if is_new {
                overlay.forget_code(&hash);
            }
        }
        Ok(acted)
    }
}

/// A change that is asked for.
struct Wish<'a> {
    contract: &'a ContractId,
    revision: u64,
    change: Change,
    consents: &'a Consents,
}

impl<'a> Upgrade<'a> {
    fn wish(&'a self) -> Wish<'a> {
        let change = Change::code(code_hash(self.code), self.input);
        Wish { contract: &self.contract, revision: self.revision, change, consents: self.consents }
    }
}

/// The receipt of what ran, or of what ended before; the gas of the steps before it is added.
fn ended(ran: Result<Acted, Ended>, contract: ContractId, meter: &Meter) -> Result<Acted, Error> {
    let gas = Gas(meter.used);
    match ran {
        Ok(acted) => Ok(Acted { gas_used: gas.saturating_add(acted.gas_used), ..acted }),
        Err(Ended::Early(status)) => {
            let gas_used = Gas(meter.used.min(meter.limit));
            let contract = (status != Status::Refused(Refused::NoSuchContract)).then_some(contract);
            Ok(Acted { status, gas_used, contract, events: Vec::new() })
        }
        Err(Ended::Failed(error)) => Err(error),
    }
}
