use std::fmt;

/// Settings that a command needs and that nobody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Their names.
    pub keys: Vec<&'static str>,
    /// What needs them: `the web archive`, `mail`.
    pub needed_for: &'static str,
}

impl Missing {
    /// Lines to paste into the newsletter's settings.
    pub fn example(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut table = "";
        for key in &self.keys {
            let (in_table, name) = key.split_once('.').unwrap_or(("", key));
            if table != in_table {
                lines.push(format!("[{in_table}]"));
                table = in_table;
            }
            lines.push(format!("{name} = {}", example_value(key)));
        }
        lines.join("\n")
    }
}

fn example_value(key: &str) -> &'static str {
    match key {
        "newsletter.title" => "\"The Weekly Letter\"",
        "newsletter.url" => "\"https://weekly.example.org/\"",
        "newsletter.from" => "\"The Weekly Letter <letter@example.org>\"",
        "newsletter.address" => "\"1 Printer's Lane, Springfield\"",
        "smtp.host" => "\"smtp.example.org\"",
        _ => "\"\"",
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.keys.len() == 1 { "is" } else { "are" };
        let needed_for = self.needed_for;
        write!(
            formatter,
            "{} {verb} not set, which {needed_for} needs",
            self.keys.join(" and ")
        )
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_can_be_pasted() {
        let missing = Missing {
            keys: vec!["newsletter.title", "newsletter.url", "smtp.host"],
            needed_for: "mail",
        };
        let example: toml::Table = toml::from_str(&missing.example()).unwrap();
        assert!(example["newsletter"]["url"].is_str());
        assert!(example["smtp"]["host"].is_str());
    }
}
