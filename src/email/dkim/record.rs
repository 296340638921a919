use std::fmt::Write;

/// RFC 1035 §3.3: a string of a TXT record has 255 octets at most.
const STRING: usize = 255;

/// A TXT record that publishes a key (RFC 6376 §3.6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its whole name without the last dot: `SELECTOR._domainkey.DOMAIN`.
    pub name: String,
    /// Its value in one piece, as forms on the web want it.
    pub value: String,
}

impl Record {
    /// The line for a zone file. A long value is parted into strings of at most
    /// 255 octets, which are read as one (RFC 6376 §3.6.2.2).
    pub fn zone(&self) -> String {
        let mut line = format!("{}. IN TXT (", self.name);
        let mut rest = self.value.as_str();
        while !rest.is_empty() {
            // It is ASCII throughout.
            let (string, after) = rest.split_at(rest.len().min(STRING));
            let _ = write!(line, "\n    \"{string}\"");
            rest = after;
        }
        line.push_str(" )");
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_of_a_zone_file_is_too_long_and_none_is_lost() {
        for length in [1, 254, 255, 256, 400, 510, 511, 800] {
            let record = Record {
                name: "a._domainkey.example.org".to_owned(),
                value: "x".repeat(length),
            };
            let zone = record.zone();
            let strings: Vec<&str> = zone.split('"').skip(1).step_by(2).collect();
            assert!(strings.iter().all(|one| (1..=255).contains(&one.len())));
            assert_eq!(strings.concat(), record.value);
            assert!(zone.starts_with("a._domainkey.example.org. IN TXT (\n"));
            assert!(zone.ends_with("\" )"));
        }
    }
}
