//! `dkim generate` and `dkim show`: keys that sign mail, and what to publish.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cli::args::{Dkim, DkimGenerate, Global};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::{CONFIG_FILE, Folder};
use crate::cli::signer::{self, KEY_LIMIT};
use crate::cli::terminal::Terminal;
use crate::email::dkim::{Record, Signer, SigningKey, is_domain, is_selector};
use crate::files::{read_limited, write_new};
use crate::subscriber::Address;

/// RFC 7468 §2: columns of a PEM file.
const PEM_LINE: usize = 64;

/// Runs `letterpress dkim`.
pub(crate) fn run(
    global: &Global,
    options: &Dkim,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    // Settings may name keys that are to be made now.
    let folder = Folder::open(global)?;
    match options {
        Dkim::Generate(options) => generate(&folder, options, terminal),
        Dkim::Show { json } => show(&folder, *json, terminal),
    }
}

/// A key that was made, or that was there.
struct Made {
    setting: &'static str,
    selector: String,
    file: String,
    key: SigningKey,
}

fn generate(
    folder: &Folder,
    options: &DkimGenerate,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let domain = domain(folder, options)?;
    if !is_selector(&options.selector) {
        let words = format!("\"{}\" is no name of a key", options.selector);
        return Err(CommandError::usage(words).hint("--selector takes a name such as letterpress"));
    }
    let bits = match options.rsa.as_str() {
        "4096" => KeySize::Rsa4096,
        "3072" => KeySize::Rsa3072,
        _ => KeySize::Rsa2048,
    };
    let second = format!("{}-ed25519", options.selector);
    let mut names = vec![("dkim.", options.selector.clone())];
    if options.ed25519 {
        names.push(("dkim.ed25519_", second));
    }
    let file = |selector: &str| format!("data/dkim-{selector}.pem");
    let there = |selector: &str| std::fs::symlink_metadata(folder.path(file(selector))).is_ok();
    // An RSA key that is there stays, and --ed25519 puts a second one beside it.
    let taken = names.iter().rposition(|(_, selector)| there(selector));
    if taken == Some(names.len() - 1) {
        let words = format!("{} is there already", file(&names[names.len() - 1].1));
        return Err(CommandError::usage(words).hint(
            "it stays as it is; `letterpress dkim show` prints the records of the keys that are \
             set, and --selector NAME makes another key",
        ));
    }
    let mut made = Vec::with_capacity(names.len());
    for (setting, selector) in names {
        let file = file(&selector);
        let kept = there(&selector);
        let pem = match setting {
            _ if kept => read_limited(&folder.path(&file), KEY_LIMIT)?,
            "dkim." => rsa(bits)?.into_bytes(),
            _ => ed25519()?.into_bytes(),
        };
        let key = SigningKey::parse(&pem)
            .map_err(|cause| CommandError::usage(format!("{file}: {cause}")).hint(cause.help()))?;
        if !kept {
            write_new(&folder.path(&file), &pem, true)?;
        }
        terminal.note(&format!("{} {file}", if kept { "kept" } else { "made" }));
        made.push(Made {
            setting,
            selector,
            file,
            key,
        });
    }
    let mut settings = format!("[dkim]\ndomain = \"{domain}\"\n");
    for one in &made {
        let name = one.setting.trim_start_matches("dkim.");
        let (selector, file) = (&one.selector, &one.file);
        settings.push_str(&format!("{name}selector = \"{selector}\"\n"));
        settings.push_str(&format!("{name}key_file = \"{file}\"\n"));
    }
    let files: Vec<String> = made.iter().map(|one| one.file.clone()).collect();
    let mut keys = made.into_iter().map(|one| (one.selector, one.key));
    let Some((selector, key)) = keys.next() else {
        return Err(CommandError::unexpected("no key was made"));
    };
    let first = Signer::new(&domain, &selector, key);
    let signer = keys.fold(first, |signer, (selector, key)| signer.and(&selector, key));
    if options.json {
        let mut keys = described(&signer);
        for (key, file) in keys.iter_mut().zip(files) {
            key["file"] = json!(file);
        }
        terminal.json(&json!({ "domain": domain, "keys": keys, "settings": settings }))?;
        return Ok(Exit::Done);
    }
    print(&signer, terminal)?;
    terminal.line(&format!("Then write into {CONFIG_FILE}:\n"))?;
    terminal.data(settings.as_bytes())?;
    Ok(Exit::Done)
}

fn show(folder: &Folder, as_json: bool, terminal: &mut Terminal) -> Result<Exit, CommandError> {
    let signer = signer::signer(folder)?;
    let signer = signer.ok_or_else(|| {
        CommandError::usage("no key is set: mail is not signed")
            .hint("`letterpress dkim generate` makes one and says what to publish")
    })?;
    if as_json {
        let keys = described(&signer);
        terminal.json(&json!({ "domain": signer.domain(), "keys": keys }))?;
    } else {
        print(&signer, terminal)?;
    }
    Ok(Exit::Done)
}

/// The keys with their records, for JSON.
fn described(signer: &Signer) -> Vec<Value> {
    let keys = signer.keys().zip(signer.records());
    keys.map(|((selector, key), record)| {
        json!({
            "algorithm": key.algorithm().name(),
            "bits": key.bits(),
            "selector": selector,
            "name": record.name,
            "value": record.value,
            "zone": record.zone(),
        })
    })
    .collect()
}

fn print(signer: &Signer, terminal: &mut Terminal) -> Result<(), CommandError> {
    let records = signer.records();
    terminal
        .line("Publish this in the DNS. Where a form asks for name and value of a TXT record:\n")?;
    for Record { name, value } in &records {
        terminal.line(&format!("{name}\n{value}\n"))?;
    }
    terminal.line("In a zone file:\n")?;
    for record in &records {
        terminal.line(&format!("{}\n", record.zone()))?;
    }
    Ok(())
}

/// The domain to make keys for, in ASCII.
fn domain(folder: &Folder, options: &DkimGenerate) -> Result<String, CommandError> {
    let Some(text) = &options.domain else {
        let domain = &folder.settings().dkim.domain;
        if domain.is_empty() {
            return Err(CommandError::usage("no domain is set to sign for")
                .hint("say --domain example.org, or set newsletter.from"));
        }
        return Ok(domain.clone());
    };
    let address = Address::parse(&format!("x@{}", text.trim_end_matches('.')));
    match address {
        Ok(address) if is_domain(address.domain()) => Ok(address.domain().to_owned()),
        _ => Err(CommandError::usage(format!("\"{text}\" is no domain"))
            .hint("--domain takes one such as example.org")),
    }
}

fn rsa(bits: KeySize) -> Result<String, CommandError> {
    let made = KeyPair::generate(bits);
    let der = made.and_then(|pair| AsDer::<Pkcs8V1Der<'static>>::as_der(&pair));
    der.map(|der| pem(der.as_ref())).map_err(|_| refused())
}

fn ed25519() -> Result<String, CommandError> {
    // The older form, which other programs read too.
    let made = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
    made.map(|document| pem(document.as_ref()))
        .map_err(|_| refused())
}

fn refused() -> CommandError {
    CommandError::unexpected("the cryptographic library makes no key")
}

/// RFC 7468 §10.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
