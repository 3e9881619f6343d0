//! The debug twin of a module: the same code with the names and line tables that a release strips. From an offset in the module to functions
//! and lines of Rust. DWARF for WebAssembly counts addresses from the start of the code section (WebAssembly tool conventions, "DWARF for
//! WebAssembly"). Invariant: a twin is accepted only if its code is that of the module, byte for byte, so its lines are the module's.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::ops::Range;

use addr2line::Context;
use coffer_abi::Hash;
use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use wasmparser::{KnownCustom, Name, Parser, Payload};

use super::Line;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// Bytes a twin may have.
pub const MAX_TWIN: usize = 64 * 1024 * 1024;

/// Bytes of a name that are shown.
const MAX_NAME: usize = 300;
/// Functions at one place that are shown, the innermost of those inlined into each other.
const MAX_INLINED: usize = 16;
/// How deep debug entries may be nested; compilers stay far below.
const MAX_NESTED: isize = 500;

/// Names and lines of one module.
pub struct Twin<'a> {
    section: Hash,
    /// Bodies, in bytes from the start of the code section's content.
    functions: Vec<Range<u64>>,
    imported: u32,
    names: HashMap<u32, &'a str>,
    lines: Option<Context<Reader<'a>>>,
}

/// Why a file is no twin of a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TwinError {
    /// Above the bound on a twin, 64 MiB.
    #[error("the debug twin has {0} bytes, at most {MAX_TWIN} are read")]
    TooLarge(usize),
    /// Not a module.
    #[error("the debug twin is not a WebAssembly module: {0}")]
    Malformed(String),
    /// Made from other source, by another compiler or with other settings.
    #[error(
        "the debug twin's code is not the module's; build both from one source with one toolchain, the twin with debug = \"line-tables-only\" and strip = false"
    )]
    OtherCode,
}

/// What is needed of a module: where its code is.
struct Code {
    start: usize,
    section: Hash,
    functions: Vec<Range<u64>>,
    imported: u32,
}

impl<'a> Twin<'a> {
    /// Reads the twin of `module`; the module itself is its own twin if it was not stripped.
    ///
    /// # Errors
    /// [`TwinError`].
    pub fn read(module: &[u8], twin: &'a [u8]) -> Result<Self, TwinError> {
        let (_, section) = code_section(module)?;
        let twin = Self::open(twin)?;
        if twin.section != section { Err(TwinError::OtherCode) } else { Ok(twin) }
    }

    /// Reads a twin of the module whose code section has the hash [`Twin::section`].
    ///
    /// # Errors
    /// [`TwinError`].
    pub fn open(twin: &'a [u8]) -> Result<Self, TwinError> {
        if twin.len() > MAX_TWIN {
            return Err(TwinError::TooLarge(twin.len()));
        }
        let code = code(twin)?;
        let mut names = HashMap::new();
        let mut sections: HashMap<&str, &[u8]> = HashMap::new();
        for payload in Parser::new(0).parse_all(twin) {
            let payload = payload.map_err(malformed)?;
            let Payload::CustomSection(section) = payload else { continue };
            if let KnownCustom::Name(reader) = section.as_known() {
                for subsection in reader.into_iter().map_while(Result::ok) {
                    let Name::Function(map) = subsection else { continue };
                    for naming in map.into_iter().map_while(Result::ok) {
                        names.insert(naming.index, naming.name);
                    }
                }
            } else if section.name().starts_with(".debug_") {
                sections.insert(section.name(), section.data());
            }
        }
        let lines = if sections.is_empty() { None } else { context(&sections)? };
        Ok(Self { section: code.section, functions: code.functions, imported: code.imported, names, lines })
    }

    /// BLAKE3 of the code section's content: what module and twin have in common.
    pub fn section(&self) -> &Hash {
        &self.section
    }

    /// Functions and lines at a byte of the code section, inlined ones first; empty if it is in no function.
    pub fn at(&self, offset: u64) -> Vec<Line> {
        let Some(index) = self.functions.iter().position(|function| function.contains(&offset)) else {
            return Vec::new();
        };
        let function = self.imported + u32::try_from(index).unwrap_or(u32::MAX);
        let mut found = self.inlined(offset).unwrap_or_default();
        // Line tables alone may name no functions; the name section names those that were not inlined.
        let name = || self.names.get(&function).map_or_else(|| format!("function {function}"), |name| readable(name));
        match found.last_mut() {
            Some(outermost) if outermost.function.is_empty() => outermost.function = name(),
            Some(_) => {}
            None => found.push(Line { function: name(), file: None, line: None }),
        }
        found
    }

    fn inlined(&self, address: u64) -> Option<Vec<Line>> {
        let mut frames = self.lines.as_ref()?.find_frames(address).skip_all_loads().ok()?;
        let mut found = Vec::new();
        while found.len() < MAX_INLINED
            && let Ok(Some(frame)) = frames.next()
        {
            let name = frame.function.as_ref().and_then(|name| name.raw_name().ok());
            let place = frame.location.as_ref();
            found.push(Line {
                function: name.map(|name| readable(&name)).unwrap_or_default(),
                file: place.and_then(|place| place.file).map(|file| file.chars().take(MAX_NAME).collect()),
                line: place.and_then(|place| place.line),
            });
        }
        Some(found)
    }
}

/// A symbol as Rust writes it, or its beginning: a few bytes of a mangled name can stand for megabytes.
fn readable(symbol: &str) -> String {
    let mut short = Short(String::new());
    // An error is the end of the room.
    let _ = write!(short, "{:#}", rustc_demangle::demangle(symbol));
    short.0
}

/// A text that takes [`MAX_NAME`] bytes and no more.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_NAME.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

fn context<'a>(sections: &HashMap<&str, &'a [u8]>) -> Result<Option<Context<Reader<'a>>>, TwinError> {
    let load = |id: SectionId| -> Result<Reader<'a>, std::convert::Infallible> {
        Ok(EndianSlice::new(sections.get(id.name()).copied().unwrap_or_default(), LittleEndian))
    };
    let Ok(dwarf) = Dwarf::load(load);
    match depth(&dwarf) {
        Ok(depth) if depth > MAX_NESTED => {
            Err(TwinError::Malformed(format!("its debug entries are nested {depth} deep")))
        }
        Ok(_) => Ok(Context::from_dwarf(dwarf).ok()),
        // What cannot be read explains nothing.
        Err(_) => Ok(None),
    }
}

/// How deep the debug entries are nested; whoever reads them recurses as deep.
fn depth(dwarf: &Dwarf<Reader<'_>>) -> gimli::Result<isize> {
    let mut deepest = 0;
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            deepest = deepest.max(entry.depth());
        }
    }
    Ok(deepest)
}

/// Where the content of a module's code section begins, and its hash.
pub(crate) fn code_section(module: &[u8]) -> Result<(usize, Hash), TwinError> {
    code(module).map(|code| (code.start, code.section))
}

fn code(module: &[u8]) -> Result<Code, TwinError> {
    let mut found = Code { start: 0, section: hash(&[]), functions: Vec::new(), imported: 0 };
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(malformed)? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().map_while(Result::ok) {
                    if matches!(import.ty, wasmparser::TypeRef::Func(_)) {
                        found.imported += 1;
                    }
                }
            }
            Payload::CodeSectionStart { range, .. } => {
                found.start = range.start;
                found.section = hash(module.get(range).unwrap_or_default());
            }
            Payload::CodeSectionEntry(body) => {
                let place = |offset: usize| offset.saturating_sub(found.start) as u64;
                found.functions.push(place(body.range().start)..place(body.range().end));
            }
            _ => {}
        }
    }
    Ok(found)
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(*blake3::hash(bytes).as_bytes())
}

fn malformed(error: wasmparser::BinaryReaderError) -> TwinError {
    TwinError::Malformed(error.to_string())
}
