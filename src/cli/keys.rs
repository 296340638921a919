//! The keys that sign links, from their file.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::files::read_if_there;
use crate::subscriber::{Key, Keys};

/// No key file is near this size.
const LIMIT: u64 = 64 << 10;

/// The keys of this newsletter: hexadecimal digits, the current one on the
/// first line, older ones, which only read what they once signed, on the lines
/// below. Without the file links are dead, and a dry run says so.
pub(crate) fn signing_keys(folder: &Folder) -> Result<Option<Keys>, CommandError> {
    let name = &folder.settings().server.key_file;
    if name.is_empty() {
        return Ok(None);
    }
    let Some(bytes) = read_if_there(&folder.path(name), LIMIT)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(str::trim);
    let current = hexadecimal(lines.next().unwrap_or_default()).ok_or_else(|| {
        CommandError::usage(format!(
            "{name} does not begin with a line of hexadecimal digits"
        ))
        .hint("`letterpress init` makes such a file; links in mail already sent need the old key")
    })?;
    let mut old = Vec::new();
    for (index, line) in lines.enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let secret = hexadecimal(line).ok_or_else(|| {
            let line = index + 2;
            CommandError::usage(format!("{name}:{line}: no line of hexadecimal digits"))
                .hint("older keys stand below the current one, one on each line")
        })?;
        old.push(key(secret)?);
    }
    Ok(Some(Keys {
        current: key(current)?,
        old,
    }))
}

fn key(secret: Vec<u8>) -> Result<Key, CommandError> {
    Key::new(secret).map_err(|cause| CommandError::new(Exit::Usage, cause))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2) && !digits.is_empty())?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}
