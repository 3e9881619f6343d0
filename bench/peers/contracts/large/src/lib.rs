//! A module of some hundred kilobytes of real code, for compiling and loading: signatures, hashes and compression from published
//! crates. Invariant: integers only, no imports, and `run` reaches all of it, so that none is left out; each part
//! has a frame of its own, because compression wants much stack and the cheapest part none.
#![no_std]
extern crate alloc;

use alloc::vec;
use bls12_381::{G1Affine, G2Affine, Scalar, pairing};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// Does the work `which` on a message made of `n`; the first bytes of what came out.
pub fn run(which: u32, n: u32) -> u32 {
    let message = n.to_le_bytes().repeat(16);
    let digest = Sha256::digest(&message);
    match which {
        1 => first(&Keccak256::digest(&message)),
        2 => first(&packed(&message)),
        3 => u32::from(ed25519(&message, &digest)),
        4 => u32::from(k256_ecdsa(&message, &digest)),
        5 => u32::from(k256_schnorr(&message, &digest)),
        6 => u32::from(p256_ecdsa(&message, &digest)),
        7 => bls(n),
        _ => first(&digest),
    }
}

fn first(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

#[inline(never)]
fn packed(message: &[u8]) -> vec::Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec(message, 6);
    miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, 1 << 16).unwrap_or_default()
}

#[inline(never)]
fn ed25519(message: &[u8], secret: &[u8]) -> bool {
    use ed25519_dalek::{Signer, SigningKey};
    let Ok(secret) = secret.try_into() else { return false };
    let key = SigningKey::from_bytes(&secret);
    key.verifying_key().verify_strict(message, &key.sign(message)).is_ok()
}

macro_rules! ecdsa {
    ($name:ident, $curve:ident) => {
        #[inline(never)]
        fn $name(message: &[u8], secret: &[u8]) -> bool {
            use $curve::ecdsa::signature::{Signer, Verifier};
            use $curve::ecdsa::{Signature, SigningKey};
            let Ok(key) = SigningKey::from_slice(secret) else { return false };
            let signature: Signature = key.sign(message);
            key.verifying_key().verify(message, &signature).is_ok()
        }
    };
}
ecdsa!(k256_ecdsa, k256);
ecdsa!(p256_ecdsa, p256);

#[inline(never)]
fn k256_schnorr(message: &[u8], secret: &[u8]) -> bool {
    use k256::schnorr::SigningKey;
    use k256::schnorr::signature::{Signer, Verifier};
    let Ok(key) = SigningKey::from_bytes(secret) else { return false };
    let signature = key.sign(message);
    key.verifying_key().verify(message, &signature).is_ok()
}

#[inline(never)]
fn bls(n: u32) -> u32 {
    let scalar = Scalar::from(u64::from(n));
    let left = pairing(&G1Affine::from(G1Affine::generator() * scalar), &G2Affine::generator());
    let right = pairing(&G1Affine::generator(), &G2Affine::from(G2Affine::generator() * scalar));
    u32::from(left == right)
}
