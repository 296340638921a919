//! FILTER: who of the confirmed subscribers is meant, as the editor writes it:
//! `lang:en and not (tag:press or edition:paid)`.
//!
//! `not` binds closer than `and`, `and` closer than `or`. Values with blanks,
//! brackets or quotes stand in quotes, in which `\"` and `\\` mean themselves.

use std::fmt;

use crate::diagnostic::Span;

/// Who of the confirmed subscribers is meant: `lang:en and not tag:press`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Everybody; the word for it is `all`.
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

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong, a lower-case sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The bytes of the text that are meant.
    pub span: Span,
}

/// Brackets and `not` inside each other. What recurses over a filter is safe
/// within this and [`MOST_TERMS`].
const DEEPEST: usize = 64;
/// Conditions in one filter.
const MOST_TERMS: usize = 200;

impl Filter {
    /// Understands what the editor wrote; an empty text means everybody.
    ///
    /// # Errors
    ///
    /// What is wrong, where, and what to write instead.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let mut parser = Parser {
            text,
            tokens: tokens(text)?,
            next: 0,
            depth: 0,
            terms: 0,
        };
        if parser.tokens.is_empty() {
            return Ok(Filter::All);
        }
        let filter = parser.either()?;
        match parser.peek() {
            None => Ok(filter),
            Some(Token { kind, span }) => Err(match kind {
                Kind::Close => error(
                    *span,
                    "this bracket was never opened",
                    "remove it, or write `(` where its part begins",
                ),
                _ => error(
                    *span,
                    "a word is missing before this",
                    "write `and` or `or` between two conditions",
                ),
            }),
        }
    }

    /// Puts something else for what stands after each `mailed:`, such as an
    /// issue's key for its number.
    ///
    /// # Errors
    ///
    /// The first that `change` gives.
    pub fn map_mailed<E>(
        self,
        mut change: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Filter, E> {
        self.mapped(&mut change)
    }

    fn mapped<E>(self, change: &mut impl FnMut(&str) -> Result<String, E>) -> Result<Filter, E> {
        Ok(match self {
            Filter::Mailed(issue) => Filter::Mailed(change(&issue)?),
            Filter::Not(inner) => Filter::Not(Box::new(inner.mapped(change)?)),
            Filter::And(left, right) => Filter::And(
                Box::new(left.mapped(change)?),
                Box::new(right.mapped(change)?),
            ),
            Filter::Or(left, right) => Filter::Or(
                Box::new(left.mapped(change)?),
                Box::new(right.mapped(change)?),
            ),
            other => other,
        })
    }

    /// How closely its parts hold together: a looser one needs brackets inside
    /// a closer one.
    fn closeness(&self) -> u8 {
        match self {
            Filter::Or(..) => 0,
            Filter::And(..) => 1,
            _ => 2,
        }
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, at_least: u8) -> fmt::Result {
        if self.closeness() < at_least {
            out.write_str("(")?;
            self.write(out, 0)?;
            return out.write_str(")");
        }
        match self {
            Filter::All => out.write_str("all"),
            Filter::Language(value) => write_term(out, "lang", value),
            Filter::Tag(value) => write_term(out, "tag", value),
            Filter::Edition(value) => write_term(out, "edition", value),
            Filter::Mailed(value) => write_term(out, "mailed", value),
            Filter::Not(inner) => {
                out.write_str("not ")?;
                inner.write(out, 2)
            }
            Filter::And(left, right) => {
                left.write(out, 1)?;
                out.write_str(" and ")?;
                right.write(out, 2)
            }
            Filter::Or(left, right) => {
                left.write(out, 0)?;
                out.write_str(" or ")?;
                right.write(out, 1)
            }
        }
    }
}

/// The text that [`Filter::parse`] understands as the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, 0)
    }
}

fn write_term(out: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    let special = |c: char| ends_word(c) || c == '\\' || QUOTES.contains(&c);
    if value.is_empty() || value.contains(special) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        write!(out, "{name}:\"{escaped}\"")
    } else {
        write!(out, "{name}:{value}")
    }
}

struct Token {
    kind: Kind,
    span: Span,
}

enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    All,
    Term(Filter),
}

/// Quotes that a word processor puts for straight ones.
const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

fn error(span: Span, message: impl Into<String>, help: impl Into<String>) -> FilterError {
    FilterError {
        message: message.into(),
        help: help.into(),
        span,
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let start = at;
        at += first.len_utf8();
        let kind = match first {
            blank if blank.is_whitespace() => continue,
            '(' => Kind::Open,
            ')' => Kind::Close,
            _ => {
                let (kind, end) = word(text, start)?;
                at = end;
                kind
            }
        };
        tokens.push(Token {
            kind,
            span: Span::from(start..at),
        });
    }
    Ok(tokens)
}

/// The word or condition that begins at `start`, and where it ends.
fn word(text: &str, start: usize) -> Result<(Kind, usize), FilterError> {
    let rest = &text[start..];
    let bare = rest.find(ends_word).unwrap_or(rest.len());
    let whole = Span::from(start..start + bare.max(1));
    let Some((name, _)) = rest[..bare].split_once(':') else {
        return match rest[..bare].to_ascii_lowercase().as_str() {
            "and" => Ok((Kind::And, start + bare)),
            "or" => Ok((Kind::Or, start + bare)),
            "not" => Ok((Kind::Not, start + bare)),
            "all" => Ok((Kind::All, start + bare)),
            _ => Err(stray(&rest[..bare], whole)),
        };
    };
    let after = start + name.len() + 1;
    let in_quotes = text[after..].starts_with('"');
    let (value, end) = if in_quotes {
        quoted(text, after)?
    } else {
        (text[after..start + bare].to_owned(), start + bare)
    };
    let span = Span::from(start..end);
    let first = value.chars().next().filter(|_| !in_quotes);
    if let Some(quote) = first.filter(|c| QUOTES.contains(c)) {
        return Err(error(
            span,
            format!("{quote} is no quote here"),
            format!("use straight quotes: {name}:\"…\""),
        ));
    }
    if value.trim().is_empty() {
        return Err(error(
            span,
            format!("nothing stands after `{name}:`"),
            format!("write it without a blank, such as `{}`", example(name)),
        ));
    }
    let term = match name.to_ascii_lowercase().as_str() {
        "lang" if sound_language(&value) => Filter::Language(value),
        "lang" => {
            return Err(error(
                span,
                format!("`{value}` is no language tag"),
                "write a tag such as `lang:en` or `lang:zh-Hans`",
            ));
        }
        "tag" => Filter::Tag(value),
        "edition" => Filter::Edition(value),
        "mailed" => Filter::Mailed(value),
        other => {
            let span = Span::from(start..start + name.len());
            return Err(error(
                span,
                format!("there is no `{name}:`"),
                no_such_name(other),
            ));
        }
    };
    Ok((Kind::Term(term), end))
}

/// The value in quotes whose first quote is at `start`, and where it ends.
fn quoted(text: &str, start: usize) -> Result<(String, usize), FilterError> {
    let mut value = String::new();
    let mut escaped = false;
    for (offset, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Ok((value, start + 1 + offset + 1)),
            _ => value.push(c),
        }
    }
    Err(error(
        Span::from(start..text.len()),
        "this quote is never closed",
        "write `\"` where the value ends",
    ))
}

/// RFC 5646 §2.1: a language of two or three letters, then what else is said.
fn sound_language(tag: &str) -> bool {
    let sound = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let language = tag.split('-').next().unwrap_or_default();
    let letters = language.chars().all(|c| c.is_ascii_alphabetic());
    letters && (2..=3).contains(&language.len()) && tag.split('-').all(sound)
}

const NAMES: [&str; 4] = ["lang", "tag", "edition", "mailed"];

fn example(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "tag" => "tag:press",
        "edition" => "edition:paid",
        "mailed" => "mailed:665",
        _ => "lang:en",
    }
}

fn no_such_name(name: &str) -> String {
    let near = match name {
        _ if name.starts_with(['!', '-']) => {
            return "write `not` and a blank before the condition".to_owned();
        }
        "language" | "languages" | "locale" => Some("lang"),
        "tags" | "label" => Some("tag"),
        "issue" | "sent" => Some("mailed"),
        _ => nearest(name, &NAMES),
    };
    match near {
        Some(near) => format!("did you mean `{near}:`?"),
        None => "there are `lang:`, `tag:`, `edition:` and `mailed:`".to_owned(),
    }
}

/// The name that this word probably was to be: a letter or two away.
fn nearest(word: &str, names: &[&'static str]) -> Option<&'static str> {
    names
        .iter()
        .map(|name| (strsim::osa_distance(word, name), *name))
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// What is wrong with a word that is neither a condition nor joins two.
fn stray(word: &str, span: Span) -> FilterError {
    let help = match word {
        "&" | "&&" | "+" | "," => "write `and`".to_owned(),
        "|" | "||" => "write `or`".to_owned(),
        _ if word.starts_with(['!', '-']) => "write `not` before the condition".to_owned(),
        _ if word.contains(['：', '＝', '=']) => {
            "write it with a colon, such as `lang:en`".to_owned()
        }
        _ if NAMES.contains(&word) => format!("write it whole, such as `{}`", example(word)),
        _ if word.is_empty() => "quotes stand around a value: `tag:\"a b\"`".to_owned(),
        _ => match nearest(&word.to_ascii_lowercase(), &["and", "or", "not", "all"]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write what it is, such as `tag:{word}`"),
        },
    };
    let message = match word {
        "" => "a quote stands alone here".to_owned(),
        _ => format!("`{word}` is no condition"),
    };
    error(span, message, help)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    terms: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, wanted: fn(&Kind) -> bool) -> bool {
        let found = self.peek().is_some_and(|token| wanted(&token.kind));
        self.next += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Filter, FilterError> {
        let mut filter = self.both()?;
        while self.take(|kind| matches!(kind, Kind::Or)) {
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, FilterError> {
        let mut filter = self.one()?;
        while self.take(|kind| matches!(kind, Kind::And)) {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        let Some(token) = self.tokens.get_mut(self.next) else {
            let end = self.text.len();
            return Err(error(
                Span::from(end..end),
                "the filter ends too early",
                "write a condition here, such as `lang:en`",
            ));
        };
        let span = token.span;
        self.next += 1;
        match &mut token.kind {
            Kind::Term(term) => {
                let term = std::mem::take(term);
                self.count(span)?;
                Ok(term)
            }
            Kind::All => {
                self.count(span)?;
                Ok(Filter::All)
            }
            Kind::Not => {
                self.deeper(span)?;
                let inner = self.one()?;
                self.depth -= 1;
                Ok(Filter::Not(Box::new(inner)))
            }
            Kind::Open => {
                self.deeper(span)?;
                let inner = self.either()?;
                self.depth -= 1;
                if self.take(|kind| matches!(kind, Kind::Close)) {
                    return Ok(inner);
                }
                Err(match self.peek() {
                    None => error(span, "this bracket is never closed", "write `)` at its end"),
                    Some(next) => error(
                        next.span,
                        "a word is missing before this",
                        "write `and` or `or` between two conditions",
                    ),
                })
            }
            Kind::Close | Kind::And | Kind::Or => Err(error(
                span,
                "a condition is missing before this",
                "write one, such as `lang:en`",
            )),
        }
    }

    fn count(&mut self, span: Span) -> Result<(), FilterError> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            let message = format!("there are more than {MOST_TERMS} conditions");
            let help = "give these subscribers a tag of their own and choose by that";
            return Err(error(span, message, help));
        }
        Ok(())
    }

    fn deeper(&mut self, span: Span) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("more than {DEEPEST} brackets and `not` lie in each other");
            return Err(error(span, message, "leave out those that change nothing"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
