//! `large` as a contract.
#![no_std]

glue::cosmwasm!(large::run);
