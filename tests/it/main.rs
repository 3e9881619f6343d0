//! Stories through running nodes, one file per theme, and the test of the architecture. One binary, so that it links once.

mod architecture;
mod gas_page;
mod protocol_page;

mod between_contracts;
mod budget_story;
mod budget_exchange;
mod cli;
mod cluster;
mod compile;
mod first_light;
mod follow;
mod hostile;
mod isolation;
mod membership;
mod metrics;
mod plain_target;
mod programme;
mod proofs;
mod readme;
mod receipts;
mod relay;
mod repeatable;
mod restart;
mod snapshot;
mod strangers;
mod subscription;
mod tenants;
mod ticks;
mod token;
mod traces;
mod upgrade;
mod votes;
mod which_psi;
mod versions;
mod wrong_input;
