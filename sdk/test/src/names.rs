//! Names of accounts and contracts, so that what is shown says `alice` and not 64 digits. Invariant: a name gives the same id in every test, on
//! every machine.

use std::collections::BTreeMap;

use coffer_abi::AccountId;
use ed25519_dalek::{Signer, SigningKey};

use crate::ledger::derived;

/// Digits of an id as text, without `0x`.
const DIGITS: usize = 64;

/// The names of one run.
#[derive(Clone, Default)]
pub(crate) struct Names {
    by_id: BTreeMap<[u8; 32], String>,
    accounts: BTreeMap<String, AccountId>,
}

/// The key of a test account.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&derived("account", &[name]).0)
}

/// What a test account signs.
pub(crate) fn sign(name: &str, message: &[u8]) -> [u8; 64] {
    key(name).sign(message).to_bytes()
}

impl Names {
    /// The account of that name, with a key of its own.
    pub(crate) fn account(&mut self, name: &str) -> AccountId {
        if let Some(id) = self.accounts.get(name) {
            return *id;
        }
        let id = AccountId(key(name).verifying_key().to_bytes());
        self.accounts.insert(name.to_owned(), id);
        self.by_id.insert(id.0, name.to_owned());
        id
    }

    pub(crate) fn insert(&mut self, id: [u8; 32], name: &str) {
        self.by_id.insert(id, name.to_owned());
    }

    /// The name behind an id, or its first digits.
    pub(crate) fn of(&self, id: &[u8; 32]) -> String {
        match self.by_id.get(id) {
            Some(name) => name.clone(),
            None if *id == [0; 32] => "nobody".to_owned(),
            None => coffer_abi::id::hex_text(id.get(..6).unwrap_or_default()),
        }
    }

    /// The same text with names in the place of the ids that have one.
    pub(crate) fn in_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("0x") {
            let (before, id) = rest.split_at(at);
            out.push_str(before);
            let end = 2 + DIGITS;
            let known = id.get(..end).and_then(|id| id.parse::<AccountId>().ok()).and_then(|id| self.by_id.get(&id.0));
            match known {
                Some(name) => {
                    out.push_str(name);
                    rest = &id[end..];
                }
                None => {
                    out.push_str("0x");
                    rest = &id[2..];
                }
            }
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_names_where_there_are_some() {
        let mut names = Names::default();
        let alice = names.account("alice");
        let other = AccountId([7; 32]);
        let text = format!("[\"{alice}\",\"{other}\",\"0x00\"]");
        assert_eq!(names.in_text(&text), format!("[\"alice\",\"{other}\",\"0x00\"]"));
        assert_eq!(names.account("alice"), alice);
    }
}
