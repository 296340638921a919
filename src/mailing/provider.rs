/// Domains that one provider serves: what slows one of them slows all.
const SHARED: &[(&str, &str)] = &[
    ("googlemail.com", "gmail.com"),
    ("hotmail.com", "outlook.com"),
    ("hotmail.co.uk", "outlook.com"),
    ("hotmail.de", "outlook.com"),
    ("hotmail.es", "outlook.com"),
    ("hotmail.fr", "outlook.com"),
    ("hotmail.it", "outlook.com"),
    ("live.com", "outlook.com"),
    ("msn.com", "outlook.com"),
    ("outlook.de", "outlook.com"),
    ("outlook.fr", "outlook.com"),
    ("aol.com", "yahoo.com"),
    ("rocketmail.com", "yahoo.com"),
    ("yahoo.ca", "yahoo.com"),
    ("yahoo.co.in", "yahoo.com"),
    ("yahoo.co.uk", "yahoo.com"),
    ("yahoo.de", "yahoo.com"),
    ("yahoo.es", "yahoo.com"),
    ("yahoo.fr", "yahoo.com"),
    ("yahoo.it", "yahoo.com"),
    ("ymail.com", "yahoo.com"),
    ("mac.com", "icloud.com"),
    ("me.com", "icloud.com"),
    ("foxmail.com", "qq.com"),
    ("126.com", "163.com"),
    ("yeah.net", "163.com"),
    ("gmx.at", "gmx.net"),
    ("gmx.ch", "gmx.net"),
    ("gmx.com", "gmx.net"),
    ("gmx.de", "gmx.net"),
    ("web.de", "gmx.net"),
    ("pm.me", "proton.me"),
    ("protonmail.com", "proton.me"),
];

/// The provider that takes the mail of this domain: its main domain where it is
/// known to have several, else the domain itself. Limits and delays hold for a
/// provider.
pub fn provider(domain: &str) -> &str {
    SHARED
        .iter()
        .find(|(other, _)| *other == domain)
        .map_or(domain, |(_, main)| *main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_one_provider_share_a_name() {
        assert_eq!(provider("googlemail.com"), provider("gmail.com"));
        assert_eq!(provider("example.org"), "example.org");
    }
}
