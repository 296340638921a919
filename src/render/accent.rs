//! The editor's logo and second colour.
//!
//! A colour is taken only where it can be read as text; its twin for dark
//! grounds is made here. Not here: the other colours, which are fixed.

use std::str::FromStr;

use url::Url;

/// What an editor may choose of the look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Address of the logo.
    pub logo: Option<Url>,
    /// The second colour.
    pub accent: Accent,
}

/// The second colour, of links and numbers: on light and on dark grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accent {
    light: String,
    dark: String,
}

/// Why a text is no second colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccentError {
    /// Not `#` and six hexadecimal digits.
    #[error("no color")]
    NoColor,
    /// Too little contrast on light grounds.
    #[error("a color too pale to be read; {nearest} is not")]
    Pale {
        /// The nearest darker tone that can be read.
        nearest: String,
    },
}

/// Paper and shade of the pages; those of mail are no darker.
const LIGHT_GROUNDS: [Rgb; 2] = [[0xFD, 0xFC, 0xFA], [0xF5, 0xF2, 0xEC]];
const DARK_GROUNDS: [Rgb; 2] = [[0x17, 0x16, 0x14], [0x21, 0x1F, 0x1C]];

/// WCAG 2.2 §1.4.3, level AA.
const CONTRAST: f64 = 4.5;

type Rgb = [u8; 3];

impl Accent {
    /// The colour on light grounds, `#RRGGBB`.
    pub fn light(&self) -> &str {
        &self.light
    }

    /// The colour on dark grounds, `#RRGGBB`.
    pub fn dark(&self) -> &str {
        &self.dark
    }

    /// A style sheet with this colour in place of its own.
    pub fn styled(&self, sheet: &str) -> String {
        if *self == Accent::default() {
            return sheet.to_owned();
        }
        let Accent { light, dark } = self;
        format!(
            "{sheet}\n:root {{ --rubric: {light}; }}\n@media (prefers-color-scheme: dark) {{\n  \
             :root {{ --rubric: {dark}; }}\n}}\n"
        )
    }
}

impl Default for Accent {
    /// A printer's vermilion.
    fn default() -> Self {
        Accent {
            light: "#B3361B".to_owned(),
            dark: "#F08A68".to_owned(),
        }
    }
}

impl FromStr for Accent {
    type Err = AccentError;

    fn from_str(text: &str) -> Result<Accent, AccentError> {
        let color = read(text).ok_or(AccentError::NoColor)?;
        let light = nearest(color, [0; 3], &LIGHT_GROUNDS);
        if light != color {
            return Err(AccentError::Pale {
                nearest: written(light),
            });
        }
        let default = Accent::default();
        if written(color) == default.light {
            return Ok(default);
        }
        Ok(Accent {
            light: written(color),
            dark: written(nearest(color, [255; 3], &DARK_GROUNDS)),
        })
    }
}

fn read(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

fn written([red, green, blue]: Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The first tone on the way from a colour to black or white that can be read
/// on all of the grounds.
fn nearest(color: Rgb, end: Rgb, grounds: &[Rgb]) -> Rgb {
    const STEPS: u16 = 100;
    let tone = |step: u16| {
        let mix = |from: u8, to: u8| {
            let sum = u16::from(from) * (STEPS - step) + u16::from(to) * step;
            u8::try_from(sum / STEPS).unwrap_or(to)
        };
        [
            mix(color[0], end[0]),
            mix(color[1], end[1]),
            mix(color[2], end[2]),
        ]
    };
    (0..=STEPS)
        .map(tone)
        .find(|&tone| {
            grounds
                .iter()
                .all(|&ground| contrast(tone, ground) >= CONTRAST)
        })
        .unwrap_or(end)
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_that_can_be_read_are_taken_with_a_twin_that_can() {
        for text in ["#1B4FB3", "#006644", "#000000", "#b3361b", "#7A007A"] {
            let accent: Accent = text.parse().unwrap();
            assert_eq!(accent.light(), text.to_uppercase());
            let dark = read(accent.dark()).unwrap();
            for ground in DARK_GROUNDS {
                assert!(contrast(dark, ground) >= CONTRAST, "{accent:?}");
            }
        }
    }

    #[test]
    fn pale_colors_are_refused_with_a_tone_that_passes() {
        for text in ["#FFFFFF", "#FFCC00", "#FF8800", "#808080"] {
            let Err(AccentError::Pale { nearest }) = text.parse::<Accent>() else {
                panic!("{text} was taken");
            };
            assert!(nearest.parse::<Accent>().is_ok(), "{text}: {nearest}");
        }
    }

    #[test]
    fn what_is_no_color_is_refused() {
        for text in [
            "", "red", "#B33", "B3361B", "#B3361G", "#+12345", "#B3361B ",
        ] {
            assert_eq!(text.parse::<Accent>(), Err(AccentError::NoColor), "{text}");
        }
    }

    #[test]
    fn the_default_changes_no_style_sheet_and_others_come_last() {
        assert_eq!(Accent::default().styled("a {}"), "a {}");
        let blue: Accent = "#1B4FB3".parse().unwrap();
        let sheet = blue.styled("a {}");
        assert!(sheet.starts_with("a {}\n:root { --rubric: #1B4FB3; }"));
        assert!(sheet.contains(blue.dark()));
    }
}
