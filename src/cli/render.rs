//! `render`: one issue as one text on standard output.

use crate::archive;
use crate::cli::args::{Form, Global, Render};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::folder::Folder;
use crate::cli::newsroom::Newsroom;
use crate::cli::send;
use crate::cli::terminal::Terminal;
use crate::email;
use crate::subscriber::Recipient;

/// Runs `letterpress render`.
pub(crate) fn run(
    global: &Global,
    options: &Render,
    terminal: &mut Terminal,
) -> Result<Exit, CommandError> {
    let folder = Folder::open_sound(global, terminal)?;
    let newsroom = Newsroom::read_with(&folder, &options.issue)?;
    let places = send::choose(&folder, &newsroom, &options.issue)?;
    let place = places[0];
    let path = &newsroom.manuscripts[place].summary.path;
    if places.len() > 1 {
        terminal.detail(&format!("of its translations, {path} is shown"));
    }
    let bytes = match options.form {
        Form::Markdown => {
            let text = folder.read_issue(&newsroom.reader, path);
            terminal.data(text.source.text().as_bytes())?;
            return Ok(Exit::Done);
        }
        Form::Html => {
            let addresses = newsroom.plan(&folder).addresses(place);
            let text = folder.read_issue(&newsroom.reader, path);
            let content = archive::content(&newsroom.reader, &text);
            content.resolve(&addresses).into_bytes()
        }
        Form::Text => {
            let text = folder.read_issue(&newsroom.reader, path);
            let (issue, _) = newsroom.reader.parse(&text);
            let addresses = newsroom.plan(&folder).addresses(place);
            let language = &newsroom.issues[place].language;
            let style = folder.settings().mail.text;
            crate::render::text(&issue, &addresses, language, style).into_bytes()
        }
        Form::EmailHtml | Form::EmailText | Form::Eml => {
            let letters = send::compose(&folder, &newsroom, &places[..1], terminal)?;
            let letter = letters.letter(&reader(), terminal)?;
            match options.form {
                Form::EmailHtml => letter.content.html.into_bytes(),
                Form::EmailText => letter.content.text.into_bytes(),
                _ => letter.message.bytes,
            }
        }
    };
    terminal.data(&bytes)?;
    if !bytes.ends_with(b"\n") {
        terminal.data(b"\n")?;
    }
    Ok(Exit::Done)
}

/// Somebody to whom a rendered mail is addressed.
fn reader() -> Recipient {
    email::invented(1).remove(0)
}
