//! Dates in the words of a language.

use chrono::{Datelike, NaiveDate};

use crate::issue::Precision;
use crate::render::labels::Labels;

impl Labels {
    /// A date in words: `15 July 2023`, `2023年7月15日`; a month without its day.
    /// The form for a language that is not known is ISO 8601.
    pub fn date(language: &str, date: NaiveDate, precision: Precision) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        let whole = precision != Precision::Month;
        let name = |names: &[&'static str; 12]| names[date.month0() as usize];
        match (language.split('-').next().unwrap_or(""), whole) {
            ("en", true) => format!("{day} {} {year}", name(&EN_MONTHS)),
            ("en", false) => format!("{} {year}", name(&EN_MONTHS)),
            ("de", true) => format!("{day}. {} {year}", name(&DE_MONTHS)),
            ("de", false) => format!("{} {year}", name(&DE_MONTHS)),
            ("fr", true) if day == 1 => format!("1er {} {year}", name(&FR_MONTHS)),
            ("fr", true) => format!("{day} {} {year}", name(&FR_MONTHS)),
            ("fr", false) => format!("{} {year}", name(&FR_MONTHS)),
            ("es", true) => format!("{day} de {} de {year}", name(&ES_MONTHS)),
            ("es", false) => format!("{} de {year}", name(&ES_MONTHS)),
            ("zh" | "ja", true) => format!("{year}年{month}月{day}日"),
            ("zh" | "ja", false) => format!("{year}年{month}月"),
            ("ko", true) => format!("{year}년 {month}월 {day}일"),
            ("ko", false) => format!("{year}년 {month}월"),
            ("ar", true) => format!("{day} {} {year}", name(&AR_MONTHS)),
            ("ar", false) => format!("{} {year}", name(&AR_MONTHS)),
            ("he", true) => format!("{day} ב{} {year}", name(&HE_MONTHS)),
            ("he", false) => format!("{} {year}", name(&HE_MONTHS)),
            (_, true) => date.format("%Y-%m-%d").to_string(),
            (_, false) => date.format("%Y-%m").to_string(),
        }
    }
}

const EN_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DE_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FR_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ES_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const AR_MONTHS: [&str; 12] = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
];
const HE_MONTHS: [&str; 12] = [
    "ינואר",
    "פברואר",
    "מרץ",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
];
