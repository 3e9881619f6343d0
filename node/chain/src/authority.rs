//! Who may give a contract new code or another authority, and how those who may say so. Not here: layouts, execution.
//! Invariant: a consent holds for one change of one contract at one revision on one chain, and for nothing else.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Hash, Height, Refused, codec};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::PROTOCOL_VERSION;
use crate::hash::{Domain, hash, hash_of};
use crate::sign::{Signature, SigningKey, verify};

/// Parties of one authority, and consents of one transaction.
pub const MAX_PARTIES: usize = 32;

/// Who may change a contract's code and authority. A new kind of authority is a new variant with the next index.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Authority {
    /// Nobody, for good.
    #[codec(index = 0)]
    None,
    /// One account; of an organisation, for now, its account.
    #[codec(index = 1)]
    Account(AccountId),
    /// Several accounts, every one of which must consent.
    #[codec(index = 2)]
    Parties(Parties),
}

/// Why a list is no list of parties or of consents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Less than two parties.
    #[error("parties are at least two accounts, not {0}; name one account as such")]
    TooFew(usize),
    /// More than [`MAX_PARTIES`].
    #[error("at most {MAX_PARTIES} are allowed, not {0}")]
    TooMany(usize),
    /// An account stands twice.
    #[error("account {0} stands twice")]
    Twice(AccountId),
}

/// Two to [`MAX_PARTIES`] different accounts, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct Parties(Vec<AccountId>);

impl Parties {
    /// These accounts.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn new(mut accounts: Vec<AccountId>) -> Result<Self, ListError> {
        accounts.sort_unstable();
        if accounts.len() < 2 {
            return Err(ListError::TooFew(accounts.len()));
        }
        check_list(&accounts, |account| *account)?;
        Ok(Self(accounts))
    }

    /// The accounts, in the order of their bytes.
    pub fn accounts(&self) -> &[AccountId] {
        &self.0
    }
}

impl Decode for Parties {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let accounts = Vec::decode(input)?;
        if accounts.len() < 2 || check_list(&accounts, |account| *account).is_err() {
            return Err("parties are 2 to 32 accounts in order".into());
        }
        Ok(Self(accounts))
    }
}

/// At most [`MAX_PARTIES`] consents of different parties, in the order of the parties' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode)]
pub struct Consents(Vec<Consent>);

impl Consents {
    /// These consents.
    ///
    /// # Errors
    /// [`ListError::TooMany`], [`ListError::Twice`].
    pub fn new(mut consents: Vec<Consent>) -> Result<Self, ListError> {
        consents.sort_unstable_by_key(|consent| consent.party);
        check_list(&consents, |consent| consent.party)?;
        Ok(Self(consents))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That of a party.
    pub fn of(&self, party: &AccountId) -> Option<&Consent> {
        let at = self.0.binary_search_by_key(party, |consent| consent.party).ok()?;
        self.0.get(at)
    }
}

impl Decode for Consents {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let consents: Vec<Consent> = Vec::decode(input)?;
        match check_list(&consents, |consent| consent.party) {
            Ok(()) => Ok(Self(consents)),
            Err(_) => Err("consents are at most 32 of different parties in order".into()),
        }
    }
}

/// At most [`MAX_PARTIES`] items in strictly ascending order.
fn check_list<T>(items: &[T], account: impl Fn(&T) -> AccountId) -> Result<(), ListError> {
    if items.len() > MAX_PARTIES {
        return Err(ListError::TooMany(items.len()));
    }
    match items.windows(2).find(|pair| account(&pair[0]) >= account(&pair[1])) {
        Some(pair) => Err(ListError::Twice(account(&pair[0]))),
        None => Ok(()),
    }
}

/// What is done to a contract, as a consent names it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// It gets new code.
    #[codec(index = 0)]
    Code {
        /// The new module.
        code: CodeHash,
        /// Hash of the encoded arguments of its `migrate`.
        input: Hash,
    },
    /// It gets another authority.
    #[codec(index = 1)]
    Authority(Authority),
}

impl Change {
    /// New code, with the encoded arguments of its `migrate`.
    pub fn code(code: CodeHash, input: &[u8]) -> Self {
        Self::Code { code, input: hash(Domain::MigrateInput, input) }
    }
}

/// What a party signs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ConsentBody {
    /// [`PROTOCOL_VERSION`].
    pub version: u16,
    /// The chain it is for.
    pub chain_id: Hash,
    /// The contract.
    pub contract: ContractId,
    /// How often the contract was changed before; the next change makes the consent worthless.
    pub revision: u64,
    /// Last height of a block in which it counts.
    pub valid_until: Height,
    /// What is done.
    pub change: Change,
}

impl ConsentBody {
    /// A consent to a change of a contract as it is now.
    pub fn new(chain_id: Hash, contract: ContractId, revision: u64, valid_until: Height, change: Change) -> Self {
        Self { version: PROTOCOL_VERSION, chain_id, contract, revision, valid_until, change }
    }

    /// Its hash, which is signed in [`Domain::ConsentSignature`].
    pub fn id(&self) -> Hash {
        hash_of(Domain::Consent, self)
    }

    /// The consent of the party whose key this is.
    pub fn sign(&self, key: &SigningKey) -> Consent {
        let signature = key.sign(Domain::ConsentSignature, &self.chain_id, &self.id());
        Consent { party: key.account(), valid_until: self.valid_until, signature }
    }
}

/// A party's signed consent, as it stands in a transaction. In text: `0x` and the hex digits of its encoding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Consent {
    /// Whose.
    pub party: AccountId,
    /// Last height of a block in which it counts.
    pub valid_until: Height,
    /// Over [`ConsentBody::id`].
    pub signature: Signature,
}

/// Bytes of an encoded consent.
const CONSENT_BYTES: usize = 32 + 8 + 64;

impl fmt::Display for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.encode().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a text is no consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a consent is `0x` and {} hex digits, as contract_consent gives it", 2 * CONSENT_BYTES)]
pub struct NoConsent;

impl FromStr for Consent {
    type Err = NoConsent;

    fn from_str(text: &str) -> Result<Self, NoConsent> {
        let digits = text.strip_prefix("0x").ok_or(NoConsent)?.as_bytes();
        if digits.len() != 2 * CONSENT_BYTES {
            return Err(NoConsent);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes = digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
        codec::decode(&bytes.collect::<Option<Vec<u8>>>().ok_or(NoConsent)?).map_err(|_| NoConsent)
    }
}

/// A change that somebody wants, of a contract as it is.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The chain.
    pub chain_id: &'a Hash,
    /// The contract.
    pub contract: &'a ContractId,
    /// How often it was changed before.
    pub revision: u64,
    /// What is to be done.
    pub change: &'a Change,
    /// Who signed the transaction.
    pub sender: &'a AccountId,
    /// Height of the transaction's block.
    pub height: Height,
    /// Consents in the transaction.
    pub consents: &'a Consents,
}

impl Authority {
    /// Who has not consented to a change, each with the reason; empty if the change may be made. Verifies at most as many signatures as
    /// there are consents. Of a renounced contract it is the sender, whose consent is worth nothing.
    pub fn missing(&self, wanted: &Wanted<'_>) -> Vec<(AccountId, Refused)> {
        match self {
            Self::None => vec![(*wanted.sender, Refused::NoAuthority)],
            Self::Account(account) if account == wanted.sender => Vec::new(),
            Self::Account(account) => vec![(*account, Refused::NotAuthorised)],
            Self::Parties(parties) => {
                let others = parties.accounts().iter().filter(|party| *party != wanted.sender);
                others.filter_map(|party| Some((*party, wanted.lacks(party)?))).collect()
            }
        }
    }
}

impl Wanted<'_> {
    /// Why a party's consent is not there; `None` if it is.
    fn lacks(&self, party: &AccountId) -> Option<Refused> {
        let Some(consent) = self.consents.of(party) else { return Some(Refused::NotAuthorised) };
        let Consent { valid_until, signature, .. } = consent;
        let body = ConsentBody::new(*self.chain_id, *self.contract, self.revision, *valid_until, self.change.clone());
        if !verify(party, Domain::ConsentSignature, self.chain_id, &body.id(), signature) {
            return Some(Refused::BadConsent);
        }
        (*valid_until < self.height).then_some(Refused::ConsentExpired)
    }
}

#[cfg(test)]
mod tests;
