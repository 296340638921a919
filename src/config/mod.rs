//! Layers to settings: the compiled-in defaults, under what is known of the
//! relay that `smtp.preset` names, under the newsletter's own file, under the environment, under the flags.
//!
//! Each value knows the layer that set it ([`Loaded::values`]). Unknown keys and
//! wrong values become findings with line and column, never a failure: the
//! settings below them keep what the next lower layer says, so that `check` can
//! go on. What is not set but needed is asked for by the command that needs it
//! ([`Settings::require_web`], [`Settings::require_mail`]).
//!
//! Not here: reading files or the environment; both are handed in. Secrets come
//! only from the environment or from a file that a `*_file` key names.

mod key;
mod layer;
mod merge;
mod missing;
mod schema;
mod settings;
mod show;
mod typed;

pub use key::Key;
pub use layer::{Entry, Layer, Values};
pub use missing::Missing;
pub use settings::{
    Archive, Dkim, DkimKey, Fallback, Feeds, HookSecret, Issues, Mail, Publish, Server, Settings,
    Smtp, Store,
};
pub use show::{show_json, show_toml};

use std::collections::BTreeMap;

use crate::diagnostic::Finding;

/// `config/default.toml`: every setting with its default and what it means.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

/// The layers above the defaults, as they were found.
#[derive(Debug, Default)]
pub struct Sources {
    /// The newsletter's own file: its path for people, and its bytes.
    pub file: Option<(String, Vec<u8>)>,
    /// The environment; names that do not begin with `LETTERPRESS__` are
    /// passed over.
    pub environment: BTreeMap<String, String>,
    /// `key=value` from the command line, in order.
    pub flags: Vec<String>,
}

/// The settings, where each came from, and what is wrong with them.
#[derive(Debug)]
pub struct Loaded {
    /// The settings in their types. Where a finding is an error, the value
    /// below stands in.
    pub settings: Settings,
    /// All values by key, each with its layer.
    pub values: Values,
    /// What is wrong, in the order of layers and lines.
    pub findings: Vec<Finding>,
}

/// Merges the layers and checks the result.
pub fn load(sources: &Sources) -> Loaded {
    let (values, mut findings) = merge::merge(sources);
    let settings = typed::settings(&values, &mut findings);
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    Loaded {
        settings,
        values,
        findings,
    }
}

#[cfg(test)]
mod tests;
