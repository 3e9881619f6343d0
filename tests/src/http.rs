//! HTTP/1.1 by hand over one plain connection, so that a story can send what no client library would: wrong headers, cut or
//! oversized bodies, odd addresses. Not a general client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one exchange may take. Far above any answer of a healthy node, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded if it came in chunks.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header field of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Posts a JSON body.
///
/// # Errors
/// When no complete answer comes: refused, reset, or late.
pub fn post(addr: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n");
    request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let mut bytes = (request + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    exchange(addr, &bytes)
}

/// Gets a path.
///
/// # Errors
/// As [`post`].
pub fn get(addr: SocketAddr, path: &str) -> io::Result<Reply> {
    exchange(addr, format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").as_bytes())
}

/// Sends bytes as they are and reads one answer. A peer that answers before it has read everything is heard.
///
/// # Errors
/// As [`post`].
pub fn exchange(addr: SocketAddr, request: &[u8]) -> io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    match parse(&answer) {
        Some(reply) => Ok(reply),
        None => {
            sent?;
            read?;
            Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} bytes of an answer, then the end", answer.len()),
            ))
        }
    }
}

/// The answer in `bytes`, or `None` if it is not complete.
fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<_> = fields.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let mut reply = Reply { status, headers, body: Vec::new() };
    let body = &bytes[end + 4..];
    reply.body = match (reply.header("content-length"), reply.header("transfer-encoding")) {
        (Some(length), _) => body.get(..length.parse().ok()?)?.to_vec(),
        (None, Some("chunked")) => dechunk(body)?,
        _ => body.to_vec(),
    };
    Some(reply)
}

/// A chunked body put together, or `None` if the last chunk is missing.
fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|w| w == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
        bytes = bytes.get(line + 4 + size..)?;
    }
}
