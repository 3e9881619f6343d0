//! One running call: who calls what where, and what it has answered. Its writes and events are in the session. Invariant: a frame answers
//! at most once.

use coffer_abi::export::MethodKind;
use coffer_abi::limits::MAX_OUTPUT;
use coffer_abi::{AccountId, ContractId, Gas, Hash, StateId, Status, TrapKind};

use super::{Halt, Place};
use crate::trace::CallTrace;

/// One running call.
pub(super) struct Frame {
    pub(super) place: Place,
    pub(super) kind: MethodKind,
    pub(super) contract: ContractId,
    pub(super) state_id: StateId,
    pub(super) caller: AccountId,
    pub(super) input: Vec<u8>,
    pub(super) answer: Option<Answer>,
}

/// What a method answered before it returned.
pub(super) enum Answer {
    Output(Vec<u8>),
    Error { code: u32, data: Vec<u8> },
}

/// How the code of a call ended, as whoever ran it saw it.
#[derive(Debug)]
pub enum Ended {
    /// The method returned; the frame knows what it answered.
    Returned,
    /// It did not return: out of gas, a trap, a panic; or nothing ran.
    Stopped(Status),
}

impl Frame {
    /// Takes the answer of the method.
    pub(super) fn answer(&mut self, answer: Answer) -> Result<(), Halt> {
        let (Answer::Output(data) | Answer::Error { data, .. }) = &answer;
        if self.answer.is_some() {
            return Err(TrapKind::DoubleOutput.into());
        }
        if data.len() > MAX_OUTPUT {
            return Err(TrapKind::LimitExceeded.into());
        }
        self.answer = Some(answer);
        Ok(())
    }

    /// A view may not write.
    pub(super) fn may_write(&self) -> Result<(), Halt> {
        if self.kind.is_read_only() { Err(TrapKind::ReadOnly.into()) } else { Ok(()) }
    }

    /// The call as a trace begins it.
    pub(super) fn trace(&self, method: &str, gas_limit: u64, section: Hash) -> CallTrace {
        CallTrace {
            contract: self.contract,
            public: self.place == Place::Public,
            kind: self.kind,
            method: method.to_owned(),
            caller: self.caller,
            section,
            input: self.input.clone(),
            gas_limit: Gas(gas_limit),
            gas_used: Gas(0),
            status: Status::OutOfGas,
            steps: Vec::new(),
            ended_at: Vec::new(),
            left_out: 0,
        }
    }

    /// How the call ended for its caller.
    pub(super) fn end(self, ended: Ended) -> Status {
        match (ended, self.answer) {
            (Ended::Stopped(status), _) => status,
            (Ended::Returned, Some(Answer::Output(data))) => Status::Ok(data),
            (Ended::Returned, Some(Answer::Error { code, data })) => Status::Failed { code, data },
            (Ended::Returned, None) => Status::Trapped(TrapKind::NoOutput),
        }
    }
}
