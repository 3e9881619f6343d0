//! Names and documentation as text. Not here: what they mean. Invariant: the same Rust name always gives the same JSON name.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// `subscribe_heads` -> `subscribeHeads`.
pub fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// `subscribe_heads` -> `SubscribeHeads`.
pub fn pascal_case(name: &str) -> String {
    let camel = camel_case(name);
    let mut chars = camel.chars();
    match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + chars.as_str(),
        None => camel,
    }
}

/// The doc comment among `attributes`, without the space after `///`.
pub fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|a| a.path().is_ident("doc")).filter_map(|a| match &a.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let text: Vec<String> = lines.map(|l| l.strip_prefix(' ').unwrap_or(&l).trim_end().to_owned()).collect();
    text.join("\n").trim().to_owned()
}

/// First paragraph on one line, and the rest.
pub fn summary_and_description(docs: &str) -> (String, String) {
    let (first, rest) = docs.split_once("\n\n").unwrap_or((docs, ""));
    (first.replace('\n', " "), rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_become_json_and_type_names() {
        assert_eq!(camel_case("subscribe_heads"), "subscribeHeads");
        assert_eq!(camel_case("head"), "head");
        assert_eq!(pascal_case("trie_root"), "TrieRoot");
    }

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let (summary, rest) = summary_and_description("One\nline.\n\nThen\nmore.");
        assert_eq!((summary.as_str(), rest.as_str()), ("One line.", "Then\nmore."));
    }
}
