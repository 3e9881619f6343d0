//! The handlers as one set of methods. Each namespace has its file; here is what they share. Invariant: a handler reaches the node only
//! through the [`Invoker`] and the network's handle, and private data only with a tenant context.

use std::sync::Arc;

use coffer_abi::{AccountId, Hash};
use coffer_api::Error;
use coffer_api::rpc::Discovery;
use coffer_api::types::Account;
use jsonrpsee::RpcModule;
use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::server::Methods;

use super::error::from_state;
use super::network::Joiner;
use crate::consensus::engine::Shown;
use crate::invoke::Invoker;
use crate::network::Network;
use crate::state;
use crate::sync::{Following, Progress};

/// What every handler works with.
#[derive(Clone)]
pub(super) struct Handlers {
    pub(super) invoker: Invoker,
    pub(super) others: Others,
}

/// What a node knows of the others.
#[derive(Clone)]
pub struct Others {
    /// Connections with them.
    pub network: Network,
    /// How far it is behind them.
    pub following: Arc<Following>,
    /// How agreement with them goes.
    pub shown: Arc<Shown>,
}

/// All methods of the surface over one node.
pub fn methods(invoker: &Invoker, others: Others) -> Methods {
    let handlers = Handlers { invoker: invoker.clone(), others };
    // UNWRAP: fails only when two methods have one name, which the tests of `coffer_api::table` exclude.
    assemble(handlers).expect("the names of methods are unique")
}

/// The methods that a node has while it fetches the state that its chain begins with.
pub fn methods_of_joiner(network: &Network, chain_id: Hash, progress: &Arc<Progress>) -> Methods {
    let joiner = Joiner { network: network.clone(), chain_id, progress: Arc::clone(progress) };
    let mut all = RpcModule::new(());
    let merged = coffer_api::network::register(Arc::new(joiner)).and_then(|methods| all.merge(methods));
    let merged = merged.and_then(|()| all.merge(coffer_api::rpc::register(Arc::new(Discovery))?));
    // UNWRAP: as above.
    merged.expect("the names of methods are unique");
    all.into()
}

fn assemble(handlers: Handlers) -> Result<Methods, RegisterMethodError> {
    let handlers = Arc::new(handlers);
    let mut all = RpcModule::new(());
    all.merge(coffer_api::chain::register(handlers.clone())?)?;
    all.merge(coffer_api::contract::register(handlers.clone())?)?;
    all.merge(coffer_api::upgrade::register(handlers.clone())?)?;
    all.merge(coffer_api::programme::register(handlers.clone())?)?;
    all.merge(coffer_api::debug::register(handlers.clone())?)?;
    all.merge(coffer_api::tx::register(handlers.clone())?)?;
    all.merge(coffer_api::state::register(handlers.clone())?)?;
    all.merge(coffer_api::psi::register(handlers.clone())?)?;
    all.merge(coffer_api::void::register(handlers.clone())?)?;
    all.merge(coffer_api::members::register(handlers.clone())?)?;
    all.merge(coffer_api::extension::register(handlers.clone())?)?;
    all.merge(coffer_api::tenant::register(handlers.clone())?)?;
    all.merge(coffer_api::network::register(handlers.clone())?)?;
    all.merge(coffer_api::membership::register(handlers.clone())?)?;
    all.merge(coffer_api::party::register(handlers)?)?;
    all.merge(coffer_api::rpc::register(Arc::new(Discovery))?)?;
    Ok(all.into())
}

impl Handlers {
    /// Runs a read of the state off the threads that serve others.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&state::State) -> Result<T, state::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let state = self.invoker.state().clone();
        match tokio::task::spawn_blocking(move || work(&state)).await {
            Ok(done) => done.map_err(from_state),
            Err(_) => Err(Error::Internal("the read did not finish".into())),
        }
    }

    /// The id of an account that a request names.
    pub(super) fn account(&self, account: &Account) -> Result<AccountId, Error> {
        match account {
            Account::Id(id) => Ok(*id),
            Account::Name(name) => self.invoker.account_named(name).ok_or_else(|| {
                let names = self.invoker.account_names().join(", ");
                Error::Account(format!("this node has no account {name}; it has: {names}"))
            }),
        }
    }

    /// Who acts in a request that writes.
    pub(super) fn acting(&self, from: Option<&Account>) -> Result<AccountId, Error> {
        match from {
            Some(account) => self.account(account),
            None => self.invoker.default_account().ok_or_else(|| {
                Error::Account("this node manages no account; name one with `from` after adding it".into())
            }),
        }
    }
}
