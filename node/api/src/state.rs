//! Namespace `state`: roots and proofs of the public state. Not here: private states (`psi`), what a proof means (`coffer_proof`).
//! Invariant: a root is that of the state after the block it is given with.

use coffer_abi::{ContractId, Hash};
use coffer_api_macros::api;
use coffer_proof::Asked;
use coffer_proof::json::{Hex, PublicJson};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::{Number, Text};

/// Root of the public state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateRoot {
    /// Height of the block.
    pub height: u64,
    /// Hash of the block.
    pub block_hash: Text<Hash>,
    /// Root of the public state after it.
    pub root: Text<Hash>,
}

/// A contract to be proved, and keys of its storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskedContract {
    /// The contract. It need not be there: that is proved too.
    pub contract: Text<ContractId>,
    /// Storage keys as the contract wrote them, first byte included; none for the contract alone.
    pub keys: Vec<Hex>,
}

/// What is asked for; a contract or a key that stands twice is asked for once.
pub fn asked(contracts: Vec<AskedContract>) -> Asked {
    let mut asked = Asked::new();
    for AskedContract { contract, keys } in contracts {
        asked.entry(contract.0).or_default().extend(keys.into_iter().map(|key| key.0));
    }
    asked
}

/// The public state.
#[api(namespace = "state")]
pub trait StateApi {
    /// Root of the public state after a block.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{"height": 4}"#,
        result = r#"{
            "height": 4,
            "blockHash": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "root": "0x2222222222222222222222222222222222222222222222222222222222222222"
        }"#
    )]
    async fn root(
        &self,
        ctx: Self::Context,
        /// Height of the block; the newest if left out.
        height: Option<Number>,
    ) -> Result<StateRoot, Error>;

    /// What the public state holds of some contracts and storage keys after a block, with the proof.
    ///
    /// The form and how to check it: docs/PROTOCOL.md, "Proofs". At most 256 contracts and 1,024 keys.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{
            "contracts": [{
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "keys": ["0x00636f756e74"]
            }]
        }"#,
        result = r#"{
            "version": 1,
            "kind": "public",
            "block": {
                "header": {
                    "version": 1,
                    "chainId": "0x1111111111111111111111111111111111111111111111111111111111111111",
                    "height": 4,
                    "parent": "0x2222222222222222222222222222222222222222222222222222222222222222",
                    "proposer": "0x3333333333333333333333333333333333333333333333333333333333333333",
                    "time": 1700000000000,
                    "transactionsRoot": "0x4444444444444444444444444444444444444444444444444444444444444444",
                    "receiptsRoot": "0x5555555555555555555555555555555555555555555555555555555555555555",
                    "stateRoot": "0x6666666666666666666666666666666666666666666666666666666666666666",
                    "gasUsed": 21000,
                    "validators": "0x7777777777777777777777777777777777777777777777777777777777777777",
                    "nextValidators": "0x7777777777777777777777777777777777777777777777777777777777777777"
                },
                "votes": null
            },
            "state": {
                "contracts": [{
                    "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                    "leaf": null,
                    "pathKey": "fixed",
                    "slots": [{"key": "0x00636f756e74", "value": null}],
                    "proof": null
                }],
                "proof": {"steps": "0x00", "siblings": [], "others": []}
            }
        }"#
    )]
    async fn proof(
        &self,
        ctx: Self::Context,
        /// Contracts and keys.
        contracts: Vec<AskedContract>,
        /// Height of the block; the newest if left out.
        height: Option<Number>,
    ) -> Result<PublicJson, Error>;
}
