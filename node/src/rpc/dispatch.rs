//! From a request to its handler, by name. Not here: whether it may be called and for how long (`middleware`), the handlers.
//! Invariant: a subscription is made only on a connection that can carry its items.

use coffer_api::Error;
use jsonrpsee::core::id_providers::RandomIntegerIdProvider;
use jsonrpsee::core::server::{BoundedSubscriptions, MethodCallback, MethodSink, SubscriptionState};
use jsonrpsee::server::{ConnectionId, MethodResponse, Methods};
use jsonrpsee::types::error::{ErrorCode, ErrorObject, ErrorObjectOwned, reject_too_many_subscriptions};
use jsonrpsee::types::{Params, Request};

/// What a node says to all else while it fetches the state that its chain begins with.
const FETCHES: &str = "this node fetches the state that its chain begins with; network_status says how far it is";

/// Where the items of a connection's subscriptions go.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Bounds their number.
    pub bound: BoundedSubscriptions,
    /// Takes their items.
    pub sink: MethodSink,
}

/// The methods as one connection calls them.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The methods.
    pub methods: Methods,
    /// The connection: a subscription is ended only by the connection that has it.
    pub connection: ConnectionId,
    /// Bytes of the largest answer.
    pub max_response: usize,
    /// Absent where subscriptions cannot be.
    pub subscriber: Option<Subscriber>,
}

impl Dispatch {
    /// Calls the method. The answer to a subscription goes through its sink; what is returned then only says that it went.
    pub async fn call(&self, request: Request<'_>) -> MethodResponse {
        let Request { id, method, params, extensions, .. } = request;
        let params = Params::new(params.as_ref().map(|p| p.get()));
        let (connection, max) = (self.connection, self.max_response);
        match (self.methods.method(&method), &self.subscriber) {
            (Some(MethodCallback::Async(call)), _) => {
                call(id.into_owned(), params.into_owned(), connection, max, extensions).await
            }
            (Some(MethodCallback::Sync(call)), _) => call(id, params, max, extensions),
            (Some(MethodCallback::Unsubscription(end)), Some(_)) => end(id, params, connection, max, extensions),
            (Some(MethodCallback::Subscription(start)), Some(subscriber)) => match subscriber.bound.acquire() {
                Some(subscription_permit) => {
                    let id_provider = &RandomIntegerIdProvider;
                    let state = SubscriptionState { conn_id: connection, id_provider, subscription_permit };
                    start(id, params, subscriber.sink.clone(), state, extensions).await
                }
                None => MethodResponse::error(id, reject_too_many_subscriptions(subscriber.bound.max())),
            },
            // The guard refuses names that nobody knows.
            (None, _) => MethodResponse::error(id, ErrorObjectOwned::from(Error::Busy(FETCHES.into()))),
            // So it does this.
            (Some(_), None) => MethodResponse::error(id, ErrorObject::from(ErrorCode::InternalError)),
        }
    }
}
