use crate::mailing::Pace;

/// What is known of a common relay. Accounts differ: limits are those of a small
/// account that may send newsletters, and the editor's own settings go before
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its word in the settings.
    pub name: &'static str,
    /// Its host, where all accounts have the same.
    pub host: Option<&'static str>,
    /// How its hosts look, for people.
    pub example_host: &'static str,
    /// Port for STARTTLS.
    pub port: u16,
    /// How fast it may be used; 0 where nothing is known.
    pub pace: Pace,
    /// Whether it puts a Message-ID of its own in place of ours: its reply says
    /// which.
    pub replaces_message_id: bool,
    /// Whether it puts a Date of its own in place of ours.
    pub replaces_date: bool,
    /// Whether it signs for the sender's domain, once that is set up there.
    pub signs: bool,
    /// Whether it puts an envelope sender of its own in place of ours, so that
    /// receivers ask for the senders of that domain.
    pub replaces_envelope: bool,
    /// The field in which it takes what it repeats when it tells of a message.
    pub token_field: Option<&'static str>,
    /// The domain whose list of senders covers its servers (RFC 7208 §5.2).
    pub spf: Option<&'static str>,
}

const UNLIMITED: Pace = Pace {
    connections: 0,
    per_second: 0,
    per_minute: 0,
    per_hour: 0,
    per_day: 0,
};

/// Any server of which nothing is known.
const OWN: Preset = Preset {
    name: "own",
    host: None,
    example_host: "smtp.example.org",
    port: 587,
    pace: UNLIMITED,
    replaces_message_id: false,
    replaces_date: false,
    signs: false,
    replaces_envelope: false,
    token_field: None,
    spf: None,
};

const PRESETS: [Preset; 6] = [
    OWN,
    // Outside the sandbox an account begins with 50,000 messages in 24 hours and
    // 14 in a second; in the sandbox it has 200 and 1.
    Preset {
        name: "ses",
        example_host: "email-smtp.eu-central-1.amazonaws.com",
        pace: Pace {
            per_second: 14,
            per_day: 50_000,
            ..UNLIMITED
        },
        replaces_message_id: true,
        replaces_date: true,
        signs: true,
        replaces_envelope: true,
        spf: Some("amazonses.com"),
        ..OWN
    },
    // Newsletters go through the host for broadcasts; the other one is for
    // transactional mail.
    Preset {
        name: "postmark",
        host: Some("smtp-broadcasts.postmarkapp.com"),
        example_host: "smtp-broadcasts.postmarkapp.com",
        replaces_message_id: true,
        signs: true,
        replaces_envelope: true,
        token_field: Some("X-PM-Metadata-letterpress"),
        spf: Some("spf.mtasv.net"),
        ..OWN
    },
    // Domains in the EU region have smtp.eu.mailgun.org. A new account may be
    // held to 100 messages an hour for a time.
    Preset {
        name: "mailgun",
        host: Some("smtp.mailgun.org"),
        example_host: "smtp.mailgun.org",
        signs: true,
        replaces_envelope: true,
        spf: Some("mailgun.org"),
        ..OWN
    },
    // An account without payment has 300 messages a day.
    Preset {
        name: "brevo",
        host: Some("smtp-relay.brevo.com"),
        example_host: "smtp-relay.brevo.com",
        pace: Pace {
            per_day: 300,
            ..UNLIMITED
        },
        replaces_message_id: true,
        signs: true,
        replaces_envelope: true,
        spf: Some("spf.brevo.com"),
        ..OWN
    },
    // 500 recipients a day for a personal account, 2,000 for Workspace. The
    // sender must be the account or one of its aliases.
    Preset {
        name: "gmail",
        host: Some("smtp.gmail.com"),
        example_host: "smtp.gmail.com",
        pace: Pace {
            connections: 2,
            per_second: 1,
            per_day: 500,
            ..UNLIMITED
        },
        signs: true,
        spf: Some("_spf.google.com"),
        ..OWN
    },
];

impl Preset {
    /// All of them.
    pub fn all() -> &'static [Preset] {
        &PRESETS
    }

    /// The preset of this name.
    pub fn of(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

impl Default for &'static Preset {
    fn default() -> Self {
        &PRESETS[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_by_their_names() {
        for preset in Preset::all() {
            assert_eq!(Preset::of(preset.name), Some(preset));
            assert!(preset.host.is_none_or(|host| host == preset.example_host));
        }
        assert_eq!(Preset::of("other"), None);
        assert_eq!(<&Preset>::default().name, "own");
    }
}
