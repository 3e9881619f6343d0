//! Names of functions from a module's name section, as Rust writes them. Invariant: a name is bounded and never decides anything.

use std::fmt::Write;

use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// Characters of a name that are told.
const LONGEST: usize = 200;

/// Name of a function from the name section, which stands behind the code: looked for only when a function is refused.
pub(super) fn of_function(wasm: &[u8], index: u32) -> Option<String> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload.ok()? else {
            continue;
        };
        let KnownCustom::Name(names) = section.as_known() else {
            continue;
        };
        for subsection in names {
            let Name::Function(functions) = subsection.ok()? else {
                continue;
            };
            for naming in functions {
                let naming = naming.ok()?;
                if naming.index == index {
                    return Some(in_rust(naming.name));
                }
            }
        }
    }
    None
}

/// The first function whose type stands at this byte, if a type does: a developer knows functions, not types.
pub(super) fn first_of_type_at(wasm: &[u8], offset: usize) -> Option<u32> {
    let (mut wanted, mut functions) = (None, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.ok()? {
            Payload::TypeSection(section) if section.range().contains(&offset) => {
                let mut types = 0;
                for group in section.into_iter_with_offsets() {
                    let (start, group) = group.ok()?;
                    if start > offset {
                        break;
                    }
                    types += group.types().len() as u32;
                }
                wanted = Some(types.checked_sub(1)?);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import.ok()?.ty {
                        if Some(ty) == wanted {
                            return Some(functions);
                        }
                        functions += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    if Some(ty.ok()?) == wanted {
                        return Some(functions);
                    }
                    functions += 1;
                }
                return None;
            }
            _ => {}
        }
    }
    None
}

/// A symbol as its author wrote it, without the compiler's hash; any other name as it is. Cut at 200 characters.
pub fn in_rust(symbol: &str) -> String {
    let mut name = Cut::default();
    // Ends early once the name is long enough: a symbol of some bytes can stand for a name of megabytes.
    let _ = write!(name, "{:#}", rustc_demangle::demangle(symbol));
    name.text
}

#[derive(Default)]
struct Cut {
    text: String,
    chars: usize,
}

impl Write for Cut {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        for c in part.chars() {
            if self.chars == LONGEST {
                return Err(std::fmt::Error);
            }
            self.text.push(c);
            self.chars += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_either_mangling_read_as_in_the_source() {
        let legacy =
            "_ZN74_$LT$floaty..rates..Rate$LT$u32$GT$$u20$as$u20$floaty..rates..Interest$GT$2of17hc5ce71b01128e553E";
        assert_eq!(in_rust(legacy), "<floaty::rates::Rate<u32> as floaty::rates::Interest>::of");
        let v0 = "_RNvXNtCs78mJmfEYZv2_6floaty5ratesINtB2_4RatemENtB2_8Interest2of";
        assert_eq!(in_rust(v0), "<floaty::rates::Rate<u32> as floaty::rates::Interest>::of");
        assert_eq!(in_rust("memcpy"), "memcpy");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(in_rust(&"é".repeat(9_000)).chars().count(), LONGEST);
        // Each back-reference doubles the name.
        let bomb = format!("_RMC0{}{}p", "TB0_".repeat(30), "E".repeat(30));
        assert!(in_rust(&bomb).chars().count() <= LONGEST);
    }
}
