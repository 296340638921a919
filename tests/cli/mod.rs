//! The built program in a temporary folder: output, files, exit code.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod bounces;
mod build;
mod check;
mod config;
mod dkim;
mod doctor;
mod door;
mod feeds;
mod frame;
mod ids;
mod init;
mod inspect;
mod international;
mod leak;
pub(crate) mod mailing;
mod mailings;
mod name_server;
mod new;
mod publish;
mod render;
mod send;
mod serve;
mod shared;
mod since;
mod store;
mod subscribers;
mod together;
mod websub;

/// 2026-03-01 12:00 UTC: what all of these runs take for now.
const NOW: &str = "1772366400";

/// Settings that feeds, archive and mail are content with.
pub(crate) const SETTINGS: &str = "\
[newsletter]
title = \"Test Weekly\"
description = \"News of tests\"
url = \"https://weekly.test/\"
from = \"Test Weekly <editor@weekly.test>\"
";

/// A newsletter's folder for one test.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn empty() -> Sandbox {
        Sandbox {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with settings and issues: path and text.
    pub(crate) fn with(files: &[(&str, &str)]) -> Sandbox {
        let sandbox = Sandbox::empty();
        sandbox.write("config/letterpress.toml", SETTINGS);
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }

    /// Paths of all files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(self.folder.path()).unwrap();
                    found.push(relative.to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        found.sort();
        found
    }

    /// The program in this folder, with nothing of the tester's environment
    /// that steers it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        answer(self.command(arguments), b"")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Answer {
        answer(self.command(arguments), input.as_bytes())
    }

    /// Runs git here; `None` where there is no git.
    pub(crate) fn git(&self, arguments: &[&str]) -> Option<()> {
        let status = Command::new("git")
            .current_dir(self.folder.path())
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        assert!(status.success(), "git {arguments:?}");
        Some(())
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Answer {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Answer {
        let all = format!("{}\n{}", self.out, self.err);
        assert!(all.contains(words), "{words:?} is not in:\n{all}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterpress"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LETTERPRESS__") {
            command.env_remove(name);
        }
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GIT_DIR"] {
        command.env_remove(name);
    }
    command.env("SOURCE_DATE_EPOCH", NOW);
    command
}

fn answer(mut command: Command, input: &[u8]) -> Answer {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end before it has read all.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A small issue with a date and some text.
pub(crate) fn issue(number: u64, date: &str, body: &str) -> String {
    format!("---\ntitle: Issue {number}\nnumber: {number}\ndate: {date}\n---\n\n{body}\n")
}

/// The repository itself is a newsletter's folder.
pub(crate) fn sample() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
