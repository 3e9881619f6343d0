//! Mailboxes of those who read what comes from peers. Invariant: handing over never waits; messages are lost when a mailbox is full, the
//! latest word on who is connected is not.

use std::collections::BTreeMap;

use coffer_abi::AccountId;
use tokio::sync::mpsc;

use super::Event;

/// One reader's.
pub(super) struct Mailbox {
    sender: mpsc::Sender<Event>,
    /// Who connected (true) or went (false) and it could not be told yet.
    owed: BTreeMap<AccountId, bool>,
}

impl Mailbox {
    pub(super) fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender, owed: BTreeMap::new() }
    }

    /// Tells that a node connected or went, now or as soon as there is room.
    pub(super) fn tell(&mut self, node: AccountId, connected: bool) {
        self.owed.insert(node, connected);
        self.settle();
    }

    /// Tells what is owed, as far as there is room.
    pub(super) fn settle(&mut self) {
        while let Some((node, connected)) = self.owed.pop_first() {
            let event = if connected { Event::Connected(node) } else { Event::Disconnected(node) };
            if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
                self.owed.insert(node, connected);
                return;
            }
        }
    }

    /// Hands something over; false if there is no room or no reader.
    pub(super) fn offer(&mut self, event: Event) -> bool {
        self.settle();
        self.owed.is_empty() && self.sender.try_send(event).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_loses_messages_but_not_who_is_connected() {
        let (sender, mut reader) = mpsc::channel(1);
        let mut mailbox = Mailbox::new(sender);
        let message = || Event::Message {
            topic: super::super::Topic::Consensus,
            from: AccountId([1; 32]),
            body: bytes::Bytes::new(),
            verdict: tokio::sync::oneshot::channel().0,
        };
        assert!(mailbox.offer(message()));
        mailbox.tell(AccountId([2; 32]), true);
        mailbox.tell(AccountId([2; 32]), false);
        assert!(!mailbox.offer(message()));
        assert!(matches!(reader.try_recv(), Ok(Event::Message { .. })));
        mailbox.settle();
        assert!(matches!(reader.try_recv(), Ok(Event::Disconnected(node)) if node == AccountId([2; 32])));
        assert!(mailbox.offer(message()));
    }
}
