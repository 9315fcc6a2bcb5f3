//! The freeze file: a stop that needs neither Slack nor a living bot. It is read before every start.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::freeze::FreezeFile;

/// A reason longer than this is cut.
const REASON_MOST: usize = 200;

/// Present means frozen, whatever is in it; the first line is the reason. Anything but a clear "not there" counts as frozen.
pub async fn read_freeze_file(path: Option<&Path>) -> FreezeFile {
    let Some(path) = path else {
        return FreezeFile::Absent;
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let line = text.lines().next().unwrap_or_default().trim();
            let reason: String = line.chars().take(REASON_MOST).collect();
            let reason = if reason.is_empty() {
                format!("{} exists", path.display())
            } else {
                reason
            };
            FreezeFile::Present { reason }
        }
        Err(error) if error.kind() == ErrorKind::NotFound && parent_exists(path) => FreezeFile::Absent,
        Err(error) => FreezeFile::Unreadable {
            why: error.to_string(),
        },
    }
}

/// A missing folder may be a volume that isn't mounted: nobody can tell whether the file is in it.
fn parent_exists(path: &Path) -> bool {
    path.parent()
        .is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
}
