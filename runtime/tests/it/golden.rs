//! Golden corpus of the meter: fixed modules give fixed instrumented bytes and fixed gas. `BLESS=1` writes the files anew.
