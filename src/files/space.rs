use std::io;
use std::path::Path;

/// Octets that whoever runs this may still write where `path` lies; nothing on
/// systems that are not asked.
///
/// # Errors
///
/// There is no such place, or it cannot be looked at.
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    #[cfg(unix)]
    {
        let about = rustix::fs::statvfs(path)?;
        Ok(Some(about.f_bavail.saturating_mul(about.f_frsize)))
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path).map(|_| None)
    }
}

/// Whether others than its owner may read a file; never where files have no such
/// mode.
///
/// # Errors
///
/// There is no such file.
pub fn is_exposed(path: &Path) -> io::Result<bool> {
    let about = std::fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(about.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = about;
        Ok(false)
    }
}
