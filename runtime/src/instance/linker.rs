//! The imports of a module, one for each row of THE host function table: generated, so that no function can be forgotten, checked
//! or paid differently. Invariant: what a row says of pointers, gas and reply is all there is; the work is the session's.

use coffer_abi::host::{HostFunctions, MODULE};
use wasmtime::{Caller, Engine, Linker};

use super::Invocation;
use super::memory::{cross, read_stack, slice};
use crate::error::Fault;

/// Rows that run other contracts, which go on with the logical stack that is left.
const fn nests(name: &str) -> bool {
    matches!(name.as_bytes(), b"call" | b"view" | b"create")
}

/// Checks the pointers of one argument and adds its bytes to the price.
macro_rules! admit {
    (bytes, $crossing:ident, $cost:ident, $per_byte:literal, $ptr:ident, $len:ident) => {
        $crossing.check($ptr, $len)?;
        $cost += u64::from($len) * $per_byte;
    };
    ($number:tt, $crossing:ident, $cost:ident, $per_byte:literal, $value:ident) => {};
}

/// One argument as the host sees it.
macro_rules! argument {
    (bytes, $memory:expr, $ptr:ident, $len:ident) => {
        slice($memory, $ptr, $len)?
    };
    ($number:tt, $memory:expr, $value:ident) => {
        $value
    };
}

/// Checks where a reply goes. What is copied on demand has a known length and is paid on the way in.
macro_rules! prepare {
    (reply, $crossing:ident, $cost:ident, $per_byte:literal, $out:ident, $cap:ident) => {
        $crossing.check($out, $cap)?
    };
    (copy, $crossing:ident, $cost:ident, $per_byte:literal, $out:ident, $len:ident) => {
        $crossing.check($out, $len)?;
        $cost += u64::from($len) * $per_byte;
    };
    ($kind:ident, $crossing:ident, $cost:ident, $per_byte:literal) => {};
}

/// The way out.
macro_rules! answer {
    (none, $result:ident, $crossing:ident, $ty:tt, $per_byte:literal, ($($arg:ident),*)) => {
        Ok($result)
    };
    (value, $result:ident, $crossing:ident, $ty:tt, $per_byte:literal, ($($arg:ident),*)) => {
        Ok($result as $ty)
    };
    (reply, $result:ident, $crossing:ident, $ty:tt, $per_byte:literal, ($($arg:ident),*), $out:ident, $cap:ident) => {
        $crossing.reply($result, $per_byte, $out, $cap)
    };
    (copy, $result:ident, $crossing:ident, $ty:tt, $per_byte:literal, ($from:ident), $out:ident, $len:ident) => {{
        let () = $result;
        $crossing.copy($from, $out, $len)
    }};
}

/// Result and gas as the instrumented import returns them.
macro_rules! results {
    ((), $crossed:expr) => {
        $crossed.map(|((), gas)| gas)
    };
    ($ty:tt, $crossed:expr) => {
        $crossed
    };
}

macro_rules! imports {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas($base:literal, $per_byte:literal);)*) => {
        /// All host functions.
        pub(crate) fn link(engine: &Engine) -> Result<Linker<Invocation>, Fault> {
            let mut linker = Linker::new(engine);
            $(
                linker
                    .func_wrap(MODULE, stringify!($name), |mut caller: Caller<'_, Invocation>, $($param: $ty,)* gas: i64| {
                        if const { nests(stringify!($name)) } {
                            read_stack(&mut caller)?;
                        }
                        results!($result, cross::<$result>(&mut caller, stringify!($name), gas, |crossing| {
                            #[allow(unused_mut)]
                            let mut cost: u64 = $base;
                            $(admit!($akind, crossing, cost, $per_byte, $($from),*);)*
                            prepare!($kind, crossing, cost, $per_byte $(, $($out),*)?);
                            crossing.session.pay(cost)?;
                            $(let $arg = argument!($akind, crossing.memory, $($from),*);)*
                            let result = crossing.session.$name($($arg),*)?;
                            answer!($kind, result, crossing, $result, $per_byte, ($($arg),*) $(, $($out),*)?)
                        }))
                    })
                    .map_err(Fault::engine)?;
            )*
            Ok(linker)
        }
    };
}
coffer_abi::host_functions!(imports);
