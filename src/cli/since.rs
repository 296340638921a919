//! What a branch adds, as Git tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use crate::cli::error::CommandError;
use crate::diagnostic::Finding;

/// The lines that were added or changed, by file.
#[derive(Debug, Default)]
pub(crate) struct Added {
    lines: BTreeMap<String, Vec<RangeInclusive<usize>>>,
    /// Files that Git does not know yet: all of their lines.
    new: BTreeSet<String>,
}

impl Added {
    /// What the working tree adds to `revision`: to the point where the branch
    /// left it, as a pull request would show it.
    pub(crate) fn since(root: &Path, revision: &str) -> Result<Added, CommandError> {
        if revision.starts_with('-') {
            return Err(CommandError::usage(format!(
                "{revision} is no Git revision"
            )));
        }
        let inside = git(root, &["rev-parse", "--is-inside-work-tree"])?;
        if !inside.ok {
            let words = format!("{} is in no Git repository", root.display());
            return Err(CommandError::usage(words).hint("--since compares with a Git revision"));
        }
        let commit = format!("{revision}^{{commit}}");
        let known = git(root, &["rev-parse", "--verify", "--quiet", &commit])?;
        if !known.ok {
            return Err(
                CommandError::usage(format!("Git knows no revision {revision}"))
                    .hint("in a checkout without history, fetch it first (fetch-depth: 0)"),
            );
        }
        let base = git(root, &["merge-base", revision, "HEAD"])?;
        let base = match base.ok {
            true => base.text.trim().to_owned(),
            false => revision.to_owned(),
        };
        let arguments = [
            "-c",
            "core.quotePath=false",
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            &base,
            "--",
            ".",
        ];
        let diff = git(root, &arguments)?;
        if !diff.ok {
            return Err(CommandError::unexpected("git diff failed").hint(diff.complaint));
        }
        let untracked = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
        Ok(Added {
            lines: parse(&diff.text),
            new: untracked.text.split('\0').map(str::to_owned).collect(),
        })
    }

    /// Whether anything in a file was added or changed.
    pub(crate) fn touches(&self, path: &str) -> bool {
        self.new.contains(path) || self.lines.contains_key(path)
    }

    /// Whether a finding speaks of something added. One about a whole file
    /// does when anything in that file was.
    pub(crate) fn holds(&self, finding: &Finding) -> bool {
        if self.new.contains(&finding.path) {
            return true;
        }
        let Some(ranges) = self.lines.get(&finding.path) else {
            return false;
        };
        let Some(place) = &finding.place else {
            return true;
        };
        ranges
            .iter()
            .any(|range| *range.start() <= place.end.line && place.start.line <= *range.end())
    }
}

/// Files that Git tracks among those named.
pub(crate) fn tracked(root: &Path, paths: &[&str]) -> Vec<String> {
    let mut arguments = vec!["ls-files", "-z", "--"];
    arguments.extend(paths);
    match git(root, &arguments) {
        Ok(answer) if answer.ok => {
            let names = answer.text.split('\0').filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        }
        // Without Git nothing is tracked.
        _ => Vec::new(),
    }
}

struct Answer {
    ok: bool,
    text: String,
    complaint: String,
}

fn git(root: &Path, arguments: &[&str]) -> Result<Answer, CommandError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .map_err(|error| {
            CommandError::unexpected(format!("cannot run git: {error}"))
                .hint("--since needs the program git")
        })?;
    Ok(Answer {
        ok: output.status.success(),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaint: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// Reads the heads of a diff without context: `+++ b/path`, `@@ -1,2 +3,4 @@`.
fn parse(diff: &str) -> BTreeMap<String, Vec<RangeInclusive<usize>>> {
    let mut files: BTreeMap<String, Vec<RangeInclusive<usize>>> = BTreeMap::new();
    let mut file: Option<String> = None;
    // Lines of content also begin with + and -: they are counted, not read.
    let mut content = 0;
    for line in diff.lines() {
        if content > 0 && line.starts_with(['+', '-']) {
            content -= 1;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            file = name
                .trim_end_matches('\t')
                .strip_prefix("b/")
                .map(str::to_owned);
        } else if let Some(head) = line.strip_prefix("@@ ") {
            let mut sides = head.split(' ').take(2).map(side);
            let (Some(Some(old)), Some(Some(new))) = (sides.next(), sides.next()) else {
                continue;
            };
            content = old.1 + new.1;
            if let (Some(file), true) = (&file, new.1 > 0) {
                let ranges = files.entry(file.clone()).or_default();
                ranges.push(new.0..=new.0 + new.1 - 1);
            }
        }
    }
    files
}

/// `+3,4` is line 3 and the three after it; `+3` line 3 alone.
fn side(text: &str) -> Option<(usize, usize)> {
    let text = text.trim_start_matches(['-', '+']);
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_gives_the_added_lines_of_each_file() {
        let diff = "\
diff --git a/a.md b/a.md
--- a/a.md
+++ b/a.md
@@ -3 +3,2 @@ head
--- not a file
+++ b/not-a-file.md
+two
@@ -9,2 +10,0 @@
-x
-y
diff --git a/九 期.md b/九 期.md
--- /dev/null
+++ b/九 期.md\t
@@ -0,0 +1 @@
+x
diff --git a/gone.md b/gone.md
--- a/gone.md
+++ /dev/null
@@ -1 +0,0 @@
-x
";
        let files = parse(diff);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.md", "九 期.md"]);
        assert_eq!(files["a.md"], [3..=4]);
    }
}
