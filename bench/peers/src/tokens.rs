//! The example token over a plain map, for every engine that hosts it bare. Invariant: it starts with the same accounts and balances as
//! ours, and makes the same transfers.

use coffer_abi::{AccountId, Encode};

use crate::Failure;
use crate::engine::host::Host;
use crate::modules::{self, ACCOUNTS, account};
use std::sync::Arc;

/// A deployed token.
#[derive(Clone)]
pub struct Tokens {
    host: Option<Box<Host>>,
    /// Sender and arguments of each transfer.
    transfers: Arc<Vec<([u8; 32], Vec<u8>)>>,
    next: u64,
}

impl Tokens {
    /// Deploys with an engine that calls a method of the token, and checks that a transfer moves tokens.
    pub fn deploy(call: impl Fn(&str, Box<Host>) -> Result<Box<Host>, Failure>) -> Result<Self, Failure> {
        let mut host = Box::new(Host::default());
        host.caller = account(0);
        host.input = ("Coffer", "COF", 2u8, 1u128 << 100).encode();
        host = call("init", host)?;
        for to in 1..ACCOUNTS {
            host.input = (AccountId(account(to)), 1u128 << 60).encode();
            host = call("call transfer", host)?;
        }
        let transfer = |i| {
            let (from, to) = modules::transfer(i);
            (account(from), (AccountId(account(to)), 1u128).encode())
        };
        let transfers = Arc::new((0..ACCOUNTS).map(transfer).collect());
        let mut tokens = Self { host: Some(host), transfers, next: 0 };

        let (from, to) = modules::transfer(0);
        let before = (tokens.balance(&call, from)?, tokens.balance(&call, to)?);
        tokens.transfer(|host| call("call transfer", host))?;
        let after = (tokens.balance(&call, from)?, tokens.balance(&call, to)?);
        if after != (before.0 - 1, before.1 + 1) || tokens.host.as_ref().is_none_or(|host| host.events == 0) {
            return Err(format!("a transfer turned {before:?} into {after:?}").into());
        }
        Ok(tokens)
    }

    /// The next transfer.
    pub fn transfer(&mut self, call: impl FnOnce(Box<Host>) -> Result<Box<Host>, Failure>) -> Result<(), Failure> {
        let mut host = self.host.take().ok_or("the token went with a failed call")?;
        let (from, input) = &self.transfers[(self.next % ACCOUNTS) as usize];
        host.caller = *from;
        host.input.clone_from(input);
        self.next += 1;
        let host = call(host)?;
        let answered = host.output.is_some();
        self.host = Some(host);
        if answered { Ok(()) } else { Err("a transfer did not answer".into()) }
    }

    fn balance(
        &mut self,
        call: impl Fn(&str, Box<Host>) -> Result<Box<Host>, Failure>,
        who: u64,
    ) -> Result<u128, Failure> {
        let mut host = self.host.take().ok_or("the token went with a failed call")?;
        host.input = account(who).to_vec();
        let host = call("view balance_of", host)?;
        let balance = host.output.as_deref().unwrap_or_default().try_into().map(u128::from_le_bytes);
        self.host = Some(host);
        Ok(balance?)
    }
}
