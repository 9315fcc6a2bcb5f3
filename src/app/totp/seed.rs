//! One person's secret, and the codes that follow from it: HMAC-SHA-1, 30 seconds, six digits, which is what every
//! authenticator app understands (RFC 6238, RFC 4226).

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::domain::ceremony::{STEP_SECONDS, STEPS_BESIDE};

/// Bytes of a new secret: as long as the hash (RFC 4226, 4).
const LENGTH: usize = 20;
/// A shorter one is no secret of ours (RFC 4226, 4: at least 128 bits).
const SHORTEST: usize = 16;
const DIGITS: u32 = 6;

/// A secret. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Vec<u8>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Seed {
    /// A new one, of the system's randomness. `None` when that fails.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let mut bytes = vec![0; LENGTH];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// As apps and the file write it. `None` for what is no secret or too short for one.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.trim().as_bytes()).ok()?;
        (bytes.len() >= SHORTEST).then_some(Self(bytes))
    }

    #[must_use]
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The code of a time step.
    #[must_use]
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // RFC 4226, 5.3: four bytes from where the last half byte says, without the sign.
        let from = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
        let number = tag
            .iter()
            .skip(from)
            .take(4)
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let code = (number & 0x7fff_ffff) % 10_u32.pow(DIGITS);
        format!("{code:06}")
    }

    /// The time step whose code this is, out of those that count at `now`; the latest when there are several.
    #[must_use]
    pub fn step_of(&self, code: &str, now: u64) -> Option<u64> {
        let steps = now.saturating_sub(STEPS_BESIDE)..=now.saturating_add(STEPS_BESIDE);
        // Every one is looked at, whatever is found: how long it takes says nothing.
        steps.fold(None, |found, step| {
            let same = bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes()));
            if same { Some(step) } else { found }
        })
    }

    /// What an authenticator app reads from a QR code (the "Key URI format" of Google Authenticator).
    #[must_use]
    pub fn uri(&self, person: &str) -> String {
        let person = percent_encoding::utf8_percent_encode(person, percent_encoding::NON_ALPHANUMERIC);
        format!(
            "otpauth://totp/Interlock:{person}?secret={}&issuer=Interlock&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            self.base32()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Seed {
        Seed(b"12345678901234567890".to_vec())
    }

    /// The table of RFC 6238, appendix B, its last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59_u64, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(known().code(seconds / STEP_SECONDS), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_in_its_step_and_one_beside_it() {
        let (seed, now) = (known(), 1_000_000);
        for beside in -1..=1_i64 {
            let step = now + beside;
            let step = u64::try_from(step).unwrap();
            assert_eq!(seed.step_of(&seed.code(step), 1_000_000), Some(step), "{beside}");
        }
        for beside in [-3, -2, 2, 3_i64] {
            let step = u64::try_from(now + beside).unwrap();
            assert_eq!(seed.step_of(&seed.code(step), 1_000_000), None, "{beside}");
        }
        for code in ["", "12345", "1234567", "abcdef", "²34567"] {
            assert_eq!(seed.step_of(code, 1_000_000), None, "{code}");
        }
    }

    #[test]
    fn a_secret_reads_back_as_it_was_written_and_shows_itself_nowhere_else() {
        let seed = Seed::generate().unwrap();
        assert_eq!(Seed::from_base32(&seed.base32()), Some(seed.clone()));
        assert_eq!(seed.base32().len(), 32);
        assert!(!format!("{seed:?}").contains(&seed.base32()));
        assert_eq!(Seed::from_base32("GEZDGNBV"), None, "too short for a secret");
        assert_eq!(Seed::from_base32("not base32!"), None);
        assert_eq!(
            known().uri("T1/U1"),
            "otpauth://totp/Interlock:T1%2FU1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Interlock&algorithm=SHA1&digits=6&period=30"
        );
    }
}
