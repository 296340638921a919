use crate::subscriber::{Address, Recipient};

/// Names that break what is built carelessly: several scripts, right to left,
/// none at all, quotes, commas, emoji, one that looks like a header.
const NAMES: [&str; 12] = [
    "Ada Lovelace",
    "",
    "林语堂",
    "ليلى العلي",
    "Zoë \"Zo\" O’Brien",
    "Юрий Гагарин",
    "さくら 山田",
    "שירה כהן",
    "Nguyễn, Văn An",
    "Ana 👩‍🚀 Díaz",
    "Subject: not a header",
    "Wolfeschlegelsteinhausenbergerdorff von Überlingen-Möggingen, der Ältere",
];

/// Recipients for a dry run without a list, all on example.org (RFC 2606 §3):
/// nobody can be mailed by mistake. The first twelve differ in what makes mail
/// go wrong, the rest repeat their names.
pub fn invented(count: usize) -> Vec<Recipient> {
    (1..=count)
        .filter_map(|number| {
            let address = Address::parse(&format!("reader-{number:02}@example.org")).ok()?;
            let mut recipient = Recipient::new(address).named(NAMES[(number - 1) % NAMES.len()]);
            recipient
                .attributes
                .insert("number".to_owned(), number.to_string());
            Some(recipient)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn invented_people_are_many_and_different() {
        let people = invented(300);
        assert_eq!(people.len(), 300);
        let addresses: BTreeSet<&str> = people
            .iter()
            .map(|person| person.address.as_str())
            .collect();
        assert_eq!(addresses.len(), 300);
        assert!(
            people
                .iter()
                .all(|one| one.address.domain() == "example.org")
        );
        assert!(people.iter().any(|one| one.name.is_empty()));
        assert!(people.iter().any(|one| one.name.contains('"')));
    }
}
