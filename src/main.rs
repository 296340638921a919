//! letterpress
fn main() {}
