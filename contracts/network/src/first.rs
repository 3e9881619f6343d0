//! Tag keys, accounts and parties that a network begins with. Not here: how they come later (`tag`, `account`, `party`). Invariants: who agrees to a genesis agrees to all that is in it, so
//! nothing of this is signed; it keeps every other rule for keys, organisations and counts.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::{AccountAuthorised, TagKeySet};
use crate::record::{FirstAccount, FirstParties, FirstParty, FirstTagKey, TagKey};

impl Network {
    pub(crate) fn begin_parties(&mut self, first: FirstParties) -> Result<(), Error> {
        for FirstTagKey { node, key } in first.tag_keys {
            let organisation = self.known_node(&node)?.organisation;
            if self.tag_keys.contains(&node) {
                return Err(Error::NoChange { what: "the node has a tag key".to_owned() });
            }
            self.take_sealing_key(&key, &organisation)?;
            self.tag_keys.set(&node, &TagKey { node, key, epoch: 0, since: block_height(), before: None });
            emit(TagKeySet { node, key, epoch: 0 });
        }
        for FirstAccount { account, organisation, role } in first.accounts {
            self.known_organisation(&organisation)?;
            if let Some(known) = self.accounts.get(&account) {
                return Err(Error::KeyTaken { key: account, organisation: known.organisation });
            }
            let record = self.new_account(account, organisation, role)?;
            self.save_account(record);
        }
        for FirstParty { party, organisation, node, key, accounts } in first.parties {
            self.known_organisation(&organisation)?;
            self.known_node(&node)?;
            if !self.tag_keys.contains(&node) {
                return Err(Error::NoTagKey { node });
            }
            self.take_party(&party, &organisation, &key)?;
            self.save_party(party, organisation.clone(), (node, key), Vec::new());
            for account in accounts {
                self.account_of(&account, &organisation)?;
                self.let_act(&party, &account)?;
                emit(AccountAuthorised { party, account });
            }
        }
        Ok(())
    }
}
