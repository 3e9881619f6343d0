//! `large` as a contract.
#![no_std]

glue::soroban!(large::run);
