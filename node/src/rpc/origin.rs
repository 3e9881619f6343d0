//! Pages of other sites must not use a visitor's browser to reach this node. No CORS headers are sent, and a request that a browser
//! made for a foreign page is refused, WebSockets included. Not here: tokens. Invariant: a request without browser headers passes.

use http::{HeaderMap, header};

/// Why a request is refused, for the reader; `None` if it may pass.
pub fn refusal(headers: &HeaderMap, allowed: &[String]) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    let Some(origin) = text(header::ORIGIN) else {
        // Browsers that send no Origin still say when a request crosses sites.
        let cross = headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site");
        return cross.then(|| "requests from pages of other sites are refused".into());
    };
    if allowed.contains(&origin) {
        return None;
    }
    // The node's own pages: the address is the node's own. A name could point here by rebinding, so only addresses count.
    let own = text(header::HOST)
        .is_some_and(|host| is_address(&host) && origin.eq_ignore_ascii_case(&format!("http://{host}")));
    if own {
        return None;
    }
    let shown: String = origin.chars().take(80).collect();
    Some(format!("the origin {shown:?} is not allowed here; the operator can allow it with rpc.origins"))
}

/// True if the request was made by a browser, as far as headers tell.
pub fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        refusal(&map, &["https://dash.example".into()]).is_none()
    }

    #[test]
    fn programs_pass_and_foreign_pages_do_not() {
        assert!(passes(&[]));
        assert!(passes(&[("host", "node1:8545")]));
        assert!(!passes(&[("host", "127.0.0.1:8545"), ("origin", "https://evil.example")]));
        assert!(!passes(&[("host", "127.0.0.1:8545"), ("origin", "null")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site")]));
        assert!(passes(&[("origin", "https://dash.example")]));
    }

    #[test]
    fn own_pages_pass_but_not_those_of_a_rebound_name() {
        assert!(passes(&[("host", "127.0.0.1:8545"), ("origin", "http://127.0.0.1:8545")]));
        assert!(passes(&[("host", "[::1]:8545"), ("origin", "http://[::1]:8545")]));
        assert!(passes(&[("host", "localhost:8545"), ("origin", "http://localhost:8545")]));
        assert!(!passes(&[("host", "127.0.0.1:8545"), ("origin", "http://127.0.0.1:9000")]));
        assert!(!passes(&[("host", "evil.example"), ("origin", "http://evil.example")]));
    }
}
