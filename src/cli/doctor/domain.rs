//! What the sender's domain publishes, held against what is used.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::cli::doctor::folder::domain;
use crate::cli::doctor::line::{Line, State};
use crate::cli::doctor::senders;
use crate::cli::folder::Folder;
use crate::cli::send::{is_loopback, is_nobodys};
use crate::email::dkim::{Record, Signer, is_aligned};
use crate::probe::dns::{DnsError, Resolver};
use crate::probe::published::{Dmarc, KeyVerdict, compare_key, is_dmarc, read_dmarc};

/// All questions to the DNS.
pub(crate) async fn published(
    folder: &Folder,
    signer: Option<&Signer>,
    server: Option<SocketAddr>,
    lines: &mut Vec<Line>,
) {
    let domains = domains(folder, server.is_some());
    if domains.is_empty() {
        let words = "no domain of yours is set: nothing was looked up";
        lines.push(Line::new(State::Skipped, "dns", "", words));
        return;
    }
    let resolver = match server {
        Some(server) => Resolver::at(server),
        None => Resolver::system(),
    };
    let asked = match resolver {
        Ok(resolver) => all(folder, signer, &resolver, &domains, lines).await,
        Err(error) => Err(error),
    };
    if let Err(error) = asked {
        lines.push(unanswered(&error));
    }
}

/// Nobody knows: the rest would only be the same again.
fn unanswered(error: &DnsError) -> Line {
    let cause = std::error::Error::source(error);
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    let line = Line::new(State::Outside, "dns", "", format!("{error}{cause}"));
    line.help("try again, or ask another: --resolver 9.9.9.9")
}

async fn all(
    folder: &Folder,
    signer: Option<&Signer>,
    resolver: &Resolver,
    domains: &BTreeSet<String>,
    lines: &mut Vec<Line>,
) -> Result<(), DnsError> {
    for record in signer.map(Signer::records).unwrap_or_default() {
        lines.push(key(resolver, &record).await?);
    }
    let relay = senders::addresses(folder, resolver).await?;
    for domain in domains {
        lines.push(senders::spf(folder, resolver, domain, &relay).await?);
        lines.push(dmarc(folder, resolver, domain, signer).await?);
        lines.push(return_path(folder, resolver, domain).await?);
    }
    senders::reverse(folder, resolver, &relay, lines).await
}

/// The domains that mail comes from, without those that belong to nobody; those
/// are looked up too where a name server is named.
fn domains(folder: &Folder, nobodys: bool) -> BTreeSet<String> {
    let newsletter = &folder.settings().newsletter;
    let others = newsletter.languages.values().map(|one| &one.from);
    std::iter::once(&newsletter.from)
        .chain(others)
        .flatten()
        .filter_map(|from| crate::subscriber::Address::parse(&from.address).ok())
        .map(|from| domain(from.as_str()).to_owned())
        .filter(|domain| nobodys || !is_nobodys(domain))
        .collect()
}

/// The published half of a key.
async fn key(resolver: &Resolver, ours: &Record) -> Result<Line, DnsError> {
    let check = "dkim";
    let name = ours.name.as_str();
    let texts = resolver.texts(name).await?;
    let wrong = |words: &str, help: &str| {
        let line = Line::new(State::Outside, check, name, words);
        line.help(help).paste(ours.zone())
    };
    let publish = "publish this, or sign with the key that is there:";
    Ok(match texts.as_slice() {
        [] => wrong("there is no such record", "publish it:"),
        [one] => match compare_key(one, &ours.value) {
            KeyVerdict::Same { testing: false } => Line::new(
                State::Ok,
                check,
                name,
                "the key in the DNS is the one in use",
            ),
            KeyVerdict::Same { testing: true } => {
                let words = "the key is right, but marked as a test (t=y)";
                let line = Line::new(State::Warning, check, name, words);
                line.help("publish it without the mark:").paste(ours.zone())
            }
            KeyVerdict::Other => wrong("another key is published there", publish),
            KeyVerdict::Revoked => wrong("the key there was taken back (p= is empty)", publish),
            KeyVerdict::Restricted => wrong(
                "the key there is not for mail with SHA-256 (h= or s=)",
                publish,
            ),
            KeyVerdict::Broken => wrong("what is published there is no key", publish),
        },
        // RFC 6376 §3.6.2.2.
        _ => wrong(
            "there are several records, of which receivers take any",
            "leave only this one:",
        ),
    })
}

/// The policy of the domain, and whether our mail passes it.
async fn dmarc(
    folder: &Folder,
    resolver: &Resolver,
    domain: &str,
    signer: Option<&Signer>,
) -> Result<Line, DnsError> {
    let check = "dmarc";
    let (at, mut records) = policy(resolver, domain).await?;
    let proposal = format!("_dmarc.{domain}. IN TXT \"v=DMARC1; p=none\"");
    let wrong = |words: String, help: &str| {
        let line = Line::new(State::Outside, check, domain, words);
        line.help(help).paste(proposal.clone())
    };
    let Some(record) = records.pop() else {
        let words = "it has no policy, which large providers ask bulk mail for".to_owned();
        return Ok(wrong(words, "publish the mildest to begin with:"));
    };
    if !records.is_empty() {
        let words = format!("_dmarc.{at} has several records, so none counts");
        return Ok(wrong(words, "leave only one, such as:"));
    }
    let policy = match read_dmarc(&record) {
        Ok(policy) => policy,
        Err(why) => {
            return Ok(wrong(
                format!("the record at _dmarc.{at} {why}"),
                "such as:",
            ));
        }
    };
    Ok(aligned(folder, domain, signer, &policy, &at))
}

/// RFC 7489 §3.1: the domain of the signature or of the envelope must be that of
/// From.
fn aligned(
    folder: &Folder,
    domain: &str,
    signer: Option<&Signer>,
    policy: &Dmarc,
    at: &str,
) -> Line {
    let check = "dmarc";
    let preset = folder.settings().smtp.preset;
    let p = format!("p={} at _dmarc.{at}", policy.policy);
    let signed = signer.map(|signer| match policy.strict_dkim {
        true => signer.domain().eq_ignore_ascii_case(domain),
        false => is_aligned(signer.domain(), domain),
    });
    match (signed, preset.replaces_envelope) {
        (Some(true), _) => {
            let words = format!("{p}; the signature is aligned with From");
            Line::new(State::Ok, check, domain, words)
        }
        (Some(false), _) => {
            let words = format!("{p} wants signatures of {domain} itself, and they are not");
            let help =
                format!("set dkim.domain = \"{domain}\", with a key for it, or drop adkim=s");
            Line::new(State::Wrong, check, domain, words).help(help)
        }
        // Our envelope sender is of the domain of From.
        (None, false) => {
            let words = format!("{p}; without a signature only SPF is aligned");
            let help = "forwarded mail loses that: `letterpress dkim generate`";
            Line::new(State::Warning, check, domain, words).help(help)
        }
        (None, true) => {
            let words = format!("{p}; only the signature of {} can be aligned", preset.name);
            let help = "set your domain up there, or run `letterpress dkim generate`";
            Line::new(State::Warning, check, domain, words).help(help)
        }
    }
}

/// The records of the domain, or of the next one above it that has any.
async fn policy(resolver: &Resolver, domain: &str) -> Result<(String, Vec<String>), DnsError> {
    let labels: Vec<&str> = domain.split('.').collect();
    // RFC 7489 §6.6.3 goes on at the organization's domain, which a list of
    // suffixes tells; going up step by step finds the same record.
    for place in 0..labels.len().saturating_sub(1).min(8) {
        let at = labels[place..].join(".");
        let mut records = resolver.texts(&format!("_dmarc.{at}")).await?;
        records.retain(|text| is_dmarc(text));
        if !records.is_empty() {
            return Ok((at, records));
        }
    }
    Ok((domain.to_owned(), Vec::new()))
}

/// Whether what cannot be delivered can come back.
async fn return_path(folder: &Folder, resolver: &Resolver, domain: &str) -> Result<Line, DnsError> {
    let check = "return-path";
    let preset = folder.settings().smtp.preset;
    if preset.replaces_envelope {
        let words = format!("{} takes bounces itself and tells of them", preset.name);
        let line = Line::new(State::Ok, check, domain, words);
        return Ok(line.help("docs/bounces.md says how they come here"));
    }
    let servers = resolver.mail_servers(domain).await?;
    let names: Vec<&str> = servers.iter().map(|(_, name)| name.as_str()).collect();
    let wrong = |words: String| {
        let line = Line::new(State::Outside, check, domain, words);
        let help = format!("bounces come back to bounce+…@{domain}: publish who takes its mail:");
        line.help(help)
            .paste(format!("{domain}. IN MX 10 mail.{domain}."))
    };
    if names == ["."] {
        return Ok(wrong("it says that it takes no mail (MX .)".to_owned()));
    }
    if names.is_empty() {
        // RFC 5321 §5.1: the domain itself then.
        return Ok(match resolver.addresses(domain).await?.as_slice() {
            [] => wrong("it has neither MX nor address".to_owned()),
            _ => {
                let words = "it has no MX; mail goes to its own address".to_owned();
                Line {
                    state: State::Warning,
                    ..wrong(words)
                }
            }
        });
    }
    for name in &names {
        if !resolver.addresses(name).await?.is_empty() {
            let words = format!("bounces come back to {}", names.join(", "));
            return Ok(Line::new(State::Ok, check, domain, words));
        }
    }
    Ok(wrong(format!("{} has no address", names.join(", "))))
}

/// Whether an address can be seen from outside.
pub(crate) fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified())
        }
    }
}

/// Whether mail leaves from this machine.
pub(crate) fn sends_itself(folder: &Folder) -> bool {
    is_loopback(&folder.settings().smtp.relay.host)
}
