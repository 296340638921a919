//! The list of issues, and where each stands.

use std::collections::BTreeMap;

use crate::archive::Manuscript;
use crate::cli::preview::gather::Gathered;
use crate::desk::{Row, Standing};
use crate::mailing::{Mailing, Stage};

/// Where a mailing stands, for the list. `sending` says whether somebody is.
pub(super) fn standing(stage: Stage, sending: bool) -> Standing {
    match stage {
        Stage::Scheduled => Standing::Scheduled,
        Stage::Open if sending => Standing::Sending,
        Stage::Open | Stage::Paused => Standing::Paused,
        Stage::Cancelled => Standing::Cancelled,
        Stage::Finished => Standing::Sent,
    }
}

impl Gathered {
    /// All issues, newest first; those that cannot be read come before.
    pub(super) fn rows(&self, mailings: &[Mailing], sending: bool) -> Vec<Row> {
        let stages: BTreeMap<&str, Stage> = mailings
            .iter()
            .map(|mailing| (mailing.issue.as_str(), mailing.stage))
            .collect();
        let newsroom = &self.newsroom;
        let mut order: Vec<usize> = (0..newsroom.issues.len()).collect();
        order.sort_by_key(|place| {
            let issue = &newsroom.issues[*place];
            std::cmp::Reverse((issue.date, issue.number, *place))
        });
        let unreadable = newsroom.unreadable.iter().map(|one| self.unreadable(one));
        let known = order.into_iter().map(|place| {
            let stage = stages.get(newsroom.issues[place].key.as_str());
            self.row(place, stage.map(|stage| standing(*stage, sending)))
        });
        unreadable.chain(known).collect()
    }

    /// One row; `mailed` says where its mailing stands.
    pub(super) fn row(&self, place: usize, mailed: Option<Standing>) -> Row {
        let newsroom = &self.newsroom;
        let (issue, summary) = (
            &newsroom.issues[place],
            &newsroom.manuscripts[place].summary,
        );
        let usual = match issue.publication.is_draft() {
            true => Standing::Draft,
            false => Standing::Published,
        };
        Row {
            path: summary.path.clone(),
            key: issue.key.as_str().to_owned(),
            number: issue.number,
            date: summary.date.map(|date| date.date),
            title: summary.title.clone(),
            language: issue.language.clone(),
            standing: mailed.unwrap_or(usual),
            sections: summary
                .sections
                .iter()
                .map(|section| (section.title.clone(), section.items))
                .collect(),
            words: self.words.get(&summary.path).copied().unwrap_or_default(),
            findings: self.count(&summary.path),
        }
    }

    fn unreadable(&self, manuscript: &Manuscript) -> Row {
        let summary = &manuscript.summary;
        Row {
            path: summary.path.clone(),
            key: String::new(),
            number: summary.number.map(|number| number.value),
            date: None,
            title: summary.path.clone(),
            language: summary.language.clone().unwrap_or_default(),
            standing: Standing::Unreadable,
            sections: Vec::new(),
            words: 0,
            findings: self.count(&summary.path),
        }
    }

    fn count(&self, path: &str) -> [usize; 3] {
        let file = path.split('#').next().unwrap_or(path);
        self.counts.get(file).copied().unwrap_or_default()
    }
}
