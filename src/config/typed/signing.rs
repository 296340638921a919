//! The table `[dkim]`.

use secrecy::SecretString;

use crate::config::key::Key;
use crate::config::settings::{Dkim, DkimKey};
use crate::config::typed::Read;
use crate::diagnostic::Diagnostic;
use crate::email::dkim::{is_aligned, is_domain, is_selector};
use crate::newsletter::{Mailbox, Newsletter};
use crate::subscriber::Address;

impl Read<'_> {
    pub(crate) fn dkim(&mut self, newsletter: &Newsletter) -> Dkim {
        let rsa = self.signing_key("dkim.selector", "dkim.key");
        let ed25519 = self.signing_key("dkim.ed25519_selector", "dkim.ed25519_key");
        let domain = self.signing_domain(newsletter);
        if let Some(second) = &ed25519 {
            match &rsa {
                None => self.bad(
                    &Key::new("dkim.ed25519_key_file"),
                    "an Ed25519 key signs beside an RSA key only: many receivers do not know it"
                        .to_owned(),
                    "set dkim.selector and dkim.key_file too",
                ),
                Some(first) if first.selector == second.selector => self.bad(
                    &Key::new("dkim.ed25519_selector"),
                    "both keys have the same selector".to_owned(),
                    "publish each under a name of its own",
                ),
                Some(_) => {}
            }
        }
        if rsa.is_some() {
            self.alignment(&domain, newsletter);
        }
        Dkim {
            domain,
            rsa,
            ed25519,
        }
    }

    /// The key whose selector and whose secret have these names; its file is
    /// named by `SECRET_file`.
    fn signing_key(&mut self, selector: &str, secret: &str) -> Option<DkimKey> {
        let file_key = format!("{secret}_file");
        let file = self.optional(&file_key);
        let given = self.values.secret(secret).map(SecretString::from);
        let name = Key::new(selector);
        let selector = self.text_of(&name);
        if file.is_none() && given.is_none() {
            if !selector.is_empty() {
                let help = "`letterpress dkim generate` makes a key";
                self.bad(&name, format!("{name} is set, but {file_key} is not"), help);
            }
            return None;
        }
        if selector.is_empty() {
            let help = format!("write {name} = \"letterpress\", or the name you published");
            let at = if file.is_some() { &file_key } else { secret };
            let message = format!("{name} is not set: nobody would find the key");
            self.bad(&Key::new(at), message, &help);
        } else if !is_selector(&selector) {
            let help = "it is part of a host name, such as \"letterpress\"";
            self.bad(&name, format!("{name} is no name of a key"), help);
        }
        Some(DkimKey {
            selector,
            secret: given,
            file,
        })
    }

    fn signing_domain(&mut self, newsletter: &Newsletter) -> String {
        let key = Key::new("dkim.domain");
        let text = self.text_of(&key);
        if text.is_empty() {
            return newsletter
                .from
                .as_ref()
                .and_then(domain)
                .unwrap_or_default();
        }
        // Other alphabets become ASCII, as in the sender's address.
        let address = Address::parse(&format!("x@{}", text.trim_end_matches('.')));
        match address {
            Ok(address) if is_domain(address.domain()) => address.domain().to_owned(),
            _ => {
                let help = "write it like \"example.org\"";
                self.bad(&key, format!("{key} is no domain"), help);
                String::new()
            }
        }
    }

    /// Each sender must be of the domain that signs, or receivers take the
    /// signature for somebody else's.
    fn alignment(&mut self, signing: &str, newsletter: &Newsletter) {
        if signing.is_empty() {
            return;
        }
        let main = [("newsletter.from".to_owned(), &newsletter.from)];
        let others = newsletter.languages.iter();
        let others = others.map(|(tag, over)| (format!("languages.{tag}.from"), &over.from));
        for (name, mailbox) in main.into_iter().chain(others) {
            let Some(from) = mailbox.as_ref().and_then(domain) else {
                continue;
            };
            if is_aligned(signing, &from) {
                continue;
            }
            let message =
                format!("mail from {from} would be signed by {signing}, which says nothing for it");
            let help = format!("set dkim.domain to \"{from}\" or one above it, with a key for it");
            let diagnostic = Diagnostic::error("dkim-alignment", message).help(help);
            let set = self.values.get(&Key::new("dkim.domain"));
            let key = match set.is_some_and(|entry| entry.layer != crate::config::Layer::Default) {
                true => Key::new("dkim.domain"),
                false => Key::new(&name),
            };
            let finding = self.values.finding(&key, diagnostic);
            self.findings.push(finding);
        }
    }
}

fn domain(mailbox: &Mailbox) -> Option<String> {
    let address = Address::parse(&mailbox.address).ok()?;
    Some(address.domain().to_owned())
}
