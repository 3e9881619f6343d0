//! `compute` as a contract.
#![no_std]

glue::soroban!(compute::run);
