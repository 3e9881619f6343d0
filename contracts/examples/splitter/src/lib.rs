//! Shares out what it has of any token among its payees. It shows how a contract calls others: with typed errors, as a part that fails
//! alone, and as the maker of a new contract. Not here: changing the payees. Invariant: of one token, all payees are paid or none.
#![no_std]
use coffer_sdk::prelude::*;

import_contract!(
    mod token = "token.spec"
);

/// Shares out tokens among its payees.
#[contract]
pub struct Splitter {
    /// The parts of each payee.
    parts: Map<AccountId, u32>,
    /// All parts together.
    total: Item<u64>,
}

/// A token was shared out.
#[event]
pub struct Split {
    /// Which.
    pub token: ContractId,
    /// How much of it.
    pub amount: u128,
}

/// Why a call failed.
#[error]
pub enum Error {
    /// Nobody has a part.
    NoPayees,
    /// There is no token of that id, or it is none that can be used.
    NoToken {
        /// The id.
        token: ContractId,
    },
    /// The token did not pay, because the splitter has too little of it.
    NotPaid {
        /// Who was to be paid.
        payee: AccountId,
        /// What the splitter has.
        has: u128,
        /// What the payee was to get.
        needs: u128,
    },
}

/// What became of one token of several.
#[contract_type]
pub struct Share {
    /// The token.
    pub token: ContractId,
    /// How much of it was shared out; nothing if that failed, and then of this token nobody got anything.
    pub amount: Option<u128>,
}

/// The splitter as it calls itself.
#[interface]
trait Itself {
    fn split(&mut self, token: ContractId) -> Result<u128, Error>;
}

#[contract]
impl Splitter {
    /// Gives payees their parts.
    pub fn init(
        &mut self,
        /// Each payee with its parts.
        payees: Vec<(AccountId, u32)>,
    ) -> Result<(), Error> {
        for (payee, parts) in payees.into_iter().filter(|(_, parts)| *parts > 0) {
            let parts = self.parts.get_or_default(&payee) + parts;
            self.parts.set(&payee, &parts);
        }
        let total: u64 = self.parts.iter().map(|(_, parts)| u64::from(parts)).sum();
        if total == 0 {
            return Err(Error::NoPayees);
        }
        self.total.set(&total);
        Ok(())
    }

    /// Shares out all that the splitter has of a token, and returns how much that was. What cannot be divided stays.
    #[reentrant]
    pub fn split(&mut self, token: ContractId) -> Result<u128, Error> {
        let mut client = token::Client::at(token);
        let balance = self.balance(token).ok_or(Error::NoToken { token })?;
        let mut amount = 0;
        for (payee, parts) in self.parts.iter() {
            let share = self.part_of(balance, parts);
            client.transfer(payee, share).map_err(|error| match error {
                CallError::Failed(token::Error::InsufficientBalance { has, needs }) => {
                    Error::NotPaid { payee, has, needs }
                }
                _ => Error::NoToken { token },
            })?;
            amount += share;
        }
        emit(Split { token, amount });
        Ok(amount)
    }

    /// Shares out several tokens, each in a call of its own: one that fails is undone alone, and the others are shared out all the same.
    pub fn split_all(&mut self, tokens: Vec<ContractId>) -> Vec<Share> {
        let mut itself = Itself::at(own_id());
        tokens.into_iter().map(|token| Share { token, amount: itself.split(token).ok() }).collect()
    }

    /// Makes a token whose supply goes to the payees, and returns its id.
    pub fn issue(
        &mut self,
        /// Hash of the token's code, which this state holds already.
        code: CodeHash,
        name: String,
        symbol: String,
        supply: u128,
    ) -> Result<ContractId, Error> {
        let new = NewContract::of(code).salt(crypto::sha256(name.as_bytes()).0);
        let made = token::Client::init(new, name, symbol, 0, supply);
        let token = made.map_err(|_| Error::NoToken { token: ContractId(code.0) })?.contract_id();
        self.split(token)?;
        Ok(token)
    }

    /// What a payee would get of a token now; nothing if there is no such token.
    pub fn due(&self, token: ContractId, payee: AccountId) -> Option<u128> {
        Some(self.part_of(self.balance(token)?, self.parts_of(payee)))
    }

    /// The parts of an account.
    pub fn parts_of(&self, payee: AccountId) -> u32 {
        self.parts.get_or_default(&payee)
    }

    fn balance(&self, token: ContractId) -> Option<u128> {
        token::Client::at(token).balance_of(AccountId(own_id().0)).ok()
    }

    fn part_of(&self, balance: u128, parts: u32) -> u128 {
        // Divided first, so that it fits; what is lost is less than one unit for each part.
        let total = u128::from(self.total.get_or_default().max(1));
        balance / total * u128::from(parts) + balance % total * u128::from(parts) / total
    }
}

#[cfg(test)]
mod tests;
