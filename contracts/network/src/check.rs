//! What values may look like. Not here: whether they are taken. Invariant: a name that passes fits into a storage key beside a node key.

use coffer_sdk::prelude::*;

use crate::error::Error;
use crate::record::Parameters;

/// Characters of an organisation's name.
const MAX_NAME: usize = 48;
/// Addresses of a node.
const MAX_ADDRESSES: usize = 4;
/// Bytes of an address: the longest domain name, a colon and a port.
const MAX_ADDRESS: usize = 259;
/// Gas that one transaction can always use: several times what the dearest call of this contract takes, so that every vote can be undone by votes.
const LEAST_TX_GAS: u64 = 250_000_000;
/// Gas of a block that a node executes within the time of a round or two: about four seconds.
const MOST_BLOCK_GAS: u64 = 4_000_000_000;
/// Bytes that one transaction can always have: several times the longest vote.
const LEAST_TX_BYTES: u32 = 64 * 1024;
/// Bytes of the longest transaction that nodes read at all.
const MOST_TX_BYTES: u32 = 1024 * 1024 + 256 * 1024 + 4096;
/// Bytes of a block that still fits into one message between nodes.
const MOST_BLOCK_BYTES: u32 = 3 * 1024 * 1024;
/// Milliseconds between a block and an empty one behind it, at least: such blocks never come in crowds.
const LEAST_TICK: u32 = 1_000;
/// The same at most: a day.
const MOST_TICK: u32 = 24 * 60 * 60 * 1_000;
/// Characters of a value in an error.
const SHOWN: usize = 64;

/// Fails unless `name` can be an organisation's.
pub fn name(name: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(fits) {
        let why = "an organisation's name has 1 to 48 letters, digits, `_`, `-` and `.`";
        return Err(invalid("name", name, why));
    }
    Ok(())
}

/// Fails unless these can be the addresses of a node.
pub fn addresses(addresses: &[String]) -> Result<(), Error> {
    if addresses.len() > MAX_ADDRESSES {
        return Err(Error::TooMany { what: "addresses of a node".to_owned(), most: MAX_ADDRESSES as u32 });
    }
    addresses.iter().try_for_each(|given| address(given))
}

fn address(address: &str) -> Result<(), Error> {
    let why = "an address is `host:port`, such as `node1.example.org:7000` or `[2001:db8::1]:7000`";
    let wrong = || invalid("addresses", address, why);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0) && port.chars().all(|c| c.is_ascii_digit());
    let is_bare = host.starts_with('[') && host.ends_with(']') || !host.contains(':');
    if address.len() > MAX_ADDRESS || host.is_empty() || !host.chars().all(fits) || !is_port || !is_bare {
        return Err(wrong());
    }
    Ok(())
}

/// Fails unless a chain can live with these.
pub fn parameters(given: &Parameters) -> Result<(), Error> {
    let Parameters { max_tx_gas, max_block_gas, max_tx_bytes, max_block_bytes, tick_ms } = *given;
    within("max_tx_gas", max_tx_gas, LEAST_TX_GAS, MOST_BLOCK_GAS)?;
    // A transaction at its bound fits into a block.
    within("max_block_gas", max_block_gas, max_tx_gas, MOST_BLOCK_GAS)?;
    within("max_tx_bytes", max_tx_bytes.into(), LEAST_TX_BYTES.into(), MOST_TX_BYTES.into())?;
    within("max_block_bytes", max_block_bytes.into(), max_tx_bytes.into(), MOST_BLOCK_BYTES.into())?;
    if tick_ms == 0 || (LEAST_TICK..=MOST_TICK).contains(&tick_ms) {
        return Ok(());
    }
    let why = format!("it is 0, for never, or {LEAST_TICK} to {MOST_TICK}");
    Err(invalid("tick_ms", &tick_ms.to_string(), &why))
}

fn within(field: &str, value: u64, least: u64, most: u64) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(invalid(field, &value.to_string(), &format!("it is {least} to {most}")))
}

fn invalid(field: &str, value: &str, why: &str) -> Error {
    let value = value.chars().take(SHOWN).collect();
    Error::Invalid { field: field.to_owned(), value, why: why.to_owned() }
}
