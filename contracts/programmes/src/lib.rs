//! Programmes of a private state: makes a permission and a budget contract, linked with each other, in one call, and lists what it made.
//! Not here: who may do what in a programme, which its permission contract decides; whether code is what the chain's genesis calls by that
//! name, which the node looks at. Invariants: a programme is there as a whole or not at all; a name belongs to one programme for good; the
//! same request again changes nothing and has the same answer.
#![no_std]
use coffer_sdk::prelude::*;

import_contract!(
    pub mod permission = "../budget/permission.spec"
);
import_contract!(
    mod budget = "budget.spec"
);

pub use crate::permission::NewUser;

/// Characters of a programme's name.
const MAX_NAME: usize = 48;
/// Programmes of a page.
const MAX_PAGE: u32 = 100;

/// Programmes of a private state.
#[contract]
pub struct Programmes {
    /// Programmes, by their names.
    programmes: Map<String, Programme>,
    /// What they were made with, by their names.
    terms: LookupMap<String, Terms>,
}

/// A programme.
#[contract_type]
pub struct Programme {
    /// Its name.
    pub name: String,
    /// The contract that knows who may do what.
    pub permission: ContractId,
    /// The contract that keeps projects, subprojects and workflow items.
    pub budget: ContractId,
    /// Who had it made.
    pub deployer: AccountId,
    /// Height of the block that made it.
    pub height: u64,
}

/// What a programme is made of.
#[contract_type]
pub struct Codes {
    /// Code of its permission contract.
    pub permission: CodeHash,
    /// Code of its budget contract.
    pub budget: CodeHash,
}

/// What a programme was made with, so that the same request is known again.
#[contract_type]
pub struct Terms {
    /// Its first administrator.
    pub administrator: NewUser,
    /// Its parties.
    pub parties: Vec<String>,
}

/// A programme is there.
#[event]
pub struct ProgrammeDeployed {
    /// Its name.
    pub name: String,
    /// Its permission contract.
    pub permission: ContractId,
    /// Its budget contract.
    pub budget: ContractId,
    /// Who had it made.
    pub by: AccountId,
}

/// Why there is no programme. Nothing was changed.
#[error]
pub enum Error {
    /// There is another programme of this name, made by somebody else or with other terms: choose another name.
    NameTaken {
        /// The name.
        name: String,
        /// Who had that one made.
        deployer: AccountId,
    },
    /// A value cannot be used.
    Invalid {
        /// Name of the field.
        field: String,
        /// What is wrong with it, and what would do.
        why: String,
    },
    /// One of the two contracts could not be made.
    NotMade {
        /// Which.
        contract: String,
        /// Why.
        why: String,
    },
}

#[contract]
impl Programmes {
    /// Makes a permission and a budget contract and links them. Whoever calls is its deployer, and needs not be its administrator. The same
    /// request again gives the programme that is there.
    pub fn deploy(
        &mut self,
        /// One of its own for each programme of the private state: 1 to 48 letters, digits, `_`, `-` and `.`.
        name: String,
        codes: Codes,
        /// Its first user, who gets all global rights.
        administrator: NewUser,
        /// The organisations of the programme, at most 64, each with one voice when something closed is to be opened again.
        parties: Vec<String>,
    ) -> Result<Programme, Error> {
        check_name(&name)?;
        let deployer = caller();
        let terms = Terms { administrator, parties };
        if let Some(programme) = self.programmes.get(&name) {
            if programme.deployer == deployer && self.terms.get(&name).is_some_and(|known| known == terms) {
                return Ok(programme);
            }
            return Err(Error::NameTaken { name, deployer: programme.deployer });
        }
        let (permission, budget) = make(&codes, &terms)?;
        let programme = Programme { name: name.clone(), permission, budget, deployer, height: block_height() };
        self.programmes.set(&name, &programme);
        self.terms.set(&name, &terms);
        emit(ProgrammeDeployed { name, permission, budget, by: deployer });
        Ok(programme)
    }

    /// The programme of a name.
    pub fn programme(&self, name: String) -> Option<Programme> {
        // A name that none can have may be too long for a key.
        check_name(&name).ok().and_then(|()| self.programmes.get(&name))
    }

    /// A page of the programmes, in the order of their names.
    pub fn list(
        &self,
        /// The page starts behind this name; an empty one for the first page.
        after: String,
        /// Programmes of the page, at most 100.
        limit: u32,
    ) -> Vec<Programme> {
        if !after.is_empty() && check_name(&after).is_err() {
            return Vec::new();
        }
        let page = self.programmes.iter_after(&after).take(limit.min(MAX_PAGE) as usize);
        page.map(|(_, programme)| programme).collect()
    }
}

/// The two contracts, linked. This one is their deployer, so that nobody can link them otherwise in between.
fn make(codes: &Codes, terms: &Terms) -> Result<(ContractId, ContractId), Error> {
    // Known to the parties of the call alone: from names and accounts anybody could guess the ids.
    let new = |code: CodeHash| NewContract::of(code).salt(coffer_sdk::context::random());
    let mut permission =
        permission::Client::init(new(codes.permission), terms.administrator.clone()).map_err(|error| match error {
            CallError::Failed(permission::Error::BadName { field, why, .. }) => Error::Invalid { field, why },
            other => not_made("permission", other),
        })?;
    let made = budget::Client::init(new(codes.budget), permission.contract_id(), terms.parties.clone());
    let budget = made.map_err(|error| match error {
        CallError::Failed(budget::Error::Missing { field, why } | budget::Error::Invalid { field, why, .. }) => {
            Error::Invalid { field, why }
        }
        CallError::Failed(budget::Error::TooMuch { what, most, .. }) => {
            Error::Invalid { field: what, why: "there can be at most ".to_owned() + &most.to_string() }
        }
        other => not_made("budget", other),
    })?;
    let budget = budget.contract_id();
    permission.link(budget).map_err(|error| not_made("permission", error))?;
    Ok((permission.contract_id(), budget))
}

fn not_made<E>(contract: &str, error: CallError<E>) -> Error {
    let why = match error {
        CallError::Failed(_) => "it refused what it was made with",
        CallError::Panicked(_) | CallError::Trapped(_) => "it stopped while it was made",
        CallError::OutOfGas => "the gas was used up; give a higher limit",
        CallError::Refused(_) => "this state holds no such code, or the contract is called too deep",
        CallError::BadReply => "the code is of another contract",
    };
    Error::NotMade { contract: contract.to_owned(), why: why.to_owned() }
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(fits) {
        let why = "a programme's name has 1 to 48 letters, digits, `_`, `-` and `.`".to_owned();
        return Err(Error::Invalid { field: "name".to_owned(), why });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
