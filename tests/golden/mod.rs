//! Small issues of our own with all that is made of them, as plain files with
//! their true extensions. `SNAPSHOTS=overwrite cargo test golden` writes them
//! anew; read every change before it is committed.

mod render;
mod support;
