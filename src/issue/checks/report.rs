//! Diagnostics of one issue: levels of the settings, an upper bound, an order.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::issue::rules::Rules;

/// How many diagnostics of one code an issue gets.
const MOST: usize = 100;

/// Collects diagnostics.
pub(crate) struct Report<'r> {
    rules: &'r Rules,
    found: Vec<Diagnostic>,
    /// How many there were of each code, and where the last kept one stands.
    counts: BTreeMap<&'static str, (usize, usize)>,
}

impl<'r> Report<'r> {
    pub(crate) fn new(rules: &'r Rules) -> Self {
        Report {
            rules,
            found: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Takes a diagnostic, unless its code is off or has said enough.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        let Some(level) = self.rules.level(diagnostic.code, diagnostic.level) else {
            return;
        };
        let count = self.counts.entry(diagnostic.code).or_default();
        count.0 += 1;
        if count.0 <= MOST {
            count.1 = self.found.len();
            diagnostic.level = level;
            self.found.push(diagnostic);
        }
    }

    /// Takes many.
    pub(crate) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }

    /// All of them, in the order of the text; those about the whole file first.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        for (count, last) in self.counts.into_values() {
            if count > MOST {
                let message = &mut self.found[last].message;
                message.push_str(&format!(" (and {} more)", count - MOST));
            }
        }
        self.found
            .sort_by_key(|diagnostic| (diagnostic.span.map(|span| span.start), diagnostic.code));
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Level;
    use crate::issue::settings::Settings;

    #[test]
    fn levels_and_bounds_are_kept() {
        let mut settings = Settings::default();
        settings.levels.insert("a".to_owned(), "off".to_owned());
        settings.levels.insert("b".to_owned(), "error".to_owned());
        let rules = Rules::new(&settings).unwrap();
        let mut report = Report::new(&rules);
        for at in (0..150).rev() {
            report.push(Diagnostic::note("a", "never").at(at..at));
            report.push(Diagnostic::note("b", "often").at(at..at));
        }
        let found = report.finish();
        assert_eq!(found.len(), 100);
        assert!(
            found
                .iter()
                .all(|diagnostic| diagnostic.level == Level::Error)
        );
        assert!(found.is_sorted_by_key(|diagnostic| diagnostic.span));
        assert_eq!(found[0].message, "often (and 50 more)");
    }
}
