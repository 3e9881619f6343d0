//! Whom a private call names: its parties, the member-set versions of the contracts it touches, and its privacy flag. Not here: what a flag
//! demands of the parties. Invariant: lists are in order, without doubles, and bounded.

use alloc::vec;
use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Hash};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::hash::{Domain, hash_of};

/// Parties of one private call.
pub const MAX_CALL_PARTIES: usize = 32;
/// Contracts whose member-set versions one private call names.
pub const MAX_MEMBER_VERSIONS: usize = 64;

/// Who a private call is for, the sending party included: 1 to [`MAX_CALL_PARTIES`] different party identities in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct CallParties(Vec<AccountId>);

impl CallParties {
    /// These parties; `None` if there is none, one stands twice, or there are too many.
    pub fn new(mut parties: Vec<AccountId>) -> Option<Self> {
        parties.sort_unstable();
        Self::in_order(parties)
    }

    /// One party that sends to itself.
    pub fn alone(party: AccountId) -> Self {
        Self(vec![party])
    }

    fn in_order(parties: Vec<AccountId>) -> Option<Self> {
        let is_valid = (1..=MAX_CALL_PARTIES).contains(&parties.len()) && parties.is_sorted_by(|one, two| one < two);
        is_valid.then_some(Self(parties))
    }

    /// The parties, in the order of their bytes, which is that of their slots and wraps.
    pub fn accounts(&self) -> &[AccountId] {
        &self.0
    }

    /// Where a party stands.
    pub fn place(&self, party: &AccountId) -> Option<usize> {
        self.0.binary_search(party).ok()
    }

    /// What a payload's header says of the parties: nothing to who does not know the salt.
    pub fn commitment(&self, salt: &[u8; 32]) -> Hash {
        hash_of(Domain::CallParties, &(salt, self))
    }
}

impl Decode for CallParties {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        Self::in_order(Vec::decode(input)?).ok_or_else(|| "parties of a call are 1 to 32 accounts in order".into())
    }
}

/// Member-set versions of the contracts that a private call touches, in the order of the contracts: at most [`MAX_MEMBER_VERSIONS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode)]
pub struct MemberVersions(Vec<(ContractId, u32)>);

impl MemberVersions {
    /// These versions; `None` if a contract stands twice or there are too many.
    pub fn new(mut versions: Vec<(ContractId, u32)>) -> Option<Self> {
        versions.sort_unstable();
        Self::in_order(versions)
    }

    fn in_order(versions: Vec<(ContractId, u32)>) -> Option<Self> {
        let is_valid = versions.len() <= MAX_MEMBER_VERSIONS && versions.is_sorted_by(|one, two| one.0 < two.0);
        is_valid.then_some(Self(versions))
    }

    /// True if no contract is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Decode for MemberVersions {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        Self::in_order(Vec::decode(input)?)
            .ok_or_else(|| "at most 64 member-set versions in the order of contracts".into())
    }
}

/// What a private call demands of its parties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum PrivacyFlag {
    /// Any members.
    #[default]
    #[codec(index = 0)]
    Standard,
    /// All members.
    #[codec(index = 1)]
    PartyProtection,
    /// All mandatory members at least.
    #[codec(index = 2)]
    MandatoryRecipients,
    /// All members, who compare what it reads.
    #[codec(index = 3)]
    StateValidation,
}

#[cfg(test)]
mod tests {
    use coffer_abi::codec;

    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId([n; 32])
    }

    #[test]
    fn parties_are_one_to_thirty_two_in_order() {
        let parties = CallParties::new(vec![account(3), account(1)]).unwrap();
        assert_eq!(parties.accounts(), [account(1), account(3)]);
        assert_eq!((parties.place(&account(3)), parties.place(&account(2))), (Some(1), None));
        assert_eq!(codec::decode::<CallParties>(&parties.encode()).unwrap(), parties);
        let refused = |list: Vec<AccountId>| codec::decode::<CallParties>(&list.encode()).is_err();
        assert!(refused(vec![]));
        assert!(refused(vec![account(3), account(1)]));
        assert!(refused(vec![account(1), account(1)]));
        assert!(!refused((0..32).map(account).collect()));
        assert!(refused((0..33).map(account).collect()));
        assert_eq!(CallParties::new(vec![account(1), account(1)]), None);
    }

    #[test]
    fn a_commitment_to_parties_depends_on_each_and_on_the_salt() {
        let one = CallParties::alone(account(1));
        let two = CallParties::new(vec![account(1), account(2)]).unwrap();
        assert_eq!(one.commitment(&[1; 32]), one.clone().commitment(&[1; 32]));
        assert_ne!(one.commitment(&[1; 32]), one.commitment(&[2; 32]));
        assert_ne!(one.commitment(&[1; 32]), two.commitment(&[1; 32]));
    }

    #[test]
    fn member_versions_are_at_most_sixty_four_in_order() {
        let version = |n: u8| (ContractId([n; 32]), u32::from(n));
        let refused = |list: Vec<(ContractId, u32)>| codec::decode::<MemberVersions>(&list.encode()).is_err();
        assert!(!refused(vec![]));
        assert!(!refused((0..64).map(version).collect()));
        assert!(refused((0..65).map(version).collect()));
        assert!(refused(vec![version(2), version(1)]));
        assert!(refused(vec![version(1), (ContractId([1; 32]), 2)]));
        assert_eq!(MemberVersions::new(vec![version(1), (ContractId([1; 32]), 2)]), None);
    }

    #[test]
    fn there_are_four_flags() {
        for byte in 0..=u8::MAX {
            assert_eq!(codec::decode::<PrivacyFlag>(&[byte]).is_ok(), byte < 4, "{byte}");
        }
        assert_eq!(PrivacyFlag::default().encode(), [0]);
    }
}
