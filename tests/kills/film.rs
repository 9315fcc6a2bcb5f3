//! What a power failure would have left. The disk noted every write, cut, sync and removal; what was synced is there, and
//! of what came after any part may be: none, all, some of the writes, some sectors of a write. Names of files are taken to
//! be durable at once, which is what file systems with a journal give.

use std::path::Path;

use super::lane::Rng;

/// The write-ahead log among them.
const LOG: usize = 1;
/// A frame of the log begins with this many bytes, of which the second word is 0 but for the last frame of a commit
/// (https://www.sqlite.org/fileformat2.html#wal_file_format).
const FRAME_HEAD: usize = 24;

/// A disk writes a sector whole or not at all.
const SECTOR: usize = 512;
/// The database, and its write-ahead log.
const FILES: usize = 2;
const HEAD: usize = 24;

enum Change {
    Write { offset: usize, data: Vec<u8> },
    Cut(usize),
    Sync,
    Remove,
}

struct Move {
    file: usize,
    change: Change,
    at_ns: u64,
    /// Which process did it.
    by: u16,
}

/// What became of one commit in the log.
pub struct Commit {
    /// How often its process synced the log behind it and before its next one.
    pub syncs: usize,
    /// Its process committed nothing after it.
    pub last: bool,
}

/// Everything that was done to the two files, in order.
pub struct Film(Vec<Move>);

/// The two files, as they may be found; `None` is not there.
#[derive(Clone, Default)]
pub struct Image {
    files: [Option<Vec<u8>>; FILES],
}

impl Film {
    pub fn read(log: &Path) -> Self {
        let bytes = std::fs::read(log).expect("the disk took notes");
        let mut moves = Vec::new();
        let mut at = 0;
        while let Some(head) = bytes.get(at..at + HEAD) {
            let length = usize::try_from(u32::from_le_bytes(head[4..8].try_into().unwrap())).unwrap();
            let offset = usize::try_from(u64::from_le_bytes(head[8..16].try_into().unwrap())).unwrap();
            let at_ns = u64::from_le_bytes(head[16..24].try_into().unwrap());
            // The process was killed over its last note.
            let Some(data) = bytes.get(at + HEAD..at + HEAD + length) else {
                break;
            };
            let change = match head[0] {
                1 => Change::Write {
                    offset,
                    data: data.to_vec(),
                },
                2 => Change::Cut(offset),
                3 => Change::Sync,
                4 => Change::Remove,
                other => panic!("a note of kind {other}"),
            };
            let file = usize::from(head[1]) - 1;
            let by = u16::from_le_bytes([head[2], head[3]]);
            moves.push(Move {
                file,
                change,
                at_ns,
                by,
            });
            at += HEAD + length;
        }
        Self(moves)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn syncs(&self) -> usize {
        let syncs = self.0.iter().filter(|it| matches!(it.change, Change::Sync));
        syncs.count()
    }

    /// Every commit, in the order of processes and of what each did.
    pub fn commits(&self) -> Vec<Commit> {
        let mut of_processes: Vec<(u16, Vec<usize>)> = Vec::new();
        for done in self.0.iter().filter(|done| done.file == LOG) {
            if of_processes.last().is_none_or(|(by, _)| *by != done.by) {
                of_processes.push((done.by, Vec::new()));
            }
            let Some((_, commits)) = of_processes.last_mut() else {
                continue;
            };
            match &done.change {
                Change::Write { data, .. } if data.len() == FRAME_HEAD && data[4..8] != [0; 4] => {
                    commits.push(0);
                }
                Change::Sync => {
                    if let Some(syncs) = commits.last_mut() {
                        *syncs += 1;
                    }
                }
                Change::Write { .. } | Change::Cut(_) | Change::Remove => {}
            }
        }
        let of_one = |commits: Vec<usize>| {
            let many = commits.len();
            let each = commits.into_iter().enumerate();
            each.map(move |(index, syncs)| Commit {
                syncs,
                last: index + 1 == many,
            })
        };
        of_processes
            .into_iter()
            .flat_map(|(_, commits)| of_one(commits))
            .collect()
    }

    /// Power fails about `many` times, each time just before a move that was chosen at random: `each` gets when, and what
    /// is found afterwards.
    pub fn failures(&self, many: usize, rng: &mut Rng, mut each: impl FnMut(u64, Image)) {
        let mut synced = Image::default();
        let mut waiting: [Vec<&Change>; FILES] = Default::default();
        for done in &self.0 {
            let wanted = many as f64 / self.0.len() as f64;
            let mut left = wanted.floor() as usize;
            left += usize::from((rng.below(1 << 20) as f64) < wanted.fract() * f64::from(1 << 20));
            for _ in 0..left {
                each(done.at_ns, found(&synced, &waiting, rng));
            }
            match &done.change {
                Change::Sync => {
                    for change in waiting[done.file].drain(..) {
                        synced.take(done.file, change, &|_| true);
                    }
                }
                change => {
                    // A file that is made anew under a name that was removed: the old one can't come back.
                    if matches!(waiting[done.file].last(), Some(Change::Remove)) {
                        waiting[done.file].clear();
                        synced.files[done.file] = None;
                    }
                    waiting[done.file].push(change);
                }
            }
        }
    }
}

fn found(synced: &Image, waiting: &[Vec<&Change>; FILES], rng: &mut Rng) -> Image {
    let mut image = synced.clone();
    let mood = rng.below(4);
    for (file, changes) in waiting.iter().enumerate() {
        for change in changes {
            let luck = if mood == 0 { 0 } else { rng.below(3) };
            match luck {
                // Lost.
                0 if mood != 1 => {}
                1 if mood > 1 => {
                    let torn = rng.below(1 << 62);
                    image.take(file, change, &|sector| (torn >> (sector % 62)) & 1 == 1);
                }
                _ => image.take(file, change, &|_| true),
            }
        }
    }
    image
}

impl Image {
    /// Does what was to be done; of a write only the sectors that `lucky` says.
    fn take(&mut self, file: usize, change: &Change, lucky: &dyn Fn(usize) -> bool) {
        let slot = &mut self.files[file];
        match change {
            Change::Sync => {}
            Change::Remove => *slot = None,
            Change::Cut(length) => slot.get_or_insert_default().resize(*length, 0),
            Change::Write { offset, data } => {
                let bytes = slot.get_or_insert_default();
                for (index, byte) in data.iter().enumerate() {
                    let at = offset + index;
                    if !lucky(at / SECTOR) {
                        continue;
                    }
                    if bytes.len() <= at {
                        bytes.resize(at + 1, 0);
                    }
                    bytes[at] = *byte;
                }
            }
        }
    }

    /// Puts it where a database is looked for. Shared memory does not outlive a power failure.
    pub fn put(&self, database: &Path) {
        let beside = |end: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(end);
            std::path::PathBuf::from(name)
        };
        let places = [database.to_owned(), beside("-wal")];
        for (bytes, place) in self.files.iter().zip(places) {
            match bytes {
                Some(bytes) => std::fs::write(place, bytes).unwrap(),
                None => drop(std::fs::remove_file(place)),
            }
        }
        let _ = std::fs::remove_file(beside("-shm"));
    }
}
