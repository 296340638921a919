//! Digests of what a mailing says and is made from.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::email::composition::Composition;

/// SHA-256 in hexadecimal of what messages are made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// The content of all editions before recipients' own values.
    pub content: String,
    /// The texts of the templates.
    pub templates: String,
    /// What the settings say of messages: sender, names, parts, way out.
    pub settings: String,
}

impl Digests {
    /// Those of a composition that was made just now.
    pub(crate) fn of(composition: &Composition) -> Digests {
        let editions = &composition.editions;
        let content = editions.iter().map(|cast| {
            let [one, two, three] = cast.frame.said();
            [cast.language.clone(), one, two, three]
        });
        let templates = editions.iter().flat_map(|cast| {
            let sources = cast.frame.templates().iter();
            sources.map(|(name, text)| [name.as_str(), text.as_str()])
        });
        let common = [
            format!("{:?} {:?}", composition.parts, composition.way_out),
            composition.server.to_string(),
        ];
        let heads = editions.iter().flat_map(|cast| cast.head.lasting());
        Digests {
            content: digest(content.flatten()),
            templates: digest(templates.flatten()),
            settings: digest(common.iter().map(String::as_str).chain(heads)),
        }
    }
}

fn digest<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps apart what would read the same when joined.
        hash.update((part.as_ref().len() as u64).to_be_bytes());
        hash.update(part.as_ref().as_bytes());
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_every_part_and_their_borders() {
        assert_eq!(digest(["a", "b"]), digest(["a", "b"]));
        assert_ne!(digest(["ab", ""]), digest(["a", "b"]));
        assert_eq!(digest(["a"]).len(), 64);
    }
}
