//! Settings of the network of nodes and of the pool of waiting transactions. Invariant: every address and key is checked here, with the
//! setting's name; what passes can be listened on and dialled, as far as a text can tell.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use coffer_abi::AccountId;
use serde::Deserialize;

use super::execution::Check;
use crate::network::{Address, Settings};
use crate::pool;

/// Nodes that a configuration may name.
const MAX_PEERS: usize = 1_000;
/// Addresses of one node.
const MAX_ADDRESSES: usize = 8;

/// `[network]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkFile {
    listen: Option<String>,
    external: Option<String>,
    max_pending: Option<u64>,
    join_requests: Option<u64>,
    #[serde(default)]
    peers: Vec<PeerFile>,
}

/// `[[network.peers]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerFile {
    key: String,
    #[serde(default)]
    addresses: Vec<String>,
}

/// `[pool]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolFile {
    transactions: Option<u64>,
    bytes: Option<u64>,
    per_sender: Option<u64>,
}

/// Lays `[network]` over the settings.
pub(super) fn lay(settings: &mut Settings, file: NetworkFile, offences: &mut Vec<String>) {
    let NetworkFile { listen, external, max_pending, join_requests, peers } = file;
    if let Some(text) = listen {
        match text.parse::<SocketAddr>() {
            Ok(addr) => settings.listen = Some(addr),
            Err(_) => offences.push(format!(
                "network.listen = {text:?}: must be an IP address of this machine with a port, like 0.0.0.0:9545 for all of them"
            )),
        }
    }
    if let Some(text) = external {
        match text.parse::<Address>() {
            Ok(address) => settings.external = Some(address),
            Err(error) => offences.push(format!("network.external = {text:?}: {error}")),
        }
    }
    if peers.len() > MAX_PEERS {
        offences.push(format!(
            "network.peers: must be at most {MAX_PEERS}, are {}; the chain knows the others",
            peers.len()
        ));
    }
    let mut named = BTreeMap::new();
    for (i, PeerFile { key, addresses }) in peers.iter().take(MAX_PEERS).enumerate() {
        let addresses = addresses_of(i, addresses, offences);
        match key.parse::<AccountId>() {
            Err(error) => {
                offences.push(format!("network.peers[{i}].key = {key:?}: {error}; it is the node key of another node"))
            }
            Ok(node) if !coffer_chain::sign::is_key(&node) => {
                offences.push(format!(
                    "network.peers[{i}].key = {key:?}: is no ed25519 key; it is the node key of another node"
                ));
            }
            Ok(node) => {
                if named.insert(node, addresses).is_some() {
                    offences.push(format!(
                        "network.peers[{i}].key = {key:?}: stands twice; name all its addresses in one place"
                    ));
                }
            }
        }
    }
    settings.peers.extend(named);
    let mut check = Check { section: "network", offences };
    let limits = &mut settings.limits;
    let mut pending = u64::from(limits.pending);
    check.number("max_pending", max_pending, (1, 4_096, "connections"), &mut pending);
    limits.pending = u32::try_from(pending).unwrap_or(limits.pending);
    count(&mut check, "join_requests", join_requests, (1, 65_536, "requests"), &mut limits.requests);
}

fn addresses_of(i: usize, texts: &[String], offences: &mut Vec<String>) -> Vec<Address> {
    if texts.len() > MAX_ADDRESSES {
        offences.push(format!("network.peers[{i}].addresses: must be at most {MAX_ADDRESSES}, are {}", texts.len()));
    }
    let mut good = Vec::new();
    for (j, text) in texts.iter().take(MAX_ADDRESSES).enumerate() {
        match text.parse() {
            Ok(address) => good.push(address),
            Err(error) => offences.push(format!("network.peers[{i}].addresses[{j}] = {text:?}: {error}")),
        }
    }
    good
}

/// Lays `[pool]` over the bounds.
pub(super) fn lay_pool(limits: &mut pool::Limits, file: &PoolFile, offences: &mut Vec<String>) {
    let mut check = Check { section: "pool", offences };
    count(&mut check, "transactions", file.transactions, (1, 1_000_000, "transactions"), &mut limits.count);
    // The largest transaction has to fit.
    let least = coffer_chain::tx::MAX_BYTES as u64;
    count(&mut check, "bytes", file.bytes, (least, 16 << 30, "bytes"), &mut limits.bytes);
    let most = limits.count as u64;
    limits.per_sender = limits.per_sender.min(limits.count);
    let unit = "transactions, no more than `transactions`";
    count(&mut check, "per_sender", file.per_sender, (1, most, unit), &mut limits.per_sender);
}

fn count(check: &mut Check<'_>, name: &str, given: Option<u64>, bounds: (u64, u64, &str), place: &mut usize) {
    let mut value = *place as u64;
    check.number(name, given, bounds, &mut value);
    *place = usize::try_from(value).unwrap_or(*place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Both {
        #[serde(default)]
        network: NetworkFile,
        #[serde(default)]
        pool: PoolFile,
    }

    fn laid(text: &str) -> (Settings, pool::Limits, Vec<String>) {
        let file: Both = toml::from_str(text).unwrap();
        let (mut settings, mut limits, mut offences) = (Settings::default(), pool::Limits::default(), Vec::new());
        lay(&mut settings, file.network, &mut offences);
        lay_pool(&mut limits, &file.pool, &mut offences);
        (settings, limits, offences)
    }

    fn key(seed: u8) -> AccountId {
        coffer_chain::SigningKey::from_seed(&[seed; 32]).account()
    }

    #[test]
    fn a_node_without_network_settings_is_alone() {
        assert!(laid("").0.is_alone());
        assert!(!laid("[network]\nlisten = \"127.0.0.1:0\"").0.is_alone());
        assert!(!laid(&format!("[[network.peers]]\nkey = \"{}\"", key(1))).0.is_alone());
    }

    #[test]
    fn listening_peers_and_bounds_are_read() {
        let text = format!(
            "[network]\nlisten = \"0.0.0.0:9545\"\nexternal = \"node1.example:9545\"\nmax_pending = 8\njoin_requests = 9\n\
             [[network.peers]]\nkey = \"{}\"\naddresses = [\"node2.example:9545\", \"/ip4/10.0.0.7/tcp/9545\"]\n\
             [pool]\ntransactions = 10\nbytes = 9000000\n",
            key(2)
        );
        let (settings, limits, offences) = laid(&text);
        assert_eq!(offences, Vec::<String>::new());
        assert_eq!(settings.listen, Some("0.0.0.0:9545".parse().unwrap()));
        assert_eq!(settings.external.map(|a| a.to_string()), Some("node1.example:9545".into()));
        assert_eq!((settings.limits.pending, settings.limits.requests), (8, 9));
        assert_eq!(settings.peers[&key(2)].len(), 2);
        assert_eq!((limits.count, limits.bytes, limits.per_sender), (10, 9_000_000, 10));
    }

    #[test]
    fn every_offence_is_named() {
        let text = format!(
            "[network]\nlisten = \"localhost:9545\"\nexternal = \"node1\"\nmax_pending = 0\njoin_requests = 99999999\n\
             [[network.peers]]\nkey = \"0x12\"\naddresses = [\"x\", \"node2.example:0\"]\n\
             [[network.peers]]\nkey = \"{0}\"\n[[network.peers]]\nkey = \"{0}\"\n\
             [[network.peers]]\nkey = \"{1}\"\n\
             [pool]\ntransactions = 5\nbytes = 5\nper_sender = 6\n",
            key(2),
            AccountId([0; 32]),
        );
        let offences = laid(&text).2;
        let named = [
            "network.listen = \"localhost:9545\"",
            "network.external = \"node1\"",
            "network.max_pending = 0",
            "network.join_requests = 99999999",
            "network.peers[0].key = \"0x12\"",
            "network.peers[0].addresses[0] = \"x\"",
            "network.peers[0].addresses[1] = \"node2.example:0\"",
            "stands twice",
            "network.peers[3].key",
            "pool.bytes = 5",
            "pool.per_sender = 6: must be from 1 to 5",
        ];
        for needle in named {
            assert!(offences.iter().any(|o| o.contains(needle)), "{needle} in {offences:#?}");
        }
        assert_eq!(offences.len(), named.len());
    }
}
