//! Real issues, read in place from a folder beside the project (they are not
//! ours to publish). `LETTERPRESS_CORPUS` names another folder. Where there is
//! none, these tests say so on the real standard error and pass; the checks run
//! for a release treat that as a failure.

use std::path::{Path, PathBuf};

mod feeds;
mod metadata;
mod render;
mod structure;

/// The folder of the corpus, or `None` where it is absent.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("LETTERPRESS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if folder.join("expected").is_dir() {
        return Some(folder);
    }
    use std::io::Write;
    // The test runner swallows `eprintln!`, not this.
    let _ = writeln!(
        std::io::stderr(),
        "corpus tests left out: {} is absent; LETTERPRESS_CORPUS may name another folder",
        folder.display()
    );
    None
}

/// Path (relative, with `/`) and bytes of every issue file, sorted by path.
pub(crate) fn issues() -> Vec<(String, Vec<u8>)> {
    let Some(root) = folder() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            if path.is_dir() && relative != "expected" {
                folders.push(path);
            } else if relative.contains('/')
                && (relative.ends_with(".md") || relative.ends_with(".markdown"))
            {
                found.push((relative, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
