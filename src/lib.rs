//! Interlock answers alerts in Slack with a team's own Markdown runbooks, and is the gate between proposing and moving.
//!
//! # From above
//!
//! One process, one database, one writer. Alerts, clicks and commands come in at the edges and become a
//! [`Command`](domain::command::Command). A single thread, the engine, takes them one after another, asks the pure domain what
//! follows, and commits journal entries and effects in one transaction; only then are senders answered and effects let go.
//! An incident's state is the fold of its entries and nothing else. Every step of a plan runs on a permit that the engine
//! gave after it had checked everything again and recorded the start. Without one only looks happen: targets and evidence are
//! read before a plan is shown, by Tier 0 actions and nothing above, which in `live` includes the read-only programs that a
//! runbook names as evidence; the action runner refuses an observation that does more.
//!
//! ```text
//!   webhooks ─ ingress ─┐                       ┌─ lane ─ slack::outbound ── card, thread
//!   clicks ─── slack ───┼─ Command ─ engine ────┼─ lane ─ app::outbox ────── pager, source
//!   results ─ executor ─┘      │       │        └─ drive ─ executor ─ actions ── cluster, HTTP
//!                           domain   store
//! ```
//!
//! # The path of one alert
//!
//! 1. `ingress::routes::receive` checks size, time, token and signature; the parser that `ingress::sources` names makes an
//!    [`Alert`](domain::alert::Alert) of it. `ingress::intake::Intake`, which is `app::intake::EngineIntake`, takes secrets
//!    out of its texts (`actions::redact`), hands it to `engine::handle::Handle::submit` and waits.
//! 2. `engine::batch` collects what waits, `engine::core::Core::run` decides it in order with `domain::decide::decide` and commits
//!    it with `store::journal::Store::commit`. Now the sender gets its 200, and not before.
//! 3. `domain::decide::alerts::received` collapses repeats, opens the incident and ranks the runbooks with
//!    `domain::matching::rank`. The best becomes a sketch (`domain::planning::sketch`): every command typed, no choice left open.
//! 4. The sketch leaves as a [`Drive`](domain::command::Drive), which asks the executor for one thing (look at these targets, start
//!    this step) and is not kept: what is under way is asked for anew after a crash. `executor::worker` looks at each target through `ports::Reader` (which is
//!    `actions::runner::Runner`), `executor::gather` asks for the runbook's evidence (`app::looks::Looks`), and both are
//!    reported as `Surveyed`. `domain::decide::survey::surveyed` completes the plan with what it costs
//!    on the live cluster, takes its digest (`domain::plan::Plan::digest`) and asks `domain::policy::Policy::decide`.
//! 5. `domain::event::Event::Proposed` is recorded; the effect goes to Slack's lane. `slack::outbound::card` draws the incident
//!    (`slack::cards::card::render`) and posts it, and from then on edits that one message. `slack::outbound::lines` puts
//!    a line in the thread for each entry that people follow the story by (`render::thread::line` has words for it, or none).
//! 6. A click comes in over `slack::inbound::socket` or `slack::inbound::http`, the same to `slack::inbound::pipeline`: it becomes an
//!    `Intent`, is decided by `domain::decide::plan_act::approve` (rights, digest and quorum again), committed, and acked.
//! 7. With the quorum met `domain::decide::advance::advance` asks for the first step. The executor brings a fresh look at the
//!    target and the approver's standing to `domain::decide::step::start`, which checks everything again, records
//!    `StepStarted`, and answers with a permit: an `Order`. Without a permit nothing runs.
//! 8. `actions::runner` performs it (`actions::kubernetes::exec`: the Status frame decides), filters and redacts the output and
//!    compares it with what was expected. `StepEnded` goes back in; `domain::run::Run::next` says what is next.
//! 9. Done and verified, the incident settles and is resolved at its source (`app::outbox`); else
//!    `domain::decide::advance::hand_over` gives it to people, `domain::escalation::urgency` says who is paged when, and the page
//!    has the whole story (`render::handoff`). `render::summary` ends the thread; what nobody resolves, a person closes (`domain::decide::ends`).
//!
//! After a crash the same path starts on old entries: `domain::decide::deadline::recover` makes every started and unfinished
//! step Unknown, and asks for what was under way.
//!
//! # Where things are
//!
//! | Module | What lives there |
//! |---|---|
//! | [`domain`] | The rules, pure and synchronous; one machine per file. Start at [`domain::decide`] |
//! | [`store`] | SQLite: journal with its hash chain, signed checkpoints over it, outbox, migrations. The only SQL |
//! | [`engine`] | The one writer, and the lanes on which effects leave |
//! | [`executor`] | Drives surveys and attempts in plain awaits; reads the freeze file |
//! | [`actions`] | What a step can do: Kubernetes and HTTP, output filters, redaction; and what rights that takes |
//! | [`evidence`] | Read-only looks at Prometheus, Loki, Tempo or Jaeger and Kubernetes, shaped into findings; the optional advisor |
//! | [`ingress`] | Alert sources, the accept loop, limits, signatures |
//! | [`slack`] | Inbound, outbound, cards, modals, App Home, people |
//! | [`paging`] | PagerDuty: page, resolve, who is on call |
//! | [`render`] | Text for people: thread lines, summaries, and why something was refused |
//! | [`planted`] | Bugs on purpose, in a build for tests alone: each guard's absence is noticed by a test |
//! | [`ports`] | The clock, the action runner, the directory of people |
//! | [`config`], [`telemetry`] | Settings, parsed once; logs and metrics |
//! | [`files`] | What a path leads to: whether it is a regular file, or the database itself |
//! | [`tls`] | Whom this machine trusts, read once for every client |
//! | [`cli`], [`app`] | One file per command; the wiring, and the demo |
//! | `playground` | A Slack workspace, a cluster, a pager, a Prometheus and tracing in one process, with a page. A feature |
//!
//! # What holds
//!
//! - Arrows point inward: the domain imports no adapter, adapters don't import each other, only `app` names implementations
//!   together. `tests/architecture.rs` reads it from the text.
//! - An answer leaves after its commit. A failed commit is never retried: the journal is read again, and what was asked is refused.
//! - A step starts at most once: its start is an entry, and an attempt whose end is not known is Unknown until a person
//!   judges it.
//! - Errors in policy, identity or configuration mean no. Calling for help and stopping are what fails open: paging, freezing.
//! - Buttons carry a pointer, never authority: who clicked, what is shown and what is allowed come from the state.
//! - What decides, its journal, its configuration and its webhooks' parsers neither index nor do arithmetic that could overflow; a
//!   function over 60 lines and a file over 400 say why. Clippy and `tests/architecture.rs` hold it.
//!
//! # What is absent, on purpose
//!
//! - No shell. Command lines are parsed into typed actions; what is not understood is an error of the runbook.
//! - No clock, randomness or I/O in the domain: time is an argument, so every story can be replayed.
//! - No second place where state lives. Tables beside the journal are caches; a card is drawn from the state, never read.
//! - No branch for tests in what is released: the bugs of [`planted`] are in builds for tests alone. No mocks:
//!   tests use the playground's doubles, which speak the real protocols.
//! - No unsafe code, no `unwrap`, `expect` or `panic!` outside tests.
//! - No learning, and no model that decides: where one is configured, it may put candidates that a person chooses from in another
//!   order and propose values inside a parameter's bounds, which a person approves ([`domain::advice`]), and no more. No text of an
//!   alert in a command: alert data enters one as a whole, typed argument.

#![cfg_attr(
    not(test),
    deny(
        clippy::dbg_macro,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::todo,
        clippy::too_many_lines,
        clippy::unimplemented,
        clippy::unwrap_used
    )
)]

pub mod actions;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod evidence;
pub mod executor;
pub mod files;
pub mod ingress;
pub mod paging;
pub mod planted;
#[cfg(feature = "playground")]
pub mod playground;
pub mod ports;
pub mod render;
pub mod slack;
pub mod store;
pub mod telemetry;
pub mod tls;
