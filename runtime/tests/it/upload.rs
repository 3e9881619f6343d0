//! Hostile uploads: whatever the bytes, validation and instrumentation answer with a result.
