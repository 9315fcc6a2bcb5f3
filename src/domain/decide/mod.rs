//! Deciding: state, command and time in; entries, effects and an answer out. Each file decides one kind of command.
//! `Tx` records an event and applies it at once, so that what follows in the same command sees it.

mod act;
mod advance;
mod advise;
mod alerts;
mod back;
mod breaker;
mod carry;
mod changes;
mod charge;
mod contain;
mod cut;
mod deadline;
mod ends;
mod erase;
mod freezing;
mod glass;
mod heard;
mod judge;
mod merge;
mod plan_act;
mod restored;
mod settling;
mod silences;
mod split;
mod step;
mod storm;
mod survey;
mod twins;
mod tx;
mod who;
mod world;
mod yes;

use jiff::Timestamp;

use super::command::{Command, Delivered, NewCheckpoint, Reply};
use super::event::Event;
use super::factors::FactorsSeen;
use super::freeze::Scope;
use super::ids::DeliveryKey;
use super::incident::Incident;
use super::notice::Notice;
use super::rules::Rules;
use super::runbook::Catalog;
use crate::planted::{self, Bug};

pub use tx::Tx;

/// What a decision may look at beside the state.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub rules: &'a Rules,
    pub catalog: &'a Catalog,
}

/// Decides one command. Total: a command that makes no sense now is answered, never an error.
pub fn decide(tx: &mut Tx<'_>, context: Context<'_>, command: Command) -> Reply {
    if came_before(tx, &command) {
        return tx.again();
    }
    match command {
        Command::Alerts { source, key, alerts } => alerts::received(tx, context, &source, key, alerts),
        Command::Changes { changes } => changes::told(tx, context, changes),
        Command::ChangesUnread { unread } => changes::unread(tx, context, unread),
        Command::Act {
            key,
            person,
            channel,
            intent,
        } => {
            tx.use_key(key);
            act::act(tx, context, &person, channel, intent)
        }
        Command::Surveyed {
            incident,
            sketch,
            results,
            findings,
        } => survey::surveyed(tx, context, incident, *sketch, results, findings),
        Command::Advised { incident, order } => advise::advised(tx, incident, order),
        Command::Filled {
            incident,
            runbook,
            values,
        } => advise::filled(tx, context, incident, &runbook, &values),
        Command::Rechecked { incident, plan, seen } => step::rechecked(tx, context, incident, plan, &seen),
        Command::StartStep(request) => step::start(tx, context, &request),
        Command::StepEnded {
            attempt,
            outcome,
            output,
            took_ms,
        } => step::ended(tx, context, attempt, outcome, output, took_ms),
        Command::Delivered(delivered) => confirmed(tx, context, delivered),
        Command::Unseen(incident) => advance::page_unseen(tx, context, incident),
        Command::Factors(seen) => factors_read(tx, context, &seen),
        Command::Checkpointed(signed) => checkpointed(tx, signed),
        Command::Stop { scope, reason } => stopped(tx, context, scope, reason),
        Command::FreezeFileSeen { path, file } => freezing::file_seen(tx, context, path, file),
        Command::Restored { entries } => restored::restored(tx, context, entries),
        Command::Erase {
            by,
            incidents,
            before,
            alone,
        } => erase::erase(tx, context, by, incidents, before, alone),
        Command::Tick => deadline::tick(tx, context),
        Command::ClockWentBack { from } => back::clock_went_back(tx, context, from),
        Command::Landed { incidents, attempts } => deadline::landed(tx, context, &incidents, &attempts),
        Command::Unkept { place, since } => told(tx, context, Notice::Unkept { place, since }),
        Command::Behind { why } => restored::rolled_back(tx, context, &why),
        Command::Recover {
            database,
            behind,
            unsent,
        } => deadline::recover(tx, context, database, behind, unsent),
    }
}

/// Whether this very delivery was decided already.
fn came_before(tx: &Tx<'_>, command: &Command) -> bool {
    let seen = command.key().is_some_and(|key| tx.state().seen.contains(key));
    seen && !planted::is(Bug::RedeliveryCounts)
}

impl Command {
    fn key(&self) -> Option<&DeliveryKey> {
        match self {
            Self::Alerts { key, .. } | Self::Act { key, .. } => key.as_ref(),
            Self::Changes { .. }
            | Self::ChangesUnread { .. }
            | Self::Surveyed { .. }
            | Self::Advised { .. }
            | Self::Filled { .. }
            | Self::Rechecked { .. }
            | Self::StartStep(_)
            | Self::StepEnded { .. }
            | Self::Delivered(_)
            | Self::Unseen(_)
            | Self::Tick
            | Self::ClockWentBack { .. }
            | Self::Factors(_)
            | Self::Checkpointed(_)
            | Self::Stop { .. }
            | Self::FreezeFileSeen { .. }
            | Self::Restored { .. }
            | Self::Erase { .. }
            | Self::Landed { .. }
            | Self::Unkept { .. }
            | Self::Behind { .. }
            | Self::Recover { .. } => None,
        }
    }
}

fn told(tx: &mut Tx<'_>, context: Context<'_>, notice: Notice) -> Reply {
    freezing::announce(tx, context, notice);
    Reply::Stored
}

fn stopped(tx: &mut Tx<'_>, context: Context<'_>, scope: Scope, reason: String) -> Reply {
    freezing::by_interlock(tx, context, scope, reason, None);
    Reply::Stored
}

fn factors_read(tx: &mut Tx<'_>, context: Context<'_>, seen: &FactorsSeen) -> Reply {
    for change in tx.state().factors.news(seen, context.now) {
        tx.record(Event::SecondFactor { change });
    }
    Reply::Stored
}

fn checkpointed(tx: &mut Tx<'_>, signed: NewCheckpoint) -> Reply {
    let NewCheckpoint {
        size,
        note,
        kept,
        line,
    } = signed;
    let started = tx.state().unsigned_upto(size);
    tx.record(Event::Checkpointed { size, note, kept });
    if let Some(line) = line {
        for incident in started {
            let line = line.clone();
            tx.record(Event::Anchored { incident, size, line });
        }
    }
    Reply::Stored
}

fn confirmed(tx: &mut Tx<'_>, context: Context<'_>, delivered: Delivered) -> Reply {
    match delivered {
        Delivered::Card { incident, message } => {
            let known = tx
                .state()
                .incident(incident)
                .map(|incident| incident.card.as_ref() == Some(&message));
            if known == Some(false) {
                tx.record(Event::CardPosted { incident, message });
            }
        }
        Delivered::Page { incident, dedup_key } => {
            // Offered until it is stored, so it may come again after a commit that failed and had landed.
            let known = tx.state().incident(incident);
            if known.is_some_and(|incident| incident.paging.delivered_at.is_none()) {
                tx.record(Event::Paged { incident, dedup_key });
            }
        }
        Delivered::SourceResolved {
            incident,
            how,
            episodes,
        } => {
            tx.record(Event::SourceResolved { incident, how });
            settling::source_told(tx, context, incident, &episodes);
        }
        Delivered::PageFailed {
            incident,
            reason,
            trying,
        } => {
            let news = tx.state().incident(incident).is_some_and(|incident| {
                let known = incident.paging.failed.as_ref();
                incident.is_open()
                    && known.is_none_or(|known| known.reason != reason || known.trying != trying)
            });
            if news {
                tx.record(Event::PageFailed {
                    incident,
                    reason,
                    trying,
                });
            }
        }
        Delivered::Silence { incident, no, news } => silences::told(tx, incident, no, news),
        Delivered::SourceTold { incident, how } => {
            tx.record(Event::SourceTold { incident, how });
        }
        Delivered::SourceRefused { incident, reason } => {
            if tx.state().incident(incident).is_some_and(Incident::is_open) {
                tx.record(Event::SourceRefused { incident, reason });
            }
        }
    }
    Reply::Stored
}
