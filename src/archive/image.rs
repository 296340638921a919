//! Local images: copied under a name made of their content, so that an address
//! once published always shows the same picture.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// An image of the newsletter's folder, ready to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its path in the archive, such as `images/chart-1f3a….png`.
    pub published: String,
    /// Width and height in pixels, where the format tells.
    pub size: Option<(u32, u32)>,
    /// The file as it is.
    pub bytes: Vec<u8>,
}

/// What a path must end with to be published as an image.
const EXTENSIONS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "bmp"];

/// Whether a path names an image by its extension.
pub fn is_image_path(path: &str) -> bool {
    extension(path).is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

impl Image {
    /// Names and measures an image. `path` is relative to the newsletter's
    /// folder. The name of one that is not for everybody is its whole digest and
    /// nothing else: mail has to find it, and nobody else can.
    pub fn new(path: &str, bytes: Vec<u8>, open: bool) -> Image {
        let digest = Sha256::digest(&bytes);
        let mut hash = String::new();
        for byte in &digest[..if open { 8 } else { digest.len() }] {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let stem: String = stem
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        let extension = extension(path).unwrap_or_else(|| "bin".to_owned());
        let size = imagesize::blob_size(&bytes).ok().and_then(|size| {
            let width = u32::try_from(size.width).ok()?;
            Some((width, u32::try_from(size.height).ok()?))
        });
        Image {
            published: match open {
                true => format!("images/{}-{hash}.{extension}", stem.trim_matches('-')),
                false => format!("images/{hash}.{extension}"),
            },
            size,
            bytes,
        }
    }
}

fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    Some(name.rsplit_once('.')?.1.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A GIF of 3 by 2 pixels: header and logical screen are enough to measure.
    const GIF: &[u8] = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;";

    #[test]
    fn an_image_is_named_by_its_content_and_measured() {
        let image = Image::new("issues/img/My Chart.GIF", GIF.to_vec(), true);
        assert_eq!(image.size, Some((3, 2)));
        assert!(
            image.published.starts_with("images/my-chart-"),
            "{}",
            image.published
        );
        assert!(image.published.ends_with(".gif"));
        let other = Image::new(
            "issues/img/My Chart.GIF",
            b"GIF89a\x04\x00\x02\x00\x00\x00\x00;".to_vec(),
            true,
        );
        assert_ne!(image.published, other.published);
    }

    #[test]
    fn only_image_names_are_published_as_images() {
        assert!(is_image_path("a/b.PNG"));
        assert!(!is_image_path("a/b.md"));
        assert!(!is_image_path("a.png/b"));
    }
}
