//! The spec inside of a file: a module's custom section, or the section's bytes alone. Invariant: what is returned has passed the check
//! that the node makes.

use coffer_abi::export::SPEC_SECTION;
use coffer_abi::spec::Spec;

/// What every WebAssembly module starts with.
const MAGIC: &[u8] = b"\0asm";
/// Bytes of the magic number and the version.
const HEADER: usize = 8;

/// Reads the spec of a contract.
///
/// # Errors
/// What is wrong, for people.
pub fn spec(bytes: &[u8]) -> Result<Spec, String> {
    if bytes.starts_with(MAGIC) {
        let section = sections(bytes.get(HEADER..).unwrap_or_default()).ok_or("the module is damaged")?;
        return Spec::from_section(&section).map_err(|error| error.to_string());
    }
    Spec::from_section(bytes).map_err(|error| format!("this is neither a module nor a contract's spec: {error}"))
}

/// The contents of all sections of the spec's name, one after the other; `None` if the bytes are no sections.
fn sections(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    while let Some((&kind, tail)) = rest.split_first() {
        rest = tail;
        let size = number(&mut rest)?;
        let (mut section, tail) = rest.split_at_checked(size)?;
        rest = tail;
        if kind == 0 {
            let length = number(&mut section)?;
            let (name, contents) = section.split_at_checked(length)?;
            if name == SPEC_SECTION.as_bytes() {
                found.extend_from_slice(contents);
            }
        }
    }
    Some(found)
}

/// A u32 as LEB128.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0u64;
    for shift in (0..35).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return usize::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use coffer_abi::ABI_VERSION;

    fn sample() -> Spec {
        Spec { abi: ABI_VERSION, name: "Sample".into(), ..Spec::default() }
    }

    fn custom(name: &str, contents: &[u8]) -> Vec<u8> {
        let size = 1 + name.len() + contents.len();
        let size = [(size & 0x7f) as u8 | 0x80, (size >> 7) as u8];
        [&[0], &size[..], &[name.len() as u8], name.as_bytes(), contents].concat()
    }

    #[test]
    fn a_spec_is_found_in_a_module_and_alone() {
        let section = sample().to_section();
        assert_eq!(spec(&section), Ok(sample()));
        let module = [b"\0asm\x01\0\0\0".to_vec(), custom("other", b"x"), custom(SPEC_SECTION, &section)].concat();
        assert_eq!(spec(&module), Ok(sample()));
    }

    #[test]
    fn what_is_no_contract_is_told_in_words() {
        assert!(spec(b"").unwrap_err().starts_with("this is neither"), "{:?}", spec(b""));
        assert_eq!(spec(b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\xff\xff"), Err("the module is damaged".to_owned()));
        let module = [b"\0asm\x01\0\0\0".to_vec(), custom(SPEC_SECTION, &sample().to_section())].concat();
        for cut in 0..module.len() {
            assert!(spec(&module[..cut]).is_err(), "{cut}");
        }
    }
}
