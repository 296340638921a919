//! Subscribers, suppressions, the erased.
