//! A WebSocket connection to a node: calls and the notifications of its subscriptions.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::http::PATIENCE;

/// One open connection.
pub struct Socket {
    inner: WebSocket<TcpStream>,
    notifications: VecDeque<Value>,
    calls: u64,
}

impl Socket {
    /// Connects; `path` may carry `?PSI=`.
    ///
    /// # Panics
    /// When the node does not upgrade the connection in time.
    pub fn open(addr: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE).unwrap_or_else(|e| panic!("{addr}: {e}"));
        stream.set_read_timeout(Some(PATIENCE)).unwrap_or_else(|e| panic!("{addr}: {e}"));
        let (inner, _) =
            tungstenite::client(format!("ws://{addr}{path}"), stream).unwrap_or_else(|e| panic!("{addr}: {e}"));
        Self { inner, notifications: VecDeque::new(), calls: 0 }
    }

    /// The answer of a call; what is notified meanwhile is kept for [`Socket::notification`].
    ///
    /// # Panics
    /// When none comes in time.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        self.inner.send(Message::text(text)).unwrap_or_else(|e| panic!("{method}: {e}"));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
            self.notifications.push_back(message);
        }
    }

    /// The next notification: its whole message.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn notification(&mut self) -> Value {
        match self.notifications.pop_front() {
            Some(message) => message,
            None => self.read(),
        }
    }

    fn read(&mut self) -> Value {
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => {
                    return serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
                }
                Ok(_) => {}
                Err(e) => panic!("the connection gave no message: {e}"),
            }
        }
    }
}
