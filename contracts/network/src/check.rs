//! What values may look like. Not here: whether they are taken. Invariant: a name that passes fits into a storage key beside a node key.

use coffer_sdk::prelude::*;

use crate::error::Error;

/// Characters of an organisation's name.
const MAX_NAME: usize = 48;
/// Addresses of a node.
const MAX_ADDRESSES: usize = 4;
/// Bytes of an address: the longest domain name, a colon and a port.
const MAX_ADDRESS: usize = 259;
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

fn invalid(field: &str, value: &str, why: &str) -> Error {
    let value = value.chars().take(SHOWN).collect();
    Error::Invalid { field: field.to_owned(), value, why: why.to_owned() }
}
