//! Namespace `network`, its public record. Not here: connections, parties (`party`). Invariant: what is told stands in the public state of one height.

use coffer_abi::{AccountId, Height};
use coffer_api::Error;
use coffer_api::membership::{
    MAX_LIMIT, MembershipApi, NetworkParameters, NetworkValidator, NodePage, OrganisationPage, ProposalPage, Validators,
};
use coffer_api::types::{Number, Text};

use super::methods::Handlers;
use crate::sources::now;

impl MembershipApi for Handlers {
    async fn organisations(&self, after: Option<String>, limit: Option<Number>) -> Result<OrganisationPage, Error> {
        let limit = size(limit)?;
        let found = self.read(move |state| state.public().organisations(after.as_deref(), limit + 1)).await?;
        let (items, next) = page(found, limit, |last| last.name.clone());
        Ok(OrganisationPage { items: items.into_iter().map(Into::into).collect(), next })
    }

    async fn nodes(&self, after: Option<Text<AccountId>>, limit: Option<Number>) -> Result<NodePage, Error> {
        let (limit, after) = (size(limit)?, after.map(|after| after.0));
        let found = self.read(move |state| state.public().nodes(after.as_ref(), limit + 1)).await?;
        let (items, next) = page(found, limit, |last| Text(last.key));
        Ok(NodePage { items: items.into_iter().map(Into::into).collect(), next })
    }

    async fn validators(&self, height: Option<Number>) -> Result<Validators, Error> {
        let height = height.map_or_else(|| self.invoker.next_height(), |height| Height(height.0));
        let set = self.read(move |state| state.validators(height)).await?;
        let validators = set.validators().iter();
        let validators = validators.map(|one| NetworkValidator { node: Text(one.key), power: one.power });
        Ok(Validators { height: height.0, hash: Text(set.hash()), validators: validators.collect() })
    }

    async fn parameters(&self) -> Result<NetworkParameters, Error> {
        let found = self.read(|state| state.public().network_parameters()).await?;
        let hint = "this chain's genesis has no network contract; chain_parameters tells what its genesis says";
        let none = || Error::NotFound { what: "system contract", id: "network".into(), hint: hint.into() };
        found.map(Into::into).ok_or_else(none)
    }

    async fn proposals(&self, after: Option<Number>, limit: Option<Number>) -> Result<ProposalPage, Error> {
        let (limit, after) = (size(limit)?, after.map(|after| after.0));
        let (found, head) =
            self.read(move |state| Ok((state.public().proposals(after, limit + 1)?, state.head()))).await?;
        let (mut items, next) = page(found, limit, |last| last.number);
        let time = head.time.max(now());
        items.retain(|proposal| proposal.until > time);
        Ok(ProposalPage { items: items.into_iter().map(Into::into).collect(), next })
    }
}

/// A page of what was found, and behind what the next one goes on. One more than fits was asked for, which shows whether there is one.
pub(super) fn page<T, K>(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> K) -> (Vec<T>, Option<K>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(key);
    (found, next)
}

pub(super) fn size(limit: Option<Number>) -> Result<usize, Error> {
    let limit = limit.map_or(MAX_LIMIT, |limit| limit.0);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("`limit` is 1 to {MAX_LIMIT}, not {limit}")));
    }
    Ok(limit as usize)
}
