//! What the server says to readers, by language: those in which it mails too. Where
//! a language is not known it speaks English, and says so in `lang`.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod he;
mod ja;
mod ko;
mod zh;
mod zh_hant;

/// The words of one language. `{address}` is a masked address and `{newsletter}`
/// the publication.
pub(super) struct Words {
    /// The language, a BCP 47 tag.
    pub(super) language: &'static str,
    pub(super) leave_title: &'static str,
    pub(super) leave_text: &'static str,
    pub(super) leave: &'static str,
    pub(super) left_title: &'static str,
    pub(super) left_text: &'static str,
    pub(super) undo_text: &'static str,
    pub(super) undo: &'static str,
    pub(super) back_title: &'static str,
    pub(super) back_text: &'static str,
    pub(super) late_title: &'static str,
    pub(super) late_text: &'static str,
    pub(super) unknown_title: &'static str,
    pub(super) unknown_text: &'static str,
    pub(super) nobody_text: &'static str,
    pub(super) trouble_title: &'static str,
    pub(super) trouble_text: &'static str,
    pub(super) preferences_title: &'static str,
    pub(super) preferences_text: &'static str,
    pub(super) language_label: &'static str,
    pub(super) sections_label: &'static str,
    pub(super) save: &'static str,
    pub(super) saved_title: &'static str,
    pub(super) test_title: &'static str,
    pub(super) test_text: &'static str,
    /// Those of the way in, and of a reader's own data.
    pub(super) door: &'static DoorWords,
}

/// What the way in, and a reader's own data, say. `{address}` is a masked address,
/// `{newsletter}` the publication, `{days}` for how many days a link is good, `{date}`
/// a day.
pub(super) struct DoorWords {
    pub(super) subscribe_title: &'static str,
    pub(super) subscribe_text: &'static str,
    pub(super) email_label: &'static str,
    pub(super) subscribe: &'static str,
    pub(super) once_more: &'static str,
    pub(super) address_wrong: &'static str,
    pub(super) name_wrong: &'static str,
    pub(super) asked_title: &'static str,
    pub(super) asked_text: &'static str,
    pub(super) asked_help: &'static str,
    pub(super) many_title: &'static str,
    pub(super) many_text: &'static str,
    pub(super) confirm_title: &'static str,
    pub(super) confirm_text: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirmed_title: &'static str,
    pub(super) confirmed_text: &'static str,
    pub(super) used_title: &'static str,
    pub(super) used_text: &'static str,
    pub(super) barred_title: &'static str,
    pub(super) barred_text: &'static str,
    pub(super) bounced_text: &'static str,
    pub(super) move_title: &'static str,
    pub(super) move_text: &'static str,
    pub(super) moved_title: &'static str,
    pub(super) moved_text: &'static str,
    pub(super) archive: &'static str,
    pub(super) pause_label: &'static str,
    pub(super) pause_none: &'static str,
    pub(super) pause_until: &'static str,
    pub(super) paused_text: &'static str,
    pub(super) account_text: &'static str,
    pub(super) account: &'static str,
    pub(super) account_sent_title: &'static str,
    pub(super) account_sent_text: &'static str,
    pub(super) account_title: &'static str,
    pub(super) account_shown: &'static str,
    pub(super) save: &'static str,
    pub(super) change_label: &'static str,
    pub(super) change: &'static str,
    pub(super) change_sent_title: &'static str,
    pub(super) change_sent_text: &'static str,
    pub(super) erase: &'static str,
    pub(super) erase_title: &'static str,
    pub(super) erase_text: &'static str,
    pub(super) erase_now: &'static str,
    pub(super) erased_title: &'static str,
    pub(super) erased_text: &'static str,
    pub(super) keep: &'static str,
}

impl Words {
    /// The words of a language.
    pub(super) fn of(language: &str) -> &'static Words {
        let lower = language.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| lower.starts_with(tag)) {
            return &zh_hant::WORDS;
        }
        let primary = lower.split('-').next().unwrap_or_default();
        ALL.into_iter()
            .find(|words| words.language == primary)
            .unwrap_or(&en::WORDS)
    }
}

static ALL: [&Words; 10] = [
    &en::WORDS,
    &de::WORDS,
    &fr::WORDS,
    &es::WORDS,
    &zh::WORDS,
    &zh_hant::WORDS,
    &ja::WORDS,
    &ko::WORDS,
    &ar::WORDS,
    &he::WORDS,
];
