//! Who may send for a domain (RFC 7208): its record, and those that it includes,
//! as far as a receiver follows them.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;

use crate::probe::dns::{DnsError, Resolver};

/// RFC 7208 §4.6.4: receivers give up beyond so many questions.
pub const MOST_LOOKUPS: usize = 10;
/// Where a walk ends however many more there are.
const FAR: usize = 4 * MOST_LOOKUPS;

/// What a domain says about its senders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spf {
    /// Records that begin with `v=spf1`; there must be one.
    pub records: Vec<String>,
    /// Terms that cost a receiver a question, over all included records.
    pub lookups: usize,
    /// Domains whose records are included, directly or not.
    pub includes: BTreeSet<String>,
    /// The addresses in question that it lists.
    pub listed: BTreeSet<IpAddr>,
    /// Whether it says `+all`, or `all`: anybody may.
    pub open: bool,
    /// Whether it says at its end what holds for all others.
    pub closed: bool,
    /// What is wrong, for people.
    pub faults: Vec<String>,
}

/// Follows the record of `domain`, and looks for these addresses in it.
///
/// # Errors
///
/// A name server does not answer.
pub async fn spf(resolver: &Resolver, domain: &str, addresses: &[IpAddr]) -> Result<Spf, DnsError> {
    let mut found = Spf {
        records: records(resolver, domain).await?,
        ..Spf::default()
    };
    let [record] = found.records.as_slice() else {
        return Ok(found);
    };
    let mut open = VecDeque::from([(domain.to_owned(), record.clone())]);
    let mut seen = BTreeSet::from([domain.to_owned()]);
    while let Some((at, record)) = open.pop_front() {
        let first = at == domain;
        for term in record.split_ascii_whitespace().skip(1) {
            let term = match Term::parse(term) {
                Ok(term) => term,
                Err(()) => {
                    let words = format!("\"{term}\" of {at} is no term of SPF");
                    found.faults.push(words);
                    continue;
                }
            };
            found.lookups += usize::from(term.costs());
            if first && term.name == "all" {
                found.open |= term.passes;
                found.closed = true;
            }
            if first && term.name == "redirect" {
                found.closed = true;
            }
            if found.lookups > FAR {
                return Ok(found);
            }
            // Macros depend on who sends to whom; they cost a question all the
            // same.
            let target = term.domain.as_deref().unwrap_or(&at).to_owned();
            if target.contains('%') {
                continue;
            }
            if matches!(term.name, "include" | "redirect") {
                if !seen.insert(target.clone()) {
                    let words = format!("{at} includes {target} a second time");
                    found.faults.push(words);
                    continue;
                }
                found.includes.insert(target.clone());
                let mut theirs = records(resolver, &target).await?;
                match (theirs.pop(), theirs.pop()) {
                    (Some(one), None) => open.push_back((target, one)),
                    // RFC 7208 §5.2: receivers take that for a permanent error.
                    (None, _) => found.faults.push(format!(
                        "{target} is included by {at}, and has no SPF record"
                    )),
                    _ => found.faults.push(format!(
                        "{target} is included by {at}, and has several SPF records"
                    )),
                }
            } else if term.passes {
                for address in listed(resolver, &term, &target, addresses).await? {
                    found.listed.insert(address);
                }
            }
        }
    }
    Ok(found)
}

async fn records(resolver: &Resolver, domain: &str) -> Result<Vec<String>, DnsError> {
    let texts = resolver.texts(domain).await?;
    // RFC 7208 §4.5.
    let is_one = |text: &String| {
        let version = text.split(' ').next().unwrap_or_default();
        version.eq_ignore_ascii_case("v=spf1")
    };
    Ok(texts.into_iter().filter(is_one).collect())
}

/// Which of the addresses a term lists.
async fn listed(
    resolver: &Resolver,
    term: &Term,
    target: &str,
    addresses: &[IpAddr],
) -> Result<Vec<IpAddr>, DnsError> {
    let ranges: Vec<IpAddr> = match term.name {
        "ip4" | "ip6" => term.network.into_iter().collect(),
        _ if addresses.is_empty() => Vec::new(),
        "a" => resolver.addresses(target).await?,
        "mx" => {
            let mut all = Vec::new();
            // RFC 7208 §4.6.4: ten names at most.
            for (_, server) in resolver.mail_servers(target).await?.iter().take(10) {
                all.extend(resolver.addresses(server).await?);
            }
            all
        }
        _ => Vec::new(),
    };
    let held = |address: &&IpAddr| ranges.iter().any(|range| term.covers(*range, **address));
    Ok(addresses.iter().filter(held).copied().collect())
}

/// A mechanism or modifier (RFC 7208 §4.6.1).
#[derive(Debug, PartialEq, Eq)]
struct Term {
    passes: bool,
    name: &'static str,
    domain: Option<String>,
    network: Option<IpAddr>,
    prefix4: u8,
    prefix6: u8,
}

const NAMES: [&str; 9] = [
    "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "redirect",
];

impl Term {
    fn parse(text: &str) -> Result<Term, ()> {
        let bare = text.strip_prefix(['+', '-', '~', '?']).unwrap_or(text);
        let passes = !text.starts_with(['-', '~', '?']);
        let end = bare.find([':', '/', '=']).unwrap_or(bare.len());
        let (name, rest) = bare.split_at(end);
        let name = name.to_ascii_lowercase();
        let known = NAMES.iter().find(|known| **known == name);
        let mut term = Term {
            passes,
            name: known.copied().unwrap_or("other"),
            domain: None,
            network: None,
            prefix4: 32,
            prefix6: 128,
        };
        match (known, rest.as_bytes().first()) {
            (Some(&"redirect"), Some(b'=')) => {}
            // RFC 7208 §6: an unknown modifier is passed over.
            (None, Some(b'=')) => return Ok(term),
            (Some(&"redirect") | None, _) | (_, Some(b'=')) => return Err(()),
            _ => {}
        }
        let rest = match term.name {
            "ip4" | "ip6" => {
                let value = rest.strip_prefix(':').ok_or(())?;
                let (address, prefix) = value.split_once('/').unwrap_or((value, ""));
                let address: IpAddr = address.parse().map_err(|_| ())?;
                if address.is_ipv4() != (term.name == "ip4") {
                    return Err(());
                }
                term.network = Some(address);
                let most = if address.is_ipv4() { 32 } else { 128 };
                let bits = number(prefix, most)?;
                term.prefix4 = bits.min(32);
                term.prefix6 = bits;
                ""
            }
            "a" | "mx" => {
                let (domain, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let (four, six) = prefix.split_once("//").unwrap_or(match prefix {
                    // `a//64` has no prefix for the old family.
                    prefix if prefix.starts_with('/') => ("", &prefix[1..]),
                    prefix => (prefix, ""),
                });
                term.prefix4 = number(four, 32)?;
                term.prefix6 = number(six, 128)?;
                domain
            }
            _ => rest,
        };
        let domain = rest.strip_prefix([':', '=']).map(str::to_ascii_lowercase);
        if domain.as_deref() == Some("") || (domain.is_none() && !rest.is_empty()) {
            return Err(());
        }
        term.domain = domain.map(|name| name.trim_end_matches('.').to_owned());
        let wants = matches!(term.name, "include" | "exists" | "redirect");
        if (wants && term.domain.is_none()) || (term.name == "all" && term.domain.is_some()) {
            return Err(());
        }
        Ok(term)
    }

    /// RFC 7208 §4.6.4.
    fn costs(&self) -> bool {
        matches!(
            self.name,
            "include" | "a" | "mx" | "ptr" | "exists" | "redirect"
        )
    }

    fn covers(&self, range: IpAddr, address: IpAddr) -> bool {
        match (range, address) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let cut = 32 - u32::from(self.prefix4);
                let whole = |bits: u32| bits.checked_shr(cut).unwrap_or(0);
                whole(range.to_bits()) == whole(address.to_bits())
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let cut = 128 - u32::from(self.prefix6);
                let whole = |bits: u128| bits.checked_shr(cut).unwrap_or(0);
                whole(range.to_bits()) == whole(address.to_bits())
            }
            _ => false,
        }
    }
}

fn number(text: &str, most: u8) -> Result<u8, ()> {
    if text.is_empty() {
        return Ok(most);
    }
    let number: u8 = text.parse().map_err(|_| ())?;
    if number > most { Err(()) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_and_what_is_none_is_told() {
        let sound = [
            ("+all", "all", true),
            ("-all", "all", false),
            ("a", "a", true),
            ("mx/24", "mx", true),
            ("a:mail.example.org/24//64", "a", true),
            ("a//64", "a", true),
            ("ip4:192.0.2.0/24", "ip4", true),
            ("ip6:2001:db8::/32", "ip6", true),
            ("?include:spf.example.org", "include", false),
            ("exists:%{i}.spf.example.org", "exists", true),
            ("redirect=_spf.example.org", "redirect", true),
            ("exp=explain.example.org", "other", true),
            ("ptr", "ptr", true),
        ];
        for (text, name, passes) in sound {
            let term = Term::parse(text).unwrap_or_else(|()| panic!("{text}"));
            assert_eq!((term.name, term.passes), (name, passes), "{text}");
        }
        let wrong = [
            "include",
            "include:",
            "ip4",
            "ip4:example.org",
            "ip4:2001:db8::1",
            "ip6:192.0.2.1",
            "ip4:192.0.2.0/33",
            "all:example.org",
            "mx/x",
            "a:",
            "spf.example.org",
            "redirect:x",
            "a=example.org",
            "192.0.2.1",
        ];
        for text in wrong {
            assert!(Term::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_hold_what_they_hold() {
        let cases = [
            ("ip4:192.0.2.0/24", "192.0.2.255", true),
            ("ip4:192.0.2.0/24", "192.0.3.0", false),
            ("ip4:192.0.2.7", "192.0.2.7", true),
            ("ip4:0.0.0.0/0", "203.0.113.9", true),
            ("ip6:2001:db8::/32", "2001:db8:ffff::1", true),
            ("ip6:2001:db8::/32", "2001:db9::1", false),
            ("ip6:::/0", "2001:db9::1", true),
            ("ip6:2001:db8::/32", "192.0.2.1", false),
        ];
        for (term, address, held) in cases {
            let term = Term::parse(term).unwrap();
            let range = term.network.unwrap();
            assert_eq!(
                term.covers(range, address.parse().unwrap()),
                held,
                "{address}"
            );
        }
    }
}
