//! Most scripts about control flow have one large module in which a few functions use floats. Those functions are cut out here, so that
//! the rest of the module can be held to. Invariant: no index shifts, since an empty stub takes the place of what is cut; what was exported
//! is not exported any more, so nothing can be asserted of a stub.

/// The module that starts at or before byte `at` of a script with its floats cut out, as text; `None` if it cannot be done.
pub fn without_floats(script: &str, at: usize) -> Option<String> {
    let start = script[..at].rfind('(')?;
    let module = &script[start..start + length(&script[start..])?];
    let fields = fields(module)?;
    let mut stubs = Vec::new();
    let mut kept = Vec::new();
    for field in fields {
        if !has_floats(field) {
            kept.push(field.to_owned());
            continue;
        }
        let mut words = field[1..].split(|c: char| c.is_whitespace() || c == '(' || c == ')').filter(|w| !w.is_empty());
        let head = words.next()?;
        let name = words.next().filter(|word| word.starts_with('$')).unwrap_or_default();
        if matches!(head, "table" | "elem") {
            // Only the names of functions say so.
            kept.push(field.to_owned());
            continue;
        }
        stubs.push(name.to_owned());
        kept.push(match head {
            "func" => format!("(func {name})"),
            "type" => format!("(type {name} (func))"),
            "global" => format!("(global {name} i32 (i32.const 0))"),
            "import" if field.contains("(func") => {
                let name = field.split_once("(func")?.1.split_whitespace().next().filter(|word| word.starts_with('$'));
                format!("(import \"spectest\" \"print\" (func {}))", name.unwrap_or_default().trim_end_matches(')'))
            }
            _ => return None,
        });
    }
    kept.retain(|field| {
        let exported = field.strip_prefix("(export ").and_then(|rest| rest.split('$').nth(1));
        let exported = exported.map(|name| format!("${}", name.trim_end_matches([')', ' ', '\n'])));
        exported.is_none_or(|name| !stubs.contains(&name))
    });
    Some(format!("(module {})", kept.join("\n")))
}

fn has_floats(text: &str) -> bool {
    text.contains("f32") || text.contains("f64")
}

/// Length of the expression in brackets that `text` starts with.
fn length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => at = string_end(bytes, at)?,
            (b';', Some(b';')) => at += text[at..].find('\n')?,
            (b'(', Some(b';')) => at += text[at..].find(";)")? + 1,
            (b'(', _) => depth += 1,
            (b')', _) => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The closing quote of the string that opens at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += 1;
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'"' => return Some(at),
            _ => {}
        }
    }
}

/// The fields of a module in text; `None` for one in binary or quoted.
fn fields(module: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut at = 1;
    while at < module.len() {
        let rest = &module[at..];
        if rest.starts_with(";;") {
            at += rest.find('\n')?;
        } else if rest.starts_with("(;") {
            at += rest.find(";)")? + 2;
        } else if rest.starts_with('(') {
            let length = length(rest)?;
            found.push(&module[at..at + length]);
            at += length;
        } else if rest.starts_with('"') || rest.starts_with("binary") || rest.starts_with("quote") {
            return None;
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
    Some(found)
}
