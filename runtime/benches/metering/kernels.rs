//! The loops of the bench `metering`. What the compiler made of them is in `kernels.wat`:
//! `rustc --edition 2024 --crate-type cdylib --target wasm32v1-none -O -C panic=abort -C link-arg=-zstack-size=16384 -C strip=symbols
//! kernels.rs`. Not a part of the workspace. Invariant: no kernel calls out or needs more than its own memory, and each leaves its
//! result there.
#![no_std]
#![no_main]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    trap()
}

/// Where kernels leave what they computed.
static mut RESULT: u64 = 0;
#[inline(always)]
fn put(x: u64) {
    unsafe { core::ptr::write_volatile(&raw mut RESULT, x) }
}
/// A number the compiler does not know.
#[inline(always)]
fn n(x: u32) -> u32 {
    static N: u32 = 0;
    x + unsafe { core::ptr::read_volatile(&N) }
}

fn trap() -> ! {
    core::arch::wasm32::unreachable()
}
/// The first `len`, checked without the machinery of a panic.
fn part<T>(all: &mut [T], len: u32) -> &mut [T] {
    match all.get_mut(..len as usize) {
        Some(part) => part,
        None => trap(),
    }
}
fn at(words: &[u64], i: usize) -> u64 {
    match words.get(i) {
        Some(word) => *word,
        None => trap(),
    }
}
fn set(words: &mut [u64], i: usize, to: u64) {
    match words.get_mut(i) {
        Some(word) => *word = to,
        None => trap(),
    }
}

const LEN: usize = 1 << 16;
static mut BYTES: [u8; LEN] = [0; LEN];
static mut WORDS: [u64; 2 * LEN / 8] = [0; 2 * LEN / 8];

/// A chain of shifts: one block, one loop.
#[unsafe(export_name = "call mix")]
pub extern "C" fn mix() {
    let mut x: u64 = 0x9E3779B97F4A7C15;
    for _ in 0..n(100_000) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    put(x)
}
/// Sums an array.
#[unsafe(export_name = "call sum")]
pub extern "C" fn sum() {
    let words = part(unsafe { &mut *(&raw mut WORDS) }, n(LEN as u32 / 8));
    let mut s = 0u64;
    for _ in 0..n(10) {
        for w in words.iter() {
            s = s.wrapping_add(unsafe { core::ptr::read_volatile(w) }).rotate_left(1);
        }
    }
    put(s)
}
#[unsafe(export_name = "call sieve")]
pub extern "C" fn sieve() {
    let s = unsafe { &mut *(&raw mut BYTES) };
    let end = n(LEN as u32) as usize;
    let s = part(s, end as u32);
    for b in s.iter_mut() {
        unsafe { core::ptr::write_volatile(b, 1) }
    }
    let mut i = 2;
    while i * i < end {
        if s.get(i) == Some(&1) {
            let mut j = i * i;
            while let Some(b) = s.get_mut(j) {
                *b = 0;
                j += i;
            }
        }
        i += 1;
    }
    let mut c = 0u64;
    for b in s.iter() {
        c += u64::from(*b);
    }
    put(c)
}
/// Steps of 3n+1: a branch that cannot be foreseen.
#[unsafe(export_name = "call branches")]
pub extern "C" fn branches() {
    let mut longest = 0u64;
    for start in 1..n(2_000) {
        let (mut x, mut steps) = (u64::from(start), 0u64);
        while x != 1 {
            if x & 1 == 0 {
                x /= 2;
                if x & 2 == 0 {
                    steps += 3
                }
            } else if x % 3 == 0 {
                x = 3 * x + 1;
                steps += 2
            } else {
                x = 3 * x + 1;
                put(steps)
            }
            steps += 1;
        }
        if steps > longest {
            longest = steps
        }
    }
    put(longest)
}
/// Copies words.
#[unsafe(export_name = "call copy")]
pub extern "C" fn copy() {
    let words = unsafe { &mut *(&raw mut WORDS) };
    let len = n(LEN as u32 / 8) as usize;
    let Some((from, to)) = words.split_at_mut_checked(len) else {
        trap()
    };
    for _ in 0..n(10) {
        for (a, b) in from.iter().zip(to.iter_mut()) {
            unsafe { core::ptr::write_volatile(b, core::ptr::read_volatile(a)) }
        }
    }
    put(at(to, 0))
}
const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
#[inline(never)]
fn compress(st: &mut [u32; 8], blk: &[u8; 64]) {
    let mut w = [0u32; 64];
    for i in 0..16 {
        w[i] = u32::from_be_bytes([blk[4 * i], blk[4 * i + 1], blk[4 * i + 2], blk[4 * i + 3]]);
    }
    for i in 16..64 {
        let s0 = w[i - 15].rotate_right(7) ^ w[i - 15].rotate_right(18) ^ (w[i - 15] >> 3);
        let s1 = w[i - 2].rotate_right(17) ^ w[i - 2].rotate_right(19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *st;
    for i in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let ch = (e & f) ^ (!e & g);
        let t1 = h.wrapping_add(s1).wrapping_add(ch).wrapping_add(K[i]).wrapping_add(w[i]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let mj = (a & b) ^ (a & c) ^ (b & c);
        let t2 = s0.wrapping_add(mj);
        h = g;
        g = f;
        f = e;
        e = d.wrapping_add(t1);
        d = c;
        c = b;
        b = a;
        a = t1.wrapping_add(t2);
    }
    for (x, y) in st.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *x = x.wrapping_add(y);
    }
}
#[unsafe(export_name = "call hash")]
pub extern "C" fn hash() {
    let mut st = [
        0x6a09e667u32,
        0xbb67ae85,
        0x3c6ef372,
        0xa54ff53a,
        0x510e527f,
        0x9b05688c,
        0x1f83d9ab,
        0x5be0cd19,
    ];
    let mut blk = [0u8; 64];
    for _ in 0..n(300) {
        compress(&mut st, &blk);
        for i in 0..8 {
            blk[4 * i..4 * i + 4].copy_from_slice(&st[i].to_le_bytes());
        }
    }
    put(u64::from(st[0]))
}
/// Insertion sort of small runs: loads, compares, moves, with bounds checks.
#[unsafe(export_name = "call sort")]
pub extern "C" fn sort() {
    let words = unsafe { &mut *(&raw mut WORDS) };
    let len = n(300) as usize;
    let words = part(words, len as u32);
    let mut x: u64 = 88172645463325252;
    for w in words.iter_mut() {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        *w = x;
    }
    for i in 1..len {
        let mut j = i;
        while j > 0 && at(words, j - 1) > at(words, j) {
            let (a, b) = (at(words, j - 1), at(words, j));
            set(words, j - 1, b);
            set(words, j, a);
            j -= 1;
        }
    }
    put(at(words, 0))
}
#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1).wrapping_add(fibonacci(n - 2))
    }
}
/// Calls and nothing else.
#[unsafe(export_name = "call calls")]
pub extern "C" fn calls() {
    put(u64::from(fibonacci(n(21))))
}
