//! `compute` as a contract.
#![no_std]

glue::cosmwasm!(compute::run);
