//! Stories: the true app against the doubles, told as a chat log. A story says what people do and what they and the
//! outside see; it never looks inside the bot. Every story ends with `world.ends()`, which fails on anything left over:
//! a message nobody read, an effect or a page that the story did not tell, an effect waiting in the outbox, a step
//! without an end, a journal that does not verify, a rule of Slack that was broken.

mod absent;
#[path = "../common/admin.rs"]
mod admin;
mod advisor;
mod approvals;
mod attention;
mod autonomy;
mod break_glass;
mod breaker;
mod bucket;
mod calendar;
mod canary;
mod changed;
mod changes;
mod checkpoints;
mod clocks;
mod closing;
mod crashes;
mod disruption;
mod edits;
mod ends;
mod evidence;
mod flapping;
mod freeze;
mod handoff;
mod journal;
mod late;
mod lifeline;
mod logs;
#[path = "../common/manifest.rs"]
mod manifest;
mod matching;
mod memory;
mod merging;
mod modes;
mod modify;
mod one_cause;
mod oversight;
mod owners;
mod pagerduty;
mod paging;
mod pairs;
mod parts;
mod plainly;
mod power;
mod prechecks;
mod reasons;
mod redis;
mod refused;
mod retention;
mod rewritten;
mod runbooks;
mod scenarios;
mod seen;
mod set_back;
mod settling;
mod silences;
mod slack_trouble;
mod sources;
mod stale;
mod standby;
mod stopping;
mod storm;
mod talk;
mod tampered;
mod targets;
mod tier3;
mod together;
mod told;
mod touched;
mod traces;
mod unknown;
mod world;
