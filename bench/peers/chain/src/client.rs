//! Connections that stay open: JSON-RPC over HTTP/1.1, and unary gRPC over HTTP/2. Not here: what is asked. Invariant: one request at a time on
//! a connection, and an answer that is an error is one.

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Failure;

async fn stream(addr: SocketAddr) -> Result<TokioIo<TcpStream>, Failure> {
    let stream = TcpStream::connect(addr).await.map_err(|e| format!("{addr}: {e}"))?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}

/// A JSON-RPC server's client.
pub struct Rpc {
    sender: http1::SendRequest<Full<Bytes>>,
    addr: SocketAddr,
    path: String,
}

impl Rpc {
    pub async fn connect(addr: SocketAddr, path: &str) -> Result<Self, Failure> {
        let (sender, connection) = http1::handshake(stream(addr).await?).await?;
        tokio::spawn(connection);
        Ok(Self { sender, addr, path: path.into() })
    }

    pub async fn call(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let answer = self.exchange("POST", &self.path.clone(), body).await?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        match answer.get("error") {
            Some(error) => Err(format!("{method}: {error}").into()),
            None => Ok(answer["result"].take()),
        }
    }

    pub async fn get(&mut self, path: &str) -> Result<String, Failure> {
        let text = self.exchange("GET", path, String::new()).await?;
        Ok(String::from_utf8(text.into())?)
    }

    async fn exchange(&mut self, method: &str, path: &str, body: String) -> Result<Bytes, Failure> {
        self.sender.ready().await?;
        let request = Request::builder().method(method).uri(path).header("host", self.addr.to_string());
        let request = request.header("content-type", "application/json").body(Full::from(body))?;
        let response = self.sender.send_request(request).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

/// A gRPC server's client.
pub struct Grpc {
    sender: http2::SendRequest<Full<Bytes>>,
    addr: SocketAddr,
}

impl Grpc {
    pub async fn connect(addr: SocketAddr) -> Result<Self, Failure> {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream(addr).await?).await?;
        tokio::spawn(connection);
        Ok(Self { sender, addr })
    }

    /// Sends an encoded message to a method; gives the encoded answer.
    pub async fn call(&mut self, method: &str, message: &[u8]) -> Result<Bytes, Failure> {
        let mut body = BytesMut::with_capacity(5 + message.len());
        body.put_u8(0);
        body.put_u32(u32::try_from(message.len())?);
        body.put_slice(message);
        let request = Request::post(format!("http://{}{method}", self.addr)).header("content-type", "application/grpc");
        let request = request.header("te", "trailers").body(Full::from(body.freeze()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let at_once = response.headers().get("grpc-status").cloned();
        let answer = response.into_body().collect().await?;
        let status = at_once.or_else(|| answer.trailers()?.get("grpc-status").cloned());
        if status.is_none_or(|status| status != "0") {
            return Err(format!("{method}: {:?}", answer.trailers()).into());
        }
        let bytes = answer.to_bytes();
        Ok(bytes.slice(bytes.len().min(5)..))
    }
}
