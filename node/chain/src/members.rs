//! Whom a private call names: its parties, the member-set versions of the contracts it touches, and its privacy flag; and the members that a
//! private contract records. Not here: which frames of a call are admitted (the node's executor). Invariant: lists are in order, without doubles,
//! and bounded.

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

    /// The version that is named of a contract; `None` if the contract is not.
    pub fn of(&self, contract: &ContractId) -> Option<u32> {
        let at = self.0.binary_search_by(|(named, _)| named.cmp(contract)).ok()?;
        self.0.get(at).map(|(_, version)| *version)
    }

    /// The contracts and their versions, in the order of the contracts.
    pub fn iter(&self) -> impl Iterator<Item = &(ContractId, u32)> {
        self.0.iter()
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

impl PrivacyFlag {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] =
        [Self::Standard, Self::PartyProtection, Self::MandatoryRecipients, Self::StateValidation];

    /// The flag of a number, 0 to 3.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Standard => 0,
            Self::PartyProtection => 1,
            Self::MandatoryRecipients => 2,
            Self::StateValidation => 3,
        }
    }
}

/// Who a private contract is for, as its record and its leaf say. A contract without is for the party alone whose state it is in: the
/// instances of system contracts, what those make, and contracts of the time before there were members.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct Members {
    version: u32,
    flag: PrivacyFlag,
    members: CallParties,
    mandatory: Vec<AccountId>,
}

impl Members {
    /// The first members of a contract that a call with these parties and this flag makes; `None` unless `mandatory` are some of the parties in
    /// order with [`PrivacyFlag::MandatoryRecipients`], and nobody with any other flag.
    pub fn first(parties: &CallParties, flag: PrivacyFlag, mandatory: &[AccountId]) -> Option<Self> {
        Self { version: 0, flag, members: parties.clone(), mandatory: mandatory.to_vec() }.checked()
    }

    /// Members as somebody wrote them down; `None` as [`Members::first`].
    pub fn read(version: u32, flag: PrivacyFlag, members: CallParties, mandatory: Vec<AccountId>) -> Option<Self> {
        Self { version, flag, members, mandatory }.checked()
    }

    fn checked(self) -> Option<Self> {
        let wants = self.flag == PrivacyFlag::MandatoryRecipients;
        let in_order = self.mandatory.is_sorted_by(|one, two| one < two);
        let are_members = self.mandatory.iter().all(|party| self.members.place(party).is_some());
        (self.mandatory.is_empty() != wants && in_order && are_members).then_some(self)
    }

    /// How often the set was changed.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What a call that touches the contract is to name.
    pub fn flag(&self) -> PrivacyFlag {
        self.flag
    }

    /// The members, in the order of their bytes.
    pub fn accounts(&self) -> &[AccountId] {
        self.members.accounts()
    }

    /// Those without whom there is no call; nobody but with [`PrivacyFlag::MandatoryRecipients`].
    pub fn mandatory(&self) -> &[AccountId] {
        &self.mandatory
    }

    /// True if all these parties are members.
    pub fn include(&self, parties: &CallParties) -> bool {
        parties.accounts().iter().all(|party| self.members.place(party).is_some())
    }

    /// True if a call of these parties names everybody that the flag demands.
    pub fn are_named(&self, parties: &CallParties) -> bool {
        let demanded = match self.flag {
            PrivacyFlag::Standard => &[],
            PrivacyFlag::PartyProtection | PrivacyFlag::StateValidation => self.accounts(),
            PrivacyFlag::MandatoryRecipients => self.mandatory(),
        };
        demanded.iter().all(|party| parties.place(party).is_some())
    }
}

impl Decode for Members {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let (version, flag, members, mandatory) = Decode::decode(input)?;
        Self::read(version, flag, members, mandatory)
            .ok_or_else(|| "mandatory members are members in order, with their flag alone".into())
    }
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
    fn a_version_is_found_by_its_contract() {
        let versions = MemberVersions::new(vec![(ContractId([3; 32]), 7), (ContractId([1; 32]), 0)]).unwrap();
        let of = |n: u8| versions.of(&ContractId([n; 32]));
        assert_eq!((of(1), of(2), of(3)), (Some(0), None, Some(7)));
    }

    #[test]
    fn mandatory_members_are_members_in_order_with_their_flag_alone() {
        use PrivacyFlag::*;
        let parties = CallParties::new((1..4).map(account).collect()).unwrap();
        let first = |flag, mandatory: &[u8]| {
            Members::first(&parties, flag, &mandatory.iter().copied().map(account).collect::<Vec<_>>())
        };
        for flag in [Standard, PartyProtection, StateValidation] {
            assert!(first(flag, &[]).is_some());
            assert!(first(flag, &[1]).is_none());
        }
        assert!(first(MandatoryRecipients, &[]).is_none());
        assert!(first(MandatoryRecipients, &[1, 3]).is_some());
        for wrong in [&[3, 1][..], &[1, 1], &[4], &[1, 4]] {
            assert!(first(MandatoryRecipients, wrong).is_none(), "{wrong:?}");
            let bytes = (0u32, MandatoryRecipients, &parties, wrong.iter().copied().map(account).collect::<Vec<_>>());
            assert!(codec::decode::<Members>(&bytes.encode()).is_err());
        }
        let members = first(MandatoryRecipients, &[2]).unwrap();
        assert_eq!(codec::decode::<Members>(&members.encode()).unwrap(), members);
    }

    #[test]
    fn a_flag_says_who_must_be_named() {
        use PrivacyFlag::*;
        let of = |list: &[u8]| CallParties::new(list.iter().copied().map(account).collect()).unwrap();
        let named = |flag, mandatory: &[AccountId], parties: &[u8]| {
            Members::first(&of(&[1, 2, 3]), flag, mandatory).unwrap().are_named(&of(parties))
        };
        assert!(named(Standard, &[], &[3]));
        for flag in [PartyProtection, StateValidation] {
            assert!(named(flag, &[], &[1, 2, 3]));
            assert!(!named(flag, &[], &[1, 2]));
        }
        assert!(named(MandatoryRecipients, &[account(2)], &[2, 3]));
        assert!(!named(MandatoryRecipients, &[account(2)], &[1, 3]));
    }

    #[test]
    fn there_are_four_flags() {
        for byte in 0..=u8::MAX {
            assert_eq!(codec::decode::<PrivacyFlag>(&[byte]).is_ok(), byte < 4, "{byte}");
        }
        assert_eq!(PrivacyFlag::default().encode(), [0]);
    }
}
