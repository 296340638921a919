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
    /// Too little contrast where a mail program inverts light and dark by
    /// itself.
    #[error("a color that is lost where mail programs invert light and dark; {nearest} is not")]
    Lost {
        /// The nearest darker tone that can be read.
        nearest: String,
    },
}

/// Paper and shade of the pages; those of mail are no darker.
const LIGHT_GROUNDS: [Rgb; 2] = [[0xFD, 0xFC, 0xFA], [0xF5, 0xF2, 0xEC]];
/// Paper and shade of mail, which some programs invert with all that stands on
/// them.
const MAIL_GROUNDS: [Rgb; 2] = [[0xFF, 0xFF, 0xFF], [0xF6, 0xF4, 0xEF]];
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
        let light = nearest(color, [0; 3], |tone| {
            is_read(tone, &LIGHT_GROUNDS) && is_read_inverted(tone)
        });
        if light != color {
            let nearest = written(light);
            return Err(match is_read(color, &LIGHT_GROUNDS) {
                true => AccentError::Lost { nearest },
                false => AccentError::Pale { nearest },
            });
        }
        let default = Accent::default();
        if written(color) == default.light {
            return Ok(default);
        }
        Ok(Accent {
            light: written(color),
            dark: written(nearest(color, [255; 3], |tone| {
                is_read(tone, &DARK_GROUNDS)
            })),
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

fn is_read(tone: Rgb, grounds: &[Rgb]) -> bool {
    let mut contrasts = grounds.iter().map(|&ground| contrast(tone, ground));
    contrasts.all(|contrast| contrast >= CONTRAST)
}

/// Whether a tone can be read once a program has turned it and its ground to
/// the opposite lightness, in either of the ways in which that is done.
fn is_read_inverted(tone: Rgb) -> bool {
    [inverted_hsl, inverted_lab].iter().all(|inverted| {
        let grounds = MAIL_GROUNDS.map(inverted);
        is_read(inverted(tone), &grounds)
    })
}

/// The colour of the same hue and saturation whose lightness in HSL is the
/// opposite one.
fn inverted_hsl(color: Rgb) -> Rgb {
    // Lightness is the middle between the strongest and the weakest channel, and
    // at the opposite one the others stand as far from it as before.
    let most = color.iter().copied().max().unwrap_or(0);
    let least = color.iter().copied().min().unwrap_or(0);
    let shift = 255 - i16::from(most) - i16::from(least);
    color.map(|channel| (i16::from(channel) + shift).clamp(0, 255) as u8)
}

/// The colour of the same hue whose lightness in CIELAB is the opposite one, as
/// chromium darkens pages.
fn inverted_lab(color: Rgb) -> Rgb {
    const WHITE: [f64; 3] = [0.950_47, 1.0, 1.088_83];
    const LINE: f64 = 6.0 / 29.0;
    let [red, green, blue] = color.map(linear);
    let xyz = [
        0.4124 * red + 0.3576 * green + 0.1805 * blue,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        0.0193 * red + 0.1192 * green + 0.9505 * blue,
    ];
    let root = |value: f64| match value > LINE.powi(3) {
        true => value.cbrt(),
        false => value / (3.0 * LINE * LINE) + 4.0 / 29.0,
    };
    let [x, y, z] = [0, 1, 2].map(|place| root(xyz[place] / WHITE[place]));
    // L = 116 y - 16 becomes 100 - L, and a and b stay.
    let opposite = (132.0 / 116.0) - y;
    let cube = |value: f64| match value > LINE {
        true => value.powi(3),
        false => 3.0 * LINE * LINE * (value - 4.0 / 29.0),
    };
    let [x, y, z] = [
        WHITE[0] * cube(opposite + x - y),
        WHITE[1] * cube(opposite),
        WHITE[2] * cube(opposite + z - y),
    ];
    [
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    ]
    .map(|value| {
        let value = value.clamp(0.0, 1.0);
        let gamma = match value <= 0.003_130_8 {
            true => 12.92 * value,
            false => 1.055 * value.powf(1.0 / 2.4) - 0.055,
        };
        (gamma * 255.0).round() as u8
    })
}

/// The first tone on the way from a colour to black or white that will do.
fn nearest(color: Rgb, end: Rgb, will_do: impl Fn(Rgb) -> bool) -> Rgb {
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
        .find(|&tone| will_do(tone))
        .unwrap_or(end)
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
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
    fn inversion_keeps_the_hue_and_turns_the_lightness() {
        let cases = [
            ([255, 255, 255], [0, 0, 0], [0, 0, 0]),
            ([0, 0, 0], [255, 255, 255], [255, 255, 255]),
            // Its lightness in HSL is the middle, so it stays as it is.
            ([0, 0, 255], [0, 0, 255], [176, 114, 255]),
        ];
        for (color, hsl, lab) in cases {
            assert_eq!(inverted_hsl(color), hsl);
            let found = inverted_lab(color);
            let near = found
                .iter()
                .zip(lab)
                .all(|(one, other)| one.abs_diff(other) <= 2);
            assert!(near, "{color:?}: {found:?}");
        }
        // As it was measured: 6.3 for the color that is the default.
        let rubric = read("#B3361B").unwrap();
        let worse = [inverted_hsl, inverted_lab]
            .map(|inverted| contrast(inverted(rubric), inverted([255; 3])))
            .into_iter()
            .fold(f64::MAX, f64::min);
        assert!((6.0..6.7).contains(&worse), "{worse}");
    }

    #[test]
    fn colors_that_inversion_swallows_are_refused_with_a_tone_that_passes() {
        for text in ["#0000FF", "#2200EE"] {
            let Err(AccentError::Lost { nearest }) = text.parse::<Accent>() else {
                panic!("{text}: {:?}", text.parse::<Accent>());
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
