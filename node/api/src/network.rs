//! Namespace `network`: the nodes this node talks to, and those that want to. Not here: who may join, which the chain decides.
//! Invariant: nothing here is agreed on; two nodes answer differently, each about itself.

use coffer_abi::{AccountId, Hash};
use coffer_api_macros::api;
use coffer_proof::json::Hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::membership::ProtocolVersion;
use crate::types::Text;

/// The network of this node in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkStatus {
    /// Key of this node.
    pub node: Text<AccountId>,
    /// The chain it is on.
    pub chain_id: Text<Hash>,
    /// False of a node that was started without a network.
    pub enabled: bool,
    /// Where it listens for other nodes; empty if it only dials.
    pub listening: Vec<String>,
    /// Where others reach it, as its configuration says.
    pub external: Option<String>,
    /// Nodes that may connect.
    pub known: u64,
    /// Nodes that are connected.
    pub connected: u64,
    /// Strangers that want to join.
    pub join_requests: u64,
    /// Dials of strangers that were refused since the start.
    pub refused_dials: u64,
    /// Messages that found their reader busy and were dropped since the start.
    pub dropped_messages: u64,
    /// Messages that turned out to be junk since the start.
    pub rejected_messages: u64,
    /// Own messages that could not be sent since the start.
    pub unsent_messages: u64,
    /// How often a node was cut for what it sent, since the start.
    pub cuts: u64,
    /// How far this node is behind the others.
    pub sync: SyncStatus,
    /// How agreement on the next block goes; null while the chain is not here.
    pub agreement: Option<AgreementStatus>,
    /// Version of the protocol of the next block; null while the chain is not here.
    pub protocol: Option<u16>,
    /// The newest version of the protocol that this node's program has.
    pub newest_protocol: u16,
    /// A version that was decided and begins later.
    pub coming_protocol: Option<ProtocolVersion>,
    /// What the operator of this node has to do before something happens.
    pub warning: Option<String>,
}

/// How far a node is behind the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncStatus {
    /// Height of its newest block.
    pub head: u64,
    /// The highest head that a connected node told; null while none has.
    pub target: Option<u64>,
    /// Blocks a second that it came forward over the last ten seconds.
    pub blocks_per_second: u64,
    /// Seconds until it has caught up, as far as can be told: 0 of a node that has.
    pub seconds_left: Option<u64>,
    /// The state of other nodes that its chain is to begin with, while it is being fetched. Until then no other methods are answered.
    pub snapshot: Option<SnapshotStatus>,
}

/// A public state that is being fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotStatus {
    /// Height of the block it is of; null until one was found.
    pub height: Option<u64>,
    /// Chunks that came since the node was started.
    pub chunks: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Bytes a second over the last ten seconds.
    pub bytes_per_second: u64,
    /// Seconds that are left, as far as can be told.
    pub seconds_left: Option<u64>,
}

/// How agreement on the next block goes, as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementStatus {
    /// The height that is being decided; null before the first.
    pub height: Option<u64>,
    /// Its round; above 0 it took more than one try.
    pub round: u32,
    /// True if the node waits with this height until there is something to decide.
    pub idle: bool,
    /// True if this node has a vote at this height and uses it.
    pub voting: bool,
    /// Proposals that it voted against since the start.
    pub refused: u64,
    /// Why the last of them was.
    pub last_refusal: Option<String>,
}

/// What a validator said twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StatementKind {
    /// It proposed a block.
    Proposal,
    /// It voted that it could decide.
    Prevote,
    /// It voted to decide.
    Precommit,
}

/// One of two things that a validator said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Said {
    /// Hash of the block it spoke for; null for none.
    pub block: Option<Text<Hash>>,
    /// Its signature.
    pub signature: Hex,
}

/// Proof that a validator said two different things in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EquivocationInfo {
    /// The validator.
    pub validator: Text<AccountId>,
    /// Height of both.
    pub height: u64,
    /// Round of both.
    pub round: u32,
    /// What it did twice.
    pub statement: StatementKind,
    /// What it said, both times.
    pub said: Vec<Said>,
}

/// How a node that may connect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PeerState {
    /// Connected.
    Connected,
    /// To be dialled, or expected to dial.
    Waiting,
    /// Nobody said where it is: it has to dial.
    NoAddress,
    /// It closes on this node after seeing its key: this node is not on its list yet, or no longer. Its operator finds the join request.
    AwaitingApproval,
    /// It cannot be reached; `reason` says why.
    Unreachable,
    /// It is a node of another chain.
    OtherChain,
    /// It connects but does not speak the protocol in time.
    Mute,
    /// It sent what it must not send, and is kept out for some minutes.
    Cut,
}

/// A connection with a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// The other end.
    pub address: String,
    /// True if this node dialled.
    pub outbound: bool,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub since: u64,
    /// Bytes from it since this node started.
    pub received: u64,
    /// Bytes to it since this node started.
    pub sent: u64,
    /// The program it runs, as it says.
    pub program: String,
}

/// A node that may connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeerInfo {
    /// Its key.
    pub node: Text<AccountId>,
    /// Where it may be reached.
    pub addresses: Vec<String>,
    /// How it stands.
    pub state: PeerState,
    /// More about that state, if there is more.
    pub reason: Option<String>,
    /// Its points: 100 of a node that did nothing wrong; at 0 it is cut.
    pub score: u32,
    /// Its connection, if it is connected.
    pub connection: Option<Connection>,
}

/// A stranger that wants to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinRequestInfo {
    /// Its node key, which it proved to hold.
    pub node: Text<AccountId>,
    /// Where it dialled from.
    pub address: String,
    /// When it dialled first, milliseconds since 1970-01-01 UTC.
    pub first: u64,
    /// When it dialled last, milliseconds since 1970-01-01 UTC.
    pub last: u64,
    /// How often it dialled.
    pub attempts: u64,
}

/// The network of nodes.
#[api(namespace = "network")]
pub trait NetworkApi {
    /// The network of this node in short, and how far it is behind the others.
    ///
    /// Open to every tenant of a node in development mode.
    #[method(
        access = operator,
        errors = [],
        params = r#"{}"#,
        result = r#"{
            "node": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "chainId": "0x1111111111111111111111111111111111111111111111111111111111111111",
            "enabled": true,
            "listening": ["0.0.0.0:9545"],
            "external": "node1.example:9545",
            "known": 3,
            "connected": 2,
            "joinRequests": 1,
            "refusedDials": 7,
            "droppedMessages": 0,
            "rejectedMessages": 0,
            "unsentMessages": 0,
            "cuts": 0,
            "sync": {
                "head": 51200,
                "target": 60000,
                "blocksPerSecond": 440,
                "secondsLeft": 20,
                "snapshot": null
            },
            "agreement": {
                "height": 51201,
                "round": 0,
                "idle": false,
                "voting": false,
                "refused": 0,
                "lastRefusal": null
            },
            "protocol": 1,
            "newestProtocol": 1,
            "comingProtocol": null,
            "warning": null
        }"#
    )]
    async fn status(&self, ctx: Self::Context) -> Result<NetworkStatus, Error>;

    /// The nodes that may connect, and how each stands.
    ///
    /// In the order of their keys. Open to every tenant of a node in development mode.
    #[method(
        access = operator,
        errors = [],
        params = r#"{}"#,
        result = r#"[{
            "node": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "addresses": ["node2.example:9545"],
            "state": "connected",
            "reason": null,
            "score": 100,
            "connection": {
                "address": "10.0.0.7:9545",
                "outbound": true,
                "since": 1700000000000,
                "received": 52100,
                "sent": 48000,
                "program": "coffer/0.1.0"
            }
        }, {
            "node": "0x6666666666666666666666666666666666666666666666666666666666666666",
            "addresses": ["node3.example:9545"],
            "state": "unreachable",
            "reason": "node3.example:9545: the name has no address",
            "score": 100,
            "connection": null
        }]"#
    )]
    async fn peers(&self, ctx: Self::Context) -> Result<Vec<PeerInfo>, Error>;

    /// Strangers that dialled this node and were refused, newest first.
    ///
    /// At most as many as the node's settings say; the oldest are forgotten first. Open to every tenant of a node in development mode.
    #[method(
        access = operator,
        errors = [],
        params = r#"{}"#,
        result = r#"[{
            "node": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "address": "10.0.0.9",
            "first": 1700000000000,
            "last": 1700000060000,
            "attempts": 3
        }]"#
    )]
    async fn join_requests(&self, ctx: Self::Context) -> Result<Vec<JoinRequestInfo>, Error>;

    /// Proofs against validators that said two different things in one round, the oldest first.
    ///
    /// The last 256 that this node saw; they survive a restart. What was signed: docs/PROTOCOL.md, "Hashes". Open to every tenant of a node in development mode.
    #[method(
        access = operator,
        errors = [],
        params = r#"{}"#,
        result = r#"[{
            "validator": "0x5555555555555555555555555555555555555555555555555555555555555555",
            "height": 812,
            "round": 1,
            "statement": "prevote",
            "said": [
                {"block": "0x1111111111111111111111111111111111111111111111111111111111111111", "signature": "0x22"},
                {"block": null, "signature": "0x33"}
            ]
        }]"#
    )]
    async fn equivocations(&self, ctx: Self::Context) -> Result<Vec<EquivocationInfo>, Error>;
}
