//! From which machines mail comes, and whether the domain says so.

use std::net::IpAddr;

use crate::cli::doctor::domain::{is_public, sends_itself};
use crate::cli::doctor::line::{Line, State};
use crate::cli::folder::Folder;
use crate::probe::dns::{DnsError, Resolver};
use crate::probe::spf::{MOST_LOOKUPS, Spf, spf as look_up};

/// The public addresses of one's own relay; of a service nothing is known, for
/// it has many.
pub(crate) async fn addresses(
    folder: &Folder,
    resolver: &Resolver,
) -> Result<Vec<IpAddr>, DnsError> {
    let smtp = &folder.settings().smtp;
    if smtp.preset.signs {
        return Ok(Vec::new());
    }
    let name = match sends_itself(folder) {
        true => smtp.relay.hello.as_deref().unwrap_or_default(),
        false => smtp.relay.host.as_str(),
    };
    let mut addresses = match name.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) if name.is_empty() => Vec::new(),
        Err(_) => resolver.addresses(name).await?,
    };
    addresses.retain(is_public);
    Ok(addresses)
}

/// Who may send for the domain (RFC 7208).
pub(crate) async fn spf(
    folder: &Folder,
    resolver: &Resolver,
    domain: &str,
    relay: &[IpAddr],
) -> Result<Line, DnsError> {
    let found = look_up(resolver, domain, relay).await?;
    let preset = folder.settings().smtp.preset;
    Ok(judge(
        &found,
        domain,
        relay,
        preset.spf,
        preset.replaces_envelope,
    ))
}

/// `optional` says that receivers ask another domain.
fn judge(
    found: &Spf,
    domain: &str,
    relay: &[IpAddr],
    include: Option<&str>,
    optional: bool,
) -> Line {
    let check = "spf";
    let state = match optional {
        true => State::Warning,
        false => State::Outside,
    };
    let wrong = |words: String, help: &str| {
        let record = proposal(found.records.first(), relay, include);
        let line = Line::new(state, check, domain, words).help(help);
        line.paste(format!("{domain}. IN TXT \"{record}\""))
    };
    match found.records.len() {
        0 => {
            return wrong(
                "it does not say who may send for it".to_owned(),
                "publish it:",
            );
        }
        1 => {}
        // RFC 7208 §3.2.
        many => {
            let words = format!("it has {many} records, so none counts");
            return wrong(words, "leave only one, such as:");
        }
    }
    if found.lookups > MOST_LOOKUPS {
        let words = format!(
            "following it takes {} questions, and receivers give up after {MOST_LOOKUPS}",
            found.lookups
        );
        let help = "take includes out that are not used, or name addresses (ip4:, ip6:)";
        return Line::new(state, check, domain, words).help(help);
    }
    if let Some(fault) = found.faults.first() {
        let help = "receivers take the whole record for broken: mend it";
        return Line::new(state, check, domain, fault.clone()).help(help);
    }
    if found.open {
        let words = "it lets anybody send for it (+all)".to_owned();
        return wrong(words, "end it with ~all:");
    }
    if let Some(include) = include.filter(|name| !found.includes.contains(*name)) {
        let words = format!("it does not include {include}");
        return wrong(words, "let the relay be in it:");
    }
    let left_out: Vec<String> = relay
        .iter()
        .filter(|address| !found.listed.contains(*address))
        .map(ToString::to_string)
        .collect();
    if !left_out.is_empty() {
        let words = format!("it does not list the relay's {}", left_out.join(", "));
        let line = wrong(words, "if mail leaves from there, let it be in it:");
        // The relay may hand mail on to machines that are listed.
        return Line {
            state: State::Warning,
            ..line
        };
    }
    let words = match relay.is_empty() && include.is_none() {
        true => format!("one record, {} of {MOST_LOOKUPS} questions", found.lookups),
        false => format!(
            "lists the relay, {} of {MOST_LOOKUPS} questions",
            found.lookups
        ),
    };
    let line = Line::new(State::Ok, check, domain, words);
    match found.closed {
        true => line,
        false => Line {
            state: State::Warning,
            ..line
        }
        .help("it does not say what holds for others: end it with ~all"),
    }
}

/// The record with the relay in it.
fn proposal(record: Option<&String>, relay: &[IpAddr], include: Option<&str>) -> String {
    let mut wanted: Vec<String> = include
        .map(|name| format!("include:{name}"))
        .into_iter()
        .collect();
    wanted.extend(relay.iter().map(|address| match address {
        IpAddr::V4(address) => format!("ip4:{address}"),
        IpAddr::V6(address) => format!("ip6:{address}"),
    }));
    let mut terms: Vec<String> = match record {
        Some(record) => record.split_ascii_whitespace().map(str::to_owned).collect(),
        None => vec!["v=spf1".to_owned()],
    };
    if record.is_none() && wanted.is_empty() {
        wanted.push("mx".to_owned());
    }
    terms.retain(|term| !matches!(term.as_str(), "+all" | "all"));
    let all = terms
        .iter()
        .position(|term| term.ends_with("all") && term.len() == 4 || term.starts_with("redirect="));
    if all.is_none() {
        terms.push("~all".to_owned());
    }
    let place = all.unwrap_or(terms.len() - 1);
    for term in wanted.into_iter().rev() {
        if !terms.contains(&term) {
            terms.insert(place, term);
        }
    }
    terms.join(" ")
}

/// Whether the sending address has a name that leads back to it (RFC 8601
/// §2.7.3), which large providers ask for.
pub(crate) async fn reverse(
    folder: &Folder,
    resolver: &Resolver,
    relay: &[IpAddr],
    lines: &mut Vec<Line>,
) -> Result<(), DnsError> {
    let check = "ptr";
    if folder.settings().smtp.preset.signs {
        return Ok(());
    }
    if relay.is_empty() {
        let words = "it is not known from which public address mail leaves";
        let line = Line::new(State::Skipped, check, "", words);
        let help = "where this machine delivers by itself, set smtp.hello to its name in the DNS";
        lines.push(line.help(help));
        return Ok(());
    }
    for address in relay {
        let names = resolver.names(*address).await?;
        let mut back = None;
        for name in names.iter().take(10) {
            if resolver.addresses(name).await?.contains(address) {
                back = Some(name);
                break;
            }
        }
        let subject = address.to_string();
        lines.push(match back {
            Some(name) => {
                let words = format!("is {name}, and that is it");
                Line::new(State::Ok, check, subject, words)
            }
            None => {
                let words = match names.as_slice() {
                    [] => "has no name (PTR)".to_owned(),
                    names => format!("is called {}, which is not it", names.join(", ")),
                };
                let state = match sends_itself(folder) {
                    true => State::Outside,
                    false => State::Warning,
                };
                let help = "whoever gave you the address sets its name: that of the mail server, \
                            whose own record must lead back";
                Line::new(state, check, subject, words).help(help)
            }
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_is_put_into_the_record_that_is_there() {
        let relay: [IpAddr; 2] = ["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        type Case<'a> = (Option<&'a str>, &'a [IpAddr], Option<&'a str>, &'a str);
        let cases: [Case<'_>; 7] = [
            (None, &[], None, "v=spf1 mx ~all"),
            (
                None,
                &relay,
                None,
                "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 ~all",
            ),
            (
                None,
                &[],
                Some("amazonses.com"),
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                Some("v=spf1 mx -all"),
                &[],
                Some("amazonses.com"),
                "v=spf1 mx include:amazonses.com -all",
            ),
            (
                Some("v=spf1 a"),
                &relay[..1],
                None,
                "v=spf1 a ip4:192.0.2.7 ~all",
            ),
            (Some("v=spf1 mx +all"), &[], None, "v=spf1 mx ~all"),
            (
                Some("v=spf1 redirect=_spf.example.org"),
                &relay[..1],
                None,
                "v=spf1 ip4:192.0.2.7 redirect=_spf.example.org",
            ),
        ];
        for (record, relay, include, expected) in cases {
            let record = record.map(str::to_owned);
            assert_eq!(proposal(record.as_ref(), relay, include), expected);
        }
    }
}
