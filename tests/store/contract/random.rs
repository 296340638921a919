//! Random lives of a store.
