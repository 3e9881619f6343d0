//! Sealing, marking, finding, opening and recomputing together, between nodes that serve several parties: what is theirs they find and open,
//! and nothing that was changed, copied or forged anywhere.

use std::collections::BTreeMap;
use std::slice::from_ref;

use coffer_abi::{AccountId, ContractId, Gas, Hash, Height};
use coffer_chain::envelope::{Envelope, Header, Text, WRAP, Wraps, payload_hash};
use coffer_chain::hash::Domain;
use coffer_chain::slots::SLOT;
use coffer_chain::{
    CallParties, Custodians, Custody, InnerAction, InnerBody, InnerCall, Marker, MemberVersions, PROTOCOL_VERSION,
    PrivacyFlag, SigningKey, SlotText, Slots,
};
use proptest::prelude::*;

use super::directory::{Directory, PublishedKey, Serving};
use super::envelope::{NotOpened, SealError, Sealed, content_key, open, seal};
use super::keys::{EncryptionSecret, TagSecret};
use super::marking::{Differs, Shown, SlotContext, check, is_of, mark, named};
use super::wraps::{ContentKey, Recipient};
use crate::sources::Sources;

const CHAIN: Hash = Hash([1; 32]);
const VALID_UNTIL: Height = Height(50);
const EPOCH: u32 = 4;

fn node_key(node: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + node; 32])
}

fn tag(node: u8) -> TagSecret {
    TagSecret::from_seed(&[150 + node; 32])
}

fn relay() -> AccountId {
    SigningKey::from_seed(&[99; 32]).account()
}

fn encryption(party: u8) -> EncryptionSecret {
    EncryptionSecret::from_seed(&[200 - party; 32])
}

/// Parties by number, each on a node, with custodians.
#[derive(Clone, Default)]
struct World {
    places: BTreeMap<AccountId, (u8, Vec<u8>)>,
    numbers: BTreeMap<AccountId, u8>,
}

impl World {
    /// So many parties, dealt to three nodes; node 9 is custodian of each.
    fn new(parties: u8) -> Self {
        let mut world = Self::default();
        for number in 0..parties {
            let party = SigningKey::from_seed(&[number; 32]).account();
            world.places.insert(party, (number % 3, vec![9]));
            world.numbers.insert(party, number);
        }
        world
    }

    fn parties(&self) -> CallParties {
        CallParties::new(self.places.keys().copied().collect()).unwrap()
    }

    fn encryption(&self, party: &AccountId) -> EncryptionSecret {
        encryption(self.numbers[party])
    }
}

impl Directory for World {
    type Error = std::convert::Infallible;

    fn serving(&self, party: &AccountId) -> Result<Option<Serving>, Self::Error> {
        let Some((node, custodians)) = self.places.get(party) else { return Ok(None) };
        let custodians = custodians.iter().map(|node| node_key(*node).account()).collect();
        // The previous key counts too.
        let tags = vec![tag(*node + 20).key(), tag(*node).key()];
        let keys = vec![PublishedKey { epoch: EPOCH, key: AccountId(*self.encryption(party).key().published()) }];
        Ok(Some(Serving { nodes: vec![node_key(*node).account()], tags, custodians, keys }))
    }
}

fn call(parties: CallParties, input: usize) -> InnerCall {
    let key = SigningKey::from_seed(&[77; 32]);
    let body = InnerBody {
        version: PROTOCOL_VERSION,
        chain_id: CHAIN,
        nonce: [3; 32],
        valid_until: VALID_UNTIL,
        gas_limit: Gas(10),
        account: key.account(),
        party: parties.accounts()[0],
        parties,
        versions: MemberVersions::default(),
        flag: PrivacyFlag::Standard,
        reads: None,
        action: InnerAction::Call {
            contract: ContractId([3; 32]),
            method: "pay_the_school".into(),
            input: vec![7; input],
        },
    };
    body.sign(&key)
}

fn seal_for(world: &World, call: InnerCall, sources: &Sources) -> Sealed {
    let keys: Vec<_> = call.body.parties.accounts().iter().map(|p| (*p, world.encryption(p).key())).collect();
    let recipients: Vec<_> = keys.iter().map(|(party, key)| Recipient { party: *party, epoch: EPOCH, key }).collect();
    seal(call, &relay(), VALID_UNTIL, &recipients, sources).unwrap()
}

fn sources() -> Sources {
    Sources::seeded(1, &Hash::ZERO)
}

/// The slot of a party with a receipt of `signer`.
fn slot(world: &World, party: &AccountId, signer: u8, sealed: &Sealed) -> (SlotText, super::keys::TagKey) {
    let custody = Custody::sign(&node_key(signer), &CHAIN, &sealed.marker, &sealed.hash, party);
    let custodians = Custodians::new(vec![node_key(9).account()]).unwrap();
    (SlotText { party: *party, custodians, custody, origin: custody.node }, tag(world.places[party].0).key())
}

fn context<'a>(sealed: &'a Sealed, relay: &'a AccountId) -> SlotContext<'a> {
    SlotContext { chain_id: &CHAIN, relay, marker: &sealed.marker, payload: &sealed.hash }
}

/// A sealed call with its marker and what it opens to.
struct Sent {
    world: World,
    sealed: Sealed,
    envelope: Envelope,
    text: Text,
    marker: Marker,
    relay: AccountId,
}

impl Sent {
    fn new(parties: u8) -> Self {
        let world = World::new(parties);
        let sealed = seal_for(&world, call(world.parties(), 100), &sources());
        let slots: Vec<_> =
            world.parties().accounts().iter().map(|p| slot(&world, p, world.places[p].0, &sealed)).collect();
        Self::with(world, sealed, &slots)
    }

    fn with(world: World, sealed: Sealed, slots: &[(SlotText, super::keys::TagKey)]) -> Self {
        let relay = relay();
        let marker = mark(&context(&sealed, &relay), &sealed.seed, slots).unwrap();
        let envelope = Envelope::decode(&sealed.bytes).unwrap();
        let party = envelope_party(&world, 0);
        let key = content_key(&envelope, 0, &party, EPOCH, &world.encryption(&party)).unwrap();
        let text = open(&envelope, &key).unwrap();
        Self { world, sealed, envelope, text, marker, relay }
    }

    fn shown(&self) -> Shown<'_> {
        Shown { chain_id: &CHAIN, relay: &self.relay, valid_until: VALID_UNTIL, marker: &self.marker }
    }

    fn check(&self, shown: &Shown<'_>) -> Result<(), Differs> {
        check(shown, &self.envelope, &self.text, &self.world).unwrap()
    }

    /// Places of the slots that a node finds.
    fn found(&self, node: u8, shown: &Shown<'_>) -> Vec<usize> {
        named(&[tag(node)], &self.world, shown).unwrap().iter().map(|named| named.place).collect()
    }

    fn with_slots(&self, change: impl FnOnce(&mut Vec<[u8; SLOT]>)) -> Marker {
        let mut slots = self.marker.slots.rows().to_vec();
        change(&mut slots);
        Marker { slots: Slots::new(slots).unwrap(), ..self.marker.clone() }
    }
}

fn envelope_party(world: &World, place: usize) -> AccountId {
    world.parties().accounts()[place]
}

#[test]
fn every_node_finds_its_parties_and_no_other_and_each_party_opens() {
    for parties in [1, 2, 4, 5, 8, 9, 17, 32] {
        let sent = Sent::new(parties);
        assert_eq!(sent.check(&sent.shown()), Ok(()));
        let accounts = sent.world.parties();
        for node in 0..3 {
            let expected: Vec<_> = (0..usize::from(parties))
                .filter(|place| sent.world.places[&accounts.accounts()[*place]].0 == node)
                .collect();
            assert_eq!(sent.found(node, &sent.shown()), expected, "node {node} of {parties}");
        }
        assert!(sent.found(4, &sent.shown()).is_empty(), "a node that serves nobody");
        for (place, party) in accounts.accounts().iter().enumerate() {
            let key = content_key(&sent.envelope, place, party, EPOCH, &sent.world.encryption(party)).unwrap();
            assert_eq!(open(&sent.envelope, &key).unwrap(), sent.text);
            // A co-party serves the key to who cannot open its wrap.
            let served = ContentKey::new(zeroize::Zeroizing::new(*key.bytes()));
            assert_eq!(open(&sent.envelope, &served).unwrap(), sent.text);
        }
        assert_eq!(payload_hash(&sent.sealed.bytes), sent.marker.payload);
    }
}

#[test]
fn no_other_party_place_epoch_or_content_key_opens() {
    let sent = Sent::new(4);
    let accounts = sent.world.parties();
    let secrets: Vec<_> = accounts.accounts().iter().map(|p| sent.world.encryption(p)).collect();
    for place in 0..4 {
        for (other, party) in accounts.accounts().iter().enumerate() {
            for (third, secret) in secrets.iter().enumerate() {
                let opened = content_key(&sent.envelope, place, party, EPOCH, secret);
                assert_eq!(opened.is_ok(), place == other && other == third, "{place} {other} {third}");
            }
        }
        let party = accounts.accounts()[place];
        assert_eq!(content_key(&sent.envelope, place, &party, EPOCH + 1, &secrets[place]), Err(NotOpened));
        assert_eq!(content_key(&sent.envelope, 4, &party, EPOCH, &secrets[place]), Err(NotOpened));
    }
    let other = ContentKey::new(zeroize::Zeroizing::new([8; 32]));
    assert_eq!(open(&sent.envelope, &other), Err(NotOpened));
}

#[test]
fn no_changed_bit_of_a_payload_opens() {
    let sent = Sent::new(2);
    let party = envelope_party(&sent.world, 1);
    let secret = sent.world.encryption(&party);
    let good = content_key(&sent.envelope, 1, &party, EPOCH, &secret).unwrap();
    for bit in 0..sent.sealed.bytes.len() * 8 {
        let mut bytes = sent.sealed.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = Envelope::decode(&bytes) else { continue };
        let by_wrap = || content_key(&changed, 1, &party, EPOCH, &secret).and_then(|key| open(&changed, &key));
        // Agreeing on keys takes long: by the wrap for one bit of each byte, by the key for all.
        assert!(bit % 8 != (bit / 8) % 8 || by_wrap() == Err(NotOpened), "bit {bit}, by the wrap");
        assert_eq!(open(&changed, &good), Err(NotOpened), "bit {bit}, by the key");
    }
}

#[test]
fn a_header_of_another_context_opens_nothing() {
    let sent = Sent::new(2);
    let party = envelope_party(&sent.world, 0);
    let header = &sent.envelope.header;
    let key = content_key(&sent.envelope, 0, &party, EPOCH, &sent.world.encryption(&party)).unwrap();
    let others = [
        Header { chain_id: Hash([9; 32]), ..header.clone() },
        Header { relay: AccountId([9; 32]), ..header.clone() },
        Header { marker: Hash([9; 32]), ..header.clone() },
        Header { valid_until: Height(9), ..header.clone() },
        Header { inner: Hash([9; 32]), ..header.clone() },
        Header { parties: Hash([9; 32]), ..header.clone() },
        Header { key: Hash([9; 32]), ..header.clone() },
    ];
    for header in others {
        let changed = Envelope { header, ..sent.envelope.clone() };
        assert!(content_key(&changed, 0, &party, EPOCH, &sent.world.encryption(&party)).is_err());
        assert_eq!(open(&changed, &key), Err(NotOpened), "{:?}", changed.header);
    }
}

/// A payload as a sender makes it that knows all keys and follows no rule but those of the cipher.
fn forged(header: &Header, wraps: &Wraps, content: &ContentKey, text: &Text) -> Envelope {
    use chacha20poly1305::aead::{Aead, KeyInit, Payload};
    let cipher = chacha20poly1305::ChaCha20Poly1305::new(&(*content.bytes()).into());
    let payload = Payload { msg: &text.to_padded().unwrap(), aad: &Envelope::associated(header, wraps) };
    let sealed = cipher.encrypt(&chacha20poly1305::Nonce::default(), payload).unwrap();
    Envelope { header: header.clone(), wraps: wraps.clone(), sealed }
}

#[test]
fn a_payload_whose_header_or_filling_is_not_of_its_text_does_not_open() {
    let sent = Sent::new(2);
    let party = envelope_party(&sent.world, 0);
    let Envelope { header, wraps, .. } = &sent.envelope;
    let key = content_key(&sent.envelope, 0, &party, EPOCH, &sent.world.encryption(&party)).unwrap();
    assert_eq!(forged(header, wraps, &key, &sent.text), sent.envelope, "the forger can");
    let fails = |header: &Header, wraps: &Wraps, text: &Text| {
        assert_eq!(open(&forged(header, wraps, &key, text), &key), Err(NotOpened));
    };
    fails(&Header { inner: Hash([9; 32]), ..header.clone() }, wraps, &sent.text);
    fails(&Header { parties: Hash([9; 32]), ..header.clone() }, wraps, &sent.text);
    fails(&Header { chain_id: Hash([9; 32]), ..header.clone() }, wraps, &sent.text);
    fails(&Header { key: Hash([9; 32]), ..header.clone() }, wraps, &sent.text);
    fails(header, wraps, &Text { salt: [9; 32], ..sent.text.clone() });
    fails(header, wraps, &Text { seed: [9; 32], ..sent.text.clone() });
    let mut call = sent.text.call.clone();
    call.body.gas_limit = Gas(11);
    fails(header, wraps, &Text { call, ..sent.text.clone() });
    let mut rows: Vec<[u8; WRAP]> = wraps.rows().to_vec();
    rows[2][0] ^= 1;
    fails(header, &Wraps::new(rows).unwrap(), &sent.text);
}

/// ChaCha20-Poly1305 lets one sealed text open under two keys; the commitment in the header does not.
#[test]
fn no_payload_opens_under_two_keys() {
    let sent = Sent::new(1);
    let other = ContentKey::new(zeroize::Zeroizing::new([8; 32]));
    let Envelope { header, wraps, .. } = &sent.envelope;
    // Sealed under another key than the header commits to, with everything else as it must be: the cipher takes it, opening does not.
    let two = forged(header, wraps, &other, &sent.text);
    assert_eq!(open(&two, &other), Err(NotOpened));
    let committed = Header { key: other.commitment(), ..header.clone() };
    assert_eq!(open(&forged(&committed, wraps, &other, &sent.text), &other).unwrap(), sent.text);
}

#[test]
fn a_repeated_random_source_repeats_nothing_for_another_text() {
    let world = World::new(1);
    let one = seal_for(&world, call(world.parties(), 1), &sources());
    let two = seal_for(&world, call(world.parties(), 2), &sources());
    let same = seal_for(&world, call(world.parties(), 1), &sources());
    assert_eq!(one, same);
    assert_ne!(one.marker, two.marker);
    assert_ne!(one.seed, two.seed);
    let (one, two) = (Envelope::decode(&one.bytes).unwrap(), Envelope::decode(&two.bytes).unwrap());
    assert_ne!(one.header.key, two.header.key);
    // The ephemeral keys of the wraps.
    assert_ne!(one.wraps.rows()[0][..32], two.wraps.rows()[0][..32]);
}

#[test]
fn nothing_of_the_text_shows_and_lengths_tell_size_classes_alone() {
    let world = World::new(3);
    let sealed = |input| seal_for(&world, call(world.parties(), input), &sources()).bytes;
    let bytes = sealed(100);
    for secret in [&b"school"[..], &envelope_party(&world, 0).0, &[7; 16]] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    assert_eq!(sealed(0).len(), sealed(40).len());
    assert_eq!(seal_for(&World::new(4), call(World::new(4).parties(), 0), &sources()).bytes.len(), sealed(0).len());
}

#[test]
fn a_call_is_sealed_for_its_parties_in_their_order_only() {
    let world = World::new(3);
    let call = call(world.parties(), 1);
    let key = encryption(0).key();
    let seal = |parties: &[AccountId]| {
        let to: Vec<_> = parties.iter().map(|party| Recipient { party: *party, epoch: 0, key: &key }).collect();
        seal(call.clone(), &relay(), VALID_UNTIL, &to, &sources())
    };
    let [a, b, c] = world.parties().accounts().try_into().unwrap();
    assert!(seal(&[a, b, c]).is_ok());
    for other in [&[a, b][..], &[a, c, b], &[a, b, c, c], &[]] {
        assert_eq!(seal(other), Err(SealError::OtherParties));
    }
    let large = Recipient { party: a, epoch: 0, key: &key };
    let sealed = super::envelope::seal(
        self::call(CallParties::alone(a), 2_000_000),
        &relay(),
        VALID_UNTIL,
        &[large],
        &sources(),
    );
    assert!(matches!(sealed, Err(SealError::TooLarge(_))), "{sealed:?}");
}

#[test]
fn a_previous_tag_key_counts_as_long_as_the_directory_says_so() {
    let sent = Sent::new(2);
    let node = sent.world.places[&envelope_party(&sent.world, 0)].0;
    let (current, previous) = (tag(node + 20), tag(node));
    let places = |tags: &[TagSecret]| named(tags, &sent.world, &sent.shown()).unwrap().len();
    assert_eq!(
        (places(from_ref(&current)), places(from_ref(&previous)), places(&[current, previous.clone()])),
        (0, 1, 1)
    );
    struct Later<'a>(&'a World);
    impl Directory for Later<'_> {
        type Error = std::convert::Infallible;

        fn serving(&self, party: &AccountId) -> Result<Option<Serving>, Self::Error> {
            let serving = self.0.serving(party)?;
            Ok(serving.map(|serving| Serving { tags: vec![serving.tags[0]], ..serving }))
        }
    }
    let later = named(&[previous], &Later(&sent.world), &sent.shown()).unwrap();
    assert!(later.is_empty(), "who finds and who checks agree");
    assert_eq!(check(&sent.shown(), &sent.envelope, &sent.text, &Later(&sent.world)).unwrap(), Err(Differs));
}

#[test]
fn a_marker_copied_under_another_relay_id_payload_or_chain_names_nobody() {
    let sent = Sent::new(4);
    let (stranger, chain) = (AccountId([9; 32]), Hash([9; 32]));
    let shown = sent.shown();
    let id = Marker { id: Hash([9; 32]), ..sent.marker.clone() };
    let payload = Marker { payload: Hash([9; 32]), ..sent.marker.clone() };
    let ephemeral = Marker { ephemeral: [9; 32], ..sent.marker.clone() };
    let copies = [
        Shown { relay: &stranger, ..shown },
        Shown { chain_id: &chain, ..shown },
        Shown { marker: &id, ..shown },
        Shown { marker: &payload, ..shown },
        Shown { marker: &ephemeral, ..shown },
    ];
    for copy in copies {
        assert!((0..3).all(|node| sent.found(node, &copy).is_empty()), "{copy:?}");
        assert_eq!(sent.check(&copy), Err(Differs), "{copy:?}");
    }
    // What is not in the slots' keys is in the header.
    let later = Shown { valid_until: Height(51), ..shown };
    assert!(!is_of(&sent.envelope.header, &later) && is_of(&sent.envelope.header, &shown));
    assert_eq!(sent.check(&later), Err(Differs));
}

#[test]
fn slots_of_another_marker_or_in_another_order_name_nobody() {
    let (sent, other) = (Sent::new(4), Sent::new(3));
    for (from, to) in (0..4).flat_map(|from| (0..4).map(move |to| (from, to))).filter(|(from, to)| from != to) {
        let permuted = sent.with_slots(|slots| slots.swap(from, to));
        let shown = Shown { marker: &permuted, ..sent.shown() };
        assert_eq!(sent.check(&shown), Err(Differs));
        for node in 0..3 {
            let mut expected = sent.found(node, &sent.shown());
            expected.retain(|place| *place != from && *place != to);
            assert_eq!(sent.found(node, &shown), expected);
        }
        let copied = sent.with_slots(|slots| slots[to] = other.marker.slots.rows()[from]);
        let shown = Shown { marker: &copied, ..sent.shown() };
        assert_eq!(sent.check(&shown), Err(Differs));
        assert!((0..3).all(|node| !sent.found(node, &shown).contains(&to)));
    }
}

#[test]
fn a_changed_bit_of_any_slot_is_found() {
    let sent = Sent::new(2);
    for slot in 0..4 {
        for byte in 0..SLOT {
            let changed = sent.with_slots(|slots| slots[slot][byte] ^= 1 << (byte % 8));
            let shown = Shown { marker: &changed, ..sent.shown() };
            assert_eq!(sent.check(&shown), Err(Differs), "slot {slot}, byte {byte}");
            if slot < 2 && byte % 16 == 0 {
                assert!((0..3).all(|node| !sent.found(node, &shown).contains(&slot)));
            }
        }
    }
}

#[test]
fn a_marker_that_leaves_a_party_out_or_adds_one_fails_for_all() {
    let world = World::new(4);
    let sealed = seal_for(&world, call(world.parties(), 1), &sources());
    let all: Vec<_> = world.parties().accounts().iter().map(|p| slot(&world, p, world.places[p].0, &sealed)).collect();
    let whole = Sent::with(world.clone(), sealed.clone(), &all);
    assert_eq!(whole.check(&whole.shown()), Ok(()));
    for left_out in 0..4 {
        let mut some = all.clone();
        some.remove(left_out);
        let sent = Sent::with(world.clone(), sealed.clone(), &some);
        assert_eq!(sent.check(&sent.shown()), Err(Differs), "without {left_out}");
        // In its place: something that looks like a slot.
        let whole = whole.with_slots(|slots| slots[left_out] = [5; SLOT]);
        assert_eq!(sent.check(&Shown { marker: &whole, ..sent.shown() }), Err(Differs), "hidden {left_out}");
    }
    // One more than signed: in a slot that is to be filling, and as a fifth.
    let three = CallParties::new(world.parties().accounts()[..3].to_vec()).unwrap();
    let sealed = seal_for(&world, call(three, 1), &sources());
    let slots = |count: usize| -> Vec<_> {
        world.parties().accounts()[..count].iter().map(|p| slot(&world, p, world.places[p].0, &sealed)).collect()
    };
    let right = Sent::with(world.clone(), sealed.clone(), &slots(3));
    assert_eq!(right.check(&right.shown()), Ok(()));
    let added = Sent::with(world.clone(), sealed.clone(), &slots(4));
    assert_eq!(added.check(&added.shown()), Err(Differs));
    // The one that was added finds itself all the same, and cannot be fooled: its check fails, too.
    assert!((0..3).any(|node| added.found(node, &added.shown()).contains(&3)));
}

#[test]
fn the_slots_of_two_parties_exchanged_and_sealed_anew_fail() {
    let world = World::new(2);
    let sealed = seal_for(&world, call(world.parties(), 1), &sources());
    let mut slots: Vec<_> =
        world.parties().accounts().iter().map(|p| slot(&world, p, world.places[p].0, &sealed)).collect();
    slots.swap(0, 1);
    let sent = Sent::with(world, sealed, &slots);
    assert_eq!(sent.check(&sent.shown()), Err(Differs));
}

#[test]
fn a_slot_without_a_receipt_of_who_may_give_one_is_no_party() {
    let world = World::new(2);
    let sealed = seal_for(&world, call(world.parties(), 1), &sources());
    let parties = world.parties();
    let [first, second] = parties.accounts().try_into().unwrap();
    let good = slot(&world, &second, world.places[&second].0, &sealed);
    let (node, other) = (world.places[&first].0, world.places[&second].0);
    assert_ne!(node, other);
    let is_named = |first_slot: SlotText, tag_key| {
        let sent = Sent::with(world.clone(), sealed.clone(), &[(first_slot, tag_key), good.clone()]);
        let found = sent.found(node, &sent.shown()).contains(&0);
        assert_eq!(sent.check(&sent.shown()).is_ok(), found, "who is named and who executes agree");
        found
    };
    let (text, key) = slot(&world, &first, node, &sealed);
    assert!(is_named(text.clone(), key), "the serving node");
    assert!(is_named(slot(&world, &first, 9, &sealed).0, key), "a custodian");
    assert!(!is_named(slot(&world, &first, other, &sealed).0, key), "a node that serves somebody else");
    assert!(!is_named(slot(&world, &first, 8, &sealed).0, key), "a stranger");
    let unnamed = SlotText { custodians: Custodians::default(), ..slot(&world, &first, 9, &sealed).0 };
    assert!(!is_named(unnamed, key), "a custodian that the slot does not name");
    let own = SlotText {
        custodians: Custodians::new(vec![node_key(8).account()]).unwrap(),
        ..slot(&world, &first, 8, &sealed).0
    };
    assert!(!is_named(own, key), "a custodian that the party did not choose");
    let forge = |custody: Custody| SlotText { custody, ..text.clone() };
    let signer = node_key(node);
    let of =
        |chain: &Hash, marker: &Hash, payload: &Hash| forge(Custody::sign(&signer, chain, marker, payload, &first));
    let any = Hash([9; 32]);
    assert!(!is_named(of(&any, &sealed.marker, &sealed.hash), key), "another chain");
    assert!(!is_named(of(&CHAIN, &any, &sealed.hash), key), "another marker");
    assert!(!is_named(of(&CHAIN, &sealed.marker, &any), key), "another payload");
    let mut signature = text.custody.signature;
    signature.0 = [0; 64];
    assert!(!is_named(forge(Custody { signature, ..text.custody }), key), "no signature");
    let of_other = forge(Custody::sign(&signer, &CHAIN, &sealed.marker, &sealed.hash, &AccountId([9; 32])));
    assert!(!is_named(of_other, key), "for another party");
    assert!(is_named(of(&CHAIN, &sealed.marker, &sealed.hash), key));
}

#[test]
fn a_party_that_nobody_serves_and_a_slot_for_another_node_fail() {
    let sent = Sent::new(3);
    let mut gone = sent.world.clone();
    let party = envelope_party(&sent.world, 1);
    gone.places.remove(&party);
    assert_eq!(check(&sent.shown(), &sent.envelope, &sent.text, &gone).unwrap(), Err(Differs));
    let mut moved = sent.world.clone();
    moved.places.insert(party, (5, vec![9]));
    assert_eq!(check(&sent.shown(), &sent.envelope, &sent.text, &moved).unwrap(), Err(Differs));
}

#[test]
fn wraps_and_slots_are_as_many() {
    let sent = Sent::new(2);
    let more = Marker {
        slots: Slots::filled(
            sent.marker.slots.rows()[..2].iter().copied().chain([[0; SLOT]; 3]).collect(),
            Domain::SlotFilling,
            &sent.text.seed,
        )
        .unwrap(),
        ..sent.marker.clone()
    };
    assert_eq!(more.slots.rows().len(), 8);
    assert_eq!(sent.check(&Shown { marker: &more, ..sent.shown() }), Err(Differs));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

    /// Whatever is changed in a payload or a marker: nobody opens it, or all see the same that was sent.
    #[test]
    fn what_was_changed_anywhere_is_executed_by_nobody(
        parties in 1_u8..=6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        in_payload in any::<bool>(),
    ) {
        use coffer_abi::{Encode, codec};
        let sent = Sent::new(parties);
        let mut bytes = if in_payload { sent.sealed.bytes.clone() } else { sent.marker.encode() };
        let whole = bytes.clone();
        for (at, with) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= with;
        }
        prop_assume!(bytes != whole);
        let party = envelope_party(&sent.world, 0);
        if in_payload {
            prop_assert_ne!(payload_hash(&bytes), sent.marker.payload);
            if let Ok(envelope) = Envelope::decode(&bytes) {
                let secret = sent.world.encryption(&party);
                let opened = content_key(&envelope, 0, &party, EPOCH, &secret).and_then(|key| open(&envelope, &key));
                prop_assert_eq!(opened, Err(NotOpened));
            }
        } else if let Ok(marker) = codec::decode::<Marker>(&bytes) {
            prop_assert_eq!(sent.check(&Shown { marker: &marker, ..sent.shown() }), Err(Differs));
        }
    }
}
