//! Signed notes (C2SP signed-note, ed25519): text that carries its signatures, and the text forms of their keys.
//!
//! A note is text that ends in a line feed, an empty line, and a line `— NAME BASE64` for each signature. What is signed is
//! the text with its last line feed. A key is known by its name and the first four bytes of a hash over name and key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::seal::Sealer;

/// The algorithm byte of ed25519 keys.
const ED25519_BYTE: u8 = 1;
/// How a line with a signature begins: an em dash and a space.
pub(super) const SIGNED_BY: &str = "\u{2014} ";
/// What stands before a private key, so that nobody takes it for a public one.
const PRIVATE: &str = "PRIVATE+KEY+";

/// What is wrong with a key or a note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum NoteError {
    // What was given is repeated by none of these: it may be a private key.
    #[error(
        "this is no public key: it is written NAME+8 hex digits+base64, as `interlock audit keygen` prints it and `interlock audit key FILE` prints it again"
    )]
    PublicKey,
    #[error(
        "this is the private key, and the public one is asked for: `interlock audit key FILE` prints it from the private key's file; whoever may have seen what was typed can sign as Interlock does, so make another key"
    )]
    PrivateNotPublic,
    #[error(
        "this is no private key: it is written PRIVATE+KEY+NAME+8 hex digits+base64, as `interlock audit keygen` makes it"
    )]
    PrivateKey,
    #[error("this can't be the name of a key: it must not be empty nor hold spaces or `+`")]
    Name,
    #[error("this is no signed note: it lacks the empty line and the lines of signatures behind it")]
    NotANote,
    #[error("the note is not signed by `{name}`: name the key that signed it")]
    NotSignedBy { name: String },
    #[error(
        "the signature of `{name}` does not fit the text: the note was changed, or signed with another key"
    )]
    WrongSignature { name: String },
    #[error("the system gave no random numbers for a key: try again")]
    NoRandomness,
}

type KeyId = [u8; 4];

fn key_id(name: &str, key: &[u8]) -> KeyId {
    let hash = Sha256::new_with_prefix(name)
        .chain_update([b'\n', ED25519_BYTE])
        .chain_update(key)
        .finalize();
    std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
}

fn named(name: &str) -> Result<(), NoteError> {
    match name.is_empty() || name.chars().any(|char| char.is_whitespace() || char == '+') {
        true => Err(NoteError::Name),
        false => Ok(()),
    }
}

/// `NAME+ID+BASE64` taken apart: the name, the id and 32 bytes of a key.
fn parts(text: &str) -> Option<(&str, KeyId, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let mut read_id = KeyId::default();
    hex::decode_to_slice(id, &mut read_id).ok()?;
    let key = STANDARD.decode(key).ok()?;
    let (&ED25519_BYTE, key) = key.split_first()? else {
        return None;
    };
    Some((name, read_id, key.try_into().ok()?))
}

fn text_form(name: &str, id: KeyId, key: &[u8]) -> String {
    let mut bytes = vec![ED25519_BYTE];
    bytes.extend_from_slice(key);
    format!("{name}+{}+{}", hex::encode(id), STANDARD.encode(bytes))
}

/// A private key and its name.
pub struct Signer {
    name: String,
    id: KeyId,
    pair: Ed25519KeyPair,
    sealer: Sealer,
}

impl Signer {
    /// A new key as the text that is to be kept secret.
    ///
    /// # Errors
    /// `Name`, or `NoRandomness`.
    pub fn generate(name: &str) -> Result<String, NoteError> {
        named(name)?;
        let seed: [u8; 32] = ring::rand::generate(&SystemRandom::new())
            .map_err(|_| NoteError::NoRandomness)?
            .expose();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoteError::PrivateKey)?;
        let id = key_id(name, pair.public_key().as_ref());
        Ok(format!("{PRIVATE}{}", text_form(name, id, &seed)))
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// `PrivateKey`; it does not repeat the text, which may be a key all the same.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, seed) = text
            .trim()
            .strip_prefix(PRIVATE)
            .and_then(parts)
            .ok_or(NoteError::PrivateKey)?;
        named(name)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoteError::PrivateKey)?;
        match key_id(name, pair.public_key().as_ref()) == id {
            true => Ok(Self {
                name: name.to_owned(),
                id,
                pair,
                sealer: Sealer::derived(&seed),
            }),
            false => Err(NoteError::PrivateKey),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What seals the database, with a key that is derived from this one.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        self.sealer.clone()
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey {
            name: self.name.clone(),
            id: self.id,
            key,
        }
    }

    /// The note of a text, which must end in a line feed.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.id.to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!(
            "{text}\n{SIGNED_BY}{} {}\n",
            self.name,
            STANDARD.encode(signature)
        )
    }
}

/// A public key and its name. Its text form is what a verifier is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: KeyId,
    key: [u8; 32],
}

impl PublicKey {
    /// Reads `NAME+ID+BASE64`.
    ///
    /// # Errors
    /// `PublicKey`, also when the id does not belong to name and key; `PrivateNotPublic`. Neither repeats the text.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.trim().starts_with(PRIVATE) {
            return Err(NoteError::PrivateNotPublic);
        }
        let (name, id, key) = parts(text.trim()).ok_or(NoteError::PublicKey)?;
        named(name)?;
        match key_id(name, &key) == id {
            true => Ok(Self {
                name: name.to_owned(),
                id,
                key,
            }),
            false => Err(NoteError::PublicKey),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key has signed. Signatures of others are passed over.
    ///
    /// # Errors
    /// `NotANote`, `NotSignedBy`, `WrongSignature`.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::NotANote)?;
        // With the first of the two line ends: it is signed too.
        let text = note.get(..=text.len()).ok_or(NoteError::NotANote)?;
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(NoteError::NotANote);
        }
        let mut ours = None;
        for line in signatures.lines() {
            let (name, signature) = line
                .strip_prefix(SIGNED_BY)
                .and_then(|rest| rest.split_once(' '))
                .ok_or(NoteError::NotANote)?;
            let bytes = STANDARD.decode(signature).map_err(|_| NoteError::NotANote)?;
            let (id, signature) = bytes.split_first_chunk::<4>().ok_or(NoteError::NotANote)?;
            if name == self.name && *id == self.id {
                ours = Some(signature.to_vec());
            }
        }
        let name = || self.name.clone();
        let signature = ours.ok_or_else(|| NoteError::NotSignedBy { name: name() })?;
        UnparsedPublicKey::new(&ED25519, &self.key)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| NoteError::WrongSignature { name: name() })?;
        Ok(text)
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&text_form(&self.name, self.id, &self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Key, text and signature with which the format's first implementation is documented and tested.
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_is_signed_and_opened() {
        let signer = Signer::parse(SECRET).unwrap();
        let public = PublicKey::parse(PUBLIC).unwrap();
        assert_eq!(signer.public(), public);
        assert_eq!(public.to_string(), PUBLIC);
        let text = public.open(NOTE).unwrap();
        assert!(
            text.ends_with("problem is.\n") && text.starts_with("If you"),
            "{text:?}"
        );
        assert_eq!(signer.sign(text), NOTE);
    }

    #[test]
    fn every_change_of_a_note_is_noticed() {
        let public = PublicKey::parse(PUBLIC).unwrap();
        for at in 0..NOTE.len() {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(public.open(&changed).is_err(), "byte {at}: {changed}");
            }
        }
        for (cut, _) in NOTE.char_indices() {
            assert!(public.open(&NOTE[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn keys_of_others_are_told_apart() {
        let other = Signer::parse(&Signer::generate("PeterNeumann").unwrap()).unwrap();
        assert_eq!(
            other.public().open(NOTE),
            Err(NoteError::NotSignedBy {
                name: "PeterNeumann".to_owned()
            })
        );
        for wrong in [
            "",
            "PeterNeumann",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            SECRET,
        ] {
            assert!(PublicKey::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Signer::parse(PUBLIC).is_err());
        assert!(Signer::generate("with space").is_err());
    }
}
