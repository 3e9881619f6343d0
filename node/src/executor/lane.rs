//! Who shares what execution takes: one lane for what the chain orders publicly, one for each tenant, one for all who are no tenant here.
//! Invariant: no choice of names gives anybody more than one lane.

use coffer_chain::Psi;
use coffer_runtime::engine::Lane;

use crate::tenant::TenantContext;

/// What the chain orders publicly.
pub const CHAIN: Lane = Lane(0);
/// Whoever names a private state that this node does not have.
const STRANGERS: Lane = Lane(1);

/// The lane of a request.
pub fn lane_of(tenant: &TenantContext) -> Lane {
    if tenant.is_configured() { tenant_lane(tenant.psi()) } else { STRANGERS }
}

/// The lane of a tenant of this node.
pub(super) fn tenant_lane(psi: &Psi) -> Lane {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(psi.as_str().as_bytes()).as_bytes()[..8]);
    // The lowest numbers are taken; that a name hashes to them is not to be expected and would do no harm.
    Lane(u64::from_le_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_have_lanes_of_their_own_and_strangers_share_one() {
        let lane = |name: &str, configured| lane_of(&TenantContext::new(name.parse().unwrap(), configured));
        assert_eq!(lane("PS1", true), lane("PS1", true));
        assert_ne!(lane("PS1", true), lane("PS2", true));
        assert_eq!(lane("made-up", false), lane("also-made-up", false));
        assert_ne!(lane("PS1", true), CHAIN);
    }
}
