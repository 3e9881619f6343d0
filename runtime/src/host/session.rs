//! One transaction: the call it names and the calls those make in turn, each a frame; what they wrote, emitted and made; the gas of the
//! running one. Invariant: nothing leaves a session but through [`Session::execute`], and of a frame that did not succeed nothing but its
//! gas and its log.

use coffer_abi::export::MethodKind;
use coffer_abi::limits::MAX_INPUT;
use coffer_abi::{AccountId, ContractId, Event, Gas, Refused, Status};

use super::frame::Frame;
use super::generator::Generator;
use super::journal::{Journal, Mark};
use super::{Halt, Host, Place};
use crate::call::{Asked, BlockContext, Call, Created, Executed};
use crate::error::Fault;
use crate::meter::Schedule;
use crate::state::AllChanges;
use crate::trace::{CallTrace, Recorder};

/// Bytes of logical stack the calls of one transaction may use together, frames counted as the meter says. Every engine's own stack
/// holds many times as much.
pub const STACK_LIMIT: i32 = 256 * 1024;

/// One transaction over a host.
pub struct Session<H: Host> {
    pub(super) host: Option<H>,
    pub(super) origin: AccountId,
    pub(super) block: BlockContext,
    pub(super) schedule: Schedule,
    pub(super) generator: Generator,
    pub(super) frames: Vec<Frame>,
    pub(super) journal: Journal,
    pub(super) events: Vec<Event>,
    pub(super) created: Vec<(Created, H::Code)>,
    pub(super) log: Vec<String>,
    pub(super) reply: Vec<u8>,
    pub(crate) recorder: Option<Box<Recorder>>,
    /// Gas left to the running frame; below zero means it ran out.
    pub gas: i64,
    /// Bytes of logical stack left to the running frame, as of its last nested call.
    pub stack: i32,
}

/// How far events, contracts and writes had come when a frame began.
pub(super) struct Begun {
    journal: Option<Mark>,
    events: usize,
    created: usize,
}

impl<H: Host> Session<H> {
    /// A transaction that has not begun.
    pub fn new(host: H, call: &Call<'_>, schedule: Schedule) -> Self {
        Self {
            host: Some(host),
            origin: call.origin,
            block: call.block,
            schedule,
            generator: Generator::new(call.seed.0),
            gas: i64::try_from(call.gas_limit.0).unwrap_or(i64::MAX),
            stack: STACK_LIMIT,
            ..Self::vacant()
        }
    }

    /// What stands in for a session that is elsewhere: a call that runs has it in its own store.
    pub(super) fn vacant() -> Self {
        Self {
            host: None,
            origin: AccountId::default(),
            block: BlockContext::default(),
            schedule: Schedule::V1,
            generator: Generator::default(),
            frames: Vec::new(),
            journal: Journal::default(),
            events: Vec::new(),
            created: Vec::new(),
            log: Vec::new(),
            reply: Vec::new(),
            recorder: None,
            gas: 0,
            stack: 0,
        }
    }

    /// Runs the call the transaction names, and all it leads to.
    ///
    /// # Errors
    /// When this node could not run it; what other nodes computed is unknown.
    pub fn execute(self, code: &H::Code, call: &Call<'_>) -> Result<Executed, Fault> {
        Ok(Box::new(self).perform(code, call)?.0)
    }

    /// The same, and what it did on the way; no trace if nothing began.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn trace(mut self, code: &H::Code, call: &Call<'_>) -> Result<(Executed, Option<CallTrace>), Fault> {
        self.recorder = Some(Box::default());
        let (executed, recorder) = Box::new(self).perform(code, call)?;
        Ok((executed, recorder.and_then(|recorder| recorder.finish())))
    }

    fn perform(self: Box<Self>, code: &H::Code, call: &Call<'_>) -> Result<(Executed, Option<Box<Recorder>>), Fault> {
        let limit = self.gas.cast_unsigned();
        let (done, status, gas_used) = if call.input.len() > MAX_INPUT {
            (self, Status::Refused(Refused::InputTooLarge), 0)
        } else {
            let frame = Frame {
                place: Place::Own,
                kind: call.kind,
                contract: call.contract,
                state_id: call.state_id,
                caller: call.caller,
                input: call.input.to_vec(),
                answer: None,
            };
            let begun = Begun { journal: None, events: 0, created: 0 };
            self.run(frame, begun, code, call.method, limit)?
        };
        // A limit above what an i64 counts is as good as none, and used up it is used up whole.
        let gas_used = if status == Status::OutOfGas { call.gas_limit } else { Gas(gas_used) };
        let (changes, events, created) = if status.is_ok() {
            (done.journal.into_changes(), done.events, done.created.into_iter().map(|(created, _)| created).collect())
        } else {
            (AllChanges::new(), Vec::new(), Vec::new())
        };
        Ok((Executed { status, gas_used, changes, events, created, log: done.log }, done.recorder))
    }

    /// Where the session stands, for a frame that begins now.
    pub(super) fn begin(&mut self) -> Begun {
        Begun { journal: Some(self.journal.mark()), events: self.events.len(), created: self.created.len() }
    }

    /// Runs one frame with `limit` gas of its own, undoes it if it does not succeed, and returns how it ended and the gas it used. The
    /// caller's gas is as before; the caller takes off what was used.
    pub(super) fn run(
        mut self: Box<Self>,
        frame: Frame,
        begun: Begun,
        code: &H::Code,
        method: &str,
        limit: u64,
    ) -> Result<(Box<Self>, Status, u64), Fault> {
        let kind = frame.kind;
        if let Some(recorder) = &mut self.recorder {
            recorder.call(frame.trace(method, limit, H::section(code)));
        }
        let outer = std::mem::replace(&mut self.gas, i64::try_from(limit).unwrap_or(i64::MAX));
        self.reply.clear();
        self.frames.push(frame);
        let (mut back, ended) = H::run(self, code, kind, method)?;
        let left = std::mem::replace(&mut back.gas, outer).max(0).cast_unsigned();
        let frame = back.frames.pop().ok_or_else(lost)?;
        let status = frame.end(ended);
        if !status.is_ok() {
            if let Some(mark) = begun.journal {
                back.journal.undo(mark);
            }
            back.events.truncate(begun.events);
            back.created.truncate(begun.created);
        }
        let used = if status == Status::OutOfGas { limit } else { limit.saturating_sub(left) };
        if let Some(recorder) = &mut back.recorder {
            recorder.ended(&status, used);
        }
        Ok((back, status, used))
    }

    /// Takes gas from the running frame.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`] when there is not enough, or there was none left before.
    pub fn pay(&mut self, cost: u64) -> Result<(), Halt> {
        self.gas = self.gas.saturating_sub_unsigned(cost);
        if self.gas < 0 { Err(Halt::OutOfGas) } else { Ok(()) }
    }

    /// Arguments of the running call.
    ///
    /// # Errors
    /// When none runs.
    pub fn arguments(&self) -> Result<&[u8], Fault> {
        Ok(&self.frame()?.input)
    }

    /// What the running call is asked, and where its contract lives.
    ///
    /// # Errors
    /// When none runs.
    pub fn asked<'a>(&'a self, method: &'a str) -> Result<(Place, Asked<'a>), Fault> {
        let Frame { place, kind, contract, caller, input, .. } = self.frame()?;
        Ok((*place, Asked { contract: *contract, kind: *kind, method, caller: *caller, input }))
    }

    /// The host this session was made over; `None` while a nested call has it.
    pub fn surroundings(&self) -> Option<&H> {
        self.host.as_ref()
    }

    /// What computation costs.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(super) fn host(&self) -> Result<&H, Fault> {
        self.host.as_ref().ok_or_else(lost)
    }

    /// The running frame.
    pub(super) fn frame(&self) -> Result<&Frame, Fault> {
        self.frames.last().ok_or_else(lost)
    }

    pub(super) fn frame_mut(&mut self) -> Result<&mut Frame, Fault> {
        self.frames.last_mut().ok_or_else(lost)
    }

    /// True if a call into the contract is under way.
    pub(super) fn is_running(&self, contract: &ContractId) -> bool {
        self.frames.iter().any(|frame| frame.contract == *contract)
    }

    pub(super) fn reply_with(&mut self, bytes: &[u8]) -> Result<Option<usize>, Halt> {
        self.reply.clear();
        self.reply.extend_from_slice(bytes);
        Ok(Some(bytes.len()))
    }
}

/// How a call of a method ends that the contract does not have: a deployment without arguments needs no `init`.
pub fn absent(kind: MethodKind, input: &[u8]) -> Status {
    match kind {
        MethodKind::Init if input.is_empty() => Status::Ok(Vec::new()),
        MethodKind::Init => Status::Refused(Refused::NoInit),
        _ => Status::Refused(Refused::NoSuchMethod),
    }
}

fn lost() -> Fault {
    Fault::Engine("a host function ran outside of a call".into())
}

#[cfg(test)]
mod tests;
