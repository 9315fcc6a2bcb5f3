//! Lists in pages: `limit`, and `continue` with the place where the next one begins. All pages of a list show the version of its first;
//! once that is compacted the rest is refused with 410, as by the real server (Kubernetes API concepts, "Retrieving large results sets
//! in chunks"; k8s.io/apiserver/pkg/storage/continue.go for the token).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ObjectTarget;
use super::query::Caller;
use super::read::Chosen;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::{Key, Store};

const TOKEN: &str = "meta.k8s.io/v1";
/// The version of a token that goes on with whatever is there now.
const NOW: i64 = -1;

/// What a client asks for.
pub(super) struct Page {
    /// 0: no limit.
    limit: usize,
    from: Option<Token>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    v: String,
    rv: i64,
    /// `NAMESPACE/NAME` of the last object shown, and a NUL: what comes right behind it.
    start: String,
}

/// Objects of one page, and the list's metadata.
pub(super) struct Found {
    pub objects: Vec<Arc<Value>>,
    pub metadata: Value,
}

impl Page {
    pub fn of(caller: &Caller) -> Result<Self, ApiError> {
        let parameter = |name: &str| caller.query.get(name).filter(|text| !text.is_empty());
        let limit = parameter("limit").map_or(Ok(0), |text| {
            let wrong =
                |_| ApiError::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"));
            text.parse::<i64>().map_err(wrong)
        })?;
        let from = parameter("continue").map(Token::read).transpose()?;
        if from.is_some() && parameter("resourceVersion").is_some() {
            let why = "specifying resource version is not allowed when using continue";
            return Err(ApiError::bad_request(why));
        }
        Ok(Self {
            // What is below zero limits nothing.
            limit: usize::try_from(limit).unwrap_or(0),
            from,
        })
    }

    /// The page of a collection.
    pub fn list(&self, store: &Store, target: &ObjectTarget, chosen: &Chosen) -> Result<Found, ApiError> {
        let (version, all) = self.version(store, target)?;
        let after = self.from.as_ref().map(Token::after).transpose()?;
        let mut found: Vec<(Key, Arc<Value>)> = all
            .into_iter()
            .filter(|(key, _)| {
                after
                    .as_ref()
                    .is_none_or(|(namespace, name)| (&key.namespace, &key.name) > (namespace, name))
            })
            .filter(|(_, object)| chosen.matches(object))
            .collect();
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if self.limit > 0 && found.len() > self.limit {
            // How many are left of what a selector chooses isn't counted.
            if chosen.is_all() {
                metadata["remainingItemCount"] = json!(found.len() - self.limit);
            }
            found.truncate(self.limit);
            if let Some((key, _)) = found.last() {
                let rv = i64::try_from(version).unwrap_or(NOW);
                metadata["continue"] = json!(Token::behind(key, rv).text());
            }
        }
        let objects = found.into_iter().map(|(_, object)| object).collect();
        Ok(Found { objects, metadata })
    }

    /// The version that the list shows, and its objects.
    fn version(
        &self,
        store: &Store,
        target: &ObjectTarget,
    ) -> Result<(u64, BTreeMap<Key, Arc<Value>>), ApiError> {
        let wanted = self.from.as_ref().map_or(NOW, |token| token.rv);
        let version = match u64::try_from(wanted) {
            Ok(version) if version > store.version() => {
                return Err(ApiError::bad_request(
                    "continue key is not valid: its version is yet to come",
                ));
            }
            Ok(version) => version,
            Err(_) => store.version(),
        };
        let all = store.list_at(target.kind, &target.namespace, version);
        let rest = || self.from.clone().map(|token| Token { rv: NOW, ..token }.text());
        all.map(|all| (version, all))
            .ok_or_else(|| ApiError::expired_page(&rest().unwrap_or_default()))
    }
}

impl Token {
    fn behind(key: &Key, rv: i64) -> Self {
        Self {
            v: TOKEN.to_owned(),
            rv,
            start: format!("{}/{}\0", key.namespace, key.name),
        }
    }

    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!(self).to_string())
    }

    fn read(text: &str) -> Result<Self, ApiError> {
        let refused = |why: String| ApiError::bad_request(format!("continue key is not valid: {why}"));
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| refused(error.to_string()))?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        if token.v != TOKEN || token.rv == 0 {
            return Err(refused(format!(
                "incorrect encoded version or resourceVersion ({} {})",
                token.v, token.rv
            )));
        }
        Ok(token)
    }

    fn after(&self) -> Result<(String, String), ApiError> {
        let place = self
            .start
            .strip_suffix('\0')
            .and_then(|start| start.split_once('/'));
        place
            .map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
            .ok_or_else(|| ApiError::bad_request("continue key is not valid: encoded start key is malformed"))
    }
}
