//! What the path of an issue's file says.

/// The parts of a path that can say something about an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'p> {
    /// File name without extensions; for `index.md` the name of its folder.
    pub(crate) stem: &'p str,
    /// Whether the stem is the name of the folder.
    pub(crate) is_index: bool,
    /// The language of `name.en.md`, as written.
    pub(crate) suffix: Option<&'p str>,
    /// The folders above the file, nearest first; for `index.md` the one that
    /// gave the stem is the first of them.
    pub(crate) folders: Vec<&'p str>,
}

impl<'p> Place<'p> {
    /// Takes a path apart.
    pub(crate) fn of(path: &'p str) -> Place<'p> {
        let mut folders: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let name = folders.pop().unwrap_or(path);
        folders.reverse();
        let stem = match name.rsplit_once('.') {
            Some((stem, extension)) if is_markdown(extension) && !stem.is_empty() => stem,
            _ => name,
        };
        let (stem, suffix) = match stem.rsplit_once('.') {
            Some((rest, tag)) if !rest.is_empty() && is_language_tag(tag) => (rest, Some(tag)),
            _ => (stem, None),
        };
        let is_index = matches!(stem, "index" | "_index") && !folders.is_empty();
        Place {
            stem: folders
                .first()
                .filter(|_| is_index)
                .copied()
                .unwrap_or(stem),
            is_index,
            suffix,
            folders,
        }
    }
}

fn is_markdown(extension: &str) -> bool {
    matches!(
        extension.to_ascii_lowercase().as_str(),
        "md" | "markdown" | "mdown" | "mkd" | "mdx" | "txt"
    )
}

/// Whether a word is a language tag as folders and file names carry it: a
/// two-letter code, alone or with a script or region.
pub(crate) fn is_language_tag(word: &str) -> bool {
    let mut parts = word.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    let is_code = language.len() == 2
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && LANGUAGES.contains(&language);
    is_code
        && parts.all(|part| {
            matches!(part.len(), 2 | 4) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
}

/// ISO 639-1, but for codes that folders carry with another meaning.
const LANGUAGES: [&str; 76] = [
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es",
    "et", "eu", "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it",
    "ja", "ka", "kk", "km", "kn", "ko", "ky", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my",
    "nb", "ne", "nl", "nn", "no", "pa", "pl", "pt", "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv",
    "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh", "zu",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        let cases = [
            ("issues/en/12.md", "12", None, vec!["en", "issues"]),
            ("issue-3.zh-CN.md", "issue-3", Some("zh-CN"), vec![]),
            ("2024-02/index.md", "2024-02", None, vec!["2024-02"]),
            ("a/b/index.de.md", "b", Some("de"), vec!["b", "a"]),
            ("v1.2.md", "v1.2", None, vec![]),
            ("index.md", "index", None, vec![]),
            (".md", ".md", None, vec![]),
            ("a.markdown", "a", None, vec![]),
        ];
        for (path, stem, suffix, folders) in cases {
            let place = Place::of(path);
            assert_eq!((place.stem, place.suffix), (stem, suffix), "{path}");
            assert_eq!(place.folders, folders, "{path}");
        }
    }

    #[test]
    fn language_tags_are_told_from_other_words() {
        for tag in ["en", "zh", "zh-CN", "pt_BR", "zh-Hans"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for word in ["EN", "js", "go", "2024", "news", "en-us-posix", ""] {
            assert!(!is_language_tag(word), "{word}");
        }
    }
}
