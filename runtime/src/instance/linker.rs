//! The imports of a module, one for each row of THE host function table: generated, so that no function can be forgotten, checked
//! or paid differently. Invariant: what a row says of pointers, gas and reply is all there is; the work is the frame's.

use coffer_abi::host::{HostFunctions, MODULE};
use wasmtime::{Caller, Engine, Linker};

use super::Invocation;
use super::memory::{cross, slice};
use crate::error::Fault;

/// Checks the pointers of one argument and adds its bytes to the price.
macro_rules! admit {
    (bytes, $crossing:ident, $ptr:ident, $len:ident) => {
        $crossing.admit($ptr, $len)?
    };
    (value, $crossing:ident, $value:ident) => {};
}

/// One argument as the host sees it.
macro_rules! argument {
    (bytes, $memory:ident, $ptr:ident, $len:ident) => {
        slice($memory, $ptr, $len)?
    };
    (value, $memory:ident, $value:ident) => {
        $value
    };
}

/// Checks where a reply goes. What is copied on demand has a known length and is paid on the way in.
macro_rules! prepare {
    (reply, $crossing:ident, $out:ident, $cap:ident) => {
        $crossing.check($out, $cap)?
    };
    (copy, $crossing:ident, $out:ident, $len:ident) => {
        $crossing.admit($out, $len)?
    };
    ($kind:ident, $crossing:ident) => {};
}

/// The way out.
macro_rules! answer {
    (none, $result:ident, $crossing:ident, $ty:tt, ($($arg:ident),*)) => {
        Ok($result)
    };
    (value, $result:ident, $crossing:ident, $ty:tt, ($($arg:ident),*)) => {
        Ok($result as $ty)
    };
    (reply, $result:ident, $crossing:ident, $ty:tt, ($($arg:ident),*), $out:ident, $cap:ident) => {
        $crossing.reply($result, $out, $cap)
    };
    (copy, $result:ident, $crossing:ident, $ty:tt, ($from:ident), $out:ident, $len:ident) => {{
        let () = $result;
        $crossing.copy($from, $out, $len)
    }};
}

macro_rules! imports {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas($base:literal, $per_byte:literal);)*) => {
        /// All host functions.
        pub(crate) fn link(engine: &Engine) -> Result<Linker<Invocation>, Fault> {
            let mut linker = Linker::new(engine);
            $(
                linker
                    .func_wrap(MODULE, stringify!($name), |mut caller: Caller<'_, Invocation>, $($param: $ty),*| {
                        cross::<$result>(&mut caller, $base, $per_byte, |crossing| {
                            $(admit!($akind, crossing, $($from),*);)*
                            prepare!($kind, crossing $(, $($out),*)?);
                            crossing.pay()?;
                            #[allow(unused_variables)]
                            let (memory, frame) = crossing.parts();
                            $(let $arg = argument!($akind, memory, $($from),*);)*
                            let result = frame.$name($($arg),*)?;
                            answer!($kind, result, crossing, $result, ($($arg),*) $(, $($out),*)?)
                        })
                    })
                    .map_err(Fault::engine)?;
            )*
            Ok(linker)
        }
    };
}
coffer_abi::host_functions!(imports);
