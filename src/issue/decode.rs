//! Bytes of a file to text: encoding, line ends, repair of damaged text.
//!
//! Promises: never fails and never panics; characters that cannot be seen stay
//! in the text; all places lead back to the stored file. What is no text at all
//! gives an empty, unreadable one with an error that says why.

#[cfg(test)]
mod tests;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::issue::invisible;
use crate::issue::mojibake;
use crate::issue::offsets::Offsets;
use crate::issue::{FrontMatter, MojibakeMode, Repair, Settings, Text, Value};

/// Decodes a file; `encoding` is that of files that are not Unicode.
pub(crate) fn decode(
    settings: &Settings,
    encoding: Option<&'static Encoding>,
    path: &str,
    bytes: &[u8],
) -> Text {
    match read(bytes, settings.max_bytes, encoding) {
        Ok(read) => finish(settings, path, read),
        Err(diagnostic) => Text {
            source: SourceFile::new(path, String::new()),
            repair: None,
            diagnostics: vec![diagnostic],
            readable: false,
            part: false,
        },
    }
}

/// Text as stored, and where its bytes began to make no sense.
struct Read {
    text: String,
    /// The first replacement character that stands for something unreadable,
    /// with what is to be said of it.
    damage: Option<(Span, Diagnostic)>,
}

fn read(
    bytes: &[u8],
    max_bytes: u64,
    encoding: Option<&'static Encoding>,
) -> Result<Read, Diagnostic> {
    if bytes.len() as u64 > max_bytes {
        let message = format!(
            "the file has {} bytes, more than the {max_bytes} that are read",
            bytes.len()
        );
        return Err(Diagnostic::error("file-too-large", message)
            .help("split it, or raise `issues.max_bytes`"));
    }
    let (marked, mark_length) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let content = &bytes[mark_length..];
    let read = if marked != UTF_8 {
        with_encoding(content, marked)
    } else if let Some(encoding) = encoding.filter(|&encoding| is_utf_16(encoding)) {
        // Most UTF-16 is valid UTF-8 with NULs in it, so this comes first.
        match std::str::from_utf8(content) {
            Ok(text) if !content.contains(&0) => Read::sound(text.to_owned()),
            _ => with_encoding(content, encoding),
        }
    } else {
        if let Some(place) = memchr::memchr(0, content) {
            let line = content[..place]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let message = format!("this is no text: it has a NUL byte on line {line}");
            return Err(Diagnostic::error("binary-file", message)
                .help("save it as UTF-8, or leave it out by `issues.exclude`"));
        }
        match (std::str::from_utf8(content), encoding) {
            (Ok(text), _) => Read::sound(text.to_owned()),
            (Err(_), Some(encoding)) => with_encoding(content, encoding),
            (Err(error), None) => {
                let place = error.valid_up_to();
                let byte = content.get(place).copied().unwrap_or_default();
                Read::damaged(
                    String::from_utf8_lossy(content).into_owned(),
                    place,
                    format!("the byte 0x{byte:02X} is not valid UTF-8 here"),
                )
            }
        }
    };
    if read.text.trim_matches(is_blank).is_empty() {
        return Err(
            Diagnostic::error("empty-file", "there is nothing in this file")
                .help("write the issue, or remove the file"),
        );
    }
    Ok(read)
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{FEFF}'
}

/// Decodes by an encoding that was named or marked, replacing what has no
/// meaning in it.
fn with_encoding(bytes: &[u8], encoding: &'static Encoding) -> Read {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    let mut first_damage = None;
    let mut rest = bytes;
    loop {
        let needed = decoder
            .max_utf8_buffer_length_without_replacement(rest.len())
            .unwrap_or(rest.len());
        text.reserve(needed);
        let (result, used) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = &rest[used..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                first_damage.get_or_insert(text.len());
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    match first_damage {
        None => Read::sound(text),
        Some(place) => Read::damaged(
            text,
            place,
            format!("neither valid UTF-8 nor valid {} here", encoding.name()),
        ),
    }
}

impl Read {
    fn sound(text: String) -> Read {
        Read { text, damage: None }
    }

    fn damaged(text: String, place: usize, message: String) -> Read {
        let length = char::REPLACEMENT_CHARACTER.len_utf8();
        let diagnostic = Diagnostic::error("not-utf8", message)
            .label("cannot be read")
            .help("save the file as UTF-8, or name its encoding in `issues.encoding`");
        let span = Span::from(place..place + length);
        Read {
            text,
            damage: Some((span, diagnostic)),
        }
    }
}

/// Line ends, repair, and a look at what cannot be seen.
fn finish(settings: &Settings, path: &str, read: Read) -> Text {
    let Read { text, damage } = read;
    let mut diagnostics = Vec::new();
    let mut repair = None;
    // The text as worked with, once it differs from the stored one.
    let mut mended = with_line_feeds(&text);
    if let Some((span, diagnostic)) = damage {
        // Replaced by U+FFFD; a repair would only find chance in it.
        let shift = text[..span.start].matches("\r\n").count();
        let span = Span::from(span.start - shift..span.end - shift);
        diagnostics.push(diagnostic.at(span));
    } else {
        let current = mended.as_ref().map_or(text.as_str(), |(text, _)| text);
        let mode = mode(settings, current);
        if let Some(found) = (mode != MojibakeMode::Off)
            .then(|| mojibake::mend(current))
            .flatten()
        {
            diagnostics.push(said_of(
                &found.repair,
                mode,
                found.first,
                found.first_damage,
            ));
            if mode == MojibakeMode::Auto {
                let older = mended.map(|(_, offsets)| offsets).unwrap_or_default();
                mended = Some((found.text, found.offsets.over(&older)));
                repair = Some(found.repair);
            }
        }
    }
    let source = match mended {
        None => SourceFile::new(path, text),
        Some((mended, offsets)) => SourceFile::mended(path, mended, text, offsets.into_pairs()),
    };
    invisible::check(source.text(), &mut diagnostics);
    Text {
        source,
        repair,
        diagnostics,
        readable: true,
        part: false,
    }
}

/// CR LF and CR alone become LF.
fn with_line_feeds(text: &str) -> Option<(String, Offsets)> {
    let mut start = memchr::memchr(b'\r', text.as_bytes())?;
    let mut mended = String::with_capacity(text.len());
    let mut offsets = Offsets::default();
    let mut done = 0;
    loop {
        mended.push_str(&text[done..start]);
        mended.push('\n');
        done = start + 1;
        if text[done..].starts_with('\n') {
            done += 1;
            offsets.push(mended.len(), done);
        }
        match text[done..].find('\r') {
            Some(next) => start = done + next,
            None => break,
        }
    }
    mended.push_str(&text[done..]);
    Some((mended, offsets))
}

/// What is to be done about damage: the front matter's word, then the setting.
fn mode(settings: &Settings, text: &str) -> MojibakeMode {
    if !mojibake::is_suspicious(text) {
        return MojibakeMode::Off;
    }
    let (front_matter, _) = FrontMatter::read(text);
    let field = front_matter.get("mojibake").map(|field| &field.value);
    match field {
        Some(Value::Text(word)) => match word.trim().to_ascii_lowercase().as_str() {
            "auto" => MojibakeMode::Auto,
            "report" => MojibakeMode::Report,
            "off" | "no" | "false" => MojibakeMode::Off,
            _ => settings.mojibake,
        },
        Some(Value::Bool(false)) => MojibakeMode::Off,
        Some(Value::Bool(true)) => MojibakeMode::Auto,
        _ => settings.mojibake,
    }
}

fn said_of(repair: &Repair, mode: MojibakeMode, mended: Span, damaged: Span) -> Diagnostic {
    let page = match repair.page {
        "mac_roman" => "MacRoman",
        _ => "Windows-1252",
    };
    let extent = if repair.whole {
        "the whole text"
    } else {
        "part of the text"
    };
    let sequences = match repair.sequences {
        1 => "1 sequence".to_owned(),
        count => format!("{count} sequences"),
    };
    if mode == MojibakeMode::Auto {
        let message =
            format!("{extent} was UTF-8 read as {page}: {sequences} repaired, the first here");
        return Diagnostic::warning("mojibake-repaired", message)
            .at(mended)
            .label("repaired")
            .help("store the repaired text: `letterpress render ISSUE --as markdown` prints it");
    }
    let message = format!("{extent} looks like UTF-8 read as {page}: {sequences}, the first here");
    Diagnostic::warning("mojibake-suspect", message)
        .at(damaged)
        .label("looks damaged")
        .help("set `mojibake: auto` in the front matter or the settings to repair it")
}
