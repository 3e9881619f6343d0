//! The rules of the architecture, each a plain function from the repository as read to a list of offences, so that a test can feed it
//! a bad sample too. What a rule is for stands in docs/ARCHITECTURE.md. Not here: what the compiler and clippy check already.

mod crates;
mod imports;
mod links;
mod shape;
mod source;

pub use crates::{Package, foreign_dependencies, packages};
pub use imports::{contracts_in_the_node, fenced_crates, upward_imports};
pub use links::{Page, dead_links, lost_pages, pages};
pub use shape::{long_files, nameless_files, unfinished_code, unintroduced_files};
pub use source::{Source, Word, sources};
