//! `compute` as a contract.
#![no_std]

glue::coffer!(compute::run);
