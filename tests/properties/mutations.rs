//! Each fuzz target over its seeds and 20,000 mutations of them, the same ones
//! in every run. A failure names the input's file, which `cargo fuzz` can take.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[path = "../../fuzz/targets.rs"]
mod targets;

const MUTATIONS: usize = 20_000;
/// Longer mutants are cut: length is not what this looks for.
const LONGEST: usize = 2_048;

/// Bytes that mean something to one of the readers.
const TOKENS: &[&str] = &[
    "\n",
    "\r\n",
    "\n\n",
    "---\n",
    "+++\n",
    "# ",
    "## ",
    "1. ",
    "1、",
    "①",
    "- ",
    "> ",
    "    ",
    "```\n",
    "[",
    "](",
    ")",
    "[a](b)",
    "![",
    "[^1]",
    "[^1]: ",
    "[a]: b\n",
    "<!--",
    "-->",
    "<p>",
    "</p>",
    "<a href=\"",
    "\">",
    "<img src=x>",
    "<![CDATA[",
    "]]>",
    "&amp;",
    "&#0;",
    "|",
    "|-|\n",
    "**",
    "*",
    "`",
    "\\",
    "\0",
    "\u{feff}",
    "\u{200d}",
    "\u{f8ff}",
    "ü¶Ñ",
    "‚Äú",
    "â€œ",
    "Ã©",
    "🦄",
    "é",
    "第 1 期",
    "(EN)",
    "(star 1.9k)",
    "2026-02-29",
    "date: ",
    "title = ",
    "\"",
    "'",
    "{{",
    "}}",
    "{%",
    "http://",
    "//",
    "#x",
    "[[",
    "]",
    "= ",
    "99999999999999999999",
    "-1",
    "1e9",
    "&a;",
    "<!DOCTYPE x [",
    "*a",
    "&b",
    "!!",
    "\t",
    "--b",
    "--",
    "From a 1:00:00\n",
    "Content-Type: multipart/report; boundary=b\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Transfer-Encoding: base64\n",
    "Status: 5.1.1\n",
    "Action: failed\n",
    "=?utf-8?B?",
    "{\"RecordType\":\"Bounce\",",
    "\"Type\":",
    "\"mail\":{",
];

#[test]
fn foreign_bytes_never_break_an_issue() {
    mutate("issue");
}

#[test]
fn foreign_bytes_never_break_front_matter() {
    mutate("front_matter");
}

#[test]
fn foreign_bytes_never_break_the_repair_of_damaged_text() {
    mutate("mojibake");
}

#[test]
fn foreign_bytes_never_break_the_reader_of_feeds() {
    mutate("feed_read");
}

#[test]
fn foreign_bytes_never_break_the_settings() {
    mutate("config");
}

#[test]
fn foreign_bytes_never_break_a_list_of_recipients() {
    mutate("recipients");
}

#[test]
fn foreign_bytes_never_break_the_reader_of_bounces() {
    mutate("bounce");
}

#[test]
fn foreign_bytes_never_break_what_services_post() {
    mutate("webhook");
}

#[test]
fn every_target_has_seeds_a_program_and_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = include_str!("mutations.rs");
    let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in targets::TARGETS {
        assert!(!seeds(name).is_empty(), "fuzz/seeds/{name} is empty");
        assert!(
            manifest.contains(&format!("fuzz_targets/{name}.rs")),
            "{name} is not in fuzz/Cargo.toml"
        );
        assert!(
            tests.contains(&format!("mutate(\"{name}\")")),
            "no test mutates the seeds of {name}"
        );
    }
}

fn mutate(target: &str) {
    let seeds = seeds(target);
    for (path, seed) in &seeds {
        run(target, seed, || path.display().to_string());
    }
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    for round in 0..MUTATIONS {
        let mut bytes = seeds[random.below(seeds.len())].1.clone();
        for _ in 0..=random.below(4) {
            change(&mut bytes, &seeds, &mut random);
        }
        bytes.truncate(LONGEST);
        run(target, &bytes, || format!("mutation {round}"));
    }
}

/// Runs the target; if it panics, keeps the input and says where it is.
fn run(target: &str, bytes: &[u8], name: impl Fn() -> String) {
    let outcome = catch_unwind(AssertUnwindSafe(|| targets::run(target, bytes)));
    if outcome.is_err() {
        let kept =
            std::env::temp_dir().join(format!("letterpress-{target}-{}.crash", std::process::id()));
        std::fs::write(&kept, bytes).unwrap();
        panic!(
            "{target}: {} broke it; it lies in {}",
            name(),
            kept.display()
        );
    }
}

/// One small change: a byte, a token, a stretch taken out, doubled, or brought
/// from another seed.
fn change(bytes: &mut Vec<u8>, seeds: &[(PathBuf, Vec<u8>)], random: &mut Xorshift) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(24)).min(bytes.len());
    match random.below(6) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
        2 => drop(bytes.drain(at..end)),
        3 => {
            let stretch = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, stretch);
        }
        4 => {
            let other = &seeds[random.below(seeds.len())].1;
            let from = random.below(other.len() + 1);
            let until = (from + random.below(64)).min(other.len());
            bytes.splice(at..at, other[from..until].iter().copied());
        }
        _ => {
            let token = TOKENS[random.below(TOKENS.len())];
            bytes.splice(at..at, token.bytes());
        }
    }
}

/// The seeds of a target, sorted by path.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// Marsaglia's xorshift64: small, and the same everywhere.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
