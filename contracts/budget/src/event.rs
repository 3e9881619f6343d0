//! What a change tells the world: one event for each. Not here: what changed in it (`history`). Invariant: every event says who, what, and
//! the version before and afterwards.

use coffer_sdk::prelude::*;

use crate::permission::Resource;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[event]
        pub struct $name {
            /// The user who did it.
            pub actor: String,
            /// To what.
            pub resource: Resource,
            /// Its version before; 0 if it was not there.
            pub old: u32,
            /// Its version now.
            pub new: u32,
            $($(#[$about])* pub $field: $type,)*
        }
    )*};
}
events! {
    /// Something was created.
    Created {
        /// The user or group that is to see to it.
        assignee: String,
    }
    /// Fields got other values.
    Updated {
        /// Their names; the values are in the history.
        fields: Vec<String>,
    }
    /// Something was assigned.
    Assigned {
        /// To this user or group.
        assignee: String,
        /// Until now to this one.
        before: String,
    }
    /// Something was closed.
    Closed {
        /// Policies that do not hold and only warn.
        warnings: Vec<String>,
    }
    /// An item was closed as rejected.
    Rejected {
        /// Why.
        reason: String,
        /// Policies that do not hold and only warn.
        warnings: Vec<String>,
    }
    /// An item's amount was corrected by another one, or a correction was taken back by reopening it.
    Corrected {
        /// The correcting item.
        correction: String,
    }
    /// The open items of a subproject were put into another order.
    Reordered {
        /// Those at the front; the others follow as they were created.
        items: Vec<String>,
    }
    /// A projected budget was set.
    BudgetSet {
        /// Whose.
        organisation: String,
        /// In which currency.
        currency: String,
        /// How much.
        value: String,
        /// Policies that do not hold and only warn.
        warnings: Vec<String>,
    }
    /// A projected budget was deleted.
    BudgetDeleted {
        /// Whose.
        organisation: String,
        /// In which currency.
        currency: String,
        /// Policies that do not hold and only warn.
        warnings: Vec<String>,
    }
    /// A document was added to an item.
    DocumentAdded {
        /// Its id.
        document: String,
    }
    /// A document was found to be what its hash says.
    DocumentValidated {
        /// Its id.
        document: String,
    }
    /// A document was deleted from an item.
    DocumentDeleted {
        /// Its id.
        document: String,
    }
    /// A project's policies were set.
    PoliciesSet {}
    /// A party wants something closed to be open again, or does so no longer. The thing itself is as before.
    ReopeningVoted {
        /// The party.
        organisation: String,
        /// Whether it wants it.
        agrees: bool,
        /// How many parties want it now.
        votes: u32,
        /// How many are needed.
        needed: u32,
    }
    /// More than half of the parties wanted something closed to be open again, and so it is.
    Reopened {
        /// These parties.
        parties: Vec<String>,
    }
}
