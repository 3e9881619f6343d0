//! Flags of the command line made from a contract's spec. Not here: encoding arguments, which the node does. Invariant: every argument has
//! exactly one flag, and a flag of the command itself never hides one.

use anyhow::anyhow;
use clap::{Arg, ArgMatches, Command};
use coffer_api::contract::{SpecField, SpecMethod};
use coffer_api::types::Args;
use serde_json::{Map, Value};

/// Flag that gives all arguments at once.
const ALL: &str = "args";

/// Words of the commands themselves that take a value, for reading them before the spec is known.
const WITH_VALUE: [&str; 16] = [
    "--twin",
    "--url",
    "--node",
    "--psi",
    "--from",
    "--gas-limit",
    "--height",
    "--salt",
    "--args",
    "--authority",
    "--consent",
    "--set",
    "--parties",
    "--party",
    "--mode",
    "--valid-until",
];
/// Words of the commands themselves that stand alone.
const ALONE: [&str; 6] = ["--json", "--private", "--dry-run", "--renounce", "--help", "-h"];

/// The words that are no flags and no values of flags, in their order.
pub(super) fn early_positionals(words: &[String]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            found.push(word);
        } else if ALONE.contains(&word) || word.contains('=') {
            continue;
        } else if WITH_VALUE.contains(&word) || words.peek().is_some_and(|next| !next.starts_with("--")) {
            // Any other flag belongs to the contract and takes one value.
            words.next();
        }
    }
    found
}

/// The value of a flag, before the rest can be understood.
pub(super) fn early_value(words: &[String], names: &[&str]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.as_str()) {
            return words.next().cloned();
        }
        if let Some((name, value)) = word.split_once('=')
            && names.contains(&name)
        {
            return Some(value.into());
        }
    }
    None
}

/// True if the words ask for help.
pub(super) fn wants_help(words: &[String]) -> bool {
    words.iter().any(|w| w == "--help" || w == "-h")
}

/// `command` with a flag for each argument of `method`, and one for all of them.
pub(super) fn add(command: Command, method: Option<&SpecMethod>) -> Command {
    let title: &'static str = "Arguments of the contract";
    let all = Arg::new(ALL).long(ALL).value_name("JSON").help("All arguments as one JSON object").help_heading(title);
    let mut command = command.arg(all);
    for field in method.map(|m| m.args.as_slice()).unwrap_or_default() {
        let taken = |long: &str| long == "help" || command.get_arguments().any(|a| a.get_long() == Some(long));
        let plain = flag_name(field);
        // A flag of the command itself has the plain name already.
        let long = if taken(&plain) { format!("arg-{plain}") } else { plain };
        // A spec comes from whoever made the contract; a name that cannot be a flag can still be given with --args.
        if taken(&long) || !coffer_abi::export::is_method_name(&field.name) {
            continue;
        }
        let mut arg = Arg::new(id(field))
            .long(long)
            .value_name(field.ty.clone())
            .help(help(field))
            .help_heading(title)
            .allow_negative_numbers(true)
            .conflicts_with(ALL);
        if field.ty == "bool" {
            arg = arg.num_args(0..=1).default_missing_value("true");
        }
        if !field.ty.starts_with("Option<") {
            arg = arg.required_unless_present(ALL);
        }
        command = command.arg(arg);
    }
    command
}

/// The arguments that the flags give.
pub(super) fn read(matches: &ArgMatches, method: Option<&SpecMethod>) -> anyhow::Result<Args> {
    if let Some(text) = matches.get_one::<String>(ALL) {
        return serde_json::from_str(text)
            .map_err(|error| anyhow!("--args is not a JSON object with the arguments by name: {error}"));
    }
    let mut members = Map::new();
    for field in method.map(|m| m.args.as_slice()).unwrap_or_default() {
        if let Ok(Some(text)) = matches.try_get_one::<String>(&id(field)) {
            members.insert(field.name.clone(), value(&field.ty, text));
        }
    }
    Ok(Args(members))
}

fn id(field: &SpecField) -> String {
    format!("argument {}", field.name)
}

fn flag_name(field: &SpecField) -> String {
    field.name.replace('_', "-")
}

fn help(field: &SpecField) -> String {
    let docs = field.docs.lines().next().unwrap_or_default();
    let plain = ["String", "AccountId", "ContractId", "Hash", "bool"].contains(&field.ty.as_str());
    let form = match field.ty.as_str() {
        "AccountId" | "ContractId" | "Hash" => "0x and 64 hex digits",
        ty if ty.starts_with("Bytes") => "0x and hex digits",
        ty if is_integer(ty) => "a whole number",
        _ if plain || field.ty.starts_with("Option<") => "",
        _ => "JSON",
    };
    [docs, form].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn is_integer(ty: &str) -> bool {
    ["u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"].contains(&ty)
}

/// A word of the command line as JSON of a type. What it cannot be stays text: the node's error then names type and place.
fn value(ty: &str, text: &str) -> Value {
    if let Some(inner) = ty.strip_prefix("Option<").and_then(|t| t.strip_suffix('>')) {
        return if text == "null" { Value::Null } else { value(inner, text) };
    }
    let as_text = || Value::String(text.into());
    match ty {
        "String" | "AccountId" | "ContractId" | "Hash" => as_text(),
        ty if ty.starts_with("Bytes") => as_text(),
        // Wide integers go as text, so that no JSON reader on the way rounds them.
        "u128" | "i128" | "u64" | "i64" => as_text(),
        _ => serde_json::from_str(text).unwrap_or_else(|_| as_text()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn method() -> SpecMethod {
        let field = |name: &str, ty: &str| SpecField { name: name.into(), ty: ty.into(), docs: "What.".into() };
        let args = vec![
            field("to", "AccountId"),
            field("amount", "u128"),
            field("from", "Option<AccountId>"),
            field("is_final", "bool"),
            field("tags", "List<String>"),
            field("shift", "i8"),
        ];
        let (kind, result) = ("call".into(), "()".into());
        SpecMethod { name: "move".into(), kind, docs: String::new(), args, result, error: None }
    }

    fn parse(text: &str) -> Result<Args, String> {
        let base = Command::new("call").arg(Arg::new("from").long("from"));
        let matches = add(base, Some(&method())).try_get_matches_from([vec!["call".into()], words(text)].concat());
        let matches = matches.map_err(|e| e.to_string())?;
        read(&matches, Some(&method())).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_become_arguments_of_their_types() {
        let args =
            parse("--to 0xab --amount 5 --is-final --tags [\"a\"] --shift -3 --arg-from 0xcd --from alice").unwrap();
        let expected =
            json!({"to": "0xab", "amount": "5", "is_final": true, "tags": ["a"], "shift": -3, "from": "0xcd"});
        assert_eq!(Value::Object(args.0), expected);
        let args = parse("--to 0xab --amount 5 --is-final false --tags x --shift=1").unwrap();
        assert_eq!(
            Value::Object(args.0),
            json!({"to": "0xab", "amount": "5", "is_final": false, "tags": "x", "shift": 1})
        );
    }

    #[test]
    fn all_arguments_can_be_given_at_once() {
        assert_eq!(Value::Object(parse("--args {\"a\":1}").unwrap().0), json!({"a": 1}));
        assert!(parse("--args {\"a\":1,\"a\":2}").unwrap_err().contains("stands twice"));
        assert!(parse("--args [1]").unwrap_err().contains("by name"));
        assert!(parse("--args {\"a\":1} --amount 5").is_err());
    }

    #[test]
    fn a_missing_or_unknown_flag_is_told() {
        assert!(parse("--to 0xab").unwrap_err().contains("--amount"));
        assert!(parse("--to 0xab --amoutn 5").unwrap_err().contains("amount"));
    }

    #[test]
    fn what_names_the_contract_is_read_before_the_flags_are_known() {
        let given = words("0x1 --url http://a --to 0xab transfer --json --amount -5 --psi=PS1 --private");
        assert_eq!(early_positionals(&given), ["0x1", "transfer"]);
        assert_eq!(early_value(&given, &["--url", "--node"]).as_deref(), Some("http://a"));
        assert_eq!(early_value(&given, &["--psi"]).as_deref(), Some("PS1"));
        assert_eq!(early_positionals(&words("--is-final --to 0x1 0x2 m")), ["0x2", "m"]);
    }
}
