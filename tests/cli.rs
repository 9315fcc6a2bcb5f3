//! The program as people type it: what each command prints, how it ends, and what it says to bad input. The real
//! binary runs, in a folder of its own, without network.

#[path = "cli/admission.rs"]
mod admission;
#[path = "cli/backup.rs"]
mod backup;
#[path = "cli/context.rs"]
mod context;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/eval.rs"]
mod eval;
#[path = "cli/freezing.rs"]
mod freezing;
#[path = "cli/ingest.rs"]
mod ingest;
#[path = "cli/journal.rs"]
mod journal;
#[path = "cli/oversight.rs"]
mod oversight;
#[path = "cli/patterns.rs"]
mod patterns;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/policy.rs"]
mod policy;
#[path = "cli/power.rs"]
mod power;
#[path = "cli/proof.rs"]
mod proof;
#[path = "cli/retention.rs"]
mod retention;
#[path = "cli/runbooks.rs"]
mod runbooks;
#[path = "cli/server.rs"]
mod server;
#[path = "cli/serving.rs"]
mod serving;
#[path = "cli/starting.rs"]
mod starting;
#[path = "cli/story.rs"]
mod story;
#[path = "cli/totp.rs"]
mod totp;
#[path = "cli/upgrade.rs"]
mod upgrade;
