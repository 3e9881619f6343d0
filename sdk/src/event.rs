//! Events: what a contract tells the world. Invariant: an event's name and fields stand in the spec of the module that emits it.

use coffer_abi::spec::describe::EventDesc;
use coffer_abi::spec::encoding::max_size_of_fields;
use parity_scale_codec::Encode;

use crate::guest;
use crate::value::encoded;

/// A struct with `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[event]` above the definition of `{Self}`"
)]
pub trait Event: Encode {
    /// Its description.
    const DESC: EventDesc;
    /// Its record in the spec.
    const RECORD: &'static [u8];
}

/// Emits an event. A view cannot: it would trap.
pub fn emit<E: Event>(event: E) {
    encoded(&event, const { max_size_of_fields(E::DESC.fields) }, |data| guest::event(E::DESC.name.as_bytes(), data));
}
