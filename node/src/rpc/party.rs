//! Namespace `network`, its parties. Not here: private states. Invariant: what is told stands in the public state of one height.

use coffer_abi::AccountId;
use coffer_api::Error;
use coffer_api::party::{PartyApi, PartyPage};
use coffer_api::types::{Number, Text};

use super::membership::{page, size};
use super::methods::Handlers;

impl PartyApi for Handlers {
    async fn parties(
        &self,
        organisation: Option<String>,
        node: Option<Text<AccountId>>,
        after: Option<Text<AccountId>>,
        limit: Option<Number>,
    ) -> Result<PartyPage, Error> {
        let (limit, after) = (size(limit)?, after.map(|after| after.0));
        let more = limit + 1;
        let found = match (organisation, node) {
            (Some(_), Some(_)) => return Err(Error::invalid("node", "give `organisation` or `node`, not both")),
            (None, None) => self.read(move |state| state.public().parties(after.as_ref(), more)).await?,
            (Some(name), None) => {
                self.read(move |state| state.public().parties_of(&name, after.as_ref(), more)).await?
            }
            (None, Some(node)) => {
                self.read(move |state| state.public().parties_at(&node.0, after.as_ref(), more)).await?
            }
        };
        let (items, next) = page(found, limit, |last| Text(last.party));
        Ok(PartyPage { items: items.into_iter().map(Into::into).collect(), next })
    }
}
