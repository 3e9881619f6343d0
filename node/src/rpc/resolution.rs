//! Which private state a request is for. In this order: URL parameter `PSI`, header `PSI`, header `Quorum-PSI`, else `private`. The
//! higher source wins; a difference is logged, or refused if so configured. Not here: whether the caller may (later `auth`).
//! Invariant: the same request gives the same private state on every node, whatever tenants the node has.

use coffer_api::Error;
use coffer_api::error::kind;
use coffer_chain::Psi;
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use serde_json::json;

/// The URL parameter, exactly so.
const PARAMETER: &str = "PSI";
/// The headers, the first one higher. Header names have no case.
const HEADERS: [&str; 2] = ["PSI", "Quorum-PSI"];

/// What to do when two sources name different private states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The higher source wins and the difference is logged.
    Log,
    /// The request is refused.
    Refuse,
}

/// The private state of a request.
///
/// # Errors
/// Kind `invalidPsi`: a source gives no valid identifier, gives two, or contradicts another under [`OnConflict::Refuse`].
pub fn resolve(uri: &Uri, headers: &HeaderMap, on_conflict: OnConflict) -> Result<Psi, Error> {
    let mut named: Option<(Psi, &str)> = None;
    let sources = std::iter::once((from_url(uri)?, "URL parameter PSI"))
        .chain(from_headers(headers)?.into_iter().zip(["header PSI", "header Quorum-PSI"]));
    for (psi, source) in sources {
        let Some(psi) = psi else { continue };
        match &named {
            None => named = Some((psi, source)),
            Some((higher, _)) if *higher == psi => {}
            Some((higher, from)) if on_conflict == OnConflict::Refuse => {
                let message =
                    format!("the {from} names {higher:?}, the {source} names {psi:?}; name one private state");
                return Err(invalid(message, source, psi.as_str()));
            }
            Some((higher, from)) => {
                tracing::warn!(%higher, lower = %psi, "the {from} wins over a different {source}");
            }
        }
    }
    Ok(named.map_or_else(Psi::default_state, |(psi, _)| psi))
}

fn from_url(uri: &Uri) -> Result<Option<Psi>, Error> {
    let source = "URL parameter PSI";
    let mut found = None;
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name != PARAMETER {
            // A write that silently goes elsewhere is worse than a refusal.
            let meant = decode(name).is_some_and(|name| name.eq_ignore_ascii_case(PARAMETER));
            if meant {
                let message =
                    format!("the URL parameter {name} is not known; its name is {PARAMETER}, in capital letters");
                return Err(invalid(message, source, value));
            }
            continue;
        }
        let text = decode(value).ok_or_else(|| {
            let message = format!("the {source} {value:?} is not percent-encoded UTF-8; a `%` is written %25");
            invalid(message, source, value)
        })?;
        if found.replace(parse(&text, source)?).is_some() {
            return Err(invalid(format!("the {source} stands twice"), source, &text));
        }
    }
    Ok(found)
}

fn from_headers(headers: &HeaderMap) -> Result<[Option<Psi>; 2], Error> {
    let mut found = [None, None];
    for (slot, name) in found.iter_mut().zip(HEADERS) {
        let source = format!("header {name}");
        for value in headers.get_all(name) {
            // Header text is bytes; an identifier beyond ASCII may stand there as UTF-8.
            let text = std::str::from_utf8(value.as_bytes())
                .map_err(|_| invalid(format!("the {source} is not UTF-8"), &source, ""))?;
            // To HTTP a comma separates values, and proxies join repeated headers so.
            if text.contains(',') {
                let way_out = "name one private state; a name with a comma in it goes by the URL parameter PSI";
                return Err(invalid(format!("the {source} {text:?} lists several: {way_out}"), &source, text));
            }
            if slot.replace(parse(text, &source)?).is_some() {
                return Err(invalid(format!("the {source} stands twice"), &source, text));
            }
        }
    }
    Ok(found)
}

fn parse(text: &str, source: &str) -> Result<Psi, Error> {
    text.parse().map_err(|reason| {
        let shown: String = text.chars().take(80).collect();
        invalid(format!("the {source} {shown:?} names no private state: {reason}"), source, &shown)
    })
}

/// Decodes strictly: every `%` starts two hex digits, and the whole is UTF-8. A `+` is a plus sign.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let complete = bytes.iter().enumerate().all(|(i, b)| *b != b'%' || (hex(i + 1) && hex(i + 2)));
    complete.then(|| percent_decode_str(text).decode_utf8().ok())?.map(|text| text.into_owned())
}

fn invalid(message: String, source: &str, value: &str) -> Error {
    Error::Transport { info: kind::INVALID_PSI, message, data: json!({ "source": source, "value": value }) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn ask(url: &str, headers: &[(&'static str, &str)], on_conflict: OnConflict) -> Result<String, String> {
        let uri = url.parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        resolve(&uri, &map, on_conflict).map(|psi| psi.to_string()).map_err(|e| {
            assert_eq!(e.info().kind, "invalidPsi");
            e.to_string()
        })
    }

    fn named(url: &str, headers: &[(&'static str, &str)]) -> Result<String, String> {
        ask(url, headers, OnConflict::Log)
    }

    #[test]
    fn the_higher_source_wins() {
        let table = [
            ("/", &[][..], "private"),
            ("/", &[("Quorum-PSI", "PS3")], "PS3"),
            ("/", &[("quorum-psi", "PS3"), ("PSI", "PS2")], "PS2"),
            ("/?PSI=PS1", &[("Quorum-PSI", "PS3"), ("psi", "PS2")], "PS1"),
            ("/?a=b&PSI=PS1&c", &[], "PS1"),
            ("/any/path?PSI=PS1", &[("PSI", "PS1")], "PS1"),
            ("/?XPSI=PS1&PSIX=PS2", &[], "private"),
            ("/?PSI=ps1", &[], "ps1"),
        ];
        for (url, headers, expected) in table {
            assert_eq!(named(url, headers).as_deref(), Ok(expected), "{url} {headers:?}");
        }
    }

    #[test]
    fn percent_encoding_is_strict() {
        assert_eq!(named("/?PSI=Minist%C3%A8re%20A%2BB", &[]).as_deref(), Ok("Ministère A+B"));
        assert_eq!(named("/?PSI=A+B", &[]).as_deref(), Ok("A+B"));
        assert_eq!(named("/?PSI=%50S1", &[]).as_deref(), Ok("PS1"));
        for bad in ["/?PSI=%", "/?PSI=A%2", "/?PSI=%zz", "/?PSI=%FF"] {
            assert!(named(bad, &[]).unwrap_err().contains("percent-encoded"), "{bad}");
        }
        assert!(named("/?PSI=a%2Fb", &[]).unwrap_err().contains("'/'"));
        assert!(named("/?PSI=a%00", &[]).is_err());
    }

    #[test]
    fn an_invalid_identifier_names_its_source_and_value() {
        assert!(named("/?PSI=", &[]).unwrap_err().contains("URL parameter PSI"));
        assert!(named("/?PSI", &[]).is_err());
        assert!(named("/?PSI=public", &[]).unwrap_err().contains("public"));
        assert!(named("/", &[("PSI", "")]).unwrap_err().contains("header PSI"));
        assert!(named("/", &[("Quorum-PSI", "a/b")]).unwrap_err().contains("header Quorum-PSI \"a/b\""));
        assert!(named("/?PSI=PS1", &[("PSI", "a/b")]).is_err(), "a lower source is checked too");
        assert!(named(&format!("/?PSI={}", "x".repeat(65)), &[]).unwrap_err().contains("64"));
    }

    #[test]
    fn one_source_that_names_two_is_refused() {
        assert!(named("/?PSI=PS1&PSI=PS2", &[]).unwrap_err().contains("twice"));
        assert!(named("/", &[("PSI", "PS1"), ("PSI", "PS2")]).unwrap_err().contains("twice"));
    }

    #[test]
    fn another_spelling_of_the_parameter_is_refused() {
        for url in ["/?psi=PS1", "/?Psi=PS1", "/?PSI=PS1&psi=PS1", "/?%50si=PS1", "/?%50SI=PS1"] {
            assert!(named(url, &[]).unwrap_err().contains("capital letters"), "{url}");
        }
    }

    #[test]
    fn a_header_that_lists_several_is_refused() {
        for name in ["PSI", "Quorum-PSI"] {
            assert!(named("/", &[(name, "PS1, PS2")]).unwrap_err().contains("several"), "{name}");
        }
    }

    #[test]
    fn a_difference_is_refused_if_so_configured() {
        let headers = [("PSI", "PS2")];
        assert_eq!(ask("/?PSI=PS1", &headers, OnConflict::Log).as_deref(), Ok("PS1"));
        assert!(ask("/?PSI=PS1", &headers, OnConflict::Refuse).unwrap_err().contains("PS2"));
        assert_eq!(ask("/?PSI=PS2", &headers, OnConflict::Refuse).as_deref(), Ok("PS2"));
    }
}
