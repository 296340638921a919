//! All editions of one issue, ready to be filled for anybody.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use url::Url;

use crate::email::clean::clean_body;
use crate::email::digest::Digests;
use crate::email::dkim::Signer;
use crate::email::head::{self, Head};
use crate::email::links::{LinkRoots, Links, WayOut};
use crate::email::message::{Content, Envelope, Error, Message, Parts, Settings};
use crate::email::stencil::Stencil;
use crate::newsletter::Newsletter;
use crate::render::{self, MailFrame, Personal, Place, Slotted, Variant, VariantKey};
use crate::subscriber::{Address, Key, Recipient, WITHOUT_SECTIONS};

/// An issue in one language, rendered.
#[derive(Debug)]
pub struct Edition {
    /// A BCP 47 tag.
    pub language: String,
    /// The publication in that language.
    pub newsletter: Newsletter,
    /// The issue's page in the archive.
    pub page: Url,
    /// The line inboxes show beside the subject.
    pub preheader: String,
    /// The mail.
    pub frame: MailFrame,
}

/// The mail of one issue. What is the same for all recipients is rendered,
/// inlined and encoded; a message only puts the recipient's own values in
/// their places.
#[derive(Debug)]
pub struct Composition {
    pub(crate) issue: String,
    pub(crate) title: String,
    pub(crate) parts: Parts,
    pub(crate) server: Url,
    pub(crate) moment: DateTime<Utc>,
    pub(crate) way_out: WayOut,
    pub(crate) digests: Digests,
    pub(crate) editions: Vec<Cast>,
}

/// A message with what it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it says, plain; a part that it does not have is empty.
    pub content: Content,
    /// The line inboxes show beside the subject.
    pub preheader: String,
    /// Its links.
    pub links: Links,
    /// It.
    pub message: Message,
}

/// One edition, as messages are made from it.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) language: String,
    pub(crate) page: Url,
    pub(crate) preheader: String,
    pub(crate) sender: Address,
    pub(crate) head: Head,
    pub(crate) frame: MailFrame,
    /// What recipients share who leave nothing out, where the templates do not decide
    /// by them.
    common: Option<Arc<Mould>>,
    /// All others by what is decided by; a few at a time.
    variants: Mutex<BTreeMap<VariantKey, Arc<Mould>>>,
}

/// Variants kept: some 200 kB each of an ordinary issue.
const MOST_VARIANTS: usize = 64;

/// A variant, encoded.
#[derive(Debug)]
struct Mould {
    variant: Arc<Variant>,
    /// The whole field, where it has no values.
    subject: Option<String>,
    text: Option<Stencil>,
    html: Option<Stencil>,
}

impl Composition {
    /// The mail of the issue whose key is `issue`, its editions in their order,
    /// the default first. `server` is the root of the public server, `moment` the
    /// Date of every message.
    ///
    /// # Errors
    ///
    /// Where the newsletter's own values make no header, or there is no edition.
    pub fn new(
        settings: &Settings,
        issue: &str,
        title: &str,
        editions: Vec<Edition>,
        server: &Url,
        moment: DateTime<Utc>,
        way_out: WayOut,
    ) -> Result<Composition, Error> {
        let casts: Result<Vec<Cast>, Error> = editions
            .into_iter()
            .map(|edition| {
                let Edition {
                    newsletter,
                    language,
                    page,
                    ..
                } = &edition;
                let mut head = Head::new(newsletter, issue, language, page, moment)?;
                head.token_field = settings.token_field.clone();
                let sender = head::sender(newsletter)?;
                Cast::new(
                    edition.language,
                    edition.page,
                    edition.preheader,
                    sender,
                    head,
                    edition.frame,
                    settings.parts,
                )
            })
            .collect();
        let mut composition = Composition {
            issue: issue.to_owned(),
            title: title.to_owned(),
            parts: settings.parts,
            server: server.clone(),
            moment,
            way_out,
            digests: Digests::default(),
            editions: casts?,
        };
        if composition.editions.is_empty() {
            return Err(Error::NoEdition);
        }
        composition.digests = Digests::of(&composition);
        Ok(composition)
    }

    /// Key of the issue.
    pub fn issue(&self) -> &str {
        &self.issue
    }

    /// Title of the issue.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The Date of all messages.
    pub fn moment(&self) -> DateTime<Utc> {
        self.moment
    }

    /// Makes that the Date of messages from now on: of an issue that somebody is
    /// sent long after all others.
    pub fn set_moment(&mut self, moment: DateTime<Utc>) {
        self.moment = moment;
        for cast in &mut self.editions {
            cast.head.set_date(moment);
        }
    }

    /// The page of the issue in the archive that a recipient is led to.
    pub fn page(&self, recipient: &Recipient) -> &Url {
        &self.cast(recipient).1.page
    }

    /// How readers leave.
    pub fn way_out(&self) -> WayOut {
        self.way_out
    }

    /// Languages of the editions, the default first.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.editions.iter().map(|cast| cast.language.as_str())
    }

    /// SHA-256 of the content before recipients' own values, in hexadecimal:
    /// equal as long as the same would leave, whoever receives it and whenever.
    pub fn digest(&self) -> &str {
        &self.digests.content
    }

    /// Digests of all that messages are made from.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// Equal for recipients whose messages differ in their own values alone.
    pub fn variant(&self, key: Option<&Key>, recipient: &Recipient) -> (usize, Vec<String>) {
        let (place, cast) = self.cast(recipient);
        let links = self.links(key, cast, recipient);
        let personal = personal(cast, recipient, &links);
        (place, cast.frame.variant_key(&personal).unwrap_or_default())
    }

    /// The message for one recipient, in their language or the default. It is a
    /// function of the composition, the key, the signer and the recipient, and
    /// signed as of the composition's moment. Neither key is kept.
    ///
    /// # Errors
    ///
    /// Where an overridden template fails on this recipient's values.
    pub fn message(
        &self,
        key: Option<&Key>,
        signer: Option<&Signer>,
        recipient: &Recipient,
    ) -> Result<Message, Error> {
        let (_, cast) = self.cast(recipient);
        let links = self.links(key, cast, recipient);
        let personal = personal(cast, recipient, &links);
        let mould = cast.mould(&personal, self.parts)?;
        let mut message = self.fill(cast, &mould, recipient, &links, &personal)?;
        self.sign(&mut message, signer)?;
        Ok(message)
    }

    /// The message with what it was made of.
    ///
    /// # Errors
    ///
    /// As [`Composition::message`].
    pub fn letter(
        &self,
        key: Option<&Key>,
        signer: Option<&Signer>,
        recipient: &Recipient,
    ) -> Result<Letter, Error> {
        let (_, cast) = self.cast(recipient);
        let links = self.links(key, cast, recipient);
        let personal = personal(cast, recipient, &links);
        let mould = cast.mould(&personal, self.parts)?;
        let mut message = self.fill(cast, &mould, recipient, &links, &personal)?;
        self.sign(&mut message, signer)?;
        let render::Parts {
            subject,
            html,
            text,
        } = mould.variant.fill(&personal);
        let content = Content {
            issue: self.issue.clone(),
            language: cast.language.clone(),
            subject,
            html: mould.html.as_ref().map_or_else(String::new, |_| html),
            text: mould.text.as_ref().map_or_else(String::new, |_| text),
        };
        Ok(Letter {
            content,
            preheader: cast
                .frame
                .preheader(&personal)
                .unwrap_or_else(|| cast.preheader.clone()),
            links,
            message,
        })
    }

    fn fill(
        &self,
        cast: &Cast,
        mould: &Mould,
        recipient: &Recipient,
        links: &Links,
        personal: &Personal,
    ) -> Result<Message, Error> {
        let message_id = format!("<{}@{}>", links.seed, cast.sender.domain());
        let mut bytes = Vec::with_capacity(mould.room(personal));
        let subject = match &mould.subject {
            Some(common) => Cow::Borrowed(common),
            None => Cow::Owned(head::subject(&mould.variant.subject_line(personal))?),
        };
        cast.head
            .write(&mut bytes, recipient, links, &subject, &message_id)?;
        mould.write(&mut bytes, personal, &links.seed);
        Ok(Message {
            envelope: Envelope {
                sender: links.bounce.clone().unwrap_or_else(|| cast.sender.clone()),
                recipient: recipient.address.clone(),
            },
            bytes,
            message_id,
        })
    }

    /// The moment is that of Date, so that a message made again is the same.
    fn sign(&self, message: &mut Message, signer: Option<&Signer>) -> Result<(), Error> {
        match signer {
            Some(signer) => signer
                .sign(&mut message.bytes, self.moment)
                .map_err(Error::Sign),
            None => Ok(()),
        }
    }

    fn links(&self, key: Option<&Key>, cast: &Cast, recipient: &Recipient) -> Links {
        let roots = LinkRoots {
            server: &self.server,
            sender: &cast.sender,
            issue: &self.issue,
            browser: &cast.page,
            way_out: self.way_out,
        };
        Links::new(key, &roots, &recipient.address)
    }

    /// The edition for a recipient: that of their language, or the nearest that
    /// is less exact (RFC 4647 §3.4), or one that is more exact, or the default.
    fn cast(&self, recipient: &Recipient) -> (usize, &Cast) {
        let wanted = recipient.language.as_deref().unwrap_or_default();
        let found = |test: &dyn Fn(&str) -> bool| {
            self.editions.iter().position(|cast| test(&cast.language))
        };
        let mut range = wanted;
        let mut place = None;
        while place.is_none() && !range.is_empty() {
            place = found(&|language| language.eq_ignore_ascii_case(range));
            range = range.rsplit_once('-').map_or("", |(less, _)| less);
        }
        let more = || {
            let primary = wanted.split('-').next().filter(|tag| !tag.is_empty())?;
            found(&|language| {
                let own = language.split('-').next().unwrap_or_default();
                own.eq_ignore_ascii_case(primary)
            })
        };
        let place = place.or_else(more).unwrap_or(0);
        (place, &self.editions[place])
    }
}

impl Cast {
    pub(crate) fn new(
        language: String,
        page: Url,
        preheader: String,
        sender: Address,
        head: Head,
        frame: MailFrame,
        parts: Parts,
    ) -> Result<Cast, Error> {
        let anybody = Personal::default();
        let common = match frame.variant_key(&anybody) {
            Some(_) => None,
            None => {
                let variant = frame.variant(&anybody).map_err(Error::Template)?;
                Some(Arc::new(Mould::new(variant, parts)?))
            }
        };
        Ok(Cast {
            language,
            page,
            preheader,
            sender,
            head,
            frame,
            common,
            variants: Mutex::default(),
        })
    }

    fn mould(&self, personal: &Personal, parts: Parts) -> Result<Arc<Mould>, Error> {
        let key = match (self.frame.variant_key(personal), &self.common) {
            (None, Some(common)) => return Ok(Arc::clone(common)),
            (key, _) => key.unwrap_or_default(),
        };
        let lock = || self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let variant = self.frame.variant(personal).map_err(Error::Template)?;
        let mould = Arc::new(Mould::new(variant, parts)?);
        // Where everybody has a variant of their own, keeping them is of no use.
        if !self.frame.takes_all() {
            let mut variants = lock();
            if variants.len() >= MOST_VARIANTS {
                variants.pop_first();
            }
            variants.insert(key, Arc::clone(&mould));
        }
        Ok(mould)
    }
}

impl Mould {
    fn new(variant: Arc<Variant>, parts: Parts) -> Result<Mould, Error> {
        let stencil =
            |part: &Slotted, unwanted: Parts| (parts != unwanted).then(|| Stencil::new(part));
        let subject = if variant.subject.is_common() {
            Some(head::subject(&variant.subject_line(&Personal::default()))?)
        } else {
            None
        };
        Ok(Mould {
            text: stencil(&variant.text, Parts::Html),
            html: stencil(&variant.html, Parts::Text),
            subject,
            variant,
        })
    }

    /// Octets to expect of a message, a little more than it has.
    fn room(&self, personal: &Personal) -> usize {
        let parts = [&self.text, &self.html];
        let encoded: usize = parts.into_iter().flatten().map(Stencil::len).sum();
        encoded + 4096 + 8 * (personal.unsubscribe.len() + personal.preferences.len())
    }

    /// Appends the fields of the body and the body.
    fn write(&self, out: &mut Vec<u8>, personal: &Personal, seed: &str) {
        let part = |out: &mut Vec<u8>, stencil: &Stencil, subtype: &str, place: Place| {
            part(out, stencil, subtype, place, Some(personal));
        };
        match (&self.text, &self.html) {
            // RFC 2046 §5.1.4: the plainest first, the best last.
            (Some(text), Some(html)) => {
                let boundary = boundary(seed);
                let line = |out: &mut Vec<u8>, before: &str, after: &str| {
                    out.extend_from_slice(before.as_bytes());
                    out.extend_from_slice(boundary.as_bytes());
                    out.extend_from_slice(after.as_bytes());
                };
                line(
                    out,
                    "Content-Type: multipart/alternative; boundary=\"",
                    "\"\r\n\r\n--",
                );
                line(out, "", "\r\n");
                part(out, text, "plain", Place::Text);
                line(out, "--", "\r\n");
                part(out, html, "html", Place::Html);
                line(out, "--", "--\r\n");
            }
            (Some(text), None) => part(out, text, "plain", Place::Text),
            (None, Some(html)) => part(out, html, "html", Place::Html),
            (None, None) => out.extend_from_slice(b"\r\n"),
        }
    }
}

/// Appends a part with its fields; the values of a recipient are in it, where it
/// has places for them.
pub(crate) fn part(
    out: &mut Vec<u8>,
    stencil: &Stencil,
    subtype: &str,
    place: Place,
    personal: Option<&Personal>,
) {
    for text in [
        "Content-Type: text/",
        subtype,
        "; charset=utf-8\r\nContent-Transfer-Encoding: ",
        stencil.coding.name(),
        "\r\n\r\n",
    ] {
        out.extend_from_slice(text.as_bytes());
    }
    stencil.fill(out, |value| match personal {
        Some(personal) => clean(value.written(personal, place)),
        None => Cow::Borrowed(""),
    });
    out.extend_from_slice(b"\r\n");
}

/// The recipient's values that the mail uses.
fn personal(cast: &Cast, recipient: &Recipient, links: &Links) -> Personal {
    let attributes = if cast.frame.takes_all() {
        recipient.attributes.clone()
    } else {
        let own = |name: &str| Some((name.to_owned(), recipient.attributes.get(name)?.clone()));
        cast.frame.attributes().filter_map(own).collect()
    };
    Personal {
        name: recipient.name.clone(),
        address: recipient.address.to_string(),
        attributes,
        unsubscribe: links.unsubscribe.to_string(),
        preferences: links
            .preferences
            .as_ref()
            .map_or_else(String::new, Url::to_string),
        without: recipient
            .attributes
            .get(WITHOUT_SECTIONS)
            .map(|sections| render::sections_left_out(sections))
            .unwrap_or_default(),
    }
}

fn clean(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => clean_body(text),
        Cow::Owned(text) => Cow::Owned(clean_body(&text).into_owned()),
    }
}

/// RFC 2045 §6.7 rule 5: `=_` cannot occur in either encoding, so the boundary
/// cannot occur in a part.
pub(crate) fn boundary(seed: &str) -> String {
    let end = seed.len().min(24);
    format!("=_{}", seed.get(..end).unwrap_or_default())
}
