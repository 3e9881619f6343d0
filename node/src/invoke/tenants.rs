//! Tenants that come, and what is changed of them, while the node runs. Not here: what lasts of it (`organisation::registry`), private states (`state`), what of it is published (`node`). Invariant: what
//! is answered lasts, and takes effect after the newest block; a tenant's private state goes on whatever the tenant may do.

use std::sync::Arc;

use coffer_abi::{AccountId, Height};
use coffer_chain::Psi;

use super::read::blocking;
use super::{InvokeError, Invoker};
use crate::organisation::KeyHolder;
use crate::organisation::key_store::Origin;
use crate::organisation::registry::{Change, MAX_ACCOUNTS, Registered, Registry, RegistryError, Standing};
use crate::privacy::resident::{Residents, TenantSecret};
use crate::state::{State, TenantKeys};
use crate::tenant::Limits;

/// A tenant as its operator sees it.
pub struct TenantStanding {
    /// What the registry has.
    pub registered: Registered,
    /// Its party.
    pub party: AccountId,
    /// The block up to which its private state is done with the chain.
    pub head: Height,
    /// The newest block of the chain.
    pub chain: Height,
    /// Why its private state waits, if it does.
    pub held: Option<String>,
}

/// What the state needs of a tenant.
pub fn storage_keys(tenant: &Registered) -> TenantKeys {
    let secret = TenantSecret::new(&tenant.secret);
    TenantKeys {
        psi: tenant.psi.clone(),
        storage_key: secret.storage_key(),
        trie_secret: secret.trie_secret(),
        joined: tenant.joined,
    }
}

/// Has a new tenant on this node, from the next block on. May block.
///
/// # Errors
/// [`InvokeError::Tenant`], [`InvokeError::State`] when there is no room.
pub fn add_tenant(
    (state, registry, residents): (&State, &Registry, &Residents),
    psi: &Psi,
    accounts: Option<&[AccountId]>,
    origin: Origin<'_>,
) -> Result<Height, InvokeError> {
    let mut secret = None;
    let joined = state.join(|joined| {
        registry.add(std::slice::from_ref(psi), accounts, origin, joined)?;
        let tenant = registry.get(psi).ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
        secret = Some(TenantSecret::new(&tenant.secret));
        Ok::<_, InvokeError>(storage_keys(&tenant))
    })?;
    // Nobody knows its party yet, so no block that was read names it.
    if let Some(secret) = secret {
        residents.insert(psi, &secret);
        // It may have been suspended since it was added.
        residents.set_active(psi, || is_active(registry, psi));
    }
    tracing::info!(psi = %psi, height = %joined, "a tenant has come");
    Ok(joined)
}

/// Whether a tenant is served, as the registry has it now.
fn is_active(registry: &Registry, psi: &Psi) -> bool {
    registry.get(psi).is_some_and(|tenant| tenant.standing == Standing::Active)
}

impl Invoker {
    /// The tenants of this node behind the one named `after`, by their names, at most `limit`.
    ///
    /// # Errors
    /// When this node cannot read.
    pub async fn tenants(&self, after: Option<Psi>, limit: usize) -> Result<Vec<TenantStanding>, InvokeError> {
        let this = self.clone();
        blocking(move || {
            let mut all = this.parts.registry.tenants();
            all.sort_unstable_by(|one, other| one.psi.cmp(&other.psi));
            let behind = all.into_iter().filter(|tenant| after.as_ref().is_none_or(|after| tenant.psi > *after));
            Ok(behind.take(limit).map(|tenant| this.tenant_stands(tenant)).collect())
        })
        .await
    }

    /// One tenant, with what was changed of it and the heads of the chain then.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`].
    pub async fn tenant(&self, psi: Psi) -> Result<(TenantStanding, Vec<(Height, Change)>), InvokeError> {
        let this = self.clone();
        blocking(move || {
            let found = this.parts.registry.get(&psi).ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
            Ok((this.tenant_stands(found), this.parts.registry.changes(&psi)))
        })
        .await
    }

    /// Adds a tenant, with the accounts of this node that act for it; all of them if that is left open.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`], [`InvokeError::UnknownAccount`], [`InvokeError::State`]: nothing was added.
    pub async fn create_tenant(
        &self,
        psi: Psi,
        accounts: Option<Vec<AccountId>>,
    ) -> Result<TenantStanding, InvokeError> {
        let this = self.clone();
        blocking(move || {
            let parts = &this.parts;
            this.check_accounts(accounts.as_deref())?;
            let tenancy = (&parts.state, &*parts.registry, &*parts.residents);
            add_tenant(tenancy, &psi, accounts.as_deref(), Origin::Random(&parts.sources))?;
            this.tenant_now(&psi)
        })
        .await
    }

    /// Says who acts for a tenant. Accounts that come are published; one that goes is revoked by nobody but the party.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`], [`InvokeError::UnknownAccount`]: nothing was changed.
    pub async fn set_tenant_accounts(&self, psi: Psi, accounts: Vec<AccountId>) -> Result<TenantStanding, InvokeError> {
        let this = self.clone();
        blocking(move || {
            this.check_accounts(Some(&accounts))?;
            this.change_tenant(&psi, Change::Accounts(accounts))
        })
        .await
    }

    /// Says what a tenant may take from now on; where nothing is said, it is what the node's settings say.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`], [`InvokeError::BadLimit`]: nothing was changed.
    pub async fn set_tenant_limits(&self, psi: Psi, limits: Limits) -> Result<TenantStanding, InvokeError> {
        let this = self.clone();
        blocking(move || {
            if let Some((limit, number)) = limits.offence() {
                return Err(InvokeError::BadLimit(limit, number));
            }
            let done = this.change_tenant(&psi, Change::Limits(limits))?;
            let registry = &this.parts.registry;
            this.parts.quotas.set(&psi, || registry.get(&psi).map_or(limits, |tenant| tenant.limits));
            tracing::info!(psi = %psi, ?limits, "the limits of a tenant were changed");
            Ok(done)
        })
        .await
    }

    /// Suspends, resumes or closes a tenant.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`]: nothing was changed.
    pub async fn set_tenant_standing(&self, psi: Psi, standing: Standing) -> Result<TenantStanding, InvokeError> {
        let this = self.clone();
        blocking(move || {
            let done = this.change_tenant(&psi, Change::Standing(standing))?;
            this.parts.residents.set_active(&psi, || is_active(&this.parts.registry, &psi));
            tracing::info!(psi = %psi, %standing, "a tenant was changed");
            Ok(done)
        })
        .await
    }

    /// Gives a tenant's party another encryption key, which this node publishes; the one before is good for a while longer.
    ///
    /// # Errors
    /// [`InvokeError::Tenant`]; [`InvokeError::NotRotatable`] while the last change is not through: nothing was changed.
    pub async fn rotate_tenant(&self, psi: Psi) -> Result<TenantStanding, InvokeError> {
        let this = self.clone();
        blocking(move || {
            let public = this.parts.state.public();
            let tenant = this.parts.registry.get(&psi).ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
            let party = TenantSecret::new(&tenant.secret).party();
            let not = |reason: String| Err(InvokeError::NotRotatable(reason));
            let Some(record) = public.party(&party)? else {
                return not(format!("the party {party} is not on the chain, which knows no key of it yet"));
            };
            if record.epoch < tenant.epoch {
                return not(format!("its key of epoch {} is being published; wait for that", tenant.epoch));
            }
            if let Some(before) = record.before.filter(|before| before.until >= public.height()) {
                return not(format!(
                    "what was sealed for its key of epoch {} may still come until block {}; rotate after that",
                    before.epoch, before.until
                ));
            }
            this.change_tenant(&psi, Change::Epoch(record.epoch.saturating_add(1)))
        })
        .await
    }

    /// Returns once a tenant is not served any more. Cancel safe.
    pub fn until_suspended(&self, psi: &Psi) -> impl Future<Output = ()> + Send + use<> {
        let (residents, psi) = (Arc::clone(&self.parts.residents), psi.clone());
        async move { residents.until_suspended(&psi).await }
    }

    fn change_tenant(&self, psi: &Psi, change: Change) -> Result<TenantStanding, InvokeError> {
        self.parts.registry.change(psi, self.parts.state.head().height, change)?;
        self.tenant_now(psi)
    }

    fn check_accounts(&self, accounts: Option<&[AccountId]>) -> Result<(), InvokeError> {
        let Some(accounts) = accounts else { return Ok(()) };
        if accounts.len() > MAX_ACCOUNTS {
            return Err(InvokeError::Accounts(accounts.len()));
        }
        let managed = self.parts.keys.accounts();
        let strange = accounts.iter().find(|account| managed.iter().all(|known| known.id != **account));
        strange.map_or(Ok(()), |account| Err(InvokeError::UnknownAccount(*account)))
    }

    fn tenant_now(&self, psi: &Psi) -> Result<TenantStanding, InvokeError> {
        let found = self.parts.registry.get(psi).ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
        Ok(self.tenant_stands(found))
    }

    fn tenant_stands(&self, registered: Registered) -> TenantStanding {
        let parts = &self.parts;
        let (hold, head) = (parts.holds.of(&registered.psi), parts.state.private_head(&registered.psi));
        TenantStanding {
            party: TenantSecret::new(&registered.secret).party(),
            held: hold.filter(|hold| hold.height > head).map(|hold| hold.to_string()),
            head,
            chain: parts.state.head().height,
            registered,
        }
    }
}
