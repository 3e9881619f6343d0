//! A token: balances, transfers, allowances. The deployer owns it: the first supply is the deployer's, and only the owner may mint.
//! Not here: fees, blocking of accounts, upgrades. Invariant: the balances add up to the total supply.
#![no_std]
use coffer_sdk::prelude::*;

/// A token. Amounts are in its smallest unit.
#[contract]
pub struct Token {
    /// Name, symbol and decimals.
    about: Item<About>,
    /// Who may mint.
    owner: Item<AccountId>,
    /// Sum of all balances.
    total_supply: Item<u128>,
    // A `Map`, because `holders` visits it; an account without a balance has no entry. A transfer pays for the index only when it
    // makes a new holder.
    /// What each holder has.
    balances: Map<AccountId, u128>,
    // A `LookupMap`, because nobody lists allowances, and it has no index to pay for.
    /// What a spender may take from a holder, by (holder, spender).
    allowances: LookupMap<(AccountId, AccountId), u128>,
}

/// What the token is called.
#[contract_type]
pub struct About {
    /// Full name.
    pub name: String,
    /// Short name.
    pub symbol: String,
    /// Digits after the point, for display only.
    pub decimals: u8,
}

/// Tokens changed hands, or were made.
#[event]
pub struct Transfer {
    /// Who gave them; nothing when they were made.
    pub from: Option<AccountId>,
    /// Who has them now.
    pub to: AccountId,
    /// How many.
    pub amount: u128,
}

/// A holder allows a spender to take an amount.
#[event]
pub struct Approval {
    /// The holder.
    pub owner: AccountId,
    /// The spender.
    pub spender: AccountId,
    /// What the spender may take in all from now on.
    pub amount: u128,
}

/// Why a call failed.
#[error]
pub enum Error {
    /// The holder has less than the amount.
    InsufficientBalance {
        /// What the holder has.
        has: u128,
        /// What the call needs.
        needs: u128,
    },
    /// The spender may take less than the amount.
    InsufficientAllowance {
        /// What the spender may take.
        has: u128,
        /// What the call needs.
        needs: u128,
    },
    /// Only the owner may do this.
    NotOwner {
        /// The owner.
        owner: AccountId,
    },
    /// The total supply would not fit into 128 bits.
    SupplyOverflow,
}

#[contract]
impl Token {
    /// Makes the token; the deployer gets the supply and becomes the owner.
    pub fn init(&mut self, name: String, symbol: String, decimals: u8, supply: u128) {
        self.about.set(&About { name, symbol, decimals });
        self.owner.set(&caller());
        self.total_supply.set(&supply);
        self.set_balance(&caller(), supply);
        emit(Transfer { from: None, to: caller(), amount: supply });
    }

    /// Gives tokens of the caller to another account.
    pub fn transfer(&mut self, to: AccountId, amount: u128) -> Result<(), Error> {
        self.move_tokens(caller(), to, amount)
    }

    /// Allows a spender to take tokens of the caller, in place of what was allowed before; 0 takes it back.
    pub fn approve(&mut self, spender: AccountId, amount: u128) {
        self.set_allowance(caller(), spender, amount);
        emit(Approval { owner: caller(), spender, amount });
    }

    /// Takes tokens of a holder who allowed it to the caller.
    pub fn transfer_from(&mut self, from: AccountId, to: AccountId, amount: u128) -> Result<(), Error> {
        let has = self.allowance(from, caller());
        let left = has.checked_sub(amount).ok_or(Error::InsufficientAllowance { has, needs: amount })?;
        self.set_allowance(from, caller(), left);
        self.move_tokens(from, to, amount)
    }

    /// Makes new tokens. Only the owner may.
    pub fn mint(&mut self, to: AccountId, amount: u128) -> Result<(), Error> {
        let owner = self.owner();
        if caller() != owner {
            return Err(Error::NotOwner { owner });
        }
        let supply = self.total_supply().checked_add(amount).ok_or(Error::SupplyOverflow)?;
        self.total_supply.set(&supply);
        // A balance is a part of the supply, so it fits if the supply does.
        self.set_balance(&to, self.balance_of(to) + amount);
        emit(Transfer { from: None, to, amount });
        Ok(())
    }

    /// What an account has.
    pub fn balance_of(&self, account: AccountId) -> u128 {
        self.balances.get_or_default(&account)
    }

    /// What a spender may take from a holder.
    pub fn allowance(&self, owner: AccountId, spender: AccountId) -> u128 {
        self.allowances.get_or_default(&(owner, spender))
    }

    /// Sum of all balances.
    pub fn total_supply(&self) -> u128 {
        self.total_supply.get_or_default()
    }

    /// Who may mint.
    pub fn owner(&self) -> AccountId {
        self.owner.get_or_default()
    }

    /// Name, symbol and decimals.
    pub fn about(&self) -> Option<About> {
        self.about.get()
    }

    /// A page of holders and what they have, in the order of their accounts.
    pub fn holders(
        &self,
        /// The page starts behind this account; nothing for the first page.
        after: Option<AccountId>,
        /// Holders on the page, at most 100.
        limit: u32,
    ) -> Vec<(AccountId, u128)> {
        let limit = limit.min(100) as usize;
        match after {
            None => self.balances.iter().take(limit).collect(),
            Some(after) => {
                self.balances.iter_from(&after).filter(|(account, _)| *account != after).take(limit).collect()
            }
        }
    }

    fn move_tokens(&mut self, from: AccountId, to: AccountId, amount: u128) -> Result<(), Error> {
        let has = self.balance_of(from);
        let left = has.checked_sub(amount).ok_or(Error::InsufficientBalance { has, needs: amount })?;
        // The giver is written first, so that a transfer to oneself reads what was written.
        self.set_balance(&from, left);
        self.set_balance(&to, self.balance_of(to) + amount);
        emit(Transfer { from: Some(from), to, amount });
        Ok(())
    }

    fn set_balance(&mut self, account: &AccountId, amount: u128) {
        match amount {
            0 => drop(self.balances.remove(account)),
            _ => self.balances.set(account, &amount),
        }
    }

    fn set_allowance(&mut self, owner: AccountId, spender: AccountId, amount: u128) {
        match amount {
            0 => drop(self.allowances.remove(&(owner, spender))),
            _ => self.allowances.set(&(owner, spender), &amount),
        }
    }
}

#[cfg(test)]
mod tests;
