//! Amazon SNS over HTTP: the envelope, its signature, and the confirmation of a subscription. Anybody with an AWS account can
//! have SNS sign a message, so the topic must be one that the operator listed, and the certificate must come from a host of
//! SNS itself. Nothing is fetched for a message of another topic, of another host, or of another day. Raw delivery has no
//! signature and is refused.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use serde_json::Value;

use super::cloudwatch;
use super::error::ParseError;
use super::json::{need, object, text, without_bom};
use super::moment::written;
use super::read::{Incoming, Read};
use super::sns_web::{Certificates, SnsUrl, Unreachable};

const EXPECTED: &str = "a message of Amazon SNS";
/// SNS tries for an hour at most; what is older was kept by somebody.
const OLDEST: SignedDuration = SignedDuration::from_mins(75);
/// For clocks that are not quite right.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What an authentic message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Notification {
        id: String,
        message: String,
    },
    /// The subscription was asked for, and is confirmed now.
    Confirmed,
    /// A subscription is asked for, and nobody proved to have asked.
    Unproven,
    /// Somebody ended the subscription. Nothing to do but to say so.
    Ended,
}

/// Why a message is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum SnsError {
    #[error(transparent)]
    Malformed(#[from] ParseError),
    #[error("raw message delivery carries no signature: switch it off in the subscription")]
    Raw,
    #[error("the topic is not one of `webhooks.cloudwatch.topics`: add its ARN there if it is yours")]
    OtherTopic,
    #[error(
        "`{0}` is not an https address of SNS, so nothing is fetched from it: send the messages of SNS unchanged"
    )]
    OtherHost(&'static str),
    #[error("the signature does not hold: send the messages of SNS unchanged")]
    Forged,
    #[error("the message was signed too long ago, or the clocks differ by more than 5 minutes: set them")]
    Stale,
    #[error("the address to confirm the subscription is not of this topic: subscribe to the topic itself")]
    OtherSubscription,
    #[error("{0}: SNS will try again")]
    Unreachable(#[from] Unreachable),
}

/// The envelope without a look at its authenticity: for the command line, and for loopback without secrets.
pub(super) fn unchecked(body: &[u8]) -> Result<Message, SnsError> {
    let envelope = envelope(body)?;
    match need(&envelope, "/Type", EXPECTED)?.as_str() {
        "Notification" => notification(&envelope),
        "SubscriptionConfirmation" => Ok(Message::Unproven),
        _ => Ok(Message::Ended),
    }
}

/// Checks a message, and confirms the subscription when it asks for that.
pub(super) async fn open(
    body: &[u8],
    topics: &[String],
    certificates: &Certificates,
    now: Timestamp,
) -> Result<Message, SnsError> {
    let envelope = envelope(body)?;
    let kind = need(&envelope, "/Type", EXPECTED)?;
    let topic = need(&envelope, "/TopicArn", EXPECTED)?;
    if !topics.contains(&topic) {
        return Err(SnsError::OtherTopic);
    }
    let at = written(&need(&envelope, "/Timestamp", EXPECTED)?).ok_or(SnsError::Stale)?;
    if now.duration_since(at) > OLDEST || at.duration_since(now) > AHEAD {
        return Err(SnsError::Stale);
    }
    let certificate = SnsUrl::certificate(&need(&envelope, "/SigningCertURL", EXPECTED)?)
        .ok_or(SnsError::OtherHost("SigningCertURL"))?;
    let signed = signed_text(&envelope, &kind)?;
    let algorithm = algorithm(&need(&envelope, "/SignatureVersion", EXPECTED)?)?;
    let signature = STANDARD
        .decode(need(&envelope, "/Signature", EXPECTED)?)
        .map_err(|_| SnsError::Forged)?;
    let key = certificates.key(&certificate, now).await?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| SnsError::Forged)?;
    match kind.as_str() {
        "Notification" => notification(&envelope),
        "SubscriptionConfirmation" => {
            let url = need(&envelope, "/SubscribeURL", EXPECTED)?;
            let url = SnsUrl::any(&url).ok_or(SnsError::OtherHost("SubscribeURL"))?;
            if !url.confirms(&topic) {
                return Err(SnsError::OtherSubscription);
            }
            certificates.confirm(&url).await?;
            Ok(Message::Confirmed)
        }
        _ => Ok(Message::Ended),
    }
}

impl Message {
    /// What it says as alerts.
    pub fn read(self, incoming: &Incoming<'_>) -> Read {
        match self {
            Self::Notification { id, message } => cloudwatch::read(incoming, &message, &id),
            Self::Confirmed => Read::aside("the subscription is confirmed"),
            Self::Unproven => Read::aside(
                "a subscription is confirmed only when its signature holds and its topic is one of `webhooks.cloudwatch.topics`",
            ),
            Self::Ended => Read::aside("the subscription has ended: no more alarms come from this topic"),
        }
    }
}

fn envelope(body: &[u8]) -> Result<Value, SnsError> {
    let envelope = object(without_bom(body), EXPECTED)?;
    if text(&envelope, "/Type").is_none() && text(&envelope, "/AlarmName").is_some() {
        return Err(SnsError::Raw);
    }
    Ok(envelope)
}

fn notification(envelope: &Value) -> Result<Message, SnsError> {
    Ok(Message::Notification {
        id: text(envelope, "/MessageId").unwrap_or_default(),
        message: need(envelope, "/Message", EXPECTED)?,
    })
}

/// Names and values of what is signed, a line each, in the order of the names.
fn signed_text(envelope: &Value, kind: &str) -> Result<String, SnsError> {
    let names: &[&str] = match kind {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &[
            "Message",
            "MessageId",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ],
        _ => {
            return Err(SnsError::Malformed(super::json::lacks(
                "/Type",
                "a kind of message that SNS has",
                EXPECTED,
            )));
        }
    };
    let mut signed = String::new();
    for name in names {
        // Exactly as it stands: white space is signed too.
        match envelope.get(*name) {
            Some(Value::String(value)) => {
                for part in [name, value.as_str()] {
                    signed.push_str(part);
                    signed.push('\n');
                }
            }
            None | Some(Value::Null) if *name == "Subject" => {}
            _ => {
                let pointer = format!("/{name}");
                return Err(SnsError::Malformed(super::json::lacks(
                    &pointer, "a text", EXPECTED,
                )));
            }
        }
    }
    Ok(signed)
}

fn algorithm(version: &str) -> Result<&'static RsaParameters, SnsError> {
    match version {
        "1" => Ok(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        "2" => Ok(&RSA_PKCS1_2048_8192_SHA256),
        _ => Err(SnsError::Malformed(super::json::lacks(
            "/SignatureVersion",
            "1 or 2",
            EXPECTED,
        ))),
    }
}
