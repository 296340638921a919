//! What languages are called.

use crate::render::labels::Labels;

/// The name of a language, said in another: `English`, `英文`. The tag itself
/// where it is not known.
pub(crate) fn language_name(tag: &str, said_in: &str) -> String {
    let column = match Labels::of(said_in).tag {
        "zh" => 1,
        "ja" => 2,
        "ko" => 3,
        "de" => 4,
        "fr" => 5,
        "es" => 6,
        "zh-Hant" => 7,
        "ar" => 8,
        "he" => 9,
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

const LANGUAGES: [(&str, [&str; 10]); 12] = [
    (
        "en",
        [
            "English",
            "英文",
            "英語",
            "영어",
            "Englisch",
            "anglais",
            "inglés",
            "英文",
            "الإنجليزية",
            "אנגלית",
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
            "中文",
            "الصينية",
            "סינית",
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
            "日文",
            "اليابانية",
            "יפנית",
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
            "韓文",
            "الكورية",
            "קוריאנית",
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
            "德文",
            "الألمانية",
            "גרמנית",
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
            "法文",
            "الفرنسية",
            "צרפתית",
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
            "西班牙文",
            "الإسبانية",
            "ספרדית",
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
            "俄文",
            "الروسية",
            "רוסית",
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
            "葡萄牙文",
            "البرتغالية",
            "פורטוגזית",
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
            "義大利文",
            "الإيطالية",
            "איטלקית",
        ],
    ),
    (
        "ar",
        [
            "Arabic",
            "阿拉伯文",
            "アラビア語",
            "아랍어",
            "Arabisch",
            "arabe",
            "árabe",
            "阿拉伯文",
            "العربية",
            "ערבית",
        ],
    ),
    (
        "he",
        [
            "Hebrew",
            "希伯来文",
            "ヘブライ語",
            "히브리어",
            "Hebräisch",
            "hébreu",
            "hebreo",
            "希伯來文",
            "العبرية",
            "עברית",
        ],
    ),
];
