//! The path of an issue's page.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;

use crate::diagnostic::Diagnostic;
use crate::identity::mint::push_escaped;
use crate::identity::resolve::Identified;

/// What a permalink can say of an issue; all of it is pinned, so that no
/// correction of the text moves the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermalinkFields<'a> {
    /// `{slug}`.
    pub slug: &'a str,
    /// `{year}`, `{month}`, `{day}`, in the newsletter's zone.
    pub date: DateTime<Tz>,
    /// `{number}`.
    pub number: Option<u64>,
    /// `{lang}`.
    pub language: &'a str,
    /// `{stem}`.
    pub stem: &'a str,
    /// Whether that is the newsletter's main language.
    pub main_language: bool,
}

impl<'a> PermalinkFields<'a> {
    /// The fields of an issue; `main` is the newsletter's main language.
    pub fn of(issue: &'a Identified, zone: Tz, main: &str) -> Self {
        PermalinkFields {
            slug: &issue.slug,
            date: issue.date.with_timezone(&zone),
            number: issue.number,
            language: &issue.language,
            stem: &issue.stem,
            main_language: issue.language == main,
        }
    }
}

/// Path of an issue's page on the web, percent-encoded, from a template such as
/// `/issues/{slug}/`. Where the template does not say `{lang}`, pages in other
/// languages than the main one lie under `/LANG`, so that translations do not
/// meet.
///
/// # Errors
///
/// A diagnostic without a span, when the template is no path, has an unknown
/// field, or a field that this issue lacks.
pub fn permalink(template: &str, fields: &PermalinkFields<'_>) -> Result<String, Diagnostic> {
    let wrong = |message: String| {
        Diagnostic::error("bad-permalink", message)
            .help("the fields are {slug}, {year}, {month}, {day}, {number}, {lang} and {stem}")
    };
    if !template.starts_with('/') {
        return Err(wrong(format!(
            "the permalink `{template}` must begin with `/`"
        )));
    }
    let mut path = String::new();
    if !fields.main_language && !template.contains("{lang}") {
        path.push('/');
        push_escaped(&mut path, fields.language);
    }
    let mut rest = template;
    while let Some(start) = rest.find(['{', '}']) {
        push_path(&mut path, &rest[..start]);
        let end = rest[start..]
            .find('}')
            .filter(|_| rest[start..].starts_with('{'));
        let Some(end) = end else {
            return Err(wrong(format!(
                "a bracket in the permalink `{template}` has no partner"
            )));
        };
        let name = &rest[start + 1..start + end];
        let value = match name {
            "slug" => fields.slug.to_owned(),
            "year" => format!("{:04}", fields.date.year()),
            "month" => format!("{:02}", fields.date.month()),
            "day" => format!("{:02}", fields.date.day()),
            "number" => match fields.number {
                Some(number) => number.to_string(),
                None => {
                    let message = format!(
                        "the permalink `{template}` needs a number, and this issue has none"
                    );
                    return Err(Diagnostic::error("bad-permalink", message)
                        .help("give it one with `number:` in its front matter, or use {slug}"));
                }
            },
            "lang" => fields.language.to_owned(),
            "stem" => fields.stem.to_owned(),
            _ => {
                return Err(wrong(format!(
                    "the permalink `{template}` has an unknown field `{{{name}}}`"
                )));
            }
        };
        push_escaped(&mut path, &value);
        rest = &rest[start + end + 1..];
    }
    push_path(&mut path, rest);
    if path.split('/').any(|part| part == ".." || part == ".") {
        return Err(wrong(format!(
            "the permalink `{template}` leads out of the archive"
        )));
    }
    Ok(path)
}

/// Pages that would overwrite each other: for each path that several issues
/// have, an error that names the others. `pages` are paths of pages with the
/// path of the file that makes them.
pub fn collisions<'a>(
    pages: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, Diagnostic)> {
    // `/a`, `/a/` and `/a/index.html` are one file.
    let canonical = |path: &'a str| path.trim_end_matches("index.html").trim_end_matches('/');
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (page, file) in pages {
        let owner = *owners.entry(canonical(page)).or_insert(file);
        if owner != file {
            let message = format!("its page {page} is also that of {owner}");
            let help =
                "give one of them another `slug:`, or put more fields into `issues.permalink`";
            found.push((
                file,
                Diagnostic::error("duplicate-permalink", message).help(help),
            ));
        }
    }
    found
}

/// Copies a path of the template, escaping what an address cannot hold.
fn push_path(path: &mut String, text: &str) {
    for (index, part) in text.split('/').enumerate() {
        if index > 0 {
            path.push('/');
        }
        push_escaped(path, part);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn in_zone(at: &str, zone: Tz) -> DateTime<Tz> {
        at.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone)
    }

    fn fields(number: Option<u64>) -> PermalinkFields<'static> {
        PermalinkFields {
            slug: "第-7-期",
            date: in_zone("2025-03-01T20:00:00Z", Tz::Asia__Shanghai),
            number,
            language: "zh",
            stem: "2025-03-01-Weekly",
            main_language: true,
        }
    }

    #[test]
    fn fields_are_filled_in_the_newsletters_zone() {
        for (template, expected) in [
            ("/issues/{slug}/", "/issues/%E7%AC%AC-7-%E6%9C%9F/"),
            (
                "/{year}/{month}/{day}/{stem}.html",
                "/2025/03/02/2025-03-01-Weekly.html",
            ),
            ("/{lang}/{number}/", "/zh/7/"),
            ("/a b/{number}", "/a%20b/7"),
        ] {
            assert_eq!(permalink(template, &fields(Some(7))).unwrap(), expected);
        }
    }

    #[test]
    fn translations_lie_under_their_language() {
        let translated = PermalinkFields {
            main_language: false,
            ..fields(Some(7))
        };
        assert_eq!(permalink("/{number}/", &translated).unwrap(), "/zh/7/");
        assert_eq!(
            permalink("/{number}.{lang}/", &translated).unwrap(),
            "/7.zh/"
        );
    }

    #[test]
    fn templates_that_cannot_be_filled_are_said() {
        for template in [
            "issues/{slug}/",
            "/{number}/",
            "/{title}/",
            "/{slug",
            "/slug}/",
            "/../{slug}/",
        ] {
            let wrong = permalink(template, &fields(None)).unwrap_err();
            assert_eq!(wrong.code, "bad-permalink", "{template}");
        }
    }

    #[test]
    fn two_issues_with_one_page_are_said() {
        let found = collisions([
            ("/a/", "one.md"),
            ("/b/", "two.md"),
            ("/a/index.html", "three.md"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "three.md");
        assert!(found[0].1.message.contains("one.md"));
    }
}
