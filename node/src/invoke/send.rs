//! Private calls on their way to their parties: whom they go to, sealed for all, handed over for receipts, then ordered by a marker made of these. Not here: public calls and what both have in common (`write`), how payloads
//! travel (`exchange`). Invariants: a marker is submitted only after the payload is on this node's disk and somebody who may keep it said so for each party; what fails before that left nothing in the pool.

use std::collections::BTreeMap;

use coffer_abi::{AccountId, Gas, Height};
use coffer_chain::hash::Domain;
use coffer_chain::{
    CallParties, Custodians, Custody, InnerAction, InnerBody, InnerCall, Kind, MemberVersions, PROTOCOL_VERSION,
    PrivacyFlag, Psi, SlotText,
};
use futures::future::join_all;
use tokio::time::Instant;

use super::read::blocking;
use super::write::Sent;
use super::{InvokeError, Invoker};
use crate::exchange::{NotDelivered, Parcel, Place, Waiting};
use crate::executor::{keeps_parties, lane_of, needed_role};
use crate::organisation::KeyHolder;
use crate::privacy::envelope;
use crate::privacy::keys::{EncryptionKey, TagKey};
use crate::privacy::marking::{SlotContext, mark};
use crate::privacy::wraps::Recipient;
use crate::quota::{Meter, Reserved};
use crate::state::View;
use crate::tenant::TenantContext;

/// Whom a private call is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Parties beside the caller's own.
    pub parties: Vec<AccountId>,
    /// What the call demands of its parties; if left open, what the contract that it concerns was deployed with.
    pub flag: Option<PrivacyFlag>,
    /// Parties without which no call of a contract that is deployed may be, with the flag that asks for them.
    pub mandatory: Vec<AccountId>,
    /// Whose receipts it needs.
    pub mode: Mode,
}

/// Whose receipts a private call needs before it is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Of the node that serves each party.
    #[default]
    All,
    /// For each party, of the node that serves it or of one of its custodians.
    Async,
}

/// A party, and where it is written to.
struct To {
    place: Place,
    node: AccountId,
    tag: TagKey,
    epoch: u32,
    key: EncryptionKey,
    custodians: Vec<AccountId>,
}

/// A call that is sealed and stored here.
struct Packed {
    parcel: Parcel,
    seed: zeroize::Zeroizing<[u8; 32]>,
    valid_until: Height,
    to: Vec<To>,
}

impl Invoker {
    /// Seals a call for its parties, hands it over, and submits its marker.
    pub(super) async fn send_private(
        &self,
        tenant: &TenantContext,
        kind: Kind,
        account: AccountId,
        gas_limit: Gas,
        recipients: Recipients,
    ) -> Result<Sent, InvokeError> {
        let mut mandatory = recipients.mandatory.clone();
        mandatory.sort_unstable();
        mandatory.dedup();
        self.send_inner(tenant, inner(kind, mandatory)?, account, gas_limit, recipients).await
    }

    /// The same for what an inner call does.
    pub(super) async fn send_inner(
        &self,
        tenant: &TenantContext,
        action: InnerAction,
        account: AccountId,
        gas_limit: Gas,
        recipients: Recipients,
    ) -> Result<Sent, InvokeError> {
        let mode = recipients.mode;
        let (this, psi) = (self.clone(), tenant.psi().clone());
        // Only here, where nothing was done yet: what is ordered is executed whatever it takes.
        let (meter, state) = (self.parts.quotas.of(tenant), &self.parts.state);
        meter.check_payload(Instant::now())?;
        if matches!(action, InnerAction::Deploy { .. }) {
            // Of a call it is known once it was prepared.
            meter.check_storage(state.private_bytes(&psi))?;
        }
        let room = meter.reserve(state.private_head(&psi))?;
        let tenant = tenant.clone();
        // The slot of a query is a ticket here: it bounds how many wait for their call to be prepared.
        let turn = self.turn(lane_of(&tenant)).await?;
        let packed = blocking(move || {
            let _turn = turn;
            this.pack(&tenant, action, account, gas_limit, recipients)
        });
        let packed = packed.await?;
        let receipts = self.receipts(&packed, mode).await?;
        let this = self.clone();
        blocking(move || this.order(&packed, &receipts, &psi, (&meter, room))).await
    }

    fn pack(
        &self,
        tenant: &TenantContext,
        action: InnerAction,
        account: AccountId,
        gas_limit: Gas,
        recipients: Recipients,
    ) -> Result<Packed, InvokeError> {
        let parts = &self.parts;
        let secret = parts.residents.secret(tenant.psi());
        let secret = secret.ok_or_else(|| InvokeError::NotConfigured(tenant.psi().clone()))?;
        // One that cannot be used takes no calls, nor does one that is held.
        let view = parts.state.private(tenant.psi())?;
        self.check_goes_on(tenant)?;
        let flag = match recipients.flag {
            Some(flag) => flag,
            None => recorded_flag(&view, &action)?,
        };
        let (chain_id, party, valid_until) = (*parts.executor.chain_id(), secret.party(), self.valid_until());
        let public = parts.state.public();
        let keeps_parties = keeps_parties(&public)?;
        if keeps_parties {
            public.acting(&party, &account, needed_role(&action))?.map_err(InvokeError::MayNotAct)?;
        }
        let mut named = recipients.parties;
        if !named.contains(&party) {
            named.push(party);
        }
        let parties = CallParties::new(named).ok_or(InvokeError::Parties)?;
        if let Some(party) = recipients.mandatory.iter().find(|party| parties.place(party).is_none()) {
            let why = "is mandatory and not among the parties; name it there, too".to_owned();
            return Err(InvokeError::Recipient { party: *party, why });
        }
        let mut to = Vec::with_capacity(parties.accounts().len());
        for (place, party) in (0..).zip(parties.accounts()) {
            let place = Place { party: *party, place };
            to.push(if keeps_parties { self.address(&public, place)? } else { self.own_address(place)? });
        }
        let mut body = InnerBody {
            version: PROTOCOL_VERSION,
            chain_id,
            nonce: parts.sources.bytes(),
            valid_until,
            gas_limit,
            account,
            party,
            parties,
            versions: MemberVersions::default(),
            flag,
            reads: None,
            action,
        };
        // A change of members passes no gate, and says itself what it is of.
        if !matches!(body.action, InnerAction::Members { .. }) {
            self.prepare_call(tenant, &mut body)?;
        }
        let signature = parts.keys.sign(&account, Domain::InnerCallSignature, &chain_id, &body.id())?;
        let relay = parts.keys.relay_key().account();
        let sealed_for: Vec<_> =
            to.iter().map(|to| Recipient { party: to.place.party, epoch: to.epoch, key: &to.key }).collect();
        let call = InnerCall { body, signature };
        let sealed = envelope::seal(call, &relay, valid_until, &sealed_for, &parts.sources)?;
        parts.payloads.put(&sealed.hash, &sealed.bytes)?;
        parts.quotas.of(tenant).used_payload(sealed.bytes.len(), Instant::now());
        let parcel = Parcel { marker: sealed.marker, hash: sealed.hash, payload: sealed.bytes };
        Ok(Packed { parcel, seed: sealed.seed, valid_until, to })
    }

    /// Where a party is written to by the newest block.
    fn address(&self, public: &View, place: Place) -> Result<To, InvokeError> {
        let party = place.party;
        let refused = |why: &str| InvokeError::Recipient { party, why: why.to_owned() };
        let height = self.next_height();
        let serving = public.serving(&party, height)?.ok_or_else(|| {
            refused("is no party of this chain; ask its organisation for its identity, or look at network_parties")
        })?;
        if serving.retired {
            return Err(refused(
                "is retired: nothing may be sent to it; ask its organisation which party took its place",
            ));
        }
        if serving.suspended {
            return Err(refused("is of an organisation that is suspended; try again once the others have resumed it"));
        }
        let node = serving.node;
        if node == self.parts.exchange.me() && self.parts.residents.of_party(&party).is_none() {
            return Err(refused(
                "is registered at this node, which does not have its private state; its operator adds it",
            ));
        }
        let tag = serving.tag_keys.iter().find(|(of, _)| *of == node).and_then(|(_, key)| TagKey::new(&key.0));
        let tag = tag.ok_or_else(|| {
            refused(
                "is served by a node without a tag key, so no marker can name it; that node publishes one once it runs",
            )
        })?;
        let key = EncryptionKey::new(&serving.key.0);
        let key = key.ok_or_else(|| refused("has an encryption key that is none; it has to be replaced"))?;
        Ok(To { place, node, tag, epoch: serving.epoch, key, custodians: serving.custodians })
    }

    /// Where it is written to on a chain that keeps no parties: there a node knows its own alone.
    fn own_address(&self, place: Place) -> Result<To, InvokeError> {
        let (party, residents) = (place.party, &self.parts.residents);
        let refused = |why: &str| InvokeError::Recipient { party, why: why.to_owned() };
        let secret = residents.of_party(&party).and_then(|psi| residents.secret(&psi));
        let secret = secret.ok_or_else(|| refused("is no party of this node, and this chain keeps no others"))?;
        let epoch = crate::privacy::resident::EPOCH;
        let (node, tag, key) = (self.parts.exchange.me(), residents.tag().key(), secret.encryption(epoch).key());
        Ok(To { place, node, tag, epoch, key, custodians: Vec::new() })
    }

    /// A custody receipt for each party, in their order. All nodes are asked at once, each once for all of its parties.
    async fn receipts(&self, packed: &Packed, mode: Mode) -> Result<Vec<Custody>, InvokeError> {
        let exchange = &self.parts.exchange;
        let me = exchange.me();
        let mut nodes: BTreeMap<AccountId, Vec<Place>> = BTreeMap::new();
        for to in packed.to.iter().filter(|to| to.node != me) {
            nodes.entry(to.node).or_default().push(to.place);
        }
        let asked = nodes
            .into_iter()
            .map(|(node, places)| async move { (node, exchange.deliver(node, &packed.parcel, places).await) });
        let answers: BTreeMap<AccountId, Result<BTreeMap<AccountId, Custody>, NotDelivered>> =
            join_all(asked).await.into_iter().collect();
        let receipt = |to: &To| match answers.get(&to.node) {
            None => Ok(exchange.receipt(&packed.parcel, &to.place.party)),
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(receipts)) => receipts.get(&to.place.party).copied().ok_or(NotDelivered::NoReceipt),
        };
        if mode == Mode::All {
            let each = packed.to.iter().map(|to| receipt(to).map_err(|why| undelivered(to, &why, mode)));
            return each.collect();
        }
        let each = packed.to.iter().map(|to| async move {
            match receipt(to) {
                Ok(custody) => Ok(custody),
                // A custodian cannot look: it would take what the party's own node found wrong, and the party would be held.
                Err(why) if why.is_final() => Err(undelivered(to, &why, mode)),
                Err(why) => self.of_custodian(packed, to).await.ok_or_else(|| undelivered(to, &why, mode)),
            }
        });
        join_all(each).await.into_iter().collect()
    }

    /// The receipt of a custodian of a party: this node's own, or of the first that gives one.
    async fn of_custodian(&self, packed: &Packed, to: &To) -> Option<Custody> {
        let exchange = &self.parts.exchange;
        if to.custodians.contains(&exchange.me()) {
            return Some(exchange.receipt(&packed.parcel, &to.place.party));
        }
        for node in to.custodians.iter().filter(|node| **node != to.node) {
            match exchange.deliver(*node, &packed.parcel, vec![to.place]).await {
                Ok(receipts) => return receipts.get(&to.place.party).copied(),
                Err(error) => tracing::debug!(%node, %error, "a custodian gave no receipt"),
            }
        }
        None
    }

    /// Makes the marker and submits it.
    fn order(
        &self,
        packed: &Packed,
        receipts: &[Custody],
        psi: &Psi,
        (meter, room): (&Meter, Reserved),
    ) -> Result<Sent, InvokeError> {
        let parts = &self.parts;
        let Packed { parcel, seed, valid_until, to } = packed;
        let relay = parts.keys.relay_key();
        let (chain_id, account) = (parts.executor.chain_id(), relay.account());
        let origin = parts.exchange.me();
        let slot = |to: &To, custody: &Custody| {
            let custodians = Custodians::new(to.custodians.clone()).unwrap_or_default();
            (SlotText { party: to.place.party, custodians, custody: *custody, origin }, to.tag)
        };
        let slots: Vec<_> = to.iter().zip(receipts).map(|(to, custody)| slot(to, custody)).collect();
        let Parcel { marker, hash, .. } = parcel;
        let context = SlotContext { chain_id, relay: &account, marker, payload: hash };
        let marker = mark(&context, seed, &slots);
        let marker = marker.ok_or_else(|| InvokeError::Failed("the marker could not be made".into()))?;
        let marker = self.body(Kind::Marker(marker), account, Gas(0), *valid_until);
        // ORDER: before anybody can wait for it. Should the marker not be ordered, what is left ends with its last height.
        parts.exchange.leave(self.left(packed, receipts)).map_err(|error| InvokeError::Failed(error.to_string()))?;
        let marker = marker.sign(relay);
        let id = marker.body.id();
        room.sent(id, *valid_until);
        self.submit(marker, Some(psi)).inspect_err(|_| {
            meter.settled(&id);
        })
    }

    /// What serving nodes and custodians have not taken yet.
    fn left(&self, packed: &Packed, receipts: &[Custody]) -> Vec<Waiting> {
        let me = self.parts.exchange.me();
        let mut nodes: BTreeMap<AccountId, Vec<Place>> = BTreeMap::new();
        for (to, custody) in packed.to.iter().zip(receipts) {
            let others = to.custodians.iter().filter(|node| **node != to.node);
            for node in others.chain([&to.node]).filter(|node| **node != me && **node != custody.node) {
                nodes.entry(*node).or_default().push(to.place);
            }
        }
        let (marker, payload, valid_until) = (packed.parcel.marker, packed.parcel.hash, packed.valid_until);
        let waiting = |(node, places)| Waiting { node, marker, payload, valid_until, places };
        nodes.into_iter().map(waiting).collect()
    }
}

fn undelivered(to: &To, why: &NotDelivered, mode: Mode) -> InvokeError {
    InvokeError::NotDelivered { party: to.place.party, node: to.node, why: why.to_string(), mode }
}

/// What the contract that a call concerns demands of its parties.
fn recorded_flag(view: &View, action: &InnerAction) -> Result<PrivacyFlag, InvokeError> {
    let contract = match action {
        InnerAction::Call { contract, .. }
        | InnerAction::Upgrade { contract, .. }
        | InnerAction::SetAuthority { contract, .. } => contract,
        InnerAction::Deploy { .. } | InnerAction::Members { .. } => return Ok(PrivacyFlag::default()),
    };
    let members = view.contract(contract)?.and_then(|record| record.members);
    Ok(members.map_or_else(PrivacyFlag::default, |members| members.flag()))
}

fn inner(kind: Kind, mandatory: Vec<AccountId>) -> Result<InnerAction, InvokeError> {
    Ok(match kind {
        Kind::Deploy { code, input, salt, authority } => {
            InnerAction::Deploy { code, input, salt, authority, mandatory }
        }
        Kind::Call { contract, method, input } => InnerAction::Call { contract, method, input },
        Kind::Upgrade { contract, revision, code, input, consents } => {
            InnerAction::Upgrade { contract, revision, code, input, consents }
        }
        Kind::SetAuthority { contract, revision, authority, consents } => {
            InnerAction::SetAuthority { contract, revision, authority, consents }
        }
        Kind::Marker(_) | Kind::Void(_) => {
            return Err(InvokeError::Failed("a marker or void is no private call".into()));
        }
    })
}
