//! What a private state that has executed a block has to say to others: how calls of several parties ended, and what goes over to parties that join contracts by them. Not here: telling it (`exchange`). Invariant: what goes over is on the disk before the block is committed.

use coffer_abi::{Height, Refused, Status};
use coffer_chain::{Outcome, Psi, Receipt, Touched};

use super::{PipelineError, Pipelines, Sources};
use crate::executor::Parties;
use crate::executor::private::{PrivateCall, PrivateRun};
use crate::privacy::acknowledged::OwnOutcome;
use crate::privacy::directory::Directory;
use crate::privacy::transfer::{self, Name};

impl Pipelines {
    /// What calls are read from.
    pub(super) fn sources(&self) -> Sources<'_> {
        let (state, payloads) = (&self.state, &*self.payloads);
        Sources { state, payloads, residents: &self.residents, transfers: &self.transfers }
    }

    /// Writes down what goes over to parties that join contracts by these calls. ORDER: before the commit, because afterwards the contracts as they are between two calls of a block are gone.
    pub(super) fn hand_over(
        &self,
        psi: &Psi,
        height: Height,
        calls: &[PrivateCall],
        run: &PrivateRun,
    ) -> Result<(), PipelineError> {
        for (call, (receipt, content)) in calls.iter().zip(run.receipts.iter().zip(&run.content)) {
            let Some((change, _)) = call.change().filter(|_| call.is_awaited()) else { continue };
            let name = Name { tx: call.marker, from: call.party, to: change.party() };
            if receipt.status.is_ok() && content.is_none() {
                tracing::error!(psi = %psi, tx = %name.tx, party = %name.to, "the contracts that a party joins hold more than goes over: it has to void the marker; split the group, or let it go on without");
                continue;
            }
            let directory = Parties::new(&self.state, &self.residents, height);
            let serving = directory.serving(&name.to)?;
            let key = serving.as_ref().and_then(|serving| serving.keys.first());
            let (Some(key), Some(secret)) = (key, self.residents.secret(psi)) else { continue };
            let about = (&self.state.chain_id(), &name, height);
            match transfer::seal(about, content.as_ref(), (&secret.party_signer(), key)) {
                Some(bytes) => self.transfers.put(&name, &bytes)?,
                None => tracing::error!(psi = %psi, party = %name.to, "the key of a party that joins is none"),
            }
        }
        Ok(())
    }

    /// How the calls of several parties ended, for the others.
    pub(super) fn outcomes(
        &self,
        psi: &Psi,
        height: Height,
        calls: &[PrivateCall],
        run: &PrivateRun,
    ) -> Vec<OwnOutcome> {
        let Some(own) = self.residents.secret(psi).map(|secret| secret.party()) else { return Vec::new() };
        let ended = calls.iter().zip(run.receipts.iter().zip(&run.touched));
        let of_several = |(call, (receipt, touched)): (&PrivateCall, (&Receipt, &Vec<Touched>))| {
            // Of a payload that is none, nobody knows the parties.
            let call = call.call.as_ref().filter(|_| receipt.status != Status::Refused(Refused::BadPayload))?;
            let others: Vec<_> = call.body.parties.accounts().iter().copied().filter(|party| *party != own).collect();
            let outcome = Outcome::of(receipt, touched.clone());
            (!others.is_empty()).then_some(OwnOutcome { height, others, outcome })
        };
        ended.filter_map(of_several).collect()
    }
}
