//! What a tenant may take of its node, as its operator sets it and as it sees itself. Not here: who counts. Invariant: a member that is left out or `null` says nothing; no number shows anything of another tenant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a tenant may take; where nothing is said, what the node's settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TenantLimits {
    /// Gas of queries, of the preparation of private calls and of its own calls when they are executed; five seconds' worth at once.
    pub gas_per_second: Option<u64>,
    /// Requests, each of a batch counted, without those of its operator; five seconds' worth at once.
    pub requests_per_second: Option<u64>,
    /// Requests that are not answered yet, on all connections.
    pub concurrent: Option<u64>,
    /// Subscriptions on all connections.
    pub subscriptions: Option<u64>,
    /// Transactions that were sent and are neither executed nor expired.
    pub pending: Option<u64>,
    /// Sealed bytes of the private calls that it sends, a day's worth at once.
    pub payload_bytes_per_day: Option<u64>,
    /// Bytes in its private state: keys, values, modules and 256 for each contract. While it has more, it sends no private calls.
    pub storage_bytes: Option<u64>,
}

/// One limit as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Taken {
    /// The limit; `null` if there is none.
    pub limit: Option<u64>,
    /// What counts against it now. What is counted by the second or day wears off at the limit, is refused from five times the limit on (that by the day from once the limit on), and is 0 without a limit.
    pub used: u64,
}

/// What a tenant may take and takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantTaken {
    /// Gas.
    pub gas_per_second: Taken,
    /// Requests.
    pub requests_per_second: Taken,
    /// Requests at work, this one included.
    pub concurrent: Taken,
    /// Open subscriptions.
    pub subscriptions: Taken,
    /// Transactions that wait.
    pub pending: Taken,
    /// Sealed bytes.
    pub payload_bytes_per_day: Taken,
    /// Bytes in the private state.
    pub storage_bytes: Taken,
}
