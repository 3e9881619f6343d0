//! Addresses of nodes as people write them, and what they are now. Not here: who may be dialled. Invariant: a name is resolved anew for
//! every dial, so a node that moved is found.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use futures::future::BoxFuture;

/// Characters of the longest host name (RFC 1035).
const MAX_NAME: usize = 253;

/// Where a node listens: `host:port`, `1.2.3.4:port`, `[::1]:port`, or `/ip4/1.2.3.4/tcp/port`, `/ip6/`, `/dns/`, `/dns4/`, `/dns6/` alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Host {
    Ip(IpAddr),
    Name(String, Family),
}

/// Which addresses of a name count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Family {
    Any,
    V4,
    V6,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{problem}; an address looks like node1.example:9545, 10.0.0.7:9545, [2001:db8::1]:9545 or /dns4/node1.example/tcp/9545"
)]
pub struct AddressError {
    problem: &'static str,
}

const fn no(problem: &'static str) -> AddressError {
    AddressError { problem }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix('/') {
            return from_path(path);
        }
        let (host, port) = text.rsplit_once(':').ok_or(no("it has no port"))?;
        let host = match host.strip_prefix('[') {
            Some(rest) => {
                let inner = rest.strip_suffix(']').ok_or(no("its `[` is not closed"))?;
                Host::Ip(
                    inner.parse::<Ipv6Addr>().map_err(|_| no("what stands in brackets is no IPv6 address"))?.into(),
                )
            }
            None => match host.parse::<Ipv4Addr>() {
                Ok(ip) => Host::Ip(ip.into()),
                Err(_) => Host::Name(name(host)?, Family::Any),
            },
        };
        dialable(Self { host, port: port_of(port)? })
    }
}

/// An address that says where: a wildcard is one to listen on.
fn dialable(address: Address) -> Result<Address, AddressError> {
    match address.host {
        Host::Ip(ip) if ip.is_unspecified() => Err(no("nobody can dial all addresses of a machine")),
        _ => Ok(address),
    }
}

fn from_path(path: &str) -> Result<Address, AddressError> {
    let mut parts = path.split('/');
    let (Some(kind), Some(host), Some("tcp"), Some(port), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(no("it is not of the form /KIND/HOST/tcp/PORT"));
    };
    let host = match kind {
        "ip4" => Host::Ip(host.parse::<Ipv4Addr>().map_err(|_| no("it has no IPv4 address behind /ip4/"))?.into()),
        "ip6" => Host::Ip(host.parse::<Ipv6Addr>().map_err(|_| no("it has no IPv6 address behind /ip6/"))?.into()),
        "dns" => Host::Name(name(host)?, Family::Any),
        "dns4" => Host::Name(name(host)?, Family::V4),
        "dns6" => Host::Name(name(host)?, Family::V6),
        _ => return Err(no("its kind is none of ip4, ip6, dns, dns4, dns6")),
    };
    dialable(Address { host, port: port_of(port)? })
}

fn name(text: &str) -> Result<String, AddressError> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if text.is_empty() || text.len() > MAX_NAME || !text.chars().all(ok) {
        return Err(no("its host is neither a name nor an IP address"));
    }
    Ok(text.to_owned())
}

fn port_of(text: &str) -> Result<u16, AddressError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(no("its port is not from 1 to 65535")),
    }
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Self {
        Self { host: Host::Ip(addr.ip()), port: addr.port() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            Host::Ip(ip) => SocketAddr::new(*ip, port).fmt(f),
            Host::Name(name, Family::Any) => write!(f, "{name}:{port}"),
            Host::Name(name, Family::V4) => write!(f, "/dns4/{name}/tcp/{port}"),
            Host::Name(name, Family::V6) => write!(f, "/dns6/{name}/tcp/{port}"),
        }
    }
}

impl Address {
    /// What it is now; asks the resolver if it has a name.
    ///
    /// # Errors
    /// What the resolver says, or that the name has no address.
    pub(super) async fn resolve(&self, resolver: &Resolver) -> io::Result<Vec<SocketAddr>> {
        let (name, family) = match &self.host {
            Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, self.port)]),
            Host::Name(name, family) => (name, *family),
        };
        let mut found = (resolver.0)(name.clone(), self.port).await?;
        found.retain(|addr| match family {
            Family::Any => true,
            Family::V4 => addr.is_ipv4(),
            Family::V6 => addr.is_ipv6(),
        });
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(found)
    }
}

type Resolving = BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Turns names into addresses; the system's resolver unless something else is given.
#[derive(Clone)]
pub struct Resolver(Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>);

impl Resolver {
    /// A resolver that asks `ask` for each name and port.
    pub fn new(ask: impl Fn(String, u16) -> Resolving + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new(|name, port| Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) }))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn both_spellings_of_an_address_are_one() {
        assert_eq!(parsed("10.0.0.7:9545"), parsed("/ip4/10.0.0.7/tcp/9545"));
        assert_eq!(parsed("[::1]:9545"), parsed("/ip6/::1/tcp/9545"));
        assert_eq!(parsed("node-1.example:9545"), parsed("/dns/node-1.example/tcp/9545"));
        assert_ne!(parsed("node1.example:9545"), parsed("/dns4/node1.example/tcp/9545"));
        for text in ["10.0.0.7:9545", "[::1]:9545", "node1.example:1", "/dns4/a/tcp/65535", "/dns6/a/tcp/2"] {
            assert_eq!(parsed(text).to_string(), text);
            assert_eq!(parsed(&parsed(text).to_string()), parsed(text));
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        for (text, why) in [
            ("", "no port"),
            ("node1.example", "no port"),
            ("node1.example:0", "its port"),
            ("node1.example:65536", "its port"),
            (":9545", "its host"),
            ("a b:9545", "its host"),
            ("[::1:9545", "not closed"),
            ("[1.2.3.4]:9545", "no IPv6"),
            ("/ip4/::1/tcp/9545", "no IPv4"),
            ("/ip4/1.2.3.4/udp/9545", "form"),
            ("/ip4/1.2.3.4/tcp/9545/p2p/x", "form"),
            ("/onion/x/tcp/1", "its kind"),
            ("0.0.0.0:9545", "all addresses"),
            ("[::]:9545", "all addresses"),
            ("/ip4/0.0.0.0/tcp/9545", "all addresses"),
            (&format!("{}:1", "a".repeat(254)), "its host"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("node1.example:9545"), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn a_family_keeps_the_other_out() {
        let both = || vec!["1.2.3.4:7".parse().unwrap(), "[::1]:7".parse().unwrap()];
        let resolver = Resolver::new(move |name, _| {
            let found = if name == "both" { both() } else { vec![] };
            Box::pin(async move { Ok(found) })
        });
        assert_eq!(parsed("both:7").resolve(&resolver).await.unwrap().len(), 2);
        assert!(parsed("/dns4/both/tcp/7").resolve(&resolver).await.unwrap()[0].is_ipv4());
        assert!(parsed("/dns6/both/tcp/7").resolve(&resolver).await.unwrap()[0].is_ipv6());
        assert!(parsed("none:7").resolve(&resolver).await.is_err());
        assert_eq!(parsed("1.2.3.4:7").resolve(&resolver).await.unwrap(), ["1.2.3.4:7".parse().unwrap()]);
    }
}
