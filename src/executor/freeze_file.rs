//! The freeze file: a stop that needs neither Slack nor a living bot. It is read before every start.

use std::io::ErrorKind;
use std::path::Path;

use tokio::io::AsyncReadExt as _;

use crate::domain::freeze::FreezeFile;

/// A reason longer than this is cut.
const REASON_MOST: usize = 200;
/// Bytes of the file that are read.
const READ_MOST: u64 = 4096;

/// Present means frozen, whatever is in it; the first line is the reason. Anything but a clear "not there" counts as frozen.
pub async fn read_freeze_file(path: Option<&Path>) -> FreezeFile {
    let Some(path) = path else {
        return FreezeFile::Absent;
    };
    match beginning(path).await {
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

/// A pipe nobody writes to would be waited for, and a device never ends.
async fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(READ_MOST).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// A missing folder may be a volume that isn't mounted: nobody can tell whether the file is in it.
fn parent_exists(path: &Path) -> bool {
    path.parent()
        .is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_regular_file_freezes_as_one_that_can_not_be_read() {
        let found = read_freeze_file(Some(Path::new("/dev/null"))).await;
        let why = "it is no regular file".to_owned();
        assert_eq!(found, FreezeFile::Unreadable { why });
    }
}
