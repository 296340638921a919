//! Holds `src/` to the table of modules in ARCHITECTURE.md, and every RFC cited
//! in `src/` to docs/standards.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

struct Row {
    pure: bool,
    may_import: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> (Vec<String>, BTreeMap<String, Row>) {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (mut order, mut rows) = (Vec::new(), BTreeMap::new());
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`').to_owned();
        let may_import = match cells[4] {
            "every module above" | "every module" => order.iter().cloned().collect(),
            list => list
                .split('`')
                .filter(|word| !word.trim().is_empty() && *word != "-")
                .map(str::to_owned)
                .collect(),
        };
        rows.insert(
            name.clone(),
            Row {
                pure: cells[2] == "pure",
                may_import,
            },
        );
        order.push(name);
    }
    (order, rows)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Each file of `src/` with the module it belongs to and its code without
/// comments.
fn code() -> Vec<(PathBuf, String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let first = path
                .strip_prefix(&src)
                .unwrap()
                .components()
                .next()
                .unwrap();
            let module = first
                .as_os_str()
                .to_str()
                .unwrap()
                .trim_end_matches(".rs")
                .to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text
                .lines()
                .map(|line| line.split("// ").next().unwrap_or(line))
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path, module, code.join("\n"))
        })
        .collect()
}

/// The modules named in `crate::…` paths, groups `crate::{a, b}` included.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.trim_start()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (index, character) in group.char_indices() {
                match character {
                    '}' if depth == 0 => break,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ if start && !character.is_whitespace() => {
                        found.insert(word(&group[index..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found
}

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let (order, rows) = table();
    for (name, row) in &rows {
        let place = order.iter().position(|other| other == name);
        for import in &row.may_import {
            assert!(
                order.iter().position(|other| other == import) < place,
                "{name} may import {import}, which is not above it"
            );
        }
    }
    for (path, module, code) in code() {
        if module == "lib" || module == "main" {
            continue;
        }
        let row = rows
            .get(&module)
            .unwrap_or_else(|| panic!("{} is in no row of ARCHITECTURE.md", path.display()));
        for import in imports(&code)
            .into_iter()
            .filter(|import| rows.contains_key(import) && *import != module)
        {
            assert!(
                row.may_import.contains(&import),
                "{}: {module} may not import {import}",
                path.display()
            );
        }
        assert!(
            !code.contains("super::super"),
            "{}: say crate::… for super::super",
            path.display()
        );
    }
}

#[test]
fn pure_modules_touch_nothing_outside() {
    let (_, rows) = table();
    let forbidden = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::io",
        "SystemTime",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "println!",
        "eprintln!",
        "async fn",
        "tokio::",
        "getrandom",
        "rand::",
        "RandomState",
    ];
    for (path, module, code) in code() {
        if !rows.get(&module).is_some_and(|row| row.pure) || path.ends_with("tests.rs") {
            continue;
        }
        for word in forbidden {
            assert!(
                !code.contains(word),
                "{}: the pure module {module} says {word}",
                path.display()
            );
        }
    }
}

#[test]
fn every_cited_rfc_stands_in_the_table_of_standards() {
    let standards = fs::read_to_string(root().join("docs/standards.md")).unwrap();
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split("RFC ").skip(1) {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            assert!(
                number.is_empty() || standards.contains(&format!("RFC {number}")),
                "{}: RFC {number} is not in docs/standards.md",
                path.display()
            );
        }
    }
}
