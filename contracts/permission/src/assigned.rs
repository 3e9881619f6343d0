//! What the linked budget contract is asked: whether something open is assigned to a user, who is then not disabled. Not here: what it tells by itself
//! (`announce`). Invariant: the budget alone knows what is assigned, and nothing of it is kept here, so that nothing can differ.

use coffer_sdk::call::Refused;
use coffer_sdk::prelude::*;

use crate::Permission;
use crate::error::Error;

/// What a budget contract answers.
#[interface]
pub trait Assignments {
    /// How many open things are assigned to a user or a group itself, counted up to a bound; nothing for a contract that may not ask.
    fn open_assignments(&self, identity: String) -> Option<u32>;
}

impl Permission {
    /// Fails if something open is assigned to the user itself, or nobody can say.
    pub(crate) fn nothing_is_assigned(&self, user: &str) -> Result<(), Error> {
        let Some(budget) = self.budget.get() else { return Ok(()) };
        let because = match Assignments::at(budget).open_assignments(user.to_owned()) {
            Ok(Some(0)) => return Ok(()),
            // Where there is no budget, there is nothing to assign.
            Err(CallError::Refused(Refused::NoSuchContract)) => return Ok(()),
            Ok(Some(open)) => return Err(Error::StillAssigned { user: user.to_owned(), open }),
            Ok(None) => "it is linked with another permission contract",
            Err(CallError::Refused(_)) => "it cannot be called",
            Err(_) => "it failed",
        };
        Err(Error::NoBudgetContract { budget, because: because.to_owned() })
    }
}
