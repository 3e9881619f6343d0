//! Namespace `network`, its parties: who can be written to in private, and where. Not here: organisations and nodes (`membership`), private states. Invariant: every node answers alike at one
//! height.

use coffer_abi::AccountId;
use coffer_api_macros::api;
use coffer_chain::party::{PartyBefore, PartyRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::{Number, Text};

/// A party of private transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkParty {
    /// Its key.
    pub party: Text<AccountId>,
    /// Its organisation.
    pub organisation: String,
    /// The node that serves it.
    pub node: Text<AccountId>,
    /// Its encryption key: an X25519 key in its Edwards form.
    pub encryption_key: Text<AccountId>,
    /// How often that key was changed.
    pub epoch: u32,
    /// Height of the block that wrote the record.
    pub since: u64,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<Text<AccountId>>,
    /// True once nobody can send to it any more.
    pub retired: bool,
    /// What held before the last change of node or key; `null` if there was none.
    pub before: Option<PartyBeforeInfo>,
}

/// What held of a party before its node or key was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartyBeforeInfo {
    /// The node that served it.
    pub node: Text<AccountId>,
    /// Its encryption key.
    pub encryption_key: Text<AccountId>,
    /// The epoch of that key.
    pub epoch: u32,
    /// The last height at which that is still good.
    pub until: u64,
}

/// A page of parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartyPage {
    /// In the order of their keys.
    pub items: Vec<NetworkParty>,
    /// `after` of the next page; `null` when there is nothing more.
    pub next: Option<Text<AccountId>>,
}

impl From<PartyRecord> for NetworkParty {
    fn from(record: PartyRecord) -> Self {
        let PartyRecord { party, organisation, node, key, epoch, since, custodians, retired, before } = record;
        Self {
            party: Text(party),
            organisation,
            node: Text(node),
            encryption_key: Text(key),
            epoch,
            since: since.0,
            custodians: custodians.into_iter().map(Text).collect(),
            retired,
            before: before.map(Into::into),
        }
    }
}

impl From<PartyBefore> for PartyBeforeInfo {
    fn from(before: PartyBefore) -> Self {
        let PartyBefore { node, key, epoch, until } = before;
        Self { node: Text(node), encryption_key: Text(key), epoch, until: until.0 }
    }
}

/// Who can be written to.
#[api(namespace = "network")]
pub trait PartyApi {
    /// The parties of the network, in pages: all, those of one organisation, or those that one node serves.
    #[method(
        access = public,
        errors = [],
        params = r#"{"organisation": "Ministry", "limit": 10}"#,
        result = r#"{
            "items": [{
                "party": "0x3333333333333333333333333333333333333333333333333333333333333333",
                "organisation": "Ministry",
                "node": "0x5555555555555555555555555555555555555555555555555555555555555555",
                "encryptionKey": "0x6666666666666666666666666666666666666666666666666666666666666666",
                "epoch": 1,
                "since": 4100,
                "custodians": [],
                "retired": false,
                "before": {
                    "node": "0x5555555555555555555555555555555555555555555555555555555555555555",
                    "encryptionKey": "0x7777777777777777777777777777777777777777777777777777777777777777",
                    "epoch": 0,
                    "until": 5100
                }
            }],
            "next": null
        }"#
    )]
    async fn parties(
        &self,
        /// Of this organisation alone. Not together with `node`.
        organisation: Option<String>,
        /// Served by this node alone. Not together with `organisation`.
        node: Option<Text<AccountId>>,
        /// `next` of the page before.
        after: Option<Text<AccountId>>,
        /// Parties of this page, at most 100; 100 if left out.
        limit: Option<Number>,
    ) -> Result<PartyPage, Error>;
}
