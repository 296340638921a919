use std::str::Chars;

/// A pattern of paths: `*` is any part of a name, `?` one character, `**` any
/// folders. Without a slash it means a file or folder of that name anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<String>,
    anywhere: bool,
}

impl Pattern {
    /// Reads a pattern; every text is one.
    pub fn new(text: &str) -> Pattern {
        let text = text.trim().trim_start_matches("./").trim_end_matches('/');
        let anywhere = !text.contains('/');
        let text = text.trim_start_matches('/');
        Pattern {
            parts: text.split('/').map(str::to_owned).collect(),
            anywhere,
        }
    }

    /// Whether the text uses any of the signs of a pattern.
    pub fn is_one(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Whether it means the path (relative, with `/`) itself.
    pub fn matches(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        match (self.anywhere, parts.last(), self.parts.first()) {
            (true, Some(name), Some(pattern)) => name_matches(pattern, name),
            _ => path_matches(&self.parts, &parts),
        }
    }
}

/// Greedy matching with one place to come back to: linear in practice and never
/// worse than the product of both lengths.
fn path_matches(pattern: &[String], path: &[&str]) -> bool {
    let (mut at, mut to) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while to < path.len() {
        if pattern.get(at).is_some_and(|part| part == "**") {
            back = Some((at + 1, to));
            at += 1;
        } else if pattern
            .get(at)
            .is_some_and(|part| name_matches(part, path[to]))
        {
            at += 1;
            to += 1;
        } else if let Some((again, from)) = back {
            at = again;
            to = from + 1;
            back = Some((again, to));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|part| part == "**")
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let (mut signs, mut rest) = (pattern.chars(), name.chars());
    let mut back: Option<(Chars, Chars)> = None;
    loop {
        let (at, to) = (signs.clone(), rest.clone());
        let Some(character) = rest.next() else {
            return at.as_str().chars().all(|sign| sign == '*');
        };
        match signs.next() {
            Some('*') => {
                back = Some((signs.clone(), to.clone()));
                rest = to;
            }
            Some(sign) if sign == '?' || sign == character => {}
            _ => match &mut back {
                Some((again, from)) => {
                    from.next();
                    (signs, rest) = (again.clone(), from.clone());
                }
                None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_people_expect() {
        for (pattern, path, expected) in [
            ("README*", "a/b/README.md", true),
            ("README*", "README", true),
            ("drafts", "issues/drafts", true),
            ("drafts", "issues/drafts.md", false),
            ("content/*.md", "content/a.md", true),
            ("content/*.md", "content/a/b.md", false),
            ("content/**/*.md", "content/a/b.md", true),
            ("content/**/*.md", "content/b.md", true),
            ("/a.md", "a.md", true),
            ("/a.md", "b/a.md", false),
            ("第?期.md", "第九期.md", true),
            ("**", "a/b/c", true),
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybz", false),
        ] {
            let matched = Pattern::new(pattern).matches(path);
            assert_eq!(matched, expected, "{pattern} on {path}");
        }
    }
}
