//! Stories through running nodes, one file per theme, and the test of the architecture. One binary, so that it links once.

mod architecture;
