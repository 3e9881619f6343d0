//! `large` as a contract.
#![no_std]

glue::coffer!(large::run);
