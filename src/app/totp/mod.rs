//! Second factors for Tier 3: one-time codes of an authenticator app (RFC 6238). `seed` makes codes of a secret, `file`
//! keeps the secrets, `factors` answers for the running bot. Secrets are here and nowhere else: not in the journal, not
//! in the domain, which is told only what became of a code.

mod factors;
mod file;
mod seed;

pub use factors::Factors;
pub use file::{Enrolled, FactorFile, FactorFileError};
pub use seed::Seed;
