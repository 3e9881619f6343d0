//! Between an export and a method: arguments in, result out. The macros write one small function for each method that calls [`run`].
//! Invariant: a method runs only if its arguments are exactly the canonical encoding of their types.

use coffer_abi::spec::describe::{ContractDesc, Describe, MethodDesc, Returns, StorageDesc, Ty};

use crate::guest;
use crate::value::{encoded, fetch};

/// The struct of a contract: its storage. `#[contract]` on the struct implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract's struct",
    label = "not a contract's struct",
    note = "write `#[contract]` above `struct {Self}` too: it holds the storage"
)]
pub trait ContractState: Sized {
    /// Name of the struct.
    const NAME: &'static str;
    /// Version of its crate.
    const VERSION: &'static str;
    /// Documentation of the struct.
    const DOCS: &'static str;
    /// Its fields.
    const STORAGE: &'static [StorageDesc];

    /// The contract over the storage of the current host. It reads nothing yet.
    fn open() -> Self;
}

/// The methods of a contract. `#[contract]` on the `impl` implements it.
#[diagnostic::on_unimplemented(
    message = "the contract `{Self}` has no methods",
    label = "this contract has no methods",
    note = "write `#[contract]` above `impl {Self} {{ .. }}` too: its `pub fn`s are the methods"
)]
pub trait Contract {
    /// Its description.
    const DESC: ContractDesc;
    /// Its record in the spec, without the events.
    const RECORD: &'static [u8];
    /// One entry for each export.
    const ENTRIES: &'static [Entry];
    /// Exports that may be called while the contract is in the middle of another call.
    const REENTRANT: &'static [&'static str];
}

/// The description of the contract `C`, from its struct and its methods.
pub const fn describe<C: ContractState>(
    methods: &'static [MethodDesc],
    source: Option<&'static str>,
    toolchain: Option<&'static str>,
) -> ContractDesc {
    ContractDesc {
        name: C::NAME,
        version: C::VERSION,
        docs: C::DOCS,
        source: or_empty(source),
        toolchain: or_empty(toolchain),
        methods,
        storage: C::STORAGE,
    }
}

/// The description of a type.
pub const fn type_of<T: Describe>() -> &'static Ty {
    T::TYPE
}

/// The description of what a method returns when it succeeds.
pub const fn value_of<R: Returns>() -> &'static Ty {
    R::Value::TYPE
}

/// The description of what a method fails with, if it can. Of the same bound as [`value_of`], so that a mistake is told once.
pub const fn error_of<R: Returns>() -> Option<&'static Ty> {
    R::ERROR
}

const fn or_empty(text: Option<&'static str>) -> &'static str {
    match text {
        Some(text) => text,
        None => "",
    }
}

/// An export and what it runs: takes the arguments from the host's input and leaves the result in its output.
pub type Entry = (&'static str, fn());

/// Runs one method: `body` gets the contract and the arguments.
///
/// # Panics
/// If the arguments are not the encoding of `A`.
pub fn run<C: ContractState, A: Describe, R: Returns>(method: &str, body: impl FnOnce(&mut C, A) -> R) {
    let arguments = fetch::<A>(guest::input).flatten();
    let Some(arguments) = arguments else { bad_arguments(method) };
    match body(&mut C::open(), arguments).into_result() {
        Ok(value) => encoded(&value, const { R::Value::TYPE.max_size() }, guest::output),
        Err(error) => encoded(&error, const { error_size::<R>() }, |data| {
            // The first byte of an enum's encoding is the index of its variant.
            guest::error(data.first().copied().unwrap_or_default().into(), data);
        }),
    }
}

const fn error_size<R: Returns>() -> usize {
    match R::ERROR {
        Some(error) => error.max_size(),
        None => 0,
    }
}

#[cold]
#[inline(never)]
fn bad_arguments(method: &str) -> ! {
    guest::fail(&[b"the arguments of `", method.as_bytes(), b"` are not the encoding of its argument types"])
}
