//! The budget contract beside the real permission contract. Names of tests are rules; `/// Rule:` cites the specification, (T) for what the
//! reference does, (+) for what goes beyond it.

mod given;
mod world;

mod entities;
mod amounts;
mod projected;
mod closing;
mod order;
mod editing;
mod assignments;
mod documents;
mod corrections;
mod views;
mod history;
mod totals;
mod engines;
mod events;
mod gas;
mod matrix;
mod rules;
mod sequences;
