//! Lines for the developer's log. Invariant: a log line has no effect on the outcome of a call but its gas.

use crate::guest;

/// Writes a line to the developer's log; cut at 1,024 bytes. It is not part of the chain: whoever runs the call sees it.
///
/// ```
/// # coffer_sdk::native::with_host(coffer_sdk::native::MemoryHost::default(), || {
/// coffer_sdk::log("got here");
/// # });
/// ```
pub fn log(text: &str) {
    guest::log(text.as_bytes());
}
