/// Who of the confirmed subscribers is meant: `lang:en and not tag:press`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Everybody.
    #[default]
    All,
    /// Those who read this language, a BCP 47 tag or the beginning of one
    /// (`zh` means `zh-Hans` too).
    Language(String),
    /// Those with this tag.
    Tag(String),
    /// Those with this edition, as long as theirs lasts.
    Edition(String),
    /// Those to whom the issue of this key was delivered.
    Mailed(String),
    /// Those whom the other does not mean.
    Not(Box<Filter>),
    /// Those whom both mean.
    And(Box<Filter>, Box<Filter>),
    /// Those whom either means.
    Or(Box<Filter>, Box<Filter>),
}
