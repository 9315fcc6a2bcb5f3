//! One turn of one thread: the next line, or several joined when the channel is busy; a summary; a file. Alerts that joined the
//! incident one after another are one line however many they are.
//!
//! Invariants: lines go out in the order of the journal, and the next only when the one before is there: so what is not found of
//! the first line of a turn was not sent of those after it either. Nothing goes out without leave, and what Slack refuses twice
//! is given up: the story behind it must not wait for ever.

use tokio::time::{Instant, sleep_until};
use tracing::error;

use super::attach;
use super::card::{Bench, Turn, failed};
use super::desk::SKEW;
use super::limits::POST_METHOD;
use super::post::{DeliveryIds, Message, find, post_once};
use super::queue::Asking;
use crate::domain::event::{Entry, Event};
use crate::domain::evidence::{Finding, charted};
use crate::domain::ids::{AttemptId, IncidentId};
use crate::domain::incident::{Incident, MessageRef};
use crate::ports::Output;
use crate::slack::api::{ApiError, Trouble};
use crate::slack::cards::text::{chunks, cut};
use crate::slack::cards::{claim, section};

/// Longest joined message, in characters.
const JOINED: usize = 2800;
/// So many alerts that joined in a row are told as one line.
const CROWD: usize = 3;
/// Longest summary.
const SUMMARY: usize = 12_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Entry(u64),
    /// With the number of the handover that it was made for; the last one has none.
    Summary(Option<u64>),
    File(AttemptId),
    /// Of the evidence in the entry with this number.
    Chart(u64),
}

#[derive(Clone, Debug)]
pub struct Line {
    pub row: i64,
    /// `17@1732154400123`
    pub id: String,
    pub what: What,
    pub maybe_sent: bool,
    pub since: i64,
}

#[derive(Clone, Debug)]
pub struct LinesJob {
    pub incident: IncidentId,
    pub card: MessageRef,
    /// Never empty.
    pub lines: Vec<Line>,
}

impl LinesJob {
    /// The entries that this turn needs, from the first to the last; all for what tells the whole incident. Thousands of
    /// alerts may stand before and behind those of one turn.
    fn told_between(&self) -> Option<(u64, u64)> {
        let number = |line: &Line| match line.what {
            What::Entry(seq) | What::Chart(seq) => Some(seq),
            What::Summary(_) | What::File(_) => None,
        };
        number(self.lines.first()?)?;
        let numbers = || self.lines.iter().filter_map(number);
        Some((numbers().min()?, numbers().max()?))
    }
}

/// How many of the lines are over, and how the turn ended.
pub struct LinesTurn {
    pub over: usize,
    pub turn: Turn,
}

pub async fn turn(bench: &Bench, job: LinesJob) -> LinesTurn {
    let stop = |turn| LinesTurn { over: 0, turn };
    let (incident, entries) = match tokio::join!(
        bench.engine.incident(job.incident),
        bench.engine.entries_between(job.incident, job.told_between())
    ) {
        (Ok(Some(incident)), Ok(entries)) => (incident, entries),
        (Ok(None), _) => {
            return LinesTurn {
                over: 0,
                turn: Turn::Forgotten,
            };
        }
        (Err(_), _) | (_, Err(_)) => return stop(Turn::NoEngine),
    };
    let Some(first) = job.lines.first() else {
        return stop(shown());
    };
    let told = Told {
        job: &job,
        asking: Asking::thread(&incident, first.since + SKEW),
    };
    match &first.what {
        What::File(attempt) => {
            if let Err(at) = told.has_leave(bench) {
                return stop(Turn::Later(at));
            }
            let journaled = journaled(&entries, *attempt);
            let attached = attach::output(bench, &job.card, first, *attempt, journaled).await;
            over(bench, &told, first, attached, "The whole output").await
        }
        What::Chart(seq) => {
            if let Err(at) = told.has_leave(bench) {
                return stop(Turn::Later(at));
            }
            let finding = charted_at(&entries, *seq);
            let attached = match finding {
                Some(finding) => attach::chart(bench, &job.card, first, (&incident, finding)).await,
                None => Ok(()),
            };
            over(bench, &told, first, attached, "A chart").await
        }
        What::Summary(Some(handover)) if closed_since(&entries, *handover) => LinesTurn {
            over: 1,
            turn: shown(),
        },
        What::Summary(handover) => {
            // As of the handover: what came after it has lines of its own.
            let until = handover.map_or(entries.len(), |handover| {
                entries.partition_point(|entry| entry.seq <= handover)
            });
            let entries = entries.get(..until).unwrap_or_default();
            let text = cut(&(bench.shared.words.summary)(entries, &incident), SUMMARY);
            send(bench, &told, &[first], text).await
        }
        What::Entry(_) => entry_lines(bench, &told, &incident, &entries).await,
    }
}

/// Lines that are to be posted, and what a turn for them is asked with.
struct Told<'a> {
    job: &'a LinesJob,
    asking: Asking,
}

impl Told<'_> {
    fn has_leave(&self, bench: &Bench) -> Result<(), Instant> {
        bench
            .limits
            .post(&self.job.card.channel, self.asking, Instant::now())
    }
}

/// The output of an attempt as far as the journal has it.
fn journaled(entries: &[Entry], wanted: AttemptId) -> Option<&Output> {
    entries.iter().find_map(|entry| {
        let Event::StepEnded { attempt, output, .. } = &entry.event else {
            return None;
        };
        (*attempt == wanted).then_some(output)
    })
}

fn charted_at(entries: &[Entry], seq: u64) -> Option<&Finding> {
    let entry = entries.iter().find(|entry| entry.seq == seq)?;
    let Event::Gathered { findings, .. } = &entry.event else {
        return None;
    };
    charted(findings)
}

/// What becomes of a file's turn. A workspace that takes no files takes none at the next try either, and what follows must
/// not wait.
async fn over(
    bench: &Bench,
    told: &Told<'_>,
    line: &Line,
    attached: Result<(), ApiError>,
    what: &str,
) -> LinesTurn {
    match attached {
        Ok(()) => LinesTurn {
            over: 1,
            turn: shown(),
        },
        Err(error @ ApiError::Refused { .. }) if error.trouble() != Trouble::Gone => {
            let text = format!("{what} could not be attached here: {error}");
            send(bench, told, &[line], text).await
        }
        Err(error) => LinesTurn {
            over: 0,
            turn: failed(bench, "files.completeUploadExternal", error),
        },
    }
}

/// The last summary follows and says all that this one would have said.
fn closed_since(entries: &[Entry], handover: u64) -> bool {
    entries
        .iter()
        .any(|entry| entry.seq > handover && matches!(entry.event, Event::Closed { .. }))
}

async fn entry_lines(bench: &Bench, told: &Told<'_>, incident: &Incident, entries: &[Entry]) -> LinesTurn {
    let job = told.job;
    let room = bench.limits.has_room(&job.card.channel, Instant::now());
    let mut texts: Vec<String> = Vec::new();
    let mut taken: Vec<&Line> = Vec::new();
    let mut size = 0;
    let mut silent = 0;
    let mut packet = false;
    let mut rest = job.lines.as_slice();
    while let Some(line) = rest.first() {
        let What::Entry(seq) = line.what else { break };
        let crowd = crowd(rest, entries);
        if crowd.len() >= CROWD {
            let text = (bench.shared.words.crowd)(&crowd);
            size += text.chars().count() + 1;
            if !taken.is_empty() && size > JOINED {
                break;
            }
            texts.push(text);
            let (these, others) = rest.split_at(crowd.len());
            taken.extend(these);
            rest = others;
            continue;
        }
        rest = rest.get(1..).unwrap_or_default();
        let entry = entry_of(seq, entries);
        let Some(text) = entry.and_then(|entry| (bench.shared.words.line)(entry, incident)) else {
            // The thread doesn't show it; it is over as soon as everything before it is.
            if taken.is_empty() {
                silent += 1;
                continue;
            }
            break;
        };
        let alone = line.maybe_sent || room;
        size += text.chars().count() + 1;
        if !taken.is_empty() && (alone || size > JOINED) {
            break;
        }
        packet |= entry.is_some_and(|entry| matches!(entry.event, Event::HandedOver { .. }));
        texts.push(text);
        taken.push(line);
        if alone {
            break;
        }
    }
    if taken.is_empty() {
        return LinesTurn {
            over: silent,
            turn: shown(),
        };
    }
    let claim = claim(incident, bench.shared.outlook.origin()).filter(|_| packet);
    let mut sent = send_with(bench, told, &taken, texts.join("\n"), claim).await;
    sent.over += silent;
    sent
}

/// The alerts that joined with the first of these lines, one after another.
fn crowd<'e>(lines: &[Line], entries: &'e [Entry]) -> Vec<&'e Entry> {
    let joined = lines.iter().map_while(|line| match line.what {
        What::Entry(seq) => {
            entry_of(seq, entries).filter(|entry| matches!(entry.event, Event::Joined { .. }))
        }
        What::Summary(_) | What::File(_) | What::Chart(_) => None,
    });
    joined.collect()
}

/// Entries come in the order of the journal.
fn entry_of(seq: u64, entries: &[Entry]) -> Option<&Entry> {
    let at = entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
    entries.get(at)
}

async fn send(bench: &Bench, told: &Told<'_>, lines: &[&Line], text: String) -> LinesTurn {
    send_with(bench, told, lines, text, None).await
}

/// With buttons below the text.
async fn send_with(
    bench: &Bench,
    told: &Told<'_>,
    lines: &[&Line],
    text: String,
    buttons: Option<serde_json::Value>,
) -> LinesTurn {
    if let Err(at) = told.has_leave(bench) {
        return LinesTurn {
            over: 0,
            turn: Turn::Later(at),
        };
    }
    let job = told.job;
    let mut message = Message {
        channel: job.card.channel.clone(),
        thread: Some(job.card.ts.clone()),
        body: body(&text, buttons),
        ids: DeliveryIds {
            incident: job.incident,
            database: bench.shared.outlook.origin().as_str().to_owned(),
            rows: lines.iter().map(|line| line.id.clone()).collect(),
        },
        since: lines.iter().map(|line| line.since).min().unwrap_or_default(),
    };
    let over = match sent_before(bench, told, lines, &message).await {
        Ok(0) => posted(bench, told, &mut message).await.map(|()| lines.len()),
        other => other,
    };
    match over {
        Ok(over) => LinesTurn { over, turn: shown() },
        Err(error) => LinesTurn {
            over: 0,
            turn: failed(bench, POST_METHOD, error),
        },
    }
}

/// Posts it, or a plain line where Slack does not take it, or nothing where it takes neither: what is behind it goes on.
async fn posted(bench: &Bench, told: &Told<'_>, message: &mut Message) -> Result<(), ApiError> {
    let incident = told.job.incident;
    match post_once(&bench.api, message, false).await {
        Err(error) if refused_for_good(&error) => {
            error!(%incident, %error, "Slack refuses a line of the thread; a plain one is posted instead");
        }
        sent => return sent.map(drop),
    }
    let plain = "Something happened here that Slack can't show; `interlock audit show` has it.";
    message.body = body(plain, None);
    while let Err(at) = told.has_leave(bench) {
        sleep_until(at).await;
    }
    match post_once(&bench.api, message, false).await {
        Err(error) if refused_for_good(&error) => {
            error!(%incident, %error, "Slack refuses the plain line as well; the thread goes on without it, the journal has it");
            Ok(())
        }
        sent => sent.map(drop),
    }
}

/// How many of the lines are there already, from the first of these on: none, unless the first may have been sent. The message
/// that is found may deliver more than would go out now, or less.
async fn sent_before(
    bench: &Bench,
    told: &Told<'_>,
    lines: &[&Line],
    message: &Message,
) -> Result<usize, ApiError> {
    let Some(first) = lines.first().filter(|line| line.maybe_sent) else {
        return Ok(0);
    };
    let mut wanted = message.clone();
    wanted.ids.rows = vec![first.id.clone()];
    let Some((_, ids)) = find(&bench.api, &wanted).await? else {
        return Ok(0);
    };
    let from_first = told.job.lines.iter().skip_while(|line| line.row != first.row);
    Ok(from_first.take_while(|line| ids.delivers(&line.id)).count())
}

fn refused_for_good(error: &ApiError) -> bool {
    error.trouble() == Trouble::Content
}

fn body(text: &str, buttons: Option<serde_json::Value>) -> serde_json::Value {
    let mut blocks: Vec<serde_json::Value> = chunks(text, JOINED).iter().map(|part| section(part)).collect();
    blocks.extend(buttons);
    serde_json::json!({
        "text": cut(text, 3000), "blocks": if blocks.is_empty() { vec![section("-")] } else { blocks },
        "unfurl_links": false, "unfurl_media": false,
    })
}

fn shown() -> Turn {
    Turn::Shown {
        posted: None,
        drawn: None,
        edited: false,
    }
}
