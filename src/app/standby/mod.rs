//! Cold standby: of several Interlocks one does the work, and the others wait for its Lease. Who takes it begins a new epoch,
//! which every entry of the journal carries from then on, and sees to it that whoever had it before can't act any more: the
//! Secret to which that one's tokens are bound is deleted, and the tokens are waited for.
//!
//! `turn` says when a Lease may be taken; `take` takes it; `keep` renews it, and tells `fence`, through which every step goes,
//! until when it holds. Invariant: only this process's own monotonic clock counts, never a time that somebody wrote.

mod fence;
mod keep;
mod take;
mod turn;

pub use keep::Standby;
pub use take::take;
