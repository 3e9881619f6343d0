//! A trace as text: one line a call and host call, indented by depth. For people; not a format to parse.

use std::borrow::Cow;
use std::fmt;

use super::{CallTrace, Effect, Line, Step, status_line};

/// A text of a contract as a terminal may see it: what would move the cursor, colour, or turn the direction of writing is escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| if hidden(c) { c.escape_default().to_string() } else { c.to_string() });
    Cow::Owned(escaped.collect())
}

/// Bytes of a key, value or argument that are shown.
const SHOWN: usize = 40;

impl fmt::Display for CallTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl CallTrace {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        let public = if self.public { "public " } else { "" };
        let (kind, method, contract) = (self.kind.name(), &self.method, hex::encode(&self.contract.0[..6]));
        let name = if kind == method { kind.to_owned() } else { format!("{kind} {method}") };
        writeln!(
            f,
            "{:indent$}{name} of {public}{contract}.. ({} bytes in): {} gas of {}, {}",
            "",
            self.input.len(),
            self.gas_used,
            self.gas_limit,
            printable(&status_line(&self.status))
        )?;
        for step in &self.steps {
            step.write(f, depth + 1)?;
        }
        if self.left_out > 0 {
            writeln!(f, "{:indent$}  and {} host calls that are not shown", "", self.left_out)?;
        }
        for line in self.ended_at.iter().flat_map(|spot| &spot.lines) {
            writeln!(f, "{:indent$}  at {line}", "")?;
        }
        Ok(())
    }
}

impl Step {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:indent$}{:<16}{:>9} gas", "", self.host, self.gas.0, indent = 2 * depth)?;
        match &self.effect {
            None => {}
            Some(Effect::Read { key, value }) => write!(f, "  {} = {}", cut(key), optional(value))?,
            Some(Effect::Change { key, before, after }) => {
                write!(f, "  {}: {} -> {}", cut(key), optional(before), optional(after))?;
            }
            Some(Effect::Event { name, data }) => write!(f, "  {} {}", printable(name), cut(data))?,
            Some(Effect::Log { line }) => write!(f, "  {}", printable(line))?,
        }
        let mut lines = self.at.iter().flat_map(|spot| &spot.lines);
        if let Some(line) = lines.clone().find(|line| line.is_own()).or(lines.next()) {
            write!(f, "  at {line}")?;
        }
        writeln!(f)?;
        match &self.call {
            Some(call) => call.write(f, depth + 1),
            None => Ok(()),
        }
    }
}

impl Line {
    /// True if it is in the contract's own source, as far as name and file tell: not in the SDK, its codec or Rust's own libraries.
    pub fn is_own(&self) -> bool {
        // Inlined functions have no path in line tables, then the file tells; `coffer contract build` calls it by the name of the crate.
        let paths = ["coffer_sdk::", "coffer_abi::", "core::", "alloc::", "parity_scale_codec::"];
        let files = ["/coffer-sdk-", "/coffer-abi-", "/parity-scale-codec-", "/rust/", "/rustc/"];
        let function = self.function.trim_start_matches('<');
        let of_library = |file: &String| files.iter().any(|library| file.starts_with(library));
        !paths.iter().any(|library| function.starts_with(library)) && !self.file.as_ref().is_some_and(of_library)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.function))?;
        let file = self.file.as_deref().map(printable);
        match (file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})"),
            (Some(file), None) => write!(f, " ({file})"),
            _ => Ok(()),
        }
    }
}

fn optional(value: &Option<Vec<u8>>) -> String {
    value.as_ref().map_or_else(|| "nothing".into(), |value| cut(value))
}

fn cut(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN {
        return hex::encode(bytes);
    }
    format!("{}.. ({} bytes)", hex::encode(&bytes[..SHOWN]), bytes.len())
}
