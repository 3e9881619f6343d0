//! Recovery: going on after organisations were lost for good that nothing was decided without. Not here: who said so (the nodes, which check what the organisations that are left
//! signed). Invariant: only the nodes themselves make this call, as the first thing of a block, from an account that nobody can sign for.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::{OrganisationChanged, Recovered};
use crate::record::Recovery;

/// Whose calls are the nodes' own: no key, so no transaction is from it.
const NODES: AccountId = AccountId([0; 32]);

impl Network {
    pub(crate) fn recover_without(&mut self, lost: Vec<String>, parent: Hash, statement: Hash) -> Result<(), Error> {
        if caller() != NODES {
            let needed = "no key: nodes make this call by themselves, in the first block after a recovery".to_owned();
            return Err(Error::NotAllowed { needed });
        }
        for name in &lost {
            let mut organisation = self.known_organisation(name)?;
            organisation.suspended = true;
            self.organisations.set(name, &organisation);
            let access = organisation.access;
            emit(OrganisationChanged { organisation: name.clone(), access, suspended: true });
        }
        let mut gone = Vec::new();
        for validator in self.validators.get_or_default() {
            if lost.contains(&self.known_node(&validator.key)?.organisation) {
                gone.push(validator.key);
            }
        }
        self.unseat(&gone)?;
        let height = block_height();
        let validators = self.validators.get_or_default();
        emit(Recovered { lost: lost.clone(), statement });
        self.recoveries.set(&height, &Recovery { height, parent, lost, validators, statement });
        Ok(())
    }
}
