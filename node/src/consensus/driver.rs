//! The local driver: stands in for the consensus engine while a chain has one validator. It proposes when something waits, votes for what
//! it executed, and commits. Invariant: everything goes through [`App`], as an engine's calls would.

use std::sync::Arc;

use coffer_abi::Hash;
use coffer_chain::{Certificate, SigningKey, certificate};
use tokio::sync::watch;

use super::{App, Failure, Rejected};
use crate::pool::Pool;

/// What the driver needs.
pub struct Driver {
    /// The ledger.
    pub app: Arc<dyn App>,
    /// Wakes the driver when something waits.
    pub pool: Arc<Pool>,
    /// Signs the votes of the only validator.
    pub key: SigningKey,
    /// The chain.
    pub chain_id: Hash,
}

/// Makes blocks until `stop` turns true; a block that was begun is finished first.
///
/// # Errors
/// [`Failure`]: the node cannot go on.
pub async fn drive(driver: Driver, mut stop: watch::Receiver<bool>) -> Result<(), Failure> {
    let driver = Arc::new(driver);
    loop {
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            () = driver.pool.wait() => {}
        }
        let step = Arc::clone(&driver);
        match tokio::task::spawn_blocking(move || step.step()).await {
            Ok(done) => done?,
            Err(panicked) => return Err(Failure::OwnProposal(format!("block production panicked: {panicked}"))),
        }
    }
}

impl Driver {
    /// One height, if there is something to put into a block.
    fn step(&self) -> Result<(), Failure> {
        let Some(block) = self.app.propose()? else {
            return Ok(());
        };
        let hash = block.header.hash();
        let height = block.header.height;
        self.app.execute(&block).map_err(own)?;
        let signature = certificate::vote(&self.key, &self.chain_id, height, 0, &hash);
        let decided = Certificate { height, round: 0, block: hash, signatures: vec![signature] };
        self.app.decide(decided).map_err(own)?;
        self.app.commit(&hash)?;
        Ok(())
    }
}

fn own(rejected: Rejected) -> Failure {
    match rejected {
        Rejected::Failed(failure) => failure,
        other => Failure::OwnProposal(other.to_string()),
    }
}
