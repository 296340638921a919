//! A composition as bytes, from which the same messages can be made later,
//! whatever became of the issue, the templates and the settings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::email::composition::{Cast, Composition};
use crate::email::digest::Digests;
use crate::email::head::Head;
use crate::email::links::WayOut;
use crate::email::message::{Error, Parts};
use crate::render::{FrozenFrame, MailFrame};
use crate::subscriber::Address;

/// Another layout gets another number, and this one stays readable: mailings lie
/// in stores for years.
const VERSION: u32 = 2;
/// That of a mail of which everybody gets all.
const WHOLE: u32 = 1;

/// Why bytes are no composition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThawError {
    /// A newer version of the program froze it.
    #[error("the content was frozen by a newer letterpress (layout {0}, this one knows {VERSION})")]
    Newer(u32),
    /// They are something else, or damaged.
    #[error("the frozen content of the mailing is damaged")]
    Damaged(#[source] Damage),
    /// It is whole, but makes no message.
    #[error("the frozen content makes no message")]
    Useless(#[source] Error),
}

/// Where the bytes stop making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damage(String);

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Frozen {
    version: u32,
    issue: String,
    title: String,
    parts: Parts,
    server: String,
    moment: DateTime<Utc>,
    way_out: WayOut,
    digests: Digests,
    editions: Vec<FrozenEdition>,
}

#[derive(Serialize, Deserialize)]
struct FrozenEdition {
    language: String,
    page: String,
    preheader: String,
    sender: String,
    head: Head,
    frame: FrozenFrame,
}

impl Composition {
    /// It, as bytes to keep.
    pub fn freeze(&self) -> Vec<u8> {
        let has_choices = self.editions.iter().any(|cast| cast.frame.has_choices());
        let editions = self.editions.iter().map(|cast| FrozenEdition {
            language: cast.language.clone(),
            page: cast.page.to_string(),
            preheader: cast.preheader.clone(),
            sender: cast.sender.to_string(),
            head: cast.head.clone(),
            frame: cast.frame.freeze(),
        });
        let frozen = Frozen {
            version: if has_choices { VERSION } else { WHOLE },
            issue: self.issue.clone(),
            title: self.title.clone(),
            parts: self.parts,
            server: self.server.to_string(),
            moment: self.moment,
            way_out: self.way_out,
            digests: self.digests.clone(),
            editions: editions.collect(),
        };
        serde_json::to_vec(&frozen).expect("texts and numbers are JSON")
    }

    /// The composition that was frozen. It makes the same messages, byte for
    /// byte.
    ///
    /// # Errors
    ///
    /// Where the bytes are something else, damaged, or of a newer program.
    pub fn thaw(bytes: &[u8]) -> Result<Composition, ThawError> {
        let Version { version } = serde_json::from_slice(bytes).map_err(damaged)?;
        if version > VERSION {
            return Err(ThawError::Newer(version));
        }
        let frozen: Frozen = serde_json::from_slice(bytes).map_err(damaged)?;
        if frozen.editions.is_empty() {
            return Err(ThawError::Useless(Error::NoEdition));
        }
        let parts = frozen.parts;
        let editions: Result<Vec<Cast>, ThawError> = frozen
            .editions
            .into_iter()
            .map(|edition| edition.thaw(parts))
            .collect();
        Ok(Composition {
            issue: frozen.issue,
            title: frozen.title,
            parts,
            server: url(&frozen.server)?,
            moment: frozen.moment,
            way_out: frozen.way_out,
            digests: frozen.digests,
            editions: editions?,
        })
    }
}

impl FrozenEdition {
    fn thaw(self, parts: Parts) -> Result<Cast, ThawError> {
        let frame = MailFrame::thaw(self.frame)
            .map_err(|findings| ThawError::Useless(Error::Template(findings)))?;
        let sender = Address::parse(&self.sender).map_err(damaged)?;
        let page = url(&self.page)?;
        Cast::new(
            self.language,
            page,
            self.preheader,
            sender,
            self.head,
            frame,
            parts,
        )
        .map_err(ThawError::Useless)
    }
}

fn url(text: &str) -> Result<Url, ThawError> {
    Url::parse(text).map_err(damaged)
}

fn damaged(error: impl std::fmt::Display) -> ThawError {
    ThawError::Damaged(Damage(error.to_string()))
}
