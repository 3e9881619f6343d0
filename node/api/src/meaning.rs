//! What the names in a receipt mean to people: for each way to be refused or to trap, what happened and the way out. Not here: the names
//! (`coffer_abi`). Invariant: every name has a sentence; clients decide by the name, never by the sentence.

use coffer_abi::limits::{
    MAX_DEPTH, MAX_EVENT, MAX_EVENT_NAME, MAX_EVENTS, MAX_INPUT, MAX_KEY, MAX_METHOD, MAX_OUTPUT, MAX_SCAN, MAX_VALUE,
};
use coffer_abi::{Refused, TrapKind};

/// What a reason for a refusal means; empty for a name that is none.
pub(crate) fn refused(name: &str) -> String {
    let Some(reason) = Refused::ALL.iter().find(|reason| reason.name() == name) else { return String::new() };
    match reason {
        Refused::NoSuchContract => {
            "There is no such contract in this state; check the id, the PSI of the request and `private`.".into()
        }
        Refused::NoSuchMethod => {
            "The contract has no such method of this kind; contract_spec lists its methods.".into()
        }
        Refused::InvalidCode => {
            "The module breaks a rule for contracts; `coffer contract check` says which and where.".into()
        }
        Refused::ContractExists => {
            "This account has deployed this module with this salt before; give another salt or leave it out.".into()
        }
        Refused::InputTooLarge => {
            format!("The encoded arguments are above {MAX_INPUT} bytes; send less, in several calls if need be.")
        }
        Refused::NoInit => {
            "The contract has no `init` and takes no arguments when it is deployed; leave them out.".into()
        }
        Refused::NotValidHere => {
            "The call was for another chain or state, or too late for its last valid height; send it again.".into()
        }
        Refused::Replayed => "The same call is in the chain already; tx_receipt tells how it ended.".into(),
        Refused::BadPayload => {
            "The private payload does not belong to its marker, or its signature is wrong; send the call again.".into()
        }
        Refused::TooDeep => format!("At most {MAX_DEPTH} contracts can be in the middle of a call at once; call less deep."),
        Refused::ReEntered => {
            "The contract is in the middle of another call; wait until it has returned, or declare the method #[reentrant]."
                .into()
        }
        Refused::NotWritable => {
            "Private code may call views of public contracts only; call the public contract in a transaction of its own."
                .into()
        }
        Refused::NoSuchCode => {
            "No code of that hash is stored in this state; deploy one contract of it first.".into()
        }
        Refused::NoAuthority => {
            "The contract's authority is renounced; nobody can change its code or authority. Deploy another contract.".into()
        }
        Refused::NotAuthorised => {
            "The contract's authority did not allow it: act as its account, or add the consent of every one of its parties; contract_info shows them. For a change of members, add the consents that privacy_proposal names.".into()
        }
        Refused::OtherRevision => {
            "The contract was changed in the meantime; look at it again, and collect new consents if it needs any.".into()
        }
        Refused::BadConsent => {
            "A party's consent is for another change, contract or revision, or not signed by it; collect it again with contract_consent, or privacy_accept for a change of members.".into()
        }
        Refused::ConsentExpired => {
            "A party's consent was valid up to a lower height; collect it again with contract_consent, or privacy_accept for a change of members.".into()
        }
        Refused::SameCode => "The contract has this code already; there is nothing to upgrade.".into(),
        Refused::LayoutChanged => {
            "The new module stores in another form what the contract has stored, and has no `migrate`; contract_checkUpgrade tells what differs.".into()
        }
        Refused::MayNotAct => {
            "The account may not do this for the sending party: party, account and organisation must be active, the account's role high enough (`set_account`), and the party must have authorised it (`authorise` of the network contract).".into()
        }
        Refused::NotAllNamed => {
            "A contract that the call touched demands more parties than the call names: all its members, or its mandatory ones; privacy_metadata shows them. Nothing was written.".into()
        }
        Refused::OtherReads => {
            "What the call reads was changed by a call before it, or depends on its block; nothing was written. Send it again: it is then prepared on what is there now.".into()
        }
        Refused::OtherMembers => {
            "The change of members is not of the contracts as they are now, or its sender is no member: call privacy_proposal again, and collect the consents anew.".into()
        }
        Refused::NoMigrate => "The new module has no `migrate` and takes no arguments at an upgrade; leave them out.".into(),
    }
}

/// What a kind of trap means; empty for a name that is none.
pub(crate) fn trap(name: &str) -> String {
    let Some(kind) = TrapKind::ALL.iter().find(|kind| kind.name() == name) else { return String::new() };
    match kind {
        TrapKind::Unreachable => {
            "The code came to a point that it excludes, as after a panic without text; a bug of the contract.".into()
        }
        TrapKind::MemoryOutOfBounds => "The code read or wrote outside of its memory; a bug of the contract.".into(),
        TrapKind::TableOutOfBounds | TrapKind::IndirectCallToNull | TrapKind::BadSignature => {
            "The code called through a function pointer that points to no such function; a bug of the contract.".into()
        }
        TrapKind::IntegerOverflow => {
            "A division's result does not fit its type; the contract should use checked arithmetic.".into()
        }
        TrapKind::DivisionByZero => "The code divided by zero; the contract should check the divisor.".into(),
        TrapKind::StackExhausted => {
            "Calls were nested deeper than the stack allows; the contract should recurse less.".into()
        }
        TrapKind::ReadOnly => {
            "A view tried to write or to emit an event; the method must be a call, with `&mut self`.".into()
        }
        TrapKind::BadPointer => {
            "A host function was given a place outside of the memory; use the SDK instead of raw imports.".into()
        }
        TrapKind::BadKey => format!(
            "A storage key is empty, of no known kind, or above {MAX_KEY} bytes with its field's prefix; use shorter keys, such as a hash."
        ),
        TrapKind::BadText => "A text or name given to the host is not UTF-8, or a name is empty.".into(),
        TrapKind::LimitExceeded => format!(
            "Something is above its limit: a stored value {MAX_VALUE} bytes, a result {MAX_OUTPUT}, an event {MAX_EVENT} bytes and \
             its name {MAX_EVENT_NAME}, events of one call {MAX_EVENTS}, a page of a scan {MAX_SCAN} entries, a method's name {MAX_METHOD} \
             bytes; split what is written."
        ),
        TrapKind::DoubleOutput => {
            "The method gave its result twice; use the SDK, which gives it once, instead of raw imports.".into()
        }
        TrapKind::NoOutput => {
            "The method ended without a result; build the contract with the SDK, or call `output` before returning."
                .into()
        }
        TrapKind::BadLength => {
            "An id, key or salt of 32 bytes or a signature of 64 bytes had another length; use the SDK's types.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_sentence() {
        let refusals = Refused::ALL.iter().map(|reason| refused(reason.name()));
        let traps = TrapKind::ALL.iter().map(|kind| trap(kind.name()));
        for sentence in refusals.chain(traps) {
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
        assert_eq!((refused("x"), trap("x")), (String::new(), String::new()));
        assert!(trap("badKey").contains("256 bytes") && refused("contractExists").contains("salt"));
    }
}
