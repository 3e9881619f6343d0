//! The host functions on every target but Wasm: each call goes to the host that `native` holds for this thread. Made from the same table
//! and with the same signatures as the guest's.

use crate::native::with_current;

macro_rules! argument {
    (bytes) => {
        &[u8]
    };
    (value) => {
        u32
    };
    (wide) => {
        u64
    };
}

macro_rules! function {
    (reply $name:ident ($($arg:ident: $akind:ident)*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind),)* reply: &mut [u8]) -> Option<usize> {
            with_current(|host| {
                let length = host.$name($($arg),*)?;
                if let Some(fits) = length.and_then(|n| reply.get_mut(..n)) {
                    fits.copy_from_slice(host.reply());
                }
                Ok(length)
            })
        }
    };
    (copy $name:ident ($from:ident: value) $result:tt) => {
        pub(crate) fn $name($from: u32, into: &mut [u8]) {
            with_current(|host| {
                host.$name($from)?;
                let from = $from as usize;
                into.copy_from_slice(&host.reply()[from..from + into.len()]);
                Ok(())
            })
        }
    };
    (value $name:ident ($($arg:ident: $akind:ident)*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind)),*) -> $result {
            with_current(|host| host.$name($($arg),*)) as $result
        }
    };
    (none panic $args:tt $result:tt) => {
        // Off Wasm, a panic of the contract is a panic.
    };
    (none $name:ident ($($arg:ident: $akind:ident)*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind)),*) {
            with_current(|host| host.$name($($arg),*))
        }
    };
}

macro_rules! functions {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas $gas:tt;)*) => {
        $(function!($kind $name ($($arg: $akind)*) $result);)*
    };
}
coffer_abi::host_functions!(functions);
