//! The few words that the program itself says to readers, by language.
//!
//! Templates may say others. What a language lacks is said in English.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::issue::Precision;

/// Words around an issue, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// The tag that these words belong to.
    #[serde(skip)]
    tag: &'static str,
    /// Link to the issue's page.
    pub read_in_browser: &'static str,
    /// The link that ends a subscription.
    pub unsubscribe: &'static str,
    /// The link to the reader's settings.
    pub preferences: &'static str,
    /// The link to the archive.
    pub all_issues: &'static str,
    /// Why the mail came; `{address}` and `{newsletter}` stand in it.
    pub reason: &'static str,
    /// The line for those to whom it was forwarded.
    pub forwarded: &'static str,
    /// The word on what to do then.
    pub subscribe: &'static str,
    /// Label of the field for a mail address.
    pub mail_address: &'static str,
    /// What follows from writing one there.
    pub promise: &'static str,
    /// The issue before.
    pub older: &'static str,
    /// The issue after.
    pub newer: &'static str,
    /// Archive navigation.
    pub issues: &'static str,
    /// Archive navigation.
    pub feeds: &'static str,
    /// Name of the list of sections.
    pub contents: &'static str,
    /// Marks a paid item.
    pub ad: &'static str,
    /// Who sent an item in; `{name}` stands in it.
    pub from: &'static str,
    /// Who wrote what an item links to; `{name}` stands in it.
    pub by: &'static str,
    /// One link.
    pub link: &'static str,
    /// Several links.
    pub links: &'static str,
    /// What the page of an old address says.
    pub moved: &'static str,
    /// What an index without issues says.
    pub no_issues: &'static str,
    /// Label of a season; `{n}` stands in it.
    pub season: &'static str,
    /// Link from an item to its own place; `{n}` stands in it.
    pub permalink: &'static str,
    /// What the feeds page says on top.
    pub feeds_lead: &'static str,
    /// Name of the feed of single items.
    pub every_link: &'static str,
    /// Name of the documents of older entries.
    pub older_entries: &'static str,
    /// Stands in place of what is for subscribers alone.
    pub for_subscribers: &'static str,
}

impl Labels {
    /// The words of a language; those of English for one that is not known.
    pub fn of(language: &str) -> &'static Labels {
        let language = language.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| language.starts_with(tag)) {
            return &ZH_HANT;
        }
        let primary = language.split('-').next().unwrap_or("");
        let known = [&EN, &ZH, &JA, &KO, &DE, &FR, &ES];
        known
            .into_iter()
            .find(|labels| labels.tag == primary)
            .unwrap_or(&EN)
    }

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
            (_, true) => date.format("%Y-%m-%d").to_string(),
            (_, false) => date.format("%Y-%m").to_string(),
        }
    }

    /// A day in words.
    pub fn day(language: &str, day: NaiveDate) -> String {
        Labels::date(language, day, Precision::Day)
    }

    /// A whole number with its thousands parted as the language does it.
    pub fn thousands(language: &str, number: u64) -> String {
        let gap = match language.split('-').next().unwrap_or("") {
            "de" | "es" => '.',
            "fr" => '\u{202f}',
            _ => ',',
        };
        let digits = number.to_string();
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(gap);
            }
            out.push(digit);
        }
        out
    }

    /// `33 links`, parted as the language does it.
    pub fn count_of_links(language: &str, count: usize) -> String {
        let labels = Labels::of(language);
        let number = Labels::thousands(language, count as u64);
        let word = if count == 1 {
            labels.link
        } else {
            labels.links
        };
        let parted = if word.starts_with(|c: char| c.is_ascii()) {
            "\u{a0}"
        } else {
            ""
        };
        format!("{number}{parted}{word}")
    }
}

/// The name of a language, said in another: `English`, `英文`. The tag itself
/// where it is not known.
pub(crate) fn language_name(tag: &str, said_in: &str) -> String {
    let column = match Labels::of(said_in).tag {
        "zh" | "zh-Hant" => 1,
        "ja" => 2,
        "ko" => 3,
        "de" => 4,
        "fr" => 5,
        "es" => 6,
        _ => 0,
    };
    let primary = tag.split('-').next().unwrap_or("").to_ascii_lowercase();
    LANGUAGES
        .iter()
        .find(|(code, _)| *code == primary)
        .map_or_else(|| tag.to_owned(), |(_, names)| names[column].to_owned())
}

/// The name of a language in that language, for links to translations.
pub fn own_name(tag: &str) -> String {
    match tag.to_ascii_lowercase().as_str() {
        "zh" | "zh-hans" | "zh-cn" => "中文".to_owned(),
        "zh-hant" | "zh-tw" | "zh-hk" => "繁體中文".to_owned(),
        _ => language_name(tag, tag),
    }
}

/// Stars of a project: `★ 3.7k`, parted by a space that does not break.
pub(crate) fn stars(count: u64) -> String {
    let shown = match count {
        0..1_000 => count.to_string(),
        1_000..100_000 => {
            let tenths = (count + 50) / 100;
            match tenths % 10 {
                0 => format!("{}k", tenths / 10),
                tenth => format!("{}.{tenth}k", tenths / 10),
            }
        }
        _ => format!("{}k", (count + 500) / 1_000),
    };
    format!("★\u{a0}{shown}")
}

const LANGUAGES: [(&str, [&str; 7]); 10] = [
    (
        "en",
        [
            "English", "英文", "英語", "영어", "Englisch", "anglais", "inglés",
        ],
    ),
    (
        "zh",
        [
            "Chinese",
            "中文",
            "中国語",
            "중국어",
            "Chinesisch",
            "chinois",
            "chino",
        ],
    ),
    (
        "ja",
        [
            "Japanese",
            "日文",
            "日本語",
            "일본어",
            "Japanisch",
            "japonais",
            "japonés",
        ],
    ),
    (
        "ko",
        [
            "Korean",
            "韩文",
            "韓国語",
            "한국어",
            "Koreanisch",
            "coréen",
            "coreano",
        ],
    ),
    (
        "de",
        [
            "German",
            "德文",
            "ドイツ語",
            "독일어",
            "Deutsch",
            "allemand",
            "alemán",
        ],
    ),
    (
        "fr",
        [
            "French",
            "法文",
            "フランス語",
            "프랑스어",
            "Französisch",
            "français",
            "francés",
        ],
    ),
    (
        "es",
        [
            "Spanish",
            "西班牙文",
            "スペイン語",
            "스페인어",
            "Spanisch",
            "espagnol",
            "español",
        ],
    ),
    (
        "ru",
        [
            "Russian",
            "俄文",
            "ロシア語",
            "러시아어",
            "Russisch",
            "russe",
            "ruso",
        ],
    ),
    (
        "pt",
        [
            "Portuguese",
            "葡萄牙文",
            "ポルトガル語",
            "포르투갈어",
            "Portugiesisch",
            "portugais",
            "portugués",
        ],
    ),
    (
        "it",
        [
            "Italian",
            "意大利文",
            "イタリア語",
            "이탈리아어",
            "Italienisch",
            "italien",
            "italiano",
        ],
    ),
];

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

const EN: Labels = Labels {
    tag: "en",
    read_in_browser: "Read in the browser",
    unsubscribe: "Unsubscribe",
    preferences: "Preferences",
    all_issues: "All issues",
    reason: "You receive this because {address} is subscribed to {newsletter}.",
    forwarded: "Forwarded to you?",
    subscribe: "Subscribe",
    mail_address: "Mail address",
    promise: "By mail, once you confirm. Every issue has a link by which you leave.",
    older: "Older",
    newer: "Newer",
    issues: "Issues",
    feeds: "Feeds",
    contents: "Contents",
    ad: "Ad",
    from: "from {name}",
    by: "by {name}",
    link: "link",
    links: "links",
    moved: "This page has moved.",
    no_issues: "No issue has appeared yet.",
    season: "Season {n}",
    permalink: "Link to item {n}",
    feeds_lead: "Follow this newsletter with a feed reader: copy one of these addresses into it.",
    every_link: "Every link",
    older_entries: "Older entries",
    for_subscribers: "This part is for subscribers: they have it in their mail.",
};

const ZH: Labels = Labels {
    tag: "zh",
    read_in_browser: "在浏览器中阅读",
    unsubscribe: "退订",
    preferences: "偏好设置",
    all_issues: "全部期数",
    reason: "您收到此邮件，是因为 {address} 订阅了{newsletter}。",
    forwarded: "别人转发给您的？",
    subscribe: "订阅",
    mail_address: "邮箱地址",
    promise: "确认之后通过邮件发送，每一期里都有退订链接。",
    older: "上一期",
    newer: "下一期",
    issues: "往期",
    feeds: "订阅源",
    contents: "目录",
    ad: "广告",
    from: "来自 {name}",
    by: "作者 {name}",
    link: "个链接",
    links: "个链接",
    moved: "此页面已移动。",
    no_issues: "还没有发布任何一期。",
    season: "第 {n} 季",
    permalink: "第 {n} 条的链接",
    feeds_lead: "用订阅阅读器关注：把下面的一个地址复制进去。",
    every_link: "每一条链接",
    older_entries: "更早的内容",
    for_subscribers: "这部分内容只给邮件订阅者：请见邮件。",
};

const ZH_HANT: Labels = Labels {
    tag: "zh-Hant",
    read_in_browser: "在瀏覽器中閱讀",
    unsubscribe: "取消訂閱",
    preferences: "偏好設定",
    all_issues: "全部期數",
    reason: "您收到此郵件，是因為 {address} 訂閱了{newsletter}。",
    forwarded: "別人轉寄給您的？",
    subscribe: "訂閱",
    mail_address: "電子郵件地址",
    promise: "確認之後以郵件寄送，每一期裡都有取消訂閱的連結。",
    older: "上一期",
    newer: "下一期",
    issues: "往期",
    feeds: "訂閱源",
    contents: "目錄",
    ad: "廣告",
    from: "來自 {name}",
    by: "作者 {name}",
    link: "個連結",
    links: "個連結",
    moved: "此頁面已移動。",
    no_issues: "還沒有發布任何一期。",
    season: "第 {n} 季",
    permalink: "第 {n} 條的連結",
    feeds_lead: "用訂閱閱讀器關注：把下面的一個網址複製進去。",
    every_link: "每一條連結",
    older_entries: "更早的內容",
    for_subscribers: "這部分內容只給郵件訂閱者：請見郵件。",
};

const JA: Labels = Labels {
    tag: "ja",
    read_in_browser: "ブラウザで読む",
    unsubscribe: "配信停止",
    preferences: "設定",
    all_issues: "バックナンバー",
    reason: "このメールは {address} が{newsletter}を購読しているため送信されています。",
    forwarded: "転送で届きましたか？",
    subscribe: "購読する",
    mail_address: "メールアドレス",
    promise: "確認後にメールで届きます。どの号にも配信停止のリンクがあります。",
    older: "前の号",
    newer: "次の号",
    issues: "バックナンバー",
    feeds: "フィード",
    contents: "目次",
    ad: "広告",
    from: "{name} より",
    by: "著者 {name}",
    link: "件のリンク",
    links: "件のリンク",
    moved: "このページは移動しました。",
    no_issues: "まだ発行された号はありません。",
    season: "シーズン {n}",
    permalink: "{n} 番へのリンク",
    feeds_lead: "フィードリーダーで購読するには、次のアドレスのいずれかをコピーしてください。",
    every_link: "すべてのリンク",
    older_entries: "過去のエントリー",
    for_subscribers: "この部分は購読者限定です。メールでお読みいただけます。",
};

const KO: Labels = Labels {
    tag: "ko",
    read_in_browser: "브라우저에서 읽기",
    unsubscribe: "구독 해지",
    preferences: "설정",
    all_issues: "지난 호",
    reason: "{address} 주소가 {newsletter} 뉴스레터를 구독하고 있어 이 메일을 보냅니다.",
    forwarded: "전달받으셨나요?",
    subscribe: "구독하기",
    mail_address: "메일 주소",
    promise: "확인하시면 메일로 보내 드립니다. 모든 호에 구독 해지 링크가 있습니다.",
    older: "이전 호",
    newer: "다음 호",
    issues: "지난 호",
    feeds: "피드",
    contents: "차례",
    ad: "광고",
    from: "{name} 제공",
    by: "글쓴이 {name}",
    link: "개 링크",
    links: "개 링크",
    moved: "이 페이지는 옮겨졌습니다.",
    no_issues: "아직 발행된 호가 없습니다.",
    season: "시즌 {n}",
    permalink: "{n}번 항목 링크",
    feeds_lead: "피드 리더로 구독하려면 다음 주소 중 하나를 복사하세요.",
    every_link: "모든 링크",
    older_entries: "이전 항목",
    for_subscribers: "이 부분은 구독자 전용이며 메일로 보내 드립니다.",
};

const DE: Labels = Labels {
    tag: "de",
    read_in_browser: "Im Browser lesen",
    unsubscribe: "Abbestellen",
    preferences: "Einstellungen",
    all_issues: "Alle Ausgaben",
    reason: "Sie erhalten diese Mail, weil {address} {newsletter} abonniert hat.",
    forwarded: "Weitergeleitet bekommen?",
    subscribe: "Abonnieren",
    mail_address: "Mailadresse",
    promise: "Per Mail, sobald Sie bestätigen. In jeder Ausgabe steht ein Link zum Abmelden.",
    older: "Ältere",
    newer: "Neuere",
    issues: "Ausgaben",
    feeds: "Feeds",
    contents: "Inhalt",
    ad: "Anzeige",
    from: "von {name}",
    by: "von {name}",
    link: "Link",
    links: "Links",
    moved: "Diese Seite ist umgezogen.",
    no_issues: "Noch ist keine Ausgabe erschienen.",
    season: "Staffel {n}",
    permalink: "Link zu Eintrag {n}",
    feeds_lead: "Mit einem Feedreader folgen: eine dieser Adressen dorthin kopieren.",
    every_link: "Jeder Link",
    older_entries: "Ältere Einträge",
    for_subscribers: "Dieser Teil ist für Abonnenten: Sie haben ihn in ihrer Mail.",
};

const FR: Labels = Labels {
    tag: "fr",
    read_in_browser: "Lire dans le navigateur",
    unsubscribe: "Se désabonner",
    preferences: "Préférences",
    all_issues: "Tous les numéros",
    reason: "Vous recevez ce message parce que {address} est abonné à {newsletter}.",
    forwarded: "On vous l’a transféré ?",
    subscribe: "S’abonner",
    mail_address: "Adresse électronique",
    promise: "Par courriel, dès que vous confirmez. Chaque numéro contient un lien de désabonnement.",
    older: "Précédent",
    newer: "Suivant",
    issues: "Numéros",
    feeds: "Flux",
    contents: "Sommaire",
    ad: "Publicité",
    from: "proposé par {name}",
    by: "par {name}",
    link: "lien",
    links: "liens",
    moved: "Cette page a été déplacée.",
    no_issues: "Aucun numéro n’est encore paru.",
    season: "Saison {n}",
    permalink: "Lien vers l’entrée {n}",
    feeds_lead: "Suivez cette lettre avec un lecteur de flux : copiez-y l’une de ces adresses.",
    every_link: "Chaque lien",
    older_entries: "Entrées plus anciennes",
    for_subscribers: "Cette partie est réservée aux abonnés : ils l’ont dans leur courriel.",
};

const ES: Labels = Labels {
    tag: "es",
    read_in_browser: "Leer en el navegador",
    unsubscribe: "Darse de baja",
    preferences: "Preferencias",
    all_issues: "Todos los números",
    reason: "Recibe este mensaje porque {address} está suscrito a {newsletter}.",
    forwarded: "¿Se lo han reenviado?",
    subscribe: "Suscribirse",
    mail_address: "Dirección de correo",
    promise: "Por correo, en cuanto lo confirme. Cada número trae un enlace para darse de baja.",
    older: "Anterior",
    newer: "Siguiente",
    issues: "Números",
    feeds: "Canales",
    contents: "Contenido",
    ad: "Anuncio",
    from: "de {name}",
    by: "por {name}",
    link: "enlace",
    links: "enlaces",
    moved: "Esta página se ha trasladado.",
    no_issues: "Todavía no ha aparecido ningún número.",
    season: "Temporada {n}",
    permalink: "Enlace a la entrada {n}",
    feeds_lead: "Siga este boletín con un lector de canales: copie en él una de estas direcciones.",
    every_link: "Todos los enlaces",
    older_entries: "Entradas anteriores",
    for_subscribers: "Esta parte es para suscriptores: la tienen en su correo.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_fall_back_to_their_family_and_then_to_english() {
        let cases = [
            ("en-GB", "Older"),
            ("zh-Hans-CN", "上一期"),
            ("zh-TW", "上一期"),
            ("nl", "Older"),
            ("", "Older"),
        ];
        for (tag, older) in cases {
            assert_eq!(Labels::of(tag).older, older, "{tag}");
        }
        assert_eq!(Labels::of("zh-HK").unsubscribe, "取消訂閱");
    }

    #[test]
    fn dates_and_numbers_are_said_as_each_language_says_them() {
        let date = NaiveDate::from_ymd_opt(2023, 7, 15).unwrap();
        let day = |tag| Labels::date(tag, date, Precision::Day);
        assert_eq!(day("en"), "15 July 2023");
        assert_eq!(day("zh-Hans"), "2023年7月15日");
        assert_eq!(day("ko"), "2023년 7월 15일");
        assert_eq!(day("nl"), "2023-07-15");
        assert_eq!(Labels::date("ja", date, Precision::Month), "2023年7月");
        assert_eq!(Labels::thousands("en", 1_234_567), "1,234,567");
        assert_eq!(Labels::thousands("de", 1204), "1.204");
        assert_eq!(Labels::count_of_links("en", 1), "1\u{a0}link");
        assert_eq!(Labels::count_of_links("zh", 33), "33个链接");
        assert_eq!(language_name("en", "zh-TW"), "英文");
        assert_eq!(own_name("zh"), "中文");
    }

    #[test]
    fn stars_are_short() {
        let cases = [
            (7, "7"),
            (999, "999"),
            (1_900, "1.9k"),
            (3_000, "3k"),
            (12_345, "12.3k"),
            (123_456, "123k"),
        ];
        for (count, shown) in cases {
            assert_eq!(stars(count), format!("★\u{a0}{shown}"));
        }
    }
}
