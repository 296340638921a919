use std::fmt;

/// The name of a setting: the parts of `languages.zh.title`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<String>);

impl Key {
    /// The key of a dotted name whose parts hold no dots.
    pub fn new(dotted: &str) -> Key {
        Key(dotted.split('.').map(str::to_owned).collect())
    }

    /// Its parts.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The key of `part` in the table that this key names.
    pub(crate) fn child(&self, part: &str) -> Key {
        let mut parts = self.0.clone();
        parts.push(part.to_owned());
        Key(parts)
    }

    /// Its table and its last part.
    pub(crate) fn split(&self) -> (&[String], &str) {
        match self.0.split_last() {
            Some((last, table)) => (table, last),
            None => (&[], ""),
        }
    }

    /// Whether its parts are those of `pattern`, in which `*` is any part.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        let mut wanted = pattern.split('.');
        self.0.iter().all(|part| {
            wanted
                .next()
                .is_some_and(|want| want == "*" || want == part)
        }) && wanted.next().is_none()
    }
}

impl From<&[String]> for Key {
    fn from(parts: &[String]) -> Key {
        Key(parts.to_vec())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            formatter.write_str(&quoted_part(part))?;
        }
        Ok(())
    }
}

/// A key part as TOML wants it: bare where that is allowed.
pub(crate) fn quoted_part(part: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !part.is_empty() && part.chars().all(bare) {
        part.to_owned()
    } else {
        toml::Value::String(part.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_toml_reads_them() {
        assert_eq!(Key::new("smtp.port").to_string(), "smtp.port");
        let key = Key::new("issues.language_tags").child("in English");
        assert_eq!(key.to_string(), "issues.language_tags.\"in English\"");
    }

    #[test]
    fn a_star_stands_for_one_part() {
        let key = Key::new("languages.zh.title");
        assert!(key.matches("languages.*.title"));
        assert!(!key.matches("languages.*"));
        assert!(!key.matches("languages.*.title.*"));
    }
}
