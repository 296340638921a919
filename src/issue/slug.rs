//! Names for addresses, made from titles.

use unicode_normalization::char::is_combining_mark;

/// A title in lower case with letters, digits, `_` and marks kept and all else
/// one `-`; empty when nothing is left.
pub fn slug(title: &str) -> String {
    let mut slug = String::with_capacity(title.len());
    for character in title.chars() {
        if character.is_alphanumeric() || character == '_' || is_combining_mark(character) {
            slug.extend(character.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if slug.ends_with('-') {
        slug.pop();
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_keep_the_letters_of_every_script() {
        for (title, expected) in [
            ("Articles & Tutorials", "articles-tutorials"),
            ("Project/Tooling Updates", "project-tooling-updates"),
            ("C++", "c"),
            ("blog_os", "blog_os"),
            ("Café — été", "café-été"),
            ("कहानी", "कहानी"),
            ("プロジェクト＆リソース", "プロジェクト-リソース"),
            ("  ?!", ""),
        ] {
            assert_eq!(slug(title), expected);
        }
    }
}
