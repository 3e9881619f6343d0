//! What private calls cost by themselves, without a node: sealing, marking, opening and checking for some parties, beside plain HPKE of the same
//! bytes for one recipient; and finding out whether a marker names anybody here. Microseconds of processor time, median of rounds.
//! `cargo bench --workspace --bench sealing`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use coffer::privacy::directory::{Directory, Serving};
use coffer::privacy::envelope::{Sealed, content_key, open, seal};
use coffer::privacy::keys::TagSecret;
use coffer::privacy::marking::{Shown, SlotContext, check, mark};
use coffer::privacy::resident::{EPOCH, Residents, TenantSecret};
use coffer::privacy::wraps::Recipient;
use coffer::sources::Sources;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Height};
use coffer_chain::{
    CallParties, Custodians, Custody, Envelope, InnerAction, InnerBody, InnerCall, Marker, MemberVersions,
    PROTOCOL_VERSION, PrivacyFlag, Psi, SigningKey, SlotText,
};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Kem, OpModeR, OpModeS, single_shot_open, single_shot_seal_with_rng};

const CHAIN: Hash = Hash([1; 32]);
const HEIGHT: Height = Height(9);
const ROUNDS: usize = 15;
const BATCH: u32 = 200;

/// The node's own tenants, as on a chain that keeps no parties.
struct Own<'a>(&'a Residents);

impl Directory for Own<'_> {
    type Error = Infallible;

    fn serving(&self, party: &AccountId) -> Result<Option<Serving>, Infallible> {
        Ok(self.0.own(party))
    }
}

fn main() {
    println!("| call | parties | seal | mark | open | check |\n|---:|---:|---:|---:|---:|---:|");
    for bytes in [300, 20_000] {
        for parties in [1, 2, 4] {
            let world = World::new(parties);
            let call = world.call(bytes, parties);
            let (sealed, named) = (world.seal(call.clone()), call.body.parties.accounts());
            let (marker, envelope) = (world.mark(&sealed, named), Envelope::decode(&sealed.bytes).unwrap());
            let (party, secret) = (&named[0], world.secret(&named[0]).encryption(EPOCH));
            let key = || content_key(&envelope, 0, party, EPOCH, &secret).unwrap();
            let text = open(&envelope, &key()).unwrap();
            let shown = Shown { chain_id: &CHAIN, relay: &world.relay, valid_until: HEIGHT, marker: &marker };
            let times = [
                micros(|| world.seal(call.clone())),
                micros(|| world.mark(&sealed, named)),
                micros(|| open(&Envelope::decode(&sealed.bytes).unwrap(), &key()).unwrap()),
                micros(|| check(&shown, &envelope, &text, &Own(&world.residents)).unwrap().unwrap()),
            ];
            let [seal, mark, open, check] = times.map(|time| format!("{time:.0}"));
            println!("| {bytes} bytes | {parties} | {seal} | {mark} | {open} | {check} |");
        }
        let (seal, open) = plain(bytes);
        println!("| {bytes} bytes, plain HPKE | 1 | {seal:.0} | | {open:.0} | |");
    }
    println!("\n| finding out whom a marker names | 4 slots | 32 slots |\n|---|---:|---:|");
    for tenants in [1, 10_000] {
        let world = World::new(tenants);
        let others = World::of_node(17, &[9; 32]);
        let find = |sender: &World, parties| {
            let call = sender.call(300, parties);
            let marker = sender.mark(&sender.seal(call.clone()), call.body.parties.accounts());
            let shown = Shown { chain_id: &CHAIN, relay: &sender.relay, valid_until: HEIGHT, marker: &marker };
            let found = world.residents.named(&Own(&world.residents), &shown).unwrap().len();
            (found, micros(|| world.residents.named(&Own(&world.residents), &shown).unwrap().len()))
        };
        let (none, small) = find(&others, 1);
        let (none_of_many, large) = find(&others, 17);
        assert_eq!((none, none_of_many), (0, 0));
        println!("| nobody of {tenants} tenants | {small:.0} | {large:.0} |");
        let (one, small) = find(&world, 1);
        assert_eq!(one, 1);
        println!("| one of {tenants} tenants, its receipt checked | {small:.0} | |");
    }
}

/// Tenants of one node that send to each other.
struct World {
    node: SigningKey,
    relay: AccountId,
    tenants: Vec<(Psi, TenantSecret)>,
    residents: Residents,
    sources: Sources,
}

impl World {
    fn new(tenants: usize) -> Self {
        Self::of_node(tenants, &[6; 32])
    }

    fn of_node(tenants: usize, node_secret: &[u8; 32]) -> Self {
        let secret = |n: usize| TenantSecret::new(blake3::hash(&n.to_le_bytes()).as_bytes());
        let tenants: Vec<(Psi, _)> = (0..tenants).map(|n| (format!("PS{n}").parse().unwrap(), secret(n))).collect();
        let node = SigningKey::from_seed(&[7; 32]);
        let relay = SigningKey::from_seed(&[8; 32]).account();
        let tag = TagSecret::of_node(node_secret, 0);
        let residents = Residents::new(tenants.iter().cloned().collect(), node.account(), tag, None);
        Self { node, relay, tenants, residents, sources: Sources::seeded(1, &Hash::ZERO) }
    }

    fn call(&self, bytes: usize, parties: usize) -> InnerCall {
        let account = SigningKey::from_seed(&[5; 32]);
        let named: Vec<_> = self.tenants[..parties].iter().map(|(_, secret)| secret.party()).collect();
        let (party, parties) = (named[0], CallParties::new(named).unwrap());
        let body = InnerBody {
            version: PROTOCOL_VERSION,
            chain_id: CHAIN,
            nonce: [2; 32],
            valid_until: HEIGHT,
            gas_limit: Gas(1),
            account: account.account(),
            party,
            parties,
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action: InnerAction::Call { contract: ContractId([3; 32]), method: "put".into(), input: vec![4; bytes] },
        };
        body.sign(&account)
    }

    fn secret(&self, party: &AccountId) -> Arc<TenantSecret> {
        self.residents.of_party(party).and_then(|psi| self.residents.secret(&psi)).unwrap()
    }

    fn seal(&self, call: InnerCall) -> Sealed {
        let parties = call.body.parties.accounts().to_vec();
        let keys: Vec<_> = parties.iter().map(|party| self.secret(party).encryption(EPOCH).key()).collect();
        let to = parties.iter().zip(&keys).map(|(party, key)| Recipient { party: *party, epoch: EPOCH, key });
        let to: Vec<_> = to.collect();
        seal(call, &self.relay, HEIGHT, &to, &self.sources).unwrap()
    }

    /// The marker of a sealed call, with a receipt for each of its parties.
    fn mark(&self, sealed: &Sealed, parties: &[AccountId]) -> Marker {
        let custody = |party: &AccountId| Custody::sign(&self.node, &CHAIN, &sealed.marker, &sealed.hash, party);
        let slot = |party: &AccountId| SlotText {
            party: *party,
            custodians: Custodians::default(),
            custody: custody(party),
            origin: self.node.account(),
        };
        let slots: Vec<_> = parties.iter().map(|party| (slot(party), self.residents.tag().key())).collect();
        let context =
            SlotContext { chain_id: &CHAIN, relay: &self.relay, marker: &sealed.marker, payload: &sealed.hash };
        mark(&context, &sealed.seed, &slots).unwrap()
    }
}

/// Microseconds of processor time.
fn micros<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let before = processor_ns();
            for _ in 0..BATCH {
                black_box(work());
            }
            (processor_ns() - before) / 1e3 / f64::from(BATCH)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// Nanoseconds that this thread had a processor.
fn processor_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Microseconds to seal so many bytes for one recipient with nothing but HPKE, and to open them.
fn plain(bytes: usize) -> (f64, f64) {
    type Suite = X25519HkdfSha256;
    let (secret, public) = Suite::derive_keypair(&[3; 32]);
    let (text, mut random) = (vec![4; bytes], Counted(0));
    let mut seal = || {
        let sealed = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeS::Base,
            &public,
            b"info",
            &text,
            b"aad",
            &mut random,
        );
        sealed.unwrap()
    };
    let sealing = micros(&mut seal);
    let (encapped, sealed) = seal();
    let open = || {
        let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeR::Base,
            &secret,
            &encapped,
            b"info",
            &sealed,
            b"aad",
        );
        opened.unwrap()
    };
    (sealing, micros(open))
}

/// Random enough for a benchmark.
struct Counted(u64);

impl TryRng for Counted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0 += 1;
        out.copy_from_slice(&blake3::hash(&self.0.to_le_bytes()).as_bytes()[..out.len()]);
        Ok(())
    }
}

impl TryCryptoRng for Counted {}
