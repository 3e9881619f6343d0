//! Accounts of an organisation, their roles, and for which parties each acts. Not here: what an account does there. Invariants: an account is of one organisation for good, and acts for parties
//! of that one alone; a role is given by the organisation, the right to act for a party by the party.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::{AccountAuthorised, AccountChanged, AccountRevoked};
use crate::record::{Account, AccountRole};

/// Accounts that an organisation ever has.
const MAX_ACCOUNTS: u32 = 100_000;
/// Accounts that act for a party.
const MAX_ACTING: u32 = 1_000;

impl Network {
    pub(crate) fn give_role(&mut self, account: AccountId, role: AccountRole) -> Result<(), Error> {
        let organisation = self.acting()?.name;
        let record = match self.accounts.get(&account) {
            Some(known) if known.organisation != organisation => {
                return Err(Error::KeyTaken { key: account, organisation: known.organisation });
            }
            Some(known) if known.role == role => {
                return Err(Error::NoChange { what: "the account has that role".to_owned() });
            }
            Some(known) => Account { role, ..known },
            None => self.new_account(account, organisation, role)?,
        };
        self.save_account(record);
        Ok(())
    }

    pub(crate) fn new_account(
        &mut self,
        account: AccountId,
        organisation: String,
        role: AccountRole,
    ) -> Result<Account, Error> {
        if account == AccountId::ANONYMOUS {
            let (field, value) = ("account".to_owned(), account.to_string());
            return Err(Error::Invalid { field, value, why: "nobody signs for 32 zero bytes".to_owned() });
        }
        if let Some(organisation) = self.used_by(&account) {
            return Err(Error::KeyTaken { key: account, organisation });
        }
        let count = self.account_count.get_or_default(&organisation);
        if count >= MAX_ACCOUNTS {
            return Err(Error::TooMany { what: "accounts of an organisation".to_owned(), most: MAX_ACCOUNTS });
        }
        self.account_count.set(&organisation, &(count + 1));
        Ok(Account { account, organisation, role, suspended: false, since: block_height() })
    }

    pub(crate) fn suspend_own_account(&mut self, account: AccountId, suspended: bool) -> Result<(), Error> {
        let organisation = self.acting()?.name;
        let known = self.account_of(&account, &organisation)?;
        if known.suspended == suspended {
            let what = if suspended { "the account is suspended" } else { "the account is not suspended" };
            return Err(Error::NoChange { what: what.to_owned() });
        }
        self.save_account(Account { suspended, ..known });
        Ok(())
    }

    pub(crate) fn save_account(&mut self, record: Account) {
        self.accounts.set(&record.account, &record);
        let Account { account, organisation, role, suspended, .. } = record;
        emit(AccountChanged { account, organisation, role, suspended });
    }

    pub(crate) fn authorise_account(&mut self, account: AccountId) -> Result<(), Error> {
        let party = self.acting_party()?;
        self.account_of(&account, &party.organisation)?;
        let party = party.party;
        self.let_act(&party, &account)?;
        emit(AccountAuthorised { party, account });
        Ok(())
    }

    /// Lets an account, which is of the party's organisation, act for it.
    pub(crate) fn let_act(&mut self, party: &AccountId, account: &AccountId) -> Result<(), Error> {
        let count = self.acting_count.get_or_default(party);
        if self.acting_for.contains(&(*party, *account)) {
            return Err(Error::NoChange { what: "the account acts for the party".to_owned() });
        }
        if count >= MAX_ACTING {
            return Err(Error::TooMany { what: "accounts that act for a party".to_owned(), most: MAX_ACTING });
        }
        self.acting_for.insert(&(*party, *account));
        self.acting_count.set(party, &(count + 1));
        Ok(())
    }

    pub(crate) fn revoke_account(&mut self, account: AccountId) -> Result<(), Error> {
        let party = self.acting_party()?.party;
        if !self.acting_for.remove(&(party, account)) {
            return Err(Error::NoChange { what: "the account does not act for the party".to_owned() });
        }
        self.acting_count.set(&party, &self.acting_count.get_or_default(&party).saturating_sub(1));
        emit(AccountRevoked { party, account });
        Ok(())
    }

    /// True if an account may act for a party now, as far as its role goes.
    pub(crate) fn may_act(&self, party: &AccountId, account: &AccountId) -> bool {
        let known = || Some((self.parties.get(party)?, self.accounts.get(account)?));
        let Some((of, by)) = known() else { return false };
        let active = self.organisations.get(&of.organisation).is_some_and(|organisation| !organisation.suspended);
        let allowed = active && !of.retired && !by.suspended && by.organisation == of.organisation;
        allowed && self.acting_for.contains(&(*party, *account))
    }

    /// An account, which is an organisation's own.
    pub(crate) fn account_of(&self, account: &AccountId, organisation: &String) -> Result<Account, Error> {
        let known = self.accounts.get(account).ok_or(Error::NoAccount { account: *account })?;
        if known.organisation == *organisation {
            return Ok(known);
        }
        Err(Error::OtherOrganisation { account: *account, organisation: known.organisation })
    }
}
