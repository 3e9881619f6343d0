//! Values of any type of a contract's interface, made by proptest from the type's description alone. Not here: sequences of calls (`sequences`).
//! Invariant: what is made is a value of its type, and a smaller one is tried where it fails.

use std::collections::BTreeMap;

use coffer_abi::spec::describe::{Describe, NamedTy, ShapeDesc, Ty};
use coffer_abi::{AccountId, ContractId};
use parity_scale_codec::{Compact, Encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Members of a list, set or map, and characters of a text, at most.
const MANY: usize = 6;

/// Ids that are worth trying.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Accounts; beside them an unknown one is tried at times.
    pub accounts: Vec<AccountId>,
    /// Contracts; beside them an unknown one is tried at times.
    pub contracts: Vec<ContractId>,
}

/// Encoded values.
type Bytes = BoxedStrategy<Vec<u8>>;

/// Any value of a type: a type of the interface, or a tuple of them. Numbers are mostly small, ids are mostly of the pool.
pub fn any_of<T: Describe + Clone + std::fmt::Debug + 'static>(pool: &Pool) -> BoxedStrategy<T> {
    let read = |bytes: Vec<u8>| T::decode(&mut bytes.as_slice()).ok();
    bytes_of(T::TYPE, pool).prop_filter_map("no value of the type", read).boxed()
}

/// Encodings of any value of a type.
pub(crate) fn bytes_of(ty: &'static Ty, pool: &Pool) -> Bytes {
    match ty {
        Ty::Unit => Just(Vec::new()).boxed(),
        Ty::Bool => any::<bool>().prop_map(|value| value.encode()).boxed(),
        Ty::U8 => number(0u8..=9, any::<u8>(), u8::MAX),
        Ty::U16 => number(0u16..=20, any::<u16>(), u16::MAX),
        Ty::U32 => number(0u32..=20, any::<u32>(), u32::MAX),
        Ty::U64 => number(0u64..=100, any::<u64>(), u64::MAX),
        Ty::U128 => number(0u128..=100, any::<u128>(), u128::MAX),
        Ty::I8 => number(-9i8..=9, any::<i8>(), i8::MIN),
        Ty::I16 => number(-20i16..=20, any::<i16>(), i16::MIN),
        Ty::I32 => number(-20i32..=20, any::<i32>(), i32::MIN),
        Ty::I64 => number(-100i64..=100, any::<i64>(), i64::MIN),
        Ty::I128 => number(-100i128..=100, any::<i128>(), i128::MIN),
        Ty::String => vec(select(vec!['a', 'b', 'z', '0', ' ', '.', '/', 'ß']), 0..=MANY)
            .prop_map(|letters| letters.into_iter().collect::<String>().encode())
            .boxed(),
        Ty::Bytes => vec(any::<u8>(), 0..=MANY).prop_map(|bytes| bytes.encode()).boxed(),
        Ty::FixedBytes(length) => vec(any::<u8>(), *length as usize).boxed(),
        Ty::AccountId => id(pool.accounts.iter().map(|account| account.0).collect()),
        Ty::ContractId => id(pool.contracts.iter().map(|contract| contract.0).collect()),
        Ty::Hash => id(Vec::new()),
        Ty::Option(inner) => {
            prop_oneof![Just(vec![0]), bytes_of(inner, pool).prop_map(|value| [vec![1], value].concat())].boxed()
        }
        Ty::List(inner) => members(bytes_of(inner, pool)),
        Ty::Set(inner) => sorted(inner, bytes_of(inner, pool), Just(Vec::new()).boxed()),
        Ty::Map(key, value) => sorted(key, bytes_of(key, pool), bytes_of(value, pool)),
        Ty::Array(inner, length) => {
            vec(bytes_of(inner, pool), *length as usize).prop_map(|members| members.concat()).boxed()
        }
        Ty::Tuple(parts) => together(parts.iter().map(|part| bytes_of(part, pool)).collect()),
        Ty::Named(NamedTy { shape, .. }) => shaped(shape, pool),
    }
}

fn shaped(shape: &'static ShapeDesc, pool: &Pool) -> Bytes {
    match shape {
        ShapeDesc::Struct(fields) => together(fields.iter().map(|field| bytes_of(field.ty, pool)).collect()),
        ShapeDesc::Tuple(parts) => together(parts.iter().map(|part| bytes_of(part, pool)).collect()),
        ShapeDesc::Enum(variants) => {
            let variants: Vec<Bytes> = variants
                .iter()
                .zip(0u8..=u8::MAX)
                .map(|(variant, index)| together(vec![Just(vec![index]).boxed(), shaped(&variant.fields, pool)]))
                .collect();
            proptest::strategy::Union::new(variants).boxed()
        }
    }
}

/// Mostly small, at times anything, and at times the far end.
fn number<T, S, A>(small: S, any: A, end: T) -> Bytes
where
    T: Encode + Clone + std::fmt::Debug + 'static,
    S: Strategy<Value = T> + 'static,
    A: Strategy<Value = T> + 'static,
{
    prop_oneof![8 => small, 2 => any, 1 => Just(end)].prop_map(|value| value.encode()).boxed()
}

/// Mostly one of the known, at times one that nobody knows.
fn id(known: Vec<[u8; 32]>) -> Bytes {
    let unknown = any::<[u8; 32]>().prop_map(|id| id.to_vec());
    if known.is_empty() {
        return unknown.boxed();
    }
    let known = any::<Index>().prop_map(move |index| index.get(&known).to_vec());
    prop_oneof![12 => known, 1 => unknown].boxed()
}

fn together(parts: Vec<Bytes>) -> Bytes {
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn members(member: Bytes) -> Bytes {
    vec(member, 0..=MANY).prop_map(listed).boxed()
}

fn listed(members: Vec<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Compact(u32::try_from(members.len()).unwrap_or(u32::MAX)).encode();
    bytes.extend(members.concat());
    bytes
}

/// Members of a set or map in the order of their keys, no key twice, as a contract takes them. Of a type whose order is not that of any bytes
/// there is one member at most.
fn sorted(ty: &'static Ty, key: Bytes, value: Bytes) -> Bytes {
    let most = if order(ty, &[]).is_some() { MANY } else { 1 };
    let in_order = move |members: Vec<(Vec<u8>, Vec<u8>)>| {
        let members = members.into_iter().map(|(key, value)| (order(ty, &key), [key, value].concat()));
        let members: BTreeMap<_, _> = members.collect();
        listed(members.into_values().collect())
    };
    vec((key, value), 0..=most).prop_map(in_order).boxed()
}

/// Bytes that compare as the values of a type do, from a value's encoding; `None` if there is no simple way.
fn order(ty: &Ty, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut turned: Vec<u8> = bytes.iter().rev().copied().collect();
    Some(match ty {
        Ty::Bool | Ty::U8 | Ty::FixedBytes(_) | Ty::AccountId | Ty::ContractId | Ty::Hash => bytes.to_vec(),
        Ty::U16 | Ty::U32 | Ty::U64 | Ty::U128 => turned,
        Ty::I8 | Ty::I16 | Ty::I32 | Ty::I64 | Ty::I128 => {
            turned.first_mut().into_iter().for_each(|sign| *sign ^= 0x80);
            turned
        }
        // What is made here is shorter than 64 bytes, so its length stands in one byte.
        Ty::String | Ty::Bytes => bytes.get(1..).unwrap_or_default().to_vec(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Everything = (
        (bool, u8, u16, u32, u64, u128),
        (i8, i16, i32, i64, i128),
        (String, Vec<u8>, [u8; 3], Option<Vec<u16>>),
        (BTreeMap<u64, String>, BTreeSet<i64>, [u16; 2]),
        (AccountId, ContractId, coffer_abi::Hash),
    );

    type Ordered = (BTreeMap<u64, bool>, BTreeSet<i32>, BTreeSet<String>, BTreeMap<AccountId, u8>, BTreeSet<(u8, u8)>);

    proptest! {
        #[test]
        fn what_is_made_stands_in_its_order_already(bytes in bytes_of(Ordered::TYPE, &Pool::default())) {
            prop_assert!(coffer_abi::codec::decode::<Ordered>(&bytes).is_ok());
        }

        #[test]
        fn every_value_is_one_of_its_type(value in any_of::<Everything>(&Pool::default())) {
            prop_assert_eq!(coffer_abi::codec::decode::<Everything>(&value.encode()), Ok(value));
        }

        #[test]
        fn ids_are_mostly_of_the_pool(
            ids in vec(any_of::<AccountId>(&Pool { accounts: vec![AccountId([7; 32])], contracts: Vec::new() }), 64),
        ) {
            prop_assert!(ids.iter().filter(|id| **id == AccountId([7; 32])).count() > 32);
        }
    }
}
