use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::files::{Error, Pattern};

/// Endings of Markdown files.
const MARKDOWN: [&str; 2] = ["md", "markdown"];

/// Where newsletters keep their issues, likeliest first.
const USUAL: [&str; 12] = [
    "issues",
    "content/issues",
    "content/posts",
    "content/post",
    "content/newsletter",
    "content",
    "_posts",
    "posts",
    "newsletters",
    "newsletter",
    "docs",
    ".",
];

/// Folders of ours that hold Markdown which is no issue; left out where the issues lie
/// beside them.
const OURS: [&str; 4] = ["/templates", "/pages", "/public", "/outbox"];

/// What to look for in a newsletter's folder.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Folders, files or patterns relative to the root; empty: the first of the
    /// usual places that holds Markdown files.
    pub paths: Vec<String>,
    /// Patterns of what is left out.
    pub exclude: Vec<String>,
}

impl Search {
    /// The Markdown files, relative to `root`, with `/`, sorted, each once.
    /// Hidden files and folders are passed over. Symbolic links are followed
    /// only to places below `root`.
    ///
    /// # Errors
    ///
    /// [`Error::List`] for a folder that cannot be read or a named path that is
    /// not there.
    pub fn files(&self, root: &Path) -> Result<Vec<String>, Error> {
        let listing = |source| Error::List {
            path: root.to_owned(),
            source,
        };
        let mut walk = Walk {
            real_root: fs::canonicalize(root).map_err(listing)?,
            root,
            exclude: self.exclude.iter().map(|text| Pattern::new(text)).collect(),
            seen: BTreeSet::new(),
            found: BTreeSet::new(),
            links: Vec::new(),
        };
        if self.paths.is_empty() {
            for usual in USUAL {
                if usual == "." {
                    walk.exclude.extend(OURS.map(Pattern::new));
                }
                if root.join(usual).is_dir() {
                    walk.start(usual, None)?;
                }
                if !walk.found.is_empty() {
                    break;
                }
            }
        }
        for path in &self.paths {
            if Pattern::is_one(path) {
                let fixed: Vec<&str> = path
                    .split('/')
                    .take_while(|part| !Pattern::is_one(part))
                    .collect();
                let anchored =
                    format!("/{}", path.trim_start_matches("./").trim_start_matches('/'));
                walk.start(&fixed.join("/"), Some(&Pattern::new(&anchored)))?;
            } else {
                walk.start(path, None)?;
            }
        }
        Ok(walk.found.into_iter().collect())
    }
}

struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    exclude: Vec<Pattern>,
    /// Real paths of what was taken, so that nothing comes twice.
    seen: BTreeSet<PathBuf>,
    found: BTreeSet<String>,
    /// Links below the root, taken once all real folders were, so that a file is
    /// known by its own path where it has one.
    links: Vec<String>,
}

impl Walk<'_> {
    /// Takes the file or folder that the editor named, hidden or not.
    fn start(&mut self, named: &str, only: Option<&Pattern>) -> Result<(), Error> {
        let relative = plain(named);
        let path = self.root.join(&relative);
        let about = fs::metadata(&path).map_err(|source| Error::List {
            path: path.clone(),
            source,
        })?;
        self.seen.clear();
        if !about.is_dir() {
            self.found.insert(relative);
            return Ok(());
        }
        self.folder(&relative, only)?;
        while !self.links.is_empty() {
            self.links.sort();
            let link = self.links.remove(0);
            let path = self.root.join(&link);
            if path.is_dir() {
                self.folder(&link, only)?;
            } else {
                let real = fs::canonicalize(&path);
                let real = real.map_err(|source| Error::List { path, source })?;
                self.file(link, real, only);
            }
        }
        Ok(())
    }

    /// Takes a file by its own path and the real one.
    fn file(&mut self, relative: String, real: PathBuf, only: Option<&Pattern>) {
        let wanted = only.is_none_or(|pattern| pattern.matches(&relative));
        if wanted && is_markdown(&relative) && self.seen.insert(real) {
            self.found.insert(relative);
        }
    }

    fn folder(&mut self, relative: &str, only: Option<&Pattern>) -> Result<(), Error> {
        let path = self.root.join(relative);
        let failed = |source: io::Error| Error::List {
            path: path.clone(),
            source,
        };
        let real = fs::canonicalize(&path).map_err(failed)?;
        if !self.seen.insert(real.clone()) {
            return Ok(());
        }
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name that is no text cannot be an issue's path anywhere else.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let real = real.join(&name);
            let relative = match relative {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            if self
                .exclude
                .iter()
                .any(|pattern| pattern.matches(&relative))
            {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_symlink() {
                let target = fs::canonicalize(entry.path());
                if target.is_ok_and(|target| target.starts_with(&self.real_root)) {
                    self.links.push(relative);
                }
            } else if kind.is_dir() {
                self.folder(&relative, only)?;
            } else if kind.is_file() {
                self.file(relative, real, only);
            }
        }
        Ok(())
    }
}

fn is_markdown(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        MARKDOWN
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// The names of the files in a folder, sorted; none where there is no folder.
///
/// # Errors
///
/// [`Error::List`].
pub fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::List {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let (true, Ok(name)) = (entry.path().is_file(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A path as the program speaks of it: with `/`, without `.` parts.
pub fn slashed(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            Component::ParentDir => Some("..".to_owned()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

fn plain(named: &str) -> String {
    let mut parts = named.split('/').filter(|part| !matches!(*part, "" | "."));
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| format!("{path}/{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        folder
    }

    fn find(folder: &tempfile::TempDir, paths: &[&str], exclude: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let search = Search {
            paths: owned(paths),
            exclude: owned(exclude),
        };
        search.files(folder.path()).unwrap()
    }

    #[test]
    fn the_usual_places_are_tried_in_order() {
        let own = folder(&["issues/2.md", "issues/1.md", "posts/x.md", "README.md"]);
        assert_eq!(find(&own, &[], &[]), ["issues/1.md", "issues/2.md"]);
        let jekyll = folder(&["_posts/2020-01-01-a.markdown", "about.md"]);
        assert_eq!(find(&jekyll, &[], &[]), ["_posts/2020-01-01-a.markdown"]);
        let flat = folder(&["2023-01.md", "README.md", "img/a.png", ".git/x.md"]);
        assert_eq!(find(&flat, &[], &["README*"]), ["2023-01.md"]);
    }

    #[test]
    fn our_own_templates_and_pages_are_no_issues_beside_issues_at_the_root() {
        let flat = folder(&["en/1.md", "2.md", "templates/issue.md", "pages/about.md"]);
        assert_eq!(find(&flat, &[], &[]), ["2.md", "en/1.md"]);
        let named = find(&flat, &["pages"], &[]);
        assert_eq!(named, ["pages/about.md"]);
    }

    #[test]
    fn named_paths_may_be_folders_files_or_patterns() {
        let files = folder(&["a/1.md", "a/b/2.md", "c/3.md", "c/4.txt", "5.md"]);
        assert_eq!(find(&files, &["a"], &[]), ["a/1.md", "a/b/2.md"]);
        assert_eq!(find(&files, &["./c/", "5.md"], &[]), ["5.md", "c/3.md"]);
        assert_eq!(find(&files, &["a/*.md"], &[]), ["a/1.md"]);
        assert_eq!(find(&files, &["*.md"], &[]), ["5.md"]);
        assert_eq!(find(&files, &["."], &["b", "c"]), ["5.md", "a/1.md"]);
    }

    #[test]
    fn a_named_path_that_is_not_there_is_an_error_that_names_it() {
        let files = folder(&["1.md"]);
        let search = Search {
            paths: vec!["isues".to_owned()],
            exclude: Vec::new(),
        };
        let error = search.files(files.path()).unwrap_err();
        assert!(error.to_string().ends_with("isues"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_only_and_never_in_circles() {
        use std::os::unix::fs::symlink;
        let outside = folder(&["secret.md"]);
        let files = folder(&["issues/1.md", "more/2.md"]);
        let issues = files.path().join("issues");
        symlink(outside.path(), issues.join("out")).unwrap();
        symlink(outside.path().join("secret.md"), issues.join("s.md")).unwrap();
        symlink("../more", issues.join("in")).unwrap();
        symlink("..", issues.join("up")).unwrap();
        symlink("nowhere", issues.join("dead.md")).unwrap();
        let found = find(&files, &["issues"], &[]);
        assert!(found.contains(&"issues/1.md".to_owned()), "{found:?}");
        assert!(found.contains(&"issues/in/2.md".to_owned()), "{found:?}");
        assert!(
            !found
                .iter()
                .any(|path| path.contains("out") || path.contains("s.md"))
        );
        assert!(found.len() < 10, "{found:?}");
    }
}
