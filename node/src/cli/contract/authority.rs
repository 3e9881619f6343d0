//! `coffer contract authority`: who may give a contract new code, shown or changed. Invariant: nothing is changed unless a flag says to what.

use std::process::ExitCode;

use clap::Args;
use coffer_abi::ContractId;
use coffer_api::types::{Account, Number, Text};
use coffer_api::upgrade::{Authority, InfoParams, SetAuthorityParams};
use coffer_chain::Consent;

use super::call::account;
use super::remote::{self, Remote};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer contract authority 0xID --psi PS1                             who may upgrade it
  coffer contract authority 0xID --set bob --private --psi PS1 --from alice
  coffer contract authority 0xID --parties alice,bob                   both must consent from then on
  coffer contract authority 0xID --parties alice,0xCAROL --consent 0xBOBS
  coffer contract authority 0xID --renounce                            nobody, for good")]
pub(super) struct AuthorityArgs {
    /// The contract
    #[arg(value_name = "ID")]
    contract: ContractId,
    #[command(flatten)]
    new: NewAuthority,
    /// A consent that another party made with `contract consent`; may stand several times
    #[arg(long, value_name = "0xHEX")]
    consent: Vec<Consent>,
    /// Who acts: an account of the node by name, or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    from: Option<Account>,
    /// Gas it may use
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    /// The contract is in the private state, not in the public one
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Another authority.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct NewAuthority {
    /// One account that may change the contract
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    set: Option<Account>,
    /// Accounts every one of which must consent to a change
    #[arg(long, value_name = "ACCOUNT,ACCOUNT", value_parser = account, value_delimiter = ',')]
    parties: Vec<Account>,
    /// Nobody, for good
    #[arg(long)]
    renounce: bool,
}

impl NewAuthority {
    /// What the flags name; `None` if none is there.
    pub(super) fn named(self) -> Option<Authority> {
        match self {
            Self { set: Some(account), .. } => Some(Authority::Account(account)),
            Self { renounce: true, .. } => Some(Authority::None),
            Self { parties, .. } => (!parties.is_empty()).then_some(Authority::Parties(parties)),
        }
    }
}

/// An authority in one word: `none`, an account, or several with commas between them.
pub(super) fn in_one_word(text: &str) -> Result<Authority, String> {
    match text.split(',').map(account).collect::<Result<Vec<_>, _>>()?.as_slice() {
        _ if text == "none" => Ok(Authority::None),
        [one] => Ok(Authority::Account(one.clone())),
        several => Ok(Authority::Parties(several.to_vec())),
    }
}

pub(super) fn run(args: AuthorityArgs) -> anyhow::Result<ExitCode> {
    let AuthorityArgs { contract, new, consent, from, gas_limit, private, remote } = args;
    let contract = Text(contract);
    let Some(authority) = new.named() else {
        let info = remote.request(&InfoParams { contract, height: None })?;
        let lines = [
            ("authority", words(&info.authority)),
            ("revision", info.revision.to_string()),
            ("code", info.code_hash.0.to_string()),
            ("deployer", info.deployer.0.to_string()),
            ("private", info.private.to_string()),
        ];
        remote::show(&info, remote.json, &lines)?;
        return Ok(ExitCode::SUCCESS);
    };
    let (consents, private) = (Some(consent.into_iter().map(Text).collect()), Some(private.into()));
    let gas_limit = gas_limit.map(Number);
    let params = SetAuthorityParams { contract, authority, consents, revision: None, private, from, gas_limit };
    let set = remote.request(&params)?;
    let lines = [
        ("authority", words(&set.authority)),
        ("revision", set.revision.to_string()),
        ("transaction", set.tx.0.to_string()),
        ("height", set.height.to_string()),
        ("gas used", set.gas_used.to_string()),
    ];
    remote::show(&set, remote.json, &lines)?;
    Ok(ExitCode::SUCCESS)
}

/// For people.
fn words(authority: &Authority) -> String {
    match authority {
        Authority::None => "none: nobody can change it".into(),
        Authority::Account(account) => account.to_string(),
        Authority::Parties(parties) => {
            let parties: Vec<_> = parties.iter().map(ToString::to_string).collect();
            format!("all of {}", parties.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        new: NewAuthority,
    }

    fn named(words: &str) -> Result<Option<Authority>, String> {
        let words = std::iter::once("x").chain(words.split_whitespace());
        Line::try_parse_from(words).map(|line| line.new.named()).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_name_one_authority_or_none() {
        let alice = || Account::Name("alice".into());
        let bob = Account::Name("bob".into());
        assert_eq!(named(""), Ok(None));
        assert_eq!(named("--set alice"), Ok(Some(Authority::Account(alice()))));
        assert_eq!(named("--parties alice,bob"), Ok(Some(Authority::Parties(vec![alice(), bob.clone()]))));
        assert_eq!(named("--renounce"), Ok(Some(Authority::None)));
        assert!(named("--renounce --set alice").is_err());
        assert!(named("--set 0x12").unwrap_err().contains("0x12"));
        assert_eq!(in_one_word("none"), Ok(Authority::None));
        assert_eq!(in_one_word("alice"), Ok(Authority::Account(alice())));
        assert_eq!(in_one_word("alice,bob"), Ok(Authority::Parties(vec![alice(), bob])));
        assert!(in_one_word("alice,").is_err());
    }
}
