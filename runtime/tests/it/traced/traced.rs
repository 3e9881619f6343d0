//! A contract without the SDK, for the test of traces: writes a value, then divides by it. How the two modules beside it are made stands
//! in `trace.rs`.
#![no_std]

#[link(wasm_import_module = "coffer_1")]
unsafe extern "C" {
    fn storage_set(key: u32, key_len: u32, value: u32, value_len: u32);
    fn input(out: u32, cap: u32) -> i64;
    fn output(ptr: u32, len: u32);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[inline(never)]
fn remember(value: u8) {
    let (key, value) = ([0u8, 7], [value]);
    unsafe { storage_set(key.as_ptr() as u32, 2, value.as_ptr() as u32, 1) }
}

#[inline(never)]
fn check(value: u8) {
    if value == 0 {
        core::arch::wasm32::unreachable();
    }
}

#[unsafe(export_name = "call divide")]
pub extern "C" fn divide() {
    let mut by = [0u8];
    unsafe { input(by.as_mut_ptr() as u32, 1) };
    remember(by[0]);
    check(by[0]);
    unsafe { output(by.as_ptr() as u32, 1) };
}
