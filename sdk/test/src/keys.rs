//! Keys of maps as they stand in storage, back into text. Not here: writing them, which the SDK does. Invariant: the text shows the value that the
//! contract used as the key, or there is none.

use coffer_abi::id::hex_text;
use coffer_abi::spec::Type;

/// The key behind its bytes, which are all of it.
pub(crate) fn key_text(ty: &Type, bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let text = read(ty, &mut rest, true)?;
    rest.is_empty().then_some(text)
}

fn read(ty: &Type, rest: &mut &[u8], is_last: bool) -> Option<String> {
    // Numbers stand with their most significant byte first, signed ones with the sign turned over.
    macro_rules! number {
        ($unsigned:ty) => {
            <$unsigned>::from_be_bytes(*take(rest)?).to_string()
        };
        ($unsigned:ty, $signed:ty) => {
            (<$unsigned>::from_be_bytes(*take(rest)?) ^ <$signed>::MIN.cast_unsigned()).cast_signed().to_string()
        };
    }
    Some(match ty {
        Type::Unit => String::new(),
        Type::Bool => (take::<1>(rest)?[0] == 1).to_string(),
        Type::U8 => number!(u8),
        Type::U16 => number!(u16),
        Type::U32 => number!(u32),
        Type::U64 => number!(u64),
        Type::U128 => number!(u128),
        Type::I8 => number!(u8, i8),
        Type::I16 => number!(u16, i16),
        Type::I32 => number!(u32, i32),
        Type::I64 => number!(u64, i64),
        Type::I128 => number!(u128, i128),
        Type::AccountId | Type::ContractId | Type::Hash => hex_text(take::<32>(rest)?),
        Type::FixedBytes(length) => {
            let (bytes, tail) = rest.split_at_checked(*length as usize)?;
            *rest = tail;
            hex_text(bytes)
        }
        Type::String => String::from_utf8(sized(rest, is_last)?).ok()?,
        Type::Bytes => hex_text(&sized(rest, is_last)?),
        Type::Tuple(parts) => {
            let last = parts.len().checked_sub(1)?;
            let parts = parts.iter().enumerate();
            let texts: Option<Vec<_>> = parts.map(|(at, part)| read(part, rest, is_last && at == last)).collect();
            texts?.join(", ")
        }
        _ => return None,
    })
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (front, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(front)
}

/// Bytes of any length: at the end as they are, before it with 0 255 for 0, up to 0 0.
fn sized(rest: &mut &[u8], is_last: bool) -> Option<Vec<u8>> {
    if is_last {
        return Some(std::mem::take(rest).to_vec());
    }
    let mut bytes = Vec::new();
    loop {
        match take::<1>(rest)? {
            [0] => match take::<1>(rest)? {
                [0] => return Some(bytes),
                [255] => bytes.push(0),
                _ => return None,
            },
            [byte] => bytes.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ty: &Type, bytes: &[u8]) -> Option<String> {
        key_text(ty, bytes)
    }

    #[test]
    fn keys_are_read_as_the_sdk_writes_them() {
        assert_eq!(text(&Type::U32, &[0, 0, 1, 2]).as_deref(), Some("258"));
        assert_eq!(text(&Type::I16, &[0x7f, 0xff]).as_deref(), Some("-1"));
        assert_eq!(text(&Type::I16, &[0x80, 5]).as_deref(), Some("5"));
        assert_eq!(text(&Type::Bool, &[1]).as_deref(), Some("true"));
        assert_eq!(text(&Type::String, b"road").as_deref(), Some("road"));
        let parts = Type::Tuple(vec![Type::String, Type::Bytes, Type::U8]);
        assert_eq!(text(&parts, b"a\0\xffb\0\0\x07\0\0\x09").as_deref(), Some("a\0b, 0x07, 9"));
    }

    #[test]
    fn what_is_no_key_of_its_type_is_none() {
        assert_eq!(text(&Type::U32, &[0, 0, 1]), None);
        assert_eq!(text(&Type::U8, &[1, 2]), None);
        assert_eq!(text(&Type::Tuple(vec![Type::String, Type::U8]), b"a\0\x01"), None);
    }
}
