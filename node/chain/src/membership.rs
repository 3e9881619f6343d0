//! How the members of private contracts change: a party joins or leaves a group of contracts that have the same members. Not here: what members are (`members`), how the state of the contracts goes over to who joins (the node). Invariants: a change
//! names each contract with the members that it has afterwards, so it fits one version of each and no other; who must agree follows from the flag of the contracts and from nothing else.

use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Hash, Height, Refused};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::PROTOCOL_VERSION;
use crate::authority::{Consent, Consents};
use crate::hash::{Domain, hash_of};
use crate::members::{CallParties, MAX_CALL_PARTIES, MAX_MEMBER_VERSIONS, Members, PrivacyFlag};
use crate::sign::{SigningKey, verify};

/// Contracts of one change.
pub const MAX_CONTRACTS: usize = MAX_MEMBER_VERSIONS;

/// What becomes of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum MembershipKind {
    /// It becomes a member.
    #[codec(index = 0)]
    Extend,
    /// It is a member no more.
    #[codec(index = 1)]
    Remove,
}

/// Why there is no such change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChange {
    /// No contract, or too many.
    #[error("a change is of 1 to {MAX_CONTRACTS} contracts, not of {0}")]
    Count(usize),
    /// Named twice.
    #[error("contract {0} stands twice")]
    Twice(ContractId),
    /// Members, mandatory members or flag are not those of the first one.
    #[error(
        "contract {0} has other members, other mandatory members or another flag than contract {1}; change them apart"
    )]
    Unequal(ContractId, ContractId),
    /// Nothing to add.
    #[error("the party is a member already")]
    IsMember,
    /// Nothing to take away.
    #[error("the party is no member")]
    IsNoMember,
    /// A call names no more parties.
    #[error("a contract has at most {MAX_CALL_PARTIES} members")]
    Full,
    /// Somebody must remain.
    #[error("the party is the only member; a contract has one at least")]
    Last,
    /// With flag 2 somebody mandatory must remain.
    #[error("the party is the only mandatory member; a contract with flag 2 has one at least")]
    LastMandatory,
    /// The counter of changes is at its end.
    #[error("the members were changed too often")]
    Versions,
}

/// A party joins or leaves contracts.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct MembershipChange {
    kind: MembershipKind,
    party: AccountId,
    contracts: Vec<(ContractId, Members)>,
}

impl MembershipChange {
    /// The change of contracts that have these members now.
    ///
    /// # Errors
    /// [`NoChange`].
    pub fn new(
        kind: MembershipKind,
        party: AccountId,
        mut contracts: Vec<(ContractId, Members)>,
    ) -> Result<Self, NoChange> {
        contracts.sort_unstable_by_key(|(id, _)| *id);
        for (_, members) in &mut contracts {
            *members = members.changed(kind, party)?;
        }
        Self { kind, party, contracts }.checked()
    }

    fn checked(self) -> Result<Self, NoChange> {
        let count = self.contracts.len();
        let Some((first, members)) = self.contracts.first().filter(|_| count <= MAX_CONTRACTS) else {
            return Err(NoChange::Count(count));
        };
        if let Some(pair) = self.contracts.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(NoChange::Twice(pair[1].0));
        }
        let is_equal = |other: &Members| {
            (other.flag(), other.accounts(), other.mandatory())
                == (members.flag(), members.accounts(), members.mandatory())
        };
        if let Some((other, _)) = self.contracts.iter().find(|(_, other)| !is_equal(other)) {
            return Err(NoChange::Unequal(*other, *first));
        }
        match (self.kind, members.accounts().contains(&self.party)) {
            (MembershipKind::Extend, false) => Err(NoChange::IsNoMember),
            (MembershipKind::Remove, true) => Err(NoChange::IsMember),
            _ => Ok(self),
        }
    }

    /// What becomes of the party.
    pub fn kind(&self) -> MembershipKind {
        self.kind
    }

    /// The party that joins or leaves.
    pub fn party(&self) -> AccountId {
        self.party
    }

    /// The contracts in the order of their ids, each with the members that it has afterwards.
    pub fn contracts(&self) -> &[(ContractId, Members)] {
        &self.contracts
    }

    /// True if the party joins.
    pub fn is_extension(&self) -> bool {
        self.kind == MembershipKind::Extend
    }

    /// The members of all the contracts afterwards. There is a contract, so there are some; of a change that is none nobody.
    fn after(&self) -> Option<&Members> {
        self.contracts.first().map(|(_, members)| members)
    }

    /// Whom the call that makes the change names: all members before and after.
    pub fn parties(&self) -> Option<CallParties> {
        let mut parties = self.after()?.accounts().to_vec();
        if !self.is_extension() {
            parties.push(self.party);
        }
        CallParties::new(parties)
    }

    /// Those who stay members, in the order of their bytes.
    pub fn staying(&self) -> impl Iterator<Item = &AccountId> {
        let accounts = self.after().map(Members::accounts).unwrap_or_default();
        accounts.iter().filter(|party| **party != self.party)
    }

    /// The members that must agree, and say afterwards what came of it, when `sender` makes the change: with flag 0 the sender, with flag 2 the mandatory members, with flags 1 and 3 all that
    /// stay; never the party itself. In the order of their bytes.
    pub fn deciding(&self, sender: &AccountId) -> Vec<AccountId> {
        let Some(after) = self.after() else { return Vec::new() };
        let decides = |party: &&AccountId| match after.flag() {
            PrivacyFlag::Standard => *party == sender,
            PrivacyFlag::MandatoryRecipients => after.mandatory().contains(party),
            PrivacyFlag::PartyProtection | PrivacyFlag::StateValidation => true,
        };
        self.staying().filter(decides).copied().collect()
    }

    /// Whose consents the call of `sender` must carry: those who decide, but for the sender, and whoever joins.
    pub fn asked(&self, sender: &AccountId) -> Vec<AccountId> {
        let joins = self.is_extension().then_some(self.party);
        self.deciding(sender).into_iter().chain(joins).filter(|party| party != sender).collect()
    }

    /// True if a party may make the change: it is a member before it.
    pub fn is_open_to(&self, sender: &AccountId) -> bool {
        self.staying().any(|party| party == sender) || !self.is_extension() && self.party == *sender
    }

    /// The same change of what a contract is now; `None` if that does not fit, as another version does not.
    pub fn fits(&self, contract: &ContractId, now: &Members) -> bool {
        let at = self.contracts.binary_search_by(|(named, _)| named.cmp(contract)).ok();
        let after = at.and_then(|at| self.contracts.get(at)).map(|(_, members)| members);
        after.is_some() && after == now.changed(self.kind, self.party).ok().as_ref()
    }

    fn digest(&self, chain_id: &Hash, valid_until: Height) -> Hash {
        hash_of(Domain::MembershipConsent, &(PROTOCOL_VERSION, chain_id, valid_until, self))
    }

    /// The consent of the party whose identity this is, up to a height.
    pub fn consent(&self, chain_id: &Hash, valid_until: Height, key: &SigningKey) -> Consent {
        let signature = key.sign(Domain::MembershipConsent, chain_id, &self.digest(chain_id, valid_until));
        Consent { party: key.account(), valid_until, signature }
    }

    /// Who did not consent, each with the reason; empty if `sender` may make the change at a height.
    pub fn missing(
        &self,
        chain_id: &Hash,
        sender: &AccountId,
        height: Height,
        consents: &Consents,
    ) -> Vec<(AccountId, Refused)> {
        let lacks = |party: &AccountId| match consents.of(party) {
            None => Some(Refused::NotAuthorised),
            Some(Consent { valid_until, signature, .. }) => {
                let digest = self.digest(chain_id, *valid_until);
                if !verify(party, Domain::MembershipConsent, chain_id, &digest, signature) {
                    Some(Refused::BadConsent)
                } else {
                    (*valid_until < height).then_some(Refused::ConsentExpired)
                }
            }
        };
        self.asked(sender).into_iter().filter_map(|party| Some((party, lacks(&party)?))).collect()
    }
}

impl Decode for MembershipChange {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let (kind, party, contracts) = Decode::decode(input)?;
        Self { kind, party, contracts }
            .checked()
            .map_err(|_| "a change of members is of 1 to 64 contracts in order that have the same members".into())
    }
}

impl Members {
    /// The members after a party joined or left.
    ///
    /// # Errors
    /// [`NoChange`].
    pub fn changed(&self, kind: MembershipKind, party: AccountId) -> Result<Self, NoChange> {
        let version = self.version().checked_add(1).ok_or(NoChange::Versions)?;
        let (mut accounts, mut mandatory) = (self.accounts().to_vec(), self.mandatory().to_vec());
        let is_member = accounts.contains(&party);
        match kind {
            MembershipKind::Extend if is_member => return Err(NoChange::IsMember),
            MembershipKind::Extend => accounts.push(party),
            MembershipKind::Remove if !is_member => return Err(NoChange::IsNoMember),
            MembershipKind::Remove => {
                accounts.retain(|member| *member != party);
                mandatory.retain(|member| *member != party);
                if accounts.is_empty() {
                    return Err(NoChange::Last);
                }
            }
        }
        let accounts = CallParties::new(accounts).ok_or(NoChange::Full)?;
        // What could be wrong with it now is that nobody mandatory is left.
        Self::read(version, self.flag(), accounts, mandatory).ok_or(NoChange::LastMandatory)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::codec;

    use super::*;
    use PrivacyFlag::*;

    const CHAIN: Hash = Hash([1; 32]);

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed(&[n; 32])
    }

    fn account(n: u8) -> AccountId {
        key(n).account()
    }

    fn members(flag: PrivacyFlag, parties: &[u8], mandatory: &[u8]) -> Members {
        let list = |numbers: &[u8]| {
            let mut list: Vec<_> = numbers.iter().copied().map(account).collect();
            list.sort_unstable();
            list
        };
        Members::first(&CallParties::new(list(parties)).unwrap(), flag, &list(mandatory)).unwrap()
    }

    fn change(kind: MembershipKind, party: u8, members: &[Members]) -> Result<MembershipChange, NoChange> {
        let contracts = (1..).map(|n| ContractId([n; 32])).zip(members.iter().cloned()).collect();
        MembershipChange::new(kind, account(party), contracts)
    }

    fn sorted(numbers: &[u8]) -> Vec<AccountId> {
        let mut list: Vec<_> = numbers.iter().copied().map(account).collect();
        list.sort_unstable();
        list
    }

    #[test]
    fn a_party_joins_and_leaves_and_each_time_the_version_is_another() {
        let before = members(PartyProtection, &[1, 2], &[]);
        let joined = before.changed(MembershipKind::Extend, account(3)).unwrap();
        assert_eq!((joined.version(), joined.accounts()), (1, &sorted(&[1, 2, 3])[..]));
        let left = joined.changed(MembershipKind::Remove, account(1)).unwrap();
        assert_eq!((left.version(), left.accounts()), (2, &sorted(&[2, 3])[..]));
        assert_eq!(left.flag(), PartyProtection);
    }

    #[test]
    fn what_cannot_be_changed_is_told_with_the_reason() {
        let one = members(Standard, &[1], &[]);
        let two = members(MandatoryRecipients, &[1, 2], &[1]);
        let full = members(Standard, &(1..=32).collect::<Vec<_>>(), &[]);
        let changed = |of: &Members, kind, party| of.changed(kind, account(party)).unwrap_err();
        assert_eq!(changed(&one, MembershipKind::Extend, 1), NoChange::IsMember);
        assert_eq!(changed(&one, MembershipKind::Remove, 2), NoChange::IsNoMember);
        assert_eq!(changed(&one, MembershipKind::Remove, 1), NoChange::Last);
        assert_eq!(changed(&two, MembershipKind::Remove, 1), NoChange::LastMandatory);
        assert_eq!(changed(&full, MembershipKind::Extend, 33), NoChange::Full);
        assert!(two.changed(MembershipKind::Remove, account(2)).is_ok());
        let last = Members::read(u32::MAX, Standard, CallParties::alone(account(1)), vec![]).unwrap();
        assert_eq!(changed(&last, MembershipKind::Extend, 2), NoChange::Versions);
    }

    #[test]
    fn a_group_has_the_same_members_each_once_and_not_too_many() {
        let two = members(PartyProtection, &[1, 2], &[]);
        let kind = MembershipKind::Extend;
        assert_eq!(change(kind, 3, &[]).unwrap_err(), NoChange::Count(0));
        assert!(change(kind, 3, &vec![two.clone(); 64]).is_ok());
        assert_eq!(change(kind, 3, &vec![two.clone(); 65]).unwrap_err(), NoChange::Count(65));
        for other in [members(PartyProtection, &[1], &[]), members(Standard, &[1, 2], &[])] {
            let unequal = NoChange::Unequal(ContractId([2; 32]), ContractId([1; 32]));
            assert_eq!(change(kind, 3, &[two.clone(), other]).unwrap_err(), unequal);
        }
        // Of different versions, though.
        let later = Members::read(7, PartyProtection, CallParties::new(sorted(&[1, 2])).unwrap(), vec![]).unwrap();
        assert!(change(kind, 3, &[two.clone(), later]).is_ok());
        let twice = vec![(ContractId([1; 32]), two.clone()), (ContractId([1; 32]), two)];
        assert_eq!(MembershipChange::new(kind, account(3), twice), Err(NoChange::Twice(ContractId([1; 32]))));
    }

    #[test]
    fn bytes_are_a_change_only_if_it_is_one() {
        let two = members(PartyProtection, &[1, 2], &[]);
        let good = change(MembershipKind::Extend, 3, &[two.clone(), two.clone()]).unwrap();
        assert_eq!(codec::decode::<MembershipChange>(&good.encode()).unwrap(), good);
        let refused = |kind: MembershipKind, party: u8, contracts: Vec<(ContractId, Members)>| {
            codec::decode::<MembershipChange>(&(kind, account(party), contracts).encode()).is_err()
        };
        let at = |n: u8, members: &Members| (ContractId([n; 32]), members.clone());
        assert!(refused(MembershipKind::Extend, 3, vec![at(1, &two)]));
        assert!(refused(MembershipKind::Remove, 2, vec![at(1, &two)]));
        assert!(!refused(MembershipKind::Remove, 3, vec![at(1, &two)]));
        assert!(refused(MembershipKind::Remove, 3, vec![]));
        assert!(refused(MembershipKind::Remove, 3, vec![at(2, &two), at(1, &two)]));
    }

    #[test]
    fn who_must_agree_follows_the_flag() {
        let asked = |flag, mandatory: &[u8], kind, party, sender| {
            let change = change(kind, party, &[members(flag, &[1, 2, 3], mandatory)]).unwrap();
            assert_eq!(
                change.parties().unwrap().accounts(),
                sorted(
                    &[1, 2, 3, party]
                        .into_iter()
                        .collect::<alloc::collections::BTreeSet<_>>()
                        .into_iter()
                        .collect::<Vec<_>>()
                )
            );
            let mut asked = change.asked(&account(sender));
            asked.sort_unstable();
            asked
        };
        let (extend, remove) = (MembershipKind::Extend, MembershipKind::Remove);
        assert_eq!(asked(Standard, &[], extend, 4, 1), sorted(&[4]));
        assert_eq!(asked(Standard, &[], remove, 3, 1), []);
        for flag in [PartyProtection, StateValidation] {
            assert_eq!(asked(flag, &[], extend, 4, 1), sorted(&[2, 3, 4]));
            assert_eq!(asked(flag, &[], remove, 3, 1), sorted(&[2]));
            // Who leaves needs the others, too.
            assert_eq!(asked(flag, &[], remove, 3, 3), sorted(&[1, 2]));
        }
        assert_eq!(asked(MandatoryRecipients, &[1, 2], extend, 4, 1), sorted(&[2, 4]));
        assert_eq!(asked(MandatoryRecipients, &[1, 2], remove, 3, 1), sorted(&[2]));
        assert_eq!(asked(MandatoryRecipients, &[1, 2], remove, 2, 3), sorted(&[1]));
    }

    #[test]
    fn members_of_before_may_change_and_nobody_else() {
        let two = members(Standard, &[1, 2], &[]);
        let extend = change(MembershipKind::Extend, 3, std::slice::from_ref(&two)).unwrap();
        let remove = change(MembershipKind::Remove, 2, &[two]).unwrap();
        let open = |change: &MembershipChange| (1..=4).map(|n| change.is_open_to(&account(n))).collect::<Vec<_>>();
        assert_eq!(open(&extend), [true, true, false, false]);
        assert_eq!(open(&remove), [true, true, false, false]);
    }

    #[test]
    fn a_change_fits_the_version_it_was_made_of() {
        let two = members(Standard, &[1, 2], &[]);
        let contract = ContractId([1; 32]);
        let extend = change(MembershipKind::Extend, 3, std::slice::from_ref(&two)).unwrap();
        assert!(extend.fits(&contract, &two));
        assert!(!extend.fits(&ContractId([9; 32]), &two));
        let later = two.changed(MembershipKind::Extend, account(4)).unwrap();
        assert!(!extend.fits(&contract, &later));
        assert!(!extend.fits(&contract, &extend.contracts()[0].1));
    }

    #[test]
    fn a_consent_holds_for_one_change_on_one_chain_up_to_its_height() {
        let change_of =
            |party| change(MembershipKind::Extend, party, &[members(PartyProtection, &[1, 2], &[])]).unwrap();
        let extend = change_of(3);
        let consents = |list: Vec<Consent>| Consents::new(list).unwrap();
        let missing = |list: Vec<Consent>, height| {
            let mut missing = extend.missing(&CHAIN, &account(1), Height(height), &consents(list));
            missing.sort_unstable();
            missing
        };
        let of = |n| extend.consent(&CHAIN, Height(9), &key(n));
        let sorted_missing = |list: &[(u8, Refused)]| {
            let mut list: Vec<_> = list.iter().map(|(n, why)| (account(*n), *why)).collect();
            list.sort_unstable();
            list
        };
        assert_eq!(missing(vec![of(2), of(3)], 9), []);
        assert_eq!(missing(vec![of(2)], 9), sorted_missing(&[(3, Refused::NotAuthorised)]));
        assert_eq!(
            missing(vec![of(2), of(3)], 10),
            sorted_missing(&[(2, Refused::ConsentExpired), (3, Refused::ConsentExpired)])
        );
        let wrong = [
            change_of(4).consent(&CHAIN, Height(9), &key(2)),
            extend.consent(&Hash([2; 32]), Height(9), &key(2)),
            Consent { valid_until: Height(10), ..of(2) },
            Consent { party: account(2), ..of(3) },
        ];
        for consent in wrong {
            assert_eq!(missing(vec![consent, of(3)], 9), sorted_missing(&[(2, Refused::BadConsent)]));
        }
    }
}
