//! The newsletter's folder as the desk asks for it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};

use crate::archive::{self, Wanted};
use crate::cli::args::Global;
use crate::cli::error::CommandError;
use crate::cli::folder::{CONFIG_FILE, Folder};
use crate::cli::newsroom::TEMPLATES;
use crate::cli::preview::board::standing;
use crate::cli::preview::gather::{Gathered, gather};
use crate::cli::preview::links::Links;
use crate::cli::preview::proofs::somebody;
use crate::cli::preview::sender::Sender;
use crate::cli::preview::speak::trouble_of;
use crate::cli::send::{self, Assassin, Shelf};
use crate::cli::terminal::Terminal;
use crate::desk::{
    Approval, Earlier, FeedEntry, Outlook, Proof, Room, Row, Standing, Trouble, Underway,
};
use crate::diagnostic::{Diagnostic, Finding};
use crate::email::WayOut;
use crate::files::read_limited;
use crate::mailing::{Filter, Planned, State};
use crate::probe::Reach;
use crate::store::Store;
use crate::subscriber::{Address, Recipient};

/// No file that is shown as text is near this size.
const SOURCE_LIMIT: u64 = 16 << 20;

/// The room of one desk.
pub(super) struct Desk {
    pub(super) global: Global,
    gathered: RwLock<Option<Gathered>>,
    shelf: Mutex<Option<Arc<Shelf>>>,
    pub(super) sender: Arc<Sender>,
    links: Links,
    root: PathBuf,
}

impl Desk {
    pub(super) fn new(global: Global) -> Desk {
        let root = std::fs::canonicalize(&global.folder).unwrap_or(global.folder.clone());
        Desk {
            global,
            root,
            gathered: RwLock::default(),
            shelf: Mutex::default(),
            sender: Arc::default(),
            links: Links::new(Reach::Public),
        }
    }

    /// Whether a mailing is in its hands.
    pub(super) fn is_sending(&self) -> bool {
        self.sender.underway().is_some()
    }

    /// Lets what is being handed over be handed over, and ends.
    pub(super) fn halt(&self) {
        self.sender.halt();
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Option<Gathered>> {
        self.gathered.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Option<Gathered>> {
        self.gathered
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what was read; errors become trouble.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Gathered, &Terminal) -> Result<T, CommandError>,
    ) -> Result<T, Trouble> {
        let terminal = Terminal::keeping();
        let gathered = self.read();
        let Some(gathered) = gathered.as_ref() else {
            return Err(Trouble::new("the folder could not be read yet"));
        };
        work(gathered, &terminal).map_err(|error| trouble_of(&error, &terminal))
    }

    /// The store; it is opened when there is one.
    pub(super) fn shelf(&self) -> Result<Option<Arc<Shelf>>, CommandError> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.is_none() {
            let folder = Folder::open(&self.global)?;
            *shelf = Shelf::open_if_there(&folder)?.map(Arc::new);
        }
        Ok(shelf.clone())
    }

    /// Asks the store; the folder is not held meanwhile.
    fn ask<T>(&self, ask: impl FnOnce() -> Result<T, CommandError>) -> Result<T, Trouble> {
        ask().map_err(|error| trouble_of(&error, &Terminal::keeping()))
    }

    pub(super) fn need_shelf(&self) -> Result<Arc<Shelf>, CommandError> {
        match self.shelf()? {
            Some(shelf) => Ok(shelf),
            None => {
                let folder = Folder::open(&self.global)?;
                Shelf::open(&folder).map(Arc::new)
            }
        }
    }

    /// Somebody of the list.
    fn on_list(&self, address: &Address) -> Result<Option<Recipient>, CommandError> {
        let Some(shelf) = self.shelf()? else {
            return Ok(None);
        };
        let found = shelf.ask(shelf.store.find(address))?;
        Ok(found.map(|(_, entry)| entry.subscriber.recipient()))
    }

    fn reader(
        &self,
        gathered: &Gathered,
        place: usize,
        wanted: Option<&str>,
    ) -> Result<Recipient, CommandError> {
        let language = &gathered.newsroom.issues[place].language;
        somebody(wanted, language, |address| self.on_list(address))
    }

    /// The issue's page and entry are made when somebody looks at them.
    fn whole(&self, path: &str) {
        let mut gathered = self.write();
        let Some(gathered) = gathered.as_mut() else {
            return;
        };
        let Some(place) = gathered.newsroom.place(path) else {
            return;
        };
        if gathered.newsroom.manuscripts[place].content.is_some() {
            return;
        }
        let text = gathered.folder.read_issue(&gathered.newsroom.reader, path);
        let language = gathered.folder.settings().newsletter.language.clone();
        let wanted = Wanted {
            content: true,
            items: false,
        };
        let made = archive::prepare(&gathered.newsroom.reader, &text, &language, true, |_| {
            wanted
        });
        if made.readable {
            gathered.newsroom.manuscripts[place] = made;
        }
    }
}

impl Room for Desk {
    fn title(&self) -> String {
        let gathered = self.read();
        let title = gathered
            .as_ref()
            .map(|one| &one.folder.settings().newsletter.title);
        title
            .filter(|title| !title.is_empty())
            .map_or_else(|| "letterpress".to_owned(), Clone::clone)
    }

    fn editor(&self) -> String {
        let gathered = self.read();
        let newsletter = gathered
            .as_ref()
            .map(|one| &one.folder.settings().newsletter);
        let mailbox = newsletter.and_then(|one| one.reply_to.as_ref().or(one.from.as_ref()));
        mailbox.map(|one| one.address.clone()).unwrap_or_default()
    }

    fn editor_url(&self, path: &str, line: usize, column: usize) -> Option<String> {
        let gathered = self.read();
        let pattern = &gathered.as_ref()?.folder.settings().preview.editor_url;
        if pattern.is_empty() {
            return None;
        }
        let path = self.root.join(path);
        let path = path.to_string_lossy().replace('\\', "/");
        let path: String = path
            .split('/')
            .map(|part| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>())
            .map(|part| part.replace('+', "%20"))
            .collect::<Vec<_>>()
            .join("/");
        // "vscode://file/{path}" brings the first slash of a path along.
        let path = match pattern.contains("/{path}") {
            true => path.trim_start_matches('/'),
            false => &path,
        };
        Some(
            pattern
                .replace("{path}", path)
                .replace("{line}", &line.to_string())
                .replace("{column}", &column.to_string()),
        )
    }

    fn moment(&self, at: DateTime<Utc>) -> String {
        let gathered = self.read();
        let zone = gathered
            .as_ref()
            .map(|one| one.folder.settings().newsletter.time_zone);
        let zone = zone.unwrap_or(chrono_tz::UTC);
        let (local, today) = (at.with_timezone(&zone), Utc::now().with_timezone(&zone));
        match local.date_naive() == today.date_naive() {
            true => local.format("%H:%M").to_string(),
            false => local.format("%-d %B %Y, %H:%M").to_string(),
        }
    }

    fn watched(&self) -> Vec<PathBuf> {
        let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
        paths.insert(self.root.clone());
        for folder in ["config", TEMPLATES, "pages", "feeds"] {
            paths.insert(self.root.join(folder));
        }
        let gathered = self.read();
        if let Some(gathered) = gathered.as_ref() {
            let issues = gathered
                .newsroom
                .manuscripts
                .iter()
                .map(|one| &one.summary.path);
            let files = issues.filter_map(|path| self.root.join(path).parent().map(PathBuf::from));
            paths.extend(files);
            let images = gathered.newsroom.images.keys();
            paths
                .extend(images.filter_map(|path| self.root.join(path).parent().map(PathBuf::from)));
            let named = gathered.folder.settings().issues.paths.iter();
            let plain = named.filter(|path| !path.contains(['*', '?', '[']));
            paths.extend(plain.map(|path| self.root.join(path)));
        }
        paths.into_iter().collect()
    }

    fn refresh(&self, touched: &BTreeSet<PathBuf>) -> Result<bool, Trouble> {
        let terminal = Terminal::keeping();
        let mut gathered = self.write();
        gather(&self.global, &mut gathered, touched, false, &terminal)
            .map_err(|error| trouble_of(&error, &terminal))
    }

    fn rows(&self) -> Result<Vec<Row>, Trouble> {
        self.with(|gathered, _| {
            let Some(shelf) = self.shelf()? else {
                return Ok(gathered.rows(&[], false));
            };
            // Who sends is asked first: what ends in between has ended by its stage too.
            let sending = shelf.ask(shelf.store.engaged())?.is_some();
            let mailings = shelf.ask(shelf.store.mailings())?;
            Ok(gathered.rows(&mailings, sending))
        })
    }

    fn standing(&self, key: &str) -> Result<Option<Standing>, Trouble> {
        self.ask(|| {
            let Some(shelf) = self.shelf()? else {
                return Ok(None);
            };
            let sending = self.sender.has(key) || shelf.ask(shelf.store.engaged())?.is_some();
            let mailing = shelf.ask(shelf.store.mailing_of(key))?;
            Ok(mailing.map(|mailing| standing(mailing.stage, sending)))
        })
    }

    fn remarks(&self) -> Vec<Finding> {
        let gathered = self.read();
        let Some(gathered) = gathered.as_ref() else {
            return Vec::new();
        };
        let settings = gathered.folder.loaded.findings.iter();
        settings
            .chain(gathered.newsroom.broken_templates())
            .cloned()
            .collect()
    }

    fn findings_of(&self, path: &str) -> Vec<Finding> {
        let gathered = self.read();
        let Some(gathered) = gathered.as_ref() else {
            return Vec::new();
        };
        let of_settings = gathered
            .folder
            .loaded
            .findings
            .iter()
            .filter(|one| one.path == path);
        gathered
            .newsroom
            .findings_of(path)
            .chain(of_settings)
            .cloned()
            .collect()
    }

    fn proof(&self, path: &str, reader: Option<&str>, by_mail: bool) -> Result<Proof, Trouble> {
        self.with(|gathered, terminal| {
            let place = gathered.place(path)?;
            let reader = self.reader(gathered, place, reader)?;
            let way_out = match by_mail {
                true => WayOut::Mailto,
                false => WayOut::OneClick,
            };
            let row = gathered.row(place, None);
            gathered.proof(row, reader, way_out, &self.links.dead(), terminal)
        })
    }

    fn page(&self, path: &str) -> Result<String, Trouble> {
        self.whole(path);
        self.with(|gathered, terminal| {
            let place = gathered.place(path)?;
            gathered.newsroom.require_templates(terminal)?;
            gathered
                .newsroom
                .plan(&gathered.folder)
                .page(place)
                .map_err(|finding| {
                    terminal.finding(&finding);
                    crate::cli::newsroom::template_error()
                })
        })
    }

    fn stylesheet(&self) -> String {
        let gathered = self.read();
        gathered.as_ref().map_or_else(String::new, |one| {
            let newsroom = &one.newsroom;
            newsroom
                .settings
                .look
                .accent
                .styled(newsroom.templates.stylesheet())
        })
    }

    fn entry(&self, path: &str) -> Result<FeedEntry, Trouble> {
        self.whole(path);
        self.with(|gathered, _| {
            let place = gathered.place(path)?;
            let language = &gathered.newsroom.issues[place].language;
            let entry = gathered
                .newsroom
                .plan(&gathered.folder)
                .issue_entry(place, language);
            Ok(FeedEntry {
                title: entry.title,
                url: entry.url,
                id: entry.id,
                published: entry.published,
                html: entry.content_html.to_string(),
            })
        })
    }

    fn source(&self, path: &str) -> Result<String, Trouble> {
        self.with(|gathered, _| {
            let file = path.split('#').next().unwrap_or(path);
            let own = gathered
                .newsroom
                .manuscripts
                .iter()
                .chain(&gathered.newsroom.unreadable);
            let mut own = own.map(|one| gathered.folder.file_of(&one.summary.path));
            let inside = |folder: &str| {
                let rest = file
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/'));
                rest.is_some_and(|rest| {
                    !rest.split('/').any(|part| part.is_empty() || part == "..")
                })
            };
            // Of the folder's files those are shown that pages speak of; never keys.
            if !(own.any(|known| known == file)
                || inside(TEMPLATES)
                || inside("pages")
                || file == CONFIG_FILE)
            {
                return Err(CommandError::usage(format!("{file} is not shown here")));
            }
            let bytes = read_limited(&gathered.folder.path(file), SOURCE_LIMIT)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn image(&self, path: &str) -> Option<Vec<u8>> {
        let gathered = self.read();
        let images = &gathered.as_ref()?.newsroom.images;
        images.get(path).map(|image| image.bytes.clone())
    }

    fn last_sent(&self, path: &str, reader: Option<&str>) -> Result<Option<Earlier>, Trouble> {
        self.with(|gathered, _| {
            let place = gathered.place(path)?;
            let reader = self.reader(gathered, place, reader)?;
            match self.shelf()? {
                Some(shelf) => gathered.last_sent(&shelf, place, &reader),
                None => Ok(None),
            }
        })
    }

    fn confirmed(&self, path: &str, reader: Option<&str>) -> Result<Option<Earlier>, Trouble> {
        self.with(|gathered, _| {
            let place = gathered.place(path)?;
            let reader = self.reader(gathered, place, reader)?;
            match self.shelf()? {
                Some(shelf) => gathered.confirmed(&shelf, place, &reader),
                None => Ok(None),
            }
        })
    }

    fn store(&self) -> Result<Option<Arc<dyn Store>>, Trouble> {
        let shelf = self
            .shelf()
            .map_err(|error| trouble_of(&error, &Terminal::keeping()))?;
        Ok(shelf.map(|shelf| Arc::clone(&shelf.store)))
    }

    fn spam(&self, message: &[u8]) -> Option<Diagnostic> {
        Assassin::new(1).judge(message)
    }

    fn links(&self, urls: &[String]) -> Vec<(String, String)> {
        self.links.ask(urls)
    }

    fn survey(&self, path: &str) -> Result<Option<Planned>, Trouble> {
        let key = self.with(|gathered, _| {
            let place = gathered.place(path)?;
            Ok(gathered.newsroom.issues[place].key.as_str().to_owned())
        })?;
        self.ask(|| {
            let Some(shelf) = self.shelf()? else {
                return Ok(None);
            };
            let everybody = Filter::default();
            Ok(Some(shelf.ask(shelf.store.survey(
                &key,
                everybody,
                Utc::now(),
            ))?))
        })
    }

    fn trial(&self, path: &str, to: &str) -> Result<String, Trouble> {
        self.test(path, to)
    }

    fn outlook(&self, path: &str, approval: &Approval) -> Result<Outlook, Trouble> {
        self.weigh(path, approval)
    }

    fn send(&self, path: &str, approval: &Approval) -> Result<(), Trouble> {
        self.confirm(path, approval)
    }

    fn go_on(&self, issue: &str, again: &[State]) -> Result<(), Trouble> {
        self.resume(issue, again)
    }

    fn underway(&self) -> Option<Underway> {
        self.sender.underway()
    }

    fn events(&self, issue: &str) -> Vec<String> {
        let zone = {
            let gathered = self.read();
            gathered
                .as_ref()
                .map(|one| one.folder.settings().newsletter.time_zone)
        };
        let zone = zone.unwrap_or(chrono_tz::UTC);
        self.sender
            .events(issue, |event| send::event_words(event, zone))
    }

    fn ended(&self, issue: &str) -> Option<Trouble> {
        self.sender.ended(issue)
    }
}
